//! A run on record: signals over time in little memory, and what happened.
//!
//! Every signal is kept in buckets with the least, the mean and the highest of their time. When the buckets are used up, some of
//! them become one, and each covers more time from then on: a year takes the place of a day, and no peak is lost. Widths go
//! along the clock (1, 5, 15 s, 1, 5, 15 min, 1, 4, 12, 24 h), so that buckets fall together with quarters of an hour.

mod csv;
mod hall;
mod trace;

use plant::convert;
use plant::event::Severity;
use plant::time::{Span, Wall};

pub use hall::Recorder;
pub use trace::{Column, Difference, Statistic, Trace};

/// Widths that buckets grow to (s).
const WIDTHS: [u64; 10] = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400];
/// Marks of one kind that are kept.
const MARKS: usize = 500;

/// What a signal is to the hall; reports draw it accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Air that enters a rack (°C).
    Inlet,
    /// Another temperature: air, water, liquid (°C).
    Temperature,
    /// All that the hall draws (W).
    Facility,
    /// What racks draw (W).
    It,
    /// What cooling draws (W).
    Cooling,
    /// The duty of a fan, a pump, a valve (%).
    Duty,
    /// Whether a device runs (0 or 1).
    Running,
    /// Anything else.
    Other,
}

/// A signal on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name, such as a point's; control characters become spaces.
    pub name: String,
    /// Its unit as people write it.
    pub unit: String,
    /// What it is.
    pub group: Group,
}

/// One signal over one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    low: f64,
    high: f64,
    /// Value times seconds.
    area: f64,
    seconds: f64,
}

/// The least, the mean and the highest value of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The least.
    pub low: f64,
    /// The mean over time.
    pub mean: f64,
    /// The highest.
    pub high: f64,
}

impl Bucket {
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, area: 0.0, seconds: 0.0 };

    fn take(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.area += other.area;
        self.seconds += other.seconds;
    }

    /// What it holds; nothing where the signal was missing all the time.
    #[must_use]
    pub fn stretch(&self) -> Option<Stretch> {
        let mean = (self.area / self.seconds).clamp(self.low.min(self.high), self.high.max(self.low));
        (self.seconds > 0.0).then_some(Stretch { low: self.low, mean, high: self.high })
    }
}

/// What a mark tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Something the scenario did: a fault, an operator, the weather.
    Scenario,
    /// An event of the controller.
    Event(Severity),
    /// An assert that failed, at its worst instant.
    Failed,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When, since the beginning.
    pub at: Span,
    /// What it tells of.
    pub kind: MarkKind,
    /// The words.
    pub text: String,
}

/// Signals of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    start: Wall,
    signals: Vec<Signal>,
    /// How much time a bucket covers.
    width: Span,
    /// Rows of one bucket a signal.
    rows: Vec<Bucket>,
    most: usize,
    elapsed: Span,
    /// The steps the last row has taken in; more than one anywhere makes it a summary.
    in_last: u64,
    summary: bool,
    marks: Vec<Mark>,
    unmarked: u64,
}

impl Recording {
    /// Nothing recorded yet. At most `most` buckets a signal (at least 16); each covers `interval` at first, or a step
    /// where that is longer.
    ///
    /// Allocates all it needs for the signals here.
    #[must_use]
    pub fn new(start: Wall, mut signals: Vec<Signal>, interval: Span, most: usize) -> Self {
        for signal in &mut signals {
            for text in [&mut signal.name, &mut signal.unit] {
                if text.contains(char::is_control) {
                    *text = text.replace(char::is_control, " ");
                }
            }
        }
        let most = most.max(16);
        Self {
            start,
            rows: Vec::with_capacity(most.saturating_mul(signals.len())),
            signals,
            width: interval.max(Span::from_millis(1)),
            most,
            elapsed: Span::ZERO,
            in_last: 0,
            summary: false,
            marks: Vec::new(),
            unmarked: 0,
        }
    }

