//! Racks that draw more than leases let them: when that is told, what is capped, and when it is over.

use plant::event::{ExcessStage, LeaseNews};

use super::*;
use crate::control::ledger::notices::Cause;
use crate::control::ledger::tree::Place;
use crate::control::ledger::watch::{Limits, Stage};

/// So much in a rack, for an hour without a renewal.
fn in_rack(rig: &Rig, rack: usize, watts: f64) -> message::Wish {
    message::Wish { places: vec![(Place::Rack(rack), 1.0)], ..wish(rig.feed("pdu-a1"), watts) }
}

/// A rack of which 2 kW are nobody's, and 10 kW are lent.
fn lent() -> Rig {
    let mut rig = Rig::new();
    rig.racks[0] = Some(2e3);
    rig.pass(5);
    let wish = in_rack(&rig, 0, 10e3);
    assert_eq!(rig.acquire("slurm", wish).outcome.code, Code::Granted);
    rig.pass(1);
    rig
}

/// So many seconds with this drawn in the first rack; what is told of it.
fn draws(rig: &mut Rig, seconds: u64, watts: Option<f64>) -> Vec<&'static str> {
    rig.racks[0] = watts;
    rig.events.clear();
    rig.pass(seconds);
    let of = |of: &plant::event::Event| {
        if let What::Lease(LeaseNews::Excess(of)) = of.what { Some(of.stage.word()) } else { None }
    };
    rig.events.iter().filter_map(of).collect()
}

fn capped(rig: &Rig) -> Option<f64> {
    rig.ledger.held_to(0).map(|(watts, _)| watts.0)
}

/// For so many seconds this is drawn (W): what is told meanwhile, and what the rack is held to then (W).
type Row = (u64, Option<f64>, &'static [&'static str], Option<f64>);

/// 12 kW may be drawn, and 13 are no excess yet.
#[test]
fn who_draws_too_much_is_told_then_capped_then_breached_then_escalated_until_it_is_over() {
    let mut rig = lent();
    let rows: [Row; 14] = [
        (300, Some(13e3), &[], None),
        (29, Some(14e3), &[], None),
        (1, Some(12e3), &[], None), // within for a moment: it begins anew
        (29, Some(14e3), &[], None),
        (500, None, &[], None), // what is not read changes nothing
        (1, Some(14e3), &["lease_excess"], None),
        (59, Some(14e3), &[], None),
        (1, Some(14e3), &["lease_excess_capped"], Some(12e3)),
        (119, Some(13.5e3), &[], Some(12e3)),
        (1, Some(13.5e3), &["lease_breach"], Some(12e3)),
        (10, Some(14.1e3), &["lease_breach"], Some(12e3)), // critical: more than a fifth
        (590, Some(14.1e3), &["lease_breach_escalated"], Some(12e3)),
        (119, Some(12e3), &[], Some(12e3)),
        (1, Some(12e3), &["lease_breach_resolved"], None),
    ];
    for (n, (seconds, watts, told, held)) in rows.into_iter().enumerate() {
        assert_eq!((draws(&mut rig, seconds, watts), capped(&rig)), (told.to_vec(), held), "row {n}");
        let (stage, critical) = (rig.ledger.watch().cases[0].stage, rig.ledger.watch().cases[0].critical);
        assert_eq!(critical, (10..14).contains(&n), "row {n} at {stage:?}");
    }
    let told: Vec<_> =
        rig.notices().iter().map(|of| (of.tidings, of.watts, of.cause, of.hard.since(of.effective))).collect();
    let reduce = |after| (Tidings::Reduce, 10e3, Cause::Exceeded, Span::from_secs(after));
    let restore = (Tidings::Restore, 10e3, Cause::Restored, Span::ZERO);
    assert_eq!(told, [reduce(60), reduce(0), reduce(0), reduce(0), reduce(0), restore]);
    let view = rig.ledger.show(0, |_| "rack-a01");
    assert_eq!(view.leases[0].seq, 7, "each is another state of the lease");
    assert_eq!((view.places[0].stage, view.places[0].case_id.clone()), (Stage::Within, None));
}

#[test]
fn caps_that_are_needed_again_and_again_hold_for_twice_as_long() {
    let mut rig = lent();
    for hold in [120, 240, 480, 960, 1920, 3600, 3600] {
        assert_eq!(draws(&mut rig, 90, Some(20e3)), ["lease_excess", "lease_excess_capped"]);
        let lease = rig.ledger.leases().next().expect("lives").id;
        rig.renew("slurm", lease);
        assert_eq!(draws(&mut rig, hold - 1, Some(12e3)), [""; 0], "{hold}");
        assert_eq!(draws(&mut rig, 1, Some(12e3)), ["lease_excess_over"]);
        let lease = rig.ledger.leases().next().expect("lives").id;
        rig.renew("slurm", lease);
    }
    // An hour of peace is forgotten.
    for _ in 0..3 {
        assert_eq!(draws(&mut rig, 1300, Some(12e3)), [""; 0]);
        let lease = rig.ledger.leases().next().expect("lives").id;
        rig.renew("slurm", lease);
    }
    assert_eq!(draws(&mut rig, 90, Some(20e3)).len(), 2);
    assert_eq!(draws(&mut rig, 120, Some(12e3)), ["lease_excess_over"]);
}

