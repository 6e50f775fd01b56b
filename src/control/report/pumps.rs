//! Pumps on headers that control runs, for people.

use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use super::MachineView;
use super::plants::view;
use crate::control::State;

/// The pumps on a header that control runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PumpsView {
    /// Its name: `chw/pumps`.
    pub name: String,
    /// `sequence`, or `panels` while they are not seen well enough.
    pub rule: String,
    /// What of a change among them is in flight: `steady`, `starting`, `rotating`, `stopping`.
    pub change: String,
    /// How many shall run.
    pub wanted: u8,
    /// True while one more is wanted and none is left.
    pub short: bool,
    /// Each pump.
    pub pumps: Vec<MachineView>,
}

/// The pumps of every header.
#[must_use]
pub fn pumps(hall: &Hall, state: &State) -> Vec<PumpsView> {
    let name = |equip| hall.equips.get(equip).map_or("?", |def| def.name.as_str()).to_owned();
    let views = state.equipment.headers.iter(hall).map(|(of, row)| PumpsView {
        name: of.name.clone(),
        rule: if row.is_on_panels() { "panels" } else { "sequence" }.to_owned(),
        change: row.crew().shift().word().to_owned(),
        wanted: row.crew().target(),
        short: row.is_short(),
        pumps: of.pumps.iter().zip(row.crew().machines()).map(|(pump, m)| view(name(pump.of.equip), m)).collect(),
    });
    views.collect()
}
