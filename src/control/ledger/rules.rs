//! Who may ask for power, how much of it, and what is kept free.

use plant::hall::power::Power;
use plant::id::{FeedId, Table};
use plant::time::Span;
use plant::units::Watts;

use super::amount::Milli;
use super::area::Area;
use super::tree::{self, Place};
use super::watch;

/// What the site says of leases of power. Read once, at the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The least notice before a lease is lowered where nothing burns (s, 0 to 1 h).
    pub notice: Span,
    /// How long after its grace a lease that is over stays charged where no meter confirms it (s, 0 to 10 min).
    pub settle: Span,
    /// The share of each feed's limit that no lease gets (1, 0 to 0.5).
    pub margin: f64,
    /// What cooling draws for each watt of machines where nobody has measured it (1, 0 to 2).
    pub cooling: f64,
    /// When who draws more than he was lent is told, capped and reported.
    pub excess: watch::Limits,
    /// Who may ask.
    pub tenants: Vec<Tenant>,
}

/// Somebody who may ask: a scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Its name, also in its topics.
    pub name: String,
    /// What nobody else gets, feed by feed (W of machines).
    pub floors: Vec<(FeedId, Watts)>,
    /// The share of each feed's limit that it may have at the most (1, above 0 to 1).
    pub share: f64,
    /// How many leases it may have, those that wait among them (1 to 4096).
    pub leases: usize,
    /// What all its leases may come to (W of machines); nothing where only feeds limit it.
    pub most: Option<Watts>,
    /// Feeds below which nobody else's machines hang: what flows there is judged by its leases.
    pub alone: Vec<FeedId>,
}

impl Tenant {
    /// One without a floor, whom only feeds limit.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), floors: Vec::new(), share: 1.0, leases: 1000, most: None, alone: Vec::new() }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            notice: Span::from_secs(60),
            settle: Span::from_secs(60),
            margin: 0.02,
            cooling: 0.35,
            excess: watch::Limits::default(),
            tenants: Vec::new(),
        }
    }
}

/// What follows from the rules and the hall.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The rules.
    pub rules: Rules,
    /// What each feed carries of a watt of cooling (1).
    pub spread: Table<FeedId, f64>,
    /// What of each feed is each tenant's own, whether he asks or not (mW), tenant by tenant.
    floors: Vec<Table<FeedId, Milli>>,
    /// The feeds above each rack, by its place in the tree.
    above: Vec<Vec<FeedId>>,
    /// Feeds that tenants have alone.
    pub areas: Vec<Area>,
    /// Feeds that carry cooling and nothing else.
    pub cooling: Vec<FeedId>,
}

impl Ground {
    /// Of a site.
    #[must_use]
    pub fn of(power: &Power, rules: &Rules) -> Self {
        let spread = tree::spread(power);
        let floors = rules.tenants.iter().map(|tenant| {
            let mut all = Table::filled(power.feeds.len(), Milli::ZERO);
            for (feed, watts) in &tenant.floors {
                for (at, weight) in tree::weights(power, &[(Place::Feed(*feed), 1.0)], (rules.cooling, &spread)) {
                    all.get_mut(at).into_iter().for_each(|of: &mut Milli| *of = of.and(Milli::of(watts.0, weight)));
                }
            }
            all
        });
        let above = (0..power.racks.len()).map(|rack| {
            let brought = power.brought(|of| Watts(if of == rack { 1.0 } else { 0.0 }));
            power.up.iter().copied().filter(|feed| brought.get(*feed).is_some_and(|of| of.0 > 0.0)).collect()
        });
        let areas = Area::all(power, rules);
        let cooling = tree::cooling_feeds(power);
        Self { floors: floors.collect(), spread, above: above.collect(), areas, cooling, rules: rules.clone() }
    }

    /// The feeds above a rack, by its place in the tree.
    pub(super) fn above(&self, rack: usize) -> impl Iterator<Item = FeedId> + '_ {
        self.above.get(rack).into_iter().flatten().copied()
    }

    /// Who has a feed, or one above it, alone.
    pub(super) fn has_alone(&self, feed: FeedId) -> Option<usize> {
        self.areas.iter().find(|area| area.has(feed)).map(|area| area.whose)
    }

    /// A tenant by its name, and his place among all.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<(usize, &Tenant)> {
        self.rules.tenants.iter().enumerate().find(|(_, tenant)| tenant.name == name)
    }

    /// What all leases of a tenant may come to (W); nothing where only feeds limit it.
    #[must_use]
    pub fn most(&self, tenant: usize) -> Option<Watts> {
        self.rules.tenants.get(tenant).and_then(|tenant| tenant.most)
    }

    /// What of a feed is a tenant's own (mW); nothing of it for who is not named.
    #[must_use]
    pub fn floor(&self, tenant: usize, feed: FeedId) -> Milli {
        self.floors.get(tenant).and_then(|all| all.get(feed)).copied().unwrap_or(Milli::ZERO)
    }

    /// What of a feed's limit is lent (mW): all but the margin.
    #[must_use]
    pub fn usable(&self, limit: Milli) -> Milli {
        limit.less(Milli::of(limit.watts().0, self.rules.margin))
    }

    /// What a feed is charged for all (mW): each tenant's total, and at least what is his own there, but of one whose own that may come from.
    #[must_use]
    pub fn together(&self, totals: &[Milli], feed: FeedId, but: usize) -> Milli {
        let of = |(n, total): (usize, &Milli)| if n == but { *total } else { self.floor(n, feed).max(*total) };
        totals.iter().enumerate().map(of).fold(Milli::ZERO, Milli::and)
    }
}
