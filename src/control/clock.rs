//! What control knows of time: the last tick, and when this boot began.

use plant::event::{About, What};
use plant::time::{Mono, Span, Tick};
use serde::{Deserialize, Serialize};

use super::news::News;

/// The last tick and the boot it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    last: Option<Tick>,
    began: Mono,
    doubted: bool,
    scans: u64,
}

impl Clock {
    /// Takes the tick. True on the first scan of a boot, whose monotonic times have nothing to do with earlier ones.
    pub fn advance(&mut self, tick: Tick, news: &mut News<'_>) -> bool {
        let first = self.last.is_none_or(|last| last.boot != tick.boot);
        if first {
            self.began = tick.mono;
            self.scans = 0;
            news.info(About::Hall, What::Started);
        }
        if self.doubted == tick.clock_trusted {
            self.doubted = !tick.clock_trusted;
            news.warn(About::Hall, What::ClockTrusted(tick.clock_trusted));
        }
        self.last = Some(tick);
        self.scans = self.scans.saturating_add(1);
        first
    }

    /// The last tick; all zero before the first.
    #[must_use]
    pub fn last(&self) -> Tick {
        self.last.unwrap_or_default()
    }

    /// How many scans this boot has had.
    #[must_use]
    pub const fn scans(&self) -> u64 {
        self.scans
    }

    /// How long this boot has run.
    #[must_use]
    pub fn running(&self) -> Span {
        self.last().mono.since(self.began)
    }
}

/// The sum of two spans; saturates.
#[must_use]
pub const fn sum(a: Span, b: Span) -> Span {
    Span::from_nanos(a.nanos().saturating_add(b.nanos()))
}
