//! From a question to the plan that a scan hears. Pure, and as long as a solver takes: never in a scan.

use plant::plan::{Arrived, Planned, Start};

use super::Question;
use crate::control::ledger::message::LeaseId;
use crate::control::outlook::{begin, quarter};
use crate::planner::{Job, JobPlan, Planner, caps, plan};

/// A site that draws so much less than it may draws as much as it may (1).
const SAME: f64 = 0.002;

impl Question {
    /// Plans: what batteries do, for the demands of this billing period what they are expected to hold to the end, and when jobs begin. No slots where the
    /// problem has faults.
    #[must_use]
    pub fn solve(&self) -> Arrived {
        let level = self.problem.battery.map_or(0.0, |battery| battery.level * 1e3);
        let none = Arrived { question: self.number, from: self.from, at: self.at, level, ..Arrived::default() };
        let Ok(made) = plan(&self.problem, Planner::Programme) else { return none };
        let held: Vec<f64> = made.targets.iter().map(|target| target.kw.max(target.free)).collect();
        let slots = made.slots.iter().zip(caps(&self.problem, &held)).map(|(slot, most)| Planned {
            gives: -slot.battery_kw * 1e3,
            level: slot.level_kwh * 1e3,
            site: slot.site_kw * 1e3,
            holds: slot.site_kw >= most * (1.0 - SAME),
        });
        let most = self.places.iter().flatten().max().map_or(0, |most| most + 1);
        let mut targets = vec![None; most];
        for (place, target) in self.places.iter().zip(held) {
            if let Some(to) = place.and_then(|place| targets.get_mut(place)) {
                *to = Some(target * 1e3);
            }
        }
        Arrived { slots: slots.collect(), targets, starts: self.starts(&made.jobs), ..none }
    }

    /// When jobs begin. One for which there is no room below limits and targets waits for a later plan, as long as it can be done in time.
    fn starts(&self, made: &[JobPlan]) -> Vec<Start> {
        let first = quarter(self.from);
        let start = |((id, job), made): ((&LeaseId, &Job), &JobPlan)| {
            let last = job.deadline.saturating_sub(job.slots);
            let slot = made.runs.first().filter(|_| made.short.is_none()).map_or(last, |run| run.start);
            let at = begin(first.saturating_add(i64::try_from(slot).ok()?));
            Some(Start { epoch: id.epoch, number: id.number, at })
        };
        let mut starts: Vec<Start> = self.jobs.iter().zip(&self.problem.jobs).zip(made).filter_map(start).collect();
        starts.sort_unstable_by_key(|of| (of.epoch, of.number));
        starts
    }
}
