//! Feeds that a client has alone: what flows there is judged by its leases, whatever they name.

use plant::event::{About, Event, LeaseNews};
use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Power, Wish};
use crate::control::ledger::notices::Cause;
use crate::control::ledger::tree::Place;

/// Row A is `slurm`'s, on both its feeds; 20 kW flow there and are nobody's.
fn rig() -> Rig {
    let mut rig = Rig::new();
    let mut rules = rig.ground.rules.clone();
    rules.tenants[0].alone = vec![rig.feed("pdu-a1"), rig.feed("pdu-a2")];
    rig = Rig::of(rules);
    flows(&mut rig, (10e3, 10e3));
    rig.pass(5);
    rig
}

fn flows(rig: &mut Rig, (one, other): (f64, f64)) {
    rig.load("pdu-a1", Some(one));
    rig.load("pdu-a2", Some(other));
}

/// So many seconds with this on both feeds; what is told of them.
fn told(rig: &mut Rig, seconds: u64, loads: (f64, f64)) -> Vec<&'static str> {
    flows(rig, loads);
    rig.events.clear();
    rig.pass(seconds);
    let feed = rig.feed("pdu-a1");
    let of = |of: &Event| {
        let excess = if let What::Lease(LeaseNews::Excess(excess)) = of.what { Some(excess) } else { None };
        excess.filter(|_| of.about == About::Feed(feed)).map(|excess| excess.stage.word())
    };
    rig.events.iter().filter_map(of).collect()
}

fn held(rig: &Rig) -> Option<f64> {
    let of = |name: &str| rig.ledger.feed_held_to(rig.feed(name)).map(|(watts, _)| watts.0);
    Some(of("pdu-a1")? + of("pdu-a2")?)
}

#[test]
fn what_flows_below_feeds_of_one_client_is_judged_by_all_that_he_was_lent_there() {
    let mut rig = rig();
    let of = wish(rig.feed("pdu-a1"), 30e3);
    let lease = rig.acquire("slurm", of).outcome.lease.expect("lent");
    let of = Wish { places: vec![(Place::Rack(3), 1.0)], ..wish(rig.feed("pdu-a1"), 20e3) };
    assert_eq!(rig.acquire("slurm", of).outcome.code, Code::Granted);
    rig.pass(1);
    // 50 kW at machines, 0.8 % more at the feeds, 20 of nobody, and 5 % of what is lent.
    assert_eq!(told(&mut rig, 600, (61e3, 11.9e3)), [""; 0], "whichever cord they come by");
    assert_eq!(told(&mut rig, 29, (50e3, 30e3)), [""; 0]);
    assert_eq!(told(&mut rig, 1, (30e3, 50e3)), ["lease_excess"]);
    assert_eq!(held(&rig), None);
    assert_eq!(told(&mut rig, 60, (50e3, 30e3)), ["lease_excess_capped"]);
    let may = 20e3 + 50e3 * 1.008;
    assert!(held(&rig).is_some_and(|held| (held - may).abs() < 1.0), "{:?}", held(&rig));
    let share = rig.ledger.feed_held_to(rig.feed("pdu-a2")).map(|(watts, _)| watts.0);
    assert!(share.is_some_and(|share| (share - may * 30.0 / 80.0).abs() < 1.0), "by what each carries");
    rig.load("pdu-a2", None);
    rig.pass(300);
    assert_eq!(rig.ledger.watch().areas[0].1.stage, watch::Stage::Capped, "what is not read changes nothing");
    assert_eq!(told(&mut rig, 120, (50e3, 30e3)), ["lease_breach"]);
    rig.restart(Some(20));
    let view = rig.ledger.show(0, |place| if place == Place::Rack(3) { "rack-a04" } else { "pdu" });
    let place = view.places.iter().find(|of| of.place == "pdu, pdu").expect("shown");
    assert_eq!((place.stage, place.lease_id.clone()), (watch::Stage::Breached, Some(lease.to_string())));
    assert_eq!(place.leases.iter().map(|of| of.client.as_str()).collect::<Vec<_>>(), ["slurm", "slurm"]);
    assert_eq!(told(&mut rig, 125, (40e3, 30e3)), ["lease_breach_resolved"]);
    assert_eq!(held(&rig), None);
    let heard: Vec<_> = rig.notices().iter().filter(|of| of.lease == lease).map(|of| (of.tidings, of.cause)).collect();
    let reduce = (Tidings::Reduce, Cause::Exceeded);
    assert_eq!(heard, [reduce, reduce, reduce, (Tidings::Restore, Cause::Restored)]);
}

#[test]
fn nobody_else_is_lent_anything_there() {
    let mut rig = rig();
    let feed = rig.feed("pdu-a1");
    let there = |places: Vec<(Place, f64)>| Wish { places, ..wish(feed, 1e3) };
    for place in [Place::Feed(feed), Place::Feed(rig.feed("pdu-a2")), Place::Rack(0)] {
        let outcome = rig.acquire("kueue", there(vec![(place, 1.0)])).outcome;
        assert_eq!((outcome.code, outcome.why), (Code::Denied, Why::Alone));
        assert_eq!(rig.acquire("slurm", there(vec![(place, 1.0)])).outcome.code, Code::Granted);
    }
    let half = vec![(Place::Rack(20), 0.5), (Place::Rack(0), 0.5)];
    assert_eq!(rig.acquire("kueue", there(half)).outcome.code, Code::Denied);
    let above = vec![(Place::Feed(rig.feed("ups-a")), 1.0)];
    assert_eq!(rig.acquire("kueue", there(above)).outcome.code, Code::Granted, "he has machines elsewhere");
}

