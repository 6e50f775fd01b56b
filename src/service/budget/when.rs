//! When a client wants power: what it says of times, read.

use plant::hall::Hall;
use plant::time::Span;
use serde::Deserialize;

use super::event::{instant, span};
use crate::control::ledger::message::{Inside, Power, Times};

/// The words of `time`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TimeSaid {
    not_before: Option<String>,
    deadline: Option<String>,
    duration_s: Option<f64>,
    energy_wh: Option<f64>,
    window: Option<String>,
    early: Option<bool>,
    fit: Option<bool>,
    plan: Option<bool>,
}

/// Its instants, and whether a plan may choose.
///
/// # Errors
/// What is no time.
pub fn times(time: &TimeSaid, power: &Power) -> Result<Times, String> {
    let at = |key: &str, said: &Option<String>| said.as_deref().map(|text| instant(key, text)).transpose();
    Ok(Times {
        not_before: at("time.not_before", &time.not_before)?,
        deadline: at("time.deadline", &time.deadline)?,
        duration: lasts(time, power)?,
        plan: time.plan.unwrap_or(false),
    })
}

/// For how long: as it says, or as long as its work takes with all that it wants, `energy / wanted`, in whole seconds upward.
fn lasts(time: &TimeSaid, power: &Power) -> Result<Option<Span>, String> {
    let said = time.duration_s.map(|seconds| span("time.duration_s", seconds)).transpose()?;
    let Some(work) = time.energy_wh else { return Ok(said) };
    if said.is_some() {
        return Err("`time.energy_wh` and `time.duration_s` say the same: one of them will do".to_owned());
    }
    // Rounding must make no second more of a whole number of them.
    let seconds = libm::ceil(work * 3600.0 / power.wanted - 1e-6);
    if !(work > 0.0 && power.wanted > 0.0 && seconds.is_finite()) {
        return Err(format!("`time.energy_wh`: {work} Wh of {} W is no length of time", power.wanted));
    }
    span("time.energy_wh", seconds).map(Some)
}

/// The window that it waits for. How long it lasts being said, it must be over before the window shuts, unless it says that it need not.
///
/// # Errors
/// The hall has no such window, or something is said of none.
pub fn inside(time: &TimeSaid, duration: Option<Span>, hall: &Hall) -> Result<Option<Inside>, String> {
    let Some(window) = time.window.clone() else {
        let lone = time.early.is_some() || time.fit.is_some();
        return if lone { Err("`time.early` and `time.fit` need a `time.window`".to_owned()) } else { Ok(None) };
    };
    let names: Vec<_> = hall.windows.rows().iter().map(|of| of.name.as_str()).collect();
    if !names.contains(&window.as_str()) {
        let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(format!("the hall has no window `{window}`; it has: {has}"));
    }
    if time.fit == Some(true) && duration.is_none() {
        return Err("`time.fit` needs a `time.duration_s`".to_owned());
    }
    let fit = time.fit.unwrap_or(duration.is_some());
    Ok(Some(Inside { window, early: time.early.unwrap_or(false), fit }))
}
