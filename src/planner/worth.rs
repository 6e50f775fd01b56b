//! What one kW more of a limit is worth: the programme solved once more with it.

use plant::plan::Limit;
use serde::{Deserialize, Serialize};

use super::groups::{ALONE, groups};
use super::problem::{Problem, ProblemFault};
use super::relax::{Task, relax};
use super::slots::Slots;
use super::windows::windows;

/// What a kW more is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Of which limit: the site's and a domain's in every slot, or what is paid of a demand in any case.
    pub limit: Limit,
    /// So much less the best plan would cost (currency per kW; 0 where the limit does not bind).
    pub per_kw: f64,
}

/// Of the site, each domain and each demand. Empty for a problem of more than 500 jobs, and where the solver fails.
///
/// # Errors
/// Everything that is wrong with the problem.
pub fn worth(problem: &Problem) -> Result<Vec<Worth>, Vec<ProblemFault>> {
    let faults = problem.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    if problem.jobs.len() > ALONE {
        return Ok(Vec::new());
    }
    let Some(now) = objective(problem) else { return Ok(Vec::new()) };
    let domains = (0..problem.domains.len()).map(Limit::Domain);
    let limits = core::iter::once(Limit::Site).chain(domains).chain((0..problem.demands.len()).map(Limit::Demand));
    let of = |limit| {
        let then = objective(&wider(problem, limit))?;
        // What is left of a solver's tolerance is no price.
        let per_kw = if now - then > 1e-5 { now - then } else { 0.0 };
        Some(Worth { limit, per_kw })
    };
    Ok(limits.filter_map(of).collect())
}

fn objective(problem: &Problem) -> Option<f64> {
    let windows: Vec<_> = problem.demands.iter().map(|demand| windows(demand, problem.slots.len())).collect();
    let (fixed, groups) = (Slots::zeros(problem.slots.len()), groups(problem));
    relax(&Task { problem, windows: &windows, fixed: &fixed, groups: &groups }).ok().map(|relaxed| relaxed.objective)
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
