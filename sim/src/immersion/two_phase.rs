//! A two-phase tank: boards boil a bath, its vapour condenses on a coil of facility water under the lid.
//!
//! ```text
//! lid with vent ── headspace: vapour and air ── condenser coil ─ facility water
//!                  liquid at its saturation temperature ─ boards, wetted or dried out
//! ```
//!
//! **Equation** liquid and vapour share one temperature; `M·cp + h·V·dρ_v/dT` is its capacity, `h` the latent heat, `V` the headspace.
//! Pressure is `p_sat(T)` and what air is in the headspace. The coil takes `(1 − e^−NTU)·ṁ·cp·(T − T_w)`, its conductance
//! less by `1/(1 + k·y)` at a share `y` of air. [`boards`] says how boards boil, dry out and are wetted again. An open vent
//! passes `k·Δp` of the mixture; the vapour takes its latent heat along and is counted as lost. Below ambient pressure air
//! seeps in; a [`purge`] draws it off. **Source** heat and mass balances; Rohsenow's cube of the superheat; blanketing by air after Minkowycz and Sparrow.
//! **Parameters** superheat 10 to 20 K at full load, critical load 1.2 to 3 times full load, vent 1 to 5 kPa,
//! [`vapour`](super::vapour). **Box** 20 to 75 °C, 0.3 to 2.3 bar, a few percent of air.
//! **Outside it** an outcome says so. Boards that stand bare warm up without end. The last hundredth of the fluid stays.
//! **Time constant** boards a few seconds, bath `M·cp/g`, 100 to 600 s.

pub mod boards;
pub mod purge;

use plant::read::Section;

use self::boards::{Boards, Surface};
use self::purge::{Drawn, Purge};
use super::Facility;
use super::vapour::{Fluid, NOVEC_649, PERFLUOROHEXANE};
use crate::exchanger::past_surface;
use crate::exponential;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, maybe, number};
use crate::water::CP_WATER;

/// Specific gas constant of air (J/kg/K).
const AIR: f64 = 287.05;
/// Share of the fluid that never leaves.
const HEEL: f64 = 0.01;
/// Rounds in which the temperature is found from the heat; each squares the error.
const ROUNDS: u32 = 6;
/// The box (°C).
const BOX: (f64, f64) = (20.0, 75.0);

/// A tank's design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoPhase {
    /// The liquid.
    pub fluid: Fluid,
    /// What a full tank holds (kg, > 0).
    pub full: f64,
    /// Vapour and air above it (m³, > 0).
    pub headspace: f64,
    /// The boards.
    pub boards: Boards,
    /// Conductance of the condenser without air (W/K, > 0).
    pub condenser: f64,
    /// How much air hinders it: its conductance halves at a share of `1/blanket` (1, 0 to 200).
    pub blanket: f64,
    /// Bath to room through walls and lid (W/K, ≥ 0).
    pub room: f64,
    /// The vent.
    pub vent: Vent,
    /// Air that seeps in for each pascal below ambient (kg/s/Pa, ≥ 0).
    pub seep: f64,
    /// What draws air off, where it has such a thing.
    pub purge: Option<Purge>,
    /// Levels at which boards stand all bare and all covered (shares of a full tank, 0 to 1, rising).
    pub bare: (f64, f64),
}

/// A vent valve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vent {
    /// It opens above this (Pa over ambient, > 0).
    pub opens: f64,
    /// It closes below this (Pa over ambient, ≥ 0, below `opens`).
    pub closes: f64,
    /// What it passes for each pascal while open (kg/s/Pa, > 0).
    pub passes: f64,
}

/// A tank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tank {
    /// Liquid and vapour (°C).
    pub bath: f64,
    /// The boards (°C).
    pub boards: f64,
    /// Wetted or dried out.
    pub surface: Surface,
    /// Liquid and vapour (kg).
    pub fluid: f64,
    /// Air in the headspace (kg).
    pub air: f64,
    /// True while the vent is open.
    pub venting: bool,
    /// Fluid lost through the vent since the start (kg).
    pub lost: f64,
    /// Heat of liquid and vapour, counted from liquid at 0 °C (J).
    heat: f64,
}

/// What comes to a tank over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// Power of the boards (W, ≥ 0).
    pub power: f64,
    /// Facility water in the condenser.
    pub water: Facility,
    /// The room (°C).
    pub room: f64,
    /// The room's pressure (Pa, 50 000 to 110 000).
    pub ambient: f64,
    /// Liquid lost (kg/s, ≥ 0).
    pub leak: f64,
    /// True while something holds the vent open.
    pub held_open: bool,
    /// True while its purge draws.
    pub purges: bool,
}

