//! A lease is asked for.

use plant::event::LeaseNews;
use plant::id::FeedId;
use plant::time::{Span, Wall};

use super::lease::{Lease, STEPS, Step, charged_until, ttl};
use super::message::{LeaseId, Wish};
use super::opening::{self, Begin};
use super::planned::Hold;
use super::reply::{Away, Code, Inputs, Outcome, Why};
use super::room::{Fit, Scratch, Time};
use super::waiting::{Rank, Waiting};
use super::{Around, Ledger, MOST, RETRY, tail, tell, tree};
use crate::control::news::News;
use crate::control::term::{Term, later};

/// A wish with all that follows from it.
pub(super) struct Asked<'a> {
    pub(super) wish: &'a Wish,
    names: (&'a str, &'a str),
    pub(super) weights: Vec<(FeedId, f64)>,
    pub(super) time: Time,
    tail: Span,
    /// When it may begin; nothing where its window does not open any more.
    begin: Option<Begin>,
}

impl Asked<'_> {
    /// The same from another instant on.
    pub(super) fn at(&self, start: Wall) -> Time {
        let end = self.wish.times.duration.map(|long| later(start, long));
        Time { from: start, to: charged_until(end, self.tail), ..self.time }
    }

    /// What must fit.
    const fn needs(&self) -> f64 {
        if self.wish.accept.partial || self.wish.accept.schedule {
            self.wish.power.least
        } else {
            self.wish.power.wanted
        }
    }

    /// It would be over in time.
    pub(super) fn in_time(&self, start: Wall) -> bool {
        let over = later(start, self.wish.times.duration.unwrap_or_default());
        self.wish.times.deadline.is_none_or(|by| over <= by)
    }

    /// Its window lets it begin then.
    pub(super) fn opens(&self, around: &Around<'_>, start: Wall) -> bool {
        let begin = opening::begin(self.wish.inside.as_ref(), self.wish.times.duration, start, around.openings);
        begin.is_some_and(|of| of.at == start)
    }

    /// A start is worth waiting for.
    fn waits_for(&self, start: Wall, now: Wall) -> bool {
        self.in_time(start) && start <= later(now, self.wish.accept.wait)
    }
}

