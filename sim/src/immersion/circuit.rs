//! A tank's oil circuit: a pump, its pipes and filter, and the oil side of a plate exchanger to facility water.
//!
//! **Equation** the pump's curve `H₀·(s² − f·x²)` meets the circuit's drop `D·(λ·v·x + (1 − λ)·x²)` at one flow `x = ṁ/ṁ₀`, in
//! closed form; `v` is the oil's viscosity over that of the design point, so cold oil flows less. The exchanger is
//! counter-flow, its sides' conductances `x^0.8·v^−0.467` (oil) and `(w/w₀)^0.8` (water). The pump draws `Δp·V̇/η`.
//! **Source** affinity laws; Hagen and Poiseuille for the laminar share λ; `Nu ∝ Re^0.8·Pr^⅓` of plates. **Parameters** head
//! 60 to 300 kPa, η 0.3 to 0.6 with motor and drive, λ 0.3 to 0.7, pump 1 to 2 % of the tank's heat.
//! **Box** speeds 0.2 to 1, viscosities up to ten times the design's. **Outside it** below a tenth of the nominal flow the sides fall
//! linearly to nothing; the pump's efficiency stays, though very thick oil would take some of it. **Time constant** none.

use crate::exchanger::{air_growth, counter_flow, grown_as};
use crate::immersion::Facility;
use crate::water::CP_WATER;

/// Exponent of viscosity on the oil side: 0.8 of Reynolds less a third of Prandtl.
const PLATE_VISCOSITY: f64 = 0.8 - 1.0 / 3.0;

/// The circuit's design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circuit {
    /// Oil at full speed and design viscosity (kg/s, > 0).
    pub flow: f64,
    /// Head at full speed and no flow (Pa, > 0).
    pub head: f64,
    /// Share of the head that is gone at nominal flow (1, 0 to 0.9).
    pub head_fall: f64,
    /// Share of the nominal drop that is laminar, and so in proportion to viscosity (1, 0 to 1).
    pub laminar: f64,
    /// Pump, motor and drive together (1, 0.1 to 1).
    pub efficiency: f64,
    /// Conductance of the exchanger at nominal flows and design viscosity (W/K, > 0).
    pub ua: f64,
    /// Oil-side over water-side conductance there (1, > 0).
    pub oil_to_water: f64,
    /// Nominal facility water (kg/s, > 0).
    pub water: f64,
}

/// The pump at one speed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pumped {
    /// Oil (kg/s).
    pub flow: f64,
    /// Electrical power, all of which ends in the oil (W).
    pub power: f64,
}

impl Circuit {
    /// Flow and power at a speed (1, clamped to 0 to 1) with oil of `density` (kg/m³) and viscosity `thick` over the
    /// design's (1, > 0).
    #[must_use]
    pub fn pumped(&self, speed: f64, density: f64, thick: f64) -> Pumped {
        let lift = speed.clamp(0.0, 1.0) * speed.clamp(0.0, 1.0);
        if lift <= 0.0 {
            return Pumped::default();
        }
        // In shares of head and nominal flow: a·x² + b·x = s².
        let a = (1.0 - self.head_fall) * (1.0 - self.laminar) + self.head_fall;
        let b = (1.0 - self.head_fall) * self.laminar * thick;
        let x = 2.0 * lift / (b + (b * b + 4.0 * a * lift).sqrt());
        let flow = self.flow * x;
        let rise = self.head * (lift - self.head_fall * x * x);
        Pumped { flow, power: rise * flow / density / self.efficiency }
    }

    /// Heat to the facility water for each kelvin between entering oil and entering water (W/K), at an oil flow (kg/s) of
    /// specific heat `cp` (J/kg/K) and viscosity `thick` over the design's (1).
    #[must_use]
    pub fn exchange(&self, oil: f64, cp: f64, thick: f64, water: Facility) -> f64 {
        let water = water.flow.max(0.0);
        let r = self.oil_to_water;
        let side = self.ua * (1.0 + r) / r;
        let thinned = libm::exp(-PLATE_VISCOSITY * libm::log(thick));
        let (one, other) = (
            r * side * grown_as(oil / self.flow, air_growth) * thinned,
            side * grown_as(water / self.water, air_growth),
        );
        let sum = one + other;
        if sum <= 0.0 {
            return 0.0;
        }
        counter_flow(one * other / sum, oil * cp, water * CP_WATER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CIRCUIT: Circuit = Circuit {
        flow: 5.7,
        head: 140e3,
        head_fall: 0.25,
        laminar: 0.5,
        efficiency: 0.5,
        ua: 13e3,
        oil_to_water: 0.4,
        water: 3.0,
    };

    #[test]
    fn the_design_point_is_met_and_a_stopped_pump_passes_nothing() {
        let at = CIRCUIT.pumped(1.0, 810.0, 1.0);
        assert!((at.flow - 5.7).abs() < 1e-12, "{at:?}");
        assert!((at.power - 140e3 * 0.75 * 5.7 / 810.0 / 0.5).abs() < 1e-9, "{at:?}");
        assert_eq!(CIRCUIT.pumped(0.0, 810.0, 1.0), Pumped::default());
        assert_eq!(CIRCUIT.exchange(0.0, 2200.0, 1.0, Facility { entering: 20.0, flow: 3.0 }), 0.0);
        assert_eq!(CIRCUIT.exchange(5.0, 2200.0, 1.0, Facility { entering: 20.0, flow: -3.0 }), 0.0);
    }

    #[test]
    fn without_a_laminar_share_the_affinity_laws_hold() {
        let turbulent = Circuit { laminar: 0.0, ..CIRCUIT };
        let (full, half) = (turbulent.pumped(1.0, 810.0, 7.0), turbulent.pumped(0.5, 810.0, 0.3));
        assert!((half.flow / full.flow - 0.5).abs() < 1e-12 && (half.power / full.power - 0.125).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn thick_oil_flows_and_exchanges_less(speed in 0.05..1.0f64, thin in 0.2..20.0f64, more in 1.01..5.0f64) {
            let (a, b) = (CIRCUIT.pumped(speed, 810.0, thin), CIRCUIT.pumped(speed, 810.0, thin * more));
            prop_assert!(b.flow < a.flow);
            let water = Facility { entering: 20.0, flow: 3.0 };
            let of = |p: Pumped, v| CIRCUIT.exchange(p.flow, 2200.0, v, water);
            prop_assert!(of(b, thin * more) < of(a, thin));
            // The pump's curve and the circuit's drop meet: worked out from the outside.
            let x = a.flow / 5.7;
            let (rise, drop) = (speed * speed - 0.25 * x * x, 0.75 * (0.5 * thin * x + 0.5 * x * x));
            prop_assert!((rise - drop).abs() < 1e-12 * (1.0 + thin), "{} {}", rise, drop);
        }
    }
}
