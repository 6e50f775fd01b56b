//! What clients know of their leases, and what may become of those: nobody loses one without a reason that he can know, and none comes back.

use std::collections::BTreeMap;

use plant::time::{Span, Wall};

use crate::control::ledger::lease::{GRACE, Lease, Life, long_grace};
use crate::control::ledger::message::{Class, LeaseId, Message, Op};
use crate::control::ledger::reply::{Answered, Code};

use super::super::rig::Rig;

/// A scan: what happens between two looks is not known better.
const LOOK: i64 = 1000;

/// Where a lease is, as far as its client cares.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// It waits for room.
    Waits,
    /// Its power is promised.
    Holds { end: Option<Wall>, ttl: Span },
    /// It is over, and charged; something of it may stay.
    Leaving { stays: bool },
    /// It is at its floor.
    Floored { end: Option<Wall> },
    /// Nobody knows of it.
    Gone,
}

/// A lease that was named to its client.
#[derive(Clone, Debug)]
struct Mine {
    client: String,
    request: String,
    /// It was given back.
    given: bool,
    /// When its client heard of it first.
    named: Wall,
    /// When it was lent, or renewed last: no sooner than this.
    fresh: Wall,
    /// From then on nobody knows how much of its time to live is left.
    doubted: Option<Wall>,
    stage: Stage,
}

/// What all clients know.
#[derive(Clone, Debug, Default)]
pub struct Known {
    mine: BTreeMap<LeaseId, Mine>,
    /// The lease of each item of each request, by whose it is.
    leases: BTreeMap<(String, String, usize), LeaseId>,
    /// Renewals that were granted: one that comes again lengthens nothing.
    renewals: Vec<(String, String)>,
    /// In the order in which they were named.
    order: Vec<LeaseId>,
    looked: Wall,
    /// How far the ledger's clock was behind then (ms).
    behind: i64,
}

impl Stage {
    fn of(lease: &Lease) -> Self {
        match lease.life {
            Life::Held | Life::Grace { .. } | Life::Kept { .. } => Self::Holds { end: lease.end, ttl: lease.ttl },
            Life::Leaving { to, .. } => Self::Leaving { stays: to > 0.0 },
            Life::Floored { .. } => Self::Floored { end: lease.end },
        }
    }
}

impl Mine {
    /// Why it may be so now where it was as it is remembered; `wall` is the true time, `clock` what the ledger takes it for.
    fn may_be(&self, now: Stage, (wall, clock): (Wall, Wall)) -> bool {
        let over = |end: Option<Wall>| self.given || end.is_some_and(|end| end <= clock);
        let since = |from: Wall, span: Span| wall.0 + LOOK >= from.0 + i64::try_from(span.millis()).expect("short");
        let expired = |ttl: Span| {
            let whole = Span::from_nanos(ttl.nanos() + GRACE.nanos());
            since(self.fresh, whole) || self.doubted.is_some_and(|at| since(at, long_grace(ttl)))
        };
        match (self.stage, now) {
            (Stage::Waits, Stage::Waits | Stage::Holds { .. } | Stage::Gone)
            | (Stage::Holds { .. }, Stage::Holds { .. })
            | (Stage::Leaving { .. }, Stage::Leaving { .. })
            | (Stage::Leaving { stays: false }, Stage::Gone)
            | (Stage::Leaving { stays: true }, Stage::Floored { .. })
            | (Stage::Floored { .. }, Stage::Floored { .. })
            | (Stage::Gone, Stage::Gone) => true,
            (Stage::Holds { end, ttl }, Stage::Leaving { .. } | Stage::Gone) => over(end) || expired(ttl),
            (Stage::Leaving { stays: true }, Stage::Gone) => self.given,
            (Stage::Floored { .. }, Stage::Holds { .. }) => self.fresh == wall,
            // Renewed while it came down, and it lives.
            (Stage::Leaving { stays: true }, Stage::Holds { ttl, .. }) => {
                clock.0 <= self.fresh.0 + 2 * LOOK + i64::try_from(ttl.millis()).expect("short")
            }
            (Stage::Floored { end }, Stage::Leaving { .. } | Stage::Gone) => over(end),
            (Stage::Waits, Stage::Leaving { .. } | Stage::Floored { .. })
            | (Stage::Holds { .. }, Stage::Waits | Stage::Floored { .. })
            | (Stage::Leaving { .. } | Stage::Floored { .. }, Stage::Waits)
            | (Stage::Leaving { stays: false }, Stage::Holds { .. } | Stage::Floored { .. })
            | (Stage::Gone, Stage::Waits | Stage::Holds { .. } | Stage::Leaving { .. } | Stage::Floored { .. }) => {
                false
            }
        }
    }
}

