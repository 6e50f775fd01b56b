//! What a run leaves besides its verdicts: its figures, by name. The one place where they are handed out.

use std::collections::VecDeque;

use plant::time::Span;
use sim::World;

/// The demand window (s).
const WINDOW: f64 = 900.0;
/// Joules of a kilowatt-hour.
const KWH: f64 = 3.6e6;

/// A run's figures so far, counted from the end of its warm-up.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    facility: f64,
    it: f64,
    cooling: f64,
    worst_inlet: Option<f64>,
    /// What the facility took in each step of the last demand window (s, J).
    window: VecDeque<(f64, f64)>,
    length: f64,
    energy: f64,
    peak: Option<f64>,
}

impl Outcome {
    /// Every figure's name.
    pub const NAMES: [&'static str; 6] =
        ["facility-kwh", "it-kwh", "cooling-kwh", "pue", "peak-15min-kw", "worst-inlet-cel"];

    /// Takes in a step.
    pub fn take(&mut self, dt: Span, world: &World) {
        let (dt, chain) = (dt.seconds(), world.chain());
        self.facility += dt * chain.utility;
        self.it += dt * chain.it;
        self.cooling += dt * chain.cooling;
        let hottest = world.hottest_inlet().unwrap_or(f64::NEG_INFINITY);
        self.worst_inlet = Some(self.worst_inlet.unwrap_or(f64::NEG_INFINITY).max(hottest)).filter(|t| t.is_finite());
        self.window.push_back((dt, dt * chain.utility));
        self.length += dt;
        self.energy += dt * chain.utility;
        while self.length > WINDOW + 1e-9 {
            let Some((dt, energy)) = self.window.pop_front() else { break };
            self.length -= dt;
            self.energy -= energy;
        }
        if self.length >= WINDOW - 1e-9 {
            self.peak = Some(self.peak.unwrap_or(0.0).max(self.energy / WINDOW / 1e3));
        }
    }

    /// A figure by its name; nothing where the run has none.
    pub fn kpi(&self, name: &str) -> Option<f64> {
        match name {
            "facility-kwh" => Some(self.facility / KWH),
            "it-kwh" => Some(self.it / KWH),
            "cooling-kwh" => Some(self.cooling / KWH),
            "pue" => (self.it > 0.0).then(|| self.facility / self.it),
            "peak-15min-kw" => self.peak,
            "worst-inlet-cel" => self.worst_inlet,
            _ => None,
        }
    }
}
