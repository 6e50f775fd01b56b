//! Makes a schedule better: who is short gets the place of somebody who can move, who can run cheaper moves, and peaks come down.

use std::cmp::{Ordering, Reverse};

use super::board::Board;
use super::cost::{Lived, Schedule, first, live};
use super::groups::Weights;
use super::place::{Price, total};
use super::problem::Slot;
use super::tree::up;

/// So often every job is moved to where it is cheapest by then.
const ROUNDS: usize = 4;

/// So many jobs are helped at most.
const HELPED: usize = 200;

/// So often a lower peak is tried: by larger steps while that goes well, by smaller ones when it does not.
const TRIED: usize = 12;

/// Helps jobs that do not get all that they need: they take a place, and who was there moves. Kept where less is missing then.
pub fn repair(board: &mut Board<'_>) {
    let weights = Weights::new(board.problem);
    let mut short: Vec<usize> = (0..board.problem.jobs.len()).filter(|n| missing(board, *n) > 0).collect();
    short.sort_by_key(|n| board.problem.jobs.get(*n).map_or(0, |job| job.priority));
    // By priority, and where that is the same by what it is worth.
    let lack = |board: &Board<'_>| -> (Vec<f64>, f64) {
        let of = |n: usize| plant::convert::f64_from_usize(missing(board, n)) * kw(board, n);
        let by_priority = weights.by_priority(board.problem.jobs.iter().enumerate().map(|(n, job)| (job, of(n))));
        (by_priority, (0..board.problem.jobs.len()).map(|n| of(n) * weights.short(board.problem, n)).sum())
    };
    let less = |then: &(Vec<f64>, f64), now: &(Vec<f64>, f64)| match first(&then.0, &now.0) {
        Ordering::Less => true,
        Ordering::Equal => then.1 < now.1 - 1e-9,
        Ordering::Greater => false,
    };
    let mut now = lack(board);
    for n in short.into_iter().take(HELPED) {
        if missing(board, n) == 0 {
            continue;
        }
        for early in [false, true] {
            let Some(tried) = make_room(board, n, early) else { continue };
            let then = lack(&tried);
            if less(&then, &now) {
                (*board, now) = (tried, then);
            }
        }
    }
}

fn missing(board: &Board<'_>, n: usize) -> usize {
    let have = board.schedule.get(n).map_or(0, Vec::len);
    board.problem.jobs.get(n).map_or(0, |job| job.slots.saturating_sub(have))
}

fn kw(board: &Board<'_>, n: usize) -> f64 {
    board.problem.jobs.get(n).map_or(0.0, |job| job.kw)
}

/// The board with a job where only more important ones are in its way, the others moved as well as they can be.
fn make_room<'p>(board: &Board<'p>, n: usize, early: bool) -> Option<Board<'p>> {
    let problem = board.problem;
    let job = problem.jobs.get(n)?;
    let mut bare = board.clone();
    bare.targets.iter_mut().for_each(|target| *target = f64::INFINITY);
    bare.take(n);
    let mut tried = bare.clone();
    let yields = |other: usize| {
        other != n && problem.jobs.get(other).is_some_and(|j| j.priority >= job.priority && j.committed() == 0)
    };
    (0..problem.jobs.len()).filter(|other| yields(*other)).for_each(|other| {
        bare.take(other);
    });
    let crowd = |slot: usize| match early {
        true => Price::early(slot),
        false => Price { money: plant::convert::i64_from_f64_rounded(board.site(slot) * 1e3), ..Price::early(slot) },
    };
    let slots = bare.find(job, crowd, |slot| bare.above(job, slot).is_none());
    if slots.len() <= board.schedule.get(n).map_or(0, Vec::len) {
        return None;
    }
    // Who has the most time to spare goes first.
    let mut others: Vec<usize> = (0..problem.jobs.len()).filter(|other| yields(*other)).collect();
    let spare =
        |n: &usize| problem.jobs.get(*n).map_or((0, 0), |j| (j.priority, j.window().len().saturating_sub(j.slots)));
    others.sort_by_key(|other| Reverse(spare(other)));
    let mut moved = Vec::new();
    for other in others {
        let blocked: Vec<usize> = slots.iter().copied().filter(|slot| tried.above(job, *slot).is_some()).collect();
        if blocked.is_empty() {
            break;
        }
        let there = tried.schedule.get(other).is_some_and(|row| row.iter().any(|slot| blocked.contains(slot)));
        if there && helps(board, n, other) {
            tried.take(other);
            moved.push(other);
        }
    }
    tried.put(n, slots);
    for other in moved.into_iter().rev() {
        let job = problem.jobs.get(other)?;
        let top = tried.top();
        let slots = tried.find(job, |slot| tried.price(job, slot, top), |slot| tried.above(job, slot).is_none());
        tried.put(other, slots);
    }
    let peaks: Vec<f64> = (0..tried.targets.len()).map(|demand| tried.peak(demand)).collect();
    tried.targets = peaks;
    Some(tried)
}

/// All share the site; beyond that a job makes room for another where it is in a domain that both draw from, or the site is what is short.
fn helps(board: &Board<'_>, n: usize, other: usize) -> bool {
    let problem = board.problem;
    let domain = |n: usize| problem.jobs.get(n).and_then(|job| job.domain);
    let Some(job) = problem.jobs.get(n) else { return false };
    let site = job.window().any(|slot| board.above(job, slot) == Some(plant::plan::Limit::Site));
    site || up(&problem.domains, domain(n)).any(|d| up(&problem.domains, domain(other)).any(|o| o == d))
}

