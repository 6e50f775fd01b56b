//! The rules by which gains follow from a process.

use serde::{Deserialize, Serialize};

use super::model::{Fopdt, Gains};

/// No loop is tuned nearer to swinging than this (maximum sensitivity, 1).
pub const MOST_SENSITIVE: f64 = 1.6;

/// Noise moves no output by more than this (%, standard deviation): what moves more wears the actuator and cools nothing.
pub const MOST_RESTLESS: f64 = 0.5;

/// Dead time is taken for longer, up to this often, before a rule is given up.
const MOST_TIMES: f64 = 1000.0;
/// Halvings until the least such factor is found.
const HALVINGS: u32 = 40;
/// What a proposal stays below the most by, so that a number that is written and read again is no worse (1).
const ROUNDING: f64 = 1e-6;

/// A tuning rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Skogestad's: `K = T/(k·(τ + L))`, `Ti = min(T, 4·(τ + L))`, with `τ = L`.
    Simc,
    /// Åström and Hägglund's: `K = 0.15/k + (0.35 − L·T/(L + T)²)·T/(k·L)`, `Ti = 0.35·L + 13·L·T²/(T² + 12·L·T + 7·L²)`.
    Amigo,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::Simc, Self::Amigo];

    /// The word in files and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Simc => "simc",
            Self::Amigo => "amigo",
        }
    }

    /// The gains as the rule has them. Nothing for a process without dead time, on which any gain will do.
    #[must_use]
    pub fn gains(self, process: &Fopdt) -> Option<Gains> {
        let (k, t, l) = (process.gain.abs(), process.lag, process.dead);
        let gains = match self {
            Self::Simc => Gains { gain: t / (k * 2.0 * l), ti: t.min(8.0 * l) },
            Self::Amigo => Gains {
                gain: 0.15 / k + (0.35 - l * t / ((l + t) * (l + t))) * t / (k * l),
                ti: 0.35 * l + 13.0 * l * t * t / (t * t + 12.0 * l * t + 7.0 * l * l),
            },
        };
        Some(gains).filter(|gains| process.is_sound() && gains.is_sound())
    }

    /// The gains with a maximum sensitivity of 1.6 at most, and with which `noise` (a standard deviation, in the pv's unit) moves the output by
    /// half a percent at most: where the rule itself goes further, those that it has for the least longer dead time with which it does not.
    #[must_use]
    pub fn robust(self, process: &Fopdt, noise: f64) -> Option<Gains> {
        let with = |times: f64| self.gains(&Fopdt { dead: process.dead * times, ..*process });
        let calm = |gains: &Gains| {
            gains.gain * noise <= MOST_RESTLESS && process.sensitivity(*gains) <= MOST_SENSITIVE - ROUNDING
        };
        if let Some(gains) = with(1.0).filter(calm) {
            return Some(gains);
        }
        let mut enough = 2.0;
        while enough < MOST_TIMES && !with(enough).is_some_and(|gains| calm(&gains)) {
            enough *= 2.0;
        }
        let mut little = enough / 2.0;
        for _ in 0..HALVINGS {
            let middle = 0.5 * (little + enough);
            if with(middle).is_some_and(|gains| calm(&gains)) {
                enough = middle;
            } else {
                little = middle;
            }
        }
        with(enough).filter(calm)
    }
}
