//! Leaks of CDUs and tanks under the whole controller: shut off above everybody, asked less, over once a person says so.

use plant::command::Level;
use plant::event::{CapReason, LeakNews, What};
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::cdus::under_control;
use super::rig::Rig;
use super::tanks::{asked, boiling_at, oil, one};
use crate::control::request::{Ask, Refusal, Reply};

/// A person sees the alarm and resets it; what the last of it is answered.
fn reset(rig: &mut Rig) -> Reply {
    let alarm = rig.hall.alarms.iter().find(|(_, def)| def.name == "leak").expect("an alarm").0;
    rig.ask(Ask::Acknowledge { alarm });
    rig.ask(Ask::Reset { alarm })
}

/// The readings of a CDU whose pumps stand.
fn stands(rig: &mut Rig, cdu: &str) {
    for short in ["pump-1-speed-feedback", "pump-2-speed-feedback", "pump-speed-feedback", "flow", "dp"] {
        rig.read(&format!("{cdu}/{short}"), 0.0);
    }
}

fn leaks(events: &[What]) -> Vec<LeakNews> {
    let news = |what: &What| if let What::Leak(news) = what { Some(*news) } else { None };
    events.iter().filter_map(news).collect()
}

#[test]
fn a_cdu_that_leaks_is_shut_off_above_everybody_until_a_person_resets_the_alarm() {
    let mut rig = under_control();
    rig.hold("cdu-1/valve", 90.0, None);
    rig.hold("cdu-1/pump-1-speed", 80.0, None);
    rig.hold("cdu-1/run-mode", 2.0, None);
    rig.read("cdu-1/leak", 1.0);
    assert!(leaks(&rig.events(2)).is_empty(), "not for a splash");
    assert_eq!(leaks(&rig.events(4)), [LeakNews::Found]);
    let mode = rig.command("cdu-1/run-mode");
    assert_eq!((mode.value, mode.level), (1.0, Level::AutomaticLifeSafety));
    stands(&mut rig, "cdu-1");
    let events = rig.events(120);
    assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "no machine has failed: {events:?}");
    let off = |rig: &Rig| ["valve", "pump-1-speed", "pump-2-speed"].map(|short| rig.value(&format!("cdu-1/{short}")));
    assert_eq!(off(&rig), [0.0; 3], "whoever holds them");
    let sentence = rig.control.why(rig.point("cdu-1/run-mode")).expect("an output").sentence;
    assert!(sentence.contains("it leaks, or did, and nobody has reset the alarm"), "{sentence}");
    assert_eq!(reset(&mut rig), Reply::Refused(Refusal::StillActive));
    // Dry again it stays shut off, over a new boot, too, and what people hold is over by then.
    rig.read("cdu-1/leak", 0.0);
    rig.steps(120);
    rig.reboot(Span::from_secs(60));
    rig.steps(120);
    assert_eq!((rig.value("cdu-1/run-mode"), off(&rig)), (1.0, [0.0; 3]));
    assert_eq!((rig.value("cdu-2/run-mode"), rig.value("cdu-3/run-mode")), (2.0, 2.0), "the others go on");
    assert!(matches!(reset(&mut rig), Reply::Accepted { .. }));
    assert_eq!(leaks(&rig.events(10)), [LeakNews::Over]);
    assert_ne!(rig.value("cdu-1/run-mode"), 1.0);
}

#[test]
fn a_cdu_on_its_panel_is_shut_off_as_well() {
    let mut rig = under_control();
    rig.fail("cdu-1/supply-temp", Why::InvalidCode);
    rig.steps(2);
    assert_eq!(rig.value("cdu-1/run-mode"), 0.0);
    rig.read("cdu-1/leak", 1.0);
    rig.steps(6);
    assert_eq!(rig.value("cdu-1/run-mode"), 1.0);
}

