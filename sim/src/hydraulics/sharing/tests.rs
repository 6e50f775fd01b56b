use super::*;
use crate::hydraulics::{CheckValve, Pump};
use proptest::prelude::*;

const PUMP: Pump = Pump {
    flow: 20.0,
    head: 3e5,
    shut_off: 1.3,
    straight: 0.0,
    efficiency: 0.75,
    best: 1.0,
    motor: 0.93,
    drive: 0.97,
    standby: 0.0,
    wet: 0.0,
    minimum: 0.2,
};
const GROUP: PumpGroup =
    PumpGroup { pump: PUMP, check: CheckValve { drop: 0.0, leakage: 0.0 }, density: 998.0, air: 0.0 };
const LOOP: Loop = Loop { group: GROUP, mains: Resistance::quadratic(40.0, 8e4), filter: None, bypass: None };

fn any_branch() -> impl Strategy<Value = Branch> {
    (0.2..6.0f64, 1e4..3e5f64, 1.5..2.0f64, 0.0..0.4f64, 0.0..1.0f64, 0.0..1.0f64).prop_map(
        |(flow, drop, exponent, laminar, valve, kind)| Branch {
            friction: Resistance {
                flow,
                drop,
                exponent: if kind < 0.3 { 2.0 } else { exponent },
                laminar: if kind < 0.5 { 0.0 } else { laminar },
            },
            valve: match valve {
                v if v < 0.05 => f64::INFINITY,
                v if v < 0.3 => 0.0,
                v => 3e4 / (flow * flow) * libm::pow(50.0, 2.0 * (1.0 - v)),
            },
            most: if kind > 0.9 { 0.8 * flow } else { f64::INFINITY },
        },
    )
}

fn any_loop() -> impl Strategy<Value = (Loop, Vec<f64>)> {
    let pumps = (0.0..1.0f64, 0.0..8e3f64, 0.0..0.1f64, 0.0..1.0f64);
    let mains = (1.0..2e5f64, 1.75..2.0f64, 0.0..0.3f64, 0.0..10.0f64);
    (pumps, mains, proptest::collection::vec(0.0..1.0f64, 1..5)).prop_map(
        |((straight, drop, leakage, same), (mains, exponent, laminar, bypass), mut speeds)| {
            if same < 0.5 {
                let first = speeds[0].max(0.3);
                speeds.iter_mut().for_each(|s| *s = first);
            }
            let leakage = if same < 0.7 { 0.0 } else { leakage };
            let group = PumpGroup {
                pump: Pump { straight, ..PUMP },
                check: CheckValve { drop, leakage },
                density: 998.0,
                air: 0.0,
            };
            let bypass = (bypass > 6.0).then_some(MinimumFlow { flow: bypass, open: (8.0, 2e5) });
            let filter =
                (laminar > 0.2).then_some(Resistance { flow: 40.0, drop: mains / 2.0, exponent: 1.76, laminar: 0.0 });
            (Loop { group, mains: Resistance { flow: 40.0, drop: mains, exponent, laminar }, filter, bypass }, speeds)
        },
    )
}

