//! Immersion tanks against measured boards and closed forms.

use crate::report::{Report, table};
use sim::immersion::Facility;
use sim::immersion::oil::Oil;
use sim::immersion::single_phase::{Drive, Duty, SinglePhase, Tank};
use sim::immersion::two_phase::{self, TwoPhase};
use sim::immersion::vapour::{Fluid, NOVEC_649, PERFLUOROHEXANE};

const TABLE: &str = "coolprop_saturation.csv";
/// Measured on boards in a bath without a pump: power (W), boards above bath (K).
const BOARDS: [(f64, f64); 4] = [(19.8, 1.34), (97.5, 5.44), (148.7, 7.09), (198.2, 8.28)];

pub fn checks(report: &mut Report) {
    single_phase(report);
    boiling(report);
    saturation(report);
}

/// A bath of 1.34 MJ/K with boards of 60 kJ/K.
fn tank(boards: f64) -> SinglePhase {
    let water = Facility { entering: 32.0, flow: 3.4 };
    let duty = Duty { heat: 100e3, litres: 751.964, bath: 45.0, excess: 10.0, forced: 0.0, fall: 8.0, water, boards };
    SinglePhase { room: 0.0, ..SinglePhase::sized(&duty, Oil::new(810.0, 2200.0, (9.8, 2.7))) }
}

fn single_phase(report: &mut Report) {
    // One conductance for all four, fitted to their geometric mean: ΔT = (P/G)^0.8·10^0.2 with G at 10 K.
    let mean = BOARDS.iter().map(|(power, rise)| (rise / power.powf(0.8)).ln()).sum::<f64>() / 4.0;
    let natural = 10f64.powf(0.25) / mean.exp().powf(1.25);
    let of = SinglePhase { natural, ..tank(1400.0) };
    let still =
        |power| Drive { power, speed: 0.0, water: Facility { entering: 32.0, flow: 0.0 }, room: 45.0, leak: 0.0 };
    let (mut worst, mut slowest, mut seen) = (0.0f64, 0.0f64, Vec::new());
    for (power, measured) in BOARDS {
        let mut tank = Tank::at(&of, 45.0);
        let (mut last, mut rise) = (0.0, None);
        for second in 0..1000 {
            tank.step(&of, &still(power), 1.0);
            last = tank.boards - tank.bath;
            if rise.is_none() && last > 0.632 * (power / natural / 10f64.powf(-0.25)).powf(0.8) {
                rise = Some(f64::from(second) + 1.0);
            }
        }
        worst = worst.max((last / measured - 1.0).abs() * 100.0);
        let rise: f64 = rise.unwrap_or(f64::INFINITY);
        slowest = slowest.max((53.0 - rise).max(rise - 95.0).max(0.0));
        seen.push((power.ln(), last.ln()));
    }
    let exponent = slope(&seen);
    report.at_most(
        ("immersion", "boards above the bath by power, natural convection: exponent"),
        "0.79, measured (ME470)",
        (exponent - 0.79).abs(),
        (0.015, ""),
    );
    report.at_most(
        ("immersion", "boards above the bath, natural convection: all four differences with one conductance"),
        "measured (ME470)",
        worst,
        (10.0, "%"),
    );
    report.at_most(
        ("immersion", "boards above the bath, natural convection: 63 % rise times, beyond 53 to 95 s"),
        "measured (ME470)",
        slowest,
        (0.0, "s"),
    );

    // No water, no pump: all heat stays, 100 kW in 1.4 MJ/K.
    let of = tank(60e3);
    let mut tank = Tank::at(&of, 45.0);
    (0..600).for_each(|_| _ = tank.step(&of, &still(100e3), 1.0));
    let before = tank.bath;
    (0..60).for_each(|_| _ = tank.step(&of, &still(100e3), 1.0));
    let rate = tank.bath - before;
    report.at_most(
        ("immersion", "bath without cooling, 100 kW in 1.4 MJ/K, over a minute"),
        "4.29 K/min",
        (rate - 60.0 / 14.0).abs(),
        (0.05, "K"),
    );
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.iter().map(|_| 1.0).sum::<f64>();
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let (top, foot) =
        points.iter().fold((0.0, 0.0), |(top, foot), p| (top + (p.0 - x) * (p.1 - y), foot + (p.0 - x).powi(2)));
    top / foot
}

fn boiling(report: &mut Report) {
    let mut worst = 0.0f64;
    for fluid in [NOVEC_649, PERFLUOROHEXANE] {
        for (power, flow) in [(40e3, 2.5), (80e3, 2.5), (100e3, 3.5)] {
            let sized = TwoPhase::sized(fluid, 100e3, 60e3, 300.0, Facility { entering: 32.0, flow: 2.5 });
            let of = TwoPhase { room: 0.0, seep: 0.0, ..sized };
            let water = Facility { entering: 32.0, flow };
            let rest = two_phase::Drive {
                power,
                water,
                room: 25.0,
                ambient: 101_325.0,
                leak: 0.0,
                held_open: false,
                purges: false,
            };
            let drive = rest;
            let mut tank = two_phase::Tank::at(&of, 45.0, 101_325.0);
            tank.air = 0.0;
            (0..4000).for_each(|_| _ = tank.step(&of, &drive, 2.0));
            let stream = flow * sim::water::CP_WATER;
            let closed = 32.0 + power / (stream * (1.0 - f64::exp(-of.condenser / stream)));
            worst = worst.max((tank.bath - closed).abs());
        }
    }
    report.at_most(
        ("immersion", "boiling bath at rest under its condenser"),
        "T_w + P/(ε·ṁ·cp), ε = 1 − e^(−NTU)",
        worst,
        (1e-6, "K"),
    );
    let at = |fluid: Fluid| (fluid.boiling(101_325.0) - fluid.boils).abs();
    let worst = at(NOVEC_649).max(at(PERFLUOROHEXANE));
    report.at_most(("immersion", "normal boiling points, 49.05 and 57.1 °C"), "CoolProp", worst, (0.1, "K"));
}

fn saturation(report: &mut Report) {
    let what = [("immersion", "vapour pressure, 20 to 75 °C"), ("immersion", "vapour density, 20 to 75 °C")];
    let Some(text) = table(TABLE) else {
        return what.into_iter().for_each(|what| report.skipped(what, "CoolProp", TABLE));
    };
    let (mut pressure, mut density) = (0.0f64, 0.0f64);
    for (name, fluid) in [("Novec649,", NOVEC_649), ("n-Perfluorohexane,", PERFLUOROHEXANE)] {
        for row in text.lines().filter(|l| l.starts_with(name)) {
            let cells: Vec<f64> = row.split(',').skip(1).filter_map(|c| c.parse().ok()).collect();
            pressure = pressure.max((fluid.pressure(cells[0]).0 / cells[1] - 1.0).abs() * 100.0);
            density = density.max((fluid.vapour(cells[0]).0 / cells[3] - 1.0).abs() * 100.0);
        }
    }
    report.at_most(what[0], "CoolProp", pressure, (0.5, "%"));
    report.at_most(what[1], "CoolProp", density, (0.5, "%"));
}
