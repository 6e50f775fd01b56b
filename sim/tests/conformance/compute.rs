//! GPUs, nodes and supply chains against published figures.

use crate::report::Report;
use sim::compute::gpu::rate::{Curve, Rates};
use sim::compute::gpu::{Coolant, Device, PARTS, Pace, Quad, Trace};
use sim::compute::job::{Moment, Phase};
use sim::compute::node::Build;
use sim::compute::supply::Rectifiers;

/// Work left under caps as shares of the rated power, from the public sweeps of Zeus: who, the fit (natural, floor,
/// exponent), and the points.
type Sweep = (&'static str, (f64, f64, f64), &'static [(f64, f64)]);

const SWEEPS: [Sweep; 3] = [
    (
        "V100, BERT",
        (0.87, 0.32, 0.36),
        &[(1.0, 1.0), (0.9, 0.977), (0.8, 0.937), (0.7, 0.896), (0.6, 0.805), (0.5, 0.653), (0.4, 0.498)],
    ),
    (
        "A40, BERT",
        (0.72, 0.20, 1.06),
        &[(0.92, 0.995), (0.83, 0.967), (0.75, 0.95), (0.67, 0.888), (0.58, 0.771), (0.5, 0.554), (0.42, 0.365)],
    ),
    (
        "RTX 6000, BERT",
        (0.83, 0.33, 0.42),
        &[(1.0, 1.0), (0.87, 0.961), (0.77, 0.923), (0.67, 0.856), (0.58, 0.775), (0.48, 0.625), (0.38, 0.373)],
    ),
];

pub fn checks(report: &mut Report) {
    caps(report);
    heat(report);
    machine(report);
}

fn caps(report: &mut Report) {
    for (who, (natural, floor, exponent), points) in SWEEPS {
        let curve = Curve::fitted(natural, floor, exponent);
        let square = points.iter().map(|(cap, work)| (curve.at(cap / natural) - work).powi(2)).sum::<f64>();
        let count = points.iter().map(|_| 1.0).sum::<f64>();
        let what = format!("work left under caps, fitted, {who}: root mean square");
        report.at_most(("compute", &what), "sweeps of Zeus (NSDI 2023)", (square / count).sqrt(), (0.04, ""));
    }
    let of = Device::H100;
    let mut worst = 0.0f64;
    for (memory, figures) in [(0.0, [0.949, 0.883, 0.807, 0.717, 0.602]), (0.3, [0.964, 0.915, 0.857, 0.783, 0.684])] {
        let curve = Curve::clocked(&of, 0.98, memory);
        for (cap, figure) in [0.9, 0.8, 0.7, 0.6, 0.5].into_iter().zip(figures) {
            worst = worst.max((curve.at(cap * of.rated / of.at_clock(1.0, 0.98)) - figure).abs());
        }
    }
    report.at_most(("compute", "work left under caps by the clock, H100"), "T = 1/((1 − m)/x + m)", worst, (0.003, ""));
    // Published: decoding draws 137 to 300 W of 700 W, and no cap above that ever bites.
    let lost = 4.0 - held(&of, 300.0, Phase::Decode, 350.0).0;
    report.at_most(("compute", "work of four that decode at 300 W lost to caps of 350 W"), "none", lost, (0.0, ""));
}

/// Work and hottest die of four GPUs long at rest, with die to air at 0.0908 K/W and no leakage.
fn held(of: &Device, natural: f64, phase: Phase, cap: f64) -> (f64, f64) {
    let of = Device { leakage: 0.0, case_to_coolant: 0.0908 - of.die_to_case, ..*of };
    let (rates, pace) = (Rates::clocked(&of), Pace::new(&of, 1.0));
    let coolant = Coolant::new((&of, &pace), 34.9, 1.0 / of.case_to_coolant, true);
    let mut gpus = Quad::new(&of, [0.0; 4], 34.9);
    gpus.cap(&of, [cap; 4]);
    let mut work = 0.0;
    for _ in 0..2000 {
        let moments = [Moment { natural, phase }; PARTS];
        work = gpus.step((&of, &rates, &pace), &moments, coolant, &mut Trace::default()).work;
    }
    (work, gpus.hottest())
}

fn heat(report: &mut Report) {
    let mut worst = 0.0f64;
    for power in [65.0, 142.0, 195.0, 246.0, 317.0, 329.0] {
        let die = held(&Device::H100, power, Phase::Decode, 700.0).1;
        worst = worst.max((die - 34.9 - 0.0908 * power).abs());
    }
    report.at_most(("compute", "die at rest, H100 PCIe"), "34.9 °C + 0.0908 K/W, 15 277 hours", worst, (1e-6, "K"));
    let pcie = Device { idle: 65.0, rated: 329.0, ..Device::H100 };
    let mut worst = 0.0f64;
    for (use_of, power) in [(0.0, 65.0), (0.2, 142.0), (0.4, 195.0), (0.6, 246.0), (0.8, 317.0), (1.0, 329.0)] {
        worst = worst.max((pcie.at_utilisation(use_of) - power).abs() / 329.0 * 100.0);
    }
    report.at_most(
        ("compute", "power by utilisation, H100 PCIe, of full"),
        "means of 15 277 hours",
        worst,
        (10.0, "%"),
    );
}

fn machine(report: &mut Report) {
    let node = Build::FRONTIER;
    report.at_most(("compute", "Frontier's node, idle"), "626.26 W", (node.idle() - 626.26).abs(), (1e-6, "W"));
    report.at_most(("compute", "Frontier's node, peak"), "2704.26 W", (node.peak() - 2704.26).abs(), (1e-6, "W"));
    // 592 chassis of 16 nodes, 25 coolant units.
    let whole =
        |watts: f64| (592.0 * Rectifiers::FRONTIER.input(16.0 * node.supply.input(watts)) + 25.0 * 8473.47) / 1e6;
    let (idle, peak) = ((whole(node.idle()) - 7.3065).abs(), (whole(node.peak()) - 28.2279).abs());
    report.at_most(("compute", "the whole of Frontier, idle"), "7.3065 MW (RAPS)", idle, (5e-5, "MW"));
    report.at_most(("compute", "the whole of Frontier, peak"), "28.2279 MW (RAPS)", peak, (5e-5, "MW"));
}
