//! A DX unit: refrigerant cools the hall's air and condenses in outdoor air.
//!
//! **Equation** `Q = Q₀·capFT·(0.8 + 0.2f)`, `P = Q/COP₀·EIRFT·(1.1552 − 0.1808f + 0.0256f²)` with biquadratics of
//! entering wet bulb and outdoor temperature and the share `f` of the nominal air; stages or a variable compressor take
//! a share of it; the coil splits it in sensible and latent heat by its bypass factor. Heat outdoors is `Q + P`.
//! Condensation stands `ΔT·Q_c/Q_c,0` above outdoors, more with a dirty condenser. **Source** the single-speed DX coil
//! of EnergyPlus, with the curves of its reference buildings. **Parameters** COP 3 to 4.5, air 0.05 to 0.08 kg/s for
//! each kW, approach 10 to 17 K, head trip at 60 to 68 °C, at least 3 to 5 min on and off, restart delay 180 to 300 s.
//! **Box** entering wet bulb 12.8 to 23.9 °C, outdoors 18 to 46.1 °C, air 50 to 120 %. **Outside it** temperatures are
//! clamped and Carnot carries on as for chillers ([`super::curve`]); head-pressure control holds condensation at its
//! least when it is cold; `outside` says so. A surface below freezing grows frost, which blocks up to half of the coil
//! and then trips; ice's own heat is not booked. **Time constant** the coil's pull-down, 30 to 60 s after a change of
//! stage: power comes at once, cooling with it. Fans on the hall's side are elsewhere.

mod coil;
pub mod phase;
mod read;

use super::air_economiser::Air;
use super::curve::{Biquadratic, carnot};
use super::moist::saturated_at;
use crate::exponential::fade;
use coil::{Entering, Left};
use phase::{Calls, Compressor, Panel, Phase};

/// Capacity over entering wet bulb and outdoor temperature.
pub const CAPACITY: Biquadratic =
    Biquadratic([0.766_956, 0.010_775_6, -0.000_041_470_3, 0.001_349_61, -0.000_261_144, 0.000_457_488]);
/// Energy input ratio over entering wet bulb and outdoor temperature.
pub const RATIO: Biquadratic =
    Biquadratic([0.297_145, 0.043_093_3, -0.000_748_766, 0.005_977_27, 0.000_482_112, -0.000_956_448]);
/// Entering wet bulb of the curves (°C).
const WET_BULB: (f64, f64) = (12.8, 23.9);
/// Outdoor temperature of the curves (°C).
const OUTDOORS: (f64, f64) = (18.0, 46.1);
/// Evaporation below entering wet bulb (K).
const BELOW: f64 = 12.0;
/// Air share of the curves of flow (1).
const AIR: (f64, f64) = (0.5, 1.2);
/// Outdoor and entering air that it is asked at (°C).
const HELD: (f64, f64) = (-50.0, 70.0);
/// Share of the coil that is blocked when it trips (1).
const BLOCKED: f64 = 0.5;
/// A frozen coil has thawed at this share of its frost (1).
const THAWED: f64 = 0.05;

/// A DX unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dx {
    /// Heat it takes at its rating: 19.4 °C wet bulb, 35 °C outdoors, nominal air (W, > 0).
    pub capacity: f64,
    /// That heat over the compressors' power (1, 1 to 10).
    pub cop: f64,
    /// Nominal dry air (kg/s, > 0).
    pub flow: f64,
    /// Below this share of the nominal air its flow switch opens (1, 0.05 to 1).
    pub least_flow: f64,
    /// Share of the air that bypasses the coil (1, 0 to 0.5).
    pub bypass: f64,
    /// Capacity over temperatures.
    pub by_capacity: Biquadratic,
    /// Energy input ratio over temperatures.
    pub by_ratio: Biquadratic,
    /// The compressors.
    pub compressor: Compressor,
    /// Condenser fans, while it runs (W, ≥ 0).
    pub condenser_fans: f64,
    /// Condensation above outdoors at the rating (K, 5 to 25).
    pub approach: f64,
    /// Head-pressure control holds condensation here at the least (°C, 10 to 45).
    pub least_condensing: f64,
    /// Pull-down of the coil (s, > 0).
    pub pull_down: f64,
    /// Kelvins below freezing times seconds until the coil is frozen shut (K·s, > 0).
    pub freezing: f64,
    /// Air pressure (Pa, 5e4 to 1.1e5).
    pub pressure: f64,
    /// Times and limits of its panel.
    pub panel: Panel,
}

/// What a DX unit meets in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Share of the capacity called for (1, 0 to 1); what is no number leaves the last call.
    pub duty: f64,
    /// Air before the coil.
    pub entering: Air,
    /// Dry air (kg/s).
    pub flow: f64,
    /// Air at the condenser (°C).
    pub outdoors: f64,
    /// How good the condenser is: 1 clean, less when dirty or with a dead fan (1, 0.05 to 1).
    pub condenser: f64,
    /// There is voltage.
    pub powered: bool,
    /// A trip from outside.
    pub tripped: bool,
}

/// A DX unit at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// What it is doing.
    pub phase: Phase,
    /// The call in force (1).
    pub duty: f64,
    /// Share of the capacity that reaches the air by now (1).
    pub pulled: f64,
    /// Condensation (°C).
    pub condensing: f64,
    /// Frost on the coil (1, 0 to 1).
    pub frost: f64,
    /// Wet bulb before the coil and the saturated surface, where the next step's searches begin (°C).
    pub near: (f64, f64),
}

