//! A lease: what was promised to whom, where and until when, and what of it is charged.
//!
//! ```text
//!              renewed
//!         ┌───────────────┐
//!         ▼               │ its time to live is over, or nobody knows
//!  ─▶ Held ────────────▶ Grace ── 60 s ──▶ Leaving ──┬─ its floor stays ─▶ Floored ── 24 h ─▶ Leaving
//!         │ released, or its schedule is over ▲      │ renewed: Held, at its  │ renewed: Held, at its floor
//!         └───────────────────────────────────┘      │ floor, where it has one
//!                                                    └─▶ gone: the meter confirms it, or grace and settling time are over
//!  ─▶ Kept ── renewed ─▶ Held
//!         └── nobody renewed it while it could be, or given back ─▶ Leaving
//! ```
//!
//! After a break that nobody knows the length of grace is longer ([`long_grace`]).
//!
//! What a step gives up stays charged for a while, as long as what is given back does: machines come down later than they are told. So what is charged at an
//! instant to come never grows by itself.

use plant::id::FeedId;
use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::capped::Capped;
use super::comes::Comes;
use super::kept::Renewals;
use super::late::Due;
use super::later::Asked;
use super::message::{Class, Flex, LeaseId, OnExpiry, Wish};
use super::notices::Cause;
use super::pauses::Moves;
use super::reply::Inputs;
use super::tree::Place;
use crate::control::term::{Term, earlier, later};

/// How long a lease that is over may still be renewed, and how long after its end at `hard_at` nobody acts.
pub const GRACE: Span = Span::from_secs(60);
/// How long a lease stays at its floor, where nobody renews it.
pub const FLOORED: Span = Span::from_secs(24 * 3600);
/// The load that confirms that something is not drawn any more, where nobody knows what flows: no reading does.
pub const UNSEEN: Milli = Milli(i64::MIN);
/// The most steps of a schedule, those that still charge among them.
pub const STEPS: usize = 16;
/// The shortest, the longest and the usual time to live.
pub const TTL: (Span, Span, Span) = (Span::from_secs(30), Span::from_secs(3600), Span::from_secs(300));

/// A step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From when on.
    pub start: Wall,
    /// How much (W at machines).
    pub watts: f64,
}

/// Whether a client has said anything of what its lease was brought down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// Not yet, and it is not late.
    Awaited,
    /// It has.
    Said,
    /// It had not when that was to be enforced, and was not waited for.
    Missing,
}

/// What a lease has been brought down to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// From when on.
    pub from: Wall,
    /// What it may draw (W).
    pub watts: f64,
    /// Why.
    pub cause: Cause,
    /// What its client has said.
    pub word: Word,
}

/// Where a lease is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Life {
    /// It holds.
    Held,
    /// Its time to live is over; it may be renewed.
    Grace {
        /// For so long.
        left: Span,
        /// Its client was told.
        told: bool,
    },
    /// It is over, and charged until the meter confirms that.
    Leaving {
        /// For so long at the most.
        left: Span,
        /// What it had (W).
        was: f64,
        /// What stays of it (W).
        to: f64,
        /// The load of its first feed that confirms it (mW).
        fell: Milli,
        /// The client gave it back, or its schedule was over.
        given: bool,
        /// It was renewed: it goes on at what stays of it.
        again: bool,
    },
    /// It is at its floor.
    Floored {
        /// For so long.
        left: Span,
    },
    /// The broker had kept it when our own store was lost: charged, and not renewed yet.
    Kept {
        /// The generation of the controller that told it last.
        epoch: u64,
    },
}

