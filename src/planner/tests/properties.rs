//! What holds for any problem. Sums of a solver are believed up to a millionth, and up to 0.001 where they are small.

use proptest::prelude::*;

use super::super::slots::Slots;
use super::super::windows::windows;
use super::super::{Battery, Demand, Domain, Job, Limit, Plan, Planner, Problem, SLOT_HOURS, Slot, WindowKind, plan};
use super::slots;

fn slot() -> impl Strategy<Value = Slot> {
    (-5_i32..30, 0_i32..500, 0_i32..300, 0_i32..60, 200_i32..900, 0_i32..40).prop_map(
        |(price, carbon, base, more, limit, cooling)| Slot {
            price: f64::from(price) / 100.0,
            carbon: f64::from(carbon),
            base: f64::from(base),
            base_high: f64::from(base + more),
            limit: f64::from(limit),
            cooling: 1.0 + f64::from(cooling) / 100.0,
        },
    )
}

fn demand(n: usize, slots: usize) -> impl Strategy<Value = Demand> {
    let active = prop_oneof![Just(Vec::new()), prop::collection::vec(any::<bool>(), slots)];
    (0_i32..20, any::<bool>(), 1_usize..=4, active, 0_i32..500, 0_i32..500, prop::collection::vec(0_i32..600, 3))
        .prop_map(move |(rate, fixed, length, active, paid, floor, before)| Demand {
            name: format!("d{n}"),
            rate: f64::from(rate),
            kind: if fixed { WindowKind::Fixed } else { WindowKind::Rolling },
            length,
            active,
            before: before.into_iter().take(length - 1).map(f64::from).collect(),
            paid: f64::from(paid),
            floor: f64::from(floor),
        })
}

fn battery() -> impl Strategy<Value = Option<Battery>> {
    let numbers = (
        0_i32..300,
        0_i32..300,
        1_i32..400,
        50_i32..=100,
        50_i32..=100,
        (0_i32..=100, 0_i32..=100, 0_i32..=100),
        (0_i32..5, 0_i32..20),
    );
    prop::option::of(numbers.prop_map(
        |(charge, discharge, capacity, into, out, (level, reserve, end), (wear, worth))| {
            let share = |percent: i32| f64::from(capacity) * f64::from(percent) / 100.0;
            Battery {
                charge: f64::from(charge),
                discharge: f64::from(discharge),
                capacity: f64::from(capacity),
                charge_efficiency: f64::from(into) / 100.0,
                discharge_efficiency: f64::from(out) / 100.0,
                level: share(level),
                reserve: share(reserve),
                end: share(end),
                worth: f64::from(worth) / 50.0,
                wear: f64::from(wear) / 100.0,
            }
        },
    ))
}

fn job(n: usize, slots: usize) -> impl Strategy<Value = Job> {
    let domain = prop::option::of(0_usize..3);
    let runs = (1_usize..6, 1_usize..4, 1_usize..5, any::<bool>(), (0_usize..3, 0_usize..3));
    (domain, 10_i32..250, 0..slots, 1..=slots, runs, (0_u32..3, 0_i32..3)).prop_map(
        move |(
            domain,
            kw,
            release,
            length,
            (need, run, checkpoint, interruptible, (running, notice)),
            (priority, lost),
        )| {
            let running = if n == 0 { running } else { 0 };
            let release = if running > 0 { 0 } else { release };
            Job {
                name: format!("j{n}"),
                domain,
                kw: f64::from(kw),
                release,
                deadline: (release + length).min(slots),
                slots: need,
                min_run: run.min(need),
                checkpoint,
                interruptible,
                running,
                notice,
                priority,
                lost: f64::from(lost) / 10.0,
            }
        },
    )
}

fn domains(slots: usize) -> impl Strategy<Value = Vec<Domain>> {
    let caps = move || prop_oneof![prop::collection::vec(50_i32..600, slots), prop::collection::vec(50_i32..600, 1)];
    (caps(), caps(), caps()).prop_map(|(hall, row, other)| {
        let domain = |name: &str, parent, caps: Vec<i32>| Domain {
            name: name.to_owned(),
            parent,
            caps: caps.into_iter().map(f64::from).collect(),
        };
        vec![domain("hall", None, hall), domain("row", Some(0), row), domain("other", Some(0), other)]
    })
}

fn problem() -> impl Strategy<Value = Problem> {
    (4_usize..20, 0_usize..8, 0_usize..3).prop_flat_map(|(slots, jobs, demands)| {
        let jobs: Vec<_> = (0..jobs).map(|n| job(n, slots)).collect();
        let demands: Vec<_> = (0..demands).map(|n| demand(n, slots)).collect();
        (prop::collection::vec(slot(), slots), demands, battery(), domains(slots), jobs, 0_i32..2).prop_map(
            |(slots, demands, battery, domains, jobs, co2)| Problem {
                slots,
                co2: f64::from(co2) / 10.0,
                demands,
                battery,
                domains,
                jobs,
            },
        )
    })
}

