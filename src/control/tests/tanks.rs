//! Immersion tanks under the whole controller: taken over, cold, too warm, a pump or a condenser lost, given back.

use plant::event::{CapReason, Step, Trouble, What};
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::rig::{Rig, shipped};

/// A hall of single-phase tanks, all well: valves half open, pumps at 70 %.
pub(super) fn oil() -> Rig {
    let mut rig = Rig::new(shipped("immersion"));
    for n in 1..=12 {
        for (short, value) in [
            ("fluid-temp", 45.0),
            ("valve-feedback", 50.0),
            ("pump-speed-feedback", 70.0),
            ("level", 100.0),
            ("power", 80e3),
        ] {
            rig.read(&format!("tank-{n}/{short}"), value);
        }
    }
    rig.steps(90);
    assert_eq!(rig.value("tank-1/run-mode"), 2.0);
    rig
}

/// A hall of two-phase tanks, all well.
fn boiling() -> Rig {
    boiling_at(49.0, &[])
}

/// The same with its liquid at so many degrees, and what else each tank reads.
pub(super) fn boiling_at(cel: f64, more: &[(&str, f64)]) -> Rig {
    let mut rig = Rig::new(shipped("immersion-two-phase"));
    rig.read("fws/pump-speed-feedback", 90.0);
    rig.read("fws/flow", 30.0);
    let well =
        [("fluid-temp", cel), ("valve-feedback", 50.0), ("vapour-pressure", 500.0), ("level", 97.0), ("power", 120e3)];
    for n in 1..=8 {
        for (short, value) in well.iter().chain(more) {
            rig.read(&format!("tank-{n}/{short}"), *value);
        }
    }
    rig.steps(90);
    assert_eq!(rig.value("tank-1/run-mode"), 2.0);
    rig
}

/// What is asked: name, off, reason.
pub(super) fn asked(rig: &Rig) -> Vec<(String, bool, String)> {
    rig.control.status().caps.into_iter().map(|cap| (cap.row, cap.off, cap.reason)).collect()
}

pub(super) fn one(name: &str, off: bool, reason: &str) -> (String, bool, String) {
    (name.to_owned(), off, reason.to_owned())
}

#[test]
fn a_tank_is_taken_over_as_it_is_found_and_given_back_when_it_is_not_seen() {
    let mut rig = oil();
    assert!((rig.value("tank-1/valve") - 50.0).abs() < 2.0, "{}", rig.value("tank-1/valve"));
    assert!((rig.value("tank-1/pump-speed") - 70.0).abs() < 0.1, "{}", rig.value("tank-1/pump-speed"));
    rig.fail("tank-1/fluid-temp", Why::InvalidCode);
    let events = rig.events(2);
    assert!(events.contains(&What::Step(Step::HandedBack)));
    assert_eq!((rig.value("tank-1/run-mode"), rig.value("tank-2/run-mode")), (0.0, 2.0));
    assert!(asked(&rig).is_empty(), "its pump turns");
    rig.read("tank-1/fluid-temp", 45.0);
    rig.steps(120);
    assert_eq!(rig.value("tank-1/run-mode"), 2.0);
}

#[test]
fn a_tank_that_nobody_sees_asks_for_less_power() {
    let mut rig = oil();
    rig.fail("tank-1/fluid-temp", Why::InvalidCode);
    rig.fail("tank-1/pump-speed-feedback", Why::InvalidCode);
    rig.steps(59);
    assert!(asked(&rig).is_empty());
    rig.steps(3);
    assert_eq!(asked(&rig), [one("tank-1", false, "unseen")]);
}

#[test]
fn a_pump_that_stands_asks_for_less_power_within_seconds_and_starts_anew() {
    let mut rig = oil();
    rig.read("tank-3/pump-speed-feedback", 0.0);
    let events = rig.events(4);
    assert!(!events.iter().any(|what| matches!(what, What::CapRequested(_))));
    let events = rig.events(2);
    assert!(events.contains(&What::CapRequested(CapReason::CirculationLost)));
    assert!(rig.events(10).contains(&What::Trouble(Trouble::StoppedItself)));
    // Told to turn on, to stand for a moment, and to turn again.
    assert!(rig.value("tank-3/pump-speed") > 60.0);
    rig.steps(150);
    assert!(rig.value("tank-3/pump-speed") < 10.0, "{}", rig.value("tank-3/pump-speed"));
    let sentence = rig.control.why(rig.point("tank-3/pump-speed")).expect("an output").sentence;
    assert!(sentence.contains("told to turn again"), "{sentence}");
    rig.steps(70);
    assert!(rig.value("tank-3/pump-speed") > 60.0);
    assert_eq!(asked(&rig), [one("tank-3", false, "circulation_lost")], "no time ends it");
    rig.read("tank-3/pump-speed-feedback", 70.0);
    rig.read("tank-3/fluid-temp", 50.0);
    rig.steps(600);
    assert_eq!(asked(&rig).len(), 1, "nor does the pump alone while the fluid is warm");
    rig.read("tank-3/fluid-temp", 46.0);
    assert!(rig.events(3).contains(&What::CapReleased) && asked(&rig).is_empty());
}

