//! Which answers are kept, for whom there is room for more, and what is said again.

use plant::event::{About, LeaseNews, What};

use super::kept::{Answer, Kept, ROOM};
use super::message::{LeaseId, Message, Op};
use super::reply::{Answered, Item, Outcome};
use super::{Ground, Ledger};
use crate::control::news::News;

/// How many answers each of so many clients may have kept, each item of a batch as one.
#[must_use]
pub fn share(clients: usize) -> usize {
    ROOM / clients.max(1)
}

impl Ledger {
    /// True where the answer to a message may be kept as long as it must be; of what is remembered for a while only that is always so.
    pub(super) fn may_keep(&mut self, ground: &Ground, message: &Message, news: &mut News<'_>) -> bool {
        let client = message.client.as_str();
        let needs = match &message.op {
            // What is lent is given back one day, and that is kept as well.
            Op::Acquire(wishes) => wishes.len().max(1).saturating_mul(2),
            Op::Amend { .. } => 1,
            // A lease that lives has room for its release.
            Op::Release { of } => usize::from(!self.his(client).any(|lease| lease == of.lease)),
            Op::DryRun(_) | Op::Renew { .. } | Op::Query { .. } => return true,
        };
        if needs == 0 {
            return true;
        }
        let (share, more) = (share(ground.rules.tenants.len()), self.his(client).count().saturating_add(needs));
        let used = |kept: &Kept| kept.items(client).saturating_add(more);
        if self.kept.is_due(used(&self.kept) > share, self.lived) {
            let mut live: Vec<LeaseId> = self.leases().chain(self.waits()).map(|of| of.id).collect();
            live.sort_unstable();
            self.kept.sweep(self.lived, &live);
        }
        let used = used(&self.kept);
        if let Some(full) = self.kept.tells(client, (used, share)) {
            let place = ground.tenant(client).map_or(0, |(place, _)| place);
            let client = plant::convert::u32_from_usize(place).saturating_add(1);
            news.switched(About::Hall, (What::Lease(LeaseNews::Full { client, full }), full));
        }
        used <= share
    }

    /// Every lease of a client that may be given back, those that wait among them.
    fn his(&self, client: &str) -> impl Iterator<Item = LeaseId> {
        let all = self.leases().filter(|of| of.is_live()).chain(self.waits());
        all.filter(move |of| of.client == client).map(|of| of.id)
    }

    /// Keeps what was answered: for a day where it was to be decided, for a while where it may be asked anew.
    pub(super) fn keep(&mut self, message: &Message, outcomes: Vec<Outcome>) {
        let (client, request) = (message.client.as_str(), message.request.as_str());
        let made = outcomes.iter().any(|of| of.lease.is_some());
        let (maker, lasts) = match &message.op {
            Op::Acquire(_) => (Some(request).filter(|_| made), true),
            Op::Amend { .. } | Op::Release { .. } => (None, true),
            Op::DryRun(_) | Op::Renew { .. } | Op::Query { .. } => (None, false),
        };
        let answer = Answer::new((maker, message.body), outcomes, self.lived);
        if lasts {
            self.kept.keep(client, request, answer);
        } else {
            self.kept.remember(client, request, answer);
        }
    }

    /// Whose a lease is or was, and the request that asked for it.
    #[must_use]
    pub fn whose(&self, lease: LeaseId) -> Option<(&str, &str)> {
        let live = self.leases().chain(self.waits()).find(|of| of.id == lease);
        live.map(|of| (of.client.as_str(), of.request.as_str())).or_else(|| self.kept.maker(lease))
    }

    /// An answer, with each lease as it is now.
    #[must_use]
    pub fn answer_to(&self, (client, request): (&str, &str), outcomes: &[Outcome]) -> Answered {
        let item = |outcome: &Outcome| {
            let found = self.leases.iter().find(|of| Some(of.id) == outcome.lease);
            let (live, inputs) = (found.map(|of| self.view(of, None)), found.and_then(|of| of.decided));
            let waits = || {
                let found = self.waiting.iter().find(|of| Some(of.lease.id) == outcome.lease);
                found.map(|of| self.view(&of.lease, Some(of)))
            };
            Item { outcome: *outcome, lease: live.or_else(waits), inputs }
        };
        Answered {
            client: client.to_owned(),
            request: request.to_owned(),
            epoch: self.epoch,
            items: outcomes.iter().map(item).collect(),
            again: false,
        }
    }

    /// The answer to a request that waited, as it is now; nothing where it is not known any more.
    #[must_use]
    pub fn again(&self, client: &str, request: &str) -> Option<Answered> {
        let known = self.kept.find(client, request)?;
        Some(Answered { again: true, ..self.answer_to((client, request), known.outcomes()) })
    }
}
