//! A purge: a small pump draws gas from under the lid through a cold trap, which gives the vapour back as liquid and lets the air go.
//!
//! **Equation** it draws `V̇` of the mixture, so that air falls as `e^(−V̇·t/V)` with the headspace `V`. The trap condenses all vapour but what the
//! air takes along at the trap's saturation, `ṁ_a·(R_a/R_v)·p_t/(p − p_t)`, and takes `h + cp·(T − T_t)` out of what it gives back.
//! **Source** Dalton; Reindl and Denkmann, Automatic Purgers in Refrigeration Systems, ASHRAE Journal, August 2001. The vapour as an ideal gas,
//! `R_v = p/(ρ·T)`. **Parameters** 0.2 to 2 litres a second, trap −30 to 5 °C, a few hundred watts. **Box** a headspace that is mixed: in a
//! real one air lies on the heavy vapour, and a purge from the top does better. **Outside it** a trap as warm as the tank gives nothing
//! back and takes no heat. **Time constant** `V/V̇`, 150 to 1500 s.

use plant::read::Section;

use super::super::vapour::Fluid;
use super::AIR;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, number};

/// A purge's design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purge {
    /// Gas that it draws (m³/s, > 0).
    pub draws: f64,
    /// Its trap (°C, -60 to 40).
    pub trap: f64,
    /// Electricity of pump and trap (W, ≥ 0).
    pub power: f64,
}

/// What a purge draws off now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Headspaces of gas (1/s).
    pub volumes: f64,
    /// Vapour that the air takes along (kg/s).
    pub slips: f64,
    /// Heat that the trap takes out of what it gives back (W).
    pub heat: f64,
}

impl Purge {
    /// Reads `[tank.two-phase.purge]`.
    pub(super) fn read(of: &Section<'_>) -> Self {
        Self {
            draws: number(of, "litres-per-s", POSITIVE) / 1000.0,
            trap: number(of, "trap-cel", (-60.0, 40.0)),
            power: number(of, "power-w", AT_LEAST_ZERO),
        }
    }

    /// What it draws over `dt` seconds from a headspace (m³) over liquid at `bath` (°C) with `air` in it (kg): means.
    pub(super) fn draws(&self, (fluid, headspace): (&Fluid, f64), (bath, air): (f64, f64), dt: f64) -> Drawn {
        let (kelvin, density) = ((bath + 273.15).max(1.0), fluid.vapour(bath).0);
        let (vapour, volumes) = (fluid.pressure(bath).0, self.draws / headspace);
        let whole = vapour + air * AIR * kelvin / headspace;
        let vapour_gas = vapour / (density * kelvin);
        let trap = fluid.pressure(self.trap).0;
        let leaves = air * (1.0 - libm::exp(-dt * volumes)) / dt;
        let drawn = self.draws * density;
        let slips = if trap < whole { (leaves * AIR / vapour_gas * trap / (whole - trap)).min(drawn) } else { drawn };
        let cools = fluid.latent + fluid.specific_heat * (bath - self.trap).max(0.0);
        Drawn { volumes, slips, heat: if bath > self.trap { (drawn - slips) * cools } else { 0.0 } }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::vapour::NOVEC_649;
    use super::*;

    const PURGE: Purge = Purge { draws: 1e-3, trap: -20.0, power: 1500.0 };

    /// 12.8 g/s of vapour at 49 °C would need 1.1 kW of cold and more for its sensible heat; the trap gives all of it back where there is no air.
    #[test]
    fn a_trap_gives_back_all_but_what_the_air_takes_along() {
        let pure = PURGE.draws((&NOVEC_649, 0.3), (49.0, 0.0), 1.0);
        assert_eq!(pure.slips, 0.0);
        let vapour = 1e-3 * NOVEC_649.vapour(49.0).0;
        assert!((pure.heat - vapour * (87_900.0 + 1122.0 * 69.0)).abs() < 1e-9, "{pure:?}");
        // 3 kPa of air: 0.3 m³ hold 9.7 g. At −20 °C a kilogram of air takes less than a kilogram of vapour along.
        let air = 3e3 * 0.3 / (AIR * 322.15);
        let airy = PURGE.draws((&NOVEC_649, 0.3), (49.0, air), 1.0);
        let leaves = air * (1.0 - libm::exp(-1.0 / 300.0));
        assert!(airy.slips > 0.1 * leaves && airy.slips < leaves, "{airy:?} of {leaves}");
        assert!(airy.slips < 0.01 * vapour && airy.heat < pure.heat, "{airy:?}");
    }

    #[test]
    fn a_trap_that_is_as_warm_as_the_tank_gives_nothing_back() {
        let warm = Purge { trap: 60.0, ..PURGE };
        let drawn = warm.draws((&NOVEC_649, 0.3), (49.0, 1e-3), 1.0);
        assert_eq!((drawn.slips, drawn.heat), (1e-3 * NOVEC_649.vapour(49.0).0, 0.0));
    }
}
