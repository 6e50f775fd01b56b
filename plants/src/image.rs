//! The process image: everything control may know in one scan, frozen, and everything it decides.

use serde::{Deserialize, Serialize};

use crate::command::{Command, WriteReport};
use crate::event::Event;
use crate::hall::{Hall, Strategies};
use crate::id::{PointId, Table};
use crate::lease::seen::{Cap, GpuSeen, NodeSeen};
use crate::plan::Arrived;
use crate::reading::Sample;

/// What a scan sees. One row a point, in the hall's order; a scan never sees a value change under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// The latest sample of every point.
    pub samples: Table<PointId, Sample>,
    /// What became of earlier writes, oldest first.
    pub reports: Vec<WriteReport>,
    /// What every node with GPUs last said, in the hall's order.
    pub nodes: Vec<NodeSeen>,
    /// The same of every GPU, node by node.
    pub gpus: Vec<GpuSeen>,
    /// New strategies, parsed and checked, to take effect now.
    pub reload: Option<Box<Strategies>>,
    /// A plan of the day ahead that has arrived.
    pub plan: Option<Box<Arrived>>,
}

impl Inputs {
    /// An image of `points` points nobody has read.
    #[must_use]
    pub fn unread(points: usize) -> Self {
        Self {
            samples: Table::filled(points, Sample::NEVER),
            reports: Vec::new(),
            nodes: Vec::new(),
            gpus: Vec::new(),
            reload: None,
            plan: None,
        }
    }

    /// The image of a hall of which nobody has said anything.
    #[must_use]
    pub fn of(hall: &Hall) -> Self {
        Self {
            nodes: vec![NodeSeen::default(); hall.power.nodes.len()],
            gpus: vec![GpuSeen::default(); hall.power.gpus()],
            ..Self::unread(hall.points.len())
        }
    }
}

/// What a scan decides: the whole output image, every scan, so that a lost write is healed by the next one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    /// One command for every writable point, in the order of the hall's points.
    pub commands: Vec<Command>,
    /// What every GPU may draw, node by node; nothing where nobody caps them.
    pub caps: Vec<Cap>,
    /// What there is to tell.
    pub events: Vec<Event>,
}
