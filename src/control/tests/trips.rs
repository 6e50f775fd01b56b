//! The trip ladder of rows: what is asked of machines when all that cools them does not do.

use plant::event::{CapReason, What};
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::rig::{Rig, shipped};

fn calm() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 24.0);
    rig.inlets(1, 24.0);
    rig.steps(60);
    assert!(asked(&rig).is_empty());
    rig
}

/// What is asked: of whom, what, why.
fn asked(rig: &Rig) -> Vec<(String, String, String)> {
    rig.control.status().caps.into_iter().map(|cap| (cap.row, cap.rung, cap.reason)).collect()
}

fn rungs(rig: &Rig) -> Vec<String> {
    asked(rig).into_iter().map(|(_, rung, _)| rung).collect()
}

fn alarm(rig: &Rig, name: &str) -> bool {
    rig.control.status().alarms.iter().any(|alarm| alarm.name == name)
}

#[test]
fn each_rung_is_asked_for_at_its_temperature_once_it_has_held() {
    let mut rig = calm();
    let inlet = rig.inlet_names(0)[5].clone();
    rig.read(&inlet, 32.0);
    let events = rig.events(9);
    assert!(!events.iter().any(|what| matches!(what, What::CapRequested(_))), "not for a gust");
    assert!(rig.events(2).contains(&What::CapRequested(CapReason::InletHot)));
    let cap = |rung: &str| ("row-a".to_owned(), rung.to_owned(), "inlet_hot".to_owned());
    assert_eq!(asked(&rig), [cap("cap")]);
    assert!(alarm(&rig, "cap-requested") && !alarm(&rig, "drain-requested"));
    rig.read(&inlet, 34.9);
    rig.steps(60);
    assert_eq!(rungs(&rig), ["cap"]);
    rig.read(&inlet, 35.0);
    assert!(rig.events(12).contains(&What::DrainRequested(CapReason::InletHot)));
    assert_eq!(asked(&rig), [cap("drain"), cap("cap")]);
    rig.read(&inlet, 39.0);
    rig.steps(60);
    rig.read(&inlet, 40.0);
    assert!(rig.events(12).contains(&What::PowerOffRequested(CapReason::InletHot)));
    assert_eq!(rungs(&rig), ["off", "drain", "cap"]);
    assert!(alarm(&rig, "drain-requested") && alarm(&rig, "power-off-requested"));
}

#[test]
fn a_rung_stands_until_the_row_is_back_to_normal_and_no_timer_ends_it() {
    let mut rig = calm();
    let inlet = rig.inlet_names(0)[5].clone();
    rig.read(&inlet, 36.0);
    rig.steps(15);
    rig.read(&inlet, 27.1);
    rig.steps(3 * 3600);
    assert_eq!(rungs(&rig), ["drain", "cap"], "not recommended yet");
    // Nothing is believed of a row that is doubted, nor of a hot rack that nobody sees.
    rig.fail(&inlet, Why::InvalidCode);
    rig.steps(600);
    assert_eq!(rungs(&rig), ["drain", "cap"], "the hot one is not seen");
    let other = rig.inlet_names(0)[6].clone();
    rig.silence(&other);
    rig.steps(12);
    rig.read(&inlet, 26.9);
    rig.steps(5);
    assert_eq!(rungs(&rig), ["drain", "cap"], "another one is doubted");
    rig.read(&other, 24.0);
    let events = rig.events(6);
    assert!(events.contains(&What::DrainReleased) && events.contains(&What::CapReleased));
    assert!(asked(&rig).is_empty());
}

#[test]
fn a_hot_inlet_whose_sensor_dies_is_forgotten_once_all_others_have_long_been_cool() {
    let mut rig = calm();
    let (inlet, other) = (rig.inlet_names(0)[5].clone(), rig.inlet_names(0)[6].clone());
    rig.read(&inlet, 36.0);
    rig.steps(15);
    assert_eq!(rungs(&rig), ["drain", "cap"]);
    rig.fail(&inlet, Why::InvalidCode);
    rig.steps(600);
    rig.read(&other, 28.0);
    rig.steps(10);
    rig.read(&other, 24.0);
    rig.steps(890);
    assert_eq!(rungs(&rig), ["drain", "cap"], "a warm neighbour begins the wait anew");
    let events = rig.events(30);
    assert!(events.contains(&What::DrainReleased) && events.contains(&What::CapReleased), "{events:?}");
    assert!(asked(&rig).is_empty());
    rig.read(&inlet, 36.0);
    rig.steps(15);
    assert_eq!(rungs(&rig), ["drain", "cap"], "seen again, it counts again");
}

