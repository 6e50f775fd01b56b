//! What befalls the load targets that a grid asks for.

use serde::{Deserialize, Serialize};

/// What befalls load targets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum GridNews {
    /// Somebody has set targets, so many.
    Set(u16),
    /// Somebody has taken targets back.
    Lifted,
    /// What somebody said was not taken, so often since that was told last.
    Refused {
        /// Why.
        why: GridFault,
        /// How often.
        count: u32,
    },
    /// Loads come down to a target.
    RampDown {
        /// The target (W).
        target: f64,
    },
    /// The load has come down to its target.
    Reached,
    /// A target is over, or a higher one holds: loads may come up by their ramp.
    RampUp,
    /// The ramp up is over.
    RampedUp,
    /// Nothing is held for any target any more.
    Free,
    /// The measured load is above a target.
    Breach {
        /// More than a fifth above.
        critical: bool,
        /// The target, and what is measured (W).
        target: f64,
        /// See above.
        load: f64,
    },
    /// It still is, and infrastructure is asked to act.
    Escalated {
        /// More than a fifth above.
        critical: bool,
    },
    /// A breach is over.
    Resolved,
    /// Somebody has acted on hints: how many were applied, failed and were skipped.
    Enforced {
        /// True where it was taken back.
        reverted: bool,
        /// Applied.
        applied: u16,
        /// Failed.
        failed: u16,
        /// Skipped.
        skipped: u16,
    },
    /// Nobody knows by the wall clock when targets begin and end (true), or somebody does again.
    ClockDoubted(bool),
}

impl GridNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Set(_) => "target_set",
            Self::Lifted => "target_lifted",
            Self::Refused { .. } => "target_refused",
            Self::RampDown { .. } => "target_ramp_down",
            Self::Reached => "target_reached",
            Self::RampUp => "target_ramp_up",
            Self::RampedUp => "target_ramped_up",
            Self::Free => "target_free",
            Self::Breach { .. } => "target_breach",
            Self::Escalated { .. } => "target_breach_escalated",
            Self::Resolved => "target_breach_resolved",
            Self::Enforced { .. } => "target_enforced",
            Self::ClockDoubted(_) => "target_clock_doubted",
        }
    }
}

/// Why what somebody said of targets was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridFault {
    /// It is larger than a message may be.
    TooBig,
    /// It is no message of the contract.
    Malformed,
    /// The broker had kept it: it may be old.
    Retained,
    /// It does not come from where it says.
    WrongSource,
    /// It is not signed, and must be.
    Unsigned,
    /// Its signature is wrong.
    BadSignature,
    /// Nobody knows the key that it names, or it is another's.
    UnknownKey,
    /// It is older than messages may be, or of the future.
    OutOfTime,
    /// It was heard before.
    Replayed,
    /// It names a feed that is none.
    UnknownFeed,
    /// A power is below zero or no number.
    BadPower,
    /// Its interval is over, or ends before it begins.
    BadInterval,
    /// As many targets are kept as may be.
    TooMany,
    /// Control does not answer.
    NoAnswer,
}

impl GridFault {
    /// Every fault.
    pub const ALL: [Self; 14] = [
        Self::TooBig,
        Self::Malformed,
        Self::Retained,
        Self::WrongSource,
        Self::Unsigned,
        Self::BadSignature,
        Self::UnknownKey,
        Self::OutOfTime,
        Self::Replayed,
        Self::UnknownFeed,
        Self::BadPower,
        Self::BadInterval,
        Self::TooMany,
        Self::NoAnswer,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::TooBig => "too_big",
            Self::Malformed => "malformed",
            Self::Retained => "retained",
            Self::WrongSource => "wrong_source",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad_signature",
            Self::UnknownKey => "unknown_key",
            Self::OutOfTime => "out_of_time",
            Self::Replayed => "replayed",
            Self::UnknownFeed => "unknown_feed",
            Self::BadPower => "bad_power",
            Self::BadInterval => "bad_interval",
            Self::TooMany => "too_many",
            Self::NoAnswer => "no_answer",
        }
    }
}
