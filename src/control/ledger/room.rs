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
use super::waiting::Rank;
use super::{Around, Ledger};

/// A change of what is charged.
#[derive(Clone, Copy, Debug)]
struct Turn {
    at: Wall,
    by: i64,
    whose: usize,
}

/// Room to reckon in, so that a scan allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    turns: Vec<Turn>,
    totals: Vec<Milli>,
    /// What is lent in each rack (W).
    pub(super) lent: Vec<f64>,
    /// The feeds by which something was decided last.
    pub(super) looked: Looked,
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
    /// Room for so many leases.
    pub fn make_room(&mut self, leases: usize, tenants: usize) {
        self.turns.reserve(leases.saturating_mul(8).saturating_sub(self.turns.len()));
        self.totals.reserve(tenants.saturating_add(1).saturating_sub(self.totals.len()));
    }

    /// The totals of every tenant at the begin, and what changes later.
    pub(super) fn fill<'l>(
        &mut self,
        leases: impl Iterator<Item = (&'l Lease, f64)>,
        (ground, now): (&Ground, Wall),
        time: &Time,
    ) {
        let tail = super::tail(&ground.rules);
        self.turns.clear();
        self.totals.clear();
        self.totals.resize(ground.rules.tenants.len().saturating_add(1), Milli::ZERO);
        for (lease, weight) in leases {
            let whose = ground.tenant(&lease.client).map_or(ground.rules.tenants.len(), |(n, _)| n);
            let at = |t: Wall| Milli::of(lease.charged(t, now, tail), weight);
            self.totals.get_mut(whose).into_iter().for_each(|of| *of = of.and(at(time.from)));
            let turns = lease.turns(now, tail);
            for (n, t) in turns.clone().enumerate().filter(|(_, t)| *t > time.from && *t < time.to) {
                // Several may turn at the same instant.
                if turns.clone().take(n).all(|before| before != t) {
                    let by = at(t).less(at(Wall(t.0.saturating_sub(1))));
                    self.turns.push(Turn { at: t, by: by.0, whose });
                }
            }
        }
        self.turns.sort_unstable_by_key(|turn| turn.at);
    }

    /// Looks at every instant from which on something else is charged, and at the first.
    pub(super) fn sweep(&mut self, from: Wall, mut look: impl FnMut(Wall, &[Milli])) {
        let Self { turns, totals, .. } = self;
        look(from, totals);
        let mut next = turns.iter().peekable();
        while let Some(turn) = next.next() {
            totals.get_mut(turn.whose).into_iter().for_each(|of| *of = of.and(Milli(turn.by)));
            if next.peek().is_none_or(|other| other.at != turn.at) {
                look(turn.at, totals);
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
        let mut fit = Fit { watts: 1e9, why: Why::Fits, feeds: Looked::default(), degraded: false };
        let mut rooms = [f64::INFINITY; TOLD];
        for (feed, weight) in weights.iter().copied() {
            let limit = Milli::limit((around.limit)(feed, time.from, time.to));
            let left = self.left(around, (feed, limit), time, scratch);
            let metered = self.sees(feed);
            let (room, why) = if !metered && left.own < left.room {
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
        let own = self.own(around, time, scratch);
        if own < fit.watts { Fit { watts: own, why: Why::Share, ..fit } } else { fit }
    }

    /// What of a feed is left for somebody.
    fn left(&self, around: &Around<'_>, (feed, limit): (FeedId, Milli), time: &Time, scratch: &mut Scratch) -> Left {
        let ground = around.ground;
        let counted = self.counted(time);
        let on_feed = counted.filter_map(|lease| lease.weight(feed).map(|weight| (lease, weight)));
        scratch.fill(on_feed, (ground, self.now()), time);
        let usable = ground.usable(limit).less(self.nobodys(feed));
        let share = ground.rules.tenants.get(time.whose).map_or(0.0, |tenant| tenant.share);
        let share = Milli::limit(Watts(limit.watts().0 * share));
        let own = ground.floor(time.whose, feed);
        let mut least = Left { room: Milli::MOST, share: Milli::MOST, own: Milli::MOST };
        scratch.sweep(time.from, |_, totals| {
            let all = ground.together(totals, feed, time.whose);
            let mine = totals.get(time.whose).copied().unwrap_or_default();
            least.room = least.room.min(usable.less(all));
            least.share = least.share.min(share.less(mine));
            least.own = least.own.min(own.less(mine));
        });
        least
    }

    /// What a tenant may still have of all that he may (W).
    fn own(&self, around: &Around<'_>, time: &Time, scratch: &mut Scratch) -> f64 {
        let Some(most) = around.ground.rules.tenants.get(time.whose).and_then(|tenant| tenant.most) else { return 1e9 };
        scratch.fill(self.counted(time).map(|lease| (lease, 1.0)), (around.ground, self.now()), time);
        let mut least = Milli::MOST;
        scratch.sweep(time.from, |_, totals| {
            let mine = totals.get(time.whose).copied().unwrap_or_default();
            least = least.min(Milli::limit(most).less(mine));
        });
        least.at_machines(1.0)
    }

    /// Every lease that counts, and those that wait and come before.
    fn counted(&self, time: &Time) -> impl Iterator<Item = &Lease> {
        let (but, rank, lived) = (time.but, time.rank, self.lived);
        let before =
            self.waiting.iter().filter(move |of| rank.is_some_and(|rank| of.rank(lived) < rank)).map(|of| &of.lease);
        self.leases.iter().filter(move |lease| Some(lease.id) != but).chain(before.filter(move |of| Some(of.id) != but))
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
