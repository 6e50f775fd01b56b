//! Why a plan is as it is: of each job, each peak, each slot.

use core::ops::Range;

use plant::plan::{Limit, Short, Why};
use serde::{Deserialize, Serialize};

use super::board::Board;
use super::cost::{Lived, load};
use super::hold::firm;
use super::place::Price;
use super::problem::{Job, SLOT_HOURS};
use super::windows::Window;

/// Less than this is no difference in money (currency).
const CENT: f64 = 0.005;

/// A job's part of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobPlan {
    /// When it runs, in slots.
    pub runs: Vec<Range<usize>>,
    /// Why then.
    pub why: Why,
    /// What keeps it out of a slot that would be cheaper; nothing where none is.
    pub held_by: Option<Limit>,
    /// What it does not get.
    pub short: Option<Short>,
    /// What its energy costs, cooling included (currency).
    pub energy: f64,
}

/// A demand's part of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its windows stay at or below this (kW).
    pub kw: f64,
    /// Below this nothing would be saved (kW).
    pub free: f64,
    /// What holds when the base load is as high as it may be in every slot (kW): the target, or the lowest above it that the battery can hold to the end.
    pub firm_kw: f64,
    /// What the battery takes off the highest window (kW).
    pub battery_kw: f64,
    /// The slots of its highest window; nothing where all are below what is free.
    pub at: Option<(usize, usize)>,
}

/// A slot's part of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotPlan {
    /// What jobs draw (kW at the machines).
    pub jobs_kw: f64,
    /// What the site draws, as it is expected (kW).
    pub site_kw: f64,
    /// What the battery takes (kW; negative: gives).
    pub battery_kw: f64,
    /// What is in it at the end (kWh).
    pub level_kwh: f64,
    /// What is left below the site's limit where the base load is high (kW).
    pub room_kw: f64,
    /// What one kW more would cost at the site, everybody else being where they are (currency).
    pub one_more: f64,
    /// Limits that leave no room for one kW more, and demands whose peak it would raise at a price.
    pub reached: Vec<Limit>,
}

/// Of each job.
pub fn jobs(board: &Board<'_>) -> Vec<JobPlan> {
    let mut bare = board.clone();
    bare.targets = (0..bare.targets.len()).map(|demand| bare.peak(demand)).collect();
    let all = board.problem.jobs.iter().zip(&board.schedule).enumerate();
    all.map(|(n, (job, slots))| {
        let peaks = bare.targets.clone();
        bare.take(n);
        let held_by = held_by(&bare, job, slots);
        let told = JobPlan {
            runs: runs(slots),
            why: why(&mut bare, (n, job, held_by.is_some()), slots, &peaks),
            held_by,
            short: short(&bare, job, slots),
            energy: energy(&bare, job, slots),
        };
        bare.put(n, slots.clone());
        told
    })
    .collect()
}

fn runs(slots: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for slot in slots {
        match runs.last_mut() {
            Some(run) if run.end == *slot => run.end += 1,
            Some(_) | None => runs.push(*slot..slot + 1),
        }
    }
    runs
}

fn energy(board: &Board<'_>, job: &Job, slots: &[usize]) -> f64 {
    let of = |slot: &usize| board.problem.slots.get(*slot).map_or(0.0, |s| s.worth(board.problem.co2) * s.cooling);
    slots.iter().map(of).sum::<f64>() * job.kw * SLOT_HOURS
}

fn demand(board: &Board<'_>) -> f64 {
    let of = |(n, demand): (usize, &super::problem::Demand)| demand.rate * (board.peak(n) - demand.free());
    board.problem.demands.iter().enumerate().map(of).sum()
}

/// Beside running as early as limits allow; the job is not on the board, and may be kept out of a cheaper slot.
fn why(bare: &mut Board<'_>, (n, job, held): (usize, &Job, bool), slots: &[usize], peaks: &[f64]) -> Why {
    let Some(first) = slots.first() else { return Why::Not };
    if job.committed() >= slots.len() {
        return Why::Committed;
    }
    if job.window().len() <= job.slots {
        return Why::NoChoice;
    }
    let soonest = bare.find(job, Price::early, |slot| bare.above(job, slot).is_none());
    let straight = slots.len() == job.slots && *first == job.release && runs(slots).len() == 1;
    if straight {
        return if held { Why::Held } else { Why::AtOnce };
    }
    let in_the_way = || (job.release..).take(job.slots).find_map(|slot| bare.above(job, slot));
    if soonest.as_slice() == slots || soonest.len() < slots.len() {
        return Why::Room { limit: in_the_way().unwrap_or(Limit::Run) };
    }
    let saved = energy(bare, job, &soonest) - energy(bare, job, slots);
    let planned: f64 = bare.problem.demands.iter().zip(peaks).map(|(d, peak)| d.rate * (peak - d.free())).sum();
    bare.put(n, soonest);
    let peak = demand(bare) - planned;
    bare.take(n);
    match saved + peak {
        all if all > CENT => Why::Cheaper { energy: saved, peak },
        all if all < -CENT => Why::Dearer { energy: -saved, peak: -peak },
        _ => Why::Even,
    }
}

