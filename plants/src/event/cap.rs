//! Why somebody should draw less power, or none.

use serde::{Deserialize, Serialize};

/// Why the machines of a row or a tank should draw less, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CapReason {
    /// No CDU of the row holds the pressure that its plates need.
    PressureLost,
    /// The tank's pump stands.
    CirculationLost,
    /// The tank's fluid is too warm.
    TooHot,
    /// The tank has too little fluid.
    LevelLow,
    /// The vapour presses too much.
    PressureHigh,
    /// No water comes to the tank's condenser.
    CondenserLost,
    /// Nobody sees any more whether the tank is cooled.
    Unseen,
}

impl CapReason {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PressureLost => "pressure_lost",
            Self::CirculationLost => "circulation_lost",
            Self::TooHot => "too_hot",
            Self::LevelLow => "level_low",
            Self::PressureHigh => "pressure_high",
            Self::CondenserLost => "condenser_lost",
            Self::Unseen => "unseen",
        }
    }
}
