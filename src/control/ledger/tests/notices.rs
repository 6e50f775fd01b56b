//! What is told is told to all, however many there are at once; and who of those that wait is served first.

use std::collections::BTreeSet;

use super::*;
use crate::control::ledger::message::{Accept, Inside, Times, Wish};

/// 1000 leases of a window that shuts are over in one scan.
#[test]
fn of_a_thousand_leases_that_end_in_one_scan_each_is_told() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    // In the night of Berlin, an hour before it is over.
    let shuts = "2027-01-15T05:00:00Z".parse::<jiff::Timestamp>().expect("an instant").as_millisecond();
    rig.tick.wall = Wall(shuts - 3_600_000);
    rig.pass(1);
    let duration = Some(Span::from_millis(u64::try_from(shuts - rig.ledger.now().0).expect("ahead")));
    let inside = Some(Inside { window: "night".to_owned(), early: false, fit: true });
    let wish = Wish { times: Times { duration, ..Times::default() }, inside, ..wish(feed, 300.0) };
    let mut leases = BTreeSet::new();
    for items in [256, 256, 256, 232] {
        let message = rig.message("slurm", Op::Acquire(vec![wish.clone(); items]));
        leases.extend(rig.hear(&message).items.iter().map(|item| item.outcome.lease.expect("a lease")));
    }
    assert_eq!(leases.len(), 1000);
    let before = rig.ledger.notices().last();
    rig.leap(3599);
    let told: Vec<_> = rig.ledger.notices().since(before).filter(|of| of.tidings == Tidings::Stop).collect();
    assert_eq!(told.iter().map(|of| of.lease).collect::<BTreeSet<_>>(), leases);
    assert_eq!(told.len(), 1000, "each once");
    let numbers: Vec<u64> = rig.ledger.notices().since(before).map(|of| of.number).collect();
    assert!(numbers.windows(2).all(|of| of[1] == of[0] + 1), "in order, and none is missing");
}

#[test]
fn of_those_alike_in_importance_who_has_less_time_to_spare_is_served_first() {
    let mut rig = Rig::new();
    rig.limit("pdu-a1", Some(50.4e3));
    let feed = rig.feed("pdu-a1");
    let holds = rig.acquire("slurm", wish(feed, 50e3)).outcome.lease.expect("a lease");
    let mut waits = |spare: Option<i64>, seconds: u64| {
        let long = 1000 * i64::try_from(seconds).expect("small");
        let deadline = spare.map(|spare| Wall(rig::BEGIN.0 + long + 1000 * spare));
        let times = Times { deadline, duration: Some(Span::from_secs(seconds)), ..Times::default() };
        let accept = Accept { wait: Span::from_secs(30_000), ..Accept::default() };
        let item = rig.acquire("kueue", Wish { times, accept, ..wish(feed, 50e3) });
        assert_eq!(item.outcome.code, Code::Queued);
        (item.outcome.lease.expect("it waits"), item.outcome.position)
    };
    // The first that came, and has no deadline; one with much time; a long job whose deadline is later and that has less to spare; alike, and later.
    let (none, _) = waits(None, 3000);
    let (much, _) = waits(Some(20_000), 3000);
    let (little, place) = waits(Some(10_000), 12_000);
    assert_eq!(place, Some(1), "before those that came sooner");
    let (alike, place) = waits(Some(10_000), 3000);
    assert_eq!(place, Some(2), "alike: who came first");
    rig.release("slurm", holds);
    let mut served = Vec::new();
    for _ in 0..4 {
        rig.pass(130);
        let now: Vec<LeaseId> = rig.ledger.leases().filter(|of| of.is_live()).map(|of| of.id).collect();
        let [one] = now[..] else { panic!("one at a time: {now:?}") };
        served.push(one);
        rig.release("kueue", one);
    }
    assert_eq!(served, [little, alike, much, none]);
}