/// A lease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// Its name.
    pub id: LeaseId,
    /// Whose.
    pub client: String,
    /// The request that asked for it.
    pub request: String,
    /// Its job, for people.
    pub job: String,
    /// Counts its changes.
    pub seq: u64,
    /// What may be done to it.
    pub class: Class,
    /// How it bends.
    pub flex: Flex,
    /// Lower is more important.
    pub priority: i32,
    /// Where.
    pub places: Vec<(Place, f64)>,
    /// What each feed carries for each of its watts (1), the deepest first.
    pub weights: Vec<(FeedId, f64)>,
    /// What is kept for each of its watts (1, from 1): the weights have it.
    pub kept: f64,
    /// What was promised.
    pub steps: Vec<Step>,
    /// When it is over; until it is given back where nothing is said.
    pub end: Option<Wall>,
    /// What it has been brought down to.
    pub cut: Option<Cut>,
    /// How often it was.
    pub cuts: u32,
    /// What it is not brought below but in an emergency (W).
    pub floor: f64,
    /// How long it lives without a renewal.
    pub ttl: Span,
    /// Until then.
    pub term: Term,
    /// Its last renewals: one that comes again lengthens nothing.
    pub renewals: Renewals,
    /// The notice that it is promised.
    pub notice: Span,
    /// What its client does when it is over.
    pub on_expiry: OnExpiry,
    /// Where it is in its life.
    pub life: Life,
    /// Its client said that it draws more than it may, and that was told.
    pub exceeds: bool,
    /// What its first feed is brought down to for that, or because its client will not come down.
    pub comes: Option<Comes>,
    /// When it would have run, where it had to wait.
    pub asked: Option<Asked>,
    /// It runs since then: its start, or when it was restored last.
    pub ran: Wall,
    /// By when its job shall be done.
    pub due: Option<Due>,
    /// What plans may do to it once it has begun.
    pub moves: Option<Moves>,
    /// Whether caps hold its machines back.
    pub capped: Capped,
    /// What it was lent by, or changed last at its client's wish; nothing of one that waits, or was taken up from what the broker had kept.
    pub decided: Option<Inputs>,
}

impl Lease {
    /// One that a wish asks for, with room for every step that it may have.
    #[must_use]
    pub fn of(
        wish: &Wish,
        id: LeaseId,
        (client, request): (&str, &str),
        (weights, term): (Vec<(FeedId, f64)>, Term),
    ) -> Self {
        Self {
            id,
            client: client.to_owned(),
            request: request.to_owned(),
            job: wish.job.clone(),
            seq: 1,
            class: wish.class,
            flex: wish.flex,
            priority: wish.priority,
            places: wish.places.clone(),
            weights,
            kept: wish.power.kept(),
            steps: Vec::with_capacity(STEPS),
            end: None,
            cut: None,
            cuts: 0,
            floor: wish.flex.floor,
            ttl: ttl(wish.ttl),
            term,
            renewals: Renewals::default(),
            notice: Span::ZERO,
            on_expiry: wish.on_expiry,
            life: Life::Held,
            exceeds: false,
            comes: None,
            asked: None,
            ran: Wall(0),
            due: Due::of(wish),
            moves: None,
            capped: Capped::default(),
            decided: None,
        }
    }

    /// What a feed carries for each of its watts (1); nothing where it is not on its way.
    #[must_use]
    pub fn weight(&self, feed: FeedId) -> Option<f64> {
        self.weights.iter().find(|(of, _)| *of == feed).map(|(_, weight)| *weight)
    }

    /// The part of its power that it has in a rack (1).
    #[must_use]
    pub fn in_rack(&self, rack: usize) -> f64 {
        self.places.iter().filter(|(place, _)| *place == Place::Rack(rack)).map(|(_, share)| share).sum()
    }

    /// What feeds carry together for each of its watts (1), of which none hangs below another.
    #[must_use]
    pub fn below(&self, feeds: &[FeedId]) -> f64 {
        feeds.iter().filter_map(|feed| self.weight(*feed)).sum::<f64>() / self.kept
    }

    /// What it may draw at an instant while it holds (W).
    #[must_use]
    pub fn at(&self, t: Wall) -> f64 {
        if self.end.is_some_and(|end| t >= end) {
            return 0.0;
        }
        let step = self.steps.iter().rev().find(|step| step.start <= t).map_or(0.0, |step| step.watts);
        self.cut.filter(|cut| t >= cut.from).map_or(step, |cut| step.min(cut.watts))
    }

    /// What it may draw at an instant that is not past as it is now (W): a pause of its schedule is one at its floor, too.
    #[must_use]
    pub fn may(&self, at: Wall) -> f64 {
        match self.life {
            Life::Held | Life::Grace { .. } | Life::Kept { .. } => self.at(at),
            Life::Leaving { to, .. } => self.at(at).min(to),
            Life::Floored { .. } => self.at(at).min(self.floor),
        }
    }

