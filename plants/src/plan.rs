//! A plan of the day ahead as a scan hears it: what batteries do in each quarter of an hour, which peaks they hold, when jobs begin and when they pause.

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
