//! `wattloop sim tune`: a trial of a loop in a simulated hall, and what its gains are worth beside those of the hall's file.

use std::sync::Arc;

use clap::Args;
use plant::hall::Hall;
use plant::id::LoopId;
use plant::time::Span;
use serde::Serialize;
use sim::scenario::{Deed, Event, Scenario, Trigger};
use wattloop::control::report::{LoopView, TrialReport};
use wattloop::control::request::{Ask, Reply};
use wattloop::control::trial::How;
use wattloop::control::tuning::{Gains, Proposal, Rule};

use super::drive::Drive;
use super::pages::{self, Page};
use crate::cli::figure::fixed;
use crate::cli::{Out, Stop, tune};

/// How long the hall runs before anything is tried, at a load that stays where it is.
const SETTLES: Span = Span::from_secs(2 * 3600);
/// What its machines do meanwhile, and from then on where gains are compared (1, of nameplate).
const LOADS: (f64, f64) = (0.5, 0.7);
/// How long what follows the step of load is looked at.
const LOOKS: Span = Span::from_secs(3600);

/// A trial of a loop in a simulated hall.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim tune air crah-1/valve
  wattloop sim tune air row-a/fans --method relay --size 20
  wattloop sim tune air chw/pump --load 0.2 --more 0.35

The hall settles at --load, the loop is tried, and then each tuning meets the same step to --more.")]
pub struct TuneArgs {
    /// The hall: a shipped one's name, or a file
    pub hall: String,
    /// The loop
    #[arg(value_name = "LOOP")]
    pub of: String,
    /// What its machines do while it is tried (1, of nameplate)
    #[arg(long, value_name = "SHARE", default_value_t = LOADS.0, value_parser = share)]
    pub load: f64,
    /// What they do from the step of load on
    #[arg(long, value_name = "SHARE", default_value_t = LOADS.1, value_parser = share)]
    pub more: f64,
    /// How the output is moved
    #[arg(long, value_enum, default_value_t = tune::How::Step)]
    pub method: tune::How,
    /// How far (%); below 0 it goes down first
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    pub size: f64,
    /// The lowest that what the loop measures may be, in its own unit [default: 4 K, or 40 %, below]
    #[arg(long, allow_negative_numbers = true)]
    pub low: Option<f64>,
    /// The highest [default: 4 K, or 40 %, above]
    #[arg(long, allow_negative_numbers = true)]
    pub high: Option<f64>,
    /// How long all of it may take, 5min to 12h
    #[arg(long = "for", value_name = "TIME", default_value = "2h", value_parser = crate::cli::span)]
    pub longest: Span,
    /// The seed of noise and load
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// One tuning after the step of load.
#[derive(Clone, Debug, Serialize)]
struct Worth {
    tuning: &'static str,
    gains: Gains,
    sensitivity: Option<f64>,
    /// ∫|e| over the hour (unit of pv times s).
    iae: f64,
    /// The largest error, in the pv's unit.
    peak: f64,
    /// How far the output travelled (%).
    travel: f64,
}

/// What it came to.
#[derive(Debug, Serialize)]
struct Summary {
    trial: TrialReport,
    after_a_step_of_load: Vec<Worth>,
}

/// Tries a loop.
pub fn run(args: &TuneArgs, out: &Out) -> Result<(), Stop> {
    let hall = pages::hall(&args.hall, None).map_err(|faults| Stop::faults(&faults))?;
    let (hall, text) = hall.map_err(|help| Stop::usage(format!("there is no hall `{}`", args.hall), help))?;
    let of = hall.control_loop(&args.of).ok_or_else(|| {
        let help = plant::read::did_you_mean(&args.of, hall.loops.rows().iter().map(String::as_str));
        Stop::usage(format!("the hall has no loop `{}`", args.of), help)
    })?;
    let loads = (args.load, args.more);
    let calm = page(&hall, &text, (args.seed, loads), false)?;
    let trial = trial(&calm, of, args)?;
    let mut worths = Vec::new();
    if let Some(found) = trial.found.as_ref().filter(|_| trial.doubt.is_empty()) {
        let stepped = page(&hall, &text, (args.seed, loads), true)?;
        worths.push(worth(&stepped, (of, &args.of), ("hall's file", trial.now, found.now_sensitivity), None)?);
        for rule in Rule::ALL {
            let (gains, ms) = found.proposal.by(rule);
            worths.push(worth(&stepped, (of, &args.of), (rule.word(), gains, Some(ms)), Some(&found.proposal))?);
        }
    }
    if out.json() {
        return out.value(&Summary { trial, after_a_step_of_load: worths });
    }
    out.text(tune::page(&trial))?;
    if worths.is_empty() {
        return Ok(());
    }
    let unit = tune::difference(&trial.trial.unit);
    out.line(format_args!("a step of load from {} to {} of nameplate, an hour long:", args.load, args.more))?;
    for w in &worths {
        let (iae, peak, travel) = (fixed(w.iae, 1), fixed(w.peak, 2), fixed(w.travel, 1));
        out.line(format_args!(
            "{:<12} IAE {iae:<10} {unit}·s, at most {peak} {unit} off, {travel} % travelled",
            w.tuning
        ))?;
    }
    Ok(())
}

/// A share of nameplate on the command line.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.05..=1.0).contains(share));
    share.ok_or_else(|| "write a number from 0.05 to 1".to_owned())
}

