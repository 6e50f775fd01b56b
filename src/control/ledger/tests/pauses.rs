//! Jobs that have begun and pause when a plan says so.

use plant::plan::{Arrived, Pause, Start};
use plant::time::{Span, Wall};

use super::*;
use crate::control::ledger::lease::Lease;
use crate::control::ledger::message::{Flex, Named, OnExpiry, Power, Times, Wish};
use crate::control::ledger::notices::{Cause, Notice};
use crate::control::term::later;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// A job of two hours at `pdu-a1` that saves every ten minutes and must be done in six hours.
fn job(rig: &Rig) -> Wish {
    let deadline = Some(later(rig.tick.wall, Span::from_secs(6 * HOUR)));
    let times = Times { deadline, duration: Some(Span::from_secs(2 * HOUR)), plan: true, ..Times::default() };
    let flex = Flex { checkpoint: Span::from_secs(10 * MINUTE), ..Flex::default() };
    let (class, ttl) = (Class::Interruptible, Some(Span::from_secs(HOUR)));
    Wish { class, flex, times, ttl, priority: 200, ..wish(rig.feed("pdu-a1"), 50e3) }
}

/// A job that has begun two minutes after it was asked for, with when that was.
fn begun(of: impl FnOnce(&Rig) -> Wish) -> (Rig, LeaseId, Wall) {
    let mut rig = Rig::new();
    rig.plans = true;
    let of = of(&rig);
    let lease = rig.acquire("slurm", of).outcome.lease.expect("queued");
    rig.pass(120);
    let begun = rig.ledger.leases().next().expect("granted").ran;
    (rig, lease, begun)
}

fn after(from: Wall, seconds: u64) -> Wall {
    later(from, Span::from_secs(seconds))
}

/// A plan that says when it pauses, and when it goes on where it is paused.
fn plan(rig: &mut Rig, of: LeaseId, (from, until): (Wall, Wall)) {
    let (epoch, number, now) = (of.epoch, of.number, rig.tick.wall);
    let pauses = vec![Pause { epoch, number, from, until }];
    let starts = vec![Start { epoch, number, at: until }];
    rig.ledger.follow(&Arrived { from: now, at: now, starts, pauses, ..Arrived::default() });
}

fn lease(rig: &Rig) -> &Lease {
    rig.ledger.leases().next().expect("there is one")
}

/// What it may draw now (W).
fn may(rig: &Rig) -> f64 {
    rig.ledger.leases().next().map_or(0.0, |of| of.may(rig.ledger.now()))
}

/// Time goes by, and the lease is renewed.
fn pass(rig: &mut Rig, of: LeaseId, seconds: u64) {
    for _ in 0..seconds / 60 {
        rig.pass(60);
        rig.renew("slurm", of);
    }
    rig.pass(seconds % 60);
}

/// What was told, but for answers.
fn told(rig: &Rig) -> Vec<Notice> {
    rig.notices().into_iter().filter(|of| of.tidings != Tidings::Answered).collect()
}

#[test]
fn a_pause_is_told_when_it_is_near_and_begins_where_the_job_has_saved_and_its_end_is_later_by_as_much() {
    let (mut rig, of, began) = begun(job);
    let (from, until) = (after(began, 45 * MINUTE), after(began, 105 * MINUTE));
    plan(&mut rig, of, (from, until));
    // Ten minutes in which it saves, a minute of notice and one to spare before.
    pass(&mut rig, of, 33 * MINUTE - 1);
    assert_eq!(told(&rig), []);
    pass(&mut rig, of, 2);
    let [notice] = told(&rig)[..] else { panic!("{:?}", told(&rig)) };
    let rests = after(began, 40 * MINUTE);
    assert_eq!((notice.tidings, notice.cause, notice.effective), (Tidings::Pause, Cause::Tariff, rests));
    assert_eq!((notice.watts, notice.emergency, notice.hard), (0.0, false, after(rests, 60)));
    assert_eq!(lease(&rig).end, Some(after(began, 185 * MINUTE)), "as long as the pause");
    let schedule = rig.ledger.view(lease(&rig), None).schedule;
    let end = after(began, 185 * MINUTE).0;
    assert_eq!(schedule, [(began.0, 50e3), (rests.0, 0.0), (until.0, 50e3), (end, 0.0)]);
    pass(&mut rig, of, 7 * MINUTE - 2);
    assert_eq!(may(&rig), 50e3);
    pass(&mut rig, of, 1);
    assert_eq!(may(&rig), 0.0);
    pass(&mut rig, of, 65 * MINUTE - 1);
    assert_eq!((may(&rig), told(&rig).len()), (0.0, 1));
    pass(&mut rig, of, 1);
    let restored = told(&rig).pop().expect("told");
    assert_eq!((restored.tidings, restored.watts, restored.effective), (Tidings::Restore, 50e3, until));
    assert_eq!((may(&rig), lease(&rig).ran), (50e3, until));
    pass(&mut rig, of, 80 * MINUTE - 1);
    assert_eq!((may(&rig), lease(&rig).due.is_some_and(|due| due.late)), (50e3, false));
    pass(&mut rig, of, 1);
    assert_eq!(may(&rig), 0.0, "two hours in all");
    assert!(told(&rig).iter().all(|of| of.tidings != Tidings::Late));
}

