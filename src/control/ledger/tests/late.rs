//! Deadlines that will not be kept are told before they pass, and taken back.

use plant::event::{Event, LeaseNews, What};
use plant::time::Wall;

use super::*;
use crate::control::ledger::message::{Accept, Flex, Power, Times, Wish};
use crate::control::ledger::notices::Cause;
use crate::control::ledger::tree::Place;
use crate::control::term::later;

/// A job of an hour that may be paused, at `pdu-a1`, done within so long.
fn job(rig: &Rig, seconds: u64) -> Wish {
    let by = later(rig.ledger.now(), Span::from_secs(seconds));
    let times = Times { duration: Some(Span::from_secs(3600)), deadline: Some(by), ..Times::default() };
    Wish { class: Class::Interruptible, times, flex: Flex::default(), ..wish(rig.feed("pdu-a1"), 50e3) }
}

/// What was told of deadlines: to its client, with why, and as events.
fn told(rig: &Rig) -> (Vec<(Tidings, Cause)>, Vec<bool>) {
    let notices = rig.notices().into_iter().filter(|of| matches!(of.tidings, Tidings::Late | Tidings::InTime));
    let late =
        |event: &Event| if let What::Lease(LeaseNews::Late { late, .. }) = event.what { Some(late) } else { None };
    let events = rig.events.iter().filter_map(late);
    (notices.map(|of| (of.tidings, of.cause)).collect(), events.collect())
}

/// So long, and the lease is renewed.
fn pass(rig: &mut Rig, lease: LeaseId, seconds: u64) {
    for _ in 0..seconds / 100 {
        rig.pass(100);
        rig.renew("slurm", lease);
    }
}

#[test]
fn who_is_paused_for_too_long_as_far_as_is_known_is_told_at_once_and_again_when_he_is_not() {
    let mut rig = Rig::new();
    let of = job(&rig, 7200);
    let by = of.times.deadline.expect("a deadline");
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    pass(&mut rig, lease, 600);
    assert_eq!(told(&rig), (vec![], vec![]));
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(2);
    assert_eq!(told(&rig), (vec![(Tidings::Late, Cause::GridTarget)], vec![true]), "with the notice of its pause");
    let last = rig.notices().pop().expect("a notice");
    assert_eq!((last.hard, last.emergency), (by, false));
    let view = rig.ledger.show(0, |_| "").leases.remove(0);
    assert!(view.late && view.deadline_ms == Some(by.0) && view.seq == last.seq, "{view:?}");
    pass(&mut rig, lease, 1000);
    assert_eq!(told(&rig).0.len(), 1, "once");
    rig.limit("pdu-a1", None);
    rig.pass(1);
    let (notices, events) = told(&rig);
    assert_eq!((notices[1], events), ((Tidings::InTime, Cause::Restored), vec![true, false]));
    assert!(rig.notices().iter().any(|of| of.tidings == Tidings::Restore), "its rest was over");
}

#[test]
fn the_time_that_a_job_has_lost_is_given_back_where_there_is_room() {
    for (busy, longer) in [(false, true), (true, false)] {
        let mut rig = Rig::new();
        let of = job(&rig, 7200);
        let end = later(rig.ledger.now(), Span::from_secs(3600));
        let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
        if busy {
            // Somebody has all of it from then on.
            let not_before = Some(later(end, tail(&rig.ground.rules)));
            let of = wish(rig.feed("pdu-a1"), 0.9 * rig.hall.power.feeds[rig.feed("pdu-a1")].limit().0);
            let times = Times { not_before, ..Times::default() };
            assert_eq!(rig.acquire("kueue", Wish { times, ..of }).outcome.code, Code::Granted);
        }
        rig.limit("pdu-a1", Some(if busy { 40e3 } else { 10e3 }));
        pass(&mut rig, lease, 600);
        rig.limit("pdu-a1", None);
        pass(&mut rig, lease, 100);
        let view = rig.ledger.show(0, |_| "").leases.remove(0);
        let lost = view.done_ms.expect("known") - end.0;
        assert!((530_000..=545_000).contains(&lost) && view.may_w > 0.0, "paused for so long: {lost}");
        assert_eq!(view.end_ms, Some(if longer { end.0 + lost } else { end.0 }));
        assert_eq!(view.late, !longer, "what is left of it has no room before its deadline");
    }
}

