//! Water-filling in whole milliwatts under every limit of a tree at once.
//!
//! Each GPU has a level, a bound above it and a weight. Water rises over all of them alike, `level + weight·λ`; who reaches his bound stops there,
//! and where a limit is used up all who hang on it stop. What is given out never comes to more than any limit, and where somebody below his bound
//! is stopped, a limit above him has less left than a milliwatt more of each GPU would cost it. Who asks in which order changes nothing.
//!
//! **Equation** `Σ share·x ≤ room` at every limit; the one λ at which each stops is the largest (weighted max-min). **Source** progressive filling; with two
//! cords to a rack the limits are no tree, and it holds for any shares. **Box** levels to 10 kW, shares to 64, 10⁶ GPUs. **Cost** `n·log n` to sort, then each GPU
//! stops once and tells the limits above it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use plant::convert;
use plant::gpu::Milliwatts;

/// Shares are counted in millionths, rounded up.
pub const WHOLE: u64 = 1_000_000;
/// λ is counted in millionths of a milliwatt for each unit of weight, nearly.
const FINE: u32 = 20;
/// The largest weight.
pub const HEAVIEST: u64 = 1 << 20;

/// Which limits stand above which GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Branch>,
    /// Each node's limits with the share of its GPUs' power that each carries (millionths).
    links: Vec<(usize, u64)>,
    /// The nodes below each limit.
    below: Vec<Vec<usize>>,
}

/// Where the GPUs and the limits of a node stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Branch {
    gpus: Range<usize>,
    links: Range<usize>,
}

impl Tree {
    /// A tree of `limits` limits with nothing below them.
    #[must_use]
    pub fn new(limits: usize) -> Self {
        Self { below: vec![Vec::new(); limits], ..Self::default() }
    }

    /// Hangs a node of `gpus` GPUs below limits; each carries a share of their power (1, 0 to 64). Limits there are not are left out.
    pub fn hang(&mut self, gpus: usize, limits: impl IntoIterator<Item = (usize, f64)>) {
        let (node, first, begin) = (self.nodes.len(), self.gpus(), self.links.len());
        for (limit, share) in limits {
            let Some(below) = self.below.get_mut(limit) else { continue };
            below.push(node);
            self.links.push((limit, millionths(share)));
        }
        let gpus = first..first.saturating_add(gpus);
        self.nodes.push(Branch { gpus, links: begin..self.links.len() });
    }

    /// How many GPUs hang in it.
    #[must_use]
    pub fn gpus(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.gpus.end)
    }

    /// How many limits it has.
    #[must_use]
    pub const fn limits(&self) -> usize {
        self.below.len()
    }

    /// How many nodes hang in it.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The GPUs of a node, by their places.
    #[must_use]
    pub fn of(&self, node: usize) -> Range<usize> {
        self.nodes.get(node).map_or(0..0, |node| node.gpus.clone())
    }

    /// The limits above a node with their shares (millionths).
    pub fn above(&self, node: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        let links = self.nodes.get(node).map_or(0..0, |node| node.links.clone());
        self.links.get(links).into_iter().flatten().copied()
    }

    /// What each limit carries where GPUs draw so much (mW·millionths), added to `to`.
    pub fn carry(&self, drawn: impl Fn(usize) -> Milliwatts, to: &mut [u64]) {
        for node in 0..self.nodes() {
            let sum: u64 = self.of(node).map(|gpu| drawn(gpu).0).sum();
            for (limit, share) in self.above(node) {
                if let Some(to) = to.get_mut(limit) {
                    *to = to.saturating_add(sum.saturating_mul(share));
                }
            }
        }
    }
}

/// A share in millionths, rounded up.
fn millionths(share: f64) -> u64 {
    let most = convert::f64_from_u64(64 * WHOLE);
    convert::u64_from_f64_rounded(libm::ceil((share * convert::f64_from_u64(WHOLE) - 1e-6).clamp(0.0, most)))
}

/// What stopped a GPU's level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Stop {
    /// It has what it asked for.
    #[default]
    Bound,
    /// This limit is used up.
    Limit(usize),
}

