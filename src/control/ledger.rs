//! The ledger of leases: what schedulers may draw, where, and until when.
//!
//! ```text
//!  Message ─▶ known already? ─▶ the same answer
//!     │ no
//!     ▼
//!  weights: what each feed carries of a watt, with losses and cooling ─▶ room at every instant of the schedule, at every feed up the tree
//!     │                                                             ─▶ granted │ granted_partial │ queued │ retry │ denied │ degraded
//!     ▼
//!  a scan: what flows and is nobody's ─▶ leases age ─▶ lowered, restored, over ─▶ those that wait ─▶ notices
//! ```
//!
//! What holds at every feed, at every instant to come: `reserved + unleased + margin ≤ limit`, when something is granted. Reserved is charged from the grant on until a meter
//! confirms that it is not drawn any more, or grace and settling time are over. Nothing here reads a clock: time to live counts by the monotonic clock, schedules by the wall clock, or as it is
//! reckoned on from when that was trusted.
//!
//! Who draws more than he was lent is told, capped and reported, rack by rack, and below feeds that he has alone: [`watch`].
//!
//! Who is not sure lends less: a lost meter lends floors only, a break that nobody knows the length of ends every lease's time to live, a request that waits is counted before those that come later.

mod acquire;
mod ahead;
mod amount;
mod answers;
pub mod area;
mod batch;
mod capped;
mod cases;
mod change;
mod checkpoint;
mod comes;
pub mod decision;
mod exceeded;
mod heard;
mod kept;
mod late;
mod later;
pub mod lease;
mod lowered;
pub mod message;
pub mod notices;
pub mod opening;
mod others;
mod pass;
pub mod pauses;
pub mod planned;
mod profile;
pub mod recover;
pub mod reply;
mod revoke;
mod room;
mod rules;
mod shift;
#[cfg(test)]
mod tests;
pub mod tree;
mod turns;
mod unleased;
pub mod view;
mod waiting;
pub mod watch;

use plant::event::{About, LeaseNews, What};
use plant::hall::power::Power;
use plant::id::{FeedId, Table};
use plant::time::{Span, Tick, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::grid::Reckoned;
use super::news::News;
pub use amount::Milli;
use kept::Kept;
pub use later::Later;
use lease::Lease;
pub use lease::{GRACE, STEPS, TTL};
pub use lowered::Draw;
use message::{Message, Op};
use notices::{Cause, Notices};
use reply::{Answered, Code, Inputs, Looked, Outcome, Why};
pub use room::Scratch;
pub use rules::{Ground, Rules, Tenant};
use unleased::Seen;
pub use waiting::Waiting;

/// How many leases there may be, those that leave among them, and how many requests may wait.
pub const MOST: (usize, usize) = (4096, 1024);

/// All that is known of leases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Counts the starts of the controller.
    epoch: u64,
    /// The number of the last lease.
    number: u64,
    leases: Vec<Lease>,
    waiting: Vec<Waiting>,
    /// The next that waits and is looked at.
    next: usize,
    kept: Kept,
    notices: Notices,
    seen: Table<FeedId, Seen>,
    watch: watch::Watch,
    clock: Reckoned,
    last: Tick,
    /// People know that a clock that may be wrong begins nothing that names a time.
    held: bool,
    /// For how long control has lived, over all boots.
    lived: Span,
    /// The next lease, or request that waits, whose deadline is looked at.
    looked: usize,
    /// How far it is to take up what the broker had kept.
    recovery: recover::Recovery,
    /// Who has said that he will not do what he was told.
    unable: Vec<heard::Unable>,
    /// Clients whose clocks differ from ours, by their places in the configuration, from 1.
    skewed: Vec<u32>,
    /// What jobs that run later than asked for, or are lowered, would have drawn.
    sums: later::Sums,
}

/// What the ledger must know of what is around it.
pub struct Around<'a> {
    /// The rules, and what follows from them.
    pub ground: &'a Ground,
    /// The power tree.
    pub power: &'a Power,
    /// The least that a feed may carry from an instant until another (W).
    pub limit: &'a dyn Fn(FeedId, Wall, Wall) -> Watts,
    /// What makes it so little now.
    pub cause: &'a dyn Fn(FeedId) -> Cause,
    /// Why loads come down that are above what a feed itself carries.
    pub own_cause: &'a dyn Fn(FeedId) -> Cause,
    /// What flows through a feed (W); nothing where its meter is lost.
    pub load: &'a dyn Fn(FeedId) -> Option<Watts>,
    /// What a rack's meter reads (W), by the rack's place in the tree; nothing where that is not fresh.
    pub rack: &'a dyn Fn(usize) -> Option<Watts>,
    /// What a feed's own meter reads of machines (W); nothing where that is not fresh, or is doubted.
    pub meter: &'a dyn Fn(FeedId) -> Option<Watts>,
    /// Something in a rack can be capped.
    pub cappable: &'a dyn Fn(usize) -> bool,
    /// What the machines of a rack may draw by their caps (W); nothing where no cap holds them back.
    pub lets: &'a dyn Fn(usize) -> Option<Watts>,
    /// Cooling asks the machines of a rack for less.
    pub hot: &'a dyn Fn(usize) -> bool,
    /// When windows are open.
    pub openings: opening::Openings<'a>,
    /// Plans of the day ahead are made here.
    pub plans: bool,
    /// The one that is followed, by its number.
    pub plan: Option<u64>,
    /// What a kWh costs at an instant (the tariff's currency, with taxes); nothing where nobody knows.
    pub price: &'a dyn Fn(Wall) -> Option<f64>,
    /// Where it is billed.
    pub billed: Option<FeedId>,
    /// What cooling draws for each watt of machines, where that is measured (1).
    pub cooling: Option<f64>,
    /// The time since the scan before as it was lived.
    pub dt: Span,
    /// When.
    pub tick: Tick,
}

