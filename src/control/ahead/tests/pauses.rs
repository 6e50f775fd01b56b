//! Jobs that have begun, through whole scans of a controller: the plan pauses them while energy is dear.

use plant::time::Span;

use super::jobs::{acquire, live, minute, month, wish};
use crate::control::battery::tests::yard::Yard;
use crate::control::ledger::message::{Class, Flex, Wish};
use crate::control::ledger::notices::{Cause, Notice, Tidings};

/// Cheap from 02:00 to 03:00 and from 04:00 to 05:00.
pub(super) const HOURS: &str = r#"
[[energy]]
name = "all"
[[energy.period]]
name = "cheap"
hours = ["02:00-03:00", "04:00-05:00"]
price = 0.05
[[energy.period]]
name = "dear"
hours = ["03:00-04:00"]
price = 0.5
[[energy.period]]
name = "else"
price = 0.2
"#;

/// A job of so many minutes that saves every ten and may be paused.
pub(super) fn pausable(yard: &Yard, minutes: u64, by: i64) -> Wish {
    let flex = Flex { checkpoint: Span::from_secs(600), ..Flex::default() };
    Wish { class: Class::Interruptible, flex, ..wish(yard, (50e3, minutes), minute(by)) }
}

/// A hall of 400 kW in which one of two hours was asked for at 00:20, to be done by noon.
fn asked() -> Yard {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(20, |_| 400e3);
    let of = pausable(&yard, 120, 720);
    acquire(&mut yard, &of);
    yard
}

fn told(yard: &Yard) -> Vec<Notice> {
    let all = yard.control.leases(0).expect("may be asked").notices;
    let plain = |of: &Notice| !matches!(of.tidings, Tidings::Answered | Tidings::Stop);
    all.into_iter().map(|(.., notice)| notice).filter(plain).collect()
}

/// What flowed above the base in each hour (kWh).
fn hours(yard: &Yard, base: f64) -> Vec<f64> {
    // The first quarter was not seen whole.
    let quarters: Vec<f64> = std::iter::once(base).chain(yard.quarters()).collect();
    quarters.chunks(4).map(|hour| hour.iter().map(|watts| (watts - base) / 4e3).sum()).collect()
}

#[test]
fn a_job_that_may_be_paused_runs_in_both_cheap_hours_and_not_between() {
    let mut yard = asked();
    live(&mut yard, 400, 400e3);
    let hours = hours(&yard, 400e3);
    let all: f64 = hours.iter().sum();
    assert!((all - 100.0).abs() < 1.0, "two hours of 50 kW, {hours:?}");
    assert!(hours[2] > 49.9 && hours[3] < 0.1 && hours[4] > 49.9, "{hours:?}");
    let [pause, restore] = told(&yard)[..] else { panic!("{:?}", told(&yard)) };
    assert_eq!((pause.tidings, pause.cause, restore.tidings), (Tidings::Pause, Cause::Tariff, Tidings::Restore));
    assert_eq!(pause.effective, minute(180), "it has just saved what it did");
    assert_eq!(restore.effective, minute(240), "{restore:?}");
    // Without control it would have run from 00:20 to 02:20.
    let of = month(&yard);
    let (saved, cost) = (of.energy_wh.saved, of.cost.expect("priced").saved);
    assert!(saved.abs() < 100.0, "over its life it draws the same: {:?}", of.energy_wh);
    let dear = hours[5] * 0.2 + (hours[2] + hours[4]) * 0.05;
    assert!((cost - 1.059 * (50.0 * (100.0 * 0.2 + 20.0 * 0.05) / 60.0 - dear)).abs() < 0.5, "{cost}");
}

#[test]
fn one_that_has_no_time_to_spare_or_is_firm_runs_through() {
    for (class, by) in [(Class::Interruptible, 120 + 125), (Class::Firm, 720), (Class::Curtailable, 720)] {
        let mut yard = Yard::lending(0, HOURS);
        yard.run(115, |_| 400e3);
        let of = Wish { class, ..pausable(&yard, 120, by) };
        acquire(&mut yard, &of);
        live(&mut yard, 260, 400e3);
        assert_eq!(told(&yard), [], "{class:?}");
        assert!((hours(&yard, 400e3).iter().sum::<f64>() - 100.0).abs() < 1.0, "{class:?}");
    }
}

#[test]
fn without_newer_plans_it_goes_on_as_it_was_told() {
    let mut yard = asked();
    live(&mut yard, 170, 400e3);
    assert_eq!(told(&yard).len(), 1);
    yard.answers = false;
    live(&mut yard, 200, 400e3);
    let restore = told(&yard).pop().expect("told");
    assert_eq!(restore.tidings, Tidings::Restore);
    assert!((minute(240).0..minute(240).0 + 2_000).contains(&restore.effective.0), "{restore:?}");
    assert!((hours(&yard, 400e3).iter().sum::<f64>() - 100.0).abs() < 1.0);
}

#[test]
fn what_runs_and_may_pause_is_planned_anew_and_counted_once() {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(110, |_| 400e3);
    let of = pausable(&yard, 120, 720);
    acquire(&mut yard, &of);
    live(&mut yard, 30, 400e3);
    let question = yard.control.question().expect("it runs");
    let job = &question.problem.jobs[0];
    // It began at 02:00, and its end is 04:00: eight quarters from 02:15 less the one that is gone.
    assert_eq!((job.running, job.slots, job.notice, job.interruptible), (1, 7, 3, true), "{job:?}");
    assert_eq!((job.min_run, job.checkpoint, job.release, job.deadline), (4, 1, 0, 38));
    let slot = |n: usize| question.problem.slots[n];
    assert!((slot(0).base - 400.0).abs() < 2.0 && (slot(30).base - 400.0).abs() < 2.0, "{:?}", slot(0));
}
