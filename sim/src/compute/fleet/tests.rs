use plant::hall::Hall;
use plant::image::Outputs;
use plant::time::{Mono, Span, Tick};

use super::*;
use crate::World;
use crate::compute::job::Kind;

const NOON: i64 = 1_784_116_800_000;

fn text(all: &[(&str, &'static str)], wanted: &str) -> &'static str {
    all.iter().find(|(name, _)| *name == wanted).expect("shipped").1
}

fn quad(per_rack: usize) -> Spec {
    Spec::load("h100-quad", text(crate::shipped::NODES, "h100-quad"), (per_rack, 40)).expect("reads")
}

fn air(spec: Spec) -> World {
    let hall = Hall::load("air", text(plant::shipped::HALLS, "air")).expect("loads");
    let world = World::load(&hall, "air", text(crate::shipped::HALLS, "air")).expect("loads");
    world.with_seed(3).with_nodes(&Arc::new(spec)).on_panels()
}

/// Steps of `dt` seconds; `each` looks after every one.
fn run(world: &mut World, steps: u64, dt: u64, mut each: impl FnMut(&mut World)) {
    let dt = Span::from_secs(dt);
    for seq in 0..steps {
        let mono = dt.times(seq + 1).nanos();
        let wall = Wall(NOON + convert::i64_from_bits(mono / 1_000_000));
        let tick = Tick { seq, dt, mono: Mono(mono), wall, clock_trusted: true, boot: 1 };
        world.step(&Outputs::default(), tick);
        each(world);
    }
}

fn busy(nodes: usize, length: f64) -> Jobs {
    Jobs::Trace([Arrival { submit: 0.0, nodes, length, kind: Kind::Training }].into())
}

fn racks(world: &World) -> (f64, f64) {
    let racks = || world.rows().iter().flat_map(|row| &row.racks);
    (racks().map(|r| r.power).sum(), racks().map(|r| r.flow).sum())
}

#[test]
fn racks_draw_and_blow_what_their_nodes_do_and_the_books_close() {
    let mut world = air(quad(5));
    run(&mut world, 600, 1, |world| {
        let fleet = world.fleet().expect("nodes");
        let (power, flow) = racks(world);
        let nodes = fleet.cluster().outcomes();
        assert!((power / nodes.iter().map(|o| o.power).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((flow / nodes.iter().map(|o| o.flow).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((world.chain().it / power - 1.0).abs() < 1e-9, "{} beside {power}", world.chain().it);
        assert!(world.ledger_residual() < crate::ledger::CLOSED, "{:e}", world.ledger_residual());
    });
    let totals = world.fleet().expect("nodes").totals();
    assert!((totals.busy - totals.worked - totals.lost).abs() < 1e-9 * totals.busy, "{totals:?}");
}

#[test]
fn a_hall_begins_in_the_middle_of_its_work() {
    let mut shares = Vec::new();
    for seed in 0..20 {
        let mut fleet = Fleet::new(&Arc::new(quad(5)), 40, seed, 25.0);
        fleet.receive(seed, Wall(NOON), 1.0);
        fleet.cluster.step(&fleet.cadence, |_| Around { inlet: 22.0, liquid: None, live: true });
        let taken: usize = fleet.cluster.running().map(|job| job.arrival.nodes).sum();
        shares.push(convert::f64_from_usize(taken) / 200.0);
    }
    let mean = shares.iter().sum::<f64>() / 20.0;
    // 330 jobs a day of 7,396 s and 5.7 nodes each in the mean want 161 of 200, some of them the same.
    assert!((0.65..=0.95).contains(&mean), "{mean}: {shares:?}");
}

#[test]
fn a_cap_lowers_power_and_costs_work_and_its_end_gives_both_back() {
    let mut world = air(Spec { jobs: busy(200, 1e6), ..quad(5) });
    let mut power = Vec::new();
    let mut lost = Vec::new();
    let mut at = 0;
    run(&mut world, 360, 1, |world| {
        at += 1;
        match at {
            120 => (0..40).for_each(|rack| world.cap_rack(rack, Some(300.0))),
            240 => (0..40).for_each(|rack| world.cap_rack(rack, None)),
            _ => {}
        }
        if at % 120 == 100 {
            power.push(world.chain().it);
            lost.push(world.fleet().expect("nodes").totals().lost);
        }
    });
    assert!(power[1] < 0.75 * power[0] && (power[2] / power[0] - 1.0).abs() < 0.15, "{power:?}");
    assert!(lost[1] - lost[0] > 4.0 * (lost[2] - lost[1]), "{lost:?}");
    let one = world.fleet().expect("nodes").cluster().nodes().first().expect("a node");
    assert_eq!(one.quads(&quad(5).build).next().expect("GPUs").caps(), [700.0; 4]);
}

#[test]
fn a_rack_of_the_hall_is_capped_alone() {
    let mut world = air(Spec { jobs: busy(200, 1e6), cap: Some(500.0), ..quad(5) });
    world.cap_rack(7, Some(250.0));
    let fleet = world.fleet().expect("nodes");
    for (n, node) in fleet.cluster().nodes().iter().enumerate() {
        let wanted = if n / 5 == 7 { 250.0 } else { 500.0 };
        assert_eq!(node.quads(&fleet.spec().build).next().expect("GPUs").caps(), [wanted; 4], "node {n}");
    }
}

#[test]
fn long_steps_are_divided_and_come_to_the_same() {
    let energy = |steps, dt: u64| {
        let mut world = air(quad(5));
        let mut sum = 0.0;
        run(&mut world, steps, dt, |world| sum += world.chain().it * convert::f64_from_u64(dt));
        (sum, world.fleet().expect("nodes").totals().busy)
    };
    let ((fine, busy), (coarse, same)) = (energy(600, 1), energy(60, 10));
    assert!((fine / coarse - 1.0).abs() < 0.02, "{fine} beside {coarse}");
    assert!((busy / same - 1.0).abs() < 1e-9, "{busy} beside {same}: jobs come at their times");
}

#[test]
fn nodes_are_read_for_the_racks_they_stand_in() {
    let file = text(crate::shipped::NODES, "h100-quad");
    let faults = Spec::load("mine.toml", file, (1, 4)).expect_err("jobs of 16 nodes in 4");
    assert!(faults.to_string().contains("mine.toml:"), "{faults}");
    assert!(faults.to_string().contains("never fits a hall of 4"), "{faults}");
    let faults = Spec::load("mine.toml", &file.replace("[jobs]", "[works]"), (5, 40)).expect_err("no jobs");
    assert!(faults.to_string().contains("jobs"), "{faults}");
    let peak = 5.0 * quad(5).node_peak();
    assert!((22e3..=25e3).contains(&peak), "{peak}");
}