/// How long what a lease gives up stays charged.
#[must_use]
pub fn tail(rules: &Rules) -> Span {
    Span::from_nanos(GRACE.nanos().saturating_add(rules.settle.nanos()))
}

impl Ledger {
    /// Before anybody asked.
    #[must_use]
    pub fn new(power: &Power) -> Self {
        let seen = Table::filled(power.feeds.len(), Seen::default());
        Self { seen, watch: watch::Watch::new(power), ..Self::default() }
    }

    /// A start, in a new boot or going on in the old one: whoever does not know of it yet is told how his lease is, before he may change it.
    pub fn restart(&mut self, tick: Tick) {
        self.epoch = self.epoch.saturating_add(1).max(u64::from(tick.boot));
        self.watch.restart();
        self.skewed.clear();
        self.notices.make_room();
        self.leases.reserve(self.waiting.len());
        // Of what was read there is no room to spare.
        let waits = self.waiting.iter_mut().map(|of| &mut of.lease);
        waits.chain(&mut self.leases).for_each(|of| of.steps.reserve(STEPS.saturating_sub(of.steps.len())));
    }

    /// The generation of the controller.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What time it is, or is reckoned to be.
    #[must_use]
    pub fn now(&self) -> Wall {
        self.clock.wall()
    }

    /// For how long control has lived, over all boots.
    pub(super) const fn lived(&self) -> Span {
        self.lived
    }

    pub(super) const fn last_tick(&self) -> Tick {
        self.last
    }

