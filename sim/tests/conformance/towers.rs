//! The cooling tower against Merkel's equation marched up the fill, and against EnergyPlus' minutes.

use crate::report::{Report, table};
use sim::cooling::tower::{AIR_DENSITY, Basin, Design, PROPELLER, Tower};
use sim::water::CP_WATER;

const TABLE: &str = "cooling-tower-merkel-minutes.dat";
/// Density of the design's water (kg/m³).
const DENSITY: f64 = 998.0;

pub fn checks(report: &mut Report) {
    marches(report);
    let mean = ("tower", "minutes with the fan on: mean deviation of the leaving water");
    let most = ("tower", "minutes with the fan on: largest deviation of the leaving water");
    let fan = ("tower", "minutes with the fan on: fan power, of the design's");
    let against = "EnergyPlus, variable-speed Merkel tower";
    let Some(text) = table(TABLE) else {
        for what in [mean, most, fan] {
            report.skipped(what, against, TABLE);
        }
        return;
    };
    let of = tower();
    let (mut sum, mut worst, mut count, mut fan_worst) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
    let mut air = 30.0;
    for row in text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit())) {
        let cells: Vec<f64> = row.split(',').map(|c| c.parse().expect("a number")).collect();
        let (wet_bulb, entering, leaving, flow, power, speed) =
            (cells[2], cells[3], cells[4], cells[5], cells[7], cells[9]);
        if speed <= 0.0 || flow <= 0.0 {
            continue;
        }
        let cell = of.cell((flow, entering), (speed, wet_bulb), air);
        air = cell.air;
        let off = (entering - cell.heat / (flow * CP_WATER) - leaving).abs();
        sum += off;
        count += 1.0;
        worst = worst.max(off);
        fan_worst = fan_worst.max((of.fan_power(speed) - power).abs() / of.fan * 100.0);
    }
    assert!(count > 1000.0, "{count} minutes");
    report.at_most(mean, against, sum / count, (0.05, "K"));
    report.at_most(most, against, worst, (0.15, "K"));
    report.at_most(fan, against, fan_worst, (1.0, "%"));
}

fn tower() -> Tower {
    let design = Design {
        wet_bulb: 25.6,
        approach: 3.9,
        range: 5.5,
        water: 0.001_093_17 * DENSITY,
        air: 0.561_24 * AIR_DENSITY,
    };
    Tower {
        cells: 1.0,
        design,
        ua: design.conductance(101_325.0),
        free: 0.125,
        fan: 213.27,
        fan_curve: PROPELLER,
        least_speed: 0.0,
        pressure: 101_325.0,
        drift: 5e-5,
        cycles: 4.0,
        basin: Basin { heat_capacity: 4e5, heater: 0.0, least: 4.5 },
    }
}

/// Leaving water at full air and water, where the wet bulb is the design's or its correction taken out, against the march.
fn marches(report: &mut Report) {
    let of = tower();
    let (water, air) = (of.design.water, of.design.air);
    let leaving = |wet_bulb: f64, entering: f64| {
        let mut out = entering;
        let mut heat = 0.0;
        for _ in 0..20 {
            let cell = of.cell((water, entering), (1.0, wet_bulb), out);
            (out, heat) = (cell.air, cell.heat);
        }
        entering - heat / (water * CP_WATER)
    };
    // The march has its own exchange for the same design: an effectiveness takes one slope of saturation for all the fill.
    let design = halved((0.1 * water, 20.0 * water), |exchange| marched(exchange, (water, 35.0), (air, 25.6)) < 29.5);
    let mut worst = 0.0f64;
    for (wet_bulb, entering) in [(25.6, 32.0), (25.6, 40.0), (28.0, 36.0), (20.0, 30.0), (15.0, 26.0), (10.0, 24.0)] {
        let exchange = design * (1.0 + 0.0081 * (25.6 - wet_bulb));
        worst = worst.max((leaving(wet_bulb, entering) - marched(exchange, (water, entering), (air, wet_bulb))).abs());
    }
    let what = ("tower", "leaving water at wet bulbs 10 to 28 °C and ranges 3 to 7 K");
    report.at_most(what, "Merkel's equation marched in 1000 slices, saturation after Magnus", worst, (0.05, "K"));
}

/// Where `enough` becomes true on the way up, by 50 halvings.
fn halved((mut low, mut high): (f64, f64), enough: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..50 {
        let guess = f64::midpoint(low, high);
        if enough(guess) { high = guess } else { low = guess }
    }
    f64::midpoint(low, high)
}

/// Leaving water (°C): the enthalpy difference drives, slice by slice from the bottom, until the top agrees. `exchange` is
/// UA/c_pa (kg/s).
fn marched(exchange: f64, (water, entering): (f64, f64), (air, wet_bulb): (f64, f64)) -> f64 {
    let top = |leaving: f64| {
        let (mut t, mut h) = (leaving, saturated(wet_bulb));
        for _ in 0..1000 {
            let passed = exchange / 1000.0 * (saturated(t) - h);
            h += passed / air;
            t += passed / (water * CP_WATER);
        }
        t
    };
    halved((wet_bulb, entering), |leaving| top(leaving) > entering)
}

/// Enthalpy of saturated air at sea level (J/kg), by Magnus with the coefficients of Alduchov and Eskridge 1996.
fn saturated(celsius: f64) -> f64 {
    let vapour = 610.94 * libm::exp(17.625 * celsius / (celsius + 243.04));
    let humidity = 0.622 * vapour / (101_325.0 - vapour);
    1006.0 * celsius + humidity * (2.501e6 + 1860.0 * celsius)
}
