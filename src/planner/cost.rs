//! What a schedule really comes to: jobs that run or do not, a battery that holds what it holds.

use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::groups::{EMPTY, OVER, Weights, unit};
use super::problem::{Job, Problem, SLOT_HOURS};
use super::slots::Slots;
use super::windows::Window;

/// What a plan costs (currency).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Energy from the grid.
    pub energy: f64,
    /// What its CO₂ counts for.
    pub carbon: f64,
    /// Peaks, above what is paid in any case.
    pub demand: f64,
    /// The battery's wear.
    pub wear: f64,
    /// What jobs lose that do not get all that they need, by their own word.
    pub lost: f64,
}

impl Cost {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.energy + self.carbon + self.demand + self.wear + self.lost
    }
}

/// In which slots each job runs, ascending.
pub type Schedule = Vec<Vec<usize>>;

/// What all jobs draw in each slot (kW at the machines).
pub fn load(problem: &Problem, schedule: &Schedule) -> Slots {
    let mut load = Slots::zeros(problem.slots.len());
    for (job, slots) in problem.jobs.iter().zip(schedule) {
        slots.iter().for_each(|slot| load.add(*slot, job.kw));
    }
    load
}

/// A schedule, lived through.
#[derive(Clone, Debug, PartialEq)]
pub struct Lived {
    /// What the site draws in each slot, as it is expected (kW).
    pub site: Slots,
    /// What the battery takes (kW; negative: gives).
    pub battery: Slots,
    /// What is in it at the end of each slot (kWh).
    pub level: Slots,
    /// The peak of each demand, what is free included (kW).
    pub peaks: Vec<f64>,
    /// What it costs.
    pub cost: Cost,
    /// What jobs do not get (kWh at the machines).
    pub short_kwh: f64,
    /// The same by priority, the most important first (kW times slots).
    pub short: Vec<f64>,
    /// What flows above the site's limit where the base load is high (kWh).
    pub over_kwh: f64,
    /// What a solver would have minimised: money, and far more where something is missing (currency).
    pub objective: f64,
}

impl Lived {
    /// True where it is better than another: limits first, no deadline is worth one that is broken; then what jobs lack, the important ones first, whatever others need; then money.
    pub fn beats(&self, other: &Self) -> bool {
        if (self.over_kwh - other.over_kwh).abs() > 1e-9 {
            return self.over_kwh < other.over_kwh;
        }
        first(&self.short, &other.short).then_with(|| self.objective.total_cmp(&other.objective)).is_lt()
    }
}

/// How what is lacked compares, by the most important priority in which it differs; what sums are off by is no difference.
pub fn first(one: &[f64], other: &[f64]) -> Ordering {
    let differs = one.iter().zip(other).find(|(one, other)| (*one - *other).abs() > 1e-6);
    differs.map_or(Ordering::Equal, |(one, other)| one.total_cmp(other))
}

/// Lives through a schedule. The battery does what it is told as far as it can.
pub fn live(problem: &Problem, windows: &[Vec<Window>], schedule: &Schedule, battery: &Slots) -> Lived {
    let load = load(problem, schedule);
    let (battery, level) = store(problem, &load, battery);
    let flows = problem.slots.iter().enumerate().map(|(n, s)| s.base + s.cooling * load.at(n) + battery.at(n));
    let site = Slots(flows.collect());
    let peaks: Vec<f64> = problem
        .demands
        .iter()
        .zip(windows)
        .map(|(demand, windows)| windows.iter().map(|w| w.mean(&site)).fold(demand.free(), f64::max))
        .collect();
    let mut cost = Cost::default();
    let mut over_kwh = 0.0;
    for (n, slot) in problem.slots.iter().enumerate() {
        let kwh = site.at(n) * SLOT_HOURS;
        cost.energy += slot.price * kwh;
        cost.carbon += problem.co2 * slot.carbon / 1000.0 * kwh;
        cost.wear += problem.battery.map_or(0.0, |b| b.wear) * battery.at(n).abs() * SLOT_HOURS;
        over_kwh += (site.at(n) - slot.most()).max(0.0) * SLOT_HOURS;
    }
    for (demand, peak) in problem.demands.iter().zip(&peaks) {
        cost.demand += demand.rate * (peak - demand.free());
    }
    let weights = Weights::new(problem);
    let unit = unit(problem);
    let (mut short_kwh, mut penalty) = (0.0, OVER * unit * over_kwh / SLOT_HOURS);
    if let (Some(b), Some(last)) = (&problem.battery, level.0.last()) {
        penalty += EMPTY * unit * (b.last() - last).max(0.0) - b.worth * last;
    }
    let lack = |(job, slots): (&'_ Job, &Vec<usize>)| {
        plant::convert::f64_from_usize(job.slots.saturating_sub(slots.len())) * job.kw
    };
    for (n, (job, slots)) in problem.jobs.iter().zip(schedule).enumerate() {
        let missing = lack((job, slots));
        short_kwh += missing * SLOT_HOURS;
        cost.lost += missing * SLOT_HOURS * job.lost;
        penalty += missing * (weights.short(problem, n) - job.lost * SLOT_HOURS);
    }
    let short = weights.by_priority(problem.jobs.iter().zip(schedule).map(|(job, slots)| (job, lack((job, slots)))));
    let objective = penalty + cost.total();
    Lived { site, battery, level, peaks, cost, short_kwh, short, over_kwh, objective }
}

/// What the battery does of what it is told, and its levels. It never goes below its reserve, never feeds the grid, and charges within the
/// site's limit where the base load is high.
fn store(problem: &Problem, load: &Slots, told: &Slots) -> (Slots, Slots) {
    let none = Slots::zeros(problem.slots.len());
    let Some(b) = problem.battery else { return (none.clone(), none) };
    let (mut done, mut levels, mut level) = (none.clone(), none, b.level);
    for (n, slot) in problem.slots.iter().enumerate() {
        let told = told.at(n);
        if told > 0.0 {
            let room = (slot.room() - slot.cooling * load.at(n))
                .min((b.capacity - level) / (b.charge_efficiency * SLOT_HOURS));
            let kw = told.min(b.charge).min(room).max(0.0);
            level += kw * b.charge_efficiency * SLOT_HOURS;
            done.add(n, kw);
        } else {
            let there = (level - b.least()) * b.discharge_efficiency / SLOT_HOURS;
            let kw = (-told).min(b.discharge).min(there).min(slot.base + slot.cooling * load.at(n)).max(0.0);
            level -= kw * SLOT_HOURS / b.discharge_efficiency;
            done.add(n, -kw);
        }
        level = level.clamp(b.least(), b.capacity.max(b.least()));
        levels.add(n, level);
    }
    (done, levels)
}
