//! Batteries for people who ask.

use plant::convert::f64_from_i64;
use plant::hall::Hall;
use plant::time::Wall;
use serde::{Deserialize, Serialize};

use super::Batteries;

/// A battery, as of the last scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatteryView {
    /// Its name, and the feed on which it hangs.
    pub name: String,
    /// See above.
    pub feed: String,
    /// What it does: `rests`, `shaves`, `relieves`, `charges`, `proves`, `doubted`.
    pub does: String,
    /// What it shall give (W); negative where it shall take.
    pub order_w: f64,
    /// What it gives (W); nothing while it is in doubt.
    pub power_w: Option<f64>,
    /// Its charge (%).
    pub charge_percent: Option<f64>,
    /// The hottest of its cells (°C).
    pub cells_cel: Option<f64>,
    /// The charge that is kept for an outage (%).
    pub reserve_percent: f64,
    /// Where it stands when nobody needs it (%).
    pub charge_to_percent: f64,
    /// What it can give now (W), for some minutes at the least.
    pub gives_w: f64,
    /// What it holds above its reserve (Wh).
    pub usable_wh: Option<f64>,
    /// It gives less than it is asked for.
    pub lags: bool,
    /// What it has given and taken since the record began (Wh).
    pub given_wh: f64,
    /// See above.
    pub taken_wh: f64,
    /// What it has proved last.
    pub proven: Option<ProvenView>,
    /// A proof is due.
    pub proof_due: bool,
}

/// What a battery has proved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProvenView {
    /// When (ms since 1970).
    pub at_ms: i64,
    /// How many hours ago, by the wall clock.
    pub hours_ago: f64,
    /// What it gave (Wh).
    pub given_wh: f64,
    /// By how much its charge fell (%).
    pub fell_percent: f64,
    /// What it holds over its nameplate (%).
    pub holds_percent: f64,
}

impl Batteries {
    /// All of them.
    #[must_use]
    pub fn view(&self, hall: &Hall, now: Wall) -> Vec<BatteryView> {
        let each = hall.power.storage.iter().zip(&self.units);
        let view = each.map(|(of, unit)| BatteryView {
            name: hall.equips.get(of.of.equip).map_or_else(String::new, |equip| equip.name.clone()),
            feed: hall.power.feeds.get(of.feed).map_or_else(String::new, |feed| feed.name.clone()),
            does: unit.does.word().to_owned(),
            order_w: unit.order,
            power_w: unit.seen.map(|seen| seen.power),
            charge_percent: unit.seen.map(|seen| seen.charge.0),
            cells_cel: unit.seen.map(|seen| seen.cells.0),
            reserve_percent: of.floor().0,
            charge_to_percent: of.charge_to.0,
            gives_w: unit.seen.filter(|_| unit.sees).map_or(0.0, |seen| unit.gives(of, &seen)),
            usable_wh: unit.seen.map(|seen| of.usable((seen.charge, of.floor())).0),
            lags: unit.follow.able().is_some(),
            given_wh: unit.through.0,
            taken_wh: unit.through.1,
            proven: unit.proven.map(|proven| ProvenView {
                at_ms: proven.at.0,
                hours_ago: f64_from_i64(now.0.saturating_sub(proven.at.0)) / 3_600_000.0,
                given_wh: proven.given,
                fell_percent: proven.fell,
                holds_percent: 100.0 * proven.share,
            }),
            proof_due: unit.due,
        });
        view.collect()
    }
}
