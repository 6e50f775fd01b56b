//! A CDU from liquid to liquid: plate exchanger, primary valve, pumps, filter, and the loop's water.
//!
//! **Equation** two mixed volumes, return and supply, with the exchanger between them:
//! `C_r·dT_r/dt = Q + ṁ·cp·(T_s − T_r)`, `C_s·dT_s/dt = ṁ·cp·(T_r − T_s) − ε·Cmin·(T_r − T_primary) + W`, solved exactly as a
//! pair; Q is the heat the racks' liquid brought and W the pumps'. The racks hand over heat, not a temperature, so that a rack
//! that was stepped with the supply of a moment ago takes nothing from the books.
//! Flow by [`crate::hydraulics::Loop`] with plate, pipes, and filter as mains.
//! **Source** ε-NTU and affinity laws; rated points of Vertiv's XDU1350 and of OCP's Deschutes as oracles.
//! **Parameters** approach 3 to 4 K at rated flows, plate 80 kPa, filter 65 kPa clean, pumps 3 to 4 % of the duty at most,
//! 40 to 80 L for each 100 kW. **Box** liquid in both sides, no freezing.
//! **Outside it** a loop that loses liquid draws air below its low level and loses suction at its empty level; what leaks takes
//! no heat along in the books: the volumes keep their capacity, which is mostly in pipes and plates.
//! **Time constant** 20 to 40 s at rated flow; primary valve 120 s and drives 30 s belong to the actuators.

use plant::read::Section;

use super::plate::{Plate, Side};
use crate::exponential;
use crate::hydraulics::{Branch, Characteristic, CheckValve, Filter, Loop, Pump, PumpGroup, Resistance, Shared, Valve};
use crate::physics::read::{POSITIVE, SHARE, maybe, need, number};

/// Pressure a unit gives outside at its rated flow (Pa).
const OUTSIDE_HEAD: f64 = 5e5;
/// Pressure drop of the plate exchanger's sides (Pa).
const PLATE_DROP: f64 = 8.4e4;
/// Pressure drop of a clean filter (Pa).
const FILTER_DROP: f64 = 6.5e4;
/// Pressure drop of a check valve (Pa).
const CHECK_DROP: f64 = 8e3;
/// Liquid in the loop for each watt of duty: 60 L for 100 kW (m³/W).
const VOLUME: f64 = 6e-7;

/// A CDU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cdu {
    /// The exchanger; its warm side is the racks' loop.
    pub plate: Plate,
    /// Pressure drop of the exchanger's primary side and its pipes.
    pub primary: Resistance,
    /// The two-way valve on the primary side.
    pub valve: Valve,
    /// Pumps, the exchanger's secondary side with its pipes, minimum-flow bypass.
    pub hydraulics: Loop,
    /// The filter, if there is one.
    pub filter: Option<Filter>,
    /// Heat capacity of the return's liquid and metal (J/K, > 0).
    pub return_capacity: f64,
    /// Heat capacity of the supply's liquid and metal (J/K, > 0).
    pub supply_capacity: f64,
    /// Liquid in the loop when full (kg, > 0).
    pub inventory: f64,
    /// Level below which pumps draw air (1, 0 to 1 of full).
    pub low: f64,
    /// Level at which they lose suction (1, 0 to 1 of full, below the low one).
    pub empty: f64,
}

/// What has become of a CDU in the field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wear {
    /// Share of the exchanger's conductance lost (1, 0 to 1).
    pub fouling: f64,
    /// The filter's drop over the clean one (1, ≥ 1).
    pub clogging: f64,
    /// Share of the flow that air in the loop takes (1, 0 to 1; 0.5 is a bad day).
    pub air: f64,
    /// Liquid lost (kg/s; below zero it is topped up).
    pub leak: f64,
}

impl Wear {
    /// As new.
    pub const NONE: Self = Self { fouling: 0.0, clogging: 1.0, air: 0.0, leak: 0.0 };
}

