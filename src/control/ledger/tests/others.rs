//! What there is instead of what is not lent, what it costs, and by what it was decided.

use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Accept, Message, Power, Times, Wish};
use crate::control::ledger::reply::{Inputs, Other};
use crate::control::ledger::tree::{self, Place};

const HOUR: i64 = 3_600_000;

fn at(hours: i64) -> Wall {
    Wall(rig::BEGIN.0 + hours * HOUR)
}

fn others(of: &Outcome) -> Vec<Other> {
    of.others.iter().flatten().copied().collect()
}

/// What a feed carries for each watt at machines below another (1).
fn weight(rig: &Rig, below: FeedId, of: FeedId) -> f64 {
    let spread = (rig.ground.rules.cooling, &rig.ground.spread);
    let weights = tree::weights(&rig.hall.power, &[(Place::Feed(below), 1.0)], spread);
    weights.iter().find(|(feed, _)| *feed == of).expect("on its way").1
}

/// The same where it is billed.
fn carried(rig: &Rig, below: FeedId) -> f64 {
    weight(rig, below, rig.feed("utility"))
}

/// The same that says when it must be done.
fn due(by: Wall, of: Wish) -> Wish {
    Wish { times: Times { deadline: Some(by), ..of.times }, ..of }
}

#[test]
fn what_is_not_lent_says_how_much_there_is_now_and_when_there_is_all_of_it() {
    let mut rig = Rig::new();
    rig.prices = vec![(Wall(0), 0.30), (at(1), 0.10)];
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(400e3));
    rig.acquire("kueue", now_for(3600, wish(feed, 300e3)));
    let refused = rig.acquire("slurm", now_for(7200, wish(feed, 250e3))).outcome;
    assert_eq!(refused.code, Code::Retry);
    let found = others(&refused);
    let earliest = refused.earliest.expect("known");
    let now = (400e3 / weight(&rig, feed, feed) - 300e3).floor();
    // Its end, with what is charged until a meter confirms it.
    assert!(earliest > at(1) && earliest < Wall(at(1).0 + 10 * 60_000), "{earliest:?}");
    assert_eq!(
        found.iter().map(|of| (of.start, of.watts)).collect::<Vec<_>>(),
        [(rig.ledger.now(), now), (earliest, 250e3)]
    );
    // An hour at 0.30 (but for the second that has passed) and one at 0.10; then two at 0.10.
    let kwh = |watts: f64| watts / 1e3 * carried(&rig, feed);
    let hours = [(found[0], kwh(now) * 0.40), (found[1], kwh(250e3) * 0.20)];
    for (of, cost) in hours {
        assert!((of.cost.expect("priced") - cost).abs() < 0.05, "{of:?} {cost}");
    }
    // Where no price is known, or nobody says for how long, no cost is.
    rig.prices.clear();
    let unpriced = rig.acquire("slurm", now_for(7200, wish(feed, 250e3))).outcome;
    let endless = rig.acquire("slurm", wish(feed, 250e3)).outcome;
    assert!(others(&unpriced).iter().chain(&others(&endless)).all(|of| of.cost.is_none()));
    assert_eq!((others(&unpriced).len(), others(&endless).len()), (2, 2));
    // What is too late is no choice, and what is lent needs none.
    let late = rig.acquire("slurm", due(at(3), now_for(7200, wish(feed, 250e3)))).outcome;
    assert_eq!((late.code, others(&late).len()), (Code::Denied, 1));
    assert_eq!(others(&rig.acquire("slurm", now_for(7200, wish(feed, 50e3))).outcome), []);
}

#[test]
fn who_asks_what_would_be_hears_what_it_costs_now_and_when_it_costs_least() {
    let mut rig = Rig::new();
    rig.prices = vec![(Wall(0), 0.50), (at(3), 0.10), (at(9), 0.40)];
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(400e3));
    let six = || now_for(2 * 3600, wish(feed, 100e3));
    let dry = |rig: &mut Rig, wishes: Vec<Wish>| {
        let message = rig.message("slurm", Op::DryRun(wishes));
        rig.hear(&message).items.iter().map(|item| item.outcome).collect::<Vec<_>>()
    };
    let outcome = dry(&mut rig, vec![six()]).remove(0);
    let kwh = 2.0 * 100.0 * carried(&rig, feed);
    assert_eq!(outcome.code, Code::Granted);
    let [now, then] = others(&outcome)[..] else { panic!("{outcome:?}") };
    assert_eq!((now.start, then.start), (rig.ledger.now(), at(3)));
    assert!((now.cost.expect("priced") - kwh * 0.50).abs() < 0.01, "{now:?}");
    assert!((then.cost.expect("priced") - kwh * 0.10).abs() < 0.01, "{then:?}");
    // What is cheapest and has no room is none.
    let night = Times { not_before: Some(at(3)), duration: Some(Span::from_secs(2 * 3600)), ..Times::default() };
    assert_eq!(rig.acquire("kueue", Wish { times: night, ..wish(feed, 350e3) }).outcome.code, Code::Granted);
    let [_, then] = others(&dry(&mut rig, vec![six()])[0])[..] else { panic!("nothing later") };
    assert!(then.start > at(5) && then.start <= at(6), "{then:?}");
    // In time, or not at all.
    let bound = others(&dry(&mut rig, vec![due(at(4), six())])[0]);
    assert!(bound.iter().all(|of| of.start.0 + 2 * HOUR <= at(4).0), "{bound:?}");
    // Of several at once nobody is told, and by a doubted clock nobody knows.
    assert!(dry(&mut rig, vec![six(), six()]).iter().all(|of| others(of).is_empty()));
    rig.tick.clock_trusted = false;
    rig.pass(1);
    assert!(others(&dry(&mut rig, vec![six()])[0]).is_empty());
}