#[test]
fn its_row_draws_less_and_nothing_where_no_other_cdu_carries_it() {
    let mut rig = under_control();
    rig.read("cdu-1/leak", 1.0);
    let events = rig.events(6);
    assert!(events.contains(&What::CapRequested(CapReason::Leak)), "{events:?}");
    stands(&mut rig, "cdu-1");
    // The other one has the whole row now: one pump does not hold its pressure, and its second joins.
    rig.read("cdu-2/dp", 45e3);
    rig.read("cdu-2/pump-1-speed-feedback", 100.0);
    rig.steps(20);
    assert!(rig.value("cdu-2/pump-2-speed") >= 30.0, "{}", rig.value("cdu-2/pump-2-speed"));
    rig.read("cdu-2/pump-2-speed-feedback", 70.0);
    rig.read("cdu-2/dp", 60e3);
    rig.steps(60);
    assert_eq!(asked(&rig), [one("row-a", false, "leak")]);
    rig.read("cdu-2/leak", 1.0);
    assert!(rig.events(6).contains(&What::PowerOffRequested(CapReason::Leak)));
    for cdu in ["cdu-1", "cdu-2"] {
        rig.read(&format!("{cdu}/leak"), 0.0);
    }
    rig.steps(3600);
    assert_eq!(asked(&rig).len(), 2, "no timer ends it");
    assert!(matches!(reset(&mut rig), Reply::Accepted { .. }));
    for (short, value) in [("pump-1-speed-feedback", 70.0), ("flow", 8.7), ("dp", 60e3)] {
        (1..=2).for_each(|n| rig.read(&format!("cdu-{n}/{short}"), value));
    }
    rig.steps(60);
    assert!(asked(&rig).is_empty(), "{:?}", asked(&rig));
}

#[test]
fn a_row_whose_other_cdu_stands_is_asked_to_be_off() {
    let mut rig = under_control();
    rig.hold("cdu-2/run-mode", 1.0, None);
    rig.steps(2);
    stands(&mut rig, "cdu-2");
    rig.steps(30);
    rig.read("cdu-1/leak", 1.0);
    rig.steps(5);
    stands(&mut rig, "cdu-1");
    assert!(rig.events(30).contains(&What::PowerOffRequested(CapReason::Leak)));
    assert_eq!(rig.value("cdu-2/run-mode"), 1.0, "what somebody switched off stays off: he may be at work on it");
}

#[test]
fn a_tray_that_is_lost_or_says_what_no_tray_says_is_told_and_shuts_nothing() {
    for (why, value) in [(Some(Why::InvalidCode), 0.0), (None, 7.0)] {
        let mut rig = under_control();
        match why {
            Some(why) => rig.fail("cdu-1/leak", why),
            None => rig.read("cdu-1/leak", value),
        }
        let events = rig.events(600);
        assert!(events.iter().any(|what| matches!(what, What::ReadingLost(_))), "{events:?}");
        assert_eq!((leaks(&events), rig.value("cdu-1/run-mode")), (vec![], 2.0));
        assert!(rig.control.status().caps.is_empty());
        // Nor does it dry what was wet.
        rig.read("cdu-1/leak", 1.0);
        rig.steps(10);
        rig.fail("cdu-1/leak", Why::InvalidCode);
        rig.steps(120);
        assert_eq!(reset(&mut rig), Reply::Refused(Refusal::StillActive));
        assert_eq!(rig.value("cdu-1/run-mode"), 1.0);
    }
}

#[test]
fn a_tank_whose_water_may_leak_has_it_shut_off_and_its_oil_moves_on() {
    let mut rig = oil();
    rig.hold("tank-5/valve", 80.0, None);
    rig.read("tank-5/leak", 1.0);
    let events = rig.events(6);
    assert_eq!(leaks(&events), [LeakNews::Found]);
    assert!(events.contains(&What::PowerOffRequested(CapReason::Leak)), "nothing else cools it: {events:?}");
    rig.read("tank-5/valve-feedback", 0.0);
    rig.steps(60);
    let valve = rig.command("tank-5/valve");
    assert_eq!((valve.value, valve.level), (0.0, Level::AutomaticLifeSafety));
    assert_eq!((rig.value("tank-5/run-mode"), rig.value("tank-5/pump-speed")), (2.0, 70.0));
    // It gets hot, and water stays out: leaks come before heat.
    for celsius in [49.0, 53.0, 57.0] {
        rig.read("tank-5/fluid-temp", celsius);
        rig.steps(30);
    }
    assert_eq!((rig.value("tank-5/valve"), rig.value("tank-5/pump-speed")), (0.0, 100.0));
    assert_eq!(rig.value("tank-6/valve").max(40.0), rig.value("tank-6/valve"), "the others have theirs");
    rig.read("tank-5/leak", 0.0);
    rig.steps(3600);
    assert_eq!(rig.value("tank-5/valve"), 0.0);
    assert!(matches!(reset(&mut rig), Reply::Accepted { .. }));
    assert_eq!(leaks(&rig.events(60)), [LeakNews::Over]);
    assert_eq!(rig.value("tank-5/valve"), 100.0, "it is hot");
    rig.read("tank-5/fluid-temp", 46.0);
    rig.steps(10);
    assert!(asked(&rig).is_empty(), "{:?}", asked(&rig));
}

