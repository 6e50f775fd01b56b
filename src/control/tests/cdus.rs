//! CDUs under the whole controller: taken over, a pump lost, a moist room, pressure gone, given back.

use plant::event::{CapReason, Step, Trouble, What};
use plant::hall::Hall;
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::rig::{Rig, shipped};

mod moist;
mod pumps;

/// A hall of CDUs whose first has one pump running.
pub fn seen(hall: Hall) -> Rig {
    let mut rig = Rig::new(hall);
    for n in 1..=4 {
        for (short, value) in [
            ("supply-temp", 32.0),
            ("return-temp", 42.0),
            ("dp", 60e3),
            ("flow", 8.7),
            ("valve-feedback", 50.0),
            ("pump-speed-feedback", 70.0),
            ("pump-1-speed-feedback", 70.0),
            ("level", 100.0),
        ] {
            rig.read(&format!("cdu-{n}/{short}"), value);
        }
    }
    for sensor in ["room-1", "room-2"] {
        rig.read(&format!("{sensor}/dew-point"), 12.0);
        rig.read(&format!("{sensor}/dry-bulb"), 34.0);
    }
    rig
}

pub fn under_control() -> Rig {
    let mut rig = seen(shipped("liquid"));
    rig.steps(60);
    assert_eq!((rig.value("cdu-1/run-mode"), rig.value("cdu-1/pump-2-speed")), (2.0, 0.0));
    rig
}

fn setpoint(rig: &Rig) -> f64 {
    rig.control.loops().into_iter().find(|one| one.name == "cdu-1/valve").expect("a loop").setpoint
}

#[test]
fn a_cdu_is_taken_over_as_it_is_found() {
    let mut rig = seen(shipped("liquid"));
    let events = rig.events(29);
    assert!(!events.contains(&What::Step(Step::TakenOver)) && rig.value("cdu-1/run-mode") == 0.0);
    // Its outputs begin at their fail-safe, and come to where the panel has them first.
    let events = rig.events(30);
    assert!(events.iter().filter(|what| **what == What::Step(Step::TakenOver)).count() >= 4);
    rig.step();
    assert!((rig.value("cdu-1/valve") - 50.0).abs() < 1.0, "{}", rig.value("cdu-1/valve"));
    assert!((rig.value("cdu-1/pump-1-speed") - 70.0).abs() < 1.0, "{}", rig.value("cdu-1/pump-1-speed"));
}

#[test]
fn a_pump_whose_drive_fails_is_replaced_at_once_and_at_its_speed() {
    let mut rig = under_control();
    rig.steps(100);
    let before = rig.value("cdu-1/pump-1-speed");
    rig.read("cdu-1/pump-1-fault", 1.0);
    rig.steps(3);
    assert!((rig.value("cdu-1/pump-2-speed") - before).abs() < 1e-9, "no ramp: {}", rig.value("cdu-1/pump-2-speed"));
    assert!(rig.value("cdu-1/pump-1-speed") < before - 5.0, "the lost one is told to stand");
    // The pressure falls meanwhile; the loop does not run away with the speed.
    rig.read("cdu-1/pump-1-speed-feedback", 0.0);
    rig.read("cdu-1/dp", 25e3);
    rig.steps(4);
    assert!((rig.value("cdu-1/pump-2-speed") - before).abs() < 1e-9);
    rig.read("cdu-1/pump-2-speed-feedback", before);
    rig.read("cdu-1/dp", 60e3);
    rig.steps(5);
    assert!((rig.value("cdu-1/pump-2-speed") - before).abs() < 5.0, "{}", rig.value("cdu-1/pump-2-speed"));
    assert!(rig.control.status().caps.is_empty());
}

#[test]
fn a_pump_that_turns_and_moves_nothing_is_lost_after_its_proof() {
    let mut rig = under_control();
    rig.steps(100);
    rig.read("cdu-1/flow", 0.1);
    rig.read("cdu-1/dp", 25e3);
    let events = rig.events(4);
    assert!(!events.contains(&What::Trouble(Trouble::StoppedItself)));
    let events = rig.events(3);
    assert!(events.contains(&What::Trouble(Trouble::StoppedItself)));
    assert!(rig.value("cdu-1/pump-2-speed") > 50.0);
}

#[test]
fn where_all_pumps_fail_the_panel_gets_its_cdu_back() {
    let mut rig = under_control();
    for pump in [1, 2] {
        rig.read(&format!("cdu-1/pump-{pump}-fault"), 1.0);
        rig.read(&format!("cdu-1/pump-{pump}-speed-feedback"), 0.0);
    }
    let events = rig.events(10);
    assert!(events.contains(&What::Step(Step::HandedBack)));
    assert_eq!((rig.value("cdu-1/run-mode"), rig.value("cdu-2/run-mode")), (0.0, 2.0));
}

