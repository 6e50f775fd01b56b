//! How much room there is for somebody, at the instant of a time to come where there is least.
//!
//! **Equation** at each feed, at each instant: `reserved + unleased + margin ≤ limit`. Reserved is what leases are charged at, at least what each of the others has for his own; unleased is what
//! flows there and belongs to no lease, and all that flows while a lost store is taken up again ([`super::recover`]). Who waits and comes before is counted from now on.

use plant::id::FeedId;
use plant::time::{Span, Wall};
use plant::units::Watts;

use super::amount::Milli;
use super::lease::Lease;
use super::message::LeaseId;
use super::reply::{Code, Looked, TOLD, Tight, Why};
use super::rules::Ground;
use super::waiting::{Rank, Waiting};
use super::{Around, Ledger};

/// A lease that counts, by its place among all, or what waits behind them.
#[derive(Clone, Copy, Debug)]
struct Counts {
    place: usize,
    whose: usize,
    /// What it is charged at the begin (W).
    watts: f64,
}

/// A change of what is charged for one of them (W).
#[derive(Clone, Copy, Debug)]
struct Turn {
    at: Wall,
    of: Counts,
    /// From then on; `of` has what it was before.
    watts: f64,
}

/// Room to reckon in, so that a scan allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    counts: Vec<Counts>,
    turns: Vec<Turn>,
    totals: Vec<Milli>,
    /// What is lent in each rack (W).
    pub(super) lent: Vec<f64>,
    /// The feeds by which something was decided last.
    pub(super) looked: Looked,
    /// For so many of a message's items it is still looked when there is room, and who may be lowered for them.
    pub(super) looks: usize,
}

/// Who asks for room, and when.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// His place among the tenants.
    pub whose: usize,
    /// From when on.
    pub from: Wall,
    /// Until when what he gets is charged.
    pub to: Wall,
    /// Not counted: his own lease, which this shall replace.
    pub but: Option<LeaseId>,
    /// Those that wait and come before this are counted.
    pub rank: Option<Rank>,
}

/// The room for something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// How much (W at machines, ≥ 0).
    pub watts: f64,
    /// What makes it so little.
    pub why: Why,
    /// The feeds with least room, the tightest first.
    pub feeds: Looked,
    /// A meter on its way is lost.
    pub degraded: bool,
}

/// What is charged on a feed at an instant, or at the most in a time (mW, ≥ 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Charged {
    /// Of all, with what is kept for others.
    all: Milli,
    /// Of it, for who asks.
    mine: Milli,
}

impl Charged {
    /// The more of each.
    pub(super) fn max(self, other: Self) -> Self {
        Self { all: self.all.max(other.all), mine: self.mine.max(other.mine) }
    }
}

/// What is left for somebody of a feed.
#[derive(Clone, Copy, Debug)]
struct Left {
    room: Milli,
    share: Milli,
    own: Milli,
}

impl Fit {
    /// Where there is least room.
    #[must_use]
    pub fn tight(&self) -> Option<Tight> {
        self.feeds.first().copied().flatten()
    }

    /// What who is lent something hears: all that he wanted, or less.
    #[must_use]
    pub const fn lent(&self, partial: bool) -> Code {
        match (self.degraded, partial) {
            (true, _) => Code::Degraded,
            (false, true) => Code::GrantedPartial,
            (false, false) => Code::Granted,
        }
    }
}

impl Scratch {
    /// Room for so many leases, and so many changes of all of them.
    pub fn make_room(&mut self, (leases, turns): (usize, usize), tenants: usize) {
        self.counts.reserve(leases.saturating_sub(self.counts.len()));
        self.turns.reserve(turns.saturating_sub(self.turns.len()));
        self.totals.reserve(tenants.saturating_add(1).saturating_sub(self.totals.len()));
    }

