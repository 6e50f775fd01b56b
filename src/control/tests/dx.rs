//! Rows of DX units under the whole controller: taken over, in smoke, given back.

use plant::command::Level;
use plant::event::{ShutOut, Step, Trouble, What};
use plant::reading::Why;

use super::rig::{Rig, shipped};

/// A hall of DX units under control, on a cool dry day.
fn hall() -> Rig {
    let mut rig = Rig::new(shipped("air-dx"));
    rig.read("roof/dry-bulb", 12.0);
    rig.read("roof/wet-bulb", 8.0);
    (1..=12).for_each(|n| rig.read(&format!("dx-{n}/fan-speed-feedback"), 60.0)); // air that stands tells nothing
    rig.steps(60);
    rig
}

#[test]
fn it_takes_over_and_lets_outdoor_air_in() {
    let mut rig = hall();
    assert!(rig.value("dx-1/run-mode") >= 1.0 && rig.value("dx-12/run-mode") >= 1.0);
    (1..=12).for_each(|n| rig.read(&format!("dx-{n}/supply-air-temp"), 23.0));
    rig.steps(60);
    assert!(rig.value("dx-7/damper") > 5.0, "{}", rig.value("dx-7/damper"));
}

#[test]
fn smoke_shuts_every_damper_above_an_operator_and_clears_by_time() {
    let mut rig = hall();
    (1..=12).for_each(|n| rig.read(&format!("dx-{n}/supply-air-temp"), 23.0));
    rig.hold("dx-3/damper", 40.0, None);
    rig.steps(120);
    assert!(rig.value("dx-3/damper") > 30.0);
    rig.read("intake-b/smoke", 1.0);
    rig.step();
    for name in ["dx-1/damper", "dx-3/damper", "dx-12/damper"] {
        let command = rig.command(name);
        assert_eq!((command.value, command.level), (0.0, Level::AutomaticLifeSafety), "{name}");
    }
    rig.read("intake-b/smoke", 0.0);
    rig.steps(890);
    assert_eq!(rig.value("dx-1/damper"), 0.0, "a quarter of an hour is not over");
    rig.steps(60);
    assert!(rig.value("dx-3/damper") > 30.0, "the operator has it again");
}

#[test]
fn a_detector_that_is_lost_shuts_outdoor_air_out() {
    let mut rig = hall();
    rig.fail("intake-a/smoke", Why::OutOfService);
    let events = rig.events(700);
    assert!(events.contains(&What::ShutOut(ShutOut::SmokeUnknown)), "{events:?}");
    assert_eq!(rig.value("dx-1/damper"), 0.0);
    assert!(events.contains(&What::Step(Step::Starting)), "compressors carry the row first");
}

#[test]
fn compressors_that_do_not_start_are_told_and_replaced() {
    let mut rig = hall();
    (1..=12).for_each(|n| rig.read(&format!("dx-{n}/supply-air-temp"), 26.0));
    let events = rig.events(600);
    let failed = events.iter().filter(|what| **what == What::Trouble(Trouble::DidNotStart)).count();
    assert!(failed >= 2, "{events:?}");
}

#[test]
fn a_row_without_supply_temperatures_goes_back_to_its_panels_alone() {
    let mut rig = hall();
    (1..=4).for_each(|n| rig.fail(&format!("dx-{n}/supply-air-temp"), Why::OutOfService));
    rig.steps(2);
    assert_eq!((rig.value("dx-1/run-mode"), rig.value("dx-5/run-mode")), (0.0, 0.0));
    assert!(rig.value("dx-7/run-mode") >= 1.0);
}

/// Outdoor air is let in, compressors stand, and one thermometer of a row reads zero.
fn liar(fan: f64) -> Vec<What> {
    let mut rig = hall();
    for n in 1..=12 {
        for (short, value) in [("supply-air-temp", 23.0), ("compressor-feedback", 0.0), ("damper-feedback", 40.0)] {
            rig.read(&format!("dx-{n}/{short}"), value);
        }
    }
    rig.steps(60);
    rig.read("dx-3/fan-speed-feedback", fan);
    rig.read("dx-3/supply-air-temp", 0.0);
    let events = rig.events(900);
    assert!(rig.value("dx-2/damper") > 5.0, "outdoor air stays let in: {}", rig.value("dx-2/damper"));
    assert!(!events.contains(&What::ShutOut(ShutOut::Freeze)), "{events:?}");
    events
}

#[test]
fn a_thermometer_that_is_colder_than_it_can_be_is_told_and_shuts_nothing() {
    assert!(liar(60.0).contains(&What::Trouble(Trouble::ColderThanOthers)));
}

#[test]
fn air_that_stands_tells_nothing_and_is_no_lie() {
    assert!(!liar(0.0).contains(&What::Trouble(Trouble::ColderThanOthers)));
}
