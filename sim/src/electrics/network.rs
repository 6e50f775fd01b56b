//! The power tree of a site: from the grid to chips and chillers, each node with what it takes, gives and loses.
//!
//! ```text
//! utility ─ transformer ─ ATS ─┬─ UPS ─ PDU ─ rack ─ supplies ─┬─ compute
//!                              │                               └─ machine fans
//!                              ├─ mechanical panel ─ chillers, pumps, fans
//!                              ├─ battery
//!                              └─ lights (unmetered)
//! ```
//!
//! **Equation** at every node `input + made = output + unmetered + loss + stored`: `output` is the sum of the metered nodes below, taken
//! from the last to the first, `unmetered` that of the others, `made` a generator's power, `stored` a battery's gain. Where nothing
//! is made or stored, `input` is that sum to the bit; elsewhere within rounding. A step goes once from the root to the leaves with
//! the voltage (what an outage takes, what a UPS holds, what a sag drops) and once back with the powers. **Source** Kirchhoff; the
//! components' own pages; effectiveness as in [`Totals`]. **Parameters** the components'. **Box** one grid, one parent each.
//! **Outside it** no loops, no two feeds into one node: a rack's second feed is a second rack node. Voltage does not fall
//! along cables. Where a string runs empty within a step, everything below it is told for the part it was served.
//! **Time constant** none of its own. No step allocates.

mod pass;
mod rules;
mod totals;

use super::battery::{Battery, Store};
use super::busbar::Busbar;
use super::generator::{Ats, AtsEvent, AtsState, Generator, GeneratorEvent, GeneratorState};
use super::grid::{Ride, Through, Voltage};
use super::transformer::{Told, Transformer, TransformerState};
use super::ups::{Ups, UpsEvent, UpsState};
use crate::noise;

pub use totals::{Category, Totals};

/// One node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name, unique in the tree.
    pub name: String,
    /// The place of the node that feeds it; none for the root. Parents stand before their children.
    pub parent: Option<usize>,
    /// What it is.
    pub stage: Stage,
    /// True where a meter sees its input.
    pub metered: bool,
    /// How its load spreads over the phases (1, sum 1): of loads, supplies and batteries; others carry what hangs on them.
    pub phases: [f64; 3],
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// The grid's meter: the root.
    Utility,
    /// A transformer.
    Transformer(Box<Transformer>),
    /// A transfer switch with its generator.
    Ats(Box<(Ats, Generator)>),
    /// A UPS with its string.
    Ups(Box<Ups>),
    /// A PDU or busbar.
    Pdu(Box<Busbar>),
    /// A switchboard, a rack, a branch: it only adds up.
    Panel,
    /// The power supplies of machines: where IT begins.
    Supplies(Supplies),
    /// A battery of the site, behind its converter.
    Storage(Box<Battery>),
    /// Something that draws.
    Load(Load),
}

/// Power supplies: `input = (output + fixed)/efficiency`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supplies {
    /// Their own draw, on the output's side (W, ≥ 0).
    pub fixed: f64,
    /// Output over input without the fixed part (1, 0.5 to 1).
    pub efficiency: f64,
}

impl Supplies {
    /// Loss at an output (W).
    #[must_use]
    pub fn loss(&self, output: f64) -> f64 {
        (output + self.fixed) / self.efficiency - output
    }
}

/// Something that draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// What for.
    pub purpose: Purpose,
    /// How it bears low voltage.
    pub ride: Ride,
}

/// What a load is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Chips, memory, drives, network: what ITUE calls compute.
    Compute,
    /// The machines' own fans and pumps: IT, and no compute.
    MachineFans,
    /// Chillers, pumps, fans, towers.
    Cooling,
    /// Lights, offices, anything else.
    Other,
}

/// A node over one step, means (W).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// From the node above; negative upward.
    pub input: f64,
    /// Made here by a generator.
    pub made: f64,
    /// To the metered nodes below, from the last to the first; a load's own draw.
    pub output: f64,
    /// To the nodes below that no meter sees.
    pub unmetered: f64,
    /// Lost here.
    pub loss: f64,
    /// Into a battery's store; negative out of it.
    pub stored: f64,
    /// Fuel burnt, by heating value; what is not `made` is heat outdoors.
    pub fuel: f64,
    /// Load over rating, where there is one (1).
    pub loading: f64,
    /// Part of the step for which it was fed (1, 0 to 1).
    pub served: f64,
    /// Voltage at its output; at a load's terminals.
    pub voltage: Voltage,
    /// True where a generator makes it.
    pub on_generator: bool,
    /// True when it is energised; a load, when it runs.
    pub live: bool,
}

/// Nothing flows.
const STILL: Flow = Flow {
    input: 0.0,
    made: 0.0,
    output: 0.0,
    unmetered: 0.0,
    loss: 0.0,
    stored: 0.0,
    fuel: 0.0,
    loading: 0.0,
    served: 1.0,
    voltage: Voltage::NONE,
    on_generator: false,
    live: false,
};

/// What a node remembers. Most nodes are loads: what is larger stands apart, so that a step walks through little memory.
#[derive(Clone, Debug, PartialEq)]
enum Memory {
    None,
    Transformer(Box<(TransformerState, Told)>),
    Ats(Box<(AtsState, GeneratorState)>),
    Ups(Box<UpsState>),
    Storage(Store),
    Load(Through),
}

/// What happened at a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happened {
    /// To a UPS.
    Ups(UpsEvent),
    /// To a transfer switch.
    Ats(AtsEvent),
    /// To a generator.
    Generator(GeneratorEvent),
    /// Low voltage dropped a load.
    LoadDropped,
    /// A load runs again.
    LoadBack,
}

