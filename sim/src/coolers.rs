//! A fan, and a CRAH: a fan behind a chilled-water coil with heat capacity.
//!
//! **Equation** air flow in proportion to speed, power with its cube, all of it into the air behind the coil. The coil's metal
//! stands between `g_air` and `g_water` with `1/g_air + 1/g_water = 1/(ε·Cmin)`, so that at rest the heat is the ε-NTU heat
//! and in motion it lags. **Source** fan law; [`crate::exchanger`]. **Box** dry coil, air 10 to 60 °C. **Outside it** no
//! condensation; a stopped fan passes no air at all. **Time constant** coil 15 to 60 s; valve 120 s and drive 30 s full range.

pub mod direct;

use plant::id::{EquipId, PointId};

use crate::actuators::Actuator;
use crate::air::CP_AIR;
use crate::electrics::site::Feeds;
use crate::exchanger::{CoilSurface, Sides, counter_flow, past_surface};
use crate::exponential::fade_slowly;
use crate::hydraulics::{Branch, Characteristic, Resistance, Valve};
use crate::local::crah::Panel;
use crate::physics;
use crate::pieces::Pieces;
use crate::water::CP_WATER;
use direct::Direct;

/// Curves of a coil are drawn up to this share of its nominal flows (1), and by their laws beyond.
const DRAWN_TO: f64 = 1.6;
/// Pieces of such a curve: one for each hundredth of the nominal flow.
const PIECES: u32 = 160;

/// A fan of a row, with its coil if it is a CRAH.
#[derive(Clone, Debug, PartialEq)]
pub struct Cooler {
    /// The equipment.
    pub equip: EquipId,
    /// The drive.
    pub drive: Actuator,
    /// The coil, if there is one.
    pub coil: Option<Coil>,
    /// Compressors and damper, if it is a DX unit.
    pub direct: Option<Direct>,
    /// Its own panel's loops.
    pub panel: Panel,
    /// True while the fan's motor is dead.
    pub failed: bool,
    /// Air (kg/s).
    pub flow: f64,
    /// Electrical power of the fan (W).
    pub power: f64,
    /// Air blown into the row, mean of the last step (°C).
    pub supply: f64,
}

/// A coil and its valve.
#[derive(Clone, Debug, PartialEq)]
pub struct Coil {
    /// The valve.
    pub valve: Actuator,
    /// True while the valve does not move.
    pub stuck: bool,
    /// The point of the air leaving.
    pub supply: PointId,
    /// The point of the air entering.
    pub back: PointId,
    /// Metal and water (°C).
    pub metal: f64,
    /// Water through it (kg/s).
    pub water: f64,
    /// Heat into the water, mean of the last step (W).
    pub heat: f64,
    /// Its place among the chilled water's branches.
    pub place: usize,
    /// Its conductances in this step.
    pub(crate) between: Between,
    /// Air entering, mean of the last step (°C).
    pub entering: f64,
}

/// What a cooler brings into its row over one step, as a line in the hot aisle's temperature:
/// `fixed + slope·T_hot` (W, counted from 0 °C).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blown {
    /// What does not depend on the hot aisle (W).
    pub fixed: f64,
    /// For each degree of the hot aisle (W/K).
    pub slope: f64,
}

/// The coil's conductances for one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Between {
    air: f64,
    water: f64,
    faded: f64,
}

impl Cooler {
    /// Moves drive and valve for `dt` seconds and sets flow and power. Valves hang on control power.
    pub fn travel(&mut self, fan: &physics::Fan, feeds: Feeds, dt: f64) {
        let dead = self.failed || !feeds.fans;
        if dead {
            self.drive.position = (self.drive.position - 10.0 * dt).max(0.0);
        } else {
            self.drive.travel(dt);
        }
        let speed = self.drive.share();
        self.flow = fan.flow * speed;
        self.power = if dead { 0.0 } else { fan.power * speed * speed * speed };
        if let Some(coil) = self.coil.as_mut().filter(|c| !c.stuck && feeds.control) {
            coil.valve.travel(dt);
        }
    }

    /// Share of its air that comes from outdoors (1): all of a lone fan's, none of a CRAH's.
    #[must_use]
    pub fn open(&self) -> f64 {
        match (&self.direct, &self.coil) {
            (Some(direct), _) => direct.outdoor_share,
            (None, Some(_)) => 0.0,
            (None, None) => 1.0,
        }
    }

    /// Finds the coil's conductances for a step, at the flows it has.
    pub fn meet(&mut self, physics: Option<&physics::Coil>, dt: f64) {
        if let (Some(coil), Some(physics)) = (&mut self.coil, physics) {
            coil.between = coil.between(physics, self.flow, dt);
        }
    }

    /// What it blows, before the hot aisle is known. `outdoors` is where a lone fan takes its air, `water` what enters the coil.
    #[must_use]
    pub fn blown(&self, outdoors: f64, water: f64) -> Blown {
        let stream = self.flow * CP_AIR;
        if let Some(direct) = &self.direct {
            let fresh = stream * direct.outdoor_share;
            return Blown { fixed: fresh * outdoors + self.power - direct.taken, slope: stream - fresh };
        }
        let Some(coil) = &self.coil else {
            return Blown { fixed: stream * outdoors + self.power, slope: 0.0 };
        };
        let g = coil.between;
        // Heat from the air: g.air·(T_hot − metal), with metal = faded·start + (1 − faded)·balance, a line in T_hot.
        let (own, hot) = coil.metal_line(g, water);
        Blown { fixed: self.power + g.air * own, slope: stream - g.air * (1.0 - hot) }
    }

