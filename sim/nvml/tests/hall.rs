//! A simulated hall's GPUs on boards: capped by other processes through NVML, felt by the world.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use plant::convert;
use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use sim::World;
use sim::beside::Beside;
use sim::compute::fleet::Spec;
use sim_nvml::board::Trouble;
use sim_nvml::{Board, Card, Cards, Fault, library_beside_tests};

use super::load;

const LIBRARY: &str = "WATTLOOP_TEST_NODE";
const BEGIN: Wall = Wall(1_784_120_400_000);

fn text(of: &[(&str, &'static str)], name: &str) -> &'static str {
    of.iter().find(|(known, _)| *known == name).expect("shipped").1
}

struct Stand {
    hall: Hall,
    world: World,
    inputs: Inputs,
    tick: Tick,
}

/// The hall in air, a node of four H100 in each rack, on its own panels.
fn stand(cap: Option<f64>) -> Stand {
    let hall = Hall::load("air", text(plant::shipped::HALLS, "air")).expect("a hall");
    let racks = hall.rows.rows().iter().map(|row| row.racks.len()).sum();
    let spec = Spec::load("h100-quad", text(sim::shipped::NODES, "h100-quad"), (1, racks)).expect("nodes");
    let world = World::load(&hall, "air", text(sim::shipped::HALLS, "air")).expect("a world").on_panels();
    let world = world.with_seed(7).with_nodes(&Arc::new(Spec { cap, ..spec }));
    let inputs = Inputs::unread(hall.points.len());
    let tick = Tick { dt: Span::from_secs(1), wall: BEGIN, ..Tick::default() };
    Stand { hall, world, inputs, tick }
}

impl Stand {
    fn step(&mut self, mut cards: Option<&mut Cards>) {
        let gone = self.tick.mono.0.saturating_add(self.tick.dt.nanos());
        let wall = Wall(BEGIN.0 + i64::try_from(gone / 1_000_000).expect("a day"));
        self.tick = Tick { seq: self.tick.seq + 1, mono: Mono(gone), wall, ..self.tick };
        if let Some(cards) = &mut cards {
            cards.before(&mut self.world);
        }
        self.world.step_into(&Outputs::default(), self.tick, &mut self.inputs);
        if let Some(cards) = &mut cards {
            cards.after(&self.world, self.tick);
        }
    }

    fn node(&self, node: usize) -> f64 {
        self.world.fleet().expect("nodes").cluster().outcomes()[node].gpus
    }

    fn lost(&self) -> f64 {
        self.world.fleet().expect("nodes").totals().lost
    }
}

/// Not a test of its own: an agent in a process of its own that caps whatever GPUs its node has.
#[test]
fn an_agent_of_a_node() {
    let Ok(library) = env::var(LIBRARY) else { return };
    let nvml = load(Path::new(&library)).expect("a driver");
    let count = nvml.device_count().expect("a count");
    assert_eq!(count, 4);
    for number in 0..count {
        let mut device = nvml.device_by_index(number).expect("a GPU");
        assert_eq!(device.name().expect("a name"), Card::H100.name);
        assert!(device.power_usage().expect("power") > 80_000);
        device.set_power_management_limit(250_000).expect("a limit");
    }
}

#[test]
fn a_node_capped_by_a_strange_process_draws_less_and_its_lost_work_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stand = stand(None);
    (0..600).for_each(|_| stand.step(None));
    let at = (&stand.world, stand.tick.wall);
    let mut cards = Cards::new(folder.path(), &stand.hall, at, Some(&library_beside_tests())).expect("boards");
    let names: Vec<String> = cards.names().map(str::to_owned).collect();
    assert_eq!(names.len(), stand.world.fleet().expect("nodes").cluster().nodes().len());
    // The same day without anybody's cap.
    let mut twin =
        Stand { hall: stand.hall.clone(), world: stand.world.clone(), inputs: stand.inputs.clone(), ..stand };
    for _ in 0..10 {
        stand.step(Some(&mut cards));
        twin.step(None);
        assert_eq!(stand.world, twin.world, "boards on which nobody set anything change nothing");
    }
    let busiest = (0..names.len()).max_by(|a, b| stand.node(*a).total_cmp(&stand.node(*b))).expect("nodes");
    assert!(stand.node(busiest) > 1_500.0, "{} W", stand.node(busiest));
    let own = folder.path().join(&names[busiest]);
    let agent = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "hall::an_agent_of_a_node"])
        .env(LIBRARY, own.join("libnvidia-ml.so.1"))
        .status();
    assert!(agent.expect("its end").success());
    let (mut drawn, mut uncapped) = (0.0, 0.0);
    for second in 0..120 {
        stand.step(Some(&mut cards));
        twin.step(None);
        if second >= 2 {
            assert!(stand.node(busiest) <= 4.0 * 251.0, "{} W after {second} s", stand.node(busiest));
            drawn += stand.world.chain().it;
            uncapped += twin.world.chain().it;
        }
    }
    assert!(uncapped - drawn > 118.0 * 400.0, "the hall draws {} J less", uncapped - drawn);
    assert!(stand.lost() > twin.lost() + 1e-3, "{} GPU-h of {} GPU-h", stand.lost(), twin.lost());
    assert!(stand.world.ledger_residual() < 1e-9, "the books close: {:e}", stand.world.ledger_residual());

    let board = cards.board(busiest).expect("a board");
    for gpu in board.gpus() {
        let readings = gpu.readings();
        assert!(readings.instant_mw < 251_000 * 11 / 10, "{readings:?}");
        assert!(readings.average_mw < 251_000 * 11 / 10, "{readings:?}");
        assert!(readings.held & 0x4 != 0, "it says that its limit holds it: {readings:?}");
        assert!(readings.power_ns > 60_000_000_000, "{readings:?}");
        assert_eq!(readings.at_us, u64::try_from(stand.tick.wall.0).expect("now") * 1000);
        assert_eq!(gpu.sets().0, 1);
    }
    let seen = Board::open(&own.join("board")).expect("the same board");
    assert!(seen.loaded());
    drop(cards);
    assert!(!seen.loaded(), "a hall that has gone leaves no driver");
}

