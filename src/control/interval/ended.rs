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

/// So long before now windows are looked at (ms): a billing period, and more than the record of what flowed holds.
const LONGEST: i64 = 40 * 86_400_000;

/// Calls with each window of a demand that has ended, the earliest first: by the clock of energy (ms), and by the wall. Allocates nothing.
pub fn ended(tariff: &Tariff, charge: &DemandCharge, of: &Ended<'_>, mut each: impl FnMut((i64, i64), (Wall, Wall))) {
    let (at, offset, length) = (of.at, of.offset, charge.window.length.max(1));
    let first = at.saturating_sub(length);
    let mut last = of.last.max(at.saturating_sub(LONGEST));
    // Of instants that are as far apart as a window is long each window holds one.
    while last < at {
        let begins = of.trace.instants().filter(|begin| *begin <= first).map(|begin| Wall(begin + offset));
        charge.open(tariff, Wall(last + offset), begins, |begin, end| {
            let (from, to) = (begin.0 - offset, end.0 - offset);
            if to <= at {
                each((from, to), (begin, end));
            }
        });
        last = last.saturating_add(length);
    }
}
