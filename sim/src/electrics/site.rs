//! A hall's electrical side: its power tree, what it is asked for, and what the grid does to it.
//!
//! ```text
//! utility ─ transformer ─ ATS ─┬─ UPS ─ PDUs of each row ─ supplies ─┬─ compute
//!                   generator ─┘                                     └─ the machines' fans
//!                              ├─ mechanical panel ─┬─ UPS ─ fans, pumps (where there is such a UPS)
//!                              │                    └─ chillers, towers, coolers, compressors
//!                              └─ lights (on no meter)
//! ```
//!
//! **Equation** that of [`super::network`]: voltage from the root down before anything moves, powers from the leaves up when
//! everything has. **Source** the components' pages. **Parameters** [`Spec`]. **Box** one grid; rows and tanks take even shares of their
//! PDUs and of the phases. **Outside it** where a string runs empty within a step, what hung on it had already been taken as
//! fed to the step's end: the rest of its heat is taken back from floor and frames. **Time constant** the components'.

mod spec;
mod tree;

use super::battery::Exchanged;
use super::chain::Chain;
use super::generator::{GeneratorState, Phase};
use super::grid::{Dip, Voltage};
use super::network::{Happened, Network, Now, Totals};
use super::ups::{Mode, UpsState};

pub use spec::Spec;
use tree::Places;

/// Cells of a UPS's string (°C): its room is cooled.
const CELLS: f64 = 25.0;
/// How long a sag lasts (s): what a fault upstream takes to be cleared.
pub const SAG: f64 = 0.15;

/// What has power in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feeds {
    /// Fans of CRAHs and DX units.
    pub fans: bool,
    /// Pumps of water, CDUs and tanks.
    pub pumps: bool,
    /// Chillers, towers, coolers and what belongs to them, compressors, heat pumps.
    pub machinery: bool,
    /// Sensors, meters, valves, controllers.
    pub control: bool,
    /// Lights.
    pub lights: bool,
}

impl Feeds {
    /// Everything.
    pub const ALL: Self = Self { fans: true, pumps: true, machinery: true, control: true, lights: true };
}

/// What cooling draws in a step (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cooling {
    /// Fans of CRAHs and DX units.
    pub fans: f64,
    /// Pumps.
    pub pumps: f64,
    /// Chillers, towers, coolers, compressors.
    pub machinery: f64,
}

impl Cooling {
    /// All of it (W).
    #[must_use]
    pub const fn sum(&self) -> f64 {
        self.fans + self.pumps + self.machinery
    }
}

/// What is wrong with the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Disturbed {
    out: bool,
    /// The voltage that is left (1).
    low: Option<f64>,
    /// A sag of the next step: the voltage that is left (1).
    sag: Option<f64>,
}

/// The machines of a row, or all tanks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Group {
    /// Its first PDU's place in the tree.
    first: usize,
    /// False while its machines have no power.
    live: bool,
    /// Until machines work again after they had none (s).
    booting: f64,
}

/// The electrical side at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    network: Network,
    at: Places,
    groups: Vec<Group>,
    demand: Vec<f64>,
    feeds: Feeds,
    disturbed: Disturbed,
    totals: Totals,
    chain: Chain,
    /// What machines take and PDUs lose in this step if it is served (W).
    asked: f64,
}

impl Site {
    /// At rest on a good grid; `groups` names the rows, and the tanks where there are any.
    #[must_use]
    pub fn new(of: &Spec, groups: &[&str]) -> Self {
        let (nodes, at, firsts) = tree::grow(of, groups);
        let groups = firsts.into_iter().map(|first| Group { first, live: true, booting: 0.0 });
        Self {
            demand: vec![0.0; nodes.len()],
            network: Network::sound(nodes),
            at,
            groups: groups.collect(),
            feeds: Feeds::ALL,
            disturbed: Disturbed::default(),
            totals: Totals::default(),
            chain: Chain::default(),
            asked: 0.0,
        }
    }