/// What the counters say, over all of a hall, is what the GPUs have drawn, but for each board's own proportion.
#[test]
fn energy_counters_add_up_to_what_the_hall_gave_its_gpus() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stand = stand(None);
    stand.tick.dt = Span::from_millis(200);
    let at = (&stand.world, stand.tick.wall);
    let mut cards = Cards::new(folder.path(), &stand.hall, at, None).expect("boards");
    let mut drawn = 0.0;
    for _ in 0..1_500 {
        stand.step(Some(&mut cards));
        drawn += (0..40).map(|node| stand.node(node)).sum::<f64>() * 0.2;
    }
    let counted: u64 =
        (0..40).flat_map(|node| cards.board(node).expect("a board").gpus()).map(|g| g.readings().energy_mj).sum();
    let counted = convert::f64_from_u64(counted) / 1000.0;
    assert!((counted / drawn - 1.0).abs() < 0.01, "{counted} J of {drawn} J");
    let own = folder.path().join(cards.names().next().expect("a node"));
    let left: Vec<_> = fs::read_dir(own).expect("its folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["board"], "no library, no link");
}

#[test]
fn what_a_board_is_told_reaches_the_world_as_it_reaches_a_bench() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stand = stand(Some(450.0));
    stand.step(None);
    let at = (&stand.world, stand.tick.wall);
    let mut cards = Cards::new(folder.path(), &stand.hall, at, None).expect("boards");
    let cap = |stand: &Stand, gpu: usize| {
        let cluster = stand.world.fleet().expect("nodes").cluster();
        cluster.nodes()[3].quads(cluster.build()).next().expect("four").caps()[gpu]
    };
    stand.step(Some(&mut cards));
    assert_eq!((0..4).map(|gpu| cap(&stand, gpu)).collect::<Vec<_>>(), [450.0; 4], "what the hall began with");
    let board = Board::open(&folder.path().join(cards.names().nth(3).expect("a node")).join("board")).expect("a board");
    let gpu = |n: usize| board.gpu(n).expect("a GPU");
    assert_eq!(gpu(0).requested(), 450_000);
    gpu(0).set_out_of_band(Some(300_000));
    assert!(gpu(1).request(gpu(1).life(), 620_000, 5));
    gpu(2).set_fault(Fault::PowerBrake, true);
    assert!(gpu(3).set_lock(gpu(3).life(), Some((0, 990))));
    stand.step(Some(&mut cards));
    assert_eq!([cap(&stand, 0), cap(&stand, 1), cap(&stand, 2)], [300.0, 620.0, 280.0]);
    assert_eq!(cap(&stand, 3), 450.0, "a locked clock is no cap");
    board.load();
    stand.step(Some(&mut cards));
    assert_eq!([cap(&stand, 0), cap(&stand, 1), cap(&stand, 3)], [300.0, 700.0, 700.0], "a reload forgets");
    assert!(gpu(1).readings().energy_mj <= 700_000 * 2);
}

