//! Jobs that save what they have done are paused when they have.

use plant::time::{Span, Wall};

use super::*;
use crate::control::ledger::message::{Accept, Flex, Times, Wish};
use crate::control::term::later;

/// A job at `pdu-a1` that saves so often (s).
fn saves(rig: &Rig, class: Class, (every, floor): (u64, f64)) -> Wish {
    let flex = Flex { floor, checkpoint: Span::from_secs(every), ..Flex::default() };
    Wish { class, flex, priority: 200, ..wish(rig.feed("pdu-a1"), 50e3) }
}

fn after(from: Wall, seconds: u64) -> Wall {
    later(from, Span::from_secs(seconds))
}

/// From when on the lease is lowered that was granted now, where its feed may carry less a hundred seconds later (s after its grant).
fn lowered(of: impl FnOnce(&Rig) -> Wish, burns: bool) -> f64 {
    let mut rig = Rig::new();
    let (of, begin) = (of(&rig), rig.ledger.now());
    rig.acquire("slurm", of);
    rig.pass(100);
    if burns {
        rig.load("pdu-a1", Some(rig.hall.power.feeds[rig.feed("pdu-a1")].limit().0 + 1e3));
    } else {
        rig.limit("pdu-a1", Some(10e3));
    }
    rig.pass(1);
    let notice = rig.notices().pop().expect("a notice");
    assert!(notice.hard > notice.effective && notice.emergency == burns);
    notice.effective.since(begin).seconds()
}

#[test]
fn a_job_is_paused_when_it_has_saved_what_it_has_done_where_that_is_soon() {
    for (class, every, floor, burns, paused) in [
        (Class::Interruptible, 600, 0.0, false, 600.0),
        (Class::Interruptible, 23, 0.0, false, 161.0), // with the notice it is right then
        (Class::Interruptible, 50, 0.0, false, 200.0),
        (Class::Interruptible, 1061, 0.0, false, 1061.0), // a quarter of an hour
        (Class::Interruptible, 1062, 0.0, false, 161.0),
        (Class::Interruptible, 0, 0.0, false, 161.0),
        (Class::Interruptible, 600, 0.0, true, 101.0),
        (Class::Curtailable, 600, 0.0, false, 600.0),
        (Class::Curtailable, 600, 10e3, false, 161.0), // it goes on
    ] {
        assert_eq!(
            lowered(|rig| saves(rig, class, (every, floor)), burns),
            paused,
            "{class:?} {every} {floor} {burns}"
        );
    }
}

#[test]
fn after_a_restore_it_counts_from_that() {
    let mut rig = Rig::new();
    let of = Wish { ttl: Some(Span::from_secs(3600)), ..saves(&rig, Class::Interruptible, (400, 0.0)) };
    rig.acquire("slurm", of);
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(650);
    rig.limit("pdu-a1", None);
    rig.pass(150);
    let restored = rig.notices().pop().expect("a notice");
    assert_eq!(restored.tidings, Tidings::Restore);
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(1);
    assert_eq!(rig.notices().last().map(|of| of.effective), Some(after(restored.effective, 400)));
}

#[test]
fn who_cannot_wait_so_long_is_made_room_for_with_the_notice_alone() {
    for (wait, paused) in [(900, 600), (400, 161)] {
        let mut rig = Rig::new();
        rig.limit("pdu-a1", Some(60e3));
        let (of, begin) = (saves(&rig, Class::Interruptible, (600, 0.0)), rig.ledger.now());
        rig.acquire("slurm", of);
        rig.pass(101);
        let accept = Accept { wait: Span::from_secs(wait), ..Accept::default() };
        let urgent = Wish { priority: 1, accept, ..wish(rig.feed("pdu-a1"), 50e3) };
        let outcome = rig.acquire("kueue", urgent).outcome;
        let tail = tail(&rig.ground.rules);
        assert_eq!((outcome.code, outcome.earliest), (Code::Queued, Some(later(after(begin, paused), tail))), "{wait}");
        assert_eq!(rig.notices().pop().map(|of| of.effective), Some(after(begin, paused)));
    }
}

/// Nobody is lowered for who is too late all the same.
#[test]
fn a_deadline_that_would_pass_lowers_nobody() {
    let mut rig = Rig::new();
    rig.limit("pdu-a1", Some(60e3));
    let of = saves(&rig, Class::Interruptible, (0, 0.0));
    rig.acquire("slurm", of);
    let accept = Accept { wait: Span::from_secs(900), ..Accept::default() };
    let times = Times {
        duration: Some(Span::from_secs(600)),
        deadline: Some(after(rig.ledger.now(), 700)),
        ..Times::default()
    };
    let urgent = Wish { priority: 1, accept, times, ..wish(rig.feed("pdu-a1"), 50e3) };
    rig.acquire("kueue", urgent);
    assert!(rig.notices().iter().all(|of| of.tidings != Tidings::Pause), "{:?}", rig.notices());
}

#[test]
fn what_was_not_saved_is_lost_time_for_a_deadline() {
    for (every, lost) in [(600, 0.0), (0, 0.0), (1800, 161.0)] {
        let mut rig = Rig::new();
        let begin = rig.ledger.now();
        let times =
            Times { duration: Some(Span::from_secs(3600)), deadline: Some(after(begin, 9000)), ..Times::default() };
        let of = Wish { times, ..saves(&rig, Class::Interruptible, (every, 0.0)) };
        rig.acquire("slurm", of);
        rig.pass(100);
        rig.limit("pdu-a1", Some(10e3));
        rig.pass(5);
        let done = rig.ledger.show(0, |_| "").leases[0].done_ms.expect("known");
        assert_eq!(Wall(done).since(after(begin, 3600)).seconds(), lost, "{every}");
    }
}
