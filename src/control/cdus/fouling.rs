//! Whether a CDU's exchanger is fouled, by its approach: coolant to the racks above facility water.
//!
//! While the valve has room left, the approach is what the setpoint makes it and says nothing but that: the exchanger has more to give. With
//! the valve open it shows what the plates can do, in proportion to the heat; it is brought to the rated load and smoothed over five minutes.

use serde::{Deserialize, Serialize};

use super::Scan;
use crate::control::sequence::Mean;

/// Heat that a litre of coolant carries: water with a quarter of propylene glycol (J/l/K).
const LITRE: f64 = 4.0e3;
/// A valve so far below `open` has room (%).
const ROOM: f64 = 10.0;

/// What is known of an exchanger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fouling {
    approach: Mean,
    /// What it came to last.
    known: Option<f64>,
}

impl Fouling {
    /// The approach brought to the rated load (K), 0 while the valve has room; its last word while it says
    /// nothing.
    #[must_use]
    pub const fn approach(&self) -> Option<f64> {
        self.known
    }

    /// One scan; `tripped` says whether the valve may be shut for the dew point.
    pub fn step(&mut self, scan: &Scan<'_>, tripped: bool) {
        // One that is shut for the dew point, or held by somebody, is not where the exchanger lets it be.
        let free = !tripped && scan.scene.person(scan.wiring.valve).is_none();
        self.approach.take(now(scan, free).unwrap_or(f64::NAN), scan.scene.dt);
        self.known = self.approach.value().or(self.known);
    }
}

/// What the approach says now; nothing where something is not known, or the load is too small. `free`: the valve is where its loop wants
/// it.
fn now(scan: &Scan<'_>, free: bool) -> Option<f64> {
    let (scene, of, rules) = (scan.scene, scan.of.of, &scan.tuning.fouling);
    let water = scene.hall.machinery.facility_water?;
    let (supply, back) = (scene.fresh(of.supply)?, scene.fresh(of.return_coolant)?);
    let (flow, valve) = (scene.fresh(of.flow)?, scene.fresh(of.valve)?);
    let share = flow * LITRE * (back - supply) / rules.rated.0;
    if share < rules.load {
        return None;
    }
    if valve < rules.open.0 - ROOM {
        return free.then_some(0.0);
    }
    let approach = supply - scene.fresh(water.supply)?;
    (valve >= rules.open.0).then_some(approach / share)
}
