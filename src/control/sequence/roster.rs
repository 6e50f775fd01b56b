//! Who is next: machines by their run-time, so that they wear evenly. Guideline 36, 5.1.15: what has run least starts first, what
//! has run most stops first, and one that gave trouble comes last.

use plant::id::Id;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::sum;

/// A machine of a plant, in the hall's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineId(u8);

impl Id for MachineId {
    fn from_index(index: usize) -> Self {
        Self(u8::try_from(index).unwrap_or(u8::MAX))
    }
    fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// How long a machine has run. Survives every restart of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTime {
    /// Since it is known.
    pub life: Span,
    /// How often it was told to start.
    pub starts: u32,
}

impl RunTime {
    /// Counts `dt` while it runs.
    pub const fn count(&mut self, runs: bool, dt: Span) {
        if runs {
            self.life = sum(self.life, dt);
        }
    }
}

/// A machine among others, as they are ordered: trouble last, then by run-time, then by place.
type Rank = (bool, Span, usize);

fn rank((id, machine): (MachineId, &Machine)) -> Rank {
    (machine.is_doubted(), machine.run.life, id.index())
}

/// The one to start first.
#[must_use]
pub fn first<'m>(machines: impl Iterator<Item = (MachineId, &'m Machine)>) -> Option<MachineId> {
    machines.min_by_key(|one| rank(*one)).map(|(id, _)| id)
}

/// The one to stop first.
#[must_use]
pub fn last<'m>(machines: impl Iterator<Item = (MachineId, &'m Machine)>) -> Option<MachineId> {
    machines.max_by_key(|one| rank(*one)).map(|(id, _)| id)
}
