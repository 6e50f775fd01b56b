//! What outlives the agent of a GPU's cap.

use plant::gpu::Milliwatts;
use serde::{Deserialize, Serialize};

use super::super::clock::Clock;
use super::{Bounds, Hold, SAME};

/// What is remembered of a GPU over a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// The limit from before us (mW).
    #[serde(rename = "prior_mw")]
    pub prior: Option<Milliwatts>,
    /// The limit that was left, by us or by who set a lower one (mW).
    #[serde(rename = "ours_mw")]
    pub ours: Option<Milliwatts>,
    /// A lower limit that somebody else has set (mW): no start anew lifts it.
    #[serde(rename = "foreign_mw", default)]
    pub foreign: Option<Milliwatts>,
    /// What was about to be written (mW): whoever finds that in our absence finds ours.
    #[serde(rename = "asked_mw", default)]
    pub asked: Option<Milliwatts>,
    /// The fail-safe that goes with it (mW): whoever wrote that in our absence was ours, too.
    #[serde(rename = "failsafe_mw")]
    pub failsafe: Option<Milliwatts>,
    /// The clock that we had locked (MHz).
    #[serde(default)]
    pub clock_mhz: Option<u32>,
}

impl Hold {
    /// A GPU that is known from an earlier life of this agent.
    #[must_use]
    pub fn remembered(memory: &Memory, released: bool) -> Self {
        Self {
            prior: memory.prior,
            ours: memory.ours.or(memory.foreign),
            foreign: memory.foreign,
            left: (memory.failsafe, memory.asked),
            released,
            clock: Clock::remembered(memory.clock_mhz),
            ..Self::default()
        }
    }

    /// What must be remembered over a restart; `next` is what is about to be written.
    #[must_use]
    pub fn memory(&self, next: Option<Milliwatts>, bounds: &Bounds) -> Memory {
        // What was written since the last reading may be there or not.
        let under_way = self.written.filter(|(at, _)| self.sample.at <= *at).map(|(_, limit)| limit);
        let another = |asked: &Milliwatts| self.ours.is_none_or(|ours| ours.apart(*asked) > SAME);
        Memory {
            prior: self.prior,
            ours: self.ours,
            foreign: self.foreign,
            asked: next.or(under_way).or(self.left.1).filter(another),
            failsafe: Some(bounds.failsafe),
            clock_mhz: self.clock.locked().or(self.lease.and_then(|l| l.clock)),
        }
    }
}
