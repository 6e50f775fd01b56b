//! Pumps that are lost in ways that are hard to see, and what comes of it.

use plant::event::{CapReason, Step, Trouble, What};
use plant::reading::Why;
use plant::time::Span;

use super::super::rig::{Rig, shipped};
use super::{seen, under_control};

fn steady() -> Rig {
    let mut rig = under_control();
    rig.steps(100);
    rig
}

/// Where a pump of a CDU is, as status has it.
fn step_of(rig: &Rig, cdu: usize, pump: usize) -> String {
    rig.control.status().cdus[cdu].pumps[pump].step.clone()
}

/// What a CDU's pump loop gives (%).
fn output(rig: &Rig) -> f64 {
    rig.control.loops().into_iter().find(|one| one.name == "cdu-1/pumps").expect("a loop").output
}

#[test]
fn a_pump_whose_drive_fails_and_goes_dark_is_replaced_at_once() {
    let mut rig = steady();
    let before = rig.value("cdu-1/pump-1-speed");
    rig.fail("cdu-1/pump-1-speed-feedback", Why::InvalidCode);
    rig.steps(1);
    rig.read("cdu-1/pump-1-fault", 1.0);
    rig.steps(4);
    assert!(rig.value("cdu-1/pump-2-speed") > before - 1.0, "{}", rig.value("cdu-1/pump-2-speed"));
    assert_eq!(step_of(&rig, 0, 0), "failed");
}

#[test]
fn a_pump_that_goes_dark_without_a_word_is_replaced_by_what_the_pressure_tells() {
    let dark: [fn(&mut Rig, &str); 2] = [|rig, name| rig.fail(name, Why::InvalidCode), |rig, name| rig.silence(name)];
    for dark in dark {
        let mut rig = steady();
        let before = rig.value("cdu-1/pump-1-speed");
        dark(&mut rig, "cdu-1/pump-1-speed-feedback");
        dark(&mut rig, "cdu-1/pump-1-fault");
        rig.read("cdu-1/dp", 0.0);
        rig.steps(25);
        assert!(rig.value("cdu-1/pump-2-speed") > before - 5.0, "{}", rig.value("cdu-1/pump-2-speed"));
        assert_eq!(rig.value("cdu-1/run-mode"), 2.0);
    }
}

#[test]
fn a_lost_pump_beside_one_that_nobody_sees_or_somebody_holds_gives_the_cdu_back() {
    let spoil: [fn(&mut Rig); 2] = [
        |rig| rig.fail("cdu-1/pump-2-speed-feedback", Why::InvalidCode),
        |rig| _ = rig.hold("cdu-1/pump-2-speed", 0.0, None),
    ];
    for spoil in spoil {
        let mut rig = steady();
        spoil(&mut rig);
        rig.steps(3);
        rig.read("cdu-1/pump-1-fault", 1.0);
        rig.read("cdu-1/pump-1-speed-feedback", 0.0);
        assert!(rig.events(5).contains(&What::Step(Step::HandedBack)));
        rig.step();
        assert_eq!(rig.value("cdu-1/run-mode"), 0.0);
    }
}

#[test]
fn pumps_that_somebody_holds_at_nought_are_what_he_wants() {
    let mut rig = steady();
    for pump in [1, 2] {
        rig.hold(&format!("cdu-1/pump-{pump}-speed"), 0.0, None);
    }
    rig.steps(30);
    rig.read("cdu-1/pump-1-speed-feedback", 0.0);
    rig.read("cdu-1/pump-1-fault", 1.0);
    assert!(!rig.events(60).contains(&What::Step(Step::HandedBack)));
    assert_eq!(rig.value("cdu-1/run-mode"), 2.0);
}

#[test]
fn two_that_were_lost_at_once_and_tell_a_fault_late_do_not_wait_for_ever() {
    let mut hall = shipped("liquid");
    hall.strategies.cdu.pumps.running = 2;
    let mut rig = seen(hall);
    rig.read("cdu-4/pump-2-speed-feedback", 70.0);
    rig.steps(160);
    for pump in [1, 2] {
        rig.read(&format!("cdu-4/pump-{pump}-speed-feedback"), 0.0);
    }
    assert!(rig.events(8).contains(&What::Step(Step::Restoring)));
    for pump in [1, 2] {
        rig.read(&format!("cdu-4/pump-{pump}-fault"), 1.0);
    }
    assert!(rig.events(5).contains(&What::Step(Step::HandedBack)));
    rig.step();
    assert_eq!(rig.value("cdu-4/run-mode"), 0.0);
}

#[test]
fn a_flow_sensor_that_lies_low_stops_no_pump_while_the_pressure_is_there() {
    let mut rig = steady();
    rig.read("cdu-1/flow", 0.1);
    let events = rig.events(120);
    assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "{events:?}");
    assert_eq!((step_of(&rig, 0, 0).as_str(), rig.value("cdu-1/pump-2-speed")), ("on", 0.0));
}

#[test]
fn a_pump_that_moved_nothing_is_not_proven_by_the_flow_of_the_other_one() {
    let mut rig = steady();
    rig.read("cdu-1/flow", 0.1);
    rig.read("cdu-1/dp", 25e3);
    rig.steps(8);
    assert_eq!(step_of(&rig, 0, 0), "failed");
    // The other one takes its place, while the lost one still runs down.
    rig.read("cdu-1/pump-2-speed-feedback", 70.0);
    rig.read("cdu-1/flow", 8.7);
    rig.read("cdu-1/dp", 60e3);
    for _ in 0..60 {
        rig.step();
        assert_eq!((step_of(&rig, 0, 0).as_str(), step_of(&rig, 0, 1).as_str()), ("failed", "on"));
    }
    assert_eq!(rig.value("cdu-1/pump-1-speed"), 0.0);
}

