//! The electrical side against closed forms and published figures.

use crate::report::Report;
use sim::electrics::battery::{Battery, Store};
use sim::electrics::busbar::Busbar;
use sim::electrics::generator::{DIESEL, Generator, GeneratorState};
use sim::electrics::grid::{Ride, Voltage};
use sim::electrics::network::{Load, Network, Node, Now, Purpose, Stage, Supplies};
use sim::electrics::transformer::{DRY_1000, LIQUID_1000, Served, TransformerState};
use sim::electrics::ups::{Eco, Ups};

pub fn checks(report: &mut Report) {
    transformers(report);
    converters(report);
    batteries(report);
    others(report);
    supplies_of_a_machine_hall(report);
}

fn transformers(report: &mut Report) {
    let mut worst = 0.0f64;
    for of in [LIQUID_1000, DRY_1000] {
        // Best where both losses are equal: 1 − 2·P₀/(Sₙ·√(P₀/Pₖ)).
        let x = (of.no_load / of.load).sqrt();
        let closed = 1.0 - 2.0 * of.no_load / (of.rated * x);
        let most = (1..2000).map(|n| of.rated * f64::from(n) / 2000.0);
        let seen = most.map(|p| (p - of.loss(p)) / p).fold(0.0, f64::max);
        worst = worst.max((seen - closed).abs() * 100.0);
    }
    let what = ("transformer", "1000 kVA tier 2, liquid and dry: peak efficiency index");
    report.at_most(what, "closed form of P₀ 0.693/1.395 kW, Pₖ 7.6/9.0 kW", worst, (1e-4, "%"));
    let mut state = TransformerState::new(true);
    let served = Served { live: true, output: 1e6, ambient: 20.0 };
    let end = (0..100).map(|_| state.step(&LIQUID_1000, served, 0.0, 3600.0)).last().expect("steps");
    let off = (end.hot_spot.expect("oil") - 98.0).abs();
    report.at_most(("transformer", "hot spot at rated load and 20 °C"), "98 °C (IEC 60076-7)", off, (0.01, "K"));
}

fn converters(report: &mut Report) {
    let of = Ups { eco: Some(Eco::USUAL), ..Ups::usual(250e3, 4, 5.0) };
    let efficiency = |load: f64, loss: f64| load / (load + loss);
    let (mut worst, mut outside) = (0.0f64, 0.0f64);
    for (x, published) in [(0.25, 0.937), (0.5, 0.954), (0.75, 0.957), (1.0, 0.957)] {
        let load = x * of.rating(4);
        worst = worst.max((efficiency(load, of.loss(load, (4, 4))) - published).abs() * 100.0);
        let eco = efficiency(load, of.eco_loss(load));
        outside = outside.max((0.985 - eco).max(eco - 0.99).max(0.0) * 100.0);
    }
    let what = ("UPS", "double conversion, a .012 b .015 c .018, at quarter loads");
    report.at_most(what, "93.7, 95.4, 95.7, 95.7 %", worst, (0.05, "%"));
    report.at_most(("UPS", "eco mode at quarter loads: outside the band"), "98.5 to 99 %", outside, (1e-3, "%"));
}

fn batteries(report: &mut Report) {
    let mut worst = 0.0f64;
    for (of, round) in [(Battery::lithium(3.6e9, 0.5), 0.96 * 0.96), (Battery::lbnl(3.6e9, 0.5), 0.9 * 0.9)] {
        let of = Battery { self_discharge: 0.0, auxiliary: 0.0, ..of };
        let mut store = Store::charged(&of, 0.3);
        let taken: f64 = (0..3600).map(|_| store.step(&of, 4e5, 25.0, 1.0).terminal).sum();
        let rest = (store.energy - 0.3 * of.energy) * of.discharge_efficiency;
        let given: f64 = (0..3600).map(|_| -store.step(&of, -rest / 3600.0, 25.0, 1.0).terminal).sum();
        worst = worst.max((given / taken - round).abs() * 100.0);
    }
    report.at_most(("battery", "there and back"), "92.16 % lithium-ion, 81 % LBNL's default", worst, (1e-6, "%"));
    let of = Battery { self_discharge: 0.0, auxiliary: 0.0, ..Battery::lithium(3.6e9, 1.0) };
    let mut worst = 0.0f64;
    for seconds in [1u32, 10, 60, 300] {
        let mut store = Store::charged(&of, 0.9);
        for _ in 0..300 / seconds {
            store.step(&of, 1e9, 25.0, f64::from(seconds));
        }
        // dSoC/dt = η·(1 − 8·(SoC − 0.9)) an hour from 0.9 on.
        let closed = 0.9 + (1.0 - f64::exp(-0.96 * 8.0 / 12.0)) / 8.0;
        worst = worst.max((store.soc(&of) - closed).abs());
    }
    report.at_most(("battery", "charge along the taper, steps of 1 to 300 s"), "closed form", worst, (1e-9, ""));
}

