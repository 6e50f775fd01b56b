//! A start whose store is lost, or the end of it: leases that the broker has kept are taken up again by who renews them, and so are those that are known from before and that it has not kept.
//!
//! ```text
//!  Unread ─ what was kept ─▶ Waits ─ the longest time to live of it is over ─▶ Read
//!     │                        │ a lease is renewed: Kept ─▶ Held
//!     │                        └ at the end, not renewed:  Kept ─▶ Leaving
//!     └─ nothing was kept, and nobody knows of a loss ────────────────────────▶ Read
//! ```
//!
//! **Equation** while it waits something new is lent at a feed where `charged + measured + margin ≤ limit`: all that was kept is charged, renewed or not, and all that flows counts as nobody's. What leases
//! draw is counted twice by that: how much of what flows is theirs was in the store that is lost, so none of it is taken to be. Later what is nobody's is told by the meters as at any first start. **Outside it** what is kept is
//! charged even above a limit: it is drawn already, and lowered as ever once it is renewed.

use plant::event::{About, LeaseNews, What};
use plant::id::FeedId;
use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::lease::{GRACE, Lease, Life, STEPS, Step, TTL, ttl};
use super::message::{LeaseId, Message, Op, Wish};
use super::notices::{Cause, Tidings};
use super::pauses::Moves;
use super::reply::{Code, Outcome, Why};
use super::room::Scratch;
use super::{Around, Ledger, MOST, RETRY, charged, tail, tell, tree, watch};
use crate::control::news::News;
use crate::control::term::{Term, later};

/// No controller was started so often, and no lease changed so often: what says so is no lease of ours.
pub const STARTS: u64 = 0xFFFF_FFFF;

/// A lease as the broker has kept it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retained {
    /// Whose.
    pub client: String,
    /// The request that asked for it.
    pub request: String,
    /// Its name.
    pub lease: LeaseId,
    /// The generation of the controller that told it last, and the state that it told.
    pub state: (u64, u64),
    /// What it was for: its places, its class, how it bends, its time to live; `wanted` is the most of its steps.
    pub wish: Wish,
    /// Its steps as they were told.
    pub steps: Vec<Step>,
    /// When it is over; until it is given back where nothing is said.
    pub end: Option<Wall>,
    /// What it might draw when it was told (W).
    pub watts: f64,
    /// The notice that it is promised.
    pub notice: Span,
}

/// What a service has found of leases at its broker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Every lease that can be read.
    pub kept: Vec<Retained>,
    /// How many messages were passed over.
    pub passed: u32,
    /// False where nobody can tell whether that is all.
    pub read: bool,
}

/// So many starts more than are known may have been since (1): their generations are not told again.
const LOST: u64 = 1024;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recovery {
    /// Nobody has looked what is kept.
    Unread {
        /// A store was there, and is lost.
        lost: bool,
    },
    /// Leases that were kept may be renewed.
    Waits {
        /// For so long.
        left: Span,
        /// How many were.
        renewed: u32,
    },
    /// What was kept is taken up, or over.
    Read,
}

impl Default for Recovery {
    fn default() -> Self {
        Self::Unread { lost: false }
    }
}

impl Recovery {
    /// Leases that were kept may be renewed, and what is new is lent by what flows.
    #[must_use]
    pub const fn waits(self) -> bool {
        match self {
            Self::Waits { .. } => true,
            Self::Unread { .. } | Self::Read => false,
        }
    }
}

impl Retained {
    /// It can be a lease of ours.
    fn is_sound(&self) -> bool {
        let watts = |watts: f64| (0.0..=1e9).contains(&watts);
        let (epoch, seq) = self.state;
        (1..=STARTS).contains(&epoch)
            && seq <= STARTS
            && self.lease.epoch <= epoch
            && !self.request.is_empty()
            && self.wish.is_sound()
            && watts(self.watts)
            && self.steps.len() <= STEPS.saturating_add(2)
            && self.steps.iter().all(|step| watts(step.watts))
            && self.steps.is_sorted_by_key(|step| step.start)
    }
}