/// Levels, and the room to do it in: nothing is allocated after the first time.
#[derive(Clone, Debug, Default)]
pub struct Fill {
    level: Vec<u64>,
    bound: Vec<u64>,
    weight: Vec<u64>,
    rises: Vec<bool>,
    stop: Vec<Stop>,
    room: Vec<i64>,
    slope: Vec<u64>,
    order: Vec<(u64, usize)>,
    node: Vec<usize>,
    next: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Fill {
    /// Everything at nothing.
    #[must_use]
    pub fn new(tree: &Tree) -> Self {
        let (gpus, limits) = (tree.gpus(), tree.limits());
        let mut node = vec![0; gpus];
        for n in 0..tree.nodes() {
            node.get_mut(tree.of(n)).into_iter().flatten().for_each(|of| *of = n);
        }
        Self {
            level: vec![0; gpus],
            bound: vec![0; gpus],
            weight: vec![0; gpus],
            rises: vec![false; gpus],
            stop: vec![Stop::Bound; gpus],
            room: vec![0; limits],
            slope: vec![0; limits],
            order: Vec::with_capacity(gpus),
            node,
            next: BinaryHeap::with_capacity(limits.saturating_mul(2)),
        }
    }

    /// Begins with a level for each GPU, and the room of each limit for all of them (mW). A limit that these levels overdraw gives nothing.
    pub fn begin(&mut self, tree: &Tree, level: impl Fn(usize) -> Milliwatts, room: impl Fn(usize) -> Milliwatts) {
        let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX) / WHOLE / 2;
        for (limit, left) in self.room.iter_mut().enumerate() {
            *left = i64::try_from(room(limit).0.min(most).saturating_mul(WHOLE)).unwrap_or(i64::MAX);
        }
        for (gpu, (at, stop)) in self.level.iter_mut().zip(&mut self.stop).enumerate() {
            (*at, *stop) = (level(gpu).0, Stop::Bound);
        }
        for node in 0..tree.nodes() {
            let sum: u64 = self.level.get(tree.of(node)).into_iter().flatten().sum();
            take(&mut self.room, tree.above(node), sum);
        }
    }

    /// Lets the levels of those rise who are given a bound above theirs (mW) and a weight (1 to [`HEAVIEST`]). The others stay.
    pub fn rise(&mut self, tree: &Tree, wants: impl Fn(usize) -> Option<(Milliwatts, u64)>) {
        self.prepare(tree, wants);
        let mut order = std::mem::take(&mut self.order);
        let mut first = order.iter().copied().peekable();
        loop {
            let limit = self.used_up();
            let gpu = first.peek().copied();
            match (gpu, limit) {
                (Some((at, gpu)), limit) if limit.is_none_or(|(used, _)| at <= used) => {
                    first.next();
                    self.end(tree, gpu, (at, Stop::Bound));
                }
                (_, Some((at, limit))) => {
                    self.next.pop();
                    for node in tree.below.get(limit).into_iter().flatten() {
                        tree.of(*node).for_each(|gpu| self.end(tree, gpu, (at, Stop::Limit(limit))));
                    }
                }
                (_, None) => break,
            }
        }
        order.clear();
        self.order = order;
    }

    /// A GPU's level (mW).
    #[must_use]
    pub fn level(&self, gpu: usize) -> Milliwatts {
        Milliwatts(self.level.get(gpu).copied().unwrap_or_default())
    }

    /// What stopped it last.
    #[must_use]
    pub fn stop(&self, gpu: usize) -> Stop {
        self.stop.get(gpu).copied().unwrap_or_default()
    }

    /// What is left at a limit (mW, rounded down); below zero: overdrawn by the levels it began with.
    #[must_use]
    pub fn left(&self, limit: usize) -> i64 {
        let whole = i64::try_from(WHOLE).unwrap_or(1);
        self.room.get(limit).map_or(0, |left| left.div_euclid(whole))
    }

