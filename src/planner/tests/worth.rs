//! What one kW more of a limit is worth, worked out by hand; also where the programme has groups of jobs.

use super::super::{Limit, Problem, Worth, worth};
use super::{domain, flat, job, near, peak};

fn told(problem: &Problem) -> Vec<Worth> {
    worth(problem).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[track_caller]
fn of(problem: &Problem, limit: Limit) -> f64 {
    told(problem).into_iter().find(|worth| worth.limit == limit).expect("solved").per_kw
}

/// So many jobs of 1 kW and a quarter of an hour, of which the cheap half of eight quarters has room for 400 in the hall, 150 of them on the left.
fn crowded(jobs: usize) -> Problem {
    let mut problem = flat(8);
    problem.slots[4..].iter_mut().for_each(|slot| slot.price = 0.05);
    problem.domains = vec![domain("hall", None, 100.0), domain("left", Some(0), 40.0), domain("right", Some(0), 90.0)];
    problem.jobs = (0..jobs).map(|n| job(&format!("j{n}"), 1.0, 1, 0..8)).collect();
    problem.jobs.iter_mut().enumerate().for_each(|(n, job)| job.domain = Some(1 + n % 2));
    problem
}

#[test]
fn a_kw_more_is_worth_what_it_saves_also_to_six_hundred_jobs() {
    for jobs in [500, 600] {
        let problem = crowded(jobs);
        let all = told(&problem);
        assert_eq!(all.len(), 4, "{all:?}");
        assert!(all.iter().all(|of| of.rough == (jobs > 500)), "{all:?}");
        // Of the hall's 400 kW-quarters by night all are taken, 160 of them on the left. One kW more in each of four: a kWh by night, and not by day. A kW more on the left takes it from the right.
        near(of(&problem, Limit::Domain(0)), 0.05);
        near(of(&problem, Limit::Domain(1)), 0.0);
        near(of(&problem, Limit::Domain(2)), 0.0);
        near(of(&problem, Limit::Site), 0.0);
        // Where the right bears 40 too, the hall has room for more, and either side is worth what the hall was.
        let mut problem = problem;
        problem.domains[2].caps = vec![40.0];
        near(of(&problem, Limit::Domain(0)), 0.0);
        near(of(&problem, Limit::Domain(1)), 0.05);
        near(of(&problem, Limit::Domain(2)), 0.05);
    }
}

#[test]
fn a_kw_more_of_a_peak_is_worth_its_price_and_nothing_where_nothing_comes_so_high() {
    let mut problem = crowded(600);
    // 100 kW flow in any case and 600 quarters of a kW: 75 kW in the mean of eight. What is free is dear to leave.
    for (paid, worth) in [(0.0, 2.0), (120.0, 2.0), (400.0, 0.0)] {
        problem.demands = vec![peak(2.0, paid)];
        near(of(&problem, Limit::Demand(0)), worth);
    }
    // Half a kW above what is free: that half alone is saved, and energy costs nothing here.
    problem.slots.iter_mut().for_each(|slot| slot.price = 0.0);
    problem.demands = vec![peak(2.0, 174.5)];
    near(of(&problem, Limit::Demand(0)), 1.0);
}

#[test]
fn a_kw_with_which_a_job_fits_is_worth_all_that_it_was_short_of() {
    // Nothing draws below the domain, and nothing can: the job wants half a kW more than it bears.
    let mut problem = flat(4);
    problem.domains = vec![domain("row", None, 10.0)];
    problem.jobs = vec![super::Job { domain: Some(0), lost: 3.0, ..job("a", 10.5, 4, 0..4) }];
    assert!(of(&problem, Limit::Domain(0)) > 3.0 * 10.5 - 0.1 * 10.5, "no deadline is missed to save money");
    problem.domains[0].caps = vec![9.0];
    near(of(&problem, Limit::Domain(0)), 0.0);
}

#[test]
fn a_kw_more_of_the_site_is_worth_the_cheap_hours_that_it_opens() {
    let mut problem = crowded(600);
    problem.domains.clear();
    problem.jobs.iter_mut().for_each(|job| job.domain = None);
    problem.slots.iter_mut().for_each(|slot| slot.limit = 200.0);
    near(of(&problem, Limit::Site), 0.05);
}
