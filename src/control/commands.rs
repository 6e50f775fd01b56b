//! The priority array: every stage proposes, one value a point comes out, and its winner is known by name and reason.
//!
//! Levels 1 to 16 may each ask for a value and may each set limits; level 17 is the relinquish default. The lowest level
//! that asks wins. Limits of all levels combine by intersection, whoever wins; where nothing would be left, the stronger
//! level's limit stays and the weaker one's is dropped. The array is owned and cleared in place.

mod resolve;

#[cfg(test)]
mod tests;

use plant::command::{Level, Reason};
use plant::hall::Hall;
use plant::id::{Id, PointId, Table};
use plant::point::WriteRange;

pub use resolve::{Held, Proof};

/// A writable point: a row of the priority array, in the order of the hall's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputId(usize);

impl Id for OutputId {
    fn from_index(index: usize) -> Self {
        Self(index)
    }
    fn index(self) -> usize {
        self.0
    }
}

/// The weakest level whose outputs ignore rate limits toward the safe side.
pub const FREE_UP_TO: Level = Level::CriticalEquipment;

/// What one level asks of one output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The value asked for.
    pub value: f64,
    /// Why.
    pub reason: Reason,
}

/// What one level allows of one output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// Why.
    pub reason: Reason,
}

/// One output's priority array.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Which point.
    pub point: PointId,
    /// What may be written to it.
    pub range: WriteRange,
    asked: Levels,
    limited: Levels,
    entries: [Entry; 17],
    limits: [Limit; 17],
}

/// A set of levels.
#[derive(Clone, Copy, Debug, Default)]
struct Levels(u32);

impl Levels {
    const fn holds(self, level: Level) -> bool {
        self.0 >> row_of(level) & 1 == 1
    }
    const fn insert(&mut self, level: Level) {
        self.0 |= 1 << row_of(level);
    }

    /// The rows of a table that belong to these levels, strongest first. Touches no other row.
    fn of<T: Copy>(self, table: &[T; 17]) -> impl Iterator<Item = (Level, T)> {
        Level::ALL.into_iter().zip(table).filter(move |(level, _)| self.holds(*level)).map(|(level, row)| (level, *row))
    }
}

/// The priority arrays of every output.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    slots: Table<OutputId, Slot>,
    of_point: Table<PointId, Option<OutputId>>,
}

impl Commands {
    /// Every writable point of a hall; nobody asks for anything.
    #[must_use]
    pub fn of(hall: &Hall) -> Self {
        let mut slots = Table::new();
        let of_point =
            hall.points.iter().map(|(point, def)| def.write.map(|range| slots.push(Slot::new(point, range)))).collect();
        Self { slots, of_point }
    }

    /// True for a point of the hall, output or not.
    #[must_use]
    pub fn knows(&self, point: PointId) -> bool {
        self.of_point.get(point).is_some()
    }

    /// The output of a point, if it is one.
    #[must_use]
    pub fn output(&self, point: PointId) -> Option<OutputId> {
        self.of_point.get(point).copied().flatten()
    }

    /// Every output in the order of the hall's points.
    pub fn slots(&self) -> impl Iterator<Item = (OutputId, &Slot)> {
        self.slots.iter()
    }

    /// One output.
    #[must_use]
    pub fn slot(&self, output: OutputId) -> Option<&Slot> {
        self.slots.get(output)
    }

    /// Nobody asks for anything any more.
    pub fn relinquish(&mut self) {
        for slot in self.slots.rows_mut() {
            slot.asked = Levels::default();
            slot.limited = Levels::default();
        }
    }

    /// A level asks for a value. Of two of one level the one nearer to the fail-safe stays. No number asks for nothing.
    pub fn propose(&mut self, output: OutputId, level: Level, value: f64, reason: Reason) {
        if let Some(slot) = self.slots.get_mut(output).filter(|_| value.is_finite()) {
            slot.propose(level, Entry { value, reason });
        }
    }

