//! A single-phase tank: boards in oil, a pump, a plate exchanger to facility water.
//!
//! **Equation** two nodes, boards and bath: `C_b·dT_b/dt = P − G·(T_b − T)` and
//! `M·cp·dT/dt = G·(T_b − T) + P_pump − g·(T − T_w) − K·(T − T_room)`. Boards give their heat by natural convection,
//! `G_n = G₁₀·(ΔT/10 K)^¼·v^−¼`, and by the pump's flow, `G_f = G₀·(ṁ/ṁ₀)^0.6·v^−0.3`, together `(G_n³ + G_f³)^⅓`; `v` is the
//! viscosity over the design's and [`circuit`](super::circuit) gives `g` and the pump. Natural convection alone makes
//! `ΔT ∝ P^0.8`. A leak takes oil at the bath's temperature.
//! **Source** laminar natural convection; Churchill's blend of natural and forced; flow exponent of oil past boards 0.6.
//! Held against measured boards in a bath: `ΔT ∝ P^0.79`, 0.042 to 0.068 K/W, 53 to 95 s.
//! **Parameters** 600 to 1000 litres for 100 kW, boards 1 to 2 kJ/K for 200 W, [`oil`](super::oil).
//! **Box** baths 5 to 70 °C, full tanks. **Outside it** an outcome says so beyond −10 and 120 °C. Below the intake nothing
//! circulates; boards that stand bare give no heat and warm up without end, for it is the machines that trip. The last
//! hundredth of the oil never leaks. **Time constant** boards 50 to 100 s; bath `M·cp/g`, 100 to 600 s.

use plant::read::Section;

use super::circuit::Circuit;
use super::oil::Oil;
use super::{Facility, outside};
use crate::exponential;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, number};
use crate::water::CP_WATER;

/// Superheat of the boards at which their natural conductance is given (K).
const REFERENCE: f64 = 10.0;
/// Exponents of flow and viscosity where the pump drives the oil past the boards.
const FORCED: (f64, f64) = (0.6, -0.3);
/// Rounds of the conductance, which moves with the fourth root of what it makes.
const ROUNDS: u32 = 3;
/// Share of the oil that no leak takes.
const HEEL: f64 = 0.01;

/// A tank's design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SinglePhase {
    /// The liquid.
    pub oil: Oil,
    /// What a full tank holds, pipes included (kg, > 0).
    pub full: f64,
    /// Heat capacity of the boards (J/K, > 0).
    pub boards: f64,
    /// Boards to bath by natural convection at 10 K and design viscosity (W/K, > 0).
    pub natural: f64,
    /// Boards to bath by the pump's nominal flow at design viscosity (W/K, ≥ 0).
    pub forced: f64,
    /// Pump and exchanger.
    pub circuit: Circuit,
    /// The bath temperature at which viscosity is the design's (°C, 10 to 80).
    pub design_bath: f64,
    /// Bath to room through the tank's walls and lid (W/K, ≥ 0).
    pub room: f64,
    /// Level below which nothing circulates (share of a full tank, 0 to 1).
    pub intake: f64,
    /// Levels at which boards stand all bare and all covered (shares of a full tank, 0 to 1, rising).
    pub bare: (f64, f64),
}

/// What a tank is sized from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duty {
    /// Heat of the boards (W, > 0).
    pub heat: f64,
    /// Oil (litres, > 0).
    pub litres: f64,
    /// Bath (°C).
    pub bath: f64,
    /// Boards above bath (K, > 0).
    pub excess: f64,
    /// Share of the pump's flow in the cube of the boards' conductance (1, 0 to 1).
    pub forced: f64,
    /// Oil's fall through the exchanger (K, > 0).
    pub fall: f64,
    /// Facility water, colder than the bath even when it leaves.
    pub water: Facility,
    /// Heat capacity of the boards (J/K, > 0).
    pub boards: f64,
}

/// A tank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tank {
    /// The boards (°C).
    pub boards: f64,
    /// The bath (°C).
    pub bath: f64,
    /// The oil in it (kg).
    pub oil: f64,
}

