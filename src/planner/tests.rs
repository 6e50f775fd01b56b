//! The planner, from outside: problems whose answer is known, and what holds for any problem.

mod files;
mod large;
mod oracles;
mod properties;
mod runs;
mod whys;
mod worth;

use super::{Battery, Demand, Domain, Job, Plan, Planner, Problem, Slot, WindowKind, plan};

/// A flat day: 0.10 a kWh, no CO₂, 100 kW of base load, at most 1000 kW.
pub fn flat(slots: usize) -> Problem {
    let slot = Slot { price: 0.10, carbon: 0.0, base: 100.0, base_high: 100.0, limit: 1000.0, cooling: 1.0 };
    Problem { slots: vec![slot; slots], ..Problem::default() }
}

/// Free to run anywhere in a day of so many slots, and to stop.
pub fn job(name: &str, kw: f64, slots: usize, window: core::ops::Range<usize>) -> Job {
    Job {
        name: name.to_owned(),
        domain: None,
        kw,
        release: window.start,
        deadline: window.end,
        slots,
        min_run: 1,
        checkpoint: 1,
        interruptible: true,
        running: 0,
        notice: 0,
        priority: 5,
        lost: 0.0,
    }
}

pub fn peak(rate: f64, paid: f64) -> Demand {
    Demand {
        name: "peak".to_owned(),
        rate,
        kind: WindowKind::Fixed,
        length: 1,
        active: Vec::new(),
        before: Vec::new(),
        paid,
        floor: 0.0,
    }
}

pub fn battery(kw: f64, kwh: f64) -> Battery {
    Battery {
        charge: kw,
        discharge: kw,
        capacity: kwh,
        charge_efficiency: 1.0,
        discharge_efficiency: 1.0,
        level: kwh,
        reserve: 0.0,
        end: 0.0,
        worth: 0.0,
        wear: 0.0,
    }
}

pub fn domain(name: &str, parent: Option<usize>, cap: f64) -> Domain {
    Domain { name: name.to_owned(), parent, caps: vec![cap] }
}

#[track_caller]
pub fn planned(problem: &Problem) -> Plan {
    plan(problem, Planner::Programme).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// In which slots a job runs.
pub fn slots(plan: &Plan, job: usize) -> Vec<usize> {
    plan.jobs[job].runs.iter().flat_map(Clone::clone).collect()
}

#[track_caller]
pub fn near(what: f64, wanted: f64) {
    assert!((what - wanted).abs() < 1e-5, "{what} and not {wanted}");
}
