//! Samples as adapters got them, and readings as control sees them.

use serde::{Deserialize, Serialize};

use crate::time::{Mono, Span};

/// Why a value is missing or doubted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Why {
    /// No value has ever come.
    NeverRead,
    /// The connection is down.
    Comm,
    /// The device did not answer in time.
    Timeout,
    /// The device answered with this Modbus exception code.
    Exception(u8),
    /// Outside the point's range.
    Range,
    /// Changed faster than the point can.
    RateOfChange,
    /// Has not changed for too long.
    Stuck,
    /// The device's own code for "no value".
    InvalidCode,
    /// Not a finite number, or a payload that is no number at all.
    NotANumber,
    /// Its time stamp is in the future or of another boot.
    Clock,
    /// A person replaced the value.
    Manual,
    /// Taken out of service.
    OutOfService,
    /// The configuration gives it no source.
    Config,
    /// Another device than the map means has answered.
    WrongDevice,
}

impl Why {
    /// The word on the wire and in logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NeverRead => "never_read",
            Self::Comm => "comm",
            Self::Timeout => "timeout",
            Self::Exception(_) => "exception",
            Self::Range => "range",
            Self::RateOfChange => "roc",
            Self::Stuck => "stuck",
            Self::InvalidCode => "invalid_code",
            Self::NotANumber => "not_a_number",
            Self::Clock => "clock",
            Self::Manual => "manual",
            Self::OutOfService => "out_of_service",
            Self::Config => "config",
            Self::WrongDevice => "wrong_device",
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exception(code) => write!(f, "exception:{code}"),
            Self::NeverRead
            | Self::Comm
            | Self::Timeout
            | Self::Range
            | Self::RateOfChange
            | Self::Stuck
            | Self::InvalidCode
            | Self::NotANumber
            | Self::Clock
            | Self::Manual
            | Self::OutOfService
            | Self::Config
            | Self::WrongDevice => f.write_str(self.word()),
        }
    }
}

/// A value as an adapter got it, in the point's canonical unit, stamped at the source read.
/// A failed read replaces the value with the reason, so that an old value never looks new.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The value, or why there is none.
    pub value: Result<f64, Why>,
    /// When the source was read (or when the read failed).
    pub at: Mono,
}

impl Sample {
    /// The sample of a point nobody has read yet.
    pub const NEVER: Self = Self { value: Err(Why::NeverRead), at: Mono(0) };

    /// A good value read at `at`.
    #[must_use]
    pub const fn good(value: f64, at: Mono) -> Self {
        Self { value: Ok(value), at }
    }

    /// A failed read at `at`.
    #[must_use]
    pub const fn bad(why: Why, at: Mono) -> Self {
        Self { value: Err(why), at }
    }

    /// Equal to the last bit, so that the journal can tell whether to record it.
    #[must_use]
    pub fn same_bits(&self, other: &Self) -> bool {
        self.at == other.at
            && match (self.value, other.value) {
                (Ok(a), Ok(b)) => a.to_bits() == b.to_bits(),
                (Err(a), Err(b)) => a == b,
                (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
            }
    }
}

/// A point as control sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reading<Q> {
    /// Known now. Quality 192 on the wire.
    Fresh(Q),
    /// Known once: the value aged toward its dangerous side. Quality 500.
    Stale {
        /// The last good value, moved by `age` toward the dangerous side.
        last: Q,
        /// Since the last good sample.
        age: Span,
        /// What is wrong.
        why: Why,
    },
    /// Not known. Quality 0.
    Lost {
        /// What is wrong.
        why: Why,
    },
}

impl<Q: Copy> Reading<Q> {
    /// The value if it is fresh.
    #[must_use]
    pub const fn fresh(self) -> Option<Q> {
        match self {
            Self::Fresh(q) => Some(q),
            Self::Stale { .. } | Self::Lost { .. } => None,
        }
    }

    /// The value fresh or aged, if there is one.
    #[must_use]
    pub const fn usable(self) -> Option<Q> {
        match self {
            Self::Fresh(q) | Self::Stale { last: q, .. } => Some(q),
            Self::Lost { .. } => None,
        }
    }

    /// The quality code on every wire: 192 good, 500 stale, 0 bad.
    #[must_use]
    pub const fn quality(self) -> u16 {
        match self {
            Self::Fresh(_) => 192,
            Self::Stale { .. } => 500,
            Self::Lost { .. } => 0,
        }
    }

    /// What is wrong, if anything is.
    #[must_use]
    pub const fn why(self) -> Option<Why> {
        match self {
            Self::Fresh(_) => None,
            Self::Stale { why, .. } | Self::Lost { why } => Some(why),
        }
    }
}
