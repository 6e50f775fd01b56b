//! A row's air: a cold aisle and a hot aisle, bypass and recirculation, machines' flow and coolers' flow kept apart.
//!
//! **Equation** both aisles are well mixed; a share β of the coolers' air returns unused; each rack draws a share ρ of its
//! own hot air; what the machines want beyond the coolers' air flows back from the hot aisle over the cold one, so that
//! `T_in` is the flow-weighted mix of supply and hot air. **Source** mass and heat balance of the two aisles; the two
//! coupled balances are solved exactly for the step, racks and coils inside them as lines in the aisles' temperatures.
//! **Box** any flows from none to twice nominal. **Outside it** no buoyancy: without fans air still follows the machines.
//! **Time constant** about 1 to 5 s an aisle.

use crate::coolers::Cooler;
use crate::exponential;
use crate::physics::Physics;
use crate::racks::Rack;

/// Specific heat of air (J/kg/K).
pub const CP_AIR: f64 = 1006.0;

/// A row of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its racks, in the hall's order.
    pub racks: Vec<Rack>,
    /// Its fans, in the hall's order.
    pub coolers: Vec<Cooler>,
    /// The cold aisle (°C).
    pub cold: f64,
    /// The hot aisle (°C).
    pub hot: f64,
    /// What its racks draw together, as of the last time they were told their work (W).
    pub(crate) it: f64,
}

/// What surrounds a row in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surroundings {
    /// Floor, frames and walls (°C).
    pub mass: f64,
    /// Where lone fans take their air (°C).
    pub outdoors: f64,
    /// Water entering the coils (°C).
    pub water: f64,
    /// Water entering the rear doors (°C).
    pub door_water: f64,
    /// The room's dew point (°C).
    pub dew_point: f64,
    /// Heat of PDUs and lights into the hot aisle (W).
    pub other: f64,
}

/// What a row gave away in one step (J).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Given {
    /// Into the mass.
    pub to_mass: f64,
    /// Into the water of its coils.
    pub to_water: f64,
    /// Into the water of its rear doors.
    pub to_doors: f64,
    /// Brought in by lone fans' air, from outdoors.
    pub from_outdoors: f64,
    /// Carried out by lone fans' air.
    pub to_outdoors: f64,
    /// More heat in racks, coils and aisles than before.
    pub stored: f64,
    /// Electricity turned into heat here.
    pub electricity: f64,
}

/// The row's coefficients of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flows {
    /// Coolers' air (W/K).
    blown: f64,
    /// Of that, from outdoors (W/K).
    open: f64,
    /// Air over the top from hot to cold (W/K).
    back: f64,
    /// Air from cold to hot past the machines (W/K).
    spilled: f64,
    /// The racks' own hot air (W/K).
    own: f64,
}

/// What the racks bring into the hot aisle, as a line in both aisles' temperatures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Lines {
    /// At 0 °C (W).
    heat: f64,
    /// For each degree of the cold aisle (W/K).
    by_cold: f64,
    /// For each degree of the hot aisle (W/K).
    by_hot: f64,
}

impl Row {
    /// Steps the row; drives, valves and racks' loads and plates have been set for this step.
    pub fn step(&mut self, physics: &Physics, around: Surroundings, dt: f64) -> Given {
        let (flows, lines) = self.flows(physics, around.door_water, dt);
        for cooler in &mut self.coolers {
            cooler.meet(physics.coil.as_ref(), dt);
        }
        let pair = self.solve(physics, around, (flows, lines), dt);
        let ([cold, hot], [cold_before, hot_before]) = (pair.mean, [self.cold, self.hot]);
        [self.cold, self.hot] = pair.end;
        let (ua, capacities) = self.masses(physics);
        let mut given = Given {
            to_mass: dt * ua * (cold + hot - 2.0 * around.mass),
            from_outdoors: dt * flows.open * around.outdoors,
            to_outdoors: dt * flows.open * hot,
            stored: capacities.0 * (self.cold - cold_before) + capacities.1 * (self.hot - hot_before),
            electricity: dt * around.other,
            ..Given::default()
        };
        for rack in &mut self.racks {
            let inlet = (1.0 - rack.recirculation) * cold + rack.recirculation * hot;
            let machines = rack.machines;
            rack.settle(inlet, dt);
            given.stored += rack.capacity * (rack.machines - machines);
            given.electricity += dt * rack.power;
            if let (Some(door), Some(of)) = (&mut rack.door, &physics.doors) {
                let before = door.coil.0;
                door.settle(of, (rack.flow, rack.outlet), (around.door_water, around.dew_point), dt);
                given.stored += of.door.heat_capacity * (door.coil.0 - before);
                given.to_doors += dt * door.last.to_water;
            }
        }
        for cooler in &mut self.coolers {
            let metal = cooler.coil.as_ref().map(|c| c.metal);
            cooler.settle(physics.coil.as_ref(), hot, around.water, dt);
            if cooler.coil.is_none() {
                let taken = cooler.direct.as_ref().map_or(0.0, |d| d.taken);
                let mixed = hot + cooler.open() * (around.outdoors - hot);
                cooler.supply = mixed + (cooler.power - taken) / (cooler.flow * CP_AIR).max(1.0);
                given.to_outdoors += dt * taken;
            }
            given.electricity += dt * cooler.power;
            if let (Some(before), Some(coil), Some(of)) = (metal, &cooler.coil, &physics.coil) {
                given.stored += of.heat_capacity * (coil.metal - before);
                given.to_water += dt * coil.heat;
            }
        }
        given
    }

