//! Caps on loan: what a controller grants to a GPU's agent, and what the agent says of it. JSON on the wire, numbers in thousandths.
//!
//! A cap that protects a feeder must not outlive whoever gave it, nor be lost with him. So a grant ends by itself; then the GPU goes to the
//! lower of its present cap and the node's fail-safe.

pub mod seen;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gpu::{Condition, Milliwatts, PowerSource, Throttle, Uuid};
use crate::time::Span;

/// A cap for one GPU for a while. What comes later in order, by epoch and then by sequence, replaces what came before; what is not later
/// is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The GPU.
    pub uuid: Uuid,
    /// What it may draw (mW, > 0).
    #[serde(rename = "cap_mw")]
    pub cap: Milliwatts,
    /// For how long from when it arrives (ms on the wire, 1 to the node's longest).
    #[serde(rename = "lease_ms", with = "millis")]
    pub lease: Span,
    /// Counts the starts of whoever grants.
    pub epoch: u64,
    /// Counts his grants within an epoch.
    #[serde(rename = "seq")]
    pub sequence: u64,
    /// The highest clock of its cores for as long (MHz, 100 to 10000); nothing leaves them free. Work that waits for memory draws less than any
    /// cap that could be set, and still less at lower clocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_mhz: Option<u32>,
}

/// Everything that is asked of a node at once: all or none of it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// The number of the node's report that they answer: their leases count from when that was said, so that what was long on its way is
    /// not longer lent than its giver believes. Without it they count from when they arrive.
    #[serde(default)]
    pub after: Option<u64>,
    /// The caps (at most 64).
    pub grants: Vec<Grant>,
}

/// What became of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Taken {
    /// It holds.
    Granted {
        /// What it comes to on this node (mW): within floor, ceiling and what the board takes.
        #[serde(rename = "cap_mw")]
        cap: Milliwatts,
    },
    /// It is not later than the one that holds.
    Older,
    /// No such GPU here.
    Unknown,
    /// Its lease is nothing, or longer than this node takes.
    BadLease,
    /// Its clock is none.
    BadClock,
    /// It was over when it came, or answers a report that the node does not remember.
    Late,
    /// People hold this node; it takes no grants until they give it back.
    Held,
}

/// Who has the say over a GPU's limit now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Nobody has granted anything, or the lease is over: the fail-safe.
    #[default]
    FailSafe,
    /// A grant.
    Lease,
    /// Somebody else has set a lower limit than ours; it is never raised.
    Foreign,
    /// People have taken the node back.
    Released,
}

/// What a node says of one GPU.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GpuReport {
    /// The GPU.
    pub uuid: Uuid,
    /// How it is.
    pub condition: Condition,
    /// Mean draw since the last report (mW), where it was read.
    #[serde(rename = "power_mw")]
    pub power: Option<Milliwatts>,
    /// The highest reading since then (mW).
    #[serde(rename = "peak_mw")]
    pub peak: Option<Milliwatts>,
    /// Where it was read.
    pub source: Option<PowerSource>,
    /// Age of the last reading (ms on the wire).
    #[serde(rename = "age_ms", with = "millis")]
    pub age: Span,
    /// Energy since the driver started (mJ).
    #[serde(rename = "energy_mj")]
    pub energy: Option<u64>,
    /// The die (°C).
    pub die_cel: Option<f64>,
    /// Every reason to be slow since the last report.
    pub throttle: Option<Throttle>,
    /// What is enforced (mW), read back.
    #[serde(rename = "enforced_mw")]
    pub enforced: Option<Milliwatts>,
    /// What shall be enforced (mW).
    #[serde(rename = "wanted_mw")]
    pub wanted: Option<Milliwatts>,
    /// What it goes to when nobody has the say (mW): the node's fail-safe, or the least that its board takes where that is more. Nothing where an
    /// older agent does not tell.
    #[serde(rename = "failsafe_mw", default)]
    pub failsafe: Option<Milliwatts>,
    /// The most it can draw for all the node knows (mW): what to count it at when in doubt.
    #[serde(rename = "at_most_mw")]
    pub at_most: Option<Milliwatts>,
    /// Who has the say.
    pub rule: Rule,
    /// What is left of the lease (ms on the wire).
    #[serde(rename = "lease_ms", with = "millis")]
    pub lease: Span,
    /// The highest clock that its cores are locked to (MHz), where it was written.
    pub clock_mhz: Option<u32>,
    /// The grant that was taken last.
    pub epoch: u64,
    /// And its number.
    #[serde(rename = "seq")]
    pub sequence: u64,
    /// What is enforced is above what shall be, although it was written: somebody else raises it, or the board does not follow.
    pub contended: bool,
}

impl GpuReport {
    /// Of a GPU that is well, of which nothing was read, under its fail-safe.
    #[must_use]
    pub const fn unread(uuid: Uuid) -> Self {
        Self {
            uuid,
            condition: Condition::Well,
            power: None,
            peak: None,
            source: None,
            age: Span::ZERO,
            energy: None,
            die_cel: None,
            throttle: None,
            enforced: None,
            wanted: None,
            failsafe: None,
            at_most: None,
            rule: Rule::FailSafe,
            lease: Span::ZERO,
            clock_mhz: None,
            epoch: 0,
            sequence: 0,
            contended: false,
        }
    }
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeReport {
    /// Its name.
    pub node: String,
    /// Counts its reports. It begins at the wall clock's milliseconds when the agent starts, so that no number comes twice.
    pub seq: u64,
    /// The driver's version, where there is one.
    pub driver: Option<String>,
    /// Why there is none.
    pub why: Option<String>,
    /// Its GPUs.
    pub gpus: Vec<GpuReport>,
}

impl NodeReport {
    /// The most the node's GPUs can draw together for all it knows (mW); nothing where that is unknown for one of them.
    #[must_use]
    pub fn at_most(&self) -> Option<Milliwatts> {
        self.gpus.iter().map(|g| g.at_most).sum::<Option<Milliwatts>>()
    }
}

/// A length of time as whole milliseconds.
mod millis {
    use super::{Deserialize, Deserializer, Serializer, Span};

    pub fn serialize<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(span.millis())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        u64::deserialize(from).map(Span::from_millis)
    }
}
