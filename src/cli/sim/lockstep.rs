//! `wattloop sim lockstep`: the same run twice, in process and over real sockets, and how far apart they came.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use clap::Args;
use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::reading::Why;
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::Unit;
use serde::Serialize;
use sim::{Fault, World};
use wattloop::control::Controller;
use wattloop::service::lockstep::Lockstep;
use wattloop::service::rehearsal::{Scene, Stage};

use super::rapid::BEGIN;
use crate::cli::{Out, Stop};

/// Run a hall over real sockets in lockstep, beside the same run in process.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim lockstep bench --for 5min
  wattloop sim lockstep liquid --for 10min --json
  wattloop sim lockstep bench --fault \"30s heater/inlet-air-temp zero-frame\"

Registers, messages and adapters are those of the field; time moves only when everything has been delivered. Both runs must stay
together but for what registers round away. Exit code 1 when they do not.")]
pub struct LockstepArgs {
    /// The hall: a shipped one's name
    pub hall: String,
    /// How much simulated time passes
    #[arg(long = "for", value_name = "TIME", default_value = "10min", value_parser = crate::cli::span)]
    pub length: Span,
    /// The period of the scan, which is also the step of the world
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = crate::cli::span)]
    pub period: Span,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What breaks in both, and when: `sim faults HALL` lists what can; any number of times
    #[arg(long = "fault", value_name = "TIME TARGET HOW")]
    pub faults: Vec<String>,
}

/// The farthest that two runs came apart in points of one unit.
#[derive(Clone, Debug, Serialize)]
struct Apart {
    point: String,
    /// In the unit.
    by: f64,
    /// What is allowed, in the unit.
    allowed: f64,
    /// Seconds since the begin.
    at: f64,
}

/// What the two runs came to.
#[derive(Clone, Debug, Serialize)]
struct Summary {
    hall: String,
    ticks: u64,
    requests: u64,
    messages: u64,
    /// Points of the hall that no device stands behind.
    unbound: Vec<String>,
    /// What every output stood at in the end, over the wire (the points' units).
    outputs: BTreeMap<String, f64>,
    /// By unit.
    apart: BTreeMap<String, Apart>,
}

/// Runs both.
pub fn run(args: &LockstepArgs, out: &Out) -> Result<(), Stop> {
    let folder = std::env::temp_dir().join(format!("wattloop-lockstep-{}", std::process::id()));
    let outcome = both(args, &folder);
    // Nothing but the site's page is in it.
    drop(std::fs::remove_dir_all(&folder));
    let summary = outcome?;
    if out.json() {
        out.value(&summary)?;
    } else {
        out.text(&summary)?;
    }
    match summary.apart.values().find(|a| a.by.is_nan() || a.by > a.allowed) {
        Some(a) => Err(Stop::failed(format!("{} came apart by {} at {} s", a.point, a.by, a.at))),
        None => Ok(()),
    }
}

fn both(args: &LockstepArgs, folder: &std::path::Path) -> Result<Summary, Stop> {
    let scene = Scene { seed: args.seed, lockstep: Some(BEGIN), ..Scene::default() };
    let stage = Stage::set(&args.hall, folder, &scene).map_err(Stop::rehearsal)?;
    let loaded = stage.load().map_err(|faults| Stop::faults(&faults))?;
    let failed = |e: wattloop::service::lockstep::LockstepFault| Stop::failed(e.to_string());
    let mut wired = Lockstep::start(&loaded, stage.hall.clock()).map_err(failed)?;
    let hall = Arc::clone(wired.hall());
    let mut twin = Twin::new(&hall, super::world(&args.hall, &hall)?.with_seed(args.seed));
    let mut breaks = args.faults.iter().map(|text| due(&hall, text)).collect::<Result<Vec<_>, _>>()?;
    let ticks = args.length.nanos().checked_div(args.period.nanos()).unwrap_or(0);
    let mut apart = BTreeMap::new();
    for _ in 0..ticks {
        breaks.retain(|(at, fault)| {
            let waits = at.nanos() > twin.mono.0;
            if !waits {
                stage.hall.stage().world.inject(*fault);
                twin.world.inject(*fault);
            }
            waits
        });
        let tick = wired.step(args.period).map_err(failed)?;
        twin.step(args.period);
        compare(&hall, (&stage.hall.stage().world, &twin.world), tick, &mut apart);
    }
    let requests = stage.requests().values().sum();
    let unread = loaded.bindings.unread(hall.points.len());
    let bound = |id| unread.samples.get(id).is_some_and(|s| s.value != Err(Why::Config));
    let unbound = hall.points.iter().filter(|(id, _)| !bound(*id)).map(|(_, def)| def.name.clone()).collect();
    let served = stage.hall.stage();
    let written = hall.points.iter().filter(|(_, def)| def.write.is_some());
    let outputs = written.filter_map(|(id, def)| Some((def.name.clone(), served.world.truth(id)?))).collect();
    Ok(Summary { hall: args.hall.clone(), ticks, requests, messages: wired.messages(), unbound, outputs, apart })
}

