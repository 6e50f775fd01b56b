//! One agent of a simulated node.

use std::collections::VecDeque;

use plant::convert;
use plant::gpu::{Condition, GpuSample, Milliwatts, PowerLimits, PowerReading, PowerSource, Throttle, Uuid};
use plant::lease::{Grants, NodeReport};
use plant::time::{Mono, Span, Tick};
use plant::units::Celsius;
use sim::scenario::NodeFault;
use sim::{World, noise};
use wattloop::agent::hold::Bounds;
use wattloop::agent::node::{Node, NodeMemory, Write};

/// How often an agent says how it is.
const REPORTS: Span = Span::from_millis(500);
/// Reports whose time it remembers, for the grants that answer them.
const REMEMBERED: usize = 64;
/// Writes at one moment: falls, then what they leave room for, and once more.
const ROUNDS: usize = 3;
/// From this share of its cap on a GPU is held back by it (1).
const AT_CAP: f64 = 0.97;

/// An agent with its GPUs.
pub struct Agent {
    node: Node,
    memory: NodeMemory,
    bounds: Bounds,
    name: String,
    /// The node in the world.
    place: usize,
    /// Names of its GPUs, in their order.
    gpus: Vec<Uuid>,
    /// What each reads of a watt, and keeps caps by (1).
    gains: Vec<f64>,
    rated: Milliwatts,
    /// Counts its drivers.
    driver: u64,
    seq: u64,
    /// When it said what.
    said: VecDeque<(u64, Mono)>,
    next: Mono,
    killed: bool,
    cut: bool,
    mute: bool,
    blind: bool,
    /// From when on the last grant counts that it took.
    granted: Mono,
    /// How long a GPU has been above the fail-safe without a lease (s).
    pub unheld: f64,
}

/// How far off boards read (1, one deviation): as those that were measured.
const OFF: f64 = 0.025;
/// Nobody's is further off (1).
const FARTHEST: f64 = 0.06;

/// A GPU as its driver would tell it.
struct Board {
    draws: f64,
    cap: f64,
    die: f64,
}

impl Agent {
    /// The agent of a node, which stands at this place in the world.
    pub fn new(of: &plant::hall::power::Node, place: usize) -> Self {
        let mw = |watts: plant::units::Watts| Milliwatts(convert::u64_from_f64_rounded(watts.0 * 1000.0));
        let bounds = Bounds {
            failsafe: mw(of.fail_safe),
            floor: mw(of.least_cap),
            ceiling: mw(of.rated),
            longest: Span::from_secs(60),
            assert_every: Span::from_secs(1),
        };
        let name = |gpu: usize| Uuid::from_bits(u128::from(convert::u64_from_usize(gpu)) + 1);
        Self {
            node: Node::new(bounds),
            memory: NodeMemory::default(),
            bounds,
            name: of.name.clone(),
            place,
            gpus: of.places().map(name).collect(),
            gains: of.places().map(gain).collect(),
            rated: mw(of.rated),
            driver: 1,
            seq: 0,
            said: VecDeque::with_capacity(REMEMBERED),
            next: Mono::default(),
            killed: false,
            cut: false,
            mute: false,
            blind: false,
            granted: Mono::default(),
            unheld: 0.0,
        }
    }

    /// True where what it says arrives.
    pub const fn is_heard(&self) -> bool {
        !self.cut && !self.mute
    }

    /// Something befalls it, or is over.
    pub fn befall(&mut self, how: NodeFault, begins: bool, world: &mut World) {
        match how {
            NodeFault::AgentKilled if begins => {
                (self.killed, self.memory) = (true, self.node.memory(&[]));
            }
            NodeFault::AgentKilled => {
                (self.killed, self.node) = (false, Node::remembered(self.bounds, &self.memory));
                self.said.clear();
            }
            NodeFault::BrokerLost => self.cut = begins,
            NodeFault::ReportsLost => self.mute = begins,
            NodeFault::PowerUnread => self.blind = begins,
            NodeFault::DriverReload if begins => {
                self.driver += 1;
                (0..self.gpus.len()).for_each(|gpu| self.cap(world, gpu, self.rated.watts().0));
            }
            NodeFault::DriverReload => {}
        }
    }

    /// Grants arrive.
    pub fn take(&mut self, grants: &Grants, now: Mono) {
        if self.killed || self.cut {
            return;
        }
        let said = |after: u64| self.said.iter().rfind(|(seq, _)| *seq == after).map(|(_, at)| *at);
        let Some(from) = grants.after.map_or(Some(now), said) else { return };
        for grant in &grants.grants {
            if let plant::lease::Taken::Granted { .. } = self.node.grant(grant, (from, now)) {
                self.granted = self.granted.max(from);
            }
        }
    }

