//! Jobs that wait for a plan, as the planner sees them; and what leases that live draw ahead.
//!
//! A job is in one piece. Between its release and its deadline it has whole quarters, its length is rounded up to them, and a minute before the deadline is kept free: a start that is
//! planned is never so late that a scan could miss it. What leaves a plan nothing to choose is no job of it, and begins as soon as it may.

use plant::convert::{i64_from_bits, usize_from_u64};
use plant::id::{FeedId, Id};
use plant::time::Wall;

use super::SLOTS;
use crate::control::ledger::message::LeaseId;
use crate::control::ledger::planned::SPARE;
use crate::control::ledger::tree;
use crate::control::ledger::{Ground, Milli, Waiting, opening};
use crate::control::outlook::{QUARTER_MS, begin};
use crate::control::term::later;
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
    /// and what flows now and is nobody's (kW).
    unleased: f64,
}

impl Jobs {
    /// Puts what leases may draw into the slots: that is expected of them to their end, whether they draw it now or not yet, beside what else is expected or flows, whichever is less.
    /// For limits what is kept for clients counts too.
    pub fn burden(&self, slots: &mut [Slot]) {
        for (slot, (reserved, promised)) in slots.iter_mut().zip(self.reserved.iter().zip(&self.promised)) {
            slot.base = slot.base.max(slot.base.min(self.unleased) + promised).min(MOST);
            slot.base_high = slot.base_high.max(slot.base).max(*reserved).min(MOST);
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
        let charged = self.ledger.charged_ahead(ground, billed, first);
        let unleased = self.ledger.unleased(billed);
        let promised = self.ledger.promised_ahead(ground, billed, first);
        let kw = |of: Milli| of.watts().0 / 1e3;
        found.unleased = kw(unleased);
        found.reserved = charged.iter().map(|of| kw(of.and(unleased))).collect();
        found.promised = promised.into_iter().map(kw).collect();
        let mut feeds: Vec<(FeedId, f64)> = Vec::new();
        for wait in self.ledger.waiting().filter(|of| of.plan.is_some()) {
            // Where its machines are; cooling hangs elsewhere.
            let machines = tree::weights(power, &wait.lease.places, (0.0, &ground.spread));
            let Some((home, _)) = tree::deepest_first(power, machines).first().copied() else { continue };
            if !power.hangs_below(home, billed) {
                continue;
            }
            let Some((job, id)) = self.job(plan, wait, (first, now)) else { continue };
            let way = || power.upward(home).take_while(|feed| *feed != billed);
            for feed in way() {
                let weight = wait.lease.weight(feed).unwrap_or(1.0);
                match feeds.iter_mut().find(|(of, _)| *of == feed) {
                    Some((_, most)) => *most = most.max(weight),
                    None => feeds.push((feed, weight)),
                }
            }
            let domain = way().next().and_then(|home| feeds.iter().position(|(of, _)| *of == home));
            found.jobs.push(Job { domain, ..job });
            found.ids.push(id);
        }
        let place = |feed: FeedId| feeds.iter().position(|(of, _)| *of == feed);
        let domain = |(feed, weight): &(FeedId, f64)| Domain {
            name: power.feeds.get(*feed).map_or_else(|| feed.index().to_string(), |of| of.name.clone()),
            parent: power.feeds.get(*feed).and_then(|of| of.parent).and_then(place),
            caps: self.caps_ahead(plan, (ground, *feed, *weight), first),
        };
        found.domains = feeds.iter().map(domain).collect();
        found
    }

    /// What more machines below a feed may draw in each quarter (kW).
    fn caps_ahead(&self, plan: &Plan, (ground, feed, weight): (&Ground, FeedId, f64), first: i64) -> Vec<f64> {
        let charged = self.ledger.charged_ahead(ground, feed, first);
        let one = |(quarter, charged): (i64, &Milli)| {
            let free = self.usable((plan, ground), feed, quarter).less(*charged).less(self.ledger.unleased(feed));
            free.at_machines(weight) / 1e3
        };
        (first..).zip(&charged).map(one).collect()
    }

    /// One that waits, in quarters from the first on; nothing where there is nothing to choose.
    fn job(&self, plan: &Plan, wait: &Waiting, (first, now): (i64, Wall)) -> Option<(Job, LeaseId)> {
        let (long, id) = (wait.duration?, wait.lease.id);
        let openings = |name: &str, at| lend::opening(&plan.hall, name, at);
        let from = wait.not_before.map_or(now, |at| at.max(now));
        let begins = opening::begin(wait.inside.as_ref(), Some(long), from, &openings)?;
        let deadline = wait.latest.map(|latest| later(latest, long));
        // A window that is a wish bounds only what nothing else does.
        let bounds = wait.inside.as_ref().filter(|of| !of.early || deadline.is_none());
        let shuts = bounds.and_then(|of| {
            let open = openings(&of.window, begins.at.max(begins.counts))?;
            Some(if of.fit { open.to } else { later(open.to, long) })
        });
        let by = [shuts, deadline].into_iter().flatten().min()?;
        let slots = usize_from_u64(long.millis().div_ceil(QUARTER_MS.unsigned_abs()));
        let until = |at: Wall| at.0.saturating_sub(begin(first).0).clamp(0, SLOTS.saturating_mul(QUARTER_MS));
        let late = until(Wall(by.0.saturating_sub(i64_from_bits(SPARE.millis())))) / QUARTER_MS;
        let early = until(begins.at).unsigned_abs();
        let release = if begins.at <= now { 0 } else { usize_from_u64(early.div_ceil(QUARTER_MS.unsigned_abs())) };
        let deadline = usize_from_u64(late.unsigned_abs());
        let kw = wait.power.wanted / 1e3;
        if slots == 0 || kw <= 0.0 || kw > MOST || release.saturating_add(slots) >= deadline.saturating_add(1) {
            return None;
        }
        let job = Job {
            name: id.to_string(),
            domain: None,
            kw,
            release,
            deadline,
            slots,
            min_run: 1,
            checkpoint: 1,
            interruptible: false,
            running: 0,
            priority: u32::try_from(wait.lease.priority.max(0)).unwrap_or(u32::MAX),
            lost: 0.0,
        };
        Some((job, id))
    }
}
