use super::super::generator::Generator;
use super::super::grid::{Dip, Ride, Voltage};
use super::super::transformer::LIQUID_1000;
use super::super::ups::{Eco, Orders};
use super::*;
use proptest::prelude::*;

const EVEN: [f64; 3] = [1.0 / 3.0; 3];

/// A site of two racks with two machines each, a chiller, a battery and lights. The place of each node by name.
fn site(ups: Ups) -> Network {
    let mut nodes: Vec<Node> = Vec::new();
    let mut add = |name: &str, parent: Option<&str>, stage: Stage| {
        let parent = parent.map(|p| nodes.iter().position(|n: &Node| n.name == p).expect("a parent"));
        nodes.push(Node { name: name.to_owned(), parent, stage, metered: name != "lights", phases: EVEN });
    };
    let load = |purpose, ride| Stage::Load(Load { purpose, ride });
    let set = Generator { start_fails: 0.0, ..Generator::diesel(1e6, 8.0) };
    add("utility", None, Stage::Utility);
    add("transformer", Some("utility"), Stage::Transformer(Box::new(LIQUID_1000)));
    add("ats", Some("transformer"), Stage::Ats(Box::new((Ats::USUAL, set))));
    add("ups", Some("ats"), Stage::Ups(Box::new(ups)));
    add("pdu", Some("ups"), Stage::Pdu(Box::new(Busbar { fixed: 50.0, ..Busbar::sized(500e3, 230.0, 0.01) })));
    for rack in ["rack-1", "rack-2"] {
        add(rack, Some("pdu"), Stage::Panel);
        for machine in ["m1", "m2"] {
            let name = format!("{rack}-{machine}");
            add(&name, Some(rack), Stage::Supplies(Supplies { fixed: 13.0, efficiency: 0.96 }));
            add(&format!("{name}-chips"), Some(&name), load(Purpose::Compute, Ride::MACHINES));
            add(&format!("{name}-fans"), Some(&name), load(Purpose::MachineFans, Ride::MACHINES));
        }
    }
    add("mechanical", Some("ats"), Stage::Panel);
    add("chiller", Some("mechanical"), load(Purpose::Cooling, Ride::usual_contactor(240.0)));
    add("pumps", Some("mechanical"), load(Purpose::Cooling, Ride::usual_contactor(5.0)));
    add("battery", Some("transformer"), Stage::Storage(Box::new(Battery::lithium(3.6e8, 2.0))));
    add("lights", Some("ats"), load(Purpose::Other, Ride::ALWAYS));
    Network::new(nodes).expect("a sound tree")
}

fn small() -> Ups {
    Ups::usual(100e3, 4, 5.0)
}

fn demand(network: &Network, chips: f64) -> Vec<f64> {
    let of = |node: &Node| match node.name.as_str() {
        n if n.ends_with("chips") => chips,
        n if n.ends_with("fans") => 0.05 * chips,
        "chiller" => 60e3,
        "pumps" => 20e3,
        "lights" => 5e3,
        _ => 0.0,
    };
    network.nodes().iter().map(of).collect()
}

fn now(voltage: Voltage, demand: &[f64]) -> Now<'_> {
    Now { voltage, demand, ambient: 25.0, cell: 25.0, seed: 7 }
}

fn flow(network: &Network, name: &str) -> Flow {
    network.flows()[network.find(name).expect(name)]
}

/// Every node's balance over its throughput, and the sum of its children against its output.
fn worst(network: &Network) -> f64 {
    let mut worst = 0.0f64;
    for (at, node) in network.nodes().iter().enumerate() {
        let f = network.flows()[at];
        let most = f.input.abs() + f.made + f.output.abs() + f.stored.abs() + 1.0;
        worst = worst.max((f.input + f.made - f.output - f.unmetered - f.loss - f.stored).abs() / most);
        if matches!(node.stage, Stage::Load(_)) {
            continue;
        }
        let below = network.nodes().iter().zip(network.flows()).filter(|(n, _)| n.parent == Some(at));
        let sum: f64 = below.map(|(_, f)| f.input).sum();
        worst = worst.max((sum - f.output - f.unmetered).abs() / most);
    }
    let totals = network.totals();
    let parts = totals.it + totals.cooling + totals.other + totals.loss + totals.unattributed;
    worst.max((totals.facility() - parts).abs() / (parts + 1.0))
}

