//! A scan allocates nothing once the controller has warmed up: not when all is well, and not when much goes wrong.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

#[path = "no_alloc/beside.rs"]
mod beside;
#[path = "no_alloc/leases.rs"]
mod leases;

use std::sync::Arc;

use plant::command::{WriteOutcome, WriteReport};
use plant::gpu::{Milliwatts, Uuid};
use plant::hall::Hall;
use plant::hall::schedule::{By, Row, Schedule};
use plant::image::Inputs;
use plant::lease::seen::Cap;
use plant::lease::{GpuReport, NodeReport, Rule};
use plant::point::Role;
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span, Tick, Wall};
use wattloop::control::grid::{Kind, Said, Source, Statement, Wanted};
use wattloop::control::prices::{Offer, PriceRules};
use wattloop::control::request::{Ask, Reply, Request};
use wattloop::control::tariff::{Decimal, Prices, Slot, Tariff};
use wattloop::control::trial::{How, Method};
use wattloop::control::{Controller, Site};

const SECOND: Span = Span::from_secs(1);

struct Run {
    hall: Arc<Hall>,
    control: Controller,
    inputs: Inputs,
    tick: Tick,
}

impl Run {
    fn new() -> Self {
        Self::of(|_| {})
    }

    /// The hall with a change.
    fn of(change: impl Fn(&mut Hall)) -> Self {
        let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Self::with(Hall::load(name, text).expect("loads"), change)
    }

    fn with(mut hall: Hall, change: impl Fn(&mut Hall)) -> Self {
        change(&mut hall);
        Self::at(Site::from(Arc::new(hall)))
    }

    fn at(site: Site) -> Self {
        let hall = Arc::clone(&site.hall);
        let control = Controller::new(site);
        let inputs = Inputs::of(&hall);
        let tick = Tick { dt: SECOND, wall: Wall(1_774_990_000_000), clock_trusted: true, ..Tick::default() };
        Self { hall, control, inputs, tick }
    }

    /// Every sensor reads something that moves; every `broken`th does not.
    fn sample(&mut self, broken: Option<usize>) {
        self.tick.mono = self.tick.mono.after(SECOND);
        self.tick.wall.0 += 1000;
        self.tick.seq += 1;
        let wobble = if self.tick.seq.is_multiple_of(2) { 0.01 } else { 0.0 };
        for (n, (id, def)) in self.hall.points.iter().enumerate().filter(|(_, (_, def))| def.role == Role::Sensor) {
            let lost = broken.is_some_and(|every| n.is_multiple_of(every));
            let value =
                if def.short_name() == "energy" { self.tick.mono.since(Mono(0)).seconds() } else { 24.0 + wobble };
            let good = Sample::good(value, self.tick.mono);
            self.inputs.samples[id] = if lost { Sample::bad(Why::InvalidCode, self.tick.mono) } else { good };
        }
        self.inputs.reports.clear();
        if let Some(every) = broken {
            let writable = self.hall.points.iter().filter(|(_, def)| def.write.is_some());
            let failed = |at: Mono, point| WriteReport {
                point,
                wanted: 50.0,
                outcome: WriteOutcome::Failed(Why::Timeout),
                at,
                wear: 0,
            };
            self.inputs.reports.extend(writable.step_by(every).map(|(id, _)| failed(self.tick.mono, id)));
        }
    }

    /// Nodes speak, but for every `silent`th; what GPUs draw and what they were granted moves.
    fn nodes(&mut self, silent: usize) {
        let hall = Arc::clone(&self.hall);
        let granted = self.control.outputs().caps.clone();
        for (n, node) in hall.power.nodes.iter().enumerate().filter(|(n, _)| !n.is_multiple_of(silent)) {
            let gpus = node.places().map(|place| self.gpu(place, granted[place]));
            let report = NodeReport {
                node: node.name.clone(),
                seq: self.tick.seq,
                driver: None,
                why: None,
                gpus: gpus.collect(),
            };
            self.inputs.hear(&hall, n, &report, self.tick.mono);
        }
    }

    fn gpu(&self, place: usize, granted: Cap) -> GpuReport {
        let enforced = if granted.uuid.is_some() { granted.cap } else { Milliwatts::from_watts(300) };
        let wish = if self.tick.seq % 600 < 300 { 690_000 } else { 150_000 };
        let power = Some(Milliwatts(enforced.0.min(wish)));
        GpuReport {
            power,
            peak: power,
            enforced: Some(enforced),
            wanted: Some(enforced),
            at_most: Some(enforced),
            rule: Rule::Lease,
            lease: SECOND,
            epoch: granted.order.0,
            sequence: granted.order.1,
            ..GpuReport::unread(Uuid::from_bits(u128::try_from(place).expect("small") + 1))
        }
    }