/// The loop's water.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CduWater {
    /// To the racks (°C).
    pub supply: f64,
    /// In the return (°C).
    pub back: f64,
    /// Liquid in the loop (kg).
    pub inventory: f64,
}

/// What passes through over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Through {
    /// The loop's flows and the pumps' work, from [`Cdu::share`].
    pub shared: Shared,
    /// Heat the racks' liquid brought, mean of the step (W): the sum of what their plates had carried away.
    pub heat: f64,
    /// Primary water (kg/s, ≥ 0).
    pub primary_flow: f64,
    /// Primary water entering (°C).
    pub primary: f64,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exchanged {
    /// Heat into the primary water, mean of the step (W).
    pub to_primary: f64,
    /// The pumps' heat in the liquid (W).
    pub from_pumps: f64,
    /// To the racks, mean of the step (°C).
    pub supply: f64,
    /// Primary water leaving, mean of the step (°C).
    pub primary_back: f64,
    /// Leaving secondary above entering primary, at the exchanger (K).
    pub approach: f64,
    /// Liquid in the loop over full (1).
    pub level: f64,
    /// True where a flow or the level left the box.
    pub outside: bool,
}

impl Cdu {
    /// A unit for a duty (W) with an approach (K) at these flows, with two pumps of which one carries the flow against
    /// 500 kPa outside, 60 L for each 100 kW, and other figures as usual in the trade.
    #[must_use]
    pub fn sized(duty: f64, approach: f64, racks: Side, primary: Side) -> Self {
        let (flow, coolant) = (racks.flow, racks.coolant);
        let side = |flow| Resistance { flow, drop: PLATE_DROP, exponent: 1.8, laminar: 0.1 };
        let pump = Pump {
            flow,
            head: OUTSIDE_HEAD + PLATE_DROP + FILTER_DROP + CHECK_DROP,
            shut_off: 1.25,
            straight: 0.1,
            efficiency: 0.7,
            best: 1.0,
            motor: 0.93,
            drive: 0.97,
            standby: 0.0,
            wet: 0.0,
            minimum: 0.15,
        };
        let check = CheckValve { drop: CHECK_DROP, leakage: 0.0 };
        let group = PumpGroup { pump, check, density: coolant.density, air: 0.0 };
        let inventory = VOLUME * duty * coolant.density;
        Self {
            plate: Plate::sized(duty, approach, racks, primary),
            primary: side(primary.flow),
            valve: Valve {
                characteristic: Characteristic::EqualPercentage,
                flow: primary.flow,
                drop: PLATE_DROP,
                rangeability: 50.0,
                leakage: 0.0,
            },
            hydraulics: Loop { group, mains: side(flow), filter: None, bypass: None },
            filter: Some(Filter { flow, drop: FILTER_DROP }),
            return_capacity: inventory * coolant.specific_heat / 2.0,
            supply_capacity: inventory * coolant.specific_heat / 2.0,
            inventory,
            low: 0.6,
            empty: 0.3,
        }
    }

    /// Shares the loop's flow among its racks at the pumps' speeds (1, one for each pump).
    pub fn share(
        &self,
        (water, wear): (&CduWater, &Wear),
        speeds: &[f64],
        racks: &[Branch],
        flows: &mut [f64],
    ) -> Shared {
        let group = PumpGroup { air: self.air(water, wear), ..self.hydraulics.group };
        let filter = self.filter.map(|f| f.resistance(wear.clogging));
        Loop { group, filter, ..self.hydraulics }.share(speeds, racks, flows)
    }

    /// The primary side as a branch of the facility's loop, with its valve at a position (1, 0 to 1).
    #[must_use]
    pub fn primary_branch(&self, position: f64) -> Branch {
        Branch { valve: self.valve.square(position), ..Branch::open(self.primary) }
    }

