//! Air in a two-phase tank under the whole controller: told from heat, drawn off by its purge, and told where that does not do.

use plant::event::{Step, Trouble, What};
use plant::reading::Why;

use super::rig::Rig;

/// A hall of two-phase tanks, all well and without air: at 500 Pa their liquid is at 49.19 °C.
fn boiling() -> Rig {
    super::tanks::boiling_at(49.19, &[("air-pressure", 101_325.0)])
}

/// Scans; the purge of tank 3 does as it is told.
fn follow(rig: &mut Rig, seconds: usize) -> Vec<What> {
    let mut events = Vec::new();
    for _ in 0..seconds {
        let told = rig.value("tank-3/purge");
        rig.read("tank-3/purge-running", told);
        events.extend(rig.events(1));
    }
    events
}

/// What an alarm says that stands.
fn stands(rig: &Rig, name: &str) -> Option<String> {
    let alarms = rig.control.status().alarms.into_iter();
    alarms.filter(|alarm| alarm.state != "returned").find(|alarm| alarm.name == name).map(|alarm| alarm.detail)
}

fn airy(rig: &Rig) -> Option<String> {
    stands(rig, "tank-air")
}

#[test]
fn heat_and_weather_are_no_air() {
    let mut rig = boiling();
    // Hotter and colder along its saturation: 3.6 kPa a kelvin; then a depression of 40 hPa, which a gauge does not see.
    for (celsius, pascals) in [(49.47, 1500.0), (48.77, -1000.0), (49.19, 500.0)] {
        rig.read("tank-3/fluid-temp", celsius);
        rig.read("tank-3/vapour-pressure", pascals);
        assert!(!rig.events(900).iter().any(|what| matches!(what, What::AirFound(_))), "{celsius} °C");
    }
    rig.read("tank-3/air-pressure", 97_325.0);
    rig.read("tank-3/fluid-temp", 48.06);
    let events = rig.events(900);
    assert!(!events.iter().any(|what| matches!(what, What::AirFound(_) | What::Trouble(_))), "{events:?}");
    assert!(rig.value("tank-3/purge") < 0.5 && airy(&rig).is_none());
}

#[test]
fn air_is_told_by_its_name_and_drawn_off_until_it_is_gone() {
    let mut rig = boiling();
    rig.read("tank-3/fluid-temp", 48.34);
    let events = follow(&mut rig, 420);
    assert!(events.contains(&What::AirFound(true)) && events.contains(&What::Step(Step::Purging)), "{events:?}");
    let told = airy(&rig).expect("an alarm");
    let pascals: f64 = told.trim_start_matches("tank-3: ").trim_end_matches(" Pa of air").parse().expect("a number");
    assert!((2700.0..3300.0).contains(&pascals), "a quarter of a kelvin is a kilopascal: {told}");
    assert_eq!((rig.value("tank-3/purge"), rig.value("tank-2/purge")), (1.0, 0.0));
    let why = rig.control.why(rig.point("tank-3/purge")).expect("an output").sentence;
    assert!(why.contains("air in the tank"), "{why}");
    let tank = rig.control.status().tanks.into_iter().find(|tank| tank.name == "tank-3").expect("a tank");
    assert_eq!(tank.purge.as_deref(), Some("running"));
    rig.read("tank-3/fluid-temp", 49.19);
    let events = follow(&mut rig, 420);
    assert!(events.contains(&What::AirFound(false)) && events.contains(&What::Step(Step::Purged)), "{events:?}");
    assert_eq!(rig.value("tank-3/purge"), 0.0);
    follow(&mut rig, 90);
    assert_eq!(airy(&rig), None);
}

#[test]
fn nothing_is_drawn_through_an_open_vent_nor_from_a_tank_that_breathes_in() {
    for (point, bad, good) in [("tank-3/vent-open", 1.0, 0.0), ("tank-3/vapour-pressure", -1200.0, 500.0)] {
        let mut rig = boiling();
        rig.read(point, bad);
        // 2.9 kPa of air at either pressure.
        rig.read("tank-3/fluid-temp", if bad < 0.0 { 47.85 } else { 48.34 });
        assert!(follow(&mut rig, 600).contains(&What::AirFound(true)), "{point}");
        assert_eq!(rig.value("tank-3/purge"), 0.0, "{point}");
        rig.read(point, good);
        rig.read("tank-3/fluid-temp", 48.34);
        follow(&mut rig, 120);
        assert_eq!(rig.value("tank-3/purge"), 1.0, "{point}");
        rig.read(point, bad);
        let events = follow(&mut rig, 60);
        assert_eq!(rig.value("tank-3/purge"), 0.0, "{point}");
        assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "to wait is no trouble: {events:?}");
    }
}