    fn allocations(&mut self) -> u64 {
        allocation_counter::measure(|| {
            self.control.step(&self.inputs, self.tick);
        })
        .count_total
    }
}

#[test]
fn a_scan_allocates_nothing_after_warm_up() {
    let mut run = Run::new();
    for _ in 0..5 {
        run.sample(None);
        run.allocations();
    }
    let fan = run.hall.point("crah-1/fan-speed").expect("a fan");
    let ask = Ask::Override { point: fan, value: 50.0, hold: Some(Span::from_secs(60)), reason: "a test".to_owned() };
    run.control.answer(&Request { who: "uid:1000".to_owned(), ask }, run.tick);
    // An hour and more, over midnight at the end of a month, with storms of lost readings and failed writes.
    for scan in 0..7200u32 {
        let storm = match scan % 100 {
            40..=60 => Some(2),
            70..=75 => Some(1),
            _ => None,
        };
        run.sample(storm);
        let count = run.allocations();
        assert_eq!(count, 0, "scan {scan} allocated {count} times");
    }
}

#[test]
fn a_scan_that_caps_eight_hundred_gpus_allocates_nothing() {
    let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let more = "[capping]\nshare = \"useful\"\nslow-clock = 990\n[[tenant]]\nname = \"prod\"\nrows = [\"row-a\"]\npriority = 0\nfloor = 50e3\ncurve = [[250, 0.50], [400, 0.82], [550, 0.95], [700, 1.0]]\n\
                [grid]\nfeeds = [\"ups-a\", \"utility\"]\nramp-up = \"30s\"\nhold-after = \"30s\"\ngrace = \"5s\"\nescalate-after = \"5s\"\n";
    let mut run = Run::with(Hall::load(name, &format!("{text}\n{more}")).expect("loads"), |_| {});
    let (feed, mut capped) = (run.hall.power.feed("ups-a").expect("a UPS"), 0);
    for scan in 0..2400_u32 {
        run.sample((scan % 100 > 80).then_some(7));
        run.nodes(if scan % 50 < 10 { 3 } else { usize::MAX });
        if scan % 400 == 200 {
            let (id, reason) = ("dr-7".to_owned(), "the grid asks".to_owned());
            let ask = Ask::Budget { id, feed, watts: 6e5, hold: Some(Span::from_secs(100)), reason };
            let reply = run.control.answer(&Request { who: "uid:1000".to_owned(), ask }, run.tick);
            assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
        }
        if scan % 400 == 20 {
            let hold = Some(Span::from_secs(100));
            let wanted =
                Wanted { feeds: Vec::new(), most: Some(1e3), start: None, end: None, hold, best_effort: false };
            let source = Source { kind: Kind::Dsx, name: "acme-energy".to_owned() };
            let (id, reason, targets) = (scan.to_string(), String::new(), vec![wanted]);
            let ask = Ask::Grid(Said::Targets(Statement { source, id, reason, priority: 100, targets }));
            let reply = run.control.answer(&Request { who: "flex:acme-energy".to_owned(), ask }, run.tick);
            assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
        }
        let count = run.allocations();
        assert!(scan < 5 || count == 0, "scan {scan} allocated {count} times");
        capped += run.control.outputs().caps.iter().filter(|cap| cap.uuid.is_some()).count();
    }
    let grid = run.control.grid().expect("takes targets");
    assert!(grid.feeds.iter().all(|of| of.turned > 20), "{grid:?}");
    assert!(capped > 1_000_000, "{capped} caps");
}

