//! Two-phase immersion liquids at saturation.
//!
//! **Equation** `ln p` and `ln ρ_v` are parabolas in `u = 1000/T − 3.1` (T in K), so that pressure has a closed form both ways;
//! latent heat, specific heat and liquid density are what they are at the normal boiling point.
//! **Source** least squares to CoolProp 8 over 20 to 75 °C. **Parameters** two liquids: Novec 649 (a fluoroketone) and
//! perfluorohexane (as FC-72); their makers have left or are leaving the market, so new tanks will hold others.
//! **Box** 20 to 75 °C: pressure within 0.03 %, vapour density within 0.15 %. **Outside it** the parabolas go on to −40 and
//! 130 °C; colder they stay, hotter they go on as straight lines. **Time constant** none.

/// The middle of the fit in `1000/T` (1/K).
const MIDDLE: f64 = 3.1;
/// Saturation is held beyond these (°C).
const HELD: (f64, f64) = (-40.0, 130.0);

/// A liquid and its vapour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fluid {
    /// Its normal boiling point (°C).
    pub boils: f64,
    /// Latent heat there (J/kg).
    pub latent: f64,
    /// Liquid density there (kg/m³).
    pub density: f64,
    /// Liquid specific heat there (J/kg/K).
    pub specific_heat: f64,
    pressure: [f64; 3],
    vapour: [f64; 3],
}

/// C₆F₁₂O.
pub const NOVEC_649: Fluid = Fluid {
    boils: 49.05,
    latent: 87_900.0,
    density: 1527.0,
    specific_heat: 1122.0,
    pressure: [11.539_285_6, -3.603_903_1, -0.266_160_8],
    vapour: [2.560_626_3, -3.466_89, -0.106_110_9],
};

/// C₆F₁₄.
pub const PERFLUOROHEXANE: Fluid = Fluid {
    boils: 57.1,
    latent: 84_500.0,
    density: 1578.5,
    specific_heat: 1098.0,
    pressure: [11.257_828, -3.738_277_2, -0.296_512_4],
    vapour: [2.331_699_1, -3.573_156_7, -0.157_33],
};

impl Fluid {
    /// Vapour pressure and its slope (Pa, Pa/K) at a temperature (°C).
    #[must_use]
    pub fn pressure(&self, cel: f64) -> (f64, f64) {
        along(self.pressure, cel)
    }

    /// Density of the saturated vapour and its slope (kg/m³, kg/m³/K) at a temperature (°C).
    #[must_use]
    pub fn vapour(&self, cel: f64) -> (f64, f64) {
        along(self.vapour, cel)
    }

    /// Where it boils (°C) at a pressure (Pa, > 0).
    #[must_use]
    pub fn boiling(&self, pressure: f64) -> f64 {
        let [a, b, c] = self.pressure;
        let k = a - libm::log(pressure.max(1e-3));
        let u = 2.0 * k / (-b + (b * b - 4.0 * c * k).max(0.0).sqrt());
        (1000.0 / (u + MIDDLE).max(1.0) - 273.15).clamp(HELD.0, HELD.1)
    }
}

/// A fit and its slope: held below its range, a straight line above it, so that it stays convex.
fn along([a, b, c]: [f64; 3], cel: f64) -> (f64, f64) {
    let kelvin = cel.clamp(HELD.0, HELD.1) + 273.15;
    let u = 1000.0 / kelvin - MIDDLE;
    let value = libm::exp(a + u * (b + u * c));
    let slope = -value * (b + 2.0 * c * u) * 1000.0 / (kelvin * kelvin);
    if cel < HELD.0 { (value, 0.0) } else { (value + slope * (cel - HELD.1).max(0.0), slope) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CoolProp 8: temperature (°C), pressure (Pa), vapour density (kg/m³).
    const NOVEC: [(f64, f64, f64); 3] =
        [(20.0, 32586.8, 4.35022), (50.0, 104_704.0, 13.1866), (75.0, 230_102.0, 28.3837)];
    const HEXANE: [(f64, f64, f64); 3] =
        [(20.0, 23517.2, 3.33134), (50.0, 79077.4, 10.4949), (75.0, 178_760.0, 23.0647)];

    #[test]
    fn saturation_is_coolprops() {
        for (fluid, rows) in [(NOVEC_649, NOVEC), (PERFLUOROHEXANE, HEXANE)] {
            for (cel, pressure, density) in rows {
                assert!((fluid.pressure(cel).0 / pressure - 1.0).abs() < 5e-4, "{cel}");
                assert!((fluid.vapour(cel).0 / density - 1.0).abs() < 2e-3, "{cel}");
            }
            assert!((fluid.boiling(101_325.0) - fluid.boils).abs() < 0.1, "{}", fluid.boiling(101_325.0));
        }
    }

    #[test]
    fn both_ways_agree_slopes_are_slopes_and_the_ends_hold() {
        for fluid in [NOVEC_649, PERFLUOROHEXANE] {
            for n in -39..130 {
                let cel = f64::from(n) - 0.5;
                let (p, slope) = fluid.pressure(cel);
                assert!((fluid.boiling(p) - cel).abs() < 1e-9, "{cel}");
                let by_difference = (fluid.pressure(cel + 1e-4).0 - fluid.pressure(cel - 1e-4).0) / 2e-4;
                assert!((slope / by_difference - 1.0).abs() < 1e-6 && slope > 0.0, "{cel}");
                assert!(fluid.vapour(cel).1 > 0.0);
            }
            assert_eq!(fluid.pressure(-1e6).0, fluid.pressure(-40.0).0);
            assert!(fluid.pressure(131.0).0 > fluid.pressure(130.0).0 && fluid.pressure(1e6).0.is_finite());
            assert!(fluid.boiling(0.0).is_finite() && fluid.boiling(1e12).is_finite());
        }
    }
}
