//! The quarter of an hour that runs: what has flowed in it, and whether all of it was seen.

use plant::convert::f64_from_i64;
use plant::time::Tick;
use serde::{Deserialize, Serialize};

use super::{Load, QUARTER_MS, begin, quarter};

/// So much of a quarter may be missing, and it was seen whole (s).
const MISSING: f64 = 9.0;
/// The wall clock and the time that passes may differ by so much between two scans (s): more is a clock that was set.
const SET: f64 = 2.0;
/// A scan says nothing of longer than this (s).
const LONGEST: f64 = 90.0;

/// The quarter that runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    quarter: i64,
    /// When the last scan was (ms).
    at: i64,
    /// What flowed (Ws), and for how long that is known (s).
    flowed: f64,
    seen: f64,
    /// Our own caps held loads back for so long (s).
    held: f64,
}

/// A quarter that is over, and was seen whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closed {
    /// Which.
    pub quarter: i64,
    /// Its mean (W).
    pub mean: f64,
    /// Our own caps held loads back in it.
    pub held: bool,
}

impl Open {
    const fn at(wall: i64, quarter: i64) -> Self {
        Self { quarter, at: wall, flowed: 0.0, seen: 0.0, held: 0.0 }
    }

    /// Which it is.
    pub const fn quarter(&self) -> i64 {
        self.quarter
    }

    /// Its mean so far (W); nothing before so much of it was seen (s).
    pub fn mean(&self, least: f64) -> Option<f64> {
        (self.seen >= least).then(|| self.flowed / self.seen)
    }

    /// One scan, by a clock that is trusted: what flows now counts for the time since the scan before. The quarter that is over by that, where it was seen whole.
    pub fn step(open: &mut Option<Self>, load: Load, tick: Tick) -> Option<Closed> {
        let (now, wall) = (quarter(tick.wall), tick.wall.0);
        let Some(before) = open else {
            *open = Some(Self::at(wall, now));
            return None;
        };
        let (passed, dt) = (f64_from_i64(wall.saturating_sub(before.at)) / 1e3, tick.dt.seconds());
        if passed < 0.0 || (passed - dt).abs() > SET || passed > LONGEST {
            *open = Some(Self::at(wall, now));
            return None;
        }
        if before.quarter == now {
            before.take(load, passed);
            before.at = wall;
            return None;
        }
        // The part before the quarter's end is its own.
        let after = f64_from_i64(wall.saturating_sub(begin(now).0)) / 1e3;
        before.take(load, (passed - after).max(0.0));
        let closed = before.closed();
        let mut next = Self::at(wall, now);
        next.take(load, after.min(passed));
        *open = Some(next);
        closed
    }

    fn take(&mut self, load: Load, dt: f64) {
        let Some(free) = load.free else { return };
        self.flowed += free.0 * dt;
        self.seen += dt;
        self.held += if load.held { dt } else { 0.0 };
    }

    fn closed(&self) -> Option<Closed> {
        let whole = self.seen >= f64_from_i64(QUARTER_MS) / 1e3 - MISSING;
        whole.then(|| Closed {
            quarter: self.quarter,
            mean: (self.flowed / self.seen).max(0.0),
            held: self.held > MISSING,
        })
    }
}
