//! A water-cooled chiller: a map, two vessels of water, and a panel that starts, loads, protects and stops it.
//!
//! **Equation** the load that brings leaving chilled water to its setpoint, `Q = ṁ·cp·(T_in − T_set)`, as far as
//! [`map`] and soft loading allow; `Q_c = Q_e + η_mot·P`. Each vessel is a mixed node, `C·dT/dt = ṁ·cp·(T_in − T) ∓ Q`,
//! stepped exactly. **Source** [`map`]; times of manufacturers' panels. **Parameters** start 120 to 300 s, soft loading
//! 10 %/min and more, stop 30 s, at least 20 min on, off and between starts, restart delay 180 to 300 s, low limit 2 to
//! 4 °C (12 °C on warm water), highest lift 35 to 50 K. **Box** that of the map; flows from a least share to 150 % of
//! nominal. **Outside it** below the least flow it trips in that step; reversed flow counts as none; water outside −40
//! to 120 °C is taken as that limit. **Time constant** a vessel's `C/(ṁ·cp)`, 30 to 60 s; the phases' own times.

pub mod map;
pub mod phase;
pub mod shipped;

use plant::read::Section;

use crate::exponential::{Single, node};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, need, number};
use crate::water::CP_WATER;
use map::{APPROACH, Drawn, Map, Waters};
use phase::{Calls, Panel, Phase, Trip};

/// Water that any vessel can hold (°C).
const HELD: (f64, f64) = (-40.0, 120.0);

/// A chiller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chiller {
    /// Capacity and power.
    pub map: Map,
    /// The chilled water's side.
    pub evaporator: Vessel,
    /// The condenser water's side.
    pub condenser: Vessel,
    /// Times and limits of its panel.
    pub panel: Panel,
    /// Panel and oil heater, whenever there is power (W, ≥ 0).
    pub standby: f64,
}

/// The water in one of its vessels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vessel {
    /// Heat capacity of water and metal (J/K, > 0).
    pub heat_capacity: f64,
    /// Specific heat of what flows (J/kg/K, 1000 to 5000).
    pub cp: f64,
    /// Nominal flow (kg/s, > 0).
    pub flow: f64,
    /// The flow switch opens below this share of the nominal flow (1, 0.05 to 1).
    pub least: f64,
}

/// Water that comes to a vessel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Flow (kg/s).
    pub flow: f64,
    /// Temperature (°C).
    pub entering: f64,
}

/// What a chiller meets in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Told to run.
    pub run: bool,
    /// Setpoint of the leaving chilled water (°C); what is no number leaves the last one.
    pub setpoint: f64,
    /// The most load it may take (1, 0 to 1); what is no number is no limit.
    pub limit: f64,
    /// Chilled water.
    pub evaporator: Stream,
    /// Condenser water.
    pub condenser: Stream,
    /// There is voltage.
    pub powered: bool,
    /// A trip from outside: emergency stop, refrigerant alarm, a drill.
    pub tripped: bool,
}

/// A chiller at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// What it is doing.
    pub phase: Phase,
    /// Water in the evaporator, which is what leaves it (°C).
    pub chilled: f64,
    /// Water in the condenser, which is what leaves it (°C).
    pub condensing: f64,
    /// The setpoint in force (°C).
    pub setpoint: f64,
}

/// One step of a chiller; powers and heats are its means (W).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// What the map gave: heat from the chilled water, compressor's power, load share.
    pub drawn: Drawn,
    /// Heat into the condenser water.
    pub to_condenser: f64,
    /// Heat into the plant room: what of the motor's losses the refrigerant does not take, and the standby power.
    pub to_room: f64,
    /// All its electricity.
    pub power: f64,
    /// Leaving chilled water, mean of the step (°C).
    pub chilled: f64,
    /// Leaving condenser water, mean of the step (°C).
    pub condensing: f64,
    /// The phase at the end of the step.
    pub phase: Phase,
    /// The evaporator's flow switch is closed.
    pub evaporator_flow: bool,
    /// The condenser's flow switch is closed.
    pub condenser_flow: bool,
}

impl Machine {
    /// At rest for long, full of water of this temperature (°C).
    #[must_use]
    pub const fn at_rest(water: f64, setpoint: f64) -> Self {
        Self { phase: Phase::RESTED, chilled: water, condensing: water, setpoint }
    }

