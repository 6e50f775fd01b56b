//! A plan's reasons in words.

use wattloop::planner::{JobPlan, Limit, Plan, PlanFile, Target, Why};

use super::fixed;

/// Less than this is not worth a word (currency).
const CENT: f64 = 0.005;

/// A plan beside its file.
pub struct Words<'p> {
    /// What there was to plan.
    pub file: &'p PlanFile,
    /// What came of it.
    pub plan: &'p Plan,
}

impl Words<'_> {
    /// When a slot begins.
    pub fn time(&self, slot: usize) -> String {
        self.file.time(slot)
    }

    /// How the plan came about, and how near it is to the best.
    pub fn way(&self) -> String {
        let way = super::way(&self.plan.way);
        let total = self.plan.own.cost.total();
        match &self.plan.bound {
            Some(bound) if total - bound.cost > CENT => {
                format!("{way}: {} above the bound", fixed(total - bound.cost, 2))
            }
            Some(_) => format!("{way}: nothing is cheaper"),
            None => way,
        }
    }

    /// A limit by its name.
    pub fn limit(&self, limit: Limit) -> String {
        let problem = &self.file.problem;
        match limit {
            Limit::Release => "its release".to_owned(),
            Limit::Deadline => "its deadline".to_owned(),
            Limit::Site => "the site".to_owned(),
            Limit::Domain(n) => problem.domains.get(n).map_or_else(String::new, |d| format!("domain {}", d.name)),
            Limit::Demand(n) => problem.demands.get(n).map_or_else(String::new, |d| format!("demand {}", d.name)),
            Limit::Run => "the length of its runs".to_owned(),
        }
    }

    /// When a job runs.
    pub fn runs(&self, job: &JobPlan) -> String {
        if job.runs.is_empty() {
            return "never".to_owned();
        }
        let runs: Vec<String> =
            job.runs.iter().map(|run| format!("{} to {}", self.time(run.start), self.time(run.end))).collect();
        runs.join(", ")
    }

    /// Why it does then: one line for the reason, one for what would be cheaper, one for what is missing.
    pub fn why(&self, job: &JobPlan) -> Vec<String> {
        let mut lines = Vec::new();
        match job.why {
            Why::Committed => lines.push("it runs already and may not stop yet".to_owned()),
            Why::NoChoice => lines.push("there is no time to spare before its deadline".to_owned()),
            Why::AtOnce => lines.push("at once: waiting would not be cheaper".to_owned()),
            Why::Room { limit } => lines.push(format!("as early as {} allows", self.limit(limit))),
            Why::Cheaper { energy, peak } => lines.push(self.cheaper(energy, peak)),
            Why::Even => lines.push("it costs the same as at once, and the load is lower then".to_owned()),
            Why::Not => {}
        }
        if let Some(limit) = job.held_by {
            lines.push(match limit {
                Limit::Run => "a cheaper slot would make a run too short".to_owned(),
                Limit::Release | Limit::Deadline | Limit::Site | Limit::Domain(_) | Limit::Demand(_) => {
                    format!("kept out of a cheaper slot by {}", self.limit(limit))
                }
            });
        }
        if let Some(short) = &job.short {
            lines.push(format!("short of {} kWh because of {}", fixed(short.kwh, 1), self.limit(short.limit)));
        }
        lines
    }

    fn cheaper(&self, energy: f64, peak: f64) -> String {
        let all = format!("{} {} cheaper than as early as limits allow", fixed(energy + peak, 2), self.file.currency);
        let part = |name: &str, x: f64| {
            let word = if x > 0.0 { "less" } else { "more" };
            (x.abs() > CENT).then(|| format!("{name} {} {word}", fixed(x.abs(), 2)))
        };
        let parts: Vec<String> = [part("energy", energy), part("peaks", peak)].into_iter().flatten().collect();
        format!("{all} ({})", parts.join(", "))
    }

    /// Where a demand is highest, and whether that is held.
    pub fn highest(&self, target: &Target) -> String {
        let Some((from, to)) = target.at else { return "every window is below what is free".to_owned() };
        let mut told = format!("{} to {}", self.time(from), self.time(to));
        if target.battery_kw > 0.05 {
            told.push_str(&format!(", the battery gives {} kW of it", fixed(target.battery_kw, 1)));
        }
        if target.firm_kw > target.kw + 0.05 {
            told.push_str(", not held where the base load is high all the time");
        }
        told
    }
}
