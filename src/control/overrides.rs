//! What people hold: level 8, with a reason and an end. A restart keeps what is left of the time.

use plant::command::{Level, Reason};
use plant::event::{About, What};
use plant::id::PointId;
use plant::time::{Mono, Span, Tick};
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
            if hold.boot != tick.boot {
                hold.expires = tick.mono.after(hold.remaining(last));
                hold.boot = tick.boot;
            }
            let holds = hold.remaining(tick) > Span::ZERO;
            if !holds {
                news.info(About::Point(hold.point), What::OverrideExpired);
            }
            holds
        });
        self.last = tick;
        for hold in &self.holds {
            if let Some(output) = commands.output(hold.point) {
                commands.propose(output, Level::Operator, hold.value, Reason::Override);
            }
        }
    }
}
