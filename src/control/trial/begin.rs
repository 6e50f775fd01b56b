//! A person asks for a trial: what must be so before anything is moved.

use plant::event::{About, Commissioning, What};
use plant::id::LoopId;
use plant::time::{Span, Tick};

use super::stage::Stage;
use super::watch::{self, Ground};
use super::{How, Method, Running};
use crate::control::cooling::{Circuit, Service};
use crate::control::news::News;
use crate::control::request::{Refusal, Reply};
use crate::control::scene::Scene;
use crate::control::tuning::{ASYMMETRY, Record};
use crate::control::{Plan, State};

/// The shortest and the longest that a trial may be given.
const LENGTHS: (Span, Span) = (Span::from_secs(300), Span::from_secs(12 * 3600));
/// The least and the most that an output is moved by (%).
const SIZES: (f64, f64) = (1.0, 50.0);

/// Begins a trial. Nothing has moved when it is refused.
///
/// # Errors
/// There is no such loop, another trial or a checkout runs, the loop does not lead its outputs or does not know its inputs, no reason is given, or
/// the size, the limits or the length do not fit.
pub(in crate::control) fn begin(
    plan: &Plan,
    state: &mut State,
    (of, how): (LoopId, &How),
    reason: &str,
    tick: Tick,
) -> Result<Reply, Refusal> {
    let circuit = plan.circuits.iter().find(|circuit| circuit.id == of).ok_or(Refusal::Unknown)?;
    if state.trials.running.is_some() || state.checkouts.is_busy() {
        return Err(Refusal::Busy);
    }
    if reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if how.longest < LENGTHS.0 || how.longest > LENGTHS.1 {
        return Err(Refusal::HoldOutOfRange);
    }
    let scene = state.scene(&plan.hall);
    let base = standing(circuit, &scene, state)?;
    fits(circuit, &scene, (base, how))?;
    let pv = watch::pv(circuit, &scene, &state.cooling).ok_or(Refusal::NotLed)?;
    let (low, high) = how.limits;
    if !(low.is_finite() && high.is_finite() && low < pv && pv < high) {
        return Err(Refusal::LimitsExclude { pv });
    }
    let ground = Ground::of(circuit, &scene, &state.cooling);
    let place = state.cooling.of(of).and_then(|row| row.place());
    let (stage, record) = (Stage::rest(), Record::default());
    let running = Running { of, how: *how, gone: Span::ZERO, stage, base, place, ground, record };
    (state.trials.running, state.trials.last) = (Some(running), None);
    state.trials.began = tick.clock_trusted.then_some(tick.wall);
    News::new(tick, &mut state.pending).warn(About::Loop(of), What::Commissioning(Commissioning::TrialBegun));
    let note = format!("it moves its output by {} % around {base:.1} %, for {} at most", how.size, how.longest);
    Ok(Reply::Accepted { expires: None, note })
}

/// Where the outputs stand that the loop leads (%).
fn standing(circuit: &Circuit, scene: &Scene<'_>, state: &State) -> Result<f64, Refusal> {
    // Who of a CDU's pumps runs is its sequence's, and a pump that stands must not be told to turn.
    let its_own = circuit.service != Service::CduPumps;
    let led = watch::is_led(circuit, scene, &state.cooling) && !watch::is_taken(circuit, scene);
    if !its_own || !led || watch::is_warm(scene) {
        return Err(Refusal::NotLed);
    }
    let told = circuit.drives.iter().filter_map(|drive| scene.told(drive.output));
    told.reduce(f64::max).ok_or(Refusal::NotLed)
}

/// Whether every output may go where the trial moves it.
fn fits(circuit: &Circuit, scene: &Scene<'_>, (base, how): (f64, &How)) -> Result<(), Refusal> {
    let rows = circuit.drives.iter().filter_map(|drive| scene.held.get(drive.output)).map(|row| row.allowed);
    let (min, max) = rows.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1))).ok_or(Refusal::NotLed)?;
    let other = match how.method {
        Method::Step => base,
        Method::Relay => base - how.size / ASYMMETRY,
    };
    let inside = |at: f64| (min..=max).contains(&at);
    let sized = (SIZES.0..=SIZES.1).contains(&how.size.abs());
    if sized && inside(base + how.size) && inside(other) {
        return Ok(());
    }
    Err(Refusal::OutOfRange { min: (min - base).max(-SIZES.1), max: (max - base).min(SIZES.1) })
}