#[test]
fn a_drive_that_reports_a_fault_counts_at_once() {
    let mut rig = oil();
    rig.read("tank-3/pump-fault", 1.0);
    assert!(rig.events(2).contains(&What::CapRequested(CapReason::CirculationLost)));
}

#[test]
fn a_tank_that_warms_goes_up_rung_by_rung_and_down_at_once() {
    let mut rig = oil();
    rig.hold("tank-5/valve", 20.0, None);
    rig.steps(60);
    rig.read("tank-5/fluid-temp", 50.0);
    rig.steps(180);
    assert!(rig.value("tank-5/valve") < 21.0 && rig.value("tank-5/pump-speed") > 95.0, "the pump helps");
    rig.read("tank-5/fluid-temp", 52.5);
    assert!(rig.events(7).contains(&What::MoreCooling(true)));
    rig.steps(3);
    assert_eq!((rig.value("tank-5/valve"), rig.value("tank-5/pump-speed")), (100.0, 100.0), "whoever holds it");
    assert!(asked(&rig).is_empty());
    rig.read("tank-5/fluid-temp", 57.5);
    assert!(rig.events(7).contains(&What::CapRequested(CapReason::TooHot)));
    rig.read("tank-5/fluid-temp", 62.0); // no liquid jumps
    rig.steps(5);
    rig.read("tank-5/fluid-temp", 66.0);
    assert!(rig.events(9).contains(&What::PowerOffRequested(CapReason::TooHot)));
    rig.read("tank-5/fluid-temp", 49.0);
    rig.steps(3600);
    assert_eq!(asked(&rig).len(), 2, "latched until it is normal");
    rig.reboot(Span::from_secs(60));
    rig.step();
    assert_eq!(asked(&rig).len(), 2, "over a new boot, too");
    rig.read("tank-5/fluid-temp", 47.0);
    let events = rig.events(5);
    assert!(events.contains(&What::PowerOffReleased) && events.contains(&What::MoreCooling(false)));
    assert!(asked(&rig).is_empty());
}

#[test]
fn a_temperature_that_jumps_asks_for_less_power_and_not_for_none() {
    let mut rig = oil();
    rig.read("tank-5/fluid-temp", 67.0);
    let events = rig.events(30);
    assert!(events.contains(&What::Trouble(Trouble::NotBelieved)), "{events:?}");
    assert_eq!(rig.value("tank-5/run-mode"), 0.0, "its panel has a sensor of its own");
    assert_eq!(asked(&rig), [one("tank-5", false, "too_hot")]);
    rig.read("tank-5/fluid-temp", 45.0);
    rig.steps(90);
    assert!(asked(&rig).is_empty());
    assert_eq!(rig.value("tank-5/run-mode"), 2.0);
}

#[test]
fn a_pump_that_is_seen_turning_is_not_stopped_for_its_drives_word() {
    let mut rig = oil();
    rig.read("tank-3/pump-fault", 1.0);
    for _ in 0..400 {
        rig.step();
        assert!(rig.value("tank-3/pump-speed") > 60.0, "{}", rig.value("tank-3/pump-speed"));
    }
    assert_eq!(asked(&rig), [one("tank-3", false, "circulation_lost")], "less power all the same");
}

#[test]
fn machines_that_work_in_cool_fluid_prove_a_pump_that_nobody_sees() {
    let mut rig = oil();
    rig.read("tank-3/pump-speed-feedback", 0.0);
    rig.steps(10);
    assert_eq!(asked(&rig).len(), 1);
    rig.fail("tank-3/pump-speed-feedback", Why::InvalidCode);
    rig.steps(580);
    assert_eq!(asked(&rig).len(), 1);
    rig.steps(40);
    assert!(asked(&rig).is_empty());
}

#[test]
fn a_new_boot_remembers_the_air_in_a_tank_that_boils() {
    // Cold liquid has become warm, and its air is not out: what presses is the vent's.
    let run = |reboots: bool| {
        let mut rig = Rig::new(shipped("immersion-two-phase"));
        rig.read("fws/pump-speed-feedback", 90.0);
        rig.read("fws/flow", 30.0);
        for (short, value) in [
            ("fluid-temp", 39.0),
            ("valve-feedback", 0.0),
            ("vapour-pressure", 1900.0),
            ("level", 97.0),
            ("power", 60e3),
        ] {
            rig.read(&format!("tank-1/{short}"), value);
        }
        rig.steps(60);
        rig.read("tank-1/fluid-temp", 43.0);
        rig.steps(5);
        if reboots {
            rig.reboot(Span::from_secs(20));
        }
        rig.steps(60);
        asked(&rig).into_iter().filter(|(name, ..)| name == "tank-1").count()
    };
    assert_eq!((run(false), run(true)), (0, 0));
}

