//! Peaks that a plan keeps down without any battery, and without a target in the hall's file: by the jobs that let it choose, and by nobody else.

use super::jobs::{acquire, live, minute, wish};
use crate::control::battery::tests::yard::Yard;
use crate::control::ledger::message::{Times, Wish};
use crate::control::ledger::reply::Code;

/// A job of 50 kW and an hour on the way up to the meter (W).
const JOB: f64 = 1.059 * 50e3;

fn highest(yard: &Yard) -> f64 {
    yard.quarters().into_iter().fold(0.0, f64::max)
}

/// A minute of a day on which 80 kW more flow from ten to noon than else (W).
fn day(minute: u64) -> f64 {
    if (600..720).contains(&(minute % 1440)) { 480e3 } else { 400e3 }
}

#[test]
fn a_job_that_lets_a_plan_choose_waits_until_a_peak_is_over_that_it_would_have_raised() {
    let mut yard = Yard::untargeted();
    // Yesterday, and today to 09:50.
    yard.run(1440 + 590, |second| day(second / 60));
    let before = highest(&yard);
    let of = wish(&yard, (50e3, 60), minute(1440 + 1080));
    assert_eq!(acquire(&mut yard, &of).code, Code::Queued);
    live(&mut yard, 1, day(590));
    let view = yard.control.ahead().expect("followed");
    let target = view.targets_w[0].expect("a target");
    assert!((target - before).abs() < 3e3, "nothing above what is paid: {target} and {before}");
    let [job] = view.jobs.as_slice() else { panic!("{:?}", view.jobs) };
    let saves = job.why.peak.expect("by its peak");
    assert!(job.why.reason == "cheaper" && (saves - 10.0 * JOB / 1e3).abs() < 60.0, "a kW costs 10: {job:?}");
    for at in 591..591 + 420 {
        live(&mut yard, 1, day(at));
    }
    let most = highest(&yard);
    assert!(most < before + 500.0, "{most} and {before}");
    // The quarters from 12:00 to 16:45.
    let noon = yard.quarters().len() - 19;
    let all: f64 = yard.quarters()[noon..].iter().map(|watts| (watts - 400e3) / 4e3).sum();
    assert!((all - 50.0).abs() < 1.0, "no GPU-hour is lost: {all} kWh after noon");
}

#[test]
fn who_lets_no_plan_choose_is_not_held_for_a_peak_that_no_target_forbids() {
    let mut yard = Yard::untargeted();
    yard.run(20, |_| 400e3);
    let of = wish(&yard, (50e3, 60), minute(480));
    assert_eq!(acquire(&mut yard, &of).code, Code::Queued);
    live(&mut yard, 3, 400e3);
    let now = Wish { times: Times { plan: false, ..of.times }, ..of.clone() };
    assert_eq!(acquire(&mut yard, &now).code, Code::Granted, "what it would lose by waiting nobody has weighed");
    live(&mut yard, 2, 400e3);
    let may: f64 = yard.control.leases(0).expect("may be asked").leases.iter().map(|of| of.may_w).sum();
    assert!(may >= 50e3, "{may}");
}