    /// Begins a step of `dt` seconds that starts `from` seconds after the run: what has power in it.
    pub fn energise(&mut self, of: &Spec, (from, seed): (f64, u64), dt: f64) -> Feeds {
        let voltage = self.voltage(of, (from, seed), dt);
        self.network.energise(&now(voltage, &self.demand, seed), dt);
        self.asked = 0.0;
        let flows = self.network.flows();
        let live = |at: usize| flows.get(at).is_some_and(|f| f.live);
        for group in &mut self.groups {
            group.live = live(group.first.saturating_add(tree::COMPUTE));
            group.booting = if group.live { (group.booting - dt).max(0.0) } else { of.boot };
        }
        self.feeds = Feeds {
            fans: live(self.at.fans),
            pumps: live(self.at.pumps),
            machinery: live(self.at.machinery),
            control: live(self.at.control),
            lights: live(self.at.lights),
        };
        self.feeds
    }

    /// What a group's machines may do: nothing without power, nothing but draw so much (1 over nameplate) while they start, and all
    /// they want (infinite) otherwise.
    #[must_use]
    pub fn leave(&self, of: &Spec, group: usize) -> f64 {
        match self.groups.get(group) {
            Some(Group { live: false, .. }) => 0.0,
            Some(Group { booting, .. }) if *booting > 0.0 => of.boot_share,
            Some(_) | None => f64::INFINITY,
        }
    }

    /// Asks for what a group's machines draw (W), of which `fans` are their own fans'. What its PDUs will lose (W).
    pub fn ask(&mut self, of: &Spec, group: usize, (power, fans): (f64, f64)) -> f64 {
        let Some(Group { first, live, .. }) = self.groups.get(group).copied() else { return 0.0 };
        let pdus = plant::convert::f64_from_usize(of.pdus);
        let each = if live { power / pdus } else { 0.0 };
        // Watts at the machines' plugs, and what supplies leave of them.
        let behind = each * of.supplies;
        let blown = (fans / pdus).clamp(0.0, behind);
        for pdu in 0..of.pdus {
            let place = first.saturating_add(pdu.saturating_mul(tree::EACH));
            for (offset, watts) in [(tree::COMPUTE, behind - blown), (tree::FANS, blown)] {
                if let Some(demand) = self.demand.get_mut(place.saturating_add(offset)) {
                    *demand = watts;
                }
            }
        }
        let energised = self.network.flows().get(first).is_some_and(|f| f.live);
        let lost = if energised { pdus * of.pdu.carry([each / 3.0; 3]).loss } else { 0.0 };
        self.asked += pdus * each + lost;
        lost
    }

    /// Ends the step when it is known what cooling draws. What was asked for and not served (W): nothing but where a string ran empty.
    pub fn carry(&mut self, of: &Spec, cooling: Cooling, seed: u64, dt: f64) -> f64 {
        let lights = if self.feeds.lights { of.lighting } else { 0.0 };
        let Places { fans, pumps, machinery, lights: lamps, .. } = self.at;
        for (at, watts) in
            [(fans, cooling.fans), (pumps, cooling.pumps), (machinery, cooling.machinery), (lamps, lights)]
        {
            if let Some(demand) = self.demand.get_mut(at) {
                *demand = watts;
            }
        }
        // The voltage has been met already; here only demand counts.
        let whole = self.network.carry(&now(Voltage::NOMINAL, &self.demand, seed), dt);
        self.totals = self.network.totals();
        let flows = self.network.flows();
        let of_node = |at: usize| flows.get(at).map_or(0.0, |f| f.input);
        let pdus = self
            .groups
            .iter()
            .flat_map(|g| (0..of.pdus).map(move |pdu| g.first.saturating_add(pdu.saturating_mul(tree::EACH))));
        let pdu_loss = pdus.filter_map(|at| flows.get(at)).map(|f| f.loss).sum();
        self.chain = Chain::of(&self.totals, of_node(self.at.panel), pdu_loss);
        if whole {
            return 0.0;
        }
        let given = self.chain.it + pdu_loss + self.chain.cooling + self.chain.lighting;
        self.asked + cooling.sum() + lights - given
    }