/// One step of a DX unit; powers and heats are its means (W).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Heat from the air.
    pub heat: f64,
    /// The part of it that cools the air; the rest dries it.
    pub sensible: f64,
    /// Water condensed (kg/s).
    pub condensate: f64,
    /// Air behind the coil, before any fan.
    pub leaving: Air,
    /// Compressors.
    pub compressor_power: f64,
    /// Condenser fans; their heat stays outdoors.
    pub fan_power: f64,
    /// Heat into outdoor air, without the condenser fans'.
    pub rejected: f64,
    /// The coil's surface (°C).
    pub surface: f64,
    /// The phase at the end of the step.
    pub phase: Phase,
    /// True when a temperature lay outside the curves' box.
    pub outside: bool,
}

/// What the refrigerant side can do.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Available {
    capacity: f64,
    power: f64,
    outside: bool,
}

impl Dx {
    /// Heat into the condenser at the rating (W).
    fn rated_rejection(&self) -> f64 {
        self.capacity * (1.0 + 1.0 / self.cop)
    }

    /// Full capacity and power at entering wet bulb, air at the condenser as if it were clean, and share of the nominal
    /// air.
    fn available(&self, wet_bulb: f64, outdoors: f64, air: f64) -> Available {
        let held = outdoors.max(self.least_condensing - self.approach);
        let (x, y) = (wet_bulb.clamp(WET_BULB.0, WET_BULB.1), held.clamp(OUTDOORS.0, OUTDOORS.1));
        let lift = carnot(x - BELOW, y + self.approach) / carnot(wet_bulb - BELOW, held + self.approach);
        let f = air.clamp(AIR.0, AIR.1);
        let capacity = self.capacity * self.by_capacity.at(x, y).clamp(0.05, 2.0) * (0.8 + 0.2 * f) / lift.max(1.0);
        let ratio = self.by_ratio.at(x, y).clamp(0.2, 5.0) * lift * (1.1552 - f * (0.1808 - 0.0256 * f));
        Available { capacity, power: capacity / self.cop * ratio, outside: x != wet_bulb || y != outdoors || f != air }
    }
}

impl Machine {
    /// At rest for long, at this outdoor temperature (°C).
    #[must_use]
    pub const fn at_rest(outdoors: f64) -> Self {
        Self { phase: Phase::RESTED, duty: 0.0, pulled: 0.0, condensing: outdoors, frost: 0.0, near: (18.0, 12.0) }
    }

    /// Steps it for `dt` seconds.
    pub fn step(&mut self, of: &Dx, inputs: &Inputs, dt: f64) -> Outcome {
        if inputs.duty.is_finite() {
            self.duty = inputs.duty.clamp(0.0, 1.0);
        }
        let outdoors =
            if inputs.outdoors.is_finite() { inputs.outdoors.clamp(HELD.0, HELD.1) } else { self.condensing };
        let flow = if inputs.flow.is_finite() { inputs.flow.max(0.0) } else { 0.0 };
        let clean = if inputs.condenser.is_nan() { 1.0 } else { inputs.condenser.clamp(0.05, 1.0) };
        let entering = inputs.entering.sane(Air { celsius: 25.0, humidity: 0.008 });
        let calls = Calls {
            duty: self.duty,
            powered: inputs.powered,
            tripped: inputs.tripped,
            flows: flow > 0.0 && flow >= of.least_flow * of.flow,
            condensing: self.condensing,
            frozen: self.frost >= 1.0,
            thawed: self.frost <= THAWED,
        };
        let share = self.phase.step(&of.panel, &of.compressor, &calls, dt);
        if share <= 0.0 {
            return self.standing(of, entering, outdoors, dt);
        }
        let above = (self.condensing - outdoors).max(0.0);
        // A dirty condenser works as if it were warmer outdoors by what its approach has grown.
        let as_if = outdoors + above * (1.0 - clean);
        let wet_bulb = saturated_at(entering.enthalpy(), of.pressure, self.near.0);
        let full = of.available(wet_bulb, as_if, flow / of.flow);
        let mean = share + (self.pulled - share) * fade(dt / of.pull_down);
        self.pulled = share + (self.pulled - share) * libm::exp(-dt / of.pull_down);
        // Ice stands in the way of the air: what is left of the surface gets colder still.
        let bypass = of.bypass + (1.0 - of.bypass) * BLOCKED * self.frost;
        let coil = Entering { air: entering, flow, pressure: of.pressure, bypass };
        let left = coil.cooled(mean * full.capacity, self.near.1);
        self.near = (wet_bulb, left.saturated);
        let compressor_power = full.power * of.compressor.power(share);
        let rejected = left.total + compressor_power;
        let stands = outdoors + of.approach * rejected / of.rated_rejection() / clean;
        self.condensing = stands.max(of.least_condensing);
        self.freeze(of, left.surface, dt);
        self.outcome(&left, (compressor_power, of.condenser_fans), full.outside)
    }

    /// A step with the compressors at rest: air passes as it came, frost melts.
    fn standing(&mut self, of: &Dx, entering: Air, outdoors: f64, dt: f64) -> Outcome {
        self.pulled = 0.0;
        self.condensing = outdoors;
        self.freeze(of, entering.celsius.max(1.0), dt);
        let left = Left { air: entering, surface: entering.celsius, ..Left::default() };
        self.outcome(&left, (0.0, 0.0), false)
    }

    fn freeze(&mut self, of: &Dx, surface: f64, dt: f64) {
        self.frost = (self.frost - surface * dt / of.freezing).clamp(0.0, 1.0);
    }

    const fn outcome(&self, left: &Left, (compressor_power, fan_power): (f64, f64), outside: bool) -> Outcome {
        Outcome {
            heat: left.total,
            sensible: left.sensible,
            condensate: left.condensate,
            leaving: left.air,
            compressor_power,
            fan_power,
            rejected: left.total + compressor_power,
            surface: left.surface,
            phase: self.phase,
            outside,
        }
    }
}

#[cfg(test)]
mod tests;
