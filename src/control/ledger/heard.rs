//! What clients say of notices, and of what they draw.
//!
//! Who says `cannot` will not come down: nothing that is enforced waits for him any longer. From when on a lease that is lowered may draw less its feed is brought down by
//! what it gives up, as long as that stays charged; then the meters of racks and feeds judge, and who they find there is capped without having been noticed first. It holds until the
//! lease is restored, until the case is over that he spoke of, or until he says that he can after all.
//!
//! Who has said nothing of being lowered by `hard_at` is judged and capped so, too; what his feed carries is not: he may have come down all the same.

use plant::event::{About, LeaseNews, What};
use plant::time::Wall;
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::comes::Comes;
use super::lease::{Cut, GRACE, Lease, Life, UNSEEN, Word};
use super::message::{Heard, LeaseId, Status};
use super::notices::Notice;
use super::reply::{Code, Outcome, Why};
use super::tree::Place;
use super::watch::{Stage, Watch};
use super::{Around, Ground, Ledger, tail, tell};
use crate::control::news::News;
use crate::control::term::later;

/// A meter that differs from ours by so much says nothing of who draws too much (1).
const TOLERATED: f64 = 0.05;

/// A client that has said that it will not do what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unable {
    /// Its lease.
    pub lease: LeaseId,
    /// The state of which it spoke.
    seq: u64,
    /// The lease was lowered.
    lowered: bool,
    /// Until when its feed is brought down for that, and to what load (mW).
    holds: Option<(Wall, Milli)>,
}

impl Ledger {
    /// What a client says of a state of its lease. Told where it draws more than it may, once until it does not, and where it will not do what it was told.
    pub fn acknowledge(&mut self, around: &Around<'_>, heard: &Heard, news: &mut News<'_>) -> Outcome {
        let notice = heard.notice.and_then(|number| self.notices.find(number).copied());
        let told = notice.map(|notice| notice.lease);
        let Some(of) = heard.lease.or(told) else { return Outcome::plain(Code::UnknownLease, Why::NoLease) };
        if told.is_some_and(|told| told != of) {
            return Outcome::plain(Code::Invalid, Why::Unsound).about(of);
        }
        let now = self.now();
        let known = self.leases.iter_mut().find(|lease| lease.id == of && lease.client == heard.client);
        let Some(lease) = known else { return Outcome::plain(Code::UnknownLease, Why::NoLease) };
        if heard.measured.is_some_and(|watts| !watts.is_finite() || watts < 0.0) {
            return Outcome::plain(Code::Invalid, Why::Unsound).about(of);
        }
        // What speaks of an earlier state of the lease says nothing of this one, but where that lowered it and it still is.
        let stands = |cut: &Cut| notice.is_some_and(|of| of.seq == heard.seq && of.lowers_to(cut));
        if heard.seq != lease.seq && !lease.cut.as_ref().is_some_and(stands) {
            return Outcome::plain(Code::Conflict, Why::OldState).about(of);
        }
        let over = heard.measured.filter(|watts| watts * (1.0 - TOLERATED) > lease.may(now));
        if let Some(watts) = over.filter(|_| !lease.exceeds) {
            tell(news, lease, LeaseNews::Exceeded { watts, may: lease.may(now) });
        }
        // Who has heard that his job will be late has said nothing of what lowered it.
        let status = heard.status.filter(|_| notice.is_none_or(|of| of.tidings.lowers()));
        if status == Some(Status::Done) {
            lease.comes = None;
        }
        if status.is_some() {
            let cut = lease.cut.as_mut().filter(|cut| notice.is_none_or(|of| of.lowers_to(cut)));
            cut.into_iter().for_each(|cut| cut.word = Word::Said);
        }
        if heard.measured.is_some() {
            lease.exceeds = over.is_some();
            self.claimed(around, of, over);
        }
        match status {
            Some(Status::Cannot) => self.cannot(around, of, news),
            Some(Status::Accepted | Status::Done) => self.can(of),
            None => {}
        }
        Outcome::plain(Code::Granted, Why::Fits).about(of)
    }

