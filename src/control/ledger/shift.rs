//! Times of leases where the clock is put right.
//!
//! A clock that was never trusted told nothing: all that was reckoned from it moves with it. One that was trusted and is put back moves what has begun, which goes on as it is; what is to come,
//! ends among it, stays at the instants that were told, for others are promised what is free from there on. Put forward it moves nothing: what is over by then is over.

use plant::time::{Span, Wall};

use super::Ledger;
use super::notices::Notice;
use crate::control::term::later;

/// A clock that is put back by less (ms) is told to nobody.
const SLEWED: i64 = 1000;

impl Ledger {
    /// Puts times right that were reckoned from nothing (ms).
    pub(super) fn shift(&mut self, by: i64) {
        let put = |at: &mut Wall| *at = Wall(at.0.saturating_add(by));
        for lease in &mut self.leases {
            lease.steps.iter_mut().for_each(|step| put(&mut step.start));
            lease.end.iter_mut().for_each(put);
            lease.comes.iter_mut().for_each(|comes| put(&mut comes.until));
            lease.cut.iter_mut().for_each(|cut| put(&mut cut.from));
            put(&mut lease.ran);
            lease.moves.iter_mut().for_each(|moves| moves.shift(by));
            lease.due.iter_mut().filter_map(|due| due.begun.as_mut()).for_each(put);
            lease.asked.iter_mut().for_each(|asked| asked.shift(by));
        }
        for wait in &mut self.waiting {
            wait.lease.asked.iter_mut().for_each(|asked| asked.shift(by));
            wait.plan.iter_mut().for_each(put);
            wait.hold.iter_mut().for_each(|hold| hold.shift(by));
        }
        self.notices.shift(by, |_| true);
    }

    /// The clock is put back by so much (ms, < 0). Steps that had begun still have, and what is charged now is charged until then.
    pub(super) fn put_back(&mut self, by: i64, tail: Span) {
        let then = Wall(self.now().0.saturating_sub(by));
        let before = |until: Wall, at: &mut Wall| {
            let begun = *at <= until;
            *at = if begun { Wall(at.0.saturating_add(by)) } else { *at };
            begun
        };
        let put = |at: &mut Wall| before(then, at);
        for lease in &mut self.leases {
            let steps = lease.steps.iter_mut().filter_map(|step| put(&mut step.start).then_some(())).count();
            let cut = lease.cut.as_mut().is_some_and(|cut| put(&mut cut.from));
            lease.comes.iter_mut().for_each(|comes| comes.until = Wall(comes.until.0.saturating_add(by)));
            put(&mut lease.ran);
            let rests = lease.moves.as_mut().and_then(|moves| moves.now.as_mut());
            let longer = rests.is_some_and(|rests| put(&mut rests.from) && !put(&mut rests.until));
            if let Some(due) = &mut lease.due {
                due.begun.iter_mut().for_each(|at| _ = put(at));
                due.pauses(if longer { by.saturating_neg() } else { 0 });
            }
            lease.asked.iter_mut().for_each(|asked| asked.put_back(put));
            // What was told of it says other instants by now.
            lease.seq = lease.seq.saturating_add(u64::from((steps > 0 || cut) && by <= -SLEWED));
        }
        for wait in &mut self.waiting {
            // What it would have drawn by now is what it was: whatever it is lent lasts as long as it wants.
            wait.lease.asked.iter_mut().filter(|asked| asked.begins_by(then)).for_each(|asked| asked.shift(by));
            wait.plan.iter_mut().for_each(|at| _ = put(at));
            wait.hold.iter_mut().for_each(|hold| hold.shift(by));
        }
        self.unable.iter_mut().filter_map(|of| of.until_mut()).for_each(|until| _ = before(later(then, tail), until));
        self.notices.shift(by, |of: &Notice| of.effective <= then);
    }
}
