//! When a plan is due, and what of the one that came holds now.
//!
//! ```text
//!  Nothing ── a plan that answers the last question, in time ──▶ Followed ── a newer one ──▶ Followed
//!     ▲                                                            │
//!     └── older than 45 min, clock doubted, nothing to plan, drifted ┘
//! ```
//!
//! A question is due when a quarter of an hour begins, and when what it would ask has changed: batteries that come and go, new prices, a target of a grid
//! or a budget that begins or ends, jobs that come or begin, a load that runs off its forecast.

use std::sync::Arc;

use plant::event::{About, PlanEnd, PlanNews, What};
use plant::plan::{Arrived, Planned, Told, shared};
use plant::time::{Mono, Span, Tick, Wall};
use serde::{Deserialize, Serialize};

use super::SLOTS;
use crate::control::news::News;
use crate::control::outlook::{QUARTER_MS, begin, quarter};
use crate::planner::Battery;

/// A plan that began longer ago is not followed any more.
pub const VALID: Span = Span::from_secs(45 * 60);
/// A plan that comes so long after its question is not followed.
const DEADLINE: Span = Span::from_secs(120);
/// Jobs that come make another question due so long after the last: whoever asks a hundred times a second keeps no plan from being followed.
const CROWD: Span = Span::from_secs(60);
/// Targets are the least that plans of so many quarters of an hour have had.
const HELD: usize = 2;
/// Batteries may hold so much more or less than planned (1, of what they can hold).
const DRIFT: f64 = 0.1;

/// What is remembered of plans. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Follow {
    /// The number of the last question.
    asked: u64,
    /// When it was due; nothing where the next one is due as soon as it can be asked.
    of: Option<Due>,
    plan: Option<Plan>,
    /// As many as a plan has.
    slots: Vec<Planned>,
    /// What windows shall not exceed (W), by the plan of each of the last quarters of an hour, the newest first.
    last: [Vec<Option<f64>>; HELD],
    /// The least of them. One that is too low for a while costs little, one that is too high for a quarter of an hour is billed: what a single plan has
    /// raised raises nothing.
    targets: Vec<Option<f64>>,
    /// Batteries hold something else than the hall's file says: it was told.
    raised: bool,
    /// The newest plan came of greed alone: it was told.
    greedy: bool,
    /// How many plans were followed, and how many were not because they came late.
    counts: (u64, u64),
    /// Why the last one is followed no more.
    end: Option<PlanEnd>,
    /// Why the newest one is as it is.
    #[serde(with = "shared")]
    told: Arc<Told>,
}

/// The plan that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Plan {
    /// The question that it answers.
    question: u64,
    /// When its first slot began.
    from: Wall,
    /// When it was asked for, and what batteries held then (Wh).
    at: Wall,
    level: f64,
}

/// When a question was due, and what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Due {
    quarter: i64,
    at: Mono,
    seen: Seen,
}

/// What a question goes by, as far as a change makes another one due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// How many batteries are seen.
    pub batteries: usize,
    /// How many publications of prices were taken.
    pub prices: u64,
    /// A grid or a budget asks for less now.
    pub asked: bool,
    /// How many statements of a grid were taken: some ask for a time to come.
    pub targets: u64,
    /// How many jobs wait for a plan, and the newest of them.
    pub jobs: (usize, u64),
}

impl Seen {
    /// The same but for jobs.
    fn is_like(&self, other: &Self) -> bool {
        Self { jobs: other.jobs, ..*self } == *other
    }
}

/// What holds now.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// What batteries give together (W); negative where they take.
    pub gives: f64,
    /// What windows shall not exceed, of each of the tariff's demands (W).
    pub targets: &'a [Option<f64>],
}

impl Follow {
    /// Before anything was asked; the tariff has so many demands.
    #[must_use]
    pub fn new(demands: usize) -> Self {
        let slots = vec![Planned::default(); usize::try_from(SLOTS).unwrap_or(0)];
        let (none, counts) = (vec![None; demands], (0, 0));
        let last = core::array::from_fn(|_| none.clone());
        Self {
            asked: 0,
            of: None,
            plan: None,
            slots,
            last,
            targets: none,
            raised: false,
            greedy: false,
            counts,
            end: None,
            told: Arc::default(),
        }
    }

    /// A new boot: what was asked is answered to nobody.
    pub fn restart(&mut self, news: &mut News<'_>) {
        self.of = None;
        self.drop(PlanEnd::Restarted, news);
    }

    /// The number of the last question that is due; 0 before the first.
    #[must_use]
    pub const fn due(&self) -> u64 {
        self.asked
    }

