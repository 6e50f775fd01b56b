//! Jobs that wait for a plan, and those that have begun and may pause, as the planner sees them; and what leases that live draw ahead.
//!
//! A job that waits is in one piece, unless it may be paused. Between its release and its deadline it has whole quarters, its length is rounded up to them, and a minute before the deadline is kept free: a start that is
//! planned is never so late that a scan could miss it. What leaves a plan nothing to choose is no job of it, and begins as soon as it may.

use plant::convert::{i64_from_bits, usize_from_u64};
use plant::id::{FeedId, Id};
use plant::time::Wall;

use super::{SLOTS, begun};
use crate::control::ledger::lease::Lease;
use crate::control::ledger::message::LeaseId;
use crate::control::ledger::planned::SPARE;
use crate::control::ledger::tree;
use crate::control::ledger::{Ground, Milli, Waiting, opening};
use crate::control::outlook::{self, Made, QUARTER_MS, begin};
use crate::control::{Plan, State, lend};
use crate::planner::{Domain, Job, MOST, Slot};

/// A watt at machines is no more than so many at the site (1).
const HIGHEST: f64 = 5.0;

/// What there is to plan of jobs.
#[derive(Debug, Default)]
pub struct Jobs {
    /// The jobs,
    pub jobs: Vec<Job>,
    /// where they draw their power,
    pub domains: Vec<Domain>,
    /// and the leases that they will be.
    pub ids: Vec<LeaseId>,
    /// What the site draws for each watt at machines (1).
    factor: f64,
    /// What leases may draw in each quarter, with what flows and is nobody's (kW),
    reserved: Vec<f64>,
    /// what of it is promised (kW),
    promised: Vec<f64>,
    /// what flows now and is nobody's (kW),
    unleased: f64,
    /// and what those draw that run and are planned anew (kW).
    runs: f64,
}

impl Jobs {
    /// Puts what leases may draw into the slots: that is expected of them to their end, whether they draw it now or not yet, beside what else is expected or flows, whichever is less.
    /// For limits what is kept for clients counts too. What draws now and is planned anew was part of the last hour: as far as that counts later it is taken out.
    pub fn burden(&self, slots: &mut [Slot], made: &[Made]) {
        let both = self.reserved.iter().zip(&self.promised);
        for (n, ((slot, made), (reserved, promised))) in (0..).zip(slots.iter_mut().zip(made).zip(both)) {
            let left = match made {
                Made::Days => outlook::fades(n),
                Made::LastSeen => 1.0,
            };
            let (expected, runs) = (slot.base, self.runs * left);
            slot.base = (expected - runs).max(expected.min(self.unleased) + promised).min(MOST);
            let high = slot.base_high - (expected - slot.base).max(0.0);
            slot.base_high = high.max(slot.base).max(*reserved).min(MOST);
            slot.cooling = self.factor;
        }
    }
}

impl State {
    /// The jobs that wait for a plan, from a quarter of an hour on, below the billed meter's feed.
    pub(super) fn jobs(&self, plan: &Plan, (billed, first): (FeedId, i64)) -> Jobs {
        let Some(ground) = plan.leases.as_ref() else { return Jobs::default() };
        let (power, now) = (&plan.hall.power, self.ledger.now());
        let mut found = Jobs { factor: self.carries((plan, ground), billed).clamp(1.0, HIGHEST), ..Jobs::default() };
        let all = self.jobs_of(plan, (billed, (first, now)));
        // What is planned anew is charged nowhere else.
        let planned: Vec<LeaseId> = all.iter().map(|(lease, ..)| lease.id).collect();
        let charged = self.ledger.charged_ahead(ground, (billed, first), &planned);
        let unleased = self.ledger.unleased(billed);
        let promised = self.ledger.promised_ahead(ground, (billed, first), &planned);
        let kw = |of: Milli| of.watts().0 / 1e3;
        found.unleased = kw(unleased);
        found.reserved = charged.iter().map(|of| kw(of.and(unleased))).collect();
        found.promised = promised.into_iter().map(kw).collect();
        let mut feeds: Vec<(FeedId, f64)> = Vec::new();
        for (lease, home, job) in all {
            let way = || power.upward(home).take_while(|feed| *feed != billed);
            for feed in way() {
                let weight = lease.weight(feed).unwrap_or(1.0);
                match feeds.iter_mut().find(|(of, _)| *of == feed) {
                    Some((_, most)) => *most = most.max(weight),
                    None => feeds.push((feed, weight)),
                }
            }
            let domain = way().next().and_then(|home| feeds.iter().position(|(of, _)| *of == home));
            let runs = if job.running > 0 { job.kw * lease.weight(billed).unwrap_or(1.0) } else { 0.0 };
            found.runs += runs;
            found.jobs.push(Job { domain, ..job });
            found.ids.push(lease.id);
        }
        let place = |feed: FeedId| feeds.iter().position(|(of, _)| *of == feed);
        let domain = |(feed, weight): &(FeedId, f64)| Domain {
            name: power.feeds.get(*feed).map_or_else(|| feed.index().to_string(), |of| of.name.clone()),
            parent: power.feeds.get(*feed).and_then(|of| of.parent).and_then(place),
            caps: self.caps_ahead((plan, ground), (*feed, *weight), (first, &planned)),
        };
        found.domains = feeds.iter().map(domain).collect();
        found
    }

