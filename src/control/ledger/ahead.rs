//! What a feed is charged in the quarters of an hour to come.

use plant::convert::usize_from_u64;
use plant::id::FeedId;
use plant::time::Wall;

use super::lease::Lease;
use super::message::LeaseId;
use super::room::{Scratch, Time};
use super::{Ground, Ledger, Milli};
use crate::control::ahead::SLOTS;
use crate::control::outlook::{begin, quarter};

/// No tenant's place.
const NOBODY: usize = usize::MAX;

impl Ledger {
    /// It is known, or reckoned on from when it was, what time it is.
    #[must_use]
    pub fn knows_the_time(&self) -> bool {
        self.clock.is_sure()
    }

    /// The most that a feed is charged in each of the quarters from this one on, with what is kept there for clients (mW); but for some leases.
    #[must_use]
    pub fn charged_ahead(&self, ground: &Ground, (feed, first): (FeedId, i64), but: &[LeaseId]) -> Vec<Milli> {
        self.most_ahead(ground, ((feed, first), but), |totals| ground.together(totals, feed, NOBODY))
    }

    /// The same without what is kept: the most that leases may draw.
    #[must_use]
    pub fn promised_ahead(&self, ground: &Ground, (feed, first): (FeedId, i64), but: &[LeaseId]) -> Vec<Milli> {
        self.most_ahead(ground, ((feed, first), but), |totals| totals.iter().fold(Milli::ZERO, |sum, of| sum.and(*of)))
    }

    /// The most in each quarter of what the totals of all tenants come to.
    fn most_ahead(
        &self,
        ground: &Ground,
        ((feed, first), but): ((FeedId, i64), &[LeaseId]),
        of: impl Fn(&[Milli]) -> Milli,
    ) -> Vec<Milli> {
        let (now, end) = (self.now(), begin(first.saturating_add(SLOTS)));
        let on_feed = self.leases().filter(|lease| !but.contains(&lease.id));
        let on_feed: Vec<(&Lease, f64)> =
            on_feed.filter_map(|lease| lease.weight(feed).map(|weight| (lease, weight))).collect();
        let mut scratch = Scratch::default();
        let all = on_feed.iter().enumerate().map(|(place, (lease, _))| (place, *lease));
        scratch.fill(all, (ground, now), &Time { whose: NOBODY, from: now, to: end, but: None, rank: None });
        let mut most = vec![Milli::ZERO; usize_from_u64(SLOTS.unsigned_abs())];
        let mut raise = |from: Wall, to: Wall, charged: Milli| {
            let place = |at: Wall| quarter(at).saturating_sub(first).clamp(0, SLOTS);
            let (begins, ends) = (place(from), place(Wall(to.0.saturating_sub(1))).saturating_add(1));
            let span = usize_from_u64(begins.unsigned_abs())..usize_from_u64(ends.min(SLOTS).unsigned_abs());
            most.get_mut(span).into_iter().flatten().for_each(|most| *most = charged.max(*most));
        };
        let mut last = (now, Milli::ZERO);
        let weight = |place: usize| on_feed.get(place).map(|(_, weight)| *weight);
        scratch.sweep(now, weight, |at, totals| {
            raise(last.0, at, last.1);
            last = (at, of(totals));
        });
        raise(last.0, end, last.1);
        most
    }
}
