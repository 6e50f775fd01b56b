//! Jobs that begin when a plan of the day ahead says.
//!
//! ```text
//!  asked for ─▶ held for a plan's first word, 2 min at the most ─▶ held to its planned start, while the plan may be followed ─▶ begins as room allows
//!                        │                                             ▲    │                                                        ▲
//!                        └────── a plan that does not name it ─────────┼────┴── a plan that does not name it, or no newer plan ──────┘
//!                                                                      └── a newer plan names it again
//! ```
//!
//! None is held past the instant at which it must have begun to be done by its deadline. A plan advises: whether there is room is decided by what feeds carry when it begins.

use plant::plan::{Arrived, Start};
use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::control::ahead::VALID;
use crate::control::term::later;

/// For so long a job is held for a plan's first word.
const FIRST: Span = Span::from_secs(120);
/// Nothing is held in the last minute in which it may begin.
pub const SPARE: Span = Span::from_secs(60);

/// Until when a job is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// It begins then; never, where no plan has named it yet.
    pub start: Wall,
    /// It is not held longer in any case.
    by: Wall,
}

impl Hold {
    /// From now on for a plan's first word.
    #[must_use]
    pub fn asked(now: Wall) -> Self {
        Self { start: Wall(i64::MAX), by: later(now, FIRST) }
    }

    /// The clock is put right by so much (ms): it waits for a plan's first word no longer for that, and no shorter.
    pub(super) fn shift(&mut self, by: i64) {
        if self.start == Wall(i64::MAX) {
            self.by = Wall(self.by.0.saturating_add(by));
        }
    }

    /// It is held now; never so long that it could not begin any more, nor by a clock that was set back since.
    #[must_use]
    pub fn holds(&self, now: Wall, latest: Option<Wall>) -> bool {
        let in_time = now < self.by && self.by <= later(now, VALID);
        in_time && now < self.start && latest.is_none_or(|latest| later(now, SPARE) < latest)
    }

    /// When it begins, where a plan has said so.
    #[must_use]
    pub fn planned(&self) -> Option<Wall> {
        (self.start != Wall(i64::MAX)).then_some(self.start)
    }
}

impl Ledger {
    /// A plan has arrived and is followed. Allocates nothing.
    pub fn follow(&mut self, arrived: &Arrived) {
        let by = later(arrived.from, VALID);
        for wait in &mut self.waiting {
            // Who came after the question waits for the next plan.
            if wait.plan.is_none_or(|asked| asked > arrived.at) {
                continue;
            }
            let name = (wait.lease.id.epoch, wait.lease.id.number);
            let place = arrived.starts.binary_search_by_key(&name, |of| (of.epoch, of.number)).ok();
            let start: Option<&Start> = place.and_then(|place| arrived.starts.get(place));
            wait.hold = start.map(|of| Hold { start: of.at, by });
        }
        self.hear_pauses(arrived);
    }

    /// How many jobs there are that wait for a plan, or that one may move, and the newest of them: another plan is due when that changes.
    #[must_use]
    pub fn to_plan(&self) -> (usize, u64) {
        let waiting = self.waiting.iter().filter(|of| of.plan.is_some()).map(|of| of.lease.id.number);
        let all = waiting.chain(self.begun().map(|(lease, _)| lease.id.number));
        all.fold((0, 0), |(count, newest), number| (count.saturating_add(1), newest.max(number)))
    }
}
