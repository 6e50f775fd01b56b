//! Supply air that is reset, row by row: trim and respond, ASHRAE Guideline 36, 5.1.14, on the setpoint of the row's coils.
//!
//! ```text
//!              `every`: nobody asks, and fans are slow: + trim
//!   Reset ◀──▶ `every`: racks near their limit, fans fast: − min(respond · (R − I), most)        coldest … warmest
//!   │ ▲
//!   │ └──────────────────────────────── all is known again: it goes on from there
//!   ├─ a chiller's stage changes, setpoints are moved for peaks, or somebody holds fans or valves ─▶ it stays
//!   └─ a sensor is lost, or the plant is on its panels ─▶ back to the valves' setpoint, on a ramp, and never warmer
//! ```
//!
//! Warm supply air lets the plant make warmer water; it also makes racks and fans ask for more air. What fans ask stands for what
//! they would take: where they are fast a kelvin costs more than it saves. A stale inlet counts with its aged value, and nothing is
//! trimmed by it. A rack above the recommended range is answered even while a stage changes, and one at its maximum has the row at
//! the valves' setpoint at once.

use plant::hall::machinery::Circuit;
use plant::hall::sequence::air::SupplyAirTuning;
use plant::hall::{ChillerPlant, Hall, Row};
use plant::id::{RowId, Table};
use plant::reading::{Reading, Why};
use plant::time::Span;
use plant::units::Quantity;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::{Commands, OutputId};
use super::cooling::Cooling;
use super::plants::{Plant, Plants};
use super::scene::Scene;

/// How fast it goes back where something is not known (K/s): 3 K in a quarter of an hour.
const BACK: f64 = 0.2 / 60.0;
/// A tower below the first makes its water for next to nothing; beyond the second the economiser is about to need help (%).
const EASY: (f64, f64) = (70.0, 95.0);

/// The outputs that serve one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    fans: Vec<OutputId>,
    valves: Vec<OutputId>,
}

/// Every row's outputs, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Table<RowId, Wiring> {
    let wiring = |(id, row): (RowId, &Row)| Wiring {
        fans: row.fans.iter().filter_map(|fan| commands.output(fan.speed.id())).collect(),
        valves: hall.coils.iter().filter(|c| c.row == id).filter_map(|c| commands.output(c.valve.id())).collect(),
    };
    hall.rows.iter().map(wiring).collect()
}

/// Why the supply air of a row is held where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// It begins here.
    Begun,
    /// Nobody asks for colder air and fans are slow: it is trimmed warmer.
    Trimmed,
    /// Nobody asks, but fans would cost what chillers save.
    Balanced,
    /// Racks or fans ask for colder air.
    Asked,
    /// A chiller's stage changes, or has just changed.
    Settling,
    /// Its setpoints are moved for billed peaks: racks and fans are where they are because of that.
    Rides,
    /// Somebody holds its fans or valves.
    Held,
    /// An inlet is doubted: nothing is trimmed by it.
    Doubted,
    /// A sensor is lost, or the plant is on its panels.
    Blind,
    /// A rack is at its maximum.
    Hot,
}

impl Cause {
    /// As a clause.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Begun => "where it begins",
            Self::Trimmed => "warmer by and by, for no rack and no fan asks for colder air",
            Self::Balanced => "as warm as fans find it worth while",
            Self::Asked => "colder by and by, for racks or fans ask for it",
            Self::Settling => "as it was, while a chiller's stage changes and for a while after",
            Self::Rides => "as it was, while setpoints are moved for billed peaks",
            Self::Held => "as it was, while somebody holds fans or valves of the row",
            Self::Doubted => "as it was, while an inlet of the row is doubted",
            Self::Blind => "back to where it begins: a sensor of the row is lost, or the plant is on its panels",
            Self::Hot => "no warmer than where it begins, for a rack is at its maximum",
        }
    }
}

/// What is remembered of a row's supply air.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowAir {
    /// What the row's coils hold (°C).
    setpoint: f64,
    /// Where it begins (°C).
    begin: f64,
    /// Since it began.
    running: Span,
    /// Since the last move.
    waited: Span,
    /// Who asks for colder air (1).
    requests: f64,
    cause: Cause,
}

/// Every row, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupplyAir(Table<RowId, RowAir>);

