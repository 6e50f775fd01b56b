//! Where our loop would stand at rest, beside somebody else's.
//!
//! **Equation** `u* = clamp(u + (sp − pv)/k)`, where `u` is what their devices hold, `pv` what that comes to, `sp` what ours would hold and
//! `k` what the pv goes for each percent of output. It is looked no farther than [`TRUST`] from `u`: `k` is a slope at one place of a curve
//! that is none farther off. The error is taken without its noise. **Source** the first-order model of the loop's own trial, where it was
//! tuned; otherwise the slope in the hall's map of the component. Without either only the side is told.
//!
//! What only follows differs by nothing, and what integrates against a plant that does not listen ends at its most: neither says
//! what would be.

use libm::exp;
use plant::time::Span;
use serde::{Deserialize, Serialize};

/// How far from where it stands a slope is believed (%).
pub const TRUST: f64 = 15.0;
/// The time constant that takes noise, and what comes and goes, out of the error (s).
const SMOOTH: f64 = 300.0;

/// What a loop's slope comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A trial of the loop.
    Trial,
    /// The hall's map of the component.
    Map,
}

/// What one scan sees of a loop that somebody else leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// What its running devices hold, on average (%).
    pub held: f64,
    /// Our setpoint less what is measured, in the pv's unit; nothing while that is not known.
    pub error: Option<f64>,
    /// What the pv goes for each percent of output.
    pub slope: Option<f64>,
    /// What the outputs may be (%).
    pub range: (f64, f64),
}

/// Where our loop would stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// Our setpoint less what is measured, without its noise.
    error: Option<f64>,
    /// Where (%); nothing where no slope or no error is known.
    at: Option<f64>,
    /// Which way ours would go from theirs: above zero for more of it.
    way: f64,
}

impl Rest {
    /// One scan. `direct` where more output lowers what is measured.
    pub fn look(&mut self, seen: &Seen, direct: bool, dt: Span) {
        let Some(error) = seen.error.filter(|error| error.is_finite()) else {
            *self = Self::default();
            return;
        };
        let share = 1.0 - exp(-dt.seconds() / SMOOTH);
        let error = self.error.map_or(error, |before| before + share * (error - before));
        self.error = Some(error);
        self.way = if direct { -error } else { error };
        // A slope of the other sign is none of this loop's.
        let slope = seen.slope.filter(|k| if direct { *k < 0.0 } else { *k > 0.0 });
        let step = slope.map(|k| (error / k).clamp(-TRUST, TRUST));
        let (low, high) = seen.range;
        self.at = step.map(|step| (seen.held + step).clamp(low.min(seen.held), high.max(seen.held)));
    }

    /// Where it would stand (%), where that can be told.
    #[must_use]
    pub const fn at(&self) -> Option<f64> {
        self.at
    }

    /// Our setpoint less what is measured, without its noise.
    #[must_use]
    pub const fn error(&self) -> Option<f64> {
        self.error
    }

    /// Which way it would go: above zero for more output.
    #[must_use]
    pub const fn way(&self) -> f64 {
        self.way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rest(seen: &Seen, direct: bool, seconds: u32) -> Rest {
        let mut rest = Rest::default();
        (0..seconds).for_each(|_| rest.look(seen, direct, Span::from_secs(1)));
        rest
    }

    const AIR: Seen = Seen { held: 60.0, error: Some(1.0), slope: Some(-0.1), range: (20.0, 100.0) };

    #[test]
    fn air_that_is_colder_than_ours_would_be_needs_less_of_it() {
        let at = rest(&AIR, true, 1).at().expect("known");
        assert!((at - 50.0).abs() < 1e-9, "{at}");
    }

    #[test]
    fn a_slope_is_believed_near_by_and_not_for_a_whole_range() {
        let flat = Seen { slope: Some(-0.001), ..AIR };
        assert!((rest(&flat, true, 1).at().expect("known") - 45.0).abs() < 1e-9);
        let wrong = Seen { slope: Some(0.1), ..AIR };
        assert_eq!(rest(&wrong, true, 1).at(), None, "a slope of the other sign");
        assert!(rest(&wrong, true, 1).way() < 0.0, "the side is told all the same");
    }

    #[test]
    fn noise_is_not_taken_for_a_difference() {
        let mut rest = Rest::default();
        let mut worst: f64 = 0.0;
        for n in 0..7200 {
            let error = Some(if n % 2 == 0 { 0.5 } else { -0.5 });
            rest.look(&Seen { error, ..AIR }, true, Span::from_secs(1));
            if n > 1800 {
                worst = worst.max((rest.at().expect("known") - 60.0).abs());
            }
        }
        assert!(worst < 0.1, "{worst}");
    }

    #[test]
    fn what_is_not_known_tells_nothing() {
        assert_eq!(rest(&Seen { error: None, ..AIR }, true, 10), Rest::default());
        assert_eq!(rest(&Seen { slope: None, ..AIR }, true, 10).at(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Inside the range or where it stands already, never farther than trusted, and on the side that closes the error.
        #[test]
        fn it_stays_inside_and_goes_the_right_way(
            held in 0.0..100.0_f64, error in -20.0..20.0_f64, slope in 1e-3..10.0_f64, direct: bool, low in 0.0..50.0_f64,
        ) {
            let slope = if direct { -slope } else { slope };
            let seen = Seen { held, error: Some(error), slope: Some(slope), range: (low, 100.0) };
            let at = rest(&seen, direct, 1).at().expect("known");
            prop_assert!((at - held).abs() <= TRUST + 1e-9);
            prop_assert!(at >= low.min(held) && at <= 100.0);
            prop_assert!((at - held) * (error / slope) >= 0.0);
        }
    }
}
