//! What was seen in a trial: output and pv, in a buffer that never grows.

use serde::{Deserialize, Serialize};

/// The most samples that are kept; a longer trial is kept more coarsely.
const MOST: usize = 1024;

/// What was seen between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How long it lasted (s, > 0).
    pub dt: f64,
    /// What the output was meanwhile, on average (%).
    pub output: f64,
    /// The pv at its end, in its own unit.
    pub pv: f64,
}

/// A record. All its memory is taken when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    samples: Vec<Sample>,
    /// What has not been kept yet.
    open: Option<Sample>,
    /// So many of what is taken make one that is kept.
    grain: u32,
    /// So many of these are in `open`.
    filled: u32,
}

impl Default for Record {
    fn default() -> Self {
        Self { samples: Vec::with_capacity(MOST), open: None, grain: 1, filled: 0 }
    }
}

impl Record {
    /// Every sample, the oldest first.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// How long it is (s).
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples.iter().map(|sample| sample.dt).sum()
    }

    /// Takes what was seen. Once it is full it keeps half as many, each over twice the time.
    pub fn take(&mut self, sample: Sample) {
        if !(sample.dt > 0.0 && sample.dt.is_finite() && sample.output.is_finite() && sample.pv.is_finite()) {
            return;
        }
        let open = self.open.map_or(sample, |open| joined(open, sample));
        self.filled += 1;
        if self.filled < self.grain {
            self.open = Some(open);
            return;
        }
        (self.open, self.filled) = (None, 0);
        if self.samples.len() >= MOST {
            self.halve();
        }
        self.samples.push(open);
    }

    /// The mean of the pv over the last so many seconds, but for the very last `skip` of them, in the pv's unit; nothing where it is
    /// shorter than that.
    #[must_use]
    pub fn mean(&self, seconds: f64, skip: f64) -> Option<f64> {
        let (mut age, mut time, mut sum) = (0.0, 0.0, 0.0);
        for sample in self.samples.iter().rev() {
            if age >= skip {
                time += sample.dt;
                sum += sample.dt * sample.pv;
            }
            age += sample.dt;
            if age >= seconds + skip {
                return Some(sum / time).filter(|mean| mean.is_finite());
            }
        }
        None
    }

    /// The lowest and the highest pv of the last so many seconds.
    #[must_use]
    pub fn spread(&self, seconds: f64) -> (f64, f64) {
        let (mut age, mut ends) = (0.0, (f64::INFINITY, f64::NEG_INFINITY));
        for sample in self.samples.iter().rev() {
            ends = (ends.0.min(sample.pv), ends.1.max(sample.pv));
            age += sample.dt;
            if age >= seconds {
                break;
            }
        }
        ends
    }

    /// Makes one of every two.
    fn halve(&mut self) {
        let half = self.samples.len() / 2;
        for n in 0..half {
            let pair = (self.samples.get(2 * n).copied(), self.samples.get(2 * n + 1).copied());
            if let ((Some(first), Some(second)), Some(slot)) = (pair, self.samples.get_mut(n)) {
                *slot = joined(first, second);
            }
        }
        self.samples.truncate(half);
        self.grain = self.grain.saturating_mul(2);
    }
}

/// Two that follow each other, as one.
fn joined(first: Sample, second: Sample) -> Sample {
    let dt = first.dt + second.dt;
    Sample { dt, output: (first.dt * first.output + second.dt * second.output) / dt, pv: second.pv }
}
