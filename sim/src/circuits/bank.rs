//! The chillers of a circuit side by side, staged by their panel.
//!
//! Water goes only through chillers that run or are about to: the others' valves are shut, and where all are, it goes past them.

use plant::hall::sequence::RunMode;

use super::spec::Spec;
use crate::cooling::chiller::phase::Phase;
use crate::cooling::chiller::{Chiller, Inputs, Machine, Outcome, Stream};
use crate::faults::ActuatorFault;
use crate::local::staging::{self, Seen, Staging};

/// A chiller of the bank.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The machine.
    pub machine: Machine,
    /// What it did in the last step.
    pub last: Option<Outcome>,
    /// Water it met in the last step: chilled, condenser (°C).
    pub met: (f64, f64),
    /// Held by a trip from outside.
    pub tripped: bool,
    /// What it is told.
    pub order: Order,
    /// What is wrong with the valve in its condenser water, and where it was when that began (1, 0 to 1).
    pub valve_fault: Option<(ActuatorFault, f64)>,
    /// No start catches.
    pub start_fails: bool,
    /// It does not stop.
    pub stop_fails: bool,
    /// What the panels of the bank have decided of it.
    local: bool,
}

/// What a chiller is told by somebody who is not its panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// To run, to stand, or to listen to its panel.
    pub mode: RunMode,
    /// The most load that it may take (1, 0 to 1).
    pub limit: f64,
    /// The water that it makes (°C); its plant's where nobody says so.
    pub setpoint: Option<f64>,
    /// How far the valve in its condenser water is open (1, 0 to 1).
    pub valve: f64,
}

impl Order {
    /// Listen to the panel.
    pub const PANEL: Self = Self { mode: RunMode::Panel, limit: 1.0, setpoint: None, valve: 1.0 };
}

/// The bank.
#[derive(Clone, Debug, PartialEq)]
pub struct Bank {
    /// Its chillers, in the hall's order; the first ones lead.
    pub units: Vec<Unit>,
    /// True while they have power.
    pub fed: bool,
    staging: staging::Bank,
}

/// What one step of the bank did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chilled {
    /// Water leaving, mixed (°C).
    pub leaving: f64,
    /// Heat carried to the condenser water (W).
    pub condensed: f64,
    /// Heat into the plant room (W).
    pub to_room: f64,
    /// Electricity (W).
    pub power: f64,
    /// More heat in the vessels than before (J).
    pub stored: f64,
}

impl Bank {
    /// So many chillers, of which `running` have been running for long.
    #[must_use]
    pub fn new(of: &Spec, (count, running): (usize, usize), condenser: f64) -> Self {
        let units = (0..count).map(|n| {
            let mut machine = Machine::at_rest(of.setpoint, of.setpoint);
            machine.condensing = condenser;
            if n < running {
                machine.phase = Phase::Running { since_start: 1e6, ceiling: 1.0, share: 0.7 };
            }
            Unit {
                machine,
                last: None,
                met: (of.setpoint, condenser),
                tripped: false,
                order: Order::PANEL,
                valve_fault: None,
                start_fails: false,
                stop_fails: false,
                local: n < running,
            }
        });
        Self { units: units.collect(), fed: true, staging: staging::Bank::of(running) }
    }

    /// Decides how many shall run: `load` is the heat they face (W), `warm` the supply above its setpoint (K), `spared` whether
    /// the economiser alone would do.
    pub fn stage(&mut self, of: &Chiller, (load, warm, spared): (f64, f64, bool), dt: f64) {
        if self.units.iter().any(|unit| unit.order.mode != RunMode::Panel) {
            // Somebody else decides: the panels keep in step, so that they take over what runs.
            for unit in &mut self.units {
                unit.local = match unit.order.mode {
                    RunMode::Panel => unit.local && unit.can_run(),
                    RunMode::Off => false,
                    RunMode::On => true,
                };
            }
            self.staging = staging::Bank::of(self.units.iter().filter(|u| u.local).count());
            return;
        }
        let ready = self.units.iter().filter(|u| u.can_run()).count();
        let seen = Seen { load, each: of.map.capacity, ready, warm, spared };
        let wanted = self.staging.step(&Staging::CHILLERS, seen, dt);
        self.choose(wanted);
    }