#[test]
fn nodes_without_a_store_balance_to_the_bit() {
    let mut network = site(small());
    let demand = demand(&network, 55e3);
    network.step(&now(Voltage::NOMINAL, &demand), 1.0);
    for (at, node) in network.nodes().iter().enumerate() {
        let f = network.flows()[at];
        if matches!(node.stage, Stage::Ups(_) | Stage::Storage(_)) {
            continue;
        }
        let (mut output, mut unmetered) = (0.0, 0.0);
        for (child, f) in network.nodes().iter().zip(network.flows()).rev().filter(|(n, _)| n.parent == Some(at)) {
            *if child.metered { &mut output } else { &mut unmetered } += f.input;
        }
        if matches!(node.stage, Stage::Load(_)) {
            output = demand[at];
        }
        assert_eq!(f.input.to_bits(), (output + unmetered + f.loss).to_bits(), "{}: {f:?}", node.name);
    }
    assert!(worst(&network) < 1e-12);
}

#[test]
fn the_ratios_come_out_of_the_same_chain() {
    let mut network = site(small());
    let demand = demand(&network, 55e3);
    network.step(&now(Voltage::NOMINAL, &demand), 1.0);
    let seen = network.totals();
    let chips = 4.0 * 55e3;
    let it = 4.0 * (1.05 * 55e3 + 13.0) / 0.96;
    assert!((seen.it - it).abs() < 1e-6 && (seen.compute - chips).abs() < 1e-6, "{seen:?}");
    assert_eq!((seen.cooling, seen.other, seen.unattributed), (80e3, 0.0, 5e3));
    assert!((seen.pdu_output - it).abs() < 1e-6 && seen.ups_output > seen.pdu_output);
    let [one, two, three] =
        [Category::UpsOutput, Category::PduOutput, Category::ItInput].map(|c| seen.pue(c).expect("IT"));
    assert!(1.0 < one && one < two && (two - three).abs() < 1e-9, "{one} {two} {three}");
    let (itue, tue) = (seen.itue().expect("compute"), seen.tue().expect("compute"));
    assert!((itue - it / chips).abs() < 1e-12 && (tue - itue * three).abs() < 1e-12);
    let parts = seen.cooling_ppue().expect("IT") - 1.0 + seen.power_ppue().expect("IT") - 1.0 + 5e3 / seen.it;
    assert!((parts + 1.0 - three).abs() < 1e-9, "the parts make the whole");
    let mut energy = Totals::default();
    energy.add(&seen, 1800.0);
    assert!((energy.pue(Category::ItInput).expect("IT") - three).abs() < 1e-12);
    assert_eq!(Totals::default().pue(Category::ItInput), None);
}

#[test]
fn an_outage_takes_the_mechanical_branch_and_the_ups_holds_the_machines() {
    let mut network = site(small());
    let demand = demand(&network, 55e3);
    for _ in 0..60 {
        network.step(&now(Voltage::NOMINAL, &demand), 1.0);
    }
    let (mut back, mut lowest) = (None, f64::INFINITY);
    for second in 0..60 {
        network.step(&now(Voltage::NONE, &demand), 1.0);
        assert!(worst(&network) < 1e-9, "at {second}");
        assert!(flow(&network, "rack-1-m1-chips").live, "the UPS holds at {second}");
        assert_eq!((flow(&network, "utility").input, flow(&network, "transformer").loss), (0.0, 0.0));
        lowest = lowest.min(flow(&network, "chiller").input);
        if flow(&network, "pumps").live && back.is_none() {
            back = Some(second);
        }
    }
    assert_eq!(lowest, 0.0, "the chiller's contactor let go");
    assert!(!flow(&network, "chiller").live, "and waits four minutes");
    let back = back.expect("the generator feeds the pumps");
    assert!((16..24).contains(&back), "pumps back after {back} s: a call, a start, five seconds");
    let ats = flow(&network, "ats");
    assert!(ats.made > 80e3 && ats.fuel > ats.made && ats.on_generator, "{ats:?}");
    assert!(network.totals().facility() > 200e3 && network.totals().grid == 0.0);
    let mut returned = false;
    for _ in 0..700 {
        network.step(&now(Voltage::NOMINAL, &demand), 1.0);
        assert!(worst(&network) < 1e-9 && flow(&network, "rack-2-m2-chips").live);
        returned |= network.events().iter().any(|(_, e)| *e == Happened::Ats(AtsEvent::ToGrid));
    }
    assert!(returned && flow(&network, "ats").made == 0.0 && flow(&network, "chiller").live);
    assert!(network.transformer(1).expect("it is one").oil.expect("oil") > 25.0);
}

