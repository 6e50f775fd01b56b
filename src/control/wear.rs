//! How often memory that wears out has been written, by the outputs' names: a figure for a device's whole life.
//!
//! It is carried over restarts, and into a hall that has changed, because a device does not become young by that. A record
//! that is lost takes it along, and what `wattloop failsafe` writes is not in it.

use std::collections::BTreeMap;

use plant::hall::Hall;
use plant::id::PointId;
use serde::{Deserialize, Serialize};

/// Writes by the point's whole name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wear(BTreeMap<String, u64>);

impl Wear {
    /// So many more writes of one point. Allocates for the first of each point only.
    pub fn add(&mut self, hall: &Hall, point: PointId, writes: u32) {
        let Some(def) = hall.points.get(point).filter(|_| writes > 0) else { return };
        match self.0.get_mut(&def.name) {
            Some(count) => *count = count.saturating_add(u64::from(writes)),
            None => drop(self.0.insert(def.name.clone(), u64::from(writes))),
        }
    }

    /// The writes of a point; nothing for one that has had none into memory that wears out.
    #[must_use]
    pub fn of(&self, hall: &Hall, point: PointId) -> Option<u64> {
        // Most halls have none: their points are not looked up by name in every scan.
        let name = || hall.points.get(point).map(|def| &def.name);
        (!self.0.is_empty()).then(name).flatten().and_then(|name| self.0.get(name)).copied()
    }
}
