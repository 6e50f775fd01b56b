//! The liquids of a hall: what a kilogram of water, glycol or immersion fluid carries, conducts and drags.
//!
//! **Equation** density, specific heat, conductivity and the logarithm of viscosity as polynomials in `(t − 40 °C)/50
//! K`, at 3 bar. **Source** CoolProp 8.0 for water (IAPWS) and glycols (Melinder 2010), fitted by us; glycols by mass.
//! Immersion fluids: handbook figures of PAO 4 and of a light hydrocarbon, viscosity by ASTM D341 through its values at
//! 40 and 100 °C. **Parameters** temperature (°C). **Box** [`Fluid::range`]: water 1 to 95 °C, glycols from just above
//! freezing to 90 °C, immersion fluids 0 to 100 °C; there within 0.1 % of the source, viscosity included. Immersion
//! fluids differ by maker: 3 % in density, 5 % in specific heat, 10 % in conductivity; give the maker's own figures
//! where they matter. **Outside it** a property keeps its value at the end of the range; [`Fluid::outside`] says so.
//! Nothing freezes, nothing boils. **Time constant** none: algebraic. **Cost** a few nanoseconds; viscosity needs one
//! exponential.

mod boiling;
mod figures;

pub use boiling::Boiling;

/// A liquid that is pumped around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fluid {
    /// Water.
    Water,
    /// Water with 20 % of propylene glycol by mass; freezes at −7 °C.
    Pg20,
    /// Water with 25 % of propylene glycol by mass, the usual loop of a CDU; freezes at −10 °C.
    Pg25,
    /// Water with 30 % of propylene glycol by mass; freezes at −13 °C.
    Pg30,
    /// Water with 20 % of ethylene glycol by mass; freezes at −8 °C.
    Eg20,
    /// Water with 25 % of ethylene glycol by mass; freezes at −11 °C.
    Eg25,
    /// Water with 30 % of ethylene glycol by mass; freezes at −15 °C.
    Eg30,
    /// Polyalphaolefin of 4 mm²/s at 100 °C, for single-phase immersion.
    Pao4,
    /// A light hydrocarbon of 10 mm²/s at 40 °C (isoparaffin, gas-to-liquid), for single-phase immersion.
    Hydrocarbon,
}

/// One fluid's polynomials, lowest power first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figures {
    range: (f64, f64),
    density: &'static [f64],
    specific_heat: &'static [f64],
    conductivity: &'static [f64],
    ln_viscosity: &'static [f64],
}

impl Fluid {
    /// Every fluid with its word.
    pub const WORDS: [(&'static str, Self); 9] = [
        ("water", Self::Water),
        ("pg-20", Self::Pg20),
        ("pg-25", Self::Pg25),
        ("pg-30", Self::Pg30),
        ("eg-20", Self::Eg20),
        ("eg-25", Self::Eg25),
        ("eg-30", Self::Eg30),
        ("pao-4", Self::Pao4),
        ("hydrocarbon", Self::Hydrocarbon),
    ];

    /// Its word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Water => "water",
            Self::Pg20 => "pg-20",
            Self::Pg25 => "pg-25",
            Self::Pg30 => "pg-30",
            Self::Eg20 => "eg-20",
            Self::Eg25 => "eg-25",
            Self::Eg30 => "eg-30",
            Self::Pao4 => "pao-4",
            Self::Hydrocarbon => "hydrocarbon",
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
        self.figures().range
    }

    /// True outside [`Fluid::range`].
    #[must_use]
    pub fn outside(self, celsius: f64) -> bool {
        let (coldest, warmest) = self.range();
        !(coldest..=warmest).contains(&celsius)
    }

    /// Density (kg/m³) at a temperature (°C).
    #[must_use]
    pub fn density(self, celsius: f64) -> f64 {
        polynomial(self.figures().density, self.scaled(celsius))
    }

    /// Specific heat (J/kg/K) at a temperature (°C).
    #[must_use]
    pub fn specific_heat(self, celsius: f64) -> f64 {
        polynomial(self.figures().specific_heat, self.scaled(celsius))
    }

    /// Thermal conductivity (W/m/K) at a temperature (°C).
    #[must_use]
    pub fn conductivity(self, celsius: f64) -> f64 {
        polynomial(self.figures().conductivity, self.scaled(celsius))
    }

    /// Dynamic viscosity (Pa·s) at a temperature (°C).
    #[must_use]
    pub fn viscosity(self, celsius: f64) -> f64 {
        libm::exp(polynomial(self.figures().ln_viscosity, self.scaled(celsius)))
    }

    /// Kinematic viscosity (m²/s) at a temperature (°C).
    #[must_use]
    pub fn kinematic_viscosity(self, celsius: f64) -> f64 {
        self.viscosity(celsius) / self.density(celsius)
    }

    /// Prandtl number (1) at a temperature (°C).
    #[must_use]
    pub fn prandtl(self, celsius: f64) -> f64 {
        self.specific_heat(celsius) * self.viscosity(celsius) / self.conductivity(celsius)
    }

    /// Heat that a flow (kg/s) carries for each kelvin at a temperature (W/K; °C).
    #[must_use]
    pub fn capacity_flow(self, kg_s: f64, celsius: f64) -> f64 {
        kg_s * self.specific_heat(celsius)
    }

    /// Heat that a volume (m³) holds for each kelvin at a temperature (J/K; °C).
    #[must_use]
    pub fn heat_capacity(self, volume: f64, celsius: f64) -> f64 {
        volume * self.density(celsius) * self.specific_heat(celsius)
    }

    fn scaled(self, celsius: f64) -> f64 {
        let (coldest, warmest) = self.range();
        scaled(celsius.clamp(coldest, warmest))
    }
}

/// The polynomials' variable, small and without unit.
fn scaled(celsius: f64) -> f64 {
    (celsius - 40.0) / 50.0
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests;
