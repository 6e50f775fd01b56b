//! A flow meter that says that water stands which a pump is seen to press: one of them lies, and it is the meter that no chiller waits for.
//!
//! ```text
//!   believed ── flow below `LEAST_FLOW` of design, a pump seen running, pressure above [`MOVES`] of what it is held at ─▶ not believed, at once
//!            ◀── flow, or no pressure, or no pump ──
//! ```
//!
//! What is not believed counts as not known: nothing is staged by it, nothing waits for it. It is told once it has been so for `TOLD`
//! with a meter that reads nothing at all: a little flow is also what valves leave that are all but shut.

use plant::event::Trouble;
use plant::hall::machinery::Circuit;
use plant::time::Span;
use plant::units::Quantity;
use serde::{Deserialize, Serialize};

use super::staging::{self, LEAST_FLOW};
use crate::control::pumps::MOVES;
use crate::control::scene::Scene;
use crate::control::sequence::Timer;
use crate::control::sequence::machine::Sight;

/// A meter below this reads nothing (1, of the design flow).
const NOTHING: f64 = 0.005;
/// For so long it is a matter of valves, or of a pump that starts.
const TOLD: Span = Span::from_secs(300);

/// What is remembered of a water's flow meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    nothing: Timer,
}

/// What a scan sees of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Flow over design (1); nothing where it is not known, or not believed.
    pub believed: Option<f64>,
    /// The meter reads nothing while a pump presses.
    pub dead: bool,
}

impl Meter {
    /// One scan; what there is to tell of it.
    pub(super) fn step(&mut self, dead: bool, dt: Span) -> Option<Trouble> {
        let before = self.trouble();
        self.nothing.count(dead, dt);
        self.trouble().filter(|_| before.is_none())
    }

    /// What is wrong with it.
    pub(super) fn trouble(self) -> Option<Trouble> {
        self.nothing.reached(TOLD).then_some(Trouble::MeterNotBelieved)
    }
}

impl Scene<'_> {
    /// The flow of a plant's water, held at `pressure` (Pa) where its pumps hold one.
    pub(super) fn flow(&self, of: &staging::Scene<'_>, pressure: f64) -> Flow {
        let plant = of.plant;
        let held = match plant.circuit {
            Circuit::ChilledWater => Some(pressure),
            Circuit::FacilityWater => of.rules.pumps.and_then(|pumps| pumps.dp).map(Quantity::get),
        };
        let share = self.fresh(plant.flow).map(|flow| flow / of.rules.design_flow.0);
        let pressed = held.zip(self.fresh(plant.dp)).is_some_and(|(held, dp)| dp > MOVES * held);
        let mut pumps = self.hall.machinery.pumps.iter().filter(|pump| pump.circuit == plant.circuit);
        let lies = pressed && pumps.any(|pump| self.sight(pump.of.running) == Sight::Known(true));
        Flow {
            believed: share.filter(|share| !(lies && *share < LEAST_FLOW)),
            dead: lies && share.is_some_and(|share| share < NOTHING),
        }
    }
}
