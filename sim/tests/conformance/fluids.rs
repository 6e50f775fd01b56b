//! Properties of fluids against CoolProp's.

use crate::report::{Report, table};
use sim::water::CP_WATER;

const TABLE: &str = "coolprop_fluids.csv";

pub fn checks(report: &mut Report) {
    let water = ("fluids", "water's specific heat as a constant, 5 to 40 °C");
    let Some(text) = table(TABLE) else {
        return report.skipped(water, "CoolProp", TABLE);
    };
    let mut worst = 0.0f64;
    for row in text.lines().filter(|l| l.starts_with("Water,")) {
        let cells: Vec<f64> = row.split(',').skip(1).map(|c| c.parse().expect("a number")).collect();
        if cells[0] <= 40.0 {
            worst = worst.max((CP_WATER / cells[3] - 1.0).abs() * 100.0);
        }
    }
    report.at_most(water, "CoolProp", worst, (0.5, "%"));
}
