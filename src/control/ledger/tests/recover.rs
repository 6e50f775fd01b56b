//! A store is lost, and leases that the broker had kept are taken up again.

use plant::event::{LeaseNews, What};
use plant::id::Id;
use plant::time::{Span, Wall};

use super::*;
use crate::control::ledger::message::{Flex, Named, Power, Wish};
use crate::control::ledger::recover::{Found, Recovery};
use crate::control::ledger::tree::Place;

/// One that lives so long without a renewal (s).
fn lasting(ttl: u64, of: Wish) -> Wish {
    Wish { ttl: Some(Span::from_secs(ttl)), ..of }
}

fn renew(lease: LeaseId, epoch: Option<u64>) -> Op {
    Op::Renew { of: Named { lease, epoch }, ttl: None }
}

fn told(rig: &mut Rig) -> Vec<LeaseNews> {
    let all = std::mem::take(&mut rig.events).into_iter();
    all.filter_map(|event| if let What::Lease(news) = event.what { Some(news) } else { None }).collect()
}

/// Two leases of a third generation: 60 kW of slurm, and 40 kW of kueue; then the store is lost.
fn lost() -> (Rig, [LeaseId; 2], Message) {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let first = rig.message("slurm", Op::Acquire(vec![lasting(300, wish(feed, 60e3))]));
    let slurm = rig.hear(&first).items[0].outcome.lease.expect("a lease");
    let kueue = rig.acquire("kueue", lasting(120, now_for(7200, wish(feed, 40e3)))).outcome.lease.expect("a lease");
    rig.restart(Some(2));
    rig.restart(Some(2));
    rig.load("pdu-a1", Some(80e3));
    rig.pass(1);
    let found = rig.kept();
    assert_eq!(found.kept.len(), 2);
    rig.events.clear();
    rig.lose(&found);
    (rig, [slurm, kueue], first)
}

/// What was known is half an hour old: since then one lease was given back, one lent, one lent to who waited and one lowered.
#[test]
fn where_the_end_of_a_store_is_lost_what_was_kept_counts_and_what_was_known_must_be_renewed() {
    let mut rig = Rig::new();
    let nothing = Found { read: true, ..Found::default() };
    assert_eq!((rig.recover(&nothing).code, rig.ledger.recovery()), (Code::Granted, Recovery::Read));
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(202e3));
    let flex = Flex { floor: 10e3, ..Flex::default() };
    let bends = Wish { class: Class::Interruptible, flex, ..lasting(300, wish(feed, 40e3)) };
    let given = rig.acquire("slurm", lasting(300, wish(feed, 80e3))).outcome.lease.expect("a lease");
    let lowered = rig.acquire("slurm", bends).outcome.lease.expect("a lease");
    let stays = rig.acquire("kueue", lasting(300, wish(feed, 60e3))).outcome.lease.expect("a lease");
    let mut of = lasting(300, wish(feed, 70e3));
    of.accept.wait = Span::from_secs(7200);
    let asked = rig.message("kueue", Op::Acquire(vec![of]));
    let waited = rig.hear(&asked).items[0].outcome;
    assert_eq!(waited.code, Code::Queued);
    rig.load("pdu-a1", Some(150e3));
    rig.pass(1);
    let old = rig.ledger.clone();
    // What happens now is lost.
    assert_eq!(rig.release("slurm", given).code, Code::Granted);
    rig.load("pdu-a1", Some(100e3));
    rig.pass(130);
    let lent = rig.acquire("slurm", lasting(300, wish(feed, 5e3))).outcome.lease.expect("a lease");
    rig.limit("pdu-a1", Some(160e3));
    rig.pass(130);
    let found = rig.kept();
    let names: Vec<LeaseId> = found.kept.iter().map(|of| of.lease).collect();
    let waits = waited.lease.expect("a lease");
    assert!([lowered, stays, lent, waits].iter().all(|of| names.contains(of)) && !names.contains(&given), "{names:?}");

    rig.ledger = old;
    rig.restart(Some(300));
    rig.ledger.lose();
    assert!(rig.ledger.epoch() > 1000, "nobody knows how often it was started since");
    rig.load("pdu-a1", Some(0.0));
    rig.limit("pdu-a1", None);
    rig.pass(30);
    assert_eq!(rig.ledger.leases().count(), 3, "who waits is lent nothing before it is known what was kept");
    assert_eq!(rig.recover(&found).code, Code::Granted);
    assert_eq!((rig.ledger.waits().count(), rig.ledger.leases().count()), (0, 5), "once, though it had waited");
    let state = |rig: &mut Rig, client: &str, lease| {
        let view = rig.ask(client, Op::Query { of: Named { lease, epoch: None } }).lease.expect("known");
        (view.state, view.may_w)
    };
    assert_eq!(state(&mut rig, "slurm", given), ("kept".to_owned(), 80e3), "nobody knows yet that it was given back");
    assert_eq!(state(&mut rig, "slurm", lowered).0, "kept", "it has changed");
    assert_eq!(state(&mut rig, "slurm", lent), ("kept".to_owned(), 5e3));
    let again = rig.hear(&asked).items[0].outcome;
    assert_eq!(
        (again.code, again.why, again.lease),
        (Code::Retry, Why::Recovering, Some(waits)),
        "asked again it has no second one"
    );
    for (client, lease) in [("slurm", lowered), ("slurm", lent), ("kueue", stays), ("kueue", waits)] {
        assert_eq!(rig.renew(client, lease).code, Code::Granted);
    }
    let mut rest = 310;
    while rest > 0 {
        rig.pass(62);
        rest -= 62;
        for (client, lease) in [("slurm", lowered), ("slurm", lent), ("kueue", stays), ("kueue", waits)] {
            assert_eq!(rig.renew(client, lease).code, Code::Granted);
        }
    }
    rig.pass(130);
    assert_eq!(rig.renew("slurm", given).code, Code::UnknownLease, "nobody has renewed it");
    assert_eq!(rig.hear(&asked).items[0].outcome.lease, Some(waits));
    assert_eq!(rig.ledger.leases().count(), 4);
}