    /// Which of them run: those that did, then the first that can; one that cannot gives its place away.
    fn choose(&mut self, wanted: usize) {
        for unit in &mut self.units {
            unit.local &= unit.can_run();
        }
        let mut running = self.units.iter().filter(|u| u.local).count();
        for unit in self.units.iter_mut().filter(|u| !u.local && u.can_run()) {
            if running < wanted {
                (unit.local, running) = (true, running.saturating_add(1));
            }
        }
        for unit in self.units.iter_mut().rev().filter(|u| u.local) {
            if running > wanted {
                (unit.local, running) = (false, running.saturating_sub(1));
            }
        }
    }

    /// Whether each is open to its waters.
    pub fn open(&self) -> impl Iterator<Item = bool> + '_ {
        self.units.iter().map(|unit| unit.told() || unit.turns())
    }

    /// How many turn.
    #[must_use]
    pub fn running(&self) -> usize {
        self.units.iter().filter(|u| u.turns()).count()
    }

    /// Steps the bank: `flow` of water enters at `entering`, each open condenser gets `condenser` of its number at `cooled`.
    pub fn step(
        &mut self,
        of: &Spec,
        water: Stream,
        (condenser, cooled): (impl Fn(usize) -> f64, f64),
        dt: f64,
    ) -> Chilled {
        let mut done = Chilled { leaving: water.entering, ..Chilled::default() };
        let Some(chiller) = &of.chiller else { return done };
        let open = plant::convert::f64_from_usize(self.open().filter(|o| *o).count());
        let each = if open > 0.0 { water.flow / open } else { 0.0 };
        let mut leaving = 0.0;
        for (n, unit) in self.units.iter_mut().enumerate() {
            let told = unit.told();
            let open = told || unit.turns();
            let inputs = Inputs {
                run: told,
                setpoint: unit.order.setpoint.unwrap_or(of.setpoint),
                limit: unit.order.limit,
                evaporator: Stream { flow: if open { each } else { 0.0 }, entering: water.entering },
                condenser: Stream { flow: if open { condenser(n) } else { 0.0 }, entering: cooled },
                powered: self.fed,
                tripped: unit.tripped,
            };
            let before = unit.stored(chiller);
            let out = unit.machine.step(chiller, &inputs, dt);
            leaving += inputs.evaporator.flow * out.chilled;
            done.condensed += inputs.condenser.flow * chiller.condenser.cp * (out.condensing - cooled);
            done.to_room += out.to_room;
            done.power += out.power;
            done.stored += unit.stored(chiller) - before;
            unit.met = (water.entering, cooled);
            unit.last = Some(out);
        }
        if open > 0.0 && water.flow > 0.0 {
            done.leaving = leaving / water.flow;
        }
        done
    }
}

/// The most chillers a circuit has.
pub const MOST: usize = 16;

impl Unit {
    /// How far the valve in its condenser water is open (1, 0 to 1).
    #[must_use]
    pub fn valve(&self) -> f64 {
        self.valve_fault.map_or(self.order.valve, |(how, was)| how.goes(100.0 * self.order.valve, 100.0 * was) / 100.0)
    }

    fn can_run(&self) -> bool {
        !self.tripped && self.machine.trip().is_none()
    }

    /// Whether it shall run, as its contactor sees it.
    fn told(&self) -> bool {
        let wanted = match self.order.mode {
            RunMode::Panel => self.local,
            RunMode::Off => false,
            RunMode::On => self.can_run(),
        };
        if self.turns() { wanted || self.stop_fails } else { wanted && !self.start_fails }
    }

    /// True while the compressor turns.
    #[must_use]
    pub const fn turns(&self) -> bool {
        match self.machine.phase {
            Phase::Starting { .. } | Phase::Running { .. } | Phase::Stopping { .. } => true,
            Phase::Off { .. } | Phase::Tripped { .. } => false,
        }
    }

    /// Heat in both vessels, counted from 0 °C (J).
    fn stored(&self, of: &Chiller) -> f64 {
        of.evaporator.heat_capacity * self.machine.chilled + of.condenser.heat_capacity * self.machine.condensing
    }
}
