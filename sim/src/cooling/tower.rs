//! A wet cooling tower of one or more cells over a basin.
//!
//! **Equation** Merkel by effectiveness: the air is a stream of capacity `ṁ_a·c_e` with
//! `c_e = (h_sat(T_ao) − h_sat(T_wb))/(T_ao − T_wb)`, `UA_e = UA·c_e/c_pa`, counter-flow, `Q = ε·C_min·(T_wi − T_wb)`;
//! `UA = UA₀·(1.3f_a − 0.3f_a²)·(0.1082 + 1.667f_w − 0.7713f_w²)·(1 + 0.0081·(T_wb,0 − T_wb))`. The outlet of the air
//! is found by [`ROUNDS`] damped rounds, from where the last step left it. Fan power is a cubic of speed. The basin is a mixed
//! node. **Source** Merkel 1925; Scheier's corrections as in EnergyPlus' variable-speed Merkel tower. **Parameters**
//! design wet bulb 25.6 °C, approach 3 to 5 K, range 5.5 K, fan 1 to 2 % of the heat, free convection 10 to 12.5 % of
//! the air, drift 0.002 to 0.05 %, cycles of concentration 3 to 6. **Box** `f_a` 0.2 to 1, `f_w` 0.3 to 1, wet bulb −10
//! to 35.6 °C (design 25.6). **Outside it** the corrections are clamped and `outside` says so; `UA` falls linearly to
//! zero below the least water. A wet bulb above the water warms it. **Time constant** the fill none; the basin 60 to
//! 300 s.

mod read;

use super::moist::{CP_DRY, saturated, saturated_at, saturated_enthalpy};
use crate::exchanger::counter_flow;
use crate::exponential::node;
use crate::water::CP_WATER;

/// Rounds of the air's outlet in a step.
pub const ROUNDS: usize = 3;
/// How far each round goes: a warmer guess makes the next one colder by about a third of it, so this goes straight
/// there.
const DAMPED: f64 = 0.75;
/// Density that a fan's volume is counted with (kg/m³).
pub const AIR_DENSITY: f64 = 1.2;
/// Heat that evaporates water at 30 °C (J/kg).
const EVAPORATION: f64 = 2.43e6;
/// Wet bulb and water that the tower is asked at (°C).
const HELD: (f64, f64) = (-40.0, 85.0);
/// Air and wet bulb are kept this far apart where a slope between them is taken (K).
const APART: f64 = 0.02;

/// A cooling tower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tower {
    /// Cells, each with its fan (1, 1 to 100).
    pub cells: f64,
    /// What one cell was designed for.
    pub design: Design,
    /// Conductance of one cell at its design (W/K, > 0).
    pub ua: f64,
    /// Air through one cell with its fan off, as a share of the design's (1, 0 to 0.3).
    pub free: f64,
    /// Fan of one cell at full speed (W, ≥ 0).
    pub fan: f64,
    /// Fan power over speed, both as shares: `c₀ + c₁s + c₂s² + c₃s³`.
    pub fan_curve: [f64; 4],
    /// Below this speed a drive stops the fan (1, 0 to 1).
    pub least_speed: f64,
    /// Air pressure (Pa, 5e4 to 1.1e5).
    pub pressure: f64,
    /// Water lost as drops, as a share of the flow (1, 0 to 0.01).
    pub drift: f64,
    /// Cycles of concentration: dissolved solids in the basin over those in the make-up (1, > 1).
    pub cycles: f64,
    /// The basin.
    pub basin: Basin,
}

/// The design point of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Wet bulb (°C, 0 to 35).
    pub wet_bulb: f64,
    /// Leaving water above wet bulb (K, 1 to 20).
    pub approach: f64,
    /// Entering water above leaving (K, 1 to 30).
    pub range: f64,
    /// Water (kg/s, > 0).
    pub water: f64,
    /// Dry air at full speed (kg/s, > 0).
    pub air: f64,
}

/// The basin below the cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Basin {
    /// Heat capacity of its water (J/K, > 0).
    pub heat_capacity: f64,
    /// Its heater's power (W, ≥ 0).
    pub heater: f64,
    /// The heater keeps this temperature (°C, 0 to 20).
    pub least: f64,
}

