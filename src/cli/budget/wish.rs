//! What a job wants, as a request of the contract.

use clap::Args;
use plant::time::Span;
use serde_json::{Map, Value, json};

use super::Stop;
use super::hostlist;

/// The contract's words: firm is lowered in an emergency only, curtailable comes down to its floor with notice, interruptible is paused with notice.
const CLASSES: [&str; 3] = ["firm", "curtailable", "interruptible"];
/// The contract's words for what a job does when nobody can be asked.
const EXPIRIES: [&str; 3] = ["floor", "pause", "stop"];

/// What a job wants.
#[derive(Clone, Debug, Default, Args)]
pub struct WishArgs {
    /// A feed, a rack or a node; of several each gets an equal part, or its own: `rack-a01=12kW`. May be repeated
    #[arg(long, value_name = "NAME[=POWER]")]
    pub domain: Vec<String>,
    /// Nodes as a scheduler writes them, such as `gpu[001-004,7]`
    #[arg(long, value_name = "LIST", conflicts_with = "domain")]
    pub nodes: Option<String>,
    /// How much it wants, at the machines' inputs: `60kW`, `1.5MW`, `40000W`
    #[arg(long, value_name = "POWER", value_parser = watts)]
    pub want: Option<f64>,
    /// How much it wants at each domain or node
    #[arg(long, value_name = "POWER", value_parser = watts, conflicts_with = "want")]
    pub each: Option<f64>,
    /// With less it does not start [default: what it wants]
    #[arg(long, value_name = "POWER", value_parser = watts)]
    pub min: Option<f64>,
    /// What it draws for moments
    #[arg(long, value_name = "POWER", value_parser = watts)]
    pub peak: Option<f64>,
    /// For how long; until it is given back where nothing is said
    #[arg(long = "for", value_name = "TIME", value_parser = crate::cli::span)]
    pub lasts: Option<Span>,
    /// Not before this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub not_before: Option<String>,
    /// Done by this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<String>,
    /// Only while this window of the hall is open, as `wattloop windows list` names it there
    #[arg(long, value_name = "NAME")]
    pub window: Option<String>,
    /// The window is a wish: with what nobody else waits for it may begin before
    #[arg(long, requires = "window")]
    pub early: bool,
    /// It may begin whenever that is cheapest and in time: the plan of the day ahead says when; takes --for, and --deadline or --window
    #[arg(long, requires = "lasts")]
    pub plan: bool,
    /// What may be done to it later: nothing but in an emergency, down to its floor with notice, paused with notice [default: firm]
    #[arg(long, value_name = "CLASS", value_parser = CLASSES)]
    pub class: Option<String>,
    /// What it draws when it has come down
    #[arg(long, value_name = "POWER", value_parser = watts)]
    pub floor: Option<f64>,
    /// How long it takes to come down
    #[arg(long, value_name = "TIME", value_parser = crate::cli::span)]
    pub shed_time: Option<Span>,
    /// How long the lease lives without a renewal (30s to 1h) [default: 5min]
    #[arg(long, value_name = "TIME", value_parser = crate::cli::span)]
    pub ttl: Option<Span>,
    /// What the job does when its lease is over and nobody can be asked [default: floor]
    #[arg(long, value_name = "WHAT", value_parser = EXPIRIES)]
    pub on_expiry: Option<String>,
    /// Less than it wants will do, from --min on
    #[arg(long)]
    pub partial: bool,
    /// Lower is more important [default: 100]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub priority: Option<i32>,
}

/// A power on the command line (W).
pub fn watts(text: &str) -> Result<f64, String> {
    let (digits, factor) = [("MW", 1e6), ("kW", 1e3), ("W", 1.0)]
        .into_iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|digits| (digits, factor)))
        .unwrap_or((text, 1.0));
    let number = digits.trim().parse::<f64>().ok().map(|n| n * factor);
    number.filter(|w| (0.0..=1e9).contains(w)).ok_or_else(|| "write `60kW`, `1.5MW` or `40000W`".to_owned())
}

