//! What one kW more of a limit is worth: the programme solved once more with it, where it binds.
//!
//! Where it does not bind, nothing need be solved. A domain in which the best plan leaves room everywhere is worth nothing: in a linear programme what is not touched can go. A peak that lies
//! a kW or more above what is free saves exactly its price: every plan of the problem with a kW more free is one of this, at so much less.

use plant::plan::Limit;
use serde::{Deserialize, Serialize};

use super::blocks::{Block, blocks};
use super::groups::{ALONE, Group, groups};
use super::problem::{Problem, ProblemFault};
use super::relax::{Relaxed, Task, loads, relax};
use super::slots::Slots;
use super::windows::Window;
use super::{MOST_COLUMNS, all_windows};

/// What is left of a solver's tolerance is no price (currency; of the whole cost).
const NOTHING: f64 = 1e-5;
const TOLERANCE: f64 = 1e-6;

/// What a kW more is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Of which limit: the site's and a domain's in every slot, or what is paid of a demand in any case.
    pub limit: Limit,
    /// So much less the best plan would cost (currency per kW; 0 where the limit does not bind).
    pub per_kw: f64,
    /// It is that of groups of jobs, and of slots taken together: an estimate.
    pub rough: bool,
}

/// Of the site, each domain and each demand. Above 500 jobs, where the programme has groups of them, an estimate. Empty for a problem that is too large for a programme, and where the solver fails.
///
/// # Errors
/// Everything that is wrong with the problem.
pub fn worth(problem: &Problem) -> Result<Vec<Worth>, Vec<ProblemFault>> {
    let faults = problem.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let Some(now) = Solved::of(problem) else { return Ok(Vec::new()) };
    let domains = (0..problem.domains.len()).map(Limit::Domain);
    let limits = core::iter::once(Limit::Site).chain(domains).chain((0..problem.demands.len()).map(Limit::Demand));
    let of = |limit| {
        let wider = wider(problem, limit);
        let per_kw = now.known(problem, limit).filter(|_| groups(&wider) == now.groups);
        let per_kw = per_kw.or_else(|| Some(now.relaxed.objective - Solved::of(&wider)?.relaxed.objective))?;
        let least = NOTHING.max(TOLERANCE * now.relaxed.objective.abs());
        let rough = problem.jobs.len() > ALONE;
        Some(Worth { limit, per_kw: if per_kw > least { per_kw } else { 0.0 }, rough })
    };
    Ok(limits.filter_map(of).collect())
}

/// A problem's programme, solved.
struct Solved {
    groups: Vec<Group>,
    windows: Vec<Vec<Window>>,
    relaxed: Relaxed,
}

impl Solved {
    fn of(problem: &Problem) -> Option<Self> {
        let (windows, fixed, groups) = (all_windows(problem), Slots::zeros(problem.slots.len()), groups(problem));
        let columns: usize = groups.iter().map(|group| group.most.len()).sum();
        (columns <= MOST_COLUMNS).then_some(())?;
        let relaxed = relax(&Task { problem, windows: &windows, fixed: &fixed, groups: &groups }).ok()?;
        Some(Self { groups, windows, relaxed })
    }

    /// What a limit is worth where that can be told without another programme.
    fn known(&self, problem: &Problem, limit: Limit) -> Option<f64> {
        match limit {
            Limit::Domain(n) => self.has_room(problem, n).then_some(0.0),
            Limit::Demand(n) => {
                let demand = problem.demands.get(n)?;
                (*self.relaxed.peaks.get(n)? >= demand.free() + 1.0).then_some(demand.rate)
            }
            Limit::Site | Limit::Release | Limit::Deadline | Limit::Run => None,
        }
    }

    /// True where a domain's jobs draw less than it bears everywhere.
    fn has_room(&self, problem: &Problem, domain: usize) -> bool {
        let (fixed, groups) = (Slots::zeros(problem.slots.len()), &self.groups);
        let loads = loads(&Task { problem, windows: &self.windows, fixed: &fixed, groups }, &self.relaxed);
        let both = problem.domains.get(domain).zip(loads.get(domain));
        both.is_some_and(|(domain, load)| {
            let free = |block: &Block| block.mean(|slot| domain.cap(slot)) - block.mean(|slot| load.at(slot));
            blocks(problem, groups).iter().all(|block| free(block) > 1e-3)
        })
    }
}

fn wider(problem: &Problem, limit: Limit) -> Problem {
    let mut wider = problem.clone();
    match limit {
        Limit::Site => wider.slots.iter_mut().for_each(|slot| slot.limit += 1.0),
        Limit::Domain(n) => {
            if let Some(domain) = wider.domains.get_mut(n) {
                domain.caps.iter_mut().for_each(|cap| *cap += 1.0);
            }
        }
        Limit::Demand(n) => {
            if let Some(demand) = wider.demands.get_mut(n) {
                demand.paid = demand.free() + 1.0;
            }
        }
        Limit::Release | Limit::Deadline | Limit::Run => {}
    }
    wider
}
