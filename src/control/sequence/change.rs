//! The sequence of a stage change: one at a time, each step bound.

use plant::event::Trouble;
use plant::hall::PlantTuning;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::roster::MachineId;
use super::{Bound, Step, sum};

/// What a change may take longer than the machine's own steps, before it is abandoned.
const GRACE: Span = Span::from_secs(60);

/// What of a stage change is in flight.
///
/// ```text
///              one more                limited, or limit-within           proven
///   Steady ─────────────▶ Limiting ──────────────────────────▶ Starting ──────────▶ Steady
///    │  ▲ ▲                                                      │   │ proven, and one shall stop
///    │  │ └────────── it failed: the next one, or abandoned ◀────┘   ▼
///    │  │                                                          Proving ── it failed ─▶ Steady, the old one runs on
///    │  │ stands                                                     │ both ran for `prove`
///    │  └──────────── Stopping ◀─────────────────────────────────────┘
///    │                   ▲
///    ├───────────────────┘ one less
///    │ all were lost at once
///    └──────────────▶ Restoring: one start every `stagger` ──▶ Steady
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// As many run as the stage wants.
    Steady,
    /// The running ones come down to their demand limit, to leave room.
    Limiting {
        /// Who starts next.
        start: MachineId,
    },
    /// One has been told to run.
    Starting {
        /// Who.
        start: MachineId,
        /// Who stops once it has proven itself, where two change places.
        stop: Option<MachineId>,
        /// The running ones are held to their demand limit until it runs.
        limited: bool,
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
    /// After a loss of power machines start again, one by one.
    Restoring,
}

impl Step for Change {
    type Rules = PlantTuning;

    fn bound(self, rules: &PlantTuning) -> Bound<Self> {
        let abandoned = |time| Bound::Within { time, abort: Self::Steady, trouble: Trouble::ChangeAborted };
        let longest = |time| abandoned(sum(time, GRACE));
        match self {
            Self::Steady => Bound::Rest,
            Self::Limiting { start } => Bound::Within {
                time: rules.staging.limit_within,
                abort: Self::starting(start),
                trouble: Trouble::NotLimited,
            },
            Self::Starting { .. } => longest(rules.chiller.start_within),
            Self::Proving { .. } => longest(rules.staging.prove),
            Self::Stopping { .. } => longest(rules.chiller.stop_within),
            Self::Restoring => longest(sum(rules.chiller.restore_after, rules.staging.stagger.times(16))),
        }
    }
}

impl Change {
    /// One starts, and nobody makes room for it or gives way.
    #[must_use]
    pub const fn starting(start: MachineId) -> Self {
        Self::Starting { start, stop: None, limited: false }
    }

    /// True while running machines are held to their demand limit.
    #[must_use]
    pub const fn is_limited(self) -> bool {
        match self {
            Self::Limiting { .. } => true,
            Self::Starting { limited, .. } => limited,
            Self::Steady | Self::Proving { .. } | Self::Stopping { .. } | Self::Restoring => false,
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Limiting { .. } => "limiting",
            Self::Starting { stop: None, .. } => "starting",
            Self::Starting { stop: Some(_), .. } | Self::Proving { .. } => "rotating",
            Self::Stopping { .. } => "stopping",
            Self::Restoring => "restoring",
        }
    }
}
