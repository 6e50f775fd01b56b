//! What becomes of leases that are over: what still flows, meters that are lost meanwhile, late renewals, and what clients hear of it.

use plant::time::Span;

use super::*;
use crate::control::ledger::message::{Accept, Flex, Heard, LeaseId, Named, OnExpiry, Status, Wish};

/// So much (W) that lives for 30 s, and comes down to a floor (W).
fn short(rig: &mut Rig, (watts, floor): (f64, f64), on_expiry: OnExpiry) -> LeaseId {
    let flex = Flex { floor, ..Flex::default() };
    let of = Wish { ttl: Some(Span::from_secs(30)), on_expiry, flex, ..wish(rig.feed("pdu-a1"), watts) };
    rig.acquire("slurm", of).outcome.lease.expect("a lease")
}

fn waits(of: Wish) -> Wish {
    Wish { accept: Accept { wait: Span::from_secs(3600), ..Accept::default() }, ..of }
}

fn state(rig: &mut Rig, lease: LeaseId) -> (String, f64) {
    let view = rig.ask("slurm", Op::Query { of: Named { lease, epoch: None } }).lease.expect("known");
    (view.state, view.may_w)
}

fn tidings(rig: &Rig) -> Vec<(Tidings, f64)> {
    rig.notices().iter().map(|of| (of.tidings, of.watts)).filter(|(of, _)| of.is_told()).collect()
}

#[test]
fn what_still_flows_of_a_lease_that_is_over_is_lent_to_nobody_who_waits() {
    for released in [true, false] {
        let mut rig = Rig::new();
        rig.limit("pdu-a1", Some(101e3));
        let lease = short(&mut rig, (50e3, 0.0), OnExpiry::Stop);
        rig.load("pdu-a1", Some(50.4e3));
        rig.pass(5);
        let waits = rig.acquire("kueue", waits(wish(rig.feed("pdu-a1"), 100e3))).outcome;
        assert_eq!(waits.code, Code::Queued);
        if released {
            rig.release("slurm", lease);
        }
        // Its machines hang, and draw on.
        rig.pass(400);
        assert_eq!(rig.reserved("pdu-a1"), 0.0, "nothing is lent, released: {released}");
        assert_eq!(rig.ledger.unleased(rig.feed("pdu-a1")).watts().0, 50.4e3);
        rig.load("pdu-a1", Some(0.0));
        rig.pass(5);
        assert_eq!(rig.drawn("pdu-a1"), 100.8e3, "once they are off there is room");
    }
}

#[test]
fn a_meter_that_is_lost_when_a_lease_is_over_brings_nobody_else_down() {
    let mut rig = Rig::new();
    let lease = short(&mut rig, (40e3, 0.0), OnExpiry::Stop);
    rig.acquire("kueue", wish(rig.feed("pdu-a1"), 40e3));
    rig.load("pdu-a1", Some(79e3));
    rig.pass(89);
    rig.load("pdu-a1", None);
    rig.pass(3);
    assert_eq!((state(&mut rig, lease).0.as_str(), rig.ledger.allowed(rig.feed("pdu-a1"))), ("leaving", None));
    rig.load("pdu-a1", Some(79e3));
    rig.pass(1);
    let allowed = rig.ledger.allowed(rig.feed("pdu-a1")).expect("its forty kilowatts are still drawn");
    assert!((allowed.0 - (79e3 - 0.9 * 40.32e3)).abs() < 1.0, "by no more than it had: {allowed}");
}

#[test]
fn nobody_beside_a_lease_that_is_over_comes_to_less_than_he_was_lent() {
    for watts in [39e3, 60e3] {
        let mut rig = Rig::new();
        short(&mut rig, (40e3, 0.0), OnExpiry::Stop);
        rig.acquire("kueue", wish(rig.feed("pdu-a1"), 40e3));
        rig.load("pdu-a1", Some(79e3));
        rig.pass(89);
        rig.load("pdu-a1", None);
        rig.pass(3);
        // It is off when the meter is read again, and the other may draw all of his.
        rig.load("pdu-a1", Some(watts));
        rig.pass(1);
        let allowed = rig.ledger.allowed(rig.feed("pdu-a1")).map_or(f64::INFINITY, |of| of.0);
        assert!(allowed >= 40.32e3, "{watts}: {allowed}");
    }
}

#[test]
fn who_is_renewed_in_its_grace_hears_of_what_lowers_it_all_the_same() {
    let mut rig = Rig::new();
    let flex = Flex { floor: 10e3, shed: Span::from_secs(120), ..Flex::default() };
    let of = Wish { class: Class::Curtailable, ttl: Some(Span::from_secs(30)), flex, ..wish(rig.feed("pdu-a1"), 40e3) };
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    rig.limit("pdu-a1", Some(30e3));
    rig.pass(31);
    assert_eq!(tidings(&rig).last(), Some(&(Tidings::Stop, 0.0)));
    rig.renew("slurm", lease);
    let told: Vec<_> = rig.notices().iter().rev().take(2).map(|of| (of.tidings, of.watts, of.effective)).collect();
    let cut = rig.notices()[0].effective;
    assert_eq!(told, [(Tidings::Reduce, 10e3, cut), (Tidings::Restore, 40e3, rig.ledger.now())]);
    rig.pass(20);
    rig.renew("slurm", lease);
    while rig.ledger.now() < cut {
        rig.pass(1);
        rig.renew("slurm", lease);
    }
    rig.pass(31);
    rig.renew("slurm", lease);
    let last = *rig.notices().last().expect("told");
    assert_eq!((last.tidings, last.watts, last.effective), (Tidings::Reduce, 10e3, cut), "it is lowered by now");
}