    /// A client says that it draws so much (W), which is more than it may; or no more than that. Its feed is brought down by as much for as long as what is given up stays charged: once, however
    /// often he says it meanwhile.
    fn claimed(&mut self, around: &Around<'_>, of: LeaseId, over: Option<f64>) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let comes = self.leases.iter().find(|lease| lease.id == of).and_then(|lease| {
            let (feed, may) = (lease.home()?, lease.may(now));
            let over = over? - may;
            let holds = lease.comes.filter(|of| now < of.until && (of.may - may).abs() < 1.0).map(|of| of.to);
            let anew = || Some(self.seen.get(feed)?.load?.less(Milli::of(over, lease.weight(feed)?)));
            Some(Comes { to: holds.or_else(anew)?, until: later(now, tail), may })
        });
        let lease = self.leases.iter_mut().find(|lease| lease.id == of);
        lease.into_iter().for_each(|lease| lease.comes = comes);
    }

    /// It will not come down.
    fn cannot(&mut self, around: &Around<'_>, of: LeaseId, news: &mut News<'_>) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let Some(lease) = self.leases.iter().find(|lease| lease.id == of) else { return };
        let seq = lease.seq;
        if self.unable.iter().any(|unable| unable.lease == of && unable.seq == seq) {
            return;
        }
        let holds = lease.cut.and_then(|cut| {
            let drop = (lease.charged(now, now, tail) - lease.at(cut.from)).max(0.0);
            let fell = self.falls(lease, drop);
            // Nobody knows what flows: the meters of racks judge.
            (fell != UNSEEN).then(|| (later(cut.from, tail), fell))
        });
        let (name, lowered) = ((of.epoch, of.number), lease.cut.is_some());
        let watts = lease.cut.map_or_else(|| lease.at(now), |cut| lease.at(cut.from));
        tell(news, lease, LeaseNews::Cannot { lease: name, watts });
        self.unable.retain(|unable| unable.lease != of);
        self.unable.push(Unable { lease: of, seq, lowered, holds });
    }

    /// It will, after all.
    fn can(&mut self, of: LeaseId) {
        let before = self.unable.len();
        self.unable.retain(|unable| unable.lease != of);
        if self.unable.len() < before {
            let lease = self.leases.iter_mut().find(|lease| lease.id == of);
            lease.into_iter().for_each(Lease::trusted);
        }
    }

    /// The clock of a client differs from ours, or does not any more: told, and nothing is decided by it.
    pub fn skew(
        &mut self,
        ground: &Ground,
        (client, ahead_ms, far): (&str, i64, bool),
        news: &mut News<'_>,
    ) -> Outcome {
        let Some((place, _)) = ground.tenant(client) else { return Outcome::plain(Code::Denied, Why::UnknownClient) };
        let place = plant::convert::u32_from_usize(place).saturating_add(1);
        if self.skewed.contains(&place) != far {
            self.skewed.retain(|of| *of != place);
            self.skewed.extend(far.then_some(place));
            news.switched(About::Hall, (What::Lease(LeaseNews::Skewed { client: place, ahead_ms, far }), far));
        }
        Outcome::plain(Code::Granted, Why::Fits)
    }

    /// How many clients' clocks differ from ours.
    #[must_use]
    pub const fn skewed(&self) -> usize {
        self.skewed.len()
    }

    /// Its client has said that it will not do what it was told.
    #[must_use]
    pub fn refuses(&self, lease: LeaseId) -> bool {
        self.unable.iter().any(|unable| unable.lease == lease)
    }

    /// One scan: who has said nothing of what it was told when that is to be enforced (`hard_at`). Allocates nothing.
    pub(super) fn unanswered(&mut self, news: &mut News<'_>) {
        let now = self.now();
        for lease in &mut self.leases {
            let holds = match lease.life {
                Life::Held | Life::Grace { .. } => true,
                Life::Leaving { .. } | Life::Floored { .. } | Life::Kept { .. } => false,
            };
            let late = |cut: &Cut| cut.word == Word::Awaited && later(cut.from, GRACE) <= now;
            let Some(cut) = lease.cut.as_mut().filter(|cut| holds && late(cut)) else { continue };
            cut.word = Word::Missing;
            let what = LeaseNews::Unanswered { lease: (lease.id.epoch, lease.id.number), watts: cut.watts };
            tell(news, lease, what);
        }
    }

    /// One scan: what is taken to be drawn by those who will not come down, and who is none of them any more. Allocates nothing.
    pub(super) fn unable(&mut self) {
        let now = self.now();
        let Self { unable, leases, watch, .. } = self;
        unable.retain_mut(|of| {
            let lease = leases.iter_mut().find(|lease| lease.id == of.lease && lease.is_live());
            let Some(lease) = lease else { return false };
            let stays = if of.lowered { lease.cut.is_some() } else { lease.seq == of.seq || watch.has_case(lease) };
            let Some((until, fell)) = of.holds else { return stays };
            if !stays || now >= until {
                lease.trusted();
                of.holds = None;
            } else if lease.cut.is_some_and(|cut| cut.from <= now) {
                // Its feed comes down to that load, and no further however it falls.
                lease.comes = Some(Comes { to: fell, until, may: lease.may(now) });
            }
            stays
        });
    }
}

impl Unable {
    /// Until when its feed is brought down for that.
    pub(super) fn until_mut(&mut self) -> Option<&mut Wall> {
        self.holds.as_mut().map(|(until, _)| until)
    }
}

impl Notice {
    /// It told of this.
    fn lowers_to(&self, cut: &Cut) -> bool {
        self.tidings.lowers() && self.effective == cut.from
    }
}

impl Lease {
    /// Nobody waits for its client any longer: he has said that he will not do what he was told, or nothing at all.
    pub(super) fn is_alone(&self, unable: &[Unable]) -> bool {
        self.is_silent() || unable.iter().any(|of| of.lease == self.id)
    }

    /// Its client has said nothing of what it was brought down to, and is not waited for any longer.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.cut.is_some_and(|cut| cut.word == Word::Missing)
    }

    /// Nothing is taken to be drawn but what it may.
    const fn trusted(&mut self) {
        (self.comes, self.exceeds) = (None, false);
    }
}

impl Watch {
    /// A lease is in a place with a case.
    fn has_case(&self, lease: &Lease) -> bool {
        let open = |stage: Stage| stage != Stage::Within;
        let rack = |(place, _): &(Place, f64)| match place {
            Place::Rack(rack) => self.cases.get(*rack).is_some_and(|case| open(case.stage)),
            Place::Feed(_) => false,
        };
        let area = || self.areas.iter().any(|(feeds, case)| open(case.stage) && lease.below(feeds) > 0.0);
        lease.places.iter().any(rack) || area()
    }
}