#[test]
fn its_room_is_lent_to_others_for_the_pause_and_no_longer() {
    let (mut rig, of, began) = begun(job);
    rig.limit("pdu-a1", Some(60e3));
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 50 * MINUTE);
    let feed = rig.feed("pdu-a1");
    let fills = |seconds: u64| now_for(seconds, wish(feed, 40e3));
    assert_eq!(rig.acquire("kueue", fills(60 * MINUTE)).outcome.code, Code::Retry, "beyond its return");
    assert_eq!(rig.acquire("kueue", fills(50 * MINUTE)).outcome.code, Code::Granted);
    pass(&mut rig, of, 55 * MINUTE);
    assert_eq!((may(&rig), told(&rig).len()), (50e3, 3), "pause, the other's end, restore: {:?}", told(&rig));
}

/// The instant at which it is told to pause, for a pause from 45 to 105 min after its begin.
fn pauses(of: impl FnOnce(&Rig) -> Wish, with: impl FnOnce(&mut Rig)) -> Option<u64> {
    let (mut rig, lease, began) = begun(of);
    with(&mut rig);
    plan(&mut rig, lease, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, lease, 44 * MINUTE);
    let all = told(&rig);
    all.iter().find(|of| of.tidings.is_told()).map(|of| of.effective.since(began).millis() / 60_000)
}

#[test]
fn nobody_is_paused_who_may_not_be_or_would_lose_by_it() {
    let flex = |change: fn(&mut Flex)| {
        move |rig: &Rig| {
            let mut of = job(rig);
            change(&mut of.flex);
            of
        }
    };
    assert_eq!(pauses(job, |_| {}), Some(40));
    assert_eq!(pauses(flex(|of| of.checkpoint = Span::ZERO), |_| {}), Some(45), "when it is cheapest");
    assert_eq!(pauses(flex(|of| of.checkpoint = Span::from_secs(40 * MINUTE)), |_| {}), Some(40));
    assert_eq!(pauses(flex(|of| of.checkpoint = Span::from_secs(HOUR)), |_| {}), None, "it would lose its work");
    assert_eq!(pauses(flex(|of| of.min_run = Span::from_secs(40 * MINUTE)), |_| {}), Some(40));
    assert_eq!(pauses(flex(|of| of.min_run = Span::from_secs(41 * MINUTE)), |_| {}), Some(50), "later");
    assert_eq!(pauses(flex(|of| of.min_run = Span::from_secs(105 * MINUTE)), |_| {}), None);
    assert_eq!(pauses(flex(|of| of.max_pauses = Some(2)), |_| {}), Some(40));
    assert_eq!(pauses(flex(|of| of.max_pauses = Some(1)), |_| {}), None, "one is left for who must have it");
    for class in [Class::Firm, Class::Curtailable] {
        assert_eq!(pauses(|rig| Wish { class, ..job(rig) }, |_| {}), None, "{class:?}");
    }
    let tight = |minutes: u64| {
        move |rig: &Rig| {
            let mut of = job(rig);
            of.times.deadline = Some(after(rig.tick.wall, minutes * MINUTE));
            of
        }
    };
    // It began after two minutes, and would be done after 187.
    assert_eq!(pauses(tight(187), |_| {}), Some(40));
    assert_eq!(pauses(tight(186), |_| {}), None, "its deadline");
    let given_back = |rig: &mut Rig| {
        let lease = rig.ledger.leases().next().expect("granted").id;
        assert_eq!(rig.release("slurm", lease).code, Code::Granted);
    };
    assert_eq!(pauses(job, given_back), None, "it is over");
    assert_eq!(pauses(job, |rig| rig.tick.clock_trusted = false), None, "nobody knows what time it is");
}