/// One step of a tank: means over the step, and how it stands at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Heat into the facility water (W).
    pub to_water: f64,
    /// Heat into the room (W).
    pub to_room: f64,
    /// Heat that the purge's trap took out of the vapour it gave back (W).
    pub trapped: f64,
    /// Heat that vapour carried off through the vent and the purge, latent and counted from 0 °C (W).
    pub vented: f64,
    /// Heat that leaked liquid carried off, counted from 0 °C (W).
    pub leaked: f64,
    /// Facility water leaving (°C).
    pub leaving: f64,
    /// Pressure in the headspace (Pa).
    pub pressure: f64,
    /// Liquid over a full tank's (1).
    pub level: f64,
    /// True where the bath is outside the model's box.
    pub outside: bool,
}

impl TwoPhase {
    /// A tank for `heat` (W) of boards of `capacity` (J/K) in `litres` of `fluid`, whose condenser holds it at its normal boiling
    /// point with this water. Superheat 15 K, critical load half above full load, headspace a third of the litres, a
    /// vent that opens at 2 kPa and passes the vapour of full load at twice that.
    #[must_use]
    pub fn sized(fluid: Fluid, heat: f64, capacity: f64, litres: f64, water: Facility) -> Self {
        let stream = water.flow * CP_WATER;
        let effectiveness = (heat / (stream * (fluid.boils - water.entering))).clamp(0.0, 0.99);
        Self {
            fluid,
            full: fluid.density * litres / 1000.0,
            headspace: litres / 3000.0,
            boards: Boards::sized(heat, capacity, 15.0, 1.5),
            condenser: -stream * libm::log(1.0 - effectiveness),
            blanket: 30.0,
            room: 0.2e-3 * heat,
            vent: Vent { opens: 2000.0, closes: 200.0, passes: heat / fluid.latent / 4000.0 },
            seep: 1e-10,
            purge: None,
            bare: (0.4, 0.9),
        }
    }

    /// Reads a tank; faults are noted and reading goes on.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let known = [("novec-649", NOVEC_649), ("perfluorohexane", PERFLUOROHEXANE)];
        let fluid = of.need_word("fluid", &known).unwrap_or(NOVEC_649);
        let bare = (number(of, "bare-level", SHARE), number(of, "covered-level", SHARE));
        if bare.0 >= bare.1 {
            let message = format!("boards that are bare at {} cannot be covered at {}", bare.0, bare.1);
            of.fault("covered-level", message, "write the level of the boards' upper edge, above `bare-level`");
        }
        let vent = Vent {
            opens: number(of, "vent-opens-pa", POSITIVE),
            closes: number(of, "vent-closes-pa", AT_LEAST_ZERO),
            passes: number(of, "vent-kg-per-s-pa", POSITIVE),
        };
        if vent.closes >= vent.opens {
            let message = format!("a vent that opens at {} Pa cannot close at {} Pa", vent.opens, vent.closes);
            of.fault("vent-closes-pa", message, "write a pressure below `vent-opens-pa`");
        }
        Self {
            fluid,
            full: fluid.density * number(of, "litres", POSITIVE) / 1000.0,
            headspace: number(of, "headspace-litres", POSITIVE) / 1000.0,
            boards: Boards::read(of),
            condenser: number(of, "condenser-w-per-k", POSITIVE),
            blanket: number(of, "blanket", (0.0, 200.0)),
            room: number(of, "room-w-per-k", AT_LEAST_ZERO),
            vent,
            seep: number(of, "seep-kg-per-s-pa", AT_LEAST_ZERO),
            purge: maybe(of, "purge", Purge::read),
            bare,
        }
    }

    /// Heat of liquid and vapour at a temperature, and its slope (J, J/K).
    fn heat(&self, fluid: f64, cel: f64) -> (f64, f64) {
        let (density, slope) = self.fluid.vapour(cel);
        let (capacity, latent) = (fluid * self.fluid.specific_heat, self.fluid.latent * self.headspace);
        (capacity * cel + latent * density, capacity + latent * slope)
    }
}

impl Tank {
    /// A full tank at rest at one temperature (°C), its headspace filled up with air to `ambient` (Pa).
    #[must_use]
    pub fn at(of: &TwoPhase, cel: f64, ambient: f64) -> Self {
        let missing = (ambient - of.fluid.pressure(cel).0).max(0.0);
        Self {
            bath: cel,
            boards: cel,
            surface: Surface::Wetted,
            fluid: of.full,
            air: missing * of.headspace / (AIR * (cel + 273.15)),
            venting: false,
            lost: 0.0,
            heat: of.heat(of.full, cel).0,
        }
    }

    /// The heat in it, counted from liquid at 0 °C (J).
    #[must_use]
    pub fn stored(&self, of: &TwoPhase) -> f64 {
        of.boards.capacity * self.boards + self.heat
    }

    /// Liquid over a full tank's (1).
    #[must_use]
    pub fn level(&self, of: &TwoPhase) -> f64 {
        ((self.fluid - of.fluid.vapour(self.bath).0 * of.headspace) / of.full).max(0.0)
    }

    /// Vapour's pressure and air's (Pa).
    fn pressures(&self, of: &TwoPhase) -> (f64, f64) {
        let kelvin = (self.bath + 273.15).max(1.0);
        (of.fluid.pressure(self.bath).0, self.air * AIR * kelvin / of.headspace)
    }

