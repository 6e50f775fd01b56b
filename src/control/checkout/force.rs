//! An output that is moved a little: does its device take it, and does what it moves follow?

use plant::command::{Level, Reason, WriteOutcome, WriteReport};
use plant::event::CheckEnd;
use plant::id::PointId;
use plant::reading::Reading;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Around;
use crate::control::clock::sum;
use crate::control::commands::{Commands, Held};
use crate::control::trial::is_warm;

/// How long an output may take on its way back.
const RETURN: Span = Span::from_secs(60);
/// So near to where it goes it has arrived (1, of the step).
const ARRIVED: f64 = 0.05;
/// A read-back proves the step when what was written is so near to its end (1, of the step).
const NEAR: f64 = 0.25;
/// What is moved has followed once it has gone so much of the way (1, of the step).
const FOLLOWS: f64 = 0.6;

/// An output that is moved by a step, and what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Force {
    /// Which output.
    pub point: PointId,
    /// Where it stood, in the point's canonical unit.
    pub from: f64,
    /// Where it goes.
    pub to: f64,
    /// How long it may take.
    pub within: Span,
    /// Who reports where its actuator is, and what that said at the begin; nothing where nobody does.
    pub feedback: Option<(PointId, f64)>,
    /// When the output had gone all the way, as fast as the equipment may move.
    pub told_after: Option<Span>,
    /// When its device was read back to hold it.
    pub proven_after: Option<Span>,
    /// When what it moves had followed.
    pub followed_after: Option<Span>,
    /// What the device held when it was read back last, in the point's canonical unit.
    pub seen: Option<f64>,
    /// What the actuator reported last, in the same unit.
    pub reported: Option<f64>,
    /// How it ended, and for how long it has been on its way back since.
    pub back: Option<(CheckEnd, Span)>,
}

impl Force {
    /// One scan. How it ended, if it is over.
    pub(super) fn step(&mut self, (around, gone): (Around<'_>, Span), commands: &mut Commands) -> Option<CheckEnd> {
        let Around { scene, inputs, paused, .. } = around;
        let Some(output) = commands.output(self.point) else { return Some(CheckEnd::Taken) };
        let Some(held) = scene.held.get(output) else { return Some(CheckEnd::Taken) };
        if is_stronger(held) {
            return Some(self.back.map_or(CheckEnd::Taken, |(end, _)| end));
        }
        if paused || is_warm(scene) {
            return Some(if paused { CheckEnd::Paused } else { CheckEnd::InletWarm });
        }
        let near = |at: f64, part: f64| (held.value - at).abs() <= part * (self.to - self.from).abs();
        if let Some((end, waited)) = &mut self.back {
            if near(self.from, ARRIVED) || *waited >= RETURN {
                return Some(*end);
            }
            *waited = sum(*waited, scene.dt);
            commands.propose(output, Level::Commissioning, self.from, Reason::Checkout);
            return None;
        }
        if self.told_after.is_none() && near(self.to, 1e-9) {
            self.told_after = Some(gone);
        }
        let point = self.point;
        inputs.reports.iter().filter(|report| report.point == point).for_each(|report| self.hear(report, gone));
        if let Some((point, began)) = self.feedback
            && let Reading::Fresh(at) = scene.image.number(point)
        {
            self.reported = Some(at);
            let share = (at - began) / (self.to - self.from);
            self.followed_after = self.followed_after.or((share >= FOLLOWS).then_some(gone));
        }
        self.back = self.verdict(gone).map(|end| (end, Span::ZERO));
        let want = if self.back.is_some() { self.from } else { self.to };
        commands.propose(output, Level::Commissioning, want, Reason::Checkout);
        None
    }

    /// What became of a write of its own.
    fn hear(&mut self, report: &WriteReport, gone: Span) {
        let ours = (report.wanted - self.to).abs() <= NEAR * (self.to - self.from).abs();
        match report.outcome {
            WriteOutcome::Applied if ours => {
                (self.proven_after, self.seen) = (self.proven_after.or(Some(gone)), Some(report.wanted));
            }
            WriteOutcome::Unproven { seen } | WriteOutcome::Foreign { seen } => self.seen = Some(seen),
            WriteOutcome::Applied | WriteOutcome::Failed(_) | WriteOutcome::Acknowledged => {}
        }
    }

    /// What has been seen; nothing while there is time left to see more.
    fn verdict(&self, gone: Span) -> Option<CheckEnd> {
        let follows = self.feedback.is_none() || self.followed_after.is_some();
        match (self.proven_after.is_some(), follows) {
            (true, true) if self.told_after.is_some() => Some(CheckEnd::Done),
            (true, false) if gone >= self.within => Some(CheckEnd::NotFollowed),
            (true | false, _) if gone >= self.within => Some(CheckEnd::NotProven),
            (true | false, _) => None,
        }
    }
}

/// True where somebody stronger has the output, or bends it.
pub fn is_stronger(held: &Held) -> bool {
    held.entry < Level::Commissioning || held.level < Level::Commissioning
}
