//! What the facility takes beside its IT: means over windows, and what two of them say of a third between them.
//!
//! Load moves what cooling takes far more than a setpoint does. So a window is compared with one before it and one after it, at the setpoints
//! between which nothing else was changed, and brought to their load with the slope that such pairs have shown.

use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;

/// Windows whose IT power is further apart than this are not compared (1).
const ALIKE: f64 = 0.08;
/// How much a pair before the last counts (1).
const MEMORY: f64 = 0.97;
/// What is believed of the slope before anything has been seen counts as a pair that is this far apart (1 of IT power).
const PRIOR: f64 = 0.04;
/// The noise that is believed before anything has been seen (1 of the overhead).
const NOISE: f64 = 0.01;
/// Three windows have so much of the noise of a pair: `√(1 + 1/2) / √2`.
const THREE: f64 = 0.866;

/// What is running, as far as it decides what a window may be compared with: machines by their number, and each economiser.
pub type Running = u32;

/// The mean of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// Facility power less IT power (W).
    pub overhead: f64,
    /// IT power (W).
    pub it: f64,
    /// What ran.
    pub running: Running,
}

/// A window that is being measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    lasted: Span,
    overhead: f64,
    it: f64,
    running: Running,
    /// What ran has changed meanwhile.
    mixed: bool,
}

/// How a window ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ended {
    /// Not yet.
    No,
    /// What ran has changed: it says nothing.
    Mixed,
    /// Its mean.
    Mean(Mean),
}

impl Window {
    /// One scan: facility and IT power (W), and what runs.
    pub fn step(&mut self, (facility, it, running): (f64, f64, Running), (long, dt): (Span, Span)) -> Ended {
        let seconds = dt.seconds();
        self.mixed |= self.lasted != Span::ZERO && running != self.running;
        self.running = running;
        self.lasted = sum(self.lasted, dt);
        self.overhead += (facility - it) * seconds;
        self.it += it * seconds;
        let lasted = self.lasted.seconds();
        match (self.lasted < long || lasted <= 0.0, self.mixed) {
            (true, _) => Ended::No,
            (false, true) => Ended::Mixed,
            (false, false) => Ended::Mean(Mean { overhead: self.overhead / lasted, it: self.it / lasted, running }),
        }
    }
}

/// What windows have shown of the facility.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Σ of squares of IT power's differences (W²),
    squares: f64,
    /// Σ of their products with the overhead's (W²).
    products: f64,
    /// Σ of squares of what the slope left unexplained (W²),
    rest: f64,
    /// over so many pairs.
    pairs: f64,
}

impl Ledger {
    /// What the overhead grows by for each watt of IT (1), believed to be in proportion until pairs say otherwise.
    #[must_use]
    pub fn slope(&self, near: &Mean) -> f64 {
        let (before, weight) = (near.overhead / near.it.max(1.0), PRIOR * near.it * PRIOR * near.it);
        (before * weight + self.products) / (weight + self.squares).max(1.0)
    }

    /// How far two windows at the same setpoints are apart when their load has been accounted for (W, standard deviation).
    #[must_use]
    pub fn noise(&self, near: &Mean) -> f64 {
        let before = NOISE * near.overhead;
        libm::sqrt((before * before + self.rest) / (1.0 + self.pairs))
    }

    /// The standard error of one [`Ledger::saved`] (W).
    #[must_use]
    pub fn error(&self, near: &Mean) -> f64 {
        THREE * self.noise(near)
    }

    /// Two windows at the same setpoints.
    pub fn learn(&mut self, first: &Mean, second: &Mean) {
        if !alike(first, second) {
            return;
        }
        let (it, overhead) = (second.it - first.it, second.overhead - first.overhead);
        let rest = overhead - self.slope(first) * it;
        self.squares = MEMORY * self.squares + it * it;
        self.products = MEMORY * self.products + it * overhead;
        self.rest = MEMORY * self.rest + rest * rest;
        self.pairs = MEMORY * self.pairs + 1.0;
    }