    /// What has power.
    #[must_use]
    pub const fn feeds(&self) -> Feeds {
        self.feeds
    }

    /// The figures of the last step.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Adds a battery to the figures of the step.
    pub fn join(&mut self, of: &Exchanged) {
        self.chain.join(of);
    }

    /// True while the grid has voltage.
    #[must_use]
    pub const fn has_grid(&self) -> bool {
        !self.disturbed.out && self.disturbed.low.is_none()
    }

    /// The sums over the tree in the last step.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The tree.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// What happened in the last step: the node's name, and what.
    pub fn events(&self) -> impl Iterator<Item = (&str, Happened)> {
        let name = |at: usize| self.network.nodes().get(at).map_or("", |n| n.name.as_str());
        self.network.events().iter().map(move |(at, what)| (name(*at), *what))
    }

    /// A UPS in the hall's order: first the machines', then that of fans and pumps.
    pub fn ups(&mut self, number: usize) -> Option<&mut UpsState> {
        let at = self.at.ups.get(number).copied().flatten()?;
        self.network.ups(at)
    }

    /// The generator.
    pub fn generator(&mut self) -> Option<&mut GeneratorState> {
        self.network.generator(self.at.ats?)
    }

    /// What a UPS's panel tells: on battery, on bypass, charge (1).
    pub fn ups_told(&mut self, of: &Spec, number: usize) -> Option<(bool, bool, f64)> {
        let battery = [&of.ups, &of.mechanical_ups].get(number).and_then(|u| u.as_ref())?.battery;
        let state = self.ups(number)?;
        let (on_battery, bypass) = match state.mode {
            Mode::Battery { .. } => (true, false),
            Mode::Bypass { .. } => (false, true),
            Mode::DoubleConversion { .. } | Mode::Eco | Mode::Down { .. } => (false, false),
        };
        Some((on_battery, bypass, state.store.soc(&battery)))
    }

    /// What the generator's panel tells: whether it turns, fuel (1), power (W).
    pub fn generator_told(&mut self, of: &Spec) -> Option<(bool, f64, f64)> {
        let tank = of.supply.as_ref()?.1.tank;
        let power = self.chain.generated;
        let state = self.generator()?;
        let turns = match state.phase {
            Phase::Warming { .. } | Phase::Running { .. } | Phase::Cooling { .. } => true,
            Phase::Stopped | Phase::Cranking { .. } | Phase::Resting { .. } | Phase::Failed(_) => false,
        };
        Some((turns, (state.fuel / tank).max(0.0), power))
    }

    /// The grid goes, or comes back.
    pub const fn grid_out(&mut self, out: bool) {
        self.disturbed.out = out;
    }

    /// The grid's voltage stays at this share of nominal (1), or is itself again.
    pub const fn brown_out(&mut self, left: Option<f64>) {
        self.disturbed.low = left;
    }

    /// The grid's voltage falls to this share of nominal (1) for [`SAG`] seconds, in the next step.
    pub const fn sag(&mut self, left: f64) {
        self.disturbed.sag = Some(left);
    }

    fn voltage(&mut self, of: &Spec, (from, seed): (f64, u64), dt: f64) -> Voltage {
        let mut seen = of.grid.as_ref().map_or(Voltage::NOMINAL, |grid| grid.over(from, dt, seed));
        if let Some(residual) = self.disturbed.sag.take() {
            seen = seen.and(Some(Dip { residual, seconds: SAG.min(dt) }));
        }
        if let Some(left) = self.disturbed.low {
            seen.level = seen.level.min(left);
        }
        if self.disturbed.out { Voltage::NONE } else { seen }
    }
}

fn now(voltage: Voltage, demand: &[f64], seed: u64) -> Now<'_> {
    Now { voltage, demand, ambient: CELLS, cell: CELLS, seed }
}

#[cfg(test)]
mod tests;
