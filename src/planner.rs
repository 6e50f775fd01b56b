//! The planner: when jobs should run over the next day or two, what the battery does, and which peaks can be held.
//!
//! ```text
//! Problem ─▶ relax ──▶ round ─┐
//!    │       (bound)          ├─▶ improve ─▶ dispatch ─▶ live ─▶ the cheapest ─▶ explain ─▶ Plan
//!    ├─▶ greedy ──────────────┤
//!    └─▶ at once ─────────────┘
//! ```
//!
//! [`plan`] is pure, like control: no clock, no I/O, the same plan for the same problem on any machine. A linear programme in which jobs may
//! run by halves says what no plan can beat and what would be best; rounding makes whole slots of it that keep every limit; and
//! what is told in the end is what the rounded plan comes to when it is lived through, never what was hoped for. Where the
//! problem is too large for the programme, or its solver fails, greed does it, and the plan says so; how long anything takes decides nothing.
//!
//! It sees `plant` and nothing else of the program.

mod blocks;
mod board;
mod cost;
mod early;
mod explain;
mod fill;
mod groups;
mod hold;
mod improve;
mod load;
mod place;
mod problem;
mod relax;
mod slots;
mod tree;
mod windows;
mod words;
mod worth;

#[cfg(test)]
mod tests;

use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use board::Board;
use cost::{Lived, Schedule, live};
use fill::Order;
use relax::{Relaxed, Task, relax};
use slots::Slots;
use windows::{Window, windows};

pub use cost::Cost;
pub use explain::{JobPlan, SlotPlan, Target};
pub use load::PlanFile;
pub use plant::plan::{Limit, Short, Why};
pub use problem::{
    Battery, Demand, Domain, Job, LEAST, MOST, MOST_SLOTS, Of, Problem, ProblemFault, SLOT_HOURS, Slot, WindowKind,
};
pub use words::Names;
pub use worth::{Worth, worth};

/// Above so many columns the programme would take too long: greed plans.
const MOST_COLUMNS: usize = 150_000;

/// Who may plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Planner {
    /// The programme where the problem's size allows it.
    #[default]
    Programme,
    /// Greed alone.
    Greed,
}

/// How a plan came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Way {
    /// The programme's wishes, rounded.
    Programme,
    /// The programme was solved, and greed's plan is cheaper than what rounding made of it.
    Cheaper,
    /// Greed, because it was asked for.
    Asked,
    /// Greed, because the problem has so many columns.
    Size {
        /// How many.
        columns: usize,
    },
    /// Greed, because the solver did not come to an end.
    Unsolved {
        /// Its words.
        error: String,
    },
}

/// What another way to run the same jobs comes to, with the battery used as well as it can be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rival {
    /// What it costs.
    pub cost: Cost,
    /// What jobs do not get (kWh at the machines).
    pub short_kwh: f64,
    /// How many jobs do not get all that they need.
    pub short_jobs: usize,
}

/// What no plan can be better than.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// No plan that gives jobs as much as this one is cheaper (currency), up to the solver's tolerance of a millionth.
    pub cost: f64,
    /// Jobs are short of so much at least, weighed by their priorities (kWh at the machines).
    pub short_kwh: f64,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How it came about.
    pub way: Way,
    /// What it comes to.
    pub own: Rival,
    /// What flows above the site's limit where the base load is high (kWh): above 0 only where that load alone is too much, or nothing else can be moved.
    pub over_kwh: f64,
    /// What nothing can be better than; nothing where the programme was not solved.
    pub bound: Option<Bound>,
    /// What it would come to if every job ran as early as limits allow.
    pub at_once: Rival,
    /// What greed alone comes to.
    pub greedy: Rival,
    /// The jobs, in the problem's order.
    pub jobs: Vec<JobPlan>,
    /// The demands, in the problem's order.
    pub targets: Vec<Target>,
    /// The slots.
    pub slots: Vec<SlotPlan>,
}