    /// Ends a step at the hot aisle's mean temperature.
    pub fn settle(&mut self, physics: Option<&physics::Coil>, hot_aisle: f64, water: f64, dt: f64) {
        let stream = self.flow * CP_AIR;
        let (Some(coil), Some(physics)) = (self.coil.as_mut(), physics) else {
            return;
        };
        let g = coil.between;
        let (own, hot) = coil.metal_line(g, water);
        let metal = own + hot * hot_aisle;
        let from_air = g.air * (hot_aisle - metal);
        coil.heat = g.water * (metal - water);
        coil.metal += dt * (from_air - coil.heat) / physics.heat_capacity;
        coil.entering = if stream > 0.0 { hot_aisle } else { coil.entering };
        // A CRAH without flow has its sensor in still air beside the coil.
        self.supply = if stream > 1.0 { hot_aisle + (self.power - from_air) / stream } else { coil.metal };
    }
}

impl Coil {
    /// The coil and its valve as a branch of the chilled water.
    #[must_use]
    pub fn branch(&self, of: &physics::Coil) -> Branch {
        let nominal = of.surface.water_kg_s;
        let passed = of.curves.opening.at(self.valve.share()) * nominal;
        let valve = if passed > 0.0 { of.valve_drop / (passed * passed) } else { f64::INFINITY };
        Branch { valve, ..Branch::open(Resistance::quadratic(nominal, of.coil_drop)) }
    }

    fn between(&self, physics: &physics::Coil, air: f64, dt: f64) -> Between {
        let (sides, to_air) = physics.curves.conductances(&physics.surface, air, self.water);
        let overall = counter_flow(sides.overall(), air * CP_AIR, self.water * CP_WATER);
        // Any exchanger with this air side passes less than the air side alone, so the rest is a conductance too.
        let to_water = if overall > 0.0 && to_air > overall { overall * to_air / (to_air - overall) } else { 0.0 };
        Between { air: to_air, water: to_water, faded: fade_slowly(dt * (to_air + to_water) / physics.heat_capacity) }
    }

    /// The metal's mean temperature over the step as `(own part, share of the hot aisle)`.
    fn metal_line(&self, g: Between, water: f64) -> (f64, f64) {
        let sum = g.air + g.water;
        if sum <= 0.0 {
            return (self.metal, 0.0);
        }
        let balance = (1.0 - g.faded) / sum;
        (g.faded * self.metal + balance * g.water * water, balance * g.air)
    }
}

/// The curves of a coil and its valve, the same for every CRAH of a hall.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// The valve's opening by its position (1).
    opening: Pieces,
    /// From air to metal, by air (W/K; kg/s).
    air: Pieces,
    /// From air to metal at one temperature, by air (W/K; kg/s).
    past: Pieces,
    /// From metal to water, by water (W/K; kg/s).
    water: Pieces,
}

impl Curves {
    /// Draws them.
    #[must_use]
    pub fn of(surface: &CoilSurface, rangeability: f64) -> Self {
        let (characteristic, leakage) = (Characteristic::EqualPercentage, 0.0);
        let valve = Valve { characteristic, flow: 1.0, drop: 1.0, rangeability, leakage };
        // Every kink of the laws, at a tenth of the flow and a twentieth of the stroke, is where two pieces meet.
        let (air, water) = (DRAWN_TO * surface.air_kg_s, DRAWN_TO * surface.water_kg_s);
        Self {
            opening: Pieces::of(|position| valve.opening(position), (0.0, 1.0), 100),
            air: Pieces::of(|air| surface.sides(air, 0.0).air, (0.0, air), PIECES),
            past: Pieces::of(|air| past_surface(surface.sides(air, 0.0).air, air * CP_AIR), (0.0, air), PIECES),
            water: Pieces::of(|water| surface.sides(0.0, water).water, (0.0, water), PIECES),
        }
    }

    /// Each side's conductance, and that from the air to metal of one temperature, at these flows (W/K; kg/s).
    fn conductances(&self, surface: &CoilSurface, air: f64, water: f64) -> (Sides, f64) {
        if air > DRAWN_TO * surface.air_kg_s || water > DRAWN_TO * surface.water_kg_s {
            let sides = surface.sides(air, water);
            return (sides, past_surface(sides.air, air * CP_AIR));
        }
        (Sides { air: self.air.at(air), water: self.water.at(water) }, self.past.at(air))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_curves_are_the_laws_they_stand_for() {
        let surface = CoilSurface { ua: 30e3, air_kg_s: 18.0, water_kg_s: 6.0, air_to_water: 0.5 };
        let (curves, valve) = (
            Curves::of(&surface, 50.0),
            Valve {
                characteristic: Characteristic::EqualPercentage,
                flow: 1.0,
                drop: 1.0,
                rangeability: 50.0,
                leakage: 0.0,
            },
        );
        for n in 0..=2000 {
            let share = f64::from(n) / 1000.0;
            let (air, water) = (18.0 * share, 6.0 * share);
            let (drawn, past) = curves.conductances(&surface, air, water);
            let exact = surface.sides(air, water);
            assert!((drawn.air - exact.air).abs() < 1e-6 * 90e3, "{share}: {drawn:?} {exact:?}");
            assert!((drawn.water - exact.water).abs() < 1e-6 * 90e3, "{share}: {drawn:?} {exact:?}");
            assert!((past - past_surface(exact.air, air * CP_AIR)).abs() < 1e-6 * 90e3, "{share}: {past}");
            let opening = valve.opening(share);
            assert!((curves.opening.at(share) - opening).abs() <= 1e-8 * opening, "{share}");
        }
    }
}