/// What is his at a feed above may all be drawn there; what is another's may not.
#[test]
fn what_he_has_above_may_be_drawn_there() {
    let mut rig = rig();
    let of = wish(rig.feed("pdu-a1"), 10e3);
    rig.acquire("slurm", of);
    let of = wish(rig.feed("ups-a"), 40e3);
    rig.acquire("slurm", of);
    rig.pass(1);
    assert_eq!(told(&mut rig, 300, (36e3, 36e3)), [""; 0]);
    assert_eq!(told(&mut rig, 30, (38e3, 38e3)), ["lease_excess"]);
}

/// What is kept for moments is for moments.
#[test]
fn a_peak_that_lasts_is_an_excess_in_a_rack_and_below_a_feed() {
    for (seconds, excess) in [(29, false), (30, true)] {
        let mut rig = rig();
        rig.racks[3] = Some(1e3);
        rig.pass(5);
        let power = Power { least: 10e3, wanted: 10e3, peak: Some(18e3) };
        let of = Wish { places: vec![(Place::Rack(3), 1.0)], power, ..wish(rig.feed("pdu-a1"), 10e3) };
        assert_eq!(rig.acquire("slurm", of).outcome.code, Code::Granted);
        rig.pass(1);
        rig.racks[3] = Some(19e3);
        assert_eq!(told(&mut rig, seconds, (19e3, 19e3)).len(), usize::from(excess));
        rig.racks[3] = Some(11e3);
        flows(&mut rig, (15e3, 15e3));
        rig.pass(1);
        let cases = rig.events.iter().filter(|of| matches!(of.what, What::Lease(LeaseNews::Excess(_)))).count();
        assert_eq!(cases, if excess { 2 } else { 0 }, "the rack, and the feeds");
    }
}

#[test]
fn everybody_who_has_a_lease_in_a_rack_hears_that_it_draws_too_much() {
    let mut rig = Rig::new();
    rig.racks[0] = Some(2e3);
    rig.pass(5);
    let of = |watts: f64| Wish { places: vec![(Place::Rack(0), 1.0)], ..wish(rig.feed("pdu-a1"), watts) };
    let (small, large) = (of(4e3), of(6e3));
    rig.acquire("kueue", small);
    rig.acquire("slurm", large);
    rig.pass(1);
    rig.racks[0] = Some(20e3);
    rig.pass(30);
    let told: Vec<_> = rig.notices().iter().map(|of| (of.tidings, of.watts)).collect();
    assert_eq!(told, [(Tidings::Reduce, 4e3), (Tidings::Reduce, 6e3)]);
    let place = rig.ledger.show(0, |_| "rack-a01").places.remove(0);
    assert_eq!(place.client.as_deref(), Some("slurm"), "the largest");
    let shares: Vec<_> = place.leases.iter().map(|of| (of.client.as_str(), of.may_w)).collect();
    assert_eq!(shares, [("slurm", 6e3), ("kueue", 4e3)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Leases of feeds, racks and peaks, drawn by either cord, with silent meters: who draws what he was lent is not accused.
    #[test]
    fn who_draws_no_more_below_his_feeds_than_he_was_lent_is_never_accused(
        turns in proptest::collection::vec((0..6_u8, 1e3..20e3_f64, 0.0..1.0_f64, 0.0..1.0_f64, 1_u64..150), 1..25),
    ) {
        let mut rig = rig();
        let mut leases: Vec<(LeaseId, f64)> = Vec::new();
        for (what, watts, draws, cord, seconds) in turns {
            let place = if what == 0 { Place::Rack(2) } else { Place::Feed(rig.feed(if what == 1 { "pdu-a2" } else { "ups-a" })) };
            let power = Power { least: watts, wanted: watts, peak: (what == 0).then_some(watts * 1.5) };
            let of = Wish { places: vec![(place, 1.0)], power, ..wish(rig.feed("pdu-a1"), watts) };
            match what {
                0..=2 => {
                    let outcome = rig.acquire("slurm", of).outcome;
                    leases.extend(outcome.lease.filter(|_| outcome.code == Code::Granted).map(|lease| (lease, watts)));
                }
                3 => leases.pop().into_iter().for_each(|(lease, _)| {
                    rig.release("slurm", lease);
                }),
                4 => rig.restart(Some(20)),
                _ => {}
            }
            for (lease, _) in leases.clone() {
                let code = rig.renew("slurm", lease).code;
                if code != Code::Granted {
                    leases.retain(|(of, _)| *of != lease);
                }
            }
            let all = 20e3 + leases.iter().map(|(_, watts)| watts).sum::<f64>() * draws;
            flows(&mut rig, (all * cord, all * (1.0 - cord)));
            if what == 5 {
                rig.load("pdu-a1", None);
            }
            rig.pass(seconds);
        }
        let accused = |of: &Event| matches!(of.what, What::Lease(LeaseNews::Excess(_)));
        prop_assert!(!rig.events.iter().any(accused), "{:?}", rig.events);
    }
}