fn planned(problem: &Problem, by: Planner) -> Plan {
    plan(problem, by).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// What a plan promises, worked out anew from its runs alone.
fn keeps_its_limits(problem: &Problem, plan: &Plan) -> Result<(), TestCaseError> {
    let mut draws = vec![0.0; problem.slots.len()];
    let mut below = vec![vec![0.0; problem.slots.len()]; problem.domains.len()];
    for (n, job) in problem.jobs.iter().enumerate() {
        for slot in slots(plan, n) {
            draws[slot] += job.kw;
            let mut up = job.domain;
            while let Some(domain) = up {
                below[domain][slot] += job.kw;
                up = problem.domains[domain].parent;
            }
        }
    }
    for (n, slot) in problem.slots.iter().enumerate() {
        let told = &plan.slots[n];
        prop_assert!((told.jobs_kw - draws[n]).abs() < 1e-6);
        let high = slot.base_high + slot.cooling * draws[n] + told.battery_kw;
        // What is above a limit is there without jobs and battery, too.
        prop_assert!(high <= slot.limit.max(slot.base_high) + 1e-5, "slot {n}: {high} of {}", slot.limit);
        prop_assert!((told.room_kw - (slot.limit - high)).abs() < 1e-6);
        for (domain, loads) in problem.domains.iter().zip(&below) {
            prop_assert!(loads[n] <= domain.cap(n) + 1e-5, "{} in slot {n}: {}", domain.name, loads[n]);
        }
    }
    Ok(())
}

fn jobs_run_as_they_may(problem: &Problem, plan: &Plan) -> Result<(), TestCaseError> {
    for (n, (job, told)) in problem.jobs.iter().zip(&plan.jobs).enumerate() {
        let ran = slots(plan, n);
        prop_assert!(ran.iter().all(|slot| (job.release..job.deadline).contains(slot)), "{job:?} {told:?}");
        prop_assert!(ran.len() <= job.slots);
        let until = job.committed();
        let alone = |slot: usize| {
            let s = &problem.slots[slot];
            let caps = [job.domain, job.domain.and_then(|d| problem.domains[d].parent)];
            s.base_high + s.cooling * job.kw <= s.limit
                && caps.into_iter().flatten().all(|d| job.kw <= problem.domains[d].cap(slot))
        };
        if until <= job.deadline && (0..until).all(alone) {
            prop_assert!((0..until).all(|slot| ran.contains(&slot)), "it runs and may not stop: {job:?} {told:?}");
        }
        prop_assert!(
            job.interruptible || told.runs.len() <= 1 && (ran.is_empty() || ran.len() == job.slots),
            "{told:?}"
        );
        for run in &told.runs {
            let goes_on = run.start == 0 && job.running > 0;
            prop_assert!(goes_on || run.len() >= job.min_run, "{job:?} {told:?}");
            let long = run.len() + if goes_on { job.running } else { 0 };
            let done = ran.len() == job.slots && Some(run) == told.runs.last();
            let saved = !job.interruptible || long.is_multiple_of(job.checkpoint);
            prop_assert!(done || saved, "it stops where it has not saved what it did: {job:?} {told:?}");
        }
        prop_assert_eq!(told.short.is_some(), ran.len() < job.slots);
        let missing = plant::convert::f64_from_usize(job.slots - ran.len()) * job.kw * SLOT_HOURS;
        prop_assert!((told.short.map_or(0.0, |short| short.kwh) - missing).abs() < 1e-6);
    }
    Ok(())
}

fn battery_holds_what_it_holds(problem: &Problem, plan: &Plan) -> Result<(), TestCaseError> {
    let Some(b) = problem.battery else {
        prop_assert!(plan.slots.iter().all(|slot| slot.battery_kw == 0.0));
        return Ok(());
    };
    let mut level = b.level;
    for slot in &plan.slots {
        prop_assert!((-b.discharge - 1e-6..=b.charge + 1e-6).contains(&slot.battery_kw));
        let efficiency = if slot.battery_kw > 0.0 { b.charge_efficiency } else { 1.0 / b.discharge_efficiency };
        level += slot.battery_kw * efficiency * SLOT_HOURS;
        prop_assert!((slot.level_kwh - level).abs() < 1e-5, "{} and not {level}", slot.level_kwh);
        prop_assert!(level >= b.least() - 1e-5 && level <= b.capacity + 1e-5, "{level}");
        prop_assert!(slot.site_kw > -1e-6, "it feeds the grid");
    }
    Ok(())
}

/// Where something is charged that could be sooner, at no cost and below limits and peaks: from when, and to when.
fn could_be_sooner(problem: &Problem, plan: &Plan) -> Option<(usize, usize)> {
    let b = problem.battery?;
    let site = Slots(plan.slots.iter().map(|slot| slot.site_kw).collect());
    let limited = |from: usize, to: usize| {
        let windows = problem.demands.iter().zip(&plan.targets).flat_map(|(demand, target)| {
            let windows = windows(demand, problem.slots.len()).into_iter();
            windows.map(move |window| (window, 0.99 * target.kw))
        });
        // Windows that both are in draw the same.
        let here = windows.filter(|(window, _)| window.slots.contains(&to) && !window.slots.contains(&from));
        here.map(|(window, most)| (most - window.mean(&site)) * window.length).fold(plan.slots[to].room_kw, f64::min)
    };
    let pairs = (0..problem.slots.len()).flat_map(|from| (0..from).map(move |to| (from, to)));
    pairs.into_iter().find(|(from, to)| {
        let full = plan.slots[*to..*from].iter().map(|slot| slot.level_kwh).fold(0.0, f64::max);
        let [cost, then] = [*to, *from].map(|n| problem.slots[n].worth(problem.co2));
        let room = limited(*from, *to).min(b.charge - plan.slots[*to].battery_kw);
        let kept = b.capacity - full > 1e-3 && room > 1e-3;
        cost <= then && plan.slots[*to].battery_kw >= 0.0 && plan.slots[*from].battery_kw > 1e-3 && kept
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn limits_deadlines_runs_and_the_battery_are_kept_by_whoever_plans(problem in problem()) {
        for by in [Planner::Programme, Planner::Greed] {
            let plan = planned(&problem, by);
            keeps_its_limits(&problem, &plan)?;
            jobs_run_as_they_may(&problem, &plan)?;
            battery_holds_what_it_holds(&problem, &plan)?;
        }
    }

    #[test]
    fn a_plan_is_no_dearer_than_at_once_and_no_cheaper_than_the_bound(problem in problem()) {
        let plan = planned(&problem, Planner::Programme);
        let total = plan.own.cost.total();
        let Some(bound) = plan.bound else { return Err(TestCaseError::fail(format!("{:?}", plan.way))) };
        prop_assert!(total >= bound.cost - 1e-3 - 1e-6 * total.abs(), "{total} below {}", bound.cost);
        // As much work done: never dearer. Where more is done than at once, it may cost more.
        if (plan.own.short_kwh - plan.at_once.short_kwh).abs() < 1e-6 && plan.over_kwh < 1e-9 && problem.battery.is_none() {
            prop_assert!(total <= plan.at_once.cost.total() + 1e-6, "{total} above {}", plan.at_once.cost.total());
        }
    }

    #[test]
    fn what_is_charged_is_charged_as_early_as_it_costs_no_more(problem in problem()) {
        let plan = planned(&problem, Planner::Programme);
        prop_assert_eq!(could_be_sooner(&problem, &plan), None);
    }

    #[test]
    fn the_same_problem_has_the_same_plan_and_the_order_of_jobs_does_not_matter(problem in problem(), turn in 0_usize..8) {
        let first = planned(&problem, Planner::Programme);
        prop_assert_eq!(&first, &planned(&problem, Planner::Programme));
        let mut turned = problem.clone();
        let turn = turn.min(turned.jobs.len());
        turned.jobs.rotate_left(turn);
        let mut plan = planned(&turned, Planner::Programme);
        plan.jobs.rotate_right(turn);
        prop_assert_eq!(first, plan);
    }

    #[test]
    fn with_room_for_all_every_deadline_is_met(mut problem in problem()) {
        let all: f64 = problem.jobs.iter().map(|job| job.kw).sum();
        let charge = problem.battery.map_or(0.0, |battery| battery.charge);
        problem.slots.iter_mut().for_each(|slot| slot.limit = slot.base_high + slot.cooling * all + charge);
        problem.domains.iter_mut().for_each(|domain| domain.caps.iter_mut().for_each(|cap| *cap = all));
        let plan = planned(&problem, Planner::Programme);
        for (job, told) in problem.jobs.iter().zip(&plan.jobs) {
            let possible = job.window().len() >= job.slots;
            prop_assert_eq!(told.short.is_none(), possible, "{:?} {:?}", job, told);
            prop_assert!(possible || told.short.is_some_and(|short| short.limit == Limit::Deadline));
        }
    }
}
