//! A catalogue's dry cooler against the same surface cut into a grid.

use crate::report::Report;
use sim::air::CP_AIR;
use sim::cooling::dry_cooler::{Design, DryCooler, Inputs};
use sim::water::CP_WATER;

pub fn checks(report: &mut Report) {
    let bac = Design { heat: 2.931e6, liquid: (46.11, 40.55), air: (35.0, 43.0), fans: 117.68e3, cp: CP_WATER };
    let of = DryCooler::sized(&bac).expect("possible");
    let flow = of.surface.flows.1;
    let mut liquid = 40.0;
    let mut out = |entering: f64, dry_bulb: f64, speed: f64| {
        let inputs = Inputs { dry_bulb, wet_bulb: dry_bulb, wind: 0.0, entering, flow, speed, fans: 1.0, wet: false };
        (0..50).map(|_| of.step(&mut liquid, &inputs, 60.0)).last().expect("steps")
    };
    let design = out(46.11, 35.0, 1.0);
    let catalogue = "BAC TDFS1238N: 2931 kW, 46.11 to 40.55 °C at 35 °C, fans 117.68 kW";
    report.at_most(
        ("dry cooler", "sized for it: leaving water"),
        catalogue,
        (design.leaving - 40.55).abs(),
        (0.01, "K"),
    );
    let share = (design.fan_power / design.heat - 117.68 / 2931.0).abs() * 100.0;
    report.at_most(("dry cooler", "sized for it: fan power over heat"), catalogue, share, (0.01, "%"));

    let mut worst = 0.0f64;
    for (entering, dry_bulb, speed) in [(46.11, 35.0, 1.0), (46.11, 20.0, 0.5), (30.0, 5.0, 0.8), (40.0, 30.0, 0.3)] {
        let seen = out(entering, dry_bulb, speed);
        let air = of.surface.flows.0 * speed;
        let heat = by_grid(of.surface.overall(air, flow), air * CP_AIR, flow * CP_WATER) * (entering - dry_bulb);
        worst = worst.max((seen.heat / heat - 1.0).abs() * 100.0);
    }
    report.at_most(
        ("dry cooler", "heat, fans at 30 to 100 %"),
        "the same surface on a 120 × 120 grid",
        worst,
        (2.0, "%"),
    );
}

/// Heat per kelvin of a cross-flow exchanger in cells, each with the difference of its mean temperatures.
fn by_grid(ua: f64, air: f64, liquid: f64) -> f64 {
    let n = 120;
    let part = ua / f64::from(n * n);
    let (air, liquid) = (air / f64::from(n), liquid / f64::from(n));
    let mut cold = vec![0.0; 120];
    let mut given = 0.0;
    for _ in 0..n {
        let mut hot = 1.0;
        for t in &mut cold {
            let heat = part * (hot - *t) / (1.0 + part / 2.0 * (1.0 / liquid + 1.0 / air));
            hot -= heat / liquid;
            *t += heat / air;
            given += heat;
        }
    }
    given
}
