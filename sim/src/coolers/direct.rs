//! A DX unit in a row: its compressors, its outdoor-air damper, and the panel that runs both.
//!
//! **Equation** the damper mixes outdoor air and the hot aisle's; the coil takes its sensible heat from the mixture; the row's air is
//! solved with both as a line in the hot aisle's temperature. The panel holds supply air by one demand of heat, whoever takes it:
//! `damper = demand/(ṁ·cp·(T_hot − T_out))` while outdoor air is permitted, the compressors for what the damper, where it stands, does
//! not take. A change-over so moves neither more heat nor less: a damper that has to close waits until compressors run, and
//! they run on until one that opens has opened. **Source** [`crate::cooling::dx`], [`crate::cooling::air_economiser`].
//! **Parameters** supply air 22 °C, outdoor air of use 1.1 K below return air. **Box** the coil is
//! dry: the hall's moisture is not followed, and its air is taken at a dew point of 5 °C, or outdoors' if that is lower.
//! **Outside it** on humid days real coils dry outdoor air and have less left for the hall. **Time constant** the panel's 300 s.

use plant::hall::sequence::RunMode;
use plant::read::Section;

use crate::air::CP_AIR;
use crate::cooling::air_economiser::{self, Air, AirEconomiser};
use crate::cooling::dx::{Dx, Inputs, Machine};
use crate::exponential::fade_slowly;
use crate::local::pi::{Loop, Pi};
use crate::physics::read::{need, number};
use crate::weather::Outdoor;

/// Supply air to the demand (°C → % of the unit's capacity).
const SUPPLY: Pi = Pi { gain: 1.5, ti: 300.0, limits: (0.0, 100.0) };
/// A damper's full stroke takes this long (s).
const STROKE: f64 = 120.0;
/// Time constant of the sensors that tell what outdoor air would take (s).
const SLOW: f64 = 60.0;
/// Outdoor air is of use when it is this much colder than the return (K).
const OF_USE: f64 = 1.1;
/// Humidity ratio of the hall's air (kg/kg): a dew point of 5 °C.
const HALL: f64 = 0.0054;

/// What DX units of a hall are.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The refrigerant's side.
    pub dx: Dx,
    /// Damper and filter.
    pub economiser: AirEconomiser,
    /// Supply air that the panel holds (°C).
    pub setpoint: f64,
}

impl Spec {
    /// Reads `[dx]`.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let (dx, economiser) = (need(of, "unit", Dx::read), need(of, "economiser", AirEconomiser::read));
        let setpoint = number(of, "setpoint-cel", (10.0, 35.0));
        Some(Self { dx: dx.flatten()?, economiser: economiser?, setpoint })
    }
}

/// What a unit is told by somebody who is not its panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// The compressors run or stand, or all of it listens to its panel.
    pub mode: RunMode,
    /// What the compressors run at (%).
    pub compressor: f64,
    /// Where the damper stands (%).
    pub damper: f64,
}

/// One unit, besides its fan.
#[derive(Clone, Debug, PartialEq)]
pub struct Direct {
    /// Its number in the hall's list.
    pub number: usize,
    /// The compressors' side.
    pub machine: Machine,
    /// Held by a trip from outside.
    pub tripped: bool,
    /// True while the damper does not move.
    pub damper_stuck: bool,
    /// No start of its compressors catches.
    pub start_fails: bool,
    /// They do not stop.
    pub stop_fails: bool,
    /// Smoke outdoors, as its panel sees it.
    pub smoky: bool,
    /// What it is told.
    pub order: Order,
    /// Damper (%).
    pub damper: f64,
    /// Share of its air that comes from outdoors (1).
    pub outdoor_share: f64,
    /// Sensible heat it takes from the air, mean of the step (W).
    pub taken: f64,
    /// Compressors and condenser fans (W).
    pub power: f64,
    /// What compressors run at (%).
    pub duty: f64,
    /// What the filter costs its fan (W).
    pub filter: f64,
    /// True while its compressors have power.
    pub fed: bool,
    /// What a whole damper would take, as its panel sees it (W).
    free: Option<f64>,
    panel: Loop,
}

impl Direct {
    /// At rest.
    #[must_use]
    pub const fn new(number: usize, outdoors: f64) -> Self {
        Self {
            number,
            machine: Machine::at_rest(outdoors),
            tripped: false,
            damper_stuck: false,
            start_fails: false,
            stop_fails: false,
            smoky: false,
            order: Order { mode: RunMode::Panel, compressor: 0.0, damper: 0.0 },
            damper: 0.0,
            outdoor_share: 0.0,
            taken: 0.0,
            power: 0.0,
            duty: 0.0,
            filter: 0.0,
            fed: true,
            free: None,
            panel: Loop::at(50.0),
        }
    }

