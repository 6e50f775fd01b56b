//! What others do about a peak, on the same load: nothing, what could be done by who knows the day, and two controllers as they are often built.

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection};
use plant::convert::f64_from_u64;

use super::load::{DAY, STEP, quarters};
use crate::planner::{Battery, Demand, Planner, Problem, Slot, WindowKind, plan};

/// The battery of the yard, in kW and kWh.
pub const BATTERY: Battery = Battery {
    charge: 100.0,
    discharge: 400.0,
    capacity: 720.0,
    charge_efficiency: 0.96,
    discharge_efficiency: 0.96,
    level: 680.0,
    reserve: 240.0,
    end: 240.0,
    worth: 0.0,
    wear: 0.0,
};
/// What machines can be brought down to (1, of what they would draw).
pub const FLOOR: f64 = 0.6;
/// Where it is charged to (kWh).
const FULL: f64 = 680.0;
/// A quarter of an hour (s).
const QUARTER: u64 = 900;

/// The lowest peak that who knows the day can have (W): the bound of a linear programme.
pub fn bound(day: &[f64]) -> f64 {
    let slot = |watts: &f64| Slot {
        price: 0.0,
        carbon: 0.0,
        base: watts / 1e3,
        base_high: watts / 1e3,
        limit: 1e6,
        cooling: 1.0,
    };
    let demand = Demand {
        name: "peak".to_owned(),
        rate: 1.0,
        kind: WindowKind::Fixed,
        length: 1,
        active: Vec::new(),
        before: Vec::new(),
        paid: 0.0,
        floor: 0.0,
    };
    let slots = quarters(day).iter().map(slot).collect();
    let problem = Problem { slots, demands: vec![demand], battery: Some(BATTERY), ..Problem::default() };
    let made = plan(&problem, Planner::Programme).expect("no faults");
    1e3 * made.bound.expect("a programme").cost
}

/// The same, found by trying: a battery that takes what there is room for and gives what is above.
pub fn tried(day: &[f64]) -> f64 {
    let loads = quarters(day);
    let holds = |most: f64| {
        let mut level = BATTERY.level;
        loads.iter().all(|load| {
            let over = (load - most) / 1e3;
            level -= if over > 0.0 {
                over / BATTERY.discharge_efficiency / 4.0
            } else {
                -(-over).min(BATTERY.charge) * BATTERY.charge_efficiency / 4.0
            };
            level = level.min(BATTERY.capacity);
            over <= BATTERY.discharge && level >= BATTERY.reserve
        })
    };
    let (mut low, mut high) = (0.0, peak(day));
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle }
    }
    high
}

/// The lowest peak that who knows the day can have without a battery (W), where no more work is held back than so much (kWh), which nobody does later, and machines come down to [`FLOOR`] and no further: the
/// least of a linear programme.
pub fn held_back(day: &[f64], kwh: f64) -> f64 {
    let mut lp = microlp::Problem::new(OptimizationDirection::Minimize);
    let peak = lp.add_var(1.0, (0.0, f64::INFINITY));
    let mut work = LinearExpr::empty();
    for load in quarters(day) {
        let kw = load / 1e3;
        let held = lp.add_var(0.0, (0.0, kw * (1.0 - FLOOR)));
        work.add(held, 0.25);
        lp.add_constraint([(peak, 1.0), (held, 1.0)], ComparisonOp::Ge, kw);
    }
    lp.add_constraint(work, ComparisonOp::Le, kwh.max(0.0));
    1e3 * lp.solve().expect("a least").into_solution().expect("all of it").objective()
}

/// The same, found by trying: all that is above a level is held back.
pub fn levelled(day: &[f64], kwh: f64) -> f64 {
    let loads = quarters(day);
    let (mut low, mut high) = (FLOOR * peak(day), peak(day));
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        let held: f64 = loads.iter().map(|load| (load - middle).max(0.0) / 4e3).sum();
        if held <= kwh { high = middle } else { low = middle }
    }
    high
}

/// The highest quarter of an hour (W).
pub fn peak(day: &[f64]) -> f64 {
    quarters(day).into_iter().fold(0.0, f64::max)
}

/// How much a controller lets flow at a moment (W).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Never more than its target.
    Threshold,
    /// What its quarter of an hour still allows, so that it comes to its target.
    Interval,
}

/// What came of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Day {
    /// The highest quarter of an hour (W).
    pub billed: f64,
    /// What a battery gave, or what machines were held back (kWh).
    pub spent: f64,
}

/// A controller with a fixed target (W) and the battery, or with machines that can be brought down at once.
pub fn lived(day: &[f64], (rule, target): (Rule, f64), with_battery: bool) -> Day {
    let (mut level, mut flowed, mut of) = (BATTERY.level, 0.0, Day::default());
    for second in 0..DAY {
        let load = day[usize::try_from(second / STEP).expect("in the day")];
        let gone = second % QUARTER;
        flowed = if gone == 0 { 0.0 } else { flowed };
        let most = match rule {
            Rule::Threshold => target,
            Rule::Interval => (target * f64_from_u64(QUARTER) - flowed) / f64_from_u64(QUARTER - gone),
        };
        let over = (load - most) / 1e3;
        let given = if !with_battery {
            over.clamp(0.0, load / 1e3 * (1.0 - FLOOR))
        } else if over > 0.0 {
            let left = (level - BATTERY.reserve).max(0.0) * BATTERY.discharge_efficiency * 3600.0;
            over.min(BATTERY.discharge).min(left)
        } else {
            -(-over).min(BATTERY.charge).min((FULL - level).max(0.0) * 3600.0)
        };
        let inside = if given > 0.0 { given / BATTERY.discharge_efficiency } else { given * BATTERY.charge_efficiency };
        level -= if with_battery { inside / 3600.0 } else { 0.0 };
        of.spent += given.max(0.0) / 3600.0;
        flowed += load - 1e3 * given;
        if gone == QUARTER - 1 {
            of.billed = of.billed.max(flowed / f64_from_u64(QUARTER));
        }
    }
    of
}
