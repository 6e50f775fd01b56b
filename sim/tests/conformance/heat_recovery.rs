//! Heat recovery against a slower solution and the standards' own identities.

use crate::report::Report;
use sim::cooling::heat_recovery::{Customer, HeatPump, HeatRecovery, Mode, Offered, reuse_effectiveness, reuse_factor};
use sim::liquid::Coolant;
use sim::liquid::plate::{Plate, Side};

fn station() -> HeatRecovery {
    let side = |coolant, flow| Side { coolant, flow };
    HeatRecovery {
        plate: Plate::sized(6e5, 3.0, side(Coolant::PG25, 20.0), side(Coolant::WATER, 25.0)),
        heat_pump: Some(HeatPump {
            carnot_share: 0.5,
            capacity: 1e6,
            least_load: 0.05,
            cycling: 0.9,
            pinch: 3.0,
            least_lift: 15.0,
            most_lift: 90.0,
            source_guard: 5.0,
            supply_limit: 80.0,
        }),
        customer: Customer {
            base: 1e5,
            slope: 3e4,
            heating_limit: 15.0,
            design_outdoors: -12.0,
            most: 9e5,
            profile: [1.0; 24],
            supply: (60.0, 75.0),
            back: 45.0,
        },
    }
}

pub fn checks(report: &mut Report) {
    let of = station();
    let exchange = of.plate.exchange(20.0, 25.0, 0.0);
    let (mut cop, mut books) = (0.0f64, 0.0f64);
    for outdoors in -12..=15 {
        for back in [30.0, 40.0, 50.0] {
            let outdoors = f64::from(outdoors);
            let offered = Offered { flow: 20.0, back, outdoors, hour: 0.0, connected: true, open: 1.0 };
            let got = of.recover(offered);
            assert_eq!(got.mode, Mode::HeatPump);
            let wanted = of.customer.wanted(outdoors, 0.0);
            cop = cop.max((got.cop / searched(wanted.heat, wanted.supply, back, exchange) - 1.0).abs());
            let fall = 20.0 * Coolant::PG25.specific_heat * (back - got.back);
            books = books.max((fall + got.electricity - got.exported).abs() / got.exported);
        }
    }
    let name = "heat recovery";
    report.at_most((name, "heat pump behind an exchanger: COP"), "halving the source's temperature", cop, (1e-9, ""));
    report.at_most((name, "return's fall and electricity beside heat given"), "conservation", books, (1e-9, ""));
    let mut worst = 0.0f64;
    for (total, reused, it) in [(1.2e6, 3e5, 1e6), (1.05e6, 0.0, 1e6), (2e6, 1.9e6, 1.5e6)] {
        let ere = reuse_effectiveness(total, reused, it).expect("there is IT");
        worst = worst.max((ere - (1.0 - reuse_factor(reused, total)) * total / it).abs());
    }
    report.at_most((name, "ERE and ERF of three sites"), "ERE = (1 − ERF)·PUE", worst, (1e-12, ""));
}

/// The COP by halving the source's temperature until heat through the exchanger and heat into the evaporator agree.
fn searched(heat: f64, supply: f64, back: f64, exchange: f64) -> f64 {
    let condensing = supply + 3.0 + 273.15;
    let cop = |source: f64| 0.5 * condensing / (supply + 6.0 - source).max(15.0);
    let (mut low, mut high) = (back - 100.0, back);
    for _ in 0..100 {
        let source = f64::midpoint(low, high);
        if back - heat * (1.0 - 1.0 / cop(source)) / exchange > source { low = source } else { high = source }
    }
    cop(f64::midpoint(low, high))
}
