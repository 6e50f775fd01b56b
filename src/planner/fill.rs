//! Puts jobs on a board, one after the other: at once, by greed under peaks of many heights, or by what the programme wished.

use std::cmp::Reverse;

use plant::convert;

use super::board::Board;
use super::groups::Group;
use super::place::Price;
use super::problem::{Job, Problem};

/// So many heights of peaks greed tries.
const HEIGHTS: usize = 16;

/// In which order jobs are placed. Jobs that may not stop yet come first in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they come.
    Arrival,
    /// Who has the least time to spare, then who needs most.
    Laxity,
    /// Who needs most, then who has the least time.
    Size,
}

/// The jobs in an order.
pub fn order(problem: &Problem, by: Order) -> Vec<usize> {
    let key = |n: &usize| {
        let Some(job) = problem.jobs.get(*n) else { return (Reverse(0), [0; 3], *n) };
        let whole = |n: usize| i64::from(convert::u32_from_usize(n));
        let spare = whole(job.window().len()) - whole(job.slots);
        let size = -convert::i64_from_f64_rounded(job.kw * convert::f64_from_usize(job.slots) * 1e3);
        let parts = match by {
            Order::Arrival => [whole(job.release), i64::from(job.priority), 0],
            Order::Laxity => [i64::from(job.priority), spare, size],
            Order::Size => [i64::from(job.priority), size, spare],
        };
        (Reverse(job.committed()), parts, *n)
    };
    let mut jobs: Vec<usize> = (0..problem.jobs.len()).collect();
    jobs.sort_by_cached_key(key);
    jobs
}

/// As early as limits allow, first come first served: what happens where nobody plans.
pub fn at_once(board: &mut Board<'_>) {
    for n in order(board.problem, Order::Arrival) {
        let Some(job) = board.problem.jobs.get(n) else { continue };
        let slots = board.find(job, Price::early, |slot| board.above(job, slot).is_none());
        board.put(n, slots);
    }
}

/// Each job into its cheapest slots, under peaks of many heights; the boards from the lowest to the highest.
pub fn greedy<'p>(empty: &Board<'p>, high: &[f64]) -> Vec<Board<'p>> {
    let low: Vec<f64> = (0..high.len()).map(|demand| empty.peak(demand)).collect();
    let jobs = order(empty.problem, Order::Laxity);
    let steps = if empty.problem.jobs.len() > 1000 { HEIGHTS / 2 } else { HEIGHTS };
    (0..=steps)
        .map(|step| {
            let share = convert::f64_from_usize(step) / convert::f64_from_usize(steps);
            let mut board = empty.clone();
            board.targets = low.iter().zip(high).map(|(low, high)| low + share * (high - low).max(0.0)).collect();
            jobs.iter().for_each(|n| settle(&mut board, *n, |_, _| 0.0));
            board
        })
        .collect()
}

/// What the programme wished, job by job: a slot that it wished is worth more than money.
pub fn round(board: &mut Board<'_>, groups: &[Group], wishes: &[Vec<f64>], by: Order) {
    let mut left: Vec<Vec<f64>> = wishes.to_vec();
    let mut of = vec![0; board.problem.jobs.len()];
    for (group, members) in groups.iter().enumerate() {
        members.jobs.iter().for_each(|job| {
            if let Some(of) = of.get_mut(*job) {
                *of = group
            }
        });
    }
    for n in order(board.problem, by) {
        let (Some(job), Some(group)) = (board.problem.jobs.get(n), of.get(n)) else { continue };
        let (Some(wishes), Some(from)) = (left.get_mut(*group), groups.get(*group).map(|g| g.release)) else {
            continue;
        };
        let wished = |job: &Job, slot: usize| {
            let kw = slot.checked_sub(from).and_then(|slot| wishes.get(slot)).copied().unwrap_or(0.0);
            (kw / job.kw).clamp(0.0, 1.0)
        };
        settle(board, n, wished);
        for slot in board.schedule.get(n).into_iter().flatten() {
            if let Some(wish) = slot.checked_sub(from).and_then(|slot| wishes.get_mut(slot)) {
                *wish = (*wish - job.kw).max(0.0);
            }
        }
    }
}

/// Places a job under the targets; where it does not fit, above them by as little as it takes, and the targets follow.
fn settle(board: &mut Board<'_>, n: usize, wished: impl Fn(&Job, usize) -> f64) {
    let Some(job) = board.problem.jobs.get(n) else { return };
    let top = board.top();
    let bonus = 4.0 * super::groups::unit(board.problem) * job.kw * 1e6;
    let price = |slot: usize| {
        let Price { money, rank } = board.price(job, slot, top);
        // Eighths: what is wished nearly as much is decided by money.
        let wish = (wished(job, slot) * 8.0).round() / 8.0;
        Price { money: money.saturating_sub(convert::i64_from_f64_rounded(wish * bonus)), rank }
    };
    let slots = board.find(job, price, |slot| board.blocked(job, slot).is_none());
    if slots.len() >= job.slots {
        board.put(n, slots);
        return;
    }
    let dearer = |slot: usize| {
        let above = convert::i64_from_f64_rounded(excess(board, job, slot) * 1e6);
        let Price { money, rank } = price(slot);
        Price { money: money.saturating_add(above), rank }
    };
    let slots = board.find(job, dearer, |slot| board.above(job, slot).is_none());
    board.put(n, slots);
    let peaks: Vec<f64> = (0..board.targets.len()).map(|demand| board.peak(demand)).collect();
    board.targets.iter_mut().zip(peaks).for_each(|(target, peak)| *target = target.max(peak));
}

/// What a job in a slot would raise peaks above their targets (currency).
fn excess(board: &Board<'_>, job: &Job, slot: usize) -> f64 {
    let Some(s) = board.problem.slots.get(slot) else { return 0.0 };
    let more = s.cooling * job.kw;
    let of = |((demand, windows), target): ((&super::problem::Demand, &Vec<_>), &f64)| {
        let here = windows.iter().filter(|w: &&super::windows::Window| w.slots.contains(&slot));
        demand.rate * here.map(|w| (board.mean(w) + more / w.length - target).max(0.0)).fold(0.0, f64::max)
    };
    board.problem.demands.iter().zip(board.windows).zip(&board.targets).map(of).sum()
}
