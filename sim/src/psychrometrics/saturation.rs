//! Moist air at saturation: vapour pressure over ice and water, humidity ratio and enthalpy, each with its slope, and
//! back.

use super::{DRY_AIR_CP, MOLAR_RATIO, VAPOUR_AT_ZERO, VAPOUR_CP};

/// The triple point: colder vapour stands over ice, warmer over water (°C).
const TRIPLE_POINT: f64 = 0.01;
/// Vapour pressure at the triple point (Pa).
const TRIPLE_PRESSURE: f64 = 611.657;
/// The formulas' coldest temperature (°C).
pub(super) const COLDEST: f64 = -100.0;
/// The formulas' warmest temperature (°C).
pub(super) const WARMEST: f64 = 200.0;
/// The largest share of the pressure that is given to vapour; above it air boils away.
const MOST_VAPOUR: f64 = 0.9;

/// Something at saturation, and how fast it grows with temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sloped {
    /// The value.
    pub value: f64,
    /// Its derivative, for each kelvin.
    pub slope: f64,
}

/// Vapour pressure at saturation (Pa): over ice up to the triple point, over water above it. Temperature in °C, held in
/// −100 to 200.
#[must_use]
pub fn vapour_pressure(celsius: f64) -> f64 {
    libm::exp(logarithm(celsius).value)
}

/// Vapour pressure at saturation (Pa) by the formula over ice or the one over water, whatever stands there at this temperature (°C).
#[must_use]
pub fn over(ice: bool, celsius: f64) -> f64 {
    libm::exp(if ice { over_ice(celsius) } else { over_water(celsius) }.value)
}

/// The temperature (°C) at which vapour of this pressure (Pa) condenses or freezes out; −100 for no vapour at all.
#[must_use]
pub fn dew_point(vapour: f64) -> f64 {
    let frost = vapour <= TRIPLE_PRESSURE;
    // Below this pressure the guess has a pole; −100 °C is at 0.0014 Pa.
    let wanted = libm::log(vapour.max(1e-3));
    let above = wanted - 6.415_5;
    // Magnus' formula is within a few hundredths of a kelvin near 20 °C and within a few kelvins at 200; Newton does
    // the rest.
    let (width, reach) = if frost { (272.62, 22.46) } else { (243.12, 17.62) };
    let mut celsius = (width * above / (reach - above.min(10.0))).clamp(COLDEST, WARMEST);
    for _ in 0..3 {
        let there = if frost { over_ice(celsius) } else { over_water(celsius) };
        celsius = (celsius - (there.value - wanted) / there.slope).clamp(COLDEST, WARMEST);
    }
    celsius
}

/// Humidity ratio at saturation (kg/kg of dry air) at a temperature (°C) and a pressure (Pa, > 0).
#[must_use]
pub fn humidity_ratio(celsius: f64, pressure: f64) -> f64 {
    ratio_of(vapour_pressure(celsius), pressure)
}

/// Humidity ratio at saturation (kg/kg of dry air) with its slope (1/K).
#[must_use]
pub fn sloped_humidity_ratio(celsius: f64, pressure: f64) -> Sloped {
    sloped_ratio(logarithm(celsius), pressure)
}

/// Enthalpy of saturated air (J/kg of dry air, 0 for dry air at 0 °C) with its slope (J/kg/K).
#[must_use]
pub fn enthalpy(celsius: f64, pressure: f64) -> Sloped {
    let w = sloped_humidity_ratio(celsius, pressure);
    let vapour = VAPOUR_AT_ZERO + VAPOUR_CP * celsius;
    Sloped {
        value: DRY_AIR_CP * celsius + w.value * vapour,
        slope: DRY_AIR_CP + w.value * VAPOUR_CP + w.slope * vapour,
    }
}

