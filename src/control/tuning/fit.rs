//! The process that explains a record best: least squares over what a first-order process with dead time would have done with the
//! outputs that were sent.
//!
//! Gain and rest, and how far the pv was from that at the begin, follow from lag and dead time by regression; these two are searched, first on a
//! grid, then ever closer around its best.

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
/// Where the begin is taken for a part of the record it explains so much of what is left (1), and changes the lag by no more than so many times.
const MUCH: f64 = 0.5;
const FARTHEST: f64 = 4.0;
/// Two regressors that share more than the rest of this of their variance are one (1).
const APART: f64 = 1e-3;
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
        let ratio = log(4.0 * seconds / shortest) / f64::from(LAGS);
        let mut best: Option<Try> = None;
        for n in 0..=LAGS {
            for m in 0..DEADS {
                let lag = 0.25 * shortest * exp(ratio * f64::from(n));
                let one = Try::of(samples, base, ((lag, 0.4 * seconds * f64::from(m) / f64::from(DEADS)), false));
                if let Some(one) = one.filter(|one| best.is_none_or(|best| one.error < best.error)) {
                    best = Some(one);
                }
            }
        }
        let around = (ratio, 0.4 * seconds / f64::from(DEADS));
        let plain = closer(best?, around, |at| Try::of(samples, base, (at, false)));
        // A pv that has nearly come to rest goes on for a lag or two: where that explains much of what is left, it was so.
        let begun = Try::of(samples, base, ((plain.process.lag, plain.process.dead), true));
        let begun = begun.map(|begun| closer(begun, around, |at| Try::of(samples, base, (at, true))));
        let much = |one: &Try| one.error < MUCH * plain.error && one.process.lag < FARTHEST * plain.process.lag;
        let better = begun.filter(much).unwrap_or(plain);
        Some(better.fit(samples))
    }
}

/// The best that there is near another one, in equal ratios of the lag and equal steps of the dead time.
fn closer(from: Try, (wide, far): (f64, f64), try_one: impl Fn((f64, f64)) -> Option<Try>) -> Try {
    let (mut best, mut close) = (from, 1.0);
    for _ in 0..ROUNDS {
        let before = best;
        for (slower, later) in AROUND {
            let (lag, dead) =
                (before.process.lag * exp(close * wide * slower), before.process.dead + close * far * later);
            if let Some(one) = try_one((lag, dead.max(0.0))).filter(|one| one.error < best.error) {
                best = one;
            }
        }
        if best.error >= before.error {
            close *= CLOSER;
        }
        if close < CLOSE {
            break;
        }
    }
    best
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
    /// With `stirred` the pv may have been off its rest at the begin.
    fn of(samples: &[Sample], base: f64, ((lag, dead), stirred): ((f64, f64), bool)) -> Option<Self> {
        let first = samples.first()?.pv;
        let mut sums = Sums::default();
        let (mut delayed, mut x, mut z) = (Delayed::new(samples, base), 0.0, 1.0);
        let (mut fade_of, mut fade) = (0.0, 1.0);
        for sample in samples {
            if sample.dt != fade_of {
                (fade_of, fade) = (sample.dt, exp(-sample.dt / lag));
            }
            x = fade * x + (1.0 - fade) * delayed.next(sample.dt, dead);
            z *= fade;
            sums.take(x, z, sample.pv - first);
        }
        let (gain, level, error) = sums.solve(stirred);
        let process = Fopdt { gain, lag, dead };
        process.is_sound().then_some(Self { process, rest: level + first, error })
    }

    fn fit(&self, samples: &[Sample]) -> Fit {
        let count = plant::convert::f64_from_usize(samples.len());
        let mean = samples.iter().map(|sample| sample.pv).sum::<f64>() / count;
        let all: f64 = samples.iter().map(|sample| (sample.pv - mean) * (sample.pv - mean)).sum();
        let explained = if all > 0.0 { 1.0 - self.error / all } else { 0.0 };
        Fit { process: self.process, rest: self.rest, explained, noise: sqrt(self.error / count) }
    }
}

/// What regression of `y = gain·x + level + left·z` needs: `x` is what the outputs did to a process of gain 1, `z` what is left of where it
/// stood at the begin, for a pv that has nearly come to rest goes on for a lag or two.
#[derive(Clone, Copy, Default)]
struct Sums {
    one: f64,
    x: f64,
    z: f64,
    y: f64,
    xx: f64,
    xz: f64,
    zz: f64,
    xy: f64,
    zy: f64,
    yy: f64,
}

impl Sums {
    fn take(&mut self, x: f64, z: f64, y: f64) {
        (self.one, self.x, self.z, self.y) = (self.one + 1.0, self.x + x, self.z + z, self.y + y);
        (self.xx, self.xz, self.zz) = (self.xx + x * x, self.xz + x * z, self.zz + z * z);
        (self.xy, self.zy, self.yy) = (self.xy + x * y, self.zy + z * y, self.yy + y * y);
    }

    /// Gain, level and the sum of squares of what is left; unless `stirred`, nothing is left of the begin. Where `x` and `z` can hardly be told apart nothing is left of the begin.
    fn solve(&self, stirred: bool) -> (f64, f64, f64) {
        let about = |product: f64, a: f64, b: f64| product - a * b / self.one;
        let (xx, xz, zz) =
            (about(self.xx, self.x, self.x), about(self.xz, self.x, self.z), about(self.zz, self.z, self.z));
        let (xy, zy, yy) =
            (about(self.xy, self.x, self.y), about(self.zy, self.z, self.y), about(self.yy, self.y, self.y));
        let apart = xx * zz - xz * xz;
        let (gain, left) = if stirred && apart > APART * xx * zz {
            ((xy * zz - zy * xz) / apart, (zy * xx - xy * xz) / apart)
        } else {
            (xy / xx, 0.0)
        };
        let level = (self.y - gain * self.x - left * self.z) / self.one;
        (gain, level, (yy - gain * xy - left * zy).max(0.0))
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
