//! Times to live, ends, what stays charged, and starts of the controller.

use plant::time::{Span, Wall};

use super::*;
use crate::control::ledger::message::{Flex, LeaseId, Named, OnExpiry, Times, Wish};

/// A lease of 40 kW that lives for 30 s, and comes down to 10.
fn short(rig: &mut Rig, on_expiry: OnExpiry) -> LeaseId {
    let of = wish(rig.feed("pdu-a1"), 40e3);
    let flex = Flex { floor: 10e3, ..Flex::default() };
    let item = rig.acquire("slurm", Wish { ttl: Some(Span::from_secs(1)), on_expiry, flex, ..of });
    assert_eq!(item.lease.expect("a lease").ttl_s, 30.0, "no shorter");
    item.outcome.lease.expect("a lease")
}

#[test]
fn a_lease_lives_on_by_renewals_and_by_the_monotonic_clock() {
    let mut rig = Rig::new();
    let lease = short(&mut rig, OnExpiry::Stop);
    for _ in 0..5 {
        rig.pass(25);
        // The wall clock jumps, and nothing ends by it.
        rig.tick.wall.0 += 40_000;
        assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    }
    assert!(rig.notices().is_empty());
    // In its grace it may still be renewed.
    rig.pass(31);
    assert_eq!(rig.notices().last().map(|of| of.tidings), Some(Tidings::Stop));
    rig.pass(58);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    assert_eq!(rig.reserved("pdu-a1"), 40.32e3);
    rig.load("pdu-a1", Some(40e3));
    rig.pass(92);
    assert_eq!(rig.renew("slurm", lease).code, Code::Expired, "too late");
    rig.pass(70);
    assert_eq!(rig.renew("slurm", lease).code, Code::UnknownLease);
}

#[test]
fn a_lease_lives_for_five_minutes_where_nobody_says_and_for_an_hour_at_the_most() {
    for (said, lives) in [(None, 300), (Some(600), 600), (Some(3600), 3600), (Some(3601), 3600), (Some(86_400), 3600)] {
        let mut rig = Rig::new();
        rig.load("pdu-a1", Some(40e3));
        let ttl = said.map(Span::from_secs);
        let item = rig.acquire("slurm", Wish { ttl, ..wish(rig.feed("pdu-a1"), 40e3) });
        let told = item.lease.expect("a lease").ttl_s;
        assert!((told - plant::convert::f64_from_u64(lives)).abs() < 1e-9, "{said:?}: {told}");
        let of = Named { lease: item.outcome.lease.expect("a lease"), epoch: None };
        let mut state = |seconds: u64| {
            rig.pass(seconds);
            rig.ask("slurm", Op::Query { of }).lease.map(|of| of.state)
        };
        assert_eq!(state(lives - 1).as_deref(), Some("held"), "{said:?}");
        assert_eq!(state(2).as_deref(), Some("grace"), "{said:?}");
    }
}

#[test]
fn who_renews_for_longer_than_an_hour_or_for_less_than_half_a_minute_has_that() {
    let mut rig = Rig::new();
    let lease = short(&mut rig, OnExpiry::Stop);
    for (said, lives) in [(Some(86_400), 3600.0), (None, 3600.0), (Some(1), 30.0), (Some(600), 600.0), (None, 600.0)] {
        let of = Named { lease, epoch: None };
        let item = rig.ask("slurm", Op::Renew { of, ttl: said.map(Span::from_secs) });
        assert_eq!((item.outcome.code, item.lease.map(|of| of.ttl_s)), (Code::Granted, Some(lives)), "{said:?}");
    }
}

