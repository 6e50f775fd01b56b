//! A person gives a loop gains of its own, or takes them back.

use plant::event::{About, Commissioning, What};
use plant::id::LoopId;
use plant::time::Tick;

use super::cooling::Retune;
use super::news::News;
use super::request::{Refusal, Reply};
use super::tuning::{Fopdt, Gains, MOST_SENSITIVE};
use super::{Plan, State};

/// What is asked.
pub struct Asked<'a> {
    /// Which loop.
    pub of: LoopId,
    /// The gains.
    pub gains: Gains,
    /// The process that they are for.
    pub process: Fopdt,
    /// Why.
    pub reason: &'a str,
}

/// A loop gets gains of its own, from the next scan on and without a bump.
///
/// # Errors
/// There is no such loop, no reason is given, the process answers the wrong way round, or the loop would be too near to swinging on it.
pub fn retune(plan: &Plan, state: &mut State, who: &str, asked: &Asked<'_>, tick: Tick) -> Result<Reply, Refusal> {
    let circuit = plan.circuits.iter().find(|circuit| circuit.id == asked.of).ok_or(Refusal::Unknown)?;
    let reason = asked.reason.trim();
    if reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let rises = asked.process.gain * circuit.service.action().sign() > 0.0;
    let sensitivity = asked.process.sensitivity(asked.gains);
    if !rises || sensitivity > MOST_SENSITIVE {
        return Err(Refusal::TooSensitive);
    }
    // A trial shows the process where it was then: with a schedule the nearest row is replaced, and no other.
    let schedule = state.cooling.tuning(circuit.service).schedule;
    let tried = state.trials.last().filter(|last| last.of == asked.of).and_then(|last| last.place);
    let place = tried.or_else(|| state.cooling.of(asked.of).and_then(|row| row.place()));
    let row = schedule.map(|rows| place.map(|place| rows.nearest(place)).ok_or(Refusal::NotLed)).transpose()?;
    let Gains { gain, ti } = asked.gains;
    state.cooling.retunes_mut().set(Retune {
        of: asked.of,
        row,
        gains: asked.gains,
        process: asked.process,
        sensitivity,
        who: who.to_owned(),
        reason: reason.to_owned(),
        at: tick.clock_trusted.then_some(tick.wall),
    });
    News::new(tick, &mut state.pending).info(About::Loop(asked.of), What::Commissioning(Commissioning::Retuned));
    let at = schedule.zip(row).and_then(|(rows, n)| Some((rows.by, rows.rows().get(n)?.from)));
    let at = at.map_or_else(String::new, |(by, from)| format!(" at {} {from} {}", by.word(), by.unit()));
    let note = format!("gain {gain:.4}, integral time {ti:.0} s{at}, maximum sensitivity {sensitivity:.2}");
    Ok(Reply::Accepted { expires: None, note })
}

/// A loop runs with its file's gains again.
///
/// # Errors
/// It has none of its own.
pub fn revert(state: &mut State, of: LoopId, tick: Tick) -> Result<Reply, Refusal> {
    if !state.cooling.retunes_mut().revert(of) {
        return Err(Refusal::NothingThere);
    }
    News::new(tick, &mut state.pending).info(About::Loop(of), What::Commissioning(Commissioning::Reverted));
    Ok(Reply::Accepted { expires: None, note: "it runs with the gains of the hall's file".to_owned() })
}
