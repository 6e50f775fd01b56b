//! Setpoints that are moved for peaks, for people.

use crate::control::State;
use crate::control::cooling::Circuit;

/// Why a loop's setpoint is not where it usually is, where that is for peaks.
#[must_use]
pub fn because(state: &State, circuit: &Circuit) -> Option<String> {
    let by = state.cooling.of(circuit.id)?.ride();
    (by != 0.0).then(|| format!("moved by {by:+.1} K for billed peaks; {}", state.ride.does().sentence()))
}
