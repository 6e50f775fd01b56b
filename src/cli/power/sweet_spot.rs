//! `wattloop power sweet-spot`: the cap at which a fixed budget of the site does most work.
//!
//! A GPU brings more than its cap: what else its node draws, and what of cooling and losses does not follow load. The more of that, the higher the cap
//! at which one more GPU is worth less than one more watt for those that are there. What follows load cancels out.
//!
//! **Equation** `f(c)/(c/η + o)` at its highest, `o = (P_it − ΣP_gpu/η)/n + a/(b·n)` with `P_facility = a + b·P_it` by least squares over the record.
//! **Source** the condition `f′/f = 1/(c + o)` for one GPU more or less. **Box** a record in which IT has changed by some percent. **Outside it** all cooling is taken
//! to follow load, and that is said.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use plant::convert;
use plant::hall::Hall;
use plant::hall::capping::Tenant;
use plant::hall::useful::Useful;
use plant::time::{Span, Tick};
use plant::units::Watts;
use serde::Serialize;
use wattloop::control::feeds::recorded::Recorded;
use wattloop::service::config::load;
use wattloop::service::journal::Images;

use super::record::{Visitor, walk};
use super::some;
use crate::cli::figure::{fixed, length};
use crate::cli::{ConfigArgs, Out, Stop};

/// A node's report is of now for so long.
const FRESH: Span = Span::from_secs(3);
/// IT must have varied so much about its mean before cooling is split into what follows it and what does not (1, one deviation).
const VARIED: f64 = 0.02;

/// The best cap under a budget.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power sweet-spot --config site.toml
  wattloop power sweet-spot --config site.toml --budget 900 --json

Nothing is changed and no service is asked. What a GPU brings besides its cap comes from the journal, by default that of `state_dir`: what nodes draw
that is no GPU, and what cooling and losses draw that does not follow load. What a cap does to work is each tenant's curve in the hall's file.")]
pub struct SweetSpotArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// What the site may draw (kW) [default: the most that it drew in the record]
    #[arg(long, value_name = "KW")]
    pub budget: Option<f64>,
    /// The recorded load [default: journal.db in the configuration's state_dir]
    #[arg(long, value_name = "PATH")]
    pub journal: Option<PathBuf>,
}

/// What was measured, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Sweet {
    /// For how long facility and IT were known (s).
    known_s: f64,
    /// What they drew on average (kW).
    facility_kw: f64,
    it_kw: f64,
    /// Facility over IT (1): the PUE of that time.
    pue: f64,
    /// What each watt of IT more costs (1).
    each: f64,
    /// True where the record tells what of cooling and losses follows load.
    split: bool,
    /// For how long every GPU was known besides (s); where that is nothing, nodes count with their `other-peak`.
    gpus_known_s: f64,
    /// What a GPU brings besides its cap, at the rack's input: in its node (W),
    node_w: f64,
    /// and of cooling and losses that do not follow load (W).
    fixed_w: f64,
    /// The budget (kW).
    budget_kw: f64,
    /// The best cap of each tenant's work, as if all worked for him.
    tenants: Vec<Best>,
}

/// The best cap of a tenant's work.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Best {
    tenant: String,
    /// The cap (W).
    cap_w: f64,
    /// How many GPUs the budget powers at it, and at what GPUs draw at their most.
    gpus: u64,
    gpus_at_rated: u64,
    /// What work they do more than those (%).
    gain_percent: f64,
    /// True where the hall's file has his curve; else it is in the midst of what is published.
    measured: bool,
}

/// Sums over recorded time.
#[derive(Clone, Copy, Default)]
struct Sums {
    seconds: f64,
    it: f64,
    facility: f64,
    it_it: f64,
    it_facility: f64,
    /// The most that the facility drew (W).
    most: f64,
    /// Where every GPU was known: seconds, and what IT drew that was no GPU (J).
    gpus: f64,
    besides: f64,
}

