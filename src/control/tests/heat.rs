//! Heat recovery under the whole controller: taken over, shut, given back.

use plant::event::{Step, Trouble, What};
use plant::reading::Why;
use plant::time::Span;

use super::rig::{Rig, shipped};

/// A hall whose district control has taken over while it takes heat.
fn hall() -> Rig {
    let mut rig = Rig::new(shipped("liquid"));
    rig.read("district/valve-feedback", 100.0);
    rig.read("district/exported-heat", 200e3);
    rig.read("district/demand", 1.0);
    rig.read("fws/return-water-temp", 36.0);
    rig.steps(40);
    assert_eq!(rig.value("district/run-mode"), 2.0);
    rig
}

#[test]
fn a_customer_who_takes_nothing_has_it_shut_and_is_told() {
    let mut rig = hall();
    rig.steps(300);
    rig.read("district/exported-heat", 0.0);
    let events = rig.events(200);
    assert!(events.contains(&What::Trouble(Trouble::NotTaken)), "{events:?}");
    assert_eq!(rig.value("district/run-mode"), 1.0);
    let told = rig.control.status();
    assert!(told.heat[0].gone && told.alarms.iter().any(|alarm| alarm.name == "machine-failed"));
}

#[test]
fn a_new_boot_does_not_try_a_customer_again_who_is_gone() {
    let mut rig = hall();
    rig.steps(300);
    rig.read("district/exported-heat", 0.0);
    rig.steps(200);
    rig.read("district/valve-feedback", 0.0);
    rig.steps(60);
    rig.reboot(Span::from_secs(20));
    for _ in 0..300 {
        rig.step();
        assert!(rig.value("district/run-mode") < 1.5, "shut by its panel, then by control");
    }
    assert_eq!(rig.value("district/run-mode"), 1.0);
    assert!(rig.control.status().heat[0].gone);
}

#[test]
fn his_lost_reading_has_it_shut_and_a_lost_valve_gives_it_back() {
    let mut rig = hall();
    rig.steps(300);
    rig.fail("district/exported-heat", Why::OutOfService);
    rig.steps(3);
    assert_eq!(rig.value("district/run-mode"), 1.0);
    let mut rig = hall();
    rig.fail("district/valve-feedback", Why::OutOfService);
    let events = rig.events(3);
    assert!(events.contains(&What::Step(Step::HandedBack)), "{events:?}");
    assert_eq!(rig.value("district/run-mode"), 0.0);
}

#[test]
fn an_operator_has_it_shut_as_long_as_he_wants() {
    let mut rig = hall();
    rig.steps(300);
    rig.hold("district/run-mode", 1.0, None);
    rig.steps(2);
    assert_eq!(rig.value("district/run-mode"), 1.0);
    assert!(rig.control.why(rig.point("district/run-mode")).expect("an output").sentence.contains("operator"));
}
