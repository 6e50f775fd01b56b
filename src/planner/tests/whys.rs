//! Who comes first, and what is said of it, in problems that are small enough to be worked out by hand.

use super::super::board::Board;
use super::super::slots::Slots;
use super::super::{all_windows, fill, improve};
use super::{Problem, flat, job, near, planned, slots};

/// 300 kW of room in two quarters of an hour: 300 kW of no importance that would take both, and 100 kW that must have the second.
fn contended() -> Problem {
    let mut problem = flat(2);
    problem.slots.iter_mut().for_each(|slot| slot.limit = 400.0);
    problem.jobs = vec![job("large", 300.0, 2, 0..2), job("small", 100.0, 1, 1..2)];
    (problem.jobs[0].priority, problem.jobs[1].priority) = (100, 1);
    problem
}

#[test]
fn an_important_job_comes_before_any_size_of_others() {
    let problem = contended();
    let plan = planned(&problem);
    assert_eq!((slots(&plan, 0), slots(&plan, 1)), (vec![0], vec![1]), "{:?}", plan.jobs);
    near(plan.own.short_kwh, 75.0);
    // Where they are as important as each other as little as can be is missing.
    let mut alike = problem;
    alike.jobs[1].priority = 100;
    near(planned(&alike).own.short_kwh, 25.0);
}

#[test]
fn a_place_is_made_for_an_important_job_whatever_others_lose() {
    let problem = contended();
    let windows = all_windows(&problem);
    let mut board = Board::new(&problem, &windows, Slots::zeros(2));
    fill::at_once(&mut board);
    assert_eq!(board.schedule, [vec![0, 1], vec![]]);
    improve::repair(&mut board);
    assert_eq!(board.schedule, [vec![0], vec![1]]);
}
