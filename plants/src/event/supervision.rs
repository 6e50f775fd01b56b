//! What the supervisor of setpoints tells.

use serde::{Deserialize, Serialize};

use crate::hall::supervisor::Lever;

/// News of the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Supervision {
    /// A setpoint is moved for good.
    Moved {
        /// Which.
        lever: Lever,
        /// From this offset,
        from: f64,
        /// to this one (K or %).
        to: f64,
        /// What that is expected to save (W).
        saves: f64,
    },
    /// All have been at home for a while: what they save together, measured, and what had been expected (W).
    Proved {
        /// Measured.
        saves: f64,
        /// Expected.
        expected: f64,
    },
    /// It costs what it should save: every setpoint is back where the hall's file has it, until a person says otherwise.
    Retired,
    /// Setpoints go back to where the hall's file has them: something is not as it should be.
    GoneHome,
    /// A person switched it on or off.
    Switched(bool),
}
