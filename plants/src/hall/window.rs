//! When what can wait may run: windows of civil time, as a site writes them.
//!
//! A window goes by what the clock of its zone shows. Hours that cross midnight belong to the day on which they begin. Hours that the clock
//! skips are not there; hours that it shows twice count twice. From that follows every instant; nothing of it is kept as a length.
//!
//! Nothing here allocates but reading from a file.

#[cfg(test)]
mod tests;

use crate::civil::{Holiday, Local, Stretch, When, Zone};
use crate::time::Wall;

/// How far ahead the next opening is looked for (ms): 400 days. What does not open by then counts as never.
pub const HORIZON: i64 = 400 * 86_400_000;

/// A window.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its name: `night`.
    pub name: String,
    /// Whose clock it goes by.
    pub zone: Zone,
    /// The days that are holidays and no weekdays.
    pub holidays: Vec<Holiday>,
    /// Days on which no opening begins. One that has begun the day before ends as ever.
    pub none_begins: Vec<Holiday>,
    /// Times at which it is shut whatever else is said.
    pub shut: Vec<Stretch>,
    /// Times at which it is open besides.
    pub extra: Vec<Stretch>,
    /// When it is open: any of these. None at all where it has extra openings only.
    rules: Vec<When>,
    /// The times of day at which these may turn (ms, ascending).
    stops: Vec<i64>,
}

/// From when to when a window is open: from an instant on, up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// From this instant on.
    pub from: Wall,
    /// Up to this instant.
    pub to: Wall,
}

impl Window {
    /// A window that is open by these rules, without exceptions.
    #[must_use]
    pub fn new(name: String, zone: Zone, rules: Vec<When>) -> Self {
        let mut stops: Vec<i64> = rules.iter().flat_map(When::stops).collect();
        stops.sort_unstable();
        stops.dedup();
        let (holidays, none_begins, shut, extra) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { name, zone, rules, holidays, none_begins, shut, extra, stops }
    }

    /// True when it is open at an instant.
    #[must_use]
    pub fn open_at(&self, at: Wall) -> bool {
        self.covers(self.zone.local(at))
    }

    /// The first instant, from this one on, at which it is shut. Nothing where it stays open for [`HORIZON`].
    #[must_use]
    pub fn open_until(&self, at: Wall) -> Option<Wall> {
        self.first(at, false, Wall(at.0.saturating_add(HORIZON)))
    }

    /// The first instant, from this one on, at which it is open. Nothing where it stays shut for [`HORIZON`].
    #[must_use]
    pub fn open_from(&self, at: Wall) -> Option<Wall> {
        self.first(at, true, Wall(at.0.saturating_add(HORIZON)))
    }

    /// The next instant at which it opens: while it is open that is the opening after this one. Nothing where there is none within
    /// [`HORIZON`].
    #[must_use]
    pub fn next_opening(&self, at: Wall) -> Option<Wall> {
        let end = Wall(at.0.saturating_add(HORIZON));
        self.first(at, false, end).and_then(|shut| self.first(shut, true, end))
    }

    /// When it is open from one instant up to another: in order, none touching the next, cut at both ends.
    #[must_use]
    pub const fn spans(&self, from: Wall, to: Wall) -> Spans<'_> {
        Spans { window: self, at: from, end: to }
    }

    fn covers(&self, local: Local) -> bool {
        let within = |all: &[Stretch]| all.iter().any(|stretch| stretch.holds(local));
        let none_begins = |date| self.none_begins.iter().any(|day| day.is(date));
        !within(&self.shut)
            && (within(&self.extra)
                || self.rules.iter().any(|rule| rule.covers_but(local, &self.holidays, none_begins)))
    }

    /// The first instant, from one on and before an end, at which it is open, or shut.
    fn first(&self, from: Wall, open: bool, end: Wall) -> Option<Wall> {
        let mut at = from;
        while at < end {
            if self.open_at(at) == open {
                return Some(at);
            }
            at = self.edge(at);
        }
        None
    }

    /// The next instant at which it may turn.
    fn edge(&self, at: Wall) -> Wall {
        let (local, next) = (self.zone.local(at), self.zone.until(at, &self.stops));
        // Up to there the clock runs evenly, on one day.
        let ends = self.shut.iter().chain(&self.extra).flat_map(|stretch| [stretch.from, stretch.to]);
        let today = ends.filter(|end| end.date == local.date && end.ms > local.ms);
        today.map(|end| Wall(at.0.saturating_add(end.ms - local.ms))).fold(next, Wall::min)
    }
}

/// The openings of a window, see [`Window::spans`].
#[derive(Clone, Debug)]
pub struct Spans<'w> {
    window: &'w Window,
    at: Wall,
    end: Wall,
}

impl Iterator for Spans<'_> {
    type Item = Opening;

    fn next(&mut self) -> Option<Opening> {
        let from = self.window.first(self.at, true, self.end)?;
        let to = self.window.first(from, false, self.end).unwrap_or(self.end);
        self.at = to;
        Some(Opening { from, to })
    }
}