#[test]
fn a_string_that_runs_empty_leaves_everything_below_dark_and_the_books_closed() {
    let mut network = site(Ups::usual(100e3, 4, 0.15));
    let demand = demand(&network, 55e3);
    network.step(&now(Voltage::NOMINAL, &demand), 5.0);
    let (mut partly, mut dark) = (0, 0);
    for _ in 0..8 {
        // The string is made for nine seconds, and the set does not start within them.
        network.step(&now(Voltage::NONE, &demand), 7.0);
        if flow(&network, "ups").on_generator {
            break;
        }
        let chips = flow(&network, "rack-1-m1-chips");
        assert!(worst(&network) < 1e-9);
        partly += i32::from(chips.live && chips.served < 1.0 && chips.input < 55e3);
        dark += i32::from(!chips.live && chips.input == 0.0);
    }
    assert!(partly == 1 && dark >= 1, "{partly} {dark}");
}

#[test]
fn a_sag_drops_chillers_and_eco_mode_lets_it_through_for_milliseconds() {
    let mut network = site(Ups { eco: Some(Eco::USUAL), ..small() });
    let demand = demand(&network, 55e3);
    let place = network.find("ups").expect("a UPS");
    network.ups(place).expect("a UPS").orders = Orders { eco: true, bypass: false };
    for _ in 0..30 {
        network.step(&now(Voltage::NOMINAL, &demand), 1.0);
    }
    let eco = flow(&network, "ups").loss;
    let sag = Voltage { level: 1.0, dip: Some(Dip { residual: 0.4, seconds: 0.15 }) };
    network.step(&now(sag, &demand), 1.0);
    assert!(!flow(&network, "chiller").live && !flow(&network, "pumps").live);
    let chips = flow(&network, "rack-1-m1-chips");
    assert_eq!(chips.voltage.dip, Some(Dip { residual: 0.4, seconds: 0.004 }));
    assert!(chips.live && flow(&network, "ups").loss > 2.0 * eco);
    let dropped = network.events().iter().filter(|(_, e)| *e == Happened::LoadDropped).count();
    assert_eq!(dropped, 2);
}

