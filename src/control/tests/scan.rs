//! Loops, overrides and the words for them.

use plant::command::{Level, Reason};
use plant::event::What;
use plant::reading::{Reading, Sample, Why};
use plant::time::{Mono, Span};

use super::rig::{Rig, shipped};
use crate::control::request::{Ask, Refusal, Reply};

#[test]
fn a_start_holds_the_safe_outputs_until_every_input_was_heard() {
    let mut rig = Rig::new(shipped("air"));
    let silent = rig.inlet_names(0)[3].clone();
    rig.silence(&silent);
    rig.steps(5);
    let fan = rig.fan_names(0)[0].clone();
    assert_eq!(rig.value(&fan), 100.0);
    assert_eq!(rig.command(&fan).reason, Reason::SafeOutputs);
    assert_eq!(rig.command(&rig.fan_names(1)[0].clone()).level, Level::Control, "the other row goes on");
    rig.read(&silent, 24.0);
    rig.steps(2);
    assert_eq!(rig.command(&fan).level, Level::Control);
}

#[test]
fn all_fans_of_a_row_turn_together_and_follow_the_worst_inlet() {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 22.0);
    rig.inlets(1, 22.0);
    rig.steps(900);
    let worst = rig.inlet_names(0)[7].clone();
    let calm = rig.value(&rig.fan_names(1)[0].clone());
    rig.read(&worst, 26.5);
    rig.steps(120);
    let fans: Vec<_> = rig.fan_names(0).iter().map(|fan| rig.value(fan)).collect();
    assert!(fans.iter().all(|duty| *duty == fans[0]), "{fans:?}");
    assert!(fans[0] > calm + 5.0, "{} against {calm}", fans[0]);
    assert_eq!(rig.command(&rig.fan_names(0)[0].clone()).reason, Reason::WorstInlet(rig.point(&worst)));
}

#[test]
fn a_stale_inlet_ages_and_raises_the_fans() {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 22.0);
    rig.steps(900);
    let (fan, inlet) = (rig.fan_names(0)[0].clone(), rig.inlet_names(0)[0].clone());
    let before = rig.value(&fan);
    rig.silence(&inlet);
    rig.steps(14);
    let Reading::Stale { last, age, .. } = rig.control.reading(rig.point(&inlet)) else { panic!("not stale") };
    assert!((last - (22.0 + 0.5 * age.seconds())).abs() < 1e-6, "{last} after {age}");
    assert!(rig.value(&fan) > before + 5.0, "{} after {before}", rig.value(&fan));
}

#[test]
fn a_jump_is_doubted_until_a_second_sample_confirms_it() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(5);
    let inlet = rig.inlet_names(0)[0].clone();
    let point = rig.point(&inlet);
    rig.read(&inlet, 60.0);
    rig.step();
    assert_eq!(rig.control.reading(point).why(), Some(Why::RateOfChange));
    rig.step();
    assert!(matches!(rig.control.reading(point), Reading::Fresh(t) if (t - 60.0).abs() < 1e-6));
}

#[test]
fn samples_that_cannot_be_are_lost_with_their_reason() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(2);
    let point = rig.point(&rig.inlet_names(0)[0].clone());
    rig.silence(&rig.inlet_names(0)[0].clone());
    let later = Mono(rig.tick.mono.0 + 10_000_000_000);
    for (sample, why) in [
        (Sample::good(f64::NAN, rig.tick.mono), Why::NotANumber),
        (Sample::good(f64::INFINITY, rig.tick.mono), Why::NotANumber),
        (Sample::good(-40.0, rig.tick.mono), Why::Range),
        (Sample::good(24.0, later), Why::Clock),
        (Sample::bad(Why::InvalidCode, rig.tick.mono), Why::InvalidCode),
    ] {
        rig.inputs.samples[point] = sample;
        rig.step();
        assert_eq!(rig.control.reading(point), Reading::Lost { why });
    }
}

#[test]
fn a_reading_that_never_moves_is_stuck() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(3);
    let inlet = rig.inlet_names(0)[0].clone();
    let (point, stuck) = (rig.point(&inlet), Span::from_secs(1800));
    rig.silence(&inlet);
    rig.tick.dt = Span::from_secs(4);
    for _ in 0..=stuck.nanos() / rig.tick.dt.nanos() {
        let at = Mono(rig.tick.mono.0 + rig.tick.dt.nanos());
        rig.inputs.samples[point] = Sample::good(24.0, at);
        rig.step();
    }
    assert_eq!(rig.control.reading(point), Reading::Lost { why: Why::Stuck });
}

#[test]
fn quality_is_told_when_it_changes_and_not_again() {
    let mut rig = Rig::new(shipped("air"));
    let told = |events: Vec<What>| {
        let quality = |w: &What| matches!(w, What::ReadingFresh | What::ReadingStale(_) | What::ReadingLost(_));
        events.into_iter().filter(quality).collect::<Vec<_>>()
    };
    assert_eq!(told(rig.events(10)), [], "first values are no news");
    let inlet = rig.inlet_names(0)[0].clone();
    rig.fail(&inlet, Why::InvalidCode);
    assert_eq!(told(rig.events(10)), [What::ReadingLost(Why::InvalidCode)]);
    rig.read(&inlet, 24.0);
    assert_eq!(told(rig.events(10)), [What::ReadingFresh]);
}

