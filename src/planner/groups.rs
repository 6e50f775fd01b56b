//! What the linear programme sees of the jobs: each alone, or those with the same window as one.

use core::ops::Range;
use std::collections::BTreeMap;

use plant::convert;

use super::problem::{Job, Problem, SLOT_HOURS};
use super::slots::Slots;
use super::tree::up;

/// Up to so many jobs each is a row of its own.
pub const ALONE: usize = 500;

/// Above that about so many groups are made of them.
const GROUPS: usize = 1000;

/// How much dearer than money a limit of the site is that is not kept (1).
pub const OVER: f64 = 1000.0;

/// How much dearer than money a kWh is that the battery lacks at the end (1): dearer than any price, cheaper than a job's.
pub const EMPTY: f64 = 20.0;

/// How much dearer than money a slot is that the least important job does not get (1).
const SHORT: f64 = 30.0;

/// What the largest real price of a kW in a slot is (currency per kW): everything that is dearer than money is a multiple of it.
pub fn unit(problem: &Problem) -> f64 {
    let rates: f64 = problem.demands.iter().map(|demand| demand.rate).sum();
    let wear = problem.battery.map_or(0.0, |battery| battery.wear);
    let slot = |s: &super::problem::Slot| s.cooling * (rates + s.worth(problem.co2).abs() * SLOT_HOURS);
    let most = problem.slots.iter().map(slot).fold(0.0, f64::max) + wear * SLOT_HOURS;
    if most > 1e-3 { most } else { 1e-3 }
}

/// What a kW of a job that does not run in a slot counts for (currency), for each priority of the problem: twice as much with each step up.
pub struct Weights {
    unit: f64,
    priorities: Vec<u32>,
}

impl Weights {
    /// Of a problem.
    pub fn new(problem: &Problem) -> Self {
        let mut priorities: Vec<u32> = problem.jobs.iter().map(|job| job.priority).collect();
        priorities.sort_unstable_by(|a, b| b.cmp(a));
        priorities.dedup();
        Self { unit: unit(problem), priorities }
    }

    /// How many priorities of the problem are less important than a job's.
    fn rank(&self, job: &Job) -> usize {
        self.priorities.binary_search_by(|of| job.priority.cmp(of)).unwrap_or(0)
    }

    /// What some jobs lack, each with how much (kW times slots), by priority, the most important first.
    pub fn by_priority<'j>(&self, lacks: impl Iterator<Item = (&'j Job, f64)>) -> Vec<f64> {
        let mut sums = vec![0.0; self.priorities.len()];
        for (job, lack) in lacks {
            if let Some(sum) = sums.iter_mut().rev().nth(self.rank(job)) {
                *sum += lack;
            }
        }
        sums
    }

    /// Of a job (currency per kW and slot).
    pub fn short(&self, problem: &Problem, job: usize) -> f64 {
        let Some(job) = problem.jobs.get(job) else { return 0.0 };
        let rank = self.rank(job).min(3);
        let steps = convert::f64_from_usize(1 << rank);
        SHORT * self.unit * steps + job.lost * SLOT_HOURS
    }
}

/// Jobs that the programme treats as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// By their indexes.
    pub jobs: Vec<usize>,
    /// Where they draw.
    pub domain: Option<usize>,
    /// Its first slot.
    pub release: usize,
    /// What they may draw together in each slot from there on (kW).
    pub most: Vec<f64>,
    /// What they need (kW times slots).
    pub need: f64,
    /// What a kW in a slot that they do not get counts for (currency).
    pub short: f64,
}

impl Group {
    /// What they may draw in each of some slots (kW).
    pub fn within(&self, slots: &Range<usize>) -> impl Iterator<Item = f64> + '_ {
        let from = self.release;
        slots.clone().filter_map(move |slot| self.most.get(slot.checked_sub(from)?).copied())
    }
}

/// Its groups. Merging widens what a job may do, so that the bound stays one.
pub fn groups(problem: &Problem) -> Vec<Group> {
    let weights = Weights::new(problem);
    if problem.jobs.len() <= ALONE {
        return (0..problem.jobs.len()).map(|job| group(problem, &weights, vec![job])).collect();
    }
    let mut grain = 1;
    loop {
        let mut merged: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (n, job) in problem.jobs.iter().enumerate() {
            let key = (job.domain, job.release / grain, job.deadline.div_ceil(grain), job.priority);
            merged.entry(key).or_default().push(n);
        }
        if merged.len() <= GROUPS || grain >= 16 {
            return merged.into_values().map(|jobs| group(problem, &weights, jobs)).collect();
        }
        grain += 1;
    }
}

/// A job that alone is too much for a slot runs there in no plan, and the programme shall not run a part of it.
fn fits(problem: &Problem, job: &Job, slot: usize) -> bool {
    let given = problem.battery.map_or(0.0, |battery| battery.discharge);
    let site = problem.slots.get(slot).is_some_and(|s| s.cooling * job.kw <= (s.room() + given) * (1.0 + 1e-9) + 1e-6);
    site && up(&problem.domains, job.domain)
        .all(|d| problem.domains.get(d).is_some_and(|d| job.kw <= d.cap(slot) + 1e-6))
}

fn group(problem: &Problem, weights: &Weights, jobs: Vec<usize>) -> Group {
    let of = || jobs.iter().filter_map(|n| problem.jobs.get(*n));
    let release = of().map(|job| job.release).min().unwrap_or(0);
    let deadline = of().map(|job| job.deadline).max().unwrap_or(release);
    let mut most = Slots::zeros(deadline - release);
    for job in of() {
        job.window().filter(|slot| fits(problem, job, *slot)).for_each(|slot| most.add(slot - release, job.kw));
    }
    let need = of().map(|job| job.kw * convert::f64_from_usize(job.slots)).sum();
    let short = jobs.iter().map(|n| weights.short(problem, *n)).fold(f64::INFINITY, f64::min);
    let domain = of().next().and_then(|job| job.domain);
    Group { jobs, domain, release, most: most.0, need, short }
}
