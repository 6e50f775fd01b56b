//! Protection that mode, ramp, timer or silence switches off.

use plant::command::Level;
use plant::event::What;
use plant::hall::Hall;
use plant::point::Role;
use plant::reading::{Reading, Why};
use plant::time::Span;

use super::super::loops::{HOUR, Plant, hall};
use super::super::rig::{Rig, shipped};

fn calm() -> Rig {
    let mut rig = Rig::new(hall());
    rig.inlets(0, 21.0);
    rig.inlets(1, 21.0);
    rig.steps(900);
    assert!(rig.value("crah-1/fan-speed") < 60.0);
    rig
}

/// Everything that cools row A.
fn all() -> Vec<String> {
    let coolers = (1..=3).flat_map(|n| [format!("crah-{n}/fan-speed"), format!("crah-{n}/valve")]);
    coolers.chain(["chw/pump-speed".to_owned()]).collect()
}

fn blind(rig: &mut Rig) {
    for inlet in rig.inlet_names(0) {
        rig.fail(&inlet, Why::InvalidCode);
    }
}

#[test]
fn by_hand_no_protection_is_off() {
    let mut rig = calm();
    for output in all() {
        let least = rig.hall.points[rig.point(&output)].write.expect("writable").min;
        rig.hold(&output, least, None);
    }
    rig.steps(60);
    assert_eq!((rig.value("crah-1/fan-speed"), rig.value("crah-1/valve")), (20.0, 0.0));
    blind(&mut rig);
    rig.step();
    for fan in rig.fan_names(0) {
        assert_eq!((rig.value(&fan), rig.command(&fan).level), (100.0, Level::CriticalEquipment), "{fan}");
    }
    rig.inlets(0, 21.0);
    rig.steps(60);
    assert_eq!((rig.value("crah-1/fan-speed"), rig.command("crah-1/fan-speed").level), (20.0, Level::Operator));
    rig.inlets(0, 33.0);
    rig.steps(3);
    for output in all() {
        assert_eq!((rig.value(&output), rig.command(&output).level), (100.0, Level::ThermalProtection), "{output}");
    }
    assert!(rig.events(15).iter().any(|what| matches!(what, What::CapRequested(_))), "and power is asked for");
}

#[test]
fn a_fail_safe_waits_for_no_ramp() {
    let mut rig = calm();
    let before = rig.value("crah-1/fan-speed");
    let rise = rig.hall.points[rig.point("crah-1/fan-speed")].write.expect("writable").rise_per_s;
    assert!(before + 4.0 * rise < 100.0, "a ramp would take longer: {before}");
    blind(&mut rig);
    rig.step();
    assert_eq!(rig.value("crah-1/fan-speed"), 100.0);
    let mut rig = calm();
    rig.inlets(0, 32.5);
    rig.steps(2);
    assert_eq!(rig.value("crah-1/fan-speed"), 100.0, "nor does thermal protection, once a second sample confirms it");
}

#[test]
fn no_sensor_of_any_hall_is_believed_for_ever() {
    for (name, _) in plant::shipped::HALLS {
        let mut rig = Rig::new(shipped(name));
        rig.tick.dt = Span::from_secs(4);
        rig.steps(5);
        let sensors: Vec<_> =
            rig.hall.points.iter().filter(|(_, def)| def.role == Role::Sensor).map(|(id, _)| id).collect();
        let fresh =
            |rig: &Rig| sensors.iter().filter(|id| matches!(rig.control.reading(**id), Reading::Fresh(_))).count();
        assert!(fresh(&rig) > 0, "{name}");
        let silent = rig.tick.mono;
        for _ in 0..900 {
            rig.pass();
            rig.control.step(&rig.inputs, rig.tick);
            let age = rig.tick.mono.since(silent);
            for id in &sensors {
                let (def, reading) = (&rig.hall.points[*id], rig.control.reading(*id));
                let is_lost = matches!(reading, Reading::Lost { .. });
                assert!(
                    age <= def.judgement.stale_after || !matches!(reading, Reading::Fresh(_)),
                    "{name}: {}",
                    def.name
                );
                assert!(age <= def.judgement.lost_after || is_lost, "{name}: {} after {age}", def.name);
            }
        }
        assert!(
            sensors.iter().all(|id| matches!(rig.control.reading(*id), Reading::Lost { .. })),
            "{name}: within an hour"
        );
    }
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let never = text.replacen("stale-after = \"10s\"", "stale-after = \"0s\"", 1);
    let faults = Hall::load("air", &never).expect_err("zero does not mean for ever").to_string();
    assert!(faults.contains("`stale-after` is zero"), "{faults}");
}

