//! A single-phase immersion liquid: hydrocarbons, synthetic oils (PAO), esters.
//!
//! **Equation** kinematic viscosity by Walther, `ln ln(ν + 0.7) = a − b·ln T` with ν in mm²/s and T in K, through the two figures
//! every data sheet gives. Density and specific heat are constants. **Source** ASTM D341. **Parameters** ρ 770 to 850 kg/m³,
//! cp 2.0 to 2.3 kJ/kg/K, ν(40 °C) 5 to 20 mm²/s. **Box** −10 to 120 °C. **Outside it** viscosity stays what it is at −40
//! and at 150 °C. **Time constant** none.

/// Added to a viscosity before Walther's logarithms (mm²/s).
const WALTHER: f64 = 0.7;
/// The two temperatures of a data sheet (K).
const SHEET: (f64, f64) = (313.15, 373.15);
/// Viscosity is held beyond these (°C).
const HELD: (f64, f64) = (-40.0, 150.0);

/// A liquid, from its data sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oil {
    /// Density (kg/m³, 600 to 2000).
    pub density: f64,
    /// Specific heat (J/kg/K, 800 to 4200).
    pub specific_heat: f64,
    a: f64,
    b: f64,
}

impl Oil {
    /// From density (kg/m³), specific heat (J/kg/K) and kinematic viscosity at 40 and at 100 °C (mm²/s, both > 0.4, the
    /// second not above the first).
    #[must_use]
    pub fn new(density: f64, specific_heat: f64, viscosity: (f64, f64)) -> Self {
        let twice = |v: f64| libm::log(libm::log(v.max(0.4) + WALTHER));
        let (cool, hot) = (twice(viscosity.0), twice(viscosity.1));
        let b = ((cool - hot) / libm::log(SHEET.1 / SHEET.0)).max(0.0);
        Self { density, specific_heat, a: cool + b * libm::log(SHEET.0), b }
    }

    /// Kinematic viscosity (mm²/s) at a temperature (°C).
    #[must_use]
    pub fn viscosity(&self, cel: f64) -> f64 {
        let kelvin = cel.clamp(HELD.0, HELD.1) + 273.15;
        libm::exp(libm::exp(self.a - self.b * libm::log(kelvin))) - WALTHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_sheet_comes_back_and_warm_oil_is_thin() {
        let oil = Oil::new(810.0, 2200.0, (9.8, 2.7));
        assert!((oil.viscosity(40.0) - 9.8).abs() < 1e-9, "{}", oil.viscosity(40.0));
        assert!((oil.viscosity(100.0) - 2.7).abs() < 1e-9, "{}", oil.viscosity(100.0));
        let mut before = f64::INFINITY;
        for cel in -40..=150 {
            let now = oil.viscosity(f64::from(cel));
            assert!(now < before && now > 0.3, "{cel} °C: {now}");
            before = now;
        }
        assert_eq!(oil.viscosity(1e9), oil.viscosity(150.0));
        assert_eq!(oil.viscosity(-1e9), oil.viscosity(-40.0));
    }

    /// ISO VG 32 oil of viscosity index 95 to 100: about 32 mm²/s at 40 °C, 5.4 at 100, and some 300 at 0 °C.
    #[test]
    fn walther_extrapolates_as_the_charts_do() {
        let cold = Oil::new(870.0, 1900.0, (32.0, 5.4)).viscosity(0.0);
        assert!((250.0..350.0).contains(&cold), "{cold}");
    }
}
