//! Properties of fluids against CoolProp's: a small table of our own always, the large ones where they are.

use crate::report::{Report, columns, table};
use sim::fluids::{Boiling, Fluid};
use sim::water::CP_WATER;

const AREA: &str = "fluids";
const LIQUIDS: &str = "coolprop_fluids.csv";
const SATURATION: &str = "coolprop_saturation.csv";
const COLUMNS: [&str; 4] = ["density", "specific heat", "conductivity", "viscosity"];
const BOILING: [&str; 5] = ["saturation pressure", "liquid density", "vapour density", "evaporation", "specific heat"];

pub fn checks(report: &mut Report) {
    liquids(report);
    boiling(report);
    constant(report);
}

fn liquids(report: &mut Report) {
    let ours = rows(include_str!("tables/liquids.csv"));
    let worst = liquid_worst(ours.iter().map(|(word, c)| (fluid(word), c[1], [c[2], c[3], c[4], c[5]])));
    for (what, worst) in COLUMNS.iter().zip(worst) {
        report.at_most((AREA, &format!("water and glycols: {what}, -5 to 90 °C")), "CoolProp", worst, (0.5, "%"));
    }
    let Some(text) = table(LIQUIDS) else {
        for what in COLUMNS {
            report.skipped((AREA, &format!("water and glycols: {what}, 5 to 65 °C")), "CoolProp", LIQUIDS);
        }
        return;
    };
    let named = |name: &str| match name {
        "Water" => Fluid::Water,
        "INCOMP::MPG[0.20]" => Fluid::Pg20,
        "INCOMP::MPG[0.25]" => Fluid::Pg25,
        "INCOMP::MEG[0.25]" => Fluid::Eg25,
        "INCOMP::MEG[0.30]" => Fluid::Eg30,
        other => panic!("no fluid for {other}"),
    };
    let theirs = rows(&text);
    let worst = liquid_worst(theirs.iter().map(|(name, c)| (named(name), c[1], [c[3], c[4], c[5], c[6]])));
    for (what, worst) in COLUMNS.iter().zip(worst) {
        report.at_most((AREA, &format!("water and glycols: {what}, 5 to 65 °C")), "CoolProp", worst, (0.5, "%"));
    }
}

/// The largest deviations (%) over rows of fluid, temperature and expected figures.
fn liquid_worst(rows: impl Iterator<Item = (Fluid, f64, [f64; 4])>) -> [f64; 4] {
    let mut worst = [0.0f64; 4];
    for (fluid, t, expected) in rows {
        assert!(!fluid.outside(t), "{fluid:?} at {t}");
        let seen = [fluid.density(t), fluid.specific_heat(t), fluid.conductivity(t), fluid.viscosity(t)];
        largest(&mut worst, &seen, &expected);
    }
    worst
}

fn boiling(report: &mut Report) {
    let ours = rows(include_str!("tables/boiling.csv"));
    let known = |word: &str| Boiling::parse(word).expect("a word of ours");
    let ours: Vec<_> = ours.iter().map(|(word, c)| (known(word), c[1], [c[2], c[3], c[4], c[5], c[6]])).collect();
    saturation(report, "-10 to 100 °C", &ours);
    let Some(text) = table(SATURATION) else {
        return report.skipped((AREA, "two-phase fluids, 20 to 75 °C"), "CoolProp", SATURATION);
    };
    let named = |name: &str| match name {
        "Novec649" => Some(Boiling::Novec649),
        "n-Perfluorohexane" => Some(Boiling::Perfluorohexane),
        "R1233zd(E)" => Some(Boiling::R1233zdE),
        _ => None,
    };
    let theirs = rows(&text);
    let theirs = theirs.iter().filter_map(|(name, c)| Some((named(name)?, c[1], [c[2], c[3], c[4], c[5], c[6]])));
    let theirs: Vec<_> = theirs.collect();
    assert_eq!(theirs.len(), 36, "the table has changed");
    saturation(report, "20 to 75 °C", &theirs);
}

fn saturation(report: &mut Report, range: &str, rows: &[(Boiling, f64, [f64; 5])]) {
    let mut worst = [0.0f64; 5];
    let mut point = 0.0f64;
    for (fluid, t, expected) in rows {
        let (fluid, t) = (*fluid, *t);
        let seen = [
            fluid.saturation_pressure(t),
            fluid.liquid_density(t),
            fluid.vapour_density(t),
            fluid.evaporation(t),
            fluid.specific_heat(t),
        ];
        largest(&mut worst, &seen, expected);
        point = point.max((fluid.saturation_temperature(expected[0]) - t).abs());
    }
    for (what, worst) in BOILING.iter().zip(worst) {
        report.at_most((AREA, &format!("two-phase fluids: {what}, {range}")), "CoolProp", worst, (0.5, "%"));
    }
    report.at_most((AREA, &format!("two-phase fluids: boiling point, {range}")), "CoolProp", point, (0.05, "K"));
}

fn largest(worst: &mut [f64], seen: &[f64], expected: &[f64]) {
    for (worst, (seen, expected)) in worst.iter_mut().zip(seen.iter().zip(expected)) {
        *worst = worst.max((seen / expected - 1.0).abs() * 100.0);
    }
}

fn constant(report: &mut Report) {
    let mut worst = 0.0f64;
    for n in 5..=40 {
        worst = worst.max((CP_WATER / Fluid::Water.specific_heat(f64::from(n)) - 1.0).abs() * 100.0);
    }
    let what = (AREA, "water's specific heat as a constant, 5 to 40 °C");
    report.at_most(what, "its own polynomial", worst, (0.5, "%"));
}

fn fluid(word: &str) -> Fluid {
    Fluid::parse(word).expect("a word of ours")
}

/// Rows with their first cell, a name, beside all cells as numbers.
fn rows(text: &str) -> Vec<(String, Vec<f64>)> {
    let names = text.lines().filter(|l| !l.starts_with('#')).skip(1);
    let names = names.map(|l| l.split(',').next().unwrap_or("").to_owned());
    names.zip(columns(text)).collect()
}