    /// Runs the panel and the machine for a step: `flow` of air (kg/s), `hot` the hot aisle, `supply` the air it blows (°C).
    pub fn run(&mut self, of: &Spec, air: &Outdoor, (flow, hot, supply): (f64, f64, f64), dt: f64) {
        let humidity = crate::circuits::humidity(air).min(HALL);
        let mut inputs = air_economiser::Inputs {
            outdoor: Air { celsius: air.dry_bulb, humidity },
            wet_bulb: air.wet_bulb,
            back: Air { celsius: hot, humidity },
            flow,
            damper: self.damper / 100.0,
            wet: false,
            evaporative: false,
            smoke: self.smoky,
        };
        // The panel's hygrometer stands outdoors: what the coil is spared of moisture counts for nothing there.
        let moist = Air { humidity: crate::circuits::humidity(air), ..inputs.outdoor };
        let outdoors = air_economiser::Inputs { outdoor: moist, ..inputs };
        let permitted = of.economiser.run(&outdoors).permissives.all();
        // What a whole damper would take, as the panel's slow sensors tell it (W).
        let free = flow * CP_AIR * (hot - air.dry_bulb);
        let free = self.free.map_or(free, |before| before + dt / SLOW * fade_slowly(dt / SLOW) * (free - before));
        self.free = Some(free);
        let of_use = hot - air.dry_bulb > OF_USE;
        let demand = self.demand(of, (supply, free), dt);
        let damper = match self.order.mode {
            RunMode::Panel => self.wanted_damper((of_use, permitted), demand / free),
            RunMode::Off | RunMode::On => self.order.damper,
        };
        let reach = 100.0 * dt / STROKE;
        if !self.damper_stuck {
            self.damper = (self.damper + (damper - self.damper).clamp(-reach, reach)).clamp(0.0, 100.0);
        }
        inputs.damper = self.damper / 100.0;
        let mixed = of.economiser.run(&inputs);
        (self.outdoor_share, self.filter) = (mixed.outdoor_share, mixed.fan_power);
        let asked = Inputs {
            duty: self.wanted_duty(of, of_use && permitted, (demand, free)),
            entering: Air { celsius: hot + self.outdoor_share * (air.dry_bulb - hot), humidity },
            flow,
            outdoors: air.dry_bulb,
            condenser: 1.0,
            powered: self.fed,
            tripped: self.tripped,
        };
        let done = self.machine.step(&of.dx, &asked, dt);
        self.taken = done.sensible;
        self.power = done.compressor_power + done.fan_power;
        self.duty = 100.0 * done.phase.share();
    }

    /// Heat that the panel wants to take (W). While somebody else leads it wants what is taken now, so that it goes on from there.
    fn demand(&mut self, of: &Spec, (supply, free): (f64, f64), dt: f64) -> f64 {
        let demand = match self.order.mode {
            RunMode::Panel => self.panel.step(&SUPPLY, (supply, of.setpoint), dt),
            RunMode::Off | RunMode::On => {
                let taken = 100.0 * (self.taken + free.max(0.0) * self.outdoor_share) / of.dx.capacity;
                self.panel = Loop::at(taken - SUPPLY.gain * (supply - of.setpoint));
                taken
            }
        };
        demand / 100.0 * of.dx.capacity
    }

    /// Where the panel wants the damper (%), which is of use and permitted or not; `share` of the air would do.
    fn wanted_damper(&self, (of_use, permitted): (bool, bool), share: f64) -> f64 {
        match (of_use && permitted, of_use && self.duty <= 0.0 && !self.smoky) {
            (true, _) => 100.0 * share.min(1.0),
            // Outdoor air that is too warm, moist or cold is better than none.
            (false, true) => self.damper,
            (false, false) => 0.0,
        }
    }

    /// What the compressors are run at (1, 0 to 1).
    fn wanted_duty(&self, of: &Spec, economising: bool, (demand, free): (f64, f64)) -> f64 {
        let (least, running) = (of.dx.compressor.least(), self.duty > 0.0);
        let left = match (economising, running) {
            (_, true) => demand - free * self.outdoor_share,
            // Nobody starts compressors because a damper is on its way.
            (true, false) => demand - free,
            (false, false) => demand,
        };
        let wanted = match self.order.mode {
            RunMode::Panel => (left / of.dx.capacity).clamp(0.0, 1.0),
            RunMode::Off => 0.0,
            RunMode::On => (self.order.compressor / 100.0).clamp(least, 1.0),
        };
        match (running, self.start_fails, self.stop_fails) {
            (false, true, _) => 0.0,
            (true, _, true) => wanted.max(least),
            (false, false, _) | (true, _, false) => wanted,
        }
    }
}

#[cfg(test)]
mod tests;
