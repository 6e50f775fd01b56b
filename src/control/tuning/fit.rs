//! The process that explains a record best: least squares over what a first-order process with dead time would have done with the
//! outputs that were sent.
//!
//! Gain and rest follow from lag and dead time by regression; these two are searched, first on a grid, then ever closer around its best.

use libm::{exp, log, sqrt};
use serde::{Deserialize, Serialize};

use super::model::Fopdt;
use super::record::{Record, Sample};

/// Fewer samples say nothing.
const FEWEST: usize = 20;
/// Lags on the grid, in equal ratios.
const LAGS: u32 = 20;
/// Dead times on the grid, in equal steps.
const DEADS: u32 = 20;
/// How often the best is looked around at most.
const ROUNDS: u32 = 120;
/// How much closer where nothing around it is better (1), and how close is close enough (1, of the grid's steps).
const CLOSER: f64 = 0.6;
const CLOSE: f64 = 1e-4;

/// A process, and how well it explains a record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The process.
    pub process: Fopdt,
    /// Where the pv was at rest, in its unit.
    pub rest: f64,
    /// The share of the pv's variance that it explains (1, at most 1).
    pub explained: f64,
    /// What is left: the standard deviation of pv from process, in the pv's unit.
    pub noise: f64,
}

impl Fit {
    /// The best process for a record whose output stood at `base` (%) before it was moved. Nothing for a record too short to say, or one in which
    /// output or pv never moved.
    #[must_use]
    pub fn of(record: &Record, base: f64) -> Option<Self> {
        let samples = record.samples();
        let seconds = record.seconds();
        if samples.len() < FEWEST {
            return None;
        }
        let shortest = seconds / plant::convert::f64_from_usize(samples.len());
        let try_one = |lag: f64, dead: f64| Try::of(samples, base, (lag, dead));
        let ratio = log(4.0 * seconds / shortest) / f64::from(LAGS);
        let mut best: Option<Try> = None;
        let mut keep = |one: Option<Try>| {
            if let Some(one) = one.filter(|one| best.is_none_or(|best| one.error < best.error)) {
                best = Some(one);
            }
            best
        };
        for n in 0..=LAGS {
            for m in 0..DEADS {
                let lag = 0.25 * shortest * exp(ratio * f64::from(n));
                keep(try_one(lag, 0.4 * seconds * f64::from(m) / f64::from(DEADS)));
            }
        }
        let (wide, far) = (ratio, 0.4 * seconds / f64::from(DEADS));
        let mut close = 1.0;
        for _ in 0..ROUNDS {
            let before = keep(None)?;
            for (slower, later) in AROUND {
                let dead = before.process.dead + close * far * later;
                keep(try_one(before.process.lag * exp(close * wide * slower), dead.max(0.0)));
            }
            if keep(None).is_some_and(|best| best.error >= before.error) {
                close *= CLOSER;
            }
            if close < CLOSE {
                break;
            }
        }
        best.map(|best| best.fit(samples))
    }
}

/// Where to look around the best.
const AROUND: [(f64, f64); 10] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, 1.0),
    (0.0, -1.0),
    (1.0, -1.0),
    (-1.0, 1.0),
    (1.0, 1.0),
    (-1.0, -1.0),
    (0.5, -0.5),
    (-0.5, 0.5),
];

/// One lag and one dead time with what regression makes of them.
#[derive(Clone, Copy)]
struct Try {
    process: Fopdt,
    rest: f64,
    /// The sum of squares of what is left.
    error: f64,
}

impl Try {
    fn of(samples: &[Sample], base: f64, (lag, dead): (f64, f64)) -> Option<Self> {
        let first = samples.first()?.pv;
        let (mut one, mut x1, mut x2, mut y1, mut y2, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        let (mut delayed, mut x) = (Delayed::new(samples, base), 0.0);
        let (mut fade_of, mut fade) = (0.0, 1.0);
        for sample in samples {
            if sample.dt != fade_of {
                (fade_of, fade) = (sample.dt, exp(-sample.dt / lag));
            }
            x = fade * x + (1.0 - fade) * delayed.next(sample.dt, dead);
            let y = sample.pv - first;
            one += 1.0;
            x1 += x;
            x2 += x * x;
            y1 += y;
            y2 += y * y;
            xy += x * y;
        }
        let spread = one * x2 - x1 * x1;
        let gain = (one * xy - x1 * y1) / spread;
        let level = (y1 - gain * x1) / one;
        let error = (y2 - gain * xy - level * y1).max(0.0);
        let process = Fopdt { gain, lag, dead };
        (spread > 0.0 && process.is_sound()).then_some(Self { process, rest: level + first, error })
    }

    fn fit(&self, samples: &[Sample]) -> Fit {
        let count = plant::convert::f64_from_usize(samples.len());
        let mean = samples.iter().map(|sample| sample.pv).sum::<f64>() / count;
        let all: f64 = samples.iter().map(|sample| (sample.pv - mean) * (sample.pv - mean)).sum();
        let explained = if all > 0.0 { 1.0 - self.error / all } else { 0.0 };
        Fit { process: self.process, rest: self.rest, explained, noise: sqrt(self.error / count) }
    }
}

/// The output as it was `dead` seconds ago, over one sample after the other.
struct Delayed<'r> {
    samples: &'r [Sample],
    base: f64,
    /// The time of the model (s), and that up to which `rest` has been used (s).
    now: f64,
    used: f64,
    /// The index of the sample that is being used, and what is left of it (s).
    at: usize,
    left: f64,
}

impl<'r> Delayed<'r> {
    fn new(samples: &'r [Sample], base: f64) -> Self {
        let left = samples.first().map_or(0.0, |sample| sample.dt);
        Self { samples, base, now: 0.0, used: 0.0, at: 0, left }
    }

    /// The mean of the delayed output above its base, over the next `dt` seconds (%).
    fn next(&mut self, dt: f64, dead: f64) -> f64 {
        self.now += dt;
        let (until, mut sum) = (self.now - dead, 0.0);
        while self.used < until {
            let Some(sample) = self.samples.get(self.at) else { break };
            let takes = self.left.min(until - self.used);
            sum += takes * (sample.output - self.base);
            self.used += takes;
            self.left -= takes;
            if self.left <= 1e-9 * sample.dt {
                self.at += 1;
                self.left = self.samples.get(self.at).map_or(0.0, |next| next.dt);
            }
            if takes <= 0.0 && self.left <= 0.0 {
                break;
            }
        }
        sum / dt
    }
}
