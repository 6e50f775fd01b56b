//! Immersion: machines in a bath of dielectric liquid that facility water keeps cool.
//!
//! ```text
//! single phase   boards ─ oil ─ pump ─ plate exchanger ─ facility water     the bath stays liquid
//! two phase      boards ─ boiling liquid ─ vapour ─ condenser coil ─ facility water     the bath boils at its pressure
//! ```
//!
//! [`single_phase`] warms a bath whose viscosity decides how well pump, exchanger and boards do; [`two_phase`] boils one,
//! with a pressure, a vent and a limit to how hard boards may boil. [`oil`] and [`vapour`] say what the liquids are.

pub mod circuit;
pub mod oil;
pub mod single_phase;
pub mod two_phase;
pub mod units;
pub mod vapour;

/// Facility water as it comes to a tank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facility {
    /// Its temperature (°C).
    pub entering: f64,
    /// Its flow (kg/s, ≥ 0; what is negative counts as none).
    pub flow: f64,
}

/// Baths above this (°C) are outside the box of a single-phase tank.
const HOTTEST_BATH: f64 = 120.0;
/// Baths below this (°C) are outside it too.
const COLDEST_BATH: f64 = -10.0;

/// True where a bath is outside its box.
fn outside(bath: f64) -> bool {
    !(COLDEST_BATH..=HOTTEST_BATH).contains(&bath)
}
