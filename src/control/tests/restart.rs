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
fn a_new_boot_starts_safe_and_keeps_overrides_with_what_is_left() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    let fan = rig.fan_names(0)[0].clone();
    rig.hold(&fan, 40.0, Some(Span::from_secs(100)));
    rig.steps(40);
    rig.reboot(Span::from_secs(3600));
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
    assert!((left - 60.0).abs() < 1.5, "{left}");
    rig.inlets(0, 24.0);
    rig.steps(30);
    assert_eq!((rig.value(&fan), rig.command(&fan).level), (40.0, Level::Operator));
    assert!(rig.events(40).contains(&What::OverrideExpired));
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