#[test]
fn who_renews_what_was_kept_has_it_again_in_a_higher_generation_and_nobody_else() {
    let (mut rig, [slurm, kueue], first) = lost();
    assert_eq!(rig.ledger.epoch(), 4, "above what was kept, though the count was lost");
    assert_eq!(rig.reserved("pdu-a1"), 100.8e3, "what was kept is charged before anybody has renewed it");
    assert_eq!(rig.ledger.unrenewed(), 2);
    let mut view = rig.ledger.show(0, |_| "").leases;
    let before = view.remove(0);
    assert_eq!((before.lease_id.as_str(), before.state.as_str(), before.epoch), ("1-1", "kept", 4));
    assert_eq!((before.may_w, before.ttl_s), (60e3, 300.0));

    let asked = |rig: &mut Rig, client: &str, op: Op| {
        let outcome = rig.ask(client, op).outcome;
        (outcome.code, outcome.why)
    };
    assert_eq!(asked(&mut rig, "kueue", renew(slurm, None)), (Code::UnknownLease, Why::NoLease), "another's");
    let stranger = LeaseId { epoch: 1, number: 77 };
    assert_eq!(asked(&mut rig, "slurm", renew(stranger, None)), (Code::UnknownLease, Why::NoLease));
    assert_eq!(
        asked(&mut rig, "slurm", renew(slurm, Some(2))),
        (Code::Conflict, Why::OldEpoch),
        "older than what was kept"
    );
    let amend = Op::Amend {
        of: Named { lease: slurm, epoch: None },
        power: Power { least: 0.0, wanted: 1e3, peak: None },
        partial: true,
        priority: None,
    };
    assert_eq!(asked(&mut rig, "slurm", amend), (Code::Retry, Why::Recovering));
    let again = rig.hear(&first).items.remove(0).outcome;
    assert_eq!((again.code, again.why), (Code::Retry, Why::Recovering), "no second lease for one request");
    assert_eq!(asked(&mut rig, "slurm", Op::Query { of: Named { lease: slurm, epoch: None } }).0, Code::Granted);

    let item = rig.ask("slurm", renew(slurm, Some(3)));
    let lease = item.lease.expect("a lease");
    assert_eq!((item.outcome.code, lease.state.as_str(), lease.epoch), (Code::Granted, "held", 4));
    assert!(lease.seq > before.seq && rig.reserved("pdu-a1") == 100.8e3);
    assert_eq!(rig.hear(&first).items[0].outcome.lease, Some(slurm), "what made it is known again");
    assert_eq!(asked(&mut rig, "slurm", renew(slurm, Some(3))).1, Why::OldEpoch, "now he knows of the start");
    let news = told(&mut rig);
    assert!(news.contains(&LeaseNews::Recovering { kept: 2, read: true }), "{news:?}");
    assert!(news.contains(&LeaseNews::TakenUp { watts: 60e3 }), "{news:?}");

    // Killed in between nothing is lost of it.
    rig.pass(100);
    rig.restart(Some(3));
    assert_eq!((rig.ledger.unrenewed(), rig.ledger.recovery().waits()), (1, true));
    rig.renew("slurm", slurm);
    // The longest time to live of what was kept is 300 s.
    rig.pass(190);
    assert!(rig.ledger.recovery().waits());
    rig.pass(20);
    assert_eq!((rig.ledger.recovery(), rig.ledger.unrenewed()), (Recovery::Read, 0));
    assert!(told(&mut rig).contains(&LeaseNews::Recovered { renewed: 1, over: 1 }));
    let live = rig.ledger.show(0, |_| "").leases;
    assert_eq!(live.iter().map(|of| of.lease_id.as_str()).collect::<Vec<_>>(), ["1-1"], "nobody has renewed the other");
    assert_eq!(rig.ledger.whose(kueue).map(|of| of.0), Some("kueue"), "who is told that it is over");
    assert_eq!(rig.renew("kueue", kueue).code, Code::UnknownLease);
    assert_eq!(rig.reserved("pdu-a1"), 100.8e3, "it is charged until the meter confirms that it is not drawn");
    rig.pass(121);
    assert_eq!(rig.reserved("pdu-a1"), 60.48e3);
    let feed = rig.feed("pdu-a1");
    let new = rig.acquire("kueue", wish(feed, 1e3)).outcome.lease.expect("a lease");
    assert_eq!(new, LeaseId { epoch: 5, number: 1 });
}

