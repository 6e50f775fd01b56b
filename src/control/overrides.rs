//! What people hold: level 8, with a reason and an end ([`super::term`]). One whose end nobody knows after a break ends at once.

use plant::command::{Level, Reason};
use plant::event::{About, What};
use plant::id::PointId;
use plant::time::{Span, Tick};
use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::news::News;
use super::term::{End, Term};

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
    term: Term,
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
        Self { point, value, who: String::new(), reason: String::new(), term: Term::until(hold, tick) }
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
        self.term.remaining(tick)
    }

    /// What ends it now, if anything does; `last` was the tick before.
    fn advance(&mut self, tick: Tick, last: Tick) -> Option<What> {
        self.term.advance(tick, last).map(|end| match end {
            End::Over => What::OverrideExpired,
            End::Unknown(_) => What::OverrideDropped,
        })
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