/// Plans.
///
/// # Errors
/// Everything that is wrong with the problem.
pub fn plan(problem: &Problem, by: Planner) -> Result<Plan, Vec<ProblemFault>> {
    let faults = problem.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    // In an order of their own, so that a plan does not depend on the order in which jobs came.
    let mut places: Vec<usize> = (0..problem.jobs.len()).collect();
    places.sort_by(|a, b| compare(problem, *a, *b));
    let jobs = places.iter().filter_map(|n| problem.jobs.get(*n).cloned()).collect();
    let sorted = Problem { jobs, ..problem.clone() };
    let mut plan = Search::new(&sorted).plan(by);
    let mut placed: Vec<_> = places.into_iter().zip(plan.jobs).collect();
    placed.sort_by_key(|(n, _)| *n);
    plan.jobs = placed.into_iter().map(|(_, job)| job).collect();
    Ok(plan)
}

/// The most that the site is expected to draw in each slot, so that its limit and targets of demands are kept (kW).
#[must_use]
pub fn caps(problem: &Problem, targets: &[f64]) -> Vec<f64> {
    hold::caps(problem, &all_windows(problem), targets).0
}

/// The windows of each demand.
fn all_windows(problem: &Problem) -> Vec<Vec<Window>> {
    problem.demands.iter().map(|demand| windows(demand, problem.slots.len())).collect()
}

fn compare(problem: &Problem, a: usize, b: usize) -> Ordering {
    let (Some(a), Some(b)) = (problem.jobs.get(a), problem.jobs.get(b)) else { return Ordering::Equal };
    let runs = |j: &Job| (j.min_run, j.checkpoint, j.interruptible, j.running, j.notice);
    let whole = |j: &Job| (j.priority, j.deadline, j.release, j.domain, j.slots, runs(j));
    let floats = a.kw.total_cmp(&b.kw).then(a.lost.total_cmp(&b.lost));
    whole(a).cmp(&whole(b)).then(floats).then_with(|| a.name.cmp(&b.name))
}

struct Search<'p> {
    problem: &'p Problem,
    windows: Vec<Vec<Window>>,
}

/// A schedule with its battery, lived through.
struct Candidate {
    schedule: Schedule,
    lived: Lived,
}

impl Candidate {
    fn beats(&self, other: &Self) -> bool {
        self.lived.beats(&other.lived)
    }
}

impl<'p> Search<'p> {
    fn new(problem: &'p Problem) -> Self {
        Self { problem, windows: all_windows(problem) }
    }

