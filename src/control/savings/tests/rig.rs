//! A billed meter with a battery and caps beside it, judged by the engine that bills.

use std::sync::Arc;

use plant::civil::Zone;
use plant::convert::bits_from_i64;
use plant::hall::Hall;
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::Watts;

use super::super::*;
use crate::control::energy::Metered;
use crate::control::news::News;
use crate::control::savings::view::SavingsView;
use crate::control::tariff::{Bill, Known, MeterRules, Series, Tariff, rate};

/// A scan (s).
pub const DT: i64 = 5;

pub struct Rig {
    pub plan: Plan,
    pub interval: Interval,
    pub savings: Savings,
    /// When it began, and how long ago that is (ms).
    pub begin: i64,
    pub at: i64,
    pub total: f64,
    pub breaks: u32,
    pub boot: u32,
    /// What a scan sees besides; the rest follows from the loads.
    pub scene: Scene,
    pub meter_read: bool,
    pub trusted: bool,
    /// When, what flowed, and what would have flowed without the battery, and without control (kW).
    pub rows: Vec<(i64, [f64; 3])>,
}

pub fn tariff(head: &str, demands: &str) -> Arc<Tariff> {
    let text = format!(
        "name = \"t\"\nsummary = \"Demands.\"\ncurrency = \"EUR\"\nzone = \"Europe/Berlin\"\n{head}\n\n[[energy]]\nname = \"all\"\nprice = 0.1\n\n{demands}\n"
    );
    Arc::new(Tariff::load("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}")))
}

impl Rig {
    pub fn new(begin: &str, tariff: &Arc<Tariff>) -> Self {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let text = format!("{text}\n[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n");
        let plan = Plan::of(&Hall::load("air", &text).expect("loads"), Some(tariff)).expect("a plan");
        let begin = begin.parse::<jiff::Timestamp>().expect("an instant").as_millisecond();
        let tick = Tick { dt: Span::from_secs(5), clock_trusted: true, boot: 1, ..Tick::default() };
        let zero = Watts(0.0);
        let meter = interval::Scene {
            meter: Metered::default(),
            ago: Span::ZERO,
            at: Span::ZERO,
            now: tick,
            pulses: None,
            load: zero,
            free: zero,
            floor: zero,
        };
        Self {
            interval: Interval::new(Some(&plan)),
            savings: Savings::new(Some(&plan)),
            plan,
            begin,
            at: 0,
            total: 5e6,
            breaks: 1,
            boot: 1,
            scene: Scene {
                meter,
                believed: true,
                given: Some(zero),
                held: Some(0.0),
                shed: Shed::default(),
                later: Later::default(),
                price: PriceNow::default(),
                judged: [None; HORIZONS],
                rides: false,
            },
            meter_read: true,
            trusted: true,
            rows: Vec::new(),
        }
    }

    /// So many minutes of what flows, what the battery gives, and what caps hold back (kW, by the seconds since it began).
    pub fn run(&mut self, minutes: i64, flows: impl Fn(i64) -> [f64; 3]) {
        (0..minutes * 60 / DT).for_each(|_| self.scan(flows(self.at / 1000)));
    }

    pub fn scan(&mut self, [grid, given, shed]: [f64; 3]) {
        self.rows.push((self.begin + self.at, [grid, grid + given, grid + given + shed]));
        self.at += DT * 1000;
        self.total += Watts(grid * 1e3).over(Span::from_secs(5)).0;
        let at = Span::from_millis(bits_from_i64(self.at));
        let meter =
            Metered { total: self.total, current: self.meter_read, breaks: self.breaks, grain: 0.0, registered: true };
        let wall = Wall(self.begin + self.at);
        let now = Tick { mono: Mono(at.nanos()), wall, clock_trusted: self.trusted, ..self.scene.meter.now };
        let (load, free) = (Watts(grid * 1e3), Watts((grid + given) * 1e3));
        let meter = interval::Scene { meter, at, now: Tick { boot: self.boot, ..now }, load, free, ..self.scene.meter };
        let shed = Shed { watts: Watts(shed * 1e3), lost: shed, ..self.scene.shed };
        let given = self.scene.given.map(|_| Watts(given * 1e3));
        let scene = Scene { meter, given, shed, ..self.scene };
        let mut events = Vec::new();
        self.interval.step(&self.plan, &meter, &mut News::new(now, &mut events));
        self.savings.step(&self.plan, &self.interval, &scene);
    }

    pub fn view(&self) -> SavingsView {
        self.savings.view(&self.plan, Wall(self.begin + self.at), Some(Watts(500.0)))
    }

    /// The bills of a side, the oldest first: 0 as metered, 1 without the battery, 2 without control.
    pub fn bills(&self, side: usize) -> Vec<Bill> {
        let zone = Zone::named("UTC").expect("a zone");
        let row = |(at, kw): &(i64, [f64; 3])| {
            let (from, to) = (zone.stamp(Wall(*at)), zone.stamp(Wall(at + DT * 1000)));
            format!("{from},{to},{:.9}\n", kw[side])
        };
        let text: String = std::iter::once("start,end,kw\n".to_owned()).chain(self.rows.iter().map(row)).collect();
        let tariff = self.plan.tariff();
        let series = Series::read("s.csv", &text, (&tariff.zone, MeterRules::default())).expect("a series");
        rate(tariff, &series, (None, None), Known { history: &[], prices: None })
    }

    /// As a snapshot brings it back, in a new boot.
    pub fn restart(&mut self) {
        let bytes = postcard::to_allocvec(&self.savings).expect("writes");
        let back: Savings = postcard::from_bytes(&bytes).expect("reads");
        assert_eq!(back, self.savings);
        self.savings = back;
        self.savings.restart(Some(&self.plan));
        let mut events = Vec::new();
        self.interval.restart(Some(&self.plan), &mut News::new(self.scene.meter.now, &mut events));
        self.boot += 1;
    }
}
