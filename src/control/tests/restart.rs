//! Going on from a snapshot, and starting again.

use std::sync::Arc;

use plant::command::Level;
use plant::event::What;
use plant::hall::Hall;
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::rig::{Rig, shipped};
use crate::control::request::{Ask, Reply};
use crate::control::{Controller, State};

fn round_trip(state: &State) -> State {
    let bytes = postcard::to_allocvec(state).expect("serialises");
    postcard::from_bytes(&bytes).expect("reads back")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_restored_controller_decides_the_same_to_the_bit(
        before in 1usize..80,
        after in 1usize..40,
        moves in prop::collection::vec((0usize..40, 15.0..40.0f64), 1..12),
        held in 20.0..100.0f64,
    ) {
        let mut rig = Rig::new(shipped("air"));
        for n in 0..before {
            let (rack, celsius) = moves[n % moves.len()];
            let inlet = rig.inlet_names(rack / 20)[rack % 20].clone();
            if n % 7 == 3 { rig.fail(&inlet, Why::Timeout) } else { rig.read(&inlet, celsius) }
            if n == before / 2 {
                rig.hold("crah-1/fan-speed", held, Some(Span::from_secs(30)));
            }
            rig.step();
        }
        rig.hold("crah-2/fan-speed", held, None);
        let state = round_trip(rig.control.state());
        prop_assert_eq!(&state, rig.control.state());
        let mut twin = Controller::restore(Arc::clone(&rig.hall), state);
        for _ in 0..after {
            rig.step();
            let outputs = twin.step(&rig.inputs, rig.tick).clone();
            prop_assert_eq!(&outputs, &rig.control.outputs);
            prop_assert_eq!(twin.state(), rig.control.state());
        }
        prop_assert_eq!(twin.status(), rig.control.status());
    }
}

#[test]
fn the_same_inputs_decide_the_same() {
    let run = || {
        let mut rig = Rig::new(shipped("air"));
        for n in 0..200u32 {
            rig.inlets(0, 22.0 + f64::from(n % 17) / 4.0);
            rig.step();
        }
        postcard::to_allocvec(rig.control.state()).expect("serialises")
    };
    assert_eq!(run(), run());
}

#[test]
fn a_snapshot_of_another_hall_starts_anew() {
    let mut rig = Rig::new(shipped("bench"));
    rig.steps(10);
    let control = Controller::restore(Arc::new(shipped("air")), rig.control.state().clone());
    assert_eq!(control.state(), Controller::new(Arc::new(shipped("air"))).state());
}

#[test]
fn a_hall_whose_names_have_moved_is_another_hall() {
    let text = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1;
    let swap = |a: &str, b: &str| text.replace(a, "\0").replace(b, a).replace('\0', b);
    for changed in [
        swap("\"crah-1\"", "\"crah-2\""),
        swap("\"pdu-a1\"", "\"pdu-a2\""),
        swap("\"row-a\"", "\"row-b\""),
        text.replacen("role = \"pdu-output\"", "role = \"other\"", 1),
    ] {
        let mut rig = Rig::new(shipped("air"));
        rig.hold("crah-1/fan-speed", 40.0, None);
        rig.steps(10);
        let hall = Arc::new(Hall::load("air", &changed).expect("loads"));
        let control = Controller::restore(Arc::clone(&hall), rig.control.state().clone());
        assert!(control.state() == Controller::new(hall).state(), "it goes on with what belongs to others");
    }
}

#[test]
fn a_new_boot_starts_safe_and_keeps_overrides_until_the_end_that_was_told() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    let fan = rig.fan_names(0)[0].clone();
    rig.hold(&fan, 40.0, Some(Span::from_secs(100)));
    rig.steps(40);
    rig.reboot(Span::from_secs(20));
    for name in rig.inlet_names(0) {
        rig.silence(&name);
    }
    rig.step();
    assert_eq!((rig.value(&fan), rig.command(&fan).level), (100.0, Level::CriticalEquipment));
    assert_eq!(
        rig.control.status().readings.fresh + 20,
        Rig::new(shipped("air")).hall.points.iter().filter(|(_, d)| d.role == plant::point::Role::Sensor).count()
    );
    let left = rig.control.status().overrides[0].remaining_s;
    assert!((left - 39.0).abs() < 1.5, "{left}");
    rig.inlets(0, 24.0);
    rig.steps(30);
    assert_eq!((rig.value(&fan), rig.command(&fan).level), (40.0, Level::Operator));
    assert!(rig.events(20).contains(&What::OverrideExpired));
}

/// A controller with an override, and the end that people were told.
fn held_for(hold: Span) -> (Rig, plant::time::Wall) {
    let mut rig = Rig::new(shipped("bench"));
    rig.steps(30);
    let told = promise(&mut rig, hold);
    rig.steps(5);
    (rig, told)
}

fn promise(rig: &mut Rig, hold: Span) -> plant::time::Wall {
    match rig.hold("fan-1/fan-speed", 60.0, Some(hold)) {
        Reply::Accepted { expires: Some(told), .. } => told,
        other @ (Reply::Accepted { expires: None, .. } | Reply::Lease(_) | Reply::Refused(_)) => {
            panic!("an override is accepted: {other:?}")
        }
    }
}

#[test]
fn without_a_trusted_clock_no_override_goes_on_in_a_new_boot() {
    let (mut rig, _) = held_for(Span::from_secs(3600));
    rig.reboot(Span::from_secs(20));
    rig.tick.clock_trusted = false;
    assert!(rig.events(1).contains(&What::OverrideDropped));
    assert!(rig.control.status().overrides.is_empty());
}

