//! A first-order lag with dead time behind a valve that takes its time.

use std::collections::VecDeque;

use plant::convert::u64_from_f64_rounded;

/// Seconds that one [`Plant::advance`] covers.
pub const STEP: f64 = 0.1;

/// `τ·dy/dt = offset + gain·valve(t − L) − y`, advanced exactly over each [`STEP`].
pub struct Plant {
    /// Output per % of valve; a test may change it on the way.
    pub gain: f64,
    /// The output.
    pub y: f64,
    /// Where the valve is (%).
    pub valve: f64,
    keep: f64,
    per_step: f64,
    line: VecDeque<f64>,
}

impl Plant {
    /// At rest with the valve at `valve` and the given offset. Times in seconds; no stroke time: the valve jumps.
    pub fn at_rest((gain, tau, dead): (f64, f64, f64), stroke: Option<f64>, valve: f64, offset: f64) -> Self {
        let line = (0..u64_from_f64_rounded(dead / STEP)).map(|_| valve).collect();
        Self {
            gain,
            y: offset + gain * valve,
            valve,
            keep: libm::exp(-STEP / tau),
            per_step: stroke.map_or(f64::MAX, |stroke| 100.0 / stroke * STEP),
            line,
        }
    }

    /// One [`STEP`] with the valve on its way to `command` (not a number: it stays); returns the output.
    pub fn advance(&mut self, command: f64, offset: f64) -> f64 {
        if command.is_finite() {
            self.valve += (command - self.valve).max(-self.per_step).min(self.per_step);
        }
        self.line.push_back(self.valve);
        let arriving = self.line.pop_front().unwrap_or(self.valve);
        let rest = offset + self.gain * arriving;
        self.y = rest + (self.y - rest) * self.keep;
        self.y
    }
}