    /// What the overhead of the middle one of three windows is less than that of the two around it, at its load (W); nothing where they
    /// cannot be compared.
    #[must_use]
    pub fn saved(&self, [before, between, after]: &[Mean; 3]) -> Option<f64> {
        if !(alike(before, after) && alike(before, between) && alike(between, after)) {
            return None;
        }
        let (it, overhead) = (f64::midpoint(before.it, after.it), f64::midpoint(before.overhead, after.overhead));
        Some(overhead + self.slope(before) * (between.it - it) - between.overhead)
    }
}

/// The same machines ran, and about as much IT.
fn alike(one: &Mean, other: &Mean) -> bool {
    one.running == other.running && (one.it - other.it).abs() <= ALIKE * one.it && one.it > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(overhead: f64, it: f64) -> Mean {
        Mean { overhead, it, running: 3 }
    }

    #[test]
    fn the_slope_and_the_noise_are_learnt_from_pairs_at_the_same_setpoints() {
        let mut ledger = Ledger::default();
        let near = mean(80e3, 800e3);
        assert!(
            (ledger.slope(&near) - 0.1).abs() < 1e-12 && (ledger.noise(&near) - 800.0).abs() < 1e-9,
            "in proportion"
        );
        for n in 0..200 {
            let it = 40e3 * libm::sin(f64::from(n));
            let noise = 100.0 * libm::cos(f64::from(n * 7));
            ledger.learn(&near, &mean(80e3 + 0.25 * it + noise, 800e3 + it));
        }
        assert!((ledger.slope(&near) - 0.25).abs() < 0.01, "{}", ledger.slope(&near));
        assert!((50.0..300.0).contains(&ledger.noise(&near)), "{}", ledger.noise(&near));
    }

    #[test]
    fn what_lies_between_two_windows_is_judged_at_its_load_and_without_drift() {
        let ledger = Ledger::default();
        let saved = ledger.saved(&[mean(80e3, 800e3), mean(78e3, 800e3), mean(82e3, 800e3)]).expect("comparable");
        assert!((saved - 3e3).abs() < 1e-9, "the two around it have a mean of 81 kW: {saved}");
        let more = ledger.saved(&[mean(80e3, 800e3), mean(82e3, 840e3), mean(80e3, 800e3)]).expect("comparable");
        assert!((more - 2e3).abs() < 1e-9, "at its load they would take 84 kW: {more}");
    }

    #[test]
    fn nothing_is_said_of_windows_with_other_machines_or_another_load() {
        let (ledger, of) = (Ledger::default(), mean(80e3, 800e3));
        assert_eq!(ledger.saved(&[of, Mean { running: 4, ..of }, of]), None);
        assert_eq!(ledger.saved(&[of, mean(80e3, 900e3), of]), None);
        assert_eq!(ledger.saved(&[of, of, mean(80e3, 700e3)]), None);
        let mut learnt = ledger;
        learnt.learn(&of, &Mean { running: 4, ..of });
        assert_eq!(learnt, ledger);
    }

    #[test]
    fn a_window_ends_after_its_time_and_says_nothing_where_machines_changed() {
        let (minute, long) = (Span::from_secs(60), Span::from_secs(180));
        let mut window = Window::default();
        assert_eq!(window.step((900.0, 800.0, 1), (long, minute)), Ended::No);
        assert_eq!(window.step((930.0, 800.0, 1), (long, minute)), Ended::No);
        let Ended::Mean(mean) = window.step((900.0, 770.0, 1), (long, minute)) else { panic!("over") };
        assert!((mean.overhead - 120.0).abs() < 1e-9 && (mean.it - 790.0).abs() < 1e-9);
        let mut window = Window::default();
        for running in [1, 2] {
            assert_eq!(window.step((900.0, 800.0, running), (long, minute)), Ended::No);
        }
        assert_eq!(window.step((900.0, 800.0, 2), (long, minute)), Ended::Mixed);
    }
}
