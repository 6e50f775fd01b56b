//! What befalls the peaks that a utility bills.

use serde::{Deserialize, Serialize};

/// What befalls billed peaks. A demand is named by its place among the targets of the hall's file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PeakNews {
    /// Loads are lowered for the windows of a demand.
    Held {
        /// Which.
        demand: u8,
        /// The mean power that they still allow (W).
        allowed: f64,
    },
    /// Nothing is lowered for any window any more.
    Free,
    /// A window came to more than was planned, and than was paid already.
    Paid {
        /// Of which demand.
        demand: u8,
        /// Its mean power (W).
        watts: f64,
    },
    /// The billed meter has not been read for long, or is again.
    Unread(bool),
    /// It is not sure where windows begin, or is again.
    Unsure(bool),
}

impl PeakNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Held { .. } => "peak_held",
            Self::Free => "peak_free",
            Self::Paid { .. } => "peak_paid",
            Self::Unread(_) => "billed_meter_unread",
            Self::Unsure(_) => "windows_unsure",
        }
    }
}
