//! The valve of an economiser's plates, which its own panel moves by the water that leaves them: whether it stands still although that water
//! asks for more of it, or for less.
//!
//! ```text
//!            runs, the water much warmer and not open, or much colder and not shut, and no move for `PATIENCE`
//!   Moves ─────────────────────────────────────────────────────────────────────────────────────────────────────▶ Stuck (told)
//!     ▲                                                                                                            │
//!     └────────────────────────────────────────── it has moved ────────────────────────────────────────────────────┘
//! ```

use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::sequence::Timer;

/// A valve that has gone so far has moved (%).
const MOVES: f64 = 2.0;
/// Water that leaves so much warmer than held asks for more of it (K).
const WARM: f64 = 2.0;
/// Water that leaves so much colder asks for less (K): beside the tower's fans it is held a kelvin below.
const COLD: f64 = 3.0;
/// Open, and shut, are within this of its ends (%).
const ENDS: (f64, f64) = (5.0, 95.0);
/// A panel's own loop may be slow.
const PATIENCE: Span = Span::from_secs(900);

/// What is remembered of the valve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plates {
    /// Where it stood when it moved last (%).
    from: Option<f64>,
    /// How long it has stood still although the water asks for something else.
    still: Timer,
    stuck: bool,
}

impl Plates {
    /// One scan: whether the economiser runs, where its valve stands (%), and how much warmer the water leaves than it is held (K), where
    /// they are known now. True where it begins to be stuck.
    pub fn step(&mut self, runs: bool, (at, warmer): (Option<f64>, Option<f64>), dt: Span) -> bool {
        let Some(at) = at else { return false };
        if self.from.is_none_or(|from| libm::fabs(at - from) > MOVES) {
            *self = Self { from: Some(at), ..Self::default() };
        }
        let (shut, open) = ENDS;
        let asks = warmer.is_some_and(|by| (by > WARM && at < open) || (by < -COLD && at > shut));
        self.still.count(runs && asks, dt);
        let begins = !self.stuck && self.still.reached(PATIENCE);
        self.stuck |= begins;
        begins
    }

    /// True from when it stood still for too long until it has moved.
    #[must_use]
    pub const fn are_stuck(&self) -> bool {
        self.stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Span = Span::from_secs(60);

    fn minutes(plates: &mut Plates, many: u32, seen: (Option<f64>, Option<f64>)) -> Option<u32> {
        (1..=many).find(|_| plates.step(true, seen, MINUTE))
    }

    #[test]
    fn one_that_stands_still_in_water_that_is_too_warm_is_told_once_until_it_moves() {
        let mut plates = Plates::default();
        assert_eq!(minutes(&mut plates, 60, (Some(40.0), Some(3.0))), Some(15));
        assert_eq!(minutes(&mut plates, 60, (Some(41.0), Some(3.0))), None, "told once; a wavering report is no move");
        assert!(plates.are_stuck());
        assert!(!plates.step(false, (Some(41.0), None), MINUTE) && plates.are_stuck(), "nothing is mended by a rest");
        assert!(!plates.step(true, (Some(44.0), Some(3.0)), MINUTE) && !plates.are_stuck(), "it moves");
        assert_eq!(minutes(&mut plates, 60, (Some(44.0), Some(3.0))), Some(14));
    }

    #[test]
    fn one_that_stands_open_in_water_that_is_too_cold_is_told_too() {
        assert_eq!(minutes(&mut Plates::default(), 60, (Some(100.0), Some(-4.0))), Some(15));
    }

    #[test]
    fn what_has_no_more_to_give_is_not_stuck() {
        for (at, by) in [(100.0, 5.0), (96.0, 3.0), (0.0, -5.0), (50.0, 1.0), (50.0, -2.0)] {
            assert_eq!(minutes(&mut Plates::default(), 600, (Some(at), Some(by))), None, "{at} % at {by} K");
        }
    }

    #[test]
    fn one_that_moves_slowly_or_stands_by_or_is_not_seen_is_not_stuck() {
        let mut plates = Plates::default();
        assert!((0..300_u32).all(|n| !plates.step(true, (Some(f64::from(n) * 0.3), Some(4.0)), MINUTE)));
        let mut plates = Plates::default();
        assert!((0..300).all(|_| !plates.step(false, (Some(0.0), Some(4.0)), MINUTE)), "it does not run");
        assert_eq!(minutes(&mut plates, 300, (None, Some(4.0))), None);
        assert_eq!(minutes(&mut plates, 300, (Some(40.0), None)), None);
    }
}