/// The temperature (°C) of saturated air of this enthalpy (J/kg of dry air) at this pressure (Pa, > 0).
#[must_use]
pub fn temperature_of(enthalpy_sought: f64, pressure: f64) -> f64 {
    let mut celsius = first_guess(enthalpy_sought, pressure);
    for _ in 0..4 {
        let there = enthalpy(celsius, pressure);
        celsius = (celsius - (there.value - enthalpy_sought) / there.slope).clamp(COLDEST, WARMEST);
    }
    celsius
}

/// Near [`temperature_of`]: where Newton may start. Fitted at 95 kPa; at another pressure the vapour's part is brought to
/// what it would be there.
pub(super) fn first_guess(enthalpy_sought: f64, pressure: f64) -> f64 {
    let kilo = enthalpy_sought / 1000.0;
    let fitted = guess_at_sea(kilo);
    let warmth = 1.006 * fitted;
    guess_at_sea(warmth + (kilo - warmth) * pressure / 95e3)
}

/// Within 0.5 K at 95 kPa from −25 to 65 °C, for an enthalpy in kJ/kg.
fn guess_at_sea(kilo: f64) -> f64 {
    if kilo < -18.0 {
        // Colder air holds next to no vapour.
        return (kilo / 1.006).max(COLDEST);
    }
    let x = libm::log(kilo + 50.0).min(6.8);
    let [a, b, c, d, e] = [301.937_891_5, -335.288_913_7, 113.978_224_7, -15.247_916_8, 0.735_899_98];
    (a + x * (b + x * (c + x * (d + x * e)))).clamp(COLDEST, WARMEST)
}

/// Humidity ratio of saturated air (kg/kg) and its slope (1/K), by the formula over water or the one over ice.
pub(super) fn sloped_over(ice: bool, celsius: f64, pressure: f64) -> Sloped {
    sloped_ratio(if ice { over_ice(celsius) } else { over_water(celsius) }, pressure)
}

/// Humidity ratio (kg/kg of dry air) of this vapour pressure in this pressure (Pa).
pub(super) fn ratio_of(vapour: f64, pressure: f64) -> f64 {
    let vapour = vapour.min(MOST_VAPOUR * pressure);
    MOLAR_RATIO * vapour / (pressure - vapour)
}

fn sloped_ratio(logarithm: Sloped, pressure: f64) -> Sloped {
    let vapour = libm::exp(logarithm.value).min(MOST_VAPOUR * pressure);
    let value = MOLAR_RATIO * vapour / (pressure - vapour);
    // d(p_w/(p − p_w)) = p·dp_w/(p − p_w)², and dp_w = p_w·d(ln p_w).
    Sloped { value, slope: value * pressure / (pressure - vapour) * logarithm.slope }
}

/// The natural logarithm of the vapour pressure (Pa) and its slope (1/K).
fn logarithm(celsius: f64) -> Sloped {
    if celsius <= TRIPLE_POINT { over_ice(celsius) } else { over_water(celsius) }
}

fn over_ice(celsius: f64) -> Sloped {
    let [a, b, c, d, e, f, g] =
        [-5.674_535_9e3, 6.392_524_7, -9.677_843e-3, 6.221_570_1e-7, 2.074_782_5e-9, -9.484_024e-13, 4.163_501_9];
    let t = celsius.clamp(COLDEST, WARMEST) + 273.15;
    Sloped {
        value: a / t + b + t * (c + t * (d + t * (e + t * f))) + g * libm::log(t),
        slope: -a / (t * t) + c + t * (2.0 * d + t * (3.0 * e + t * 4.0 * f)) + g / t,
    }
}

fn over_water(celsius: f64) -> Sloped {
    let [a, b, c, d, e, f] =
        [-5.800_220_6e3, 1.391_499_3, -4.864_023_9e-2, 4.176_476_8e-5, -1.445_209_3e-8, 6.545_967_3];
    let t = celsius.clamp(COLDEST, WARMEST) + 273.15;
    Sloped {
        value: a / t + b + t * (c + t * (d + t * e)) + f * libm::log(t),
        slope: -a / (t * t) + c + t * (2.0 * d + t * 3.0 * e) + f / t,
    }
}
