//! A point of three sensors under the whole controller.

use plant::event::{Disagreement, What};
use plant::reading::{Reading, Why};
use plant::time::Span;

use super::rig::{Rig, shipped};

const NAMES: [&str; 3] = ["chw/supply-water-temp", "chw/supply-water-temp-2", "chw/supply-water-temp-3"];

/// What each sensor reads from now on; nothing where it is lost. The first name stands for all of them, so it comes first.
fn set(rig: &mut Rig, readings: [Option<f64>; 3]) {
    for (name, reading) in NAMES.into_iter().zip(readings) {
        match reading {
            Some(celsius) => rig.read(name, celsius),
            None => rig.fail(name, Why::InvalidCode),
        }
    }
}

fn voting() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    set(&mut rig, [Some(14.0), Some(14.1), Some(14.2)]);
    rig.steps(120);
    rig
}

fn water(rig: &Rig) -> Reading<f64> {
    rig.control.reading(rig.point(NAMES[0]))
}

fn near(rig: &Rig, celsius: f64) -> bool {
    water(rig).fresh().is_some_and(|water| (water - celsius).abs() < 1e-6)
}

fn alarm(rig: &Rig) -> Option<String> {
    rig.control.status().alarms.into_iter().find(|alarm| alarm.name == "sensor-deviates").map(|alarm| alarm.detail)
}

#[test]
fn control_reads_what_the_sensors_agree_on() {
    let mut rig = voting();
    assert!(near(&rig, 14.1), "{:?}", water(&rig));
    // The first one lies, and its own reading is no news: what control reads stays.
    set(&mut rig, [Some(18.0), Some(14.1), Some(14.2)]);
    let events = rig.events(20);
    assert!(near(&rig, 14.2), "{:?}", water(&rig));
    assert!(!events.iter().any(|what| matches!(what, What::ReadingLost(_) | What::ReadingFresh)), "{events:?}");
    assert_eq!(rig.events(30).iter().filter(|what| **what == What::Sensors(Disagreement::Deviates, true)).count(), 1);
    assert!(alarm(&rig).is_some_and(|detail| detail.contains("chw/supply-water-temp departs")), "{:?}", alarm(&rig));
    set(&mut rig, [Some(14.0), Some(14.1), Some(14.2)]);
    assert!(rig.events(400).contains(&What::Sensors(Disagreement::Deviates, false)));
    assert_eq!(alarm(&rig).is_some(), rig.control.status().alarms.iter().any(|alarm| alarm.name == "sensor-deviates"));
    assert!(near(&rig, 14.1));
}

#[test]
fn a_lost_sensor_is_told_as_every_other_and_two_are_enough() {
    let mut rig = voting();
    set(&mut rig, [None, Some(14.1), Some(14.2)]);
    assert!(rig.events(2).contains(&What::ReadingLost(Why::InvalidCode)), "the first one is told, too");
    assert!(near(&rig, 14.2), "{:?}", water(&rig));
    assert!(!rig.events(60).contains(&What::ReadingLost(Why::InvalidCode)), "once");
    rig.fail(NAMES[1], Why::InvalidCode);
    assert!(rig.events(60).contains(&What::Sensors(Disagreement::Alone, true)));
    assert!(near(&rig, 14.2));
    rig.fail(NAMES[2], Why::InvalidCode);
    rig.steps(2);
    assert_eq!(water(&rig), Reading::Lost { why: Why::InvalidCode });
}

#[test]
fn who_was_outvoted_stays_so_over_a_restart_and_no_alarm_is_raised_anew() {
    let mut rig = voting();
    set(&mut rig, [Some(14.0), Some(14.1), Some(18.0)]);
    rig.steps(60);
    assert!(alarm(&rig).is_some());
    rig.reboot(Span::from_secs(60));
    let events = rig.events(120);
    assert!(!events.iter().any(|what| matches!(what, What::AlarmRaised | What::AlarmCleared)), "{events:?}");
    assert!(!events.contains(&What::Sensors(Disagreement::Deviates, true)) && near(&rig, 14.1), "{:?}", water(&rig));
    set(&mut rig, [Some(14.0), Some(14.1), Some(14.2)]);
    assert!(rig.events(400).contains(&What::Sensors(Disagreement::Deviates, false)));
    assert!(near(&rig, 14.1));
}
