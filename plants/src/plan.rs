//! A plan of the day ahead as a scan hears it: what batteries do in each quarter of an hour, which peaks they hold, when jobs begin and when they pause, and why.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::Wall;

/// A plan that has arrived.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrived {
    /// The number of the question that it answers.
    pub question: u64,
    /// When its first slot begins.
    pub from: Wall,
    /// When it was asked for: in its first slot.
    pub at: Wall,
    /// What batteries held together then (Wh).
    pub level: f64,
    /// It was planned without a linear programme: that took too long, has failed, or would have been too large.
    pub greedy: bool,
    /// Its slots, a quarter of an hour each; none where nothing could be planned.
    pub slots: Vec<Planned>,
    /// What windows shall not exceed, of each of the tariff's demands in their order (W); nothing where it plans none.
    pub targets: Vec<Option<f64>>,
    /// When jobs begin that wait for a plan, and those go on that one has paused, by their leases' names in rising order. One that is not among them is not planned.
    pub starts: Vec<Start>,
    /// When jobs pause that run, by their leases' names in rising order: each the next time.
    pub pauses: Vec<Pause>,
    /// Why it is as it is, for people. A scan that follows the plan keeps this as it came, and copies nothing.
    #[serde(with = "shared")]
    pub told: Arc<Told>,
}

/// Why a plan is as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// What domains are called, by the indices of [`Limit::Domain`],
    pub domains: Vec<String>,
    /// and demands, by those of [`Limit::Demand`].
    pub demands: Vec<String>,
    /// Of each job that was planned, by their leases' names in rising order.
    pub jobs: Vec<JobTold>,
    /// Of each slot.
    pub slots: Vec<SlotTold>,
}

/// Why a plan runs a job when it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobTold {
    /// The generation of the controller that has named its lease,
    pub epoch: u64,
    /// and its number in that.
    pub number: u64,
    /// When it runs: from, to.
    pub runs: Vec<(Wall, Wall)>,
    /// Why then.
    pub why: Why,
    /// What keeps it out of a slot that would be cheaper; nothing where none is.
    pub held_by: Option<Limit>,
    /// What it does not get by its deadline.
    pub short: Option<Short>,
    /// What the site's limit is where that leaves least in the time that it has.
    pub site: Bound,
}

/// What one more kW would come to in a slot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SlotTold {
    /// Limits that leave no room for it, and demands whose peak it would raise.
    pub reached: Vec<Limit>,
    /// What it would cost at the site, everybody else being where they are (currency).
    pub one_more: f64,
    /// What the site's limit is.
    pub site: Bound,
}

/// What the site's limit is, of all that limits it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// What its feed carries.
    #[default]
    Feed,
    /// What a grid or a budget asks.
    Asked,
    /// What the hall's file lets a billed window come to.
    Target,
}

/// What keeps a job out of a slot, or is reached in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The slot lies before its release.
    Release,
    /// The slot lies after its deadline.
    Deadline,
    /// The site's limit.
    Site,
    /// The limit of a domain, by its index.
    Domain(usize),
    /// The target of a demand, by its index.
    Demand(usize),
    /// The shortest run that it may have, or that it runs in one piece.
    Run,
}

/// Why a job runs when it does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It runs already and may not stop yet.
    Committed,
    /// There is no time to spare between release and deadline.
    NoChoice,
    /// It runs at once, and later would not be cheaper.
    AtOnce,
    /// It runs as early as a limit allows.
    Room {
        /// What was in its way.
        limit: Limit,
    },
    /// It is cheaper than as early as limits allow, everybody else being where they are.
    Cheaper {
        /// Energy and its CO₂ (currency).
        energy: f64,
        /// Peaks (currency).
        peak: f64,
    },
    /// It costs the same as at once, and the load is lower then.
    Even,
    /// It does not run.
    Not,
    /// It runs at once, and what would be cheaper is not open to it.
    Held,
    /// By itself it is dearer than as early as limits allow: a peak, or room for others, is worth more.
    Dearer {
        /// By so much energy and its CO₂ (currency),
        energy: f64,
        /// and by so much peaks (currency).
        peak: f64,
    },
}

impl Why {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::NoChoice => "no-choice",
            Self::AtOnce => "at-once",
            Self::Room { .. } => "room",
            Self::Cheaper { .. } => "cheaper",
            Self::Even => "even",
            Self::Not => "not",
            Self::Held => "held",
            Self::Dearer { .. } => "dearer",
        }
    }
}

/// What a job does not get.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Short {
    /// How much (kWh at the machines).
    pub kwh: f64,
    /// What stands in its way most often.
    pub limit: Limit,
}

/// What is shared is written as what it is.
pub mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Told;

    /// Writes.
    ///
    /// # Errors
    /// Those of what it is written to.
    pub fn serialize<S: Serializer>(told: &Arc<Told>, to: S) -> Result<S::Ok, S::Error> {
        told.as_ref().serialize(to)
    }

    /// Reads.
    ///
    /// # Errors
    /// Those of what it is read from.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Told>, D::Error> {
        Told::deserialize(from).map(Arc::new)
    }
}

/// When a job begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The generation of the controller that has named its lease,
    pub epoch: u64,
    /// and its number in that.
    pub number: u64,
    /// When.
    pub at: Wall,
}

/// When a job pauses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The generation of the controller that has named its lease,
    pub epoch: u64,
    /// and its number in that.
    pub number: u64,
    /// From here,
    pub from: Wall,
    /// to here.
    pub until: Wall,
}

/// What batteries do in a slot of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// What they give together (W); negative where they take.
    pub gives: f64,
    /// What they hold at its end (Wh).
    pub level: f64,
    /// What the site is expected to draw (W).
    pub site: f64,
    /// That is what the site may draw: batteries give what flows above it, and not what they would give if as much flowed as was expected.
    pub holds: bool,
}
