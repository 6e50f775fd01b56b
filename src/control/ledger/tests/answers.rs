//! Who asks twice is answered alike for a day, whatever others ask meanwhile.

use plant::event::{LeaseNews, What};
use plant::id::Id;
use plant::time::Span;
use plant::units::Watts;

use super::*;
use crate::control::ledger::answers::share;
use crate::control::ledger::kept::{Answer, Kept, RECENT, ROOM};
use crate::control::ledger::message::{LeaseId, Message, Named, Power, Wish};
use crate::control::ledger::reply::{Outcome, Tight};

/// So many clients, `slurm` and `kueue` among them.
fn crowd(clients: usize) -> Rig {
    let names = (2..clients).map(|n| format!("c{n}"));
    let all = ["slurm".to_owned(), "kueue".to_owned()].into_iter().chain(names);
    let tenants = all.map(|name| Tenant::plain(&name)).collect();
    Rig::of(Rules { tenants, margin: 0.0, cooling: 0.0, ..Rules::default() })
}

fn named(lease: LeaseId) -> Named {
    Named { lease, epoch: None }
}

#[test]
fn a_refusal_of_hours_ago_is_answered_alike_whatever_others_ask_meanwhile() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let limit = rig.hall.power.feeds[feed].limit().0;
    rig.load("pdu-a1", Some(limit));
    rig.pass(1);
    let refused = rig.message("kueue", Op::Acquire(vec![wish(feed, 10e3)]));
    let first = rig.hear(&refused);
    assert_eq!(first.items[0].outcome.code, Code::Retry);
    let gone = LeaseId { epoch: 1, number: 77 };
    let amended = rig.message(
        "kueue",
        Op::Amend {
            of: named(gone),
            power: Power { least: 0.0, wanted: 1.0, peak: None },
            partial: true,
            priority: None,
        },
    );
    let released = rig.message("kueue", Op::Release { of: named(gone) });
    let others = [rig.hear(&amended), rig.hear(&released)];
    rig.load("pdu-a1", Some(0.0));
    rig.pass(1);
    let lease = rig.acquire("slurm", wish(feed, 1e3)).outcome.lease.expect("a lease");
    for n in 0..3000 {
        rig.renew("slurm", lease);
        rig.ask(if n % 2 == 0 { "slurm" } else { "kueue" }, Op::Query { of: named(lease) });
        rig.leap(25);
    }
    rig.restart(Some(30));
    let again = rig.hear(&refused);
    assert_eq!(again.items[0].outcome, first.items[0].outcome, "20 h later there is room, and it was refused");
    for (message, first) in [amended, released].iter().zip(others) {
        assert_eq!(rig.hear(message).items[0].outcome, first.items[0].outcome);
    }
    let other = Message { body: 7, ..refused.clone() };
    assert_eq!(rig.hear(&other).items[0].outcome.why, Why::OtherBody);
    assert_eq!(rig.acquire("kueue", wish(feed, 10e3)).outcome.code, Code::Granted, "by another name it is judged anew");
}

#[test]
fn who_fills_his_share_is_promised_nothing_alone_and_may_give_back() {
    let mut rig = crowd(50);
    assert_eq!(share(50), 1000);
    let feed = rig.feed("pdu-a1");
    let held = rig.message("slurm", Op::Acquire(vec![wish(feed, 1.0)]));
    let lease = rig.hear(&held).items[0].outcome.lease.expect("a lease");
    let refusals = (0..1200).filter(|_| rig.acquire("slurm", wish(feed, -1.0)).outcome.code == Code::Invalid).count();
    // Of its share the lease has its answer and its release, and each that might be granted needs as much.
    assert_eq!(refusals, 1000 - 3);
    let full = |rig: &mut Rig| {
        let all = std::mem::take(&mut rig.events).into_iter();
        let of =
            |what| if let What::Lease(LeaseNews::Full { client, full }) = what { Some((client, full)) } else { None };
        all.filter_map(|event| of(event.what)).collect::<Vec<_>>()
    };
    assert_eq!(full(&mut rig), [(1, true)], "told once");
    let item = rig.acquire("slurm", wish(feed, 1.0));
    assert_eq!((item.outcome.code, item.outcome.why), (Code::Retry, Why::Full));
    assert!(item.outcome.retry_after.is_some());
    assert_eq!(rig.acquire("kueue", wish(feed, 1.0)).outcome.code, Code::Granted, "others have theirs");
    for _ in 0..3 * RECENT {
        assert_eq!(rig.renew("slurm", lease).code, Code::Granted, "what lives goes on");
    }
    assert_eq!(rig.hear(&held).items[0].outcome.code, Code::Granted, "what was promised is known");
    let release = rig.message("slurm", Op::Release { of: named(lease) });
    let given = rig.hear(&release);
    assert_eq!(given.items[0].outcome.code, Code::Granted, "what is lent can always be given back");
    assert_eq!(rig.hear(&release).items[0].outcome, given.items[0].outcome);
    // A day later there is room.
    rig.leap(86_401);
    assert_eq!(rig.acquire("slurm", wish(feed, 1.0)).outcome.code, Code::Granted);
    assert_eq!(full(&mut rig), [(1, false)]);
}

#[test]
fn what_made_a_lease_is_known_as_long_as_that_lives() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let first = rig.message("slurm", Op::Acquire(vec![wish(feed, 1e3)]));
    let lease = rig.hear(&first).items[0].outcome.lease.expect("a lease");
    for _ in 0..60 {
        rig.leap(3000);
        assert_eq!(rig.renew("slurm", lease).code, Code::Granted);
        rig.acquire("slurm", wish(feed, -1.0));
    }
    assert_eq!(rig.hear(&first).items[0].outcome.lease, Some(lease), "two days later");
    assert_eq!(rig.ledger.whose(lease).map(|of| of.1), Some(first.request.as_str()));
}

