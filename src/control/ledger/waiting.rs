//! Requests that wait for room: who comes first, and for how long each waits.

use plant::time::{Span, Tick, Wall};
use serde::{Deserialize, Serialize};

use super::lease::Lease;
use super::message::{Inside, Power, Wish};
use super::opening::{self, Begin, Openings};
use super::planned::Hold;
use super::reply::Why;
use crate::control::term::{End, Term, later};

/// Who has waited so long counts as one step more important, so that nobody waits for ever.
const AGES: Span = Span::from_secs(600);

/// Who comes first: the lower. Importance as it is by now, then who has less time to spare, then who came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(i64, Wall, u64);

impl Rank {
    /// Behind all that wait.
    #[must_use]
    pub const fn behind_all() -> Self {
        Self(i64::MAX, Wall(i64::MAX), u64::MAX)
    }

    /// Behind all of this importance.
    #[must_use]
    pub fn last(priority: i32) -> Self {
        Self(i64::from(priority), Wall(i64::MAX), u64::MAX)
    }
}

/// A request that waits. Its lease is made already, so that granting it allocates nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The lease that it will be.
    pub lease: Lease,
    /// How much it wants.
    pub power: Power,
    /// Less than it wants will do.
    pub partial: bool,
    /// Not before.
    pub not_before: Option<Wall>,
    /// The window that it waits for.
    pub inside: Option<Inside>,
    /// It must have started by then.
    pub latest: Option<Wall>,
    /// For how long it wants it.
    pub duration: Option<Span>,
    /// Where a plan chooses when it begins: when it was asked for.
    pub plan: Option<Wall>,
    /// Until when it is held for that.
    pub hold: Option<Hold>,
    /// What it waits for.
    pub why: Why,
    /// When it may begin at the earliest, as far as anybody knows.
    pub planned: Option<Wall>,
    /// It is not waited for longer.
    until: Term,
    /// When it came, in time that control has lived; those that come alike count up.
    came: (Span, u64),
}

impl Waiting {
    /// One that waits from now on; for a plan where that is given, from this instant on.
    #[must_use]
    pub fn new(wish: &Wish, lease: Lease, (why, tick, lived): (Why, Tick, Span), plan: Option<Wall>) -> Self {
        let latest = wish.times.latest();
        let until = Term::until(wish.accept.wait, tick);
        let came = (lived, lease.id.number);
        let (power, partial) = (wish.power, wish.accept.partial);
        let (not_before, duration) = (wish.times.not_before, wish.times.duration);
        let inside = wish.inside.clone();
        let hold = plan.map(Hold::asked);
        Self {
            lease,
            power,
            partial,
            not_before,
            inside,
            latest,
            duration,
            plan,
            hold,
            why,
            planned: None,
            until,
            came,
        }
    }

    /// It begins no sooner, whatever there is room for.
    #[must_use]
    pub fn from(&self, now: Wall) -> Wall {
        self.not_before.map_or(now, |at| at.max(now))
    }

    /// It names a time: it is not begun by a clock that may be wrong.
    #[must_use]
    pub const fn is_dated(&self) -> bool {
        self.not_before.is_some() || self.latest.is_some() || self.inside.is_some()
    }

    /// By when it is over, where it begins then and says how long it lasts: before its deadline, and before its window shuts. A window that is a wish bounds only what nothing else does.
    #[must_use]
    pub fn until(&self, begin: Begin, openings: Openings<'_>) -> Option<Wall> {
        let long = self.duration?;
        let deadline = self.latest.map(|latest| later(latest, long));
        let bounds = self.inside.as_ref().filter(|of| !of.early || deadline.is_none());
        let shuts = bounds.and_then(|of| {
            let open = openings(&of.window, begin.at.max(begin.counts))?;
            Some(if of.fit { open.to } else { later(open.to, long) })
        });
        [shuts, deadline].into_iter().flatten().min()
    }

    /// For how long it has waited.
    #[must_use]
    pub fn waited(&self, lived: Span) -> Span {
        Span::from_nanos(lived.nanos().saturating_sub(self.came.0.nanos()))
    }

    /// When it may begin, where that is so by now: what it waits for is kept. By a clock that may be wrong nothing that names a time begins.
    pub fn look(&mut self, (now, sure): (Wall, bool), openings: Openings<'_>) -> Option<Begin> {
        if self.is_dated() && !sure {
            (self.why, self.planned) = (Why::Clock, None);
            return None;
        }
        if let Some(hold) = self.hold.filter(|hold| hold.holds(now, self.latest)) {
            self.lease.steps.iter_mut().for_each(|step| step.start = hold.start);
            (self.why, self.planned) = (Why::Plan, hold.planned());
            return None;
        }
        let from = self.from(now);
        let begin = opening::begin(self.inside.as_ref(), self.duration, from, openings);
        if self.inside.is_some() || self.plan.is_some() {
            let counts = begin.map_or(Wall(i64::MAX), |of| of.counts);
            self.lease.steps.iter_mut().for_each(|step| step.start = counts);
        }
        let due = begin.filter(|of| self.inside.is_none() || of.at <= now);
        self.planned = begin.map(|of| of.at).filter(|at| *at > now);
        self.why = if due.is_some() { Why::Feed } else { Why::Window };
        due
    }

    /// Where it stands by now.
    #[must_use]
    pub fn rank(&self, lived: Span) -> Rank {
        let waited = lived.nanos().saturating_sub(self.came.0.nanos());
        let aged = waited.checked_div(AGES.nanos()).unwrap_or_default();
        let aged = i64::try_from(aged).unwrap_or(i64::MAX);
        Rank(i64::from(self.lease.priority).saturating_sub(aged), self.latest.unwrap_or(Wall(i64::MAX)), self.came.1)
    }

    /// Where a wish would stand that comes now, behind all that came before.
    #[must_use]
    pub fn rank_of(wish: &Wish) -> Rank {
        Rank(i64::from(wish.priority), wish.times.latest().unwrap_or(Wall(i64::MAX)), u64::MAX)
    }

    /// It cannot be done in time any more. By a clock that may be wrong nobody knows.
    #[must_use]
    pub fn is_late(&self, (wall, sure): (Wall, bool)) -> bool {
        sure && self.latest.is_some_and(|latest| latest < self.from(wall))
    }

    /// True once it is not waited for any more.
    pub fn is_over(&mut self, (now, last): (Tick, Tick), clock: (Wall, bool)) -> bool {
        let late = self.is_late(clock);
        match self.until.advance(now, last) {
            None => late,
            Some(End::Over) => true,
            Some(End::Unknown(left)) => {
                self.until = Term::until(left, now);
                late
            }
        }
    }
}