#[test]
fn what_is_over_stays_charged_until_the_meter_confirms_it_or_its_time_is_over() {
    let mut rig = Rig::new();
    let lease = short(&mut rig, OnExpiry::Stop);
    rig.load("pdu-a1", Some(40e3));
    rig.pass(10);
    assert_eq!(rig.release("slurm", lease).code, Code::Granted);
    assert_eq!(rig.renew("slurm", lease).code, Code::UnknownLease, "it is not its any more");
    rig.pass(30);
    assert_eq!(rig.reserved("pdu-a1"), 40.32e3);
    rig.load("pdu-a1", Some(1e3));
    rig.pass(1);
    assert_eq!(rig.reserved("pdu-a1"), 0.0, "the meter confirms it");

    let lease = short(&mut rig, OnExpiry::Stop);
    rig.load("pdu-a1", Some(41e3));
    rig.pass(1);
    rig.release("slurm", lease);
    rig.pass(119);
    assert_eq!(rig.reserved("pdu-a1"), 40.32e3);
    rig.pass(1);
    assert_eq!(rig.reserved("pdu-a1"), 0.0);
    // Now it is nobody's, and no room for others all the same.
    rig.pass(1);
    assert_eq!(rig.ledger.unleased(rig.feed("pdu-a1")).watts().0, 41e3);
}

#[test]
fn what_is_over_already_and_is_given_back_stays_charged_for_no_longer() {
    let mut rig = Rig::new();
    let lease = short(&mut rig, OnExpiry::Stop);
    rig.load("pdu-a1", Some(40e3));
    rig.pass(100); // 30 s of life, a minute of grace, and ten seconds of the minute in which it comes down
    assert_eq!(rig.release("slurm", lease).code, Code::Granted);
    rig.pass(49);
    assert_eq!(rig.reserved("pdu-a1"), 40.32e3);
    rig.pass(2);
    assert_eq!(rig.reserved("pdu-a1"), 0.0, "others were promised it from then on");
}

#[test]
fn a_lease_that_nobody_renews_comes_down_to_its_floor_and_is_renewed_there() {
    let mut rig = Rig::new();
    rig.load("pdu-a1", Some(40e3));
    let lease = short(&mut rig, OnExpiry::Floor);
    rig.load("pdu-a1", Some(79e3));
    rig.pass(30);
    let notice = *rig.notices().last().expect("a notice");
    assert_eq!(notice.tidings, Tidings::Reduce);
    // Still drawn after its grace: its feed is brought down by what nobody may draw any more.
    rig.pass(62);
    let allowed = rig.ledger.allowed(rig.feed("pdu-a1")).expect("held");
    assert!(allowed.0 < 56e3, "{allowed}");
    rig.load("pdu-a1", Some(50e3));
    rig.pass(1);
    assert_eq!(rig.reserved("pdu-a1"), 10.08e3);
    assert_eq!(rig.ledger.allowed(rig.feed("pdu-a1")), None);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    let item = rig.ask("slurm", Op::Query { of: Named { lease, epoch: None } });
    assert_eq!(item.lease.map(|of| (of.state, of.may_w)), Some(("held".to_owned(), 10e3)));
    // Nobody renews it: a day at its floor, and it is gone.
    rig.pass(31 + 60);
    rig.pass(60);
    assert_eq!(rig.reserved("pdu-a1"), 10.08e3);
}

#[test]
fn after_a_restart_who_does_not_know_of_it_is_told_how_his_lease_is() {
    let mut rig = Rig::new();
    let lease = rig.acquire("slurm", wish(rig.feed("pdu-a1"), 40e3)).outcome.lease.expect("a lease");
    rig.restart(Some(20));
    assert_eq!((rig.ledger.epoch(), rig.reserved("pdu-a1")), (2, 40.32e3));
    let old = Named { lease, epoch: Some(1) };
    for op in [Op::Renew { of: old, ttl: None }, Op::Release { of: old }] {
        let item = rig.ask("slurm", op);
        assert_eq!((item.outcome.code, item.outcome.why), (Code::Conflict, Why::OldEpoch));
        assert_eq!(item.lease.map(|of| (of.epoch, of.may_w)), Some((2, 40e3)));
    }
    assert_eq!(rig.ask("slurm", Op::Release { of: Named { lease, epoch: Some(2) } }).outcome.code, Code::Granted);
    // A name is never given twice.
    let next = rig.acquire("slurm", wish(rig.feed("pdu-a1"), 1.0)).outcome.lease.expect("a lease");
    assert_eq!((next.epoch, next.number), (2, 2));
}

