//! Rear doors under the whole controller: taken over, opened and shut, stuck, leaking, too near to the dew point, given back.

use plant::command::Level;
use plant::event::{Step, Trouble, What};
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::rig::{Rig, shipped};
use crate::control::request::{Ask, Refusal, Reply};

const DOOR: &str = "door-a03";

fn point(short: &str) -> String {
    format!("{DOOR}/{short}")
}

/// A hall of doors whose valves are at 40 %, on water of 19 °C in a room whose dew point is 12 °C.
fn seen() -> Rig {
    let mut rig = Rig::new(shipped("rear-door"));
    for row in ["a", "b"] {
        for n in 1..=8 {
            for (short, value) in [
                ("valve-feedback", 40.0),
                ("leaving-air-temp", 24.0),
                ("entering-water-temp", 19.0),
                ("leaving-water-temp", 25.0),
            ] {
                rig.read(&format!("door-{row}0{n}/{short}"), value);
            }
        }
    }
    rig.read("fws/supply-water-temp", 19.0);
    for sensor in ["room-1", "room-2"] {
        rig.read(&format!("{sensor}/dew-point"), 12.0);
        rig.read(&format!("{sensor}/dry-bulb"), 24.0);
    }
    rig
}

fn under_control() -> Rig {
    let mut rig = seen();
    rig.steps(130);
    assert_eq!(rig.value(&point("run-mode")), 2.0);
    rig
}

/// Steps with a valve that follows; what happened.
fn follow(rig: &mut Rig, seconds: usize) -> Vec<What> {
    let mut all = Vec::new();
    for _ in 0..seconds {
        let told = if rig.value(&point("run-mode")) == 1.0 { 0.0 } else { rig.value(&point("valve")) };
        rig.read(&point("valve-feedback"), told);
        all.extend(rig.events(1));
    }
    all
}

/// A door that is shut, for its rack has nothing to cool.
fn shut() -> Rig {
    let mut rig = under_control();
    rig.read(&point("leaving-air-temp"), 21.0);
    let events = follow(&mut rig, 1200);
    assert!(events.contains(&What::Step(Step::Stopping)) && events.contains(&What::Step(Step::Standing)));
    assert_eq!(rig.value(&point("valve")), 0.0);
    rig
}

#[test]
fn a_door_is_taken_over_as_it_is_found() {
    let mut rig = seen();
    let events = rig.events(29);
    assert!(!events.contains(&What::Step(Step::TakenOver)) && rig.value(&point("run-mode")) == 0.0);
    let events = rig.events(100);
    assert!(events.iter().filter(|what| **what == What::Step(Step::TakenOver)).count() >= 16);
    assert!((rig.value(&point("valve")) - 40.0).abs() < 3.0, "{}", rig.value(&point("valve")));
}

#[test]
fn warm_air_opens_it_and_air_colder_than_held_shuts_it_by_and_by() {
    let mut rig = under_control();
    rig.read(&point("leaving-air-temp"), 27.0);
    follow(&mut rig, 120);
    assert!(rig.value(&point("valve")) > 45.0, "{}", rig.value(&point("valve")));
    let mut rig = shut();
    rig.read(&point("leaving-air-temp"), 26.0);
    let events = follow(&mut rig, 60);
    assert!(events.contains(&What::Step(Step::Starting)) && events.contains(&What::Step(Step::Running)));
    assert!(rig.value(&point("valve")) >= 5.0);
}

#[test]
fn one_that_does_not_open_is_told_and_told_to_open_on() {
    let mut rig = shut();
    rig.read(&point("leaving-air-temp"), 30.0);
    rig.read(&point("valve-feedback"), 0.0);
    let events = rig.events(70);
    assert!(events.contains(&What::Trouble(Trouble::DidNotStart)), "{events:?}");
    rig.steps(120);
    assert!(rig.value(&point("valve")) > 30.0, "it stays told: {}", rig.value(&point("valve")));
    assert_eq!(rig.value("door-a04/run-mode"), 2.0);
    let events = follow(&mut rig, 3);
    assert!(events.contains(&What::Step(Step::Running)));
}

