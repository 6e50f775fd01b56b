//! Time to limit, for people.

use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use crate::control::State;
use crate::control::time_to_limit::Line;

/// A row, a CDU or a tank, and how long it has until it is at its limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitView {
    /// Its name: `row-a`.
    pub name: String,
    /// What is limited: `inlet`, `coolant`, `fluid`, `vapour`.
    pub what: String,
    /// The limit, in `unit`.
    pub limit: f64,
    /// `Cel`; `Pa`, above the air's, of vapour.
    pub unit: String,
    /// How fast it rises (unit per minute), 0 where it does not; nothing while that is not known.
    pub per_minute: Option<f64>,
    /// Seconds until it is at its limit at this rate, at most half an hour; nothing where it is not on its way there.
    pub seconds: Option<f64>,
}

/// Everything that has a limit.
#[must_use]
pub fn limits(hall: &Hall, state: &State) -> Vec<LimitView> {
    let limited = state.equipment.trends.iter(hall, state.cooling.strategies());
    let views = limited.map(|of| LimitView {
        name: of.name.to_owned(),
        what: of.what.to_owned(),
        limit: of.limit,
        unit: if of.what == "vapour" { "Pa" } else { "Cel" }.to_owned(),
        per_minute: of.trend.line().map(|Line { rise, .. }| rise * 60.0),
        seconds: of.trend.until(of.limit),
    });
    views.collect()
}