#[test]
fn after_a_break_that_nobody_knows_the_length_of_every_lease_must_be_renewed() {
    let mut rig = Rig::new();
    let lease = rig.acquire("slurm", wish(rig.feed("pdu-a1"), 40e3)).outcome.lease.expect("a lease");
    rig.restart(None);
    let item = rig.ask("slurm", Op::Query { of: Named { lease, epoch: None } });
    assert_eq!(item.lease.map(|of| of.state), Some("grace".to_owned()));
    assert_eq!(rig.reserved("pdu-a1"), 40.32e3);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    // A break that was shorter than a lease lives, by a clock that is trusted, ends nothing; a longer one does.
    rig.tick.clock_trusted = true;
    rig.pass(1);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    rig.restart(Some(20));
    let item = rig.ask("slurm", Op::Query { of: Named { lease, epoch: None } });
    assert_eq!(item.lease.map(|of| of.state), Some("held".to_owned()));
    rig.restart(Some(3601));
    let item = rig.ask("slurm", Op::Query { of: Named { lease, epoch: None } });
    assert_eq!(item.lease.map(|of| of.state), Some("grace".to_owned()));
}

/// Who renews after a third of 300 s, and a tenth of that later at the latest, may have done so just before.
#[test]
fn a_grace_after_such_a_break_lasts_until_whoever_renews_in_time_has_done_so() {
    for (seconds, code) in [(168, Code::Granted), (175, Code::UnknownLease)] {
        let mut rig = Rig::new();
        let of = Wish { ttl: Some(Span::from_secs(300)), ..wish(rig.feed("pdu-a1"), 40e3) };
        let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
        rig.load("pdu-a1", Some(0.0));
        rig.restart(None);
        rig.pass(seconds);
        assert_eq!(rig.renew("slurm", lease).code, code, "{seconds} s");
    }
}

#[test]
fn a_client_that_draws_more_than_it_may_is_told_once_and_its_feed_held() {
    let mut rig = Rig::new();
    let lease = rig.acquire("slurm", wish(rig.feed("pdu-a1"), 40e3)).outcome.lease.expect("a lease");
    rig.load("pdu-a1", Some(60e3));
    rig.pass(1);
    let mut says = |watts: f64, seq: u64| {
        let (client, measured) = ("slurm".to_owned(), Some(watts));
        let heard = message::Heard { client, lease: Some(lease), notice: None, seq, status: None, measured };
        rig.with(|ledger, around, _, news| ledger.acknowledge(around, &heard, news)).code
    };
    assert_eq!(says(41e3, 1), Code::Granted);
    assert_eq!(says(60e3, 7), Code::Conflict, "of another state of the lease");
    assert_eq!((says(60e3, 1), says(60e3, 1)), (Code::Granted, Code::Granted));
    assert_eq!(says(f64::NAN, 1), Code::Invalid);
    let told = rig.events.iter().filter(|of| matches!(of.what, What::Lease(LeaseNews::Exceeded { .. }))).count();
    assert_eq!(told, 1);
    let allowed = rig.ledger.allowed(rig.feed("pdu-a1")).expect("held");
    assert!((allowed.0 - 60e3).abs() <= 20.16e3 && allowed.0 < 60e3, "{allowed}");
}

/// Found by chance: what a lease gave up just before its end came back to be charged.
#[test]
fn what_was_given_up_before_the_end_is_not_charged_again_after_it() {
    let mut rig = Rig::new();
    rig.limit("pdu-a1", Some(100.8e3));
    let feed = rig.feed("pdu-a1");
    let lease = rig.acquire("slurm", now_for(60, wish(feed, 100e3))).outcome.lease.expect("a lease");
    rig.load("pdu-a1", Some(100e3));
    rig.pass(50);
    let power = message::Power { least: 0.0, wanted: 40e3, peak: None };
    rig.ask("slurm", Op::Amend { of: Named { lease, epoch: None }, power, partial: false, priority: None });
    // From when on the lower step alone is charged somebody else may have the rest.
    let mut of = now_for(100, wish(feed, 60e3));
    of.times.not_before = Some(Wall(rig.ledger.now().0 + 120_000));
    assert_eq!(rig.acquire("kueue", of).outcome.code, Code::Granted);
    rig.pass(121);
    assert!(rig.reserved("pdu-a1") <= 100.8e3, "{}", rig.reserved("pdu-a1"));
}

