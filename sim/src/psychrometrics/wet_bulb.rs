//! The wet bulb: where the heat that air gives to a wet wick is the heat that its water takes to evaporate.
//!
//! `W·(L + cv·t − c·t_wb) = (L − k·t_wb)·W_s(t_wb) − cp·(t − t_wb)`, one set of figures for a wet wick and one for a
//! frozen one. The difference of the two sides is convex and grows with `t_wb`, so that Newton comes down on the root
//! from any start.

use super::saturation::{COLDEST, WARMEST, first_guess, ratio_of, sloped_over};
use super::{DRY_AIR_CP, MoistAir, VAPOUR_AT_ZERO, VAPOUR_CP, WATER_CP};

/// Vapour pressure over ice at 0 °C (Pa).
const AT_FREEZING: f64 = 611.154;

/// The figures of a wick.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wick {
    frozen: bool,
    /// Vapour above the wick's water or ice at 0 °C (J/kg).
    latent: f64,
    /// How much less for each degree of the wick (J/kg/K).
    latent_fall: f64,
    /// What the wick's water or ice brings along for each degree (J/kg/K).
    condensed_cp: f64,
}

const WET: Wick =
    Wick { frozen: false, latent: VAPOUR_AT_ZERO, latent_fall: WATER_CP - VAPOUR_CP, condensed_cp: WATER_CP };
const FROZEN: Wick = Wick { frozen: true, latent: 2.83e6, latent_fall: 240.0, condensed_cp: 2100.0 };

/// The humidity ratio at which air of `celsius` at `pressure` has its wet bulb at `wet_bulb` (°C); a bulb below
/// freezing is frozen.
pub(super) fn humidity_ratio_at(celsius: f64, wet_bulb: f64, pressure: f64) -> f64 {
    let wick = if wet_bulb < 0.0 { FROZEN } else { WET };
    let saturated = sloped_over(wet_bulb <= 0.0, wet_bulb, pressure).value;
    wick.ratio_at(celsius, wet_bulb, saturated)
}

pub(super) fn of(air: &MoistAir) -> f64 {
    let (celsius, pressure) = (air.dry_bulb.clamp(COLDEST, WARMEST), air.pressure);
    let wick = wick_of(air);
    let (low, high) = if wick.frozen { (COLDEST, celsius.min(0.0)) } else { (0.0, celsius.max(0.0)) };
    let mut bulb = first_guess(air.enthalpy(), pressure).clamp(low, high);
    for _ in 0..4 {
        let saturated = sloped_over(wick.frozen, bulb, pressure);
        let latent = wick.latent - wick.latent_fall * bulb;
        let vapour = wick.latent + VAPOUR_CP * celsius - wick.condensed_cp * bulb;
        let excess = latent * saturated.value - DRY_AIR_CP * (celsius - bulb) - air.humidity_ratio * vapour;
        let slope = latent * saturated.slope - wick.latent_fall * saturated.value
            + DRY_AIR_CP
            + air.humidity_ratio * wick.condensed_cp;
        bulb = (bulb - excess / slope).clamp(low, high);
    }
    bulb
}

/// Near freezing both wicks have a wet bulb. The one further from freezing is taken, so that a slow change of the air
/// switches once, in the middle; the two are 0.3 to 0.8 K apart.
fn wick_of(air: &MoistAir) -> Wick {
    if air.dry_bulb <= 0.0 {
        return FROZEN;
    }
    let saturated = ratio_of(AT_FREEZING, air.pressure);
    let (wet, frozen) = (WET.ratio_at(air.dry_bulb, 0.0, saturated), FROZEN.ratio_at(air.dry_bulb, 0.0, saturated));
    if air.humidity_ratio > f64::midpoint(wet, frozen) { WET } else { FROZEN }
}

impl Wick {
    fn ratio_at(self, celsius: f64, bulb: f64, saturated: f64) -> f64 {
        ((self.latent - self.latent_fall * bulb) * saturated - DRY_AIR_CP * (celsius - bulb))
            / (self.latent + VAPOUR_CP * celsius - self.condensed_cp * bulb)
    }
}
