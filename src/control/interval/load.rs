//! What flows next, and by how much such a forecast is usually off.
//!
//! The mean of the time that is left of a window is taken for that of as long a time before, from a minute to five: what comes and goes within minutes is
//! seen whole, and what stays is seen soon where little time is left.

use plant::convert::{f64_from_i64, f64_from_u64, f64_from_usize, usize_from_u64};
use plant::time::Span;
use serde::{Deserialize, Serialize};

/// Means are taken of so long.
const PART: Span = Span::from_secs(10);
/// So many of them are kept.
const PARTS: usize = 30;
/// The shortest and the longest that a forecast looks back, and ahead (s).
const SPANS: [u64; 2] = [60, 300];
/// How much a forecast changes what is known of the error of its length (1).
const NEW: [f64; 2] = [0.03, 0.1];
/// The mean of what is off, times this, is the standard deviation, where errors are normal (1).
const NORMAL: f64 = 1.2533;

/// The load behind the meter. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Means of ten seconds each, the newest first (W); the first `known` of them.
    parts: [f64; PARTS],
    known: usize,
    /// The part that runs: what it has come to (W s), and for how long.
    sum: f64,
    since: Span,
    errors: [Error; 2],
}

/// What forecasts of one length are off by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Error {
    /// What the time that runs was thought to become (W), and parts of it that have gone by.
    forecast: Option<f64>,
    gone: usize,
    /// What is off (W, mean); nothing where none was judged.
    off: Option<f64>,
}

impl Load {
    /// Nothing seen.
    #[cfg(test)]
    pub const NONE: Self = Self {
        parts: [0.0; PARTS],
        known: 0,
        sum: 0.0,
        since: Span::ZERO,
        errors: [Error { forecast: None, gone: 0, off: None }; 2],
    };

    /// One scan: what flows (W), and whether nobody lowers it: what is lowered says nothing of what comes by itself.
    pub fn step(&mut self, (load, free): (f64, bool), dt: Span) {
        self.sum += load * dt.seconds();
        self.since = Span::from_nanos(self.since.nanos().saturating_add(dt.nanos()));
        if self.since < PART {
            return;
        }
        self.parts.rotate_right(1);
        if let Some(newest) = self.parts.first_mut() {
            *newest = self.sum / self.since.seconds();
        }
        self.known = (self.known + 1).min(PARTS);
        (self.sum, self.since) = (0.0, Span::ZERO);
        for (n, span) in SPANS.into_iter().enumerate() {
            let parts = usize_from_u64(span / 10);
            let Some(mean) = self.mean(parts) else { continue };
            let Some((error, new)) = self.errors.get_mut(n).zip(NEW.get(n)) else { continue };
            if !free {
                (error.forecast, error.gone) = (None, 0);
                continue;
            }
            error.gone += 1;
            if error.gone < parts {
                continue;
            }
            if let Some(forecast) = error.forecast.replace(mean) {
                let off = (mean - forecast).abs();
                error.off = Some(error.off.map_or(off, |of| of + (off - of) * new));
            }
            error.gone = 0;
        }
    }

    /// A break: what was before is no forecast.
    pub fn restart(&mut self) {
        let errors = self.errors.map(|error| Error { off: error.off, ..Error::default() });
        *self = Self { errors, ..Self::default() };
    }

    /// The mean of the last parts, or of those that are known (W).
    fn mean(&self, parts: usize) -> Option<f64> {
        let of = parts.min(self.known);
        let sum: f64 = self.parts.iter().take(of).sum();
        (of > 0).then(|| sum / f64_from_usize(of))
    }

    /// The mean of what flows in so long a time (ms) from now on (W); nothing where nothing was seen.
    #[must_use]
    pub fn next(&self, ms: i64) -> Option<f64> {
        let [least, most] = SPANS.map(|span| i64::try_from(span).unwrap_or(0) * 1000);
        let parts = (ms / 2).clamp(least, most) / 10_000;
        self.mean(usize::try_from(parts).unwrap_or(1))
    }

    /// What so long a time (ms) is off by in all, as a standard deviation (Wh). What is off in one of the longest spans is not in the next.
    #[must_use]
    pub fn off(&self, ms: i64) -> f64 {
        let [short, long] = SPANS.map(f64_from_u64);
        let [near, far] = self.errors.map(|error| error.off.unwrap_or(0.0) * NORMAL);
        let left = f64_from_i64(ms.max(0)) / 1000.0;
        let off = if left <= short {
            near * left
        } else if left < long {
            let (a, b) = (near * short, far * long);
            a + (b - a) * (left - short) / (long - short)
        } else {
            far * libm::sqrt(left * long)
        };
        off / 3600.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn after(seconds: u64, load: impl Fn(u64) -> f64) -> Load {
        let mut of = Load::default();
        (0..seconds).for_each(|s| of.step((load(s), true), Span::from_secs(1)));
        of
    }

    #[test]
    fn a_steady_load_is_off_by_nothing() {
        let load = after(7200, |_| 1e6);
        assert!((load.next(MINUTE).unwrap() - 1e6).abs() < 1e-3 && load.off(15 * MINUTE) < 1e-3, "{load:?}");
    }

    #[test]
    fn what_comes_and_goes_within_minutes_is_seen_whole() {
        // One minute in five at 1.4 MW, else 0.85: 0.96 in the mean, and five minutes are off by next to nothing.
        let load = after(7200, |s| if s % 300 < 60 { 1.4e6 } else { 0.85e6 });
        assert!((load.next(15 * MINUTE).unwrap() - 0.96e6).abs() < 1e3, "{:?}", load.next(15 * MINUTE));
        assert!(load.off(15 * MINUTE) < 1.0, "{}", load.off(15 * MINUTE));
        assert!(load.off(MINUTE) > 100e3 / 60.0, "a minute is off by a spike: {}", load.off(MINUTE));
    }

    #[test]
    fn what_stays_is_seen_soon_where_little_time_is_left() {
        let load = after(7200, |s| if s < 7200 - 60 { 0.9e6 } else { 1.3e6 });
        assert!((load.next(MINUTE).unwrap() - 1.3e6).abs() < 1e3);
        assert!((load.next(15 * MINUTE).unwrap() - 0.98e6).abs() < 1e3);
    }
}
