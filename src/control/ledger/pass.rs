//! What time does to leases: a scan. Allocates nothing once there is room for all that there is.

use plant::event::{About, LeaseNews, What};
use plant::id::FeedId;
use plant::time::{Span, Tick, Wall};

use super::amount::Milli;
use super::lease::{FLOORED, GRACE, Lease, Life, Step, UNSEEN, charged_until, long_grace};
use super::message::Class;
use super::notices::{Cause, Tidings};
use super::opening::Begin;
use super::pauses::Moves;
use super::reply::{Code, Inputs, Outcome, Why};
use super::room::{Scratch, Time};
use super::waiting::{Rank, Waiting};
use super::{Around, Ledger, charged, tail, tell};
use crate::control::news::News;
use crate::control::term::{End, Term, later};

/// How many that wait are looked at in one scan,
const LOOKS: usize = 64;
/// and for how many of them room is looked for.
const FITS: usize = 4;
/// Who must begin so soon is looked at beside them.
const SOON: Span = Span::from_secs(60);

/// What has become of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nothing.
    Stays,
    /// Its time to live is over.
    Expired,
    /// It had its grace.
    Leaves,
    /// Its schedule is over.
    Ends,
    /// It is charged no more, or at its floor only.
    Gone,
}

impl Ledger {
    /// One scan.
    pub fn step(&mut self, around: &Around<'_>, (scratch, news): (&mut Scratch, &mut News<'_>)) {
        let (before, tick) = (self.now(), around.tick);
        let (known, shift) = (self.clock.is_known(), self.clock.advance(tick));
        if !known && shift != 0 {
            self.shift(shift);
        } else if shift < 0 {
            self.put_back(shift, tail(&around.ground.rules));
        }
        let walls = u64::try_from(self.now().0.saturating_sub(before.0)).unwrap_or_default();
        let monos = if self.last.boot == tick.boot { tick.mono.since(self.last.mono) } else { Span::ZERO };
        // Where the clock was put right nobody's time is shorter by that, and what was reserved by it ends by it.
        let walls = if known { Span::from_millis(walls) } else { Span::ZERO };
        let elapsed = monos.max(walls);
        self.lived = Span::from_nanos(self.lived.nanos().saturating_add(tick.dt.nanos()));
        self.look(around);
        self.stretch(around, scratch);
        let fewer = self.age(around, elapsed, news);
        self.recovers(around, monos, news);
        if fewer {
            // What is charged no more and still flows is nobody's from now on, before anything is lent to others.
            self.look(around);
        }
        self.pause(around, (scratch, news));
        self.obey(around, news);
        self.restore(around, scratch, news);
        self.serve(around, scratch, news);
        self.deadlines(around, elapsed, (scratch, news));
        self.judge(around, news);
        self.doubt(news);
        self.last = tick;
    }

    /// Tells once that a clock that may be wrong begins nothing of what waits and names a time.
    fn doubt(&mut self, news: &mut News<'_>) {
        let holds = !self.clock.is_sure() && (self.held || self.waiting.iter().any(Waiting::is_dated));
        if holds != self.held {
            self.held = holds;
            news.switched(About::Hall, (What::Lease(LeaseNews::ClockHolds(holds)), holds));
        }
    }

    /// What flows, and what of that is nobody's.
    fn look(&mut self, around: &Around<'_>) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let Self { seen, leases, .. } = self;
        for (feed, seen) in seen.iter_mut() {
            seen.step((around.load)(feed), charged(leases, feed, (now, now), tail));
        }
    }

    /// Every lease grows older. True where something of one is charged no more.
    fn age(&mut self, around: &Around<'_>, elapsed: Span, news: &mut News<'_>) -> bool {
        let mut fewer = false;
        let (now, settle) = (self.now(), around.ground.rules.settle);
        let tail = tail(&around.ground.rules);
        let ticks = (around.tick, self.last);
        for place in (0..self.leases.len()).rev() {
            self.reckon(place);
            let Some(lease) = self.leases.get_mut(place) else { continue };
            lease.prune(now, tail);
            let load = lease.home().and_then(|feed| self.seen.get(feed)).and_then(|seen| seen.load);
            match turn(lease, now, (elapsed, ticks), load) {
                Turn::Stays => {}
                Turn::Expired => {
                    let (left, told) = lease.grace();
                    lease.seq = lease.seq.saturating_add(1);
                    let tidings = lease.does();
                    tell(news, lease, LeaseNews::Expired { watts: lease.at(now) });
                    if told {
                        self.notify(place, tidings, (now, later(now, left)), (Cause::Expired, false));
                    }
                }
                Turn::Leaves => {
                    let (stays, tidings, (_, told)) = (lease.stays(), lease.does(), lease.grace());
                    self.leave(around, place, (settle, stays, false));
                    if !told {
                        self.notify(place, tidings, (now, later(now, settle)), (Cause::Expired, false));
                    }
                }
                Turn::Ends => {
                    let late = lease.end.map_or(Span::ZERO, |end| now.since(end));
                    let left = Span::from_nanos(tail.nanos().saturating_sub(late.nanos()));
                    tell(news, lease, LeaseNews::Over);
                    self.leave(around, place, (left, 0.0, true));
                    self.notify(place, Tidings::Stop, (now, later(now, GRACE)), (Cause::Expired, false));
                }
                Turn::Gone => {
                    self.go(place);
                    fewer = true;
                }
            }
        }
        fewer
    }

    /// What confirms that a lease has come down is reckoned once its meter is read, where it was not when the lease was over.
    fn reckon(&mut self, place: usize) {
        let Some(lease) = self.leases.get(place) else { return };
        let Life::Leaving { was, to, fell: UNSEEN, .. } = lease.life else { return };
        let found = self.falls(lease, (was - to).max(0.0));
        if let Some(Lease { life: Life::Leaving { fell, .. }, .. }) = self.leases.get_mut(place) {
            *fell = found;
        }
    }

    /// A lease is charged no more, or at its floor only.
    fn go(&mut self, place: usize) {
        let now = self.now();
        let Some(lease) = self.leases.get_mut(place) else { return };
        match lease.life {
            Life::Leaving { to, again, .. } if to > 0.0 => {
                lease.floor = to;
                if again {
                    lease.stays_on(now);
                } else {
                    (lease.life, lease.seq) = (Life::Floored { left: FLOORED }, lease.seq.saturating_add(1));
                }
            }
            Life::Held | Life::Grace { .. } | Life::Leaving { .. } | Life::Floored { .. } | Life::Kept { .. } => {
                self.leases.remove(place);
            }
        }
    }

    /// Those that wait get what there is room for, who comes first before the others.
    fn serve(&mut self, around: &Around<'_>, scratch: &mut Scratch, news: &mut News<'_>) {
        let (lived, now, ticks) = (self.lived, (self.now(), self.clock.is_sure()), (around.tick, self.last));
        for place in (0..self.waiting.len()).rev() {
            if self.waiting.get_mut(place).is_some_and(|wait| wait.is_over(ticks, now)) {
                let gone = self.waiting.remove(place);
                let code = if gone.is_late(now) { Code::Denied } else { Code::Expired };
                self.answer(&gone.lease, Outcome::plain(code, Why::Over), 0.0);
            }
        }
        if self.is_lost() {
            return;
        }
        self.waiting.sort_unstable_by_key(|wait| wait.rank(lived));
        let (clock, mut fits) = ((self.now(), self.clock.is_sure()), FITS);
        if let Some(place) = self.presses(around.tick.seq, clock) {
            self.try_one(around, (place, clock), (&mut *scratch, &mut *news));
        }
        for _ in 0..LOOKS.min(self.waiting.len()) {
            let place = if self.next < self.waiting.len() { self.next } else { 0 };
            let (begin, lent) = self.try_one(around, (place, clock), (&mut *scratch, &mut *news));
            self.next = if lent { place } else { place.saturating_add(1) };
            fits = fits.saturating_sub(usize::from(begin));
            if fits == 0 {
                break;
            }
        }
    }

    /// Of those that must begin within a minute one in each scan, in turn: where many wait they would not all be looked at before it is too late.
    fn presses(&self, seq: u64, (now, sure): (Wall, bool)) -> Option<usize> {
        let soon = later(now, SOON);
        let pressed = |wait: &Waiting| sure && wait.latest.is_some_and(|latest| latest <= soon);
        let count = self.waiting.iter().filter(|wait| pressed(wait)).count();
        let turn = seq.checked_rem(plant::convert::u64_from_usize(count))?;
        let mut all = self.waiting.iter().enumerate().filter(|(_, wait)| pressed(wait)).map(|(place, _)| place);
        all.nth(plant::convert::usize_from_u64(turn))
    }

    /// One that waits gets what there is room for. Whether it may begin, and whether it was lent anything.
    fn try_one(
        &mut self,
        around: &Around<'_>,
        (place, clock): (usize, (Wall, bool)),
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> (bool, bool) {
        let begin = self.waiting.get_mut(place).and_then(|wait| wait.look(clock, around.openings));
        (begin.is_some(), begin.is_some_and(|begin| self.grant(around, (place, begin), (scratch, news))))
    }

    /// Lends to one that waits and may begin, where there is room.
    fn grant(
        &mut self,
        around: &Around<'_>,
        (place, begin): (usize, Begin),
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> bool {
        let tail = tail(&around.ground.rules);
        let Some(wait) = self.waiting.get(place) else { return false };
        let Some((whose, _)) = around.ground.tenant(&wait.lease.client) else { return false };
        if self.leases.len() >= super::MOST.0 {
            return false;
        }
        let start = begin.at;
        let end = wait.duration.map(|long| later(start, long));
        let to = charged_until(end, tail);
        let rank = if begin.is_early() { Rank::behind_all() } else { wait.rank(self.lived) };
        let time = Time { whose, from: start, to, but: Some(wait.lease.id), rank: Some(rank) };
        let fit = self.fit(around, &wait.lease.weights, &time, scratch);
        let watts = if fit.watts >= wait.power.wanted {
            wait.power.wanted
        } else if wait.partial && libm::floor(fit.watts) >= wait.power.least && fit.watts >= 1.0 {
            libm::floor(fit.watts)
        } else {
            return false;
        };
        let code = fit.lent(watts < wait.power.wanted);
        let by = wait.plan.and_then(|_| wait.until(begin, around.openings));
        let mut lease = self.waiting.remove(place).lease;
        lease.moves = by.filter(|_| lease.class == Class::Interruptible).map(Moves::by);
        lease.steps.clear();
        lease.steps.push(Step { start, watts });
        (lease.end, lease.term) = (end, Term::until(lease.ttl, around.tick));
        lease.begins(start);
        lease.floor = lease.floor.min(watts);
        lease.decided = Some(Inputs { at: self.now(), plan: around.plan, feeds: fit.feeds });
        tell(news, &lease, LeaseNews::Granted { watts });
        self.answer(&lease, Outcome::plain(code, Why::Fits), watts);
        self.leases.push(lease);
        true
    }

    /// A request that waited has its answer.
    pub(super) fn answer(&mut self, of: &Lease, outcome: Outcome, watts: f64) {
        let lease = of.id;
        self.kept.settle((&of.client, &of.request), (lease, outcome.about(lease)), self.lived);
        let (now, seq) = (self.now(), 1);
        self.notices.tell(super::notices::Notice {
            number: 0,
            lease,
            seq,
            tidings: Tidings::Answered,
            watts,
            effective: now,
            hard: now,
            cause: Cause::Restored,
            emergency: false,
        });
    }

    /// What a feed may carry where leases that are over are still drawn after their grace, or a client draws more than it may (W, beside what batteries give): a load that was reckoned once,
    /// and that stays where it is however far the feed comes down. Never less than what is lent there by now, nor what is nobody's beside leases that are over: nobody else comes to less, but for the twentieth that caps stay below any
    /// limit.
    #[must_use]
    pub fn allowed(&self, feed: FeedId) -> Option<plant::units::Watts> {
        let (seen, now) = (self.seen.get(feed)?, self.now());
        let load = seen.load?;
        let goals = || self.leases.iter().filter(|lease| lease.home() == Some(feed));
        goals().find_map(|lease| lease.goal(now))?;
        let lent = self.leases.iter().filter_map(|of| Some(Milli::of(of.may(now), of.weight(feed)?)));
        let lent = lent.fold(Milli::ZERO, Milli::and);
        let goal = |lease: &Lease| {
            let others = if lease.is_over() { seen.unleased } else { Milli::ZERO };
            Some(lease.goal(now)?.max(lent.and(others)))
        };
        let least = goals().filter_map(goal).min()?;
        (load > least).then(|| least.max(Milli::ZERO).watts())
    }

    /// By how much a feed shall come down for that (W).
    #[must_use]
    pub fn excess(&self, feed: FeedId) -> Option<plant::units::Watts> {
        let load = self.seen.get(feed)?.load?.watts();
        self.allowed(feed).map(|allowed| load - allowed)
    }
}

/// What has become of a lease since the scan before.
fn turn(lease: &mut Lease, now: Wall, (elapsed, (tick, last)): (Span, (Tick, Tick)), load: Option<Milli>) -> Turn {
    let less = |left: Span| Span::from_nanos(left.nanos().saturating_sub(elapsed.nanos()));
    let ends = lease.end.is_some_and(|end| end <= now);
    match &mut lease.life {
        Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } if ends => Turn::Ends,
        Life::Kept { .. } => Turn::Stays,
        Life::Held => {
            // After a break that nobody knows the length of its client may have renewed it in time: it is told once nobody has for long enough.
            let (left, told) = match lease.term.advance(tick, last) {
                None => return Turn::Stays,
                Some(End::Over) => (GRACE, true),
                Some(End::Unknown(_)) => (long_grace(lease.ttl), false),
            };
            lease.life = Life::Grace { left, told };
            Turn::Expired
        }
        Life::Grace { left, .. } => {
            *left = less(*left);
            if *left == Span::ZERO { Turn::Leaves } else { Turn::Stays }
        }
        Life::Leaving { left, fell, again, .. } => {
            *left = less(*left);
            // Renewed meanwhile, it must be renewed again in time.
            *again &= lease.term.advance(tick, last).is_none();
            let confirmed = load.is_some_and(|load| load <= *fell);
            if *left == Span::ZERO || confirmed { Turn::Gone } else { Turn::Stays }
        }
        Life::Floored { left } => {
            *left = less(*left);
            if *left == Span::ZERO { Turn::Ends } else { Turn::Stays }
        }
    }
}
