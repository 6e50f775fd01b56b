//! A lease is renewed, changed, given back or asked about. Whoever does not know of a restart is told how his lease is, and changes nothing.

use plant::event::LeaseNews;
use plant::time::{Span, Wall};

use super::amount::Milli;
use super::capped::Capped;
use super::kept::Body;
use super::lease::{GRACE, Lease, Life, UNSEEN, charged_until, ttl};
use super::message::{Message, Named, Power};
use super::notices::{Cause, Notice, Tidings};
use super::reply::{Away, Code, Inputs, Outcome, Why};
use super::room::{Scratch, Time};
use super::waiting::Rank;
use super::{Around, Ledger, tail, tell};
use crate::control::news::News;
use crate::control::term::{Term, later};

impl Ledger {
    /// Where a lease of a client is; or what to answer where there is none that may be changed.
    fn place(&self, client: &str, of: Named) -> Result<usize, Away> {
        let place = self.leases.iter().position(|lease| lease.id == of.lease && lease.client == client);
        let lease = place.and_then(|place| Some((place, self.leases.get(place)?)));
        let Some((place, lease)) = lease.filter(|(_, lease)| lease.is_live()) else {
            return Err(Away::plain(Code::UnknownLease, Why::NoLease));
        };
        // Of what the broker had kept nobody can know a newer generation than it told.
        let known = match lease.life {
            Life::Kept { epoch } => epoch,
            Life::Held | Life::Grace { .. } | Life::Leaving { .. } | Life::Floored { .. } => self.epoch,
        };
        if of.epoch.is_some_and(|epoch| !(known..=self.epoch).contains(&epoch)) {
            return Err(Away { about: Some(of.lease), ..Away::plain(Code::Conflict, Why::OldEpoch) });
        }
        Ok(place)
    }

    /// A lease goes on. One whose time to live is over may be renewed while it has its grace; one at its floor stays there. A renewal that comes again lengthens nothing.
    pub(super) fn renew(
        &mut self,
        around: &Around<'_>,
        message: &Message,
        (of, wanted): (Named, Option<Span>),
        news: &mut News<'_>,
    ) -> Outcome {
        let found = self.place(&message.client, of);
        let now = self.now();
        let place = match found {
            Ok(place) => place,
            Err(away) => return away.into(),
        };
        let Some(lease) = self.leases.get_mut(place) else {
            return Outcome::plain(Code::UnknownLease, Why::NoLease);
        };
        let taken = lease.is_kept();
        if let Some(said) = lease.renewals.find(&message.request) {
            let alike = said == Body::of(message.body);
            let (code, why) = if alike { (Code::Granted, Why::Fits) } else { (Code::Conflict, Why::OtherBody) };
            return Outcome::plain(code, why).about(of.lease);
        }
        // Who was told to come down is told that it need not any more.
        let mut restored = false;
        match lease.life {
            Life::Held => {}
            Life::Grace { told, .. } => {
                (lease.life, restored) = (Life::Held, told);
                lease.seq = lease.seq.saturating_add(1);
                // What caps let of it is told anew.
                lease.capped = if told { Capped::default() } else { lease.capped };
            }
            Life::Floored { .. } => lease.stays_on(now),
            Life::Kept { .. } => {
                lease.life = Life::Held;
                lease.seq = lease.seq.saturating_add(1);
                tell(news, lease, LeaseNews::TakenUp { watts: lease.at(now) });
            }
            // What it has besides comes down first, as it was promised to others.
            Life::Leaving { to, given: false, ref mut again, .. } if to > 0.0 => *again = true,
            Life::Leaving { .. } => return Outcome::plain(Code::Expired, Why::Over).about(of.lease),
        }
        if wanted.is_some_and(|wanted| ttl(Some(wanted)) != lease.ttl) {
            lease.ttl = ttl(wanted);
            lease.seq = lease.seq.saturating_add(1);
        }
        lease.term = Term::until(lease.ttl, around.tick);
        lease.renewals.put(&message.request, message.body);
        if taken {
            self.count_renewed();
        }
        if restored {
            self.freed(place);
        }
        Outcome::plain(Code::Granted, Why::Fits).about(of.lease)
    }

