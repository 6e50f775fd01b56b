//! Points that more than one sensor measures.

use serde::{Deserialize, Serialize};

use crate::id::PointId;
use crate::time::Span;

/// The most sensors of one point.
pub const SENSORS: usize = 3;

/// A point of two or three sensors, which vote on what control reads. Part of the hall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redundant {
    /// Its sensors: the point itself, which is the first of them and reads what they agree on, then `…-2` and `…-3`; nothing for a third
    /// one where there are two.
    pub sensors: [Option<PointId>; SENSORS],
    /// One that departs from what they agree on by more than this (the point's unit, above 0)
    pub deviation: f64,
    /// for so long does not count any more (s to min, 1s to 1h),
    pub after: Span,
    /// until it has agreed again for so long (s to h, 1s to 24h).
    pub again: Span,
}

impl Redundant {
    /// The point that they vote on.
    #[must_use]
    pub fn of(&self) -> Option<PointId> {
        self.sensors.first().copied().flatten()
    }

    /// The sensors besides the point itself.
    pub fn others(&self) -> impl Iterator<Item = PointId> + use<> {
        self.sensors.into_iter().skip(1).flatten()
    }
}
