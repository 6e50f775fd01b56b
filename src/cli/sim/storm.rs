//! `wattloop sim storm`: random faults over many seeds, and what must hold in every one of them.

mod back;
mod watch;

use std::sync::Arc;

use clap::Args;
use plant::hall::Hall;
use plant::time::{Span, Wall};
use serde::Serialize;
use sim::scenario::WeatherChange;
use sim::scenario::storm::Storm;
use sim::scenario::verdict::{figure, instant};

use super::days::{self, Weathered as Day};
use super::drive::Drive;
use super::{crowd, pages};
use crate::cli::{Out, Stop};
pub use watch::{Look, Watch};

/// What follows a storm: nothing more breaks, and the hall has to come back.
const CALM: Span = Span::from_secs(3600);
/// An hour (ms).
const HOUR_MS: i64 = 3_600_000;

/// Random faults over many seeds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim storm bench --seeds 4 --for 30min
  wattloop sim storm air --seed 17                    the storm of one seed again, with what happens in it
  wattloop sim storm liquid --day cold --seeds 4 --dt 5s   in a winter's frost, at some hour of the day

In every storm the energy balance closes, no number is lost, the same seed is the same run, and the inlets stay within the
hall's limit unless more cooling is gone than a row's spare, or half of a row's inlets cannot be seen. Control takes nothing old for fresh, holds its outputs at or above their
fail-safe floors, keeps minimum times, ends every transition in its time, and has the hall back within an hour after the last
fault, by itself; what a tank has lost of its fluid is told, and nothing else excuses a machine that stays off. Exit code 1 when one of these did not hold, 70 when the simulator failed.")]
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
    /// The step of world and control
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = crate::cli::span)]
    pub dt: Span,
    /// In the weather of this day of `sim days`, each seed from another hour of it on; without it a July noon of the hall's own weather
    #[arg(long, value_name = "WHICH")]
    pub day: Option<Day>,
    /// Run each seed once, and do not compare it with itself
    #[arg(long)]
    pub once: bool,
}

/// What one storm came to.
#[derive(Debug, Serialize)]
struct Weathered {
    seed: u64,
    trace: String,
    /// The smallest distance of an inlet to its limit while it had to be held (K), and when (s).
    margin: Option<(f64, f64)>,
    /// What else did not hold, and when (s).
    breach: Option<(String, f64)>,
    /// What is gone for good, as the world has it: a person has to bring it back.
    gone: Option<String>,
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
    let weathered = crowd::all(count, name, |n| weather((&hall, &text), seed(n), args))?;
    let weathered = weathered.into_iter().collect::<Result<Vec<_>, _>>()?;
    tell(args, &hall, &weathered, out)
}

/// One storm, and twice where its runs are to be compared.
fn weather((hall, text): (&Arc<Hall>, &str), seed: u64, args: &StormArgs) -> Result<Weathered, Stop> {
    let storm = Storm::new(hall, seed, args.length);
    let mut scenario = storm.scenario.clone();
    (scenario.dt, scenario.period) = (args.dt, args.dt);
    scenario.length = Span::from_nanos(scenario.length.nanos().saturating_add(CALM.nanos()));
    if let Some(day) = args.day {
        let (_, climate, midnight) = day.told();
        scenario.weather = WeatherChange { source: Some(days::weather(climate)?), ..WeatherChange::default() };
        scenario.start = Wall(midnight.0.saturating_add(HOUR_MS * i64::from(u8::try_from(seed % 24).unwrap_or(0))));
    }
    let page = pages::unwritten(scenario, (text, &storm.lines().join("\n")))?;
    let pilot = page.scenario.controller;
    let limit = hall.limits.inlet_max.0;
    let mut margin: Option<(f64, f64)> = None;
    let (mut drive, mut watch) = (Drive::new(&page, seed, pilot), Watch::over(hall, args.dt));
    while drive.goes_on() {
        drive.pass();
        let time = drive.time();
        let hottest = drive.world().hottest_inlet();
        let now = hottest.filter(|_| time >= 0.0 && storm.must_hold(time)).map(|t| (limit - t, time));
        if let Some(now) = now.filter(|now| margin.is_none_or(|worst| now.0 < worst.0)) {
            margin = Some(now);
        }
        drive.show(&mut watch, storm.comes_back(time));
    }
    let short = back::short(hall, drive.world());
    let once = drive.end();
    let back = storm.heals().then(|| back::not_back(hall, &once.status, &short)).flatten();
    let gone = (!short.is_empty()).then(|| short.iter().map(back::Short::text).collect::<Vec<_>>().join(", "));
    let breach = watch.breach.map(|breach| (breach.what, breach.at));
    let breach = breach.or_else(|| Some((format!("an hour after the storm {}", back?), once.run.time())));
    let again = if args.once { None } else { Some(Drive::new(&page, seed, pilot).ride(|_, _| ())) };
    let differ = again.filter(|again| once.trace != again.trace);
    let differ = differ.map(|again| format!("two runs differ: {} and {}", once.trace, again.trace));
    let broken = once.run.broken().map(str::to_owned).or(differ);
    Ok(Weathered { seed, trace: once.trace, margin, breach, gone, broken })
}

