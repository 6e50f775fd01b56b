//! What befalls a feed of the power tree.

use serde::{Deserialize, Serialize};

/// What befalls a feed, and is over again some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FeedTrouble {
    /// It carries more than its limit.
    Above,
    /// More than half of the time for which it may carry so much is used up.
    TimeShort,
    /// Its meter is not read: its load is reckoned from what is below it.
    Reckoned,
    /// One of its phases carries much more than the others.
    Uneven,
}

impl FeedTrouble {
    /// Every trouble.
    pub const ALL: [Self; 4] = [Self::Above, Self::TimeShort, Self::Reckoned, Self::Uneven];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::TimeShort => "time_short",
            Self::Reckoned => "reckoned",
            Self::Uneven => "uneven",
        }
    }
}
