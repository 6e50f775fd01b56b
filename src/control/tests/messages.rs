//! What is asked and answered, and what a scan sees, goes through the journal's binary format and back.

use std::fmt::Debug;

use plant::command::{Level, WriteOutcome, WriteReport};
use plant::id::{AlarmId, EquipId, FeedId, LoopId};
use plant::image::{Inputs, Outputs};
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span, Wall};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::rig::{Rig, shipped};
use crate::control::exchange::Part;
use crate::control::report::Proof;
use crate::control::request::{Ask, Checked, Refusal, Reply, Request};
use crate::control::trial::{How, Method};
use crate::control::tuning::{Fopdt, Gains};

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let bytes = postcard::to_allocvec(value).expect("serialises");
    assert_eq!(&postcard::from_bytes::<T>(&bytes).expect("reads back"), value);
}

#[test]
fn requests_and_replies_survive_the_journal() {
    let rig = Rig::new(shipped("air"));
    let (point, alarm) = (rig.point("crah-1/valve"), AlarmId::default());
    for ask in [
        Ask::Override { point, value: 12.5, hold: None, reason: "checkout".to_owned() },
        Ask::Override { point, value: 12.5, hold: Some(Span::from_secs(60)), reason: "checkout".to_owned() },
        Ask::Release { point: None, level: Level::Operator },
        Ask::Acknowledge { alarm },
        Ask::Reset { alarm },
        Ask::ServiceAlarm { alarm, active: true },
        Ask::Found { outputs: vec![(point, 37.5)] },
        Ask::Worn { writes: vec![(point, 2)] },
        Ask::Trial {
            of: LoopId::default(),
            how: How { method: Method::Relay, size: -20.0, limits: (16.0, 25.0), longest: Span::from_secs(3600) },
            reason: "checkout".to_owned(),
        },
        Ask::EndTrial,
        Ask::Budget {
            id: "dr-7".to_owned(),
            feed: FeedId::default(),
            watts: 8e5,
            hold: Some(Span::from_secs(60)),
            reason: "the grid asks".to_owned(),
        },
        Ask::LiftBudget { id: "dr-7".to_owned() },
        Ask::Retune {
            of: LoopId::default(),
            gains: Gains { gain: 4.0, ti: 120.0 },
            process: Fopdt { gain: -0.16, lag: 60.0, dead: 5.0 },
            reason: "checkout".to_owned(),
        },
        Ask::Revert { of: LoopId::default() },
        Ask::Force { point, by: -5.0, within: Span::from_secs(120), reason: "checkout".to_owned() },
        Ask::Silence { equip: EquipId::default(), long: Span::from_secs(60), reason: "checkout".to_owned() },
        Ask::Exchanged { part: Part::Machine(EquipId::default()), hours: 12.0, reason: "worn".to_owned() },
        Ask::Exchanged { part: Part::Drive(point), hours: 0.0, reason: "worn".to_owned() },
        Ask::EndCheck,
        Ask::CheckedOut {
            rows: vec![Checked { point, passed: true, read: Some(41.5), reference: None }],
            by: "A. Technician".to_owned(),
        },
    ] {
        survives(&Request { who: "mqtt:ops".to_owned(), ask });
    }
    survives(&Reply::Accepted { expires: Some(Wall(5)), note: "held".to_owned() });
    for refusal in [
        Refusal::NotWritable,
        Refusal::OutOfRange { min: 0.0, max: 100.0 },
        Refusal::ReasonMissing,
        Refusal::HoldOutOfRange,
        Refusal::NothingThere,
        Refusal::StillActive,
        Refusal::NotAcknowledged,
        Refusal::Unknown,
        Refusal::Busy,
        Refusal::NotLed,
        Refusal::LimitsExclude { pv: 20.0 },
        Refusal::TooSensitive,
        Refusal::Warm,
        Refusal::Held,
        Refusal::NotForced,
    ] {
        survives(&Reply::Refused(refusal.clone()));
        assert!(!refusal.code().is_empty() && !refusal.to_string().is_empty());
    }
}

#[test]
fn the_image_of_a_scan_survives_the_journal() {
    let mut rig = Rig::new(shipped("air"));
    rig.inputs.reload = Some(Box::new(rig.hall.strategies));
    let point = rig.point("crah-1/valve");
    let report = |outcome| WriteReport { point, wanted: 50.0, outcome, at: Mono(7), wear: 0 };
    rig.inputs.reports.push(report(WriteOutcome::Unproven { seen: 40.0 }));
    rig.inputs.reports.push(report(WriteOutcome::Failed(Why::Exception(2))));
    rig.inputs.samples[point] = Sample::bad(Why::Timeout, Mono(7));
    survives::<Inputs>(&rig.inputs);
    rig.steps(2);
    survives::<Outputs>(&rig.control.outputs);
}

