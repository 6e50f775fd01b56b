//! Pumps on a header under the whole controller: taken over, staged, lost, replaced, given back.

use plant::event::{StageCause, Step, Trouble, What};
use plant::hall::Hall;
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::rig::{Rig, shipped};

const MODES: [&str; 3] = ["chwp-1/run-mode", "chwp-2/run-mode", "chwp-3/run-mode"];

/// The hall `air` with so many of its three pumps running.
fn seen(hall: Hall, running: usize) -> Rig {
    let mut rig = Rig::new(hall);
    for n in 1..=3 {
        rig.read(&format!("chwp-{n}/running"), if n <= running { 1.0 } else { 0.0 });
        rig.read(&format!("chwp-{n}/fault"), 0.0);
    }
    rig.read("chw/dp", 80e3);
    flow(&mut rig, 0.7);
    rig
}

pub fn under_control(running: usize) -> Rig {
    let mut rig = seen(shipped("air"), running);
    rig.steps(40);
    assert_eq!(modes(&rig)[0], 2.0);
    rig
}

/// The water's flow over its design.
fn flow(rig: &mut Rig, share: f64) {
    rig.read("chw/flow", 36.0 * share);
}

fn modes(rig: &Rig) -> [f64; 3] {
    MODES.map(|mode| rig.value(mode))
}

fn view(rig: &Rig) -> crate::control::report::PumpsView {
    rig.control.status().pumps.into_iter().next().expect("a header")
}

/// Seconds until so many are told to run; panics after `most`.
fn until(rig: &mut Rig, told: usize, most: usize) -> usize {
    (1..=most)
        .find(|_| {
            rig.step();
            modes(rig).iter().filter(|mode| **mode > 1.5).count() == told
        })
        .unwrap_or_else(|| panic!("still {:?} after {most} s", modes(rig)))
}

#[test]
fn they_are_taken_over_as_they_are_found() {
    let mut rig = seen(shipped("air"), 2);
    rig.steps(25);
    assert_eq!(modes(&rig), [0.0; 3]);
    let events = rig.events(10);
    assert!(events.contains(&What::Step(Step::TakenOver)));
    assert_eq!(modes(&rig), [2.0, 2.0, 1.0]);
    let sentence = rig.control.why(rig.point("chwp-3/run-mode")).expect("an output").sentence;
    assert!(sentence.contains("the stage wants 2"), "{sentence}");
}

#[test]
fn the_flow_asks_for_one_more_and_for_one_less_after_ten_minutes_each() {
    let mut rig = under_control(1);
    let waited = until(&mut rig, 2, 700);
    assert!((550..=600).contains(&waited), "{waited}");
    assert_eq!(modes(&rig), [2.0, 2.0, 1.0], "of those that have not run the first");
    rig.read("chwp-2/running", 1.0);
    flow(&mut rig, 0.46);
    // Not while the plant settles after its own take-over, and for its patience.
    let waited = until(&mut rig, 1, 1800);
    assert!(waited >= 600, "{waited}");
    assert_eq!(modes(&rig), [1.0, 2.0, 1.0], "the one that has run most stands");
}

#[test]
fn between_the_two_nothing_changes() {
    let mut rig = under_control(2);
    // Those that stand by are not for the flow's sake.
    for share in [0.48, 1.1, 0.48] {
        flow(&mut rig, share);
        for _ in 0..1000 {
            rig.step();
            assert_eq!(modes(&rig), [2.0, 2.0, 1.0], "{share}");
        }
    }
}

#[test]
fn too_little_pressure_at_full_speed_calls_for_one_more_whatever_the_flow_says() {
    for (dp, within) in [(68e3, 300..=420), (55e3, 30..=130)] {
        let mut rig = under_control(1);
        flow(&mut rig, 0.3);
        rig.read("chw/dp", dp);
        let waited = until(&mut rig, 2, 600);
        assert!(within.contains(&waited), "{dp} Pa: {waited} s");
        // It does not go as soon as the flow alone would let it.
        rig.read("chwp-2/running", 1.0);
        rig.read("chw/dp", 80e3);
        rig.steps(3000);
        assert_eq!(modes(&rig)[..2], [2.0, 2.0]);
        until(&mut rig, 1, 1500);
    }
}

