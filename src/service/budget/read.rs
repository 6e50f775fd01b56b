//! What a scheduler's message says: CloudEvents as JSON, read strictly where it matters. Unknown fields are passed over, unknown words are not.

use plant::hall::Hall;
use plant::time::{Span, Wall};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::when::{TimeSaid, inside, times};
use crate::control::ledger::message::{
    Accept, BATCH, Class, Flex, LeaseId, Message, NAME, Named, OnExpiry, Op, Power, Said, Wish,
};
use crate::control::ledger::tree::Place;

/// How important what nobody calls more or less important is.
const USUAL: i32 = 100;

/// Why a message is not taken: the request that it names, where it names one, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its `request_id`; empty where it has none that can be read.
    pub request: String,
    /// What is wrong.
    pub why: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    domain: Option<Domain>,
    power: PowerSaid,
    class: Option<Class>,
    flex: FlexSaid,
    time: TimeSaid,
    priority: Option<i32>,
    accept: AcceptSaid,
    ttl_s: Option<f64>,
    on_expiry: Option<OnExpiry>,
    job: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Domain {
    One(String),
    Names(Vec<String>),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    domain: String,
    w: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PowerSaid {
    min_w: Option<f64>,
    want_w: Option<f64>,
    peak_w: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FlexSaid {
    checkpoint_s: Option<f64>,
    min_run_s: Option<f64>,
    max_pauses: Option<u32>,
    shed_time_s: Option<f64>,
    floor_w: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AcceptSaid {
    partial: Option<bool>,
    schedule: Option<bool>,
    wait_s: Option<f64>,
}

/// Reads a request of a client.
///
/// # Errors
/// What makes it no request of the contract, or not of this client.
pub fn request(payload: &[u8], client: &str, hall: &Hall) -> Result<Message, Refused> {
    let none = |why: String| Refused { request: String::new(), why };
    let event: Event = serde_json::from_slice(payload).map_err(|e| none(format!("it is no such message: {e}")))?;
    let data = event.data;
    let request = text(&data, "request_id").unwrap_or_default();
    let fail = |why: String| Refused { request: request.clone(), why };
    kind(&event.kind, "request").map_err(fail)?;
    if text(&data, "client").as_deref() != Some(client) {
        return Err(fail(format!("`client` must be `{client}`, as in the topic")));
    }
    if request.is_empty() || request.chars().count() > NAME {
        return Err(fail(format!("`request_id` must have 1 to {NAME} characters")));
    }
    let op = op(&data, hall).map_err(fail)?;
    let hash = blake3::hash(Value::Object(data).to_string().as_bytes());
    let body = u128::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default());
    Ok(Message { client: client.to_owned(), request, body, op })
}

/// The request that a message names; empty where it names none that can be read.
#[must_use]
pub fn named_request(payload: &[u8]) -> String {
    let data = serde_json::from_slice::<Event>(payload).map(|event| event.data);
    data.ok().and_then(|data| text(&data, "request_id")).filter(|of| of.chars().count() <= NAME).unwrap_or_default()
}

/// Reads what a client has heard of, or says that it draws.
///
/// # Errors
/// What makes it no acknowledgement of the contract, or not of this client.
pub fn heard(payload: &[u8], client: &str) -> Result<Said, Refused> {
    let fail = |why: String| Refused { request: String::new(), why };
    let event: Event = serde_json::from_slice(payload).map_err(|e| fail(format!("it is no such message: {e}")))?;
    kind(&event.kind, "ack").map_err(fail)?;
    if text(&event.data, "client").is_some_and(|named| named != client) {
        return Err(fail(format!("`client` must be `{client}`, as in the topic")));
    }
    let lease = named(&event.data).map_err(fail)?.lease;
    let seq = event.data.get("seq").and_then(Value::as_u64).ok_or_else(|| fail("`seq` is missing".to_owned()))?;
    let measured = event.data.get("measured_w").and_then(Value::as_f64);
    Ok(Said::Heard { client: client.to_owned(), lease, seq, measured })
}

/// The version of the contract is ours.
fn kind(said: &str, what: &str) -> Result<(), String> {
    let wanted = format!("wattloop.budget.{what}.v1");
    if said == wanted { Ok(()) } else { Err(format!("`type` must be `{wanted}`, not `{said}`")) }
}

fn text(data: &Map<String, Value>, key: &str) -> Option<String> {
    data.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn named(data: &Map<String, Value>) -> Result<Named, String> {
    let lease = text(data, "lease_id").ok_or("`lease_id` is missing")?;
    let lease = LeaseId::parse(&lease).ok_or_else(|| format!("`lease_id` cannot be `{lease}`"))?;
    Ok(Named { lease, epoch: data.get("epoch").and_then(Value::as_u64) })
}

/// What is asked for.
fn op(data: &Map<String, Value>, hall: &Hall) -> Result<Op, String> {
    let word = text(data, "op").ok_or("`op` is missing")?;
    match word.as_str() {
        "acquire" => wishes(data, hall).map(Op::Acquire),
        "dry_run" => wishes(data, hall).map(Op::DryRun),
        "renew" => {
            let ttl = data.get("ttl_s").and_then(Value::as_f64).map(span).transpose()?;
            Ok(Op::Renew { of: named(data)?, ttl })
        }
        "amend" => {
            let asked: Asked = read(data.clone())?;
            let power = power(&asked)?;
            Ok(Op::Amend { of: named(data)?, power, partial: asked.accept.partial.unwrap_or(false) })
        }
        "release" => Ok(Op::Release { of: named(data)? }),
        "query" => Ok(Op::Query { of: named(data)? }),
        other => Err(format!("`op` cannot be `{other}`")),
    }
}

/// One wish, or one for each of `items`, which say what is other than in the rest.
fn wishes(data: &Map<String, Value>, hall: &Hall) -> Result<Vec<Wish>, String> {
    let Some(items) = data.get("items").filter(|items| !items.is_null()) else {
        return Ok(vec![wish(data.clone(), hall)?]);
    };
    let items = items.as_array().ok_or("`items` must be a list")?;
    if items.is_empty() || items.len() > BATCH {
        return Err(format!("`items` must have 1 to {BATCH} entries"));
    }
    let one = |(n, item): (usize, &Value)| {
        let mut all = data.clone();
        all.remove("items");
        let own = item.as_object().ok_or_else(|| format!("`items[{n}]` must be an object"))?;
        all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
        wish(all, hall).map_err(|why| format!("`items[{n}]`: {why}"))
    };
    items.iter().enumerate().map(one).collect()
}

fn read(data: Map<String, Value>) -> Result<Asked, String> {
    serde_path_to_error::deserialize(Value::Object(data)).map_err(|e| format!("`{}`: {}", e.path(), e.inner()))
}

fn wish(data: Map<String, Value>, hall: &Hall) -> Result<Wish, String> {
    let asked = read(data)?;
    let power = power(&asked)?;
    let long = |said: Option<f64>| said.map(span).transpose();
    let flex = &asked.flex;
    let job = asked.job.as_ref().map(|job| job.as_str().map_or_else(|| job.to_string(), str::to_owned));
    let wish = Wish {
        places: places(asked.domain.as_ref().ok_or("`domain` is missing")?, hall)?,
        power,
        class: asked.class.unwrap_or(Class::Firm),
        flex: Flex {
            checkpoint: long(flex.checkpoint_s)?.unwrap_or_default(),
            min_run: long(flex.min_run_s)?.unwrap_or_default(),
            max_pauses: flex.max_pauses,
            shed: long(flex.shed_time_s)?.unwrap_or_default(),
            floor: flex.floor_w.unwrap_or(0.0),
        },
        times: times(&asked.time)?,
        inside: inside(&asked.time, hall)?,
        priority: asked.priority.unwrap_or(USUAL),
        accept: Accept {
            partial: asked.accept.partial.unwrap_or(false),
            schedule: asked.accept.schedule.unwrap_or(false),
            wait: long(asked.accept.wait_s)?.unwrap_or_default(),
        },
        ttl: long(asked.ttl_s)?,
        on_expiry: asked.on_expiry.unwrap_or(OnExpiry::Floor),
        job: job.unwrap_or_default().chars().take(NAME).collect(),
    };
    if wish.leaves_no_choice() {
        return Err("`time.plan` needs a `time.duration_s`, and a `time.deadline` or a `time.window`".to_owned());
    }
    Ok(wish)
}

/// Zero is zero, and nothing said is nothing said: neither stands for the other.
fn power(asked: &Asked) -> Result<Power, String> {
    let parts = match &asked.domain {
        Some(Domain::Parts(parts)) => Some(parts.iter().map(|part| part.w).sum()),
        Some(Domain::One(_) | Domain::Names(_)) | None => None,
    };
    let wanted = asked.power.want_w.or(parts).ok_or("`power.want_w` says nothing")?;
    Ok(Power { least: asked.power.min_w.unwrap_or(wanted), wanted, peak: asked.power.peak_w })
}

/// Where: feeds, racks and nodes by their names. Of a list of names each has an equal part.
fn places(domain: &Domain, hall: &Hall) -> Result<Vec<(Place, f64)>, String> {
    let place = |name: &str| {
        let rack = || (0..hall.power.racks.len()).find(|rack| hall.fed_rack(*rack) == name);
        let node = || hall.power.nodes.iter().find(|node| node.name == name).map(|node| node.rack);
        let found = hall.power.feed(name).map(Place::Feed).or_else(|| rack().or_else(node).map(Place::Rack));
        found.ok_or_else(|| format!("the hall has no feed, rack or node `{name}`"))
    };
    match domain {
        Domain::One(name) => Ok(vec![(place(name)?, 1.0)]),
        Domain::Names(names) => {
            let each = 1.0 / plant::convert::f64_from_usize(names.len().max(1));
            names.iter().map(|name| Ok((place(name)?, each))).collect()
        }
        Domain::Parts(parts) => {
            let all: f64 = parts.iter().map(|part| part.w).sum();
            let each = 1.0 / plant::convert::f64_from_usize(parts.len().max(1));
            let share = |part: &Part| if all == 0.0 { each } else { part.w / all };
            parts.iter().map(|part| Ok((place(&part.domain)?, share(part)))).collect()
        }
    }
}

/// A length of time.
pub fn span(seconds: f64) -> Result<Span, String> {
    if (0.0..=1e9).contains(&seconds) {
        Ok(Span::from_seconds(seconds))
    } else {
        Err(format!("{seconds} s is no length of time"))
    }
}

/// An instant.
pub fn instant(text: &str) -> Result<Wall, String> {
    let at: jiff::Timestamp = text.parse().map_err(|e| format!("`{text}` is no instant: {e}"))?;
    Ok(Wall(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hall() -> Hall {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Hall::load("air", text).expect("loads")
    }

    fn asks(data: &Value) -> Result<Message, String> {
        let message = json!({ "specversion": "1.0", "type": "wattloop.budget.request.v1", "data": data });
        request(message.to_string().as_bytes(), "slurm", &hall()).map_err(|refused| refused.why)
    }

    fn with(key: &str, value: &Value) -> Value {
        let mut data = json!({
            "client": "slurm", "request_id": "r1", "op": "acquire", "domain": "pdu-a1",
            "power": { "min_w": 1000, "want_w": 2000 }, "something": "else",
        });
        data[key] = value.clone();
        data
    }

    #[test]
    fn a_request_is_read_and_the_order_of_its_fields_does_not_matter() {
        let of = asks(&with("priority", &json!(3))).expect("reads");
        let Op::Acquire(wishes) = &of.op else { panic!("{of:?}") };
        assert_eq!((wishes[0].priority, wishes[0].power.wanted, wishes[0].class), (3, 2000.0, Class::Firm));
        let text = r#"{"data":{"something":"else","priority":3,"power":{"want_w":2000,"min_w":1000},"domain":"pdu-a1","op":"acquire","request_id":"r1","client":"slurm"},"type":"wattloop.budget.request.v1"}"#;
        assert_eq!(request(text.as_bytes(), "slurm", &hall()).expect("reads").body, of.body);
        assert_ne!(asks(&with("priority", &json!(4))).expect("reads").body, of.body);
    }

    #[test]
    fn what_is_no_request_is_told_why() {
        for (key, value, said) in [
            ("client", json!("kueue"), "must be `slurm`"),
            ("request_id", json!(""), "`request_id`"),
            ("op", json!("borrow"), "`op` cannot be `borrow`"),
            ("domain", json!("pdu-z9"), "no feed, rack or node `pdu-z9`"),
            ("class", json!("soft"), "`class`"),
            ("on_expiry", json!("explode"), "`on_expiry`"),
            ("power", json!({ "want_w": null }), "says nothing"),
            ("power", json!({ "want_w": "much" }), "`power.want_w`"),
            ("ttl_s", json!(-5), "no length of time"),
            ("time", json!({ "deadline": "tomorrow" }), "no instant"),
            ("items", json!([]), "1 to 256"),
            ("time", json!({ "window": "nigth" }), "no window `nigth`; it has: none"),
            ("time", json!({ "early": true }), "need a `time.window`"),
            ("time", json!({ "plan": true, "duration_s": 60 }), "`time.plan` needs"),
            ("time", json!({ "plan": true, "deadline": "2027-01-01T00:00:00Z" }), "`time.plan` needs"),
        ] {
            let why = asks(&with(key, &value)).expect_err(key);
            assert!(why.contains(said), "{key}: {why}");
        }
        let message = json!({ "type": "wattloop.budget.request.v2", "data": with("x", &json!(1)) });
        let refused = request(message.to_string().as_bytes(), "slurm", &hall()).expect_err("another version");
        assert_eq!(refused.request, "r1");
        assert!(refused.why.contains("v1"), "{refused:?}");
    }

    #[test]
    fn domains_are_feeds_racks_nodes_and_parts_of_them_and_zero_is_zero() {
        let of = |domain: Value| match asks(&with("domain", &domain)).expect("reads").op {
            Op::Acquire(wishes) => wishes[0].places.clone(),
            other @ (Op::DryRun(_) | Op::Renew { .. } | Op::Amend { .. } | Op::Release { .. } | Op::Query { .. }) => {
                panic!("{other:?}")
            }
        };
        assert_eq!(of(json!(["rack-a01", "rack-a02"])), [(Place::Rack(0), 0.5), (Place::Rack(1), 0.5)]);
        let parts = json!([{ "domain": "pdu-a1", "w": 3000 }, { "domain": "pdu-b1", "w": 1000 }]);
        assert_eq!(of(parts).iter().map(|(_, share)| *share).collect::<Vec<_>>(), [0.75, 0.25]);
        let node = hall().power.nodes[7].clone();
        assert_eq!(of(json!(node.name)), [(Place::Rack(node.rack), 1.0)]);
        let Op::Acquire(wishes) = asks(&with("power", &json!({ "want_w": 0 }))).expect("reads").op else { panic!() };
        assert_eq!((wishes[0].power.least, wishes[0].power.wanted), (0.0, 0.0));
    }

    #[test]
    fn items_say_what_is_other_than_in_the_rest() {
        let items = json!([{ "domain": "pdu-b1" }, { "priority": 7 }]);
        let Op::Acquire(wishes) = asks(&with("items", &items)).expect("reads").op else { panic!() };
        assert_eq!(wishes.iter().map(|of| of.priority).collect::<Vec<_>>(), [100, 7]);
        assert_ne!(wishes[0].places, wishes[1].places);
    }
}
