//! Nodes with jobs on them: who waits, who runs where, what got done and what was lost.
//!
//! **Equation** jobs start in the order in which they came, each on the first free nodes, one behind the other where the first does not
//! fit. A job is done when its work is: training goes at the pace of its slowest GPU, everything else at the mean. Work that an
//! uncapped, cool and powered GPU would have done in the same time and this one did not is lost, in GPU-hours.
//! **Source** counting. **Box** any number of nodes, steps of a second or less. **Outside it** parts of a step longer than a job's
//! own period miss some of its swings: at steps of ten seconds caps cost a tenth less work than they should. A job that wants more nodes than there are is refused.
//! **Time constant** none.

mod led;

use std::collections::VecDeque;

use super::arrivals::Arrival;
use super::gpu::{self, PARTS, Trace};
use super::job::{Kind, Moment, Pace, Shape};
use super::node::{Around, Build, Cadence, Node, Outcome};
use crate::noise;

/// Whom nodes work for that are kept for jobs which somebody leads: nobody.
const NOBODY: usize = usize::MAX;

/// Nodes and their jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    build: Build,
    seed: u64,
    nodes: Vec<Node>,
    outcomes: Vec<Outcome>,
    /// Which slot a node works for.
    owner: Vec<Option<usize>>,
    /// Running jobs; a slot is free again when its job is done.
    slots: Vec<Option<Running>>,
    waiting: VecDeque<Arrival>,
    started: u64,
    totals: Totals,
}

/// A job that runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Running {
    /// What came.
    pub arrival: Arrival,
    /// Its number, from 0 in the order of starting.
    pub number: u64,
    /// Work done (s of an uncapped run).
    pub done: f64,
    /// How many of its nodes are at work.
    working: usize,
    /// Somebody leads it: its nodes are kept for him.
    led: bool,
    shape: Shape,
    pace: Pace,
    moments: [Moment; PARTS],
    work: f64,
    slowest: f64,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Jobs that started, finished and were refused.
    pub jobs: (u64, u64, u64),
    /// GPU-hours with a job on them.
    pub busy: f64,
    /// GPU-hours' worth of work done.
    pub worked: f64,
    /// GPU-hours' worth of work lost to caps, heat and dead feeds. `worked + lost = busy`.
    pub lost: f64,
    /// GPU-hours of GPUs that worked and that a cap or heat held back.
    pub throttled: f64,
}

/// A step of all nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// From the feeds, mean (W).
    pub power: f64,
    /// The GPUs alone in each part of the step (W).
    pub trace: [f64; PARTS],
    /// Heat into the air (W).
    pub to_air: f64,
    /// Heat into the liquid (W).
    pub to_liquid: f64,
}

impl Cluster {
    /// `count` nodes at rest at `cel`.
    #[must_use]
    pub fn new(build: Build, count: usize, seed: u64, cel: f64) -> Self {
        let channel = noise::channel("gpu-spread");
        let node = |n: usize| {
            let mut unlike = [0.0; 8];
            for (lane, deviation) in unlike.iter_mut().enumerate() {
                *deviation = noise::gaussian(seed, channel, plant::convert::u64_from_usize(8 * n + lane));
            }
            Node::new(&build, unlike, cel)
        };
        Self {
            build,
            seed,
            nodes: (0..count).map(node).collect(),
            outcomes: vec![Outcome::default(); count],
            owner: vec![None; count],
            slots: vec![None; count],
            waiting: VecDeque::new(),
            started: 0,
            totals: Totals::default(),
        }
    }

    /// A job comes. One that can never fit is refused and counted.
    pub fn submit(&mut self, arrival: Arrival) {
        if arrival.nodes == 0 || arrival.nodes > self.nodes.len() {
            self.totals.jobs.2 += 1;
        } else {
            self.waiting.push_back(arrival);
        }
    }

    /// Caps every GPU of a node (W); a node that is not there is ignored.
    pub fn cap(&mut self, node: usize, watts: f64) {
        if let Some(node) = self.nodes.get_mut(node) {
            let device = self.build.device;
            node.quads_mut(&self.build).for_each(|quad| quad.cap(&device, [watts; 4]));
        }
    }