#[test]
fn a_write_in_doubt_is_told_once_raises_its_alarm_and_is_told_when_it_is_proven() {
    use plant::event::What;
    let mut rig = Rig::new(shipped("bench"));
    rig.steps(5);
    let point = rig.point("fan-1/fan-speed");
    let report = |outcome| WriteReport { point, wanted: 50.0, outcome, at: Mono(7), wear: 0 };
    let mut events = Vec::new();
    for _ in 0..30 {
        rig.inputs.reports.push(report(WriteOutcome::Foreign { seen: 40.0 }));
        events.extend(rig.events(1));
    }
    assert_eq!(events.iter().filter(|what| matches!(what, What::WriteForeign { .. })).count(), 1);
    assert_eq!(rig.control.status().alarms[0].name, "writes-doubted");
    rig.inputs.reports.push(report(WriteOutcome::Applied));
    assert!(rig.events(1).contains(&What::WriteProven));
}

#[test]
fn an_output_that_nothing_reads_back_says_so_to_whoever_asks() {
    let mut rig = Rig::new(shipped("bench"));
    rig.steps(5);
    let point = rig.point("fan-1/fan-speed");
    for (outcome, proof, word) in [
        (WriteOutcome::Acknowledged, Proof::Acknowledged, "nothing reads it back: unproven"),
        (WriteOutcome::Failed(Why::Timeout), Proof::Doubted, "in doubt"),
    ] {
        rig.inputs.reports.push(WriteReport { point, wanted: 50.0, outcome, at: Mono(7), wear: 0 });
        rig.step();
        let why = rig.control.why(point).expect("an output");
        assert!(why.sentence.contains(word), "{}", why.sentence);
        assert_eq!(why.written.proof, proof);
        assert_eq!(rig.control.point(point).and_then(|view| view.written), Some(why.written));
    }
    rig.inputs.reports.push(WriteReport { point, wanted: 50.0, outcome: WriteOutcome::Applied, at: Mono(7), wear: 0 });
    rig.step();
    let why = rig.control.why(point).expect("an output");
    assert!(why.written.proof == Proof::Proven && !why.sentence.contains("unproven"), "{}", why.sentence);
    assert_eq!(rig.control.point(rig.point("heater/power")).and_then(|view| view.written), None, "no output");
}

#[test]
fn the_service_raises_its_own_alarms_and_no_others() {
    let mut rig = Rig::new(shipped("bench"));
    let id = |rig: &Rig, name: &str| rig.hall.alarms.iter().find(|(_, def)| def.name == name).expect("an alarm").0;
    let (broker, inlet) = (id(&rig, "broker-lost"), id(&rig, "inlet-high"));
    assert_eq!(rig.ask(Ask::ServiceAlarm { alarm: inlet, active: true }), Reply::Refused(Refusal::Unknown));
    assert!(matches!(rig.ask(Ask::ServiceAlarm { alarm: broker, active: true }), Reply::Accepted { .. }));
    rig.steps(60);
    assert_eq!(rig.control.status().alarms[0].name, "broker-lost");
    assert_eq!(rig.ask(Ask::Reset { alarm: broker }), Reply::Refused(Refusal::NothingThere));
    assert!(matches!(rig.ask(Ask::Acknowledge { alarm: broker }), Reply::Accepted { .. }));
    assert_eq!(rig.ask(Ask::Acknowledge { alarm: broker }), Reply::Refused(Refusal::NothingThere));
    rig.ask(Ask::ServiceAlarm { alarm: broker, active: false });
    rig.steps(30);
    assert_eq!(rig.control.status().alarms, []);
}

#[test]
fn a_latched_alarm_goes_by_acknowledge_and_reset_when_its_cause_is_gone() {
    let mut rig = Rig::new(shipped("bench"));
    let alarm = rig.hall.alarms.iter().find(|(_, def)| def.name == "inlet-high").expect("an alarm").0;
    rig.inlets(0, 41.0);
    rig.steps(60);
    assert_eq!(rig.control.status().alarms[0].state, "latched");
    rig.ask(Ask::Acknowledge { alarm });
    assert_eq!(rig.ask(Ask::Reset { alarm }), Reply::Refused(Refusal::StillActive));
    rig.inlets(0, 25.0);
    rig.steps(60);
    assert_eq!(rig.control.status().alarms[0].state, "latched-acknowledged");
    assert!(matches!(rig.ask(Ask::Reset { alarm }), Reply::Accepted { .. }));
    rig.step();
    assert_eq!(rig.control.status().alarms, []);
}
