//! A plant of chillers under the whole controller: taken over, held by people, given back.

use plant::command::Level;
use plant::event::{Step, What};
use plant::reading::Why;
use plant::time::Span;

use super::rig::{Rig, shipped};
use crate::control::request::Ask;

/// What the chillers are told.
fn told(rig: &Rig) -> [f64; 3] {
    ["ch-1/run-mode", "ch-2/run-mode", "ch-3/run-mode"].map(|name| rig.value(name))
}

fn under_control() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(40);
    assert_eq!(told(&rig), [2.0, 2.0, 1.0]);
    rig
}

#[test]
fn a_boot_leaves_the_plant_to_its_panels_until_all_of_it_has_been_seen_for_a_while() {
    let mut rig = Rig::new(shipped("air"));
    rig.silence("ch-3/running");
    rig.steps(50);
    assert_eq!((told(&rig), rig.value("wse/run-mode")), ([0.0; 3], 0.0), "one machine has not been seen");
    rig.read("ch-3/running", 0.0);
    let events = rig.events(29);
    assert!(!events.contains(&What::Step(Step::TakenOver)) && told(&rig) == [0.0; 3]);
    let events = rig.events(3);
    assert!(events.contains(&What::Step(Step::TakenOver)));
    assert_eq!((told(&rig), rig.value("wse/run-mode")), ([2.0, 2.0, 1.0], 1.0), "as it was found");
}

#[test]
fn the_plant_goes_back_to_its_panels_when_its_supply_is_lost_and_again_when_it_is_known() {
    let mut rig = under_control();
    rig.fail("chw/supply-water-temp", Why::InvalidCode);
    let events = rig.events(2);
    assert!(events.contains(&What::Step(Step::HandedBack)));
    assert_eq!(told(&rig), [0.0; 3]);
    assert!(rig.control.why(rig.point("ch-1/run-mode")).expect("an output").sentence.contains("its own panel runs it"));
    rig.read("chw/supply-water-temp", 14.0);
    rig.steps(33);
    assert_eq!(told(&rig), [2.0, 2.0, 1.0]);
}

#[test]
fn one_machine_that_is_not_seen_is_left_to_its_panel_and_the_others_go_on() {
    let mut rig = under_control();
    rig.fail("ch-2/running", Why::InvalidCode);
    rig.steps(2);
    assert_eq!(told(&rig), [2.0, 0.0, 1.0], "it ran when it was seen last, and nobody replaces it");
    rig.read("ch-2/running", 0.0);
    rig.steps(5);
    assert_eq!(told(&rig), [2.0, 1.0, 2.0], "it has stopped meanwhile: the next one starts");
}

#[test]
fn a_minimum_time_holds_against_an_operator_and_lets_go_when_it_is_over() {
    let mut rig = under_control();
    rig.hold("ch-1/run-mode", 1.0, None);
    rig.steps(60);
    let command = rig.command("ch-1/run-mode");
    assert_eq!((command.value, command.level), (2.0, Level::MinimumOnOff));
    rig.steps(1200);
    let command = rig.command("ch-1/run-mode");
    assert_eq!((command.value, command.level), (1.0, Level::Operator));
    rig.read("ch-1/running", 0.0);
    rig.steps(5);
    assert_eq!(told(&rig), [1.0, 2.0, 2.0], "the stage is filled by the spare");
    // And the other way round: what has just stopped does not start at once.
    rig.hold("ch-1/run-mode", 2.0, None);
    rig.steps(60);
    let command = rig.command("ch-1/run-mode");
    assert_eq!((command.value, command.level), (1.0, Level::MinimumOnOff));
}

#[test]
fn thermal_protection_takes_a_chiller_that_a_person_holds_off_once_it_is_rested() {
    let mut rig = under_control();
    rig.hold("ch-1/run-mode", 1.0, Some(Span::from_secs(6 * 3600)));
    rig.steps(1300);
    rig.read("ch-1/running", 0.0);
    rig.steps(5);
    let inlet = rig.inlet_names(0)[0].clone();
    rig.read(&inlet, 33.0);
    rig.steps(5);
    let command = rig.command("ch-1/run-mode");
    assert_eq!((command.value, command.level), (1.0, Level::Operator), "it has only just stopped");
    rig.steps(620);
    let command = rig.command("ch-1/run-mode");
    assert_eq!((command.value, command.level), (2.0, Level::ThermalProtection));
    rig.read("ch-1/running", 1.0);
    assert_eq!(rig.command("ch-3/run-mode").level, Level::Control, "what nobody holds is its sequence's");
    rig.read(&inlet, 24.0);
    rig.steps(60);
    assert_eq!(rig.command("ch-1/run-mode").level, Level::ThermalProtection, "the heat would come back with the hold");
    let point = rig.point("ch-1/run-mode");
    rig.ask(Ask::Release { point: Some(point), level: Level::Operator });
    rig.steps(2);
    assert_eq!(rig.command("ch-1/run-mode").level, Level::Control);
    rig.steps(1300);
    rig.hold("ch-1/run-mode", 1.0, None);
    rig.steps(5);
    assert_eq!(rig.command("ch-1/run-mode").level, Level::Operator, "a new hold counts");
}

#[test]
fn a_stale_word_decides_nothing() {
    let mut rig = under_control();
    rig.steps(1300);
    rig.silence("ch-1/running");
    rig.silence("chw/supply-water-temp");
    let before = told(&rig);
    rig.steps(55);
    assert_eq!(told(&rig), before, "neither the machine nor the supply is known, and nothing moves");
}

#[test]
fn run_times_survive_a_new_boot_and_the_plant_begins_on_its_panels() {
    let mut rig = under_control();
    rig.steps(3600);
    let hours = |rig: &Rig| rig.control.status().plants[0].machines[0].run_hours;
    let before = hours(&rig);
    assert!(before > 0.9, "{before}");
    rig.reboot(Span::from_secs(60));
    rig.step();
    assert_eq!(told(&rig), [0.0; 3]);
    assert!(hours(&rig) >= before);
    rig.steps(40);
    assert_eq!(told(&rig), [2.0, 2.0, 1.0]);
}

#[test]
fn people_see_who_runs_the_plant_and_why_a_machine_is_told_what_it_is_told() {
    let mut rig = under_control();
    rig.steps(1250);
    let plant = rig.control.status().plants.remove(0);
    assert_eq!(
        (plant.name.as_str(), plant.rule.as_str(), plant.change.as_str(), plant.wanted),
        ("chw", "sequence", "steady", 2)
    );
    assert!((plant.load_kw.expect("known") - 668.8).abs() < 1.0, "{:?}", plant.load_kw);
    let steps: Vec<&str> = plant.machines.iter().map(|machine| machine.step.as_str()).collect();
    assert_eq!(steps, ["on", "on", "off", "off"]);
    let why = |name: &str| rig.control.why(rig.point(name)).expect("an output").sentence;
    assert!(
        why("ch-1/run-mode").contains("level 16 (chw/stages), it is one of 2 that the stage wants"),
        "{}",
        why("ch-1/run-mode")
    );
    assert!(why("ch-3/run-mode").contains("the stage wants 2, and this is none of them"));
    assert!(why("wse/run-mode").contains("wse/switch"), "{}", why("wse/run-mode"));
}