    /// Steps it for `dt` seconds.
    pub fn step(&mut self, of: &Chiller, inputs: &Inputs, dt: f64) -> Outcome {
        if inputs.setpoint.is_finite() {
            self.setpoint = inputs.setpoint.clamp(HELD.0, HELD.1);
        }
        let evaporator = inputs.evaporator.or(self.chilled);
        let condenser = inputs.condenser.or(self.condensing);
        let calls = Calls {
            run: inputs.run,
            evaporator_flow: of.evaporator.flows(evaporator.flow),
            condenser_flow: of.condenser.flows(condenser.flow),
            powered: inputs.powered,
            tripped: inputs.tripped,
            chilled: self.chilled,
            lift: self.condensing - self.chilled + 2.0 * APPROACH,
        };
        let ceiling = self.phase.step(&of.panel, &calls, of.map.most, dt);
        let limit = if inputs.limit.is_finite() { inputs.limit.max(0.0) } else { f64::INFINITY };
        let drawn = if ceiling > 0.0 {
            let leaving = self.condensing;
            let waters = Waters { chilled: self.chilled, entering: condenser.entering, leaving };
            let wanted = of.evaporator.stream(evaporator.flow) * (evaporator.entering - self.setpoint);
            of.map.draw(&of.map.available(waters), wanted, ceiling.min(limit))
        } else {
            Drawn::default()
        };
        self.phase.took(drawn.share);
        let standby = if inputs.powered { of.standby } else { 0.0 };
        let to_condenser = drawn.heat + of.map.motor * drawn.power;
        let chilled = of.evaporator.step(self.chilled, evaporator, -drawn.heat, dt);
        let condensing = of.condenser.step(self.condensing, condenser, to_condenser, dt);
        (self.chilled, self.condensing) = (chilled.end, condensing.end);
        Outcome {
            drawn,
            to_condenser,
            to_room: (1.0 - of.map.motor) * drawn.power + standby,
            power: drawn.power + standby,
            chilled: chilled.mean,
            condensing: condensing.mean,
            phase: self.phase,
            evaporator_flow: calls.evaporator_flow,
            condenser_flow: calls.condenser_flow,
        }
    }

    /// The trip that holds it, if one does.
    #[must_use]
    pub const fn trip(&self) -> Option<Trip> {
        match self.phase {
            Phase::Tripped { cause, .. } => Some(cause),
            Phase::Off { .. } | Phase::Starting { .. } | Phase::Running { .. } | Phase::Stopping { .. } => None,
        }
    }
}

impl Stream {
    /// What of it makes sense: no reversed flow, and water of `otherwise` where its temperature is no number.
    const fn or(self, otherwise: f64) -> Self {
        let flow = if self.flow.is_finite() { self.flow.max(0.0) } else { 0.0 };
        let entering = if self.entering.is_finite() { self.entering.clamp(HELD.0, HELD.1) } else { otherwise };
        Self { flow, entering }
    }
}

impl Vessel {
    /// True when the flow switch is closed.
    #[must_use]
    pub const fn flows(&self, flow: f64) -> bool {
        flow >= self.least * self.flow
    }

    /// Capacity flow (W/K).
    const fn stream(&self, flow: f64) -> f64 {
        flow * self.cp
    }

    fn step(&self, start: f64, stream: Stream, heat: f64, dt: f64) -> Single {
        let carried = self.stream(stream.flow);
        node(carried, carried * stream.entering + heat, (self.heat_capacity, start), dt)
    }

    fn read(of: &Section<'_>) -> Self {
        Self {
            heat_capacity: number(of, "heat-capacity-j-per-k", POSITIVE),
            cp: of.within("cp-j-per-kg-k", (1000.0, 5000.0)).unwrap_or(CP_WATER),
            flow: number(of, "flow-kg-per-s", POSITIVE),
            least: number(of, "least-flow-share", (0.05, 1.0)),
        }
    }
}

impl Chiller {
    /// Reads it: its map by the name of a shipped one (`map = "…"`), or as a section of its own.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let map = map_of(of);
        let (evaporator, condenser) = (need(of, "evaporator", Vessel::read), need(of, "condenser", Vessel::read));
        let panel = need(of, "panel", Panel::read);
        let standby = number(of, "standby-w", AT_LEAST_ZERO);
        // A fixed size other than the map's: curves are shares, so they hold for a sister of another size.
        let size = of.within("capacity-w", POSITIVE);
        let mut map = map?;
        map.capacity = size.unwrap_or(map.capacity);
        Some(Self { map, evaporator: evaporator?, condenser: condenser?, panel: panel?, standby })
    }
}

fn map_of(of: &Section<'_>) -> Option<Map> {
    if of.has("own-map") {
        return need(of, "own-map", Map::read);
    }
    let name: String = of.need("map")?;
    match Map::shipped(&name) {
        Ok(map) => Some(map),
        Err(help) => {
            of.fault("map", format!("there is no chiller `{name}`"), help);
            None
        }
    }
}

impl Panel {
    fn read(of: &Section<'_>) -> Self {
        let read = Self {
            start: number(of, "start-s", POSITIVE),
            soft_load: number(of, "soft-load-percent-per-min", (0.1, 1e4)) / 6000.0,
            stop: number(of, "stop-s", POSITIVE),
            least_on: number(of, "least-on-s", AT_LEAST_ZERO),
            least_off: number(of, "least-off-s", AT_LEAST_ZERO),
            between_starts: number(of, "between-starts-s", AT_LEAST_ZERO),
            restart: number(of, "restart-s", AT_LEAST_ZERO),
            least_chilled: number(of, "least-chilled-cel", (-30.0, 40.0)),
            most_lift: number(of, "most-lift-k", (10.0, 120.0)),
            started: of.within("start-share", SHARE).unwrap_or(0.1),
        };
        if read.between_starts > 0.0 && read.between_starts < read.least_off {
            let message = format!("`between-starts-s` is {}, below `least-off-s`", read.between_starts);
            of.fault("between-starts-s", message, "the time between starts holds the time off: give it more, or 0");
        }
        read
    }
}

#[cfg(test)]
mod tests;