/// What a tower meets in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Outdoor wet bulb (°C).
    pub wet_bulb: f64,
    /// Outdoor humidity ratio (kg/kg).
    pub humidity: f64,
    /// Water entering (°C).
    pub entering: f64,
    /// Water through all cells in service (kg/s).
    pub flow: f64,
    /// Cells whose water valve is open (1, 0 to all).
    pub open: f64,
    /// Cells whose fan turns, of the open ones (1, 0 to all).
    pub fans: f64,
    /// Speed of those fans (1, 0 to 1).
    pub speed: f64,
    /// There is voltage for fans and heater.
    pub powered: bool,
}

/// A tower at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Water {
    /// Water in the basin, which is what leaves it (°C).
    pub basin: f64,
    /// Air leaving the cells with fans, where the next step's rounds begin (°C).
    pub air: f64,
    /// The same of the cells without (°C).
    pub still_air: f64,
}

/// One step of a tower; powers, heats and flows are its means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Heat from the water to the air; negative where the air warms the water (W).
    pub heat: f64,
    /// Water falling into the basin (°C).
    pub falling: f64,
    /// Water leaving the basin, mean of the step (°C).
    pub leaving: f64,
    /// Fans (W).
    pub fan_power: f64,
    /// Basin heater, into the basin (W).
    pub heater_power: f64,
    /// Water evaporated (kg/s).
    pub evaporated: f64,
    /// Water lost as drops (kg/s).
    pub drift: f64,
    /// Water blown down to hold the cycles (kg/s).
    pub blow_down: f64,
    /// True when a correction was clamped.
    pub outside: bool,
}

/// One cell's steady exchange.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Heat from the water (W).
    pub heat: f64,
    /// Leaving air, saturated (°C).
    pub air: f64,
    /// True when a correction was clamped.
    pub outside: bool,
}

impl Design {
    /// The conductance (W/K) that makes this design true at an air pressure (Pa).
    #[must_use]
    pub fn conductance(&self, pressure: f64) -> f64 {
        let stream = self.water * CP_WATER;
        let heat = stream * self.range;
        let from = saturated_enthalpy(self.wet_bulb, pressure);
        let out = saturated_at(from + heat / self.air, pressure, self.wet_bulb + self.approach + self.range);
        let slope = heat / self.air / (out - self.wet_bulb).max(APART);
        let wanted = heat / (self.approach + self.range);
        let (mut low, mut high) = (0.0, 1e3 * stream);
        for _ in 0..60 {
            let guess = f64::midpoint(low, high);
            if counter_flow(guess, self.air * slope, stream) < wanted { low = guess } else { high = guess }
        }
        f64::midpoint(low, high) * CP_DRY / slope
    }

    /// True where air and water can meet the design at all: the air could take the heat were it to leave as warm as the
    /// water.
    #[must_use]
    pub fn is_possible(&self, pressure: f64) -> bool {
        let most = saturated_enthalpy(self.wet_bulb + self.approach + self.range, pressure)
            - saturated_enthalpy(self.wet_bulb, pressure);
        self.water * CP_WATER * self.range < 0.99 * self.air * most
    }
}

impl Tower {
    /// One cell with `water` (kg/s) entering at `entering` (°C) and a share `air` of the design's air of wet bulb
    /// `wet_bulb` (°C); `start` is where the search for its outlet begins (°C).
    #[must_use]
    pub fn cell(&self, (water, entering): (f64, f64), (air, wet_bulb): (f64, f64), start: f64) -> Cell {
        let at = &self.design;
        let (f_air, f_water, cooler) = (air, water / at.water, at.wet_bulb - wet_bulb);
        let (a, w, d) = (f_air.clamp(0.2, 1.0), f_water.clamp(0.3, 1.0), cooler.clamp(-10.0, 25.0));
        let outside = a > f_air || w != f_water || d != cooler;
        // Below the least air and water the polynomials say nothing: a share of them is a share of the surface.
        let part = (f_air / a).min(1.0) * (f_water / w).min(1.0);
        let ua =
            self.ua * part * a * (1.3 - 0.3 * a) * (0.1082 + w * (1.667 - 0.7713 * w)) * (1.0 + 0.0081 * d) / CP_DRY;
        let (mass, stream) = (air * at.air, water * CP_WATER);
        let from = saturated_enthalpy(wet_bulb, self.pressure);
        let (mut out, mut heat) = (start, 0.0);
        for _ in 0..ROUNDS {
            let above = out - wet_bulb;
            let far = if above >= 0.0 { above.max(APART) } else { above.min(-APART) };
            let slope = (saturated_enthalpy(wet_bulb + far, self.pressure) - from) / far;
            heat = counter_flow(ua * slope, mass * slope, stream) * (entering - wet_bulb);
            let next = if mass > 0.0 { wet_bulb + heat / (mass * slope) } else { wet_bulb };
            out = (out + DAMPED * (next - out)).clamp(HELD.0, HELD.1);
        }
        Cell { heat, air: out, outside }
    }

