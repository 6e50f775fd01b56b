//! Requests that name a window: when they begin, when they do not, and what they leave to others.

use jiff::Timestamp;
use plant::event::What;
use plant::time::{Mono, Span, Wall};

use super::*;
use crate::control::ledger::message::{Accept, Inside, LeaseId, Wish};

/// An instant.
pub fn at(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().expect("an instant").as_millisecond())
}

/// The same, in the nights of Berlin.
pub fn tonight(of: Wish, (early, fit): (bool, bool)) -> Wish {
    Wish { inside: Some(Inside { window: "night".to_owned(), early, fit }), ..of }
}

/// The next scan is at an instant.
pub fn to(rig: &mut Rig, next: Wall) {
    let passed = u64::try_from(next.0 - rig.tick.wall.0).expect("later") - 1000;
    rig.tick.mono = Mono(rig.tick.mono.0 + passed * 1_000_000);
    rig.tick.wall = Wall(next.0 - 1000);
    rig.pass(1);
}

const HOUR: u64 = 3600;

fn state(rig: &mut Rig, lease: Option<LeaseId>) -> String {
    let lease = lease.expect("a lease");
    let found = rig.ledger.show(0, |_| "");
    let all = found.leases.into_iter().chain(found.waiting);
    all.filter(|of| of.lease_id == lease.to_string()).map(|of| of.state).collect()
}

#[test]
fn a_job_waits_for_its_window_and_begins_when_that_opens() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let item = rig.acquire("slurm", tonight(now_for(6 * HOUR, wish(feed, 50e3)), (false, true)));
    let opens = at("2027-01-15T21:00:00Z");
    assert_eq!((item.outcome.code, item.outcome.why), (Code::Queued, Why::Window));
    assert_eq!((item.outcome.earliest, item.outcome.position), (Some(opens), Some(1)));
    let view = item.lease.expect("it waits");
    assert_eq!((view.waits_for, view.window.as_deref()), (Some(Why::Window), Some("night")));
    to(&mut rig, at("2027-01-15T20:59:59Z"));
    let view = rig.ledger.show(0, |_| "").waiting.remove(0);
    assert_eq!((view.state.as_str(), view.start_ms), ("waiting", Some(opens.0)));
    to(&mut rig, opens);
    let held = rig.ledger.show(0, |_| "");
    assert!(held.waiting.is_empty());
    assert_eq!(held.leases[0].schedule.first(), Some(&(opens.0, 50e3)));
    assert_eq!(held.leases[0].end_ms, Some(at("2027-01-16T03:00:00Z").0));
    assert_eq!((held.answers.len(), held.answers[0].items[0].outcome.code), (1, Code::Granted));
}

#[test]
fn what_would_outlast_its_window_waits_for_the_next_unless_it_may() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    to(&mut rig, at("2027-01-16T00:00:00Z"));
    let six = || now_for(6 * HOUR, wish(feed, 1e3));
    let item = rig.acquire("slurm", tonight(six(), (false, true)));
    assert_eq!((item.outcome.code, item.outcome.earliest), (Code::Queued, Some(at("2027-01-16T21:00:00Z"))));
    assert_eq!(rig.acquire("slurm", tonight(six(), (false, false))).outcome.code, Code::Granted);
    let five = now_for(5 * HOUR, wish(feed, 1e3));
    assert_eq!(rig.acquire("slurm", tonight(five, (false, true))).outcome.code, Code::Granted);
    let nine = now_for(9 * HOUR, wish(feed, 1e3));
    let never = rig.acquire("slurm", tonight(nine, (false, true))).outcome;
    assert_eq!((never.code, never.why, never.lease), (Code::Denied, Why::Window, None));
    // The night in which clocks go forward has seven hours, the one in which they go back nine.
    let eight = || tonight(now_for(8 * HOUR, wish(feed, 1e3)), (false, true));
    to(&mut rig, at("2027-03-27T21:00:00Z"));
    assert_eq!(rig.acquire("slurm", eight()).outcome.earliest, Some(at("2027-03-28T20:00:00Z")));
    to(&mut rig, at("2027-10-30T21:00:00Z"));
    assert_eq!(rig.acquire("slurm", eight()).outcome.code, Code::Granted, "an hour after the window opened");
}

#[test]
fn a_deadline_that_no_opening_keeps_is_denied_at_once() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let mut of = tonight(now_for(HOUR, wish(feed, 1e3)), (false, true));
    of.times.deadline = Some(at("2027-01-15T21:59:00Z"));
    let outcome = rig.acquire("slurm", of.clone()).outcome;
    assert_eq!((outcome.code, outcome.why), (Code::Denied, Why::Window));
    assert_eq!(outcome.earliest, Some(at("2027-01-15T21:00:00Z")));
    of.times.deadline = Some(at("2027-01-15T22:00:00Z"));
    let lease = rig.acquire("slurm", of).outcome.lease;
    to(&mut rig, at("2027-01-15T21:00:00Z"));
    assert_eq!(state(&mut rig, lease), "held");
    let mut gone = tonight(wish(feed, 1e3), (false, false));
    gone.inside.iter_mut().for_each(|of| of.window = "lunch".to_owned());
    assert_eq!(rig.acquire("slurm", gone).outcome.why, Why::Window, "a window that the hall does not have");
}

