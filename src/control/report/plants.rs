//! Plants that run by sequence, for people.

use plant::hall::Hall;
use plant::id::EquipId;
use serde::{Deserialize, Serialize};

use crate::control::State;
use crate::control::dx::Units;
use crate::control::dx::economiser::Gate;
use crate::control::plants::tower::Tower;
use crate::control::sequence::machine::{Life, Machine};

/// A plant that control runs by sequence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlantView {
    /// The water it cools, `chw`, or the row whose DX units it is, `row-a/dx`.
    pub name: String,
    /// `sequence`, or `panels` while it is not seen well enough.
    pub rule: String,
    /// `steady`, or what of a stage change is in flight: `limiting`, `starting`, `rotating`, `stopping`, `restoring`;
    /// of DX units whether outdoor air is let in, or why not.
    pub change: String,
    /// How many chillers the stage wants.
    pub wanted: u8,
    /// The load that it stages by (kW); nothing while it is not known.
    pub load_kw: Option<f64>,
    /// True while one more is wanted and none is left.
    pub short: bool,
    /// The water that it makes (°C).
    #[serde(default)]
    pub setpoint_celsius: f64,
    /// What coils and rows demand of it (%, 0 to 100), and how many requests that makes now.
    #[serde(default)]
    pub demand: (f64, f64),
    /// What the economiser's prediction has learnt (1, -0.2 to 0.5); nothing where there is none.
    pub economiser_tuning: Option<f64>,
    /// Its tower, where control can run it.
    #[serde(default)]
    pub tower: Option<TowerView>,
    /// Its machines: chillers, then the economiser.
    pub machines: Vec<MachineView>,
}

/// A plant's tower.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TowerView {
    /// Its name.
    pub name: String,
    /// `control`, or `panel` while it or its plant is not seen well enough.
    pub rule: String,
    /// What its fans are for: `idle`, `condense`, `integrate`, `chill`.
    pub duty: String,
    /// `resting`, `starting`, `turning`, `stopping`, `failed`.
    pub fans: String,
    /// Open cells.
    pub cells: f64,
    /// Hours that its fans have turned since they are known.
    pub run_hours: f64,
    /// Starts of its fans since they are known.
    pub starts: u32,
}

/// A machine of a plant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineView {
    /// Its name.
    pub name: String,
    /// `unseen`, `off`, `starting`, `on`, `stopping`, `failed`.
    pub step: String,
    /// For how long (s); nothing where nobody saw it begin.
    pub since_s: Option<f64>,
    /// Hours run since it is known.
    pub run_hours: f64,
    /// Starts since it is known.
    pub starts: u32,
}

/// Every plant of the hall.
#[must_use]
pub fn plants(hall: &Hall, state: &State) -> Vec<PlantView> {
    let name = |equip: EquipId| hall.equips.get(equip).map_or("?", |def| def.name.as_str()).to_owned();
    let machine = |(equip, machine): (EquipId, &Machine)| view(name(equip), machine);
    let views = state.equipment.plants.iter(hall).map(|(of, plant)| {
        let stages = plant.stages();
        PlantView {
            name: name(of.equip),
            rule: if plant.is_on_panels() { "panels" } else { "sequence" }.to_owned(),
            change: stages.change().word().to_owned(),
            wanted: stages.target(),
            load_kw: stages.load().map(|watts| watts / 1e3),
            short: stages.is_short(),
            setpoint_celsius: plant.demand().water(state.cooling.strategies().plant(of.circuit)),
            demand: plant.demand().now(),
            economiser_tuning: plant.economiser().map(|economiser| economiser.tun()),
            tower: of.rejecting.zip(plant.tower()).map(|(of, tower)| tower_view(name(of.of.equip), tower)),
            machines: plant.named(of).map(machine).collect(),
        }
    });
    let units = state.equipment.dx.iter(hall).map(|(of, units)| {
        let row = hall.rows.get(of.row).map_or("?", |row| row.name.as_str());
        PlantView {
            name: format!("{row}/dx"),
            rule: if units.is_on_panels() { "panels" } else { "sequence" }.to_owned(),
            change: outdoor_air(units),
            wanted: units.team().target(),
            short: units.team().is_short(),
            setpoint_celsius: state.cooling.strategies().dx.setpoint.0,
            machines: units.named(of).map(machine).collect(),
            ..PlantView::default()
        }
    });
    views.chain(units).collect()
}

fn tower_view(name: String, tower: &Tower) -> TowerView {
    TowerView {
        name,
        rule: if tower.is_on_panel() { "panel" } else { "control" }.to_owned(),
        duty: tower.duty().word().to_owned(),
        fans: tower.fans().step().word().to_owned(),
        cells: tower.cells(),
        run_hours: tower.fans().run.life.seconds() / 3600.0,
        starts: tower.fans().run.starts,
    }
}

/// One machine.
pub(super) fn view(name: String, machine: &Machine) -> MachineView {
    let since = machine.since().seconds();
    MachineView {
        name,
        step: word(machine.life()).to_owned(),
        since_s: (since < AGES).then_some(since),
        run_hours: machine.run.life.seconds() / 3600.0,
        starts: machine.run.starts,
    }
}

/// Longer than this is longer than anybody has looked (s): ten years.
const AGES: f64 = 315_576_000.0;

/// What a row's economiser does.
fn outdoor_air(units: &Units) -> String {
    match (units.economiser().gate(), units.economiser().most()) {
        (Gate::Open, _) => "outdoor air let in".to_owned(),
        (Gate::Shut | Gate::Closing, (_, why)) => format!("outdoor air shut out ({})", why.word()),
    }
}

const fn word(life: Life) -> &'static str {
    match life {
        Life::Unseen { .. } => "unseen",
        Life::Off => "off",
        Life::Starting => "starting",
        Life::On => "on",
        Life::Stopping => "stopping",
        Life::Failed(_) => "failed",
    }
}
