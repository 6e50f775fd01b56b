//! The day ahead: what there is to plan, from what control knows.
//!
//! ```text
//!  tariff, published prices ─▶ slots ──┐
//!  outlook and its error ────▶         │
//!  feed's limit, what a grid asks ─▶   ├─▶ Question: a problem for the planner, and what is supposed in it
//!  demands, peaks that are paid ─▶ demands
//!  batteries as they are seen ─▶ battery
//!  leases, and those that wait for a plan ─▶ jobs, domains
//! ```
//!
//! It is made when somebody asks, between scans: no scan waits for it. What nobody knows is supposed, and the question says what and of how many slots.

mod begun;
mod demands;
mod follow;
mod jobs;
pub(super) mod slots;
mod solve;

#[cfg(test)]
mod tests;
pub mod view;

use plant::convert::{f64_from_usize, usize_from_u64};
use plant::plan::Bound;
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

pub(super) use follow::{Follow, Seen, VALID};

use super::ledger::message::LeaseId;
use super::outlook::{self, Made, begin};
use super::{Plan, State};
use crate::planner::{Battery, MOST, Problem, Slot, WindowKind};

/// How far a plan looks ahead (quarters of an hour): 36 h.
pub const SLOTS: i64 = 144;
/// What holds a feed now, a budget that is renewed or the ramp of a target, is taken to hold in the slots that begin within this, four with the one that runs: a plan comes every quarter of an hour.
const ASKED: Span = Span::from_secs(45 * 60);
/// What is in batteries at the end is worth so much more than what that costs in the mean (1): they are full rather than not where it makes no difference.
const FULL: f64 = 1.02;

/// A problem of the day ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The number by which a plan answers it; 0 where no plan is followed here.
    pub number: u64,
    /// The tariff's name.
    pub tariff: String,
    /// Its currency.
    pub currency: String,
    /// When slot 0 begins.
    pub from: Wall,
    /// When it was asked.
    pub at: Wall,
    /// When slot 0 begins on the clock of the tariff's zone (minutes after midnight).
    pub begins: u32,
    /// What there is to plan.
    pub problem: Problem,
    /// Which of the tariff's demands those of the problem are; nothing for those of a later billing period.
    pub places: Vec<Option<usize>>,
    /// The leases that its jobs will be.
    pub jobs: Vec<LeaseId>,
    /// What the site's limit is in each slot.
    pub bounds: Vec<Bound>,
    /// What of it nobody knows.
    pub supposed: Supposed,
}

/// What of a problem is supposed, because nobody knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supposed {
    /// Slots whose price is that of the day before, because none is published.
    pub yesterday: usize,
    /// Slots whose price is the mean of those that are known.
    pub unpriced: usize,
    /// Slots whose carbon is that of the day before, or the mean of what is known, because none is published; 0 where carbon counts for nothing.
    pub carbon: usize,
    /// Slots of which the load is what flowed last: no day of it was seen.
    pub last_seen: usize,
    /// Slots of which the load's error was never measured.
    pub unjudged: usize,
    /// Slots in which one more watt of a job is supposed to need as much cooling as each does in the mean.
    pub mean_cooling: usize,
}

