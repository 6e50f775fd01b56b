//! What befalls the plan of the day ahead.

use serde::{Deserialize, Serialize};

/// What befalls a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PlanNews {
    /// Batteries follow a plan from now on.
    Followed,
    /// No plan is followed any more: what held without one holds again.
    Dropped(PlanEnd),
    /// A plan answered a question that is not asked any more, or came too late: it is not followed.
    Late,
    /// Nothing could be planned.
    Failed,
    /// Batteries do not hold a target of the hall's file to the end: they hold the lowest that they can, or do so no more.
    Raised(bool),
    /// Plans come of greed alone, because the linear programme took too long or has failed; or come of both again.
    Greedy(bool),
}

/// Why a plan is not followed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PlanEnd {
    /// It is too old, and no newer one has come.
    Old,
    /// The wall clock is not trusted.
    ClockDoubted,
    /// No battery is seen well enough.
    NoBattery,
    /// Batteries hold far more or less than it supposed.
    Drifted,
    /// Control began anew.
    Restarted,
}

impl PlanEnd {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::ClockDoubted => "clock_doubted",
            Self::NoBattery => "no_battery",
            Self::Drifted => "drifted",
            Self::Restarted => "restarted",
        }
    }
}

impl PlanNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Followed => "plan_followed",
            Self::Dropped(_) => "plan_dropped",
            Self::Late => "plan_late",
            Self::Failed => "plan_failed",
            Self::Raised(true) => "plan_target_raised",
            Self::Raised(false) => "plan_target_kept",
            Self::Greedy(true) => "plan_greedy",
            Self::Greedy(false) => "plan_programme",
        }
    }
}
