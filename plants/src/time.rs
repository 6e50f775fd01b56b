//! Time as an argument: spans, the monotonic clock, the wall clock and the tick of a scan. Nothing here reads a clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

use crate::convert;

/// A length of time in whole nanoseconds, 0 to 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From nanoseconds.
    #[must_use]
    pub const fn from_nanos(n: u64) -> Self {
        Self(n)
    }

    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// From seconds.
    #[must_use]
    pub const fn from_secs(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000_000))
    }

    /// From a number of seconds; negative or NaN becomes zero.
    #[must_use]
    pub fn from_seconds(s: f64) -> Self {
        Self(convert::u64_from_f64_rounded((s * 1e9).max(0.0)))
    }

    /// Whole nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Seconds as a number.
    #[must_use]
    pub fn seconds(self) -> f64 {
        convert::f64_from_u64(self.0) / 1e9
    }

    /// This many times as long.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// As the standard library's type, for the shell's timers.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// From the standard library's type.
    #[must_use]
    pub const fn from_duration(d: Duration) -> Self {
        Self(convert::nanos_u64(d))
    }

    /// Reads `250ms`, `1.5s`, `5min`, `2h`, `10d`. Nothing when it is none of these.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, unit) = text.split_at(split);
        let per_unit = match unit.trim() {
            "ns" => 1e-9,
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        number.parse::<f64>().ok().map(|n| Self::from_seconds(n * per_unit))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.seconds();
        if s < 1.0 {
            write!(f, "{}ms", s * 1e3)
        } else if s < 120.0 {
            write!(f, "{s}s")
        } else if s < 7200.0 {
            write!(f, "{}min", s / 60.0)
        } else {
            write!(f, "{}h", s / 3600.0)
        }
    }
}

/// An instant of the monotonic clock: nanoseconds since the service (or the simulated run) started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(pub u64);

impl Mono {
    /// The time since an earlier instant; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The instant a span later.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// An instant of the wall clock: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

impl Wall {
    /// The time since an earlier instant; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        let ms = self.0.saturating_sub(earlier.0);
        Span::from_millis(if ms > 0 { ms.unsigned_abs() } else { 0 })
    }
}

/// One scan's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// Scans since the first of this boot, from 0.
    pub seq: u64,
    /// Monotonic time since the scan before; the period on the first.
    pub dt: Span,
    /// Monotonic time of this scan.
    pub mono: Mono,
    /// Wall time of this scan.
    pub wall: Wall,
    /// False while the wall clock may be wrong: before NTP has set it, after a jump.
    pub clock_trusted: bool,
    /// Counts starts of the service on this journal. `mono` is comparable within one boot only.
    pub boot: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        assert_eq!(Span::parse("250ms"), Some(Span::from_millis(250)));
        assert_eq!(Span::parse("1.5s"), Some(Span::from_millis(1500)));
        assert_eq!(Span::parse("2h"), Some(Span::from_secs(7200)));
        for bad in ["", "5", "s", "-1s", "1.2.3s", "5 parsecs"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_instant_in_the_future_is_no_age() {
        assert_eq!(Mono(5).since(Mono(9)), Span::ZERO);
    }
}