    /// Power of one turning fan at a speed (W).
    #[must_use]
    pub fn fan_power(&self, speed: f64) -> f64 {
        let [c0, c1, c2, c3] = self.fan_curve;
        self.fan * (c0 + speed * (c1 + speed * (c2 + speed * c3))).max(0.0)
    }
}

/// Fan power over speed of a propeller fan with its drive: 2 % for the drive and nearly a cube.
pub const PROPELLER: [f64; 4] = [0.020_088, -0.000_609, 0.001_198, 0.979_323];

impl Water {
    /// At rest, full of water of this temperature (°C).
    #[must_use]
    pub const fn at_rest(water: f64) -> Self {
        Self { basin: water, air: water, still_air: water }
    }

    /// Steps it for `dt` seconds.
    pub fn step(&mut self, of: &Tower, inputs: &Inputs, dt: f64) -> Outcome {
        let sane = |t: f64, otherwise: f64| if t.is_finite() { t.clamp(HELD.0, HELD.1) } else { otherwise };
        let entering = sane(inputs.entering, self.basin);
        let wet_bulb = sane(inputs.wet_bulb, self.basin);
        let open = held(inputs.open, of.cells);
        let flow = if inputs.flow.is_finite() && open > 0.0 { inputs.flow.max(0.0) } else { 0.0 };
        let speed = if inputs.powered { held(inputs.speed, 1.0) } else { 0.0 };
        let turning = if speed > 0.0 && speed >= of.least_speed { held(inputs.fans, open) } else { 0.0 };
        let mut heat = 0.0;
        let mut outside = false;
        if flow > 0.0 {
            let water = (flow / open, entering);
            for (cells, air, start) in
                [(turning, speed.max(of.free), &mut self.air), (open - turning, of.free, &mut self.still_air)]
            {
                if cells > 0.0 {
                    let cell = of.cell(water, (air, wet_bulb), *start);
                    *start = cell.air;
                    heat += cells * cell.heat;
                    outside |= cell.outside;
                }
            }
        }
        let carried = flow * CP_WATER;
        let falling = if flow > 0.0 { entering - heat / carried } else { self.basin };
        let heater = of.basin.heater(self.basin, carried * (falling - self.basin), inputs.powered, dt);
        let basin = node(carried, carried * falling + heater, (of.basin.heat_capacity, self.basin), dt);
        self.basin = basin.end;
        let evaporated = of.evaporated(heat, (turning * speed + (open - turning) * of.free, self.air), inputs.humidity);
        Outcome {
            heat,
            falling,
            leaving: basin.mean,
            fan_power: turning * of.fan_power(speed),
            heater_power: heater,
            evaporated,
            drift: of.drift * flow,
            blow_down: (evaporated / (of.cycles - 1.0) - of.drift * flow).max(0.0),
            outside,
        }
    }
}

impl Tower {
    /// Water that the air took (kg/s): what saturates it from outdoors, and no more than all the heat could evaporate.
    fn evaporated(&self, heat: f64, (cells, out): (f64, f64), humidity: f64) -> f64 {
        let most = (heat / EVAPORATION).max(0.0);
        let taken = cells * self.design.air * (saturated(out, self.pressure) - humidity);
        if taken.is_finite() { taken.clamp(0.75 * most, most) } else { most }
    }
}

impl Basin {
    /// What the heater gives in a step: what keeps the basin at its least, as far as its power goes (W).
    fn heater(&self, start: f64, carried: f64, powered: bool, dt: f64) -> f64 {
        let short = self.heat_capacity * (self.least - start) / dt.max(1e-9) - carried;
        if powered { short.max(0.0).min(self.heater) } else { 0.0 }
    }
}

/// A count or share from 0 to `most`; what is no number is none.
const fn held(x: f64, most: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x.clamp(0.0, most) }
}

#[cfg(test)]
mod tests;
