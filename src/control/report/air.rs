//! Supply air that is reset, for people.

use plant::hall::Hall;
use plant::id::LoopId;
use serde::{Deserialize, Serialize};

use crate::control::State;

/// The supply air of a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AirView {
    /// The row: `row-a`.
    pub row: String,
    /// What its coils hold (°C).
    pub setpoint_celsius: f64,
    /// Racks and fans that ask for colder air now.
    pub requests: f64,
    /// Why it is that: `warmer by and by, for no rack and no fan asks for colder air`.
    pub because: String,
}

/// Every row whose supply air is reset.
#[must_use]
pub fn air(hall: &Hall, state: &State) -> Vec<AirView> {
    if state.cooling.strategies().supply_air.is_none() {
        return Vec::new();
    }
    let view = |(id, row): (_, &plant::hall::Row)| {
        let air = state.equipment.air.of(hall, id)?;
        Some(AirView {
            row: row.name.clone(),
            setpoint_celsius: air.setpoint(),
            requests: air.requests(),
            because: air.cause().sentence().to_owned(),
        })
    };
    hall.rows.iter().filter_map(view).collect()
}

/// Why a coil holds what it holds, where that is reset.
#[must_use]
pub fn because(hall: &Hall, state: &State, id: LoopId) -> Option<String> {
    state.cooling.strategies().supply_air?;
    let coil = hall.coils.iter().find(|coil| coil.valve_loop == id)?;
    Some(state.equipment.air.of(hall, coil.row)?.cause().sentence().to_owned())
}
