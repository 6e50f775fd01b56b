//! A meter of a hall: a power, and a register that counts energy in whole steps.

use plant::convert;
use plant::hall::MeterRole;
use plant::id::PointId;

/// A meter of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    /// Its power's point.
    pub power_point: PointId,
    /// Its register's point.
    pub energy_point: PointId,
    /// What it measures.
    pub role: MeterRole,
    /// The rows it sees by their place in the hall, nothing for all of it; and its share of them (1, 0 to 1).
    pub rows: Option<(Vec<usize>, f64)>,
    /// Where its register starts again (Wh).
    pub rollover: f64,
    /// Power now (W).
    pub power: f64,
    /// Whole steps its register has counted.
    pub counted: u64,
    /// What is on the way to the next step (Wh).
    pub rest: f64,
}

impl Meter {
    /// Counts a power held for `dt` seconds, in steps of `step` Wh. Never counts backward.
    pub fn count(&mut self, power: f64, dt: f64, step: f64) {
        self.power = power;
        self.rest += (power * dt / 3600.0).max(0.0);
        let whole = (self.rest / step).floor();
        self.counted = self.counted.saturating_add(convert::u64_from_f64_rounded(whole));
        self.rest -= whole * step;
    }

    /// What the register shows (Wh).
    #[must_use]
    pub fn register(&self, step: f64) -> f64 {
        let energy = convert::f64_from_u64(self.counted) * step;
        if self.rollover.is_finite() && self.rollover > 0.0 { energy % self.rollover } else { energy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_loses_nothing_and_rolls_over() {
        let point = PointId::default();
        let mut meter = Meter {
            power_point: point,
            energy_point: point,
            role: MeterRole::It,
            rows: None,
            rollover: 3000.0,
            power: 0.0,
            counted: 0,
            rest: 0.0,
        };
        for _ in 0..3600 {
            meter.count(3250.0, 1.0, 100.0);
        }
        assert_eq!(meter.counted, 32);
        assert!((meter.rest - 50.0).abs() < 1e-6);
        assert_eq!(meter.register(100.0), 200.0);
    }
}
