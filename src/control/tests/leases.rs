//! Leases of power in the whole controller: what its feeds carry and may carry, starts, and the journal's format.

use plant::event::{LeaseNews, What};
use plant::time::Span;

use super::feeds::settle;
use super::rig::{Rig, shipped};
use crate::control::ledger::message::{
    Accept, Class, Flex, LeaseId, Message, Named, OnExpiry, Op, Power, Said, Times, Wish,
};
use crate::control::ledger::notices::{Cause, Tidings};
use crate::control::ledger::reply::{Answered, Code};
use crate::control::ledger::tree::Place;
use crate::control::ledger::{Rules, Tenant};
use crate::control::request::{Ask, Refusal, Reply, Request};
use crate::control::tariff::Tariff;
use crate::control::{Controller, Site};

fn site(rig: &Rig) -> Site {
    let rules = Rules { tenants: vec![Tenant::plain("slurm"), Tenant::plain("kueue")], ..Rules::default() };
    Site { leases: Some(rules), ..std::sync::Arc::clone(&rig.hall).into() }
}

/// A hall that draws 720 kW in its racks and is metered everywhere.
pub fn lending() -> Rig {
    lending_in("", None)
}

/// The same with more in its file, and a tariff.
pub fn lending_in(more: &str, tariff: Option<Tariff>) -> Rig {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let hall = plant::hall::Hall::load("air", &format!("{text}\n[capping]\n[grid]\nfeeds = [\"ups-a\"]\n{more}"));
    let mut rig = Rig::new(hall.expect("loads"));
    rig.control = Controller::new(Site { tariff: tariff.map(std::sync::Arc::new), ..site(&rig) });
    settle(&mut rig, 18e3);
    rig.steps(3);
    rig
}

pub fn wish(rig: &Rig, watts: f64) -> Wish {
    Wish {
        places: vec![(Place::Feed(rig.hall.power.feed("ups-a").expect("a UPS")), 1.0)],
        power: Power { least: watts, wanted: watts, peak: None },
        class: Class::Curtailable,
        flex: Flex { floor: 10e3, ..Flex::default() },
        times: Times::default(),
        inside: None,
        priority: 100,
        accept: Accept::default(),
        ttl: None,
        on_expiry: OnExpiry::Floor,
        job: "train".to_owned(),
    }
}

fn say(rig: &mut Rig, request: &str, op: Op) -> Answered {
    let message = Message { client: "slurm".to_owned(), request: request.to_owned(), body: 1, op };
    match rig.ask(Ask::Ledger(Said::Request(message))) {
        Reply::Lease(answered) => *answered,
        other @ (Reply::Accepted { .. } | Reply::Refused(_)) => panic!("{other:?}"),
    }
}

fn acquire(rig: &mut Rig, request: &str, watts: f64) -> (Code, Option<LeaseId>) {
    let wish = wish(rig, watts);
    let outcome = say(rig, request, Op::Acquire(vec![wish])).items[0].outcome;
    (outcome.code, outcome.lease)
}

#[test]
fn what_flows_leaves_room_and_who_is_lent_some_is_told() {
    let mut rig = lending();
    let (code, lease) = acquire(&mut rig, "r1", 100e3);
    assert_eq!(code, Code::Granted);
    let told = rig.events(1);
    assert!(told.contains(&What::Lease(LeaseNews::Granted { watts: 100e3 })), "{told:?}");
    // The UPS carries 745 kW of its own already.
    assert_eq!(acquire(&mut rig, "r2", 400e3).0, Code::Retry);
    let seen = rig.control.leases(0).expect("may be asked");
    assert_eq!((seen.leases.len(), seen.waiting.len(), seen.leases[0].may_w), (1, 0, 100e3));
    assert_eq!(Some(seen.leases[0].lease_id.clone()), lease.map(|of| of.to_string()));
    // A meter that is lost lends nothing.
    rig.silence("ups/power");
    rig.steps(90);
    assert_eq!(acquire(&mut rig, "r3", 11e3).0, Code::Degraded);
}

