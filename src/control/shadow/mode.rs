//! The controller beside another: said at a start, asked for what came of it.

use super::Beside;
use crate::control::report::{self, ShadowReport};
use crate::control::rule::Rule;
use crate::control::{Controller, State};

impl Controller {
    /// Whether somebody else runs the hall and nothing of ours is written. Said at a start, before the first scan. Who goes live goes on
    /// from what devices held.
    pub fn set_beside(&mut self, beside: bool) {
        let hall = &self.plan.hall;
        let State { shadow, held, equipment, trials, .. } = &mut self.state;
        if shadow.is_on() == beside {
            return;
        }
        if beside {
            shadow.begin(held.len(), hall.loops.len(), equipment.supposed(hall).count());
            let _ended = trials.end(); // it would watch a loop that moves nothing
        } else {
            shadow.end(held, &self.commands);
        }
        equipment.lend(Rule::on_panel());
        self.publish();
    }

    /// True while somebody else runs the hall.
    #[must_use]
    pub const fn is_beside(&self) -> bool {
        self.state.shadow.is_on()
    }

    /// What somebody else's control did beside what ours would have done, over the last hours, 1 to 24; nothing where ours writes.
    #[must_use]
    pub fn shadow(&self, hours: usize) -> Option<ShadowReport> {
        report::shadow(&self.plan, &self.commands, &self.state, hours)
    }

    /// Counts the differences from another's control from now on.
    pub fn compare_anew(&mut self) {
        self.state.shadow.beside_mut().into_iter().for_each(Beside::compare_anew);
    }
}
