//! What the scan thread tells of the hall, as plain data.

use plant::command::Command;
use plant::hall::Hall;
use plant::id::{PointId, Table};
use plant::reading::{Reading, Why};

use crate::control::report::{LoopView, Status, Written};

/// The figures as of the last scan that found nobody reading them.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Every point as judged.
    pub readings: Table<PointId, Reading<f64>>,
    /// Age of every point's last sample (s); NaN before the first.
    pub ages: Table<PointId, f64>,
    /// The outputs in force.
    pub commands: Vec<Command>,
    /// What is known of their devices, in the same order.
    pub written: Vec<Written>,
    /// The loops' terms.
    pub loops: Vec<LoopView>,
    /// The hall on one page.
    pub status: Status,
    /// Wall time of the last scan (s since 1970).
    pub wall_s: f64,
    /// True when no write can leave the process.
    pub shadow: bool,
    /// True while the outputs are held at their safe values instead of being controlled.
    pub failsafe: bool,
    /// True when the last reload took effect, or when there has been none.
    pub reload_successful: bool,
    /// Wall time of the last reload that took effect, or of the start (s since 1970).
    pub reload_success_s: f64,
    /// The hash of the configuration in force, as hexadecimal digits.
    pub config_hash: String,
    /// More conditions that `/readyz` shows.
    pub checks: Vec<Check>,
}

impl Figures {
    /// Figures of a hall nobody has looked at.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self {
            readings: Table::filled(hall.points.len(), Reading::Lost { why: Why::NeverRead }),
            ages: Table::filled(hall.points.len(), f64::NAN),
            commands: Vec::new(),
            written: Vec::new(),
            loops: Vec::new(),
            status: Status::default(),
            wall_s: 0.0,
            shadow: false,
            failsafe: true,
            reload_successful: true,
            reload_success_s: 0.0,
            config_hash: String::new(),
            checks: Vec::new(),
        }
    }
}

impl Figures {
    /// The value of a point whose reading is good; nothing for any other.
    #[must_use]
    pub fn good(&self, point: PointId) -> Option<f64> {
        match self.readings.get(point) {
            Some(Reading::Fresh(value)) if value.is_finite() => Some(*value),
            Some(Reading::Fresh(_) | Reading::Stale { .. } | Reading::Lost { .. }) | None => None,
        }
    }
}

/// A condition of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name: `journal`.
    pub name: &'static str,
    /// True while it holds.
    pub ok: bool,
    /// True when the service is not ready without it. A broker is none of these.
    pub required: bool,
    /// What is wrong, or how it stands.
    pub detail: String,
}

/// What a family's numbers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyKind {
    /// They only grow; `_total` is added to the name.
    Counter,
    /// They go both ways.
    Gauge,
}

/// Numbers of one name, told apart by labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name without `wattloop_` and without `_total`.
    pub name: &'static str,
    /// One sentence without its full stop.
    pub help: &'static str,
    /// What the numbers do.
    pub kind: FamilyKind,
    /// The numbers.
    pub rows: Vec<Row>,
}

/// One number of a family.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Names and values of the labels: bounded sets only; no user, reason text or address.
    pub labels: Vec<(&'static str, String)>,
    /// The number in the family's unit.
    pub value: f64,
}

impl Family {
    /// Numbers that only grow.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str, rows: Vec<Row>) -> Self {
        Self { name, help, kind: FamilyKind::Counter, rows }
    }

    /// Numbers that go both ways.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str, rows: Vec<Row>) -> Self {
        Self { name, help, kind: FamilyKind::Gauge, rows }
    }
}

impl Row {
    /// A number with labels.
    #[must_use]
    pub fn new(labels: &[(&'static str, &str)], value: f64) -> Self {
        Self { labels: labels.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(), value }
    }

    /// The only number of its family.
    #[must_use]
    pub const fn only(value: f64) -> Self {
        Self { labels: Vec::new(), value }
    }

    /// One for true and zero for false.
    #[must_use]
    pub fn flag(value: bool) -> Self {
        Self::only(f64::from(u8::from(value)))
    }
}