impl State {
    /// What there is to plan now; nothing where no peak is kept down, nothing is known of the load, the clock is not trusted, or neither a battery below the
    /// billed meter is seen nor a job waits for a plan.
    pub(super) fn question(&self, plan: &Plan) -> Option<Question> {
        let (peaks, tariff, outlook) = (plan.peaks.as_ref()?, plan.tariff.as_deref()?, self.outlook.as_ref()?);
        let now = self.clock.last();
        now.clock_trusted.then_some(())?;
        let mut battery = self.batteries.together(&plan.hall.power, peaks.feed());
        let first = outlook::quarter(now.wall);
        let jobs = self.jobs(plan, (peaks.feed(), first));
        (battery.is_some() || !jobs.jobs.is_empty()).then_some(())?;
        let mut supposed = Supposed::default();
        if !jobs.jobs.is_empty() && self.marginal.value().is_none() {
            supposed.mean_cooling = usize_from_u64(SLOTS.unsigned_abs());
        }
        let limit = plan.hall.power.feeds.get(peaks.feed())?.limit();
        let prices = slots::prices(tariff, self.prices.known(), first, &mut supposed);
        if peaks.co2() <= 0.0 {
            supposed.carbon = 0;
        }
        let (mut all, mut made) = (Vec::with_capacity(prices.len()), Vec::with_capacity(prices.len()));
        for (n, priced) in (0..SLOTS).zip(&prices) {
            let expected = outlook.expected(&tariff.zone, first.saturating_add(n))?;
            supposed.last_seen += usize::from(expected.made == Made::LastSeen);
            supposed.unjudged += usize::from(!expected.judged);
            let slot = (begin(first.saturating_add(n)), begin(first.saturating_add(n).saturating_add(1)));
            let asked = self.asked((peaks.feed(), now.wall), slot, (ASKED, ASKED));
            let limit = asked.into_iter().filter_map(|(most, _)| most).fold(limit, Watts::min);
            all.push(slots::slot(priced, &expected, limit));
            made.push(expected.made);
        }
        jobs.burden(&mut all, &made);
        battery.iter_mut().for_each(|battery| value(battery, &all));
        let at = plant::convert::i64_from_bits(self.energy.at().millis());
        let now_flows = all.first().map(|slot| slot.base * 1e3);
        let flowed = |quarter: i64| {
            let mean = self.interval.mean(at, (begin(quarter), begin(quarter.saturating_add(1))));
            mean.or(now_flows)
        };
        let scene = demands::Scene { tariff, first, flowed: &flowed };
        let asked = all.clone();
        let (mut wanted, mut places) = (Vec::new(), Vec::new());
        for (place, charge) in tariff.demand.iter().enumerate() {
            let Some((paid, floor)) = self.interval.paid(peaks, place) else { continue };
            let most = peaks.most(place);
            let found = demands::of(&scene, charge, demands::Known { paid, floor, usual: most.unwrap_or(paid) });
            places.extend(found.iter().map(|(now, _)| now.then_some(place)));
            if let Some(most) = most {
                let now = found.iter().filter(|(now, _)| *now);
                now.for_each(|(_, demand)| demands::keep(&mut all, demand, most));
            }
            wanted.extend(found.into_iter().map(|(_, demand)| demand));
        }
        demands::name(&mut wanted);
        let jobs::Jobs { jobs, domains, ids, .. } = jobs;
        let bounds = asked.iter().zip(&all).map(|(asked, kept)| bound(limit, asked, kept)).collect();
        let problem = Problem { slots: all, demands: wanted, battery, domains, jobs, co2: peaks.co2() };
        let minutes = tariff.local(begin(first)).ms / 60_000;
        Some(Question {
            number: self.ahead.as_ref().map_or(0, Follow::due),
            tariff: tariff.name.clone(),
            currency: tariff.currency.clone(),
            from: begin(first),
            at: now.wall,
            begins: u32::try_from(minutes).unwrap_or(0),
            problem,
            places,
            jobs: ids,
            bounds,
            supposed,
        })
    }
}

/// What a slot's limit is: what the site's feed carries, less that a grid or a budget asks, or less that the hall's file keeps.
fn bound(feed: Watts, asked: &Slot, kept: &Slot) -> Bound {
    match (kept.limit < asked.limit, asked.limit < feed.0 / 1e3) {
        (true, _) => Bound::Target,
        (false, true) => Bound::Asked,
        (false, false) => Bound::Feed,
    }
}

/// What is in a battery at the end of a plan is worth what it costs to put it there again, in the mean, and a little more: it is charged where that costs no
/// more than otherwise, and no peak is the higher for it.
fn value(battery: &mut Battery, slots: &[Slot]) {
    let mean = slots.iter().map(|slot| slot.price).sum::<f64>() / f64_from_usize(slots.len().max(1));
    battery.end = battery.reserve;
    battery.worth = (FULL * mean / battery.charge_efficiency.max(f64::MIN_POSITIVE)).clamp(0.0, MOST);
}

/// Where windows begin, in the planner's words.
const fn kind(of: super::tariff::WindowKind) -> WindowKind {
    match of {
        super::tariff::WindowKind::Fixed => WindowKind::Fixed,
        super::tariff::WindowKind::Rolling | super::tariff::WindowKind::Block => WindowKind::Rolling,
    }
}