    fn empty(&self) -> Board<'_> {
        Board::new(self.problem, &self.windows, Slots::zeros(self.problem.slots.len()))
    }

    fn plan(&self, by: Planner) -> Plan {
        let mut at_once = self.empty();
        fill::at_once(&mut at_once);
        let at_once = self.candidate(at_once.schedule, by);
        let greedy = self.greedy(&at_once.lived, by);
        let groups = groups::groups(self.problem);
        let columns = groups.iter().map(|group| group.most.len()).sum();
        let relaxed = match by {
            Planner::Greed => Err(Way::Asked),
            Planner::Programme if columns > MOST_COLUMNS => Err(Way::Size { columns }),
            Planner::Programme => {
                let fixed = Slots::zeros(self.problem.slots.len());
                let task = Task { problem: self.problem, windows: &self.windows, fixed: &fixed, groups: &groups };
                relax(&task).map_err(|error| Way::Unsolved { error: error.0 })
            }
        };
        let rivals = [rival(self.problem, &at_once), rival(self.problem, &greedy)];
        let (mut best, mut way) = (greedy, Way::Cheaper);
        if at_once.beats(&best) {
            best = at_once;
        }
        match &relaxed {
            Err(why) => way = why.clone(),
            Ok(relaxed) => {
                for order in [Order::Laxity, Order::Size] {
                    let rounded = self.rounded(relaxed, &groups, order, by);
                    if !best.beats(&rounded) {
                        (best, way) = (rounded, Way::Programme);
                    }
                }
            }
        }
        let best = self.early(self.improved(best, by));
        self.told(best, way, relaxed.ok().as_ref(), rivals)
    }

    /// What the programme wished, in whole slots, under its peaks and beside its battery.
    fn rounded(&self, relaxed: &Relaxed, groups: &[groups::Group], order: Order, by: Planner) -> Candidate {
        let mut board = Board::new(self.problem, &self.windows, relaxed.battery.clone());
        board.targets.clone_from(&relaxed.peaks);
        fill::round(&mut board, groups, &relaxed.wishes, order);
        let schedule = improve::improve(&mut board);
        self.candidate(schedule, by)
    }

    /// The best of greed's heights, made better.
    fn greedy(&self, at_once: &Lived, by: Planner) -> Candidate {
        let boards = fill::greedy(&self.empty(), &at_once.peaks);
        let scored = boards.into_iter().map(|board| (improve::lived(&board), board));
        let best = scored.reduce(|best, next| if next.0.beats(&best.0) { next } else { best });
        let mut board = best.map_or_else(|| self.empty(), |(_, board)| board);
        let schedule = improve::improve(&mut board);
        self.candidate(schedule, by)
    }

    /// With jobs moved once more beside the battery's moves, where that helps.
    fn improved(&self, found: Candidate, by: Planner) -> Candidate {
        let board = Board::new(self.problem, &self.windows, found.lived.battery.clone());
        let mut board = board.with(&found.schedule);
        let schedule = improve::improve(&mut board);
        let again = self.candidate(schedule, by);
        if again.beats(&found) { again } else { found }
    }

    /// With the battery charged as early as that costs no more.
    fn early(&self, found: Candidate) -> Candidate {
        let Some(moves) = early::early(self.problem, &self.windows, &found.lived) else { return found };
        let lived = live(self.problem, &self.windows, &found.schedule, &moves);
        let again = Candidate { schedule: found.schedule.clone(), lived };
        if found.lived.objective < again.lived.objective - 1e-6 { found } else { again }
    }

    /// A schedule with the battery used as well as it can be.
    fn candidate(&self, schedule: Schedule, by: Planner) -> Candidate {
        let idle = Slots::zeros(self.problem.slots.len());
        let load = cost::load(self.problem, &schedule);
        let flows = self.problem.slots.iter().enumerate().map(|(n, s)| s.base + s.cooling * load.at(n));
        let shaved = hold::shave(self.problem, &self.windows, &Slots(flows.collect()));
        let task = Task { problem: self.problem, windows: &self.windows, fixed: &load, groups: &[] };
        let solved = match (by, self.problem.battery) {
            (Planner::Programme, Some(_)) => relax(&task).ok().map(|relaxed| relaxed.battery),
            (Planner::Programme | Planner::Greed, _) => None,
        };
        let mut best = live(self.problem, &self.windows, &schedule, &idle);
        for moves in [Some(shaved), solved].into_iter().flatten() {
            let lived = live(self.problem, &self.windows, &schedule, &moves);
            if lived.objective < best.objective {
                best = lived;
            }
        }
        if best.over_kwh < 1e-9 {
            return Candidate { schedule, lived: best };
        }
        // The battery cannot do what jobs relied on, or nothing helps: no job adds to what is too much.
        let mut board = Board::new(self.problem, &self.windows, best.battery.clone()).with(&schedule);
        improve::relieve(&mut board);
        let lived = live(self.problem, &self.windows, &board.schedule, &best.battery);
        let relieved = Candidate { schedule: board.schedule, lived };
        let found = Candidate { schedule, lived: best };
        if relieved.beats(&found) { relieved } else { found }
    }

    fn told(&self, best: Candidate, way: Way, relaxed: Option<&Relaxed>, [at_once, greedy]: [Rival; 2]) -> Plan {
        let board = Board::new(self.problem, &self.windows, best.lived.battery.clone()).with(&best.schedule);
        let penalty = best.lived.objective - best.lived.cost.total();
        Plan {
            way,
            own: rival(self.problem, &best),
            over_kwh: best.lived.over_kwh,
            bound: relaxed.map(|r| Bound { cost: r.objective - penalty, short_kwh: r.short_kwh }),
            at_once,
            greedy,
            jobs: explain::jobs(&board),
            targets: explain::targets(&board, &best.lived),
            slots: explain::slots(&board, &best.lived),
        }
    }
}

fn rival(problem: &Problem, of: &Candidate) -> Rival {
    let short = problem.jobs.iter().zip(&of.schedule).filter(|(job, slots)| slots.len() < job.slots);
    Rival { cost: of.lived.cost, short_kwh: of.lived.short_kwh, short_jobs: short.count() }
}
