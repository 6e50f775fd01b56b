//! Rear doors that control runs, for people.

use plant::event::Trouble;
use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use crate::control::State;
use crate::control::commands::Commands;
use crate::control::sequence::drive::Drive;

/// A rear door that control runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DoorView {
    /// Its name: `door-a01`.
    pub name: String,
    /// `control`, or `panel` while it is not seen well enough.
    pub rule: String,
    /// `shut`, `opening`, `open`, `closing`, `failed`, `stuck`, `warm`: open, and the air that leaves is much too warm.
    pub valve: String,
    /// Where the valve is told to be (%).
    pub valve_percent: f64,
    /// Air leaving (°C); nothing while it is not known.
    pub leaving_celsius: Option<f64>,
    /// Shut, for its water is too near to the dew point.
    pub tripped: bool,
    /// Shut, for it leaks or did.
    pub leak: bool,
    /// Hours that its valve has been open since they are known.
    pub open_hours: f64,
}

/// Every rear door that control runs.
#[must_use]
pub fn doors(hall: &Hall, commands: &Commands, state: &State) -> Vec<DoorView> {
    let image = state.quality.image();
    let view = state.equipment.doors.iter(hall).map(|(of, door)| {
        let told = commands.output(of.valve.id()).and_then(|output| state.held.get(output));
        let valve = match (door.trouble(), door.valve().step()) {
            (Some(Trouble::ValveStuck), _) => "stuck",
            (Some(Trouble::CoolsTooLittle), _) => "warm",
            (_, Drive::Resting) => "shut",
            (_, Drive::Starting) => "opening",
            (_, Drive::Turning) => "open",
            (_, Drive::Stopping) => "closing",
            (_, Drive::Failed(_)) => "failed",
        };
        DoorView {
            name: hall.equips.get(of.of.equip).map_or("?", |def| def.name.as_str()).to_owned(),
            rule: if door.is_on_panel() { "panel" } else { "control" }.to_owned(),
            valve: valve.to_owned(),
            valve_percent: told.map_or(f64::NAN, |held| held.value),
            leaving_celsius: image.read(of.of.leaving_air).usable().map(|t| t.0),
            tripped: door.trip().is_closed(),
            leak: door.is_shut_for_a_leak(),
            open_hours: door.valve().run.life.seconds() / 3600.0,
        }
    });
    view.collect()
}
