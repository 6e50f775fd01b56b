//! The chilled-water loop: pump, six (or any number of) coil branches, two headers and a chiller.
//!
//! **Equation** every element drops `k·ṁ²`; the branches share one differential pressure `dp`, so `ṁ = √dp·Σ1/√k` and the pump's
//! curve `s²·H₀ − f·ṁ²` meets the network at one `dp` in closed form. Valves are equal-percentage, `Kv = Kv₀·R^(y−1)`.
//! Headers are mixed volumes. The chiller holds its leaving water until its capacity is reached; it draws
//! `Q·(T_c − T_e)/(share·T_e)`, a fixed share of Carnot, and an idle power. **Source** affinity laws; IEC 60534 inherent
//! characteristic; Carnot. **Box** outdoors −10 to 40 °C, leaving water 8 to 20 °C. **Outside it** the lift is held at 5 K or more.
//! **Time constant** 60 to 200 s a header; pump drive 30 s.

use plant::hall;
use plant::id::PointId;

use crate::actuators::Actuator;
use crate::air::Row;
use crate::exponential;
use crate::physics;

/// Specific heat of water (J/kg/K).
pub const CP_WATER: f64 = 4186.0;
/// Density of water (kg/m³).
const DENSITY: f64 = 998.0;
/// The least temperature lift a chiller works against (K).
const LEAST_LIFT: f64 = 5.0;

/// The chilled-water loop of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Water {
    /// Its points.
    pub points: WaterPoints,
    /// The equipment.
    pub equip: plant::id::EquipId,
    /// The pump's drive.
    pub drive: Actuator,
    /// True while the pump is tripped.
    pub tripped: bool,
    /// True while the chiller is tripped.
    pub chiller_tripped: bool,
    /// Water to the coils (°C).
    pub supply: f64,
    /// Water from the coils (°C).
    pub back: f64,
    /// Water through the pump (kg/s).
    pub flow: f64,
    /// Differential pressure across the branches (Pa).
    pub dp: f64,
    /// Electrical power of the pump (W).
    pub pump_power: f64,
    /// Electrical power of the chiller (W).
    pub chiller_power: f64,
    /// Heat the chiller took, mean of the last step (W).
    pub chilled: f64,
}

/// The rows of the image that the loop fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaterPoints {
    /// Differential pressure.
    pub dp: PointId,
    /// Water to the coils.
    pub supply: PointId,
    /// Water from the coils.
    pub back: PointId,
    /// Flow.
    pub flow: PointId,
}

/// What the loop gave away in one step (J).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Given {
    /// To the chiller.
    pub to_chiller: f64,
    /// From outdoors through the pipes' walls; negative when outward.
    pub from_outdoors: f64,
    /// More heat in the headers than before.
    pub stored: f64,
    /// The pump's electricity.
    pub electricity: f64,
}

impl Water {
    /// A loop at rest with water at `physics.setpoint`.
    #[must_use]
    pub const fn new(of: &hall::ChilledWater, physics: &physics::Water, duty: f64) -> Self {
        Self {
            points: WaterPoints {
                dp: of.dp.id(),
                supply: of.supply.id(),
                back: of.return_water.id(),
                flow: of.flow.id(),
            },
            equip: of.equip,
            drive: Actuator::new(of.pump.id(), of.pump_feedback.id(), duty, physics.ramp),
            tripped: false,
            chiller_tripped: false,
            supply: physics.setpoint,
            back: physics.setpoint,
            flow: 0.0,
            dp: 0.0,
            pump_power: 0.0,
            chiller_power: 0.0,
            chilled: 0.0,
        }
    }

    /// Moves the pump's drive and shares the flow between the branches.
    pub fn share_flow(&mut self, physics: &physics::Water, coil: &physics::Coil, rows: &mut [Row], dt: f64) {
        if self.tripped {
            self.drive.position = (self.drive.position - 20.0 * dt).max(0.0);
        } else {
            self.drive.travel(dt);
        }
        let speed = self.drive.share();
        let mut openness = physics.bypass_flow / 1e5_f64.sqrt();
        for branch in branches(rows) {
            branch.water = opening(coil, branch.valve.share());
            openness += branch.water;
        }
        // s²·H₀ − (pump + mains)·ṁ² = dp with ṁ = openness·√dp.
        let nominal = physics.flow * physics.flow;
        let series = (physics.head * physics.head_fall + physics.mains_drop) / nominal;
        self.dp = speed * speed * physics.head / (1.0 + series * openness * openness);
        let root = self.dp.sqrt();
        self.flow = openness * root;
        for branch in branches(rows) {
            branch.water *= root;
        }
        let head = self.dp + physics.mains_drop / nominal * self.flow * self.flow;
        self.pump_power = if self.tripped { 0.0 } else { head * self.flow / DENSITY / physics.efficiency };
    }

    /// Steps the headers and the chiller; `heat` is what the coils gave (W).
    pub fn step(&mut self, physics: &physics::Water, heat: f64, outdoors: f64, dt: f64) -> Given {
        let stream = self.flow * CP_WATER;
        let needed = stream * (self.back - physics.setpoint);
        let capacity = if self.chiller_tripped { 0.0 } else { physics.chiller_capacity };
        let holding = needed >= 0.0 && needed <= capacity;
        let fixed = needed.clamp(0.0, capacity);
        let (supply, back) = (physics.supply_mass * CP_WATER, physics.return_mass * CP_WATER);
        let ua = physics.pipe_ua;
        // Holding, water leaves the chiller at the setpoint; otherwise it leaves as it came, less the heat taken.
        let (by_back, leaving) = if holding { (0.0, stream * physics.setpoint) } else { (stream, -fixed) };
        let rate = [[-(stream + ua) / supply, by_back / supply], [stream / back, -(stream + ua) / back]];
        let source = [(leaving + ua * outdoors) / supply, (heat + self.pump_power + ua * outdoors) / back];
        let before = [self.supply, self.back];
        let pair = exponential::step(rate, source, before, dt);
        let [mean_supply, mean_back] = pair.mean;
        [self.supply, self.back] = pair.end;
        self.chilled = if holding { stream * (mean_back - physics.setpoint) } else { fixed };
        self.chiller_power = self.draw(physics, outdoors);
        Given {
            to_chiller: dt * self.chilled,
            from_outdoors: dt * ua * (2.0 * outdoors - mean_supply - mean_back),
            stored: supply * (self.supply - before[0]) + back * (self.back - before[1]),
            electricity: dt * self.pump_power,
        }
    }

    fn draw(&self, physics: &physics::Water, outdoors: f64) -> f64 {
        if self.chiller_tripped {
            return 0.0;
        }
        let evaporation = physics.setpoint - physics.evaporator_approach;
        let condensation = outdoors + physics.condenser_approach;
        let lift = (condensation - evaporation).max(LEAST_LIFT);
        let cop = physics.carnot_share * (evaporation + 273.15) / lift;
        physics.chiller_idle + self.chilled.max(0.0) / cop
    }
}

/// Flow for each root of a pascal through a coil and its valve in series (kg/s/√Pa).
fn opening(coil: &physics::Coil, position: f64) -> f64 {
    let share = libm::pow(coil.rangeability, position - 1.0);
    coil.surface.water_kg_s / (coil.coil_drop + coil.valve_drop / (share * share)).sqrt()
}

fn branches(rows: &mut [Row]) -> impl Iterator<Item = &mut crate::coolers::Coil> {
    rows.iter_mut().flat_map(|row| row.coolers.iter_mut()).filter_map(|cooler| cooler.coil.as_mut())
}
