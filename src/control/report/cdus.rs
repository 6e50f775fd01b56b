//! CDUs that control runs, and what they ask of the GPUs, for people.

use plant::event::Rung;
use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use super::MachineView;
use super::plants::view;
use crate::control::State;
use crate::control::asks::Ask;
use crate::control::sentence::need;

/// A CDU that control runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CduView {
    /// Its name: `cdu-1`.
    pub name: String,
    /// `sequence`, or `panel` while it is not seen well enough.
    pub rule: String,
    /// What of a change among its pumps is in flight: `steady`, `starting`, `rotating`, `stopping`.
    pub change: String,
    /// How many pumps shall run.
    pub wanted: u8,
    /// What its coolant's loop aims at (°C): above the room's dew point.
    pub setpoint_celsius: f64,
    /// Coolant to the racks (°C); nothing while it is not known.
    pub supply_celsius: Option<f64>,
    /// Pressure across the racks' manifold (kPa); nothing while it is not known.
    pub dp_kpa: Option<f64>,
    /// True while its valve is closed to its least for the dew point.
    pub tripped: bool,
    /// True while it is shut off, for it leaks or did.
    #[serde(default)]
    pub leak: bool,
    /// Its exchanger's approach at the rated load (K), 0 while its valve has room; nothing while it says nothing.
    pub approach_k: Option<f64>,
    /// Its pumps.
    pub pumps: Vec<MachineView>,
}

/// A row or a tank whose machines are asked to draw less, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CapView {
    /// The row, or the tank.
    pub row: String,
    /// What is asked: `cap` (less power), `drain` (jobs should leave), `off`.
    #[serde(default)]
    pub rung: String,
    /// True where its machines should be off.
    #[serde(default)]
    pub off: bool,
    /// Why: `pressure_lost`, `leak`, `inlet_hot`, `unseen`; of a tank `circulation_lost`, `too_hot`, `level_low`, `leak`, `pressure_high`,
    /// `condenser_lost`, `unseen`.
    pub reason: String,
    /// For how long (s).
    pub since_s: f64,
    /// The same for people.
    pub sentence: String,
}

/// Every CDU that control runs.
#[must_use]
pub fn cdus(hall: &Hall, state: &State) -> Vec<CduView> {
    let image = state.quality.image();
    let tuning = &state.cooling.strategies().cdu;
    let views = state.equipment.cdus.iter(hall).map(|(of, cdu)| {
        let name = |equip| hall.equips.get(equip).map_or("?", |def| def.name.as_str()).to_owned();
        let pumps =
            cdu.pumps().machines().iter().zip(1..).map(|(machine, n): (_, u8)| view(format!("pump {n}"), machine));
        CduView {
            name: name(of.of.equip),
            rule: if cdu.is_on_panel() { "panel" } else { "sequence" }.to_owned(),
            change: cdu.pumps().shift().word().to_owned(),
            wanted: cdu.pumps().target(),
            setpoint_celsius: state.equipment.cdus.setpoint(&state.equipment.dew_point, tuning),
            supply_celsius: image.read(of.of.supply).usable().map(|t| t.0),
            dp_kpa: image.read(of.of.dp).usable().map(|dp| dp.0 / 1e3),
            tripped: cdu.is_closed(),
            leak: cdu.is_shut_off(),
            approach_k: cdu.approach(),
            pumps: pumps.collect(),
        }
    });
    views.collect()
}

/// What is asked of the machines of rows and tanks.
#[must_use]
pub fn caps(hall: &Hall, state: &State) -> Vec<CapView> {
    let view = |(name, ask): (&str, Ask)| CapView {
        row: name.to_owned(),
        rung: ask.rung.word().to_owned(),
        off: ask.rung == Rung::Off,
        reason: ask.reason.word().to_owned(),
        since_s: ask.since.seconds(),
        sentence: need(ask.reason).to_owned(),
    };
    state.equipment.asks(hall).map(view).collect()
}
