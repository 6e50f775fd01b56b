//! Gains that go by a schedule, for people.

use serde::{Deserialize, Serialize};

use crate::control::cooling::Circuit;
use crate::control::{Plan, State};

/// A loop whose gains go by a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduledView {
    /// The loop.
    #[serde(rename = "loop")]
    pub of: String,
    /// Where it is: `flow 21.3 l/s`.
    pub at: String,
    /// The gain in force there (% of output per unit of pv).
    pub gain: f64,
    /// The integral time in force there (s).
    pub ti_s: f64,
}

/// Every loop whose gains go by a schedule.
#[must_use]
pub fn scheduled(plan: &Plan, state: &State) -> Vec<ScheduledView> {
    let view = |circuit: &Circuit| {
        let at = at(state, circuit)?;
        let tuning = state.cooling.tuning_of(circuit);
        let of = plan.hall.loops.get(circuit.id)?.clone();
        Some(ScheduledView { of, at, gain: tuning.gain, ti_s: tuning.ti.seconds() })
    };
    plan.circuits.iter().filter_map(view).collect()
}

/// Where a loop is on its schedule; nothing where it has none.
#[must_use]
pub fn at(state: &State, circuit: &Circuit) -> Option<String> {
    let by = state.cooling.tuning(circuit.service).schedule?.by;
    let place = state.cooling.of(circuit.id).and_then(|row| row.place());
    let place = place.map_or_else(|| "not known yet".to_owned(), |at| format!("{at:.1} {}", by.unit()));
    Some(format!("{} {place}", by.word()))
}