#[test]
fn a_supply_that_is_lost_gives_the_cdu_back_and_a_doubted_one_soon() {
    let mut rig = under_control();
    rig.fail("cdu-1/supply-temp", Why::InvalidCode);
    rig.silence("cdu-2/supply-temp");
    rig.steps(2);
    assert_eq!((rig.value("cdu-1/run-mode"), rig.value("cdu-2/run-mode")), (0.0, 2.0));
    rig.steps(25);
    assert_eq!(rig.value("cdu-2/run-mode"), 0.0);
    assert!(
        rig.control.why(rig.point("cdu-2/run-mode")).expect("an output").sentence.contains("its own panel runs it")
    );
}

#[test]
fn an_operator_who_switches_it_off_is_obeyed_and_its_pumps_are_no_failures() {
    let mut rig = under_control();
    rig.hold("cdu-1/run-mode", 1.0, None);
    rig.steps(2);
    for (short, value) in [("pump-1-speed-feedback", 0.0), ("flow", 0.0), ("dp", 0.0)] {
        rig.read(&format!("cdu-1/{short}"), value);
    }
    let events = rig.events(60);
    assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "{events:?}");
    assert_eq!(rig.value("cdu-1/run-mode"), 1.0);
    assert!(rig.control.status().caps.is_empty(), "the other CDU of its row presses");
}

#[test]
fn pumps_change_places_by_their_run_times_and_the_new_one_proves_itself_first() {
    let mut hall = shipped("liquid");
    (hall.strategies.cdu.pumps.rotate_every, hall.strategies.cdu.pumps.rotate_gap) =
        (Span::from_secs(3600), Span::from_secs(1800));
    let mut rig = seen(hall);
    rig.steps(3600 + 40);
    for _ in 0..40 {
        rig.step();
        if rig.value("cdu-1/pump-2-speed") > 0.0 {
            break;
        }
    }
    assert!(rig.value("cdu-1/pump-2-speed") > 0.0 && rig.value("cdu-1/pump-1-speed") > 0.0, "the new one first");
    rig.read("cdu-1/pump-2-speed-feedback", 70.0);
    rig.steps(55);
    assert!(rig.value("cdu-1/pump-1-speed") > 0.0, "both run until it has proven itself");
    rig.steps(40);
    assert_eq!(rig.value("cdu-1/pump-1-speed"), 0.0);
    // One that does not start leaves its place to the old one.
    let mut hall = shipped("liquid");
    (hall.strategies.cdu.pumps.rotate_every, hall.strategies.cdu.pumps.rotate_gap) =
        (Span::from_secs(3600), Span::from_secs(1800));
    let mut rig = seen(hall);
    let events = rig.events(3600 + 120);
    assert!(events.contains(&What::Step(Step::Rotating)) && events.contains(&What::Trouble(Trouble::DidNotStart)));
    assert!(rig.value("cdu-1/pump-1-speed") > 0.0 && rig.value("cdu-1/pump-2-speed") == 0.0);
}

#[test]
fn a_cap_is_asked_for_within_seconds_and_no_timer_ends_it() {
    let mut rig = under_control();
    for n in [1, 2] {
        rig.read(&format!("cdu-{n}/dp"), 5e3);
    }
    let events = rig.events(4);
    assert!(events.contains(&What::CapRequested(CapReason::PressureLost)));
    let caps = rig.control.status().caps;
    assert_eq!((caps.len(), caps[0].row.as_str()), (1, "row-a"));
    // Pressure alone does not end it while the coolant is warm, nor does time.
    for n in [1, 2] {
        rig.read(&format!("cdu-{n}/dp"), 60e3);
        rig.read(&format!("cdu-{n}/supply-temp"), 40.0);
    }
    rig.steps(7200);
    assert_eq!(rig.control.status().caps.len(), 1);
    rig.reboot(Span::from_secs(60));
    rig.step();
    assert_eq!(rig.control.status().caps.len(), 1, "nor does a new boot");
    for n in [1, 2] {
        rig.read(&format!("cdu-{n}/supply-temp"), 32.0);
    }
    let events = rig.events(3);
    assert!(events.contains(&What::CapReleased) && rig.control.status().caps.is_empty());
}

#[test]
fn a_row_may_draw_its_power_again_once_both_its_pressure_and_its_air_are_normal() {
    let mut rig = under_control();
    let inlet = rig.inlet_names(0)[0].clone();
    rig.inlets(0, 33.0);
    (1..=2).for_each(|n| rig.read(&format!("cdu-{n}/dp"), 5e3));
    let events = rig.events(20);
    let told = |events: &[What]| events.iter().filter(|what| matches!(what, What::CapRequested(_))).count();
    assert_eq!(told(&events), 1, "one row, one request: {events:?}");
    (1..=2).for_each(|n| rig.read(&format!("cdu-{n}/dp"), 60e3));
    let events = rig.events(600);
    assert!(!events.contains(&What::CapReleased), "{inlet} is too warm: {events:?}");
    assert_eq!(rig.control.status().caps.len(), 1);
    rig.inlets(0, 24.0);
    assert!(rig.events(30).contains(&What::CapReleased));
    assert!(rig.control.status().caps.is_empty());
}

