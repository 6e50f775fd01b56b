//! The moisture of outdoor air, as much of it as weather needs.
//!
//! **Equation** saturation pressure over ice below and over water above the triple point; wet bulb from the balance of enthalpy
//! of adiabatic saturation, by halving between dew point and dry bulb. **Source** Hyland and Wexler 1983, as in the ASHRAE
//! Handbook, Fundamentals, chapter 1. **Box** −100 to 200 °C.

/// Mass of water vapour over that of dry air, molecule for molecule.
const RATIO: f64 = 0.621_945;
/// The triple point of water (°C).
const TRIPLE: f64 = 0.01;

/// Saturation pressure of water vapour (Pa) at a temperature (°C).
pub fn saturation(celsius: f64) -> f64 {
    let t = celsius.clamp(-100.0, 200.0) + 273.15;
    let ln = if celsius <= TRIPLE {
        let poly = -9.677_843e-3 + t * (6.221_570_1e-7 + t * (2.074_782_5e-9 - t * 9.484_024e-13));
        -5.674_535_9e3 / t + 6.392_524_7 + t * poly + 4.163_501_9 * libm::log(t)
    } else {
        let poly = -4.864_023_9e-2 + t * (4.176_476_8e-5 - t * 1.445_209_3e-8);
        -5.800_220_6e3 / t + 1.391_499_3 + t * poly + 6.545_967_3 * libm::log(t)
    };
    libm::exp(ln)
}

/// The temperature (°C) at which a vapour pressure (Pa) saturates.
pub fn dew_point(vapour: f64) -> f64 {
    let (mut low, mut high) = (-100.0, 100.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if saturation(middle) < vapour { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Wet bulb (°C) of air with a dew point no higher than its dry bulb, at a pressure (Pa).
pub fn wet_bulb(dry_bulb: f64, dew_point: f64, pressure: f64) -> f64 {
    let wanted = ratio(saturation(dew_point), pressure);
    let (mut low, mut high) = (dew_point.min(dry_bulb), dry_bulb);
    for _ in 0..26 {
        let middle = f64::midpoint(low, high);
        if left_over(dry_bulb, middle, pressure) < wanted { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Vapour pressure (Pa) of air with this dry and wet bulb.
pub fn vapour(dry_bulb: f64, wet_bulb: f64, pressure: f64) -> f64 {
    let held = left_over(dry_bulb, wet_bulb, pressure).max(1e-9);
    pressure * held / (RATIO + held)
}

/// What the air holds (kg/kg) when it saturates at `wet_bulb`.
fn left_over(dry_bulb: f64, wet_bulb: f64, pressure: f64) -> f64 {
    let saturated = ratio(saturation(wet_bulb), pressure);
    let cooled = 1.006 * (dry_bulb - wet_bulb);
    if wet_bulb >= 0.0 {
        ((2501.0 - 2.326 * wet_bulb) * saturated - cooled) / (2501.0 + 1.86 * dry_bulb - 4.186 * wet_bulb)
    } else {
        ((2830.0 - 0.24 * wet_bulb) * saturated - cooled) / (2830.0 + 1.86 * dry_bulb - 2.1 * wet_bulb)
    }
}

fn ratio(vapour: f64, pressure: f64) -> f64 {
    RATIO * vapour / (pressure - vapour).max(1.0)
}
