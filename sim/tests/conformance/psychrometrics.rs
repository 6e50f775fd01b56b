//! Moist air against PsychroLib's: a small table of our own always, the large one where it is.

use crate::report::{Report, columns, table};
use sim::psychrometrics::saturation::vapour_pressure;
use sim::psychrometrics::{MoistAir, SEA_LEVEL};
use sim::water_use::{Treatment, evaporation};

const TABLE: &str = "psychrolib_ref.csv";
const AREA: &str = "psychrometrics";

/// What is compared, with its bound.
const CHECKS: [(&str, f64, &str); 5] = [
    ("wet bulb", 0.01, "K"),
    ("dew point", 0.01, "K"),
    ("humidity ratio", 1e-6, "kg/kg"),
    ("enthalpy", 0.01, "% of it, or of 1 kJ/kg"),
    ("volume", 0.01, "%"),
];

pub fn checks(report: &mut Report) {
    water_use(report);
    let ours = worst(&columns(include_str!("tables/moist_air.csv")));
    for ((what, bound, unit), worst) in CHECKS.iter().zip(ours) {
        report.at_most((AREA, &format!("{what}, 80 states")), "PsychroLib", worst, (*bound, unit));
    }
    let Some(text) = table(TABLE) else {
        for (what, ..) in CHECKS {
            report.skipped((AREA, &format!("{what}, 684 states")), "PsychroLib", TABLE);
        }
        return report.skipped((AREA, "saturation pressure, 684 states"), "PsychroLib", TABLE);
    };
    let rows = columns(&text);
    assert_eq!(rows.len(), 684, "the table has changed");
    for ((what, bound, unit), worst) in CHECKS.iter().zip(worst(&rows)) {
        report.at_most((AREA, &format!("{what}, 684 states")), "PsychroLib", worst, (*bound, unit));
    }
    let off = |row: &Vec<f64>| (vapour_pressure(row[0]) / row[8] - 1.0).abs() * 100.0;
    let saturation = rows.iter().map(off).fold(0.0, f64::max);
    report.at_most((AREA, "saturation pressure, 684 states"), "PsychroLib", saturation, (0.01, "%"));
}

fn worst(rows: &[Vec<f64>]) -> [f64; 5] {
    let mut worst = [0.0f64; 5];
    for row in rows {
        let air = MoistAir::from_relative_humidity(row[0], row[1], row[2]);
        let off = [
            air.wet_bulb() - row[4],
            air.dew_point() - row[5],
            air.humidity_ratio - row[3],
            (air.enthalpy() - row[6]) / row[6].abs().max(1e3) * 100.0,
            (air.specific_volume() / row[7] - 1.0) * 100.0,
        ];
        for (worst, off) in worst.iter_mut().zip(off) {
            *worst = worst.max(off.abs());
        }
    }
    worst
}

fn water_use(report: &mut Report) {
    // 0.085 % of the circulating water for each °F of range, which is this much for a megawatt.
    let rule = 0.00085 * 1.8 / 4186.0 * 1e6;
    let seen = evaporation(1e6, &MoistAir::from_relative_humidity(20.0, 0.7, SEA_LEVEL), 40.0);
    let what = ("water use", "tower's evaporation in mild weather");
    report.at_most(what, "the trade's rule of thumb", (seen / rule - 1.0).abs() * 100.0, (10.0, "%"));
    let used = Treatment { drift: 0.0005, cycles: 4.0 }.used(0.4, 40.0);
    let salt = (used.make_up() / (4.0 * (used.drift + used.blow_down)) - 1.0).abs() * 100.0;
    report.at_most(("water use", "make-up at four cycles"), "balance of salt", salt, (1e-6, "%"));
}
