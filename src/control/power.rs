//! GPU power: what every GPU may draw, so that no feed above it carries more than it may.
//!
//! ```text
//! agents' reports ─▶ what each GPU draws, wishes, and may draw at the most now
//! feeds' loads ────▶ what is no GPU ─▶ bands ─▶ room for GPUs below each limit
//!                                               │
//!   least cap ▸ tenants' floors ▸ wishes by priority ▸ what it had ▸ headroom      (filled under all limits at once)
//!                                               │
//!   falls at once; a rise waits until what falls has been read back, and comes step by step ─▶ grants that end by themselves
//! ```
//!
//! Caps below a limit, as they may be in force *now*, never come to more than its room: a GPU counts with the higher of what is granted and what its
//! node says that it may draw, a node in doubt with what its GPUs take at their most. Where even that is too much, nothing rises and
//! all falls to the least.

pub mod band;
mod bounds;
mod calibration;
mod carried;
mod exceeded;
pub mod fill;
mod force;
mod grant;
mod heard;
mod lets;
mod limits;
mod share;
mod shed;
pub mod why;
pub mod wish;

use plant::convert;
use plant::event::{About, Rung, What};
use plant::gpu::{Milliwatts, Uuid};
use plant::hall::Hall;
use plant::hall::capping::Capping;
use plant::id::FeedId;
use plant::image::Inputs;
use plant::lease::seen::Cap;
use plant::time::{Span, Tick};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::battery::Batteries;
use super::budgets::Budgets;
use super::grid::Grid;
use super::interval::Mean;
use super::ledger::Ledger;
use super::news::News;
use bounds::Bounds;
use calibration::Calibration;
use fill::Fill;
use force::Force;
use limits::Limits;
pub use limits::Place;
use shed::Free;
pub use shed::Shed;
use why::Held;
use wish::Wish;

/// What follows from the hall, and room to reckon in.
pub struct Capper {
    limits: Limits,
    fill: Fill,
    /// What each limit carries of the GPUs whose draw is known, of all caps, of all least caps, and of boards that have no place (mW·millionths).
    carried: [Vec<u64>; 4],
    /// Whether every node below each limit has spoken since the scan before.
    whole: Vec<bool>,
    /// Room for GPUs below each limit (mW).
    room: Vec<Milliwatts>,
    /// Each GPU as it is in this scan.
    now: Vec<Now>,
    /// Every step of every tenant's curve, the most useful first.
    cuts: Vec<share::Cut>,
    /// Up to where each tenant's floor lets his GPUs rise (mW).
    floors: Vec<Milliwatts>,
    /// The nodes of each rack, by their places.
    racks: Vec<Vec<usize>>,
    /// Whether each limit is lower than its breaker wants, for money.
    bends: Vec<bool>,
    /// What each GPU would draw more without such limits (mW), and the share of its work; nothing where nobody knows.
    lacks: Vec<Option<(Milliwatts, f64)>>,
}

/// A GPU in this scan, in watts of its rack's meter.
#[derive(Clone, Copy, Debug, Default)]
struct Now {
    /// A grant for it would be taken.
    ours: bool,
    /// What it draws (mW), where that is known.
    draws: Option<Milliwatts>,
    /// What it may draw now at the most (mW).
    force: Milliwatts,
    /// What it wishes (mW).
    wish: Milliwatts,
    /// The least and the highest cap (mW).
    least: Milliwatts,
    most: Milliwatts,
    /// What it takes when nobody asks for less (mW).
    rated: Milliwatts,
    /// What it shall have (mW).
    aim: Milliwatts,
    /// Whom it works for.
    tenant: usize,
    /// Somebody else has set its limit.
    foreign: bool,
    /// A watt of its board at the meter (millionths).
    gain: u64,
    /// Who grants it: higher than anybody before us.
    epoch: u64,
}

/// What a GPU takes, and what is asked of it (mW).
#[derive(Clone, Copy, Debug)]
struct Board {
    least: Milliwatts,
    rated: Milliwatts,
    asked: Milliwatts,
}

/// What is remembered of all GPUs and limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caps {
    gpus: Vec<Gpu>,
    nodes: Vec<Silence>,
    limits: Vec<Bounds>,
    calibration: Calibration,
    /// What caps let each rack draw (W); nothing where they hold nobody back.
    lets: Vec<Option<Watts>>,
}

