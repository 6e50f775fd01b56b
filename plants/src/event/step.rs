//! Where sequences of equipment come to.

use serde::{Deserialize, Serialize};

/// Where a sequence has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Step {
    /// A machine is told to start.
    Starting,
    /// A machine runs, proven.
    Running,
    /// A machine is told to stop.
    Stopping,
    /// A machine stands, proven.
    Standing,
    /// A machine is not seen any more: its own panel runs it.
    Unseen,
    /// Control has taken a plant over from its panels, as it found it.
    TakenOver,
    /// Control has given a plant back to its panels: it does not see it well enough.
    HandedBack,
    /// Two machines change places: the new one first.
    Rotating,
    /// After a loss of power machines start again one by one.
    Restoring,
    /// A tank's fluid is too cold: it circulates, or stands below its condenser, with its valve at its least.
    Warming,
    /// A tank's fluid is warm: its loop has its valve.
    Warm,
    /// A tank's purge draws air off it.
    Purging,
    /// A tank's purge stands again.
    Purged,
}

impl Step {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Standing => "standing",
            Self::Unseen => "unseen",
            Self::TakenOver => "taken_over",
            Self::HandedBack => "handed_back",
            Self::Rotating => "rotating",
            Self::Restoring => "restoring",
            Self::Warming => "warming",
            Self::Warm => "warm",
            Self::Purging => "purging",
            Self::Purged => "purged",
        }
    }
}
