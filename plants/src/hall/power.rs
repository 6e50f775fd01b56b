//! The power tree: what carries power from the grid to the racks' cords, and the nodes in the racks.
//!
//! ```text
//! utility ─ transformer ─┬─ UPS ─┬─ PDU ─ branch ─ rack ─ nodes (GPUs, and all else in them)
//!                        │       └─ PDU ─ branch ─┘         a rack with two cords hangs on two PDUs, a share on each
//!                        └─ panel (fans, pumps, chillers: loads that nobody caps)
//! ```
//!
//! A feed's load is what enters it, through its breaker. What is below a feed may draw more than the feed's limit: GPUs are capped then. What may not
//! be is more than the limit with every GPU at its fail-safe and all else at its most, and also where the other cord of a rack is gone: that is
//! proved when the file is loaded.

mod added;
mod cords;
pub mod flows;

pub use cords::CordFlow;

use super::Hall;
use super::capping::Capping;
use super::grid::Grid;
use super::peaks::Peaks;
use super::storage::Storage;
use crate::breaker::{Characteristic, Circuit, Curve, FAST, Points, Protective};
use crate::id::{EquipId, FeedId, Id, Table};
use crate::point::Point;
use crate::units::Watts;

/// The power tree of a hall.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Power {
    /// Every feed, in the order of the file.
    pub feeds: Table<FeedId, Feed>,
    /// Every feed once, each after all that it feeds.
    pub up: Vec<FeedId>,
    /// Every rack, in the order of the hall's rows; none where there is no feed.
    pub racks: Vec<FedRack>,
    /// Every node, rack by rack.
    pub nodes: Vec<Node>,
    /// How their GPUs are capped; nothing where nobody caps them.
    pub capping: Option<Capping>,
    /// How billed peaks are kept down; nothing where they may come.
    pub peaks: Option<Peaks>,
    /// Batteries that control charges and discharges, in the order of the file.
    pub storage: Vec<Storage>,
    /// How load targets of a grid are kept; nothing where none are taken.
    pub grid: Option<Grid>,
}

/// What a feed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedKind {
    /// Where the grid's power enters.
    Utility,
    /// A transformer.
    Transformer,
    /// A switchboard or panel.
    Panel,
    /// An uninterruptible supply.
    Ups,
    /// A distribution unit that racks hang on.
    Pdu,
}

impl FeedKind {
    /// Every kind with its word in files.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("utility", Self::Utility),
        ("transformer", Self::Transformer),
        ("panel", Self::Panel),
        ("ups", Self::Ups),
        ("pdu", Self::Pdu),
    ];

    /// Its word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, of)| *of == self).map_or("", |(word, _)| word)
    }
}

/// A feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Its name: `pdu-a1`.
    pub name: String,
    /// What it is.
    pub kind: FeedKind,
    /// The feed that it hangs on; nothing for the root.
    pub parent: Option<FeedId>,
    /// What it may carry (W, > 0): its rating or its breaker's, whichever is less.
    pub rated: Watts,
    /// The share of that which may be used for good (1, 0.5 to 1).
    pub margin: f64,
    /// Its breaker, where the file names it.
    pub breaker: Option<Breaker>,
    /// What it loses.
    pub loss: Loss,
    /// Its meter, where it has one.
    pub meter: Option<Metered>,
    /// What hangs on it besides feeds and racks, at its most (W, ≥ 0).
    pub other_peak: Watts,
    /// The racks' cords on it.
    pub cords: Vec<Cord>,
    /// The breaker of each of these cords, where the file names it.
    pub branch: Option<Breaker>,
    /// Its load with every GPU at its fail-safe and all else at its most (W).
    pub fail_safe: Watts,
    /// Its load with everything at its most (W); more than its limit where it is oversubscribed.
    pub most: Watts,
    /// Every rack below it hangs there with all its cords.
    pub wholly: bool,
}

/// A breaker where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    /// What trips it.
    pub characteristic: Characteristic,
    /// Its rating (A, > 0).
    pub rated_a: f64,
    /// What flows through it for each watt.
    pub circuit: Circuit,
}

/// What a feed loses: `fixed + share · output`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Always (W, ≥ 0).
    pub fixed: Watts,
    /// For each watt that leaves it (1, ≥ 0).
    pub share: f64,
}

/// The meter of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Metered {
    /// One reading, or one for each of three phases.
    pub powers: Vec<Point<Watts>>,
    /// True where it measures what leaves the feed, false where it measures what enters.
    pub leaving: bool,
}

/// A cord of a rack on a feed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cord {
    /// The rack: its place in [`Power::racks`].
    pub rack: usize,
    /// What the cord carries of the rack's power (1, above 0 to 1).
    pub share: f64,
    /// The same where the rack's other cords are gone (1, `share` to 1).
    pub takes_over: f64,
}