impl Ledger {
    /// Lends what is asked for, or says why not.
    pub(super) fn acquire(
        &mut self,
        around: &Around<'_>,
        wish: &Wish,
        names: (&str, &str),
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> Outcome {
        let doubted = wish.is_dated() && !self.clock.is_sure();
        let wish = &wish.clone().patient(self.now());
        let asked = match self.asked(around, wish, names) {
            Ok(asked) => asked,
            Err(away) => return away.into(),
        };
        if doubted {
            return self.in_doubt(around, &asked, news);
        }
        let (start, Some(begin)) = (asked.time.from, asked.begin) else {
            return Outcome::plain(Code::Denied, Why::Window);
        };
        if wish.inside.is_some() && start > self.now() {
            return self.until_open(around, &asked, (begin, Why::Window), (scratch, news));
        }
        if wish.times.plan && around.plans {
            return self.until_open(around, &asked, (begin, Why::Plan), (scratch, news));
        }
        let fit = self.fit(around, &asked.weights, &asked.at(start), scratch);
        scratch.looked = fit.feeds;
        if let Some(steps) = self.steps(around, &asked, &fit, scratch).filter(|_| asked.in_time(start)) {
            return self.lend(around, &asked, steps, (&fit, news));
        }
        self.not_now(around, &asked, &fit, (scratch, news))
    }

    /// All that follows from a wish, or why nobody looks for room for it.
    pub(super) fn asked<'w>(
        &self,
        around: &Around<'_>,
        wish: &'w Wish,
        names: (&'w str, &'w str),
    ) -> Result<Asked<'w>, Away> {
        let Some((whose, tenant)) = around.ground.tenant(names.0) else {
            return Err(Away::plain(Code::Denied, Why::UnknownClient));
        };
        if !wish.is_sound() {
            return Err(Away::plain(Code::Invalid, Why::Unsound));
        }
        if wish.is_dated() && !self.clock.is_sure() && wish.accept.wait == Span::ZERO {
            return Err(Away::plain(Code::Retry, Why::Clock).after(RETRY));
        }
        let his = self.leases().chain(self.waits()).filter(|of| of.client == names.0 && of.is_live()).count();
        if his >= tenant.leases {
            return Err(Away::plain(Code::Retry, Why::Quota).after(RETRY));
        }
        if self.leases.len() >= MOST.0 {
            return Err(Away::plain(Code::Retry, Why::Full).after(RETRY));
        }
        let cooling = around.cooling.unwrap_or(around.ground.rules.cooling);
        let mut weights = tree::weights(around.power, &wish.places, (cooling, &around.ground.spread));
        weights.iter_mut().for_each(|(_, weight)| *weight *= wish.power.kept());
        if weights.is_empty() {
            return Err(Away::plain(Code::Invalid, Why::Unsound));
        }
        if weights.iter().filter_map(|(feed, _)| around.ground.has_alone(*feed)).any(|other| other != whose) {
            return Err(Away::plain(Code::Denied, Why::Alone));
        }
        let from = wish.times.not_before.map_or(self.now(), |at| at.max(self.now()));
        let begin = opening::begin(wish.inside.as_ref(), wish.times.duration, from, around.openings);
        let rank = if begin.is_some_and(|of| of.is_early()) { Rank::behind_all() } else { Waiting::rank_of(wish) };
        let start = begin.map_or(from, |of| of.at);
        let time = Time { whose, from: start, to: start, but: None, rank: Some(rank) };
        Ok(Asked { wish, names, weights, time, tail: tail(&around.ground.rules), begin })
    }

    /// By a clock that may be wrong nothing that names a time begins: it waits for the clock.
    fn in_doubt(&mut self, around: &Around<'_>, asked: &Asked<'_>, news: &mut News<'_>) -> Outcome {
        if self.never(around, asked) {
            return Outcome::plain(Code::Denied, Why::Feed);
        }
        if self.waiting.len() >= MOST.1 {
            return Outcome::plain(Code::Retry, Why::Full).after(RETRY);
        }
        // When a window opens nobody knows yet. Anything else counts before those that come later, as it does by a clock that is believed.
        let begins = asked.wish.times.not_before.unwrap_or(Wall(i64::MIN));
        let counts = if asked.wish.inside.is_some() { Wall(i64::MAX) } else { begins };
        self.queue(around, asked, (Why::Clock, counts), news)
    }

    /// It waits until its window opens, or for a plan, where it can be done in time then.
    fn until_open(
        &mut self,
        around: &Around<'_>,
        asked: &Asked<'_>,
        (begin, why): (Begin, Why),
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> Outcome {
        if self.never(around, asked) {
            return Outcome::plain(Code::Denied, Why::Feed);
        }
        let fit = self.fit(around, &asked.weights, &asked.at(begin.at), scratch);
        scratch.looked = fit.feeds;
        let opens = |outcome: Outcome| Outcome { earliest: Some(begin.at), ..outcome };
        let room = if fit.watts >= asked.needs() {
            Some(begin.at)
        } else {
            self.earliest(around, asked, scratch).map(|(at, _)| at)
        };
        let waits = self.recovery.waits();
        if !asked.in_time(begin.at) || room.is_some_and(|at| !waits && !asked.in_time(at)) {
            let why = if asked.wish.inside.is_some() { Why::Window } else { Why::Feed };
            return opens(Outcome::plain(Code::Denied, why));
        }
        if self.waiting.len() >= MOST.1 {
            return opens(Outcome::plain(Code::Retry, Why::Full).after(RETRY));
        }
        let queued = self.queue(around, asked, (why, begin.counts), news);
        Outcome { earliest: room.or(Some(begin.at)), ..queued }
    }

    /// What can be lent from the start on; nothing where it is not enough.
    fn steps(
        &self,
        around: &Around<'_>,
        asked: &Asked<'_>,
        fit: &Fit,
        scratch: &mut Scratch,
    ) -> Option<(Code, Vec<Step>)> {
        let (power, accept, start) = (asked.wish.power, asked.wish.accept, asked.time.from);
        if fit.watts >= power.wanted {
            return Some((fit.lent(false), vec![Step { start, watts: power.wanted }]));
        }
        // With steps somebody may have more later than what fits for all of the time.
        if let Some(steps) = asked
            .wish
            .times
            .duration
            .filter(|_| accept.schedule)
            .and_then(|long| self.staircase(around, asked, long, scratch))
        {
            return Some((fit.lent(true), steps));
        }
        let watts = libm::floor(fit.watts);
        let enough = watts >= power.least && fit.watts > 0.0;
        // With a meter lost what is lent is the client's own, as much of it as there is.
        ((accept.partial || fit.degraded) && enough).then(|| (fit.lent(true), vec![Step { start, watts }]))
    }

    /// A step wherever something becomes free; nothing where one of them is not enough.
    fn staircase(
        &self,
        around: &Around<'_>,
        asked: &Asked<'_>,
        long: Span,
        scratch: &mut Scratch,
    ) -> Option<Vec<Step>> {
        let (start, power) = (asked.time.from, asked.wish.power);
        let end = later(start, long);
        let frees = self.frees(&asked.weights, start, asked.tail).into_iter().filter(|at| *at < end);
        let starts: Vec<Wall> = std::iter::once(start).chain(frees).take(STEPS / 2).collect();
        let profile = self.profile(around, &asked.weights, &asked.time, scratch);
        let mut steps: Vec<Step> = Vec::with_capacity(STEPS);
        for (n, from) in starts.iter().copied().enumerate() {
            let until = starts.get(n.saturating_add(1)).copied().unwrap_or(end);
            // What a step gives up stays charged for a while.
            let time = Time { from, to: later(until, asked.tail), ..asked.time };
            let watts = libm::floor(self.fit_in(around, &profile, &time).watts.min(power.wanted));
            if watts < power.least || watts <= 0.0 {
                return None;
            }
            if steps.last().is_none_or(|last| last.watts != watts) {
                steps.push(Step { start: from, watts });
            }
        }
        Some(steps)
    }

    /// Lends.
    fn lend(
        &mut self,
        around: &Around<'_>,
        asked: &Asked<'_>,
        (code, steps): (Code, Vec<Step>),
        (fit, news): (&Fit, &mut News<'_>),
    ) -> Outcome {
        let mut lease = self.draft(around, asked);
        lease.decided = Some(Inputs { at: self.now(), plan: around.plan, feeds: fit.feeds });
        lease.end = asked.wish.times.duration.map(|long| later(asked.time.from, long));
        lease.steps.extend(steps);
        lease.begins(asked.time.from);
        let least = lease.steps.iter().map(|step| step.watts).fold(f64::INFINITY, f64::min);
        lease.floor = lease.floor.min(least);
        tell(news, &lease, LeaseNews::Granted { watts: lease.steps.first().map_or(0.0, |step| step.watts) });
        let id = lease.id;
        self.leases.push(lease);
        let why = if code == Code::Degraded { Why::Meter } else { Why::Fits };
        Outcome::plain(code, why).about(id)
    }

    /// A lease without any step yet.
    fn draft(&mut self, around: &Around<'_>, asked: &Asked<'_>) -> Lease {
        self.number = self.number.saturating_add(1);
        let id = LeaseId { epoch: self.epoch, number: self.number };
        let term = Term::until(ttl(asked.wish.ttl), around.tick);
        let weights = tree::deepest_first(around.power, asked.weights.clone());
        let mut lease = Lease::of(asked.wish, id, asked.names, (weights, term));
        lease.notice = asked.wish.flex.shed.max(around.ground.rules.notice);
        lease
    }

    /// What is not possible now may be later.
    fn not_now(
        &mut self,
        around: &Around<'_>,
        asked: &Asked<'_>,
        fit: &Fit,
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> Outcome {
        let plain = |code: Code, why: Why| Outcome { tight: fit.tight(), ..Outcome::plain(code, why) };
        if self.never(around, asked) || !asked.in_time(asked.time.from) {
            return Outcome { others: self.instead(around, asked, fit, None), ..plain(Code::Denied, fit.why) };
        }
        if fit.degraded && fit.why == Why::Meter {
            return plain(Code::Degraded, Why::Meter).after(RETRY);
        }
        let looks = scratch.looks > 0;
        let later = self.earliest(around, asked, scratch);
        let others = self.instead(around, asked, fit, later);
        let earliest = later.map(|(at, _)| at);
        // While a lost store is taken up again nobody knows how much room there will be, and nobody is lowered for it.
        let waits = self.recovery.waits();
        let queues = asked.wish.accept.wait > Span::ZERO && self.waiting.len() < MOST.1;
        let lowered = if queues && !waits && looks {
            self.preempt(around, (asked.wish, &asked.weights), &asked.time, (scratch, news))
        } else {
            None
        };
        let now = self.now();
        let planned = [lowered, earliest].into_iter().flatten().min();
        let hopeless = !waits && planned.is_some_and(|at| !asked.waits_for(at, now));
        let counts = self.counts(around, asked);
        if queues && !hopeless {
            let queued = self.queue(around, asked, (Why::Feed, counts), news);
            return Outcome { tight: fit.tight(), earliest: planned, others, ..queued };
        }
        let late = !waits && earliest.is_some_and(|at| !asked.in_time(at));
        let code = if late { Code::Denied } else { Code::Retry };
        // It was judged, and would wait: whoever asks again may find a place.
        let full = code == Code::Retry && asked.wish.accept.wait > Span::ZERO && !queues && !hopeless;
        let why = if full { Why::Full } else { fit.why };
        let after = earliest.map_or(RETRY, |at| at.since(now).max(Span::from_secs(1)).min(super::TTL.2));
        let retry_after = (code == Code::Retry).then_some(after);
        Outcome { earliest, retry_after, others, ..plain(code, why) }
    }

    /// Even without any other lease it would not be possible.
    fn never(&self, around: &Around<'_>, asked: &Asked<'_>) -> bool {
        let ground = around.ground;
        let most = ground.most(asked.time.whose);
        let share = ground.rules.tenants.get(asked.time.whose).map_or(1.0, |tenant| tenant.share);
        let usable = share.min(1.0 - ground.rules.margin);
        let never = |(feed, weight): &(FeedId, f64)| {
            let limit = around.power.feeds.get(*feed).map_or(0.0, |of| of.limit().0);
            asked.needs() * weight > limit * usable
        };
        most.is_some_and(|most| asked.needs() > most.0) || asked.weights.iter().any(never)
    }

    /// When it could start at the earliest, if nobody else comes and nobody gives anything back, and what fits then (W); nothing where nobody knows, or so many of its message were looked for
    /// already.
    fn earliest(&self, around: &Around<'_>, asked: &Asked<'_>, scratch: &mut Scratch) -> Option<(Wall, f64)> {
        scratch.looks = scratch.looks.checked_sub(1)?;
        let profile = self.profile(around, &asked.weights, &asked.time, scratch);
        let frees = self.frees(&asked.weights, asked.time.from, asked.tail);
        let (inside, long) = (asked.wish.inside.as_ref(), asked.wish.times.duration);
        let may = |at: Wall| opening::begin(inside, long, at, around.openings).map(|of| of.at);
        let fits = |at: Wall| (at, self.fit_in(around, &profile, &asked.at(at)).watts);
        frees.into_iter().filter_map(may).map(fits).find(|(_, watts)| *watts >= asked.needs())
    }

    /// From when on it counts before those that come later, where there is no room for it now.
    fn counts(&self, around: &Around<'_>, asked: &Asked<'_>) -> Wall {
        let begin = opening::begin(asked.wish.inside.as_ref(), asked.wish.times.duration, self.now(), around.openings);
        begin.map_or(Wall(i64::MAX), |of| of.counts)
    }

    /// It waits.
    fn queue(
        &mut self,
        around: &Around<'_>,
        asked: &Asked<'_>,
        (why, counts): (Why, Wall),
        news: &mut News<'_>,
    ) -> Outcome {
        let mut lease = self.draft(around, asked);
        let plan = (asked.wish.times.plan && around.plans).then(|| self.now());
        // What it wants is counted before those that come later: from the begin of time on, from when its window opens, or from when a plan lets it begin.
        let start = plan.map_or(counts, |now| Hold::asked(now).start);
        lease.steps.push(Step { start, watts: asked.wish.power.wanted });
        lease.asked = super::later::Asked::of(asked.wish, self.now()).filter(|_| self.clock.is_sure());
        tell(news, &lease, LeaseNews::Queued);
        let id = lease.id;
        let waits = Waiting::new(asked.wish, lease, (why, around.tick, self.lived), plan);
        let rank = waits.rank(self.lived);
        let before = self.waiting.iter().filter(|of| of.rank(self.lived) < rank).count();
        self.waiting.push(waits);
        let position = Some(plant::convert::u32_from_usize(before).saturating_add(1));
        Outcome { position, ..Outcome::plain(Code::Queued, why).about(id) }
    }
}
