//! `wattloop sim overload`: an over-subscribed hall over many seeds, and the same hall under other ways to keep a feeder.

mod beside;

use clap::Args;
use plant::convert;
use plant::time::Span;
use serde::Serialize;
use sim::scenario::overload::{Ground, Overload};
use sim::scenario::verdict::figure;

use super::drive::Drive;
use super::{crowd, pages};
use crate::cli::{Out, Stop};

/// Longer above its fail-safe than this no GPU may be once its lease is over: a step of the world (s).
const UNHELD: f64 = 1.0;

/// Random overloads of an over-subscribed hall.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim overload --seeds 10
  wattloop sim overload air --seed 17            the overload of one seed again, with what happens in it
  wattloop sim overload --compare --per-rack 5   the fixed mix under wattloop, a uniform cap, shares of n, and at nameplate
  wattloop sim overload --compare --per-rack 5 --limit 0.7 --seeds 4     with a budget that binds
  wattloop sim overload --compare --per-rack 5 --training                where everything trains

A third more GPUs hang on the feeder than it hosts at nameplate. In every overload all of them begin to train while controller,
agents, broker, reports and drivers fail at random instants, or somebody else sets caps. No breaker may trip, no GPU be above its
fail-safe once its lease is over, and in the end everybody must be on a lease. Exit code 1 when one of these did not hold, 70 when
the simulator failed.")]
pub struct OverloadArgs {
    /// The hall: a shipped one's name, with nodes on a UPS
    #[arg(default_value = "air")]
    pub hall: String,
    /// How many seeds [default: 20, and 1 with --compare]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub seeds: Option<u32>,
    /// Only the overload of this seed
    #[arg(long, conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// How much simulated time passes in each (3 to 60 min)
    #[arg(long = "for", value_name = "TIME", default_value = "4min", value_parser = crate::cli::span)]
    pub length: Span,
    /// Nodes in each rack, no more than stand there
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub per_rack: u8,
    /// Hold wattloop against other ways to keep the feeder, on the fixed mix
    #[arg(long)]
    pub compare: bool,
    /// The feeder may carry only so much of its limit (1, 0.5 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, requires = "compare")]
    pub limit: f64,
    /// Everything trains, from the begin to the end
    #[arg(long, requires = "compare")]
    pub training: bool,
}

/// What one overload came to.
#[derive(Clone, Debug, Serialize)]
pub struct Came {
    /// Its seed.
    pub seed: u64,
    /// The trace's hash.
    pub trace: String,
    /// Breakers that tripped.
    pub trips: usize,
    /// The most that a feed carried, of its limit (%).
    pub feed_peak: f64,
    /// The longest that a GPU was above its fail-safe without a lease (s).
    pub unheld_s: f64,
    /// GPUs that were left to nobody.
    pub stranded: f64,
    /// Work lost of who comes first, and of all (%).
    pub lost_first: f64,
    /// The same of all.
    pub lost_all: f64,
    /// Why the simulator failed, if it did.
    pub broken: Option<String>,
}

impl Came {
    /// True where all held.
    pub fn held(&self) -> bool {
        self.trips == 0 && self.unheld_s <= UNHELD && self.stranded == 0.0
    }

    fn say(&self) -> String {
        let Self { trips, unheld_s, stranded, .. } = self;
        format!(
            "{trips} breakers tripped, GPUs were {unheld_s} s above their fail-safe without a lease, {stranded} are left to nobody"
        )
    }
}

/// Runs overloads.
pub fn run(args: &OverloadArgs, out: &Out) -> Result<(), Stop> {
    let hall = pages::hall(&args.hall, None).map_err(|faults| Stop::faults(&faults))?;
    let (hall, text) = hall.map_err(|help| Stop::usage(format!("there is no hall `{}`", args.hall), help))?;
    if !(180.0..=3600.0).contains(&args.length.seconds()) {
        let say = format!("an overload of {} has no time to come back, or too much", args.length);
        return Err(Stop::usage(say, "write `--for` from 3min to 60min"));
    }
    let mut ground =
        Ground::of(&hall, Some(usize::from(args.per_rack))).map_err(|(say, help)| Stop::usage(say, help))?;
    if args.compare {
        if !(0.5..=1.0).contains(&args.limit) {
            let say = format!("`--limit {}` is no share of what the feeder may carry", args.limit);
            return Err(Stop::usage(say, "write a number from 0.5 to 1"));
        }
        ground.narrow(args.limit).map_err(|(say, help)| Stop::usage(say, help))?;
        return beside::run(&ground, (args, &text), out);
    }
    let (first, count) = args.seed.map_or((1, args.seeds.unwrap_or(20)), |seed| (seed, 1));
    let seed = |n: usize| first.saturating_add(convert::u64_from_usize(n));
    if args.seed.is_some() && !out.json() {
        for line in Overload::new(&ground, first, args.length).lines() {
            out.line(line)?;
        }
    }
    let name = |n: usize| format!("overload of seed {}", seed(n));
    let came = crowd::all(convert::usize_from_u32(count), name, |n| bear((&ground, &text), seed(n), args.length))?;
    let came = came.into_iter().collect::<Result<Vec<_>, _>>()?;
    tell(args, &ground, &came, out)
}

