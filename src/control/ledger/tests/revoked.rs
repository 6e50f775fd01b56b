//! What is lowered, for whom, with which notice, and how it comes back.

use plant::time::Span;

use super::*;
use crate::control::ledger::message::{Accept, Flex, Wish};
use crate::control::ledger::notices::Cause;

fn bends(rig: &Rig, class: Class, priority: i32) -> Wish {
    let flex = Flex { floor: 20e3, shed: Span::from_secs(90), ..Flex::default() };
    Wish { class, priority, flex, ..wish(rig.feed("pdu-a1"), 50e3) }
}

fn waits(of: Wish, seconds: u64) -> Wish {
    Wish { accept: Accept { wait: Span::from_secs(seconds), ..of.accept }, ..of }
}

#[test]
fn somebody_more_important_gets_what_others_may_give_after_their_notice() {
    let mut rig = Rig::new();
    rig.limit("pdu-a1", Some(151.2e3));
    for (class, priority) in [(Class::Firm, 300), (Class::Curtailable, 200), (Class::Interruptible, 150)] {
        let of = bends(&rig, class, priority);
        assert_eq!(rig.acquire("slurm", of).outcome.code, Code::Granted);
    }
    let urgent = Wish { priority: 10, ..wish(rig.feed("pdu-a1"), 60e3) };
    assert_eq!(rig.acquire("kueue", urgent.clone()).outcome.code, Code::Retry, "who does not wait lowers nobody");
    assert_eq!(rig.acquire("kueue", waits(urgent.clone(), 60)).outcome.code, Code::Queued);
    assert!(rig.notices().is_empty(), "nor who does not wait long enough");
    rig.pass(61);
    assert_eq!(rig.notices().last().map(|of| of.tidings), Some(Tidings::Answered), "that is over");
    let equal = Wish { priority: 150, ..urgent.clone() };
    rig.acquire("kueue", waits(equal, 900));
    assert_eq!(rig.notices().len(), 1, "nor who is no more important");
    let item = rig.acquire("kueue", waits(urgent, 900));
    let lowered = rig.notices().split_off(1);
    let told: Vec<_> = lowered.iter().map(|of| (of.tidings, of.watts, of.cause, of.emergency)).collect();
    assert_eq!(told, [(Tidings::Reduce, 20e3, Cause::Priority, false), (Tidings::Pause, 0.0, Cause::Priority, false)]);
    let now = rig.ledger.now();
    let (notice, tail) = (Span::from_secs(90), tail(&rig.ground.rules));
    let after = |span: Span| crate::control::term::later(now, span);
    assert!(lowered.iter().all(|of| of.effective == after(notice) && of.hard > of.effective));
    assert_eq!(item.outcome.earliest, Some(after(Span::from_nanos(notice.nanos() + tail.nanos()))));
    rig.pass(208);
    assert_eq!(rig.reserved("pdu-a1"), 151.2e3, "charged until they have come down");
    rig.pass(62);
    assert_eq!(rig.notices().last().map(|of| of.tidings), Some(Tidings::Answered));
}

#[test]
fn a_feed_that_may_carry_less_lowers_who_bends_and_restores_them_later() {
    let mut rig = Rig::new();
    for (class, priority) in [(Class::Firm, 300), (Class::Curtailable, 200), (Class::Interruptible, 150)] {
        let of = bends(&rig, class, priority);
        rig.acquire("slurm", of);
    }
    rig.limit("pdu-a1", Some(100e3));
    rig.pass(3);
    let told: Vec<_> = rig.notices().iter().map(|of| (of.tidings, of.watts, of.cause)).collect();
    let grid = Cause::GridTarget;
    assert_eq!(told, [(Tidings::Reduce, 20e3, grid), (Tidings::Pause, 0.0, grid)], "the least important first");
    rig.pass(600);
    assert_eq!(rig.notices().len(), 2, "nothing comes back while the limit holds");
    rig.limit("pdu-a1", None);
    let restored = |rig: &Rig| rig.notices().iter().skip(2).map(|of| (of.tidings, of.watts, of.lease.number)).collect();
    // 50.4 kW of 380 are 0.1326: at a tenth in a minute the next one waits for 79.6 s.
    for (seconds, number) in [(1, 3), (79, 3), (1, 2)] {
        rig.pass(seconds);
        let told: Vec<_> = restored(&rig);
        assert_eq!(told.last(), Some(&(Tidings::Restore, 50e3, number)), "{told:?}");
    }
    let told: Vec<_> = restored(&rig);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(rig.ledger.leases().map(|of| of.seq).collect::<Vec<_>>(), [1, 3, 3]);
}

#[test]
fn what_has_just_begun_or_was_lowered_often_enough_is_left_alone() {
    let mut rig = Rig::new();
    let mut of = bends(&rig, Class::Interruptible, 200);
    (of.flex.min_run, of.flex.max_pauses) = (Span::from_secs(100), Some(1));
    rig.acquire("slurm", of);
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(90);
    assert!(rig.notices().is_empty());
    rig.pass(20);
    assert_eq!(rig.notices().len(), 1);
    rig.limit("pdu-a1", None);
    rig.pass(500);
    assert_eq!(rig.notices().len(), 2, "restored");
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(20);
    assert_eq!(rig.notices().len(), 2, "once is as often as may be");
}

#[test]
fn above_what_a_feed_itself_carries_nobody_waits_for_a_notice() {
    let mut rig = Rig::new();
    let of = bends(&rig, Class::Interruptible, 200);
    rig.acquire("slurm", of);
    let limit = rig.hall.power.feeds[rig.feed("pdu-a1")].limit().0;
    rig.load("pdu-a1", Some(limit + 1e3));
    rig.pass(1);
    let notice = *rig.notices().last().expect("a notice");
    assert!(notice.emergency && notice.effective == rig.ledger.now());
    assert_eq!(notice.cause, Cause::Breaker);
}

#[test]
fn who_waits_grows_more_important() {
    let mut rig = Rig::new();
    rig.limit("pdu-a1", Some(50.4e3));
    let feed = rig.feed("pdu-a1");
    let lease = rig.acquire("slurm", wish(feed, 50e3)).outcome.lease.expect("a lease");
    let old = rig.acquire("kueue", waits(Wish { priority: 101, ..wish(feed, 50e3) }, 3000)).outcome.lease;
    for _ in 0..8 {
        rig.pass(100);
        rig.renew("slurm", lease);
    }
    rig.acquire("slurm", waits(wish(feed, 50e3), 3000));
    rig.release("slurm", lease);
    rig.pass(122);
    assert_eq!(rig.notices().last().map(|of| of.lease), old);
}
