//! Leases are lowered, with the notice that they were promised, and restored: because somebody more important needs the power, or because a feed may carry less than it could.
//!
//! Two phases: the notice says from when on a lease may draw less, and when that is enforced; only what it no longer may draw, for as long as what is given back stays charged, is lent to others.
//! What is restored ends later by the time that it has lost where its job has a deadline and there is room for that; until then it does not end before that.
//! Nothing is done to firm leases here: what a breaker needs of them at once, caps do.

use plant::event::LeaseNews;
use plant::id::FeedId;
use plant::time::{Span, Wall};

use super::amount::Milli;
use super::lease::{Cut, GRACE, Lease, Life, Word, charged_until};
use super::message::{Class, Wish};
use super::notices::{Cause, Tidings};
use super::room::{Scratch, Time};
use super::waiting::Rank;
use super::{Around, Ledger, tail, tell};
use crate::control::news::News;
use crate::control::term::later;

/// From when on a lease is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// From now on, whatever was promised.
    AtOnce,
    /// After the notice that it was promised.
    Noticed,
    /// And where it is paused: when its job has saved what it has done, where that is not long after.
    Saved,
}

/// What has been lowered is restored no sooner.
const RESTS: Span = Span::from_secs(300);

impl Lease {
    /// What it may be brought down to now (W); nothing where it may not be lowered, or has been already.
    fn yields(&self, now: Wall) -> Option<f64> {
        match self.life {
            Life::Held => {}
            Life::Grace { .. } | Life::Leaving { .. } | Life::Floored { .. } | Life::Kept { .. } => return None,
        }
        let begun = self.steps.first().is_some_and(|step| later(step.start, self.flex.min_run) <= now);
        let tired = self.flex.max_pauses.is_some_and(|most| self.cuts >= most);
        let to = match self.class {
            Class::Firm => return None,
            Class::Curtailable => self.floor,
            Class::Interruptible => 0.0,
        };
        (begun && !tired && self.cut.is_none() && self.at(now) > to).then_some(to)
    }

    /// What it may draw once all that is told has come to pass (W).
    fn settled(&self, now: Wall) -> f64 {
        self.cut.map_or_else(|| self.may(now), |cut| self.may(now).min(cut.watts))
    }
}