#[test]
fn a_scan_that_keeps_billed_windows_allocates_nothing() {
    let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let more = "[capping]\n[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\nplan = true\nride = 2.0\npre-cool = 1.0\n[[peak]]\ndemand = \"peak\"\nmost = 100e3\n[[peak]]\ndemand = \"moving\"\nmost = 100e3\n[[battery]]\nname = \"bess\"\nfeed = \"utility\"\ncapacity = 400e3\nrated-discharge = 200e3\nrated-charge = 200e3\nreserve = 10.0\n[[meter]]\nname = \"out\"\nrole = \"battery-discharge\"\nrated = 200e3\n[[meter]]\nname = \"in\"\nrole = \"battery-charge\"\nrated = 200e3\n";
    let tariff = "name = \"t\"\nsummary = \"Two demands.\"\ncurrency = \"EUR\"\nzone = \"Europe/Berlin\"\n[[energy]]\nname = \"all\"\nprice = 0.1\n[[demand]]\nname = \"peak\"\nprice = 1\nwindow = \"fixed\"\nlength = \"15min\"\nratchet = { share = 0.8, months = 11 }\n[[demand]]\nname = \"moving\"\nprice = 1\nwindow = \"rolling\"\nlength = \"5min\"\nhours = [\"00:00-23:00\"]\n";
    let hall = Arc::new(Hall::load(name, &format!("{text}\n{more}")).expect("loads"));
    let tariff = Some(Arc::new(Tariff::load("t.toml", tariff).expect("loads")));
    let (mut run, mut asked) = (Run::at(Site { tariff, ..Site::from(hall) }), 0);
    for scan in 0..8000_u32 {
        let before = std::mem::replace(&mut asked, run.control.plan_due());
        run.inputs.plan = (asked > before).then(|| run.control.question()).flatten().map(|of| Box::new(of.solve()));
        run.sample((scan % 1000 > 800).then_some(7));
        run.nodes(usize::MAX);
        for (of, is) in [("utility/power", 5e3), ("bess/ready", 1.0)] {
            run.inputs.samples[run.hall.point(of).expect("a point")] = Sample::good(is, run.tick.mono);
        }
        run.tick.wall.0 += if scan == 3000 { 40 * 86_400_000 } else { 0 }; // another month: every window may be one
        let count = run.allocations();
        assert!(scan < 5 || count == 0, "scan {scan} allocated {count} times");
    }
    assert!(run.control.ahead().is_some_and(|ahead| ahead.plans > 4), "plans were followed");
    let demands = run.control.peaks().expect("kept").demands;
    assert!(demands.iter().all(|of| of.peak.is_some() && of.window.is_some()), "{demands:?}");
}

#[test]
fn a_trial_of_a_loop_allocates_nothing_in_a_scan() {
    let mut run = Run::new();
    for _ in 0..5 {
        run.sample(None);
        run.allocations();
    }
    let of = run.hall.loops.iter().find(|(_, name)| *name == "crah-1/valve").expect("a loop").0;
    let longest = Span::from_secs(3600);
    let how = How { method: Method::Step, size: -20.0, limits: (20.0, 28.0), longest };
    let ask = Ask::Trial { of, how, reason: "a test".to_owned() };
    let reply = run.control.answer(&Request { who: "uid:1000".to_owned(), ask }, run.tick);
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
    // Longer than the record has room for at its finest, and to the end: nothing answers.
    for scan in 0..1900u32 {
        run.sample(None);
        let count = run.allocations();
        assert_eq!(count, 0, "scan {scan} allocated {count} times");
        assert!(scan > 1500 || run.control.status().trial.is_some(), "it has ended before its record was full: {scan}");
    }
    assert_eq!(run.control.status().trial, None);
}

#[test]
fn checks_and_gains_by_load_allocate_nothing_in_a_scan() {
    let row = |from, gain| Row { from, gain, ti: Span::from_secs(60) };
    let mut run = Run::of(|hall| {
        let rows = [By::Load, By::Flow, By::Output].map(|by| Schedule::new(by, &[row(10.0, 1.0), row(50.0, 3.0)]));
        let [load, flow, output] = rows;
        (hall.strategies.fans.schedule, hall.strategies.valves.schedule) = (load, output);
        hall.strategies.pump.schedule = flow;
    });
    for _ in 0..5 {
        run.sample(None);
        run.allocations();
    }
    let (point, equip) = (run.hall.point("crah-1/valve").expect("a valve"), run.hall.equip("crah-1").expect("a CRAH"));
    let (within, long, reason) = (Span::from_secs(60), Span::from_secs(60), "a test".to_owned());
    for ask in [Ask::Force { point, by: -10.0, within, reason: reason.clone() }, Ask::Silence { equip, long, reason }] {
        let reply = run.control.answer(&Request { who: "uid:1000".to_owned(), ask }, run.tick);
        assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
        let mut scans = 0;
        while run.control.status().check.is_some() || scans == 0 {
            run.sample(None);
            let count = run.allocations();
            assert_eq!(count, 0, "scan {scans} allocated {count} times");
            scans += 1;
            assert!(scans < 400, "it ends by itself");
        }
        assert!(scans > 50, "it ran: {:?}", run.control.check());
    }
}

/// A day-ahead tariff with every kind of window, beside a site's own hours.
const TARIFF: &str = r#"
name = "all"
summary = "Everything that a scan may ask of a tariff."
currency = "EUR"
zone = "Europe/Berlin"
holidays = ["05-01", "easter+1"]
[billing]
day = 15
[[season]]
name = "summer"
days = ["04-01..09-30"]
[[energy]]
name = "supply"
day-ahead = true
add = 0.01
[[energy]]
name = "network"
[[energy.period]]
name = "summer-day"
seasons = ["summer"]
days = ["weekday"]
hours = ["06:00-22:00"]
price = 0.03
[[energy.period]]
name = "rest"
price = 0.02
[[demand]]
name = "peak"
window = "fixed"
length = "15min"
when = [{ days = ["weekday", "sun"], hours = ["06:00-22:00"] }, { days = ["holiday"], hours = ["22:00-02:00"] }]
price = 1
"#;

