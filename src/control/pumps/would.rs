//! Pumps that somebody else runs: how many ours would, by the same flow and pressure.

use plant::time::Span;

use super::Pumps;
use super::look::View;
use plant::hall::sequence::pumps::HeaderTuning;

impl Pumps {
    /// One scan beside somebody else: as many as run are the stage that is counted from, and a change of theirs begins it anew. What is
    /// wished stands while its cause does.
    pub(super) fn suppose(&mut self, tuning: &HeaderTuning, view: &View, dt: Span) {
        let n = self.crew.running().max(1);
        if self.crew.target() != n {
            self.crew.adopt(n);
            self.begin_anew();
            self.pressed = false;
        }
        self.count(tuning, view, dt);
        let all = u8::try_from(self.crew.machines().len()).unwrap_or(u8::MAX);
        self.supposed = if view.machines.is_some_and(|machines| n < machines)
            || self.is_starved(tuning)
            || self.more.reached(tuning.patience)
        {
            n.saturating_add(1).min(all)
        } else if self.may_do_with_less(tuning, view) {
            n.saturating_sub(1)
        } else {
            n
        };
    }

    /// How many run, and how many ours would.
    #[must_use]
    pub const fn supposed(&self) -> (u8, u8) {
        (self.crew.target(), self.supposed)
    }
}