    /// What leases are charged at the begin of a time, and what changes later. Each comes with its place.
    pub(super) fn fill<'l>(
        &mut self,
        leases: impl Iterator<Item = (usize, &'l Lease)>,
        (ground, now): (&Ground, Wall),
        time: &Time,
    ) {
        let (tail, tenants) = (super::tail(&ground.rules), ground.rules.tenants.len());
        self.counts.clear();
        self.turns.clear();
        self.totals.clear();
        self.totals.resize(tenants.saturating_add(1), Milli::ZERO);
        for (place, lease) in leases {
            let whose = ground.tenant(&lease.client).map_or(tenants, |(n, _)| n);
            let at = |t: Wall| lease.charged(t, now, tail);
            let of = Counts { place, whose, watts: at(time.from) };
            self.counts.push(of);
            let turns = lease.turns(now, tail);
            for (n, t) in turns.clone().enumerate().filter(|(_, t)| *t > time.from && *t < time.to) {
                // Several may turn at the same instant.
                if turns.clone().take(n).all(|before| before != t) {
                    let (before, watts) = (at(Wall(t.0.saturating_sub(1))), at(t));
                    if before != watts {
                        self.turns.push(Turn { at: t, of: Counts { watts: before, ..of }, watts });
                    }
                }
            }
        }
        self.turns.sort_unstable_by_key(|turn| turn.at);
    }

    /// Looks at what all of each tenant are charged where each has a weight, or none: at the begin, and at every instant from which on that is something else.
    pub(super) fn sweep(
        &mut self,
        from: Wall,
        weight: impl Fn(usize) -> Option<f64>,
        mut look: impl FnMut(Wall, &[Milli]),
    ) {
        let Self { counts, turns, totals, .. } = self;
        totals.fill(Milli::ZERO);
        for of in counts.iter() {
            let (Some(weight), Some(total)) = (weight(of.place), totals.get_mut(of.whose)) else { continue };
            *total = total.and(Milli::of(of.watts, weight));
        }
        look(from, totals);
        let (mut next, mut turned) = (turns.iter().peekable(), false);
        while let Some(Turn { at, of, watts }) = next.next() {
            if let (Some(weight), Some(total)) = (weight(of.place), totals.get_mut(of.whose)) {
                *total = total.and(Milli::of(*watts, weight).less(Milli::of(of.watts, weight)));
                turned = true;
            }
            if turned && next.peek().is_none_or(|other| other.at != *at) {
                look(*at, totals);
                turned = false;
            }
        }
    }
}

impl Ledger {
    /// The room for something whose weights these are.
    pub(super) fn fit(
        &self,
        around: &Around<'_>,
        weights: &[(FeedId, f64)],
        time: &Time,
        scratch: &mut Scratch,
    ) -> Fit {
        scratch.fill(self.counted(time), (around.ground, self.now()), time);
        let mut most = |feed: Option<FeedId>| {
            let mut most = Charged::default();
            self.charges(around, feed, (time, &mut *scratch), |_, charged| most = most.max(charged));
            most
        };
        let own = if around.ground.most(time.whose).is_some() { most(None) } else { Charged::default() };
        self.fit_of(around, (weights, time), |feed| most(Some(feed)), own)
    }

    /// The same, where it is told what is charged on each feed of its way at the most, and of what its tenant has.
    pub(super) fn fit_of(
        &self,
        around: &Around<'_>,
        (weights, time): (&[(FeedId, f64)], &Time),
        mut most: impl FnMut(FeedId) -> Charged,
        own: Charged,
    ) -> Fit {
        let mut fit = Fit { watts: 1e9, why: Why::Fits, feeds: Looked::default(), degraded: false };
        let mut rooms = [f64::INFINITY; TOLD];
        for (feed, weight) in weights.iter().copied() {
            let limit = Milli::limit((around.limit)(feed, time.from, time.to));
            let left = self.left(around.ground, (feed, limit), time.whose, most(feed));
            let metered = self.sees(feed);
            let (room, why) = if !metered && left.own < left.room.min(left.share) {
                (left.own, Why::Meter)
            } else if left.share < left.room {
                (left.share, Why::Share)
            } else {
                (left.room, Why::Feed)
            };
            fit.degraded |= !metered;
            let watts = room.at_machines(weight);
            if watts < fit.watts {
                fit = Fit { watts, why, ..fit };
            }
            if let Some(place) = rooms.iter().position(|other| watts < *other) {
                let tight = Tight { feed, limit: limit.watts(), headroom: room.watts() };
                let (rooms, feeds) = (rooms.get_mut(place..), fit.feeds.get_mut(place..));
                rooms.into_iter().for_each(|rooms| put_first(rooms, watts));
                feeds.into_iter().for_each(|feeds| put_first(feeds, Some(tight)));
            }
        }
        let own = around.ground.most(time.whose).map_or(1e9, |most| Milli::limit(most).less(own.mine).at_machines(1.0));
        if own < fit.watts { Fit { watts: own, why: Why::Share, ..fit } } else { fit }
    }