/// One overload.
pub fn bear((ground, text): (&Ground, &str), seed: u64, length: Span) -> Result<Came, Stop> {
    let overload = Overload::new(ground, seed, length);
    let says = format!("{} nodes a rack\n{}", ground.per_rack, overload.lines().join("\n"));
    let page = pages::unwritten(overload.scenario, (text, &says))?;
    let pilot = page.scenario.controller;
    let mut drive = Drive::new(&page, seed, pilot);
    while drive.goes_on() {
        drive.pass();
    }
    let trips = drive.world().breakers().opened().len();
    let ridden = drive.end();
    let of = |name: &str| ridden.kpis.value(name).unwrap_or(f64::NAN);
    Ok(Came {
        seed,
        trips,
        feed_peak: of("gpus-feed-peak"),
        unheld_s: of("gpus-unheld-s"),
        stranded: of("gpus-stranded"),
        lost_first: of("gpus-lost-first"),
        lost_all: of("gpus-lost-all"),
        broken: ridden.run.broken().map(str::to_owned),
        trace: ridden.trace,
    })
}

fn tell(args: &OverloadArgs, ground: &Ground, came: &[Came], out: &Out) -> Result<(), Stop> {
    if out.json() {
        out.value(&came)?;
    }
    let again = |one: &Came| {
        let (hall, per_rack) = (&args.hall, ground.per_rack);
        format!("again: wattloop sim overload {hall} --seed {} --for {} --per-rack {per_rack}", one.seed, args.length)
    };
    if let Some(one) = came.iter().find(|one| one.broken.is_some()) {
        let why = one.broken.clone().unwrap_or_default();
        return Err(Stop::new(70, "simulator_failed", format!("seed {}: {why}", one.seed), again(one)));
    }
    let Some(worst) = came.iter().max_by(|a, b| a.feed_peak.total_cmp(&b.feed_peak)) else { return Ok(()) };
    let (gpus, hosted) = (ground.hall.power.gpus(), ground.capped.at_nameplate(&ground.hall));
    let mean = |of: fn(&Came) -> f64| figure(came.iter().map(of).sum::<f64>() / convert::f64_from_usize(came.len()));
    let say = format!(
        "{} overloads over {} with {gpus} GPUs, where {hosted} fit at nameplate; the fullest feed had {} % of its limit, seed {}; lost were {} % of the work that comes first, {} % of all",
        came.len(),
        ground.hall.name,
        figure(worst.feed_peak),
        worst.seed,
        mean(|one| one.lost_first),
        mean(|one| one.lost_all),
    );
    if let Some(one) = came.iter().find(|one| !one.held()) {
        let many = came.iter().filter(|one| !one.held()).count();
        let say = format!("{say}; {many} did not hold, seed {}: {}", one.seed, one.say());
        return Err(Stop::new(1, "did_not_hold", say, again(one)));
    }
    let say = format!(
        "{say}; no breaker tripped, nobody was above his fail-safe without a lease, and nobody was left behind"
    );
    if out.json() { Ok(()) } else { out.line(say) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few hundred of ten thousand; some are run twice.
    #[test]
    fn overloads_trip_nothing() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = plant::hall::Hall::load("air", text).expect("loads");
        let ground = Ground::of(&hall, Some(1)).expect("nodes");
        let length = Span::from_secs(200);
        let one = |seed: u64| bear((&ground, text), seed, length).unwrap_or_else(|_| panic!("seed {seed}"));
        let seed = |n: usize| 20_001 + convert::u64_from_usize(n);
        let name = |n: usize| format!("overload of seed {}", seed(n));
        let came = crowd::all(300, name, |n| one(seed(n))).unwrap_or_else(|_| panic!("no run panics"));
        for came in &came {
            assert!(came.held() && came.broken.is_none(), "{came:?}");
        }
        assert!(came.iter().any(|came| came.feed_peak > 90.0), "they are overloads");
        for came in came.iter().step_by(60) {
            assert_eq!(one(came.seed).trace, came.trace, "the same run again");
        }
    }
}
