//! How well loops do, as told beside what is seen from outside.

use plant::time::Span;

use super::loops::{HOUR, Plant, hall};
use super::rig::Rig;
use crate::control::report::PerformanceView;

const VALVE: &str = "crah-1/valve";

fn of(rig: &Rig, name: &str, hours: usize) -> PerformanceView {
    rig.control.performance(hours).into_iter().find(|view| view.of == name).expect("a loop")
}

#[test]
fn error_and_travel_are_those_that_are_seen_from_outside() {
    let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
    rig.inlets(1, 24.0);
    plant.supply = 23.0;
    let (mut iae, mut travel, mut led, mut last) = (0.0, 0.0, 0.0, None::<f64>);
    for _ in 0..3000 {
        plant.pass(&mut rig);
        let view = rig.control.loops().into_iter().find(|view| view.name == VALVE).expect("a loop");
        if let Some(pv) = view.pv.filter(|_| view.mode == "auto") {
            iae += (pv - view.setpoint).abs();
            led += 1.0;
        }
        travel += last.map_or(0.0, |last| (view.output - last).abs());
        last = Some(view.output);
    }
    let told = of(&rig, VALVE, 1);
    assert!((told.iae - iae).abs() < 1e-6 * iae && iae > 100.0, "{told:?} where {iae} was seen");
    assert!((told.travel_per_h - travel * 1.2).abs() < 1e-6 * travel, "{told:?} where {travel} was seen");
    assert!((told.led_percent - led / 30.0).abs() < 1e-6 && told.led_percent > 95.0, "{told:?}");
    assert!((told.hours - 3000.0 / 3600.0).abs() < 1e-9 && told.unit == "Cel", "{told:?}");
    assert!(!told.oscillates && told.reversals_per_h < 6.0, "{told:?}");
}

#[test]
fn a_loop_that_is_tuned_too_hot_is_told_to_swing_and_one_that_is_not_is_not() {
    let mut hot = hall();
    // Its integral is far faster than its process: what a scan sees of it comes too late.
    (hot.strategies.valves.gain, hot.strategies.valves.ti) = (6.0, Span::from_millis(500));
    for (hall, swings) in [(hall(), false), (hot, true)] {
        let (mut rig, mut plant) = (Rig::new(hall), Plant::ordinary());
        rig.inlets(1, 24.0);
        plant.run(&mut rig, HOUR.times(3));
        let told = of(&rig, VALVE, 1);
        assert_eq!(told.oscillates, swings, "{told:?}");
        assert_eq!(told.reversals_per_h > 20.0, swings, "{told:?}");
        assert!(told.swings > 10 || !swings, "{told:?}");
    }
}

#[test]
fn a_load_that_comes_once_is_no_oscillation() {
    let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
    rig.inlets(1, 24.0);
    plant.run(&mut rig, HOUR);
    plant.load = 1.4;
    plant.run(&mut rig, HOUR);
    for view in rig.control.performance(24) {
        assert!(!view.oscillates, "{view:?}");
    }
}

#[test]
fn what_somebody_else_does_with_the_output_is_no_error_of_the_loop() {
    let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
    rig.inlets(1, 24.0);
    plant.run(&mut rig, HOUR);
    let before = of(&rig, VALVE, 24);
    rig.hold(VALVE, 90.0, Some(Span::from_secs(1800)));
    plant.run(&mut rig, Span::from_secs(1800));
    let after = of(&rig, VALVE, 24);
    assert!(after.iae - before.iae < 5.0, "{before:?} {after:?}");
    assert!(after.led_percent < 70.0 && after.travel_per_h * after.hours > before.travel_per_h + 20.0, "{after:?}");
}

#[test]
fn hours_are_kept_apart_and_a_boot_forgets_none() {
    let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
    rig.inlets(1, 24.0);
    plant.run(&mut rig, Span::from_secs(2 * 3600 + 600));
    let (last, all) = (of(&rig, VALVE, 1), of(&rig, VALVE, 24));
    assert!(
        (last.hours - 600.0 / 3600.0).abs() < 0.01 && (all.hours - 7800.0 / 3600.0).abs() < 0.01,
        "{last:?} {all:?}"
    );
    rig.reboot(Span::from_secs(20));
    plant.run(&mut rig, Span::from_secs(60));
    let booted = of(&rig, VALVE, 24);
    assert!((booted.hours - 7860.0 / 3600.0).abs() < 0.01, "{booted:?}");
    // The outputs went to their fail-safe: that is no travel of the loop's.
    assert!(booted.travel_per_h * booted.hours < all.travel_per_h * all.hours + 60.0, "{all:?} {booted:?}");
}
