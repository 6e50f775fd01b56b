//! What time does to leases: a scan. Allocates nothing once there is room for all that there is.

use plant::event::{About, LeaseNews, What};
use plant::id::FeedId;
use plant::time::{Span, Tick, Wall};

use super::amount::Milli;
use super::lease::{FLOORED, GRACE, Lease, Life, Step, charged_until, long_grace};
use super::message::{Class, OnExpiry};
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
        }
        let walls = u64::try_from(self.now().0.saturating_sub(before.0)).unwrap_or_default();
        let monos = if self.last.boot == tick.boot { tick.mono.since(self.last.mono) } else { Span::ZERO };
        // Where the clock was put right nobody's time is shorter by that, and what was reserved by it ends by it.
        let walls = if known { Span::from_millis(walls) } else { Span::ZERO };
        let elapsed = monos.max(walls);
        self.lived = Span::from_nanos(self.lived.nanos().saturating_add(tick.dt.nanos()));
        self.look(around);
        self.stretch(around, scratch);
        self.age(around, elapsed, news);
        self.recovers(around, elapsed, news);
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

    /// Puts times right that were reckoned from nothing.
    fn shift(&mut self, by: i64) {
        let put = |at: &mut Wall| *at = Wall(at.0.saturating_add(by));
        for lease in &mut self.leases {
            lease.steps.iter_mut().for_each(|step| put(&mut step.start));
            lease.end.iter_mut().for_each(put);
            lease.cut.iter_mut().for_each(|cut| put(&mut cut.from));
            put(&mut lease.ran);
            lease.moves.iter_mut().for_each(|moves| moves.shift(by));
            lease.due.iter_mut().filter_map(|due| due.begun.as_mut()).for_each(put);
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

    /// Every lease grows older.
    fn age(&mut self, around: &Around<'_>, elapsed: Span, news: &mut News<'_>) {
        let (now, settle) = (self.now(), around.ground.rules.settle);
        let tail = tail(&around.ground.rules);
        let ticks = (around.tick, self.last);
        for place in (0..self.leases.len()).rev() {
            let Some(lease) = self.leases.get_mut(place) else { continue };
            lease.prune(now, tail);
            let load = lease.home().and_then(|feed| self.seen.get(feed)).and_then(|seen| seen.load);
            match turn(lease, now, (elapsed, ticks), load) {
                Turn::Stays => {}
                Turn::Expired => {
                    let tidings = match lease.on_expiry {
                        OnExpiry::Floor => Tidings::Reduce,
                        OnExpiry::Pause => Tidings::Pause,
                        OnExpiry::Stop => Tidings::Stop,
                    };
                    let hard = match lease.life {
                        Life::Grace { left } => later(now, left),
                        Life::Held | Life::Leaving { .. } | Life::Floored { .. } | Life::Kept { .. } => now,
                    };
                    lease.seq = lease.seq.saturating_add(1);
                    tell(news, lease, LeaseNews::Expired { watts: lease.at(now) });
                    self.notify(place, tidings, (now, hard), (Cause::Expired, false));
                }
                Turn::Leaves => {
                    let stays = match lease.on_expiry {
                        OnExpiry::Floor => lease.floor,
                        OnExpiry::Pause | OnExpiry::Stop => 0.0,
                    };
                    // What was lowered stays so.
                    let stays = lease.cut.map_or(stays, |cut| stays.min(cut.watts));
                    self.leave(around, place, (settle, stays, false));
                }
                Turn::Ends => {
                    let late = lease.end.map_or(Span::ZERO, |end| now.since(end));
                    let left = Span::from_nanos(tail.nanos().saturating_sub(late.nanos()));
                    tell(news, lease, LeaseNews::Over);
                    self.leave(around, place, (left, 0.0, true));
                    self.notify(place, Tidings::Stop, (now, later(now, GRACE)), (Cause::Expired, false));
                }
                Turn::Gone => self.go(place),
            }
        }
    }

    /// A lease is charged no more, or at its floor only.
    fn go(&mut self, place: usize) {
        let Some(lease) = self.leases.get_mut(place) else { return };
        match lease.life {
            Life::Leaving { to, .. } if to > 0.0 => {
                (lease.floor, lease.life) = (to, Life::Floored { left: FLOORED });
                lease.seq = lease.seq.saturating_add(1);
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
        self.waiting.sort_unstable_by_key(|wait| wait.rank(lived));
        let (clock, mut fits) = ((self.now(), self.clock.is_sure()), FITS);
        for _ in 0..LOOKS.min(self.waiting.len()) {
            let place = if self.next < self.waiting.len() { self.next } else { 0 };
            let begin = self.waiting.get_mut(place).and_then(|wait| wait.look(clock, around.openings));
            let lent = begin.is_some_and(|begin| self.grant(around, (place, begin), (scratch, &mut *news)));
            self.next = if lent { place } else { place.saturating_add(1) };
            fits = fits.saturating_sub(usize::from(begin.is_some()));
            if fits == 0 {
                break;
            }
        }
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

    /// What a feed may carry where leases that are over are still drawn after their grace, or a client draws more than it may (W).
    #[must_use]
    pub fn allowed(&self, feed: FeedId) -> Option<plant::units::Watts> {
        let seen = self.seen.get(feed)?;
        let load = seen.load?;
        let too_much = |lease: &Lease| {
            let home = lease.home().filter(|home| *home == feed)?;
            let weight = lease.weight(home)?;
            match lease.life {
                // Its grace is over, and the meter does not confirm that it has come down.
                Life::Leaving { fell, given: false, .. } => Some(load.less(fell).max(Milli::ZERO)),
                Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } if lease.exceeds => {
                    Some(Milli::of((lease.measured? - lease.may(self.now())).max(0.0), weight))
                }
                Life::Held | Life::Grace { .. } | Life::Leaving { .. } | Life::Floored { .. } | Life::Kept { .. } => {
                    None
                }
            }
        };
        let all = self.leases.iter().filter_map(too_much).reduce(Milli::and).filter(|all| all.0 > 0)?;
        Some(load.less(all.min(load)).watts())
    }
}

/// What has become of a lease since the scan before.
fn turn(lease: &mut Lease, now: Wall, (elapsed, (tick, last)): (Span, (Tick, Tick)), load: Option<Milli>) -> Turn {
    let less = |left: Span| Span::from_nanos(left.nanos().saturating_sub(elapsed.nanos()));
    let ends = lease.end.is_some_and(|end| end <= now);
    match &mut lease.life {
        Life::Held | Life::Grace { .. } | Life::Kept { .. } if ends => Turn::Ends,
        Life::Kept { .. } => Turn::Stays,
        Life::Held => {
            let left = match lease.term.advance(tick, last) {
                None => return Turn::Stays,
                Some(End::Over) => GRACE,
                Some(End::Unknown(_)) => long_grace(lease.ttl),
            };
            lease.life = Life::Grace { left };
            Turn::Expired
        }
        Life::Grace { left } => {
            *left = less(*left);
            if *left == Span::ZERO { Turn::Leaves } else { Turn::Stays }
        }
        Life::Leaving { left, fell, .. } => {
            *left = less(*left);
            let confirmed = load.is_some_and(|load| load <= *fell);
            if *left == Span::ZERO || confirmed { Turn::Gone } else { Turn::Stays }
        }
        Life::Floored { left } => {
            *left = less(*left);
            if *left == Span::ZERO || ends { Turn::Gone } else { Turn::Stays }
        }
    }
}
