//! Figures by the hour, for a day: this hour, and those before it.

use plant::time::Span;
use serde::{Deserialize, Serialize};

/// How long an hour is (s).
const HOUR: f64 = 3600.0;
/// Hours that are kept.
pub const HOURS: usize = 24;

/// What can be told of two times as of one.
pub trait Figures: Copy + Default {
    /// Two times, one after the other.
    #[must_use]
    fn and(self, other: Self) -> Self;
}

/// Figures of the last day, the newest hour first. Takes no memory once it is made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hours<T> {
    hours: [T; HOURS],
    /// How much of this hour has gone by (s).
    gone: f64,
}

impl<T: Figures> Default for Hours<T> {
    fn default() -> Self {
        Self { hours: [T::default(); HOURS], gone: 0.0 }
    }
}

impl<T: Figures> Hours<T> {
    /// What a scan adds to this hour.
    pub fn take(&mut self, of: T, dt: Span) {
        if self.gone >= HOUR {
            self.gone = 0.0;
            self.hours.rotate_right(1);
            self.hours.first_mut().into_iter().for_each(|hour| *hour = T::default());
        }
        self.gone += dt.seconds();
        self.hours.first_mut().into_iter().for_each(|hour| *hour = hour.and(of));
    }

    /// The last so many hours, this one among them (1 to 24).
    #[must_use]
    pub fn over(&self, hours: usize) -> T {
        self.hours.iter().take(hours.max(1)).fold(T::default(), |all, one| all.and(*one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Figures for f64 {
        fn and(self, other: Self) -> Self {
            self + other
        }
    }

    #[test]
    fn a_day_is_kept_and_no_more_and_every_hour_by_itself() {
        let mut hours = Hours::<f64>::default();
        for minute in 0..30 * 60 {
            hours.take(if minute < 60 { 1000.0 } else { 1.0 }, Span::from_secs(60));
        }
        assert!((hours.over(1) - 60.0).abs() < 1e-9, "this hour: {}", hours.over(1));
        assert!((hours.over(3) - 180.0).abs() < 1e-9);
        assert!((hours.over(24) - 24.0 * 60.0).abs() < 1e-9, "the first hours are forgotten: {}", hours.over(24));
    }
}
