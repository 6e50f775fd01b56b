//! What wears machines out: starts, travel, turning back.
//!
//! A turn counts once the command has come back by [`TURN`] of its span from where it had got to, so that noise is no turn.

use super::Actuator;

/// How far back makes a turn (1, of the span).
pub const TURN: f64 = 0.02;

/// Which way a command goes, and the farthest it got.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// Not yet known: all that was seen lies between these.
    Unknown { low: f64, high: f64 },
    /// Upward, to here so far.
    Up(f64),
    /// Downward, to here so far.
    Down(f64),
}

/// The wear of one command. Values it lacks are skipped: the way between two that are known is its travel.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Its point and span.
    pub of: Actuator,
    first: Option<f64>,
    last: Option<f64>,
    way: Option<Way>,
    travel: f64,
    turns: u64,
}

impl Command {
    /// Not moved yet.
    pub const fn new(of: Actuator) -> Self {
        Self { of, first: None, last: None, way: None, travel: 0.0, turns: 0 }
    }

    /// Looks at the command after a step.
    pub fn see(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|v| v.is_finite()) else { return };
        self.travel += self.last.map_or(0.0, |last| (value - last).abs());
        self.first.get_or_insert(value);
        self.last = Some(value);
        let back = TURN * self.of.span;
        let way = self.way.unwrap_or(Way::Unknown { low: value, high: value });
        self.way = Some(match way {
            Way::Unknown { low, high } => {
                if value - low >= back {
                    Way::Up(value)
                } else if high - value >= back {
                    Way::Down(value)
                } else {
                    Way::Unknown { low: low.min(value), high: high.max(value) }
                }
            }
            Way::Up(top) if top - value >= back => {
                self.turns = self.turns.saturating_add(1);
                Way::Down(value)
            }
            Way::Up(top) => Way::Up(top.max(value)),
            Way::Down(bottom) if value - bottom >= back => {
                self.turns = self.turns.saturating_add(1);
                Way::Up(value)
            }
            Way::Down(bottom) => Way::Down(bottom.min(value)),
        });
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
        self.way = match (self.way, later.way) {
            (way, None) | (None, way) => way,
            (known, Some(Way::Unknown { .. })) => known,
            (Some(_), later) => later,
        };
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
