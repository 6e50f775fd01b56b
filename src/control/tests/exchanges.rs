//! A machine is exchanged: its run-time begins anew, somebody is told, and who runs next goes by it.

use plant::event::{Commissioning, What};
use plant::time::Span;

use super::rig::{Rig, shipped};
use crate::control::exchange::Part;
use crate::control::request::{Ask, Refusal, Reply};

fn exchange(rig: &mut Rig, part: Part, hours: f64, reason: &str) -> Reply {
    rig.ask(Ask::Exchanged { part, hours, reason: reason.to_owned() })
}

fn machine(rig: &Rig, name: &str) -> Part {
    Part::Machine(rig.hall.equip(name).expect("an equipment"))
}

/// The hall `air` with pumps that change places every hour, two of them running for three hours.
fn worn() -> Rig {
    let mut hall = shipped("air");
    let pumps = &mut hall.strategies.chilled_water.pumps.as_mut().expect("said").pumps;
    (pumps.rotate_every, pumps.rotate_gap) = (Span::from_secs(400 * 86_400), Span::from_secs(1800));
    let mut rig = Rig::new(hall);
    for n in 1..=3 {
        rig.read(&format!("chwp-{n}/running"), if n <= 2 { 1.0 } else { 0.0 });
        rig.read(&format!("chwp-{n}/fault"), 0.0);
    }
    rig.read("chw/dp", 80e3);
    rig.read("chw/flow", 36.0 * 0.7);
    rig.steps(3 * 3600);
    rig
}

fn hours(rig: &Rig) -> Vec<f64> {
    let header = rig.control.status().pumps.into_iter().next().expect("a header");
    header.pumps.iter().map(|machine| machine.run_hours).collect()
}

#[test]
fn an_exchanged_pump_counts_anew_and_it_is_told() {
    let mut rig = worn();
    let before = hours(&rig);
    assert!(before[0] > 2.8 && before[1] > 2.8 && before[2] < 0.1, "{before:?}");
    let part = machine(&rig, "chwp-1");
    let Reply::Accepted { note, .. } = exchange(&mut rig, part, 0.0, "a new seal and bearings") else {
        panic!("refused")
    };
    assert!(note.contains("its 2 h") || note.contains("its 3 h"), "{note}");
    let told = |what: &What| matches!(what, What::Commissioning(Commissioning::Exchanged { hours: 2 | 3 }));
    assert!(rig.events(1).iter().any(told));
    let after = hours(&rig);
    assert!(after[0] < 0.01 && (after[1] - before[1]).abs() < 0.01, "{after:?}");
    // One that comes used counts from there, and outlives a new boot as all run-times do.
    assert!(matches!(exchange(&mut rig, part, 1200.0, "from the store"), Reply::Accepted { .. }));
    rig.steps(1);
    assert!((hours(&rig)[0] - 1200.0).abs() < 0.01);
    rig.reboot(Span::from_secs(30));
    rig.steps(2);
    assert!((hours(&rig)[0] - 1200.0).abs() < 0.01, "{:?}", hours(&rig));
}

#[test]
fn who_stops_first_goes_by_what_stands_there_now() {
    for exchanged in ["chwp-1", "chwp-2"] {
        let mut rig = worn();
        let part = machine(&rig, exchanged);
        exchange(&mut rig, part, 0.0, "a new pump");
        rig.read("chw/flow", 36.0 * 0.2);
        rig.steps(2 * 3600);
        let runs = |n: usize| rig.value(&format!("chwp-{n}/run-mode")) > 1.5;
        assert_eq!((runs(1), runs(2)), (exchanged == "chwp-1", exchanged == "chwp-2"), "the worn one stops");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let mut rig = worn();
    let (pump, rack) = (machine(&rig, "chwp-1"), machine(&rig, "rack-a01"));
    assert_eq!(exchange(&mut rig, pump, 0.0, "  "), Reply::Refused(Refusal::ReasonMissing));
    for hours in [-1.0, 2e6, f64::NAN] {
        assert!(matches!(exchange(&mut rig, pump, hours, "x"), Reply::Refused(Refusal::OutOfRange { .. })), "{hours}");
    }
    assert_eq!(exchange(&mut rig, rack, 0.0, "x"), Reply::Refused(Refusal::Unknown));
    let fan = Part::Drive(rig.hall.point("crah-1/fan-speed").expect("a point"));
    assert_eq!(exchange(&mut rig, fan, 0.0, "x"), Reply::Refused(Refusal::Unknown));
    assert!(hours(&rig)[0] > 2.8, "and nothing counts anew");
}

#[test]
fn every_machine_whose_run_time_is_kept_can_be_exchanged() {
    for (hall, parts) in [
        ("air", &["ch-1", "ch-3", "chwp-2", "ct-1"][..]),
        ("air-dx", &["dx-1", "dx-12"]),
        ("liquid", &["trim", "fwp-3", "ch-2"]),
        ("hybrid", &["ch-1"]),
        ("immersion", &["dc-1", "tank-12"]),
    ] {
        let mut rig = Rig::new(shipped(hall));
        rig.steps(1);
        for name in parts {
            let part = machine(&rig, name);
            let reply = exchange(&mut rig, part, 0.0, "exchanged");
            assert!(matches!(reply, Reply::Accepted { .. }), "{hall}: {name}: {reply:?}");
        }
    }
    let mut rig = Rig::new(shipped("liquid"));
    rig.steps(1);
    let pump = Part::Drive(rig.hall.point("cdu-4/pump-2-speed").expect("a point"));
    assert!(matches!(exchange(&mut rig, pump, 10.0, "exchanged"), Reply::Accepted { .. }));
    assert!((rig.control.status().cdus[3].pumps[1].run_hours - 10.0).abs() < 0.01);
}
