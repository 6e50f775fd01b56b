//! The cold side of a DX unit: what a coil makes of moist air when refrigerant takes so much heat from it.
//!
//! **Equation** a share `b` of the air bypasses; the rest leaves as saturated air at the surface,
//! `h_s = h_in − Q/(ṁ·(1 − b))`. Where that air would hold more vapour than the entering, the coil is dry. **Source** the bypass factor of
//! Carrier; ASHRAE *Handbook – HVAC Systems and Equipment*, air-cooling coils. **Parameters** bypass 0.05 to 0.3.
//! **Box** surface −15 to 30 °C. **Outside it** a surface cannot get colder than −15 °C: less heat is taken. Condensate
//! leaves with no heat of its own (less than 1 % of the latent heat). **Time constant** none; the unit's own is
//! [`super::Dx`]'s.

use super::super::air_economiser::Air;
use super::super::moist::{enthalpy, saturated, saturated_at, saturated_enthalpy, temperature};

/// No coil's surface gets colder (°C): the compressor has nothing left to suck.
const COLDEST: f64 = -15.0;

/// Moist air through a coil.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entering {
    /// State.
    pub air: Air,
    /// Dry air (kg/s, > 0).
    pub flow: f64,
    /// Pressure (Pa).
    pub pressure: f64,
    /// Share that bypasses (1, 0 to 0.9).
    pub bypass: f64,
}

/// What leaves the coil, and what it took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Left {
    /// Leaving air.
    pub air: Air,
    /// Heat (W).
    pub total: f64,
    /// The part that cooled the air (W).
    pub sensible: f64,
    /// Water condensed (kg/s).
    pub condensate: f64,
    /// Surface (°C).
    pub surface: f64,
    /// The same were the coil wet, where the next step's search begins (°C).
    pub saturated: f64,
}

impl Entering {
    /// Takes `heat` (W, ≥ 0), or less where the surface is as cold as it gets. `near` is a guess of the surface (°C).
    pub(super) fn cooled(&self, heat: f64, near: f64) -> Left {
        let (air, through) = (self.air, self.flow * (1.0 - self.bypass));
        let before = air.enthalpy();
        let dry_most = through * air.cp() * (air.celsius - COLDEST).max(0.0);
        let wet_most = through * (before - saturated_enthalpy(COLDEST, self.pressure)).max(0.0);
        let heat = heat.min(dry_most.max(wet_most));
        let wet = saturated_at(before - heat / through, self.pressure, near);
        let moist = saturated(wet, self.pressure);
        let after = before - heat / self.flow;
        if moist >= air.humidity {
            let left = Air { celsius: temperature(after, air.humidity), humidity: air.humidity };
            let surface = air.celsius - heat / (through * air.cp());
            return Left { air: left, total: heat, sensible: heat, condensate: 0.0, surface, saturated: wet };
        }
        let humidity = air.humidity - (1.0 - self.bypass) * (air.humidity - moist);
        let left = Air { celsius: temperature(after, humidity), humidity };
        let sensible = self.flow * (enthalpy(air.celsius, humidity) - after);
        Left {
            air: left,
            total: heat,
            sensible,
            condensate: self.flow * (air.humidity - humidity),
            surface: wet,
            saturated: wet,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entering(celsius: f64, humidity: f64, flow: f64) -> Entering {
        Entering { air: Air { celsius, humidity }, flow, pressure: 101_325.0, bypass: 0.1 }
    }

    #[test]
    fn a_wet_coil_is_what_psychrolib_makes_of_it() {
        // PsychroLib 2.5.0, step by step: surface, leaving dry bulb, humidity ratio and sensible share.
        let wanted = [
            ((26.7, 0.011_12, 6.5, 0.1, 1e5), (13.569, 14.885, 0.009_833, 0.7866)),
            ((30.0, 0.012, 5.0, 0.15, 1e5), (13.265, 15.785, 0.009_873, 0.7281)),
            ((24.0, 0.0095, 8.0, 0.05, 9e4), (12.939, 13.493, 0.009_304, 0.9558)),
        ];
        for ((celsius, humidity, flow, bypass, heat), (surface, leaving, damp, share)) in wanted {
            let left = Entering { bypass, ..entering(celsius, humidity, flow) }.cooled(heat, 12.0);
            assert!((left.surface - surface).abs() < 0.01 && (left.air.celsius - leaving).abs() < 0.01, "{left:?}");
            assert!((left.air.humidity - damp).abs() < 2e-6, "{left:?}");
            assert!((left.sensible / left.total - share).abs() < 1e-3, "{left:?}");
        }
    }

    #[test]
    fn a_dry_hall_is_all_sensible() {
        let hall = entering(35.0, 0.007, 0.084).cooled(1000.0, 12.0);
        assert!(hall.sensible == hall.total && hall.condensate == 0.0, "{hall:?}");
        assert!((hall.air.celsius - (35.0 - 1000.0 / (0.084 * hall.air.cp()))).abs() < 1e-9);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn heat_is_what_the_air_lost_and_no_coil_is_colder_than_it_can_be(
            celsius in -10.0..50.0f64, damp in 0.0..0.02f64, flow in 0.01..20.0f64, heat in 0.0..1e6f64,
        ) {
            let of = entering(celsius, damp, flow);
            let left = of.cooled(heat, 12.0);
            let lost = flow * (of.air.enthalpy() - left.air.enthalpy());
            prop_assert!((lost - left.total).abs() <= 1e-9 * (flow * 1e5 + left.total), "{left:?}");
            prop_assert!(left.total <= heat && left.surface >= COLDEST - 0.1 && left.condensate >= 0.0, "{left:?}");
            prop_assert!(left.sensible <= left.total * (1.0 + 1e-9) + 1.0, "{left:?}");
            prop_assert!(left.air.humidity <= damp && left.air.humidity >= 0.0);
        }
    }
}
