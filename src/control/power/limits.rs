//! The limits that GPUs hang below: feeds, the breakers of racks' cords, and racks that draw more than leases let them.

use plant::hall::Hall;
use plant::hall::power::{Cord, Node, Power};
use plant::id::{FeedId, Id};
use plant::units::Watts;

use super::fill::Tree;

/// What limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A feed.
    Feed(FeedId),
    /// The cord of a rack on a feed, by its place among the feed's.
    Cord(FeedId, usize),
    /// A rack, by its place in the tree: no limit at all unless leases there are exceeded.
    Rack(usize),
}

/// What a rack carries that nothing limits (W): more than any does.
const UNLIMITED: Watts = Watts(1e9);

impl Place {
    /// The cord, where it is one.
    #[must_use]
    pub fn cord(self, power: &Power) -> Option<&Cord> {
        match self {
            Self::Feed(_) | Self::Rack(_) => None,
            Self::Cord(feed, place) => power.feeds.get(feed)?.cords.get(place),
        }
    }
}

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Where.
    pub place: Place,
    /// What it carries for good (W).
    pub most: Watts,
}

/// Every limit, and what hangs below. Follows from the hall.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// The limits: feeds in the order of the hall, then cords, then racks with nodes.
    pub all: Vec<Limit>,
    /// Which GPUs hang below which.
    pub tree: Tree,
}

impl Limits {
    /// Of a hall.
    #[must_use]
    pub fn of(hall: &Hall) -> Self {
        let power = &hall.power;
        let mut all: Vec<Limit> =
            power.feeds.iter().map(|(id, feed)| Limit { place: Place::Feed(id), most: feed.limit() }).collect();
        for (id, feed) in power.feeds.iter() {
            let Some(branch) = &feed.branch else { continue };
            let most = branch.limit();
            all.extend((0..feed.cords.len()).map(|cord| Limit { place: Place::Cord(id, cord), most }));
        }
        let has = |rack: &usize| power.nodes.iter().any(|node| node.rack == *rack);
        let racks = (0..power.racks.len()).filter(has);
        all.extend(racks.map(|rack| Limit { place: Place::Rack(rack), most: UNLIMITED }));
        let mut tree = Tree::new(all.len());
        for node in &power.nodes {
            tree.hang(usize::from(node.gpus), above(power, &all, node));
        }
        Self { all, tree }
    }
}

/// The limits above a node, with what each carries of a watt of its GPUs (1).
fn above(power: &Power, all: &[Limit], node: &Node) -> Vec<(usize, f64)> {
    let cord = 1.0 / node.supplies;
    let brought = power.brought(|rack| Watts(if rack == node.rack { cord } else { 0.0 }));
    let enters = |id: &FeedId| brought.get(*id).filter(|enters| enters.0 > 0.0).map(|enters| (id.index(), enters.0));
    let mut found: Vec<(usize, f64)> = power.up.iter().filter_map(enters).collect();
    let cords = all.iter().enumerate().filter_map(|(n, limit)| {
        let of = limit.place.cord(power).filter(|of| of.rack == node.rack)?;
        Some((n, of.share * cord))
    });
    found.extend(cords);
    found.extend(all.iter().position(|limit| limit.place == Place::Rack(node.rack)).map(|n| (n, cord)));
    found
}