#[test]
fn pumps_of_a_cdu_that_somebody_holds_at_on_are_replaced_even_after_it_was_given_back() {
    let mut rig = steady();
    rig.hold("cdu-1/run-mode", 2.0, None);
    rig.fail("cdu-1/supply-temp", Why::InvalidCode);
    assert!(rig.events(5).contains(&What::Step(Step::HandedBack)));
    assert_eq!(rig.value("cdu-1/run-mode"), 2.0);
    rig.read("cdu-1/pump-1-fault", 1.0);
    rig.read("cdu-1/pump-1-speed-feedback", 0.0);
    rig.steps(5);
    assert!(rig.value("cdu-1/pump-2-speed") > 50.0, "{}", rig.value("cdu-1/pump-2-speed"));
    let why = rig.control.why(rig.point("cdu-1/pump-2-speed")).expect("an output").sentence;
    assert!(!why.contains("its own panel runs it"), "{why}");
}

#[test]
fn a_cdu_that_is_held_at_on_from_the_boot_goes_on_as_it_is_found() {
    let mut rig = seen(shipped("liquid"));
    rig.hold("cdu-1/run-mode", 2.0, None);
    let events = rig.events(25);
    assert!(!events.contains(&What::Step(Step::Stopping)), "{events:?}");
    assert!(rig.value("cdu-1/pump-1-speed") > 29.0, "{}", rig.value("cdu-1/pump-1-speed"));
}

#[test]
fn the_loop_follows_the_speed_of_a_fail_over_and_does_not_wind_up() {
    let mut rig = steady();
    let before = rig.value("cdu-1/pump-1-speed");
    rig.read("cdu-1/pump-1-fault", 1.0);
    rig.read("cdu-1/pump-1-speed-feedback", 0.0);
    rig.read("cdu-1/dp", 5e3);
    rig.steps(3);
    for _ in 0..12 {
        rig.step();
        assert!((output(&rig) - before).abs() < 1e-6, "{} after {before}", output(&rig));
    }
}

#[test]
fn where_no_pump_runs_the_loop_does_not_wind_up_either() {
    let mut rig = steady();
    for pump in [1, 2] {
        rig.hold(&format!("cdu-1/pump-{pump}-speed"), 0.0, None);
    }
    rig.read("cdu-1/pump-1-speed-feedback", 0.0);
    rig.read("cdu-1/dp", 0.0);
    rig.steps(300);
    assert!(output(&rig) <= 30.0, "{}", output(&rig));
}

#[test]
fn a_row_whose_pressures_are_unknown_and_whose_pumps_stand_is_capped() {
    let mut rig = steady();
    for n in [1, 2] {
        rig.fail(&format!("cdu-{n}/dp"), Why::InvalidCode);
    }
    let events = rig.events(60);
    assert!(!events.iter().any(|what| matches!(what, What::CapRequested(_))), "a pump is seen turning");
    for n in [1, 2] {
        rig.read(&format!("cdu-{n}/pump-1-speed-feedback"), 0.0);
    }
    assert!(rig.events(30).contains(&What::CapRequested(CapReason::PressureLost)));
    // Nor does a sensor help that tells pressure where nothing turns.
    let mut rig = steady();
    for n in [1, 2] {
        rig.read(&format!("cdu-{n}/pump-1-speed-feedback"), 0.0);
        rig.hold(&format!("cdu-{n}/run-mode"), 1.0, None);
    }
    assert!(rig.events(30).contains(&What::CapRequested(CapReason::PressureLost)));
    // What has not been read since the boot may still come.
    let mut rig = Rig::new(shipped("liquid"));
    for n in 1..=4 {
        for short in ["dp", "pump-1-speed-feedback", "pump-2-speed-feedback"] {
            rig.silence(&format!("cdu-{n}/{short}"));
        }
    }
    let events = rig.events(55);
    assert!(!events.iter().any(|what| matches!(what, What::CapRequested(_))));
    assert!(rig.events(20).contains(&What::CapRequested(CapReason::PressureLost)));
}

#[test]
fn a_start_whose_pump_is_doubted_does_not_run_out() {
    let mut rig = steady();
    rig.read("cdu-1/pump-1-fault", 1.0);
    rig.read("cdu-1/pump-1-speed-feedback", 0.0);
    rig.silence("cdu-1/pump-2-speed-feedback");
    let mut events = rig.events(45);
    rig.read("cdu-1/pump-2-speed-feedback", 70.0);
    events.extend(rig.events(20));
    assert!(!events.contains(&What::Trouble(Trouble::ChangeAborted)), "{events:?}");
    assert!(!events.contains(&What::Step(Step::Stopping)), "{events:?}");
    assert!(rig.value("cdu-1/pump-2-speed") > 50.0);
}

#[test]
fn the_last_pump_that_is_seen_running_is_not_stopped_for_one_that_nobody_sees() {
    let mut hall = shipped("liquid");
    (hall.strategies.cdu.pumps.rotate_every, hall.strategies.cdu.pumps.rotate_gap) =
        (Span::from_secs(3600), Span::from_secs(1800));
    let mut rig = seen(hall);
    for _ in 0..3700 {
        rig.step();
        if rig.value("cdu-1/pump-2-speed") > 0.0 {
            break;
        }
    }
    rig.read("cdu-1/pump-2-speed-feedback", 70.0);
    rig.steps(10);
    rig.fail("cdu-1/pump-2-speed-feedback", Why::InvalidCode);
    rig.steps(300);
    assert_eq!((step_of(&rig, 0, 0).as_str(), step_of(&rig, 0, 1).as_str()), ("on", "unseen"));
    assert!(rig.value("cdu-1/pump-1-speed") > 30.0);
}