/// A hall at its first load, to which more comes after it has settled, or not.
fn page(hall: &Arc<Hall>, text: &str, (seed, loads): (u64, (f64, f64)), steps: bool) -> Result<Page, Stop> {
    let load = |name: &str, at: Span, share: f64| Event {
        name: name.to_owned(),
        trigger: Trigger::At(at),
        deed: Deed::Load(share),
        hold: None,
    };
    let mut events = vec![load("load", Span::ZERO, loads.0)];
    if steps {
        events.push(load("more-load", SETTLES, loads.1));
    }
    let length = Span::from_secs(24 * 3600);
    let calm = Scenario { seed, events, ..Scenario::calm(hall, super::rapid::BEGIN, length) };
    pages::unwritten(calm, (text, "on trial"))
}

/// The trial, from begin to end.
fn trial(page: &Page, of: LoopId, args: &TuneArgs) -> Result<TrialReport, Stop> {
    let mut drive = Drive::new(page, page.scenario.seed, page.scenario.controller);
    drive.until(SETTLES);
    let view = view(&drive, &args.of)?;
    let pv = view.pv.ok_or_else(|| Stop::failed(format!("{} knows nothing of what it measures", args.of)))?;
    let far = if view.unit == "Cel" { 4.0 } else { 0.4 * pv.abs() };
    let limits = (args.low.unwrap_or(pv - far), args.high.unwrap_or(pv + far));
    let how = How { method: args.method.method(), size: args.size, limits, longest: args.longest };
    refused(drive.answer(Ask::Trial { of, how, reason: "simulated".to_owned() }))?;
    loop {
        drive.pass();
        let seen = drive.controller().trial().ok_or_else(|| Stop::failed("the trial is gone"))?;
        if seen.view.end.is_some() {
            return Ok(TrialReport::of(&seen));
        }
    }
}

/// One tuning: given to the loop at once, and looked at from the step of load on.
fn worth(
    page: &Page,
    (of, name): (LoopId, &str),
    (tuning, gains, sensitivity): (&'static str, Gains, Option<f64>),
    proposal: Option<&Proposal>,
) -> Result<Worth, Stop> {
    let mut drive = Drive::new(page, page.scenario.seed, page.scenario.controller);
    drive.pass();
    if let Some(proposal) = proposal {
        let ask = Ask::Retune { of, gains, process: proposal.process, reason: "simulated".to_owned() };
        refused(drive.answer(ask))?;
    }
    drive.until(SETTLES);
    let mut last = view(&drive, name)?.output;
    let mut worth = Worth { tuning, gains, sensitivity, iae: 0.0, peak: 0.0, travel: 0.0 };
    for _ in 0..LOOKS.nanos() / page.scenario.dt.nanos() {
        drive.pass();
        let now = view(&drive, name)?;
        let error = now.pv.map_or(0.0, |pv| (pv - now.setpoint).abs());
        worth.iae += error * page.scenario.dt.seconds();
        worth.peak = worth.peak.max(error);
        worth.travel += (now.output - last).abs();
        last = now.output;
    }
    Ok(worth)
}

fn view(drive: &Drive, name: &str) -> Result<LoopView, Stop> {
    let mut loops = drive.controller().loops().into_iter();
    loops.find(|view| view.name == name).ok_or_else(|| Stop::failed(format!("there is no loop {name}")))
}

fn refused(reply: Reply) -> Result<(), Stop> {
    match reply {
        Reply::Accepted { .. } | Reply::Lease(_) => Ok(()),
        Reply::Refused(refusal) => Err(Stop::new(1, refusal.code(), refusal.to_string(), "")),
    }
}
