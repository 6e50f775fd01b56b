//! Interval control beside a load that does as it is told, judged by the engine that bills.

mod civil;
mod doubt;
mod lengths;
mod memory;
mod named;
mod seasons;

use std::sync::Arc;

use plant::hall::Hall;
use plant::time::{Mono, Tick};
use proptest::prelude::*;

use super::*;
use crate::control::energy::Metered;
use crate::control::tariff::{Bill, Known, MeterRules, Series, Tariff, rate};
use plant::civil::Zone;

/// A scan.
const DT: i64 = 5;
const SCAN: Span = Span::from_secs(5);
/// 2026-07-15T00:00Z, a Wednesday.
const BEGIN: i64 = 1_784_073_600_000;

/// A load behind a billed meter.
struct Field {
    plan: Plan,
    interval: Interval,
    /// The clock of energy (ms), and what the wall is ahead of it.
    at: i64,
    offset: i64,
    trusted: bool,
    boot: u32,
    /// The register (Wh), and whether it is read.
    total: f64,
    read: bool,
    breaks: u32,
    /// What the register may hold back (Wh), and whether it is what counts.
    grain: f64,
    registered: bool,
    /// The meter's count of intervals.
    pulses: Option<f64>,
    /// What it can be brought down to (W).
    floor: f64,
    /// What flowed: when by the true clock, and how much (kW).
    rows: Vec<(i64, f64)>,
    events: Vec<plant::event::Event>,
}

fn tariff(demand: &str) -> Arc<Tariff> {
    let text = format!(
        "name = \"t\"\nsummary = \"One demand.\"\ncurrency = \"EUR\"\nzone = \"Europe/Berlin\"\n\n[[energy]]\nname = \"all\"\nprice = 0.1\n\n[[demand]]\nname = \"peak\"\nprice = 10\n{demand}\n"
    );
    Arc::new(Tariff::load("t.toml", &text).expect("a tariff"))
}

fn hall(peaks: &str) -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let text = format!("{text}\n[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n{peaks}\n");
    Hall::load("air", &text).expect("loads")
}

impl Field {
    fn of(demand: &str, target_kw: f64) -> Self {
        Self::with(demand, &format!("[[peak]]\ndemand = \"peak\"\nmost = {:.1}", target_kw * 1e3))
    }

    fn with(demand: &str, peaks: &str) -> Self {
        let plan = Plan::of(&hall(peaks), Some(&tariff(demand))).expect("a plan");
        Self {
            interval: Interval::new(Some(&plan)),
            plan,
            at: 0,
            offset: BEGIN,
            trusted: true,
            boot: 0,
            total: 0.0,
            read: true,
            breaks: 1,
            grain: 0.0,
            registered: true,
            pulses: None,
            floor: 500e3,
            rows: Vec::new(),
            events: Vec::new(),
        }
    }

    fn scene(&self, load: f64) -> Scene {
        let Self { total, read: current, breaks, grain, registered, .. } = *self;
        let meter = Metered { total, current, breaks, grain, registered };
        let at = Span::from_millis(plant::convert::bits_from_i64(self.at));
        let now = Tick {
            dt: SCAN,
            mono: Mono(at.nanos()),
            wall: Wall(self.at + self.offset),
            clock_trusted: self.trusted,
            boot: self.boot,
            ..Tick::default()
        };
        let pulses = self.pulses.map(|count| (count, Span::from_millis(500)));
        Scene {
            meter,
            ago: Span::ZERO,
            at,
            now,
            pulses,
            load: Watts(load),
            free: Watts(load),
            floor: Watts(self.floor),
        }
    }

    /// So many minutes of a demand (kW, by the seconds since the record began).
    fn run(&mut self, minutes: i64, demand: impl Fn(i64) -> f64) -> &mut Self {
        (0..minutes * 60 / DT).for_each(|_| self.scan(&demand));
        self
    }

    /// One scan.
    fn scan(&mut self, demand: impl Fn(i64) -> f64) {
        let wanted = 1e3 * demand(self.at / 1000);
        let allowed = self.interval.allowed(Some(&self.plan)).map_or(f64::INFINITY, |of| of.allowed.0);
        let load = wanted.min(allowed.max(self.floor));
        self.rows.push((BEGIN + self.at, load / 1e3));
        self.at += DT * 1000;
        self.total += Watts(load).over(SCAN).0;
        let scene = self.scene(load);
        let (plan, events) = (&self.plan, &mut self.events);
        self.interval.step(plan, &scene, &mut News::new(scene.now, events));
    }

    /// The meter loses count.
    fn lose(&mut self) -> &mut Self {
        (self.total, self.breaks) = (17.0, self.breaks + 1);
        self
    }

    /// What flows while nobody looks.
    fn away(&mut self, minutes: i64, kw: f64) -> &mut Self {
        for _ in 0..minutes * 60 / DT {
            self.rows.push((BEGIN + self.at, kw));
            self.at += DT * 1000;
            self.total += Watts(kw * 1e3).over(SCAN).0;
        }
        self
    }

