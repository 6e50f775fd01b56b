//! Feeds below which nobody draws but one tenant: what flows there is his, whatever it is charged to.
//!
//! A rack with two cords draws from either feed: its tenant names both, and they are judged together.

use plant::hall::power::Power;
use plant::id::{FeedId, Id};
use plant::units::Watts;

use super::amount::Milli;
use super::lease::Lease;
use super::rules::Rules;
use super::tree::{self, Place};

/// Feeds that a tenant has alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Whose, by his place among the tenants.
    pub whose: usize,
    /// As they are named: none hangs below another.
    pub feeds: Vec<FeedId>,
    /// They, and all that hang below them.
    below: Vec<FeedId>,
    /// What they carry for each watt that is drawn somewhere below them (1).
    deep: f64,
    /// The racks below, by their places in the tree.
    pub racks: Vec<usize>,
}

/// Why feeds cannot be a tenant's alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Shared {
    /// One of them has no meter.
    Unmetered(FeedId),
    /// Cooling hangs below it.
    Cooling(FeedId),
    /// A rack below it has a cord on a feed that he does not name.
    Cord(FeedId, usize, FeedId),
    /// It is another's, too, or hangs above or below such a feed, or below another of his own.
    Taken(FeedId, FeedId),
    /// Somebody else has a floor there.
    Floor(FeedId, usize),
}

impl Area {
    /// Each tenant's that has one.
    #[must_use]
    pub fn all(power: &Power, rules: &Rules) -> Vec<Self> {
        let tenants = rules.tenants.iter().enumerate().filter(|(_, tenant)| !tenant.alone.is_empty());
        tenants.map(|(whose, tenant)| Self::of(power, whose, &tenant.alone)).collect()
    }

    fn of(power: &Power, whose: usize, feeds: &[FeedId]) -> Self {
        let none = plant::id::Table::filled(power.feeds.len(), 0.0);
        let carries = |feed: FeedId| {
            let weights = tree::weights(power, &[(Place::Feed(feed), 1.0)], (0.0, &none));
            weights.iter().find(|(of, _)| *of == feed).map_or(1.0, |(_, weight)| *weight)
        };
        let hangs = |feed: &FeedId| feeds.iter().any(|above| power.hangs_below(*feed, *above));
        let below: Vec<FeedId> = power.feeds.ids().filter(hangs).collect();
        let cords = below.iter().filter_map(|feed| power.feeds.get(*feed)).flat_map(|feed| &feed.cords);
        let mut racks: Vec<usize> = cords.map(|cord| cord.rack).collect();
        racks.sort_unstable();
        racks.dedup();
        Self {
            whose,
            feeds: feeds.to_vec(),
            below,
            deep: feeds.iter().copied().map(carries).fold(1.0, f64::max),
            racks,
        }
    }

    /// A feed is one of them, or hangs below one.
    #[must_use]
    pub fn has(&self, feed: FeedId) -> bool {
        self.below.contains(&feed)
    }

    /// What a lease is charged at there where it is charged so much in all (W): of places there, and of feeds above, all of which may be drawn there.
    pub(super) fn charged(&self, power: &Power, lease: &Lease, watts: f64) -> (Milli, Milli) {
        let is_above = |place: Place| match place {
            Place::Feed(feed) => !self.has(feed) && self.feeds.iter().any(|below| power.hangs_below(*below, feed)),
            Place::Rack(_) => false,
        };
        let above: f64 = lease.places.iter().filter(|(place, _)| is_above(*place)).map(|(_, share)| share).sum();
        (Milli::of(watts, lease.below(&self.feeds)), Milli::of(watts, above * self.deep))
    }

    /// What they carry together (W); nothing where one of them is not read.
    pub(super) fn carries(&self, load: impl Fn(FeedId) -> Option<Watts>) -> Option<Watts> {
        let all: Option<f64> = self.feeds.iter().map(|feed| load(*feed).map(|of| of.0)).sum();
        all.map(Watts)
    }
}

/// Everything that speaks against what tenants shall have alone.
#[must_use]
pub fn faults(power: &Power, rules: &Rules, cooled: impl Fn(FeedId) -> bool) -> Vec<(usize, Shared)> {
    let mut all = Vec::new();
    let mut taken: Vec<FeedId> = Vec::new();
    let related = |a: FeedId, b: FeedId| power.hangs_below(a, b) || power.hangs_below(b, a);
    for area in Area::all(power, rules) {
        let mut fail = |why: Shared| all.push((area.whose, why));
        for feed in area.feeds.iter().copied() {
            if power.feeds.get(feed).is_none_or(|of| of.meter.is_none()) {
                fail(Shared::Unmetered(feed));
            }
            if cooled(feed) {
                fail(Shared::Cooling(feed));
            }
            if let Some(other) = taken.iter().find(|other| related(feed, **other)) {
                fail(Shared::Taken(feed, *other));
            }
            taken.push(feed);
        }
        for (id, feed) in power.feeds.iter().filter(|(id, _)| !area.has(*id)) {
            if let Some(cord) = feed.cords.iter().find(|cord| area.racks.contains(&cord.rack))
                && let Some(named) = area.feeds.iter().min_by_key(|feed| feed.index())
            {
                fail(Shared::Cord(*named, cord.rack, id));
            }
        }
        let others = rules.tenants.iter().enumerate().filter(|(n, _)| *n != area.whose);
        for (n, (feed, _)) in others.flat_map(|(n, tenant)| tenant.floors.iter().map(move |floor| (n, floor))) {
            if area.has(*feed) {
                fail(Shared::Floor(*feed, n));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::ledger::Tenant;

    #[test]
    fn what_nobody_can_have_alone_is_told() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let power = plant::hall::Hall::load("air", text).expect("loads").power;
        let id = |name: &str| power.feed(name).expect("a feed");
        let spread = tree::spread(&power);
        let told = |alone: &[&[&str]]| {
            let tenant = |(n, feeds): (usize, &&[&str])| Tenant {
                alone: feeds.iter().map(|name| id(name)).collect(),
                floors: if n == 1 { vec![(id("pdu-b1"), Watts(1e3))] } else { Vec::new() },
                ..Tenant::plain(&format!("t{n}"))
            };
            let rules = Rules { tenants: alone.iter().enumerate().map(tenant).collect(), ..Rules::default() };
            faults(&power, &rules, |feed| spread.get(feed).is_some_and(|of| *of > 0.0))
        };
        assert_eq!(told(&[&["pdu-a1", "pdu-a2"], &["pdu-b1", "pdu-b2"]]), []);
        let cord = |named: &str, rack: usize, other: &str| (0, Shared::Cord(id(named), rack, id(other)));
        assert_eq!(told(&[&["pdu-a1"]]), [cord("pdu-a1", 0, "pdu-a2")]);
        assert_eq!(told(&[&["pdu-b2", "pdu-b1"], &[]]), [(0, Shared::Floor(id("pdu-b1"), 1))]);
        assert_eq!(told(&[&["pdu-a1", "pdu-a2"], &["ups-a"]]), [(1, Shared::Taken(id("ups-a"), id("pdu-a1")))]);
        assert_eq!(told(&[&["utility"]]), [(0, Shared::Cooling(id("utility")))]);
        assert!(told(&[&["tr-1"]]).contains(&(0, Shared::Unmetered(id("tr-1")))));
    }
}
