//! From a question to the plan that a scan hears. Pure, and as long as a solver takes: never in a scan.

use std::sync::Arc;

use plant::plan::{Arrived, JobTold, Pause, Planned, SlotTold, Start, Told};

use super::Question;
use crate::control::ledger::message::LeaseId;
use crate::control::outlook::{begin, quarter};
use crate::planner::{self, Job, JobPlan, Planner, Slot, SlotPlan, Way, caps, plan};

/// A site that draws so much less than it may draws as much as it may (1).
const SAME: f64 = 0.002;

impl Question {
    /// Plans: what batteries do, for the demands of this billing period what they are expected to hold to the end, and when jobs begin and pause. No slots where the
    /// problem has faults.
    #[must_use]
    pub fn solve(&self) -> Arrived {
        self.plan(Planner::Programme)
    }

    /// The same by greed alone: without a linear programme, in a small part of its time.
    #[must_use]
    pub fn greedy(&self) -> Arrived {
        self.plan(Planner::Greed)
    }

    fn plan(&self, by: Planner) -> Arrived {
        let level = self.problem.battery.map_or(0.0, |battery| battery.level * 1e3);
        let none = Arrived { question: self.number, from: self.from, at: self.at, level, ..Arrived::default() };
        let Ok(made) = plan(&self.problem, by) else { return none };
        let greedy = match made.way {
            Way::Programme | Way::Cheaper => false,
            Way::Asked | Way::Size { .. } | Way::Unsolved { .. } => true,
        };
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
        Arrived {
            slots: slots.collect(),
            targets,
            starts: self.starts(&made.jobs),
            pauses: self.pauses(&made.jobs),
            greedy,
            told: Arc::new(self.told(&made)),
            ..none
        }
    }

    /// Why it is as it is, in what people who ask for the plan know: leases, feeds and instants.
    fn told(&self, made: &planner::Plan) -> Told {
        let first = quarter(self.from);
        let at = |slot: usize| begin(first.saturating_add(i64::try_from(slot).unwrap_or(i64::MAX)));
        let bound = |slot: usize| self.bounds.get(slot).copied().unwrap_or_default();
        let room = |slot: &usize| self.problem.slots.get(*slot).map_or(f64::INFINITY, Slot::room);
        let site = |job: &Job| job.window().min_by(|a, b| room(a).total_cmp(&room(b))).map(bound);
        let job = |((id, job), made): ((&LeaseId, &Job), &JobPlan)| JobTold {
            epoch: id.epoch,
            number: id.number,
            runs: made.runs.iter().map(|run| (at(run.start), at(run.end))).collect(),
            why: made.why,
            held_by: made.held_by,
            short: made.short,
            site: site(job).unwrap_or_default(),
        };
        let mut jobs: Vec<JobTold> = self.jobs.iter().zip(&self.problem.jobs).zip(&made.jobs).map(job).collect();
        jobs.sort_unstable_by_key(|of| (of.epoch, of.number));
        let slot = |(n, made): (usize, &SlotPlan)| SlotTold {
            reached: made.reached.clone(),
            one_more: made.one_more,
            site: bound(n),
        };
        Told {
            domains: self.problem.domains.iter().map(|of| of.name.clone()).collect(),
            demands: self.problem.demands.iter().map(|of| of.name.clone()).collect(),
            jobs,
            slots: (0..).zip(&made.slots).map(slot).collect(),
        }
    }

    /// When jobs pause that run, each the next time.
    fn pauses(&self, made: &[JobPlan]) -> Vec<Pause> {
        let first = quarter(self.from);
        let at = |slot: usize| Some(begin(first.saturating_add(i64::try_from(slot).ok()?)));
        let pause = |((id, job), made): ((&LeaseId, &Job), &JobPlan)| {
            let mut runs = made.runs.iter().filter(|_| job.running > 0 && made.short.is_none());
            let next = runs.next()?;
            let (from, until) = if next.start > 0 { (0, next.start) } else { (next.end, runs.next()?.start) };
            Some(Pause { epoch: id.epoch, number: id.number, from: at(from)?, until: at(until)? })
        };
        let mut pauses: Vec<Pause> = self.jobs.iter().zip(&self.problem.jobs).zip(made).filter_map(pause).collect();
        pauses.sort_unstable_by_key(|of| (of.epoch, of.number));
        pauses
    }

    /// When jobs begin that do not run. One for which there is no room below limits and targets waits for a later plan, as long as it can be done in time.
    fn starts(&self, made: &[JobPlan]) -> Vec<Start> {
        let first = quarter(self.from);
        let waits = |((_, job), _): &((&LeaseId, &Job), &JobPlan)| job.running == 0;
        let start = |((id, job), made): ((&LeaseId, &Job), &JobPlan)| {
            let last = job.deadline.saturating_sub(job.slots);
            let slot = made.runs.first().filter(|_| made.short.is_none()).map_or(last, |run| run.start);
            let at = begin(first.saturating_add(i64::try_from(slot).ok()?));
            Some(Start { epoch: id.epoch, number: id.number, at })
        };
        let mut starts: Vec<Start> =
            self.jobs.iter().zip(&self.problem.jobs).zip(made).filter(waits).filter_map(start).collect();
        starts.sort_unstable_by_key(|of| (of.epoch, of.number));
        starts
    }
}
