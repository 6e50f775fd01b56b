//! What becomes of a lease that nobody renews or that draws more than it may, and what its feed is brought down to for that.

use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::lease::{Lease, Life, Step, UNSEEN};
use super::message::OnExpiry;
use super::notices::Tidings;
use crate::control::term::{earlier, later};

/// What a feed is brought down to for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comes {
    /// The load of its first feed (mW).
    pub to: Milli,
    /// Until when.
    pub until: Wall,
    /// What the lease might draw then (W): it is over where it may draw more.
    pub may: f64,
}

impl Lease {
    /// What it keeps where nobody renews it (W): what was lowered stays so.
    #[must_use]
    pub fn stays(&self) -> f64 {
        let stays = match self.on_expiry {
            OnExpiry::Floor => self.floor,
            OnExpiry::Pause | OnExpiry::Stop => 0.0,
        };
        self.cut.map_or(stays, |cut| stays.min(cut.watts))
    }

    /// What its client does then.
    #[must_use]
    pub const fn does(&self) -> Tidings {
        match self.on_expiry {
            OnExpiry::Floor => Tidings::Reduce,
            OnExpiry::Pause => Tidings::Pause,
            OnExpiry::Stop => Tidings::Stop,
        }
    }

    /// The load that its first feed is brought down to for it (mW); nothing where it is brought down for nothing.
    #[must_use]
    pub fn goal(&self, now: Wall) -> Option<Milli> {
        match self.life {
            // Its grace is over, and the meter does not confirm that it has come down.
            Life::Leaving { fell, given: false, .. } => Some(fell).filter(|fell| *fell != UNSEEN),
            Life::Leaving { .. } => None,
            Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } => {
                let holds = |of: &Comes| now < of.until && self.may(now) <= of.may + 1.0;
                self.comes.filter(holds).map(|of| of.to)
            }
        }
    }

    /// It was over, and is renewed while it comes down to its floor: it is at that from now on. What it had besides stays charged for as long as it was promised to nobody else, and its feed is
    /// brought down for it meanwhile.
    pub fn stays_on(&mut self, now: Wall, tail: Span) {
        let Life::Leaving { left, to, fell, .. } = self.life else { return };
        let until = later(now, left);
        let fell_at = earlier(until, tail);
        let mut changes: Vec<Wall> =
            self.steps.iter().map(|step| step.start).chain(self.cut.map(|cut| cut.from)).collect();
        changes.retain(|at| *at < fell_at);
        changes.sort_unstable();
        let mut steps: Vec<Step> = changes.iter().map(|start| Step { start: *start, watts: self.at(*start) }).collect();
        steps.push(Step { start: fell_at, watts: to });
        self.comes = Some(Comes { to: fell, until, may: to }).filter(|of| of.to != UNSEEN);
        (self.steps, self.floor, self.ran) = (steps, to, now);
        (self.cut, self.moves, self.life) = (None, None, Life::Held);
        self.seq = self.seq.saturating_add(1);
    }
}
