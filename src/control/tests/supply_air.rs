//! Supply air under the whole controller: made warmer, row by row, and taken back.

use plant::reading::Why;
use plant::time::Span;

use super::rig::{Rig, shipped};
use crate::control::request::Reply;

/// A hall with slow fans whose supply air has been made warmer for an hour.
fn hall() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 23.0);
    rig.inlets(1, 23.0);
    rig.read("ct-1/fan-speed-feedback", 60.0);
    rig.read("chw/return-water-temp", 24.0); // two chillers carry it, whatever water is made
    rig.read("chw/flow", 24.0);
    rig.steps(4200);
    rig
}

fn held(rig: &Rig, name: &str) -> f64 {
    rig.control.loops().into_iter().find(|row| row.name == name).expect("a loop").setpoint
}

#[test]
fn the_coils_of_a_row_hold_warmer_air_where_nobody_asks_and_say_why() {
    let rig = hall();
    assert!((20.3..=21.2).contains(&held(&rig, "crah-1/valve")), "{}", held(&rig, "crah-1/valve"));
    assert_eq!(held(&rig, "crah-1/valve"), held(&rig, "crah-3/valve"));
    let why = rig.control.why(rig.point("crah-1/valve")).expect("an output").control_loop.expect("a loop");
    assert!(why.because.expect("reset").contains("warmer by and by"));
    let told = rig.control.status().air;
    assert_eq!((told.len(), told[0].row.as_str()), (2, "row-a"));
}

#[test]
fn a_lost_inlet_takes_its_row_back_and_no_other() {
    let mut rig = hall();
    let (before, name) = (held(&rig, "crah-4/valve"), rig.inlet_names(0)[3].clone());
    rig.fail(&name, Why::OutOfService);
    rig.steps(900);
    assert_eq!(held(&rig, "crah-1/valve"), 20.0);
    assert!(held(&rig, "crah-4/valve") >= before);
}

#[test]
fn somebody_who_holds_a_valve_freezes_its_row() {
    let mut rig = hall();
    let before = held(&rig, "crah-2/valve");
    let reply = rig.hold("crah-1/valve", 40.0, Some(Span::from_secs(7200)));
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
    rig.steps(1800);
    assert_eq!(held(&rig, "crah-2/valve"), before);
    assert!(held(&rig, "crah-5/valve") > before);
}

#[test]
fn a_warm_rack_has_colder_air_for_its_row() {
    let mut rig = hall();
    let (before, name) = (held(&rig, "crah-4/valve"), rig.inlet_names(1)[0].clone());
    rig.read(&name, 26.5);
    rig.steps(700);
    assert!(held(&rig, "crah-4/valve") <= before - 0.4, "the rack and its fans ask");
}

#[test]
fn a_new_boot_begins_at_the_setpoint() {
    let mut rig = hall();
    rig.reboot(Span::from_secs(60));
    rig.steps(30);
    assert_eq!(held(&rig, "crah-1/valve"), 20.0);
}