fn tell(args: &StormArgs, hall: &Hall, weathered: &[Weathered], out: &Out) -> Result<(), Stop> {
    if out.json() {
        out.value(&weathered)?;
    }
    let again = |w: &Weathered| format!("again: {}", again(args, w.seed));
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
    let say = match weathered.iter().find_map(|w| Some((w.seed, w.gone.as_ref()?))) {
        Some((seed, gone)) => {
            let many = weathered.iter().filter(|w| w.gone.is_some()).count();
            format!("{say}; in {many} physical capacity is lost until somebody fills up: in seed {seed} {gone}")
        }
        None => say,
    };
    if let Some((one, (what, when))) = weathered.iter().find_map(|w| Some((w, w.breach.as_ref()?))) {
        let breaches = weathered.iter().filter(|w| w.breach.is_some()).count();
        let say = format!("{say}; {breaches} did not hold, seed {} at {}: {what}", one.seed, instant(*when));
        return Err(Stop::new(1, "did_not_hold", say, again(one)));
    }
    if lost > 0 {
        return Err(Stop::new(1, "inlets_lost", say, again(worst)));
    }
    if out.json() { Ok(()) } else { out.line(say) }
}

/// The command that shows a seed's storm again.
fn again(args: &StormArgs, seed: u64) -> String {
    let day = args.day.map_or_else(String::new, |day| format!(" --day {}", day.told().0));
    format!("wattloop sim storm {} --seed {seed}{day} --for {} --dt {}", args.hall, args.length, args.dt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: StormArgs,
    }

    fn read(line: &str) -> StormArgs {
        let words = line.split_whitespace().skip(2);
        Line::try_parse_from(words).unwrap_or_else(|bad| panic!("`{line}`: {bad}")).args
    }

    fn weathered(seed: u64) -> Weathered {
        let trace = String::new();
        Weathered { seed, trace, margin: Some((3.0, 60.0)), breach: None, gone: None, broken: None }
    }

    #[test]
    fn a_seed_that_fails_is_told_with_the_command_that_shows_it_again() {
        let args = read("wattloop sim storm bench --day cold --seeds 20 --for 90min --dt 5s --once");
        let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let hall = Hall::load(name, text).expect("loads");
        let failures = [
            (
                Weathered { breach: Some(("the fan is at 3.0".to_owned(), 70.0)), ..weathered(17) },
                1,
                "the fan is at 3.0",
            ),
            (Weathered { margin: Some((-0.4, 70.0)), ..weathered(17) }, 1, "1 with inlets above"),
            (Weathered { broken: Some("the balance is open".to_owned()), ..weathered(17) }, 70, "the balance is open"),
        ];
        for (failed, exit, says) in failures {
            let stop =
                tell(&args, &hall, &[weathered(1), failed, weathered(18)], &Out::new(false)).expect_err("it failed");
            assert_eq!(stop.exit, exit);
            assert!(stop.message.contains(says), "{}", stop.message);
            let shown = read(stop.help.strip_prefix("again: ").expect("a command"));
            assert_eq!((shown.seed, shown.day, shown.length, shown.dt), (Some(17), args.day, args.length, args.dt));
            assert_eq!(shown.hall, args.hall);
        }
        let calm = [weathered(1), weathered(2)];
        assert!(tell(&args, &hall, &calm, &Out::new(false)).is_ok());
    }
}