impl Ledger {
    /// A store was there, and is lost, or its end is: nobody knows what was lent and given back since what is known. It is held against what the broker has kept.
    /// Its leases must be renewed: some may have been given back.
    pub fn lose(&mut self) {
        match self.recovery {
            Recovery::Unread { .. } => {}
            Recovery::Waits { .. } | Recovery::Read => self.epoch = self.epoch.saturating_add(LOST),
        }
        let now = self.now();
        for lease in &mut self.leases {
            // What it had before is none of it any more, and the end of a pause at its floor is told to nobody.
            match lease.life {
                Life::Held | Life::Grace { .. } => {}
                Life::Floored { .. } => lease.lowers_for_good(lease.floor, now),
                Life::Leaving { to, given: false, .. } if to > 0.0 => lease.lowers_for_good(to, now),
                Life::Leaving { .. } | Life::Kept { .. } => continue,
            }
            lease.life = Life::Kept { epoch: 0 };
        }
        self.recovery = Recovery::Unread { lost: true };
    }

    /// Nothing that waits begins before it is known what the broker has kept: it may have begun already.
    pub(super) const fn is_lost(&self) -> bool {
        match self.recovery {
            Recovery::Unread { lost } => lost,
            Recovery::Waits { .. } | Recovery::Read => false,
        }
    }

    /// How far it is to take up what was kept.
    #[must_use]
    pub const fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// How many leases nobody has renewed yet.
    #[must_use]
    pub fn unrenewed(&self) -> usize {
        self.leases.iter().filter(|lease| lease.is_kept()).count()
    }

    /// What of a feed's load counts as nobody's for what is new (mW): all of it while leases may be drawn that nobody knows of by their meters.
    #[must_use]
    pub fn nobodys(&self, feed: FeedId) -> Milli {
        let load = self.seen.get(feed).and_then(|seen| seen.load).filter(|_| self.recovery.waits());
        load.map_or(self.unleased(feed), |load| load.max(self.unleased(feed)))
    }