/// A rack as the tree sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FedRack {
    /// The equipment.
    pub equip: EquipId,
    /// Its power.
    pub power: Point<Watts>,
    /// Its nameplate (W).
    pub rated: Watts,
    /// What it draws with every GPU at its fail-safe and all else at its most (W); its nameplate where the file names no nodes in it.
    pub fail_safe: Watts,
    /// What it draws at its most (W): its nameplate, or what its nodes draw where that is more.
    pub most: Watts,
}

/// A machine with GPUs.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name: `rack-a01-node-1`.
    pub name: String,
    /// Its rack: the place in [`Power::racks`].
    pub rack: usize,
    /// The place of its first GPU among all of the hall.
    pub first: usize,
    /// How many GPUs (1 to 64).
    pub gpus: u8,
    /// What each draws at its most (W).
    pub rated: Watts,
    /// The least cap that each takes (W).
    pub least_cap: Watts,
    /// The cap of each when control is lost (W, `least_cap` to `rated`).
    pub fail_safe: Watts,
    /// What all else in it draws at its most (W, ≥ 0).
    pub other_peak: Watts,
    /// Output over input of its power supplies (1, 0.5 to 1).
    pub supplies: f64,
}

impl Feed {
    /// What it may carry for good (W).
    #[must_use]
    pub fn limit(&self) -> Watts {
        self.rated * self.margin
    }

    /// How long it may carry more; nothing where the file names no breaker. `allowed` is the site's own curve.
    #[must_use]
    pub fn protective(&self, allowed: Option<Points>) -> Option<Protective> {
        let breaker = self.breaker.as_ref()?;
        Some(Protective::new(breaker.curve(FAST), self.limit() / breaker.rated(), allowed))
    }
}

impl Breaker {
    /// Its rating (W).
    #[must_use]
    pub fn rated(&self) -> Watts {
        Watts(self.circuit.watts(self.rated_a))
    }

    /// Its curve, `at` of the way from the fast edge (0) to the slow one (1).
    #[must_use]
    pub fn curve(&self, at: f64) -> Curve {
        self.characteristic.curve(self.rated_a, at)
    }
}

impl Loss {
    /// What is lost where so much leaves (W).
    #[must_use]
    pub fn of(&self, output: Watts) -> Watts {
        self.fixed + output.max(Watts(0.0)) * self.share
    }

    /// What leaves where so much enters (W, ≥ 0).
    #[must_use]
    pub fn output(&self, input: Watts) -> Watts {
        ((input - self.fixed) / (1.0 + self.share)).max(Watts(0.0))
    }
}

impl Node {
    /// The places of its GPUs among all of the hall.
    #[must_use]
    pub fn places(&self) -> std::ops::Range<usize> {
        self.first..self.first.saturating_add(usize::from(self.gpus))
    }

    /// What it takes at its plug with every GPU at `cap` and all else at its most (W).
    #[must_use]
    pub fn draws(&self, cap: Watts) -> Watts {
        (cap * f64::from(self.gpus) + self.other_peak) / self.supplies
    }
}

impl Hall {
    /// The name of a rack by its place in [`Power::racks`]; empty where there is none.
    #[must_use]
    pub fn fed_rack(&self, place: usize) -> &str {
        let rack = self.power.racks.get(place).and_then(|rack| self.equips.get(rack.equip));
        rack.map_or("", |equip| equip.name.as_str())
    }
}

impl Power {
    /// How many GPUs its nodes have.
    #[must_use]
    pub fn gpus(&self) -> usize {
        self.nodes.iter().map(|node| usize::from(node.gpus)).sum()
    }

    /// What a GPU is rated at in the mean (W); nothing in a hall without GPUs.
    #[must_use]
    pub fn gpu_rated(&self) -> Option<Watts> {
        let all: Watts = self.nodes.iter().map(|node| node.rated * f64::from(node.gpus)).sum();
        let count: f64 = self.nodes.iter().map(|node| f64::from(node.gpus)).sum();
        (count > 0.0).then(|| Watts(all.0 / count))
    }

    /// Leaves no more than so many nodes in each rack, and takes away what stood there besides.
    pub fn thin(&mut self, per_rack: usize) {
        let (mut first, mut within) = (0, (usize::MAX, 0_usize));
        self.nodes.retain_mut(|node| {
            within = if within.0 == node.rack { (node.rack, within.1.saturating_add(1)) } else { (node.rack, 0) };
            let stays = within.1 < per_rack;
            if stays {
                node.first = first;
                first = node.places().end;
            }
            stays
        });
        for (place, rack) in self.racks.iter_mut().enumerate() {
            let of = |cap: fn(&Node) -> Watts| -> Watts {
                self.nodes.iter().filter(|node| node.rack == place).map(|node| node.draws(cap(node))).sum()
            };
            (rack.fail_safe, rack.most) = (of(|node| node.fail_safe), of(|node| node.rated));
        }
        self.prove();
    }

