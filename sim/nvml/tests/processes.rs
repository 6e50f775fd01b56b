//! More than one process on a board.

use std::env;
use std::path::Path;
use std::process::Command;

use sim_nvml::Card;

use super::{bench, load, nvml};

const LIBRARY: &str = "WATTLOOP_TEST_NVML";

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