/// Moves every job to its cheapest slots below the peaks there are, until nobody moves any more.
pub fn cheapen(board: &mut Board<'_>) {
    board.targets = (0..board.targets.len()).map(|demand| board.peak(demand)).collect();
    for _ in 0..ROUNDS {
        let mut any = false;
        let top = board.top();
        for n in 0..board.problem.jobs.len() {
            any |= move_one(board, n, top);
        }
        if !any {
            break;
        }
    }
}

fn move_one(board: &mut Board<'_>, n: usize, top: f64) -> bool {
    let Some(job) = board.problem.jobs.get(n) else { return false };
    let before = board.take(n);
    let price = |slot: usize| board.price(job, slot, top);
    let slots = board.find(job, price, |slot| board.blocked(job, slot).is_none());
    let cheaper = || total(&slots, price) < total(&before, price);
    let better = slots.len() > before.len() || (slots.len() == before.len() && cheaper());
    board.put(n, if better { slots } else { before });
    better
}

/// Brings each demand's peak down as far as that pays, jobs moved out of its windows.
pub fn lower(board: &mut Board<'_>) {
    for demand in 0..board.problem.demands.len() {
        let empty = Board::new(board.problem, board.windows, board.battery.clone());
        let (low, mut high) = (empty.peak(demand), board.peak(demand));
        let mut step = (high - low) / 32.0;
        for _ in 0..TRIED {
            let target = high - step;
            if step < 1e-4 * high || target < low {
                break;
            }
            match under(board, demand, target) {
                Some(tried) if objective(&tried) < objective(board) - 1e-9 => {
                    (high, step) = (tried.peak(demand), 2.0 * step);
                    *board = tried;
                }
                Some(_) | None => step /= 2.0,
            }
        }
    }
}

/// What the board's schedule comes to with its battery.
pub fn lived(board: &Board<'_>) -> Lived {
    live(board.problem, board.windows, &board.schedule, &board.battery)
}

fn objective(board: &Board<'_>) -> f64 {
    lived(board).objective
}

/// The board with a demand's peak at most at a target, or nothing where somebody would be short.
fn under<'p>(board: &Board<'p>, demand: usize, target: f64) -> Option<Board<'p>> {
    let problem = board.problem;
    let mut tried = board.clone();
    tried.targets = (0..tried.targets.len()).map(|n| tried.peak(n)).collect();
    if let Some(own) = tried.targets.get_mut(demand) {
        *own = target;
    }
    for _ in 0..3 {
        let high: Vec<usize> = tried
            .windows
            .get(demand)?
            .iter()
            .filter(|window| tried.mean(window) > target + 1e-6)
            .flat_map(|window| window.slots.clone())
            .collect();
        if high.is_empty() {
            return Some(tried);
        }
        let there = |n: &usize| tried.schedule.get(*n).is_some_and(|row| row.iter().any(|slot| high.contains(slot)));
        let jobs: Vec<usize> = (0..problem.jobs.len()).filter(there).collect();
        for n in jobs {
            let job = problem.jobs.get(n)?;
            let above = tried.schedule.get(n)?.iter().any(|slot| {
                tried
                    .windows
                    .get(demand)
                    .into_iter()
                    .flatten()
                    .any(|w| w.slots.contains(slot) && tried.mean(w) > target + 1e-6)
            });
            if !above {
                continue;
            }
            let before = tried.take(n);
            let top = tried.top();
            let slots = tried.find(job, |slot| tried.price(job, slot, top), |slot| tried.blocked(job, slot).is_none());
            let whole = slots.len() >= before.len();
            tried.put(n, if whole { slots } else { before });
        }
    }
    let peak = tried.peak(demand);
    (peak <= target.max(problem.demands.get(demand)?.free()) + 1e-6).then_some(tried)
}

/// Takes jobs out of slots in which the site draws more than its limit, the least important first, and places them anew.
pub fn relieve(board: &mut Board<'_>) {
    let over = |board: &Board<'_>, slot: usize| {
        let most = board.problem.slots.get(slot).map_or(0.0, Slot::most);
        board.site(slot) - most - board.battery.at(slot).max(0.0) > 1e-6
    };
    board.targets.iter_mut().for_each(|target| *target = f64::INFINITY);
    let mut jobs: Vec<usize> = (0..board.problem.jobs.len()).collect();
    jobs.sort_by_key(|n| board.problem.jobs.get(*n).map_or((Reverse(0), 0), |job| (Reverse(job.priority), job.slots)));
    for n in jobs {
        let Some(job) = board.problem.jobs.get(n) else { continue };
        if board.schedule.get(n).is_some_and(|row| row.iter().any(|slot| over(board, *slot))) {
            board.take(n);
            let top = board.top();
            let slots = board.find(job, |slot| board.price(job, slot, top), |slot| board.above(job, slot).is_none());
            board.put(n, slots);
        }
    }
}

/// The schedule of a board, made better.
pub fn improve(board: &mut Board<'_>) -> Schedule {
    repair(board);
    cheapen(board);
    lower(board);
    cheapen(board);
    board.schedule.clone()
}
