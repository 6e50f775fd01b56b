//! The problem as a linear programme: jobs may run by halves, everything else is as it is. What it costs no plan can be cheaper than.
//!
//! Powers are in kW and nearly every coefficient lies between 0.25 and 5, as the solver wants it. It is always feasible: what a limit or a
//! job's need takes too much has a price above all real ones, ranked: a limit of the site before a job, an important job before another.

use core::ops::Range;
use std::collections::BTreeSet;

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Variable};

use plant::convert;

use super::blocks::{Block, blocks, rows};
use super::groups::{EMPTY, Group, OVER, unit};
use super::problem::{Battery, Domain, Problem, SLOT_HOURS};
use super::slots::Slots;
use super::tree::up;
use super::windows::Window;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Relaxed {
    /// What it minimises: money and, where something is missing, far more (currency).
    pub objective: f64,
    /// What each group draws in each slot from its release on (kW).
    pub wishes: Vec<Vec<f64>>,
    /// What the battery takes in each slot (kW; negative: gives).
    pub battery: Slots,
    /// The peak of each demand, what is free included (kW).
    pub peaks: Vec<f64>,
    /// What groups do not get (kWh at the machines).
    pub short_kwh: f64,
}

/// What is fixed already, and what is left to decide.
pub struct Task<'t> {
    /// The problem.
    pub problem: &'t Problem,
    /// The windows of each demand.
    pub windows: &'t [Vec<Window>],
    /// What draws already in each slot (kW at the machines).
    pub fixed: &'t Slots,
    /// What is left.
    pub groups: &'t [Group],
}

impl Task<'_> {
    /// True where more flows than the site may draw, whatever is decided.
    fn is_over(&self, slot: usize) -> bool {
        self.problem.slots.get(slot).is_some_and(|s| s.cooling * self.fixed.at(slot) > s.room())
    }
}

/// The solver's words where it did not come to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsolved(pub String);

/// So often limits of domains that were broken are added to the programme.
const ROUNDS: usize = 4;

/// The cheapest way. Of the limits of domains, thousands of rows of which few bind, those are in the programme that it breaks without them; one that
/// is broken in the end leaves the bound a bound, and rounding keeps it.
pub fn relax(task: &Task<'_>) -> Result<Relaxed, Unsolved> {
    let blocks = blocks(task.problem, task.groups);
    let mut bound = BTreeSet::new();
    let mut relaxed = solve(task, &blocks, &bound)?;
    for _ in 0..ROUNDS {
        let broken = broken(task, &blocks, &relaxed);
        let before = bound.len();
        bound.extend(broken);
        if bound.len() == before {
            break;
        }
        relaxed = solve(task, &blocks, &bound)?;
    }
    Ok(relaxed)
}

/// What jobs draw in each domain and slot (kW).
pub fn loads(task: &Task<'_>, relaxed: &Relaxed) -> Vec<Slots> {
    let domains = &task.problem.domains;
    let mut loads = vec![Slots::zeros(task.problem.slots.len()); domains.len()];
    for (group, wishes) in task.groups.iter().zip(&relaxed.wishes) {
        for domain in up(domains, group.domain) {
            if let Some(load) = loads.get_mut(domain) {
                wishes.iter().enumerate().for_each(|(n, kw)| load.add(group.release + n, *kw));
            }
        }
    }
    loads
}

/// Domains and blocks in which more is drawn than they bear.
fn broken(task: &Task<'_>, blocks: &[Block], relaxed: &Relaxed) -> Vec<(usize, usize)> {
    let (domains, loads) = (&task.problem.domains, loads(task, relaxed));
    let of = |(n, (domain, load)): (usize, (&Domain, Slots))| {
        let over = |block: &Block| block.mean(|slot| load.at(slot)) > block.mean(|slot| domain.cap(slot)) + 1e-6;
        blocks.iter().enumerate().filter(|(_, block)| over(block)).map(|(b, _)| (n, b)).collect::<Vec<_>>()
    };
    domains.iter().zip(loads).enumerate().flat_map(of).collect()
}