    /// Moves `dt` seconds on. What is stored changes by `dt·(power − to_water − to_room − trapped − vented − leaked)`.
    pub fn step(&mut self, of: &TwoPhase, drive: &Drive, dt: f64) -> Outcome {
        let (vapour, air) = self.pressures(of);
        let over = vapour + air - drive.ambient;
        let threshold = if self.venting { of.vent.closes } else { of.vent.opens };
        self.venting = over > threshold;

        let covered = ((self.level(of) - of.bare.0) / (of.bare.1 - of.bare.0)).clamp(0.0, 1.0);
        let late = (of.fluid.boiling(vapour + air) - self.bath).max(0.0);
        let power = drive.power.max(0.0);
        let before = self.boards;
        self.boards = self.bath + of.boards.step(&mut self.surface, before - self.bath, (power, late, covered), dt);
        let from_boards = power - of.boards.capacity * (self.boards - before) / dt;

        let stream = drive.water.flow.max(0.0) * CP_WATER;
        let coil = of.condenser / (1.0 + of.blanket * air / (vapour + air));
        let coil = if drive.water.entering < self.bath { past_surface(coil, stream) } else { 0.0 };
        let open = self.venting || drive.held_open;
        // What the vent passes of vapour is a line in the bath's temperature: the implicit part keeps a wide vent steady.
        let density = of.fluid.vapour(self.bath).0 * of.headspace;
        let share = density / (density + self.air);
        let passes = if open && over > 0.0 { of.vent.passes * share } else { 0.0 };
        let slope = of.fluid.pressure(self.bath).1;
        let (start, latent) = (self.bath, of.fluid.latent);
        let drawn = self.drawn(of, drive.purges, dt);
        let leave = coil + of.room + passes * latent * slope;
        let source = from_boards + coil * drive.water.entering + of.room * drive.room
            - passes * latent * (over - slope * start)
            - drawn.heat;
        let capacity = of.heat(self.fluid, start).1;
        let node = exponential::node(leave, source, (capacity, start), dt);

        let spare = (self.fluid - HEEL * of.full).max(0.0);
        let slipped = (dt * drawn.slips).min(spare);
        let vented = slipped + (dt * passes * (over + slope * (node.mean - start))).clamp(0.0, spare - slipped);
        let leaked = (dt * drive.leak.max(0.0)).min(spare - vented);
        let sensible = of.fluid.specific_heat * node.mean;
        let outcome = Outcome {
            to_water: (coil * (node.mean - drive.water.entering)).max(0.0),
            to_room: of.room * (node.mean - drive.room),
            trapped: drawn.heat,
            vented: vented * (latent + sensible) / dt,
            leaked: leaked * sensible / dt,
            leaving: drive.water.entering,
            pressure: 0.0,
            level: 0.0,
            outside: false,
        };
        self.heat +=
            dt * (from_boards - outcome.to_water - outcome.to_room - drawn.heat - outcome.vented - outcome.leaked);
        self.fluid -= vented + leaked;
        self.lost += vented;
        self.bath = self.found(of, node.end);
        self.breathe(of, (over, open), dt);
        self.air *= libm::exp(-dt * drawn.volumes);
        self.told(of, outcome, drive.water.entering, stream)
    }

    /// The temperature at which liquid and vapour hold what they hold.
    fn found(&self, of: &TwoPhase, guess: f64) -> f64 {
        let mut cel = guess;
        for _ in 0..ROUNDS {
            let (heat, slope) = of.heat(self.fluid, cel);
            cel += (self.heat - heat) / slope;
        }
        cel
    }

    /// What its purge draws off now.
    fn drawn(&self, of: &TwoPhase, purges: bool, dt: f64) -> Drawn {
        let Some(purge) = of.purge.filter(|_| purges) else { return Drawn::default() };
        purge.draws((&of.fluid, of.headspace), (self.bath, self.air), dt)
    }

    /// Air leaves with what is vented and comes in where the headspace is below ambient.
    fn breathe(&mut self, of: &TwoPhase, (over, open): (f64, bool), dt: f64) {
        let gas = of.fluid.vapour(self.bath).0 * of.headspace + self.air;
        if over > 0.0 && open {
            self.air *= libm::exp(-dt * of.vent.passes * over / gas);
        } else if over < 0.0 {
            let way = of.seep + if open { of.vent.passes } else { 0.0 };
            let fills = of.headspace / (AIR * (self.bath + 273.15).max(1.0));
            self.air += (dt * way).min(fills) * -over;
        }
    }

    fn told(&self, of: &TwoPhase, outcome: Outcome, entering: f64, stream: f64) -> Outcome {
        let (vapour, air) = self.pressures(of);
        let leaving = if outcome.to_water > 0.0 { entering + outcome.to_water / stream } else { entering };
        let outside = !(BOX.0..=BOX.1).contains(&self.bath);
        Outcome { leaving, pressure: vapour + air, level: self.level(of), outside, ..outcome }
    }
}

#[cfg(test)]
mod tests;
