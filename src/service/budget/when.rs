//! When a client wants power: what it says of times, read.

use plant::hall::Hall;
use serde::Deserialize;

use super::read::{instant, span};
use crate::control::ledger::message::{Inside, Times};

/// The words of `time`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TimeSaid {
    not_before: Option<String>,
    deadline: Option<String>,
    duration_s: Option<f64>,
    window: Option<String>,
    early: Option<bool>,
    fit: Option<bool>,
    plan: Option<bool>,
}

/// Its instants, and whether a plan may choose.
///
/// # Errors
/// What is no time.
pub fn times(time: &TimeSaid) -> Result<Times, String> {
    let at = |said: &Option<String>| said.as_deref().map(instant).transpose();
    Ok(Times {
        not_before: at(&time.not_before)?,
        deadline: at(&time.deadline)?,
        duration: time.duration_s.map(span).transpose()?,
        plan: time.plan.unwrap_or(false),
    })
}

/// The window that it waits for. How long it lasts being said, it must be over before the window shuts, unless it says that it need not.
///
/// # Errors
/// The hall has no such window, or something is said of none.
pub fn inside(time: &TimeSaid, hall: &Hall) -> Result<Option<Inside>, String> {
    let Some(window) = time.window.clone() else {
        let lone = time.early.is_some() || time.fit.is_some();
        return if lone { Err("`time.early` and `time.fit` need a `time.window`".to_owned()) } else { Ok(None) };
    };
    let names: Vec<_> = hall.windows.rows().iter().map(|of| of.name.as_str()).collect();
    if !names.contains(&window.as_str()) {
        let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(format!("the hall has no window `{window}`; it has: {has}"));
    }
    if time.fit == Some(true) && time.duration_s.is_none() {
        return Err("`time.fit` needs a `time.duration_s`".to_owned());
    }
    let fit = time.fit.unwrap_or(time.duration_s.is_some());
    Ok(Some(Inside { window, early: time.early.unwrap_or(false), fit }))
}