fn solve(task: &Task<'_>, blocks: &[Block], bound: &BTreeSet<(usize, usize)>) -> Result<Relaxed, Unsolved> {
    let mut model = Model::new(task, blocks);
    let groups: Vec<_> = task.groups.iter().map(|group| model.group(group)).collect();
    model.balance();
    model.domains(bound);
    let peaks = model.demands();
    let outcome = model.lp.solve().map_err(|error| Unsolved(error.to_string()))?;
    let solution = outcome.into_solution().map_err(|_| Unsolved("it stopped half-way".to_owned()))?;
    let value = |variable: &Variable| solution.var_value(*variable).max(0.0);
    let read = |(row, group): (&Row, &Group)| {
        let mut wishes = Slots::zeros(group.most.len());
        for (slots, variable) in &row.draws {
            let most: f64 = group.within(slots).sum();
            let share = value(variable) * convert::f64_from_usize(slots.len()) / most.max(f64::MIN_POSITIVE);
            let inside = slots.clone().filter_map(|slot| slot.checked_sub(group.release));
            inside.for_each(|n| wishes.add(n, share * group.most.get(n).copied().unwrap_or(0.0)));
        }
        wishes.0
    };
    let none = Slots::zeros(task.problem.slots.len());
    let battery = match (&model.battery, &task.problem.battery) {
        (Some(moves), Some(b)) => {
            let flat = |((charge, give), block): (&(Variable, Variable), &Block)| {
                core::iter::repeat_n(net(b, value(charge), value(give)), block.slots.len())
            };
            Slots(moves.iter().zip(blocks).flat_map(flat).collect())
        }
        (Some(_) | None, _) => none,
    };
    Ok(Relaxed {
        objective: solution.objective() + model.constant,
        wishes: groups.iter().zip(task.groups).map(read).collect(),
        battery,
        peaks: peaks.iter().map(value).collect(),
        short_kwh: groups.iter().map(|row| value(&row.short) * SLOT_HOURS).sum(),
    })
}

/// Charging and discharging at once burns energy, which pays where its price is negative: one direction is left that stores the same.
fn net(battery: &Battery, charge: f64, discharge: f64) -> f64 {
    let stored = charge * battery.charge_efficiency - discharge / battery.discharge_efficiency;
    if stored > 0.0 { stored / battery.charge_efficiency } else { stored * battery.discharge_efficiency }
}

struct Row {
    /// What it draws in the mean of some slots (kW).
    draws: Vec<(Range<usize>, Variable)>,
    short: Variable,
}

/// A block's row, as it grows.
#[derive(Default)]
struct Cell {
    /// What the jobs of the programme draw there.
    jobs: Vec<Variable>,
    /// What they may draw at most (kW).
    most: f64,
    /// What the site draws, within its limit, and above it.
    site: Vec<Variable>,
}

struct Model<'t> {
    task: &'t Task<'t>,
    blocks: &'t [Block],
    lp: microlp::Problem,
    cells: Vec<Cell>,
    /// For each domain and block: who draws there.
    loads: Vec<Vec<Vec<Variable>>>,
    battery: Option<Vec<(Variable, Variable)>>,
    /// What the objective has beside its variables: the part of each peak that is free.
    constant: f64,
}

impl<'t> Model<'t> {
    fn new(task: &'t Task<'t>, blocks: &'t [Block]) -> Self {
        Self {
            task,
            blocks,
            lp: microlp::Problem::new(OptimizationDirection::Minimize),
            cells: blocks.iter().map(|_| Cell::default()).collect(),
            loads: task.problem.domains.iter().map(|_| vec![Vec::new(); blocks.len()]).collect(),
            battery: None,
            constant: 0.0,
        }
    }

    /// A group draws as much as it needs, or is short of the rest.
    fn group(&mut self, group: &Group) -> Row {
        let mut need = LinearExpr::empty();
        let mut draws = Vec::new();
        let end = group.release + group.most.len();
        let first = self.blocks.partition_point(|block| block.slots.end <= group.release);
        let all = self.blocks.iter().enumerate().skip(first).take_while(|(_, block)| block.slots.start < end);
        for (n, block) in all {
            let most = group.within(&block.slots).sum::<f64>() / block.count();
            let variable = self.lp.add_var(0.0, (0.0, most));
            need.add(variable, block.count());
            draws.push((block.slots.clone(), variable));
            if let Some(cell) = self.cells.get_mut(n) {
                cell.jobs.push(variable);
                cell.most += most;
            }
            for domain in up(&self.task.problem.domains, group.domain) {
                if let Some(jobs) = self.loads.get_mut(domain).and_then(|row| row.get_mut(n)) {
                    jobs.push(variable);
                }
            }
        }
        let short = self.lp.add_var(group.short, (0.0, f64::INFINITY));
        need.add(short, 1.0);
        self.lp.add_constraint(need, ComparisonOp::Eq, group.need);
        Row { draws, short }
    }

