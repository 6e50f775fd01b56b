//! A person asks for a check: what must be so before anything is moved.

use plant::event::{About, Commissioning, What};
use plant::hall::sequence::RunMode;
use plant::id::{EquipId, PointId};
use plant::point::PointDef;
use plant::reading::{Reading, Why};
use plant::time::{Span, Tick};
use plant::units::Unit;

use super::force::is_stronger;
use super::{Force, Of, Silence, Silent, feedback_of};
use crate::control::commands::{Commands, OutputId};
use crate::control::cooling::Service;
use crate::control::news::News;
use crate::control::request::{Checked, Refusal, Reply};
use crate::control::trial::is_warm;
use crate::control::{Plan, State};

/// How long an output may be given to follow.
const WITHIN: (Span, Span) = (Span::from_secs(10), Span::from_secs(600));
/// A drive that is told less than this may stand (%).
const TURNS: f64 = 20.0;
/// How long a device may be left in silence.
const SILENT: (Span, Span) = (Span::from_secs(1), Span::from_secs(600));

/// Moves an output a little. Nothing has moved when it is refused.
///
/// # Errors
/// It is no output, or one by which a machine would start or stop; no reason is given; a trial or a check runs, a rack is warm, somebody stronger holds it;
/// the step or the time does not fit.
pub(in crate::control) fn force(
    (plan, commands): (&Plan, &Commands),
    state: &mut State,
    (point, by, within): (PointId, f64, Span),
    reason: &str,
    tick: Tick,
) -> Result<Reply, Refusal> {
    let hall = &*plan.hall;
    let def = hall.points.get(point).ok_or(Refusal::Unknown)?;
    let output = commands.output(point).ok_or(Refusal::NotWritable)?;
    let held = state.held.get(output).ok_or(Refusal::NotWritable)?;
    if !is_moved((plan, def), (output, held.value, by)) {
        return Err(Refusal::NotForced);
    }
    if within < WITHIN.0 || within > WITHIN.1 {
        return Err(Refusal::HoldOutOfRange);
    }
    calm(plan, state, reason)?;
    if is_stronger(held) {
        return Err(Refusal::Held);
    }
    let (from, (min, max)) = (held.value, held.allowed);
    if !(by.is_finite() && by != 0.0 && (min..=max).contains(&(from + by))) {
        return Err(Refusal::OutOfRange { min: min - from, max: max - from });
    }
    let feedback = feedback_of(hall, point).and_then(|of| match state.quality.reading(of) {
        Reading::Fresh(at) | Reading::Stale { last: at, .. } => Some((of, at)),
        Reading::Lost { why: Why::Config } => None,
        // It ought to report, and does not: so it is not seen to follow.
        Reading::Lost { .. } => Some((of, from)),
    });
    state.checkouts.begin(Of::Force(Force {
        point,
        from,
        to: from + by,
        within,
        feedback,
        told_after: None,
        proven_after: None,
        followed_after: None,
        seen: None,
        reported: None,
        back: None,
    }));
    News::new(tick, &mut state.pending).warn(About::Point(point), What::Commissioning(Commissioning::ForceBegun));
    let note =
        format!("it moves from {from:.1} to {:.1} {} and back, in {within} at most", from + by, def.unit.pretty());
    Ok(Reply::Accepted { expires: None, note })
}

/// Whether an output may go from here by so much without a machine that starts or stops: a run mode from control to its panel, which goes on
/// from what the machine does; no other word; of a CDU's pumps one that turns and turns on, for its sequence chooses which.
fn is_moved((plan, def): (&Plan, &PointDef), (output, from, by): (OutputId, f64, f64)) -> bool {
    if def.is_run_mode() {
        return (RunMode::of(from), RunMode::of(from + by)) == (RunMode::On, RunMode::Panel)
            && (from + by).abs() < 1e-9;
    }
    let chosen = plan.circuits.iter().filter(|circuit| circuit.service == Service::CduPumps);
    let chosen = chosen.flat_map(|circuit| &circuit.drives).any(|drive| drive.output == output);
    def.unit != Unit::One && (!chosen || (from >= TURNS && from + by >= TURNS))
}

/// Says nothing to a device for a while.
///
/// # Errors
/// It has no outputs; no reason is given; a trial or a check runs, a rack is warm, somebody stronger holds an output; the time does not
/// fit.
pub(in crate::control) fn silence(
    (plan, commands): (&Plan, &Commands),
    state: &mut State,
    (equip, long): (EquipId, Span),
    reason: &str,
    tick: Tick,
) -> Result<Reply, Refusal> {
    let hall = &*plan.hall;
    let points = &hall.equips.get(equip).ok_or(Refusal::Unknown)?.points;
    if long < SILENT.0 || long > SILENT.1 {
        return Err(Refusal::HoldOutOfRange);
    }
    calm(plan, state, reason)?;
    let mut outputs = Vec::new();
    for (point, output) in points.iter().filter_map(|point| Some((*point, commands.output(*point)?))) {
        let held = state.held.get(output).ok_or(Refusal::NotWritable)?;
        if is_stronger(held) {
            return Err(Refusal::Held);
        }
        let feedback = feedback_of(hall, point);
        outputs.push(Silent { point, feedback, told: held.value, held: None, reported: None });
    }
    if outputs.is_empty() {
        return Err(Refusal::NotWritable);
    }
    state.checkouts.begin(Of::Silence(Silence { equip, long, outputs, looks: None }));
    News::new(tick, &mut state.pending).warn(About::Equip(equip), What::Commissioning(Commissioning::SilenceBegun));
    Ok(Reply::Accepted { expires: None, note: format!("it hears nothing for {long}") })
}

/// A person has checked points out: the journal keeps each row, and an event the sum.
///
/// # Errors
/// There are no rows, nobody is named, or one of the points does not exist.
pub(in crate::control) fn checked(
    plan: &Plan,
    state: &mut State,
    (rows, by): (&[Checked], &str),
    tick: Tick,
) -> Result<Reply, Refusal> {
    if rows.is_empty() || rows.iter().any(|row| plan.hall.points.get(row.point).is_none()) {
        return Err(Refusal::Unknown);
    }
    if by.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let count = |well: bool| plant::convert::u32_from_usize(rows.iter().filter(|row| row.passed == well).count());
    let (passed, failed) = (count(true), count(false));
    let what = What::Commissioning(Commissioning::CheckedOut { passed, failed });
    News::new(tick, &mut state.pending).switched(About::Hall, (what, failed > 0));
    Ok(Reply::Accepted { expires: None, note: format!("{passed} passed, {failed} failed") })
}

/// Whether anything may be moved at all.
fn calm(plan: &Plan, state: &State, reason: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if state.trials.running().is_some() || state.checkouts.is_busy() {
        return Err(Refusal::Busy);
    }
    if is_warm(&state.scene(&plan.hall)) { Err(Refusal::Warm) } else { Ok(()) }
}
