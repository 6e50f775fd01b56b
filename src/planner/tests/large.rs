//! A problem so large that jobs are taken together, and slots too.

use plant::convert;

use super::super::{Plan, Planner, Problem};
use super::{battery, domain, flat, job, peak, plan, slots};

/// 600 jobs over a day, with windows that come from no chance at all.
fn large() -> Problem {
    let mut problem = flat(96);
    for (n, slot) in problem.slots.iter_mut().enumerate() {
        slot.price = if (40..72).contains(&n) { 0.08 } else { 0.25 };
        (slot.base_high, slot.limit, slot.cooling) = (120.0, 1500.0, 1.1);
    }
    problem.demands = vec![peak(8.0, 300.0)];
    problem.battery = Some(super::Battery { reserve: 50.0, end: 100.0, ..battery(100.0, 200.0) });
    problem.domains =
        vec![domain("hall", None, 1100.0), domain("left", Some(0), 600.0), domain("right", Some(0), 600.0)];
    for n in 0..600 {
        let need = 2 + n * 7 % 19;
        let window = (need + 4 + n * 11 % 60).min(96);
        let release = n * 13 % (97 - window);
        let mut one =
            job(&format!("j{n}"), 1.0 + convert::f64_from_usize(n * 17 % 9) / 2.0, need, release..release + window);
        (one.domain, one.interruptible) = (Some(1 + n % 2), n % 5 != 0);
        one.min_run = 1 + n % 2;
        problem.jobs.push(one);
    }
    problem
}

fn planned(problem: &Problem, by: Planner) -> Plan {
    plan(problem, by).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[test]
fn many_jobs_are_planned_near_the_bound_with_every_deadline_met() {
    let problem = large();
    let plan = planned(&problem, Planner::Programme);
    let bound = plan.bound.expect("solved");
    let total = plan.own.cost.total();
    assert!(bound.short_kwh < 1e-6, "{bound:?}");
    assert_eq!((plan.own.short_jobs, plan.over_kwh), (0, 0.0));
    assert!(total >= bound.cost - 1e-3 && total <= bound.cost * 1.02, "{total} beside {}", bound.cost);
    assert!(total <= plan.greedy.cost.total() + 1e-6 && total < 0.8 * plan.at_once.cost.total());
    let mut draws = vec![[0.0; 3]; 96];
    for (n, job) in problem.jobs.iter().enumerate() {
        for slot in slots(&plan, n) {
            draws[slot][0] += job.kw;
            draws[slot][job.domain.expect("one")] += job.kw;
        }
    }
    for (slot, [hall, left, right]) in draws.into_iter().enumerate() {
        assert!(hall < 1100.0 + 1e-6 && left < 600.0 + 1e-6 && right < 600.0 + 1e-6, "{slot}");
        assert!(plan.slots[slot].room_kw > -1e-6, "{slot}");
    }
}

#[test]
fn greed_meets_the_same_deadlines_without_a_solver() {
    let plan = planned(&large(), Planner::Greed);
    assert_eq!((plan.own.short_jobs, plan.bound), (0, None));
}