    /// Records what the signals are at the end of a step, in the order of the signals; what is not finite is missing.
    pub fn step(&mut self, dt: Span, values: &[Option<f64>]) {
        if dt == Span::ZERO || self.signals.is_empty() {
            return;
        }
        if self.rows.is_empty() {
            self.width = self.width.max(dt);
        }
        while self.row_of(self.elapsed) >= self.most || self.width < dt {
            self.fold();
        }
        let row = self.row_of(self.elapsed);
        let wanted = row.saturating_add(1).saturating_mul(self.signals.len());
        if self.rows.len() < wanted {
            self.rows.resize(wanted, Bucket::EMPTY);
            self.in_last = 0;
        }
        let seconds = dt.seconds();
        let begin = row.saturating_mul(self.signals.len());
        for (bucket, value) in self.rows.iter_mut().skip(begin).zip(values) {
            if let Some(value) = value.filter(|v| v.is_finite()) {
                bucket.take(Bucket { low: value, high: value, area: value * seconds, seconds });
            }
        }
        self.in_last = self.in_last.saturating_add(1);
        self.summary |= self.in_last > 1;
        self.elapsed = Span::from_nanos(self.elapsed.nanos().saturating_add(dt.nanos()));
    }

    /// Puts a mark. Of each kind the first 500 are kept; the others are counted.
    pub fn mark(&mut self, at: Span, kind: MarkKind, text: String) {
        if self.marks.iter().filter(|mark| mark.kind == kind).count() < MARKS {
            self.marks.push(Mark { at, kind, text });
        } else {
            self.unmarked = self.unmarked.saturating_add(1);
        }
    }

    /// When the recording began.
    #[must_use]
    pub const fn start(&self) -> Wall {
        self.start
    }

    /// How much time is on record.
    #[must_use]
    pub const fn elapsed(&self) -> Span {
        self.elapsed
    }

    /// How much time a bucket covers by now.
    #[must_use]
    pub const fn width(&self) -> Span {
        self.width
    }

    /// The signals, in their order.
    #[must_use]
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// The marks, as they were put.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Marks that were not kept.
    #[must_use]
    pub const fn unmarked(&self) -> u64 {
        self.unmarked
    }

    /// How many buckets each signal has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len().checked_div(self.signals.len()).unwrap_or(0)
    }

    /// True when nothing is on record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One signal's buckets in the order of time, the last perhaps not full; none for a place that no signal has.
    pub fn series(&self, signal: usize) -> impl Iterator<Item = Option<Stretch>> + '_ {
        let known = if signal < self.signals.len() { usize::MAX } else { 0 };
        self.rows.iter().skip(signal).step_by(self.signals.len().max(1)).take(known).map(Bucket::stretch)
    }

    /// When a bucket ends, since the beginning (s): the last one ends with the recording.
    #[must_use]
    pub fn end_of(&self, row: usize) -> f64 {
        let end = self.width.seconds() * (convert::f64_from_usize(row) + 1.0);
        end.min(self.elapsed.seconds())
    }

    fn row_of(&self, at: Span) -> usize {
        convert::usize_from_u64(at.nanos().checked_div(self.width.nanos()).unwrap_or(0))
    }

    /// Makes one bucket of some: as many as reach the next width of the clock, two where none is reached evenly.
    fn fold(&mut self) {
        let width = self.width.nanos();
        let next = WIDTHS.map(|w| Span::from_secs(w).nanos()).into_iter().find(|w| *w > width && w % width == 0);
        let factor = next.and_then(|w| w.checked_div(width)).unwrap_or(2);
        let (signals, count) = (self.signals.len(), self.len());
        let step = convert::usize_from_u64(factor);
        let folded = count.div_ceil(step);
        for row in 0..folded {
            for signal in 0..signals {
                let mut whole = Bucket::EMPTY;
                let parts = row.saturating_mul(step)..row.saturating_add(1).saturating_mul(step).min(count);
                for part in parts {
                    if let Some(bucket) = self.rows.get(part.saturating_mul(signals).saturating_add(signal)) {
                        whole.take(*bucket);
                    }
                }
                if let Some(bucket) = self.rows.get_mut(row.saturating_mul(signals).saturating_add(signal)) {
                    *bucket = whole;
                }
            }
        }
        self.rows.truncate(folded.saturating_mul(signals));
        self.summary |= count > 1;
        self.width = self.width.times(factor);
    }
}

#[cfg(test)]
mod tests;
