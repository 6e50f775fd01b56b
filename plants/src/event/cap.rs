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
    /// Nobody sees any more whether the row or the tank is cooled.
    Unseen,
    /// The air at a rack of the row is too warm.
    InletHot,
    /// A CDU of the row, or the tank, leaks, or did and nobody has reset the alarm: it is shut off.
    Leak,
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
            Self::InletHot => "inlet_hot",
            Self::Leak => "leak",
        }
    }
}

/// What is asked of the machines of a row or a tank that is not cooled as it should be, from the mildest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rung {
    /// They should draw less.
    Cap,
    /// Jobs should leave them, and none should come.
    Drain,
    /// They should be off.
    Off,
}

impl Rung {
    /// Every rung, from the mildest on.
    pub const ALL: [Self; 3] = [Self::Cap, Self::Drain, Self::Off];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Drain => "drain",
            Self::Off => "off",
        }
    }
}
