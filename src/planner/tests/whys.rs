//! Who comes first, and what is said of it, in problems that are small enough to be worked out by hand.

use super::super::board::Board;
use super::super::slots::Slots;
use super::super::{Limit, Names, Why, all_windows, fill, improve};
use super::{Problem, domain, flat, job, near, peak, planned, slots};

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

#[test]
fn who_runs_at_once_and_would_be_cheaper_elsewhere_is_not_said_to_have_no_reason_to_wait() {
    let mut problem = flat(4);
    problem.slots[2].price = 0.05;
    problem.domains = vec![domain("row-a", None, 100.0)];
    problem.domains[0].caps = vec![100.0, 100.0, 50.0, 100.0];
    problem.jobs = vec![job("a", 100.0, 1, 0..4)];
    problem.jobs[0].domain = Some(0);
    let plan = planned(&problem);
    let told = &plan.jobs[0];
    assert_eq!((slots(&plan, 0), told.why, told.held_by), (vec![0], Why::Held, Some(Limit::Domain(0))));
    let said = Names::new(&problem, "EUR").said(told.why, told.held_by, None);
    assert_eq!(
        said,
        ["at once: what would be cheaper is not open to it", "kept out of a cheaper slot by domain row-a"]
    );
    problem.domains[0].caps = vec![100.0];
    problem.jobs[0].deadline = 2;
    problem.slots[2].price = 0.10;
    let told = planned(&problem).jobs.remove(0);
    assert_eq!((told.why, told.held_by), (Why::AtOnce, None));
}

#[test]
fn who_is_dearer_than_he_could_be_is_told_so() {
    // An hour whose mean is billed above 150 kW: a quarter of an hour of 100 kW keeps it at 125, but is reckoned as if it lasted. It runs at 0.20
    // after that hour, and not at 0.10 in it; at once would have the other one run in dear hours.
    let mut problem = flat(8);
    problem.slots[4..7].iter_mut().for_each(|slot| slot.price = 0.20);
    problem.slots[7].price = 0.01;
    problem.demands = vec![peak(1.0, 150.0)];
    problem.demands[0].length = 4;
    problem.demands[0].active = [[true; 4], [false; 4]].concat();
    problem.jobs = vec![job("a", 100.0, 1, 0..7), job("b", 400.0, 1, 4..8)];
    let plan = planned(&problem);
    assert_eq!((slots(&plan, 0), slots(&plan, 1)), (vec![4], vec![7]), "{:?}", plan.jobs);
    let told = &plan.jobs[0];
    let Why::Dearer { energy, peak } = told.why else { panic!("{told:?}") };
    near(energy, 2.5);
    near(peak, 0.0);
    let said = Names::new(&problem, "EUR").said(told.why, told.held_by, None);
    assert_eq!(
        said,
        [
            "2.50 EUR dearer by itself than as early as limits allow (energy 2.50 more)",
            "kept out of a cheaper slot by its deadline"
        ]
    );
}
