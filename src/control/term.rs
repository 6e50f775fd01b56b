//! How long something that people asked for holds.
//!
//! The end is told as wall time and kept as monotonic time, so that a jump of the wall clock moves nothing. A new boot breaks
//! monotonic time: from then on it ends at what was told, by a wall clock that is believed, and never later than what
//! was left of it. Without a clock to believe nobody knows how long the break was.

use plant::convert::i64_from_bits;
use plant::time::{Mono, Span, Tick, Wall};
use serde::{Deserialize, Serialize};

/// For how long something holds when nobody says.
pub const DEFAULT: Span = Span::from_secs(2 * 3600);

/// The longest that anything may hold.
pub const LONGEST: Span = Span::from_secs(24 * 3600);

/// Until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    expires: Mono,
    /// The boot whose monotonic clock `expires` is of.
    boot: u32,
    /// The end as people were told; nothing while no believed wall clock has told it.
    ends: Option<Wall>,
    /// True from the first new boot on: `ends` counts, too.
    carried: bool,
}

/// Why it ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its time is over.
    Over,
    /// Control was away, and nobody knows for how long; so much was left before.
    Unknown(Span),
}

impl Term {
    /// One that ends a span after `tick`.
    #[must_use]
    pub fn until(hold: Span, tick: Tick) -> Self {
        Self {
            expires: tick.mono.after(hold),
            boot: tick.boot,
            ends: tick.clock_trusted.then(|| later(tick.wall, hold)),
            carried: false,
        }
    }

    /// What is left of it.
    #[must_use]
    pub const fn remaining(&self, tick: Tick) -> Span {
        self.expires.since(tick.mono)
    }

    /// Brings its end to the monotonic time of `tick`; `last` was the tick before. What ends it now, if anything does.
    pub fn advance(&mut self, tick: Tick, last: Tick) -> Option<End> {
        let ends = self.ends.filter(|_| tick.clock_trusted);
        if self.boot != tick.boot {
            let left = self.remaining(last);
            let Some(ends) = ends else { return Some(End::Unknown(left)) };
            self.expires = tick.mono.after(left.min(ends.since(tick.wall)));
            (self.boot, self.carried) = (tick.boot, true);
        }
        if self.ends.is_none() && tick.clock_trusted {
            self.ends = Some(later(tick.wall, self.remaining(tick)));
        }
        let over = self.carried && ends.is_some_and(|ends| ends <= tick.wall);
        (over || self.remaining(tick) == Span::ZERO).then_some(End::Over)
    }
}

/// Wall time after a span; saturates.
pub const fn later(wall: Wall, span: Span) -> Wall {
    Wall(wall.0.saturating_add(i64_from_bits(span.millis())))
}

/// Wall time before a span; saturates.
pub const fn earlier(wall: Wall, span: Span) -> Wall {
    Wall(wall.0.saturating_sub(i64_from_bits(span.millis())))
}
