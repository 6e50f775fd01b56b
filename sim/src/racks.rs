//! A rack: machines with heat capacity, and their own fans.
//!
//! **Equation** `C·dT/dt = P − Q`, `Q = ṁ·cp·(1 − e^(−NTU))·(T − T_in)`, `T_out = T_in + Q/(ṁ·cp)`, hence
//! `T_out − T_in = P/(ṁ·cp)` at rest. Flow follows power at a constant air rise, and rises further with warm inlets;
//! the machines' fans draw with its cube. **Source** heat balance; fan law. **Box** inlets 10 to 45 °C, loads 0 to 100 %.
//! **Outside it** the machines never throttle or trip: a hall without cooling keeps heating.
//! **Time constant** `C/(ṁ·cp·ε)`, about 100 s as shipped.

use plant::hall;
use plant::id::{EquipId, PointId};

use crate::air::CP_AIR;
use crate::compute::node::Outcome;
use crate::exchanger::{air_growth, past_surface};
use crate::exponential::fade_slowly;
use crate::liquid::door::{self, Door};
use crate::load::Worker;
use crate::physics;
use crate::pieces::Pieces;

/// Pieces of the curve of conductance.
const PIECES: u32 = 128;

/// Air through machines whose fans stand, over the nameplate flow (1).
const STILL: f64 = 0.02;

/// One rack of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Rack {
    /// The equipment.
    pub equip: EquipId,
    /// Its points.
    pub points: RackPoints,
    /// Nameplate (W).
    pub rated: f64,
    /// What decides how busy it is.
    pub worker: Worker,
    /// Share of its air that is its own hot air (1).
    pub recirculation: f64,
    /// The same while the containment is closed (1).
    pub contained: f64,
    /// Share of its nameplate that cold plates leave to the air (1; 1 without plates). Its fans and what they blow through
    /// are sized for that.
    pub to_air: f64,
    /// Heat that cold plates take in this step (W).
    pub to_liquid: f64,
    /// The machines' temperature (°C).
    pub machines: f64,
    /// Air through it (kg/s).
    pub flow: f64,
    /// Electrical power, its fans included (W).
    pub power: f64,
    /// What its fans draw of it (W).
    pub fans: f64,
    /// Air entering, mean of the last step (°C).
    pub inlet: f64,
    /// Air leaving, mean of the last step (°C).
    pub outlet: f64,
    /// The heat into the air over this step: the exact mean of the machines' exponential, linear in the inlet.
    pub heat: Heat,
    /// Heat capacity of the machines (J/K).
    pub capacity: f64,
    /// The door on its back, where it has one.
    pub door: Option<Box<Door>>,
    /// Air through it over what its fans would move without a door (1; 1 without one).
    breath: f64,
    /// Heat into the air over this step (W) where its machines are followed one by one, elsewhere; else nothing.
    nodes: Option<f64>,
    /// Air at nameplate power (kg/s).
    full: f64,
    /// Air through it over that (1); nothing before the first step.
    speed: Option<f64>,
}

/// The rows of the image that a rack fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RackPoints {
    /// Air entering.
    pub inlet: PointId,
    /// Air leaving.
    pub outlet: PointId,
    /// Power.
    pub power: PointId,
}

/// A rack's heat into its air over one step, as a line in its inlet temperature: `base − slope·T_in` (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heat {
    /// Heat at 0 °C inlet (W).
    pub base: f64,
    /// Less for each degree of the inlet (W/K).
    pub slope: f64,
}

impl Rack {
    /// A rack at rest at `air` °C, with its number in random streams.
    #[must_use]
    pub fn new(
        of: &hall::Rack,
        physics: &physics::Rack,
        channel: u64,
        (recirculation, to_air): (f64, f64),
        air: f64,
    ) -> Self {
        let breathing = of.rated.0 * to_air;
        Self {
            equip: of.equip,
            points: RackPoints { inlet: of.inlet.id(), outlet: of.outlet.id(), power: of.power.id() },
            rated: of.rated.0,
            worker: Worker::new(channel),
            recirculation,
            contained: recirculation,
            to_air,
            to_liquid: 0.0,
            machines: air,
            flow: 0.0,
            power: 0.0,
            fans: 0.0,
            inlet: air,
            outlet: air,
            heat: Heat::default(),
            capacity: physics.heat_capacity * breathing,
            door: None,
            breath: 1.0,
            nodes: None,
            full: breathing / (CP_AIR * physics.air_rise),
            speed: None,
        }
    }

