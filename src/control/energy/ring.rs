//! Energy in buckets of time: bounded memory for sums over the last minute, hour, day and year.

use plant::convert::{u64_from_usize, usize_from_u64};
use plant::time::Span;
use serde::{Deserialize, Serialize};

/// What is summed, each over the instants at which both of its sides were known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Facility over IT at the IT equipment's input.
    Category3,
    /// Facility over IT at the PDUs' output.
    Category2,
    /// Facility over IT at the UPS' output.
    Category1,
    /// Cooling over IT of the best category the hall has.
    Cooling,
    /// Facility alone.
    Facility,
    /// IT at the equipment's input alone.
    It3,
    /// IT at the PDUs' output alone.
    It2,
    /// IT at the UPS' output alone.
    It1,
    /// What the utility's meters say over IT of the best category the hall has: storage not taken out.
    Meter,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 9] = [
        Self::Category3,
        Self::Category2,
        Self::Category1,
        Self::Cooling,
        Self::Facility,
        Self::It3,
        Self::It2,
        Self::It1,
        Self::Meter,
    ];

    const fn row(self) -> usize {
        match self {
            Self::Category3 => 0,
            Self::Category2 => 1,
            Self::Category1 => 2,
            Self::Cooling => 3,
            Self::Facility => 4,
            Self::It3 => 5,
            Self::It2 => 6,
            Self::It1 => 7,
            Self::Meter => 8,
        }
    }
}

/// Energy over known time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// How much time is known (s).
    pub seconds: f64,
    /// The energy that a ratio divides (Wh).
    pub top: f64,
    /// The energy that it divides by (Wh).
    pub bottom: f64,
}

impl Amount {
    /// A part of it.
    #[must_use]
    pub fn share(self, part: f64) -> Self {
        Self { seconds: self.seconds * part, top: self.top * part, bottom: self.bottom * part }
    }

    fn add(&mut self, more: Self) {
        self.seconds += more.seconds;
        self.top += more.top;
        self.bottom += more.bottom;
    }
}

/// An amount of every channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell([Amount; 9]);

impl Cell {
    /// The amount of one channel.
    #[must_use]
    pub fn of(&self, channel: Channel) -> Amount {
        self.0.get(channel.row()).copied().unwrap_or_default()
    }

    /// Adds to one channel.
    pub fn add(&mut self, channel: Channel, amount: Amount) {
        if let Some(row) = self.0.get_mut(channel.row()) {
            row.add(amount);
        }
    }

    /// Adds to every channel.
    pub fn merge(&mut self, other: &Self) {
        for (mine, more) in self.0.iter_mut().zip(other.0) {
            mine.add(more);
        }
    }
}

/// The newest buckets of one width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ring {
    width: Span,
    /// The newest bucket, counted from the start of the record.
    head: u64,
    cells: Vec<Cell>,
}

impl Ring {
    /// `count` empty buckets.
    #[must_use]
    pub fn new(width: Span, count: usize) -> Self {
        Self { width, head: 0, cells: vec![Cell::default(); count] }
    }

    /// Makes the bucket of an instant the newest; those it skips are empty. An earlier instant changes nothing.
    pub fn advance(&mut self, to: Span) {
        let target = self.bucket(to);
        let skipped = target.saturating_sub(self.head).min(self.len());
        for n in 0..skipped {
            if let Some(cell) = self.cell(target - n) {
                *cell = Cell::default();
            }
        }
        self.head = self.head.max(target);
    }

    /// Spreads an amount evenly over the buckets from one instant to another, up to the newest; what is older than the ring
    /// is dropped.
    pub fn add(&mut self, from: Span, to: Span, channel: Channel, amount: Amount) {
        let whole = to.nanos().saturating_sub(from.nanos());
        if whole == 0 {
            return;
        }
        let oldest = self.head.saturating_sub(self.len().saturating_sub(1));
        let last = self.bucket(Span::from_nanos(to.nanos() - 1)).min(self.head);
        for bucket in self.bucket(from).max(oldest)..=last {
            let begin = bucket.saturating_mul(self.width.nanos());
            let end = begin.saturating_add(self.width.nanos());
            let inside = end.min(to.nanos()).saturating_sub(begin.max(from.nanos()));
            let part = Span::from_nanos(inside).seconds() / Span::from_nanos(whole).seconds();
            if let Some(cell) = self.cell(bucket) {
                cell.add(channel, amount.share(part));
            }
        }
    }

    /// The sum of the newest buckets up to a window's length, and the time they span up to `now`.
    #[must_use]
    pub fn sum(&self, window: Span, now: Span) -> (Cell, Span) {
        let count = (window.nanos() / self.width.nanos().max(1)).min(self.len()).max(1);
        let first = self.head.saturating_sub(count - 1);
        let mut sum = Cell::default();
        for bucket in first..=self.head {
            if let Some(cell) = self.cells.get(self.row(bucket)) {
                sum.merge(cell);
            }
        }
        let begin = first.saturating_mul(self.width.nanos());
        let young = self.head + 1 < count;
        let span = if young { window } else { Span::from_nanos(now.nanos().saturating_sub(begin)) };
        (sum, span)
    }

    fn bucket(&self, at: Span) -> u64 {
        at.nanos() / self.width.nanos().max(1)
    }

    fn len(&self) -> u64 {
        u64_from_usize(self.cells.len())
    }

    fn row(&self, bucket: u64) -> usize {
        usize_from_u64(bucket % self.len().max(1))
    }

    fn cell(&mut self, bucket: u64) -> Option<&mut Cell> {
        let row = self.row(bucket);
        self.cells.get_mut(row)
    }
}