#[test]
fn a_decision_is_kept_with_the_room_that_it_was_made_by() {
    let mut rig = Rig::new();
    rig.plans = true;
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(400e3));
    rig.load("pdu-a1", Some(150e3));
    rig.pass(1);
    let lent = rig.acquire("slurm", wish(feed, 100e3));
    let Inputs { at, plan, feeds } = lent.inputs.expect("known");
    assert_eq!((at, plan), (rig.ledger.now(), Some(7)));
    let tight = feeds[0].expect("a feed");
    assert_eq!((tight.feed, tight.limit, tight.headroom), (feed, Watts(400e3), Watts(250e3)));
    let free: Vec<f64> = feeds.iter().flatten().map(|of| of.headroom.0 / weight(&rig, feed, of.feed)).collect();
    assert!(free.len() > 1 && free.is_sorted(), "{feeds:?}");
    rig.acquire("slurm", wish(feed, 200e3));
    // All of it is known as long as the lease lives, by whoever takes up what is on the disk.
    let written = postcard::to_stdvec(&rig.ledger).expect("writes");
    rig.ledger = postcard::from_bytes(&written).expect("reads");
    let view = |rig: &Rig, request: &str| {
        let name = |feed: FeedId| rig.hall.power.feeds[feed].name.as_str();
        rig.ledger.decision(("slurm", request), name)
    };
    let decided = view(&rig, "r1").expect("known").items.remove(0);
    assert_eq!((decided.code, decided.plan, decided.decided_ms), (Code::Granted, Some(7), Some(at.0)));
    assert_eq!((decided.feeds.len(), decided.feeds[0].feed.as_str()), (free.len(), "pdu-a1"));
    // Of what is refused the feed that spoke against it is.
    let refused = view(&rig, "r2").expect("known").items.remove(0);
    assert_eq!((refused.code, refused.lease_id, refused.decided_ms), (Code::Retry, None, None));
    assert_eq!((refused.feeds.len(), refused.feeds[0].headroom_w), (1, 250e3 - 100e3 * weight(&rig, feed, feed)));
    assert_eq!(view(&rig, "r3"), None);
}

#[test]
fn what_is_said_again_is_no_new_decision() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let message: Message = rig.message("slurm", Op::Acquire(vec![wish(feed, 10e3)]));
    let first = rig.hear(&message);
    let again = rig.hear(&message);
    assert_eq!((first.again, again.again), (false, true));
    assert_eq!(first.items, again.items);
    assert!(first.items[0].inputs.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever is offered is there: who asks for just that is lent it.
    #[test]
    fn what_is_offered_is_lent_to_who_asks_for_it(
        held in proptest::collection::vec((1..200_u32, 1..6_u64, 0..6_i64), 0..8),
        (want, least, hours) in (1..400_u32, 0..100_u32, 1..5_u64),
        prices in proptest::collection::vec(0..100_u32, 8),
        (wait, dry) in (prop_oneof![Just(0_u64), Just(90_000)], any::<bool>()),
    ) {
        let mut rig = Rig::new();
        rig.prices = prices.iter().zip(0..).map(|(price, hour)| (at(hour), f64::from(*price) / 100.0)).collect();
        let feed = rig.feed("pdu-a1");
        rig.limit("pdu-a1", Some(400e3));
        for (kw, hours, from) in held {
            let times = Times { not_before: Some(at(from)), duration: Some(Span::from_secs(hours * 3600)), ..Times::default() };
            rig.acquire("kueue", Wish { times, ..wish(feed, f64::from(kw) * 1e3) });
        }
        let wanted = f64::from(want) * 1e3;
        let mut of = now_for(hours * 3600, wish(feed, wanted));
        of.power = Power { least: wanted * f64::from(least) / 100.0, wanted, peak: None };
        (of.accept.partial, of.accept.wait) = (least > 50, Span::from_secs(wait));
        let op = if dry { Op::DryRun(vec![of.clone()]) } else { Op::Acquire(vec![of.clone()]) };
        let before = rig.ledger.clone();
        let outcome = rig.ask("slurm", op).outcome;
        rig.ledger = before;
        for other in others(&outcome) {
            prop_assert!(other.watts <= wanted && other.start >= rig.ledger.now());
            let times = Times { not_before: Some(other.start), ..of.times };
            let power = Power { least: other.watts, wanted: other.watts, peak: None };
            let wish = Wish { times, power, accept: Accept::default(), ..of.clone() };
            let lent = rig.ask("slurm", Op::DryRun(vec![wish])).outcome;
            prop_assert_eq!(lent.code, Code::Granted, "{:?} of {:?}", other, outcome);
        }
    }
}