#[test]
fn who_has_no_room_for_its_later_end_is_not_paused() {
    let full = |rig: &mut Rig| {
        rig.limit("pdu-a1", Some(91e3));
        let mut of = wish(rig.feed("pdu-a1"), 40e3);
        of.times.not_before = Some(after(rig.tick.wall, 123 * MINUTE));
        of.times.duration = Some(Span::from_secs(HOUR));
        assert_eq!(rig.acquire("kueue", of).outcome.code, Code::Granted);
    };
    assert_eq!(pauses(job, full), Some(40));
    let full = |rig: &mut Rig| {
        full(rig);
        rig.limit("pdu-a1", Some(90e3));
    };
    assert_eq!(pauses(job, full), None);
}

#[test]
fn newer_plans_move_the_end_of_a_pause_and_without_them_it_stays() {
    for (says, goes_on) in
        [(None, 105), (Some(60), 60), (Some(52), 52), (Some(0), 52), (Some(200), 200), (Some(300), 105)]
    {
        let (mut rig, of, began) = begun(job);
        plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
        pass(&mut rig, of, 52 * MINUTE - 1);
        if let Some(says) = says {
            plan(&mut rig, of, (Wall(0), after(began, says * MINUTE)));
        }
        let mut went_on = None;
        for second in 1..260 * MINUTE {
            pass(&mut rig, of, 1);
            went_on = went_on.or((may(&rig) > 0.0).then_some(second));
            if second.is_multiple_of(60) {
                rig.renew("slurm", of);
            }
        }
        let went_on = went_on.expect("it goes on") + 52 * MINUTE - 1;
        assert!((goes_on * MINUTE..=goes_on * MINUTE + 1).contains(&went_on), "{says:?}: {went_on}");
        let restored = told(&rig).iter().filter(|of| of.tidings == Tidings::Restore).count();
        assert_eq!(restored, 1, "{says:?}");
    }
}

/// The last time that it was told to pause.
fn lowered(rig: &Rig) -> Notice {
    told(rig).into_iter().rfind(|of| of.tidings == Tidings::Pause).expect("told")
}

#[test]
fn a_feed_that_needs_it_lowers_who_was_told_to_pause_and_who_comes_back_to_less_waits() {
    // Told to pause after 40 min; its feed may carry less from 35 min on.
    let (mut rig, of, began) = begun(job);
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 35 * MINUTE);
    rig.limit("pdu-a1", Some(10e3));
    pass(&mut rig, of, MINUTE);
    let last = lowered(&rig);
    assert_eq!((last.cause, last.effective), (Cause::GridTarget, after(began, 40 * MINUTE)), "no later than before");
    rig.limit("pdu-a1", None);
    pass(&mut rig, of, 10 * MINUTE);
    assert_eq!(may(&rig), 50e3, "there is room again: no plan says when");
    assert_eq!(lease(&rig).end.map(|end| end.since(began).millis() / 60_000), Some(125), "later by what it lost");
    // Its feed may carry less when it comes back.
    let (mut rig, of, began) = begun(job);
    plan(&mut rig, of, (after(began, 45 * MINUTE), Wall(after(began, 105 * MINUTE).0 + 500)));
    pass(&mut rig, of, 100 * MINUTE);
    rig.limit("pdu-a1", Some(10e3));
    pass(&mut rig, of, 20 * MINUTE);
    let last = lowered(&rig);
    assert_eq!(lease(&rig).cut.map(|cut| cut.from), Some(last.effective), "who answers the notice speaks of it");
    assert_eq!((last.tidings, last.cause, may(&rig)), (Tidings::Pause, Cause::GridTarget, 0.0));
    rig.limit("pdu-a1", None);
    pass(&mut rig, of, MINUTE);
    assert_eq!(may(&rig), 50e3);
    let ends = lease(&rig).end.map(|end| end.since(began).millis() / 60_000);
    assert_eq!(ends, Some(200), "185 min, and a quarter of an hour later");
}

