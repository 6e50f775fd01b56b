//! How fine a register is, learnt from how it moves.
//!
//! A register that shows whole steps only moves by multiples of its step, and so does every difference of two of its moves:
//! the smallest of these seen so far is never finer than the step, and comes down to it as the load varies.

use serde::{Deserialize, Serialize};

/// Smaller than this share of a register's value is rounding of its conversion (1): eight units in the last place.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// What is known of one register's step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grain {
    finest: Option<f64>,
    last: Option<f64>,
    /// What may have passed before the first step (Wh).
    hidden: f64,
}

impl Grain {
    /// The register moved forward, without rolling over, by more or less than it did before (Wh).
    pub fn moved(&mut self, from: f64, to: f64) {
        let rounding = ROUNDING * to.abs();
        let step = to - from;
        if step <= rounding {
            return;
        }
        let other = self.last.map(|last| (step - last).abs()).filter(|difference| *difference > rounding);
        let least = other.map_or(step, |other| other.min(step));
        self.finest = Some(self.finest.map_or(least, |finest| finest.min(least)));
        self.last = Some(step);
    }

    /// The circuit may have carried this much more (Wh); counts until the register moves for the first time.
    pub fn waits(&mut self, wh: f64) {
        if self.finest.is_none() {
            self.hidden += wh.abs();
        }
    }

    /// The most that the register may hold back (Wh): its step, or before it moved all that may have passed.
    #[must_use]
    pub fn get(&self) -> f64 {
        self.finest.unwrap_or(self.hidden)
    }
}

#[cfg(test)]
mod tests {
    use super::Grain;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn it_is_never_finer_than_the_register(step in 1u32..5000, moves in prop::collection::vec(0u32..50, 1..40)) {
            let (step, mut grain, mut at) = (f64::from(step), Grain::default(), 1e7);
            for n in moves {
                let to = at + f64::from(n) * step;
                grain.waits(step);
                grain.moved(at, to);
                at = to;
            }
            prop_assert!(grain.get() >= step, "{} of {step}", grain.get());
        }
    }

    #[test]
    fn it_comes_down_to_the_step_as_the_load_varies_and_rounding_is_no_step() {
        let mut grain = Grain::default();
        grain.waits(4.0);
        assert_eq!(grain.get(), 4.0);
        for pair in [1e6, 1e6 + 230.0, 1e6 + 460.0 + 1e-10, 1e6 + 700.0].windows(2) {
            grain.moved(pair[0], pair[1]);
        }
        assert!((grain.get() - 10.0).abs() < 1e-6, "{}", grain.get());
    }
}