#[test]
fn a_quadratic_network_is_its_closed_form() {
    // Two pumps, three branches and the mains, by hand: s²·H_s = (1 + r·Y²)·dp with Y = Σ 1/√k, r = mains + fall/4.
    let branches = [(4.0, 1e5, 0.0), (8.0, 6e4, 500.0), (2.0, 2e5, f64::INFINITY)]
        .map(|(flow, drop, valve)| Branch { valve, ..Branch::open(Resistance::quadratic(flow, drop)) });
    let mut flows = [0.0; 3];
    let shared = LOOP.share(&[0.9, 0.9, 0.0], &branches, &mut flows);
    let y: f64 = 1.0 / (1e5f64 / 16.0).sqrt() + 1.0 / (6e4f64 / 64.0 + 500.0).sqrt();
    let r = 8e4 / 1600.0 + 0.3 * 3e5 / 400.0 / 4.0;
    let dp = 0.81 * 3.9e5 / (1.0 + r * y * y);
    assert!((shared.dp / dp - 1.0).abs() < 1e-12, "{} {dp}", shared.dp);
    assert!((shared.flow / (y * dp.sqrt()) - 1.0).abs() < 1e-12);
    assert!((flows[0] / (4.0 * (dp / 1e5).sqrt()) - 1.0).abs() < 1e-12 && flows[2] == 0.0, "{flows:?}");
    // The same network solved in steps: an exponent a hair below two has no closed form.
    let nearly = branches.map(|b| Branch { friction: Resistance { exponent: 2.0 - 1e-13, ..b.friction }, ..b });
    let mut stepped = [0.0; 3];
    LOOP.share(&[0.9, 0.9, 0.0], &nearly, &mut stepped);
    for (a, b) in flows.iter().zip(stepped) {
        assert!((a - b).abs() < 1e-9, "{flows:?} {stepped:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn what_the_pumps_give_the_branches_take(
        (hydraulic, speeds) in any_loop(), branches in proptest::collection::vec(any_branch(), 1..12),
    ) {
        let mut flows = vec![0.0; branches.len()];
        let shared = hydraulic.share(&speeds, &branches, &mut flows);
        let sum: f64 = flows.iter().sum::<f64>() + shared.bypass;
        prop_assert!((sum - shared.flow).abs() <= 1e-12 * shared.flow);
        prop_assert!(shared.residual <= 1e-12, "{shared:?}");
        // The pumps by their own curve: what they deliver at this head, where it says so with enough digits.
        if shared.flow > 1.0 {
            let given = hydraulic.group.flow(shared.head, &speeds);
            prop_assert!((given / shared.flow - 1.0).abs() < 1e-7, "{given} {shared:?}");
        }
        for (branch, flow) in branches.iter().zip(&flows) {
            let needed = branch.friction.pressure(*flow) + if *flow > 0.0 { branch.valve * flow * flow } else { 0.0 };
            if branch.valve.is_finite() && *flow < branch.most {
                prop_assert!((needed - shared.dp).abs() <= 1e-9 * shared.dp, "{branch:?}: {needed} {shared:?}");
            }
        }
    }

    #[test]
    fn opening_one_valve_gives_it_more_and_nobody_else(
        (hydraulic, speeds) in any_loop(), branches in proptest::collection::vec(any_branch(), 2..8), share in 0.05..0.95f64,
    ) {
        let mut before = vec![0.0; branches.len()];
        let mut after = before.clone();
        let mut opened = branches.clone();
        opened[0].valve = if branches[0].valve.is_finite() { branches[0].valve * share } else { 5e4 };
        let one = hydraulic.share(&speeds, &branches, &mut before);
        let two = hydraulic.share(&speeds, &opened, &mut after);
        let small = 1e-9 * (1.0 + one.flow);
        prop_assert!(after[0] >= before[0] - small, "{before:?} {after:?}");
        for n in 1..branches.len() {
            prop_assert!(after[n] <= before[n] + small, "{before:?} {after:?}");
        }
        prop_assert!(two.dp <= one.dp * (1.0 + 1e-9));
    }

    #[test]
    fn faster_pumps_move_more(
        (hydraulic, speeds) in any_loop(), branches in proptest::collection::vec(any_branch(), 1..6), by in 1.0..1.3f64,
    ) {
        let mut flows = vec![0.0; branches.len()];
        let one = hydraulic.share(&speeds, &branches, &mut flows);
        let faster: Vec<_> = speeds.iter().map(|s| (s * by).min(1.0)).collect();
        let two = hydraulic.share(&faster, &branches, &mut flows);
        prop_assert!(two.flow >= one.flow * (1.0 - 1e-9), "{one:?} {two:?}");
    }
}

#[test]
fn power_goes_with_the_cube_only_without_a_pressure_to_hold() {
    // An ideal pump efficiency, so that only the hydraulics speak.
    let group = PumpGroup { pump: Pump { straight: 0.0, ..PUMP }, ..GROUP };
    let hydraulic = Loop { group, ..LOOP };
    let branch = |valve: f64| [Branch { valve, ..Branch::open(Resistance::quadratic(20.0, 1e5)) }];
    let mut flow = [0.0];
    let full = hydraulic.share(&[1.0], &branch(0.0), &mut flow);
    let half = hydraulic.share(&[0.5], &branch(0.0), &mut flow);
    assert!((half.flow / full.flow - 0.5).abs() < 1e-12 && (half.head / full.head - 0.25).abs() < 1e-12);
    assert!((half.work.hydraulic / full.work.hydraulic - 0.125).abs() < 1e-12, "a fixed network: the cube");
    // Valves close and the speed falls until the differential pressure is what it was: half the flow takes far more than an eighth.
    let (mut slow, mut fast) = (0.0, 1.0);
    let mut held = full;
    for _ in 0..60 {
        let speed = f64::midpoint(slow, fast);
        let needed = full.dp / (full.flow / 2.0) / (full.flow / 2.0) - 1e5 / 400.0;
        held = hydraulic.share(&[speed], &branch(needed), &mut flow);
        if held.dp < full.dp { slow = speed } else { fast = speed }
    }
    assert!((held.flow / full.flow - 0.5).abs() < 1e-9, "{held:?}");
    let share = held.work.hydraulic / full.work.hydraulic;
    assert!(share > 0.35 && share < 0.5, "near half: {share}");
}

#[test]
fn the_bypass_keeps_the_pumps_minimum_and_only_that() {
    let with = Loop { bypass: Some(MinimumFlow { flow: 5.0, open: (6.0, 1e5) }), ..LOOP };
    let branch = |valve| [Branch { valve, ..Branch::open(Resistance::quadratic(20.0, 1e5)) }];
    let mut flow = [0.0];
    let wide = with.share(&[1.0], &branch(0.0), &mut flow);
    assert!(wide.bypass == 0.0 && wide.flow > 5.0);
    let shut = with.share(&[1.0], &branch(f64::INFINITY), &mut flow);
    assert!((shut.flow - 5.0).abs() < 1e-12 && shut.bypass == shut.flow && !shut.work.low_flow, "{shut:?}");
    let without = LOOP.share(&[1.0], &branch(f64::INFINITY), &mut flow);
    assert!(without.flow == 0.0 && without.work.dead_head && (without.dp - 3.9e5).abs() < 1e-6, "{without:?}");
}

#[test]
fn stopped_pumps_no_branches_and_absurd_speeds_are_quiet() {
    let branches = [Branch::open(Resistance { flow: 4.0, drop: 1e5, exponent: 1.85, laminar: 0.3 })];
    let mut flows = [7.0];
    for speeds in [&[][..], &[0.0, 0.0], &[f64::NAN], &[-5.0], &[f64::INFINITY]] {
        let shared = LOOP.share(speeds, &branches, &mut flows);
        assert_eq!((shared.flow, flows[0], shared.work.electrical), (0.0, 0.0, 0.0), "{speeds:?}");
    }
    let shared = LOOP.share(&[1e9], &branches, &mut flows);
    assert!(shared.flow.is_finite() && shared.work.outside);
    let nobody = LOOP.share(&[1.0], &[], &mut []);
    assert_eq!(nobody.flow, 0.0);
}

#[test]
fn air_that_takes_half_the_flow_takes_half_the_flow() {
    let group = PumpGroup { air: 0.5, ..GROUP };
    let branches = [Branch::open(Resistance::quadratic(20.0, 1e5))];
    let mut flow = [0.0];
    let sound = LOOP.share(&[1.0, 1.0], &branches, &mut flow);
    let aerated = Loop { group, ..LOOP }.share(&[1.0, 1.0], &branches, &mut flow);
    assert!((aerated.flow / sound.flow - 0.5).abs() < 1e-12, "{aerated:?}");
    assert!(aerated.work.electrical < sound.work.electrical / 4.0);
}

#[test]
fn a_broken_loop_tells_all_its_faults_at_once() {
    let text = "[pump]\nflow-kg-per-s = 20\nefficiency = 7\n[check-valve]\nleakage = 3\n[filter]\nflow-kg-per-s = 1\n\
                [bypass]\nopen-pa = 0\n";
    let source = plant::read::Source::new("loop.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let read = Loop::read(&root, 998.0);
    root.done();
    drop(root);
    let faults = source.finish(read).expect_err("broken").to_string();
    for part in ["head-pa", "efficiency", "leakage", "mains", "drop-pa", "open-pa", "open-kg-per-s"] {
        assert!(faults.contains(part), "{part} in\n{faults}");
    }
}