#[test]
fn what_cannot_be_capped_is_a_breach_that_says_so() {
    let mut rig = lent();
    rig.cappable = false;
    assert_eq!(draws(&mut rig, 90, Some(20e3)), ["lease_excess", "lease_breach_unenforceable"]);
    assert_eq!(capped(&rig), Some(12e3), "should agents come back");
    let mut rig = lent();
    rig.ground.rules.excess.caps = false;
    assert_eq!(draws(&mut rig, 90, Some(20e3)), ["lease_excess", "lease_breach_unenforceable"]);
    assert_eq!(capped(&rig), None, "a site that wants to be told only");
}

#[test]
fn without_knowing_what_is_nobodys_nothing_is_judged() {
    let mut rig = Rig::new();
    let wish = in_rack(&rig, 0, 10e3);
    assert_eq!(rig.acquire("slurm", wish).outcome.code, Code::Granted);
    assert_eq!(draws(&mut rig, 600, Some(50e3)), [""; 0]);
    let view = rig.ledger.show(0, |_| "rack-a01").places.remove(0);
    assert_eq!((view.judged, view.base_w, view.drawn_w, view.charged_w), (false, None, Some(50e3), 10e3));
}

/// What is lent below a feed may all be drawn in one rack: only what is above both accuses, and the lease of the rack.
#[test]
fn a_lease_of_a_feed_above_may_be_drawn_in_any_rack() {
    let mut rig = Rig::new();
    rig.racks[0] = Some(2e3);
    rig.pass(5);
    let below = wish(rig.feed("pdu-a1"), 30e3);
    assert_eq!(rig.acquire("kueue", below).outcome.code, Code::Granted);
    assert_eq!(draws(&mut rig, 600, Some(60e3)), [""; 0], "nothing is lent in the rack itself");
    rig.racks[0] = Some(2e3);
    let wish = in_rack(&rig, 0, 10e3);
    let lease = rig.acquire("slurm", wish).outcome.lease.expect("lent");
    assert_eq!(draws(&mut rig, 600, Some(42e3)), [""; 0], "2 + 30 + 10 kW");
    assert_eq!(draws(&mut rig, 30, Some(45e3)), ["lease_excess"]);
    let view = rig.ledger.show(0, |_| "rack-a01").places.remove(0);
    assert_eq!((view.client.as_deref(), view.lease_id), (Some("slurm"), Some(lease.to_string())));
}

/// What he still draws whose lease is over is not taken to be nobody's while the case goes on.
#[test]
fn a_case_outlives_its_lease_and_not_for_ever() {
    let mut rig = lent();
    assert_eq!(draws(&mut rig, 90, Some(20e3)), ["lease_excess", "lease_excess_capped"]);
    let lease = rig.ledger.leases().next().expect("lives").id;
    rig.release("slurm", lease);
    rig.pass(125);
    assert_eq!(capped(&rig), Some(2e3), "nothing is lent there any more");
    assert_eq!(draws(&mut rig, 3400, Some(20e3)), ["lease_breach_escalated"]);
    assert_eq!(draws(&mut rig, 80, Some(20e3)), ["lease_breach_resolved"]);
    assert_eq!((capped(&rig), rig.ledger.watch().cases[0].base), (None, Some(Watts(20e3))));
}

#[test]
fn a_start_goes_on_with_the_case_and_begins_no_new_one_by_what_it_did_not_see() {
    let mut rig = lent();
    assert_eq!(draws(&mut rig, 29, Some(20e3)), [""; 0]);
    rig.restart(Some(5));
    assert_eq!(draws(&mut rig, 28, Some(20e3)), [""; 0], "its first scan was one");
    assert_eq!(draws(&mut rig, 1, Some(20e3)), ["lease_excess"]);
    assert_eq!(draws(&mut rig, 60, Some(20e3)), ["lease_excess_capped"]);
    let before = rig.ledger.watch().cases[0].id;
    rig.restart(None);
    assert_eq!((rig.ledger.watch().cases[0].id, capped(&rig)), (before, Some(12e3)));
    assert_eq!(draws(&mut rig, 119, Some(20e3)), ["lease_breach"], "lived time goes on, and what nobody saw is none");
}

/// Plain times: a site that sets them has them.
#[test]
fn times_and_the_tolerance_are_the_sites() {
    let secs = Span::from_secs;
    let excess = Limits {
        tolerance: 0.5,
        noticed: secs(2),
        capped: secs(3),
        breach: secs(4),
        escalated: secs(5),
        resolved: secs(10),
        caps: true,
    };
    let mut rig = Rig::new();
    rig.ground.rules.excess = excess;
    rig.racks[0] = Some(2e3);
    rig.pass(5);
    let wish = in_rack(&rig, 0, 10e3);
    rig.acquire("slurm", wish);
    rig.pass(1);
    assert_eq!(draws(&mut rig, 60, Some(17e3)), [""; 0]);
    let all = ["lease_excess", "lease_excess_capped", "lease_breach", "lease_breach_escalated"];
    assert_eq!(draws(&mut rig, 13, Some(18e3)), all[..3]);
    assert_eq!(draws(&mut rig, 1, Some(18e3)), all[3..]);
    assert_eq!(draws(&mut rig, 10, Some(17e3)), [ExcessStage::Resolved.word()]);
}
