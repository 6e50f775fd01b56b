//! Why a stage changed.

use serde::{Deserialize, Serialize};

/// Why a stage changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StageCause {
    /// More load than what runs should carry.
    Load,
    /// More load is announced than what runs should carry.
    Announced,
    /// What would remain carries the load.
    LightLoad,
    /// More machines need water than what runs should move it through.
    Machines,
    /// The supply is too warm.
    Warm,
    /// The differential pressure is too low.
    Starved,
    /// The economiser carries the load alone.
    Economised,
    /// Nothing cools: the economiser is off and no machine is wanted.
    Nothing,
    /// Outdoor air is shut out: all that can run do.
    ShutOut,
}

impl StageCause {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Announced => "announced",
            Self::LightLoad => "light_load",
            Self::Warm => "warm",
            Self::Machines => "machines",
            Self::Starved => "starved",
            Self::Economised => "economised",
            Self::Nothing => "nothing",
            Self::ShutOut => "shut_out",
        }
    }
}
