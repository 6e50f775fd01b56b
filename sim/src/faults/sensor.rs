//! How a sensor is broken.

use plant::id::PointId;

/// How a sensor is broken. Where a fault happens on the wire the reading is the number that the field would decode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SensorFault {
    /// Reads what it read last.
    Stuck,
    /// Reads this much more than it should (the point's canonical unit).
    Offset(f64),
    /// Reads no number.
    NotANumber,
    /// Does not read at all.
    Lost,
    /// Reads anything.
    Garbage,
    /// One reading in sixty is off by this (the point's canonical unit).
    Spike(f64),
    /// Noise of this standard deviation on top of its own (the point's canonical unit).
    NoiseBurst(f64),
    /// This share of readings does not come (1, 0 to 1).
    Dropout(f64),
    /// Reads the negative of what it should: a meter's transformer the wrong way round.
    SignFlip,
    /// Reads degrees Fahrenheit as degrees Celsius.
    Fahrenheit,
    /// Reads another point: two wires were exchanged.
    Swapped(PointId),
    /// Another device has its Modbus address: now this one answers, now that, now both at once and nothing is understood.
    DuplicateId(PointId),
    /// Reads far beyond what there can be: the end of its current loop, or the largest number of its register.
    OutOfRange,
    /// Reads 0xFFFF in every word.
    AllOnes,
    /// Reads 0x8000, with which many devices say that they have no value.
    SignBit,
    /// Reads a frame of zeros.
    ZeroFrame,
    /// Reads with the bytes of every word swapped.
    ByteSwap,
    /// Reads what it read last, and says that it was then: its time stamp stands still. A protocol without stamps shows a
    /// value that does not move.
    StaleStamp,
}

impl SensorFault {
    /// The other point that it reads, if any.
    #[must_use]
    pub const fn other(self) -> Option<PointId> {
        match self {
            Self::Swapped(other) | Self::DuplicateId(other) => Some(other),
            Self::Stuck
            | Self::Offset(_)
            | Self::NotANumber
            | Self::Lost
            | Self::Garbage
            | Self::Spike(_)
            | Self::NoiseBurst(_)
            | Self::Dropout(_)
            | Self::SignFlip
            | Self::Fahrenheit
            | Self::OutOfRange
            | Self::AllOnes
            | Self::SignBit
            | Self::ZeroFrame
            | Self::ByteSwap
            | Self::StaleStamp => None,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Offset(_) => "offset",
            Self::NotANumber => "nan",
            Self::Lost => "lost",
            Self::Garbage => "garbage",
            Self::Spike(_) => "spike",
            Self::NoiseBurst(_) => "noise-burst",
            Self::Dropout(_) => "dropout",
            Self::SignFlip => "sign-flip",
            Self::Fahrenheit => "fahrenheit",
            Self::Swapped(_) => "swapped",
            Self::DuplicateId(_) => "duplicate-id",
            Self::OutOfRange => "out-of-range",
            Self::AllOnes => "all-ones",
            Self::SignBit => "sign-bit",
            Self::ZeroFrame => "zero-frame",
            Self::ByteSwap => "byte-swap",
            Self::StaleStamp => "stale-stamp",
        }
    }

    pub(super) const fn number(self) -> Option<f64> {
        match self {
            Self::Offset(n) | Self::Spike(n) | Self::NoiseBurst(n) | Self::Dropout(n) => Some(n),
            Self::Stuck
            | Self::NotANumber
            | Self::Lost
            | Self::Garbage
            | Self::SignFlip
            | Self::Fahrenheit
            | Self::Swapped(_)
            | Self::DuplicateId(_)
            | Self::OutOfRange
            | Self::AllOnes
            | Self::SignBit
            | Self::ZeroFrame
            | Self::ByteSwap
            | Self::StaleStamp => None,
        }
    }
}