    /// The billed peak (kW) by the engine that bills, on the true clock and one that is ahead of it (ms).
    fn billed(&self, ahead: i64) -> f64 {
        self.billed_of(None, ahead)
    }

    /// The same of one demand.
    fn billed_of(&self, demand: Option<&str>, ahead: i64) -> f64 {
        let bills = self.bills(ahead);
        let peaks = bills.iter().flat_map(|bill| &bill.peaks).filter(|past| demand.is_none_or(|of| past.demand == of));
        peaks.map(|past| past.kw.number()).fold(0.0, f64::max)
    }

    /// The bills of what flowed, the oldest first.
    fn bills(&self, ahead: i64) -> Vec<Bill> {
        let zone = Zone::named("UTC").expect("a zone");
        let row = |(at, kw): &(i64, f64)| {
            let (from, to) = (zone.stamp(Wall(at + ahead)), zone.stamp(Wall(at + ahead + DT * 1000)));
            format!("{from},{to},{kw:.6}\n")
        };
        let text: String = std::iter::once("start,end,kw\n".to_owned()).chain(self.rows.iter().map(row)).collect();
        let tariff = &self.plan.tariff;
        let series = Series::read("s.csv", &text, (&tariff.zone, MeterRules::default())).expect("a series");
        rate(tariff, &series, (None, None), Known { history: &[], prices: None })
    }

    /// Energy that was not drawn because of it (kWh).
    fn shed(&self, demand: impl Fn(i64) -> f64) -> f64 {
        let wanted = |at: i64| demand((at - BEGIN) / 1000);
        self.rows.iter().map(|(at, kw)| Watts(wanted(*at) - kw).over(SCAN).0).sum()
    }

    /// The mean from a row on (kW).
    fn mean(&self, from: usize) -> f64 {
        let rows = &self.rows[from..];
        rows.iter().map(|(_, kw)| kw).sum::<f64>() / plant::convert::f64_from_usize(rows.len())
    }

    /// A new boot, by the same plan or another one.
    fn restart_with(&mut self, plan: Option<&Plan>) {
        let now = self.scene(0.0).now;
        let plan = plan.unwrap_or(&self.plan);
        self.interval.restart(Some(plan), &mut News::new(now, &mut self.events));
    }

    /// What was told of names since this was asked last.
    fn moved(&mut self) -> Vec<String> {
        let word = |of: PeakNews| {
            if let PeakNews::PutAside { demand, watts } = of {
                return Some(format!("{} {demand} {:.0}", of.word(), watts / 1e3));
            }
            if let PeakNews::Anew { demand } = of { Some(format!("{} {demand}", of.word())) } else { None }
        };
        let told = self.told().into_iter().filter_map(word).collect();
        self.events.clear();
        told
    }

    fn told(&self) -> Vec<PeakNews> {
        let peak = |event: &plant::event::Event| if let What::Peak(of) = event.what { Some(of) } else { None };
        self.events.iter().filter_map(peak).collect()
    }
}

const FIXED: &str = "window = \"fixed\"\nlength = \"15min\"";
const ROLLING: &str = "window = \"rolling\"\nlength = \"15min\"";
const BLOCK: &str = "window = \"rolling-block\"\nlength = \"15min\"\nsub-interval = \"5min\"";

#[test]
fn a_demand_above_the_target_is_held_at_it_and_hardly_below() {
    for (window, wasted) in [(FIXED, 0.005), (BLOCK, 0.01), (ROLLING, 0.01)] {
        let mut field = Field::of(window, 1000.0);
        let billed = field.run(180, |_| 1200.0).billed(0);
        assert!((1000.0 * (1.0 - wasted)..=1000.5).contains(&billed), "{window}: {billed}");
        let mean = field.mean(0);
        assert!(mean > 1000.0 * (1.0 - 2.0 * wasted), "{window}: {mean}");
        assert!(matches!(field.told()[..], [PeakNews::Held { demand: 0, .. }]), "once: {:?}", field.told());
    }
}

#[test]
fn a_spike_that_the_rest_of_its_window_makes_good_lowers_nobody() {
    // 20 s in 100 at 1 400 kW, else 850: 960 in the mean.
    let demand = |s: i64| if s % 100 < 20 { 1400.0 } else { 850.0 };
    for window in [FIXED, BLOCK, ROLLING] {
        let mut field = Field::of(window, 1000.0);
        let billed = field.run(180, demand).billed(0);
        assert!((900.0..=1000.0).contains(&billed), "{window}: {billed}");
        let (shed, all) = (field.shed(demand), 3.0 * 960.0);
        assert!(shed <= 0.007 * all, "{window}: {shed} kWh, {:?}", field.told());
    }
}

#[test]
fn a_rolling_window_and_blocks_are_not_kept_by_keeping_fixed_ones() {
    // 25 minutes on, 20 off, out of step with any clock.
    let demand = |s: i64| if (s + 420) % 2700 < 1500 { 1300.0 } else { 600.0 };
    for window in [FIXED, BLOCK, ROLLING] {
        let mut field = Field::of(window, 1000.0);
        let billed = field.run(360, demand).billed(0);
        assert!((980.0..=1001.0).contains(&billed), "{window}: {billed}");
    }
}

