//! A room whose dew point is lost, a trip while the panel runs the CDU, and an exchanger whose valve is shut.

use plant::event::What;
use plant::reading::Why;

use super::super::rig::{Rig, shipped};
use super::{seen, setpoint, under_control};

const SENSORS: [&str; 2] = ["room-1/dew-point", "room-2/dew-point"];

/// Dew points that rise no faster than a room's.
fn rise(rig: &mut Rig, sensor: &str, from: f64, to: f64) {
    let mut now = from;
    while now < to {
        now = (now + 0.4).min(to);
        rig.read(sensor, now);
        rig.step();
    }
}

/// What the alarm of a tripped CDU is about.
fn told(rig: &Rig) -> Option<String> {
    let alarms = rig.control.status().alarms;
    alarms.into_iter().find(|alarm| alarm.name == "dew-point-tripped").map(|alarm| alarm.detail)
}

#[test]
fn losing_every_sensor_releases_no_trip_and_lowers_no_setpoint() {
    let mut rig = under_control();
    rise(&mut rig, SENSORS[1], 12.0, 31.5);
    rig.steps(60);
    assert!(rig.control.status().cdus[0].tripped);
    for sensor in SENSORS {
        rig.fail(sensor, Why::InvalidCode);
    }
    let before = setpoint(&rig);
    let events = rig.events(1500);
    assert!(!events.contains(&What::DewPointTrip(false)) && rig.control.status().cdus[0].tripped);
    assert!(setpoint(&rig) >= before, "{} after {before}", setpoint(&rig));
    assert!((setpoint(&rig) - 34.5).abs() < 0.01, "{}", setpoint(&rig));
    // A sensor that tells of a dry room ends both.
    rig.read(SENSORS[0], 12.0);
    assert!(rig.events(5).contains(&What::DewPointTrip(false)));
    rig.steps(300);
    assert!((setpoint(&rig) - 32.0).abs() < 0.01);
}

#[test]
fn losing_the_wettest_sensor_dries_the_room_only_after_minutes() {
    let mut rig = under_control();
    rise(&mut rig, SENSORS[1], 12.0, 31.5);
    rig.steps(300);
    assert!((setpoint(&rig) - 34.5).abs() < 0.01, "{}", setpoint(&rig));
    rig.fail(SENSORS[1], Why::InvalidCode);
    rig.steps(590);
    assert!((setpoint(&rig) - 34.5).abs() < 0.01, "{}", setpoint(&rig));
    rig.steps(300);
    assert!((setpoint(&rig) - 32.0).abs() < 0.01, "{}", setpoint(&rig));
}

#[test]
fn after_a_boot_the_setpoint_begins_where_the_room_has_it() {
    let mut hall = shipped("liquid");
    hall.strategies.cdu.valve.setpoint = 15.0;
    let mut rig = seen(hall.clone());
    SENSORS.iter().for_each(|sensor| rig.silence(sensor));
    rig.steps(5);
    SENSORS.iter().for_each(|sensor| rig.read(sensor, 12.0));
    rig.steps(2);
    assert!((setpoint(&rig) - 15.0).abs() < 1e-6, "{}", setpoint(&rig));
    // Where no sensor comes it is the blind one's, and CDUs are taken over all the same.
    let mut rig = seen(hall);
    SENSORS.iter().for_each(|sensor| rig.silence(sensor));
    rig.steps(90);
    assert_eq!((setpoint(&rig), rig.value("cdu-1/run-mode")), (18.0, 2.0));
}

#[test]
fn a_trip_while_its_panel_runs_the_cdu_is_told_as_what_it_is() {
    let mut rig = under_control();
    // The panel gets it: its pressure is lost.
    rig.fail("cdu-1/dp", Why::InvalidCode);
    rig.steps(3);
    rise(&mut rig, SENSORS[1], 12.0, 31.5);
    rig.read("cdu-2/supply-temp", 36.0);
    rig.read("cdu-3/supply-temp", 36.0);
    rig.read("cdu-4/supply-temp", 36.0);
    let events = rig.events(60);
    let detail = told(&rig).expect("an alarm");
    assert!(detail.contains("cdu-1") && detail.contains("its panel has it"), "{detail}");
    assert!(!events.contains(&What::DewPointTrip(true)), "nothing closes the valve");
    assert!(!rig.control.status().cdus[0].tripped);
    // Taken over, its valve is closed, and that is told.
    rig.read("cdu-1/dp", 60e3);
    let events = rig.events(120);
    assert!(events.contains(&What::DewPointTrip(true)));
    let detail = told(&rig).expect("an alarm");
    assert!(detail.contains("its valve is at its least"), "{detail}");
    assert!(rig.control.status().cdus[0].tripped);
}

#[test]
fn a_valve_that_is_held_shut_says_nothing_of_its_exchanger() {
    let mut rig = under_control();
    for (short, value) in [("supply-temp", 32.0), ("return-temp", 42.0), ("valve-feedback", 95.0)] {
        rig.read(&format!("cdu-1/{short}"), value);
    }
    rig.steps(400);
    let approach = |rig: &Rig| rig.control.status().cdus[0].approach_k.expect("known");
    let before = approach(&rig);
    assert!(before > 1.0, "{before}");
    rig.hold("cdu-1/valve", 5.0, None);
    rig.step();
    rig.read("cdu-1/valve-feedback", 5.0);
    rig.steps(600);
    assert!((approach(&rig) - before).abs() < 0.5, "{} after {before}", approach(&rig));
}
