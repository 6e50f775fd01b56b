//! Why outdoor air is shut out.

use serde::{Deserialize, Serialize};

/// Why outdoor air is shut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ShutOut {
    /// A detector sees smoke, or did a moment ago.
    Smoke,
    /// No detector is known to be clear.
    SmokeUnknown,
    /// The supply air was about to freeze something.
    Freeze,
    /// Its dew point is too high.
    Humid,
    /// Its dew point is too low.
    Dry,
    /// It is too warm to help.
    Warm,
    /// It is too cold for the dampers.
    Cold,
    /// Its temperature and dew point are not known.
    Unknown,
}

impl ShutOut {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::SmokeUnknown => "smoke_unknown",
            Self::Freeze => "freeze",
            Self::Humid => "humid",
            Self::Dry => "dry",
            Self::Warm => "warm",
            Self::Cold => "cold",
            Self::Unknown => "unknown",
        }
    }
}
