//! The agents of a simulated hall's nodes, in process: each is the working half of a real one, with the world's GPUs for a driver and a
//! broker that takes its time between it and the controller.
//!
//! ```text
//!  world's GPUs ──read──▶ Node (agent) ──report──▶ broker ──▶ Inputs::hear ──▶ scan
//!       ▲                   │    ▲                                             │
//!       └──────caps─────────┘    └──────grants───── broker ◀── Outputs::grants ┘
//! ```
//!
//! What befalls them is what pages say with `do = "agents"`. An agent that is killed leaves its watching half, which holds the fail-safe.

mod one;
pub mod tally;

use std::collections::VecDeque;
use std::sync::Arc;

use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::lease::{Grants, NodeReport};
use plant::time::{Mono, Span, Tick};
use sim::World;
use sim::kpi::Kpis;
use sim::scenario::NodeFault;
use wattloop::adapters::agents::Lent;

use one::Agent;
use tally::Tally;

/// From one end of the broker to the other.
const LAG: Span = Span::from_millis(200);

/// All agents of a hall, and what is on its way between them and the controller.
pub struct Nodes {
    hall: Arc<Hall>,
    agents: Vec<Agent>,
    up: VecDeque<(Mono, usize, NodeReport)>,
    down: VecDeque<(Mono, usize, Grants)>,
    /// What each node said last, and what it was granted last.
    heard: Vec<Option<NodeReport>>,
    lent: Vec<Lent>,
    tally: Tally,
    now: Mono,
}

impl Nodes {
    /// Those of a hall that caps its GPUs, in a world that follows them one by one; nothing elsewhere.
    pub fn of(hall: &Arc<Hall>, world: &World) -> Option<Self> {
        hall.power.capping.as_ref()?;
        let spec = world.fleet()?.spec();
        let mut agents: Vec<Agent> = Vec::new();
        let mut within = (usize::MAX, 0);
        for node in &hall.power.nodes {
            within = if within.0 == node.rack { (node.rack, within.1 + 1) } else { (node.rack, 0) };
            let place = node.rack.checked_mul(spec.per_rack)?.checked_add(within.1)?;
            agents.push(Agent::new(node, place));
        }
        let tally = Tally::new(hall);
        Some(Self {
            hall: Arc::clone(hall),
            heard: vec![None; agents.len()],
            lent: vec![Lent::default(); agents.len()],
            agents,
            up: VecDeque::new(),
            down: VecDeque::new(),
            tally,
            now: Mono::default(),
        })
    }

    /// Something befalls nodes, or is over.
    pub fn befall(&mut self, nodes: &[usize], how: NodeFault, begins: bool, world: &mut World) {
        for node in nodes {
            if let Some(agent) = self.agents.get_mut(*node) {
                agent.befall(how, begins, world);
            }
        }
    }

    /// After a step of the world: grants arrive, GPUs are read and capped, and reports leave. `time` is that of the page (s).
    pub fn act(&mut self, world: &mut World, tick: Tick, time: f64) {
        let now = tick.mono;
        self.now = now;
        while let Some((_, node, grants)) = self.down.pop_front_if(|(at, ..)| *at <= now) {
            if let Some(agent) = self.agents.get_mut(node) {
                agent.take(&grants, now);
            }
        }
        for (n, agent) in self.agents.iter_mut().enumerate() {
            if let Some(report) = agent.act(world, tick) {
                self.up.push_back((now.after(LAG), n, report));
            }
        }
        if time > 0.0 {
            self.tally.take(&self.hall, world, tick.dt.seconds());
            let lease = self.hall.power.capping.as_ref().map_or(Span::ZERO, |rules| rules.lease);
            self.tally.unheld(&mut self.agents, world, (now, lease), tick.dt);
        }
    }

    /// Before a scan: what has arrived of the reports.
    pub fn tell(&mut self, image: &mut Inputs, now: Mono) {
        while let Some((at, node, report)) = self.up.pop_front_if(|(at, ..)| *at <= now) {
            if self.agents.get(node).is_some_and(Agent::is_heard) {
                image.hear(&self.hall, node, &report, at);
                self.heard.get_mut(node).into_iter().for_each(|heard| *heard = Some(report.clone()));
            }
        }
    }

    /// After a scan: what was granted leaves where the service would send it.
    pub fn send(&mut self, outputs: &Outputs, now: Mono) {
        let lease = self.hall.power.capping.as_ref().map_or(Span::ZERO, |rules| rules.lease);
        for (node, (heard, lent)) in self.heard.iter().zip(&mut self.lent).enumerate() {
            let Some(report) = heard else {
                lent.forget();
                continue;
            };
            let grants = outputs.grants(&self.hall, node, report.seq);
            if let Some(grants) = lent.next(grants, report, (now, lease)) {
                self.down.push_back((now.after(LAG), node, grants.clone()));
                lent.lent(grants, now);
            }
        }
    }

    /// The controller is dead: what is on its way to it is lost, and it begins anew with what it has not heard yet.
    pub fn unheard(&mut self, image: &mut Inputs) {
        self.up.clear();
        let fresh = Inputs::of(&self.hall);
        (image.nodes, image.gpus) = (fresh.nodes, fresh.gpus);
        self.heard.fill(None);
        self.lent.iter_mut().for_each(Lent::forget);
    }

    /// What it came to, among the figures of a run.
    pub fn say(&self, kpis: &mut Kpis, world: &World) {
        self.tally.say(kpis, world);
        let lease = self.hall.power.capping.as_ref().map_or(Span::ZERO, |rules| rules.lease);
        let left = self.agents.iter().map(|agent| agent.left(self.now, lease)).sum::<usize>();
        kpis.give("gpus-stranded", plant::convert::f64_from_usize(left));
    }
}

#[cfg(test)]
mod tests;