#[test]
fn what_is_asked_stands_over_a_restart() {
    let mut rig = calm();
    let inlet = rig.inlet_names(0)[5].clone();
    rig.read(&inlet, 36.0);
    rig.steps(15);
    let since = rig.control.status().caps[0].since_s;
    rig.reboot(Span::from_secs(600));
    rig.read(&inlet, 30.0);
    rig.steps(30);
    assert_eq!(rungs(&rig), ["drain", "cap"]);
    assert!(rig.control.status().caps[0].since_s > since);
    rig.read(&inlet, 24.0);
    rig.steps(5);
    assert!(asked(&rig).is_empty());
}

#[test]
fn silence_asks_for_less_power_and_never_for_none() {
    let mut rig = calm();
    let inlet = rig.inlet_names(0)[5].clone();
    rig.silence(&inlet);
    rig.steps(55);
    assert_eq!(rungs(&rig), ["cap"], "it ages toward its danger, and nobody has seen it warm");
    rig.steps(20);
    assert!(asked(&rig).is_empty(), "it is lost now, and the others are cool");
    // One that was seen at the first rung counts for all of them.
    rig.read(&inlet, 32.5);
    rig.steps(12);
    rig.silence(&inlet);
    rig.steps(40);
    assert_eq!(rungs(&rig), ["off", "drain", "cap"]);
}

#[test]
fn a_row_that_nobody_sees_asks_for_less_power() {
    let mut rig = calm();
    for inlet in rig.inlet_names(0) {
        rig.fail(&inlet, Why::InvalidCode);
    }
    rig.steps(59);
    assert!(asked(&rig).is_empty());
    assert!(rig.events(2).contains(&What::CapRequested(CapReason::Unseen)));
    rig.steps(7200);
    assert_eq!(asked(&rig), [("row-a".to_owned(), "cap".to_owned(), "unseen".to_owned())]);
    for inlet in rig.inlet_names(0).iter().take(10) {
        rig.read(inlet, 24.0);
    }
    rig.steps(5);
    assert_eq!(rungs(&rig), ["cap"], "half of a row is not the row");
    let next = rig.inlet_names(0)[10].clone();
    rig.read(&next, 24.0);
    rig.steps(2);
    assert!(asked(&rig).is_empty());
}

#[test]
fn a_fall_that_no_air_makes_is_no_relief_before_it_is_believed() {
    let mut rig = calm();
    let inlet = rig.inlet_names(0)[1].clone();
    rig.read(&inlet, 41.0);
    rig.steps(10);
    assert!(asked(&rig).is_empty());
    rig.read(&inlet, 20.0);
    rig.step();
    assert_eq!(rig.control.point(rig.point(&inlet)).map(|of| of.quality), Some(500), "doubted");
    assert_eq!(rungs(&rig), ["off", "drain", "cap"]);
    rig.step();
    assert!(asked(&rig).is_empty(), "believed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the inlets do: no rung without the milder ones, none while all inlets were cool and seen, and what stands ends
    /// only in a scan that sees the row cool.
    #[test]
    fn no_rung_stands_alone_or_ends_by_itself(moves in prop::collection::vec((0_usize..4, 20.0..45.0f64, 1_usize..25), 1..25)) {
        let mut rig = calm();
        let names = rig.inlet_names(0);
        let mut now = [24.0; 4];
        for (which, celsius, scans) in moves {
            rig.read(&names[which], celsius);
            now[which] = celsius;
            for _ in 0..scans {
                let before = rungs(&rig).len();
                rig.step();
                let after = rungs(&rig);
                prop_assert!(["off", "drain", "cap"].ends_with(&after.iter().map(String::as_str).collect::<Vec<_>>()));
                // A fall that no air makes is not believed in its first scan: what was hot is hot then.
                let believed = |name: &String| {
                    let seen = rig.control.point(rig.point(name));
                    seen.is_some_and(|of| of.quality == 192 && of.value.is_some_and(|celsius| celsius <= 27.0))
                };
                let cool = names.iter().take(now.len()).all(believed);
                prop_assert!(after.len() >= before || cool, "{before} ended at {now:?}");
                prop_assert!(!cool || after.len() <= before, "{after:?} began at {now:?}");
            }
        }
    }
}