#[test]
fn what_has_begun_goes_on_where_a_clock_that_was_believed_is_put_back_and_what_is_over_by_one_that_is_put_forward_is() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let flex = Flex { floor: 10e3, ..Flex::default() };
    let bends = Wish { class: Class::Curtailable, flex, ..wish(feed, 30e3) };
    let all = [wish(feed, 50e3), bends, now_for(5400, wish(feed, 20e3))];
    let all = all
        .map(|of| rig.acquire("slurm", Wish { ttl: Some(Span::from_secs(3600)), ..of }).outcome.lease.expect("lent"));
    rig.pass(5);
    rig.limit("pdu-a1", Some(85e3));
    rig.pass(100);
    assert_eq!(rig.drawn("pdu-a1"), 80e3 * 1.008, "one is lowered");
    let seqs = |rig: &Rig| rig.ledger.leases().map(|of| of.seq).collect::<Vec<_>>();
    let jump = |rig: &mut Rig, by: i64| {
        rig.tick.clock_trusted = false;
        rig.pass(300);
        rig.tick.wall.0 += by;
        rig.tick.clock_trusted = true;
        rig.pass(1);
    };
    let before = seqs(&rig);
    jump(&mut rig, -3_600_000);
    assert_eq!((rig.drawn("pdu-a1"), rig.reserved("pdu-a1")), (80e3 * 1.008, 80e3 * 1.008));
    assert!(seqs(&rig).iter().zip(&before).all(|(now, then)| now > then), "what was told says other instants");
    let other = rig.acquire("kueue", now_for(600, wish(feed, 20e3))).outcome;
    assert_ne!(other.code, Code::Granted, "nothing of it is lent once more");
    all.iter().for_each(|of| assert_eq!(rig.renew("slurm", *of).code, Code::Granted));
    rig.pass(300);
    jump(&mut rig, 10_800_000);
    let over: Vec<_> = rig.notices().iter().filter(|of| of.tidings == Tidings::Stop).map(|of| of.lease).collect();
    assert_eq!(over, [all[2]], "its end is past");
    assert_eq!(rig.renew("slurm", all[0]).code, Code::Granted);
}

#[test]
fn a_clock_that_is_put_back_lets_nobody_wait_longer_for_a_plan_and_a_little_of_it_is_told_to_nobody() {
    let mut rig = Rig::new();
    rig.plans = true;
    let of = wish(rig.feed("pdu-a1"), 40e3);
    let (deadline, duration) = (Some(Wall(rig.tick.wall.0 + 36_000_000)), Some(Span::from_secs(3600)));
    let times = Times { deadline, duration, plan: true, ..Times::default() };
    let of = Wish { times, ttl: Some(Span::from_secs(3600)), ..of };
    assert_eq!(rig.acquire("slurm", of).outcome.code, Code::Queued);
    rig.pass(5);
    rig.put_back(1800);
    rig.pass(121);
    assert_eq!(rig.ledger.leases().count(), 1, "two minutes for a plan's first word, and no more");
    let seq = |rig: &Rig| rig.ledger.leases().map(|of| of.seq).collect::<Vec<_>>();
    let before = seq(&rig);
    rig.tick.clock_trusted = false;
    rig.pass(1);
    rig.tick.wall.0 -= 6;
    rig.tick.clock_trusted = true;
    rig.pass(1);
    assert_eq!((seq(&rig), rig.drawn("pdu-a1")), (before, 40.32e3));
}
