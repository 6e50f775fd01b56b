//! Random faults over every hall: what must hold in all of them. More seeds are a command (docs/scenarios.md).

use std::process::Command;

/// Thirty storms over a hall of a July noon, and eight of each of three days, in steps of five seconds.
fn weathers(hall: &str) {
    storms(hall, "30", &[]);
    for day in ["hot", "cold", "shoulder"] {
        storms(hall, "8", &["--day", day]);
    }
}

fn storms(hall: &str, seeds: &str, day: &[&str]) {
    let told = told(hall, &[&["--seeds", seeds, "--dt", "5s"], day].concat());
    assert!(told.contains(&format!("{seeds} storms over")), "{told}");
}

/// One storm that once did not hold.
fn holds(hall: &str, seed: &str, dt: &str) {
    told(hall, &["--seed", seed, "--dt", dt]);
}

/// What storms tell that hold.
fn told(hall: &str, which: &[&str]) -> String {
    let storm = ["sim", "storm", hall, "--once"];
    let output = Command::new(env!("CARGO_BIN_EXE_wattloop")).args(storm).args(which).output().expect("starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    told
}

/// A chiller's word was garbage, which the watch took for starts and stops of it.
#[test]
fn a_chiller_whose_word_is_garbage_is_stopped_in_its_time() {
    holds("air", "1965", "5s");
}

/// A sag between a stop and a start: `restore-after` counts from then on.
#[test]
fn a_chiller_that_stood_in_a_sag_starts_in_its_time() {
    holds("air", "1059", "5s");
}

/// The facility water stood for 24 min at full load: two chillers need 37 min for what the hall has stored.
#[test]
fn a_hall_whose_water_stood_for_long_is_back_in_its_time() {
    holds("liquid", "147", "2s");
}

/// A thermometer spoke Fahrenheit for a while, and its end was taken for a jump that no liquid makes: its tank stayed on its panel for good.
#[test]
fn a_tank_whose_thermometer_is_mended_is_taken_back() {
    holds("immersion", "108", "5s");
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
