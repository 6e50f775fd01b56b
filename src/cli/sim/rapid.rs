//! `wattloop sim run HALL`: a hall with nothing happening to it, as fast as the machine can.

use std::fmt;
use std::sync::Arc;

use plant::hall::Hall;
use plant::time::Wall;
use serde::Serialize;
use sim::kpi::Kpis;
use sim::scenario::Scenario;
use wattloop::control::report::Pue;
use wattloop::service::clock::Clock;

use super::drive::Drive;
use super::{RunArgs, leave, pages};
use crate::cli::{Out, Stop};

/// When simulated runs begin: a summer midnight, so that a day's load has its night and its noon.
pub(super) const BEGIN: Wall = Wall(1_781_474_400_000);

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
struct Summary {
    hall: String,
    seed: u64,
    runs: u32,
    scans: u64,
    worst_inlet_celsius: Option<f64>,
    facility_kwh: f64,
    it_kwh: f64,
    pue: Vec<Pue>,
    events: u64,
    trace: String,
    #[serde(skip)]
    seconds: f64,
    #[serde(skip)]
    kpis: Kpis,
}

/// A shipped hall's name and text.
fn known(named: &str) -> Result<(&'static str, &'static str), Stop> {
    let known = plant::shipped::HALLS.iter().find(|(name, _)| *name == named);
    known.copied().ok_or_else(|| {
        let known = plant::shipped::HALLS.iter().map(|(name, _)| *name);
        let help = format!("{}; or name a scenario's file", plant::read::did_you_mean(named, known));
        Stop::usage(format!("there is no shipped hall `{named}`"), help)
    })
}

/// A shipped hall.
pub fn shipped(named: &str) -> Result<Hall, Stop> {
    let (name, text) = known(named)?;
    Hall::load(name, text).map_err(|faults| Stop::faults(&faults))
}

/// Runs a hall.
pub fn run(named: &str, args: &RunArgs, out: &Out) -> Result<(), Stop> {
    let (name, text) = known(named)?;
    let hall = Arc::new(Hall::load(name, text).map_err(|faults| Stop::faults(&faults))?);
    let saying = format!("for {} in scans of {}", args.length, args.period);
    let (dt, period, seed) = (args.period, args.period, args.seed.unwrap_or(1));
    let calm = Scenario { dt, period, seed, ..Scenario::calm(&hall, BEGIN, args.length) };
    let page = pages::unwritten(calm, (text, &saying))?;
    let mut first: Option<Summary> = None;
    for _ in 0..args.runs {
        let summary = once(&page, args)?;
        match &first {
            Some(known) if known.trace != summary.trace => {
                let say = format!("two runs of seed {} differ: {} and {}", known.seed, known.trace, summary.trace);
                return Err(Stop::failed(say));
            }
            Some(_) => {}
            None => first = Some(summary),
        }
    }
    match first {
        Some(summary) if out.json() => out.value(&summary),
        Some(summary) => out.text(&summary),
        None => Ok(()),
    }
}

fn once(page: &pages::Page, args: &RunArgs) -> Result<Summary, Stop> {
    let clock = Clock::machine();
    let begun = clock.mono();
    let seed = page.scenario.seed;
    let mut drive = Drive::new(page, seed, page.scenario.controller);
    let files = leave::Files::of(args, 1);
    if files.wanted() {
        drive.record();
    }
    let ridden = drive.ride(|_, _| ());
    if let Some(why) = ridden.run.broken() {
        return Err(Stop::new(70, "simulator_failed", format!("{}: {why}", page.file), ""));
    }
    let left = leave::Left {
        page,
        seed,
        trace: &ridden.trace,
        broken: None,
        verdicts: &[],
        kpis: &ridden.kpis,
        baseline: None,
    };
    files.write(&left, ridden.recording.as_ref())?;
    Ok(Summary {
        hall: ridden.status.hall,
        seed,
        runs: args.runs,
        scans: ridden.scans,
        // A hall of tanks has no inlets.
        worst_inlet_celsius: ridden.kpis.value("worst-inlet-cel"),
        facility_kwh: ridden.status.facility_kwh,
        it_kwh: ridden.status.it_kwh,
        pue: ridden.status.pue,
        events: ridden.events,
        trace: ridden.trace,
        seconds: clock.mono().since(begun).seconds(),
        kpis: ridden.kpis,
    })
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} with seed {}: {} scans in {:.1} s", self.hall, self.seed, self.scans, self.seconds)?;
        if let Some(worst) = self.worst_inlet_celsius {
            writeln!(f, "  worst inlet      {worst:.1} °C")?;
        }
        writeln!(f, "  energy           facility {:.1} kWh, IT {:.1} kWh", self.facility_kwh, self.it_kwh)?;
        for pue in &self.pue {
            let covered = pue.coverage * 100.0;
            match pue.value {
                Some(value) => {
                    writeln!(f, "  PUE {:<12} {value:.2} ({covered:.0} % covered, {})", pue.window, pue.validity)?
                }
                None => writeln!(f, "  PUE {:<12} none ({covered:.0} % covered, {})", pue.window, pue.validity)?,
            }
        }
        writeln!(f, "  events           {}", self.events)?;
        writeln!(f, "  trace            {}", self.trace)?;
        writeln!(f, "what was true:")?;
        write!(f, "{}", super::scenarios::Figures(&self.kpis, None))
    }
}
