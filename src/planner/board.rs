//! What is placed so far, what that leaves free, and what stands in the way.

use plant::convert;
use plant::plan::Limit;

use super::cost::Schedule;
use super::place::{Price, Shape, place};
use super::problem::{Job, Problem, SLOT_HOURS};
use super::slots::Slots;
use super::tree::up;
use super::windows::Window;

/// So much is no excess (kW): the rounding of sums.
const GRACE: f64 = 1e-6;

/// A board.
#[derive(Clone, Debug)]
pub struct Board<'p> {
    /// The problem.
    pub problem: &'p Problem,
    /// The windows of each demand.
    pub windows: &'p [Vec<Window>],
    /// What the battery takes in each slot (kW; negative: gives).
    pub battery: Slots,
    /// What the mean of each demand's windows may come to (kW).
    pub targets: Vec<f64>,
    /// Where each job runs.
    pub schedule: Schedule,
    /// What jobs draw in each slot (kW at the machines).
    load: Slots,
    /// What they draw in each domain.
    domains: Vec<Slots>,
}

impl<'p> Board<'p> {
    /// With nothing on it, and no targets.
    pub fn new(problem: &'p Problem, windows: &'p [Vec<Window>], battery: Slots) -> Self {
        let zeros = Slots::zeros(problem.slots.len());
        Self {
            problem,
            windows,
            battery,
            targets: vec![f64::INFINITY; problem.demands.len()],
            schedule: vec![Vec::new(); problem.jobs.len()],
            load: zeros.clone(),
            domains: vec![zeros; problem.domains.len()],
        }
    }

    /// With a schedule on it.
    pub fn with(mut self, schedule: &Schedule) -> Self {
        schedule.iter().enumerate().for_each(|(job, slots)| self.put(job, slots.clone()));
        self
    }

    /// What the site draws in a slot, as it is expected (kW).
    pub fn site(&self, slot: usize) -> f64 {
        let Some(s) = self.problem.slots.get(slot) else { return 0.0 };
        s.base + s.cooling * self.load.at(slot) + self.battery.at(slot)
    }

    /// The peak of a demand (kW), what is free included.
    pub fn peak(&self, demand: usize) -> f64 {
        let free = self.problem.demands.get(demand).map_or(0.0, super::problem::Demand::free);
        self.windows.get(demand).map_or(free, |w| w.iter().map(|w| self.mean(w)).fold(free, f64::max))
    }

    /// The mean of a window (kW).
    pub fn mean(&self, window: &Window) -> f64 {
        (window.before + window.slots.clone().map(|slot| self.site(slot)).sum::<f64>()) / window.length
    }

    /// A job runs in these slots.
    pub fn put(&mut self, job: usize, slots: Vec<usize>) {
        self.draw(job, &slots, 1.0);
        if let Some(row) = self.schedule.get_mut(job) {
            *row = slots;
        }
    }

    /// A job runs nowhere any more; where it ran.
    pub fn take(&mut self, job: usize) -> Vec<usize> {
        let slots = self.schedule.get_mut(job).map(core::mem::take).unwrap_or_default();
        self.draw(job, &slots, -1.0);
        slots
    }

    fn draw(&mut self, job: usize, slots: &[usize], sign: f64) {
        let Some(job) = self.problem.jobs.get(job) else { return };
        for slot in slots {
            self.load.add(*slot, sign * job.kw);
            for domain in up(&self.problem.domains, job.domain) {
                if let Some(load) = self.domains.get_mut(domain) {
                    load.add(*slot, sign * job.kw);
                }
            }
        }
    }

    /// Limits that leave no room for one kW more in a slot: the site's, and those of domains in which somebody runs.
    pub fn full(&self, slot: usize) -> Vec<Limit> {
        let mut full = Vec::new();
        let Some(s) = self.problem.slots.get(slot) else { return full };
        if s.base_high + s.cooling * self.load.at(slot) + self.battery.at(slot).min(0.0) + 1.0 > s.limit + GRACE {
            full.push(Limit::Site);
        }
        for (n, (domain, load)) in self.problem.domains.iter().zip(&self.domains).enumerate() {
            let there = load.at(slot);
            if there > GRACE && there + 1.0 > domain.cap(slot) + GRACE {
                full.push(Limit::Domain(n));
            }
        }
        full
    }