    /// Share of the flow that air takes: what is in the loop, and what is drawn when the level is low (1).
    #[must_use]
    pub fn air(&self, water: &CduWater, wear: &Wear) -> f64 {
        let level = water.inventory / self.inventory;
        let drawn = ((self.low - level) / (self.low - self.empty)).clamp(0.0, 1.0);
        let carried = if wear.air.is_finite() { wear.air.clamp(0.0, 1.0) } else { 0.0 };
        1.0 - (1.0 - drawn) * (1.0 - carried)
    }

    /// Reads a CDU.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let plate = need(of, "plate", Plate::read).flatten();
        let (primary, valve) = (need(of, "primary", Resistance::read), need(of, "primary-valve", Valve::read));
        let density = plate.map_or(1000.0, |p| p.warm.coolant.density);
        let hydraulics = need(of, "loop", |of| Loop::read(of, density)).flatten();
        let filter = maybe(of, "filter", Filter::read);
        let (back, supply) = (number(of, "return-j-per-k", POSITIVE), number(of, "supply-j-per-k", POSITIVE));
        let (low, empty) = (number(of, "low-level", SHARE), number(of, "empty-level", SHARE));
        let inventory = number(of, "inventory-kg", POSITIVE);
        if of.has("low-level") && of.has("empty-level") && low <= empty {
            let help = "write an `empty-level` below `low-level`";
            of.fault("empty-level", "the pumps would lose suction before they draw air", help);
        }
        let hydraulics = hydraulics.inspect(|h| {
            if h.filter.is_some() && filter.is_some() {
                let help = "keep one of `filter` and `loop.filter`; the first can clog";
                of.fault("filter", "the CDU has its filter twice", help);
            }
        });
        Some(Self {
            plate: plate?,
            primary: primary?,
            valve: valve?,
            hydraulics: hydraulics?,
            filter,
            return_capacity: back,
            supply_capacity: supply,
            inventory,
            low,
            empty,
        })
    }
}

impl CduWater {
    /// A full loop at one temperature (°C).
    #[must_use]
    pub const fn new(of: &Cdu, at: f64) -> Self {
        Self { supply: at, back: at, inventory: of.inventory }
    }

    /// One step of `dt` seconds.
    pub fn step(&mut self, of: &Cdu, wear: &Wear, through: Through, dt: f64) -> Exchanged {
        let coolant = of.plate.warm.coolant;
        let (flow, primary_flow) = (through.shared.flow.max(0.0), through.primary_flow.max(0.0));
        let stream = coolant.stream(flow);
        let exchange = of.plate.exchange(flow, primary_flow, wear.fouling);
        let pumps = through.shared.work.to_fluid;
        let (back, supply) = (of.return_capacity, of.supply_capacity);
        // ε·Cmin is never more than the stream, so that no off-diagonal term is negative.
        let rate = [[-stream / back, stream / back], [(stream - exchange).max(0.0) / supply, -stream / supply]];
        let source = [through.heat / back, (exchange * through.primary + pumps) / supply];
        let pair = exponential::step(rate, source, [self.back, self.supply], dt);
        [self.back, self.supply] = pair.end;
        let [mean_back, mean_supply] = pair.mean;
        let to_primary = exchange * (mean_back - through.primary);
        if wear.leak.is_finite() {
            self.inventory = (self.inventory - wear.leak * dt).clamp(0.0, of.inventory);
        }
        let cold = of.plate.cold.coolant.stream(primary_flow);
        let level = self.inventory / of.inventory;
        Exchanged {
            to_primary,
            from_pumps: pumps,
            supply: mean_supply,
            primary_back: through.primary + if cold > 1e-6 { to_primary / cold } else { 0.0 },
            approach: if stream > 1e-6 { mean_back - to_primary / stream - through.primary } else { 0.0 },
            level,
            outside: level < of.low || through.shared.work.outside || primary_flow > 1.5 * of.plate.cold.flow,
        }
    }
}

#[cfg(test)]
mod tests;