#[test]
fn a_purge_that_does_not_start_or_stop_is_told_and_tried_again() {
    let mut rig = boiling();
    rig.read("tank-3/fluid-temp", 48.34);
    let events = rig.events(600);
    assert!(events.contains(&What::Trouble(Trouble::PurgeStands)), "{events:?}");
    assert_eq!(rig.value("tank-3/purge"), 0.0, "what does not start is not told to for ever");
    let events = rig.events(1900);
    assert!(events.contains(&What::Trouble(Trouble::PurgeStands)), "tried again, and told again: {events:?}");
    follow(&mut rig, 2000);
    assert_eq!(rig.value("tank-3/purge"), 1.0);
    assert_eq!(stands(&rig, "machine-failed"), None);
    rig.read("tank-3/purge-running", 1.0);
    rig.read("tank-3/fluid-temp", 49.19);
    let events = rig.events(600);
    assert!(events.contains(&What::Trouble(Trouble::PurgeRunsOn)), "{events:?}");
    rig.read("tank-3/purge-running", 0.0);
    rig.steps(120);
    assert_eq!(stands(&rig, "machine-failed"), None);
}

#[test]
fn air_that_stays_is_told_after_the_purges_time() {
    let mut rig = boiling();
    rig.read("tank-3/fluid-temp", 48.34);
    follow(&mut rig, 600);
    assert_eq!(rig.value("tank-3/purge"), 1.0);
    let events = follow(&mut rig, 2700);
    assert!(events.contains(&What::Trouble(Trouble::AirStays)), "{events:?}");
    assert_eq!(rig.value("tank-3/purge"), 0.0);
    assert!(airy(&rig).is_some(), "it is there");
    assert!(stands(&rig, "machine-failed").is_some());
}

#[test]
fn what_is_left_of_little_is_what_the_sensors_are_apart() {
    let mut rig = boiling();
    rig.read("tank-3/fluid-temp", 48.34);
    follow(&mut rig, 420);
    // 800 Pa stay however long it draws: less than is told, and more than is gone.
    rig.read("tank-3/fluid-temp", 48.97);
    let events = follow(&mut rig, 1500);
    assert!(events.contains(&What::AirFound(false)) && events.contains(&What::Step(Step::Purged)), "{events:?}");
    assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "{events:?}");
    assert!(follow(&mut rig, 1800).is_empty(), "and it is no air later on");
}

#[test]
fn a_person_and_a_panel_have_the_purge_to_themselves() {
    let mut rig = boiling();
    rig.hold("tank-3/purge", 0.0, None);
    rig.read("tank-3/fluid-temp", 48.34);
    let events = follow(&mut rig, 900);
    assert!(!events.iter().any(|what| matches!(what, What::Trouble(_) | What::Step(_))), "{events:?}");
    assert_eq!(rig.value("tank-3/purge"), 0.0);
    let mut rig = boiling();
    rig.read("tank-3/fluid-temp", 48.34);
    follow(&mut rig, 420);
    assert_eq!(rig.value("tank-3/purge"), 1.0);
    rig.fail("tank-3/vapour-pressure", Why::InvalidCode);
    let events = follow(&mut rig, 3);
    assert!(events.contains(&What::Step(Step::HandedBack)), "{events:?}");
    assert_eq!((rig.value("tank-3/run-mode"), rig.value("tank-3/purge")), (0.0, 0.0));
}

#[test]
fn a_barometer_that_is_lost_finds_no_air_and_ends_none() {
    let mut rig = boiling();
    rig.fail("tank-3/air-pressure", Why::InvalidCode);
    rig.read("tank-3/fluid-temp", 48.34);
    assert!(!follow(&mut rig, 900).contains(&What::AirFound(true)));
    rig.read("tank-3/air-pressure", 101_325.0);
    assert!(follow(&mut rig, 420).contains(&What::AirFound(true)));
    rig.fail("tank-3/air-pressure", Why::InvalidCode);
    follow(&mut rig, 400);
    assert_eq!(rig.value("tank-3/purge"), 0.0, "nobody sees what it is for");
    assert_eq!(airy(&rig).as_deref(), Some("tank-3: nobody sees how much now"));
}
