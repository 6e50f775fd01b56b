//! The envelope: what is said to be free is lent, and no more.

use plant::time::Span;

use super::leases::{lending, wish};
use super::rig::Rig;
use crate::control::ledger::message::{Message, Op, Said, Wish};
use crate::control::ledger::reply::Code;
use crate::control::ledger::tree::Place;
use crate::control::request::{Ask, Reply};

/// What is answered to a request for a lease.
pub fn ask(rig: &mut Rig, request: &str, wish: Wish) -> Code {
    let op = Op::Acquire(vec![wish]);
    let message = Message { client: "slurm".to_owned(), request: request.to_owned(), body: 1, op };
    match rig.ask(Ask::Ledger(Said::Request(message))) {
        Reply::Lease(answered) => answered.items[0].outcome.code,
        other @ (Reply::Accepted { .. } | Reply::Refused(_)) => panic!("{other:?}"),
    }
}

/// At the top of the tree, for so long.
fn at_the_top(rig: &Rig, watts: f64, long: Span) -> Wish {
    let top = rig.hall.power.feeds.iter().find(|(_, feed)| feed.parent.is_none()).expect("a top").0;
    let mut wish = Wish { places: vec![(Place::Feed(top), 1.0)], ..wish(rig, watts) };
    wish.times.duration = Some(long);
    wish.flex.floor = 0.0;
    wish
}

#[test]
fn what_it_says_of_this_quarter_is_lent_and_not_a_watt_more() {
    let mut rig = lending();
    let view = rig.control.envelope().expect("leases");
    let free = view.slots[0].watts;
    assert!(free > 50e3, "{free}");
    assert_eq!(view.slots.len(), 144);
    assert!(view.slots.windows(2).all(|two| two[1].start_ms - two[0].start_ms == 900_000));
    let now = view.at_ms;
    assert!(view.slots[0].start_ms <= now && now < view.slots[1].start_ms && view.until_ms == view.slots[2].start_ms);
    let minute = Span::from_secs(60);
    let more = at_the_top(&rig, free + 10.0, minute);
    assert_eq!(ask(&mut rig, "more", more), Code::Retry);
    let all = at_the_top(&rig, free - 0.01, minute);
    assert_eq!(ask(&mut rig, "all", all), Code::Granted);
    let left = rig.control.envelope().expect("leases");
    assert!(left.slots[0].watts < 1.0, "{:?}", left.slots[0]);
    // What it gives back stays charged for a while, and is free after that.
    assert!((left.slots[2].watts - free).abs() < 1.0, "{:?} beside {free}", left.slots[2]);
}

#[test]
fn a_lease_for_an_hour_takes_the_quarters_that_it_touches_and_no_other() {
    let mut rig = lending();
    let before = rig.control.envelope().expect("leases").slots;
    let hour = at_the_top(&rig, 40e3, Span::from_secs(3600));
    assert_eq!(ask(&mut rig, "hour", hour), Code::Granted);
    let after = rig.control.envelope().expect("leases").slots;
    let taken: Vec<f64> = before.iter().zip(&after).map(|(b, a)| b.watts - a.watts).collect();
    assert!(taken[..4].iter().all(|of| (of - 40e3).abs() < 1.0), "{taken:?}");
    assert!(taken[6..].iter().all(|of| of.abs() < 1.0), "{taken:?}");
}

#[test]
fn without_a_meter_or_the_time_nothing_is_said_to_be_free() {
    let mut rig = lending();
    let top = rig.hall.power.feeds.iter().find(|(_, feed)| feed.parent.is_none()).expect("a top").1.name.clone();
    rig.silence(&format!("{top}/power"));
    rig.steps(90);
    let blind = rig.control.envelope().expect("leases");
    assert!(blind.slots.iter().all(|slot| slot.watts == 0.0 && slot.confidence.is_none()), "{:?}", blind.slots[0]);
    let rig = Rig::new(
        plant::hall::Hall::load("air", plant::shipped::HALLS.iter().find(|(n, _)| *n == "air").expect("shipped").1)
            .expect("loads"),
    );
    assert_eq!(rig.control.envelope(), None, "nobody may ask for leases");
}