impl Sums {
    fn add(&mut self, (facility, it): (f64, f64), gpus: Option<f64>, dt: f64) {
        self.seconds += dt;
        self.it += it * dt;
        self.facility += facility * dt;
        self.it_it += it * it * dt;
        self.it_facility += it * facility * dt;
        self.most = self.most.max(facility);
        if let Some(gpus) = gpus {
            self.gpus += dt;
            self.besides += (it - gpus) * dt;
        }
    }

    /// What the facility draws without IT (W), and for each watt of it (1), where IT has varied enough.
    fn line(&self) -> Option<(f64, f64)> {
        let (it, facility) = (self.it / self.seconds, self.facility / self.seconds);
        let variance = self.it_it / self.seconds - it * it;
        if variance.is_nan() || variance < (VARIED * it) * (VARIED * it) {
            return None;
        }
        let each = (self.it_facility / self.seconds - it * facility) / variance;
        (each >= 1.0).then_some((facility - each * it, each))
    }
}

/// Sums of a journal, start by start, of the halls that have as many GPUs.
struct Gathered {
    gpus: usize,
    sums: Sums,
    start: Option<(Arc<Hall>, Recorded)>,
}

impl Visitor for Gathered {
    fn begin(&mut self, hall: &Arc<Hall>) -> bool {
        let alike = hall.power.gpus() == self.gpus;
        self.start = alike.then(|| (Arc::clone(hall), Recorded::new(hall)));
        alike
    }

    fn scan(&mut self, images: &Images, tick: Tick) {
        let Some((hall, recorded)) = &mut self.start else { return };
        recorded.step(hall, &images.samples, tick);
        let powers = recorded.powers(hall);
        let (Some(facility), Some(it)) = (powers.facility, powers.it) else { return };
        self.sums.add((facility.0, it.0), gpus(hall, images, tick), tick.dt.seconds());
    }
}

/// What all GPUs took at their racks' inputs (W); nothing unless every one was known.
fn gpus(hall: &Hall, images: &Images, tick: Tick) -> Option<f64> {
    let mut sum = 0.0;
    for (n, node) in hall.power.nodes.iter().enumerate() {
        let seen = images.nodes.get(n)?;
        if seen.report == 0 || tick.mono.since(seen.at) > FRESH {
            return None;
        }
        for gpu in images.gpus.get(node.places())? {
            sum += gpu.power?.watts().0 / node.supplies;
        }
    }
    Some(sum)
}

/// Prints.
pub fn run(args: &SweetSpotArgs, out: &Out) -> Result<(), Stop> {
    let loaded = load(&args.config.sources()).map_err(|faults| Stop::faults(&faults))?;
    let hall = &*loaded.hall;
    some(hall.power.feeds.is_empty(), &hall.name)?;
    if hall.power.gpus() == 0 {
        return Err(super::no_nodes(&hall.name));
    }
    if let Some(budget) = args.budget.filter(|budget| !(1.0..=1e6).contains(budget)) {
        return Err(Stop::usage(format!("`--budget {budget}` is no power of a site"), "write kilowatts, 1 to 1000000"));
    }
    let mut gathered = Gathered { gpus: hall.power.gpus(), sums: Sums::default(), start: None };
    let usual = loaded.config.state_dir.join("journal.db");
    let path = args.journal.as_deref().unwrap_or(&usual);
    let help = "run the service for some days, or name a journal with --journal";
    if let Err(why) = walk(&mut gathered, path, args.journal.is_some())? {
        return Err(Stop::new(1, "no_record", format!("overhead is not known: {why}"), help));
    }
    let Some(sweet) = sweet(hall, &gathered.sums, args.budget) else {
        let say = "overhead is not known: what the facility and IT draw was never read at once";
        return Err(Stop::new(1, "no_record", say, help));
    };
    if out.json() { out.value(&sweet) } else { out.text(page(&sweet)) }
}