#[test]
fn a_stale_temperature_decides_nothing_but_opens_the_valve() {
    let mut rig = oil();
    let before = rig.value("tank-6/valve");
    rig.silence("tank-6/fluid-temp");
    let events = rig.events(18);
    let decided =
        |what: &&What| matches!(what, What::CapRequested(_) | What::MoreCooling(_) | What::PowerOffRequested(_));
    assert_eq!(events.iter().filter(decided).count(), 0, "{events:?}");
    assert!(rig.value("tank-6/valve") > before + 5.0, "{}", rig.value("tank-6/valve"));
}

#[test]
fn cold_oil_circulates_with_its_valve_shut_until_it_is_warm() {
    let mut rig = oil();
    rig.read("tank-2/fluid-temp", 44.0);
    rig.steps(5);
    let mut events = Vec::new();
    for celsius in [40.0, 36.0, 32.0, 28.0, 24.0, 20.0, 16.0, 12.0] {
        rig.read("tank-2/fluid-temp", celsius);
        events.extend(rig.events(1));
    }
    events.extend(rig.events(60));
    assert!(events.contains(&What::Step(Step::Warming)), "{events:?}");
    assert_eq!(rig.value("tank-2/valve"), 0.0);
    assert!((rig.value("tank-2/pump-speed") - 85.0).abs() < 0.1);
    rig.read("tank-2/valve-feedback", 0.0);
    for celsius in [15.0, 18.0, 21.0] {
        rig.read("tank-2/fluid-temp", celsius);
        rig.steps(1);
    }
    rig.read("tank-2/fluid-temp", 22.5);
    let events = rig.events(30);
    assert!(events.contains(&What::Step(Step::Warm)));
    assert!(rig.value("tank-2/valve") >= 5.0 && rig.value("tank-2/valve") < 10.0, "from where it is");
}

#[test]
fn too_little_fluid_is_told_and_then_no_power_is_asked_for() {
    let mut rig = oil();
    rig.read("tank-7/level", 90.0);
    assert!(rig.events(12).contains(&What::LevelLow(true)));
    assert!(asked(&rig).is_empty());
    rig.read("tank-7/level", 84.0);
    rig.steps(12);
    assert_eq!(asked(&rig), [one("tank-7", true, "level_low"), one("tank-7", false, "level_low")]);
    rig.read("tank-7/level", 100.0);
    rig.steps(3);
    assert!(asked(&rig).is_empty());
}

#[test]
fn one_that_somebody_switched_off_stays_off_and_asks_for_less_power() {
    let mut rig = oil();
    rig.hold("tank-8/run-mode", 1.0, None);
    rig.read("tank-8/pump-speed-feedback", 0.0);
    rig.steps(20);
    let mut events = Vec::new();
    for celsius in [49.0, 53.0, 57.0, 60.0] {
        rig.read("tank-8/fluid-temp", celsius);
        events.extend(rig.events(if celsius < 60.0 { 1 } else { 60 }));
    }
    assert_eq!(rig.value("tank-8/run-mode"), 1.0);
    assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "what he wants is no failure: {events:?}");
    assert_eq!(asked(&rig).len(), 1);
}

#[test]
fn a_condenser_that_is_lost_asks_for_less_power_at_once_and_none_before_the_vent_opens() {
    let mut rig = boiling();
    rig.hold("tank-1/valve", 30.0, None);
    rig.read("tank-1/vapour-pressure", 1150.0);
    let events = rig.events(4);
    assert!(events.contains(&What::CapRequested(CapReason::PressureHigh)) && events.contains(&What::MoreCooling(true)));
    rig.steps(2);
    assert_eq!(rig.value("tank-1/valve"), 100.0, "whoever holds it");
    rig.read("tank-1/vapour-pressure", 1550.0);
    assert!(rig.events(4).contains(&What::PowerOffRequested(CapReason::PressureHigh)));
    rig.read("tank-1/vapour-pressure", 1000.0);
    rig.steps(600);
    assert_eq!(asked(&rig).len(), 2, "latched");
    rig.read("tank-1/vapour-pressure", 600.0);
    rig.steps(6);
    assert_eq!(asked(&rig).len(), 2, "a blink is no return");
    rig.steps(8);
    assert!(asked(&rig).is_empty());
}