    /// A plan has arrived: true where it is followed. Allocates nothing.
    pub fn hear(&mut self, arrived: &Arrived, now: Tick, news: &mut News<'_>) -> bool {
        let in_time = self.of.is_some_and(|due| now.mono.since(due.at) <= DEADLINE);
        if arrived.question != self.asked || !in_time {
            self.counts.1 = self.counts.1.saturating_add(1);
            news.info(About::Hall, What::Plan(PlanNews::Late));
            return false;
        }
        if arrived.slots.len() != self.slots.len() {
            news.warn(About::Hall, What::Plan(PlanNews::Failed));
            return false;
        }
        let Arrived { question, from, at, level, .. } = *arrived;
        let before = self.plan.replace(Plan { question, from, at, level });
        if before.is_none() {
            news.info(About::Hall, What::Plan(PlanNews::Followed));
        }
        self.slots.copy_from_slice(&arrived.slots);
        self.told = Arc::clone(&arrived.told);
        // Of several plans in a quarter of an hour the last one counts.
        if before.is_some_and(|before| before.from != from) {
            self.last.rotate_right(1);
        }
        if let Some(newest) = self.last.first_mut() {
            newest.fill(None);
            newest.iter_mut().zip(&arrived.targets).for_each(|(to, from)| *to = *from);
        }
        for (n, target) in self.targets.iter_mut().enumerate() {
            *target = self.last.iter().filter_map(|of| of.get(n).copied().flatten()).reduce(f64::min);
        }
        self.counts.0 = self.counts.0.saturating_add(1);
        if std::mem::replace(&mut self.greedy, arrived.greedy) != arrived.greedy {
            news.switched(About::Hall, (What::Plan(PlanNews::Greedy(arrived.greedy)), arrived.greedy));
        }
        true
    }

    /// One scan: what batteries are together now, what a question would see, and whether the load runs off its forecast.
    pub fn step(&mut self, battery: Option<&Battery>, (seen, runs_off): (Seen, bool), now: Tick, news: &mut News<'_>) {
        let jobs = seen.jobs.0 > 0;
        if !now.clock_trusted || (battery.is_none() && !jobs) {
            self.of = None;
            let end = if now.clock_trusted { PlanEnd::NoBattery } else { PlanEnd::ClockDoubted };
            self.drop(end, news);
            return;
        }
        let age = self.plan.map(|plan| now.wall.since(plan.from));
        if age.is_some_and(|age| age > VALID) {
            self.drop(PlanEnd::Old, news);
        }
        let off = self
            .level(now.wall)
            .zip(battery)
            .is_some_and(|(level, battery)| (level / 1e3 - battery.level).abs() > DRIFT * battery.capacity);
        if off {
            self.of = None;
            self.drop(PlanEnd::Drifted, news);
        }
        let here = quarter(now.wall);
        let same = self.of.is_some_and(|due| {
            let soon = now.mono.since(due.at) < CROWD && due.seen.is_like(&seen);
            due.quarter == here && (due.seen == seen || soon)
        });
        if !same || runs_off {
            self.asked = self.asked.saturating_add(1);
            self.of = Some(Due { quarter: here, at: now.mono, seen });
        }
    }

    /// What holds now; nothing where no plan is followed.
    #[must_use]
    pub fn now(&self, at: Wall) -> Option<Now<'_>> {
        let slot = self.slots.get(self.place(at)?)?;
        // What is given to hold a target goes by the target: where less flows than was expected it is kept.
        let gives = if slot.holds { slot.gives.min(0.0) } else { slot.gives };
        Some(Now { gives, targets: &self.targets })
    }

    /// What is followed, for people: the question, when its first slot began, and its slots.
    #[must_use]
    pub fn plan(&self) -> Option<(u64, Wall, &[Planned])> {
        let Plan { question, from, .. } = self.plan?;
        Some((question, from, &self.slots))
    }

    /// Why it is as it is.
    #[must_use]
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// How many plans were followed, and how many came late.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        self.counts
    }

    /// Why the last one is followed no more; nothing while one is.
    #[must_use]
    pub const fn end(&self) -> Option<PlanEnd> {
        self.end
    }

    fn place(&self, at: Wall) -> Option<usize> {
        usize::try_from(quarter(at).saturating_sub(quarter(self.plan?.from))).ok()
    }

    /// What batteries shall hold now (Wh): on the way from one slot's end to the next. Of the first slot they had only what was left of it.
    fn level(&self, now: Wall) -> Option<f64> {
        let share = |ms: i64| plant::convert::f64_from_i64(ms) / plant::convert::f64_from_i64(QUARTER_MS);
        let (place, plan) = (self.place(now)?, self.plan?);
        let first = self.slots.first()?.level - plan.level;
        let Some(before) = place.checked_sub(1).and_then(|place| self.slots.get(place)) else {
            return Some(plan.level + first * share(now.0.saturating_sub(plan.at.0)));
        };
        let after = self.slots.get(place)?.level;
        let gone = share(now.0.saturating_sub(begin(quarter(now)).0));
        Some(before.level + (after - before.level) * gone - first * share(plan.at.0.saturating_sub(plan.from.0)))
    }

    /// Batteries hold what the plan says in place of what the hall's file says, or do so no more.
    pub fn raise(&mut self, raised: bool, news: &mut News<'_>) {
        if std::mem::replace(&mut self.raised, raised) != raised {
            news.switched(About::Hall, (What::Plan(PlanNews::Raised(raised)), raised));
        }
    }

    fn drop(&mut self, end: PlanEnd, news: &mut News<'_>) {
        if self.plan.take().is_some() {
            self.last.iter_mut().for_each(|of| of.fill(None));
            self.end = Some(end);
            news.warn(About::Hall, What::Plan(PlanNews::Dropped(end)));
        }
    }
}