    /// What a lease was told to come down for is over: its client is told what holds now. What lowers it besides does as before, and from when on. Who was told that it is over comes down all
    /// the same.
    pub(super) fn freed(&mut self, place: usize) {
        let now = self.now();
        let Some(lease) = self.leases.get(place).filter(|lease| !lease.is_over() && !lease.grace().1) else { return };
        let lowered = lease.held_down(now);
        if lowered.is_none_or(|(from, ..)| from > now) {
            self.notify(place, Tidings::Restore, (now, now), (Cause::Restored, false));
        }
        let Some((from, tidings, cause)) = lowered else { return };
        if let Some(lease) = self.leases.get_mut(place).filter(|_| from > now) {
            // Another word of its own: who misses it finds that out.
            lease.seq = lease.seq.saturating_add(1);
        }
        self.notify(place, tidings, (from, later(from, GRACE)), (cause, false));
    }

    /// A lease is for another power from now on, as important as is said, or stays as it is.
    pub(super) fn amend(
        &mut self,
        around: &Around<'_>,
        (client, of): (&str, Named),
        (power, partial, priority): (&Power, bool, Option<i32>),
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> Outcome {
        let place = match self.place(client, of) {
            Ok(place) => place,
            Err(away) => return away.into(),
        };
        let Some(lease) = self.leases.get(place) else { return Outcome::plain(Code::UnknownLease, Why::NoLease) };
        let Some((whose, _)) = around.ground.tenant(client).filter(|_| power.is_sound() && power.peak.is_none()) else {
            return Outcome::plain(Code::Invalid, Why::Unsound).about(of.lease);
        };
        match lease.life {
            Life::Held => {}
            Life::Kept { .. } => {
                return Outcome::plain(Code::Retry, Why::Recovering).about(of.lease).after(super::RETRY);
            }
            Life::Grace { .. } | Life::Leaving { .. } | Life::Floored { .. } => {
                return Outcome::plain(Code::Expired, Why::Over).about(of.lease);
            }
        }
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let from = lease.steps.first().map_or(now, |step| step.start.max(now));
        let to = charged_until(lease.end, tail);
        // Who makes himself more important comes no sooner by that for what he asks for in the same breath.
        let rank = Rank::last(priority.unwrap_or(lease.priority).max(lease.priority));
        let time = Time { whose, from, to, but: Some(of.lease), rank: Some(rank) };
        let fit = self.fit(around, &lease.weights, &time, scratch);
        scratch.looked = fit.feeds;
        // What it has at every instant to come it may keep.
        let ahead = lease.steps.iter().map(|step| step.start).filter(|start| *start > from);
        let has = std::iter::once(from).chain(ahead).map(|at| lease.at(at)).fold(f64::INFINITY, f64::min);
        let fits = fit.watts.max(has);
        let watts = if power.wanted <= fits {
            power.wanted
        } else if partial && libm::floor(fits) >= power.least && fits > 0.0 {
            libm::floor(fits)
        } else {
            let code = if fit.degraded { Code::Degraded } else { Code::Retry };
            let outcome = Outcome { tight: fit.tight(), ..Outcome::plain(code, fit.why) };
            return outcome.about(of.lease).after(super::RETRY);
        };
        let Some(lease) = self.leases.get_mut(place) else { return Outcome::plain(Code::UnknownLease, Why::NoLease) };
        if !lease.becomes(watts, from) {
            return Outcome::plain(Code::Retry, Why::TooManySteps).about(of.lease).after(tail);
        }
        lease.due.iter_mut().for_each(|due| due.wanted = power.wanted);
        lease.priority = priority.unwrap_or(lease.priority);
        lease.decided = Some(Inputs { at: now, plan: around.plan, feeds: fit.feeds });
        tell(news, lease, LeaseNews::Granted { watts });
        let code = if watts < power.wanted { Code::GrantedPartial } else { Code::Granted };
        Outcome::plain(code, Why::Fits).about(of.lease)
    }

    /// A lease is given back, or a request that waits is taken back.
    pub(super) fn release(&mut self, around: &Around<'_>, (client, of): (&str, Named), news: &mut News<'_>) -> Outcome {
        let waits = self.waiting.iter().position(|wait| wait.lease.id == of.lease && wait.lease.client == client);
        if let Some(waits) = waits {
            let gone = self.waiting.remove(waits);
            // Whoever waits for it hears that, also where somebody else has taken it back.
            self.answer(&gone.lease, Outcome::plain(Code::Expired, Why::Over), 0.0);
            return Outcome::plain(Code::Granted, Why::Fits).about(of.lease);
        }
        let place = match self.place(client, of) {
            Ok(place) => place,
            Err(away) => return away.into(),
        };
        self.leave(around, place, (tail(&around.ground.rules), 0.0, true));
        if let Some(lease) = self.leases.get(place) {
            tell(news, lease, LeaseNews::Released);
        }
        let now = self.now();
        self.notify(place, Tidings::Released, (now, now), (Cause::Restored, false));
        Outcome::plain(Code::Granted, Why::Fits).about(of.lease)
    }

    /// How a lease is, or a request that waits.
    pub(super) fn query(&self, client: &str, of: Named) -> Outcome {
        let all = self.leases().chain(self.waits());
        let found = all.filter(|lease| lease.client == client).find(|lease| lease.id == of.lease);
        match found {
            Some(lease) if lease.is_live() => Outcome::plain(Code::Granted, Why::Fits).about(of.lease),
            Some(_) => Outcome::plain(Code::Expired, Why::Over).about(of.lease),
            None => Outcome::plain(Code::UnknownLease, Why::NoLease),
        }
    }

    /// A lease is over: charged until the meter confirms that it is not drawn any more.
    pub(super) fn leave(&mut self, around: &Around<'_>, place: usize, (left, to, given): (Span, f64, bool)) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let Some(lease) = self.leases.get(place) else { return };
        let fell = self.falls(lease, (lease.charged(now, now, tail) - to).max(0.0));
        if let Some(lease) = self.leases.get_mut(place) {
            lease.leave((left, to, given), (now, tail), fell);
        }
    }

    /// The load of a lease's feed that confirms that so much of it (W) is not drawn any more.
    pub(super) fn falls(&self, lease: &Lease, drop: f64) -> Milli {
        let home = lease.home().and_then(|feed| Some((self.seen.get(feed)?, lease.weight(feed)?)));
        let Some((seen, weight)) = home else { return UNSEEN };
        let Some(load) = seen.load else { return UNSEEN };
        // What others have to give up there already is not counted twice.
        let others =
            self.leases.iter().filter(|of| of.id != lease.id).filter_map(|of| Some((of.goal(self.now())?, of)));
        let others = others.filter(|(_, of)| of.home() == lease.home()).map(|(goal, _)| goal);
        let from = others.fold(load, Milli::min);
        let drawn = Milli::of(drop, weight).min(from.less(seen.unleased)).max(Milli::ZERO);
        from.less(Milli::of(drawn.watts().0, CONFIRMS))
    }

    /// Tells the client of a lease something.
    pub(super) fn notify(
        &mut self,
        place: usize,
        tidings: Tidings,
        (effective, hard): (Wall, Wall),
        (cause, emergency): (Cause, bool),
    ) {
        let Some(lease) = self.leases.get(place) else { return };
        let watts = match lease.life {
            Life::Grace { told: true, .. } => lease.stays().min(lease.at(effective)),
            Life::Held | Life::Grace { .. } | Life::Kept { .. } | Life::Leaving { .. } | Life::Floored { .. } => {
                lease.may(effective)
            }
        };
        let (lease, seq) = (lease.id, lease.seq);
        self.notices.tell(Notice { number: 0, lease, seq, tidings, watts, effective, hard, cause, emergency });
    }
}

/// Of what a lease is taken to have drawn so much must be gone (1): meters are not that sure.
const CONFIRMS: f64 = 0.9;
