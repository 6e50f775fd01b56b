//! The moist air that heat rejection asks for a dozen times a step: [`crate::psychrometrics`] with its saturation drawn beforehand.
//!
//! **Equation** and **source** of [`crate::psychrometrics`]; saturation pressure in pieces, to 1e-9 of itself. Inverses by Newton's
//! steps, a fixed number. **Box** −40 to 90 °C. **Outside it** the temperature is held at the box's ends for saturation.

use std::sync::LazyLock;

use crate::pieces::Pieces;
use crate::psychrometrics::saturation::over;
pub use crate::psychrometrics::{DRY_AIR_CP as CP_DRY, VAPOUR_AT_ZERO as EVAPORATION, VAPOUR_CP as CP_VAPOUR};
use crate::psychrometrics::{MOLAR_RATIO as MASSES, MoistAir, SEA_LEVEL};

/// Where saturation is asked for (°C).
const BOX: (f64, f64) = (-40.0, 90.0);
/// Rounds of a search.
const ROUNDS: usize = 3;

/// Saturation pressure, drawn over ice and over water: to 1e-9 of itself, and the towers ask a dozen times a step.
static DRAWN: LazyLock<(Pieces, Pieces)> = LazyLock::new(|| {
    let (low, high) = BOX;
    (Pieces::of(|t| over(true, t), (low, 0.0), 160), Pieces::of(|t| over(false, t), (0.0, high), 180))
});

/// Saturation pressure of water vapour at a temperature (Pa, °C).
#[must_use]
pub fn saturation_pressure(celsius: f64) -> f64 {
    let (ice, water) = &*DRAWN;
    if celsius >= 0.0 { water.at(celsius) } else { ice.at(celsius) }
}

/// Humidity ratio of saturated air (kg/kg) at a temperature (°C) and pressure (Pa).
#[must_use]
pub fn saturated(celsius: f64, pressure: f64) -> f64 {
    let vapour = saturation_pressure(celsius).min(0.9 * pressure);
    MASSES * vapour / (pressure - vapour)
}

/// Enthalpy (J/kg of dry air, counted from dry air at 0 °C) at a temperature (°C) and humidity ratio (kg/kg).
#[must_use]
pub fn enthalpy(celsius: f64, humidity: f64) -> f64 {
    MoistAir { dry_bulb: celsius, humidity_ratio: humidity, pressure: SEA_LEVEL }.enthalpy()
}

/// Enthalpy of saturated air (J/kg of dry air) at a temperature (°C) and pressure (Pa).
#[must_use]
pub fn saturated_enthalpy(celsius: f64, pressure: f64) -> f64 {
    enthalpy(celsius, saturated(celsius, pressure))
}

/// Temperature (°C) of air of this enthalpy (J/kg) and humidity ratio (kg/kg): the exact inverse of [`enthalpy`].
#[must_use]
pub fn temperature(enthalpy: f64, humidity: f64) -> f64 {
    MoistAir::from_enthalpy(enthalpy, humidity, SEA_LEVEL).dry_bulb
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
            assert!((saturation_pressure(t) / over(n < 0, t) - 1.0).abs() < 2e-9, "{t}");
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
