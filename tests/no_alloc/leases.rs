//! A scan in which leases age, wait, are lowered and come back.

use plant::event::{LeaseNews, What};
use plant::hall::Hall;
use plant::reading::Sample;
use plant::time::Span;
use wattloop::control::Site;
use wattloop::control::ledger::message::{
    Accept, Class, Flex, Inside, Message, OnExpiry, Op, Power, Said, Times, Wish,
};
use wattloop::control::ledger::reply::Code;
use wattloop::control::ledger::tree::Place;
use wattloop::control::ledger::watch::Limits;
use wattloop::control::ledger::{Rules, Tenant};
use wattloop::control::request::{Ask, Reply, Request};

use super::{Arc, Run};

/// One of few hours and one that never shuts.
const WINDOWS: &str = "[[window]]\nname = \"night\"\nzone = \"Europe/Berlin\"\nhours = [\"22:00-06:00\"]\n[[window]]\nname = \"always\"\nhours = [\"00:00-24:00\"]\n";

fn asked(run: &mut Run, client: &str, n: usize) -> Option<Code> {
    let feed = run.hall.power.feed(["pdu-a1", "pdu-b1", "ups-a"][n % 3]).expect("a feed");
    let classes = [Class::Firm, Class::Curtailable, Class::Interruptible];
    let wish = Wish {
        power: Power { least: 40e3, wanted: 120e3, peak: None },
        class: classes[(n / 3) % 3],
        flex: Flex { floor: 20e3, ..Flex::default() },
        times: Times { duration: Some(Span::from_secs(300)), ..Times::default() },
        inside: n.is_multiple_of(5).then(|| Inside {
            window: ["night", "always"][n % 2].to_owned(),
            early: n.is_multiple_of(3),
            fit: true,
        }),
        priority: i32::try_from(n % 4).expect("small"),
        accept: Accept { partial: n.is_multiple_of(2), schedule: false, wait: Span::from_secs(400) },
        ttl: Some(Span::from_secs(60)),
        on_expiry: [OnExpiry::Floor, OnExpiry::Pause][n % 2],
        ..Wish::firm(Place::Feed(feed), 120e3)
    };
    let request = format!("r{n}");
    let message = Message { client: client.to_owned(), request, body: 1, op: Op::Acquire(vec![wish]) };
    let ask = Ask::Ledger(Said::Request(message));
    match run.control.answer(&Request { who: format!("mqtt:{client}"), ask }, run.tick) {
        Reply::Lease(answered) => answered.items.first().map(|item| item.outcome.code),
        Reply::Accepted { .. } | Reply::Refused(_) => None,
    }
}

/// Every rack draws so much (W), and every meter says so.
fn draws(run: &mut Run, rack: f64) {
    let pdu = 10.0 * rack;
    let ups = 4.0 * (pdu * 1.008 + 550.0);
    let utility = (ups / 0.975 + 150e3 + 6e3) * 1.0065 + 1600.0;
    let wobble = if run.tick.seq.is_multiple_of(2) { 1.0 } else { 0.0 };
    for (id, def) in run.hall.points.iter() {
        let watts = match def.name.strip_suffix("/power") {
            Some("utility") => utility,
            Some("ups") => ups,
            Some("mechanical") => 150e3,
            Some(name) if name.starts_with("pdu-") => pdu,
            Some(name) if name.starts_with("rack-") => rack,
            Some(_) | None => continue,
        };
        run.inputs.samples[id] = Sample::good(watts + wobble, run.tick.mono);
    }
}

#[test]
fn a_scan_with_leases_that_age_wait_and_are_lowered_allocates_nothing() {
    let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let hall = Arc::new(Hall::load(name, &format!("{text}\n[capping]\n{WINDOWS}")).expect("loads"));
    let tenants = vec![Tenant::plain("slurm"), Tenant::plain("kueue")];
    let rules = Rules { tenants, ..Rules::default() };
    let mut run = Run::at(Site { leases: Some(rules), ..Site::from(hall) });
    let mut codes = Vec::new();
    for scan in 0..3000_usize {
        run.sample((scan % 500 > 450).then_some(7));
        run.nodes(usize::MAX);
        if scan % 500 <= 450 {
            draws(&mut run, if scan % 900 < 600 { 18e3 } else { 19e3 });
        }
        if scan > 5 && scan % 7 == 0 {
            codes.extend(asked(&mut run, ["slurm", "kueue"][scan % 2], scan));
        }
        let count = run.allocations();
        assert!(scan < 5 || count == 0, "scan {scan} allocated {count} times");
    }
    for code in [Code::Granted, Code::GrantedPartial, Code::Queued] {
        assert!(codes.contains(&code), "never {code:?}: {codes:?}");
    }
    let told = run.control.leases(0).expect("may be asked");
    assert!(told.last > 100, "{} notices", told.last);
}

/// A firm lease of 5 kW in the first rack.
fn lend_in_a_rack(run: &mut Run) -> Option<Code> {
    let wish = Wish::firm(Place::Rack(0), 5e3);
    let message = Message { client: "slurm".to_owned(), request: "r".to_owned(), body: 1, op: Op::Acquire(vec![wish]) };
    let ask = Ask::Ledger(Said::Request(message));
    match run.control.answer(&Request { who: "mqtt:slurm".to_owned(), ask }, run.tick) {
        Reply::Lease(answered) => answered.items.first().map(|item| item.outcome.code),
        Reply::Accepted { .. } | Reply::Refused(_) => None,
    }
}

#[test]
fn a_scan_in_which_a_rack_draws_more_than_was_lent_there_allocates_nothing() {
    let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let hall = Arc::new(Hall::load(name, &format!("{text}\n[capping]\n")).expect("loads"));
    let secs = Span::from_secs;
    let (noticed, capped, breach, escalated) = (secs(2), secs(10), secs(10), secs(10));
    let excess = Limits { noticed, capped, breach, escalated, resolved: secs(10), ..Limits::default() };
    let rules = Rules { tenants: vec![Tenant::plain("slurm")], excess, ..Rules::default() };
    let mut run = Run::at(Site { leases: Some(rules), ..Site::from(hall) });
    let mut told = Vec::new();
    for scan in 0..500_usize {
        run.sample(None);
        run.nodes(usize::MAX);
        draws(&mut run, if scan > 100 && scan % 200 > 100 { 26e3 } else { 18e3 });
        if scan == 50 {
            assert_eq!(lend_in_a_rack(&mut run), Some(Code::Granted));
        }
        let count = run.allocations();
        assert!(scan < 5 || count == 0, "scan {scan} allocated {count} times");
        let of = |of: &plant::event::Event| {
            if let What::Lease(LeaseNews::Excess(of)) = of.what { Some(of.stage.word()) } else { None }
        };
        told.extend(run.control.outputs().events.iter().filter_map(of));
    }
    let one =
        ["lease_excess", "lease_excess_capped", "lease_breach", "lease_breach_escalated", "lease_breach_resolved"];
    assert_eq!(told, [one, one].concat());
}
