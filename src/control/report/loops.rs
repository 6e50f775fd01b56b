//! A loop, for people who ask.

use serde::{Deserialize, Serialize};

/// A loop's terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoopView {
    /// Its name: `row-a/fans`.
    pub name: String,
    /// `auto`, `tracking`, `holding`.
    pub mode: String,
    /// Setpoint, in the pv's unit.
    pub setpoint: f64,
    /// Why it is that, where a sequence moves it.
    #[serde(default)]
    pub because: Option<String>,
    /// The UCUM code of the setpoint's and the pv's unit.
    #[serde(default)]
    pub unit: String,
    /// Process variable.
    pub pv: Option<f64>,
    /// Proportional term (%).
    pub p: f64,
    /// Integral term (%).
    pub i: f64,
    /// Derivative term (%).
    pub d: f64,
    /// Feed-forward (%).
    pub ff: f64,
    /// Output (%).
    pub output: f64,
    /// Proportional gain in force (% of output per unit of pv).
    #[serde(default)]
    pub gain: f64,
    /// Integral time in force (s).
    #[serde(default)]
    pub ti_s: f64,
    /// Where on its schedule of gains it is: `flow 21.3 l/s`; nothing where it has none.
    #[serde(default)]
    pub scheduled: Option<String>,
    /// Who gave it gains of its own, and why; nothing where the hall's file has them.
    #[serde(default)]
    pub retuned: Option<String>,
}