    /// Every instant at which what is charged may change.
    pub fn turns(&self, now: Wall, tail: Span) -> impl Iterator<Item = Wall> + Clone + '_ {
        let left = match self.life {
            Life::Leaving { left, .. } => Some(later(now, left)),
            Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } => None,
        };
        let changes = self.steps.iter().map(|step| step.start).chain(self.cut.map(|cut| cut.from)).chain(self.end);
        changes.flat_map(move |at| [at, later(at, tail)]).chain(left)
    }

    /// What is charged for it at an instant that is not before `now` (W). Whatever becomes of it, never more than what its schedule was charged at.
    #[must_use]
    pub fn charged(&self, t: Wall, now: Wall, tail: Span) -> f64 {
        let since = earlier(t, tail);
        let changes = self.steps.iter().map(|step| step.start).chain(self.cut.map(|cut| cut.from)).chain(self.end);
        let then = changes.filter(|at| *at > since && *at <= t).map(|at| self.at(at)).fold(self.at(since), f64::max);
        match self.life {
            Life::Held | Life::Grace { .. } | Life::Kept { .. } => then,
            Life::Leaving { left, was, .. } if t < later(now, left) => then.min(was),
            Life::Leaving { to, .. } => then.min(to),
            Life::Floored { .. } => then.min(self.floor),
        }
    }

    /// Takes steps that charge nothing any more away.
    pub fn prune(&mut self, now: Wall, tail: Span) {
        while self.steps.get(1).is_some_and(|next| later(next.start, tail) <= now) {
            self.steps.remove(0);
        }
    }

    /// It is for another power from now on. False where it has had too many already.
    pub fn becomes(&mut self, watts: f64, now: Wall) -> bool {
        self.steps.retain(|step| step.start < now);
        if self.steps.len() >= STEPS {
            return false;
        }
        self.steps.push(Step { start: now, watts });
        self.forgets(now);
        self.floor = self.floor.min(watts);
        self.seq = self.seq.saturating_add(1);
        true
    }

    /// It is over: it stays charged until its first feed has fallen so far. One that was over already is charged for no longer than that: what it leaves then is
    /// promised to others.
    pub fn leave(&mut self, (left, to, given): (Span, f64, bool), (now, tail): (Wall, Span), fell: Milli) {
        // A floor is left to one that pauses: its schedule says when.
        let ahead = self.steps.iter().filter(|step| step.start > now).map(|step| self.at(step.start));
        let most = if self.at_or_before(now) { ahead.fold(0.0, f64::max) } else { 0.0 };
        let was = self.charged(now, now, tail).max(to.min(most));
        let left = match self.life {
            Life::Leaving { left: before, .. } => left.min(before),
            Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } => left,
        };
        self.life = Life::Leaving { left, was, to: to.min(was), fell, given, again: false };
        self.seq = self.seq.saturating_add(1);
    }

    /// The deepest feed that carries all of it: what it draws shows there.
    #[must_use]
    pub fn home(&self) -> Option<FeedId> {
        let whole = self.weights.iter().find(|(_, weight)| *weight > 0.999);
        whole.or(self.weights.last()).map(|(feed, _)| *feed)
    }

    /// It has begun by then.
    fn at_or_before(&self, at: Wall) -> bool {
        self.steps.first().is_some_and(|step| step.start <= at)
    }

    /// It begins then.
    pub fn begins(&mut self, at: Wall) {
        self.ran = at;
        self.due.iter_mut().for_each(|due| due.begun = Some(at));
    }

    /// The broker had kept it, and nobody has renewed it yet.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        match self.life {
            Life::Kept { .. } => true,
            Life::Held | Life::Grace { .. } | Life::Leaving { .. } | Life::Floored { .. } => false,
        }
    }

    /// It is the client's: its name finds it.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        match self.life {
            Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } => true,
            Life::Leaving { given, .. } => !given,
        }
    }
}

/// Until when something that is over then is charged; for ever where nobody says when that is.
#[must_use]
pub fn charged_until(end: Option<Wall>, tail: Span) -> Wall {
    end.map_or(Wall(i64::MAX), |end| later(end, tail))
}

/// How long one may still be renewed after a break that nobody knows the length of: whoever renews in time, a tenth later than after a third of the time to live at the latest, finds it.
#[must_use]
pub const fn long_grace(ttl: Span) -> Span {
    Span::from_nanos(GRACE.nanos().saturating_add(ttl.nanos() / 30 * 11))
}

/// How long a lease lives that is wanted so long.
#[must_use]
pub fn ttl(wanted: Option<Span>) -> Span {
    wanted.unwrap_or(TTL.2).max(TTL.0).min(TTL.1)
}
