//! The breakers of a hall's power tree: each a curve of its own, by the seed, between the fast and the slow edge of its standard.
//!
//! **Equation** what racks draw goes through their live cords up the feeds, with each feed's losses; what hangs on feeds besides takes its share of all
//! that cooling and lights draw, by `other-peak`. Each breaker steps its memory by the load over its rating. One that trips stays open until a person resets it, warm as it
//! is then, and a rack without a live cord is dark from the next step on. While anything is open the meters of PDUs see what their cords carry. **Source** [`plant::breaker`]. **Parameters** `[[feed]]` of the hall's file. **Box** racks with the same load on
//! all live cords, by their shares. **Outside it** what else hangs on a feed goes on: only racks go dark.
//! **Time constant** the breakers': seconds to hours.

use std::sync::Arc;

use plant::breaker::{Curve, Memory};
use plant::hall::Hall;
use plant::hall::power::{Breaker, Feed, FeedKind, Power};
use plant::id::{EquipId, FeedId, PointId, Table};
use plant::time::Span;
use plant::units::Watts;

use crate::noise;

/// The breakers of a tree at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Trips {
    power: Arc<Power>,
    /// The seed that the curves are drawn by; nothing before the first step.
    seed: Option<u64>,
    /// The breaker of each feed, where it has one.
    mains: Table<FeedId, Option<Guard>>,
    /// The breakers of cords, feed by feed in the order of their cords.
    branches: Vec<Guard>,
    /// What has power.
    live: Table<FeedId, bool>,
    /// What enters each feed (W).
    loads: Table<FeedId, f64>,
    /// What leaves each feed (W).
    leaving: Table<FeedId, f64>,
    /// The equipment that has a feed's name, where there is one.
    names: Vec<(EquipId, FeedId)>,
    /// True while a breaker is open.
    disturbed: bool,
    /// What each rack draws (W).
    draws: Vec<f64>,
    /// What of each rack its live cords carry together while all share as they should (1).
    alive: Vec<f64>,
    /// What has tripped, in the order it did.
    opened: Vec<Opened>,
}

/// A breaker that has tripped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The feed, or the feed and the rack of a cord: `pdu-a1`, `pdu-a1/rack-a03`.
    pub name: Arc<str>,
    /// When (since the world began).
    pub at: Span,
}

/// One breaker.
#[derive(Clone, Debug, PartialEq)]
struct Guard {
    name: Arc<str>,
    of: Arc<Breaker>,
    curve: Curve,
    memory: Memory,
    /// The length of the last step (s), and what the curve says of it.
    steps: (f64, [f64; 2]),
    /// Its rating (W).
    rated: f64,
    open: bool,
}

impl Guard {
    fn new(name: &str, of: &Arc<Breaker>) -> Self {
        let curve = of.curve(plant::breaker::FAST);
        let rated = of.rated().0;
        Self {
            name: name.into(),
            of: Arc::clone(of),
            curve,
            memory: Memory::default(),
            steps: (0.0, [0.0; 2]),
            rated,
            open: false,
        }
    }

    /// Draws the curve, and lets the breaker have carried this load for long.
    fn draw(&mut self, seed: u64, load: f64) {
        self.curve = self.of.curve(noise::uniform(seed, noise::channel(&self.name), 0));
        self.steps = (0.0, [0.0; 2]);
        self.memory = Memory::settled((load / self.rated).min(1.0));
    }

    /// Carries a load (W) for a step that ends at `elapsed`. Tells where it trips.
    fn carry(&mut self, load: f64, (elapsed, dt): (Span, f64)) -> Option<Opened> {
        let load = if self.open { 0.0 } else { load };
        if self.steps.0.to_bits() != dt.to_bits() {
            self.steps = (dt, self.curve.nears(dt));
        }
        let after = self.memory.step_as_before(&self.curve, self.steps.1, load / self.rated, dt)?;
        self.open = true;
        let at = Span::from_seconds(elapsed.seconds() - dt + after);
        Some(Opened { name: Arc::clone(&self.name), at })
    }
}

