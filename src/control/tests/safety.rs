//! What holds in every mode.

use plant::command::{Level, Reason};
use plant::convert::f64_from_usize;
use plant::event::What;
use plant::reading::Why;
use plant::time::Span;

use super::rig::{Rig, shipped};

fn calm() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 21.0);
    rig.inlets(1, 21.0);
    rig.read("crah-1/supply-air-temp", 18.0);
    rig.steps(900);
    rig
}

#[test]
fn without_any_inlet_the_fans_go_to_their_fail_safe_at_once() {
    let mut rig = calm();
    let fan = rig.fan_names(0)[0].clone();
    assert!(rig.value(&fan) < 60.0);
    for inlet in rig.inlet_names(0) {
        rig.fail(&inlet, Why::InvalidCode);
    }
    rig.step();
    let command = rig.command(&fan);
    assert_eq!(
        (command.value, command.level, command.reason),
        (100.0, Level::CriticalEquipment, Reason::AllInputsLost)
    );
    assert!(rig.value(&rig.fan_names(1)[0].clone()) < 60.0, "the other row is not concerned");
}

#[test]
fn a_floor_grows_with_the_inlets_that_are_lost() {
    let mut rig = calm();
    let fan = rig.fan_names(0)[0].clone();
    let inlets = rig.inlet_names(0);
    let mut last = 0.0;
    for (n, inlet) in inlets.iter().enumerate().take(inlets.len() / 2) {
        rig.fail(inlet, Why::OutOfService);
        rig.steps(3);
        let range = rig.hall.points[rig.point(&fan)].write.expect("writable");
        let share = 2.0 * f64_from_usize(n + 1) / f64_from_usize(inlets.len());
        let floor = range.min + share * (range.failsafe - range.min);
        let value = rig.value(&fan);
        assert!(value >= floor - 1e-9 && value >= last, "{} lost: {value} under {floor}", n + 1);
        last = value;
    }
    assert_eq!(last, 100.0);
}

#[test]
fn a_floor_wins_over_an_operator() {
    let mut rig = calm();
    let fans = rig.fan_names(0);
    let min = rig.hall.points[rig.point(&fans[0])].write.expect("writable").min;
    rig.hold(&fans[0], min, None);
    rig.steps(60);
    assert_eq!(rig.value(&fans[0]), min);
    for inlet in rig.inlet_names(0) {
        rig.fail(&inlet, Why::InvalidCode);
    }
    rig.step();
    let command = rig.command(&fans[0]);
    assert_eq!((command.value, command.level), (100.0, Level::CriticalEquipment));
}

#[test]
fn thermal_protection_wins_over_an_operator_and_ends_where_the_inlets_are_well() {
    let mut rig = calm();
    let (fan, inlet) = (rig.fan_names(0)[0].clone(), rig.inlet_names(0)[5].clone());
    rig.hold(&fan, 30.0, None);
    rig.steps(30);
    rig.read(&inlet, 32.0);
    rig.steps(3);
    let command = rig.command(&fan);
    assert_eq!((command.value, command.level), (100.0, Level::ThermalProtection));
    assert_eq!(command.reason, Reason::OverTemperature(rig.point(&inlet)));
    rig.read(&inlet, 28.0);
    rig.steps(20);
    assert_eq!(rig.command(&fan).level, Level::ThermalProtection, "below the maximum is not well yet");
    rig.read(&inlet, 26.0);
    rig.steps(60);
    assert_eq!((rig.command(&fan).level, rig.value(&fan)), (Level::Operator, 30.0));
}

#[test]
fn thermal_protection_of_a_row_brings_cold_air_and_not_only_air() {
    let mut rig = calm();
    let valves = |row: usize| (1..=3).map(move |n| format!("crah-{}/valve", 3 * row + n));
    for valve in valves(0).chain(valves(1)) {
        rig.hold(&valve, 0.0, None);
    }
    rig.hold("chw/pump-speed", 30.0, None);
    rig.steps(60);
    rig.inlets(0, 40.0);
    rig.read("crah-1/supply-air-temp", 38.0);
    rig.steps(300);
    for output in valves(0).chain(rig.fan_names(0)).chain(["chw/pump-speed".to_owned()]) {
        let command = rig.command(&output);
        assert_eq!((command.value, command.level), (100.0, Level::ThermalProtection), "{output}");
    }
    for valve in valves(1) {
        assert_eq!(
            (rig.value(&valve), rig.command(&valve).level),
            (0.0, Level::Operator),
            "{valve} serves another row"
        );
    }
    rig.inlets(0, 28.0);
    rig.steps(20);
    assert_eq!(rig.value("crah-2/valve"), 100.0, "not released yet");
    rig.inlets(0, 26.0);
    rig.steps(60);
    assert_eq!((rig.value("crah-2/valve"), rig.value("chw/pump-speed")), (0.0, 30.0));
}

#[test]
fn the_loop_goes_on_from_full_speed_after_thermal_protection() {
    let mut rig = calm();
    let (fan, inlet) = (rig.fan_names(0)[0].clone(), rig.inlet_names(0)[5].clone());
    rig.read(&inlet, 33.0);
    rig.steps(10);
    assert_eq!(rig.value(&fan), 100.0);
    rig.read(&inlet, 26.9);
    rig.step();
    rig.step();
    assert!(rig.value(&fan) > 85.0, "no drop: {}", rig.value(&fan));
}

#[test]
fn a_coil_without_supply_air_and_a_pump_without_pressure_go_to_their_fail_safe() {
    let mut rig = calm();
    rig.fail("crah-1/supply-air-temp", Why::InvalidCode);
    rig.fail("chw/dp", Why::InvalidCode);
    rig.step();
    for output in ["crah-1/valve", "chw/pump-speed"] {
        let failsafe = rig.hall.points[rig.point(output)].write.expect("writable").failsafe;
        let command = rig.command(output);
        assert_eq!((command.value, command.level), (failsafe, Level::CriticalEquipment), "{output}");
        assert!(matches!(command.reason, Reason::InputLost(_, Why::InvalidCode)));
    }
}

#[test]
fn safe_outputs_are_every_output_at_its_fail_safe() {
    let hall = shipped("air");
    let outputs = crate::control::Controller::safe_outputs(&hall);
    let writable: Vec<_> = hall.points.iter().filter(|(_, def)| def.write.is_some()).collect();
    assert_eq!(outputs.commands.len(), writable.len());
    for (command, (id, def)) in outputs.commands.iter().zip(writable) {
        assert_eq!((command.point, command.value), (id, def.write.expect("writable").failsafe));
    }
}

#[test]
fn an_alarm_tells_what_is_wrong_and_only_once() {
    let mut rig = calm();
    let inlet = rig.inlet_names(0)[5].clone();
    rig.read(&inlet, 31.5);
    rig.tick.dt = Span::from_secs(1);
    let events = rig.events(600);
    assert_eq!(events.iter().filter(|what| **what == What::AlarmRaised).count(), rig.control.status().alarms.len());
    let alarm = rig.control.status().alarms.into_iter().find(|a| a.detail.contains(&inlet)).expect("an inlet alarm");
    assert_eq!(alarm.state, "unacknowledged");
    assert!(!alarm.response.is_empty());
}