#[test]
fn what_is_kept_may_be_given_back_unrenewed() {
    let (mut rig, [slurm, kueue], _) = lost();
    assert_eq!(rig.release("kueue", slurm).code, Code::UnknownLease);
    assert_eq!(rig.release("kueue", kueue).code, Code::Granted);
    rig.load("pdu-a1", Some(60.48e3));
    rig.pass(121);
    assert_eq!(rig.reserved("pdu-a1"), 60.48e3);
    rig.pass(200);
    assert!(told(&mut rig).contains(&LeaseNews::Recovered { renewed: 0, over: 1 }), "it is none that nobody renewed");
}

#[test]
fn while_it_waits_what_is_new_is_lent_by_what_flows() {
    let (mut rig, [slurm, _], _) = lost();
    rig.limit("pdu-a1", Some(200e3));
    let feed = rig.feed("pdu-a1");
    // 80 kW flow and 100.8 are charged, whosever they are.
    let item = rig.acquire("kueue", wish(feed, 20e3));
    assert_eq!((item.outcome.code, item.outcome.why), (Code::Retry, Why::Feed));
    assert!(item.outcome.retry_after.is_some());
    assert_eq!(rig.acquire("kueue", wish(feed, 19e3)).outcome.code, Code::Granted);
    // A deadline that room in a minute would keep is not denied for that.
    let mut dated = now_for(600, wish(feed, 50e3));
    dated.times.deadline = Some(Wall(rig.tick.wall.0 + 3_600_000));
    assert_eq!(rig.acquire("kueue", dated.clone()).outcome.code, Code::Retry);
    // Nor is anybody lowered for it, and it may wait.
    dated.accept.wait = Span::from_secs(900);
    let waits = rig.acquire("kueue", dated);
    assert_eq!(waits.outcome.code, Code::Queued);
    rig.renew("slurm", slurm);
    rig.pass(290);
    assert_eq!(rig.ledger.waits().count(), 1);
    rig.renew("slurm", slurm);
    rig.pass(140);
    assert_eq!(rig.ledger.waits().count(), 0, "afterwards there is room by what the meters tell");
}

