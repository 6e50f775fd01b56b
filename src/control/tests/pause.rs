//! A pause of the service, or of its machine, is no time that the plant was under control.

use plant::event::What;
use plant::hall::Condition;
use plant::time::Span;

use super::rig::{Rig, shipped};

/// One scan after a pause, then the usual ones.
fn pause(rig: &mut Rig, pause: Span) -> Vec<What> {
    let usual = std::mem::replace(&mut rig.tick.dt, pause);
    let events = rig.events(1);
    rig.tick.dt = usual;
    events
}

#[test]
fn an_output_moves_in_no_scan_further_than_in_two_usual_ones() {
    for (period, most) in [(250, 1.0), (1000, 2.0), (5000, 10.0)] {
        let mut rig = Rig::new(shipped("air"));
        rig.tick.dt = Span::from_millis(period);
        rig.steps(usize::try_from(60_000 / period).expect("short"));
        let fans = rig.fan_names(0);
        let rate = rig.hall.points[rig.point(&fans[0])].write.expect("writable").fall_per_s;
        rig.hold(&fans[0], 20.0, None);
        rig.inlets(0, 20.0);
        let before: Vec<_> = fans.iter().map(|fan| rig.value(fan)).collect();
        pause(&mut rig, Span::from_secs(25));
        for (fan, before) in fans.iter().zip(&before) {
            let moved = (rig.value(fan) - before).abs();
            assert!(moved <= most * rate + 1e-9, "{fan} moved by {moved} at a period of {period} ms");
        }
        // The ordinary scans after it keep the ordinary rate.
        let before = rig.value(&fans[0]);
        rig.step();
        assert!((rig.value(&fans[0]) - before).abs() <= rate * rig.tick.dt.seconds() + 1e-9);
    }
}

#[test]
fn an_alarm_has_its_delay_also_after_a_pause() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    rig.inlets(0, 31.0);
    let delays = rig.hall.alarms.rows().iter().filter(|def| def.condition == Condition::InletAbove);
    let shortest = delays.map(|def| def.on_delay).min().expect("an inlet alarm");
    assert!(shortest >= Span::from_secs(5), "the test needs a delay");
    let events = pause(&mut rig, Span::from_secs(300));
    assert!(!events.contains(&What::AlarmRaised), "{events:?}");
    assert!(!rig.events(2).contains(&What::AlarmRaised));
    assert!(rig.events(600).contains(&What::AlarmRaised));
}

#[test]
fn a_loop_does_not_integrate_a_pause() {
    let twin = |pause_s: u64| {
        let mut rig = Rig::new(shipped("air"));
        rig.inlets(0, 20.0);
        rig.steps(600);
        let setpoint = rig.hall.strategies.fans.setpoint;
        rig.inlets(0, setpoint);
        rig.steps(30);
        rig.inlets(0, setpoint + 0.5);
        pause(&mut rig, Span::from_secs(pause_s));
        rig.steps(20);
        rig.value(&rig.fan_names(0)[0].clone())
    };
    let (without, with) = (twin(1), twin(60));
    assert!((with - without).abs() < 1.0, "{with} after a pause, {without} without");
}

#[test]
fn a_longer_period_is_the_usual_one_after_a_few_scans() {
    let mut rig = Rig::new(shipped("air"));
    rig.steps(60);
    rig.tick.dt = Span::from_secs(10);
    rig.steps(5);
    let fan = rig.fan_names(0)[0].clone();
    let rate = rig.hall.points[rig.point(&fan)].write.expect("writable").fall_per_s;
    let before = rig.value(&fan);
    rig.hold(&fan, 20.0, None);
    rig.step();
    let expected = (before - 10.0 * rate).max(20.0);
    assert!((rig.value(&fan) - expected).abs() < 1e-9, "{} is not {expected}", rig.value(&fan));
}
