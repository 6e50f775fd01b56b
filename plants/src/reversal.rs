//! When something that moves to and fro has turned back: a reversal counts once it has come back by so much from where it had got to, so
//! that noise is none.

use serde::{Deserialize, Serialize};

/// How far back an actuator comes for a reversal (1, of its span).
pub const BACK: f64 = 0.02;

/// Which way something goes, and the farthest it got, in its own unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Way {
    /// Not yet known: all that was seen lies between these.
    Unknown { low: f64, high: f64 },
    /// Upward, to here so far.
    Up(f64),
    /// Downward, to here so far.
    Down(f64),
}

/// Where something that moves to and fro has got to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course(Option<Way>);

impl Course {
    /// Nothing seen yet.
    pub const NEW: Self = Self(None);

    /// Takes the next value, finite and in any unit. True where it has turned: it has come back by `back` of that unit.
    pub fn turns(&mut self, value: f64, back: f64) -> bool {
        let (way, turned) = match self.0.unwrap_or(Way::Unknown { low: value, high: value }) {
            Way::Unknown { low, .. } if value - low >= back => (Way::Up(value), false),
            Way::Unknown { high, .. } if high - value >= back => (Way::Down(value), false),
            Way::Unknown { low, high } => (Way::Unknown { low: low.min(value), high: high.max(value) }, false),
            Way::Up(top) if top - value >= back => (Way::Down(value), true),
            Way::Up(top) => (Way::Up(top.max(value)), false),
            Way::Down(bottom) if value - bottom >= back => (Way::Up(value), true),
            Way::Down(bottom) => (Way::Down(bottom.min(value)), false),
        };
        self.0 = Some(way);
        turned
    }

    /// True once a value has been seen.
    #[must_use]
    pub const fn has_begun(self) -> bool {
        self.0.is_some()
    }

    /// Goes on where another left off that saw what came after.
    #[must_use]
    pub const fn then(self, later: Self) -> Self {
        match (self.0, later.0) {
            (_, None) | (Some(_), Some(Way::Unknown { .. })) => self,
            (_, Some(_)) => later,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_turns_nothing_and_each_way_back_counts_once() {
        let turns = |values: &[f64]| {
            let mut course = Course::default();
            values.iter().filter(|value| course.turns(**value, 2.0)).count()
        };
        assert_eq!(turns(&[50.0, 51.0, 49.5, 51.4, 50.0]), 0);
        assert_eq!(turns(&[50.0, 60.0, 58.5, 61.0, 59.0, 57.0, 58.9, 59.0]), 2);
        assert_eq!(turns(&[50.0, 48.0, 46.0, 44.0]), 0);
    }
}