/// What follows from a record; nothing where facility and IT were never known together.
fn sweet(hall: &Hall, sums: &Sums, budget: Option<f64>) -> Option<Sweet> {
    let power = &hall.power;
    if sums.seconds <= 0.0 || sums.it <= 0.0 {
        return None;
    }
    let (it, facility) = (sums.it / sums.seconds, sums.facility / sums.seconds);
    let count = convert::f64_from_usize(power.gpus());
    let mean = |of: &dyn Fn(&plant::hall::power::Node) -> f64| {
        power.nodes.iter().map(|node| f64::from(node.gpus) * of(node)).sum::<f64>() / count
    };
    let supplies = mean(&|node| node.supplies);
    let file = || mean(&|node| node.other_peak.0 / node.supplies / f64::from(node.gpus));
    let node_w = if sums.gpus > 0.0 { (sums.besides / sums.gpus / count).max(0.0) } else { file() };
    let line = sums.line();
    let (base, each) = line.unwrap_or((0.0, facility / it));
    let fixed_w = (base / each / count).max(-node_w);
    let (rated, least) = (Watts(mean(&|node| node.rated.0)), Watts(mean(&|node| node.least_cap.0)));
    let budget = budget.map_or(sums.most, |kilowatts| 1e3 * kilowatts);
    // The curve's watts are the board's, and so is the overhead beside them.
    let overhead = Watts((node_w + fixed_w) * supplies);
    let best = |of: &Tenant| {
        let curve = of.curve.unwrap_or_else(|| Useful::usual(rated));
        let (cap, gain) = curve.sweet_spot(overhead, (least, rated));
        let powers = |cap: Watts| {
            let each_gpu = each * (cap.0 + overhead.0) / supplies;
            convert::u64_from_f64_rounded((budget / each_gpu).floor())
        };
        Best {
            tenant: of.name.clone(),
            cap_w: cap.0,
            gpus: powers(cap),
            gpus_at_rated: powers(rated),
            gain_percent: 100.0 * (gain - 1.0),
            measured: of.curve.is_some(),
        }
    };
    let everybody = [Tenant::plain(Tenant::NOBODY, Vec::new(), Tenant::USUAL_PRIORITY)];
    let tenants = power.capping.as_ref().map_or(everybody.as_slice(), |rules| rules.tenants.as_slice());
    Some(Sweet {
        known_s: sums.seconds,
        facility_kw: facility / 1e3,
        it_kw: it / 1e3,
        pue: facility / it,
        each,
        split: line.is_some(),
        gpus_known_s: sums.gpus,
        node_w,
        fixed_w,
        budget_kw: budget / 1e3,
        tenants: tenants.iter().map(best).collect(),
    })
}

fn page(of: &Sweet) -> String {
    let mut page = format!(
        "From {} of recorded load: the facility drew {} kW for {} kW of IT (PUE {}), and {} W for each watt of IT more\n",
        length(of.known_s),
        fixed(of.facility_kw, 1),
        fixed(of.it_kw, 1),
        fixed(of.pue, 2),
        fixed(of.each, 2),
    );
    page += &format!(
        "A GPU brings {} W besides its cap: {} W in its node, {} W of cooling and losses that do not follow load\n\n",
        fixed(of.node_w + of.fixed_w, 0),
        fixed(of.node_w, 0),
        fixed(of.fixed_w, 0)
    );
    page += &format!(
        "{:<20} {:>6} {:>18} {:>14} {:>9}  curve\n",
        "work of",
        "cap W",
        format!("GPUs in {} kW", fixed(of.budget_kw, 0)),
        "at their most",
        "more work"
    );
    for best in &of.tenants {
        let curve = if best.measured { "his own" } else { "in the midst of what is published" };
        let gain = format!("{:+.1} %", best.gain_percent);
        page += &format!(
            "{:<20} {:>6} {:>18} {:>14} {gain:>9}  {curve}\n",
            best.tenant,
            fixed(best.cap_w, 0),
            best.gpus,
            best.gpus_at_rated
        );
    }
    if !of.split {
        page += "IT has not varied enough to tell what of cooling follows it: all of it is taken to.\n";
    }
    if of.gpus_known_s <= 0.0 {
        page += "No agent has said what GPUs draw: nodes count with all else at its most, as the hall's file has it.\n";
    }
    page
}

#[cfg(test)]
mod tests;
