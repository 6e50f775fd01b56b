//! Days of which nobody knows what they bring, after a month of others, through whole scans of a controller that has a planner beside it. What is billed is
//! held against the best that could have been done by who knows the day, against doing nothing, and against controllers as they are often built.
//!
//! `WLTEST_DAYS=50 cargo test --release --lib -- tests::days --nocapture` prints the tables of docs/peaks.md; `WLTEST_FIRST=51` beside it takes fifty others.

use plant::civil::Zone;
use plant::convert::{f64_from_u64, f64_from_usize, usize_from_u64};
use plant::event::{PlanNews, What};
use plant::time::{Span, Tick, Wall};
use plant::units::Watts;

use crate::control::battery::tests::yard::Yard;
use crate::control::outlook::{self, Outlook};
use load::{DAY, Loads, STEP, last_of, quarters};
use peers::{Day, FLOOR, Rule, bound, held_back, levelled, lived, peak, tried};

mod load;
mod peers;

/// Days of which the load is known.
const HISTORY: usize = 30;
/// Forecasts are judged four hours ahead (quarters of an hour).
const SOON: usize = 16;

/// A day and the month before it.
struct Case {
    seed: u64,
    before: Vec<Vec<f64>>,
    day: Vec<f64>,
    /// What the month's days could have been held at, in the median (W).
    usual: f64,
}

impl Case {
    fn of(seed: u64) -> Self {
        let (_, weekday) = last_of(usize_from_u64(seed));
        let mut loads = Loads::of(seed, (weekday + 5) % 7); // thirty days before
        let before: Vec<Vec<f64>> = (0..HISTORY).map(|_| loads.day()).collect();
        let mut best: Vec<f64> = before.iter().map(|day| tried(day)).collect();
        best.sort_by(f64::total_cmp);
        Self { seed, day: loads.day(), usual: best[HISTORY / 2], before }
    }

    /// A yard at the day's first instant, whose forecast has seen the month before.
    fn yard(&self, batteries: usize, most: f64) -> Yard {
        let mut yard = Yard::below(batteries, most);
        let (begin, _) = last_of(usize_from_u64(self.seed));
        yard.tick.wall = begin;
        yard.batteries.iter_mut().for_each(|battery| battery.stored = 680e3);
        let outlook = yard.control.state.outlook.get_or_insert_with(Outlook::default);
        let long = Span::from_secs(DAY * u64::try_from(HISTORY).expect("few"));
        let mut tick = Tick { dt: Span::from_secs(5), wall: begin, clock_trusted: true, ..Tick::default() };
        tick.wall.0 -= i64::try_from(long.millis()).expect("a month");
        for watts in self.before.iter().flatten() {
            for _ in 0..STEP / 5 {
                tick.mono = tick.mono.after(tick.dt);
                tick.wall.0 += 5_000;
                outlook.step(&zone(), outlook::Load { free: Some(Watts(*watts)), held: false }, tick);
            }
        }
        yard
    }
}

/// Machines that come down to what windows allow within some seconds, and rise slowly.
struct Machines {
    draws: f64,
}

impl Machines {
    fn step(&mut self, demand: f64, allowed: Option<f64>) -> f64 {
        let most = allowed.map_or(demand, |allowed| allowed.clamp(demand * FLOOR, demand));
        let way = most - self.draws;
        self.draws += if allowed.is_none() || way < 0.0 { way / 3.0 } else { way.min(0.01 * demand) };
        self.draws = self.draws.min(demand);
        self.draws
    }
}

fn zone() -> Zone {
    Zone::named("UTC").expect("a zone")
}

/// The quarter of an hour four hours later.
fn soon(now: Wall) -> i64 {
    outlook::quarter(now) + i64::try_from(SOON).expect("few")
}

/// A day of ours, what forecasts of four hours were off by in the mean (1), and whether it was told that a target cannot be held.
fn ours(case: &Case, batteries: usize, most: f64) -> (Day, f64, bool) {
    let mut yard = case.yard(batteries, most);
    let (mut of, mut machines, mut told) = (Day::default(), Machines { draws: case.day[0] }, Vec::new());
    for second in 0..DAY {
        let demand = case.day[usize_from_u64(second / STEP)];
        let mean = yard.control.state.interval.allowed(yard.control.plan.peaks.as_ref());
        let load = if batteries > 0 { demand } else { machines.step(demand, mean.map(|mean| mean.allowed.0)) };
        yard.run_seconds(1, |_| load);
        if second % 900 == 0 {
            told.extend(yard.control.state.outlook.as_ref().and_then(|of| of.expected(&zone(), soon(yard.tick.wall))));
        }
        let given: f64 = yard.batteries.iter().map(|battery| battery.power.max(0.0)).sum();
        of.spent += (given + demand - load) / 3.6e6;
    }
    let means = yard.rows.chunks(900).map(|rows| rows.iter().map(|(_, grid)| grid).sum::<f64>() / 900.0);
    of.billed = means.fold(0.0, f64::max);
    let real = quarters(&case.day);
    let off = told.iter().zip(&real[SOON..]).map(|(told, real)| (told.watts / real - 1.0).abs());
    let raised = yard.events.iter().any(|event| event.what == What::Plan(PlanNews::Raised(true)));
    (of, off.sum::<f64>() / f64_from_usize(96 - SOON), raised)
}

