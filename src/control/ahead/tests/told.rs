//! What the plan that is followed says of itself, through whole scans of a controller.

use plant::time::Wall;

use super::jobs::{HOURS, acquire, live, minute, wish};
use super::pauses::pausable;
use crate::control::ahead::view::{AheadJob, AheadView};
use crate::control::battery::tests::yard::{TARGET, Yard, between};

fn seen(yard: &Yard) -> AheadView {
    yard.control.ahead().expect("a plan is followed")
}

/// A hall of 400 kW, and the plan for jobs of 50 kW and an hour that were asked for at 00:20, one a minute.
fn asked(base: f64, jobs: usize, by: Wall) -> (Yard, AheadView) {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(20, |_| base);
    let of = wish(&yard, (50e3, 60), by);
    for _ in 0..jobs {
        acquire(&mut yard, &of);
        yard.run(2, |_| base);
    }
    let seen = seen(&yard);
    (yard, seen)
}

fn clocks(job: &AheadJob) -> Vec<(&str, &str)> {
    job.runs.iter().map(|(from, to)| (&from[11..16], &to[11..16])).collect()
}

#[test]
fn a_job_that_waits_for_cheap_hours_is_told_which_and_by_how_much_they_are_cheaper() {
    let (_, view) = asked(400e3, 1, minute(360));
    let [job] = view.jobs.as_slice() else { panic!("{:?}", view.jobs) };
    assert_eq!((job.client.as_str(), job.job.as_str(), job.begun), ("slurm", "train", false));
    assert!(job.request.starts_with('r') && job.lease_id.contains('-'), "{job:?}");
    assert_eq!(clocks(job), [("02:00", "03:00")]);
    assert_eq!(job.why.reason, "cheaper");
    // An hour of 50 kW and what is lost on the way, at 0.05 in place of 0.5.
    let energy = job.why.energy.expect("how much");
    assert!((energy - 1.059 * 50.0 * 0.45).abs() < 0.05, "{energy}");
    assert_eq!((&job.held_by, &job.short), (&None, &None), "{job:?}");
    let [said] = job.said.as_slice() else { panic!("{job:?}") };
    assert!(
        said.starts_with("23.8") && said.contains("EUR cheaper than as early as limits allow (energy 23.8"),
        "{said}"
    );
}

#[test]
fn a_quarter_of_an_hour_is_told_what_one_more_kw_costs_in_it_and_what_is_in_its_way() {
    let (mut yard, view) = asked(400e3, 1, minute(360));
    assert_eq!((view.slots.len(), view.currency.as_str()), (144, "EUR"));
    // 300 kW are free below the target of the hall's file. From 02:00 on a quarter of a kWh costs a tenth of what it costs before.
    let [dear, cheap] = [2, 7].map(|n| &view.slots[n]);
    assert!((0.125..0.136).contains(&dear.one_more), "and what a kW of the peak costs at the most: {dear:?}");
    assert!((0.0125..0.0226).contains(&cheap.one_more), "{cheap:?}");
    let full = "a target of the hall's file";
    assert!(view.slots.iter().all(|slot| !slot.reached.iter().any(|of| of == full)), "{dear:?}");
    // From 04:00 to 05:00 the grid leaves nothing above what flows.
    yard.ask(between(400e3, (minute(240), Some(minute(300)))));
    yard.run(17, |_| 400e3);
    let view = seen(&yard);
    let at = |clock: &str| view.slots.iter().find(|slot| slot.from[11..16] == *clock).expect("it is ahead");
    let asks = |clock: &str| at(clock).reached.iter().any(|of| of == "what a grid or a budget asks");
    assert_eq!(["03:45", "04:00", "04:45", "05:00"].map(asks), [false, true, true, false], "{:?}", at("04:00"));
}

#[test]
fn a_job_that_cannot_be_done_by_its_deadline_is_told_how_much_is_missing_and_by_which_limit() {
    // There is room for one of 50 kW. The first begins at once, in one piece; until 01:50 there is no time for another after it.
    let (_, view) = asked(TARGET - 75e3, 2, minute(110));
    let [short] = view.jobs.as_slice() else { panic!("{:?}", view.jobs) };
    let missing = short.short.as_ref().expect("nothing of it fits");
    assert!((missing.wh - 50e3).abs() < 1.0, "{missing:?}");
    assert_eq!((missing.limit.as_str(), short.why.reason.as_str()), ("a target of the hall's file", "not"));
    assert_eq!(short.said, ["short of 50.0 kWh because of a target of the hall's file"]);
    assert!(short.runs.is_empty(), "{short:?}");
}

#[test]
fn what_has_begun_is_told_when_it_pauses_and_what_is_over_is_told_no_more() {
    let mut yard = Yard::lending(0, super::pauses::HOURS);
    yard.run(20, |_| 400e3);
    let of = pausable(&yard, 120, 720);
    acquire(&mut yard, &of);
    live(&mut yard, 131, 400e3);
    let view = seen(&yard);
    let [job] = view.jobs.as_slice() else { panic!("{:?}", view.jobs) };
    assert!(job.begun, "since 02:00");
    assert_eq!(clocks(job), [("02:30", "03:00"), ("04:00", "05:00")], "{job:?}");
    live(&mut yard, 180, 400e3);
    assert!(yard.control.ahead().expect("kept").jobs.is_empty(), "it is done");
    // Who goes on from a snapshot says the same.
    let (yard, view) = asked(400e3, 1, minute(360));
    assert_eq!(yard.restored().control.ahead(), Some(view));
}
