//! The fixed mix, or training everywhere, under other ways to keep a feeder: what each hosts, trips, loses and gets done.

use std::sync::Arc;

use plant::convert;
use plant::hall::Hall;
use plant::hall::capping::Capping;
use plant::units::Watts;
use serde::Serialize;
use sim::compute::fixed::Surge;
use sim::scenario::overload::Ground;
use sim::scenario::{Pilot, Scenario};

use super::OverloadArgs;
use crate::cli::sim::drive::Drive;
use crate::cli::sim::nodes::tally::Tally;
use crate::cli::sim::{crowd, pages};
use crate::cli::{Out, Stop};

/// Of the nodes of the mix, those with work (1).
const AT_WORK: f64 = 0.8;
/// A way to keep a feeder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Ours.
    Wattloop,
    /// Every GPU at the same cap, which fits with all of them at it.
    Uniform,
    /// The same watts in equal parts to those GPUs that have work.
    Shares,
    /// As many GPUs as fit with each at its most.
    Nameplate,
    /// Nothing.
    Uncapped,
}

const WAYS: [(&str, Way); 5] = [
    ("wattloop", Way::Wattloop),
    ("uniform cap", Way::Uniform),
    ("shares of n", Way::Shares),
    ("nameplate", Way::Nameplate),
    ("no caps", Way::Uncapped),
];

/// What a way came to.
#[derive(Debug, Serialize)]
struct Row {
    way: &'static str,
    gpus: usize,
    cap_w: Option<f64>,
    trips: usize,
    feed_peak: f64,
    lost_first: f64,
    lost_all: f64,
    worked: f64,
}

impl Row {
    /// Of several seeds.
    fn mean(rows: &[Self]) -> Option<Self> {
        let first = rows.first()?;
        let mean = |of: fn(&Self) -> f64| rows.iter().map(of).sum::<f64>() / convert::f64_from_usize(rows.len());
        Some(Self {
            trips: rows.iter().map(|row| row.trips).sum(),
            feed_peak: rows.iter().map(|row| row.feed_peak).fold(first.feed_peak, f64::max),
            lost_first: mean(|row| row.lost_first),
            lost_all: mean(|row| row.lost_all),
            worked: mean(|row| row.worked),
            ..*first
        })
    }
}

/// Runs every way; where there are several seeds, trips are summed up, the fullest feed is that of all, and the rest is a mean.
pub fn run(ground: &Ground, (args, text): (&OverloadArgs, &str), out: &Out) -> Result<(), Stop> {
    let (first, seeds) = args.seed.map_or((1, args.seeds.unwrap_or(1)), |seed| (seed, 1));
    let seeds = convert::usize_from_u32(seeds);
    let (way, seed) = (|n: usize| WAYS.get(n / seeds), |n: usize| first + convert::u64_from_usize(n % seeds));
    let name = |n: usize| way(n).map_or_else(String::new, |(word, _)| format!("{word}, seed {}", seed(n)));
    let rows = crowd::all(WAYS.len() * seeds, name, |n| way(n).map(|way| row(ground, (args, text), seed(n), *way)))?;
    let rows = rows.into_iter().flatten().collect::<Result<Vec<Row>, Stop>>()?;
    let rows: Vec<Row> = rows.chunks(seeds).filter_map(Row::mean).collect();
    if out.json() {
        return out.value(&rows);
    }
    let uniform = rows.iter().find(|row| row.way == "uniform cap").map_or(f64::NAN, |row| row.worked);
    out.line("way           GPUs  cap W  trips  feed %  lost first %  lost all %    work  over uniform")?;
    for row in &rows {
        let cap = row.cap_w.map_or_else(|| "-".to_owned(), |cap| format!("{cap:.0}"));
        let over = format!("{:+.1} %", 100.0 * (row.worked / uniform - 1.0));
        out.line(format_args!(
            "{:<12} {:>5} {cap:>6} {:>6} {:>7.1} {:>13.2} {:>11.2} {:>7.1} {over:>13}",
            row.way, row.gpus, row.trips, row.feed_peak, row.lost_first, row.lost_all, row.worked
        ))?;
    }
    Ok(())
}

