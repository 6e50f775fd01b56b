//! How long the controller takes to answer a scheduler, and to go through all leases in a scan, among few leases and among as many as it takes.
//!
//! `cargo bench --bench lend`. All leases are in racks of the hall `air`, of 20 clients, and end at different times; nothing of that is written or sent. Each row is beside the one with 50 leases.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints its table and stops at the first thing that is not as it must be"
)]

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::hall::Hall;
use plant::image::Inputs;
use plant::point::Role;
use plant::reading::Sample;
use plant::time::{Span, Tick, Wall};
use wattloop::control::ledger::message::{
    Accept, Class, Flex, LeaseId, Message, Named, OnExpiry, Op, Power, Said, Times, Wish,
};
use wattloop::control::ledger::reply::{Answered, Code};
use wattloop::control::ledger::tree::Place;
use wattloop::control::ledger::{Rules, Tenant};
use wattloop::control::request::{Ask, Reply, Request};
use wattloop::control::{Controller, Site};

/// How many leases there are.
const LEASES: [u32; 3] = [50, 1000, 4000];
const CLIENTS: u32 = 20;
/// What all of them are for (W): they fit.
const ALL: f64 = 80e3;
/// More than is free, were all others lowered (W); a PDU alone would carry it.
const TOO_MUCH: f64 = 680e3;
/// What is free once three quarters of the others are lowered (W).
const MUCH: f64 = 650e3;

/// What is asked, by its number.
type Asks<'a> = &'a dyn Fn(&Stand, u32) -> Op;

struct Stand {
    hall: Arc<Hall>,
    control: Controller,
    inputs: Inputs,
    tick: Tick,
    asked: u64,
}

impl Stand {
    fn new() -> Self {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Arc::new(Hall::load("air", &format!("{text}\n[capping]\n")).expect("loads"));
        let tenant = |n: u32| Tenant { leases: 4096, ..Tenant::plain(&format!("c{n}")) };
        let rules = Rules { tenants: (0..CLIENTS).map(tenant).collect(), ..Rules::default() };
        let control = Controller::new(Site { leases: Some(rules), ..Arc::clone(&hall).into() });
        let inputs = Inputs::unread(hall.points.len());
        let tick =
            Tick { dt: Span::from_secs(1), wall: Wall(1_800_000_000_000), clock_trusted: true, ..Tick::default() };
        let mut stand = Self { hall, control, inputs, tick, asked: 0 };
        (0..5).for_each(|_| _ = stand.scan());
        stand
    }

    /// One scan, and how long it took.
    fn scan(&mut self) -> Duration {
        self.tick.mono = self.tick.mono.after(self.tick.dt);
        self.tick.wall.0 += 1000;
        self.tick.seq += 1;
        let hall = Arc::clone(&self.hall);
        for (id, def) in hall.points.iter().filter(|(_, def)| def.role == Role::Sensor) {
            let value = match (def.name.split('/').next().unwrap_or_default(), def.short_name()) {
                ("utility", "power") => 150e3,
                ("mechanical", "power") => 20e3,
                ("ups", "power") => 90e3,
                (name, "power") if name.starts_with("pdu") => 20e3,
                (name, "power") if name.starts_with("rack") => 2e3,
                _ => 24.0,
            };
            self.inputs.samples[id] = Sample::good(value, self.tick.mono);
        }
        let begun = Instant::now();
        std::hint::black_box(self.control.step(&self.inputs, self.tick));
        begun.elapsed()
    }

    /// An answer, and how long it took.
    fn say(&mut self, client: u32, op: Op) -> (Answered, Duration) {
        self.asked += 1;
        let message = Message { client: format!("c{client}"), request: format!("r{}", self.asked), body: 1, op };
        let request = Request { who: "mqtt".to_owned(), ask: Ask::Ledger(Said::Request(message)) };
        let begun = Instant::now();
        let reply = self.control.answer(&request, self.tick);
        let took = begun.elapsed();
        let answered = if let Reply::Lease(answered) = reply { Some(*answered) } else { None };
        (answered.expect("who may ask is answered"), took)
    }

