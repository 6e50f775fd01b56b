//! A recording brought down to as many columns as a sheet can show.

use plant::convert;
use plant::time::Span;

use crate::record::{Group, Recording, Stretch};

/// The most columns of a line.
const MOST: usize = 486;

/// A signal or some of them over the sheet's columns.
pub type Line = Vec<Option<Stretch>>;

/// Recording and columns.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// What is shown.
    pub recording: &'a Recording,
    /// Buckets of a column.
    per: usize,
}

impl<'a> Columns<'a> {
    /// The columns of a recording.
    pub fn of(recording: &'a Recording) -> Self {
        Self { recording, per: recording.len().div_ceil(MOST).max(1) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.recording.len().div_ceil(self.per)
    }

    /// From when to when a column is (s).
    pub fn span(&self, column: usize) -> (f64, f64) {
        let end = |columns: usize| {
            let rows = columns.saturating_mul(self.per).min(self.recording.len());
            if rows == 0 { 0.0 } else { self.recording.end_of(rows - 1) }
        };
        (end(column), end(column.saturating_add(1)))
    }

    /// The middle of a column (s).
    pub fn middle(&self, column: usize) -> f64 {
        let (begin, end) = self.span(column);
        f64::midpoint(begin, end)
    }

    /// Places and names of the signals of a group.
    pub fn signals(&self, group: Group) -> Vec<(usize, &'a str)> {
        let all = self.recording.signals().iter().enumerate();
        all.filter(|(_, s)| s.group == group).map(|(place, s)| (place, s.name.as_str())).collect()
    }

    /// One signal. A column with a bucket that is missing tells what the others were; with none, nothing.
    pub fn line(&self, signal: usize) -> Line {
        let rows: Vec<Option<Stretch>> = self.recording.series(signal).collect();
        rows.chunks(self.per).map(|part| joined(part.iter().flatten())).collect()
    }

    /// The only signal of a group, if there is one.
    pub fn only(&self, group: Group) -> Option<Line> {
        self.signals(group).first().map(|(place, _)| self.line(*place))
    }
}

/// Several stretches as one: the least, the mean of the means, the highest.
pub fn joined<'s>(parts: impl Iterator<Item = &'s Stretch>) -> Option<Stretch> {
    let (mut count, mut sum) = (0.0, 0.0);
    let mut whole: Option<Stretch> = None;
    for part in parts {
        count += 1.0;
        sum += part.mean;
        whole = Some(match whole {
            None => *part,
            Some(w) => Stretch { low: w.low.min(part.low), mean: 0.0, high: w.high.max(part.high) },
        });
    }
    whole.map(|w| Stretch { mean: sum / count, ..w })
}

/// Several lines as one, column by column.
pub fn envelope(lines: &[Line]) -> Line {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    (0..count).map(|n| joined(lines.iter().filter_map(|l| l.get(n)).flatten())).collect()
}

/// Begin and end of an interval (s), and its ratio where both energies were seen throughout.
pub type Ratio = (f64, f64, Option<f64>);

/// Energy over energy of intervals of the clock, and how long they are: quarters of an hour, and so many of them in a long run
/// that the sheet can show each.
///
/// A bucket that lies over the seam of two intervals gives each its part of the time.
pub fn ratio(columns: &Columns<'_>, start_ms: i64) -> (Span, Vec<Ratio>) {
    let recording = columns.recording;
    let place = |group| columns.signals(group).first().map(|(place, _)| *place);
    let (Some(facility), Some(it)) = (place(Group::Facility), place(Group::It)) else {
        return (Span::ZERO, Vec::new());
    };
    let total = recording.elapsed().seconds();
    let length = 900.0 * (total / 900.0 / convert::f64_from_usize(MOST)).ceil().max(1.0);
    let offset = convert::f64_from_i64(start_ms) / 1e3 % length;
    let count = convert::usize_from_u64(convert::u64_from_f64_rounded(((offset + total) / length).ceil()));
    let mut sums = vec![(0.0, 0.0, false); count];
    let mut begin = 0.0;
    for (row, (f, i)) in recording.series(facility).zip(recording.series(it)).enumerate() {
        let end = recording.end_of(row);
        let mut at = begin;
        while at < end {
            let index = convert::u64_from_f64_rounded(((at + offset) / length + 1e-9).floor());
            let until = ((convert::f64_from_u64(index) + 1.0) * length - offset).min(end).max(at + 1e-6);
            if let Some((above, below, missing)) = sums.get_mut(convert::usize_from_u64(index)) {
                match (f, i) {
                    (Some(f), Some(i)) => {
                        *above += f.mean * (until - at);
                        *below += i.mean * (until - at);
                    }
                    (_, None) | (None, _) => *missing = true,
                }
            }
            at = until;
        }
        begin = end;
    }
    let interval = |(n, (above, below, missing)): (usize, &(f64, f64, bool))| {
        let from = convert::f64_from_usize(n) * length - offset;
        (from.max(0.0), (from + length).min(total), (!missing && *below > 0.0).then(|| above / below))
    };
    (Span::from_seconds(length), sums.iter().enumerate().map(interval).collect())
}