fn row(ground: &Ground, (args, text): (&OverloadArgs, &str), seed: u64, way: (&'static str, Way)) -> Result<Row, Stop> {
    let (word, way) = way;
    let racks = ground.hall.power.racks.len();
    let per_rack = ground.hall.power.gpus() / racks.max(1);
    let hosted = ground.capped.at_nameplate(&ground.hall) / per_rack.max(1);
    let (at_work, cap) = match way {
        Way::Wattloop | Way::Uncapped => (racks, None),
        Way::Uniform => (racks, Some(uniform(ground))),
        Way::Shares => (racks, Some(shares(ground))),
        Way::Nameplate => (hosted, None),
    };
    let surge = args.training.then_some(Surge { at: 0.0, within: 10.0, lasts: 2.0 * args.length.seconds() + 600.0 });
    let mut scenario = Scenario { seed, ..ground.day(at_work, (cap, surge), args.length) };
    if way != Way::Wattloop {
        let mut hall = Hall::clone(&scenario.hall);
        hall.power.capping = None;
        scenario.hall = Arc::new(hall);
    }
    let dt = scenario.dt.seconds();
    let page = pages::unwritten(scenario, (text, word))?;
    let (mut drive, mut tally) = (Drive::new(&page, seed, Pilot::Wattloop), Tally::new(&ground.hall));
    while drive.goes_on() {
        drive.pass();
        if drive.time() > 0.0 {
            tally.take(&ground.hall, drive.world(), dt);
        }
    }
    let trips = drive.world().breakers().opened().len();
    let (first, all) = tally.lost();
    let (lost_first, lost_all) = (first.unwrap_or(f64::NAN), all.unwrap_or(f64::NAN));
    let (gpus, worked, feed_peak) = (at_work * per_rack, tally.worked(), tally.fullest());
    Ok(Row { way: word, gpus, cap_w: cap, trips, feed_peak, lost_first, lost_all, worked })
}

/// The one cap with which all GPUs together leave the reserve (W).
fn uniform(ground: &Ground) -> f64 {
    let power = &ground.hall.power;
    let (Some(feed), Some(node)) = (power.feeds.get(ground.capped.feed), power.nodes.first()) else { return f64::NAN };
    // A feed's load is a line through its caps.
    let room =
        (feed.limit() * (1.0 - Capping::USUAL.reserve) - feed.fail_safe).max(Watts(0.0)) / (feed.most - feed.fail_safe);
    (node.fail_safe + (node.rated - node.fail_safe) * room).0
}

/// The cap of those at work where the others have their least (W).
fn shares(ground: &Ground) -> f64 {
    let least = ground.hall.power.nodes.first().map_or(0.0, |node| node.least_cap.0);
    (uniform(ground) - (1.0 - AT_WORK) * least) / AT_WORK
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::time::Span;

    /// What the table of docs/gpus.md says, on fewer GPUs and a shorter time.
    #[test]
    fn more_is_done_than_under_a_uniform_cap_and_nothing_trips() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let ground = Ground::of(&Hall::load("air", text).expect("loads"), Some(5)).expect("nodes");
        let args = OverloadArgs {
            hall: "air".to_owned(),
            seeds: None,
            seed: None,
            length: Span::from_secs(200),
            per_rack: 5,
            compare: true,
            limit: 1.0,
            training: false,
        };
        let of = |n: usize| row(&ground, (&args, text), 1, WAYS[n]).unwrap_or_else(|_| panic!("{}", WAYS[n].0));
        let (ours, uniform, shares, nameplate) = (of(0), of(1), of(2), of(3));
        assert_eq!((ours.trips, ours.gpus), (0, 800));
        assert!(ours.worked > 1.05 * uniform.worked, "{ours:?} beside {uniform:?}");
        assert!(ours.worked > shares.worked, "{ours:?} beside {shares:?}");
        assert!(ours.worked > 1.3 * nameplate.worked, "{ours:?} beside {nameplate:?}");
        assert!(ours.lost_first <= 1.0 && ours.lost_all <= 5.0, "{ours:?}");
    }

    /// Where caps bind, watts go to those who use them.
    #[test]
    fn below_a_budget_that_binds_more_is_done_than_under_a_uniform_cap() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let mut ground = Ground::of(&Hall::load("air", text).expect("loads"), Some(1)).expect("nodes");
        ground.narrow(0.9).unwrap_or_else(|fault| panic!("{fault:?}"));
        let length = Span::from_secs(300);
        let args = OverloadArgs {
            hall: "air".to_owned(),
            seeds: None,
            seed: None,
            length,
            per_rack: 1,
            compare: true,
            limit: 0.9,
            training: false,
        };
        let of = |n: usize| row(&ground, (&args, text), 1, WAYS[n]).unwrap_or_else(|_| panic!("{}", WAYS[n].0));
        let (ours, uniform, uncapped) = (of(0), of(1), of(4));
        assert!(ours.lost_all > 2.0 * uncapped.lost_all, "the budget binds: {ours:?} beside {uncapped:?}");
        assert!(ours.feed_peak <= 100.0 && ours.trips == 0, "{ours:?}");
        assert!(ours.worked > 1.15 * uniform.worked, "{ours:?} beside {uniform:?}");
        ground.narrow(0.7).expect_err("GPUs at their fail-safe would draw more than that");
    }
}
