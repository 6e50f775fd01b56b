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
    /// A plan of the day ahead pauses its job, with notice, for so long (s).
    Paused {
        /// How long.
        seconds: f64,
    },
    /// It is restored, to so much (W).
    Restored {
        /// How much.
        watts: f64,
    },
    /// Caps hold its machines below what it may draw, to so much (W).
    Capped {
        /// How much.
        watts: f64,
    },
    /// They do not any more: it may draw so much (W).
    Uncapped {
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
    /// Its job will not be done by its deadline, or can be again.
    Late {
        /// Which, by the start of control that gave it its number, and that.
        lease: (u64, u64),
        /// It will not.
        late: bool,
    },
    /// A rack draws more than leases let it.
    Excess(Excess),
    /// What waits and names a time is held, or not any more: the wall clock is not trusted.
    ClockHolds(bool),
    /// As many answers to a client are kept as may be, and nothing new is promised to it; or there is room again.
    Full {
        /// Which client, by its place in the configuration, from 1.
        client: u32,
        /// There is no room.
        full: bool,
    },
    /// Our own store was lost: leases that the broker had kept may be renewed, and what is new is lent by what flows.
    Recovering {
        /// How many it had.
        kept: u32,
        /// That is all, as far as is known.
        read: bool,
    },
    /// One of them was renewed, with what it is for (W).
    TakenUp {
        /// How much.
        watts: f64,
    },
    /// That time is over.
    Recovered {
        /// How many were renewed.
        renewed: u32,
        /// How many were not, and are over.
        over: u32,
    },
    /// What the broker had kept where leases are, and is none of ours.
    PassedOver {
        /// How many.
        count: u32,
    },
    /// Its client says that it cannot do what it was told.
    Cannot {
        /// Which, by the start of control that gave it its number, and that.
        lease: (u64, u64),
        /// What it may draw then (W).
        watts: f64,
    },
    /// Its client has said nothing of what it was told when that is to be enforced: it is not waited for.
    Unanswered {
        /// Which, by the start of control that gave it its number, and that.
        lease: (u64, u64),
        /// What it may draw (W).
        watts: f64,
    },
    /// The clock of a client differs from ours by more than a tenth of a time to live, or does not any more.
    Skewed {
        /// Which client, by its place in the configuration, from 1.
        client: u32,
        /// How much it is ahead (ms).
        ahead_ms: i64,
        /// By more than that.
        far: bool,
    },
}

/// A rack that draws more than leases let it, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excess {
    /// What has come to pass.
    pub stage: ExcessStage,
    /// The case, by the start of control in which it began and its number: the same until it is over.
    pub case: (u64, u64),
    /// The largest lease there, by the same.
    pub lease: (u64, u64),
    /// What the rack draws (W).
    pub watts: f64,
    /// What it may: leases there, and what is nobody's (W).
    pub may: f64,
    /// More than a fifth above what is lent there.
    pub critical: bool,
}

/// Where such a case has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExcessStage {
    /// The client is told.
    Noticed,
    /// The rack's GPUs are capped to what is lent there.
    Capped,
    /// It goes on, whatever caps do.
    Breach,
    /// It goes on, and nothing there can be capped.
    Unenforceable,
    /// People should act.
    Escalated,
    /// A breach is over.
    Resolved,
    /// It is over before it was a breach.
    Over,
}

impl ExcessStage {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Noticed => "lease_excess",
            Self::Capped => "lease_excess_capped",
            Self::Breach => "lease_breach",
            Self::Unenforceable => "lease_breach_unenforceable",
            Self::Escalated => "lease_breach_escalated",
            Self::Resolved => "lease_breach_resolved",
            Self::Over => "lease_excess_over",
        }
    }

    /// True for an end.
    #[must_use]
    pub const fn ends(self) -> bool {
        match self {
            Self::Noticed | Self::Capped | Self::Breach | Self::Unenforceable | Self::Escalated => false,
            Self::Resolved | Self::Over => true,
        }
    }
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
            Self::Paused { .. } => "lease_paused",
            Self::Restored { .. } => "lease_restored",
            Self::Capped { .. } => "lease_capped",
            Self::Uncapped { .. } => "lease_uncapped",
            Self::Exceeded { .. } => "lease_exceeded",
            Self::Excess(of) => of.stage.word(),
            Self::Late { late: true, .. } => "lease_late",
            Self::Late { late: false, .. } => "lease_in_time",
            Self::ClockHolds(_) => "lease_clock",
            Self::Recovering { .. } => "leases_recovering",
            Self::TakenUp { .. } => "lease_taken_up",
            Self::Recovered { .. } => "leases_recovered",
            Self::PassedOver { .. } => "leases_passed_over",
            Self::Cannot { .. } => "lease_cannot",
            Self::Unanswered { .. } => "lease_unanswered",
            Self::Skewed { far: true, .. } => "lease_client_clock",
            Self::Skewed { far: false, .. } => "lease_client_clock_right",
            Self::Full { full: true, .. } => "lease_answers_full",
            Self::Full { full: false, .. } => "lease_answers_room",
        }
    }
}
