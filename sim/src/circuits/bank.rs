//! The chillers of a circuit side by side, staged by their panel.
//!
//! Water goes only through chillers that run or are about to: the others' valves are shut, and where all are, it goes past them.

use super::spec::Spec;
use crate::cooling::chiller::phase::Phase;
use crate::cooling::chiller::{Chiller, Inputs, Machine, Outcome, Stream};
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
            Unit { machine, last: None, met: (of.setpoint, condenser), tripped: false }
        });
        Self { units: units.collect(), fed: true, staging: staging::Bank::of(running) }
    }

    /// Decides how many shall run: `load` is the heat they face (W), `warm` the supply above its setpoint (K), `spared` whether
    /// the economiser alone would do.
    pub fn stage(&mut self, of: &Chiller, (load, warm, spared): (f64, f64, bool), dt: f64) {
        let ready = self.units.iter().filter(|u| u.can_run()).count();
        let seen = Seen { load, each: of.map.capacity, ready, warm, spared };
        self.staging.step(&Staging::CHILLERS, seen, dt);
    }

    /// Whether each is open to its waters.
    pub fn open(&self) -> impl Iterator<Item = bool> + '_ {
        let told = self.told();
        self.units.iter().zip(told).map(|(unit, told)| told || unit.turns())
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
        let told: [bool; MOST] = self.told_now();
        let mut leaving = 0.0;
        for (n, unit) in self.units.iter_mut().enumerate() {
            let told = told.get(n).copied().unwrap_or(false);
            let open = told || unit.turns();
            let inputs = Inputs {
                run: told,
                setpoint: of.setpoint,
                limit: 1.0,
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

    /// Which are told to run: the first of those that can.
    fn told(&self) -> impl Iterator<Item = bool> + '_ {
        let mut left = self.staging.wanted;
        self.units.iter().map(move |unit| {
            let told = left > 0 && unit.can_run();
            left = left.saturating_sub(usize::from(told));
            told
        })
    }

    fn told_now(&self) -> [bool; MOST] {
        let mut told = [false; MOST];
        for (place, is) in told.iter_mut().zip(self.told()) {
            *place = is;
        }
        told
    }
}

/// The most chillers a circuit has.
pub const MOST: usize = 16;

impl Unit {
    fn can_run(&self) -> bool {
        !self.tripped && self.machine.trip().is_none()
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
