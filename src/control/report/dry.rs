//! Dry coolers that control runs, for people.

use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use crate::control::State;

/// A dry cooler that control runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DryView {
    /// Its name: `dc-1`.
    pub name: String,
    /// `control`, or `panel` while it is not seen well enough.
    pub rule: String,
    /// `resting`, `starting`, `turning`, `stopping`, `failed`.
    pub fans: String,
    /// The same of its pads: `turning` is wetted.
    pub pads: String,
    /// Hours that its fans have turned since they are known.
    pub run_hours: f64,
    /// Hours that its pads were wetted since they are known.
    pub wet_hours: f64,
}

/// Every dry cooler that control runs.
#[must_use]
pub fn dry(hall: &Hall, state: &State) -> Vec<DryView> {
    let view = state.equipment.dry.iter(hall).map(|(of, row)| DryView {
        name: hall.equips.get(of.of.equip).map_or("?", |def| def.name.as_str()).to_owned(),
        rule: if row.is_on_panel() { "panel" } else { "control" }.to_owned(),
        fans: row.fans().step().word().to_owned(),
        pads: row.pads().step().word().to_owned(),
        run_hours: row.fans().run.life.seconds() / 3600.0,
        wet_hours: row.pads().run.life.seconds() / 3600.0,
    });
    view.collect()
}
