//! The supervisor as people meet it: switched, shown, and gone where the file has none.

use plant::event::{Supervision, What};

use super::rig::{Rig, shipped};
use crate::control::request::{Ask, Refusal, Reply};

fn switch(rig: &mut Rig, on: bool, reason: &str) -> Reply {
    rig.ask(Ask::Supervise { on, reason: reason.to_owned() })
}

#[test]
fn a_person_switches_it_off_with_a_reason_and_the_status_says_so() {
    let mut rig = Rig::new(shipped("air"));
    assert_eq!(switch(&mut rig, false, " "), Reply::Refused(Refusal::ReasonMissing));
    assert!(matches!(switch(&mut rig, false, "audit"), Reply::Accepted { .. }));
    assert!(rig.events(1).contains(&What::Supervision(Supervision::Switched(false))));
    let view = rig.control.status().supervisor.expect("supervised");
    assert!(view.because.contains("a person switched it off"), "{}", view.because);
    assert!(view.levers.iter().all(|lever| lever.offset == 0.0) && view.levers.len() == 4);
    assert!(matches!(switch(&mut rig, true, "audit is over"), Reply::Accepted { .. }));
    rig.events(1);
    let view = rig.control.status().supervisor.expect("supervised");
    assert!(!view.because.contains("a person switched it off"), "{}", view.because);
}

#[test]
fn a_hall_whose_file_has_none_has_nothing_to_switch_or_to_show() {
    let mut rig = Rig::new(shipped("immersion-two-phase"));
    assert_eq!(switch(&mut rig, false, "audit"), Reply::Refused(Refusal::NothingThere));
    assert_eq!(rig.control.status().supervisor, None);
}