#[test]
fn a_tank_that_loses_its_oil_keeps_its_water() {
    let mut rig = oil();
    rig.read("tank-5/leak", 1.0);
    rig.steps(6);
    let mut told = Vec::new();
    for tenth in (930..=1000).rev() {
        rig.read("tank-5/level", f64::from(tenth) / 10.0);
        told.extend(leaks(&rig.events(4)));
    }
    assert_eq!(told, [LeakNews::OfFluid]);
    rig.steps(60);
    assert!(rig.value("tank-5/valve") > 5.0 && rig.value("tank-5/pump-speed") >= 70.0, "{}", rig.value("tank-5/valve"));
    assert_eq!(asked(&rig), [one("tank-5", true, "leak"), one("tank-5", false, "leak")]);
}

#[test]
fn a_panel_would_leave_the_water_open_and_who_switched_a_tank_off_is_obeyed() {
    let mut rig = oil();
    rig.fail("tank-5/fluid-temp", Why::InvalidCode);
    rig.hold("tank-6/run-mode", 1.0, None);
    rig.steps(2);
    assert_eq!((rig.value("tank-5/run-mode"), rig.value("tank-6/run-mode")), (0.0, 1.0));
    for tank in ["tank-5", "tank-6"] {
        rig.read(&format!("{tank}/leak"), 1.0);
    }
    rig.steps(120);
    assert_eq!((rig.value("tank-5/run-mode"), rig.value("tank-5/valve")), (2.0, 0.0));
    assert!(rig.value("tank-5/pump-speed") >= 69.0, "as its panel had it: {}", rig.value("tank-5/pump-speed"));
    assert_eq!(rig.value("tank-6/run-mode"), 1.0);
}

#[test]
fn a_condenser_keeps_its_water_until_the_machines_are_off() {
    let mut rig = boiling_at(49.0, &[]);
    rig.read("tank-2/leak", 1.0);
    assert!(rig.events(6).contains(&What::PowerOffRequested(CapReason::Leak)));
    rig.steps(60);
    assert!(rig.value("tank-2/valve") > 20.0, "it would vent: {}", rig.value("tank-2/valve"));
    rig.fail("tank-2/power", Why::InvalidCode);
    rig.steps(60);
    assert!(rig.value("tank-2/valve") > 20.0, "nobody sees that they are off");
    rig.hold("tank-2/valve", 70.0, None);
    rig.read("tank-2/power", 100.0);
    rig.steps(120);
    let valve = rig.command("tank-2/valve");
    assert_eq!((valve.value, valve.level), (0.0, Level::AutomaticLifeSafety));
    rig.read("tank-2/leak", 0.0);
    rig.steps(60);
    assert!(matches!(reset(&mut rig), Reply::Accepted { .. }));
    rig.steps(60);
    assert!(rig.value("tank-2/valve") > 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    /// Whatever people hold and sensors lose: in a CDU that leaked nothing runs, and nothing else is shut off for it.
    #[test]
    fn nothing_runs_in_what_leaked(days in prop::collection::vec((any::<bool>(), 0u8..6, 0.0..100.0f64), 1..8)) {
        let mut rig = under_control();
        let mut leaked = false;
        for (wet, what, value) in days {
            rig.read("cdu-1/leak", if wet { 1.0 } else { 0.0 });
            match what {
                0 => { rig.hold("cdu-1/valve", value, None); }
                1 => { rig.hold("cdu-1/pump-2-speed", value, None); }
                2 => { rig.hold("cdu-1/run-mode", 2.0, None); }
                3 => { rig.hold("cdu-1/run-mode", 0.0, None); }
                4 => rig.fail("cdu-1/supply-temp", Why::InvalidCode),
                _ => rig.read("cdu-1/supply-temp", 32.0),
            }
            rig.steps(120); // the valve goes from end to end meanwhile
            leaked |= wet;
            if leaked {
                prop_assert_eq!(rig.value("cdu-1/run-mode"), 1.0);
                for output in ["cdu-1/valve", "cdu-1/pump-1-speed", "cdu-1/pump-2-speed"] {
                    prop_assert!(rig.value(output) <= 0.0, "{} {}", output, rig.value(output));
                }
            }
            prop_assert_eq!(rig.value("cdu-2/run-mode"), 2.0);
        }
    }
}
