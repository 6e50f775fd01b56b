//! GPUs and their caps as a scan sees and decides them: one row a GPU, in the order of the hall's nodes.

use serde::{Deserialize, Serialize};

use super::{GpuReport, Grant, Grants, NodeReport, Rule};
use crate::convert;
use crate::gpu::{Condition, Milliwatts, PowerSource, Throttle, Uuid};
use crate::hall::Hall;
use crate::image::{Inputs, Outputs};
use crate::time::{Mono, Span};
use crate::units::Watts;

/// What a node last said of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSeen {
    /// When that arrived.
    pub at: Mono,
    /// The report's number; 0 before the first one.
    pub report: u64,
    /// Boards that it has beyond what the hall's file says of it.
    pub beyond: Beyond,
}

/// Boards of a node that have no place in the hall: nobody grants them anything, and they draw all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beyond {
    /// How many.
    pub boards: u32,
    /// What they draw together (mW), as far as that is known.
    pub draws: Milliwatts,
    /// What they can draw at the most for all their node knows (mW); what the file rates a board at where it does not know.
    pub most: Milliwatts,
}

impl Beyond {
    fn add(&mut self, gpu: &GpuReport, rated: Watts) {
        let most = gpu.at_most.unwrap_or_else(|| milliwatts(rated));
        self.boards = self.boards.saturating_add(1);
        self.draws = self.draws + gpu.power.unwrap_or_default().min(most);
        self.most = self.most + most;
    }

    /// What they could draw beside what they draw, where a board is rated at so much (mW): in doubt (`!heard`) each as much as that.
    #[must_use]
    pub fn spare(&self, rated: Watts, heard: bool) -> Milliwatts {
        let all = Milliwatts(milliwatts(rated).0.saturating_mul(u64::from(self.boards)));
        if heard { self.most.less(self.draws) } else { self.most.max(all).less(self.draws) }
    }
}

/// Whole milliwatts.
fn milliwatts(watts: Watts) -> Milliwatts {
    Milliwatts(convert::u64_from_f64_rounded(watts.0 * 1000.0))
}

/// What a node last said of one of its GPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuSeen {
    /// Its name; nothing where the node has named none in this place yet.
    pub uuid: Option<Uuid>,
    /// How it is.
    pub condition: Condition,
    /// Mean draw since the report before (mW).
    pub power: Option<Milliwatts>,
    /// Highest draw since then (mW).
    pub peak: Option<Milliwatts>,
    /// Where that was read.
    pub source: Option<PowerSource>,
    /// Every reason to be slow since then.
    pub throttle: Throttle,
    /// What is enforced (mW), read back.
    pub enforced: Option<Milliwatts>,
    /// The most it can draw for all its node knows (mW).
    pub at_most: Option<Milliwatts>,
    /// Who has the say over its limit.
    pub rule: Rule,
    /// Epoch and number of the grant that was taken last.
    pub order: (u64, u64),
    /// Its limit is not kept although it was written.
    pub contended: bool,
}

/// What a GPU is granted in a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// The GPU; nothing where nothing is granted.
    pub uuid: Option<Uuid>,
    /// What it may draw (mW).
    pub cap: Milliwatts,
    /// The highest clock of its cores (MHz); nothing leaves them free.
    pub clock_mhz: Option<u32>,
    /// Epoch and number of this grant.
    pub order: (u64, u64),
}

impl GpuSeen {
    /// A GPU of a report.
    #[must_use]
    pub const fn of(report: &GpuReport) -> Self {
        Self {
            uuid: Some(report.uuid),
            condition: report.condition,
            power: report.power,
            peak: report.peak,
            source: report.source,
            throttle: match report.throttle {
                Some(throttle) => throttle,
                None => Throttle(0),
            },
            enforced: report.enforced,
            at_most: report.at_most,
            rule: report.rule,
            order: (report.epoch, report.sequence),
            contended: report.contended,
        }
    }
}

impl Inputs {
    /// Takes a node's report in. GPUs keep their places: who is known stays, who is new takes a free one, and who is no longer named leaves his to
    /// the next. GPUs beyond what the hall's file says of the node get none, and are counted together. False where the report is no newer than the one before; after a
    /// silence any report is newer, for an agent that starts anew may have an earlier clock to number them by.
    pub fn hear(&mut self, hall: &Hall, node: usize, report: &NodeReport, at: Mono) -> bool {
        let (Some(of), Some(seen)) = (hall.power.nodes.get(node), self.nodes.get_mut(node)) else { return false };
        let silent = hall.power.capping.as_ref().map_or(Span::ZERO, |capping| capping.silent);
        if report.seq <= seen.report && at.since(seen.at) <= silent {
            return false;
        }
        *seen = NodeSeen { at, report: report.seq, beyond: Beyond::default() };
        let Some(places) = self.gpus.get_mut(of.places()) else { return false };
        for place in places.iter_mut() {
            let told = report.gpus.iter().find(|gpu| Some(gpu.uuid) == place.uuid);
            *place = told.map_or_else(GpuSeen::default, GpuSeen::of);
        }
        for gpu in &report.gpus {
            if places.iter().any(|place| place.uuid == Some(gpu.uuid)) {
                continue;
            }
            match places.iter_mut().find(|place| place.uuid.is_none()) {
                Some(free) => *free = GpuSeen::of(gpu),
                None => seen.beyond.add(gpu, of.rated),
            }
        }
        true
    }
}

impl Outputs {
    /// What a node is granted, in answer to its report `after`; nothing where nothing is.
    #[must_use]
    pub fn grants(&self, hall: &Hall, node: usize, after: u64) -> Option<Grants> {
        let caps = self.caps.get(hall.power.nodes.get(node)?.places())?;
        let lease = hall.power.capping.as_ref().map_or(Span::ZERO, |capping| capping.lease);
        let of = |cap: &Cap| {
            let (epoch, sequence) = cap.order;
            Some(Grant { uuid: cap.uuid?, cap: cap.cap, lease, epoch, sequence, clock_mhz: cap.clock_mhz })
        };
        let grants: Vec<Grant> = caps.iter().filter_map(of).collect();
        (!grants.is_empty()).then_some(Grants { after: Some(after), grants })
    }
}