/// What is remembered of a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Gpu {
    /// Its name, where its node has told it.
    uuid: Option<Uuid>,
    wish: Wish,
    /// What was granted last (mW); nothing where nothing was.
    granted: Option<Milliwatts>,
    /// What of all grants may be in force.
    force: Force,
    /// What holds it.
    held: Held,
    /// What it draws where nothing is lowered for money.
    free: Free,
}

/// Whether a node speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Silence {
    /// It was heard in this boot,
    known: bool,
    /// and is not silent.
    heard: bool,
    /// How long ago (s).
    since: Span,
    /// Who grants to it: higher than anybody before us there. What one node says of that moves no other.
    epoch: u64,
}

/// What caps are decided by.
pub struct Scene<'a, L, A, M> {
    /// The hall.
    pub hall: &'a Hall,
    /// What was heard.
    pub inputs: &'a Inputs,
    /// What goes through a limit (W), and the share of its breaker's time that is used up (1).
    pub load: L,
    /// What the cooling side asks of a rack's machines, by its place in the tree.
    pub asked: A,
    /// What a rack's meter reads, by the rack's place in the tree; nothing where that is not fresh.
    pub meter: M,
    /// What feeds may carry for a while.
    pub budgets: &'a Budgets,
    /// What leases let feeds carry where they are not kept.
    pub leases: &'a Ledger,
    /// What a feed may carry so that its billed windows are kept.
    pub windows: Option<Mean>,
    /// What feeds may carry for load targets.
    pub grid: &'a Grid,
    /// What batteries can still give: so much more may be left to machines.
    pub batteries: &'a Batteries,
    /// What a feed may carry where leases are not kept (W), counted as `load` is.
    pub lent: &'a dyn Fn(FeedId) -> Option<Watts>,
    /// When; what a pause was does not count.
    pub now: Tick,
}

impl Now {
    /// What it has at the least (mW): what may be in force where nobody can lower it.
    const fn floor(&self) -> Milliwatts {
        if self.ours { self.least } else { self.force }
    }
}

impl Capper {
    /// For a hall.
    #[must_use]
    pub fn of(hall: &Hall) -> Self {
        let limits = Limits::of(hall);
        let (fill, of, gpus) = (Fill::new(&limits.tree), limits.all.len(), limits.tree.gpus());
        let carried = [vec![0; of], vec![0; of], vec![0; of], vec![0; of]];
        let rated = hall.power.nodes.iter().map(|node| node.rated).fold(Watts(0.0), Watts::max);
        let cuts = hall.power.capping.as_ref().map(|rules| share::cuts(rules, rated)).unwrap_or_default();
        let mut now = vec![Now::default(); gpus];
        for (tenant, of) in hall.power.capping.iter().flat_map(|rules| rules.tenants.iter().enumerate()) {
            for node in of.nodes.iter().filter_map(|node| hall.power.nodes.get(*node)) {
                now.get_mut(node.places()).into_iter().flatten().for_each(|now| now.tenant = tenant);
            }
        }
        let mut racks = vec![Vec::new(); hall.power.racks.len()];
        for (place, node) in hall.power.nodes.iter().enumerate() {
            racks.get_mut(node.rack).into_iter().for_each(|nodes| nodes.push(place));
        }
        let tenants = hall.power.capping.as_ref().map_or(0, |rules| rules.tenants.len());
        let (floors, room) = (vec![Milliwatts(0); tenants], vec![Milliwatts(0); of]);
        let (bends, lacks) = (vec![false; of], vec![None; gpus]);
        Self { limits, fill, carried, whole: vec![true; of], room, now, cuts, floors, racks, bends, lacks }
    }
}

impl Caps {
    /// Before anything was heard.
    #[must_use]
    pub fn new(hall: &Hall, limits: &Capper) -> Self {
        Self {
            gpus: vec![Gpu::default(); hall.power.gpus()],
            nodes: vec![Silence::default(); hall.power.nodes.len()],
            limits: vec![Bounds::default(); limits.limits.all.len()],
            calibration: Calibration::new(&hall.power),
            lets: vec![None; hall.power.racks.len()],
        }
    }