#[test]
fn what_a_request_that_waited_was_answered_is_known_for_a_day_from_then_on() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.load("pdu-a1", Some(rig.hall.power.feeds[feed].limit().0));
    rig.pass(1);
    let mut waits = wish(feed, 10e3);
    waits.accept.wait = Span::from_secs(30 * 3600);
    let asked = rig.message("slurm", Op::Acquire(vec![waits]));
    assert_eq!(rig.hear(&asked).items[0].outcome.code, Code::Queued);
    rig.leap(31 * 3600);
    rig.load("pdu-a1", Some(0.0));
    for _ in 0..20 {
        rig.leap(3600);
        rig.acquire("slurm", wish(feed, -1.0));
    }
    assert_eq!(rig.hear(&asked).items[0].outcome.code, Code::Expired, "it was waited for in vain, and not asked anew");
}

#[test]
fn a_renewal_that_comes_again_lengthens_nothing() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let lease = rig.acquire("slurm", Wish { ttl: Some(Span::from_secs(300)), ..wish(feed, 1e3) });
    let lease = lease.outcome.lease.expect("a lease");
    let renewal = rig.message("slurm", Op::Renew { of: named(lease), ttl: None });
    assert_eq!(rig.hear(&renewal).items[0].outcome.code, Code::Granted);
    // What others ask meanwhile makes nobody forget it.
    for _ in 0..2 * RECENT {
        rig.ask("slurm", Op::Query { of: named(lease) });
    }
    rig.pass(200);
    assert_eq!(rig.hear(&renewal).items[0].outcome.code, Code::Granted, "answered alike");
    let other = Message { body: 7, ..renewal.clone() };
    assert_eq!(rig.hear(&other).items[0].outcome.why, Why::OtherBody);
    rig.pass(101);
    let now = rig.hear(&renewal).items.remove(0);
    assert_eq!(now.lease.expect("in its grace").state, "grace", "nor does it bring it back");
    rig.pass(200);
    assert_eq!(rig.renew("slurm", lease).code, Code::UnknownLease);
    assert_eq!((rig.hear(&renewal).items[0].lease.clone(), rig.reserved("pdu-a1")), (None, 0.0));
}

#[test]
fn all_that_may_be_kept_fits_half_of_what_may_wait_for_the_disk() {
    let mut kept = Kept::default();
    let tight = Tight { feed: FeedId::from_index(3), limit: Watts(123_456.789), headroom: Watts(-1_234.567_8) };
    for n in 0..ROOM {
        let request = format!("5e0c1a9a-8a8e-4c43-8a39-{n:012}");
        let lease = LeaseId { epoch: 12, number: u64::try_from(n).expect("small") };
        let made = n % 2 == 0;
        let outcome = if made {
            Outcome::plain(Code::Granted, Why::Fits).about(lease)
        } else {
            Outcome { tight: Some(tight), ..Outcome::plain(Code::Retry, Why::Feed) }.after(Span::from_secs(60))
        };
        let body = u128::MAX - u128::try_from(n).expect("small");
        let answer = Answer::new((made.then_some(request.as_str()), body), vec![outcome], Span::from_secs(80_000));
        kept.keep("slurm", &request, answer);
    }
    assert_eq!(kept.items("slurm"), ROOM);
    let bytes = postcard::to_stdvec(&kept).expect("writes").len();
    assert!(bytes < 4 << 20, "{bytes}");
}

#[test]
fn where_no_more_can_wait_nothing_was_judged_nobody_is_lowered_and_the_same_may_come_again() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(101e3));
    let bends = Wish { class: Class::Interruptible, priority: 200, ..wish(feed, 100e3) };
    let lease = rig.acquire("kueue", bends).outcome.lease.expect("a lease");
    rig.load("pdu-a1", Some(100e3));
    rig.pass(1);
    let waits = |watts: f64, priority: i32| {
        let mut of = Wish { priority, ..wish(feed, watts) };
        of.accept.wait = Span::from_secs(7200);
        of
    };
    let others = rig.feed("pdu-b1");
    rig.load("pdu-b1", Some(rig.hall.power.feeds[others].limit().0));
    rig.pass(1);
    for n in 0..MOST.1 {
        let of = Wish { places: wish(others, 1e3).places, ..waits(1e3, 300) };
        let client = if n % 2 == 0 { "slurm" } else { "kueue" };
        assert_eq!(rig.acquire(client, of).outcome.code, Code::Queued, "{n}");
    }
    let asked = rig.message("slurm", Op::Acquire(vec![waits(50e3, 1)]));
    let first = rig.hear(&asked).items[0].outcome;
    assert_eq!((first.code, first.why), (Code::Retry, Why::Full));
    rig.pass(700);
    let cut = rig.notices().iter().any(|of| of.lease == lease && of.tidings.lowers());
    assert!(!cut, "nobody is lowered for one who does not wait");
    assert!(!rig.hear(&asked).again, "it may come again");
}

#[test]
fn an_answer_is_told_once_however_many_of_its_items_have_one_by_now() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(1e3));
    let mut of = wish(feed, 5e3);
    of.accept.wait = Span::from_secs(600);
    let batch = rig.message("slurm", Op::Acquire(vec![of.clone(), of.clone(), of]));
    assert!(rig.hear(&batch).items.iter().all(|item| item.outcome.code == Code::Queued));
    let before = rig.ledger.notices().last();
    rig.limit("pdu-a1", None);
    rig.pass(5);
    for since in [before, 0] {
        let answers = rig.ledger.show(since, |_| "").answers;
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].items.iter().all(|item| item.outcome.code == Code::Granted));
    }
}