/// What a step needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now<'a> {
    /// The grid's voltage.
    pub voltage: Voltage,
    /// By node: what a load would draw, and what a battery shall take (positive) or give (W). Missing ones are zero.
    pub demand: &'a [f64],
    /// Air around transformers (°C).
    pub ambient: f64,
    /// Cells of every string and battery (°C).
    pub cell: f64,
    /// The run's seed.
    pub seed: u64,
}

/// The tree and what it remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    nodes: Vec<Node>,
    /// Each node's number in random streams.
    channels: Vec<u64>,
    /// What each node is to IT.
    places: Vec<totals::Place>,
    memory: Vec<Memory>,
    flows: Vec<Flow>,
    /// What hangs on each phase of each node (W).
    phases: Vec<[f64; 3]>,
    events: Vec<(usize, Happened)>,
}

impl Network {
    /// A tree at rest: energised, strings full, batteries half full, generators stopped.
    ///
    /// # Errors
    /// Every fault of the tree, as sentences with the node's name.
    pub fn new(nodes: Vec<Node>) -> Result<Self, Vec<String>> {
        let faults = rules::faults(&nodes);
        if faults.is_empty() { Ok(Self::sound(nodes)) } else { Err(faults) }
    }

    /// A tree at rest whose nodes are known to be sound.
    pub(super) fn sound(nodes: Vec<Node>) -> Self {
        let memory = nodes.iter().map(|node| match &node.stage {
            Stage::Utility | Stage::Pdu(_) | Stage::Panel | Stage::Supplies(_) => Memory::None,
            Stage::Transformer(_) => Memory::Transformer(Box::new((TransformerState::new(true), Told::default()))),
            Stage::Ats(of) => Memory::Ats(Box::new((AtsState::REST, GeneratorState::new(&of.1)))),
            Stage::Ups(of) => Memory::Ups(Box::new(UpsState::new(of, of.battery.window.1))),
            Stage::Storage(of) => Memory::Storage(Store::charged(of, 0.5)),
            Stage::Load(_) => Memory::Load(Through::RUNNING),
        });
        Self {
            channels: nodes.iter().map(|n| noise::channel(&n.name)).collect(),
            places: totals::places(&nodes),
            memory: memory.collect(),
            flows: vec![STILL; nodes.len()],
            phases: vec![[0.0; 3]; nodes.len()],
            // A transfer switch tells three things a step at the most, any other node one: the list never grows.
            events: Vec::with_capacity(nodes.len().saturating_mul(3)),
            nodes,
        }
    }

    /// What is wrong with its nodes, each fault a sentence.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        rules::faults(&self.nodes)
    }

    /// The nodes, parents before children.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The place of a node by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|n| n.name == name)
    }

    /// Every node's powers over the last step, in the nodes' order.
    #[must_use]
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// What happened in the last step, from the root down, then up.
    #[must_use]
    pub fn events(&self) -> &[(usize, Happened)] {
        &self.events
    }

    /// What hangs on each phase of a node (W).
    #[must_use]
    pub fn phases(&self, node: usize) -> Option<[f64; 3]> {
        self.phases.get(node).copied()
    }

    /// A UPS's state, to order it about or break its modules.
    pub fn ups(&mut self, node: usize) -> Option<&mut UpsState> {
        match self.memory.get_mut(node)? {
            Memory::Ups(state) => Some(state),
            Memory::None | Memory::Transformer(_) | Memory::Ats(_) | Memory::Storage(_) | Memory::Load(_) => None,
        }
    }

    /// A generator's state, to reset or refuel it.
    pub fn generator(&mut self, node: usize) -> Option<&mut GeneratorState> {
        match self.memory.get_mut(node)? {
            Memory::Ats(state) => Some(&mut state.1),
            Memory::None | Memory::Transformer(_) | Memory::Ups(_) | Memory::Storage(_) | Memory::Load(_) => None,
        }
    }

    /// What a site's battery holds.
    pub fn storage(&mut self, node: usize) -> Option<&mut Store> {
        match self.memory.get_mut(node)? {
            Memory::Storage(store) => Some(store),
            Memory::None | Memory::Transformer(_) | Memory::Ats(_) | Memory::Ups(_) | Memory::Load(_) => None,
        }
    }

    /// What a transformer told last: warmth, ageing, the rush.
    #[must_use]
    pub fn transformer(&self, node: usize) -> Option<Told> {
        match self.memory.get(node)? {
            Memory::Transformer(state) => Some(state.1),
            Memory::None | Memory::Ats(_) | Memory::Ups(_) | Memory::Storage(_) | Memory::Load(_) => None,
        }
    }

    /// Moves the tree by `dt` seconds; no time, or what is no time, moves nothing.
    pub fn step(&mut self, now: &Now<'_>, dt: f64) {
        self.energise(now, dt);
        self.carry(now, dt);
    }

    /// The first half of a step: every node meets its voltage, and says whether it is live. Demand does not count yet.
    pub fn energise(&mut self, now: &Now<'_>, dt: f64) {
        self.events.clear();
        if dt.is_finite() && dt > 0.0 {
            self.meet(now, dt);
        }
    }

    /// The second half of a step: what every node draws. False where a string ran empty before the step's end.
    pub fn carry(&mut self, now: &Now<'_>, dt: f64) -> bool {
        if !dt.is_finite() || dt <= 0.0 {
            return true;
        }
        let whole = self.add_up(now, dt);
        if !whole {
            self.share_out();
        }
        whole
    }

    /// The site's powers over the last step.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals::of(self.nodes.iter().zip(&self.flows).zip(&self.places))
    }
}

#[cfg(test)]
mod tests;