#[test]
fn a_battery_moves_the_meter_and_not_the_ratio() {
    let mut network = site(small());
    let mut demand = demand(&network, 55e3);
    network.step(&now(Voltage::NOMINAL, &demand), 1.0);
    let (calm, before) = (network.totals(), flow(&network, "transformer").loss);
    let place = network.find("battery").expect("a battery");
    demand[place] = -150e3;
    network.step(&now(Voltage::NOMINAL, &demand), 1.0);
    let shaved = network.totals();
    assert!(shaved.grid < calm.grid - 140e3, "{shaved:?}");
    let pue = |t: &Totals| t.pue(Category::ItInput).expect("IT");
    // Its own losses on the way out come on top, and the transformer carries less.
    let change = 150e3 * (1.0 / 0.96 - 1.0) + flow(&network, "transformer").loss - before;
    assert!((pue(&shaved) - pue(&calm) - change / calm.it).abs() < 1e-9, "{shaved:?}");
    assert!((pue(&shaved) - pue(&calm)).abs() < 0.03 && shaved.grid / shaved.it < 0.8);
    demand[place] = -200e3;
    network.step(&now(Voltage::NOMINAL, &demand.iter().map(|w| w.min(0.0)).collect::<Vec<_>>()), 1.0);
    assert!(network.totals().grid < -150e3, "it may feed into the grid");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_sums_hold_over_any_loads_outages_and_transfers(
        steps in proptest::collection::vec(
            (0.0..1.5f64, -2e5..2e5f64, 0u8..10, 0.1..30.0f64, (any::<bool>(), any::<bool>(), 0u32..5)), 1..80),
        seed in any::<u64>(),
    ) {
        let mut network = site(Ups { eco: Some(Eco::USUAL), ..small() });
        let (ups, battery) = (network.find("ups").expect("UPS"), network.find("battery").expect("battery"));
        let mut stored = 0.0;
        let begin = network.ups(ups).expect("UPS").store.energy + network.storage(battery).expect("battery").energy;
        let mut through = begin;
        for (share, asked, kind, dt, (eco, bypass, broken)) in steps {
            let mut demand = demand(&network, 60e3 * share);
            demand[battery] = asked;
            let state = network.ups(ups).expect("UPS");
            (state.orders, state.broken) = (Orders { eco, bypass }, if kind == 9 { broken } else { 0 });
            let voltage = match kind {
                0..=2 => Voltage::NONE,
                3 => Voltage { level: 1.0, dip: Some(Dip { residual: 0.3, seconds: 0.2 }) },
                4 => Voltage { level: 0.75, dip: None },
                _ => Voltage::NOMINAL,
            };
            network.step(&Now { seed, ..now(voltage, &demand) }, dt);
            prop_assert!(worst(&network) < 1e-9, "{}", worst(&network));
            for (node, f) in network.nodes().iter().zip(network.flows()) {
                prop_assert!(f.loss >= 0.0 && f.output.is_finite(), "{}: {f:?}", node.name);
                prop_assert!(f.live || f.output.abs() + f.unmetered.abs() < 1e-9, "{} is dead: {f:?}", node.name);
            }
            stored += network.totals().stored * dt;
            through += network.totals().stored.abs() * dt;
        }
        let end = network.ups(ups).expect("UPS").store.energy + network.storage(battery).expect("battery").energy;
        prop_assert!((end - begin - stored).abs() <= 1e-9 * through, "{end} {begin} {stored}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn more_work_never_takes_less_from_the_grid(chips in 0.0..60e3f64, more in 0.0..20e3f64) {
        let at = |chips| {
            let mut network = site(small());
            let demand = demand(&network, chips);
            network.step(&now(Voltage::NOMINAL, &demand), 1.0);
            network.totals()
        };
        let (less, most) = (at(chips), at(chips + more));
        prop_assert!(most.grid >= less.grid && most.loss >= less.loss);
        prop_assert!(less.facility() > less.it && less.it > less.compute);
    }
}

#[test]
fn absurd_demands_and_steps_are_survived() {
    let mut network = site(small());
    for odd in [f64::NAN, f64::INFINITY, -1e300, 1e12] {
        for (level, dt) in [(1.0, 1.0), (f64::NAN, 10.0), (-5.0, 1e6), (1.0, f64::NAN), (1.0, -1.0)] {
            let demand = vec![odd; 4 + network.nodes().len()];
            network.step(&now(Voltage { level, dip: None }, &demand), dt);
            network.step(&now(Voltage { level, dip: None }, &[]), dt);
            assert!(network.flows().iter().all(|f| f.input.is_finite() && f.loss.is_finite() && f.stored.is_finite()));
        }
    }
}

#[test]
fn a_broken_tree_tells_every_fault() {
    let node = |name: &str, parent, stage| Node { name: name.to_owned(), parent, stage, metered: true, phases: EVEN };
    let chips = Stage::Load(Load { purpose: Purpose::Compute, ride: Ride::MACHINES });
    let chiller = Stage::Load(Load { purpose: Purpose::Cooling, ride: Ride::ALWAYS });
    let nodes = vec![
        node("panel", None, Stage::Panel),
        node("ups", Some(0), Stage::Ups(Box::new(small()))),
        node("ups", Some(1), Stage::Ups(Box::new(small()))),
        node("chips", Some(9), chips),
        node("psu", Some(1), Stage::Supplies(Supplies { fixed: 0.0, efficiency: 0.9 })),
        node("chiller", Some(4), chiller),
        node("more", Some(5), Stage::Panel),
        Node { phases: [0.5; 3], ..node("odd", Some(0), Stage::Panel) },
    ];
    let faults = Network::new(nodes).expect_err("faults");
    assert_eq!(faults.len(), 7, "{faults:#?}");
    assert_eq!(Network::new(Vec::new()).expect_err("a fault").len(), 1);
}
