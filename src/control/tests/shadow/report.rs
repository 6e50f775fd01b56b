//! What is reported of two controls of one hall.

use plant::reading::Why;
use proptest::prelude::*;

use super::super::loops::hall as plain;
use super::super::rig::{Rig, shipped};
use super::Beside;
use crate::control::State;
use crate::control::request::Reply;

/// Air that is 2 K colder than ours would hold, by fans at 60 %, over hours.
fn overcooled() -> Beside {
    let mut hall = Beside::new(plain(), 60.0);
    hall.rig.inlets(0, 22.0);
    hall.rig.inlets(1, 24.0);
    for rack in hall.rig.inlet_names(0) {
        hall.rig.read(&rack.replace("inlet-air-temp", "power"), 20e3);
    }
    hall.steps(2 * 3600);
    hall
}

#[test]
fn the_report_says_what_ours_would_do_and_what_that_rests_on() {
    let hall = overcooled();
    let report = hall.rig.control.shadow(1).expect("in shadow");
    assert!((report.hours - 1.0).abs() < 1e-9, "{}", report.hours);
    let fans = report.loops.iter().find(|of| of.of == "row-a/fans").expect("a loop");
    assert!(
        (fans.gap.expect("known") - 2.0).abs() < 1e-6 && fans.rest_percent.is_some_and(|at| (at - 45.0).abs() < 1e-6)
    );
    let map = hall.rig.hall.strategies.maps.fans.expect("a map");
    let saved = 3.0 * (map.power(60.0) - map.power(45.0)) / 1e3;
    assert!((fans.saved_kwh - saved).abs() < 0.01 * saved, "{} and {saved}", fans.saved_kwh);
    assert!(
        fans.machines_kwh > 0.0 && fans.machines_kwh < saved,
        "warmer air is counted against it: {}",
        fans.machines_kwh
    );
    let other = report.loops.iter().find(|of| of.of == "row-b/fans").expect("a loop");
    assert!(other.saved_kwh.abs() < 1e-6, "row b is where ours would hold it");
    let told = report.fans_kwh + report.pumps_kwh - report.machines_kwh - report.water_kwh;
    assert!((report.saved_kwh - told).abs() < 1e-9);
    assert!(
        report.rests_on.iter().any(|line| line.starts_with("row-a/fans: -0.0437 Cel for each %, by the hall's map"))
    );
    assert!(!report.not_counted.is_empty() && report.not_compared.is_empty(), "{:?}", report.not_compared);
    let fan = report.outputs.iter().find(|of| of.point == "crah-1/fan-speed").expect("an output");
    assert!((fan.differed_percent - 100.0).abs() < 1e-9 && (fan.mean - 15.0).abs() < 0.1, "{fan:?}");
    assert_eq!((fan.theirs, fan.level), (Some(60.0), 16));
    assert!(fan.reason.contains("worst inlet"), "{}", fan.reason);
    let line = hall.rig.control.status().shadow.expect("a line");
    let whole = hall.rig.control.shadow(24).expect("in shadow");
    assert!(line.hours > 1.9 && (line.saved_kwh - whole.saved_kwh).abs() < 1e-9);
}

#[test]
fn a_loop_without_trial_and_map_tells_its_side_and_saves_nothing() {
    let hall = overcooled();
    let report = hall.rig.control.shadow(24).expect("in shadow");
    let valve = report.loops.iter().find(|of| of.of == "crah-1/valve").expect("a loop");
    // Supply air is read at 20.0 °C, which is what the file holds; a little beside it tells a side.
    assert!(valve.rest_percent.is_none() && valve.basis.is_none() && valve.saved_kwh.abs() < 1e-12);
    let mut plain = plain();
    plain.strategies.maps = plant::hall::maps::Maps::NONE;
    let mut bare = Beside::new(plain, 60.0);
    bare.rig.inlets(0, 22.0);
    bare.steps(3600);
    let report = bare.rig.control.shadow(1).expect("in shadow");
    assert!(report.saved_kwh.abs() < 1e-12 && report.rests_on.is_empty(), "{report:?}");
    let fans = report.loops.iter().find(|of| of.of == "row-a/fans").expect("a loop");
    assert!((fans.less_percent - 100.0).abs() < 1e-6, "less, as far as can be told: {fans:?}");
    assert!((bare.rig.value("crah-1/fan-speed") - 60.0).abs() < 1e-9, "and no number is made up");
}

