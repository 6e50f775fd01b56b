//! Points: the values of a plant, each with a unit, an owner and the rules by which its reading is judged.

use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

use crate::id::{EquipId, PointId, Table};
use crate::time::Span;
use crate::units::{Quantity, Unit};

/// A point whose unit the compiler knows: an index into the process image with a phantom quantity.
pub struct Point<Q> {
    id: PointId,
    quantity: PhantomData<fn() -> Q>,
}

impl<Q: Quantity> Point<Q> {
    /// Gives an id its type. Only the hall's loader calls this, where it has just seen the unit.
    #[must_use]
    pub(crate) const fn new(id: PointId) -> Self {
        Self { id, quantity: PhantomData }
    }

    /// The row of the process image.
    #[must_use]
    pub const fn id(self) -> PointId {
        self.id
    }
}

impl<Q> Clone for Point<Q> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Q> Copy for Point<Q> {}
impl<Q> PartialEq for Point<Q> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
impl<Q> std::fmt::Debug for Point<Q> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Point({:?})", self.id)
    }
}

/// What a point is to the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Measured.
    Sensor,
    /// Commanded: an actuator follows it.
    Cmd,
    /// What a device's own panel is told: a setpoint of its loop, a mode.
    Sp,
}

/// Which way of a value is the dangerous one, so that doubt moves a reading there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Danger {
    /// High is dangerous: a stale temperature ages upward.
    Up,
    /// Low is dangerous: a stale flow ages downward.
    Down,
    /// Neither: a stale value keeps its last number.
    Neither,
}

/// How samples of a point become readings. Numbers are in the point's canonical unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Below this a sample is out of range and lost.
    pub min: f64,
    /// Above this a sample is out of range and lost.
    pub max: f64,
    /// Older than this a reading is stale.
    pub stale_after: Span,
    /// Older than this a reading is lost.
    pub lost_after: Span,
    /// A faster change than this (unit per second) is stale until a second sample confirms it; infinite means no such rule.
    pub max_rate: f64,
    /// Unchanged to the bit for this long is stuck and lost; zero means no such rule.
    pub stuck_after: Span,
    /// Which side is dangerous.
    pub danger: Danger,
    /// How fast a stale value moves to the dangerous side (unit per second, ≥ 0).
    pub slew: f64,
}

/// What may be written to a point, and what is written when nobody knows better. In the point's canonical unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteRange {
    /// The lowest value that may be written.
    pub min: f64,
    /// The highest value that may be written.
    pub max: f64,
    /// The safe output when inputs are lost, before the first scan, and on the way out.
    pub failsafe: f64,
    /// The value when no level asks for anything: level 17 of the priority array.
    pub relinquish_default: f64,
    /// The fastest rise (unit per second); infinite means none. Levels 1 to 5 ignore it toward the safe side.
    pub rise_per_s: f64,
    /// The fastest fall (unit per second); infinite means none. Levels 1 to 5 ignore it toward the safe side.
    pub fall_per_s: f64,
}

/// A point as the hall's table knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointDef {
    /// Whose point it is.
    pub equip: EquipId,
    /// The whole name: `crah-1/supply-air-temp`.
    pub name: String,
    /// The canonical unit of its numbers.
    pub unit: Unit,
    /// Sensor, command or setpoint.
    pub role: Role,
    /// How its samples are judged.
    pub judgement: Judgement,
    /// For commands and setpoints: what may be written. Nothing for sensors.
    pub write: Option<WriteRange>,
    /// True for what a product has beyond its kind: shown and recorded, never controlled by.
    pub monitored_only: bool,
}

impl PointDef {
    /// The name within its equipment: `supply-air-temp`.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.name.split_once('/').map_or(self.name.as_str(), |(_, short)| short)
    }

    /// True where it says who runs a machine: its panel, or control.
    #[must_use]
    pub fn is_run_mode(&self) -> bool {
        self.short_name() == "run-mode"
    }
}

/// All points of a hall, in the order of the process image.
pub type PointTable = Table<PointId, PointDef>;