#[test]
fn a_paused_job_does_not_end_before_its_deadline() {
    let mut rig = Rig::new();
    let of = job(&rig, 9000);
    let (by, begin) = (of.times.deadline.expect("a deadline"), rig.ledger.now());
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    pass(&mut rig, lease, 600);
    rig.limit("pdu-a1", Some(10e3));
    pass(&mut rig, lease, 3600);
    let view = rig.ledger.show(0, |_| "").leases.remove(0);
    assert_eq!((view.end_ms, view.may_w, view.state.as_str()), (Some(by.0), 0.0, "held"), "its hour is over");
    assert_eq!(rig.reserved("pdu-a1"), 0.0);
    rig.limit("pdu-a1", None);
    pass(&mut rig, lease, 100);
    let view = rig.ledger.show(0, |_| "").leases.remove(0);
    assert_eq!((view.end_ms, view.may_w, view.late), (view.done_ms, 50e3, false));
    // It ran for eleven minutes before its pause.
    let left = Wall(view.end_ms.expect("an end")).since(later(begin, Span::from_secs(600 + 3600)));
    assert!((2930.0..2950.0).contains(&left.seconds()), "{left}");
    rig.limit("pdu-a1", Some(10e3));
    pass(&mut rig, lease, 5000);
    assert!(rig.ledger.show(0, |_| "").leases.is_empty(), "and ends with it");
}

#[test]
fn a_job_without_time_to_spare_stays_late_and_has_what_is_left_until_its_deadline() {
    let mut rig = Rig::new();
    let of = job(&rig, 3900);
    let by = of.times.deadline.expect("a deadline");
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    rig.limit("pdu-a1", Some(10e3));
    pass(&mut rig, lease, 500);
    rig.limit("pdu-a1", None);
    pass(&mut rig, lease, 200);
    assert_eq!(told(&rig).1, [true]);
    let view = rig.ledger.show(0, |_| "").leases.remove(0);
    assert_eq!((view.late, view.end_ms, view.may_w), (true, Some(by.0), 50e3));
    assert!(view.done_ms > Some(by.0));
}

#[test]
fn less_than_was_wanted_is_late_from_the_begin_where_there_is_no_time_to_spare() {
    for (within, late) in [(3600, true), (4200, true), (4700, false)] {
        let mut rig = Rig::new();
        rig.limit("pdu-a1", Some(40e3));
        let of = job(&rig, within);
        let power = Power { least: 10e3, ..of.power };
        let of = Wish { power, accept: Accept { partial: true, ..of.accept }, ..of };
        assert_eq!(rig.acquire("slurm", of).outcome.code, Code::GrantedPartial);
        rig.limit("pdu-a1", None);
        rig.pass(1);
        assert_eq!(told(&rig).1, if late { vec![true] } else { vec![] }, "{within}");
    }
}

#[test]
fn who_waits_is_told_that_others_have_all_until_it_is_too_late_for_him() {
    let mut rig = Rig::new();
    rig.limit("pdu-a1", Some(60e3));
    let feed = rig.feed("pdu-a1");
    let other = rig.acquire("kueue", wish(feed, 50e3)).outcome.lease.expect("a lease");
    let of = job(&rig, 5000);
    let of = Wish { accept: Accept { wait: Span::from_secs(5000), ..of.accept }, ..of };
    let waits = rig.acquire("slurm", of).outcome;
    assert_eq!(waits.code, Code::Queued);
    rig.pass(1);
    assert_eq!(told(&rig), (vec![(Tidings::Late, Cause::Deadline)], vec![true]));
    assert!(rig.ledger.show(0, |_| "").waiting[0].late);
    rig.pass(100);
    rig.release("kueue", other);
    rig.pass(2);
    assert_eq!(told(&rig).1, [true, false], "it will be free in time");
    rig.pass(125);
    assert_eq!(rig.notices().last().map(|of| of.lease), waits.lease);
    assert!(!rig.ledger.show(0, |_| "").leases[0].late);
}

#[test]
fn by_a_clock_that_may_be_wrong_nobody_is_late() {
    let mut rig = Rig::new();
    let of = job(&rig, 3600);
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    rig.tick.clock_trusted = false;
    rig.limit("pdu-a1", Some(10e3));
    pass(&mut rig, lease, 300);
    assert!(told(&rig).1.is_empty());
    rig.tick.clock_trusted = true;
    rig.pass(400);
    assert_eq!(told(&rig).1, [true]);
}

#[test]
fn a_start_loses_nothing_of_what_was_lost() {
    let mut rig = Rig::new();
    let of = job(&rig, 7200);
    let begin = rig.ledger.now();
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    rig.limit("pdu-a1", Some(10e3));
    pass(&mut rig, lease, 200);
    rig.restart(Some(100));
    let view = rig.ledger.show(0, |_| "").leases.remove(0);
    let lost = view.done_ms.map(|done| Wall(done).since(later(begin, Span::from_secs(3600))).seconds());
    assert!(lost.is_some_and(|lost| (235.0..=245.0).contains(&lost)), "what went by while it was paused: {lost:?}");
    assert_eq!((view.late, told(&rig).1.len()), (true, 1));
}

