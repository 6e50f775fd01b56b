//! What control knows of time: the last tick, and when this boot began.

use plant::event::{About, What};
use plant::time::{Mono, Span, Tick};
use serde::{Deserialize, Serialize};

use super::news::News;

/// A pause up to this is no pause, however short the period.
const SHORT: Span = Span::from_secs(1);

/// The last tick and the boot it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    last: Option<Tick>,
    began: Mono,
    doubted: bool,
    scans: u64,
    /// The last few times between scans, the newest first.
    periods: [Span; 5],
}

impl Clock {
    /// Takes the tick. True on the first scan of a boot, whose monotonic times have nothing to do with earlier ones.
    pub fn advance(&mut self, tick: Tick, news: &mut News<'_>) -> bool {
        let first = self.last.is_none_or(|last| last.boot != tick.boot);
        if first {
            self.began = tick.mono;
            self.scans = 0;
            self.periods = [tick.dt; 5]; // the first tick of a boot carries the period
            news.info(About::Hall, What::Started);
        }
        if self.doubted == tick.clock_trusted {
            self.doubted = !tick.clock_trusted;
            news.warn(About::Hall, What::ClockTrusted(tick.clock_trusted));
        }
        self.periods.rotate_right(1);
        if let Some(newest) = self.periods.first_mut() {
            *newest = tick.dt;
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

    /// The longest that the time since the scan before counts as time under control: twice the usual period, which is the
    /// middle of the last five, but a second at least. What is longer was a pause, of the service or of its machine.
    #[must_use]
    pub fn longest(&self) -> Span {
        let mut periods = self.periods;
        periods.sort_unstable();
        let [_, _, usual, _, _] = periods;
        usual.times(2).max(SHORT)
    }

    /// The last tick with its time since the scan before as it was lived: without what was a pause. Ramps and delays go by
    /// it; readings, overrides and energy go by true time.
    #[must_use]
    pub fn lived(&self) -> Tick {
        let tick = self.last();
        Tick { dt: tick.dt.min(self.longest()), ..tick }
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