impl Ledger {
    /// Lowers those that are less important, until what somebody needs fits once they have come down. Nobody is lowered where that is not enough. When it fits.
    pub(super) fn preempt(
        &mut self,
        around: &Around<'_>,
        (wish, weights): (&Wish, &[(FeedId, f64)]),
        time: &Time,
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> Option<Wall> {
        // Jobs lose less where they are waited for until they have saved what they have done.
        let saves = self.leases.iter().any(|lease| lease.flex.checkpoint > Span::ZERO);
        for when in saves.then_some(When::Saved).into_iter().chain([When::Noticed]) {
            if let Some((chosen, free)) = self.makes_room(around, (wish, weights), time, (scratch, when)) {
                chosen.into_iter().for_each(|place| self.lower(place, (Cause::Priority, when), news));
                return Some(free);
            }
        }
        None
    }

    /// Who would have to be lowered for somebody, and when what he needs would fit then; nothing where all of them are not enough, or it is too late for him.
    fn makes_room(
        &self,
        around: &Around<'_>,
        (wish, weights): (&Wish, &[(FeedId, f64)]),
        time: &Time,
        (scratch, when): (&mut Scratch, When),
    ) -> Option<(Vec<usize>, Wall)> {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let needs = if wish.accept.partial { wish.power.least } else { wish.power.wanted };
        let mut fits = |trial: &Self, free: Wall| {
            let end = wish.times.duration.map(|long| later(free, long));
            let time = Time { from: free, to: charged_until(end, tail), ..*time };
            trial.fit(around, weights, &time, scratch).watts >= needs
        };
        let victims = self.victims(wish, weights);
        let (mut trial, mut frees, mut free) = (self.trial(), Vec::new(), time.from);
        for place in &victims {
            free = free.max(later(trial.cut(*place, (Cause::Priority, when))?, tail));
            if free > later(now, wish.accept.wait) || wish.times.latest().is_some_and(|latest| free > latest) {
                break;
            }
            frees.push(free);
            if frees.len() <= FEW && fits(&trial, free) {
                return Some((victims.into_iter().take(frees.len()).collect(), free));
            }
        }
        // Of many no more are lowered than it takes: with `few` it does not fit, with `enough` it does.
        let mut with = |many: usize| {
            let mut trial = self.trial();
            victims.iter().take(many).for_each(|place| _ = trial.cut(*place, (Cause::Priority, when)));
            frees.get(many.saturating_sub(1)).copied().filter(|free| fits(&trial, *free))
        };
        let mut few = FEW;
        let mut enough = (frees.len(), (frees.len() > FEW).then(|| with(frees.len()))??);
        while few.saturating_add(1) < enough.0 {
            let middle = usize::midpoint(few, enough.0);
            match with(middle) {
                Some(free) => enough = (middle, free),
                None => few = middle,
            }
        }
        Some((victims.into_iter().take(enough.0).collect(), enough.1))
    }

    /// Who may be lowered for somebody, by their places, the least important first.
    fn victims(&self, wish: &Wish, weights: &[(FeedId, f64)]) -> Vec<usize> {
        let now = self.now();
        let shares = |lease: &Lease| weights.iter().any(|(feed, _)| lease.weight(*feed).is_some());
        let lower = |(_, lease): &(usize, &Lease)| {
            lease.priority > wish.priority && shares(lease) && lease.yields(now).is_some()
        };
        let mut all: Vec<(usize, &Lease)> = self.leases.iter().enumerate().filter(lower).collect();
        all.sort_unstable_by_key(|(_, lease)| std::cmp::Reverse((lease.priority, lease.id.number)));
        all.into_iter().map(|(place, _)| place).collect()
    }

    /// Feeds that may carry less than is lent lower one lease each, the least important that may be lowered.
    pub(super) fn obey(&mut self, around: &Around<'_>, news: &mut News<'_>) {
        let now = self.now();
        for feed in self.seen.ids() {
            let limit = Milli::limit((around.limit)(feed, now, later(now, Span::from_millis(1))));
            let of = |lease: &Lease| Some(Milli::of(lease.settled(now), lease.weight(feed)?));
            let lent = self.leases.iter().filter_map(of).fold(Milli::ZERO, Milli::and);
            let over = lent.and(self.unleased(feed)).less(limit);
            if over.0 <= 0 || lent == Milli::ZERO {
                continue;
            }
            let here = |(_, lease): &(usize, &Lease)| lease.weight(feed).is_some() && lease.yields(now).is_some();
            let last =
                self.leases.iter().enumerate().filter(here).max_by_key(|(_, lease)| (lease.priority, lease.id.number));
            let Some((place, _)) = last else { continue };
            // Above what the feed itself carries nobody waits for a notice.
            let own = around.power.feeds.get(feed).map(|of| Milli::limit(of.limit()));
            let burns = self.seen.get(feed).and_then(|seen| seen.load).zip(own).is_some_and(|(load, own)| load > own);
            let cause = if burns { (around.own_cause)(feed) } else { (around.cause)(feed) };
            self.lower(place, (cause, if burns { When::AtOnce } else { When::Saved }), news);
        }
    }

    /// Lowers a lease to what it may be brought down to. From when on.
    fn cut(&mut self, place: usize, (cause, when): (Cause, When)) -> Option<Wall> {
        let now = self.now();
        let lease = self.leases.get_mut(place)?;
        let watts = lease.yields(now)?;
        let noticed = later(now, lease.notice);
        // Who is not paused loses nothing that he has not saved.
        let pauses = watts <= 0.0;
        let from = match when {
            When::AtOnce => now,
            When::Noticed => noticed,
            When::Saved => Some(noticed).filter(|_| pauses).and_then(|from| lease.saves(from)).unwrap_or(noticed),
        };
        let from = lease.gives_up_its_pause(from);
        let unsaved = lease.unsaved(from).filter(|_| pauses).unwrap_or_default();
        lease.due.iter_mut().for_each(|due| due.loses(unsaved));
        lease.cut = Some(Cut { from, watts, cause, word: Word::Awaited });
        lease.cuts = lease.cuts.saturating_add(1);
        lease.seq = lease.seq.saturating_add(1);
        Some(from)
    }

    fn lower(&mut self, place: usize, (cause, when): (Cause, When), news: &mut News<'_>) {
        let Some(from) = self.cut(place, (cause, when)) else { return };
        let Some(lease) = self.leases.get(place) else { return };
        let watts = lease.at(from);
        tell(news, lease, LeaseNews::Lowered { watts });
        let tidings = if watts > 0.0 { Tidings::Reduce } else { Tidings::Pause };
        self.notify(place, tidings, (from, later(from, GRACE)), (cause, when == When::AtOnce));
    }

    /// What has been lowered is restored where there is room for all of it again, the most important first, one in a scan.
    pub(super) fn restore(&mut self, around: &Around<'_>, scratch: &mut Scratch, news: &mut News<'_>) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let rested = |lease: &Lease| {
            let long = lease.cut.is_some_and(|cut| later(cut.from, RESTS) <= now);
            lease.life == Life::Held && long && !self.waits_its_turn(around, lease)
        };
        let mut tried = None;
        for _ in 0..LOOKS {
            let key = |lease: &Lease| (lease.priority, lease.id.number);
            let next = self.leases.iter().enumerate().filter(|(_, of)| rested(of) && Some(key(of)) > tried);
            let Some((place, lease)) = next.min_by_key(|(_, of)| key(of)) else { return };
            tried = Some(key(lease));
            let Some((whose, _)) = around.ground.tenant(&lease.client) else { continue };
            let rank = Some(Rank::last(lease.priority));
            let most = lease.steps.iter().map(|step| step.watts).fold(0.0, f64::max);
            // The time that it has lost is given back to a job with a deadline, where there is room for that.
            let mut ends = lease.ends(now);
            let room = |end: &Option<Wall>| {
                let to = charged_until(*end, tail);
                let time = Time { whose, from: now, to, but: Some(lease.id), rank };
                self.fit(around, &lease.weights, &time, scratch).watts >= most
            };
            let Some(end) = ends.find(room) else { continue };
            if let Some(lease) = self.leases.get_mut(place) {
                (lease.cut, lease.end, lease.ran) = (None, end, now);
                lease.seq = lease.seq.saturating_add(1);
                tell(news, lease, LeaseNews::Restored { watts: lease.at(now) });
            }
            return self.notify(place, Tidings::Restore, (now, now), (Cause::Restored, false));
        }
    }
}

/// So many are tried one by one, and of more the least by halves.
const FEW: usize = 16;
/// How many are looked at in one scan.
const LOOKS: usize = 4;