#[test]
fn an_end_told_by_a_doubted_clock_counts_from_when_the_clock_is_trusted() {
    for believed in [false, true] {
        let mut rig = Rig::new(shipped("bench"));
        rig.tick.clock_trusted = false;
        rig.steps(5);
        promise(&mut rig, Span::from_secs(3600));
        rig.steps(5);
        rig.tick.clock_trusted = believed;
        rig.steps(5);
        rig.reboot(Span::from_secs(20));
        rig.tick.clock_trusted = true;
        assert_eq!(rig.events(1).contains(&What::OverrideDropped), !believed);
        let left = rig.control.status().overrides.first().map(|hold| hold.remaining_s);
        assert_eq!(left.is_some_and(|left| (left - 3570.0).abs() < 2.0), believed, "{left:?}");
    }
}

#[test]
fn a_clock_that_was_wrong_after_the_boot_ends_a_carried_override_once_it_is_right() {
    let (mut rig, _) = held_for(Span::from_secs(3600));
    // The machine believes for a while that it was away for a moment; then it learns the time.
    rig.reboot(Span::from_secs(1));
    rig.steps(5);
    assert_eq!(rig.control.status().overrides.len(), 1);
    rig.tick.wall.0 += 7_200_000;
    rig.tick.clock_trusted = false;
    rig.steps(5);
    rig.tick.clock_trusted = true;
    assert!(rig.events(1).contains(&What::OverrideExpired));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_override_outlives_the_end_that_was_told(
        hold in 10u64..400,
        boots in prop::collection::vec((1usize..60, 0u64..300, prop::bool::weighted(0.8)), 1..5),
    ) {
        let (mut rig, told) = held_for(Span::from_secs(hold));
        for (scans, down, trusted) in boots {
            for _ in 0..scans {
                rig.step();
                let holds = !rig.control.status().overrides.is_empty();
                prop_assert!(!(holds && rig.tick.wall >= told), "held at {:?}, told {told:?}", rig.tick.wall);
            }
            rig.reboot(Span::from_secs(down));
            rig.tick.clock_trusted = trusted;
        }
    }
}

#[test]
fn a_device_does_not_become_young_by_a_restart_or_by_another_hall() {
    let mut rig = Rig::new(shipped("air"));
    let valve = rig.point("crah-2/valve");
    let wear = |rig: &Rig| rig.control.why(valve).expect("an output").written.lifetime_writes;
    assert_eq!(wear(&rig), None);
    for wear in [1, 0, 2] {
        let outcome = plant::command::WriteOutcome::Applied;
        let at = rig.tick.mono;
        rig.inputs.reports.push(plant::command::WriteReport { point: valve, wanted: 50.0, outcome, at, wear });
        rig.step();
    }
    rig.ask(Ask::Worn { writes: vec![(valve, 1)] });
    assert_eq!(wear(&rig), Some(4), "the one on the way out, too");
    rig.control = Controller::restore(Arc::clone(&rig.hall), round_trip(rig.control.state()));
    rig.reboot(Span::from_secs(20));
    rig.steps(3);
    assert_eq!(wear(&rig), Some(4));

    let text = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1;
    let hall = Arc::new(Hall::load("air", &text.replace("\"pdu-a1\"", "\"pdu-z1\"")).expect("loads"));
    let control = Controller::restore(Arc::clone(&hall), rig.control.state().clone());
    let there = hall.point("crah-2/valve").expect("still there");
    assert_eq!(control.why(there).expect("an output").written.lifetime_writes, Some(4));
}

#[test]
fn a_restart_raises_no_alarm_that_was_raised_before() {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 31.0);
    rig.steps(600);
    let raised = rig.control.status().alarms;
    assert!(!raised.is_empty());
    rig.reboot(Span::from_secs(30));
    let events = rig.events(120);
    assert!(!events.iter().any(|what| matches!(what, What::AlarmRaised | What::AlarmCleared)), "{events:?}");
    let names = |alarms: Vec<crate::control::report::AlarmView>| {
        alarms.into_iter().map(|a| (a.name, a.state)).collect::<Vec<_>>()
    };
    assert_eq!(names(rig.control.status().alarms), names(raised));
}

#[test]
fn outputs_go_on_from_what_their_devices_were_found_to_hold() {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 15.0);
    rig.steps(200);
    let (fan, valve) = (rig.point("crah-1/fan-speed"), rig.point("crah-1/valve"));
    let told = |rig: &Rig, point| rig.control.outputs().commands.iter().find(|c| c.point == point).unwrap().value;
    let (fan_before, valve_before) = (told(&rig, fan), told(&rig, valve));
    assert!(fan_before < 60.0, "{fan_before}");
    let sensor = rig.point("crah-1/supply-air-temp");
    let outputs = vec![(fan, 100.0), (sensor, 50.0), (valve, f64::NAN)];
    assert!(matches!(rig.ask(Ask::Found { outputs }), Reply::Accepted { .. }));
    rig.steps(1);
    let fan_after = told(&rig, fan);
    assert!((97.9..=98.0).contains(&fan_after), "down by 2 % a second from what was found: {fan_after}");
    assert!((told(&rig, valve) - valve_before).abs() < 5.1, "what is no number is not believed");
    rig.steps(60);
    assert!(told(&rig, fan) < 75.0, "and on");
    let outputs = vec![(fan, -300.0)];
    rig.ask(Ask::Found { outputs });
    rig.steps(1);
    assert!((20.0..=25.0).contains(&told(&rig, fan)), "inside the range: {}", told(&rig, fan));
}
