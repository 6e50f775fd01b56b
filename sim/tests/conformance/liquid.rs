//! Cold plates, CDUs and rear doors against published figures and slower solutions.

use crate::report::{Report, table};
use sim::hydraulics::{Shared, Work};
use sim::liquid::Coolant;
use sim::liquid::cdu::{Cdu, CduWater, Through, Wear};
use sim::liquid::cold_plate::{ColdPlates, PlateFit};
use sim::liquid::plate::{Plate, Side};
use sim::noise::uniform;

const FLUIDS: &str = "coolprop_fluids.csv";

pub fn checks(report: &mut Report) {
    plates(report);
    units(report);
    books(report);
    coolant(report);
}

fn plates(report: &mut Report) {
    let seen = 1.0 / PlateFit::PG25.conductance(1.0);
    let what = ("liquid", "cold plate at 1 L/min of PG25: resistance");
    report.at_most(what, "EnergyPlus' default, 0.025 K/W", (seen / 0.025 - 1.0).abs() * 100.0, (5.0, "%"));
    let one = ColdPlates::sized((1000.0, 1.0), 1.0, 10.0, PlateFit::PG25, Coolant::PG25);
    let what = ("liquid", "flow for each kW at a rise of 10 K");
    let off = (one.each(one.friction.flow) / 1.5 - 1.0).abs() * 100.0;
    report.at_most(what, "OCP guideline, 1.5 L/min", off, (2.0, "%"));
}

/// A plate whose conductance comes from the mean logarithmic difference of its four rated temperatures.
fn rated(duty: f64, approach: f64, warm: f64, cold: f64) -> Plate {
    let (hot, cool) = (Coolant::PG25.stream(warm), Coolant::WATER.stream(cold));
    let (low, high) = (approach, approach + duty / hot - duty / cool);
    let ua = duty / ((high - low) / libm::log(high / low));
    let side = |coolant, flow| Side { coolant, flow };
    Plate { ua, warm: side(Coolant::PG25, warm), cold: side(Coolant::WATER, cold), warm_to_cold: 1.0 }
}

fn units(report: &mut Report) {
    // Leaving secondary above entering primary at rest: duty·(1/(ε·Cmin) − 1/C_warm).
    let approach = |plate: &Plate, duty: f64| {
        let exchange = plate.exchange(plate.warm.flow, plate.cold.flow, 0.0);
        duty / exchange - duty / plate.warm.coolant.stream(plate.warm.flow)
    };
    let xdu = rated(1.368e6, 4.0, 20.6, 20.6);
    let what = ("liquid", "CDU of 1368 kW, 20.6 kg/s on both sides: approach");
    let off = (approach(&xdu, 1.368e6) - 4.0).abs();
    report.at_most(what, "Vertiv XDU1350, 4 K, by the logarithmic mean", off, (0.01, "K"));
    let deschutes = rated(2e6, 3.0, 32.3, 31.48);
    let what = ("liquid", "CDU of 2 MW, 32.3 and 31.48 kg/s: approach");
    let off = (approach(&deschutes, 2e6) - 3.0).abs();
    report.at_most(what, "Deschutes, 3 K, by the logarithmic mean", off, (0.05, "K"));
    let facility = 45.0 - 2e6 / deschutes.exchange(32.3, 31.48, 0.0);
    let what = ("liquid", "the same with racks' return at 45 °C: facility water entering");
    report.at_most(what, "Deschutes' specification, 26.8 °C", (facility - 26.8).abs(), (1.0, "K"));
}

/// A thousand random steps of a CDU: what came in, what went out, what is stored.
fn books(report: &mut Report) {
    let side = |coolant| Side { coolant, flow: 20.6 };
    let of = Cdu::sized(1.368e6, 4.0, side(Coolant::PG25), side(Coolant::WATER));
    let mut water = CduWater::new(&of, 30.0);
    let mut worst = 0.0f64;
    for n in 0..1000 {
        let draw = |channel: u64, low: f64, high: f64| low + (high - low) * uniform(5, channel, n);
        let shared =
            Shared { flow: draw(1, 0.0, 25.0), work: Work { to_fluid: 2e4, ..Work::default() }, ..Shared::default() };
        let (primary_flow, primary) = (draw(3, 0.0, 25.0), draw(4, 5.0, 35.0));
        let through = Through { shared, heat: draw(5, 0.0, 2e6), primary_flow, primary };
        let (before, dt) = (water, draw(6, 0.1, 60.0));
        let got = water.step(&of, &Wear::NONE, through, dt);
        let stored =
            of.supply_capacity * (water.supply - before.supply) + of.return_capacity * (water.back - before.back);
        let entered = through.heat + got.from_pumps + got.to_primary.abs();
        worst = worst.max((stored / dt - through.heat - got.from_pumps + got.to_primary).abs() / entered);
    }
    let what = ("liquid", "CDU, 1000 random steps: energy left open over throughput");
    report.at_most(what, "conservation", worst, (1e-9, ""));
}

fn coolant(report: &mut Report) {
    let what = ("liquid", "PG25 as constants, 35 to 45 °C: specific heat, density");
    let Some(text) = table(FLUIDS) else {
        return report.skipped(what, "CoolProp", FLUIDS);
    };
    let mut worst = 0.0f64;
    for row in text.lines().filter(|l| l.starts_with("INCOMP::MPG[0.25],")) {
        let cells: Vec<f64> = row.split(',').skip(1).map(|c| c.parse().expect("a number")).collect();
        if (35.0..=45.0).contains(&cells[0]) {
            let (density, heat) = (Coolant::PG25.density / cells[2], Coolant::PG25.specific_heat / cells[3]);
            worst = worst.max((density - 1.0).abs()).max((heat - 1.0).abs());
        }
    }
    report.at_most(what, "CoolProp", worst * 100.0, (0.5, "%"));
}