#[test]
fn two_that_are_over_at_once_come_down_one_after_the_other() {
    let mut rig = Rig::new();
    short(&mut rig, (40e3, 0.0), OnExpiry::Stop);
    short(&mut rig, (40e3, 0.0), OnExpiry::Stop);
    rig.load("pdu-a1", Some(100e3));
    rig.pass(1);
    rig.pass(95);
    let allowed = |rig: &Rig| rig.ledger.allowed(rig.feed("pdu-a1")).map(|of| of.0);
    let both = 100e3 - 1.8 * 40.32e3;
    assert!((allowed(&rig).expect("both are drawn") - both).abs() < 1.0, "{:?}", allowed(&rig));
    // One of them is off.
    rig.load("pdu-a1", Some(60e3));
    rig.pass(1);
    assert!((allowed(&rig).expect("the other is drawn") - both).abs() < 1.0, "{:?}", allowed(&rig));
}

#[test]
fn who_is_renewed_in_its_grace_is_told_that_it_need_not_come_down() {
    for (on_expiry, told) in [
        (OnExpiry::Stop, (Tidings::Stop, 0.0)),
        (OnExpiry::Pause, (Tidings::Pause, 0.0)),
        (OnExpiry::Floor, (Tidings::Reduce, 10e3)),
    ] {
        let mut rig = Rig::new();
        let lease = short(&mut rig, (40e3, 10e3), on_expiry);
        rig.pass(31);
        assert_eq!(tidings(&rig), [told]);
        assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
        rig.pass(1);
        assert_eq!(tidings(&rig), [told, (Tidings::Restore, 40e3)]);
    }
}

#[test]
fn after_a_break_of_unknown_length_nobody_is_told_to_stop_who_renews_in_time() {
    let mut rig = Rig::new();
    let lease = short(&mut rig, (40e3, 0.0), OnExpiry::Stop);
    rig.restart(None);
    rig.pass(60);
    assert_eq!((state(&mut rig, lease).0.as_str(), tidings(&rig)), ("grace", vec![]));
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    rig.pass(5);
    assert_eq!(tidings(&rig), []);
    rig.restart(None);
    rig.pass(80);
    assert_eq!(tidings(&rig), [(Tidings::Stop, 0.0)], "nobody has renewed it");
}

#[test]
fn who_renews_while_it_comes_down_to_its_floor_has_that_and_what_it_had_stays_charged() {
    let mut rig = Rig::new();
    rig.limit("pdu-a1", Some(60e3));
    let lease = short(&mut rig, (40e3, 10e3), OnExpiry::Floor);
    rig.load("pdu-a1", Some(40e3));
    rig.pass(100);
    assert_eq!((state(&mut rig, lease).0.as_str(), rig.reserved("pdu-a1")), ("leaving", 40.32e3));
    let allowed = rig.ledger.allowed(rig.feed("pdu-a1"));
    // From when on it is charged at its floor somebody else may have the rest.
    let mut of = now_for(600, wish(rig.feed("pdu-a1"), 49e3));
    of.times.not_before = Some(Wall(rig.ledger.now().0 + 51_000));
    assert_eq!(rig.acquire("kueue", of).outcome.code, Code::Granted);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    assert_eq!(state(&mut rig, lease), ("leaving".to_owned(), 10e3), "it comes down first");
    rig.pass(1);
    assert_eq!((rig.reserved("pdu-a1"), rig.ledger.allowed(rig.feed("pdu-a1"))), (40.32e3, allowed));
    assert!(allowed.is_some(), "it is brought down");
    rig.pass(10);
    rig.load("pdu-a1", Some(10e3));
    rig.pass(1);
    assert_eq!(state(&mut rig, lease), ("held".to_owned(), 10e3), "the meter confirms it");
    rig.pass(25);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    rig.pass(28);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    assert_eq!(rig.reserved("pdu-a1"), 10.08e3 + 49e3 * 1.008);
    rig.pass(15);
    assert_eq!((state(&mut rig, lease).1, rig.ledger.allowed(rig.feed("pdu-a1"))), (10e3, None));
    // Who keeps nothing is over.
    let lease = short(&mut rig, (0.5e3, 0.0), OnExpiry::Stop);
    rig.pass(100);
    assert_eq!(rig.renew("slurm", lease).code, Code::Expired);
}

