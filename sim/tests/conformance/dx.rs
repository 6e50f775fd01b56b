//! DX units against their rating, their curves by hand, psychrometrics and the first law.

use crate::report::Report;
use sim::cooling::air_economiser::Air;
use sim::cooling::dx::phase::{Compressor, Panel};
use sim::cooling::dx::{CAPACITY, Dx, Inputs, Machine, Outcome, RATIO};

pub fn checks(report: &mut Report) {
    let of = unit();
    let rating = settled(&of, 35.0, 1.0);
    let worst =
        (rating.heat / of.capacity - 1.0).abs().max((rating.heat / rating.compressor_power / of.cop - 1.0).abs());
    report.at_most(
        ("DX unit", "heat and efficiency at 26.7/19.4 °C and 35 °C"),
        "its rating",
        100.0 * worst,
        (0.5, "%"),
    );
    let off = (rating.sensible / rating.heat - 0.7866).abs();
    report.at_most(
        ("DX unit", "sensible share there, a tenth of the air past the coil"),
        "PsychroLib 2.5.0, step by step",
        off,
        (0.005, ""),
    );

    // By hand: the same biquadratics at 19.4 °C and 25 or 45 °C, term by term.
    let mut worst = 0.0f64;
    for (outdoors, capacity, ratio) in [(25.0, 1.0528, 0.8382), (45.0, 0.8917, 1.2616)] {
        let out = settled(&of, outdoors, 1.0);
        let seen = out.compressor_power / out.heat * of.cop;
        worst = worst.max((out.heat / of.capacity / capacity - 1.0).abs()).max((seen / ratio - 1.0).abs());
    }
    report.at_most(
        ("DX unit", "capacity and energy input at 25 and 45 °C outdoors"),
        "EnergyPlus' curves by hand",
        100.0 * worst,
        (0.5, "%"),
    );

    let mut worst = 0.0f64;
    for outdoors in [-20.0, 5.0, 25.0, 45.0] {
        let out = settled(&of, outdoors, 0.5);
        let lost = of.flow * (ENTERING.enthalpy() - out.leaving.enthalpy());
        worst = worst.max((lost + out.compressor_power - out.rejected).abs() / out.rejected);
    }
    report.at_most(("DX unit", "heat of the air and power against heat outdoors"), "first law", worst, (1e-9, ""));
}

const ENTERING: Air = Air { celsius: 26.7, humidity: 0.011_12 };

fn settled(of: &Dx, outdoors: f64, duty: f64) -> Outcome {
    let inputs =
        Inputs { duty, entering: ENTERING, flow: of.flow, outdoors, condenser: 1.0, powered: true, tripped: false };
    let mut machine = Machine::at_rest(outdoors);
    (0..1200).map(|_| machine.step(of, &inputs, 1.0)).last().expect("steps")
}

fn unit() -> Dx {
    Dx {
        capacity: 100e3,
        cop: 3.6,
        flow: 6.5,
        least_flow: 0.4,
        bypass: 0.1,
        by_capacity: CAPACITY,
        by_ratio: RATIO,
        compressor: Compressor::Stages(2.0),
        condenser_fans: 2.4e3,
        approach: 14.0,
        least_condensing: 28.0,
        pull_down: 45.0,
        freezing: 1e4,
        pressure: 101_325.0,
        panel: Panel { least_on: 180.0, least_off: 180.0, stage: 60.0, restart: 300.0, most_condensing: 65.0 },
    }
}
