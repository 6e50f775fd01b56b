//! `wattloop sim storm`: random faults over many seeds, and what must hold in every one of them.

use std::sync::Arc;

use clap::Args;
use plant::hall::Hall;
use plant::time::Span;
use serde::Serialize;
use sim::scenario::storm::Storm;
use sim::scenario::verdict::{figure, instant};

use super::drive::Drive;
use super::{crowd, pages};
use crate::cli::{Out, Stop};

/// Random faults over many seeds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim storm bench --seeds 4 --for 30min
  wattloop sim storm air --seed 17                    the storm of one seed again, with what happens in it

In every storm the energy balance closes, no number is lost, the same seed is the same run, and the inlets stay within the
hall's limit unless more is broken than its spare. Exit code 1 when inlets left their limit, 70 when the simulator failed.")]
pub struct StormArgs {
    /// The hall: a shipped one's name
    pub hall: String,
    /// How many seeds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub seeds: u32,
    /// Only the storm of this seed
    #[arg(long, conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// How much simulated time passes in each
    #[arg(long = "for", value_name = "TIME", default_value = "2h", value_parser = crate::cli::span)]
    pub length: Span,
}

/// What one storm came to.
#[derive(Debug, Serialize)]
struct Weathered {
    seed: u64,
    trace: String,
    /// The smallest distance of an inlet to its limit while it had to be held (K), and when (s).
    margin: Option<(f64, f64)>,
    /// Why the simulator failed, if it did.
    broken: Option<String>,
}

/// Runs storms.
pub fn run(args: &StormArgs, out: &Out) -> Result<(), Stop> {
    let hall = pages::hall(&args.hall, None).map_err(|faults| Stop::faults(&faults))?;
    let (hall, text) = hall.map_err(|help| Stop::usage(format!("there is no hall `{}`", args.hall), help))?;
    let (first, count) = args.seed.map_or((1, args.seeds), |seed| (seed, 1));
    let seed = |n: usize| first.saturating_add(plant::convert::u64_from_usize(n));
    if args.seed.is_some() && !out.json() {
        for line in Storm::new(&hall, first, args.length).lines() {
            out.line(line)?;
        }
    }
    let name = |n: usize| format!("storm of seed {}", seed(n));
    let count = plant::convert::usize_from_u32(count);
    let weathered = crowd::all(count, name, |n| weather(&hall, &text, seed(n), args.length))?;
    let weathered = weathered.into_iter().collect::<Result<Vec<_>, _>>()?;
    tell(args, &hall, &weathered, out)
}

/// The same storm twice.
fn weather(hall: &Arc<Hall>, text: &str, seed: u64, length: Span) -> Result<Weathered, Stop> {
    let storm = Storm::new(hall, seed, length);
    let page = pages::unwritten(storm.scenario.clone(), (text, &storm.lines().join("\n")))?;
    let limit = hall.limits.inlet_max.0;
    let mut margin: Option<(f64, f64)> = None;
    let pilot = page.scenario.controller;
    let once = Drive::new(&page, seed, pilot).ride(|run, seen| {
        let (time, hottest) = (run.time(), seen.world.hottest_inlet());
        let now = hottest.filter(|_| time >= 0.0 && storm.must_hold(time)).map(|t| (limit - t, time));
        if let Some(now) = now.filter(|now| margin.is_none_or(|worst| now.0 < worst.0)) {
            margin = Some(now);
        }
    });
    let again = Drive::new(&page, seed, pilot).ride(|_, _| ());
    let differ = (once.trace != again.trace).then(|| format!("two runs differ: {} and {}", once.trace, again.trace));
    let broken = once.run.broken().map(str::to_owned).or(differ);
    Ok(Weathered { seed, trace: once.trace, margin, broken })
}

fn tell(args: &StormArgs, hall: &Hall, weathered: &[Weathered], out: &Out) -> Result<(), Stop> {
    if out.json() {
        out.value(&weathered)?;
    }
    let again =
        |w: &Weathered| format!("again: wattloop sim storm {} --seed {} --for {}", args.hall, w.seed, args.length);
    if let Some(one) = weathered.iter().find(|w| w.broken.is_some()) {
        let why = one.broken.clone().unwrap_or_default();
        return Err(Stop::new(70, "simulator_failed", format!("seed {}: {why}", one.seed), again(one)));
    }
    let margin = |w: &Weathered| w.margin.map_or(f64::INFINITY, |(margin, _)| margin);
    let Some(worst) = weathered.iter().min_by(|a, b| margin(a).total_cmp(&margin(b))) else { return Ok(()) };
    let lost = weathered.iter().filter(|w| margin(w) < 0.0).count();
    let at = worst.margin.map_or_else(String::new, |(_, at)| format!(" at {}", instant(at)));
    let many = weathered.len();
    let say = if worst.margin.is_some() {
        format!(
            "{many} storms over {}, {lost} with inlets above {} °C; the worst margin is {} K, seed {}{at}",
            hall.name,
            hall.limits.inlet_max.0,
            figure(margin(worst)),
            worst.seed
        )
    } else {
        format!("{many} storms over {}: the books closed, and there were no inlets to hold", hall.name)
    };
    if lost > 0 {
        return Err(Stop::new(1, "inlets_lost", say, again(worst)));
    }
    if out.json() { Ok(()) } else { out.line(say) }
}