#[test]
fn a_pause_outlives_a_start_and_a_lost_store() {
    let (mut rig, of, began) = begun(job);
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 50 * MINUTE);
    rig.restart(Some(30));
    pass(&mut rig, of, 50 * MINUTE);
    assert_eq!(may(&rig), 0.0);
    let kept = rig.kept();
    rig.lose(&kept);
    rig.renew("slurm", of);
    rig.pass(240);
    assert_eq!(may(&rig), 0.0);
    rig.renew("slurm", of);
    rig.pass(60);
    let last = told(&rig).pop().expect("told");
    assert_eq!((last.tidings, last.lease, may(&rig)), (Tidings::Restore, of, 50e3));
}

#[test]
fn an_amended_lease_has_no_pause_any_more() {
    let (mut rig, of, began) = begun(job);
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 50 * MINUTE);
    let power = Power { least: 0.0, wanted: 30e3, peak: None };
    let named = Named { lease: of, epoch: None };
    assert_eq!(
        rig.ask("slurm", Op::Amend { of: named, power, partial: false, priority: None }).outcome.code,
        Code::Granted
    );
    assert_eq!(may(&rig), 30e3);
    pass(&mut rig, of, 60 * MINUTE);
    assert_eq!((may(&rig), told(&rig).len()), (30e3, 1), "{:?}", told(&rig));
}

/// The same job with a floor, and so much time to live (s).
fn floored(rig: &Rig, ttl: u64, on_expiry: OnExpiry) -> Wish {
    let of = job(rig);
    Wish { flex: Flex { floor: 20e3, ..of.flex }, ttl: Some(Span::from_secs(ttl)), on_expiry, ..of }
}

#[test]
fn at_its_floor_a_job_pauses_as_it_was_told() {
    let (mut rig, of, began) = begun(|rig| floored(rig, 120, OnExpiry::Floor));
    rig.limit("pdu-a1", Some(60e3));
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 34 * MINUTE);
    // Nobody renews it any more, and it comes down.
    rig.pass(5 * MINUTE);
    assert_eq!((may(&rig), rig.reserved("pdu-a1")), (20e3, 20.16e3));
    rig.pass(6 * MINUTE);
    assert_eq!((may(&rig), rig.reserved("pdu-a1")), (0.0, 0.0), "its pause, with which others are lent");
    let (now, until) = (rig.ledger.now().0, after(began, 105 * MINUTE).0);
    let schedule = rig.ledger.view(lease(&rig), None).schedule;
    assert_eq!(schedule[..2], [(now, 0.0), (until, 20e3)], "and so says what the broker keeps");
    let feed = rig.feed("pdu-a1");
    assert_eq!(rig.acquire("kueue", now_for(30 * MINUTE, wish(feed, 55e3))).outcome.code, Code::Granted);
    assert_eq!(rig.renew("slurm", of).code, Code::Granted);
    rig.pass(1);
    assert_eq!((may(&rig), rig.reserved("pdu-a1")), (0.0, 55.44e3));
    pass(&mut rig, of, HOUR);
    assert_eq!(may(&rig), 20e3, "it goes on at its floor");
}

#[test]
fn a_pause_that_ends_at_a_floor_is_told_to_nobody_and_one_in_which_a_grace_ends_takes_no_floor() {
    let (mut rig, of, began) = begun(|rig| floored(rig, 120, OnExpiry::Floor));
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 34 * MINUTE);
    rig.pass(90 * MINUTE);
    let before = told(&rig).len();
    assert_eq!((may(&rig), rig.renew("slurm", of).code), (20e3, Code::Granted));
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(1);
    assert!(told(&rig)[before..].iter().all(|of| of.tidings != Tidings::Restore), "{:?}", &told(&rig)[before..]);
    assert!(lease(&rig).cut.is_none_or(|cut| cut.from > rig.ledger.now()), "nobody is lowered from the past on");

    let (mut rig, of, began) = begun(|rig| floored(rig, 120, OnExpiry::Floor));
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 50 * MINUTE);
    rig.pass(20 * MINUTE);
    assert_eq!((may(&rig), rig.reserved("pdu-a1")), (0.0, 0.0));
    assert_eq!(rig.renew("slurm", of).code, Code::Granted);
    rig.pass(1);
    pass(&mut rig, of, 40 * MINUTE);
    assert_eq!(may(&rig), 20e3);
}

