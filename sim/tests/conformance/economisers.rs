//! Economisers against log-mean differences, and their mixed air against a table of psychrometrics.

use crate::report::{Report, table};
use sim::cooling::air_economiser::{Air, AirEconomiser, Inputs, Limits};
use sim::cooling::water_economiser::{Arrangement, Design, Stream, WaterEconomiser};

const TABLE: &str = "psychrolib_ref.csv";

pub fn checks(report: &mut Report) {
    plates(report);
    let inverse = ("economiser", "air: return of the dry bulb from enthalpy, damper shut");
    let point = ("economiser", "air: dew points above −20 °C, 84 to 101 kPa");
    let Some(text) = table(TABLE) else {
        report.skipped(inverse, "PsychroLib", TABLE);
        report.skipped(point, "PsychroLib", TABLE);
        return;
    };
    let limits = Limits { dry_bulb: 50.0, dew_point: 30.0, cold: -40.0 };
    let (mut worst, mut worst_point) = (0.0f64, 0.0f64);
    for row in text.lines().skip(1) {
        let cells: Vec<f64> = row.split(',').map(|c| c.parse().expect("a number")).collect();
        let [celsius, _, pressure, humidity, _, dew_point, enthalpy] = cells[..7] else { panic!("{row}") };
        let of = AirEconomiser {
            flow: 1.0,
            leakage: 0.0,
            most: 1.0,
            filter: 0.0,
            efficiency: 0.6,
            pressure,
            limits,
            evaporative: None,
        };
        let air = Air { celsius, humidity };
        let inputs = Inputs {
            outdoor: air,
            wet_bulb: celsius,
            back: air,
            flow: 1.0,
            damper: 0.0,
            wet: false,
            evaporative: false,
            smoke: false,
        };
        let out = of.run(&inputs);
        worst = worst.max((out.mixed.celsius - celsius).abs()).max((air.enthalpy() - enthalpy).abs() / 1006.0);
        if dew_point > -20.0 {
            worst_point = worst_point.max((out.dew_point - dew_point).abs());
        }
    }
    report.at_most(inverse, "PsychroLib", worst, (0.01, "K"));
    report.at_most(point, "PsychroLib", worst_point, (0.01, "K"));
}

fn plates(report: &mut Report) {
    let mut worst = 0.0f64;
    for (approach, condenser_flow) in [(1.0, 36.0), (2.0, 40.0), (3.0, 60.0)] {
        let design = Design { chilled: (18.0, 10.0 + approach), chilled_flow: 35.0, entering: 10.0, condenser_flow };
        let of = WaterEconomiser::sized(Arrangement::Series, &design).expect("possible");
        for tower in [2.0, 10.0, 16.0] {
            let out =
                of.run(Stream { flow: 35.0, celsius: 18.0 }, 1.0, Stream { flow: condenser_flow, celsius: tower });
            let (cold, warm) = (out.plates.celsius - tower, 18.0 - out.condenser.celsius);
            worst = worst.max((of.plates.ua * (warm - cold) / libm::log(warm / cold) / out.heat - 1.0).abs() * 100.0);
        }
    }
    report.at_most(
        ("economiser", "water: heat over UA and log-mean difference"),
        "counter-flow's definition",
        worst,
        (0.5, "%"),
    );
}