/// What comes to a tank over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// Power of the boards (W, ≥ 0).
    pub power: f64,
    /// The pump's speed (1, 0 to 1).
    pub speed: f64,
    /// Facility water.
    pub water: Facility,
    /// The room (°C).
    pub room: f64,
    /// Oil lost (kg/s, ≥ 0).
    pub leak: f64,
}

/// One step of a tank: means over the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Heat into the facility water (W).
    pub to_water: f64,
    /// Heat into the room (W).
    pub to_room: f64,
    /// Electrical power of the pump, all of it into the oil (W).
    pub pump: f64,
    /// Heat that leaked oil carried off, counted from 0 °C (W).
    pub leaked: f64,
    /// Oil through the exchanger (kg/s).
    pub flow: f64,
    /// Facility water leaving (°C).
    pub leaving: f64,
    /// The bath (°C).
    pub bath: f64,
    /// The boards (°C).
    pub boards: f64,
    /// True where the bath is outside the model's box.
    pub outside: bool,
}

impl SinglePhase {
    /// A tank that carries `duty` at full pump speed; a pump of 140 kPa at no flow and 50 %, a circuit half laminar, walls of
    /// 0.2 W/K for each kilowatt, boards bare between 40 and 90 % of the level.
    #[must_use]
    pub fn sized(duty: &Duty, oil: Oil) -> Self {
        let warmed = duty.heat / (duty.water.flow * CP_WATER);
        let (warm_end, cold_end) =
            (duty.bath - duty.water.entering - warmed, duty.bath - duty.fall - duty.water.entering);
        let conductance = duty.heat / duty.excess;
        let circuit = Circuit {
            flow: duty.heat / (oil.specific_heat * duty.fall),
            head: 140e3,
            head_fall: 0.25,
            laminar: 0.5,
            efficiency: 0.5,
            ua: duty.heat / mean_difference(warm_end, cold_end),
            oil_to_water: 0.4,
            water: duty.water.flow,
        };
        Self {
            oil,
            full: oil.density * duty.litres / 1000.0,
            boards: duty.boards,
            natural: conductance * libm::cbrt(1.0 - duty.forced) * (REFERENCE / duty.excess).sqrt().sqrt(),
            forced: conductance * libm::cbrt(duty.forced),
            circuit,
            design_bath: duty.bath,
            room: 0.2e-3 * duty.heat,
            intake: 0.8,
            bare: (0.4, 0.9),
        }
    }

    /// Reads a tank; faults are noted and reading goes on.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let density = number(of, "density-kg-per-m3", (600.0, 2000.0));
        let specific_heat = number(of, "specific-heat-j-per-kg-k", (800.0, 4200.0));
        let viscosity =
            (number(of, "viscosity-40-mm2-per-s", (0.4, 500.0)), number(of, "viscosity-100-mm2-per-s", (0.4, 500.0)));
        if viscosity.1 > viscosity.0 {
            let message = format!("oil of {} mm²/s at 100 °C is thicker than at 40 °C", viscosity.1);
            of.fault("viscosity-100-mm2-per-s", message, "take both figures from one data sheet");
        }
        let litres = number(of, "litres", POSITIVE);
        let bare = (number(of, "bare-level", SHARE), number(of, "covered-level", SHARE));
        if bare.0 >= bare.1 {
            let message = format!("boards that are bare at {} cannot be covered at {}", bare.0, bare.1);
            of.fault("covered-level", message, "write the level of the boards' upper edge, above `bare-level`");
        }
        Self {
            oil: Oil::new(density, specific_heat, viscosity),
            full: density * litres / 1000.0,
            boards: number(of, "boards-j-per-k", POSITIVE),
            natural: number(of, "natural-w-per-k", POSITIVE),
            forced: number(of, "forced-w-per-k", AT_LEAST_ZERO),
            circuit: Circuit {
                flow: number(of, "flow-kg-per-s", POSITIVE),
                head: number(of, "head-pa", POSITIVE),
                head_fall: number(of, "head-fall", (0.0, 0.9)),
                laminar: number(of, "laminar-share", SHARE),
                efficiency: number(of, "efficiency", (0.1, 1.0)),
                ua: number(of, "ua-w-per-k", POSITIVE),
                oil_to_water: number(of, "oil-to-water", POSITIVE),
                water: number(of, "water-kg-per-s", POSITIVE),
            },
            design_bath: number(of, "design-bath-cel", (10.0, 80.0)),
            room: number(of, "room-w-per-k", AT_LEAST_ZERO),
            intake: number(of, "intake-level", SHARE),
            bare,
        }
    }

    /// Boards to bath (W/K) at a difference (K), with the viscosity `thick` over the design's and the fourth root of it,
    /// and the forced part.
    fn conductance(&self, difference: f64, (root, forced): (f64, f64)) -> f64 {
        let natural = self.natural * (difference.abs() / REFERENCE).sqrt().sqrt() / root;
        if forced > 0.0 { libm::cbrt(natural * natural * natural + forced * forced * forced) } else { natural }
    }
}