    /// A new boot: no report of another time counts.
    pub fn restart(&mut self) {
        self.nodes.iter_mut().for_each(|node| *node = Silence { epoch: node.epoch, ..Silence::default() });
        self.limits.iter_mut().for_each(Bounds::restart);
        self.calibration.restart();
        self.lets.fill(None);
    }

    /// What a feed can be brought down to, and kept at (W): what is no GPU, and all GPUs at their least. Nothing where nobody is capped, or before
    /// anything was heard.
    #[must_use]
    pub fn least(&self, capper: &Capper, feed: FeedId) -> Option<Watts> {
        let place = capper.limits.all.iter().position(|limit| limit.place == Place::Feed(feed))?;
        let carried = capper.at(place);
        Some(self.limits.get(place)?.other()? + carried.floor + carried.hidden)
    }

    /// What of a feed's load is no GPU (W); nothing where nobody is capped, or before anything was heard.
    #[must_use]
    pub fn other(&self, capper: &Capper, feed: FeedId) -> Option<Watts> {
        let place = capper.limits.all.iter().position(|limit| limit.place == Place::Feed(feed))?;
        self.limits.get(place)?.other()
    }

    /// True while some GPU would draw more if a feed carried more.
    #[must_use]
    pub fn holds_back(&self, capper: &Capper, feed: FeedId) -> bool {
        let place = capper.limits.all.iter().position(|limit| limit.place == Place::Feed(feed));
        place.is_some_and(|place| self.gpus.iter().any(|gpu| gpu.held == Held::Limit(place)))
    }

