//! What moves a loop ahead of the heat: the load of its row, measured and announced. Equation: [`plant::hall::feed_forward`].
//!
//! It is kept as a sum of changes, so that neither a new gain nor a reading that is seen for the first time bumps the output.

use plant::hall::feed_forward::{Ahead, FeedForward};
use serde::{Deserialize, Serialize};

use super::circuit::Circuit;
use super::{Scene, Service};

/// It never moves an output by more than all of it (%).
const ALL: f64 = 100.0;

/// What a loop is moved ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// The load of its row above what it was at first, falling slowly (1).
    load: f64,
    /// What comes of it (%).
    output: f64,
    /// What a sequence adds, which knows of a load itself (%).
    told: f64,
}

impl Feed {
    /// What is added to the loop's output (%, -100 to 100).
    #[must_use]
    pub const fn output(&self) -> f64 {
        (self.output + self.told).clamp(-ALL, ALL)
    }

    /// A sequence says what load it knows of: so much is added until it says otherwise (%).
    pub(super) fn tell(&mut self, percent: f64) {
        if percent.is_finite() {
            self.told = percent;
        }
    }

    /// One scan.
    pub(super) fn step(&mut self, circuit: &Circuit, rules: &FeedForward, scene: &Scene<'_>) {
        if circuit.heats.is_empty() {
            return;
        }
        let ahead = circuit.service.ahead(rules);
        let load = scene.forecast.moved(ahead.lead, |row| circuit.heats.contains(&row));
        let dt = scene.dt.min(scene.longest).seconds();
        let before = self.load;
        // Up at once; down slowly, and through a pause not at all.
        self.load = if load >= before { load } else { before + (load - before) * dt / (rules.fall.seconds() + dt) };
        self.output += ahead.gain * ALL * (self.load - before);
    }
}

impl Service {
    /// How loops of this kind are moved ahead of the heat.
    #[must_use]
    const fn ahead(self, rules: &FeedForward) -> Ahead {
        match self {
            Self::Fans => rules.fans,
            Self::Valve => rules.valves,
            Self::CduValve => rules.cdu_valves,
            Self::DoorValve => rules.door_valves,
            Self::Pump => rules.pumps,
            // These hold a pressure, a water that many share, or one tank: what rows draw says little of them.
            Self::TowerFans(_)
            | Self::Head(_)
            | Self::DryFans
            | Self::Damper
            | Self::Compressor
            | Self::TankValve
            | Self::CondenserValve
            | Self::CduPumps => Ahead::NONE,
        }
    }
}
