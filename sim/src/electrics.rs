//! From the utility to the racks: transformer, UPS, PDUs, each with losses; and the meters on the way.
//!
//! **Equation** `loss = rated·(a + b·x + c·x²)` with `x` the stage's output over its rating. **Source** no-load, proportional and
//! resistive losses of a converter. **Box** loads 0 to 120 %. **Outside it** no overload trips. **Time constant** none:
//! power is algebraic, energy registers count whole steps.
//!
//! ```text
//! utility ─ transformer ─┬─ UPS ─ PDUs ─ racks
//!                        ├─ cooling: fans, pump, chiller
//!                        └─ lights (on no meter)
//! ```

use plant::convert;
use plant::hall::MeterRole;
use plant::id::PointId;

use crate::physics::{Electrics, LossCurve};

/// Power along the chain at one moment (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chain {
    /// At the utility's meter.
    pub utility: f64,
    /// Leaving the UPS.
    pub ups_output: f64,
    /// Leaving the PDUs, which is what the racks take.
    pub it: f64,
    /// Fans, pump and chiller.
    pub cooling: f64,
    /// Lost in the PDUs, which stand in the hall.
    pub pdu_loss: f64,
    /// Lost in UPS and transformer, which do not.
    pub outside_loss: f64,
    /// Lights.
    pub lighting: f64,
}

impl LossCurve {
    /// The loss at an output (W).
    #[must_use]
    pub fn loss(&self, output: f64) -> f64 {
        let x = output / self.rated;
        self.rated * (self.a + self.b * x + self.c * x * x)
    }
}

impl Chain {
    /// The chain for what racks and cooling draw (W).
    #[must_use]
    pub fn of(electrics: &Electrics, it: f64, cooling: f64) -> Self {
        let pdu_loss = electrics.pdu.loss(it);
        let ups_output = it + pdu_loss;
        let ups_loss = electrics.ups.loss(ups_output);
        let carried = ups_output + ups_loss + cooling + electrics.lighting;
        let transformer_loss = electrics.transformer.loss(carried);
        Self {
            utility: carried + transformer_loss,
            ups_output,
            it,
            cooling,
            pdu_loss,
            outside_loss: ups_loss + transformer_loss,
            lighting: electrics.lighting,
        }
    }

    /// What a meter of this role reads when it sees `share` of the IT (1, 0 to 1) and `cooling` (W).
    #[must_use]
    pub fn at(&self, role: MeterRole, share: f64, cooling: f64) -> f64 {
        match role {
            MeterRole::Utility => self.utility,
            MeterRole::UpsOutput => self.ups_output * share,
            MeterRole::PduOutput | MeterRole::It => self.it * share,
            MeterRole::Cooling => cooling,
            MeterRole::Other => self.lighting,
            // The world has neither: they stand still.
            MeterRole::Generator | MeterRole::BatteryDischarge | MeterRole::BatteryCharge => 0.0,
        }
    }
}

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

    const NONE: LossCurve = LossCurve { rated: 1e6, a: 0.0, b: 0.0, c: 0.0 };

    #[test]
    fn the_chain_adds_up() {
        let ups = LossCurve { rated: 1.2e6, a: 0.006, b: 0.008, c: 0.012 };
        let electrics = Electrics { transformer: NONE, ups, pdu: NONE, lighting: 5e3, register_step: 100.0 };
        let chain = Chain::of(&electrics, 6e5, 2e5);
        let loss = 1.2e6 * (0.006 + 0.008 * 0.5 + 0.012 * 0.25);
        assert!((chain.utility - (6e5 + loss + 2e5 + 5e3)).abs() < 1e-6, "{chain:?}");
    }

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