    /// For an hour and `more` seconds of the rack of this number.
    fn wish(&self, rack: u32, watts: f64, more: u32) -> Wish {
        let rack = usize::try_from(rack).expect("small") % self.hall.power.racks.len();
        Wish {
            places: vec![(Place::Rack(rack), 1.0)],
            power: Power { least: watts, wanted: watts, peak: None },
            class: Class::Interruptible,
            flex: Flex::default(),
            times: Times { duration: Some(Span::from_secs(3600 + u64::from(more))), ..Times::default() },
            inside: None,
            priority: 100,
            accept: Accept::default(),
            ttl: Some(Span::from_secs(3600)),
            on_expiry: OnExpiry::Stop,
            job: "train".to_owned(),
        }
    }

    fn lent(&mut self, leases: u32) -> Vec<LeaseId> {
        (0..leases)
            .map(|n| {
                let wish = self.wish(n, ALL / f64::from(leases), 7 * n % 3600);
                let (answered, _) = self.say(n % CLIENTS, Op::Acquire(vec![wish]));
                assert_eq!(answered.items[0].outcome.code, Code::Granted, "lease {n}");
                answered.items[0].outcome.lease.expect("a lease")
            })
            .collect()
    }
}

/// The median of what was measured (ms).
fn median(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all[all.len() / 2].as_secs_f64() * 1e3
}

/// What was asked, by its name, and how long each took (ms).
fn figures(leases: u32) -> Vec<(&'static str, f64)> {
    let mut stand = Stand::new();
    let held = stand.lent(leases);
    let mut told = vec![("a scan", median((0..20).map(|_| stand.scan()).collect()))];
    let wish = |stand: &Stand, n: u32, watts: f64, wait: u64| {
        let accept = Accept { wait: Span::from_secs(wait), ..Accept::default() };
        Wish { priority: 50, accept, ..stand.wish(n, watts, n) }
    };
    let mut ask = |name: &'static str, code: Code, (times, op): (u32, Asks<'_>)| {
        let one = |n: u32| {
            let op = op(&stand, n);
            let (answered, took) = stand.say(n % CLIENTS, op);
            assert_eq!(answered.items.last().expect("an answer").outcome.code, code, "{name}");
            took
        };
        told.push((name, median((0..times).map(one).collect())));
    };
    // The n-th lease is the n-th client's.
    let renew = |_: &Stand, n: u32| {
        let lease = held[usize::try_from(n).expect("small")];
        Op::Renew { of: Named { lease, epoch: None }, ttl: None }
    };
    ask("renewed", Code::Granted, (CLIENTS, &renew));
    ask("lent", Code::Granted, (20, &|of, n| Op::Acquire(vec![wish(of, n, 1.0, 0)])));
    ask("refused", Code::Retry, (20, &|of, n| Op::Acquire(vec![wish(of, n, TOO_MUCH, 0)])));
    ask("asked what would be", Code::Retry, (20, &|of, n| Op::DryRun(vec![wish(of, n, TOO_MUCH, 0)])));
    ask("256 alike, refused", Code::Retry, (2, &|of, n| Op::Acquire(vec![wish(of, n, TOO_MUCH, 0); 256])));
    let several = |of: &Stand| (0..256).map(|n| wish(of, n, TOO_MUCH, 0)).collect();
    ask("256 of 40 kinds, refused", Code::Retry, (2, &|of, _| Op::Acquire(several(of))));
    ask(
        "waits, and lowering all others would not help",
        Code::Queued,
        (3, &|of, n| Op::Acquire(vec![wish(of, n, TOO_MUCH, 600)])),
    );
    ask("256 such", Code::Queued, (1, &|of, n| Op::Acquire(vec![wish(of, n, TOO_MUCH, 600); 256])));
    told.push(("a scan, while those wait", median((0..20).map(|_| stand.scan()).collect())));
    // Those that wait are over.
    (0..620).for_each(|_| _ = stand.scan());
    let (answered, took) = stand.say(1, Op::Acquire(vec![wish(&stand, 0, MUCH, 600)]));
    assert_eq!(answered.items[0].outcome.code, Code::Queued);
    told.push(("has three quarters of them lowered", took.as_secs_f64() * 1e3));
    told
}

fn main() {
    let all: Vec<_> = LEASES.into_iter().map(figures).collect();
    let mut text = String::from("| |");
    LEASES.iter().for_each(|n| write!(text, " {n} leases |").expect("writes"));
    println!("{text} most, to 50 |\n|---|--:|--:|--:|--:|");
    for (n, (name, few)) in all[0].iter().enumerate() {
        let mut line = format!("| {name} |");
        all.iter().for_each(|of| write!(line, " {:.3} ms |", of[n].1).expect("writes"));
        println!("{line} {:.1} |", all[all.len() - 1][n].1 / few);
    }
}