#[test]
fn what_a_person_holds_in_shadow_is_shown_and_saves_nothing() {
    let mut hall = overcooled();
    for fan in hall.rig.fan_names(0) {
        hall.rig.hold(&fan, 20.0, None);
    }
    hall.rig.control.compare_anew();
    hall.steps(600);
    assert!((hall.rig.value("crah-1/fan-speed") - 20.0).abs() < 1e-9, "at once, with no ramp");
    let report = hall.rig.control.shadow(1).expect("in shadow");
    assert!(report.fans_kwh.abs() < 1e-6, "{}", report.fans_kwh);
}

#[test]
fn dangers_are_told_to_whose_account_they_are() {
    let mut hall = Beside::new(plain(), 30.0);
    hall.steps(60);
    hall.rig.control.compare_anew();
    hall.rig.inlets(0, 28.0);
    hall.steps(600);
    let risks = |hall: &Beside| {
        let loops = hall.rig.control.shadow(24).expect("in shadow").loops;
        loops.iter().find(|of| of.of == "row-a/fans").expect("a loop").risks
    };
    assert!((9.0..=10.1).contains(&risks(&hall).warm_min), "{:?}", risks(&hall));
    assert!(risks(&hall).unprotected_min.abs() < 1e-9 && risks(&hall).ours_min.abs() < 1e-9);

    hall.rig.inlets(0, 33.0);
    hall.steps(600);
    assert!((9.9..=10.1).contains(&risks(&hall).unprotected_min), "{:?}", risks(&hall));
    hall.rig.inlets(0, 24.0);
    hall.steps(1800);

    // Half of a row's inlets lost: our floor is the fail-safe, and theirs stands at 30 %.
    hall.rig.control.compare_anew();
    for inlet in hall.rig.inlet_names(0).iter().take(10) {
        hall.rig.fail(inlet, Why::Range);
    }
    hall.steps(600);
    let lost = risks(&hall);
    assert!((9.9..=10.1).contains(&lost.below_floors_min) && (9.9..=10.1).contains(&lost.face_value_min), "{lost:?}");
}

#[test]
fn less_cooling_by_ours_with_a_reading_doubted_is_a_risk_of_ours() {
    let mut hall = Beside::new(plain(), 80.0);
    hall.rig.inlets(0, 21.0);
    hall.steps(300);
    hall.rig.control.compare_anew();
    let first = hall.rig.inlet_names(0).first().expect("an inlet").clone();
    hall.rig.silence(&first);
    hall.steps(14); // stale, and not warm by its age yet
    let risks = hall.rig.control.shadow(1).expect("in shadow").risks;
    assert!((0.03..=0.1).contains(&risks.ours_min), "{risks:?}");
    assert!(risks.warm_min.abs() < 1e-9 && risks.unprotected_min.abs() < 1e-9);
}

#[test]
fn who_writes_reports_nothing() {
    let mut rig = Rig::new(plain());
    rig.steps(10);
    assert_eq!(rig.control.shadow(1), None);
    assert_eq!(rig.control.status().shadow, None);
}

