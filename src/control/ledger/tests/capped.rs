//! Who is held back by caps is told, firm or not.

use plant::time::Span;

use super::*;
use crate::control::ledger::message::{Flex, Wish};
use crate::control::ledger::notices::{Cause, Notice};
use crate::control::ledger::tree::Place;

/// A firm lease of 50 kW in a rack.
fn firm(rig: &mut Rig, rack: usize) -> LeaseId {
    let of = Wish { places: vec![(Place::Rack(rack), 1.0)], ..wish(rig.feed("pdu-a1"), 50e3) };
    rig.acquire("slurm", of).outcome.lease.expect("granted")
}

fn told(rig: &Rig) -> Vec<(Tidings, f64, Cause, bool)> {
    let plain = |of: &Notice| of.tidings != Tidings::Answered;
    let of = |of: Notice| (of.tidings, of.watts.round(), of.cause, of.emergency);
    rig.notices().into_iter().filter(plain).map(of).collect()
}

#[test]
fn a_firm_lease_that_caps_hold_back_is_told_at_once_with_why_and_when_that_is_over() {
    let mut rig = Rig::new();
    rig.racks[0] = Some(0.0);
    rig.pass(60);
    let lease = firm(&mut rig, 0);
    firm(&mut rig, 1);
    rig.pass(1);
    rig.lets.insert(0, 20e3);
    rig.pass(9);
    assert_eq!(told(&rig), []);
    rig.pass(1);
    let held = (Tidings::Reduce, 20e3, Cause::GridTarget, true);
    assert_eq!(told(&rig), [held]);
    let notice = rig.notices().pop().expect("told");
    assert_eq!((notice.lease, notice.effective, notice.hard), (lease, rig.ledger.now(), rig.ledger.now()));
    assert_eq!(
        rig.ledger.leases().next().map(|of| (of.cut, of.at(rig.ledger.now()))),
        Some((None, 50e3)),
        "it keeps its place"
    );
    // A tenth less than was told is told again, a minute later; less than that is not.
    rig.lets.insert(0, 16e3);
    rig.pass(120);
    assert_eq!(told(&rig), [held]);
    rig.lets.insert(0, 14e3);
    rig.pass(60);
    rig.renew("slurm", lease);
    assert_eq!(told(&rig), [held, (Tidings::Reduce, 14e3, Cause::GridTarget, true)]);
    rig.lets.clear();
    rig.pass(59);
    assert_eq!(told(&rig).len(), 2);
    rig.pass(1);
    assert_eq!(told(&rig)[2..], [(Tidings::Restore, 50e3, Cause::Restored, false)]);
}

#[test]
fn heat_is_named_and_what_flutters_or_is_hardly_less_is_not_told() {
    let mut rig = Rig::new();
    rig.racks[0] = Some(0.0);
    rig.pass(60);
    firm(&mut rig, 0);
    rig.pass(1);
    rig.lets.insert(0, 48e3);
    rig.pass(30);
    for _ in 0..5 {
        rig.lets.insert(0, 20e3);
        rig.pass(8);
        rig.lets.clear();
        rig.pass(2);
    }
    assert_eq!(told(&rig), []);
    rig.lets.insert(0, 20e3);
    rig.hot.push(0);
    rig.pass(10);
    assert_eq!(told(&rig), [(Tidings::Reduce, 20e3, Cause::Thermal, true)]);
    // What was told is known over a start.
    rig.restart(Some(10));
    rig.pass(30);
    assert_eq!(told(&rig).len(), 1);
}

#[test]
fn who_is_free_of_caps_hears_again_of_what_lowers_it_soon() {
    let mut rig = Rig::new();
    rig.racks[0] = Some(0.0);
    rig.pass(60);
    let flex = Flex { floor: 10e3, shed: Span::from_secs(1800), ..Flex::default() };
    let of =
        Wish { class: Class::Curtailable, flex, ttl: Some(Span::from_secs(3600)), ..wish(rig.feed("pdu-a1"), 50e3) };
    let lease =
        rig.acquire("slurm", Wish { places: vec![(Place::Rack(0), 1.0)], ..of }).outcome.lease.expect("granted");
    rig.pass(1);
    rig.limit("pdu-a1", Some(20e3));
    rig.pass(1);
    let cut = rig.notices().pop().expect("lowered in half an hour");
    assert_eq!((cut.tidings, cut.watts), (Tidings::Reduce, 10e3));
    rig.lets.insert(0, 20e3);
    rig.pass(10);
    rig.lets.clear();
    rig.pass(60);
    let all: Vec<_> = rig.notices().iter().map(|of| (of.lease, of.tidings, of.watts.round(), of.effective)).collect();
    let now = rig.ledger.now();
    let free = [(lease, Tidings::Restore, 50e3, now), (lease, Tidings::Reduce, 10e3, cut.effective)];
    assert_eq!((all.len(), &all[2..]), (4, &free[..]), "{all:?}");
}
