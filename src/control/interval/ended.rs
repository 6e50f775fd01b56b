//! The windows that have ended, for who looks at their means.

use plant::time::Wall;

use super::Trace;
use crate::control::tariff::{DemandCharge, Tariff};

/// A stretch of time in which windows have ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// What flowed: windows of a rolling demand begin at its marks.
    pub trace: &'a Trace,
    /// Up to when windows were looked at before (ms, clock of energy).
    pub last: i64,
    /// Up to when they are now.
    pub at: i64,
    /// What the wall clock is ahead of the clock of energy (ms).
    pub offset: i64,
}

/// Calls with each window of a demand that has ended: by the clock of energy (ms), and by the wall. Allocates nothing.
pub fn ended(tariff: &Tariff, charge: &DemandCharge, of: &Ended<'_>, mut each: impl FnMut((i64, i64), (Wall, Wall))) {
    let (at, offset) = (of.at, of.offset);
    let first = at.saturating_sub(charge.window.length);
    let begins = of.trace.instants().filter(|begin| *begin <= first).map(|begin| Wall(begin + offset));
    charge.open(tariff, Wall(of.last + offset), begins, |begin, end| {
        let (from, to) = (begin.0 - offset, end.0 - offset);
        if to <= at {
            each((from, to), (begin, end));
        }
    });
}