#[test]
fn who_waits_for_his_turn_to_come_back_is_not_late_by_that() {
    let mut rig = Rig::new();
    for priority in [100, 200] {
        let of = Wish { priority, ttl: Some(Span::from_secs(3600)), ..job(&rig, 3 * 3600) };
        rig.acquire("slurm", of);
    }
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(500);
    rig.limit("pdu-a1", None);
    rig.pass(30);
    let lowered: Vec<bool> = rig.ledger.leases().map(|of| of.cut.is_some()).collect();
    assert_eq!(lowered, [false, true], "the more important is back, and the other waits");
    assert!(rig.ledger.show(0, |_| "").leases.iter().all(|of| !of.late), "there is room for both");
}

/// The same job in a rack.
fn in_a_rack(rig: &Rig, seconds: u64) -> Wish {
    Wish { places: vec![(Place::Rack(0), 1.0)], ..job(rig, seconds) }
}

/// What a lease has lost of its hour (s).
fn lost(rig: &Rig, place: usize, begin: Wall) -> f64 {
    let done = rig.ledger.show(0, |_| "").leases[place].done_ms.expect("known");
    Wall(done).since(later(begin, Span::from_secs(3600))).seconds()
}

#[test]
fn who_is_slowed_by_caps_is_late_once_he_has_no_time_to_spare_and_before_his_deadline() {
    for nobodys in [0.0, 5e3] {
        let mut rig = Rig::new();
        rig.racks[0] = Some(nobodys);
        rig.pass(120);
        // An hour of work within 4000 s: 400 to spare. Caps let the rack draw half of what is lent there.
        let of = in_a_rack(&rig, 4000);
        let (by, begin) = (of.times.deadline.expect("a deadline"), rig.ledger.now());
        let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
        rig.pass(1);
        rig.racks[0] = Some(nobodys + 25e3);
        rig.lets.insert(0, nobodys + 25e3);
        pass(&mut rig, lease, 700);
        assert!((345.0..=352.0).contains(&lost(&rig, 0, begin)), "{}", lost(&rig, 0, begin));
        assert_eq!(told(&rig), (vec![], vec![]), "there is time yet");
        pass(&mut rig, lease, 200);
        let late = (vec![(Tidings::Late, Cause::Deadline)], vec![true]);
        assert_eq!(told(&rig), late, "the time that is lost does not fit");
        assert!(rig.ledger.now() < by && rig.ledger.show(0, |_| "").leases[0].late);
        let before = lost(&rig, 0, begin);
        rig.lets.insert(0, nobodys + 60e3);
        pass(&mut rig, lease, 200);
        rig.lets.clear();
        pass(&mut rig, lease, 200);
        assert!((lost(&rig, 0, begin) - before).abs() < 1.0, "caps above what is lent take nothing");
        assert_eq!(told(&rig).1, [true], "what is lost stays lost");
    }
}

#[test]
fn leases_of_a_rack_lose_by_their_part_and_what_is_lowered_already_does_not_lose_twice() {
    let mut rig = Rig::new();
    let begin = rig.ledger.now();
    let mut leases = Vec::new();
    for _ in 0..2 {
        let of = in_a_rack(&rig, 7200);
        leases.push(rig.acquire("slurm", of).outcome.lease.expect("a lease"));
    }
    let elsewhere = Wish { places: vec![(Place::Rack(1), 1.0)], ..job(&rig, 7200) };
    leases.push(rig.acquire("slurm", elsewhere).outcome.lease.expect("a lease"));
    rig.pass(1);
    rig.lets.insert(0, 60e3); // of twice 50
    for _ in 0..5 {
        rig.pass(100);
        for lease in &leases {
            rig.renew("slurm", *lease);
        }
    }
    for (place, wanted) in [(0, 200.0), (1, 200.0), (2, 0.0)] {
        assert!((lost(&rig, place, begin) - wanted).abs() < 3.0, "{place}: {}", lost(&rig, place, begin));
    }
}

#[test]
fn a_lease_that_names_no_rack_loses_nothing_by_caps() {
    let mut rig = Rig::new();
    let (of, begin) = (job(&rig, 7200), rig.ledger.now());
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    rig.lets.extend((0..4).map(|rack| (rack, 1e3)));
    pass(&mut rig, lease, 500);
    assert_eq!(lost(&rig, 0, begin), 0.0);
}