#[test]
fn a_budget_and_a_target_of_a_grid_leave_less_and_lower_what_bends() {
    let mut rig = lending();
    assert_eq!(acquire(&mut rig, "r1", 100e3).0, Code::Granted);
    let feed = rig.hall.power.feed("ups-a").expect("a UPS");
    let hold = Some(Span::from_secs(600));
    let ask = Ask::Budget { id: "b".to_owned(), feed, watts: 800e3, hold, reason: "a test".to_owned() };
    assert!(matches!(rig.ask(ask), Reply::Accepted { .. }));
    assert_eq!(acquire(&mut rig, "r2", 11e3).0, Code::Retry);
    rig.steps(2);
    let seen = rig.control.leases(0).expect("may be asked");
    let told: Vec<_> = seen.notices.iter().map(|(_, _, of)| (of.tidings, of.watts, of.cause)).collect();
    assert_eq!(told, [(Tidings::Reduce, 10e3, Cause::Operator)]);
    assert!(seen.notices.iter().all(|(client, request, _)| (client.as_str(), request.as_str()) == ("slurm", "r1")));
    assert!(matches!(rig.ask(Ask::LiftBudget { id: "b".to_owned() }), Reply::Accepted { .. }));
    for _ in 0..4 {
        rig.steps(100);
        say_renew(&mut rig);
    }
    let seen = rig.control.leases(1).expect("may be asked");
    let told: Vec<_> = seen.notices.iter().map(|(_, _, of)| (of.tidings, of.watts)).collect();
    assert_eq!(told, [(Tidings::Restore, 100e3)]);
}

/// What is told first of a lease of 100 kW (W, why, at once).
fn told_first(rig: &Rig) -> Option<(f64, Cause, bool)> {
    let seen = rig.control.leases(0).expect("may be asked");
    seen.notices.first().map(|(_, _, of)| (of.watts, of.cause, of.emergency))
}

#[test]
fn a_supply_that_carries_too_much_and_a_meter_that_says_too_little_are_told_as_what_they_are() {
    // What each rack draws, and what the meter of the supply reads (W).
    let rows = [(18e3, 745e3, None), (18e3, 1.2e6, Some(Cause::Ups)), (29e3, 745e3, Some(Cause::MeterFault))];
    for (n, (rack, ups, cause)) in rows.into_iter().enumerate() {
        let mut rig = lending();
        assert_eq!(acquire(&mut rig, "r1", 100e3).0, Code::Granted);
        settle(&mut rig, rack);
        rig.read("ups/power", ups);
        rig.steps(3);
        assert_eq!(told_first(&rig), cause.map(|cause| (10e3, cause, true)), "row {n}");
    }
}

#[test]
fn a_breaker_that_carries_too_much_is_told_as_that_at_every_kind_of_feed_but_a_supply() {
    // Which feed carries too much, and what meters read then (W).
    let rows: [(&str, &[(&str, f64)]); 4] = [
        ("pdu-a1", &[("pdu-a1", 400e3), ("ups", 950e3)]),
        ("tr-1", &[("ups", 1.1e6), ("mechanical", 450e3), ("utility", 1.6e6)]),
        ("mechanical", &[("mechanical", 490e3), ("utility", 1.27e6)]),
        ("utility", &[("utility", 1.95e6)]),
    ];
    for (name, meters) in rows {
        let mut rig = lending();
        let feed = rig.hall.power.feed(name).expect("a feed");
        // What hangs at a PDU, or below the supply: with its cooling it is on the way of all others.
        let home = if name == "pdu-a1" { feed } else { rig.hall.power.feed("ups-a").expect("a UPS") };
        let of = Wish { places: vec![(Place::Feed(home), 1.0)], ..wish(&rig, 100e3) };
        assert_eq!(say(&mut rig, "r1", Op::Acquire(vec![of])).items[0].outcome.code, Code::Granted);
        rig.steps(3);
        assert_eq!(told_first(&rig), None, "{name}");
        meters.iter().for_each(|(meter, watts)| rig.read(&format!("{meter}/power"), *watts));
        rig.steps(3);
        assert_eq!(told_first(&rig), Some((10e3, Cause::Breaker, true)), "{name}");
        let above = rig
            .hall
            .power
            .feeds
            .iter()
            .filter(|(id, of)| rig.control.state().feeds.flow(*id).is_some_and(|flow| flow.load > of.limit()));
        assert_eq!(above.map(|(_, of)| of.name.as_str()).collect::<Vec<_>>(), [name], "and no other");
    }
}

const FIXED: &str = "[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\nunreliable = \"fixed\"\nunreliable-watts = 800e3\n\
                     [[peak]]\ndemand = \"peak\"\nmost = 2e6\n";

#[test]
fn what_a_billed_meter_that_is_not_read_allows_is_told_as_its_fault() {
    let tariff = "name = \"t\"\nsummary = \"A peak.\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n\
                  [[demand]]\nname = \"peak\"\nwindow = \"fixed\"\nlength = \"15min\"\nprice = 10\n";
    let tariff = Tariff::load("t.toml", tariff).unwrap_or_else(|faults| panic!("{faults}"));
    let mut rig = lending_in(FIXED, Some(tariff));
    assert_eq!(acquire(&mut rig, "r1", 100e3).0, Code::Granted);
    rig.steps(60);
    assert_eq!(told_first(&rig), None);
    rig.silence("utility/power");
    rig.silence("utility/energy");
    rig.steps(120);
    assert_eq!(told_first(&rig), Some((10e3, Cause::MeterFault, false)));
}