    pub(super) const fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(super) fn leases(&self) -> impl Iterator<Item = &Lease> {
        self.leases.iter()
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    pub(super) fn waits(&self) -> impl Iterator<Item = &Lease> {
        self.waiting.iter().map(|of| &of.lease)
    }

    /// What flows through a feed and belongs to no lease (mW).
    #[must_use]
    pub fn unleased(&self, feed: FeedId) -> Milli {
        self.seen.get(feed).map_or(Milli::ZERO, |of| of.unleased)
    }

    /// The feed's meter is read.
    fn sees(&self, feed: FeedId) -> bool {
        self.seen.get(feed).is_some_and(|of| of.load.is_some())
    }

    /// What a feed is charged for all leases at an instant that is not before now (mW).
    #[must_use]
    pub fn reserved(&self, feed: FeedId, t: Wall, tail: Span) -> Milli {
        charged(&self.leases, feed, (t, self.now()), tail)
    }

    /// Answers a request.
    pub fn hear(
        &mut self,
        around: &Around<'_>,
        message: &Message,
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> Answered {
        let who = (message.client.as_str(), message.request.as_str());
        if let Some(outcome) = self.pends(message) {
            return Answered { again: true, ..self.answer_to(who, &[outcome]) };
        }
        if let Some(known) = self.kept.find(who.0, who.1) {
            let conflict = [Outcome::plain(Code::Conflict, Why::OtherBody)];
            let outcomes = if known.is_to(message.body) { known.outcomes() } else { &conflict };
            return Answered { again: true, ..self.answer_to(who, outcomes) };
        }
        let named = |text: &str| !text.is_empty() && text.chars().count() <= message::NAME;
        if !named(who.0) || !named(who.1) {
            return self.answer_to(who, &[Outcome::plain(Code::Invalid, Why::Unsound)]);
        }
        if around.ground.tenant(who.0).is_none() {
            return self.answer_to(who, &[Outcome::plain(Code::Denied, Why::UnknownClient)]);
        }
        if !self.may_keep(around.ground, message, news) {
            return self.answer_to(who, &[Outcome::plain(Code::Retry, Why::Full).after(RETRY)]);
        }
        let mut looked = Vec::new();
        let outcomes = self.decide(around, message, (scratch, &mut looked, news));
        let mut answered = self.answer_to(who, &outcomes);
        for (item, feeds) in answered.items.iter_mut().zip(looked) {
            item.inputs = Some(Inputs { at: self.now(), plan: around.plan, feeds });
        }
        // What waits until a lost store is taken up again, or until there is a place for it, is not judged yet.
        if outcomes.iter().any(|of| of.why != Why::Recovering && of.why != Why::Full) {
            self.keep(message, outcomes);
        }
        answered
    }

    /// What is done, item by item, and by which feeds each was decided.
    fn decide(
        &mut self,
        around: &Around<'_>,
        message: &Message,
        (scratch, looked, news): (&mut Scratch, &mut Vec<Looked>, &mut News<'_>),
    ) -> Vec<Outcome> {
        let names = (message.client.as_str(), message.request.as_str());
        (scratch.looked, scratch.looks) = (Looked::default(), batch::LOOKS);
        let mut refused = batch::Refused::default();
        let outcomes = match &message.op {
            Op::Acquire(wishes) | Op::DryRun(wishes) if wishes.is_empty() || wishes.len() > message::BATCH => {
                vec![Outcome::plain(Code::Invalid, Why::Unsound)]
            }
            Op::Acquire(wishes) => {
                let one = |wish| {
                    let (outcome, by) =
                        self.acquire_one(around, (wish, names), &mut refused, (&mut *scratch, &mut *news));
                    looked.push(by);
                    outcome
                };
                let outcomes = wishes.iter().map(one).collect();
                self.prepare(around.ground, scratch);
                outcomes
            }
            Op::DryRun(wishes) => {
                // What the items of one request would leave for each other is seen by doing them, in a copy.
                let (mut copy, mut events) = (self.trial(), Vec::new());
                let told = &mut News::new(around.tick, &mut events);
                let alone = wishes.len() == 1;
                let one = |wish| {
                    let (outcome, by) =
                        copy.acquire_one(around, (wish, names), &mut refused, (&mut *scratch, &mut *told));
                    looked.push(by);
                    if alone { self.offers(around, (wish, names), outcome, scratch) } else { outcome }
                };
                wishes.iter().map(one).collect()
            }
            Op::Renew { of, ttl } => vec![self.renew(around, message, (*of, *ttl), news)],
            Op::Amend { of, power, partial, priority } => {
                vec![self.amend(around, (names.0, *of), (power, *partial, *priority), (&mut *scratch, news))]
            }
            Op::Release { of } => vec![self.release(around, (names.0, *of), news)],
            Op::Query { of } => vec![self.query(names.0, *of)],
        };
        if looked.is_empty() {
            looked.push(std::mem::take(&mut scratch.looked));
        }
        outcomes
    }

    /// The same without what was answered, to try something: answers are many.
    fn trial(&self) -> Self {
        Self {
            leases: self.leases.clone(),
            waiting: self.waiting.clone(),
            seen: self.seen.clone(),
            clock: self.clock,
            kept: Kept::default(),
            notices: Notices::default(),
            watch: watch::Watch::default(),
            unable: Vec::new(),
            skewed: Vec::new(),
            sums: later::Sums::default(),
            ..*self
        }
    }
}

/// What a feed is charged for these leases at an instant that is not before `now` (mW).
fn charged(leases: &[Lease], feed: FeedId, (t, now): (Wall, Wall), tail: Span) -> Milli {
    let of = |lease: &Lease| Some(Milli::of(lease.charged(t, now, tail), lease.weight(feed)?));
    leases.iter().filter_map(of).fold(Milli::ZERO, Milli::and)
}

/// When to ask again where nobody knows better.
const RETRY: Span = Span::from_secs(60);

/// Tells of a lease.
fn tell(news: &mut News<'_>, lease: &Lease, what: LeaseNews) {
    let about = lease.home().map_or(About::Hall, About::Feed);
    match what {
        LeaseNews::Granted { .. }
        | LeaseNews::Queued
        | LeaseNews::ClockHolds(_)
        | LeaseNews::Released
        | LeaseNews::Over
        | LeaseNews::Paused { .. }
        | LeaseNews::Uncapped { .. }
        | LeaseNews::Restored { .. }
        | LeaseNews::TakenUp { .. }
        | LeaseNews::Recovered { .. }
        | LeaseNews::Skewed { far: false, .. }
        | LeaseNews::Late { late: false, .. } => {
            news.info(about, What::Lease(what));
        }
        LeaseNews::Expired { .. }
        | LeaseNews::Lowered { .. }
        | LeaseNews::Capped { .. }
        | LeaseNews::Exceeded { .. }
        | LeaseNews::Excess(_)
        | LeaseNews::Full { .. }
        | LeaseNews::Recovering { .. }
        | LeaseNews::PassedOver { .. }
        | LeaseNews::Cannot { .. }
        | LeaseNews::Unanswered { .. }
        | LeaseNews::Skewed { far: true, .. }
        | LeaseNews::Late { late: true, .. } => {
            news.warn(about, What::Lease(what));
        }
    }
}