/// What somebody made of many days.
#[derive(Default)]
struct Sum {
    /// What is billed above the best that could have been (1), and above doing nothing.
    above: Vec<f64>,
    worse: Vec<f64>,
    spent: f64,
}

impl Sum {
    fn add(&mut self, day: Day, best: f64, nothing: f64) {
        self.above.push(day.billed / best - 1.0);
        self.worse.push(day.billed / nothing - 1.0);
        self.spent += day.spent;
    }

    /// What so many of them do not exceed (0 to 1).
    fn quantile(&self, share: f64) -> f64 {
        let mut all = self.above.clone();
        all.sort_by(f64::total_cmp);
        let last = f64_from_usize(all.len() - 1);
        all[usize_from_u64(plant::convert::u64_from_f64_rounded(share * last))]
    }

    fn row(&self, name: &str, who: &str) {
        let (percent, count) = (|x: f64| format!("{:.1}", 100.0 * x), f64_from_usize(self.above.len()));
        let worse = self.worse.iter().filter(|of| **of > 0.0).count();
        println!(
            "| {name} | {who} | {} | {} | {} | {worse} | {:.0} |",
            percent(self.quantile(0.5)),
            percent(self.quantile(0.95)),
            percent(self.quantile(1.0)),
            self.spent / count
        );
    }
}

/// What was said of a campaign when this was built: nothing here looks at its surroundings.
fn said<T: std::str::FromStr>(text: Option<&str>, otherwise: T) -> T {
    text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// One kind of days: batteries, and whether it shall be told that they cannot hold what is aimed at; what that is (W), and the best that could be had with what we spent (kWh).
fn compare(
    name: &str,
    (batteries, raised): (usize, Option<bool>),
    (target, best): (impl Fn(&Case) -> f64, impl Fn(&Case, f64) -> f64),
) {
    let (mut sums, mut off): ([Sum; 4], f64) = (Default::default(), 0.0);
    let (first, days) = (said(option_env!("WLTEST_FIRST"), 1), said(option_env!("WLTEST_DAYS"), 1));
    for seed in first..first + days {
        let case = Case::of(seed);
        let (nothing, target) = (peak(&case.day), target(&case));
        let (own, erred, told) = ours(&case, batteries, target);
        let best = best(&case, own.spent);
        assert!(raised.is_none_or(|raised| raised == told), "{name}, {seed}: told {told}");
        off += erred / f64_from_u64(days);
        let others = [Rule::Threshold, Rule::Interval].map(|rule| lived(&case.day, (rule, target), batteries > 0));
        let all = [own, others[0], others[1], Day { billed: nothing, spent: 0.0 }];
        sums.iter_mut().zip(all).for_each(|(sum, day)| sum.add(day, best, nothing));
    }
    for (sum, who) in sums.iter().zip(["wattloop", "instantaneous threshold", "fixed target", "nothing"]) {
        sum.row(name, who);
    }
    println!("{name}: forecasts of four hours were off by {:.1} %", 100.0 * off);
    let own = &sums[0];
    assert!(own.worse.iter().all(|of| *of <= 0.0), "{name}: {:?}", own.worse);
    assert!(own.quantile(0.5) <= 0.02 && own.quantile(0.95) <= 0.08, "{name}: {:?}", own.above);
}

#[test]
fn a_battery_comes_near_to_the_best_that_who_knows_the_day_could_do() {
    let best = |case: &Case, _| {
        let (best, found) = (bound(&case.day), tried(&case.day));
        assert!((best / found - 1.0).abs() < 1e-3, "{best} {found}");
        best
    };
    compare("battery", (1, None), (|case: &Case| case.usual, best));
}

#[test]
fn a_target_that_no_battery_can_hold_is_not_worse_than_none() {
    let best = |case: &Case, _| bound(&case.day);
    compare("battery, too ambitious", (1, Some(true)), (|case: &Case| 0.93 * bound(&case.day), best));
}

#[test]
fn without_a_battery_machines_come_near_to_the_best_with_the_same_work_held_back() {
    let target = |case: &Case| {
        let mut peaks: Vec<f64> = case.before.iter().map(|day| peak(day)).collect();
        peaks.sort_by(f64::total_cmp);
        0.95 * peaks[HISTORY / 2]
    };
    let best = |case: &Case, spent: f64| {
        let (best, found) = (held_back(&case.day, spent), levelled(&case.day, spent));
        assert!((best / found - 1.0).abs() < 1e-6, "{best} {found}");
        best
    };
    compare("machines", (0, Some(false)), (target, best));
}