/// What keeps it out of the cheapest slot that is cheaper than its dearest one.
fn held_by(bare: &Board<'_>, job: &Job, slots: &[usize]) -> Option<Limit> {
    let money = |slot: usize| bare.price(job, slot, 1.0).money;
    let dearest = slots.iter().map(|slot| money(*slot)).max()?;
    let all = (0..bare.problem.slots.len()).filter(|slot| !slots.contains(slot) && money(*slot) < dearest);
    let cheapest = all.min_by_key(|slot| (money(*slot), *slot))?;
    Some(bare.blocked(job, cheapest).unwrap_or(Limit::Run))
}

fn short(bare: &Board<'_>, job: &Job, slots: &[usize]) -> Option<Short> {
    let missing = job.slots.saturating_sub(slots.len());
    if missing == 0 {
        return None;
    }
    let kwh = plant::convert::f64_from_usize(missing) * job.slot_kwh();
    if job.window().len() < job.slots {
        return Some(Short { kwh, limit: Limit::Deadline });
    }
    let mut met: Vec<(Limit, usize)> = Vec::new();
    for limit in job.window().filter(|slot| !slots.contains(slot)).filter_map(|slot| bare.above(job, slot)) {
        match met.iter_mut().find(|(known, _)| *known == limit) {
            Some((_, count)) => *count += 1,
            None => met.push((limit, 1)),
        }
    }
    let most = met.into_iter().max_by_key(|(limit, count)| (*count, core::cmp::Reverse(*limit)));
    Some(Short { kwh, limit: most.map_or(Limit::Run, |(limit, _)| limit) })
}

/// Of each demand.
pub fn targets(board: &Board<'_>, lived: &Lived) -> Vec<Target> {
    let draw = load(board.problem, &board.schedule);
    let of = |(n, demand): (usize, &super::problem::Demand)| {
        let kw = lived.peaks.get(n).copied().unwrap_or(0.0);
        let windows = board.windows.get(n).map(Vec::as_slice).unwrap_or_default();
        let given = |w: &Window| -w.slots.clone().map(|slot| lived.battery.at(slot)).sum::<f64>() / w.length;
        // Many windows reach a peak that is kept; the one that would be highest without the battery says most.
        let bare = |w: &Window| w.mean(&lived.site) + given(w);
        let reached = |w: &&Window| w.mean(&lived.site) > kw.max(demand.free()) - 1e-6;
        let highest = windows.iter().rev().filter(reached).max_by(|a, b| bare(a).total_cmp(&bare(b)));
        Target {
            kw,
            free: demand.free(),
            firm_kw: firm(board.problem, board.windows, (&draw, &lived.peaks), n),
            battery_kw: highest.map_or(0.0, |w| given(w).max(0.0)),
            at: highest.map(|w| (w.slots.start, w.slots.end)),
        }
    };
    board.problem.demands.iter().enumerate().map(of).collect()
}

/// Of each slot.
pub fn slots(board: &Board<'_>, lived: &Lived) -> Vec<SlotPlan> {
    let draw = load(board.problem, &board.schedule);
    let of = |(n, s): (usize, &super::problem::Slot)| {
        let site_kw = lived.site.at(n);
        let raised = |((demand, windows), peak): ((&super::problem::Demand, &Vec<Window>), &f64)| {
            let here = windows.iter().filter(|w| w.slots.contains(&n));
            demand.rate * here.map(|w| (w.mean(&lived.site) + 1.0 / w.length - peak).max(0.0)).fold(0.0, f64::max)
        };
        let peaks: Vec<f64> = board.problem.demands.iter().zip(board.windows).zip(&lived.peaks).map(raised).collect();
        let mut reached = board.full(n);
        let dear = peaks.iter().enumerate().filter(|(_, price)| **price > 1e-9);
        reached.extend(dear.map(|(demand, _)| Limit::Demand(demand)));
        SlotPlan {
            jobs_kw: draw.at(n),
            site_kw,
            battery_kw: lived.battery.at(n),
            level_kwh: lived.level.at(n),
            room_kw: s.most() - site_kw,
            one_more: s.worth(board.problem.co2) * SLOT_HOURS + peaks.iter().sum::<f64>(),
            reached,
        }
    };
    board.problem.slots.iter().enumerate().map(of).collect()
}