    /// Takes in what was found, once.
    pub fn recover(
        &mut self,
        around: &Around<'_>,
        found: &Found,
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> Outcome {
        let Recovery::Unread { lost } = self.recovery else { return Outcome::plain(Code::Invalid, Why::Unsound) };
        let (mut passed, known) = (found.passed, self.leases.len());
        for of in &found.kept {
            let place = self.leases.iter().position(|lease| lease.id == of.lease);
            let (newer, twice) = match place.and_then(|place| self.leases.get(place)) {
                Some(lease) => (of.state.1 > lease.seq, place >= Some(known)),
                None => (true, false),
            };
            if !of.is_sound() || twice || place.is_none() && self.leases.len() >= MOST.0 {
                passed = passed.saturating_add(1);
                continue;
            }
            // Whatever becomes of it, a generation that was told is never told again.
            self.epoch = self.epoch.max(of.state.0.saturating_add(1));
            if !newer {
                continue;
            }
            let Some(lease) = self.raised(around, of) else {
                passed = passed.saturating_add(1);
                continue;
            };
            let outcome = Outcome::plain(Code::Granted, Why::Fits).about(of.lease);
            self.kept.adopt((&of.client, &of.request), outcome, self.lived);
            self.waiting.retain(|wait| wait.lease.id != of.lease);
            match place.and_then(|place| self.leases.get_mut(place)) {
                Some(known) => *known = lease,
                None => self.leases.push(lease),
            }
        }
        let longest = self.leases.iter().filter(|lease| lease.is_kept()).map(|lease| lease.ttl).max();
        if passed > 0 {
            news.warn(About::Hall, What::Lease(LeaseNews::PassedOver { count: passed }));
        }
        if longest.is_none() && found.read && !lost {
            self.recovery = Recovery::Read;
            return Outcome::plain(Code::Granted, Why::Fits);
        }
        self.recovery = Recovery::Waits { left: longest.unwrap_or(TTL.2), renewed: 0 };
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        let Self { seen, leases, .. } = self;
        // Scans before knew of no lease, and took all that flows to be nobody's.
        seen.iter_mut().for_each(|(feed, seen)| seen.anew(charged(leases, feed, (now, now), tail)));
        self.watch = watch::Watch::new(around.power);
        let kept = plant::convert::u32_from_usize(self.leases.len());
        news.warn(About::Hall, What::Lease(LeaseNews::Recovering { kept, read: found.read }));
        self.prepare(around.ground, scratch);
        Outcome::plain(Code::Granted, Why::Fits)
    }

    /// A lease as it was kept; nothing where no feed carries it.
    fn raised(&self, around: &Around<'_>, of: &Retained) -> Option<Lease> {
        let (now, wish) = (self.now(), &of.wish);
        let cooling = around.cooling.unwrap_or(around.ground.rules.cooling);
        let mut weights = tree::weights(around.power, &wish.places, (cooling, &around.ground.spread));
        weights.iter_mut().for_each(|(_, weight)| *weight *= wish.power.kept());
        if weights.is_empty() {
            return None;
        }
        let weights = tree::deepest_first(around.power, weights);
        let term = Term::until(ttl(wish.ttl), around.tick);
        let mut lease = Lease::of(wish, of.lease, (&of.client, &of.request), (weights, term));
        // By a clock that nobody has trusted yet its steps say nothing: it is for what it was for last.
        let dated = self.clock.is_known() && !of.steps.is_empty();
        if dated {
            lease.steps.extend(of.steps.iter().copied().filter(|step| of.end.is_none_or(|end| step.start < end)));
            lease.end = of.end;
        } else {
            lease.steps.push(Step { start: now, watts: of.watts });
        }
        lease.moves = lease.end.and_then(|end| Moves::found(&lease.steps, end));
        lease.begins(lease.steps.first().map_or(now, |step| step.start));
        (lease.seq, lease.life) = (of.state.1.saturating_add(1), Life::Kept { epoch: of.state.0 });
        lease.notice = of.notice.max(around.ground.rules.notice).min(TTL.1);
        Some(lease)
    }

    /// What to answer who asks anew for what is kept, and was not renewed: nobody knows whether he says the same.
    pub(super) fn pends(&self, message: &Message) -> Option<Outcome> {
        let asks = self.recovery.waits() && matches!(message.op, Op::Acquire(_));
        let his = |of: &&Lease| of.is_kept() && of.client == message.client && of.request == message.request;
        let lease = self.leases.iter().filter(|_| asks).find(his)?;
        Some(Outcome::plain(Code::Retry, Why::Recovering).about(lease.id).after(RETRY))
    }

    /// Another lease that was kept is renewed.
    pub(super) const fn count_renewed(&mut self) {
        if let Recovery::Waits { renewed, .. } = &mut self.recovery {
            *renewed = renewed.saturating_add(1);
        }
    }

    /// One scan: what nobody has renewed is over once the time for it is, by the monotonic clock. Allocates nothing.
    pub(super) fn recovers(&mut self, around: &Around<'_>, passed: Span, news: &mut News<'_>) {
        let Recovery::Waits { left, renewed } = &mut self.recovery else { return };
        *left = Span::from_nanos(left.nanos().saturating_sub(passed.nanos()));
        if *left > Span::ZERO {
            return;
        }
        let (renewed, mut over) = (*renewed, 0_u32);
        self.recovery = Recovery::Read;
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        for place in 0..self.leases.len() {
            let Self { leases, kept, lived, .. } = self;
            let Some(lease) = leases.get(place).filter(|lease| lease.is_kept()) else { continue };
            over = over.saturating_add(1);
            let outcome = Outcome::plain(Code::Expired, Why::Over).about(lease.id);
            kept.settle((&lease.client, &lease.request), (lease.id, outcome), *lived);
            tell(news, lease, LeaseNews::Expired { watts: lease.at(now) });
            self.leave(around, place, (tail, 0.0, true));
            self.notify(place, Tidings::Stop, (now, later(now, GRACE)), (Cause::Expired, false));
        }
        news.info(About::Hall, What::Lease(LeaseNews::Recovered { renewed, over }));
    }
}