#[test]
fn an_override_holds_ends_and_lets_go_without_a_bump() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    for fan in rig.fan_names(0) {
        rig.hold(&fan, 55.0, Some(Span::from_secs(60)));
    }
    rig.steps(40);
    let fan = rig.fan_names(0)[0].clone();
    assert_eq!((rig.value(&fan), rig.command(&fan).level), (55.0, Level::Operator));
    let view = rig.control.status().overrides;
    assert!((view[0].remaining_s - 20.0).abs() < 1.5, "{}", view[0].remaining_s);
    let events = rig.events(21);
    assert_eq!(events.iter().filter(|what| **what == What::OverrideExpired).count(), 3);
    assert_eq!(rig.command(&fan).level, Level::Control);
    assert!((rig.value(&fan) - 55.0).abs() < 1.0, "goes on from 55: {}", rig.value(&fan));
}

#[test]
fn one_fan_given_back_joins_the_others_by_its_ramp() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    let fans = rig.fan_names(0);
    rig.hold(&fans[0], 20.0, None);
    rig.inlets(0, 30.0);
    rig.steps(60);
    assert_eq!(rig.value(&fans[0]), 20.0);
    let point = rig.point(&fans[0]);
    rig.ask(Ask::Release { point: Some(point), level: Level::Operator });
    let rate = rig.hall.points[point].write.expect("writable").rise_per_s;
    let mut last = 20.0;
    for _ in 0..40 {
        rig.step();
        let now = rig.value(&fans[0]);
        assert!(now - last <= rate + 1e-9, "from {last} to {now}");
        last = now;
    }
    assert_eq!(last, rig.value(&fans[1]));
}

#[test]
fn a_request_that_cannot_be_is_refused_with_its_code() {
    let mut rig = Rig::new(shipped("air"));
    let fan = rig.fan_names(0)[0].clone();
    let point = rig.point(&fan);
    let refused = |reply: Reply| match reply {
        Reply::Refused(why) => why,
        Reply::Accepted { .. } | Reply::Lease(_) => panic!("accepted"),
    };
    assert!(matches!(refused(rig.hold(&fan, 101.0, None)), Refusal::OutOfRange { max: 100.0, .. }));
    assert!(matches!(refused(rig.hold(&fan, f64::NAN, None)), Refusal::OutOfRange { .. }));
    assert_eq!(refused(rig.hold(&fan, 50.0, Some(Span::from_secs(86_401)))), Refusal::HoldOutOfRange);
    assert_eq!(refused(rig.hold(&fan, 50.0, Some(Span::ZERO))), Refusal::HoldOutOfRange);
    let inlet = rig.inlet_names(0)[0].clone();
    assert_eq!(refused(rig.hold(&inlet, 50.0, None)), Refusal::NotWritable);
    let silent = Ask::Override { point, value: 50.0, hold: None, reason: "  ".to_owned() };
    assert_eq!(refused(rig.ask(silent)), Refusal::ReasonMissing);
    assert_eq!(refused(rig.ask(Ask::Release { point: None, level: Level::Operator })), Refusal::NothingThere);
    let nowhere = plant::id::Id::from_index(1_000_000);
    assert_eq!(
        refused(rig.ask(Ask::Override { point: nowhere, value: 1.0, hold: None, reason: "x".to_owned() })),
        Refusal::Unknown
    );
}

#[test]
fn new_gains_and_setpoints_do_not_bump_the_outputs() {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, rig.hall.strategies.fans.setpoint - 3.0);
    rig.steps(400);
    rig.inlets(0, rig.hall.strategies.fans.setpoint);
    rig.steps(300);
    let fan = rig.fan_names(0)[0].clone();
    let before = rig.value(&fan);
    let mut strategies = rig.hall.strategies;
    strategies.fans.gain *= 3.0;
    strategies.fans.setpoint -= 2.0;
    rig.inputs.reload = Some(Box::new(strategies));
    let events = rig.events(1);
    assert!(events.contains(&What::ReloadApplied));
    assert!((rig.value(&fan) - before).abs() < 1.5, "{before} to {}", rig.value(&fan));
    rig.steps(60);
    assert!(rig.value(&fan) > before + 5.0, "and the new setpoint counts");
}

#[test]
fn every_output_says_why() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    let fan = rig.fan_names(0)[0].clone();
    rig.hold(&fan, 44.0, None);
    rig.steps(30);
    let why = rig.control.why(rig.point(&fan)).expect("an output");
    assert_eq!((why.level, why.value), (8, 44.0));
    assert_eq!(why.entries[0].owner, "operator uid:1000");
    assert_eq!(why.entries[0].reason, "a test");
    assert_eq!(why.entries[1].level, 16);
    assert_eq!(why.entries[1].owner, why.control_loop.expect("a loop").name);
    assert_eq!(why.sentence, format!("{fan} is at 44.0 %: level 8 (operator uid:1000), an operator holds it."));
    assert_eq!(rig.control.why(rig.point(&rig.inlet_names(0)[0].clone())), None);
}

#[test]
fn a_dead_position_sensor_takes_no_cooling_away() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    let feedback = rig.hall.coils[0].valve_feedback.id();
    let valve = rig.hall.points[rig.hall.coils[0].valve.id()].name.clone();
    rig.read("crah-1/supply-air-temp", 24.0);
    for _ in 0..300 {
        rig.sample();
        rig.pass();
        rig.inputs.samples[feedback] = Sample::good(0.0, rig.tick.mono);
        rig.control.step(&rig.inputs, rig.tick);
    }
    assert_eq!(rig.value(&valve), 100.0);
}
