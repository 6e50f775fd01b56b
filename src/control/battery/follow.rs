//! Whether a battery does what it is asked.

use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;

/// It may be so far behind (1, of its rating and of its order).
const SLACK: (f64, f64) = (0.02, 0.1);
/// It is behind, or follows again, for good after so long.
const FOR_GOOD: Span = Span::from_secs(15);
/// What it could not do is forgotten when nobody has asked for so long.
const FORGOTTEN: Span = Span::from_secs(300);

/// Whether it follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Follow {
    /// What it gives while it gives less than it is asked for (W).
    able: Option<f64>,
    /// For how long the contrary has held.
    since: Span,
    /// For how long nothing was asked.
    idle: Span,
}

impl Follow {
    /// What it is able to give (W); nothing while it does as it is asked.
    #[must_use]
    pub const fn able(&self) -> Option<f64> {
        self.able
    }

    /// One scan: what it was told to give and gives (W). What is to be told.
    pub fn step(&mut self, (ordered, power): (f64, f64), rated: f64, dt: Span) -> Option<bool> {
        let asked = ordered > SLACK.0 * rated;
        self.idle = if asked { Span::ZERO } else { sum(self.idle, dt) };
        let behind = asked && power < ordered * (1.0 - SLACK.1) - SLACK.0 * rated;
        let contrary = if self.able.is_some() { asked && !behind } else { behind };
        self.since = if contrary { sum(self.since, dt) } else { Span::ZERO };
        let turns = self.since >= FOR_GOOD || (self.able.is_some() && self.idle >= FORGOTTEN);
        let lags = self.able.is_some() != turns;
        self.able = lags.then_some(power.max(0.0));
        if turns {
            self.since = Span::ZERO;
        }
        turns.then_some(lags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);

    #[test]
    fn one_that_is_on_its_way_follows_and_one_that_stays_behind_is_counted_on_for_what_it_gives() {
        let mut follow = Follow::default();
        for power in [0.0, 50e3, 100e3] {
            assert_eq!(follow.step((100e3, power), 100e3, SECOND), None);
        }
        assert_eq!(follow.able(), None);
        let told: Vec<_> = (0..20).filter_map(|_| follow.step((100e3, 40e3), 100e3, SECOND)).collect();
        assert_eq!((told, follow.able()), (vec![true], Some(40e3)));
        let told: Vec<_> = (0..20).filter_map(|_| follow.step((100e3, 99e3), 100e3, SECOND)).collect();
        assert_eq!((told, follow.able()), (vec![false], None));
    }

    #[test]
    fn what_it_could_not_do_is_tried_again_after_a_rest() {
        let mut follow = Follow::default();
        let told: Vec<_> = (0..20).filter_map(|_| follow.step((100e3, 0.0), 100e3, SECOND)).collect();
        assert_eq!((told, follow.able()), (vec![true], Some(0.0)));
        let told: Vec<_> = (0..301).filter_map(|_| follow.step((0.0, 0.0), 100e3, SECOND)).collect();
        assert_eq!((told, follow.able()), (vec![false], None));
    }
}