#[test]
fn a_sequence_says_for_how_long_ours_would_have_run_fewer_and_starts_none() {
    let mut hall = Beside::new(shipped("air"), 60.0);
    hall.rig.read("chw/return-water-temp", 17.0); // a quarter of a megawatt: one chiller carries it, and one pump
    hall.rig.read("chw/flow", 10.0);
    hall.rig.read("chw/dp", 80e3);
    hall.steps(1200);
    hall.rig.control.compare_anew();
    hall.steps(1200);
    let report = hall.rig.control.shadow(1).expect("in shadow");
    let of = |name: &str| report.sequences.iter().find(|of| of.sequence == name).unwrap_or_else(|| panic!("{name}"));
    for (name, percent) in [("chw/stages", 90.0), ("chw/pumps", 90.0)] {
        let of = of(name);
        assert_eq!((of.running, of.ours), (2, 1), "{of:?}");
        assert!(of.fewer_percent > percent && of.more_percent.abs() < 1e-9, "{of:?}");
    }
    assert!((hall.rig.value("ch-2/run-mode") - 0.0).abs() < 1e-12, "it stays with its panel");

    // They stop one: from now on the stage is theirs, and nobody wants it otherwise.
    hall.rig.read("ch-2/running", 0.0);
    hall.rig.read("chwp-2/running", 0.0);
    hall.steps(60);
    let report = hall.rig.control.shadow(1).expect("in shadow");
    let now = |name: &str| report.sequences.iter().find(|of| of.sequence == name).map(|of| (of.running, of.ours));
    assert_eq!((now("chw/stages"), now("chw/pumps")), (Some((1, 1)), Some((1, 1))));
}

#[test]
fn a_cdu_whose_pumps_both_run_is_told() {
    let mut hall = Beside::new(shipped("liquid"), 60.0);
    hall.steps(300);
    let report = hall.rig.control.shadow(1).expect("in shadow");
    let of = report.sequences.iter().find(|of| of.sequence == "cdu-1/pumps").expect("a sequence");
    assert_eq!((of.running, of.ours), (2, 1));
    assert!(of.fewer_percent > 95.0, "{of:?}");
}

#[test]
fn people_are_told_what_devices_hold_and_that_nothing_is_written() {
    let mut hall = overcooled();
    let status = hall.rig.control.status();
    assert!(
        status.fans.iter().filter(|fan| fan.name == "crah-1").all(|fan| (fan.value - 60.0).abs() < 1e-9),
        "{:?}",
        status.fans
    );
    let why = hall.rig.control.why(hall.rig.point("crah-1/fan-speed")).expect("an output");
    for part in ["would be at 45.0 %", "nothing is written", "its device holds 60.0 %"] {
        assert!(why.sentence.contains(part), "{}", why.sentence);
    }
    let reply = hall.rig.hold("crah-1/fan-speed", 33.0, None);
    let Reply::Accepted { note, .. } = reply else { panic!("{reply:?}") };
    assert!(note.contains("in shadow"), "{note}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever they do and whatever is read: ours stays inside what may be written, remembers what fits into a snapshot, and counts sane figures.
    #[test]
    fn whatever_they_do_ours_stays_sane(
        days in prop::collection::vec((0.0..100.0_f64, 15.0..45.0_f64, 0_usize..6, 1_usize..120), 1..12),
    ) {
        let mut hall = Beside::new(shipped("air"), 50.0);
        for (percent, inlet, broken, scans) in days {
            for name in ["crah-1/fan-speed", "crah-4/fan-speed", "crah-2/valve", "chw/pump-speed"] {
                hall.hold(name, percent);
            }
            hall.rig.inlets(0, inlet);
            for rack in hall.rig.inlet_names(1).into_iter().take(broken) {
                hall.rig.fail(&rack, Why::Timeout);
            }
            hall.steps(scans);
            for command in &hall.rig.control.outputs.commands {
                let write = hall.rig.hall.points[command.point].write.expect("an output");
                prop_assert!((write.min..=write.max).contains(&command.value), "{command:?}");
            }
        }
        let report = hall.rig.control.shadow(24).expect("in shadow");
        prop_assert!([report.saved_kwh, report.fans_kwh, report.water_kwh, report.machines_kwh].iter().all(|kwh| kwh.is_finite()));
        prop_assert!(report.outputs.iter().all(|of| (0.0..=100.0 + 1e-9).contains(&of.differed_percent) && of.worst >= of.mean - 1e-9));
        let bytes = postcard::to_stdvec(hall.rig.control.state()).expect("serialises");
        let state: State = postcard::from_bytes(&bytes).expect("reads");
        prop_assert_eq!(&state, hall.rig.control.state());
    }
}
