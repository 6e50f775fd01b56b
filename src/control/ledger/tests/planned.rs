//! Jobs that let a plan choose when they begin.

use plant::plan::{Arrived, Start};
use plant::time::{Span, Wall};

use super::nights::{at, to, tonight};
use super::*;
use crate::control::ledger::message::{LeaseId, Times, Wish};
use crate::control::ledger::planned::Hold;
use crate::control::term::later;

const HOUR: u64 = 3600;

/// One of two hours that must be done in six.
fn flexible(rig: &Rig) -> Wish {
    let deadline = Some(later(rig.tick.wall, Span::from_secs(6 * HOUR)));
    let of = now_for(2 * HOUR, wish(rig.feed("pdu-a1"), 50e3));
    Wish { times: Times { deadline, plan: true, ..of.times }, ..of }
}

fn planning() -> Rig {
    let mut rig = Rig::new();
    rig.plans = true;
    rig
}

fn says(rig: &mut Rig, starts: &[(Option<LeaseId>, Wall)]) {
    let start = |(id, at): &(Option<LeaseId>, Wall)| id.map(|of| Start { epoch: of.epoch, number: of.number, at: *at });
    let (from, at) = (rig.tick.wall, rig.tick.wall);
    let plan = Arrived { from, at, starts: starts.iter().filter_map(start).collect(), ..Arrived::default() };
    rig.ledger.follow(&plan);
}

fn begun(rig: &Rig) -> Vec<Wall> {
    rig.ledger.leases().map(|of| of.steps[0].start).collect()
}

fn after(rig: &Rig, seconds: u64) -> Wall {
    later(rig.tick.wall, Span::from_secs(seconds))
}

#[test]
fn a_job_is_held_to_the_start_that_a_plan_names_and_its_start_is_its_grant() {
    let mut rig = planning();
    let of = flexible(&rig);
    let item = rig.acquire("slurm", of);
    assert_eq!((item.outcome.code, item.outcome.why), (Code::Queued, Why::Plan));
    let start = after(&rig, HOUR / 2);
    says(&mut rig, &[(item.outcome.lease, start)]);
    rig.pass(1);
    let view = rig.ledger.show(0, |_| "").waiting.remove(0);
    assert_eq!((view.waits_for, view.start_ms), (Some(Why::Plan), Some(start.0)));
    to(&mut rig, Wall(start.0 - 1000));
    assert_eq!(begun(&rig), []);
    to(&mut rig, start);
    assert_eq!(begun(&rig), [start]);
    assert_eq!(rig.ledger.leases[0].end, Some(later(start, Span::from_secs(2 * HOUR))));
}

#[test]
fn without_a_plan_it_begins_as_room_allows_two_minutes_later() {
    let mut rig = planning();
    let of = flexible(&rig);
    let asked = rig.tick.wall;
    rig.acquire("slurm", of.clone());
    rig.pass(119);
    assert_eq!(begun(&rig), []);
    rig.pass(1);
    assert_eq!(begun(&rig), [later(asked, Span::from_secs(120))]);
    // Where nobody plans it begins at once.
    rig.plans = false;
    assert_eq!(rig.acquire("slurm", of).outcome.code, Code::Granted);
}

#[test]
fn a_plan_that_does_not_name_it_or_grows_old_holds_nobody() {
    let mut rig = planning();
    let of = flexible(&rig);
    let first = rig.acquire("slurm", of.clone()).outcome.lease;
    let second = rig.acquire("slurm", of).outcome.lease;
    rig.pass(1);
    let never = after(&rig, 3 * HOUR);
    says(&mut rig, &[(second, never)]);
    let old = after(&rig, 45 * 60);
    rig.pass(1);
    assert_eq!(rig.ledger.leases().map(|of| Some(of.id)).collect::<Vec<_>>(), [first]);
    to(&mut rig, Wall(old.0 - 1000));
    assert_eq!(begun(&rig).len(), 1);
    to(&mut rig, old);
    assert_eq!(begun(&rig).get(1), Some(&old), "no newer plan came");
}

#[test]
fn nobody_is_held_by_a_clock_that_was_set_back() {
    let now = Wall(1_800_000_000_000);
    let back = |minutes: i64| Wall(now.0 - 60_000 * minutes);
    let hold = Hold::asked(now);
    assert!(hold.holds(now, None) && hold.holds(back(43), None));
    assert!(!hold.holds(back(44), None) && !hold.holds(back(600), None));
}

#[test]
fn who_came_after_the_question_waits_for_the_next_plan() {
    let mut rig = planning();
    let asked = rig.tick.wall;
    rig.pass(5);
    let of = flexible(&rig);
    rig.acquire("slurm", of);
    rig.ledger.follow(&Arrived { at: asked, ..Arrived::default() });
    rig.pass(60);
    assert_eq!(begun(&rig), []);
}

#[test]
fn no_plan_holds_a_job_past_the_last_minute_in_which_it_may_begin() {
    let mut rig = planning();
    let mut of = flexible(&rig);
    of.times.duration = Some(Span::from_secs(6 * HOUR - 1200));
    let latest = of.times.latest().expect("it has a deadline");
    let lease = rig.acquire("slurm", of).outcome.lease;
    let far = after(&rig, 5 * HOUR);
    says(&mut rig, &[(lease, far)]);
    to(&mut rig, Wall(latest.0 - 61_000));
    assert_eq!(begun(&rig), []);
    to(&mut rig, Wall(latest.0 - 60_000));
    assert_eq!(begun(&rig), [Wall(latest.0 - 60_000)]);
}

#[test]
fn until_it_begins_others_may_have_its_room_and_then_not() {
    let mut rig = planning();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(60e3));
    let of = flexible(&rig);
    let lease = rig.acquire("slurm", of).outcome.lease;
    let start = after(&rig, HOUR);
    says(&mut rig, &[(lease, start)]);
    rig.pass(1);
    // Half an hour and what a lease stays charged for are over before; two hours are not.
    assert_eq!(rig.acquire("kueue", now_for(HOUR / 2, wish(feed, 40e3))).outcome.code, Code::Granted);
    let other = rig.acquire("kueue", now_for(2 * HOUR, wish(feed, 15e3))).outcome;
    assert_eq!((other.code, other.why), (Code::Retry, Why::Feed));
}

#[test]
fn a_job_with_a_window_is_planned_within_it_and_none_is_begun_by_a_doubted_clock() {
    let mut rig = planning();
    let of = now_for(2 * HOUR, wish(rig.feed("pdu-a1"), 50e3));
    let of = tonight(Wish { times: Times { plan: true, ..of.times }, ..of }, (false, true));
    let item = rig.acquire("slurm", of);
    assert_eq!((item.outcome.code, item.outcome.why), (Code::Queued, Why::Window));
    to(&mut rig, at("2027-01-15T20:58:00Z"));
    let start = at("2027-01-15T21:40:00Z");
    says(&mut rig, &[(item.outcome.lease, start)]);
    rig.tick.clock_trusted = false;
    to(&mut rig, at("2027-01-15T21:41:00Z"));
    assert_eq!(begun(&rig), []);
    rig.tick.clock_trusted = true;
    rig.pass(1);
    assert_eq!(begun(&rig), [rig.tick.wall]);
}
