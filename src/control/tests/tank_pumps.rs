//! Pumps of tanks: what they follow, and what stops them.

use plant::event::{CapReason, Trouble, What};

use super::tanks::{asked, oil, one};

#[test]
fn a_pump_does_not_run_after_the_smallest_step_of_its_sensor() {
    let mut rig = oil();
    rig.read("tank-5/fluid-temp", 48.0);
    rig.steps(300);
    let before = rig.value("tank-5/pump-speed");
    assert!(before > 75.0, "it helps: {before}");
    for n in 0..300 {
        rig.read("tank-5/fluid-temp", if n % 2 == 0 { 48.2 } else { 47.9 });
        rig.step();
        let moved = (rig.value("tank-5/pump-speed") - before).abs();
        assert!(moved < 1.0, "{moved} %");
    }
}

#[test]
fn a_pump_stands_before_it_runs_dry_whoever_holds_it_and_turns_again_once_the_tank_is_filled_up() {
    let mut rig = oil();
    rig.hold("tank-6/pump-speed", 80.0, None);
    let mut events = Vec::new();
    for tenth in (790..=1000).rev() {
        rig.read("tank-6/level", f64::from(tenth) / 10.0);
        let told = rig.value("tank-6/pump-speed");
        rig.read("tank-6/pump-speed-feedback", told);
        events.extend(rig.events(1));
    }
    assert!(events.contains(&What::Trouble(Trouble::RunsDry)), "{events:?}");
    assert!(events.contains(&What::PowerOffRequested(CapReason::LevelLow)), "its machines before it: {events:?}");
    rig.steps(60);
    assert_eq!((rig.value("tank-6/pump-speed"), rig.value("tank-5/pump-speed")), (0.0, 70.0));
    let why = rig.control.why(rig.point("tank-6/pump-speed")).expect("an output").sentence;
    assert!(why.contains("run dry"), "{why}");
    rig.read("tank-6/pump-speed-feedback", 0.0);
    rig.read("tank-6/fluid-temp", 49.0);
    rig.steps(30);
    rig.read("tank-6/fluid-temp", 53.0);
    rig.steps(60);
    assert_eq!(rig.value("tank-6/pump-speed"), 0.0, "heat does not make fluid");
    assert_eq!(rig.value("tank-6/valve"), 100.0);
    rig.read("tank-6/level", 99.0);
    rig.steps(60);
    assert!(rig.value("tank-6/pump-speed") > 60.0, "{}", rig.value("tank-6/pump-speed"));
}

#[test]
fn a_level_that_jumps_stops_no_pump() {
    let mut rig = oil();
    rig.read("tank-6/level", 0.0);
    let events = rig.events(120);
    assert!(!events.contains(&What::Trouble(Trouble::RunsDry)), "{events:?}");
    assert!(rig.value("tank-6/pump-speed") > 60.0);
    assert_eq!(asked(&rig).first(), Some(&one("tank-6", true, "level_low")), "it is told all the same");
}

#[test]
fn a_pump_that_does_not_turn_as_fast_as_it_shall_is_told_once_until_it_does() {
    let mut rig = oil();
    let slow = What::Trouble(Trouble::SpeedAstray);
    rig.read("tank-5/fluid-temp", 50.0);
    let events = rig.events(300);
    assert!(rig.value("tank-5/pump-speed") > 95.0, "it should help: {}", rig.value("tank-5/pump-speed"));
    assert_eq!(events.iter().filter(|what| **what == slow).count(), 1, "its report stayed at 70 %: {events:?}");
    let told = rig.value("tank-5/pump-speed");
    rig.read("tank-5/pump-speed-feedback", told);
    assert!(!rig.events(300).contains(&slow));
    rig.read("tank-5/fluid-temp", 45.0);
    let events = rig.events(300);
    assert_eq!(events.iter().filter(|what| **what == slow).count(), 1, "it turns on as fast as before: {events:?}");
}

#[test]
fn a_pump_that_somebody_sets_or_that_stands_is_not_told_as_slow() {
    let mut rig = oil();
    let slow = What::Trouble(Trouble::SpeedAstray);
    rig.hold("tank-5/pump-speed", 40.0, None);
    rig.read("tank-5/pump-speed-feedback", 40.0);
    assert!(!rig.events(300).contains(&slow));
    rig.read("tank-6/pump-speed-feedback", 0.0);
    let events = rig.events(300);
    assert!(events.contains(&What::Trouble(Trouble::StoppedItself)) && !events.contains(&slow), "{events:?}");
}
