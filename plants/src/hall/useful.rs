//! What work a GPU does under a cap: a curve through measured points.
//!
//! **Equation** `f(c) = min(1, ((c − s)/(p − s))^γ)`: nothing at `s`, all of it from `p` on. **Source** fits to the public tables of Zeus (V100, A40, RTX 6000, P100:
//! `s` 0.2 to 0.33, `p` 0.62 to 0.93 of the rated power, `γ` 0.14 to 1.06, off by 0.006 to 0.04). **Box** `γ ≤ 1`, so that each watt does less than the one before it.
//! **Outside it** a curve that grows steeper is taken for a straight one.

use std::cmp::Ordering;

use crate::units::Watts;

/// What work is done under a cap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Useful {
    /// No work below (W, ≥ 0).
    pub none: Watts,
    /// All work from here on (W, > `none`).
    pub full: Watts,
    /// How the watts between pay (1, 0.05 to 1).
    pub bend: f64,
}

impl Useful {
    /// Of work of which nobody has measured it, on GPUs of `rated` (W): in the midst of what is published.
    #[must_use]
    pub fn usual(rated: Watts) -> Self {
        Self { none: rated * 0.30, full: rated * 0.85, bend: 0.4 }
    }

    /// The share of the work of an uncapped GPU (1, 0 to 1).
    #[must_use]
    pub fn work(&self, cap: Watts) -> f64 {
        libm::pow(((cap - self.none) / (self.full - self.none)).clamp(0.0, 1.0), self.bend)
    }

    /// What one more watt does (1/W); nothing from `full` on.
    #[must_use]
    pub fn marginal(&self, cap: Watts) -> f64 {
        let span = self.full - self.none;
        if cap >= self.full {
            return 0.0;
        }
        let risen = ((cap - self.none) / span).max(1e-6);
        self.bend / span.0 * libm::pow(risen, self.bend - 1.0)
    }

    /// The curve that misses points (W, share of the work) least, by squares; nothing below three of them.
    #[must_use]
    pub fn fit(points: &[(f64, f64)]) -> Option<Self> {
        let most = points.iter().map(|(watts, _)| *watts).fold(0.0, f64::max);
        let least = points.iter().map(|(watts, _)| *watts).fold(f64::INFINITY, f64::min);
        if points.len() < 3 || most <= 0.0 || most.is_nan() {
            return None;
        }
        let miss =
            |of: &Self| points.iter().map(|(w, f)| (of.work(Watts(*w)) - f) * (of.work(Watts(*w)) - f)).sum::<f64>();
        let mut best: Option<(f64, Self)> = None;
        // A coarse grid, and then finer ones around what was best.
        let (mut none, mut full, mut bend) = ((0.0, 0.98 * least), (least + 0.02 * most, most), (0.05, 1.0));
        for _ in 0..6 {
            for (n, p, b) in grid(none, full, bend) {
                let of = Self { none: Watts(n), full: Watts(p), bend: b };
                let missed = miss(&of);
                if best.as_ref().is_none_or(|(of, _)| missed.total_cmp(of) == Ordering::Less) {
                    best = Some((missed, of));
                }
            }
            let (_, of) = best.as_ref()?;
            none = around(none, of.none.0, (0.0, 0.98 * least));
            full = around(full, of.full.0, (least + 0.02 * most, most));
            bend = around(bend, of.bend, (0.05, 1.0));
        }
        best.map(|(_, of)| of)
    }

    /// The cap (W) at which a fixed budget does most work, each GPU taking `overhead` (W, ≥ 0) besides what its cap says, and the work it then does for a watt
    /// over that at `rated`: more GPUs at a lower cap against fewer at a higher one. **Equation** `f′/f = 1/(c + o)`.
    #[must_use]
    pub fn sweet_spot(&self, overhead: Watts, (least, rated): (Watts, Watts)) -> (Watts, f64) {
        let gain = |cap: f64| self.work(Watts(cap)) / (cap + overhead.0).max(1e-9);
        let steps = 2000;
        let at = |n: u32| least.0 + (rated.0 - least.0) * f64::from(n) / f64::from(steps);
        let best = (0..=steps).map(at).max_by(|a, b| gain(*a).total_cmp(&gain(*b))).unwrap_or(rated.0);
        (Watts(best), gain(best) / gain(rated.0).max(1e-12))
    }
}

