//! The lumped chain of a hall without a power tree: transformer, UPS and PDUs as one curve each.
//!
//! **Equation** `loss = rated·(a + b·x + c·x²)` with `x` the stage's output over its rating. **Source** no-load, proportional and
//! resistive losses of a converter. **Box** loads 0 to 120 %. **Outside it** no overload trips. **Time constant** none:
//! power is algebraic.
//!
//! ```text
//! utility ─ transformer ─┬─ UPS ─ PDUs ─ racks
//!                        ├─ cooling: fans, pump, chiller
//!                        └─ lights (on no meter)
//! ```

use plant::hall::MeterRole;

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
}