    /// What keeps a job that is not on the board out of a slot; a demand's target does as if the job ran in the whole of a window.
    pub fn blocked(&self, job: &Job, slot: usize) -> Option<Limit> {
        if slot < job.release {
            return Some(Limit::Release);
        }
        if slot >= job.deadline {
            return Some(Limit::Deadline);
        }
        // What may not stop yet goes on whatever it costs.
        let goes_on = slot < job.committed();
        self.above(job, slot).or_else(|| if goes_on { None } else { self.over_target(job, slot) })
    }

    /// The same, of the limits that are no targets.
    pub fn above(&self, job: &Job, slot: usize) -> Option<Limit> {
        let s = self.problem.slots.get(slot)?;
        // What charges the battery yields to jobs.
        let high = s.base_high + s.cooling * (self.load.at(slot) + job.kw) + self.battery.at(slot).min(0.0);
        let domain = up(&self.problem.domains, job.domain).find(|domain| {
            let there = self.domains.get(*domain).map_or(0.0, |load| load.at(slot));
            self.problem.domains.get(*domain).is_some_and(|d| there + job.kw > d.cap(slot) + GRACE)
        });
        domain.map(Limit::Domain).or_else(|| (high > s.limit + GRACE).then_some(Limit::Site))
    }

    fn over_target(&self, job: &Job, slot: usize) -> Option<Limit> {
        let all = self.windows.iter().zip(&self.targets).enumerate().filter(|(_, (_, target))| target.is_finite());
        let mut over = all.filter(|(_, (windows, target))| {
            let from = windows.partition_point(|w| w.slots.end <= slot);
            let here = windows.iter().skip(from).take_while(|w| w.slots.start <= slot);
            here.into_iter().any(|w| {
                let inside = w.slots.clone().filter(|s| job.window().contains(s));
                let more: f64 = inside.filter_map(|s| self.problem.slots.get(s)).map(|s| s.cooling * job.kw).sum();
                self.mean(w) + more / w.length > **target + GRACE
            })
        });
        over.next().map(|(n, _)| Limit::Demand(n))
    }

    /// What a slot costs a job in money, and where that does not care: below a high load rather than on it, and early.
    pub fn price(&self, job: &Job, slot: usize, top: f64) -> Price {
        let Some(s) = self.problem.slots.get(slot) else { return Price::default() };
        let money = s.worth(self.problem.co2) * SLOT_HOURS * s.cooling * job.kw;
        let level = convert::u32_from_f64_below((4.0 * self.site(slot) / top).clamp(0.0, 3.0));
        let rank = i64::from(level) * 1024 + i64::from(convert::u32_from_usize(slot));
        Price { money: convert::i64_from_f64_rounded(money * 1e6), rank }
    }

    /// The highest load of the plan (kW, above 0), for [`Self::price`].
    pub fn top(&self) -> f64 {
        (0..self.problem.slots.len()).map(|slot| self.site(slot)).fold(1e-3, f64::max)
    }

    /// Finds the best slots for a job that is not on the board: all that it needs, or as many as can be had.
    pub fn find(&self, job: &Job, price: impl Fn(usize) -> Price, open: impl Fn(usize) -> bool) -> Vec<usize> {
        let slots: Vec<_> = job.window().map(|slot| open(slot).then(|| price(slot))).collect();
        place(shape(job), &slots).into_iter().map(|slot| slot + job.release).collect()
    }
}

/// How a job may run.
pub fn shape(job: &Job) -> Shape {
    Shape {
        need: job.slots,
        min_run: job.min_run.clamp(1, job.slots.max(1)),
        step: job.checkpoint.max(1),
        interruptible: job.interruptible,
        ran: job.running,
        committed: job.committed(),
    }
}
