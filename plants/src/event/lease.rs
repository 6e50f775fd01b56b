//! What befalls leases of power that schedulers have.

use serde::{Deserialize, Serialize};

/// What befalls a lease.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum LeaseNews {
    /// So much is lent (W).
    Granted {
        /// How much.
        watts: f64,
    },
    /// A request waits.
    Queued,
    /// It is given back.
    Released,
    /// Its schedule is over.
    Over,
    /// Nobody renewed it, with what it was for (W).
    Expired {
        /// How much.
        watts: f64,
    },
    /// It is lowered, with notice, to so much (W).
    Lowered {
        /// How much.
        watts: f64,
    },
    /// It is restored, to so much (W).
    Restored {
        /// How much.
        watts: f64,
    },
    /// Its client draws more than it may (W).
    Exceeded {
        /// What it draws.
        watts: f64,
        /// What it may.
        may: f64,
    },
    /// What waits and names a time is held, or not any more: the wall clock is not trusted.
    ClockHolds(bool),
}

impl LeaseNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Granted { .. } => "lease_granted",
            Self::Queued => "lease_queued",
            Self::Released => "lease_released",
            Self::Over => "lease_over",
            Self::Expired { .. } => "lease_expired",
            Self::Lowered { .. } => "lease_lowered",
            Self::Restored { .. } => "lease_restored",
            Self::Exceeded { .. } => "lease_exceeded",
            Self::ClockHolds(_) => "lease_clock",
        }
    }
}