fn say_renew(rig: &mut Rig) {
    let seen = rig.control.leases(0).expect("may be asked");
    let lease = LeaseId::parse(&seen.leases[0].lease_id).expect("a name");
    let request = format!("again-{}", rig.tick.seq);
    let answered = say(rig, &request, Op::Renew { of: Named { lease, epoch: None }, ttl: None });
    assert_eq!(answered.items[0].outcome.code, Code::Granted);
}

#[test]
fn a_new_boot_knows_every_lease_and_counts_its_generation_up() {
    let mut rig = lending();
    let (_, lease) = acquire(&mut rig, "r1", 100e3);
    let bytes = postcard::to_allocvec(rig.control.state()).expect("writes");
    let before = rig.control.leases(0).expect("may be asked");
    rig.reboot(Span::from_secs(20));
    rig.control = Controller::restore(site(&rig), postcard::from_bytes(&bytes).expect("reads"));
    settle(&mut rig, 18e3);
    rig.steps(2);
    let after = rig.control.leases(0).expect("may be asked");
    assert_eq!((after.epoch, after.leases.len()), (before.epoch + 1, 1));
    assert_eq!((acquire(&mut rig, "r1", 100e3), after.leases[0].may_w), ((Code::Granted, lease), 100e3));
    assert_eq!(rig.control.leases(0).expect("may be asked").leases.len(), 1, "the same request");
}

#[test]
fn where_nobody_may_ask_nobody_is_answered() {
    let mut rig = Rig::new(shipped("air"));
    let message = Message { client: "slurm".to_owned(), request: "r".to_owned(), body: 1, op: Op::Acquire(Vec::new()) };
    assert_eq!(rig.ask(Ask::Ledger(Said::Request(message))), Reply::Refused(Refusal::Unknown));
    assert_eq!(rig.control.leases(0), None);
}

#[test]
fn requests_and_answers_survive_the_journal() {
    let mut rig = lending();
    let mut wish = wish(&rig, 1e3);
    (wish.power.peak, wish.accept.wait, wish.times.duration) =
        (Some(2e3), Span::from_secs(5), Some(Span::from_secs(9)));
    let of = Named { lease: LeaseId { epoch: 3, number: 4 }, epoch: Some(3) };
    for op in [
        Op::Acquire(vec![wish.clone()]),
        Op::DryRun(vec![wish]),
        Op::Renew { of, ttl: Some(Span::from_secs(60)) },
        Op::Amend { of, power: Power { least: 0.0, wanted: 1.5, peak: None }, partial: true, priority: None },
        Op::Release { of },
        Op::Query { of },
    ] {
        let answered =
            Reply::Lease(Box::new(say(&mut rig, &format!("{op:?}").chars().take(60).collect::<String>(), op.clone())));
        let bytes = postcard::to_allocvec(&answered).expect("writes");
        assert_eq!(postcard::from_bytes::<Reply>(&bytes).expect("reads"), answered);
        let message = Message { client: "slurm".to_owned(), request: "r".to_owned(), body: u128::MAX, op };
        let asked = Request { who: "mqtt:slurm".to_owned(), ask: Ask::Ledger(Said::Request(message)) };
        let bytes = postcard::to_allocvec(&asked).expect("writes");
        assert_eq!(postcard::from_bytes::<Request>(&bytes).expect("reads"), asked);
    }
}

/// After a kill -9 control goes on in the same boot: who lost an answer to it must be able to tell all the same.
#[test]
fn a_start_that_goes_on_counts_the_generation_up_and_keeps_every_lease() {
    let mut rig = lending();
    let (code, lease) = acquire(&mut rig, "r1", 40e3);
    assert_eq!(code, Code::Granted);
    let epoch = |rig: &Rig| rig.control.leases(0).expect("may be asked").epoch;
    let before = epoch(&rig);
    assert!(matches!(rig.ask(Ask::Found { outputs: Vec::new() }), Reply::Accepted { .. }));
    assert_eq!(epoch(&rig), before + 1);
    let named = Named { lease: lease.expect("a lease"), epoch: Some(before) };
    assert_eq!(say(&mut rig, "r2", Op::Renew { of: named, ttl: None }).items[0].outcome.code, Code::Conflict);
    let named = Named { epoch: Some(before + 1), ..named };
    assert_eq!(say(&mut rig, "r3", Op::Renew { of: named, ttl: None }).items[0].outcome.code, Code::Granted);
}