    /// Electrical power of the row's fans (W).
    #[must_use]
    pub fn fan_power(&self) -> f64 {
        self.coolers.iter().map(|c| c.power).sum()
    }

    /// Electrical power of the row's racks (W).
    #[must_use]
    pub const fn it_power(&self) -> f64 {
        self.it
    }

    fn flows(&mut self, physics: &Physics, door_water: f64, dt: f64) -> (Flows, Lines) {
        let bypass = physics.room.bypass;
        let stream = |c: &Cooler| c.flow * CP_AIR;
        let blown: f64 = self.coolers.iter().map(stream).sum();
        let open = self.coolers.iter().map(|c| c.open() * stream(c)).sum();
        let (mut drawn, mut own, mut lines) = (0.0, 0.0, Lines::default());
        for rack in &mut self.racks {
            rack.warm(&physics.exchange, dt);
            let all = rack.flow * CP_AIR;
            own += all * rack.recirculation;
            drawn += all * (1.0 - rack.recirculation);
            // Air entering carries its own heat on; the machines add less the warmer it comes.
            let (mut passed, mut heat) = (all - rack.heat.slope, rack.heat.base);
            if let (Some(door), Some(of)) = (&rack.door, &physics.doors) {
                // The machines' air at (passed·T_in + heat)/all goes through the door, which takes a line of it.
                let taken = door.line(of, (rack.flow, door_water), dt);
                let left = 1.0 - taken.slope / all;
                (passed, heat) = (passed * left, heat * left - taken.fixed);
            }
            lines.heat += heat;
            lines.by_cold += passed * (1.0 - rack.recirculation);
            lines.by_hot += passed * rack.recirculation;
        }
        let back = (drawn - blown * (1.0 - bypass)).max(0.0);
        (Flows { blown, open, back, spilled: blown * (1.0 - bypass) + back - drawn, own }, lines)
    }

    /// `UA` to the mass of each aisle (W/K) and the heat capacities of cold and hot aisle (J/K).
    fn masses(&self, physics: &Physics) -> (f64, (f64, f64)) {
        let n = plant::convert::f64_from_usize(self.racks.len());
        (n * physics.room.mass_ua, (n * physics.room.cold_aisle, n * physics.room.hot_aisle))
    }

    fn solve(
        &self,
        physics: &Physics,
        around: Surroundings,
        (flows, lines): (Flows, Lines),
        dt: f64,
    ) -> exponential::Pair {
        let (ua, (cold_capacity, hot_capacity)) = self.masses(physics);
        let (mut from_coolers, mut by_hot) = (0.0, 0.0);
        for cooler in &self.coolers {
            let blown = cooler.blown(around.outdoors, around.water);
            from_coolers += blown.fixed;
            by_hot += blown.slope;
        }
        let bypass = physics.room.bypass;
        let heat = around.other + bypass * from_coolers + lines.heat;
        let hot_by_cold = flows.spilled + lines.by_cold;
        let hot_by_hot = bypass * by_hot - (flows.back + flows.own + flows.blown + ua) + lines.by_hot;
        let cold_by_hot = flows.back + (1.0 - bypass) * by_hot;
        let cold_by_cold = -(flows.blown * (1.0 - bypass) + flows.back + ua);
        let supplied = (1.0 - bypass) * from_coolers;
        let rate = [
            [cold_by_cold / cold_capacity, cold_by_hot / cold_capacity],
            [hot_by_cold / hot_capacity, hot_by_hot / hot_capacity],
        ];
        let source = [(supplied + ua * around.mass) / cold_capacity, (heat + ua * around.mass) / hot_capacity];
        exponential::step(rate, source, [self.cold, self.hot], dt)
    }
}
