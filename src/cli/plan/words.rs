//! A plan's reasons in words.

use wattloop::planner::{JobPlan, Limit, Names, Plan, PlanFile, Target};

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

    /// What limits are called.
    fn names(&self) -> Names<'_> {
        Names::new(&self.file.problem, &self.file.currency)
    }

    /// A limit by its name.
    pub fn limit(&self, limit: Limit) -> String {
        self.names().limit(limit)
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

    /// Why it does then.
    pub fn why(&self, job: &JobPlan) -> Vec<String> {
        self.names().said(job.why, job.held_by, job.short)
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