/// What one scan sees of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Inlets near the recommended end or beyond, aged where they are stale.
    pub warm: f64,
    /// One of them is beyond it.
    pub beyond: bool,
    /// One is at its maximum.
    pub hot: bool,
    /// Each inlet is known now.
    pub known: bool,
    /// Something that the reset needs is lost.
    pub blind: bool,
    /// The fastest fan that the row's loop leads (%); nothing where somebody has all.
    pub fans: Option<f64>,
    /// Somebody holds a valve of the row.
    pub held: bool,
    /// A chiller's stage changes.
    pub settling: bool,
    /// Setpoints of the row are moved for peaks.
    pub rides: bool,
    /// The water is cooled for nothing (1), by compressors (0), or by a tower that works for it (between).
    pub free: f64,
}

impl SupplyAir {
    /// Where it begins.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self(hall.rows.iter().map(|_| RowAir::at(hall.strategies.valves.setpoint)).collect())
    }

    /// A new boot: where it begins.
    pub fn restart(&mut self) {
        for row in self.0.rows_mut() {
            *row = RowAir::at(row.begin);
        }
    }

    /// What a row's coils hold; nothing where nothing is reset.
    #[must_use]
    pub fn of(&self, hall: &Hall, row: RowId) -> Option<&RowAir> {
        let reset = hall.coils.iter().any(|coil| coil.row == row);
        self.0.get(row).filter(|_| reset)
    }

    /// Gives the loops of the valves their setpoints.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        if cooling.strategies().supply_air.is_none() {
            return;
        }
        for coil in &hall.coils {
            if let Some(row) = self.0.get(coil.row) {
                cooling.ask(coil.valve_loop, row.setpoint);
            }
        }
    }

    /// One scan. The loops propose the valves.
    pub fn step(&mut self, wirings: &Table<RowId, Wiring>, (scene, cooling, plants): (&Scene<'_>, &Cooling, &Plants)) {
        let rules = cooling.strategies();
        let Some(tuning) = &rules.supply_air else { return self.restart() };
        let chilled = plants.iter(scene.hall).find(|(of, _)| of.circuit == Circuit::ChilledWater);
        let on_panels = chilled.is_some_and(|(_, plant)| plant.is_on_panels());
        let settling = chilled.is_some_and(|(_, plant)| plant.stages().is_settling(&rules.chilled_water));
        let free = chilled.map_or(0.0, |(of, plant)| free(scene, of, plant));
        for (id, row) in self.0.iter_mut() {
            let (Some(of), Some(wiring)) = (scene.hall.rows.get(id), wirings.get(id)) else { continue };
            if wiring.valves.is_empty() {
                continue;
            }
            let view = look((id, of), (scene, tuning), wiring);
            let rides = cooling.of(of.fan_loop).is_some_and(|fans| fans.ride() != 0.0);
            let view = View { blind: view.blind || on_panels, settling, rides, free, ..view };
            row.step((tuning, rules.valves.setpoint), &view, scene.dt);
        }
    }
}

/// How far the water is cooled for nothing: not at all while a chiller runs, or where the tower's speed is not known now.
fn free(scene: &Scene<'_>, of: &ChillerPlant, plant: &Plant) -> f64 {
    let tower = of.tower.and_then(|tower| scene.fresh(tower.speed)).filter(|_| !plant.stages().condenses());
    let economises = plant.economiser().is_some_and(|economiser| economiser.machine.is_running());
    tower.filter(|_| economises).map_or(0.0, |speed| ((EASY.1 - speed) / (EASY.1 - EASY.0)).clamp(0.0, 1.0))
}