impl WishArgs {
    /// The fields of a request that say what is wanted.
    pub fn fields(&self) -> Result<Map<String, Value>, Stop> {
        let (domain, count, parts) = self.domain()?;
        let each = self.each.map(|each| each * plant::convert::f64_from_usize(count));
        let Some(want) = self.want.or(each).or(parts) else {
            return Err(Stop::usage("how much power?", "say `--want 60kW`, or `--each 6kW` for each domain or node"));
        };
        let mut data = Map::new();
        let mut put = |key: &str, value: Value| drop(data.insert(key.to_owned(), value));
        put("domain", domain);
        put(
            "power",
            some(&[
                ("want_w", Some(json!(want))),
                ("min_w", self.min.map(Value::from)),
                ("peak_w", self.peak.map(Value::from)),
            ]),
        );
        put("flex", some(&[("floor_w", self.floor.map(Value::from)), ("shed_time_s", seconds(self.shed_time))]));
        let text = |said: &Option<String>| said.clone().map(Value::from);
        let time = [
            ("duration_s", seconds(self.lasts)),
            ("not_before", text(&self.not_before)),
            ("deadline", text(&self.deadline)),
            ("window", text(&self.window)),
            ("early", self.early.then_some(Value::Bool(true))),
            ("plan", self.plan.then_some(Value::Bool(true))),
        ];
        put("time", some(&time));
        for (key, value) in [
            ("class", text(&self.class)),
            ("on_expiry", text(&self.on_expiry)),
            ("priority", self.priority.map(Value::from)),
            ("ttl_s", seconds(self.ttl)),
        ] {
            if let Some(value) = value {
                put(key, value);
            }
        }
        Ok(data)
    }

    /// Where, as the contract writes it; how many places, and what all of them want where each says it.
    fn domain(&self) -> Result<(Value, usize, Option<f64>), Stop> {
        if let Some(list) = &self.nodes {
            let names = hostlist::names(list).map_err(|say| Stop::usage(say, "--nodes 'gpu[001-004,7]'"))?;
            let count = names.len();
            return Ok((json!(names), count, None));
        }
        let parts: Vec<(&str, Option<&str>)> = self
            .domain
            .iter()
            .map(|of| of.split_once('=').map_or((of.as_str(), None), |(n, w)| (n, Some(w))))
            .collect();
        match parts.as_slice() {
            [] => Err(Stop::usage("where is the power drawn?", "say `--domain pdu-a1` or `--nodes 'gpu[001-004]'`")),
            [(one, None)] => Ok((json!(one), 1, None)),
            many if many.iter().all(|(_, own)| own.is_none()) => {
                Ok((json!(many.iter().map(|(name, _)| name).collect::<Vec<_>>()), many.len(), None))
            }
            many => {
                let mut all = 0.0;
                let mut said = Vec::new();
                for (name, own) in many {
                    let own = own.ok_or("either every domain says its power, or none".to_owned()).and_then(watts);
                    let own = own.map_err(|say| Stop::usage(say, "--domain rack-a01=12kW --domain rack-a02=6kW"))?;
                    all += own;
                    said.push(json!({ "domain": name, "w": own }));
                }
                Ok((json!(said), many.len(), Some(all)))
            }
        }
    }
}

/// What says something.
fn some(fields: &[(&str, Option<Value>)]) -> Value {
    let said = fields.iter().filter_map(|(key, value)| Some(((*key).to_owned(), value.clone()?)));
    Value::Object(said.collect())
}

/// A length of time of the contract (s).
pub fn seconds(span: Option<Span>) -> Option<Value> {
    span.map(|span| json!(span.seconds()))
}

