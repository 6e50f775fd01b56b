//! Many items in a message, and many that could be lowered: what is reckoned once is what would be reckoned for each.

use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Accept, Power, Times, Wish};
use crate::control::ledger::room::Time;
use crate::control::ledger::waiting::Rank;
use crate::control::ledger::{batch, tree};

const HOUR: i64 = 3_600_000;

/// Below a PDU of 100 kW, whose half a scheduler may have, and of which another has 10 kW for his own.
fn shared() -> Rig {
    let rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let mut rules = rig.ground.rules.clone();
    (rules.tenants[0].share, rules.tenants[0].most) = (0.5, Some(Watts(120e3)));
    rules.tenants[1].floors = vec![(feed, Watts(10e3))];
    let mut rig = Rig::of(rules);
    rig.limit("pdu-a1", Some(100e3));
    rig.pass(1);
    rig
}

/// So much (kW) in so many hours, for so many.
fn at(rig: &Rig, (kw, from, hours): (u32, i64, i64)) -> Wish {
    let begin = Wall(rig.ledger.now().0 + from * HOUR);
    let long = Span::from_millis(u64::try_from(hours * HOUR).expect("positive"));
    let times = Times { not_before: (from > 0).then_some(begin), duration: Some(long), ..Times::default() };
    Wish { times, class: Class::Interruptible, ..wish(rig.feed("pdu-a1"), f64::from(kw) * 1e3) }
}

fn items(rig: &mut Rig, op: Op) -> Vec<Outcome> {
    let message = rig.message("slurm", op);
    rig.hear(&message).items.into_iter().map(|item| item.outcome).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_reckoned_once_is_what_is_reckoned_for_each_start(
        held in proptest::collection::vec((any::<bool>(), (1..60_u32, 0..5_i64, 1..5_i64)), 0..12),
        waits in 0..3_u32,
        starts in proptest::collection::vec((0..500_i64, 1..400_i64), 1..8),
        (whose, limit) in (0..2_usize, 20..120_u32),
    ) {
        let mut rig = shared();
        for (mine, of) in held {
            let wish = at(&rig, of);
            rig.acquire(if mine { "slurm" } else { "kueue" }, wish);
        }
        for _ in 0..waits {
            let of = Wish { accept: Accept { wait: Span::from_secs(9000), ..Accept::default() }, ..at(&rig, (70, 0, 2)) };
            rig.acquire("kueue", of);
        }
        // Some are lowered, and some come to their end.
        rig.limit("pdu-a1", Some(f64::from(limit) * 1e3));
        rig.leap(4000);
        let feed = rig.feed("pdu-a1");
        let from = rig.ledger.now();
        rig.with(|ledger, around, scratch, _| {
            let weights = tree::weights(around.power, &[(tree::Place::Feed(feed), 1.0)], (0.0, &around.ground.spread));
            let first = Time { whose, from, to: from, but: None, rank: Some(Rank::behind_all()) };
            let profile = ledger.profile(around, &weights, &first, scratch);
            for (minutes, long) in starts {
                let from = Wall(from.0 + minutes * 60_000);
                let time = Time { from, to: Wall(from.0 + long * 60_000), ..first };
                let each = ledger.fit(around, &weights, &time, scratch);
                prop_assert_eq!(ledger.fit_in(around, &profile, &time), each);
            }
            Ok(())
        })?;
    }

    #[test]
    fn items_of_a_message_are_answered_like_as_many_messages(
        held in proptest::collection::vec((1..60_u32, 0..5_i64, 1..5_i64), 0..8),
        kinds in proptest::collection::vec((1..80_u32, 0..3_i64, 1..5_i64, prop_oneof![Just(0_u64), Just(9000)]), 1..4),
        asked in proptest::collection::vec(0..4_usize, 1..30),
    ) {
        let mut rig = shared();
        for of in held {
            let wish = at(&rig, of);
            rig.acquire("kueue", wish);
        }
        let wishes: Vec<Wish> = asked
            .into_iter()
            .map(|n| kinds[n % kinds.len()])
            .map(|(kw, from, hours, wait)| {
                let accept = Accept { wait: Span::from_secs(wait), ..Accept::default() };
                Wish { accept, priority: 50, ..at(&rig, (kw, from, hours)) }
            })
            .collect();
        let before = rig.ledger.clone();
        let together = items(&mut rig, Op::Acquire(wishes.clone()));
        rig.ledger = before;
        let each: Vec<Outcome> =
            wishes.into_iter().flat_map(|wish| items(&mut rig, Op::Acquire(vec![wish]))).collect();
        prop_assert_eq!(together, each);
    }
}

/// The first that differ are told when there is room; of the others nobody looks, and each is answered all the same.
#[test]
fn so_many_of_a_message_are_looked_for_and_the_others_hear_that_there_is_no_room() {
    let mut rig = shared();
    let all = at(&rig, (45, 0, 3));
    assert_eq!(rig.acquire("slurm", all).outcome.code, Code::Granted);
    let wish = |rig: &Rig, n: u32| Wish {
        power: Power { least: 30e3 + f64::from(n), wanted: 30e3 + f64::from(n), peak: None },
        ..at(rig, (30, 0, 1))
    };
    let wishes: Vec<Wish> = (0..64).map(|n| wish(&rig, n % 40)).collect();
    let told = items(&mut rig, Op::Acquire(wishes));
    assert!(told.iter().all(|of| (of.code, of.why) == (Code::Retry, Why::Share)));
    let looked: Vec<bool> = told.iter().map(|of| of.earliest.is_some()).collect();
    let as_it_must: Vec<bool> = (0..64).map(|n| n % 40 < batch::LOOKS).collect();
    assert_eq!(looked, as_it_must, "what is alike is answered alike");
    assert!(told.iter().all(|of| of.retry_after.is_some() && of.others[0].is_some()), "and all hear what there is now");
}

/// Of many that could be lowered no more are than it takes.
#[test]
fn of_many_the_least_important_are_lowered_and_no_more_than_it_takes() {
    for needs in [3, 16, 17, 30, 59, 60] {
        let mut rig = Rig::new();
        rig.limit("pdu-a1", Some(100e3));
        let feed = rig.feed("pdu-a1");
        for n in 0..60 {
            let of = Wish { class: Class::Interruptible, priority: 200 + n, ..wish(feed, 1e3) };
            assert_eq!(rig.acquire("kueue", of).outcome.code, Code::Granted);
        }
        rig.pass(2);
        let free = rig.limit_of(feed).watts().0 - rig.reserved("pdu-a1");
        let of = wish(feed, 1e3);
        let weight = rig.reserved("pdu-a1") / 60e3;
        let wanted = (free / weight / 1e3).floor() * 1e3 + 1e3 * f64::from(needs) - 500.0;
        let accept = Accept { wait: Span::from_secs(900), ..Accept::default() };
        let wish = Wish { power: Power { least: wanted, wanted, peak: None }, accept, ..of };
        assert_eq!(rig.acquire("slurm", wish).outcome.code, Code::Queued);
        let lowered: Vec<i32> = rig.ledger.leases().filter(|of| of.cut.is_some()).map(|of| of.priority).collect();
        let least: Vec<i32> = (260 - needs..260).collect();
        assert_eq!(lowered, least, "{needs} of them");
    }
}