    /// Those that wait for a plan or have begun and may be moved, below a feed: each with the feed that its machines hang on.
    fn jobs_of(&self, plan: &Plan, (billed, when): (FeedId, (i64, Wall))) -> Vec<(&Lease, FeedId, Job)> {
        let (power, ground) = (&plan.hall.power, plan.leases.as_ref());
        let waiting = self.ledger.waiting().filter(|of| of.plan.is_some());
        let waiting = waiting.filter_map(|wait| Some((&wait.lease, self.job(plan, wait, when)?)));
        let begun = self.ledger.begun().filter_map(|(lease, of)| Some((lease, begun::job(lease, &of, when)?)));
        let home = |(lease, job): (&'_ Lease, Job)| {
            // Where its machines are; cooling hangs elsewhere.
            let machines = tree::weights(power, &lease.places, (0.0, &ground?.spread));
            let (home, _) = tree::deepest_first(power, machines).first().copied()?;
            power.hangs_below(home, billed).then_some((home, job))
        };
        let all = waiting.chain(begun);
        all.filter_map(|(lease, job)| home((lease, job)).map(|(home, job)| (lease, home, job))).collect()
    }

    /// What more machines below a feed may draw in each quarter (kW).
    fn caps_ahead(
        &self,
        (plan, ground): (&Plan, &Ground),
        (feed, weight): (FeedId, f64),
        (first, planned): (i64, &[LeaseId]),
    ) -> Vec<f64> {
        let charged = self.ledger.charged_ahead(ground, (feed, first), planned);
        let one = |(quarter, charged): (i64, &Milli)| {
            let free = self.usable((plan, ground), feed, quarter).less(*charged).less(self.ledger.unleased(feed));
            (free.at_machines(weight) / 1e3).min(MOST)
        };
        (first..).zip(&charged).map(one).collect()
    }

    /// One that waits, in quarters from the first on; nothing where there is nothing to choose.
    fn job(&self, plan: &Plan, wait: &Waiting, (first, now): (i64, Wall)) -> Option<Job> {
        let long = wait.duration?;
        let openings = |name: &str, at| lend::opening(&plan.hall, name, at);
        let from = wait.not_before.map_or(now, |at| at.max(now));
        let begins = opening::begin(wait.inside.as_ref(), Some(long), from, &openings)?;
        let by = wait.until(begins, &openings)?;
        let slots = usize_from_u64(long.millis().div_ceil(QUARTER_MS.unsigned_abs()));
        let until = |at: Wall| at.0.saturating_sub(begin(first).0).clamp(0, SLOTS.saturating_mul(QUARTER_MS));
        let late = until(Wall(by.0.saturating_sub(i64_from_bits(SPARE.millis())))) / QUARTER_MS;
        let early = until(begins.at).unsigned_abs();
        let release = if begins.at <= now { 0 } else { usize_from_u64(early.div_ceil(QUARTER_MS.unsigned_abs())) };
        let deadline = usize_from_u64(late.unsigned_abs());
        let kw = wait.power.wanted / 1e3;
        if slots == 0 || release.saturating_add(slots) > deadline {
            return None;
        }
        let shape = begun::shape(&wait.lease, (kw, slots), wait.lease.may_pause())?;
        Some(Job { release, deadline, slots, ..shape })
    }
}