    /// What of a feed is left for somebody where so much is charged at the most.
    fn left(&self, ground: &Ground, (feed, limit): (FeedId, Milli), whose: usize, most: Charged) -> Left {
        let usable = ground.usable(limit).less(self.nobodys(feed));
        let share = ground.rules.tenants.get(whose).map_or(0.0, |tenant| tenant.share);
        let share = Milli::limit(Watts(limit.watts().0 * share));
        Left {
            room: usable.less(most.all),
            share: share.less(most.mine),
            own: ground.floor(whose, feed).less(most.mine),
        }
    }

    /// Tells what is charged on a feed from the begin of a time on, and from each instant of it at which that changes; of no feed what its tenant has in all.
    pub(super) fn charges(
        &self,
        around: &Around<'_>,
        feed: Option<FeedId>,
        (time, filled): (&Time, &mut Scratch),
        mut tell: impl FnMut(Wall, Charged),
    ) {
        let ground = around.ground;
        let weight = |place: usize| feed.map_or(Some(1.0), |feed| self.at_place(place)?.weight(feed));
        filled.sweep(time.from, weight, |at, totals| {
            let all = feed.map_or(Milli::ZERO, |feed| ground.together(totals, feed, time.whose));
            tell(at, Charged { all, mine: totals.get(time.whose).copied().unwrap_or_default() });
        });
    }

    /// Every lease that counts, and those that wait and come before, with their places.
    pub(super) fn counted(&self, time: &Time) -> impl Iterator<Item = (usize, &Lease)> {
        let (but, rank, lived) = (time.but, time.rank, self.lived);
        let before = move |of: &Waiting| rank.is_some_and(|rank| of.rank(lived) < rank);
        let waits = self.waiting.iter().enumerate().filter(move |(_, of)| before(of));
        let waits = waits.map(|(n, of)| (self.leases.len().saturating_add(n), &of.lease));
        self.leases.iter().enumerate().chain(waits).filter(move |(_, lease)| Some(lease.id) != but)
    }

    /// One of them by its place.
    fn at_place(&self, place: usize) -> Option<&Lease> {
        let waits = || self.waiting.get(place.checked_sub(self.leases.len())?).map(|of| &of.lease);
        self.leases.get(place).or_else(waits)
    }

    /// Room, so that what a scan does with all that there is now allocates nothing.
    pub(super) fn prepare(&mut self, ground: &Ground, scratch: &mut Scratch) {
        self.leases.reserve(self.waiting.len());
        self.notices.make_room();
        // A pause is two steps more.
        let turns: usize = self.leases().chain(self.waits()).map(|of| 2 * of.steps.len() + 11).sum();
        let leases = self.leases.len().saturating_add(self.waiting.len());
        scratch.make_room((leases, turns), ground.rules.tenants.len());
    }

    /// The instants at which something that a wish needs becomes free (the first [`LOOKS`]).
    pub(super) fn frees(&self, weights: &[(FeedId, f64)], from: Wall, tail: Span) -> Vec<Wall> {
        let shares = |lease: &&Lease| weights.iter().any(|(feed, _)| lease.weight(*feed).is_some());
        let now = self.now();
        let mut all: Vec<Wall> =
            self.leases.iter().filter(shares).flat_map(|of| of.turns(now, tail)).filter(|at| *at > from).collect();
        all.sort_unstable();
        all.dedup();
        all.truncate(LOOKS);
        all
    }
}

/// Puts one before the others, the last of which is dropped.
fn put_first<T>(all: &mut [T], one: T) {
    all.rotate_right(1);
    if let Some(first) = all.first_mut() {
        *first = one;
    }
}

/// How many instants are looked at for a later start.
const LOOKS: usize = 64;