#[test]
fn a_clock_that_is_put_back_in_a_pause_makes_it_longer_and_takes_no_work() {
    let (mut rig, of, began) = begun(job);
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 60 * MINUTE);
    let end = lease(&rig).end;
    let done = |rig: &Rig| lease(rig).due.and_then(|due| due.done()).map(|at| at.since(began).millis() / 60_000);
    assert_eq!((may(&rig), done(&rig)), (0.0, Some(185)));
    rig.put_back(1800);
    assert_eq!((may(&rig), done(&rig), lease(&rig).end), (0.0, Some(185), end));
    pass(&mut rig, of, 74 * MINUTE);
    assert_eq!(may(&rig), 0.0, "others are lent what is free until then");
    pass(&mut rig, of, 2 * MINUTE);
    assert_eq!(may(&rig), 50e3);
}

#[test]
fn who_is_renewed_in_its_grace_hears_of_its_pause_and_who_was_told_that_it_is_over_of_no_end_of_one() {
    // Renewed before its pause, in it, and when that has ended meanwhile.
    for (minutes, silent) in [(35, 125), (44, 125), (102, 190)] {
        let (mut rig, of, began) = begun(|rig| floored(rig, if silent > 150 { 150 } else { 120 }, OnExpiry::Stop));
        let until = after(began, 105 * MINUTE);
        plan(&mut rig, of, (after(began, 45 * MINUTE), until));
        pass(&mut rig, of, minutes * MINUTE);
        let rests = told(&rig)[0].effective;
        rig.pass(silent);
        let stop = told(&rig).pop().expect("told");
        assert_eq!((stop.tidings, stop.watts), (Tidings::Stop, 0.0), "{minutes}: nothing else after it");
        let before = told(&rig).len();
        assert_eq!(rig.renew("slurm", of).code, Code::Granted);
        let (now, all) = (rig.ledger.now(), told(&rig));
        let heard: Vec<_> = all[before..].iter().map(|of| (of.tidings, of.watts, of.effective)).collect();
        let expected = match minutes {
            35 => vec![(Tidings::Restore, 50e3, now), (Tidings::Pause, 0.0, rests)],
            44 => vec![(Tidings::Pause, 0.0, rests)],
            _ => vec![(Tidings::Restore, 50e3, now)],
        };
        assert_eq!(heard, expected, "{minutes}");
        assert!(all[before..].is_sorted_by(|one, next| one.seq < next.seq), "each is a state of its own");
    }
}

#[test]
fn who_came_back_while_the_service_was_away_is_asked_to_go_and_not_taken_to_have_gone() {
    let (mut rig, of, began) = begun(job);
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 100 * MINUTE);
    rig.limit("pdu-a1", Some(10e3));
    rig.restart(Some(10 * MINUTE));
    let (now, last) = (rig.ledger.now(), lowered(&rig));
    assert_eq!((last.effective, last.hard, last.cause), (now, after(now, 60), Cause::GridTarget));
    assert!(!lease(&rig).is_silent() && rig.reserved("pdu-a1") > 50e3, "it draws, as its schedule said");
}

#[test]
fn a_floor_of_before_a_loss_hears_of_no_pause_that_has_ended() {
    let (mut rig, of, began) = begun(|rig| floored(rig, 120, OnExpiry::Floor));
    plan(&mut rig, of, (after(began, 45 * MINUTE), after(began, 105 * MINUTE)));
    pass(&mut rig, of, 34 * MINUTE);
    rig.pass(60 * MINUTE);
    let before = told(&rig).len();
    rig.restart(Some(20 * MINUTE));
    rig.ledger.lose();
    rig.limit("pdu-a1", Some(10e3));
    rig.pass(5);
    assert_eq!((told(&rig).len(), may(&rig)), (before, 20e3));
}