#[test]
fn one_that_does_not_shut_is_told() {
    let mut rig = under_control();
    rig.read(&point("leaving-air-temp"), 21.0);
    follow(&mut rig, 100);
    rig.read(&point("valve-feedback"), 30.0);
    let events = rig.events(1200);
    assert!(events.contains(&What::Trouble(Trouble::ValveStuck)), "told while it is to be at its least: {events:?}");
    assert!(events.contains(&What::Trouble(Trouble::DidNotStop)), "{events:?}");
    assert_eq!(rig.value(&point("valve")), 0.0);
}

#[test]
fn a_valve_that_is_stuck_and_a_door_that_hardly_cools_are_told_once() {
    let mut rig = under_control();
    rig.read(&point("leaving-air-temp"), 30.0);
    let events = rig.events(600);
    let stuck = events.iter().filter(|what| **what == What::Trouble(Trouble::ValveStuck)).count();
    assert_eq!(stuck, 1, "{events:?}");
    let mut rig = under_control();
    rig.read(&point("leaving-air-temp"), 30.0);
    let events = follow(&mut rig, 900);
    let warm = events.iter().filter(|what| **what == What::Trouble(Trouble::CoolsTooLittle)).count();
    assert_eq!(warm, 1, "{events:?}");
    let door = rig.control.status().doors.into_iter().find(|door| door.name == DOOR).expect("a door");
    assert_eq!((door.valve.as_str(), door.rule.as_str()), ("warm", "control"));
}

#[test]
fn a_wet_tray_shuts_it_above_everybody_until_a_person_resets_the_alarm() {
    let mut rig = under_control();
    rig.hold(&point("valve"), 90.0, None);
    rig.hold(&point("run-mode"), 2.0, None);
    rig.read(&point("leak"), 1.0);
    let events = rig.events(2);
    assert!(!events.contains(&What::DoorLeaks(true)), "not for a splash");
    let events = rig.events(4);
    assert!(events.contains(&What::DoorLeaks(true)));
    let mode = rig.command(&point("run-mode"));
    assert_eq!((mode.value, mode.level), (1.0, Level::AutomaticLifeSafety));
    follow(&mut rig, 120);
    assert_eq!(rig.value(&point("valve")), 0.0);
    // Dry again it stays shut, over a new boot, too.
    rig.read(&point("leak"), 0.0);
    follow(&mut rig, 120);
    rig.reboot(Span::from_secs(60));
    follow(&mut rig, 120);
    assert_eq!((rig.value(&point("run-mode")), rig.value(&point("valve"))), (1.0, 0.0));
    assert_eq!(rig.value("door-a04/run-mode"), 2.0, "its neighbours go on");
    let alarm = rig.hall.alarms.iter().find(|(_, def)| def.name == "door-leak").expect("an alarm").0;
    assert_eq!(rig.ask(Ask::Reset { alarm }), Reply::Refused(Refusal::NotAcknowledged));
    rig.ask(Ask::Acknowledge { alarm });
    assert!(matches!(rig.ask(Ask::Reset { alarm }), Reply::Accepted { .. }));
    let events = follow(&mut rig, 60);
    assert!(events.contains(&What::DoorLeaks(false)));
    assert_eq!(rig.value(&point("run-mode")), 2.0);
}

#[test]
fn while_a_tray_is_wet_no_reset_opens_its_door() {
    let mut rig = under_control();
    rig.read(&point("leak"), 1.0);
    rig.steps(10);
    let alarm = rig.hall.alarms.iter().find(|(_, def)| def.name == "door-leak").expect("an alarm").0;
    rig.ask(Ask::Acknowledge { alarm });
    assert_eq!(rig.ask(Ask::Reset { alarm }), Reply::Refused(Refusal::StillActive));
    // A word that is lost dries nothing.
    rig.fail(&point("leak"), Why::InvalidCode);
    rig.steps(120);
    assert_eq!(rig.ask(Ask::Reset { alarm }), Reply::Refused(Refusal::StillActive));
    assert_eq!(rig.value(&point("run-mode")), 1.0);
}

/// What stands before a shut door becomes warm and opens nothing; the plant's water does.
fn opens_by_the_plants_water_alone(rig: &mut Rig) {
    rig.read(&point("entering-water-temp"), 24.0);
    follow(rig, 600);
    assert_eq!(rig.value(&point("run-mode")), 1.0);
    rig.read("fws/supply-water-temp", 22.0);
    assert!(follow(rig, 5).contains(&What::DewPointTrip(false)));
}

