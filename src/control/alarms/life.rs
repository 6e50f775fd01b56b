//! The life of an alarm, after ISA-18.2 and OPC UA Part 9.

use plant::hall::AlarmDef;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;

/// Where an alarm stands. `holds` and `gone` stand for the condition having held for the on-delay, or having been gone past
/// its deadband for the off-delay.
///
/// ```text
///              holds                      ack
///  A Normal ──────────▶ B Unacknowledged ─────▶ C Acknowledged ── gone ─▶ A
///   ▲ │  ▲                  │      ▲
///   │ │  └── ack ──┐    gone│      │holds
///   │ │            │        ▼      │
///   │ │            └──── D Returned
///   │ │ holds, latch                 ack
///   │ └───────────▶ E Latched ──────────────▶ F LatchedAcknowledged ── reset, if gone ─▶ A
///   │                  ▲                             │
///   │                  └──── holds again after gone ─┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Life {
    /// A: nothing is wrong.
    Normal {
        /// How long the condition has held.
        held: Span,
    },
    /// B: wrong, and nobody has said that they know.
    Unacknowledged {
        /// How long the condition has been gone.
        gone: Span,
    },
    /// C: wrong, and somebody knows.
    Acknowledged {
        /// How long the condition has been gone.
        gone: Span,
    },
    /// D: was wrong, and nobody has said that they know.
    Returned {
        /// How long the condition has held again.
        held: Span,
    },
    /// E: was or is wrong, nobody knows, and a person must reset it.
    Latched {
        /// How long the condition has been gone.
        gone: Span,
        /// True once it was gone for the off-delay.
        over: bool,
    },
    /// F: was or is wrong, somebody knows, and a person must reset it.
    LatchedAcknowledged {
        /// How long the condition has been gone, or has held again once it is over.
        gone: Span,
        /// True once it was gone for the off-delay.
        over: bool,
    },
}

/// What happened to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It wants attention.
    Raised,
    /// What raised it is gone.
    Cleared,
    /// A person has seen it.
    Acknowledged,
    /// A person has reset it.
    Reset,
}

impl Default for Life {
    fn default() -> Self {
        Self::NORMAL
    }
}

impl Life {
    const NORMAL: Self = Self::Normal { held: Span::ZERO };

    /// One scan. `holds` is the condition now; nothing when it cannot be told, and then no time counts.
    pub fn step(&mut self, def: &AlarmDef, holds: Option<bool>, dt: Span) -> Option<Change> {
        let holds = holds?;
        let zero = Span::ZERO;
        let count = |so_far: Span, counts: bool| if counts { sum(so_far, dt) } else { zero };
        let (next, change) = match *self {
            Self::Normal { held } => raised(def, holds, count(held, holds), |held| Self::Normal { held }),
            Self::Returned { held } => raised(def, holds, count(held, holds), |held| Self::Returned { held }),
            Self::Unacknowledged { gone } => {
                let gone = count(gone, !holds);
                let over = !holds && gone >= def.off_delay;
                let next = if over { Self::Returned { held: zero } } else { Self::Unacknowledged { gone } };
                (next, over.then_some(Change::Cleared))
            }
            Self::Acknowledged { gone } => {
                let gone = count(gone, !holds);
                let over = !holds && gone >= def.off_delay;
                (if over { Self::NORMAL } else { Self::Acknowledged { gone } }, over.then_some(Change::Cleared))
            }
            Self::Latched { gone, .. } => {
                let gone = count(gone, !holds);
                (Self::Latched { gone, over: !holds && gone >= def.off_delay }, None)
            }
            Self::LatchedAcknowledged { gone, over: false } => {
                let gone = count(gone, !holds);
                let over = !holds && gone >= def.off_delay;
                (Self::LatchedAcknowledged { gone: if over { zero } else { gone }, over }, None)
            }
            Self::LatchedAcknowledged { gone: held, over: true } => {
                raised(def, holds, count(held, holds), |gone| Self::LatchedAcknowledged { gone, over: true })
            }
        };
        *self = next;
        change
    }

    /// A person has seen it.
    pub fn acknowledge(&mut self) -> Option<Change> {
        let next = match *self {
            Self::Unacknowledged { gone } => Self::Acknowledged { gone },
            Self::Returned { .. } => Self::NORMAL,
            Self::Latched { gone, over } => {
                Self::LatchedAcknowledged { gone: if over { Span::ZERO } else { gone }, over }
            }
            Self::Normal { .. } | Self::Acknowledged { .. } | Self::LatchedAcknowledged { .. } => return None,
        };
        *self = next;
        Some(Change::Acknowledged)
    }

    /// A person resets it: only what is latched, acknowledged and over goes.
    pub fn reset(&mut self) -> Option<Change> {
        match *self {
            Self::LatchedAcknowledged { over: true, gone: Span::ZERO } => {
                *self = Self::NORMAL;
                Some(Change::Reset)
            }
            Self::LatchedAcknowledged { .. }
            | Self::Normal { .. }
            | Self::Unacknowledged { .. }
            | Self::Acknowledged { .. }
            | Self::Returned { .. }
            | Self::Latched { .. } => None,
        }
    }

    /// The word for people; nothing while it is normal.
    #[must_use]
    pub const fn word(&self) -> Option<&'static str> {
        match self {
            Self::Normal { .. } => None,
            Self::Unacknowledged { .. } => Some("unacknowledged"),
            Self::Acknowledged { .. } => Some("acknowledged"),
            Self::Returned { .. } => Some("returned"),
            Self::Latched { .. } => Some("latched"),
            Self::LatchedAcknowledged { .. } => Some("latched-acknowledged"),
        }
    }
}

/// Raised once the condition has held for the on-delay; until then it goes on counting.
fn raised(def: &AlarmDef, holds: bool, held: Span, waits: impl Fn(Span) -> Life) -> (Life, Option<Change>) {
    if !holds || held < def.on_delay {
        return (waits(held), None);
    }
    let next = if def.latch {
        Life::Latched { gone: Span::ZERO, over: false }
    } else {
        Life::Unacknowledged { gone: Span::ZERO }
    };
    (next, Some(Change::Raised))
}
