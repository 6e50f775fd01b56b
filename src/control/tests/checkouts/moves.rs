//! What may be moved although it is a word, or one of several pumps.

use super::*;

fn refused(reply: Reply) -> Refusal {
    if let Reply::Refused(refusal) = reply { refusal } else { panic!("{reply:?}") }
}

/// One scan in which a device takes what it is told.
fn takes(rig: &mut Rig, name: &str) {
    rig.sample();
    let (point, wanted) = (rig.point(name), rig.value(name));
    let at = Mono(rig.tick.mono.0 + rig.tick.dt.nanos());
    rig.inputs.reports.push(WriteReport { point, wanted, outcome: WriteOutcome::Applied, at, wear: 0 });
    rig.pass();
    rig.control.step(&rig.inputs, rig.tick);
    rig.inputs.reports.clear();
}

#[test]
fn a_run_mode_goes_to_its_panel_and_back_where_its_machine_runs() {
    const MODE: &str = "chwp-1/run-mode";
    let mut rig = crate::control::tests::pumps::under_control(1);
    rig.steps(120);
    assert_eq!((rig.value(MODE), rig.value("chwp-3/run-mode")), (2.0, 1.0), "it runs under control, and one stands");
    assert_eq!(refused(force(&mut rig, MODE, -1.0)), Refusal::NotForced, "it would stop");
    assert_eq!(refused(force(&mut rig, MODE, -1.7)), Refusal::NotForced, "that is no word");
    assert_eq!(refused(force(&mut rig, "chwp-3/run-mode", 1.0)), Refusal::NotForced, "it would start");
    assert_eq!(refused(force(&mut rig, "chwp-3/run-mode", -1.0)), Refusal::NotForced, "its panel might start it");
    accepted(&force(&mut rig, MODE, -2.0));
    let mut seen = Vec::new();
    for _ in 0..20 {
        takes(&mut rig, MODE);
        seen.push(rig.value(MODE));
    }
    assert!(seen.contains(&0.0) && !seen.contains(&1.0), "{seen:?}");
    assert_eq!((seen.last(), view(&rig).end.as_deref()), (Some(&2.0), Some("done")));
    rig.steps(60);
    assert_eq!((rig.value(MODE), rig.value("chwp-3/run-mode")), (2.0, 1.0), "nobody was started for it");
}

#[test]
fn of_a_cdus_pumps_one_that_turns_is_moved_and_one_that_stands_is_not() {
    let mut rig = crate::control::tests::cdus::under_control();
    let from = rig.value("cdu-1/pump-1-speed");
    assert!(from > 30.0, "{from}");
    assert_eq!(refused(force(&mut rig, "cdu-1/pump-2-speed", 30.0)), Refusal::NotForced);
    assert_eq!(refused(force(&mut rig, "cdu-1/pump-1-speed", 10.0 - from)), Refusal::NotForced, "it would stand");
    let by = if from > 85.0 { -10.0 } else { 10.0 };
    accepted(&force(&mut rig, "cdu-1/pump-1-speed", by));
    for _ in 0..30 {
        takes(&mut rig, "cdu-1/pump-1-speed");
        assert_eq!(rig.value("cdu-1/pump-2-speed"), 0.0, "the other one stands by on");
    }
    assert!((rig.value("cdu-1/pump-1-speed") - from - by).abs() < 1e-9, "{}", rig.value("cdu-1/pump-1-speed"));
}