#[test]
fn water_that_stands_and_a_valve_that_stays_shut_are_lost_condensers() {
    let mut rig = boiling();
    rig.read("fws/flow", 0.0);
    rig.steps(20);
    assert!(asked(&rig).is_empty(), "a flow sensor alone may lie");
    rig.read("fws/pump-speed-feedback", 0.0);
    rig.steps(7);
    let all = asked(&rig);
    assert!(all.len() == 8 && all.iter().all(|(_, off, why)| !off && why == "condenser_lost"), "{all:?}");
    let mut rig = boiling();
    rig.read("tank-2/valve-feedback", 0.0);
    rig.steps(12);
    assert_eq!(asked(&rig), [one("tank-2", false, "condenser_lost")]);
    assert!(rig.events(120).contains(&What::Trouble(Trouble::ValveStuck)));
}

#[test]
fn what_presses_far_below_boiling_is_air_and_the_vents() {
    let mut rig = boiling();
    for celsius in [45.0, 41.0, 37.0, 33.0, 29.0, 25.0] {
        rig.read("tank-1/fluid-temp", celsius);
        rig.step();
    }
    rig.read("tank-1/vapour-pressure", 1900.0);
    rig.steps(60);
    assert!(asked(&rig).is_empty() && rig.value("tank-1/valve") == 0.0);
    rig.read("tank-1/vapour-pressure", 2600.0);
    rig.steps(5);
    assert_eq!(asked(&rig).len(), 2, "but a vent that stays shut is no vent");
}

#[test]
fn a_valve_opens_with_the_power_before_the_pressure_tells() {
    let mut rig = boiling();
    rig.steps(30);
    let before = rig.value("tank-4/valve");
    // No faster than the valve follows: what is faster a loop that tracks its limits takes back in part.
    for second in 1..=20 {
        rig.read("tank-4/power", 120e3 + 1.25e3 * f64::from(second));
        let there = rig.value("tank-4/valve");
        rig.read("tank-4/valve-feedback", there);
        rig.step();
    }
    assert!(rig.value("tank-4/valve") > before + 9.0, "{before} to {}", rig.value("tank-4/valve"));
}

#[test]
fn a_tank_that_has_lost_liquid_is_held_at_the_airs_pressure_unless_its_vent_is_seen_shut() {
    let mut rig = boiling();
    let setpoint = |rig: &Rig| {
        let loops = rig.control.loops();
        loops.into_iter().find(|one| one.name == "tank-3/valve").expect("a loop").setpoint
    };
    assert!((setpoint(&rig) - 500.0).abs() < 1e-9);
    rig.read("tank-3/level", 80.0);
    rig.steps(15);
    assert!((setpoint(&rig) - 500.0).abs() < 1e-9, "it loses nothing, and would breathe in");
    rig.read("tank-3/vent-open", 1.0);
    rig.steps(15);
    assert!(setpoint(&rig).abs() < 1e-9);
}

#[test]
fn a_pressure_that_is_lost_gives_the_tank_back() {
    let mut rig = boiling();
    rig.fail("tank-1/vapour-pressure", Why::InvalidCode);
    assert!(rig.events(2).contains(&What::Step(Step::HandedBack)));
    assert_eq!((rig.value("tank-1/run-mode"), rig.value("tank-2/run-mode")), (0.0, 2.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever a tank's sensors tell, its valve stays in range, a pump that turns is told to turn on as long as its fluid reaches it, and a tank that is far too warm has asked for something.
    #[test]
    fn whatever_is_seen_a_pump_that_turns_turns_on(told in prop::collection::vec((5.0..80.0f64, 0.0..100.0f64, any::<bool>()), 1..8)) {
        let mut rig = oil();
        // A level that sinks no faster than a tank leaks bares the intake below 81 %, until it is covered again: one that runs dry stands.
        let (mut last, mut sinks, mut bare) = (100.0, true, false);
        for (celsius, level, stands) in told {
            sinks = level >= 84.0 || sinks && last - level <= 5.0;
            (last, bare) = (level, level < 84.0 && (bare || sinks && level < 81.0));
            rig.read("tank-1/fluid-temp", celsius);
            rig.read("tank-1/level", level);
            rig.read("tank-1/pump-speed-feedback", if stands { 0.0 } else { 70.0 });
            for second in 0..90 {
                rig.step();
                prop_assert!((0.0..=100.0).contains(&rig.value("tank-1/valve")));
                prop_assert!(bare || stands || second < 5 || rig.value("tank-1/pump-speed") > 0.0);
            }
            if celsius >= 57.0 {
                prop_assert!(asked(&rig).iter().any(|(name, _, _)| name == "tank-1"), "{celsius} °C, and nothing is asked");
            }
        }
    }
}
