//! Power as the ledger adds it up: whole milliwatts, so that sums are exact and no order of adding matters.

use plant::convert::{f64_from_i64, i64_from_f64_rounded};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

/// Whole milliwatts; saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Milli(pub i64);

impl Milli {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than anything.
    pub const MOST: Self = Self(i64::MAX / 4);

    /// What a feed carries of watts at machines: rounded up, so that no sum is too low.
    #[must_use]
    pub fn of(watts: f64, weight: f64) -> Self {
        Self(i64_from_f64_rounded(libm::ceil(watts * weight * 1000.0)).clamp(0, Self::MOST.0))
    }

    /// What may be carried: rounded down.
    #[must_use]
    pub fn limit(watts: Watts) -> Self {
        Self(i64_from_f64_rounded(libm::floor(watts.0 * 1000.0)).clamp(-Self::MOST.0, Self::MOST.0))
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left without the other; may be below zero.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The highest power at machines of which a feed carries no more than this (W, ≥ 0); no more than all numbers where it carries nothing of it.
    #[must_use]
    pub fn at_machines(self, weight: f64) -> f64 {
        let watts = f64_from_i64(self.0.max(0)) / (1000.0 * weight);
        // One step of rounding must not make more of it than there is.
        if Self::of(watts, weight) > self { (watts - 0.001 / weight).max(0.0) } else { watts }
    }

    /// As watts.
    #[must_use]
    pub fn watts(self) -> Watts {
        Watts(f64_from_i64(self.0) / 1000.0)
    }
}