impl Tank {
    /// A full tank at rest at one temperature (°C).
    #[must_use]
    pub const fn at(of: &SinglePhase, cel: f64) -> Self {
        Self { boards: cel, bath: cel, oil: of.full }
    }

    /// How full it is (share of a full tank).
    #[must_use]
    pub fn level(&self, of: &SinglePhase) -> f64 {
        self.oil / of.full
    }

    /// The heat in it, counted from 0 °C (J).
    #[must_use]
    pub fn stored(&self, of: &SinglePhase) -> f64 {
        of.boards * self.boards + self.oil * of.oil.specific_heat * self.bath
    }

    /// Moves `dt` seconds on. What is stored changes by `dt·(power + pump − to_water − to_room − leaked)`.
    pub fn step(&mut self, of: &SinglePhase, drive: &Drive, dt: f64) -> Outcome {
        let level = self.level(of);
        let cp = of.oil.specific_heat;
        let thick = of.oil.viscosity(self.bath) / of.oil.viscosity(of.design_bath);
        let pumped =
            if level > of.intake { of.circuit.pumped(drive.speed, of.oil.density, thick) } else { <_>::default() };
        let exchange = if pumped.flow > 0.0 { of.circuit.exchange(pumped.flow, cp, thick, drive.water) } else { 0.0 };
        let covered = ((level - of.bare.0) / (of.bare.1 - of.bare.0)).clamp(0.0, 1.0);
        let flow = pumped.flow / of.circuit.flow;
        let forced = if flow > 0.0 { of.forced * libm::pow(flow, FORCED.0) * libm::pow(thick, FORCED.1) } else { 0.0 };
        let how = (thick.sqrt().sqrt(), forced);

        let (power, capacity) = (drive.power.max(0.0), self.oil * cp);
        let source =
            [power / of.boards, (pumped.power + of.room * drive.room + exchange * drive.water.entering) / capacity];
        let leave = exchange + of.room;
        let solve = |g: f64| {
            let rate = [[-g / of.boards, g / of.boards], [g / capacity, -(g + leave) / capacity]];
            exponential::step(rate, source, [self.boards, self.bath], dt)
        };
        // A conductance moves with the fourth root of the difference it makes: each round leaves a quarter of the error.
        let mut difference = self.boards - self.bath;
        if difference.abs() < 0.1 {
            difference = power / of.natural;
        }
        let mut pair = solve(covered * of.conductance(difference, how));
        for _ in 1..ROUNDS {
            let [boards, bath] = pair.mean;
            pair = solve(covered * of.conductance(boards - bath, how));
        }
        [self.boards, self.bath] = pair.end;
        let [boards, bath] = pair.mean;
        let to_water = exchange * (bath - drive.water.entering);
        let lost = (drive.leak.max(0.0) * dt).min(self.oil - HEEL * of.full).max(0.0);
        self.oil -= lost;
        let stream = drive.water.flow.max(0.0) * CP_WATER;
        Outcome {
            to_water,
            to_room: of.room * (bath - drive.room),
            pump: pumped.power,
            leaked: lost * cp * self.bath / dt,
            flow: pumped.flow,
            leaving: if to_water == 0.0 { drive.water.entering } else { drive.water.entering + to_water / stream },
            bath,
            boards,
            outside: outside(self.bath),
        }
    }
}

/// The logarithmic mean of two differences (K).
fn mean_difference(one: f64, other: f64) -> f64 {
    if (one - other).abs() < 1e-6 * one.abs() { one } else { (one - other) / libm::log(one / other) }
}

#[cfg(test)]
mod tests;
