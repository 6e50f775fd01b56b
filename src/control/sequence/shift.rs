//! The sequence of a change among the pumps of a crew: one at a time, each step bound.

use plant::event::Trouble;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::crew::CrewRules;
use super::roster::MachineId;
use super::{Bound, Step, sum};

/// What a shift may take longer than the pump's own steps, before it is abandoned.
const GRACE: Span = Span::from_secs(10);

/// What of a change among the pumps is in flight.
///
/// ```text
///              one is lost, or one more                 proven
///   Steady ────────────────────────────▶ Starting ──────────────────▶ Steady
///    ▲ ▲ │                                 │  │ proven, and one shall stop
///    │ │ │                                 │  └───────▶ Proving ── it failed ─▶ Steady, the old one runs on
///    │ │ │         it failed: Steady ◀─────┘              │ both ran for `prove`
///    │ │ └─ one less ──▶ Stopping ◀───────────────────────┘
///    │ │                    │
///    │ └────────────────────┘ stands, or is needed after all
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shift {
    /// As many run as are wanted.
    Steady,
    /// One has been told to run.
    Starting {
        /// Who.
        start: MachineId,
        /// Who stops once it has proven itself, where two change places.
        stop: Option<MachineId>,
    },
    /// Both run, until the new one has proven itself.
    Proving {
        /// The new one.
        started: MachineId,
        /// The old one.
        stop: MachineId,
    },
    /// One has been told to stand.
    Stopping {
        /// Who.
        stop: MachineId,
    },
}

impl Step for Shift {
    type Rules = CrewRules;

    fn bound(self, rules: &CrewRules) -> Bound<Self> {
        let within =
            |time| Bound::Within { time: sum(time, GRACE), abort: Self::Steady, trouble: Trouble::ChangeAborted };
        match self {
            Self::Steady => Bound::Rest,
            Self::Starting { .. } => within(rules.machine.start_within),
            Self::Proving { .. } => within(rules.prove),
            Self::Stopping { .. } => within(rules.machine.stop_within),
        }
    }
}

impl Shift {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Starting { stop: None, .. } => "starting",
            Self::Starting { stop: Some(_), .. } | Self::Proving { .. } => "rotating",
            Self::Stopping { .. } => "stopping",
        }
    }
}

#[cfg(test)]
mod tests {
    use plant::hall::sequence::pumps::PumpTuning;
    use plant::id::Id;

    use super::*;

    #[test]
    fn every_step_rests_or_is_bound_with_a_way_out() {
        let (a, b) = (MachineId::from_index(0), MachineId::from_index(1));
        let shifts = [
            (Shift::Steady, false),
            (Shift::Starting { start: a, stop: None }, true),
            (Shift::Starting { start: a, stop: Some(b) }, true),
            (Shift::Proving { started: a, stop: b }, true),
            (Shift::Stopping { stop: b }, true),
        ];
        for (step, moves) in shifts {
            match step.bound(&CrewRules::of(&PumpTuning::USUAL, None)) {
                Bound::Rest => assert!(!moves, "{step:?} could hang"),
                Bound::Within { time, abort, .. } => {
                    assert!(moves && abort == Shift::Steady, "{step:?}");
                    assert!(time <= Span::from_secs(2 * 3600), "{step:?} within {time}");
                }
            }
        }
    }
}
