//! The billed windows of a demand within the slots of a plan.

use core::ops::Range;

use super::problem::{Demand, WindowKind};
use super::slots::Slots;

/// A window: slots of the plan, and what flowed in it before.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its slots of the plan.
    pub slots: Range<usize>,
    /// What flowed before in it (the sum of the kW of its slots).
    pub before: f64,
    /// Over how many slots its mean is taken: also where it ends after the plan, as if it went on like the part that is planned.
    pub length: f64,
}

impl Window {
    /// Its mean (kW) under a site's load.
    pub fn mean(&self, site: &Slots) -> f64 {
        (self.before + self.slots.clone().map(|slot| site.at(slot)).sum::<f64>()) / self.length
    }
}

/// All windows of a demand that count, in the order of their ends.
pub fn windows(demand: &Demand, slots: usize) -> Vec<Window> {
    let length = demand.length.max(1);
    let counts = |range: &Range<usize>| {
        demand.active.is_empty() || range.clone().all(|slot| demand.active.get(slot).copied().unwrap_or(false))
    };
    let known = demand.before.len().min(length - 1);
    let past = |many: usize| demand.before.iter().rev().take(many).sum::<f64>();
    let ranges: Vec<(Range<usize>, usize)> = match demand.kind {
        WindowKind::Fixed => {
            let first = (0..(length - known).min(slots), known);
            let rest = (length - known..slots).step_by(length).map(|from| (from..(from + length).min(slots), 0));
            core::iter::once(first).chain(rest).collect()
        }
        WindowKind::Rolling => (1..=slots)
            .filter(|end| end + known >= length)
            .map(|end| (end.saturating_sub(length)..end, length.saturating_sub(end)))
            .collect(),
    };
    ranges
        .into_iter()
        .filter(|(range, _)| !range.is_empty() && counts(range))
        .map(|(slots, before)| {
            let length = plant::convert::f64_from_usize(slots.len() + before);
            Window { slots, before: past(before), length }
        })
        .collect()
}