/// When something breaks, and what: `30s crah-1 fan-failed`.
fn due(hall: &Hall, text: &str) -> Result<(Span, Fault), Stop> {
    let (at, fault) = text.trim().split_once(' ').unwrap_or((text, ""));
    let help = "write a time, then what `wattloop sim faults HALL` lists: \"30s crah-1 fan-failed\"";
    let at = Span::parse(at).ok_or_else(|| Stop::usage(format!("`{at}` in `{text}` is no time"), help))?;
    let fault = Fault::parse(hall, fault.trim()).map_err(|why| Stop::usage(format!("`{text}`: {why}"), help))?;
    Ok((at, fault))
}

/// The run in process.
struct Twin {
    world: World,
    controller: Controller,
    inputs: Inputs,
    outputs: Outputs,
    ticks: u64,
    mono: Mono,
}

impl Twin {
    fn new(hall: &Arc<Hall>, world: World) -> Self {
        Self {
            world,
            controller: Controller::new(Arc::clone(hall)),
            inputs: Inputs::unread(hall.points.len()),
            outputs: Controller::safe_outputs(hall),
            ticks: 0,
            mono: Mono(0),
        }
    }

    fn step(&mut self, dt: Span) {
        self.mono = self.mono.after(dt);
        let millis = i64::try_from(self.mono.0 / 1_000_000).unwrap_or(i64::MAX);
        let wall = Wall(BEGIN.0.saturating_add(millis));
        let tick = Tick { seq: self.ticks, dt, mono: self.mono, wall, clock_trusted: true, boot: 1 };
        self.world.step_into(&self.outputs, tick, &mut self.inputs);
        self.outputs.commands.clone_from(&self.controller.step(&self.inputs, tick).commands);
        self.ticks = self.ticks.saturating_add(1);
    }
}

/// What rounding to registers may come to in the truth, once control has acted on it: outputs move in steps of their deadband,
/// and a pump's step moves pressure and flow.
const fn allowed(unit: Unit) -> f64 {
    match unit {
        Unit::Cel | Unit::Fahrenheit | Unit::Kelvin => 0.05,
        Unit::Percent | Unit::PercentRh => 2.0,
        Unit::Watt => 1e3,
        Unit::Pascal => 2e3,
        Unit::LiterPerSecond => 0.3,
        Unit::WattHour => 50.0,
        Unit::Kilowatt
        | Unit::Megawatt
        | Unit::KilowattHour
        | Unit::MegawattHour
        | Unit::LiterPerMinute
        | Unit::CubicMeterPerHour
        | Unit::Kilopascal
        | Unit::Bar
        | Unit::One
        | Unit::PerMinute
        | Unit::Second
        | Unit::Ampere
        | Unit::Volt
        | Unit::Hertz => 1.0,
    }
}

fn compare(hall: &Hall, (one, other): (&World, &World), tick: Tick, apart: &mut BTreeMap<String, Apart>) {
    for (id, def) in hall.points.iter() {
        let Some((a, b)) = one.truth(id).zip(other.truth(id)) else { continue };
        let unit = def.unit;
        let worst = apart.entry(unit.code().to_owned()).or_insert_with(|| Apart {
            point: def.name.clone(),
            by: 0.0,
            allowed: allowed(unit),
            at: 0.0,
        });
        let by = (a - b).abs();
        if by.is_nan() || by > worst.by {
            *worst =
                Apart { point: def.name.clone(), by, allowed: worst.allowed, at: tick.mono.since(Mono(0)).seconds() };
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hall, ticks, requests, messages, .. } = self;
        writeln!(f, "{hall}: {ticks} ticks in lockstep, {requests} Modbus requests, {messages} MQTT messages")?;
        for (unit, a) in &self.apart {
            writeln!(
                f,
                "  apart by at most {:.3} {unit} of {:.3} allowed: {} at {:.0} s",
                a.by, a.allowed, a.point, a.at
            )?;
        }
        Ok(())
    }
}