    /// A level that asks for something asks for another value, for the reason that it had.
    pub fn revise(&mut self, output: OutputId, level: Level, value: f64) {
        if let Some(slot) = self.slots.get_mut(output).filter(|slot| value.is_finite() && slot.asked.holds(level))
            && let Some(row) = slot.entries.get_mut(row_of(level))
        {
            row.value = value;
        }
    }

    /// A level limits an output. Limits of one level combine like those of several, the one nearer to the fail-safe first.
    pub fn limit(&mut self, output: OutputId, level: Level, limit: Limit) {
        if let Some(slot) = self.slots.get_mut(output) {
            slot.limit(level, limit);
        }
    }
}

impl Slot {
    const fn new(point: PointId, range: WriteRange) -> Self {
        let entry = Entry { value: range.relinquish_default, reason: Reason::Relinquished };
        let limit = Limit { min: range.min, max: range.max, reason: Reason::EquipmentLimit };
        Self { point, range, asked: Levels(0), limited: Levels(0), entries: [entry; 17], limits: [limit; 17] }
    }

    /// Who asks for what, strongest first.
    pub fn entries(&self) -> impl Iterator<Item = (Level, Entry)> {
        self.asked.of(&self.entries)
    }

    /// Who limits, strongest first.
    pub fn limits(&self) -> impl Iterator<Item = (Level, Limit)> {
        self.limited.of(&self.limits)
    }

    /// The strongest level that asks, or the relinquish default.
    #[must_use]
    pub fn winner(&self) -> (Level, Entry) {
        let default = Entry { value: self.range.relinquish_default, reason: Reason::Relinquished };
        self.entries().next().unwrap_or((Level::RelinquishDefault, default))
    }

    fn propose(&mut self, level: Level, entry: Entry) {
        let far = |value: f64| (value - self.range.failsafe).abs();
        let there = self.asked.holds(level);
        if let Some(row) = self.entries.get_mut(row_of(level))
            && !(there && far(row.value) <= far(entry.value))
        {
            *row = entry;
        }
        self.asked.insert(level);
    }

    fn limit(&mut self, level: Level, limit: Limit) {
        if limit.min.is_nan() || limit.max.is_nan() || limit.min > limit.max {
            return;
        }
        let limit = Limit { min: self.range.clamp(limit.min), max: self.range.clamp(limit.max), ..limit };
        let there = self.limited.holds(level);
        let failsafe = self.range.failsafe;
        if let Some(row) = self.limits.get_mut(row_of(level)) {
            *row = if there { both(*row, limit, failsafe) } else { limit };
        }
        self.limited.insert(level);
    }
}

/// What two limits of one level allow: both, or where they exclude each other the one nearer to the fail-safe.
fn both(a: Limit, b: Limit, failsafe: f64) -> Limit {
    let (min, max) = (a.min.max(b.min), a.max.min(b.max));
    let reason = if b.min > a.min || b.max < a.max { b.reason } else { a.reason };
    let far = |l: &Limit| (l.min - failsafe).max(failsafe - l.max).max(0.0);
    if min <= max {
        Limit { min, max, reason }
    } else if far(&b) < far(&a) {
        b
    } else {
        a
    }
}

/// A level's row: its number less one, without the search that [`Level::number`] makes.
const fn row_of(level: Level) -> usize {
    match level {
        Level::ManualLifeSafety => 0,
        Level::AutomaticLifeSafety => 1,
        Level::LocalHand => 2,
        Level::ThermalProtection => 3,
        Level::CriticalEquipment => 4,
        Level::MinimumOnOff => 5,
        Level::ElectricalProtection => 6,
        Level::Operator => 7,
        Level::Commissioning => 8,
        Level::DemandResponse => 9,
        Level::SchedulerBudget => 10,
        Level::Optimiser => 11,
        Level::PeakShaving => 12,
        Level::Schedule => 13,
        Level::Maintenance => 14,
        Level::Control => 15,
        Level::RelinquishDefault => 16,
    }
}

/// Into a range whose ends are in order.
trait Clamp {
    fn clamp(&self, value: f64) -> f64;
}

impl Clamp for WriteRange {
    fn clamp(&self, value: f64) -> f64 {
        value.min(self.max).max(self.min)
    }
}