#[test]
fn one_that_is_lost_is_replaced_at_once_and_one_that_does_not_start_by_the_next() {
    let mut rig = under_control(2);
    rig.read("chwp-1/fault", 1.0);
    rig.steps(2);
    assert_eq!(modes(&rig), [1.0, 2.0, 2.0], "its drive's word is enough");
    let events = rig.events(24);
    assert!(events.contains(&What::Trouble(Trouble::DidNotStart)));
    assert!(events.contains(&What::Trouble(Trouble::NoneLeft)) && view(&rig).short);
    assert_eq!(modes(&rig), [1.0, 2.0, 1.0]);
    // The first one is mended, and turns: it goes on.
    rig.read("chwp-1/fault", 0.0);
    rig.steps(10);
    assert_eq!(modes(&rig), [2.0, 2.0, 1.0]);
    assert!(!view(&rig).short);
}

#[test]
fn one_that_runs_alone_and_moves_nothing_is_lost_after_its_proof() {
    let mut rig = under_control(1);
    flow(&mut rig, 0.0);
    rig.steps(60);
    assert_eq!(modes(&rig), [2.0, 1.0, 1.0], "a meter alone may lie while there is pressure");
    rig.read("chw/dp", 5e3);
    let events = rig.events(7);
    assert!(events.contains(&What::Trouble(Trouble::StoppedItself)));
    assert_eq!(modes(&rig), [1.0, 2.0, 1.0]);
}

#[test]
fn nothing_is_stopped_while_flow_or_pressure_is_not_known() {
    for point in ["chw/flow", "chw/dp"] {
        for lost in [true, false] {
            let mut rig = under_control(2);
            rig.steps(1000);
            flow(&mut rig, 0.2);
            rig.steps(100);
            if lost {
                rig.fail(point, Why::InvalidCode)
            } else {
                rig.silence(point)
            }
            rig.steps(4000);
            assert_eq!(modes(&rig), [2.0, 2.0, 1.0], "{point}, lost: {lost}");
        }
    }
}

#[test]
fn a_reload_and_a_stage_of_the_plant_hold_them() {
    let mut rig = under_control(2);
    flow(&mut rig, 0.2);
    // The plant has just been taken over, and settles for its patience of a quarter of an hour.
    let waited = until(&mut rig, 1, 1500);
    assert!((840..=960).contains(&waited), "{waited}");
}

#[test]
fn where_all_fail_their_panels_get_them_back() {
    let mut rig = under_control(2);
    for n in 1..=3 {
        rig.read(&format!("chwp-{n}/fault"), 1.0);
        rig.read(&format!("chwp-{n}/running"), 0.0);
    }
    let events = rig.events(2);
    assert!(events.contains(&What::Step(Step::HandedBack)));
    assert_eq!(modes(&rig), [0.0; 3]);
    assert_eq!(view(&rig).rule, "panels");
}

#[test]
fn those_that_lost_their_power_start_again_one_by_one() {
    let mut rig = under_control(2);
    rig.read("chwp-1/running", 0.0);
    rig.read("chwp-2/running", 0.0);
    let events = rig.events(7);
    assert!(events.contains(&What::Step(Step::Restoring)));
    let told = modes(&rig);
    assert_eq!(told.iter().filter(|mode| **mode > 1.5).count(), 1, "{told:?}");
    let first = told.iter().position(|mode| *mode > 1.5).expect("one") + 1;
    rig.read(&format!("chwp-{first}/running"), 1.0);
    rig.steps(4);
    assert_eq!(modes(&rig).iter().filter(|mode| **mode > 1.5).count(), 1, "five seconds apart");
    rig.steps(4);
    assert_eq!(modes(&rig).iter().filter(|mode| **mode > 1.5).count(), 2);
}