/// The request of a job: the same job asks with the same name, each time that it asks anew with another.
pub fn request_id((site, client): (&str, &str), job: &str, attempt: u32) -> String {
    let hash = blake3::hash(format!("wattloop budget\0{site}\0{client}\0{job}\0{attempt}").as_bytes());
    let hex = hash.to_hex();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    // Version 8 of RFC 9562: the rest is ours.
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

#[cfg(test)]
mod tests {
    use wattloop::control::ledger::message::{Class, OnExpiry};

    use super::*;

    fn wish() -> WishArgs {
        WishArgs { domain: vec!["pdu-a1".to_owned()], want: Some(6e4), ..WishArgs::default() }
    }

    #[test]
    fn powers_are_read_and_nothing_else_is() {
        for (text, w) in [("60kW", 6e4), ("1.5MW", 1.5e6), ("40000W", 4e4), ("7", 7.0), ("0", 0.0)] {
            assert_eq!(watts(text), Ok(w), "{text}");
        }
        for text in ["", "kW", "-1kW", "NaN", "inf", "much", "60KW", "2000MW"] {
            assert!(watts(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_in_the_request() {
        let data = Value::Object(wish().fields().expect("whole"));
        assert_eq!(data, json!({ "domain": "pdu-a1", "power": { "want_w": 6e4 }, "flex": {}, "time": {} }));
        let all = WishArgs {
            class: Some("curtailable".to_owned()),
            lasts: Some(Span::from_secs(60)),
            on_expiry: Some("pause".to_owned()),
            priority: Some(-3),
            window: Some("night".to_owned()),
            early: true,
            plan: true,
            ..wish()
        };
        let data = Value::Object(all.fields().expect("whole"));
        assert_eq!((&data["class"], &data["time"]["duration_s"]), (&json!("curtailable"), &json!(60.0)));
        assert_eq!((&data["time"]["window"], &data["time"]["early"]), (&json!("night"), &json!(true)));
        assert_eq!(data["time"]["plan"], json!(true));
        assert_eq!((&data["on_expiry"], &data["priority"]), (&json!("pause"), &json!(-3)));
    }

    #[test]
    fn words_are_those_of_the_contract() {
        let classes = [Class::Firm, Class::Curtailable, Class::Interruptible];
        assert_eq!(classes.map(|of| json!(of)), CLASSES.map(|word| json!(word)));
        let expiries = [OnExpiry::Floor, OnExpiry::Pause, OnExpiry::Stop];
        assert_eq!(expiries.map(|of| json!(of)), EXPIRIES.map(|word| json!(word)));
    }

    #[test]
    fn nodes_and_parts_say_how_much_together() {
        let nodes = WishArgs {
            domain: Vec::new(),
            nodes: Some("n[1-3]".to_owned()),
            want: None,
            each: Some(5e3),
            ..WishArgs::default()
        };
        let data = Value::Object(nodes.fields().expect("whole"));
        assert_eq!((&data["domain"], &data["power"]["want_w"]), (&json!(["n1", "n2", "n3"]), &json!(15e3)));
        let parts = WishArgs { domain: vec!["a=2kW".to_owned(), "b=1kW".to_owned()], ..WishArgs::default() };
        let data = Value::Object(parts.fields().expect("whole"));
        assert_eq!((&data["domain"][0]["w"], &data["power"]["want_w"]), (&json!(2e3), &json!(3e3)));
        let mixed = WishArgs { domain: vec!["a=2kW".to_owned(), "b".to_owned()], ..WishArgs::default() };
        for wrong in [mixed, WishArgs::default(), WishArgs { want: None, ..wish() }] {
            assert_eq!(wrong.fields().expect_err("not whole").exit, 2);
        }
    }

    #[test]
    fn a_job_asks_with_the_same_name_until_it_asks_anew() {
        let of = |job: &str, attempt| request_id(("hall", "slurm"), job, attempt);
        assert_eq!(of("slurm/1", 0), of("slurm/1", 0));
        assert_ne!(of("slurm/1", 0), of("slurm/1", 1));
        assert_ne!(of("slurm/1", 0), of("slurm/11", 0));
        assert_eq!((of("slurm/1", 0).len(), of("slurm/1", 0).split('-').count()), (36, 5));
    }
}
