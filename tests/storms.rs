//! Random faults over every hall: what must hold in all of them. More seeds are a command (docs/scenarios.md).

use std::process::Command;

/// Forty storms over a hall, in steps of five seconds.
fn weathers(hall: &str) {
    let storm = ["sim", "storm", hall, "--seeds", "40", "--dt", "5s", "--once"];
    let output = Command::new(env!("CARGO_BIN_EXE_wattloop")).args(storm).output().expect("starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("40 storms over"), "{told}");
}

#[test]
fn air_weathers_its_storms() {
    weathers("air");
}

#[test]
fn air_dx_weathers_its_storms() {
    weathers("air-dx");
}

#[test]
fn hybrid_weathers_its_storms() {
    weathers("hybrid");
}

#[test]
fn liquid_weathers_its_storms() {
    weathers("liquid");
}

#[test]
fn rear_door_weathers_its_storms() {
    weathers("rear-door");
}

#[test]
fn immersion_two_phase_weathers_its_storms() {
    weathers("immersion-two-phase");
}

#[test]
fn immersion_weathers_its_storms() {
    weathers("immersion");
}