    /// Caps one GPU of a node, by its number from 0 (W); one that is not there is ignored.
    pub fn cap_one(&mut self, node: usize, gpu: usize, watts: f64) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.cap(&self.build, gpu, watts);
        }
    }

    /// Locks one GPU of a node, by its number from 0, to a share of its highest clock (1), or lets it go; one that is not there is ignored.
    pub fn lock_one(&mut self, node: usize, gpu: usize, clock: Option<f64>) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.lock(&self.build, gpu, clock);
        }
    }

    /// The kind of its nodes.
    #[must_use]
    pub const fn build(&self) -> &Build {
        &self.build
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What each node did in the last step.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The jobs that run.
    pub fn running(&self) -> impl Iterator<Item = &Running> {
        self.slots.iter().flatten()
    }

    /// Which job a node works for, by its number.
    #[must_use]
    pub fn job_of(&self, node: usize) -> Option<u64> {
        let slot = (*self.owner.get(node)?)?;
        self.slots.get(slot)?.as_ref().map(|running| running.number)
    }

    /// How many jobs wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Counts since the start.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The heat in all nodes, counted from 0 °C (J).
    #[must_use]
    pub fn stored(&self) -> f64 {
        self.nodes.iter().map(|node| node.stored(&self.build)).sum()
    }

    /// Moves a whole step on. `around` says what is around each node.
    pub fn step(&mut self, cadence: &Cadence, around: impl Fn(usize) -> Around) -> Sum {
        self.place();
        for running in self.slots.iter_mut().flatten() {
            running.moments = running.shape.moments(running.done, cadence.dt(), running.pace);
            (running.work, running.slowest) = (0.0, 1.0);
        }
        let rest = gpu::at_rest(&self.build.device);
        let (mut sum, mut trace) = (Sum::default(), Trace::default());
        let places = self.nodes.iter_mut().zip(&mut self.outcomes).zip(&self.owner);
        for (n, ((node, outcome), owner)) in places.enumerate() {
            let mut job = owner.and_then(|slot| self.slots.get_mut(slot)).and_then(Option::as_mut);
            let moments = job.as_ref().map_or(&rest, |running| &running.moments);
            *outcome = node.step((&self.build, cadence), moments, &around(n), &mut trace);
            if let Some(running) = job.as_mut() {
                running.work += outcome.work;
                running.slowest = running.slowest.min(outcome.slowest);
                self.totals.throttled += outcome.throttled * cadence.dt() / 3600.0;
            }
            sum.power += outcome.power;
            sum.to_air += outcome.to_air;
            sum.to_liquid += outcome.to_liquid;
        }
        self.progress(cadence.dt());
        sum.trace = trace.parts();
        sum
    }

    /// Starts who waits, in order, while the first of them fits.
    fn place(&mut self) {
        while let Some(first) = self.waiting.front().copied() {
            let free = self.owner.iter().filter(|owner| owner.is_none()).count();
            let slot = self.slots.iter().position(Option::is_none);
            let (true, Some(slot)) = (free >= first.nodes, slot) else { return };
            self.waiting.pop_front();
            for owner in self.owner.iter_mut().filter(|owner| owner.is_none()).take(first.nodes) {
                *owner = Some(slot);
            }
            let running = begun(&self.build, first, (self.seed, self.started));
            if let Some(place) = self.slots.get_mut(slot) {
                *place = Some(running);
            }
            self.started += 1;
            self.totals.jobs.0 += 1;
        }
    }

    /// Counts what was done and lets go who is done.
    fn progress(&mut self, dt: f64) {
        for (number, slot) in self.slots.iter_mut().enumerate() {
            let Some(running) = slot.as_mut().filter(|running| running.working > 0) else { continue };
            let gpus = self.build.gpus() * plant::convert::f64_from_usize(running.working);
            let pace = match running.arrival.kind {
                Kind::Training => running.slowest,
                Kind::Serving | Kind::Prefill | Kind::Decode => (running.work / gpus).min(1.0),
            };
            running.pace = running.shape.learn(&running.moments, pace, running.pace);
            let part = plant::convert::f64_from_usize(running.arrival.nodes.max(1));
            running.done += pace * dt * (plant::convert::f64_from_usize(running.working) / part);
            let hours = gpus * dt / 3600.0;
            self.totals.busy += hours;
            self.totals.worked += hours * pace;
            self.totals.lost += hours * (1.0 - pace);
            if running.done >= running.arrival.length {
                let next = running.led.then_some(NOBODY);
                *slot = None;
                self.totals.jobs.1 += 1;
                self.owner.iter_mut().filter(|owner| **owner == Some(number)).for_each(|owner| *owner = next);
            }
        }
    }
}

/// A job that begins, by the seed and its number.
fn begun(build: &Build, arrival: Arrival, (seed, number): (u64, u64)) -> Running {
    Running {
        arrival,
        number,
        done: 0.0,
        working: arrival.nodes,
        led: false,
        shape: Shape::draw(&build.device, arrival.kind, seed, number),
        pace: Pace::FREE,
        moments: gpu::at_rest(&build.device),
        work: 0.0,
        slowest: 1.0,
    }
}

#[cfg(test)]
mod tests;