impl Known {
    /// A message was answered that was said first at a time, perhaps before a break that nobody knows the length of.
    pub fn hears(&mut self, rig: &Rig, (message, said, doubted): (&Message, Wall, bool), answered: &Answered) {
        let wall = rig.tick.wall;
        for (n, item) in answered.items.iter().enumerate() {
            let (code, lease) = (item.outcome.code, item.outcome.lease);
            match (&message.op, lease) {
                (Op::Acquire(_), Some(lease)) => {
                    let (client, request) = (message.client.clone(), message.request.clone());
                    let first = *self.leases.entry((client.clone(), request.clone(), n)).or_insert(lease);
                    assert_eq!(first, lease, "two leases for one request");
                    self.mine.entry(lease).or_insert_with(|| {
                        self.order.push(lease);
                        let stage = if code == Code::Queued {
                            Stage::Waits
                        } else {
                            Stage::Holds { end: None, ttl: Span::ZERO }
                        };
                        Mine {
                            client,
                            request,
                            given: false,
                            named: wall,
                            fresh: said,
                            doubted: doubted.then_some(rig.tick.wall),
                            stage,
                        }
                    });
                }
                (Op::Release { .. }, Some(lease)) if code == Code::Granted => {
                    self.mine.get_mut(&lease).expect("named").given = true;
                }
                (Op::Renew { .. }, Some(lease)) if code == Code::Granted => {
                    let name = (message.client.clone(), message.request.clone());
                    if !self.renewals.contains(&name) {
                        self.renewals.push(name);
                        let mine = self.mine.get_mut(&lease).expect("named");
                        (mine.fresh, mine.doubted) = (wall, None);
                    }
                }
                _ => {}
            }
        }
        self.look(rig);
    }

    /// Control was away, and whoever does not know for how long may end what was promised for a time.
    pub fn doubts(&mut self, rig: &Rig) {
        let since = rig.tick.wall;
        self.mine.values_mut().for_each(|mine| mine.doubted = mine.doubted.or(Some(since)));
    }

    /// A lease that was named, and whose.
    pub fn pick(&self, n: usize) -> Option<(String, LeaseId)> {
        let lease = self.order.get(n % self.order.len().max(1))?;
        Some((self.mine.get(lease)?.client.clone(), *lease))
    }

    /// Where a clock is put right a grace is shorter by as much as it was behind.
    fn put_right(&mut self, behind: i64) {
        let by = (self.behind - behind).max(0);
        for mine in self.mine.values_mut() {
            mine.fresh.0 -= by;
            mine.doubted.iter_mut().for_each(|at| at.0 -= by);
        }
        self.behind = behind;
    }

    /// None lost, none that comes back, none that nobody asked for, and nothing taken that was not for taking.
    pub fn look(&mut self, rig: &Rig) {
        let (wall, clock) = (rig.tick.wall, rig.ledger.now());
        assert!(wall >= self.looked, "{wall:?} after {:?}", self.looked);
        self.put_right(wall.0 - clock.0);
        let waits = rig.ledger.waits().map(|of| (of.id, Stage::Waits));
        let all: Vec<_> = rig.ledger.leases().map(|of| (of.id, Stage::of(of))).chain(waits).collect();
        let seen: BTreeMap<LeaseId, Stage> = all.iter().copied().collect();
        assert_eq!(seen.len(), all.len(), "two of one name");
        assert!(seen.keys().all(|of| self.mine.contains_key(of)), "one that nobody asked for");
        for (lease, mine) in &mut self.mine {
            let now = seen.get(lease).copied().unwrap_or(Stage::Gone);
            // What has just been named is as it is seen.
            let new = mine.stage == Stage::Holds { end: None, ttl: Span::ZERO };
            assert!(
                mine.may_be(now, (wall, clock)) || (new && mine.named == wall),
                "{lease} was {mine:?} and is {now:?} at {wall:?}, {clock:?}"
            );
            if mine.stage == Stage::Waits && now == Stage::Gone {
                let answer = rig.ledger.kept.find(&mine.client, &mine.request).expect("an answer");
                let outcome = answer.outcomes().iter().find(|of| of.lease == Some(*lease)).expect("about it");
                assert!(
                    [Code::Denied, Code::Expired].contains(&outcome.code),
                    "{lease} is not waited for: {outcome:?}"
                );
            }
            if mine.stage == Stage::Waits && now != Stage::Waits {
                (mine.fresh, mine.doubted) = (self.looked, None);
            }
            mine.stage = now;
        }
        for lease in rig.ledger.leases() {
            let taken = lease.cut.map(|cut| cut.watts);
            let may = match lease.class {
                Class::Firm => taken.is_none(),
                Class::Curtailable => taken.is_none_or(|watts| watts >= lease.floor),
                Class::Interruptible => true,
            };
            assert!(may, "{} is {:?}: {:?}", lease.id, lease.class, lease.cut);
        }
        self.looked = wall;
    }
}