#[test]
fn those_that_people_give_back_at_once_start_one_by_one() {
    let mut rig = under_control(2);
    rig.steps(700);
    for mode in MODES {
        rig.hold(mode, 1.0, Some(Span::from_secs(120)));
    }
    rig.steps(3);
    assert_eq!(modes(&rig), [1.0; 3]);
    (1..=2).for_each(|n| rig.read(&format!("chwp-{n}/running"), 0.0));
    rig.steps(100);
    until(&mut rig, 1, 60);
    let first = modes(&rig).iter().position(|mode| *mode > 1.5).expect("one") + 1;
    rig.read(&format!("chwp-{first}/running"), 1.0);
    until(&mut rig, 2, 60);
}

#[test]
fn one_that_nobody_sees_is_left_to_its_panel_and_the_others_go_on() {
    let mut rig = under_control(2);
    rig.fail("chwp-1/running", Why::InvalidCode);
    rig.steps(5);
    assert_eq!(modes(&rig), [0.0, 2.0, 1.0]);
    for n in 2..=3 {
        rig.fail(&format!("chwp-{n}/running"), Why::InvalidCode);
    }
    let events = rig.events(3);
    assert!(events.contains(&What::Step(Step::HandedBack)));
    assert_eq!(modes(&rig), [0.0; 3]);
}

/// A header whose pumps change places every hour.
fn restless() -> Rig {
    let mut hall = shipped("air");
    let pumps = &mut hall.strategies.chilled_water.pumps.as_mut().expect("said").pumps;
    (pumps.rotate_every, pumps.rotate_gap) = (Span::from_secs(3600), Span::from_secs(1800));
    let mut rig = seen(hall, 2);
    rig.steps(3600);
    assert_eq!(modes(&rig), [2.0, 2.0, 1.0]);
    rig
}

#[test]
fn they_change_places_and_the_new_one_proves_itself_first() {
    let mut rig = restless();
    until(&mut rig, 3, 100);
    rig.read("chwp-3/running", 1.0);
    rig.steps(50);
    assert_eq!(modes(&rig), [2.0; 3], "both run for a minute");
    until(&mut rig, 2, 20);
    assert_eq!(modes(&rig)[2], 2.0);
}

#[test]
fn a_newcomer_that_does_not_prove_itself_leaves_the_old_one_running() {
    // It does not start.
    let mut rig = restless();
    until(&mut rig, 3, 100);
    let events = rig.events(25);
    assert!(events.contains(&What::Trouble(Trouble::DidNotStart)));
    assert_eq!(modes(&rig), [2.0, 2.0, 1.0]);
    assert!(!rig.events(1500).contains(&What::Step(Step::Rotating)), "one that gave trouble is not tried again for it");
    // It trips while it proves itself.
    let mut rig = restless();
    until(&mut rig, 3, 100);
    rig.read("chwp-3/running", 1.0);
    rig.steps(20);
    rig.read("chwp-3/fault", 1.0);
    rig.steps(3);
    assert_eq!(modes(&rig), [2.0, 2.0, 1.0]);
}

#[test]
fn an_operator_who_holds_one_is_obeyed_and_the_next_one_takes_its_place() {
    let mut rig = under_control(2);
    rig.hold("chwp-1/run-mode", 1.0, None);
    rig.steps(2);
    rig.read("chwp-1/running", 0.0);
    let events = rig.events(5);
    assert_eq!(modes(&rig), [1.0, 2.0, 2.0]);
    assert!(!events.iter().any(|what| matches!(what, What::Trouble(_))), "{events:?}");
}

#[test]
fn the_only_one_that_runs_goes_on_whoever_started_it() {
    let mut rig = under_control(1);
    // A word that is wrong for a moment: the next one is told, and the first was there all the time.
    rig.read("chwp-1/running", 0.0);
    rig.steps(8);
    assert_eq!(modes(&rig), [1.0, 2.0, 1.0]);
    rig.read("chwp-1/running", 1.0);
    rig.steps(30);
    assert_eq!(modes(&rig)[0], 2.0);
}

