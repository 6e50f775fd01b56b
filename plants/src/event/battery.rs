//! What a battery does, and what befalls it.

use serde::{Deserialize, Serialize};

/// What a battery does for its hall, as the reason of its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BatteryDoes {
    /// It rests: nobody needs it.
    #[default]
    Rests,
    /// It gives what billed windows do not allow to come from the grid.
    Shaves,
    /// It gives what a feed may not carry.
    Relieves,
    /// It is charged, as far as loads leave room.
    Charges,
    /// It gives what is planned for the day ahead.
    Spends,
    /// It is charged as it is planned for the day ahead.
    Stores,
    /// It gives a constant power, to prove what it holds.
    Proves,
    /// It rests, because it is not seen well enough, or not ready.
    Doubted,
}

impl BatteryDoes {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rests => "rests",
            Self::Shaves => "shaves",
            Self::Relieves => "relieves",
            Self::Charges => "charges",
            Self::Spends => "spends",
            Self::Stores => "stores",
            Self::Proves => "proves",
            Self::Doubted => "doubted",
        }
    }
}

/// Why a battery's proof ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProofEnd {
    /// A person ended it.
    Stopped,
    /// It is not seen well enough any more, or not ready.
    Doubted,
    /// It did not give what it was asked for.
    Lags,
    /// It took twice as long as its nameplate says.
    TooLong,
    /// The hall took too little: it would have fed the grid.
    NoLoad,
    /// Control began anew.
    Restarted,
}

impl ProofEnd {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Doubted => "doubted",
            Self::Lags => "lags",
            Self::TooLong => "too_long",
            Self::NoLoad => "no_load",
            Self::Restarted => "restarted",
        }
    }
}

/// What befalls a battery.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum BatteryNews {
    /// It gives to the hall from now on, or does not any more.
    Gives(bool),
    /// It is charged from now on, or is not any more.
    Charges(bool),
    /// It is not seen well enough, or not ready, or is again.
    Doubted(bool),
    /// It does not do what it is asked, or does again.
    Lags(bool),
    /// All above its reserve is given while more is needed, or there is more again.
    Empty(bool),
    /// Its proof has begun.
    ProofBegun,
    /// It has proved what it holds.
    Proved {
        /// Over its nameplate (%).
        percent: f64,
    },
    /// Its proof ended without a result.
    ProofEnded(ProofEnd),
    /// It should prove again what it holds.
    ProofDue,
}

impl BatteryNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gives(_) => "battery_gives",
            Self::Charges(_) => "battery_charges",
            Self::Doubted(_) => "battery_doubted",
            Self::Lags(_) => "battery_lags",
            Self::Empty(_) => "battery_empty",
            Self::ProofBegun => "battery_proof_begun",
            Self::Proved { .. } => "battery_proved",
            Self::ProofEnded(_) => "battery_proof_ended",
            Self::ProofDue => "battery_proof_due",
        }
    }
}
