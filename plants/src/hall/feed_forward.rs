//! Feed-forward: what the machines of a row draw, and what somebody announced that they will, moves fans and valves ahead of the heat.
//!
//! **Equation** `ff = gain · 100 % · load`, where `load` is the power of the row over its rated power: what is measured, or what is
//! announced for `lead` from now where that is more. It rises at once and falls with the time constant `fall`, so that a reading that is
//! wrong, or a job that pauses, takes no cooling away before the loop itself has seen it.
//! **Source** F. G. Shinskey, *Process Control Systems*, McGraw-Hill 1996, chapter 7 (static feed-forward beside feedback).

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// How loops are moved ahead of the heat. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedForward {
    /// Each row's fans.
    pub fans: Ahead,
    /// Each coil's chilled-water valve.
    pub valves: Ahead,
    /// Each CDU's valve.
    pub cdu_valves: Ahead,
    /// Each rear door's valve.
    pub door_valves: Ahead,
    /// The pumps that hold the pressure of a header of chilled water, by the load of all rows with coils.
    pub pumps: Ahead,
    /// How slowly it lets go (s to h, 1min to 2h): the time constant.
    pub fall: Span,
    /// How long an announced load may be late before nobody counts on it any more (s to h, 10s to 1h).
    pub wait: Span,
    /// How long before an announced load chillers start for it (s to h, 0s to 1h).
    pub chillers: Span,
}

/// How one kind of loop is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ahead {
    /// Output for load (% of output for each % of the rated load, 0 to 1.5): 0 for none.
    pub gain: f64,
    /// How far ahead of an announced load it moves (s, 0s to 10min): about half the actuator's stroke.
    pub lead: Span,
}

impl Ahead {
    /// None.
    pub const NONE: Self = Self { gain: 0.0, lead: Span::ZERO };
}

impl FeedForward {
    /// None: a hall without `[feed-forward]`.
    pub const NONE: Self = Self {
        fans: Ahead::NONE,
        valves: Ahead::NONE,
        cdu_valves: Ahead::NONE,
        door_valves: Ahead::NONE,
        pumps: Ahead::NONE,
        fall: Span::from_secs(600),
        wait: Span::from_secs(120),
        chillers: Span::ZERO,
    };

    /// The longest that anything moves ahead of an announced load.
    #[must_use]
    pub fn longest(&self) -> Span {
        let loops = [self.fans, self.valves, self.cdu_valves, self.door_valves, self.pumps];
        loops.into_iter().map(|of| of.lead).fold(self.chillers, Span::max)
    }
}