#[test]
fn who_waits_for_the_night_leaves_the_day_to_others() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(100.8e3));
    let lease = rig.acquire("slurm", tonight(now_for(6 * HOUR, wish(feed, 100e3)), (false, true))).outcome.lease;
    rig.pass(20);
    assert_eq!(rig.acquire("kueue", now_for(2 * HOUR, wish(feed, 100e3))).outcome.code, Code::Granted);
    to(&mut rig, at("2027-01-15T20:00:00Z"));
    rig.pass(200);
    // What would reach into the night does not overtake it.
    assert_eq!(rig.acquire("kueue", now_for(HOUR, wish(feed, 100e3))).outcome.code, Code::Retry);
    assert_eq!(rig.acquire("kueue", wish(feed, 1e3)).outcome.code, Code::Retry);
    assert_eq!(rig.acquire("kueue", now_for(600, wish(feed, 100e3))).outcome.code, Code::Granted);
    to(&mut rig, at("2027-01-15T21:00:00Z"));
    assert_eq!(state(&mut rig, lease), "held");
}

#[test]
fn early_is_before_the_window_with_what_nobody_else_waits_for() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(100.8e3));
    let early = || tonight(now_for(HOUR, wish(feed, 40e3)), (true, true));
    let first = rig.acquire("slurm", early()).outcome;
    assert_eq!(first.code, Code::Granted, "there is room");
    let accept = Accept { wait: Span::from_secs(20_000), ..Accept::default() };
    let waits = rig.acquire("kueue", Wish { accept, priority: 200, ..now_for(HOUR, wish(feed, 80e3)) }).outcome;
    assert_eq!(waits.code, Code::Queued);
    let urgent = Wish { priority: 1, ..early() };
    let second = rig.acquire("slurm", urgent).outcome;
    assert_eq!((second.code, second.why), (Code::Queued, Why::Feed), "60 kW are free, and somebody waits for 80");
    rig.release("slurm", first.lease.expect("a lease"));
    rig.pass(130);
    assert_eq!((state(&mut rig, waits.lease), state(&mut rig, second.lease)), ("held".into(), "waiting".into()));
}

#[test]
fn by_a_clock_that_may_be_wrong_nothing_begins_that_names_a_time_and_it_is_told_once() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let lives = rig.acquire("slurm", wish(feed, 1e3)).outcome.lease;
    let before = rig.acquire("slurm", tonight(wish(feed, 1e3), (false, false))).outcome.lease;
    rig.tick.clock_trusted = false;
    rig.pass(5);
    let early = rig.acquire("slurm", tonight(wish(feed, 1e3), (true, false)));
    assert_eq!((early.outcome.code, early.outcome.why), (Code::Queued, Why::Clock));
    let accept = Accept { wait: Span::from_secs(HOUR), ..Accept::default() };
    let mut dated = Wish { accept, ..wish(feed, 1e3) };
    dated.times.deadline = Some(at("2027-01-15T09:00:00Z"));
    let dated = rig.acquire("slurm", dated).outcome;
    assert_eq!((dated.code, dated.why), (Code::Queued, Why::Clock));
    // The wall clock says that it is night.
    rig.tick.wall = at("2027-01-15T23:00:00Z");
    rig.pass(20);
    let view = rig.ledger.show(0, |_| "");
    assert_eq!(view.waiting.iter().map(|of| of.waits_for).collect::<Vec<_>>(), vec![Some(Why::Clock); 3]);
    assert_eq!((view.leases.len(), state(&mut rig, lives)), (1, "held".to_owned()));
    let told = |rig: &Rig| -> Vec<bool> {
        let of = |what: What| if let What::Lease(LeaseNews::ClockHolds(doubted)) = what { Some(doubted) } else { None };
        rig.events.iter().filter_map(|event| of(event.what)).collect()
    };
    assert_eq!(told(&rig), [true]);
    rig.restart(None);
    rig.pass(20);
    assert_eq!((told(&rig), rig.ledger.waits().count()), (vec![true], 3), "a restart begins nothing and loses nothing");
    rig.tick.clock_trusted = true;
    rig.tick.wall = at("2027-01-15T08:10:00Z");
    rig.pass(3);
    assert_eq!(told(&rig), [true, false]);
    assert_eq!(state(&mut rig, before), "waiting", "it was no night");
    let held = |rig: &mut Rig, lease| state(rig, lease) == "held";
    assert!(held(&mut rig, early.outcome.lease) && held(&mut rig, dated.lease));
    to(&mut rig, at("2027-01-15T21:00:00Z"));
    rig.pass(1);
    assert!(held(&mut rig, before));
}

#[test]
fn what_waits_for_a_clock_and_for_no_window_is_not_overtaken_once_that_is_believed() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(101e3));
    rig.acquire("kueue", wish(feed, 60e3));
    rig.tick.clock_trusted = false;
    rig.pass(1);
    let accept = Accept { wait: Span::from_secs(3 * HOUR), ..Accept::default() };
    let mut dated = Wish { accept, ..wish(feed, 80e3) };
    dated.times.deadline = Some(at("2027-01-15T12:00:00Z"));
    assert_eq!(rig.acquire("slurm", dated).outcome.why, Why::Clock);
    rig.tick.clock_trusted = true;
    rig.pass(5);
    assert_eq!(rig.acquire("kueue", wish(feed, 20e3)).outcome.code, Code::Retry, "that room is his who came first");
}