    /// What the site draws in each block, and what the battery holds.
    fn balance(&mut self) {
        let unit = unit(self.task.problem);
        self.store(EMPTY * unit);
        for (n, (block, cell)) in self.blocks.iter().zip(&mut self.cells).enumerate() {
            let fixed = block.base + block.cooling * block.mean(|slot| self.task.fixed.at(slot));
            let mut row = LinearExpr::empty();
            cell.site.push(self.lp.add_var(block.price, (0.0, block.within)));
            if block.slots.clone().any(|slot| self.task.is_over(slot)) {
                let over = OVER * unit * block.count();
                cell.site.push(self.lp.add_var(block.price + over, (0.0, f64::INFINITY)));
            }
            cell.site.iter().for_each(|variable| row.add(*variable, 1.0));
            if let Some((charge, discharge)) = self.battery.as_ref().and_then(|moves| moves.get(n)) {
                row.add(*charge, -1.0);
                row.add(*discharge, 1.0);
            }
            cell.jobs.iter().for_each(|variable| row.add(*variable, -block.cooling));
            self.lp.add_constraint(row, ComparisonOp::Eq, fixed);
        }
    }

    /// The battery's level from block to block.
    fn store(&mut self, empty: f64) {
        let Some(b) = self.task.problem.battery else { return };
        let mut moves = Vec::new();
        let mut before: Option<Variable> = None;
        let count = self.blocks.len();
        for (n, block) in self.blocks.iter().enumerate() {
            let worth = if n + 1 == count { b.worth } else { 0.0 };
            let hours = block.hours();
            let charge = self.lp.add_var(b.wear * hours, (0.0, b.charge));
            let discharge = self.lp.add_var(b.wear * hours, (0.0, b.discharge));
            let level = self.lp.add_var(-worth, (b.least(), b.capacity));
            let mut row = LinearExpr::empty();
            row.add(level, 1.0);
            row.add(charge, -b.charge_efficiency * hours);
            row.add(discharge, hours / b.discharge_efficiency);
            if let Some(before) = before {
                row.add(before, -1.0);
            }
            let from = if before.is_some() { 0.0 } else { b.level };
            self.lp.add_constraint(row, ComparisonOp::Eq, from);
            moves.push((charge, discharge));
            before = Some(level);
        }
        if let Some(last) = before {
            let mut row = LinearExpr::empty();
            row.add(last, 1.0);
            row.add(self.lp.add_var(empty, (0.0, f64::INFINITY)), 1.0);
            self.lp.add_constraint(row, ComparisonOp::Ge, b.last());
        }
        self.battery = Some(moves);
    }

    /// What the jobs of a domain may draw together, for those that are asked for.
    fn domains(&mut self, bound: &BTreeSet<(usize, usize)>) {
        for (n, b) in bound {
            let (Some(domain), Some(loads)) = (self.task.problem.domains.get(*n), self.loads.get(*n)) else { continue };
            let Some(block) = self.blocks.get(*b) else { continue };
            let mut row = LinearExpr::empty();
            loads.get(*b).into_iter().flatten().for_each(|variable| row.add(*variable, 1.0));
            self.lp.add_constraint(row, ComparisonOp::Le, block.mean(|slot| domain.cap(slot)));
        }
    }

    /// The peak of each demand is no less than any window that could come above what is free.
    fn demands(&mut self) -> Vec<Variable> {
        let problem = self.task.problem;
        let charge = problem.battery.map_or(0.0, |battery| battery.charge);
        let mut most = Slots::zeros(problem.slots.len());
        for (block, cell) in self.blocks.iter().zip(&self.cells) {
            let fixed = block.mean(|slot| self.task.fixed.at(slot));
            let kw = block.base + block.cooling * (fixed + cell.most) + charge;
            block.slots.clone().for_each(|slot| most.add(slot, kw));
        }
        let mut peaks = Vec::new();
        for (demand, windows) in problem.demands.iter().zip(self.task.windows) {
            let peak = self.lp.add_var(demand.rate, (demand.free(), f64::INFINITY));
            self.constant -= demand.rate * demand.free();
            for window in rows(self.blocks, windows).iter().filter(|window| window.mean(&most) > demand.free()) {
                let mut row = LinearExpr::empty();
                row.add(peak, 1.0);
                let inside = |block: &Block| window.slots.contains(&block.slots.start);
                for (block, cell) in self.blocks.iter().zip(&self.cells).filter(|(block, _)| inside(block)) {
                    cell.site.iter().for_each(|variable| row.add(*variable, -block.count() / window.length));
                }
                self.lp.add_constraint(row, ComparisonOp::Ge, window.before / window.length);
            }
            peaks.push(peak);
        }
        peaks
    }
}