fn grid(none: (f64, f64), full: (f64, f64), bend: (f64, f64)) -> impl Iterator<Item = (f64, f64, f64)> {
    const STEPS: u32 = 12;
    let at = |(low, high): (f64, f64), n: u32| low + (high - low) * f64::from(n) / f64::from(STEPS);
    (0..=STEPS).flat_map(move |a| {
        (0..=STEPS).flat_map(move |b| (0..=STEPS).map(move |c| (at(none, a), at(full, b), at(bend, c))))
    })
}

/// A third of a range, around a value, inside bounds.
fn around((low, high): (f64, f64), value: f64, (least, most): (f64, f64)) -> (f64, f64) {
    let half = (high - low) / 6.0;
    ((value - half).max(least), (value + half).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Zeus' tables as in the reference: BERT on three GPUs, cap in W and throughput over the uncapped.
    const V100: [(f64, f64); 7] =
        [(250.0, 1.0), (225.0, 0.977), (200.0, 0.937), (175.0, 0.896), (150.0, 0.805), (125.0, 0.653), (100.0, 0.498)];

    #[test]
    fn a_measured_curve_is_met_within_what_was_published() {
        let of = Useful::fit(&V100).expect("points enough");
        let rms = (V100.iter().map(|(w, f)| (of.work(Watts(*w)) - f).powi(2)).sum::<f64>() / 7.0).sqrt();
        assert!(rms < 0.04, "{of:?} is off by {rms}");
        assert!((0.75..0.95).contains(&(of.full.0 / 250.0)) && (0.2..0.4).contains(&(of.none.0 / 250.0)), "{of:?}");
    }

    #[test]
    fn the_sweet_spot_is_where_the_reference_computes_it() {
        // V100 BERT (0.87, 0.32, 0.36): with 0.2 of the rated power besides, 60 % and a fifth more work; with 0.4, 70 % and a seventh more.
        let of = Useful { none: Watts(0.32 * 250.0), full: Watts(0.87 * 250.0), bend: 0.36 };
        for (overhead, cap, gain) in [(0.2, (0.5, 0.66), (1.15, 1.3)), (0.4, (0.58, 0.75), (1.08, 1.2))] {
            let (at, more) = of.sweet_spot(Watts(overhead * 250.0), (Watts(100.0), Watts(250.0)));
            assert!((cap.0..cap.1).contains(&(at.0 / 250.0)), "{overhead}: {at:?}");
            assert!((gain.0..gain.1).contains(&more), "{overhead}: {more}");
            // The condition of the optimum.
            let condition = of.marginal(at) / of.work(at) * (at.0 + overhead * 250.0);
            assert!((condition - 1.0).abs() < 0.02, "{condition}");
        }
    }

    #[test]
    fn a_marginal_watt_is_the_slope_and_never_grows() {
        let of = Useful { none: Watts(140.0), full: Watts(600.0), bend: 0.5 };
        let mut before = f64::INFINITY;
        for cap in (150..600).step_by(10).map(f64::from) {
            let slope = (of.work(Watts(cap + 0.01)) - of.work(Watts(cap - 0.01))) / 0.02;
            assert!((of.marginal(Watts(cap)) / slope - 1.0).abs() < 1e-3, "{cap}");
            assert!(slope <= before);
            before = slope;
        }
        assert_eq!((of.marginal(Watts(600.0)), of.work(Watts(650.0)), of.work(Watts(100.0))), (0.0, 1.0, 0.0));
    }
}
