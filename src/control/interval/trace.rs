//! What went through the meter in the last hours: its running total, marked every few seconds.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::hours;

/// Marks are at least so far apart (ms).
const STEP: i64 = 5_000;
/// What flowed between marks that are no farther apart is taken as even (ms).
const EVEN: i64 = 6 * STEP;
/// So many marks: an hour, the longest window, and half an hour for windows that wait for a clock that is believed.
const MARKS: usize = 1084;

/// The total at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Mark {
    /// On the clock of energy (ms).
    at: i64,
    /// Since the start of the record (Wh).
    wh: f64,
}

/// The running total over the last window and more. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    marks: VecDeque<Mark>,
    /// The last total that was known.
    newest: Option<Mark>,
}

/// What flowed, at the least and at the most (Wh).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flowed {
    /// At the least.
    pub least: f64,
    /// At the most.
    pub most: f64,
}

/// What is supposed of what the trace does not hold (W).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supposed {
    /// No circuit carries more: where in a gap its energy flowed.
    pub most: f64,
    /// What flowed before the first mark.
    pub before: f64,
    /// What has flowed since the last one.
    pub since: f64,
}

impl Default for Trace {
    fn default() -> Self {
        Self { marks: VecDeque::with_capacity(MARKS), newest: None }
    }
}

impl Trace {
    /// Room for all that is ever marked, which a copy does not have.
    pub fn reserve(&mut self) {
        self.marks.reserve(MARKS.saturating_sub(self.marks.len()));
    }

    /// The meter's total is known at an instant (ms, Wh).
    pub fn mark(&mut self, at: i64, wh: f64) {
        let mark = Mark { at, wh };
        self.newest = Some(mark);
        if self.marks.back().is_some_and(|last| at < last.at.saturating_add(STEP)) {
            return;
        }
        if self.marks.len() >= MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
    }

    /// Nothing was marked since it lost count.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// The meter lost count: what flowed before says nothing about what flows from now on.
    pub fn forget(&mut self) {
        self.marks.clear();
        self.newest = None;
    }

    /// Instants between which what flowed is even, the oldest first (ms).
    pub fn instants(&self) -> impl Iterator<Item = i64> {
        self.marks.iter().chain(&self.newest).map(|mark| mark.at)
    }

    /// True where an instant (ms) is before the record.
    #[must_use]
    pub fn begins_after(&self, at: i64) -> bool {
        self.instants().next().is_some_and(|first| at < first)
    }

    /// Instants from one on that are before the record, as far apart as marks are, the earliest first (ms).
    pub fn before(&self, from: i64) -> impl Iterator<Item = i64> {
        let first = self.instants().next().unwrap_or(from);
        (0..).map(move |n: i64| from.saturating_add(n.saturating_mul(STEP))).take_while(move |at| *at < first)
    }

    /// What flowed between two instants (ms); the second may lie after the last mark.
    #[must_use]
    pub fn between(&self, from: i64, to: i64, supposed: &Supposed) -> Flowed {
        let ([least_from, most_from], [least_to, most_to]) = (self.total(from, supposed), self.total(to, supposed));
        Flowed { least: (least_to - most_from).max(0.0), most: (most_to - least_from).max(0.0) }
    }

    /// True where what flowed between two instants is known, and not supposed: both lie among marks, and at neither was there a gap.
    #[must_use]
    pub fn knows(&self, from: i64, to: i64) -> bool {
        let sure = |at: i64| match self.beside(at) {
            (Some(before), Some(after)) => before.at == at || after.at - before.at <= EVEN,
            (Some(last), None) => at == last.at,
            (None, _) => false,
        };
        sure(from) && sure(to)
    }

    /// The mean power between two instants (W); nothing where it is not known what flowed.
    #[must_use]
    pub fn mean(&self, from: i64, to: i64) -> Option<f64> {
        let nothing = Supposed { most: 0.0, before: 0.0, since: 0.0 };
        (to > from && self.knows(from, to)).then(|| self.between(from, to, &nothing).least / hours(to - from))
    }

    /// The last mark at or before an instant, and the next one after it.
    fn beside(&self, at: i64) -> (Option<Mark>, Option<Mark>) {
        let next = self.marks.partition_point(|mark| mark.at <= at);
        let before = next.checked_sub(1).and_then(|place| self.marks.get(place)).copied();
        let after = self.marks.get(next).copied();
        match (before, after, self.newest) {
            (before, None, Some(newest)) if newest.at > at => (before, Some(newest)),
            (_, None, Some(newest)) => (Some(newest), None),
            (before, after, _) => (before, after),
        }
    }

