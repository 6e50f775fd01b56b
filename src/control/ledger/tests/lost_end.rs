//! The end of a store is lost: leases that came down then, batches of which a part waited, and clocks.

use plant::time::Span;

use super::*;
use crate::control::ledger::message::{Flex, OnExpiry, Wish};
use crate::control::ledger::recover::Found;

/// 40 kW that live for 30 s without a renewal, and come down to 10.
fn short(rig: &mut Rig) -> LeaseId {
    let flex = Flex { floor: 10e3, ..Flex::default() };
    let (ttl, on_expiry) = (Some(Span::from_secs(30)), OnExpiry::Floor);
    let of = Wish { flex, ttl, on_expiry, ..wish(rig.feed("pdu-a1"), 40e3) };
    rig.acquire("slurm", of).outcome.lease.expect("a lease")
}

fn states(rig: &Rig) -> Vec<(String, f64)> {
    rig.ledger.show(0, |_| "").leases.into_iter().map(|of| (of.state, of.may_w)).collect()
}

/// The service starts with what was known, after so long (s).
fn starts(rig: &mut Rig, known: Ledger, gone: Option<u64>) {
    rig.ledger = known;
    rig.restart(gone);
    rig.ledger.lose();
}

#[test]
fn one_that_came_down_waits_for_its_client_at_its_floor() {
    // It had come down when what is known ends, or the broker says so.
    for told in [false, true] {
        let mut rig = Rig::new();
        let lease = short(&mut rig);
        rig.load("pdu-a1", Some(40.32e3));
        rig.pass(5);
        let early = rig.ledger.clone();
        rig.pass(90);
        assert_eq!(states(&rig), [("leaving".to_owned(), 10e3)]);
        let (known, found) =
            if told { (early, rig.kept()) } else { (rig.ledger.clone(), Found { read: true, ..Found::default() }) };
        assert_eq!(found.kept.len(), usize::from(told));
        starts(&mut rig, known, Some(10));
        assert_eq!(rig.recover(&found).code, Code::Granted);
        rig.pass(20);
        assert_eq!((states(&rig), rig.reserved("pdu-a1")), (vec![("kept".to_owned(), 10e3)], 10.08e3), "told: {told}");
        if told {
            assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
            rig.pass(1);
            assert_eq!(states(&rig), [("held".to_owned(), 10e3)]);
        } else {
            rig.pass(12);
            assert_eq!(states(&rig), [], "nobody has renewed it: it may have been given back");
        }
    }
}

#[test]
fn of_a_batch_what_waits_goes_on_waiting_and_who_asks_again_is_answered_item_by_item() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(1e3));
    let mut of = wish(feed, 5e3);
    of.accept.wait = Span::from_secs(7200);
    let batch = rig.message("slurm", Op::Acquire(vec![of.clone(), of.clone(), of]));
    assert!(rig.hear(&batch).items.iter().all(|item| item.outcome.code == Code::Queued));
    let known = rig.ledger.clone();
    rig.limit("pdu-a1", Some(6e3));
    rig.pass(5);
    let found = rig.kept();
    assert_eq!(found.kept.len(), 1);
    starts(&mut rig, known, Some(60));
    assert_eq!(rig.recover(&found).code, Code::Granted);
    assert_eq!((rig.ledger.leases().count(), rig.ledger.waits().count()), (1, 2));
    assert_eq!(rig.renew("slurm", found.kept[0].lease).code, Code::Granted);
    let codes: Vec<Code> = rig.hear(&batch).items.iter().map(|item| item.outcome.code).collect();
    assert_eq!(codes, [Code::Granted, Code::Queued, Code::Queued]);
    rig.limit("pdu-a1", None);
    rig.pass(400);
    assert_eq!(rig.ledger.waits().count(), 0, "they are served as if nothing had been");
}

#[test]
fn a_clock_that_is_put_right_takes_nobody_the_time_to_renew() {
    let mut rig = Rig::new();
    let of = Wish { ttl: Some(Span::from_secs(3600)), ..wish(rig.feed("pdu-a1"), 40e3) };
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    rig.pass(5);
    let known = rig.ledger.clone();
    starts(&mut rig, known, None);
    assert_eq!(rig.recover(&Found { read: true, ..Found::default() }).code, Code::Granted);
    rig.pass(300);
    rig.tick.wall.0 += 3_600_000;
    rig.tick.clock_trusted = true;
    rig.pass(900);
    assert_eq!((states(&rig), rig.renew("slurm", lease).code), (vec![("kept".to_owned(), 40e3)], Code::Granted));
}
