//! How well loops do, for people.

use serde::{Deserialize, Serialize};

use crate::control::hours::HOURS;
use crate::control::performance::Figures;
use crate::control::{Plan, State};

/// One loop over some hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerformanceView {
    /// The loop: `crah-1/valve`.
    #[serde(rename = "loop")]
    pub of: String,
    /// How long it was looked at (h).
    pub hours: f64,
    /// For how much of it the loop had its output and knew its pv (%).
    pub led_percent: f64,
    /// The UCUM code of the pv's unit.
    pub unit: String,
    /// The integral of the absolute error (unit of pv times s).
    pub iae: f64,
    /// The mean absolute error, in the pv's unit; nothing where the loop never led.
    pub mean_error: Option<f64>,
    /// How far its output travelled (% per h).
    pub travel_per_h: f64,
    /// How often its output turned back by 2 % or more (1/h).
    pub reversals_per_h: f64,
    /// For how much of the time it led it stood at an end of its range (%).
    pub saturated_percent: f64,
    /// Swings of its error that were no noise.
    pub swings: u32,
    /// True while it swings.
    pub oscillates: bool,
    /// Where on its schedule of gains it is: `flow 21.3 l/s`; nothing where it has none.
    #[serde(default)]
    pub scheduled: Option<String>,
}

/// Every loop that moves something, over the last hours.
#[must_use]
pub fn performance(plan: &Plan, state: &State, hours: usize) -> Vec<PerformanceView> {
    let view = |circuit: &crate::control::cooling::Circuit| {
        let row = state.performances.of(circuit.id)?;
        let Figures { seconds, led, iae, travel, reversals, saturated, swings } = row.over(hours.min(HOURS));
        let long = seconds.max(f64::MIN_POSITIVE) / 3600.0;
        let share = |part: f64, of: f64| if of > 0.0 { 100.0 * part / of } else { 0.0 };
        Some(PerformanceView {
            of: plan.hall.loops.get(circuit.id)?.clone(),
            hours: seconds / 3600.0,
            led_percent: share(led, seconds),
            unit: circuit.unit(&plan.hall).to_owned(),
            iae,
            mean_error: (led > 0.0).then_some(iae / led),
            travel_per_h: travel / long,
            reversals_per_h: f64::from(reversals) / long,
            saturated_percent: share(saturated, led),
            swings,
            oscillates: row.oscillates(),
            scheduled: super::schedule::at(state, circuit),
        })
    };
    plan.circuits.iter().filter_map(view).collect()
}