#[test]
fn water_too_near_to_the_dew_point_is_kept_out_until_the_plant_makes_it_warmer() {
    let mut rig = under_control();
    rig.hold(&point("valve"), 90.0, None);
    rig.read("room-2/dew-point", 18.4);
    let events = rig.events(29);
    assert!(!events.contains(&What::DewPointTrip(true)), "not at once");
    let events = rig.events(4);
    assert_eq!(events.iter().filter(|what| **what == What::DewPointTrip(true)).count(), 16);
    let mode = rig.command(&point("run-mode"));
    assert_eq!((mode.value, mode.level), (1.0, Level::ThermalProtection));
    follow(&mut rig, 200);
    assert_eq!(rig.value(&point("valve")), 0.0);
    let sentence = rig.control.why(rig.point(&point("run-mode"))).expect("an output").sentence;
    assert!(sentence.contains("too near to the dew point at room-2/dew-point"), "{sentence}");
    // Water that stands in the door becomes warm; the plant's is not.
    opens_by_the_plants_water_alone(&mut rig);
    assert_eq!(rig.value(&point("run-mode")), 2.0);
}

#[test]
fn a_new_boot_and_a_lost_supply_open_no_door_that_is_kept_from_the_dew_point() {
    let mut rig = under_control();
    rig.read("room-2/dew-point", 18.4);
    follow(&mut rig, 120);
    assert_eq!(rig.value(&point("run-mode")), 1.0);
    rig.reboot(Span::from_secs(60));
    for _ in 0..120 {
        follow(&mut rig, 1);
        assert_eq!(rig.value(&point("run-mode")), 1.0);
    }
    // Only the water that stands before it is known, and it becomes warm.
    rig.fail("fws/supply-water-temp", Why::OutOfService);
    opens_by_the_plants_water_alone(&mut rig);
}

#[test]
fn a_door_is_given_back_when_its_air_is_lost_and_taken_again() {
    let mut rig = under_control();
    rig.fail(&point("leaving-air-temp"), Why::OutOfService);
    let events = rig.events(2);
    assert!(events.contains(&What::Step(Step::HandedBack)), "{events:?}");
    assert_eq!((rig.value(&point("run-mode")), rig.value("door-a04/run-mode")), (0.0, 2.0));
    // Its water is watched all the same.
    rig.read("room-1/dew-point", 18.4);
    rig.steps(40);
    assert_eq!(rig.value(&point("run-mode")), 1.0);
    rig.read("room-1/dew-point", 12.0);
    rig.read(&point("leaving-air-temp"), 24.0);
    rig.steps(150);
    assert_eq!(rig.value(&point("run-mode")), 2.0);
}

#[test]
fn one_that_somebody_holds_shut_or_switches_off_has_not_failed() {
    for (short, value) in [("valve", 0.0), ("run-mode", 1.0)] {
        let mut rig = under_control();
        rig.hold(&point(short), value, None);
        let events = follow(&mut rig, 600);
        assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "{short}: {events:?}");
        let events = follow(&mut rig, 10);
        assert!(events.is_empty(), "{short}: {events:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Whatever else is seen, held and wanted: a door that leaked stays shut, and so does one whose water is too cold for the room.
    #[test]
    fn no_water_runs_where_it_would_drip(
        days in prop::collection::vec((10.0..40.0f64, 5.0..24.0f64, 8.0..22.0f64, any::<bool>(), 0u8..4), 1..8),
    ) {
        let mut rig = under_control();
        let mut leaked = false;
        for (air, dew, water, wet, what) in days {
            rig.read(&point("leaving-air-temp"), air);
            rig.read(&point("entering-water-temp"), water);
            rig.read("room-1/dew-point", dew);
            rig.read(&point("leak"), if wet { 1.0 } else { 0.0 });
            match what {
                0 => { rig.hold(&point("valve"), 100.0, None); }
                1 => { rig.hold(&point("run-mode"), 2.0, None); }
                2 => { rig.hold(&point("run-mode"), 0.0, None); }
                _ => rig.fail(&point("leaving-air-temp"), Why::InvalidCode),
            }
            follow(&mut rig, 240);
            leaked |= wet;
            // A dew point may be doubted at first: it cannot change so fast.
            if leaked || water.min(19.0) < dew {
                prop_assert_eq!(rig.value(&point("run-mode")), 1.0);
                prop_assert!(rig.value(&point("valve")) <= 0.0, "{}", rig.value(&point("valve")));
            }
        }
    }
}
