//! The few properties of moist air that heat rejection needs: `crate::psychrometrics` is to take this module's place.
//!
//! **Equation** saturation pressure over water, or over ice below 0 °C; `W = 0.622·p_w/(p − p_w)`,
//! `h = 1006·T + W·(2.501 MJ/kg + 1860·T)`. Inverses by Newton's steps, a fixed number.
//! **Source** ASHRAE *Handbook – Fundamentals*, psychrometrics (Hyland & Wexler 1983). **Box** −40 to 90 °C.
//! **Outside it** the temperature is held at the box's ends for saturation.

use std::sync::LazyLock;

use crate::pieces::Pieces;

/// Specific heat of dry air (J/kg/K).
pub const CP_DRY: f64 = 1006.0;
/// Specific heat of water vapour (J/kg/K).
pub const CP_VAPOUR: f64 = 1860.0;
/// Heat of evaporation at 0 °C (J/kg).
pub const EVAPORATION: f64 = 2.501e6;
/// Where saturation is asked for (°C).
const BOX: (f64, f64) = (-40.0, 90.0);
/// Rounds of a search.
const ROUNDS: usize = 3;
/// Molar mass of water over that of dry air (1).
const MASSES: f64 = 0.621_945;

/// Saturation pressure, drawn over ice and over water: to 1e-9 of itself, and the towers ask a dozen times a step.
static DRAWN: LazyLock<(Pieces, Pieces)> = LazyLock::new(|| {
    let (low, high) = BOX;
    (Pieces::of(|t| law(t, false), (low, 0.0), 160), Pieces::of(|t| law(t, true), (0.0, high), 180))
});

/// Saturation pressure of water vapour at a temperature (Pa, °C).
#[must_use]
pub fn saturation_pressure(celsius: f64) -> f64 {
    let (ice, water) = &*DRAWN;
    if celsius >= 0.0 { water.at(celsius) } else { ice.at(celsius) }
}

/// The handbook's formula, over water or over ice (Pa, °C).
fn law(celsius: f64, water: bool) -> f64 {
    let t = celsius + 273.15;
    let exponent = if water {
        -5.800_220_6e3 / t + 1.391_499_3 - t * (4.864_023_9e-2 - t * (4.176_476_8e-5 - t * 1.445_209_3e-8))
            + 6.545_967_3 * libm::log(t)
    } else {
        -5.674_535_9e3 / t + 6.392_524_7
            - t * (9.677_843e-3 - t * (6.221_570_1e-7 + t * (2.074_782_5e-9 - t * 9.484_024e-13)))
            + 4.163_501_9 * libm::log(t)
    };
    libm::exp(exponent)
}

/// Humidity ratio of saturated air (kg/kg) at a temperature (°C) and pressure (Pa).
#[must_use]
pub fn saturated(celsius: f64, pressure: f64) -> f64 {
    let vapour = saturation_pressure(celsius).min(0.9 * pressure);
    MASSES * vapour / (pressure - vapour)
}

/// Enthalpy (J/kg of dry air, counted from dry air at 0 °C) at a temperature (°C) and humidity ratio (kg/kg).
#[must_use]
pub const fn enthalpy(celsius: f64, humidity: f64) -> f64 {
    CP_DRY * celsius + humidity * (EVAPORATION + CP_VAPOUR * celsius)
}

/// Enthalpy of saturated air (J/kg of dry air) at a temperature (°C) and pressure (Pa).
#[must_use]
pub fn saturated_enthalpy(celsius: f64, pressure: f64) -> f64 {
    enthalpy(celsius, saturated(celsius, pressure))
}

/// Temperature (°C) of air of this enthalpy (J/kg) and humidity ratio (kg/kg): the exact inverse of [`enthalpy`].
#[must_use]
pub const fn temperature(enthalpy: f64, humidity: f64) -> f64 {
    (enthalpy - humidity * EVAPORATION) / (CP_DRY + humidity * CP_VAPOUR)
}

/// The temperature (°C) at which saturated air has this enthalpy (J/kg) at this pressure (Pa), from a guess
/// within 10 K of it (°C).
#[must_use]
pub fn saturated_at(wanted: f64, pressure: f64, guess: f64) -> f64 {
    let mut t = held(guess);
    for _ in 0..ROUNDS {
        let humidity = saturated(t, pressure);
        // dW/dT = W·(d ln p_w/dT)·p/(p − p_w)
        let wetter = humidity * steepness(t) * (1.0 + humidity / MASSES);
        let slope = CP_DRY + humidity * CP_VAPOUR + wetter * (EVAPORATION + CP_VAPOUR * t);
        t = held(t + (wanted - enthalpy(t, humidity)) / slope);
    }
    t
}

/// Dew point (°C) of air of this humidity ratio (kg/kg) at this pressure (Pa): Magnus' inverse, and one Newton step.
#[must_use]
pub fn dew_point(humidity: f64, pressure: f64) -> f64 {
    let humidity = humidity.max(1e-7);
    let vapour = pressure * humidity / (MASSES + humidity);
    let over = libm::log(vapour / 610.78);
    let near = held(if over >= 0.0 { 237.3 * over / (17.27 - over) } else { 272.62 * over / (22.46 - over) });
    held(near + libm::log(vapour / saturation_pressure(near)) / steepness(near))
}

/// How fast the logarithm of saturation pressure rises (1/K), within 1 %: enough for a search's slope. After Magnus.
const fn steepness(celsius: f64) -> f64 {
    if celsius >= 0.0 {
        4098.0 / ((celsius + 237.3) * (celsius + 237.3))
    } else {
        6123.0 / ((celsius + 272.62) * (celsius + 272.62))
    }
}

const fn held(celsius: f64) -> f64 {
    celsius.clamp(BOX.0, BOX.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturation_is_the_steam_tables() {
        // Steam tables: 0.6112 kPa at 0.01 °C, 2.339 kPa at 20 °C, 7.384 kPa at 40 °C; over ice 0.1032 kPa at −20 °C.
        for (t, kpa) in [(0.01, 0.6117), (20.0, 2.339), (40.0, 7.384), (-20.0, 0.10326)] {
            let seen = saturation_pressure(t) / 1000.0;
            assert!((seen / kpa - 1.0).abs() < 2e-3, "{t}: {seen} kPa");
        }
    }

    #[test]
    fn what_is_drawn_is_the_formula() {
        for n in -400..900 {
            let t = f64::from(n) / 10.0 + 0.037;
            assert!((saturation_pressure(t) / law(t, n >= 0) - 1.0).abs() < 2e-9, "{t}");
        }
    }

    #[test]
    fn inverses_come_back() {
        for t in [-15.0, 0.5, 12.0, 24.0, 38.0] {
            let h = saturated_enthalpy(t, 95e3);
            assert!((saturated_at(h, 95e3, t - 8.0) - t).abs() < 5e-3, "{t}");
            assert!((dew_point(saturated(t, 95e3), 95e3) - t).abs() < 1e-3, "{t}");
            assert!((temperature(enthalpy(t, 0.008), 0.008) - t).abs() < 1e-9);
        }
    }
}