    /// The total at an instant, at the least and at the most (Wh).
    fn total(&self, at: i64, supposed: &Supposed) -> [f64; 2] {
        match self.beside(at) {
            (Some(a), Some(b)) => {
                let (flowed, span) = (b.wh - a.wh, b.at - a.at);
                if span <= EVEN {
                    let share = plant::convert::f64_from_i64(at - a.at) / plant::convert::f64_from_i64(span.max(1));
                    return [a.wh + flowed * share; 2];
                }
                let (early, late) = (supposed.most * hours(at - a.at), supposed.most * hours(b.at - at));
                [a.wh + (flowed - late).max(0.0), a.wh + flowed.min(early)]
            }
            (Some(last), None) => [last.wh + supposed.since * hours(at - last.at); 2],
            (None, Some(first)) => [first.wh - supposed.before * hours(first.at - at); 2],
            (None, None) => [supposed.since * hours(at); 2],
        }
    }
}

#[cfg(test)]
mod tests {
    use plant::convert::f64_from_i64;

    use super::*;

    const KW: Supposed = Supposed { most: 1e6, before: 500e3, since: 200e3 };
    const MINUTE: i64 = 60_000;

    /// 600 kW from minute 0 to 10, a gap of five minutes with 40 kWh in it, 300 kW up to minute 25.
    fn trace() -> Trace {
        let mut trace = Trace::default();
        (0..=60).for_each(|n| trace.mark(n * 10_000, 600e3 / 360.0 * f64_from_i64(n)));
        (90..=150).for_each(|n| trace.mark(n * 10_000, 100e3 + 40e3 + 300e3 / 360.0 * f64_from_i64(n - 90)));
        trace
    }

    #[test]
    fn what_flowed_between_marks_is_known() {
        let flowed = trace().between(2 * MINUTE, 5 * MINUTE + 3_000, &KW);
        assert!((flowed.most - 600e3 * 183.0 / 3600.0).abs() < 1e-6, "{flowed:?}");
        assert!((flowed.least - flowed.most).abs() < 1e-6, "{flowed:?}");
        assert!(trace().knows(2 * MINUTE, 20 * MINUTE), "over a gap its energy is known");
        assert!(!trace().knows(12 * MINUTE, 20 * MINUTE), "from within the gap it is not");
    }

    #[test]
    fn energy_of_a_gap_flowed_anywhere_in_it_but_no_faster_than_the_circuit_carries() {
        // From minute 12 on: of 40 kWh at most all, and the 2 min before took at most 33.3 kWh.
        let late = trace().between(12 * MINUTE, 15 * MINUTE, &KW);
        assert!((late.most - 40e3).abs() < 1e-6, "{late:?}");
        assert!((late.least - (40e3 - 1e6 * 2.0 / 60.0)).abs() < 1e-6, "{late:?}");
        // In its last minute: at most what a minute carries.
        let last = trace().between(14 * MINUTE, 15 * MINUTE, &KW);
        assert!((last.most - 1e6 / 60.0).abs() < 1e-6 && last.least == 0.0, "{last:?}");
    }

    #[test]
    fn what_no_mark_tells_is_supposed() {
        let before = trace().between(-6 * MINUTE, 0, &KW);
        assert!((before.most - 50e3).abs() < 1e-6, "{before:?}");
        let since = trace().between(25 * MINUTE, 28 * MINUTE, &KW);
        assert!((since.most - 10e3).abs() < 1e-6, "{since:?}");
        assert!(!trace().knows(0, 28 * MINUTE) && trace().knows(0, 25 * MINUTE));
    }

    #[test]
    fn it_holds_an_hour_and_a_half_and_no_more() {
        let mut trace = Trace::default();
        (0..10_000).for_each(|n| trace.mark(n * 1000, 100.0 * f64_from_i64(n)));
        let first = trace.instants().next().expect("a mark");
        assert!(9_999_000 - first >= 5_400_000 && trace.marks.len() == MARKS, "{first}");
        assert!(trace.knows(9_999_000 - 5_400_000, 9_999_000));
    }
}