    /// Who rises, when each is at his bound, and how fast each limit is used.
    fn prepare(&mut self, tree: &Tree, wants: impl Fn(usize) -> Option<(Milliwatts, u64)>) {
        self.order.clear();
        self.slope.fill(0);
        for node in 0..tree.nodes() {
            let closed = tree.above(node).find(|(limit, _)| self.room.get(*limit).is_none_or(|left| *left < 0));
            let mut slope = 0_u64;
            for gpu in tree.of(node) {
                let Some((level, stop)) = self.level.get(gpu).copied().zip(self.stop.get_mut(gpu)) else { continue };
                let wanted = wants(gpu).filter(|(bound, weight)| bound.0 > level && *weight > 0);
                let mut rises = wanted.is_some();
                if let (Some((limit, _)), true) = (closed, rises) {
                    *stop = Stop::Limit(limit);
                    rises = false;
                }
                let (bound, weight) = wanted.map_or((level, 0), |(bound, weight)| (bound.0, weight.min(HEAVIEST)));
                for (row, value) in [(&mut self.bound, bound), (&mut self.weight, weight)] {
                    row.get_mut(gpu).into_iter().for_each(|of| *of = value);
                }
                self.rises.get_mut(gpu).into_iter().for_each(|of| *of = rises);
                if rises {
                    slope = slope.saturating_add(weight);
                    self.order.push((((bound - level) << FINE).div_ceil(weight), gpu));
                }
            }
            for (limit, share) in tree.above(node) {
                if let Some(of) = self.slope.get_mut(limit) {
                    *of = of.saturating_add(slope.saturating_mul(share));
                }
            }
        }
        self.order.sort_unstable();
        self.next.clear();
        for limit in 0..self.room.len() {
            if let Some(at) = self.full_at(limit) {
                self.next.push(Reverse((at, limit)));
            }
        }
    }

    /// The λ at which a limit is used up, if those who rise now go on; nothing where nobody does.
    fn full_at(&self, limit: usize) -> Option<u64> {
        let (room, slope) = (self.room.get(limit)?, self.slope.get(limit)?);
        let room = u128::try_from(*room).unwrap_or(0);
        Some(u64::try_from((room << FINE).checked_div(u128::from(*slope))?).unwrap_or(u64::MAX))
    }

    /// The limit that is used up next. It is never sooner than was thought, for who stops gives way.
    fn used_up(&mut self) -> Option<(u64, usize)> {
        loop {
            let Reverse((thought, limit)) = self.next.peek().copied()?;
            match self.full_at(limit) {
                Some(at) if at <= thought => return Some((at, limit)),
                Some(at) => {
                    self.next.pop();
                    self.next.push(Reverse((at, limit)));
                }
                None => {
                    self.next.pop();
                }
            }
        }
    }

    /// A GPU that rises stops at λ.
    fn end(&mut self, tree: &Tree, gpu: usize, (at, stop): (u64, Stop)) {
        let Some(rises) = self.rises.get_mut(gpu) else { return };
        if !std::mem::take(rises) {
            return;
        }
        let (Some(level), Some(bound), Some(weight)) =
            (self.level.get_mut(gpu), self.bound.get(gpu), self.weight.get(gpu))
        else {
            return;
        };
        let risen = u64::try_from((u128::from(*weight) * u128::from(at)) >> FINE).unwrap_or(u64::MAX);
        let risen = if stop == Stop::Bound { *bound - *level } else { risen.min(*bound - *level) };
        *level += risen;
        self.stop.get_mut(gpu).into_iter().for_each(|of| *of = stop);
        let node = self.node.get(gpu).copied().unwrap_or_default();
        take(&mut self.room, tree.above(node), risen);
        for (limit, share) in tree.above(node) {
            if let Some(slope) = self.slope.get_mut(limit) {
                *slope = slope.saturating_sub(weight.saturating_mul(share));
            }
        }
    }
}

/// Takes so much from the room of each limit.
fn take(room: &mut [i64], limits: impl Iterator<Item = (usize, u64)>, sum: u64) {
    for (limit, share) in limits {
        if let Some(left) = room.get_mut(limit) {
            *left = left.saturating_sub(i64::try_from(sum.saturating_mul(share)).unwrap_or(i64::MAX));
        }
    }
}

#[cfg(test)]
#[path = "fill/tests.rs"]
mod tests;
