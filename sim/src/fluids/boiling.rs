//! Fluids that boil on the chip: two-phase immersion tanks and two-phase cold plates.
//!
//! **Equation** `ln p_sat`, heat of evaporation, densities and specific heat at saturation as polynomials in `(t − 40
//! °C)/50 K`; `t_sat` turns `p_sat` round by two steps of Newton. **Source** CoolProp 8.0 (Helmholtz equations of
//! state), fitted by us. **Parameters** temperature (°C), pressure (Pa, absolute). **Box** −10 to 100 °C; there within
//! 0.05 % of the source. **Outside it** a property keeps its value at the end of the range, and `t_sat` ends there;
//! [`Boiling::outside`] says so. All three have their critical point beyond 165 °C. **Time constant** none: algebraic.

use super::{figures, polynomial, scaled};

/// Where the polynomials hold (°C).
const RANGE: (f64, f64) = (-10.0, 100.0);

/// A fluid at saturation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Boiling {
    /// Novec 649, a fluoroketone; boils at 49 °C. Its maker has stopped: a fluid of halls that have it.
    Novec649,
    /// Perfluorohexane, as FC-72; boils at 57 °C. Its maker has stopped as well.
    Perfluorohexane,
    /// R1233zd(E), in two-phase cold plates; boils at 18 °C.
    R1233zdE,
}

/// One fluid's polynomials, lowest power first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Saturation {
    pub(super) molar_mass: f64,
    pub(super) ln_pressure: [f64; 5],
    pub(super) evaporation: [f64; 5],
    pub(super) liquid_density: [f64; 5],
    pub(super) ln_vapour_density: [f64; 5],
    pub(super) specific_heat: [f64; 5],
    /// Temperature (°C) over `ln p − 11.5`: where Newton starts, within 0.1 K.
    pub(super) start: [f64; 4],
}

impl Boiling {
    /// Every fluid with its word.
    pub const WORDS: [(&'static str, Self); 3] =
        [("novec-649", Self::Novec649), ("perfluorohexane", Self::Perfluorohexane), ("r1233zd-e", Self::R1233zdE)];

    /// Its word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Novec649 => "novec-649",
            Self::Perfluorohexane => "perfluorohexane",
            Self::R1233zdE => "r1233zd-e",
        }
    }

    /// The fluid of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, fluid)| *fluid)
    }

    /// Where its figures hold (°C, coldest and warmest).
    #[must_use]
    pub const fn range(self) -> (f64, f64) {
        RANGE
    }

    /// True outside [`Boiling::range`].
    #[must_use]
    pub fn outside(self, celsius: f64) -> bool {
        let (coldest, warmest) = RANGE;
        !(coldest..=warmest).contains(&celsius)
    }

    /// Pressure (Pa, absolute) at which it boils at a temperature (°C).
    #[must_use]
    pub fn saturation_pressure(self, celsius: f64) -> f64 {
        libm::exp(at(&self.figures().ln_pressure, celsius))
    }

    /// Temperature (°C) at which it boils under a pressure (Pa, absolute).
    #[must_use]
    pub fn saturation_temperature(self, pressure: f64) -> f64 {
        let figures = self.figures();
        let (coldest, warmest) = RANGE;
        let wanted = libm::log(pressure.clamp(1.0, 1e8));
        let mut celsius = polynomial(&figures.start, wanted - 11.5).clamp(coldest, warmest);
        for _ in 0..2 {
            let [_, b, c, d, e] = figures.ln_pressure;
            let slope = polynomial(&[b, 2.0 * c, 3.0 * d, 4.0 * e], scaled(celsius)) / 50.0;
            celsius = (celsius - (at(&figures.ln_pressure, celsius) - wanted) / slope).clamp(coldest, warmest);
        }
        celsius
    }

    /// Heat to evaporate a kilogram (J/kg) at a temperature (°C).
    #[must_use]
    pub fn evaporation(self, celsius: f64) -> f64 {
        at(&self.figures().evaporation, celsius)
    }

    /// Density of the boiling liquid (kg/m³) at a temperature (°C).
    #[must_use]
    pub fn liquid_density(self, celsius: f64) -> f64 {
        at(&self.figures().liquid_density, celsius)
    }

    /// Density of the saturated vapour (kg/m³) at a temperature (°C).
    #[must_use]
    pub fn vapour_density(self, celsius: f64) -> f64 {
        libm::exp(at(&self.figures().ln_vapour_density, celsius))
    }

    /// Specific heat of the boiling liquid (J/kg/K) at a temperature (°C).
    #[must_use]
    pub fn specific_heat(self, celsius: f64) -> f64 {
        at(&self.figures().specific_heat, celsius)
    }

    /// Molar mass (kg/mol), for a headspace taken as ideal gas.
    #[must_use]
    pub const fn molar_mass(self) -> f64 {
        self.figures().molar_mass
    }

    const fn figures(self) -> &'static Saturation {
        match self {
            Self::Novec649 => &figures::NOVEC_649,
            Self::Perfluorohexane => &figures::PERFLUOROHEXANE,
            Self::R1233zdE => &figures::R1233ZD_E,
        }
    }
}

fn at(coefficients: &[f64], celsius: f64) -> f64 {
    let (coldest, warmest) = RANGE;
    polynomial(coefficients, scaled(celsius.clamp(coldest, warmest)))
}
