//! What wears machines out: starts, travel, turning back.
//!
//! A turn counts once the command has come back by [`BACK`] of its span from where it had got to, so that noise is no turn.

use plant::reversal::{BACK, Course};

use super::Actuator;

/// The wear of one command. Values it lacks are skipped: the way between two that are known is its travel.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Its point and span.
    pub of: Actuator,
    first: Option<f64>,
    last: Option<f64>,
    course: Course,
    travel: f64,
    turns: u64,
}

impl Command {
    /// Not moved yet.
    pub const fn new(of: Actuator) -> Self {
        Self { of, first: None, last: None, course: Course::NEW, travel: 0.0, turns: 0 }
    }

    /// Looks at the command after a step.
    pub fn see(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|v| v.is_finite()) else { return };
        self.travel += self.last.map_or(0.0, |last| (value - last).abs());
        self.first.get_or_insert(value);
        self.last = Some(value);
        self.turns = self.turns.saturating_add(u64::from(self.course.turns(value, BACK * self.of.span)));
    }

    /// How far it went in all (1, spans), if it was ever known.
    pub fn travel(&self) -> Option<f64> {
        self.first.map(|_| self.travel / self.of.span)
    }

    /// How often it turned back, if it was ever known.
    pub fn turns(&self) -> Option<u64> {
        self.first.map(|_| self.turns)
    }

    /// Goes on with what came after.
    pub fn append(&mut self, later: &Self) {
        if let (Some(last), Some(first)) = (self.last, later.first) {
            self.travel += (first - last).abs();
        }
        self.travel += later.travel;
        self.turns = self.turns.saturating_add(later.turns);
        self.first = self.first.or(later.first);
        self.last = later.last.or(self.last);
        self.course = self.course.then(later.course);
    }
}

/// The starts of one device. One that already runs when the run begins has not started.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its name.
    pub name: String,
    first: Option<bool>,
    last: Option<bool>,
    starts: u64,
}

impl Device {
    /// Not seen yet.
    pub const fn new(name: String) -> Self {
        Self { name, first: None, last: None, starts: 0 }
    }

    /// Looks at the device after a step.
    pub fn see(&mut self, running: Option<bool>) {
        let Some(running) = running else { return };
        if running && self.last == Some(false) {
            self.starts = self.starts.saturating_add(1);
        }
        self.first.get_or_insert(running);
        self.last = Some(running);
    }

    /// How often it started, if it was ever seen.
    pub fn starts(&self) -> Option<u64> {
        self.first.map(|_| self.starts)
    }

    /// Goes on with what came after.
    pub fn append(&mut self, later: &Self) {
        if self.last == Some(false) && later.first == Some(true) {
            self.starts = self.starts.saturating_add(1);
        }
        self.starts = self.starts.saturating_add(later.starts);
        self.first = self.first.or(later.first);
        self.last = later.last.or(self.last);
    }
}