/// What the row's sensors and outputs say.
fn look((id, row): (RowId, &Row), (scene, tuning): (&Scene<'_>, &SupplyAirTuning), wiring: &Wiring) -> View {
    let (recommended, most) = (scene.hall.limits.inlet_recommended.get(), scene.hall.limits.inlet_max.get());
    let mut view = View {
        warm: 0.0,
        beyond: false,
        hot: false,
        known: true,
        blind: false,
        fans: None,
        held: wiring.valves.iter().any(|valve| scene.person(*valve).is_some()),
        settling: false,
        rides: false,
        free: 0.0,
    };
    for rack in &row.racks {
        let reading = scene.image.read(rack.inlet);
        match reading {
            Reading::Fresh(_) | Reading::Lost { why: Why::Config } => {}
            Reading::Stale { .. } => view.known = false,
            Reading::Lost { .. } => view.blind = true,
        }
        let Some(inlet) = reading.usable().map(Quantity::get) else { continue };
        view.warm += if inlet > recommended - tuning.warm.get() { 1.0 } else { 0.0 };
        view.beyond |= inlet > recommended;
        view.hot |= inlet >= most;
    }
    let mut coils = scene.hall.coils.iter().filter(|coil| coil.row == id);
    view.blind |= coils.any(|coil| scene.is_lost(coil.supply_air));
    let led = wiring.fans.iter().filter(|fan| scene.person(**fan).is_none());
    view.fans = led.filter_map(|fan| scene.told(*fan)).reduce(f64::max);
    view
}

impl RowAir {
    /// Where it begins.
    #[must_use]
    pub const fn at(begin: f64) -> Self {
        let (running, waited) = (Span::ZERO, Span::ZERO);
        Self { setpoint: begin, begin, running, waited, requests: 0.0, cause: Cause::Begun }
    }

    /// What the row's coils hold (°C).
    #[must_use]
    pub const fn setpoint(&self) -> f64 {
        self.setpoint
    }

    /// Who asks for colder air now (1).
    #[must_use]
    pub const fn requests(&self) -> f64 {
        self.requests
    }

    /// Why it is there.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// One scan. `begin` is the valves' setpoint (°C): where somebody moves it the air begins there anew.
    pub fn step(&mut self, (rules, begin): (&SupplyAirTuning, f64), view: &View, dt: Span) {
        if begin.to_bits() != self.begin.to_bits() {
            *self = Self::at(begin);
        }
        let eased = rules.fast.get() + view.free * (rules.fast_free.get() - rules.fast.get());
        let faster = |than: f64| view.fans.is_some_and(|fan| fan > than);
        // What is cooled for nothing at night compressors would have to make in the morning: no colder than where it begins for that.
        let asks = faster(rules.fast.get()) || (faster(eased) && self.setpoint > begin);
        self.requests = view.warm + if asks { 1.0 } else { 0.0 };
        self.running = sum(self.running, dt);
        // A rack beyond the recommended range is nobody's to ignore.
        let excess = (self.requests - rules.ignore).max(if view.beyond { 1.0 } else { 0.0 });
        self.cause = match () {
            () if view.hot => Cause::Hot,
            () if view.blind => Cause::Blind,
            () if (view.held || view.fans.is_none()) && excess <= 0.0 => Cause::Held,
            () if view.settling && !view.beyond => Cause::Settling,
            () if view.rides && !view.beyond => Cause::Rides,
            () if self.running < rules.delay && !view.beyond => Cause::Begun,
            () if excess > 0.0 => Cause::Asked,
            () if !view.known => Cause::Doubted,
            () if faster(eased - rules.band.get()) => Cause::Balanced,
            () => Cause::Trimmed,
        };
        let moved = match self.cause {
            Cause::Hot => self.setpoint.min(begin),
            Cause::Blind => self.setpoint.min(begin).max(self.setpoint - BACK * dt.seconds()),
            Cause::Begun | Cause::Settling | Cause::Rides | Cause::Held => self.setpoint,
            Cause::Trimmed | Cause::Balanced | Cause::Asked | Cause::Doubted => self.due(rules, excess, dt),
        };
        // Where somebody has put the valves' setpoint is inside.
        let (coldest, warmest) = (rules.coldest.get().min(begin), rules.warmest.get().max(begin));
        self.setpoint = moved.clamp(coldest, warmest);
    }

    /// Where it goes when its time has come.
    fn due(&mut self, rules: &SupplyAirTuning, excess: f64, dt: Span) -> f64 {
        self.waited = sum(self.waited, dt);
        if self.waited < rules.every {
            return self.setpoint;
        }
        self.waited = Span::ZERO;
        match self.cause {
            Cause::Trimmed => self.setpoint + rules.trim.get(),
            Cause::Asked => self.setpoint - (rules.respond.get() * excess).min(rules.most.get()),
            Cause::Begun
            | Cause::Balanced
            | Cause::Settling
            | Cause::Rides
            | Cause::Held
            | Cause::Doubted
            | Cause::Blind
            | Cause::Hot => self.setpoint,
        }
    }
}

#[cfg(test)]
mod tests;