    /// Reads its GPUs, caps them, and says how they are where that is due.
    pub fn act(&mut self, world: &mut World, tick: Tick) -> Option<NodeReport> {
        if self.killed {
            self.watch(world);
            return None;
        }
        let now = tick.mono;
        for (gpu, uuid) in self.gpus.iter().enumerate() {
            if let Some(sample) = self.sample(world, gpu, now) {
                self.node.see(*uuid, sample, now);
            }
        }
        for _ in 0..ROUNDS {
            let due = self.node.due(now);
            if due.is_empty() {
                break;
            }
            due.iter().for_each(|write| self.write(write, world, now));
        }
        self.node.news();
        if now < self.next {
            return None;
        }
        self.next = now.after(REPORTS);
        // Numbers begin at the wall clock's milliseconds, so that none comes twice.
        self.seq = self.seq.saturating_add(1).max(u64::try_from(tick.wall.0).unwrap_or_default());
        self.said.truncate(REMEMBERED);
        self.said.push_front((self.seq, now));
        let gpus = self.node.report(now, true);
        Some(NodeReport { node: self.name.clone(), seq: self.seq, driver: None, why: None, gpus })
    }

    /// What the watching half does while the working one is dead: nothing but the fail-safe.
    fn watch(&self, world: &mut World) {
        let most = self.bounds.failsafe.watts().0;
        for gpu in 0..self.gpus.len() {
            if self.board(world, gpu).is_some_and(|board| board.cap > most + 1e-3) {
                self.cap(world, gpu, most);
            }
        }
    }

    fn write(&mut self, write: &Write, world: &mut World, now: Mono) {
        let Some(gpu) = self.gpus.iter().position(|uuid| *uuid == write.uuid) else { return };
        self.cap(world, gpu, write.limit.watts().0);
        if let Some(board) = self.board(world, gpu) {
            let read = self.limits(&board);
            self.node.wrote(write, &read, now);
        }
    }

    fn limits(&self, board: &Board) -> PowerLimits {
        let cap = Some(milliwatts(board.cap));
        let (least, most) = (Some(self.bounds.floor), Some(self.rated));
        PowerLimits { configured: cap, enforced: cap, default: most, least, most }
    }

    fn sample(&self, world: &World, gpu: usize, now: Mono) -> Option<GpuSample> {
        let board = self.board(world, gpu)?;
        let reading = PowerReading { draw: milliwatts(board.draws), source: PowerSource::Momentary };
        Some(GpuSample {
            at: now,
            driver: self.driver,
            condition: Condition::Well,
            power: Some(reading).filter(|_| !self.blind),
            die: Some(Celsius(board.die)),
            throttle: Some(if board.draws >= AT_CAP * board.cap { Throttle::POWER_CAP } else { Throttle(0) }),
            limits: self.limits(&board),
            persistent: Some(true),
            ..GpuSample::default()
        })
    }

    /// How long a GPU of it has been above the fail-safe although its lease is over by the clock of the page (s).
    pub fn judge(&mut self, world: &World, (now, lease): (Mono, Span), dt: Span) -> f64 {
        // Grants are taken and leases looked at once a step.
        let over = now.since(self.granted).nanos() > lease.nanos().saturating_add(2 * dt.nanos());
        let most = self.bounds.failsafe.watts().0 + 1.0;
        let above = (0..self.gpus.len()).any(|gpu| self.board(world, gpu).is_some_and(|board| board.cap > most));
        self.unheld = if over && above { self.unheld + dt.seconds() } else { 0.0 };
        self.unheld
    }

    /// A GPU as its board reads it.
    fn board(&self, world: &World, gpu: usize) -> Option<Board> {
        let cluster = world.fleet()?.cluster();
        let quad = cluster.nodes().get(self.place)?.quads(cluster.build()).nth(gpu / 4)?;
        let lane = |of: [f64; 4]| of.get(gpu % 4).copied();
        let gain = self.gains.get(gpu)?;
        Some(Board { draws: gain * lane(quad.power().1)?, cap: gain * lane(quad.caps())?, die: lane(quad.dies())? })
    }

    /// Sets what a board keeps by its own reading (W).
    fn cap(&self, world: &mut World, gpu: usize, watts: f64) {
        let gain = self.gains.get(gpu).copied().unwrap_or(1.0);
        world.cap_gpu(self.place, gpu, watts / gain);
    }

    /// How many of its GPUs nobody's grant holds now.
    pub fn left(&self, now: Mono, lease: Span) -> usize {
        let held = !self.killed && now.since(self.granted) <= lease;
        if held { 0 } else { self.gpus.len() }
    }
}

/// What a board reads of a watt; the same in every run.
fn gain(gpu: usize) -> f64 {
    let off = noise::gaussian(0, noise::channel("gpu-power-gain"), convert::u64_from_usize(gpu));
    1.0 + (OFF * off).clamp(-FARTHEST, FARTHEST)
}

fn milliwatts(watts: f64) -> Milliwatts {
    Milliwatts(convert::u64_from_f64_rounded(watts.max(0.0) * 1000.0))
}
