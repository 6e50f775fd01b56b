//! What guards count with: how long something has held, and the mean of the last minutes.

use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;

/// How long a condition has held without a break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer(Span);

impl Timer {
    /// Nothing has held.
    pub const NEW: Self = Self(Span::ZERO);

    /// Counts `dt` while it holds, and begins anew when it does not.
    pub const fn count(&mut self, holds: bool, dt: Span) {
        self.0 = if holds { sum(self.0, dt) } else { Span::ZERO };
    }

    /// True when it has held so long; a time of zero is reached by holding at all.
    #[must_use]
    pub fn reached(self, time: Span) -> bool {
        self.0 > Span::ZERO && self.0 >= time
    }

    /// How long it has held.
    #[must_use]
    pub const fn so_far(self) -> Span {
        self.0
    }
}

/// Buckets of a [`Mean`].
const BUCKETS: usize = 10;
/// What one of them holds.
const BUCKET: Span = Span::from_secs(30);

/// The mean of the last five minutes, in steps of thirty seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// Sum over time (unit · s) and time (s), the newest first.
    buckets: [(f64, f64); BUCKETS],
    filled: Span,
}

impl Mean {
    /// Takes a value that held for `dt`. One that is no number leaves a gap.
    pub fn take(&mut self, value: f64, dt: Span) {
        if let Some((sum, time)) = self.buckets.first_mut().filter(|_| value.is_finite()) {
            *sum += value * dt.seconds();
            *time += dt.seconds();
        }
        self.filled = sum(self.filled, dt);
        if self.filled >= BUCKET {
            self.filled = Span::ZERO;
            self.buckets.rotate_right(1);
            if let Some(newest) = self.buckets.first_mut() {
                *newest = (0.0, 0.0);
            }
        }
    }

    /// The mean; nothing while less than half of a minute of values is known.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let (sum, time) = self.buckets.iter().fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        (time >= BUCKET.seconds()).then(|| sum / time)
    }
}