    /// One scan: what every GPU may draw.
    pub fn step<L: Fn(Place) -> (Watts, f64), A: Fn(usize) -> Option<Rung>, M: Fn(usize) -> Option<Watts>>(
        &mut self,
        scene: &Scene<'_, L, A, M>,
        capper: &mut Capper,
        (caps, news): (&mut [Cap], &mut News<'_>),
    ) {
        let Some(rules) = &scene.hall.power.capping else { return };
        self.hear(scene, rules, capper, news);
        self.calibrate(scene, capper, news);
        self.measure(scene, rules, capper, news);
        let Capper { limits, fill, room, now, cuts, floors, .. } = &mut *capper;
        share::floors(rules, &limits.tree, now, floors);
        let ground = share::Ground { tree: &limits.tree, room, cuts, floors };
        share::share(rules, &ground, fill, now, &mut self.gpus);
        self.miss(&scene.inputs.gpus, capper, scene.now.dt);
        self.grant(scene, rules, capper, caps);
        self.let_draw(capper);
        self.slow(rules, &capper.limits, caps);
    }

    /// What each GPU draws, wishes, and may draw at the most.
    fn hear<L, A: Fn(usize) -> Option<Rung>, M>(
        &mut self,
        scene: &Scene<'_, L, A, M>,
        rules: &Capping,
        capper: &mut Capper,
        news: &mut News<'_>,
    ) {
        let (power, inputs, dt) = (&scene.hall.power, scene.inputs, scene.now.dt);
        for ((node, seen), silence) in power.nodes.iter().zip(&inputs.nodes).zip(&mut self.nodes) {
            if let (Some(silent), Some(rack)) = (silence.step(seen, rules, scene.now), power.racks.get(node.rack)) {
                news.switched(About::Equip(rack.equip), (What::NodeSilent(silent), silent));
            }
            // Machines that should draw less go to their fail-safe, and to their least where jobs should leave them or they should be off.
            let asked = match (scene.asked)(node.rack) {
                Some(Rung::Drain | Rung::Off) => node.least_cap,
                Some(Rung::Cap) => node.fail_safe,
                None => node.rated,
            };
            let of =
                Board { least: milliwatts(node.least_cap), rated: milliwatts(node.rated), asked: milliwatts(asked) };
            silence.outrank(inputs.gpus.get(node.places()).into_iter().flatten(), scene.now.boot);
            let places = capper.now.get_mut(node.places()).into_iter().flatten();
            let kept = self.gpus.get_mut(node.places()).into_iter().flatten();
            for ((now, gpu), seen) in places.zip(kept).zip(inputs.gpus.get(node.places()).into_iter().flatten()) {
                let (heard, lent) = (silence.heard, silence.since < rules.lease);
                *now = Now { tenant: now.tenant, epoch: silence.epoch, ..gpu.now(seen, (heard, lent), of, dt) };
            }
        }
    }

    /// Learns how boards read, and counts every GPU in watts of its rack's meter.
    fn calibrate<L, A, M: Fn(usize) -> Option<Watts>>(
        &mut self,
        scene: &Scene<'_, L, A, M>,
        capper: &mut Capper,
        news: &mut News<'_>,
    ) {
        let (power, Capper { racks, now, .. }) = (&scene.hall.power, capper);
        let uuid = |gpu: usize| scene.inputs.gpus.get(gpu).and_then(|seen| seen.uuid);
        self.calibration.step((power, racks), (now, uuid), &scene.meter, (scene.now.dt, news));
        for node in &power.nodes {
            for place in node.places() {
                let gain = self.calibration.gain(node.rack, place);
                now.get_mut(place).into_iter().for_each(|now| *now = now.at_meter(gain));
            }
        }
    }

    /// What is no GPU, how near each limit is, and what room it leaves.
    fn measure<L: Fn(Place) -> (Watts, f64), A, M: Fn(usize) -> Option<Watts>>(
        &mut self,
        scene: &Scene<'_, L, A, M>,
        rules: &Capping,
        capper: &mut Capper,
        news: &mut News<'_>,
    ) {
        capper.carry(&scene.hall.power, (&self.nodes, &scene.inputs.nodes), scene.now.dt);
        for (n, bounds) in self.limits.iter_mut().enumerate() {
            let (Some(mut limit), carried) = (capper.limits.all.get(n).copied(), capper.at(n)) else { continue };
            if let Place::Rack(rack) = limit.place {
                let room = bounds.in_a_rack(&limit, (scene, rack), &carried);
                capper.room.get_mut(n).into_iter().for_each(|of| *of = milliwatts(room));
                continue;
            }
            let (own, load) = (limit.most, (scene.load)(limit.place));
            // A battery comes before caps: what it can still give is not asked of machines.
            let (mut given, mut target) = (Watts(0.0), None);
            if let Place::Feed(feed) = limit.place {
                given = scene.batteries.relieves(&scene.hall.power, feed);
                target = scene.grid.allowed(feed);
                let budget = scene.budgets.of(feed).map(|budget| budget.most + given);
                // What is drawn without a lease is given by no battery: none is asked for it.
                let alone = scene.leases.feed_held_to(feed).map(|(most, _)| most);
                for most in [budget, (scene.lent)(feed), alone].into_iter().flatten() {
                    limit.most = limit.most.min(most);
                }
            }
            let band = bounds.step(&limit, load, &carried, (rules, scene.now, chance(scene.now.seq, n)));
            let windows = scene.windows.filter(|mean| limit.place == Place::Feed(mean.feed));
            let means = [windows, target].into_iter().flatten();
            let means = means.map(|mean| Mean { allowed: mean.allowed + given, ..mean });
            let room = means.map(|mean| bounds.in_the_mean(&mean)).fold(band, Watts::min);
            capper.bends.get_mut(n).into_iter().for_each(|bends| *bends = limit.most < own || room < band);
            // Where no GPU hangs below nothing is lowered.
            let turned = if carried.granted > Watts(0.0) { bounds.turned() } else { None };
            if let (Place::Feed(feed), Some(lowers)) = (limit.place, turned) {
                news.switched(About::Feed(feed), (What::CapsLowered(lowers), lowers));
            }
            // Nobody can lower a board that has no place, and its node says what it may come to.
            capper.room.get_mut(n).into_iter().for_each(|of| *of = milliwatts(room - carried.hidden));
        }
    }
}

/// Whole milliwatts, rounded down.
fn milliwatts(watts: Watts) -> Milliwatts {
    Milliwatts(convert::u64_from_f64_rounded(libm::floor(watts.0.max(0.0) * 1000.0)))
}

/// A number from 0 to 1 that is another in each scan and at each limit, and the same whenever they are.
pub(super) fn chance(seq: u64, limit: usize) -> f64 {
    let mut x =
        seq.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ convert::u64_from_usize(limit).wrapping_mul(0xD1B5_4A32_D192_ED03);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    convert::f64_from_u64((x ^ (x >> 31)) >> 11) / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests;