/// The second actuator: clocks, which bite where no cap does.
#[test]
fn locked_clocks_are_felt_by_work_that_no_cap_reaches() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stand = stand(None);
    (0..300).for_each(|_| stand.step(None));
    let at = (&stand.world, stand.tick.wall);
    let mut cards = Cards::new(folder.path(), &stand.hall, at, None).expect("boards");
    let mut twin =
        Stand { hall: stand.hall.clone(), world: stand.world.clone(), inputs: stand.inputs.clone(), ..stand };
    let boards =
        || (0..40).map(|node| Board::open(&folder.path().join(cards.names().nth(node).expect("a node")).join("board")));
    let boards: Vec<Board> = boards().map(|board| board.expect("a board")).collect();
    for gpu in boards.iter().flat_map(Board::gpus) {
        assert!(gpu.set_lock(gpu.life(), Some((0, 990))));
    }
    let all = |stand: &Stand| (0..40).map(|node| stand.node(node)).sum::<f64>();
    let (mut drawn, mut free) = (0.0, 0.0);
    for second in 0..120 {
        stand.step(Some(&mut cards));
        twin.step(None);
        (drawn, free) = (drawn + all(&stand), free + all(&twin));
        // At half the clock nobody draws half of the rated power, whatever he works at.
        assert!(second < 2 || (0..40).all(|n| stand.node(n) < 4.0 * 340.0));
    }
    assert!(drawn < 0.93 * free, "{drawn} J of {free} J");
    assert!(stand.lost() > twin.lost());
    assert!(stand.world.ledger_residual() < 1e-9);
    for gpu in boards.iter().flat_map(Board::gpus) {
        assert!(gpu.readings().held & 0x2 != 0 && gpu.readings().clock_mhz <= 990, "{:?}", gpu.readings());
    }
    boards.iter().for_each(Board::load);
    (0..3).for_each(|_| stand.step(Some(&mut cards)));
    assert!((0..40).any(|n| stand.node(n) > 4.0 * 450.0), "a reload lets them go");
}

#[test]
fn with_copies_one_process_sees_many_nodes() {
    let folder = tempfile::tempdir().expect("a folder");
    let stand = stand(None);
    let (library, at) = (library_beside_tests(), (&stand.world, BEGIN));
    // Twice, as after a hall that was served before: links and copies are replaced.
    for _ in 0..2 {
        let cards = Cards::new(folder.path(), &stand.hall, at, Some(&library)).expect("boards");
        let cards = cards.with_copies(&library).expect("copies");
        let names: Vec<&str> = cards.names().take(3).collect();
        let drivers = names.iter().map(|name| load(&cards.library(name)).expect("a driver")).collect::<Vec<_>>();
        for (node, nvml) in drivers.iter().enumerate() {
            let mut device = nvml.device_by_index(2).expect("a GPU");
            let own = cards.board(node).expect("a board").gpu(2).expect("a GPU");
            assert_eq!(device.uuid().expect("a UUID"), own.uuid());
            let limit = 300_000 + u32::try_from(node).expect("small");
            device.set_power_management_limit(limit).expect("a limit");
            assert_eq!(own.enforced(), limit);
        }
        let trouble = cards.with_copies(Path::new("none.so")).expect_err("no library");
        assert!(trouble.to_string().contains("none.so"), "{trouble}");
    }
}

#[test]
fn a_hall_without_nodes_says_so_and_one_that_begins_again_takes_its_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let hall = Hall::load("air", text(plant::shipped::HALLS, "air")).expect("a hall");
    let world = World::load(&hall, "air", text(sim::shipped::HALLS, "air")).expect("a world");
    let none = Cards::new(folder.path(), &hall, (&world, BEGIN), None).expect_err("no nodes");
    assert!(matches!(none, Trouble::NoNodes), "{none}");

    let stand = stand(None);
    let library = library_beside_tests();
    let make = || Cards::new(folder.path(), &stand.hall, (&stand.world, BEGIN), Some(&library)).expect("boards");
    let first = make();
    let path = folder.path().join(first.names().next().expect("a node")).join("board");
    let seen = Board::open(&path).expect("a board");
    std::mem::forget(first);
    let _second = make();
    assert!(!seen.loaded(), "who had the board of before learns that its driver has gone");
    assert!(Board::open(&path).expect("the new one").loaded());
    let blocked = folder.path().join("blocked");
    fs::write(&blocked, "a file").expect("written");
    let trouble = Cards::new(&blocked, &stand.hall, (&stand.world, BEGIN), None).expect_err("no folder");
    assert!(trouble.to_string().contains("blocked"), "{trouble}");
}