    /// The same with a door on its back: its fans move less air against it.
    #[must_use]
    pub fn with_door(mut self, door: Door, of: &door::Spec) -> Self {
        self.breath = of.breath();
        self.full *= self.breath;
        self.door = Some(Box::new(door));
        self
    }

    /// Sets power and flow for the next step; `share` is the load over the nameplate (1, ≥ 0), `kept` what a step leaves of
    /// its fans' lag, `e^(−dt/lag)`.
    #[inline]
    pub fn work(&mut self, share: f64, physics: &physics::Rack, kept: f64) {
        let warm = 1.0 + physics.warm_gain * (self.inlet - physics.warm_above).max(0.0);
        let wanted = (share * warm).clamp(physics.flow_min, physics.flow_max);
        let speed = self.speed.map_or(wanted, |before| wanted + (before - wanted) * kept);
        self.speed = Some(speed);
        self.flow = speed * self.full;
        // The nameplate holds machines and fans at nameplate flow; what the fans draw beyond that comes on top.
        let fans = self.to_air * physics.fan_share;
        self.fans = self.rated * fans * speed * speed * speed;
        self.power = self.rated * (share - fans * share) + self.fans;
    }

    /// The step of a rack without power: it draws nothing, and its fans run down to what warm air moves by itself.
    pub fn rest(&mut self, kept: f64) {
        let before = self.speed.unwrap_or(STILL);
        let speed = STILL + (before - STILL).max(0.0) * kept;
        self.speed = Some(speed);
        self.flow = speed * self.full;
        (self.power, self.fans) = (0.0, 0.0);
    }

    /// Takes what its nodes did in this step, where they are followed one by one.
    pub fn hold(&mut self, nodes: &[Outcome]) {
        let sum = |of: fn(&Outcome) -> f64| nodes.iter().map(of).sum::<f64>();
        (self.power, self.fans, self.flow) = (sum(|o| o.power), sum(|o| o.fans), sum(|o| o.flow));
        self.nodes = Some(sum(|o| o.to_air));
    }

    /// Sets the heat into the air for this step, when it is known what cold plates take.
    #[inline]
    pub fn warm(&mut self, exchange: &Exchange, dt: f64) {
        if let Some(base) = self.nodes {
            self.heat = Heat { base, slope: 0.0 };
            return;
        }
        let share = exchange.at(self.speed.unwrap_or_default());
        let faded = fade_slowly(dt * share * exchange.per_second * self.breath);
        let slope = self.full * CP_AIR * share * faded;
        let left = self.power - self.to_liquid;
        self.heat = Heat { base: left * (1.0 - faded) + slope * self.machines, slope };
    }

    /// Ends a step in which the air entered at `inlet`.
    #[inline]
    pub fn settle(&mut self, inlet: f64, dt: f64) {
        let heat = self.heat.base - self.heat.slope * inlet;
        self.inlet = inlet;
        self.outlet = inlet + heat / (self.flow * CP_AIR);
        if self.nodes.is_none() {
            self.machines += dt * (self.power - self.to_liquid - heat) / self.capacity;
        }
    }
}

/// How machines give their heat to the air, the same curve for every rack of a hall.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Conductance over the nameplate's capacity flow, by the air over the nameplate's (1).
    conductance: Pieces,
    /// The nameplate's capacity flow over the machines' heat capacity (1/s).
    per_second: f64,
    /// The least air that the curve knows (1).
    least: f64,
}

impl Exchange {
    /// That of the racks of a hall.
    #[must_use]
    pub fn of(racks: &physics::Rack) -> Self {
        let share = |speed: f64| past_surface(racks.transfer_units * air_growth(speed), speed);
        Self {
            conductance: Pieces::of(share, (racks.flow_min, racks.flow_max), PIECES),
            per_second: 1.0 / (racks.air_rise * racks.heat_capacity),
            least: racks.flow_min,
        }
    }

    /// Conductance over the nameplate's capacity flow (1). Below the least the fans keep, where they stand or run down, it goes
    /// with the air.
    #[inline]
    fn at(&self, speed: f64) -> f64 {
        self.conductance.at(speed) * (speed / self.least).min(1.0)
    }
}
