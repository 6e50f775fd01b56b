//! The cooling tower against EnergyPlus' minutes.

use crate::report::{Report, table};
use sim::cooling::tower::{AIR_DENSITY, Basin, Design, PROPELLER, Tower};
use sim::water::CP_WATER;

const TABLE: &str = "cooling-tower-merkel-minutes.dat";
/// Density of the design's water (kg/m³).
const DENSITY: f64 = 998.0;

pub fn checks(report: &mut Report) {
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