#[test]
fn a_lease_at_its_floor_ends_as_any_other() {
    let end = |rig: &mut Rig, lease: LeaseId, seconds: u64| {
        rig.pass(30 + 60 + 61);
        assert_eq!(state(rig, lease), ("floored".to_owned(), 10e3));
        rig.leap(seconds);
        assert_eq!(tidings(rig).last(), Some(&(Tidings::Stop, 0.0)));
        assert!(rig.events.iter().any(|of| of.what == What::Lease(LeaseNews::Over)));
        assert_eq!(rig.reserved("pdu-a1"), 10.08e3, "machines come down later than they are told");
        rig.pass(121);
        assert_eq!(rig.reserved("pdu-a1"), 0.0);
    };
    let mut rig = Rig::new();
    let lease = short(&mut rig, (40e3, 10e3), OnExpiry::Floor);
    rig.load("pdu-a1", Some(40e3));
    end(&mut rig, lease, 24 * 3600);
    let mut rig = Rig::new();
    let flex = Flex { floor: 10e3, ..Flex::default() };
    let on_expiry = OnExpiry::Floor;
    let of = Wish { ttl: Some(Span::from_secs(30)), flex, on_expiry, ..now_for(200, wish(rig.feed("pdu-a1"), 40e3)) };
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    rig.load("pdu-a1", Some(40e3));
    end(&mut rig, lease, 50);
}

#[test]
fn another_time_to_live_is_another_state() {
    let mut rig = Rig::new();
    let lease = rig.acquire("slurm", wish(rig.feed("pdu-a1"), 1e3)).outcome.lease.expect("a lease");
    let mut renewed = |ttl: u64| {
        let of = Named { lease, epoch: None };
        let item = rig.ask("slurm", Op::Renew { of, ttl: Some(Span::from_secs(ttl)) });
        item.lease.map(|of| (of.ttl_s, of.seq))
    };
    assert_eq!(
        [renewed(60), renewed(60), renewed(1), renewed(30)],
        [Some((60.0, 2)), Some((60.0, 2)), Some((30.0, 3)), Some((30.0, 3))]
    );
}

/// 50 kW beside 40 of another, all of them drawn.
fn beside() -> (Rig, LeaseId) {
    let mut rig = Rig::new();
    let lease = rig.acquire("slurm", wish(rig.feed("pdu-a1"), 50e3)).outcome.lease.expect("a lease");
    rig.acquire("kueue", wish(rig.feed("pdu-a1"), 40e3));
    rig.load("pdu-a1", Some(100e3));
    rig.pass(1);
    (rig, lease)
}

fn says(rig: &mut Rig, lease: LeaseId, (measured, status): (Option<f64>, Option<Status>)) {
    let client = "slurm".to_owned();
    let heard = Heard { client, lease: Some(lease), notice: None, seq: 1, status, measured };
    let outcome = rig.with(|ledger, around, _, news| ledger.acknowledge(around, &heard, news));
    assert_eq!(outcome.code, Code::Granted);
}

#[test]
fn by_a_clients_word_its_feed_comes_down_by_as_much_once_and_nobody_else_to_less_than_he_was_lent() {
    let allowed = |rig: &Rig| rig.ledger.allowed(rig.feed("pdu-a1")).map(|of| of.0);
    let (mut rig, lease) = beside();
    says(&mut rig, lease, (Some(55e3), None));
    let goal = 100e3 - 5.04e3;
    // However far it comes down: the goal stays where it is.
    for load in [100e3, 98e3, 96e3] {
        rig.load("pdu-a1", Some(load));
        rig.pass(2);
        // He says it as often as he likes.
        says(&mut rig, lease, (Some(55e3), None));
        assert!((allowed(&rig).expect("held") - goal).abs() < 1.0, "{load}: {:?}", allowed(&rig));
    }
    rig.load("pdu-a1", Some(94e3));
    rig.pass(1);
    assert_eq!(allowed(&rig), None);
    rig.load("pdu-a1", Some(100e3));
    rig.pass(120);
    assert_eq!(allowed(&rig), None, "what was said two minutes ago says nothing of now");

    let (mut rig, lease) = beside();
    says(&mut rig, lease, (Some(1e9), None));
    assert!((allowed(&rig).expect("held") - 90e3 * 1.008).abs() < 1.0, "of the wrong unit: {:?}", allowed(&rig));
    says(&mut rig, lease, (None, Some(Status::Accepted)));
    assert!(allowed(&rig).is_some());
    says(&mut rig, lease, (None, Some(Status::Done)));
    assert_eq!(allowed(&rig), None, "it has come down");
    says(&mut rig, lease, (Some(60e3), Some(Status::Done)));
    assert!(allowed(&rig).is_some(), "it has not");
    says(&mut rig, lease, (Some(50e3), None));
    assert_eq!(allowed(&rig), None);
    // A clock that is put back makes that no longer.
    let (mut rig, lease) = beside();
    says(&mut rig, lease, (Some(55e3), None));
    rig.put_back(3600);
    assert!(allowed(&rig).is_some());
    rig.pass(120);
    assert_eq!(allowed(&rig), None);
}