#[test]
fn one_cdu_without_pressure_asks_for_nothing_while_its_neighbour_presses() {
    let mut rig = under_control();
    rig.read("cdu-1/dp", 0.0);
    let events = rig.events(120);
    assert!(!events.iter().any(|what| matches!(what, What::CapRequested(_))));
}

#[test]
fn coolant_too_near_to_the_dew_point_closes_the_valve_above_every_mode() {
    let mut rig = under_control();
    rig.hold("cdu-1/valve", 80.0, None);
    rig.hold("cdu-1/run-mode", 0.0, None);
    rig.steps(100);
    rig.read("room-2/dew-point", 31.5);
    let events = rig.events(29);
    assert!(!events.contains(&What::DewPointTrip(true)), "not at once");
    let events = rig.events(4);
    assert!(events.contains(&What::DewPointTrip(true)));
    rig.steps(120);
    assert!(rig.value("cdu-1/valve") <= 5.0, "whoever holds it: {}", rig.value("cdu-1/valve"));
    assert_eq!(rig.value("cdu-1/run-mode"), 2.0, "a panel may know no dew point");
    assert!(rig.value("cdu-1/pump-1-speed") > 30.0, "its pumps go on");
    let sentence = rig.control.why(rig.point("cdu-1/valve")).expect("an output").sentence;
    assert!(sentence.contains("too near to the dew point at room-2/dew-point"), "{sentence}");
    // Far enough by two kelvins is not yet far enough: no timer, no chatter.
    rig.read("cdu-1/supply-temp", 33.5);
    rig.steps(600);
    assert!(rig.value("cdu-1/valve") <= 5.0);
    rig.read("cdu-1/supply-temp", 34.6);
    let events = rig.events(3);
    assert!(events.contains(&What::DewPointTrip(false)));
}

#[test]
fn one_that_somebody_switched_off_stays_off_however_moist_the_room() {
    let mut rig = under_control();
    rig.read("room-1/dew-point", 31.5);
    rig.hold("cdu-1/run-mode", 1.0, None);
    rig.steps(120);
    assert_eq!(rig.value("cdu-1/run-mode"), 1.0);
}

#[test]
fn without_any_sensor_the_setpoint_is_what_every_room_allows() {
    let mut hall = shipped("liquid");
    hall.strategies.cdu.valve.setpoint = 15.0;
    let mut rig = seen(hall);
    rig.steps(600);
    assert!((setpoint(&rig) - 15.0).abs() < 0.01, "12 °C and three kelvins: {}", setpoint(&rig));
    rig.fail("room-1/dew-point", Why::InvalidCode);
    rig.fail("room-2/dew-point", Why::InvalidCode);
    let events = rig.events(300);
    assert_eq!(events.iter().filter(|what| **what == What::DewPointsLost).count(), 1);
    assert!((setpoint(&rig) - 18.0).abs() < 1e-9, "{}", setpoint(&rig));
    rig.read("room-2/dew-point", 12.0);
    assert!(rig.events(5).contains(&What::DewPointKnown));
}

#[test]
fn a_sensor_that_falls_silent_counts_as_ever_moister_until_it_is_given_up() {
    let mut hall = shipped("liquid");
    hall.strategies.cdu.valve.setpoint = 15.0;
    let mut rig = seen(hall);
    rig.steps(300);
    rig.silence("room-1/dew-point");
    rig.steps(200);
    assert!(setpoint(&rig) > 15.5, "{}", setpoint(&rig));
    rig.steps(1200);
    assert!((setpoint(&rig) - 15.0).abs() < 0.01, "given up: the other one counts");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn whatever_the_sensors_say_the_setpoint_goes_slowly_and_ends_above_the_highest(
        told in prop::collection::vec((0.0..35.0f64, 0.0..35.0f64), 1..4), lost in prop::bool::ANY,
    ) {
        let mut rig = seen(shipped("liquid"));
        rig.steps(3);
        let mut before = setpoint(&rig);
        for (one, two) in told {
            rig.read("room-1/dew-point", one);
            if lost {
                rig.fail("room-2/dew-point", Why::InvalidCode);
            } else {
                rig.read("room-2/dew-point", two);
            }
            for _ in 0..300 {
                rig.step();
                let now = setpoint(&rig);
                prop_assert!((now - before).abs() <= 1.0 / 60.0 + 1e-9, "{before} to {now}");
                prop_assert!((32.0..=45.0).contains(&now), "{now}");
                before = now;
            }
            // One above its own dry bulb is not believed.
            let can_be = |dew: f64| if dew <= 36.0 { dew } else { f64::NEG_INFINITY };
            let highest = if lost { can_be(one) } else { can_be(one).max(can_be(two)) };
            rig.steps(700);
            before = setpoint(&rig);
            prop_assert!(before >= (highest + 3.0).min(45.0) - 1e-6, "{before} for {highest}");
        }
    }
}