    /// Reckons anew what every feed must bear with every GPU at its fail-safe, and with everything at its most; and which have whole racks below.
    pub(super) fn prove(&mut self) {
        let (fail_safe, most) = (self.worst(|rack| rack.fail_safe), self.worst(|rack| rack.most));
        let wholly: Table<FeedId, bool> = self.feeds.ids().map(|id| self.has_whole_racks(id)).collect();
        for (id, feed) in self.feeds.iter_mut() {
            feed.fail_safe = fail_safe.get(id).copied().unwrap_or_default();
            feed.most = most.get(id).copied().unwrap_or_default();
            feed.wholly = wholly.get(id) == Some(&true);
        }
    }

    /// True where no rack below a feed has a cord elsewhere.
    fn has_whole_racks(&self, feed: FeedId) -> bool {
        let mut shares = vec![0.0; self.racks.len()];
        let below = self.feeds.iter().filter(|(id, _)| self.hangs_below(*id, feed));
        for cord in below.flat_map(|(_, feed)| &feed.cords) {
            shares.get_mut(cord.rack).into_iter().for_each(|share| *share += cord.share);
        }
        shares.iter().all(|share| *share == 0.0 || *share > 0.999)
    }

    /// What batteries below a feed give or take at their most (W): no meter of a feed or a rack below shows it.
    #[must_use]
    pub fn given_below(&self, feed: FeedId) -> Watts {
        let here = self.storage.iter().filter(|of| self.hangs_below(of.feed, feed));
        here.map(|of| of.rated.0.max(of.rated.1)).sum()
    }

    /// The feed of a name.
    #[must_use]
    pub fn feed(&self, name: &str) -> Option<FeedId> {
        self.feeds.iter().find(|(_, feed)| feed.name == name).map(|(id, _)| id)
    }

    /// Every feed once, each after what it hangs on, children in the order of the file: as a tree is drawn.
    #[must_use]
    pub fn down(&self) -> Vec<FeedId> {
        let below = |parent: Option<FeedId>| {
            let hung = move |(_, feed): &(FeedId, &Feed)| feed.parent.map(Id::index) == parent.map(Id::index);
            self.feeds.iter().filter(hung).map(|(id, _)| id).collect::<Vec<_>>()
        };
        let (mut drawn, mut next) = (Vec::new(), below(None));
        next.reverse();
        while let Some(id) = next.pop().filter(|_| drawn.len() < self.feeds.len()) {
            drawn.push(id);
            next.extend(below(Some(id)).into_iter().rev());
        }
        drawn
    }

    /// What enters each feed if each rack draws so much and all else its most, and if of a rack's cords those are left that make it worst.
    fn worst(&self, rack: fn(&FedRack) -> Watts) -> Table<FeedId, Watts> {
        // A feed above both cords of a rack carries the rack once.
        let mut carried: Table<FeedId, Vec<f64>> = Table::filled(self.feeds.len(), vec![0.0; self.racks.len()]);
        let mut besides: Table<FeedId, Watts> = Table::filled(self.feeds.len(), Watts(0.0));
        let mut enters: Table<FeedId, Watts> = Table::filled(self.feeds.len(), Watts(0.0));
        for id in self.up.iter().copied() {
            let Some(feed) = self.feeds.get(id) else { continue };
            let mut shares = carried.get(id).cloned().unwrap_or_default();
            for cord in &feed.cords {
                if let Some(share) = shares.get_mut(cord.rack) {
                    *share += cord.takes_over;
                }
            }
            for share in &mut shares {
                *share = share.min(1.0);
            }
            let racks: Watts = shares.iter().zip(&self.racks).map(|(share, of)| rack(of) * *share).sum();
            let output = racks + feed.other_peak + besides.get(id).copied().unwrap_or_default();
            let lost = feed.loss.of(output);
            if let Some(here) = enters.get_mut(id) {
                *here = output + lost;
            }
            let Some(parent) = feed.parent else { continue };
            if let Some(above) = besides.get_mut(parent) {
                *above += output - racks + lost;
            }
            if let Some(above) = carried.get_mut(parent) {
                above.iter_mut().zip(shares).for_each(|(above, share)| *above += share);
            }
        }
        enters
    }

    /// Every feed once, each after all that it feeds. Rings are left out.
    pub(super) fn order(feeds: &Table<FeedId, Feed>) -> Vec<FeedId> {
        let depth = |mut id: FeedId| {
            let mut depth = 0usize;
            while let Some(parent) = feeds.get(id).and_then(|feed| feed.parent) {
                depth = depth.saturating_add(1);
                if depth > feeds.len() {
                    return None;
                }
                id = parent;
            }
            Some(depth)
        };
        let mut deep: Vec<_> = feeds.ids().filter_map(|id| Some((depth(id)?, id))).collect();
        deep.sort_by(|(a, x), (b, y)| b.cmp(a).then(x.index().cmp(&y.index())));
        deep.into_iter().map(|(_, id)| id).collect()
    }
}
