//! More than one process on a board.

use std::env;
use std::path::Path;
use std::process::Command;

use sim_nvml::Card;

use super::{bench, load, nvml};

const LIBRARY: &str = "WATTLOOP_TEST_NVML";
const KILLED: &str = "WATTLOOP_TEST_NVML_KILLED";

/// Not a test of its own: [`a_limit_of_another_process_is_seen_here`] runs it in a process.
#[test]
fn the_other_process() {
    let Ok(library) = env::var(LIBRARY) else { return };
    let nvml = load(Path::new(&library)).expect("the driver of the first process");
    let mut device = nvml.device_by_index(1).expect("a GPU");
    assert_eq!(device.enforced_power_limit().expect("a limit"), 510_000, "what the first process set");
    device.set_power_management_limit(320_000).expect("a limit");
}

fn other(bench: &sim_nvml::Bench) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", "processes::the_other_process"]).env(LIBRARY, bench.library());
    command
}

#[test]
fn a_limit_of_another_process_is_seen_here() {
    let (_folder, bench) = bench(&[Card::H100, Card::H100]);
    let nvml = nvml(&bench);
    nvml.device_by_index(1).expect("a GPU").set_power_management_limit(510_000).expect("a limit");
    bench.demand(1, 700.0);
    bench.step(super::millis(3_000));
    let child = other(&bench).spawn().expect("a process");
    let process = child.id();
    assert!(child.wait_with_output().expect("its end").status.success());
    assert_eq!(nvml.device_by_index(1).expect("a GPU").enforced_power_limit().expect("a limit"), 320_000);
    assert_eq!(bench.sets(1), (2, process));
    assert_eq!(bench.sets(0), (0, 0));
    bench.step(super::millis(2_000));
    assert!((bench.power_now(1) - 320.0).abs() < 1.0, "its cap is felt: {} W", bench.power_now(1));
}

/// What keeps a cap when everybody has gone: nothing, unless somebody saw to it.
#[test]
fn a_driver_that_nothing_holds_forgets_its_caps_with_its_last_client() {
    let (_folder, bench) = bench(&[Card::H100, Card::H100]);
    bench.leaves_with_its_last_client(true);
    bench.demand(1, 700.0);
    let set = |milliwatts| {
        let nvml = nvml(&bench);
        nvml.device_by_index(1).expect("a GPU").set_power_management_limit(milliwatts).expect("a limit");
        nvml
    };
    let first = set(510_000);
    bench.step(super::millis(1_000));
    assert_eq!(bench.enforced(1), 510_000, "it is there");
    // Another process comes and goes.
    assert!(other(&bench).status().expect("its end").success());
    bench.step(super::millis(1_000));
    assert_eq!(bench.enforced(1), 320_000, "the first is still there");
    drop(first);
    assert_eq!(bench.enforced(1), 320_000, "a driver takes a moment to go");
    goes(&bench, 1);
    bench.step(super::millis(2_000));
    assert!((bench.power_now(1) - 700.0).abs() < 1.0, "{} W", bench.power_now(1));

    // Nobody looked between one client and the next.
    let forgotten = (0..TRIES).any(|_| {
        drop(set(510_000));
        let limit = nvml(&bench).device_by_index(1).expect("a GPU").enforced_power_limit().expect("a limit");
        limit == 700_000
    });
    assert!(forgotten);
    let next = nvml(&bench);

    // Persistence mode of one GPU keeps the driver for all.
    next.device_by_index(0).expect("a GPU").set_persistent(true).expect("a mode");
    next.device_by_index(1).expect("a GPU").set_power_management_limit(450_000).expect("a limit");
    drop(next);
    bench.step(super::millis(1_000));
    assert_eq!(bench.enforced(1), 450_000);
    let last = nvml(&bench);
    assert_eq!(last.device_by_index(1).expect("a GPU").enforced_power_limit().expect("a limit"), 450_000);
    last.device_by_index(0).expect("a GPU").set_persistent(false).expect("a mode");
    drop(last);
    goes(&bench, 1);
}

/// A process that another test starts holds what this one holds until it has become another program, so that nobody is gone at once.
const TRIES: u32 = 2_000;

/// Waits until the limit of a GPU is forgotten.
fn goes(bench: &sim_nvml::Bench, gpu: usize) {
    let gone = (0..TRIES).any(|_| {
        bench.step(super::millis(100));
        let gone = bench.enforced(gpu) == 700_000;
        if !gone {
            std::thread::sleep(super::millis(2));
        }
        gone
    });
    assert!(gone, "{} mW stay", bench.enforced(gpu));
}

/// Not a test of its own: sets a limit, says so and waits to be killed.
#[test]
fn the_process_that_is_killed() {
    let Ok(library) = env::var(KILLED) else { return };
    let nvml = load(Path::new(&library)).expect("a driver");
    nvml.device_by_index(0).expect("a GPU").set_power_management_limit(250_000).expect("a limit");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_killed_client_has_gone_like_any_other() {
    for leaves in [true, false] {
        let (_folder, bench) = bench(&[Card::H100]);
        bench.leaves_with_its_last_client(leaves);
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "processes::the_process_that_is_killed"])
            .env(KILLED, bench.library())
            .spawn()
            .expect("a process");
        while bench.enforced(0) != 250_000 {
            assert!(child.try_wait().expect("its state").is_none(), "it has ended by itself");
            std::thread::sleep(super::millis(2));
        }
        bench.step(super::millis(500));
        assert_eq!(bench.enforced(0), 250_000);
        child.kill().expect("killed");
        child.wait().expect("its end");
        if leaves {
            goes(&bench, 0);
        } else {
            bench.step(super::millis(500));
            assert_eq!(bench.enforced(0), 250_000);
        }
    }
}

/// The environment goes before the folder.
#[test]
fn the_environment_names_another_board() {
    let (_folder, here) = bench(&[Card::H100, Card::H100]);
    let (there_folder, there) = bench(&[Card::T4, Card::H100]);
    let mut set = nvml(&there);
    set.device_by_index(1).expect("a GPU").set_power_management_limit(510_000).expect("a limit");
    let mut command = other(&here);
    command.env("SIM_NVML_BOARD", there_folder.path().join("board"));
    assert!(command.status().expect("its end").success());
    assert_eq!((there.enforced(1), here.enforced(1)), (320_000, 700_000));
    set = nvml(&here);
    assert_eq!(set.device_count().expect("a count"), 2);
}