impl Trips {
    /// All closed; the curves are drawn in the first step.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let power = &hall.power;
        let mut branches = Vec::new();
        for feed in power.feeds.rows() {
            let Some(branch) = &feed.branch else { continue };
            let branch = Arc::new(branch.clone());
            for cord in &feed.cords {
                let guard = Guard::new(&format!("{}/{}", feed.name, hall.fed_rack(cord.rack)), &branch);
                branches.push(guard);
            }
        }
        let main =
            |feed: &Feed| feed.breaker.as_ref().map(|breaker| Guard::new(&feed.name, &Arc::new(breaker.clone())));
        Self {
            seed: None,
            mains: power.feeds.rows().iter().map(main).collect(),
            opened: Vec::with_capacity(branches.len().saturating_add(power.feeds.len())),
            branches,
            live: Table::filled(power.feeds.len(), true),
            loads: Table::filled(power.feeds.len(), 0.0),
            leaving: Table::filled(power.feeds.len(), 0.0),
            names: power.feeds.iter().filter_map(|(id, feed)| Some((hall.equip(&feed.name)?, id))).collect(),
            disturbed: false,
            draws: vec![0.0; power.racks.len()],
            alive: vec![1.0; power.racks.len()],
            power: Arc::new(power.clone()),
        }
    }

    /// What has tripped since the world began, in the order it did.
    #[must_use]
    pub fn opened(&self) -> &[Opened] {
        &self.opened
    }

    /// True while a rack has no live cord. A rack that the tree does not know has power.
    #[must_use]
    pub fn dark(&self, rack: usize) -> bool {
        self.alive.get(rack).is_some_and(|share| *share <= 0.0)
    }

    /// Opens the breaker of the feed that has the name of this equipment; or closes it, with those of its cords, as a person does who resets
    /// it: its heat stays.
    pub fn switch(&mut self, equip: EquipId, open: bool) {
        let Some(feed) = self.names.iter().find(|(of, _)| *of == equip).map(|(_, feed)| *feed) else { return };
        if let Some(guard) = self.mains.get_mut(feed).and_then(Option::as_mut) {
            guard.open = open;
        }
        let mut cords = self.branches.iter_mut();
        for (id, of) in self.power.feeds.iter().filter(|(_, of)| of.branch.is_some()) {
            for guard in cords.by_ref().take(of.cords.len()).filter(|_| id == feed && !open) {
                guard.open = false;
            }
        }
    }

    /// What the meter of a PDU sees while a breaker is open somewhere (W); nothing for other meters and at other times.
    #[must_use]
    pub fn seen(&self, meter: PointId) -> Option<f64> {
        let mine =
            |feed: &Feed| feed.meter.as_ref().is_some_and(|of| of.powers.iter().all(|point| point.id() == meter));
        let pdus = self.power.feeds.iter().filter(|(_, feed)| self.disturbed && feed.kind == FeedKind::Pdu);
        let (id, _) = pdus.into_iter().find(|(_, feed)| mine(feed))?;
        self.leaving.get(id).copied()
    }

    /// What entered a feed in the last step (W).
    #[must_use]
    pub fn load(&self, feed: FeedId) -> f64 {
        self.loads.get(feed).copied().unwrap_or(0.0)
    }

    /// Carries what each rack draws and what all else does (W) for a step of `dt` seconds that ends at `elapsed`.
    pub fn step(&mut self, racks: impl Iterator<Item = f64>, others: f64, seed: u64, (elapsed, dt): (Span, f64)) {
        if self.power.feeds.is_empty() {
            return;
        }
        self.draws.iter_mut().zip(racks).for_each(|(draws, watts)| *draws = watts);
        self.share_out();
        let Self { power, live, loads, leaving, draws, alive, branches, mains, opened, seed: drawn, .. } = self;
        let first = *drawn != Some(seed);
        *drawn = Some(seed);
        let on_cord = |share: f64, rack: usize| {
            let (draws, alive) = (draws.get(rack).copied().unwrap_or(0.0), alive.get(rack).copied().unwrap_or(0.0));
            if alive > 0.0 { draws * share / alive } else { 0.0 }
        };
        let peak: f64 = power.feeds.rows().iter().map(|feed| feed.other_peak.0).sum();
        let part = if peak > 0.0 { others / peak } else { 0.0 };
        for (id, feed) in power.feeds.iter() {
            let Some(load) = loads.get_mut(id) else { continue };
            *load = feed.other_peak.0 * part;
        }
        let mut cords = branches.iter_mut();
        for (id, feed) in power.feeds.iter() {
            let fed = live.get(id).copied().unwrap_or(false);
            let mut sum = 0.0;
            for cord in &feed.cords {
                let guard = if feed.branch.is_some() { cords.next() } else { None };
                let closed = guard.as_ref().is_none_or(|guard| !guard.open);
                let load = if fed && closed { on_cord(cord.share, cord.rack) } else { 0.0 };
                sum += load;
                if let Some(guard) = guard {
                    if first {
                        guard.draw(seed, load);
                    }
                    opened.extend(guard.carry(load, (elapsed, dt)));
                }
            }
            if let Some(load) = loads.get_mut(id) {
                *load += sum;
            }
        }
        for id in power.up.iter().copied() {
            let (Some(feed), Some(load)) = (power.feeds.get(id), loads.get_mut(id)) else { continue };
            if let Some(leaves) = leaving.get_mut(id) {
                *leaves = if live.get(id).copied().unwrap_or(false) { *load } else { 0.0 };
            }
            if live.get(id).copied().unwrap_or(false) {
                *load += feed.loss.of(Watts(*load)).0;
            } else {
                *load = 0.0;
            }
            let enters = *load;
            if let Some(guard) = mains.get_mut(id).and_then(Option::as_mut) {
                if first {
                    guard.draw(seed, enters);
                }
                opened.extend(guard.carry(enters, (elapsed, dt)));
            }
            if let Some(above) = feed.parent.and_then(|parent| loads.get_mut(parent)) {
                *above += enters;
            }
        }
        self.share_out();
    }

    /// What has power, and what of each rack its live cords carry.
    fn share_out(&mut self) {
        let Self { power, live, alive, branches, mains, disturbed, .. } = self;
        *disturbed = branches.iter().chain(mains.rows().iter().flatten()).any(|guard| guard.open);
        for id in power.up.iter().rev().copied() {
            let above = power.feeds.get(id).and_then(|feed| feed.parent);
            let fed = above.is_none_or(|parent| live.get(parent).copied().unwrap_or(false));
            let open = mains.get(id).and_then(Option::as_ref).is_some_and(|guard| guard.open);
            if let Some(here) = live.get_mut(id) {
                *here = fed && !open;
            }
        }
        alive.fill(0.0);
        let mut cords = branches.iter();
        for (id, feed) in power.feeds.iter() {
            let fed = live.get(id).copied().unwrap_or(false);
            for cord in &feed.cords {
                let guard = if feed.branch.is_some() { cords.next() } else { None };
                let closed = guard.is_none_or(|guard| !guard.open);
                if let Some(share) = alive.get_mut(cord.rack).filter(|_| fed && closed) {
                    *share += cord.share;
                }
            }
        }
    }
}
