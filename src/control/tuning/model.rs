//! A first-order process with dead time, and how near a PI loop on it is to swinging.

use libm::{atan, cos, exp, log, sin, sqrt};
use plant::hall::LoopTuning;
use serde::{Deserialize, Serialize};

/// Frequencies that are looked at, from slow to fast in equal ratios.
const FREQUENCIES: u32 = 400;
/// Halvings of the step around the worst frequency.
const NEARER: u32 = 24;

/// **Equation** `lag · dx/dt = gain · u(t − dead) − x`, for deviations from rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fopdt {
    /// How far the pv goes for each percent of output (unit of pv per %, negative where it falls).
    pub gain: f64,
    /// The time constant (s, > 0).
    pub lag: f64,
    /// The dead time (s, ≥ 0).
    pub dead: f64,
}

/// How a PI loop is tuned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gains {
    /// Proportional gain (% of output per unit of pv, > 0).
    pub gain: f64,
    /// Integral time (s, > 0).
    pub ti: f64,
}

impl Gains {
    /// Those of a loop's tuning; a derivative is no part of them.
    #[must_use]
    pub fn of(tuning: &LoopTuning) -> Self {
        Self { gain: tuning.gain, ti: tuning.ti.seconds() }
    }

    /// True when both are finite and positive.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        [self.gain, self.ti].into_iter().all(|x| x.is_finite() && x > 0.0)
    }

    /// The integral of the error after a load of 1 % of output (unit of pv times s): Ti/K.
    #[must_use]
    pub fn error_of_load(&self) -> f64 {
        self.ti / self.gain
    }
}

impl Fopdt {
    /// True when every number is finite and inside its range, and the gain is not zero.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let finite = [self.gain, self.lag, self.dead].into_iter().all(f64::is_finite);
        finite && self.gain != 0.0 && self.lag > 0.0 && self.dead >= 0.0
    }

    /// The share of dead time in all delay (1, 0 to 1): near 0 a lag leads, near 1 dead time does.
    #[must_use]
    pub fn dead_share(&self) -> f64 {
        self.dead / (self.dead + self.lag)
    }

    /// The maximum sensitivity `Ms = max |1/(1 + C·P)|` of a PI loop on it (1, ≥ 1): the inverse of the distance to swinging
    /// for ever. Infinite for a loop that does swing, and for numbers that are no process or no tuning.
    #[must_use]
    pub fn sensitivity(&self, gains: Gains) -> f64 {
        if !self.is_sound() || !gains.is_sound() {
            return f64::INFINITY;
        }
        let slow = 1e-3 / (self.lag + self.dead).max(gains.ti);
        let fast = 100.0 / self.lag.min(gains.ti).min(self.dead.max(1e-3 * self.lag));
        let ratio = exp(log(fast / slow) / f64::from(FREQUENCIES));
        let (mut worst, mut at, mut frequency) = (1.0, slow, slow);
        for _ in 0..FREQUENCIES {
            let Some(here) = self.sensitivity_at(gains, frequency) else { return f64::INFINITY };
            if here > worst {
                (worst, at) = (here, frequency);
            }
            frequency *= ratio;
        }
        let mut factor = ratio;
        for _ in 0..NEARER {
            factor = sqrt(factor);
            for near in [at / factor, at * factor] {
                let Some(here) = self.sensitivity_at(gains, near) else { return f64::INFINITY };
                if here > worst {
                    (worst, at) = (here, near);
                }
            }
        }
        worst
    }

    /// `|1/(1 + C·P)|` at a frequency (rad/s). Nothing where the loop comes back no weaker, and turned by half a circle: its gain falls
    /// with frequency, so it swings then.
    fn sensitivity_at(&self, gains: Gains, w: f64) -> Option<f64> {
        let (turned, slowed) = (w * gains.ti, w * self.lag);
        let size = self.gain.abs() * gains.gain * sqrt((1.0 + turned * turned) / (1.0 + slowed * slowed)) / turned;
        let phase = atan(turned) - core::f64::consts::FRAC_PI_2 - atan(slowed) - w * self.dead;
        if size >= 1.0 && phase <= -core::f64::consts::PI {
            return None;
        }
        let (real, imaginary) = (1.0 + size * cos(phase), size * sin(phase));
        Some(1.0 / sqrt(real * real + imaginary * imaginary))
    }
}