#[test]
fn no_timer_alone_ends_what_protects_a_row() {
    let mut rig = calm();
    let inlet = rig.inlet_names(0)[5].clone();
    rig.read(&inlet, 36.0);
    let events = rig.events(30);
    assert!(events.iter().any(|what| matches!(what, What::DrainRequested(_))));
    rig.read(&inlet, 28.0);
    rig.tick.dt = Span::from_secs(4);
    for _ in 0..12 * 900 {
        rig.step();
        let released = |what: &What| matches!(what, What::CapReleased | What::DrainReleased);
        assert!(!rig.control.outputs.events.iter().any(|event| released(&event.what)), "at {:?}", rig.tick.mono);
        let fan = rig.command("crah-1/fan-speed");
        assert_eq!((fan.value, fan.level), (100.0, Level::ThermalProtection));
    }
    rig.read(&inlet, 26.9);
    let events = rig.events(5);
    assert!(events.contains(&What::CapReleased) && events.contains(&What::DrainReleased), "{events:?}");
    assert_eq!(rig.command("crah-1/fan-speed").level, Level::Control);
    // Nor does a row that nobody sees become well by waiting.
    blind(&mut rig);
    rig.steps(5);
    for _ in 0..3 * 900 {
        rig.step();
        assert_eq!(rig.value("crah-1/fan-speed"), 100.0);
    }
}

/// What leaving a state of safety did: how often the row was protected anew, its worst inlet, the largest step down of a fan (%/s),
/// and its slowest (%).
#[derive(Debug)]
struct Left {
    again: usize,
    worst: f64,
    drop: f64,
    least: f64,
}

/// An hour after the fans were let go.
fn leave((rig, plant): (&mut Rig, &mut Plant)) -> Left {
    let (mut left, mut before) =
        (Left { again: 0, worst: f64::MIN, drop: 0.0, least: f64::MAX }, rig.value("crah-1/fan-speed"));
    let mut safe = true;
    for _ in 0..3600 {
        plant.pass(rig);
        let fan = rig.command("crah-1/fan-speed");
        let now_safe = fan.level != Level::Control;
        left.again += usize::from(!safe && now_safe);
        if !now_safe {
            left.worst = left.worst.max(plant.inlet);
            left.least = left.least.min(fan.value);
            left.drop = left.drop.max(before - fan.value);
        }
        (safe, before) = (now_safe, fan.value);
    }
    assert!(!safe, "it never left");
    left
}

#[test]
fn leaving_over_temperature_drops_no_fan_and_heats_nothing_again() {
    let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
    plant.run(&mut rig, HOUR);
    plant.load = 7.0;
    plant.run(&mut rig, Span::from_secs(900));
    assert_eq!(rig.command("crah-1/fan-speed").level, Level::ThermalProtection);
    // The heat goes, but for more than there was before: what the fans were at before would not do.
    plant.load = 1.7;
    let left = leave((&mut rig, &mut plant));
    assert!(left.again == 0 && left.worst <= 27.0 && left.drop < 2.01, "{left:?}");
    assert!((plant.inlet - 24.0).abs() < 0.2, "and it settles: {}", plant.inlet);
}

#[test]
fn leaving_the_fail_safe_bumps_no_fan() {
    for during in [1.0, 1.6] {
        let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
        plant.run(&mut rig, HOUR);
        let usual = rig.value("crah-1/fan-speed");
        assert!((45.0..60.0).contains(&usual), "{usual}");
        // Nobody sees the row, and meanwhile its load is another one.
        plant.load = during;
        blind(&mut rig);
        for _ in 0..900 {
            let fan = rig.value("crah-1/fan-speed");
            plant.inlet += (plant.supply + 200.0 * plant.load / fan - plant.inlet) / 91.0;
            rig.step();
        }
        let fan = rig.command("crah-1/fan-speed");
        assert_eq!((fan.value, fan.level), (100.0, Level::CriticalEquipment));
        let left = leave((&mut rig, &mut plant));
        let settled = rig.value("crah-1/fan-speed");
        // No faster than its ramp, and not far below what it needs then. Published: from 100 to 35 % in one step, and hot again.
        assert!(left.again == 0 && left.worst <= 24.5 && left.drop < 2.01, "{left:?}");
        assert!(left.least >= settled - 15.0, "{left:?}, and {settled} is needed");
    }
}
