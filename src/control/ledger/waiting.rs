//! Requests that wait for room: who comes first, and for how long each waits.

use plant::time::{Span, Tick, Wall};
use serde::{Deserialize, Serialize};

use super::lease::Lease;
use super::message::{Power, Wish};
use crate::control::term::{End, Term};

/// Who has waited so long counts as one step more important, so that nobody waits for ever.
const AGES: Span = Span::from_secs(600);

/// Who comes first: the lower. Importance as it is by now, then who has less time to spare, then who came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(i64, Wall, u64);

impl Rank {
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
    /// It must have started by then.
    pub latest: Option<Wall>,
    /// For how long it wants it.
    pub duration: Option<Span>,
    /// It is not waited for longer.
    until: Term,
    /// When it came, in time that control has lived; those that come alike count up.
    came: (Span, u64),
}

impl Waiting {
    /// One that waits from now on.
    #[must_use]
    pub fn new(wish: &Wish, lease: Lease, (tick, lived): (Tick, Span)) -> Self {
        let latest = wish.times.latest();
        let until = Term::until(wish.accept.wait, tick);
        let came = (lived, lease.id.number);
        let (power, partial) = (wish.power, wish.accept.partial);
        let (not_before, duration) = (wish.times.not_before, wish.times.duration);
        Self { lease, power, partial, not_before, latest, duration, until, came }
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

    /// True once it is not waited for any more.
    pub fn is_over(&mut self, (now, last): (Tick, Tick), wall: Wall) -> bool {
        let late = self.latest.is_some_and(|latest| latest < wall);
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