/// Slots of a quarter of an hour around this instant, with a hole.
fn slots(around: Wall) -> Vec<Slot> {
    let slot = |n: i64| {
        let from = Wall(around.0 - around.0 % 900_000 + 900_000 * n);
        Slot { from, to: Wall(from.0 + 900_000), price: Some(Decimal::whole(n)), grams: Some(Decimal::whole(400)) }
    };
    (-8..96).filter(|n| !(4..7).contains(n)).map(slot).collect()
}

/// The night in which clocks go forward, and the last hours of a month and a quarter.
const NIGHTS: [Wall; 2] = [Wall(1_774_740_000_000), Wall(1_774_990_000_000)];

#[test]
fn asking_a_tariff_allocates_nothing() {
    let tariff = Tariff::load("t.toml", TARIFF).expect("loads");
    let dates = TARIFF.replace("day = 15", "dates = [\"2026-03-01\", \"2026-04-01\", \"2026-05-01\"]");
    let dated = Tariff::load("t.toml", &dates).expect("loads");
    for night in NIGHTS {
        let prices = Prices::of(slots(night)).expect("in order");
        let mut seen = (0_usize, 0_usize, 0_usize);
        let counted = allocation_counter::measure(|| {
            for minute in 0..1440 {
                let at = Wall(night.0 + 60_000 * minute);
                let local = tariff.local(at);
                seen.0 += usize::from(tariff.price_at(at, Some(&prices)).is_some());
                seen.1 += usize::from(tariff.demand.iter().any(|charge| charge.covers(local, &tariff.holidays)));
                seen.2 += usize::from(tariff.billed_with(at).is_some() && dated.billed_with(at).is_some());
                let asked = (tariff.zone.window(at, 900_000), tariff.zone.aligned(at, 300_000), prices.at(at));
                std::hint::black_box((asked, tariff.holds_until(at), tariff.price_at(at, None)));
            }
        });
        assert_eq!(counted.count_total, 0);
        assert!(seen.0 > 1300 && seen.0 < 1440, "{seen:?}: the hole has no price");
        assert!(seen.1 > 0 && seen.1 < 1440 && seen.2 == 1440, "{seen:?}");
    }
}

const WINDOWS: &str = r#"
[[window]]
name = "night"
hours = ["22:00-06:00", "21:00-21:10"]
shut = ["easter+1"]
"#;

#[test]
fn a_scan_with_live_prices_and_windows_allocates_nothing() {
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let mut run = Run::with(Hall::load("air", &format!("{air}{WINDOWS}")).expect("loads"), |_| {});
    let rules = PriceRules {
        stale_after: Span::from_secs(3600),
        max_gap: Span::ZERO,
        ending_within: Span::from_secs(3600 * 22),
    };
    let tariff = Arc::new(Tariff::load("t.toml", TARIFF).expect("loads"));
    run.control = Controller::new(Site { tariff: Some(tariff), prices: Some(rules), ..Arc::clone(&run.hall).into() });
    let (mut known, mut unknown, mut open) = (0, 0, 0);
    for scan in 0..7200_u32 {
        run.sample(None);
        // For a while nobody trusts the clock; then nobody publishes, and at last somebody does with a fault.
        run.tick.clock_trusted = !(3000..3100).contains(&scan);
        if scan == 300 {
            let (from, currency) = ("topic prices".to_owned(), "EUR".to_owned());
            let offer = Offer { from, currency, slots: slots(run.tick.wall), published: None, kept: false };
            let reply = run.control.answer(&Request { who: "service".to_owned(), ask: Ask::Prices(offer) }, run.tick);
            assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
        }
        if scan == 6000 {
            let ask = Ask::PricesRefused { from: "topic prices".to_owned(), why: "no JSON".to_owned() };
            run.control.answer(&Request { who: "service".to_owned(), ask }, run.tick);
        }
        let count = run.allocations();
        assert!(scan < 5 || count == 0, "scan {scan} allocated {count} times");
        if scan % 60 == 0 {
            let price = run.control.prices().expect("a tariff").price;
            (known, unknown) = (known + usize::from(price.is_some()), unknown + usize::from(price.is_none()));
            open += usize::from(run.control.windows().windows[0].open);
        }
    }
    assert!(known > 60 && unknown > 40, "{known} known, {unknown} unknown");
    assert!(open > 40 && open < 80, "open in {open} of 120 minutes");
    let seen = run.control.prices().expect("a tariff");
    assert!(seen.troubles.contains(&"stale".to_owned()) && seen.refused == 1, "{seen:?}");
}

#[test]
fn the_counter_counts() {
    assert!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8; 100]))).count_total > 0);
}