#[test]
fn what_is_kept_is_charged_above_a_limit_and_lowered_once_it_is_renewed() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let bends = Flex { floor: 20e3, ..Flex::default() };
    let of = Wish { class: Class::Curtailable, flex: bends, ..lasting(300, wish(feed, 100e3)) };
    let lease = rig.acquire("slurm", of).outcome.lease.expect("a lease");
    let found = rig.kept();
    rig.limit("pdu-a1", Some(50e3));
    rig.lose(&found);
    assert_eq!(rig.reserved("pdu-a1"), 100.8e3, "it is drawn already");
    rig.pass(5);
    assert!(rig.notices().is_empty());
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    rig.pass(5);
    let notice = rig.notices().pop().expect("a notice");
    assert_eq!((notice.lease, notice.tidings, notice.watts), (lease, Tidings::Reduce, 20e3));
}

#[test]
fn a_first_start_waits_for_nothing_and_a_loss_that_left_nothing_for_the_usual_time() {
    let start = |lose: bool, found: &Found| {
        let mut rig = Rig::new();
        if lose {
            rig.ledger.lose();
        }
        rig.events.clear();
        assert_eq!(rig.recover(found).code, Code::Granted);
        rig
    };
    let nothing = Found { read: true, ..Found::default() };
    let mut first = start(false, &nothing);
    assert_eq!((first.ledger.recovery(), told(&mut first)), (Recovery::Read, Vec::new()));
    assert_eq!(first.recover(&nothing).code, Code::Invalid, "once");
    for (lose, found) in [(true, nothing.clone()), (false, Found { read: false, ..Found::default() })] {
        let mut rig = start(lose, &found);
        assert_eq!(told(&mut rig), [LeaseNews::Recovering { kept: 0, read: found.read }]);
        rig.pass(299);
        assert!(rig.ledger.recovery().waits());
        rig.pass(1);
        assert_eq!(told(&mut rig), [LeaseNews::Recovered { renewed: 0, over: 0 }]);
    }
}

#[test]
fn what_cannot_be_a_lease_is_counted_and_passed_over() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.acquire("slurm", wish(feed, 60e3));
    let one = rig.kept().kept.remove(0);
    let mut kept = vec![one.clone(), one.clone()];
    let mut wrong = |change: &dyn Fn(&mut crate::control::ledger::recover::Retained)| {
        let mut of = one.clone();
        of.lease.number = 100;
        change(&mut of);
        kept.push(of);
    };
    wrong(&|of| of.state.0 = u64::MAX);
    wrong(&|of| of.state.1 = u64::MAX);
    wrong(&|of| of.lease.epoch = 9);
    wrong(&|of| of.watts = f64::NAN);
    wrong(&|of| of.steps[0].watts = -1.0);
    wrong(&|of| of.request.clear());
    wrong(&|of| of.wish.places.clear());
    wrong(&|of| of.wish.places[0].0 = Place::Feed(FeedId::from_index(999)));
    wrong(&|of| of.wish.power.peak = Some(f64::INFINITY));
    rig.lose(&Found { kept, passed: 2, read: true });
    let news = told(&mut rig);
    assert!(news.contains(&LeaseNews::PassedOver { count: 2 + 1 + 9 }), "{news:?}");
    assert_eq!((rig.ledger.unrenewed(), rig.reserved("pdu-a1"), rig.ledger.epoch()), (1, 60.48e3, 2));
}

#[test]
fn by_a_clock_that_nobody_trusts_it_is_for_what_it_was_for_last() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let lease = rig.acquire("slurm", lasting(300, now_for(3600, wish(feed, 60e3)))).outcome.lease.expect("a lease");
    let found = rig.kept();
    rig.tick.clock_trusted = false;
    rig.lose(&found);
    assert_eq!(rig.reserved("pdu-a1"), 60.48e3);
    assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
    rig.tick.clock_trusted = true;
    rig.pass(200);
    assert_eq!(rig.reserved("pdu-a1"), 60.48e3);
}
