//! Heat recovery that control runs, for people.

use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use super::MachineView;
use super::plants::view;
use crate::control::State;

/// A heat-recovery station that control runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeatView {
    /// `control`, or `panel` while it is not seen well enough.
    pub rule: String,
    /// Its valve.
    pub valve: MachineView,
    /// Heat handed over (kW); nothing while it is not known. It is no part of any PUE.
    pub exported_kw: Option<f64>,
    /// True while the customer calls for heat and takes none.
    pub gone: bool,
}

/// Every heat-recovery station that control runs.
#[must_use]
pub fn heat(hall: &Hall, state: &State) -> Vec<HeatView> {
    let station = state.equipment.heat.iter(hall).map(|(of, row)| HeatView {
        rule: if row.is_on_panel() { "panel" } else { "control" }.to_owned(),
        valve: view(hall.equips.get(of.of.equip).map_or("?", |def| def.name.as_str()).to_owned(), row.machine()),
        exported_kw: state.quality.image().read(of.of.exported).usable().map(|watts| watts.0 / 1e3),
        gone: row.is_gone(),
    });
    station.collect()
}