fn others(report: &mut Report) {
    let of = Busbar::sized(690e3, 230.0, 0.01);
    let seen = of.carry([200e3, 120e3, 40e3]);
    let turn = std::f64::consts::TAU / 3.0;
    let sum = |part: fn(f64) -> f64| {
        seen.current[0] * part(0.0) + seen.current[1] * part(turn) + seen.current[2] * part(2.0 * turn)
    };
    let phasors = f64::hypot(sum(f64::cos), sum(f64::sin));
    report.at_most(
        ("busbar", "neutral of uneven phases"),
        "sum of phasors",
        (seen.neutral - phasors).abs(),
        (1e-9, "A"),
    );
    let of = Generator { start_fails: 0.0, ..Generator::diesel(2e6, 8.0) };
    let mut state = GeneratorState::new(&of);
    let mut seconds = 0.0f64;
    while !state.available() && seconds < 60.0 {
        state.turn(&of, true, (1, 1), 0.1);
        seconds += 0.1;
    }
    report.at_most(
        ("generator", "start: outside the band"),
        "10 to 15 s",
        (10.0 - seconds).max(seconds - 15.0).max(0.0),
        (0.1, "s"),
    );
    let litres = state.carry(&of, 2e6, 1.0).fuel * 3600.0 / DIESEL / 2000.0;
    report.at_most(
        ("generator", "fuel at rated load"),
        "0.2525 l/kWh at 40 %",
        (litres - 0.2525).abs(),
        (1e-4, "l/kWh"),
    );
}

/// Frontier's 9472 nodes: 13 W and 0.98 in each node, 17 W and 0.96 for each four with their quarter of the chassis' four switches of
/// 250 W, 25 CDU pumps of 8473.47 W. The closed form of RAPS gives 7.3065 MW idle and 28.2279 MW at the peak.
fn supplies_of_a_machine_hall(report: &mut Report) {
    let load = |purpose| Stage::Load(Load { purpose, ride: Ride::MACHINES });
    let mut nodes: Vec<Node> = Vec::new();
    let mut demands = [Vec::new(), Vec::new()];
    let mut add = |parent: Option<usize>, stage: Stage, draws: [f64; 2]| {
        let name = format!("n{}", nodes.len());
        nodes.push(Node { name, parent, stage, metered: true, phases: [1.0 / 3.0; 3] });
        for (list, watts) in demands.iter_mut().zip(draws) {
            list.push(watts);
        }
        nodes.len() - 1
    };
    let root = add(None, Stage::Utility, [0.0; 2]);
    // Sixteen of the 2368 groups of four; the others are their like.
    let groups = 16;
    for _ in 0..groups {
        let rectifier = add(Some(root), Stage::Supplies(Supplies { fixed: 17.0, efficiency: 0.96 }), [0.0; 2]);
        add(Some(rectifier), load(Purpose::Compute), [250.0; 2]);
        for _ in 0..4 {
            let node = add(Some(rectifier), Stage::Supplies(Supplies { fixed: 13.0, efficiency: 0.98 }), [0.0; 2]);
            add(Some(node), load(Purpose::Compute), [626.26, 2704.26]);
        }
    }
    let pumps = 25.0 * 8473.47 * f64::from(groups) / 2368.0;
    add(Some(root), load(Purpose::Cooling), [pumps; 2]);
    let mut network = Network::new(nodes).expect("a sound tree");
    let mut worst = 0.0f64;
    for (demand, published) in demands.iter().zip([7.3065e6, 28.2279e6]) {
        let now = Now { voltage: Voltage::NOMINAL, demand, ambient: 20.0, cell: 20.0, seed: 1 };
        network.step(&now, 1.0);
        let seen = network.totals().facility() * 2368.0 / f64::from(groups);
        worst = worst.max((seen / published - 1.0).abs() * 100.0);
    }
    report.at_most(
        ("power tree", "Frontier's supply chain, idle and peak"),
        "7.3065 and 28.2279 MW (RAPS)",
        worst,
        (1e-3, "%"),
    );
}