#[test]
fn nothing_is_lowered_below_a_peak_that_is_paid() {
    let mut field = Field::of(FIXED, 900.0);
    field.floor = 1100e3; // an hour in which nothing can be lowered so far
    field.run(60, |_| 1200.0);
    field.floor = 500e3;
    let paid = field.billed(0);
    assert!((1099.0..1201.0).contains(&paid), "{paid}");
    assert!(field.told().iter().any(|of| matches!(of, PeakNews::Paid { demand: 0, .. })), "{:?}", field.told());
    let from = field.rows.len();
    field.run(120, |_| 1300.0);
    let after = field.mean(from);
    assert!(after > 0.985 * paid, "{after} of {paid}");
    assert!(field.billed(0) <= paid + 0.5, "and it does not creep: {} after {paid}", field.billed(0));
}

#[test]
fn outside_of_its_hours_and_above_what_is_billed_at_most_nothing_is_lowered() {
    // 00:00Z is 02:00 in Berlin.
    let hours = format!("{FIXED}\nhours = [\"03:00-04:00\"]");
    let mut field = Field::of(&hours, 1000.0);
    field.run(55, |_| 1200.0);
    assert_eq!((field.shed(|_| 1200.0), field.told().len()), (0.0, 0));
    field.run(65, |_| 1200.0);
    assert!((990.0..=1000.5).contains(&field.billed(0)), "{}", field.billed(0));
    let from = field.rows.len();
    field.run(30, |_| 1200.0);
    let late = field.rows[from..].iter().position(|(_, kw)| *kw == 1200.0).expect("they are over");
    assert!(late < 60 && field.rows[from + late..].iter().all(|(_, kw)| *kw == 1200.0), "within five minutes: {late}");
    assert!(matches!(field.told()[..], [PeakNews::Held { .. }, PeakNews::Free]), "{:?}", field.told());
    let mut capped = Field::of(&format!("{FIXED}\nmaximum-kw = 900"), 1000.0);
    capped.run(60, |_| 1200.0);
    assert_eq!(capped.shed(|_| 1200.0), 0.0, "more costs no more");
}

#[test]
fn a_demand_without_a_target_is_measured_and_no_more() {
    let mut field = Field::with(FIXED, "");
    field.run(60, |_| 1200.0);
    assert_eq!((field.shed(|_| 1200.0), field.told().len()), (0.0, 0));
    let view = field.interval.view(&hall(""), &field.plan, &field.scene(1.2e6));
    let [of] = view.demands.as_slice() else { panic!("{view:?}") };
    assert!(of.peak.as_ref().is_some_and(|peak| (peak.watts - 1.2e6).abs() < 1.0), "{of:?}");
    assert_eq!((of.target_w, of.kept_w, of.window.clone()), (None, None, None));
}

#[test]
fn loads_are_let_go_slowly_and_no_window_after_it_is_higher() {
    let demand = |s: i64| if s < 5400 { 1200.0 } else { 700.0 };
    let mut field = Field::of(FIXED, 1000.0);
    field.run(100, demand);
    assert!(matches!(field.told()[..], [PeakNews::Held { .. }, PeakNews::Free]), "{:?}", field.told());
    assert!(field.run(60, |_| 1250.0).billed(0) <= 1000.5);
}

#[test]
fn loads_may_be_let_go_at_once_and_are_held_as_long_as_they_must() {
    let mut field = Field::with(FIXED, "release-after = \"0s\"\n[[peak]]\ndemand = \"peak\"\nmost = 1e6");
    let billed = field.run(60, |_| 1200.0).billed(0);
    assert!(billed <= 1000.5, "{billed}");
    assert!(matches!(field.told()[..], [PeakNews::Held { .. }]), "{:?}", field.told());
    field.run(1, |_| 500.0);
    assert!(field.told().contains(&PeakNews::Free), "{:?}", field.told());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Whatever is demanded: no billed window is above the target, as long as it can be brought down to half of it.
    #[test]
    fn no_billed_window_is_above_its_target(
        levels in proptest::collection::vec((300.0..1700.0, 1_i64..40), 4..14),
        kind in 0_usize..3,
        begin in 0_i64..900,
    ) {
        let total: i64 = levels.iter().map(|(_, minutes)| minutes).sum();
        let mut field = Field::of([FIXED, BLOCK, ROLLING][kind], 1000.0);
        field.at = begin * 1000;
        field.interval.breaks = field.breaks;
        field.interval.trace.mark(field.at, 0.0);
        let demand = |s: i64| {
            let mut left = (s - begin) / 60;
            levels.iter().find(|(_, minutes)| { left -= minutes; left < 0 }).map_or(800.0, |(kw, _)| *kw)
        };
        let billed = field.run(total, demand).billed(0);
        prop_assert!(billed <= 1001.0, "{} kW billed", billed);
    }
}
