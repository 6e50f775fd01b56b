//! `wattloop sim run`: world and controller in one loop, with no wires between them, as fast as the machine can.

use std::fmt;
use std::sync::Arc;

use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use serde::Serialize;
use sim::World;
use wattloop::control::Controller;
use wattloop::control::report::Pue;
use wattloop::service::clock::Clock;
use wattloop::service::journal::decision_hash;

use super::RunArgs;
use crate::cli::{Out, Stop};

/// When simulated runs begin: a summer midnight, so that a day's load has its night and its noon.
pub(super) const BEGIN: Wall = Wall(1_781_474_400_000);

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
}

/// Runs a hall.
pub fn run(named: &str, args: &RunArgs, out: &Out) -> Result<(), Stop> {
    let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == named).ok_or_else(|| {
        let known = plant::shipped::HALLS.iter().map(|(name, _)| *name);
        let help = format!("{}; or name a scenario's file", plant::read::did_you_mean(named, known));
        Stop::usage(format!("there is no shipped hall `{named}`"), help)
    })?;
    let hall = Arc::new(Hall::load(name, text).map_err(|faults| Stop::faults(&faults))?);
    let mut first: Option<Summary> = None;
    for _ in 0..args.runs {
        let world = super::world(name, &hall)?.with_seed(args.seed.unwrap_or(1));
        let summary = Rapid::new(&hall, world).run(args);
        match &first {
            Some(known) if known.trace != summary.trace => {
                let say = format!(
                    "two runs of seed {} differ: {} and {}",
                    args.seed.unwrap_or(1),
                    known.trace,
                    summary.trace
                );
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

/// One run.
struct Rapid {
    world: World,
    controller: Controller,
    inputs: Inputs,
    outputs: Outputs,
}

impl Rapid {
    fn new(hall: &Arc<Hall>, world: World) -> Self {
        Self {
            world,
            controller: Controller::new(Arc::clone(hall)),
            inputs: Inputs::unread(hall.points.len()),
            outputs: Controller::safe_outputs(hall),
        }
    }

    fn run(mut self, args: &RunArgs) -> Summary {
        let clock = Clock::machine();
        let begun = clock.mono();
        let scans = args.length.nanos().checked_div(args.period.nanos()).unwrap_or(0);
        let mut hasher = blake3::Hasher::new();
        let (mut events, mut worst) = (0u64, f64::NEG_INFINITY);
        let inlets: Vec<_> =
            self.controller.hall().rows.iter().flat_map(|(_, row)| &row.racks).map(|r| r.inlet.id()).collect();
        for seq in 0..scans {
            let tick = tick(seq, args.period);
            self.world.step_into(&self.outputs, tick, &mut self.inputs);
            let decided = self.controller.step(&self.inputs, tick);
            hasher.update(&decision_hash(decided));
            events = events.saturating_add(plant::convert::u64_from_usize(decided.events.len()));
            self.outputs.commands.clone_from(&decided.commands);
            worst = inlets.iter().filter_map(|p| self.world.truth(*p)).fold(worst, f64::max);
        }
        let status = self.controller.status();
        let digest = hasher.finalize().to_hex();
        Summary {
            hall: status.hall,
            seed: args.seed.unwrap_or(1),
            runs: args.runs,
            scans,
            // A hall of tanks has no inlets.
            worst_inlet_celsius: Some(worst).filter(|t| t.is_finite()),
            facility_kwh: status.facility_kwh,
            it_kwh: status.it_kwh,
            pue: status.pue,
            events,
            trace: digest.get(..16).unwrap_or_default().to_owned(),
            seconds: clock.mono().since(begun).seconds(),
        }
    }
}

fn tick(seq: u64, period: Span) -> Tick {
    let mono = Mono(period.times(seq.saturating_add(1)).nanos());
    let millis = i64::try_from(mono.0 / 1_000_000).unwrap_or(i64::MAX);
    Tick { seq, dt: period, mono, wall: Wall(BEGIN.0.saturating_add(millis)), clock_trusted: true, boot: 1 }
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
        writeln!(f, "  trace            {}", self.trace)
    }
}
