//! What people hold: level 8, with a reason and an end.
//!
//! The end is told as wall time and kept as monotonic time, so that a jump of the wall clock moves nothing. A new boot breaks
//! monotonic time: from then on the override ends at what was told, by a wall clock that is believed, and never later than what
//! was left of it. Without a clock to believe nobody knows how long the break was: the override ends at once.

use plant::command::{Level, Reason};
use plant::convert::{bits_from_i64, i64_from_bits};
use plant::event::{About, What};
use plant::id::PointId;
use plant::time::{Mono, Span, Tick, Wall};
use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::news::News;

/// For how long an override holds when nobody says.
pub const DEFAULT_HOLD: Span = Span::from_secs(2 * 3600);

/// The longest an override may hold.
pub const LONGEST_HOLD: Span = Span::from_secs(24 * 3600);

/// One override in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// Which output.
    pub point: PointId,
    /// The value held, in the point's canonical unit.
    pub value: f64,
    /// Who asked.
    pub who: String,
    /// Why.
    pub reason: String,
    expires: Mono,
    /// The boot whose monotonic clock `expires` is of.
    boot: u32,
    /// The end as people were told; nothing while no believed wall clock has told it.
    ends: Option<Wall>,
    /// True from the first new boot on: `ends` counts, too.
    carried: bool,
}

/// Every override in force, the oldest first; one an output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overrides {
    holds: Vec<Hold>,
    last: Tick,
}

impl Hold {
    /// An override that ends a span after `tick`.
    #[must_use]
    pub fn until(point: PointId, value: f64, hold: Span, tick: Tick) -> Self {
        Self {
            point,
            value,
            who: String::new(),
            reason: String::new(),
            expires: tick.mono.after(hold),
            boot: tick.boot,
            ends: tick.clock_trusted.then(|| later(tick.wall, hold)),
            carried: false,
        }
    }

    /// Asked for by somebody, with a reason.
    #[must_use]
    pub fn asked(mut self, who: &str, reason: &str) -> Self {
        self.who = who.to_owned();
        self.reason = reason.to_owned();
        self
    }

    /// What is left of it.
    #[must_use]
    pub const fn remaining(&self, tick: Tick) -> Span {
        self.expires.since(tick.mono)
    }

    /// Brings its end to the monotonic time of `tick`; `last` was the tick before. What ends it now, if anything does.
    fn advance(&mut self, tick: Tick, last: Tick) -> Option<What> {
        let ends = self.ends.filter(|_| tick.clock_trusted);
        if self.boot != tick.boot {
            let (left, Some(ends)) = (self.remaining(last), ends) else { return Some(What::OverrideDropped) };
            self.expires = tick.mono.after(left.min(until(tick.wall, ends)));
            (self.boot, self.carried) = (tick.boot, true);
        }
        if self.ends.is_none() && tick.clock_trusted {
            self.ends = Some(later(tick.wall, self.remaining(tick)));
        }
        let over = self.carried && ends.is_some_and(|ends| ends <= tick.wall);
        (over || self.remaining(tick) == Span::ZERO).then_some(What::OverrideExpired)
    }
}

impl Overrides {
    /// Every override in force.
    pub fn iter(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter()
    }

    /// The override of one output.
    #[must_use]
    pub fn of(&self, point: PointId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.point == point)
    }

    /// Takes an output, in place of an earlier override of it.
    pub fn set(&mut self, hold: Hold) {
        self.holds.retain(|old| old.point != hold.point);
        self.holds.push(hold);
    }

    /// Gives an output back, or all of them, calling `each` with every point. How many there were.
    pub fn release(&mut self, point: Option<PointId>, mut each: impl FnMut(PointId)) -> usize {
        let before = self.holds.len();
        self.holds.retain(|hold| {
            let goes = point.is_none_or(|point| hold.point == point);
            if goes {
                each(hold.point);
            }
            !goes
        });
        before.saturating_sub(self.holds.len())
    }

    /// Lets go what has run out; proposes the rest.
    pub fn step(&mut self, tick: Tick, commands: &mut Commands, news: &mut News<'_>) {
        let last = self.last;
        self.holds.retain_mut(|hold| {
            let end = hold.advance(tick, last);
            if let Some(what) = end {
                news.info(About::Point(hold.point), what);
            }
            end.is_none()
        });
        self.last = tick;
        for hold in &self.holds {
            if let Some(output) = commands.output(hold.point) {
                commands.propose(output, Level::Operator, hold.value, Reason::Override);
            }
        }
    }
}

/// Wall time after a span; saturates.
pub const fn later(wall: Wall, span: Span) -> Wall {
    Wall(wall.0.saturating_add(i64_from_bits(span.millis())))
}

/// From one wall time to another; zero when that is past.
fn until(now: Wall, then: Wall) -> Span {
    Span::from_millis(bits_from_i64(then.0.saturating_sub(now.0).max(0)))
}