#[test]
fn no_chiller_starts_while_all_pumps_stand() {
    let mut rig = seen(shipped("air"), 2);
    rig.steps(40);
    for n in 1..=3 {
        rig.read(&format!("chwp-{n}/running"), 0.0);
        rig.read(&format!("chwp-{n}/fault"), 1.0);
        rig.read(&format!("ch-{n}/running"), 0.0);
    }
    rig.steps(1500);
    let told = |rig: &Rig| (1..=3).filter(|n| rig.value(&format!("ch-{n}/run-mode")) > 1.5).count();
    assert_eq!(told(&rig), 0);
    for n in 1..=2 {
        rig.read(&format!("chwp-{n}/running"), 1.0);
        rig.read(&format!("chwp-{n}/fault"), 0.0);
    }
    rig.steps(1500);
    assert!(told(&rig) > 0);
}

#[test]
fn a_boot_begins_on_the_panels_and_keeps_run_times() {
    let mut rig = under_control(2);
    rig.steps(3600);
    let hours = view(&rig).pumps[0].run_hours;
    assert!(hours > 0.9);
    rig.reboot(Span::from_secs(10));
    rig.step();
    assert_eq!(modes(&rig), [0.0; 3]);
    assert!((view(&rig).pumps[0].run_hours - hours).abs() < 0.01);
    assert!(rig.events(60).contains(&What::Step(Step::TakenOver)));
}

#[test]
fn one_that_runs_untold_does_not_cost_the_place_of_the_one_that_was_told() {
    // Found by the property below: the second fails, then the first; the third is adopted alone, and the first runs by itself.
    play(&[
        (4, true, 109),
        (0, false, 118),
        (0, true, 71),
        (2, true, 166),
        (1, true, 6),
        (0, false, 259),
        (6, false, 77),
        (6, true, 105),
        (7, true, 60),
        (0, true, 56),
    ]);
}

#[test]
fn events_say_why() {
    let mut rig = under_control(1);
    let events = rig.events(620);
    assert!(events.contains(&What::Stage { from: 1, to: 2, cause: StageCause::Load }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Whatever drives and sensors say: the last pump that is seen running is never told to stand, unless nothing moves.
    #[test]
    fn the_last_one_that_is_seen_running_is_never_told_to_stand(
        moves in prop::collection::vec((0usize..8, prop::bool::ANY, 1usize..120), 1..30),
    ) {
        play(&moves);
    }
}

/// What drives and sensors say, whose turn it is and for how long: the last that is seen running is never told to stand.
fn play(moves: &[(usize, bool, usize)]) {
    let mut rig = under_control(2);
    let mut says = [(true, false), (true, false), (false, false)];
    for (what, yes, seconds) in moves.iter().copied() {
        match what {
            n @ 0..=2 => says[n].0 = yes,
            n @ 3..=5 => says[n - 3].1 = yes,
            6 => flow(&mut rig, if yes { 0.9 } else { 0.2 }),
            _ => rig.read("chw/dp", if yes { 80e3 } else { 50e3 }),
        }
        for (n, (running, fault)) in says.iter().enumerate() {
            rig.read(&format!("chwp-{}/running", n + 1), f64::from(u8::from(*running)));
            rig.read(&format!("chwp-{}/fault", n + 1), f64::from(u8::from(*fault)));
        }
        for _ in 0..seconds {
            let before = modes(&rig);
            rig.step();
            let after = modes(&rig);
            for n in (0..3).filter(|n| before[*n] > 1.5 && after[*n] == 1.0 && says[*n] == (true, false)) {
                let other = (0..3).any(|m| m != n && says[m] == (true, false) && after[m] != 1.0);
                assert!(other, "{n} of {says:?}: {before:?} to {after:?}");
            }
        }
    }
}
