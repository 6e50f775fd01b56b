//! What there is to tell of a leak.

use serde::{Deserialize, Serialize};

/// What there is to tell of a CDU or a tank that leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LeakNews {
    /// Its tray is wet: it is shut off until a person resets the alarm.
    Found,
    /// A tank's level sinks: it is its fluid that leaks, and not its water.
    OfFluid,
    /// It is dry, and a person lets it run again.
    Over,
}

impl LeakNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::OfFluid => "of_fluid",
            Self::Over => "over",
        }
    }
}
