//! What becomes of a lease that nobody renews or that draws more than it may, and what its feed is brought down to for that.

use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::lease::{Lease, Life, Step, UNSEEN};
use super::message::OnExpiry;
use super::notices::Tidings;

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
    /// For how long it may still be renewed, and whether its client was told that its time to live is over; none of it where it is in no grace.
    #[must_use]
    pub(super) const fn grace(&self) -> (Span, bool) {
        match self.life {
            Life::Grace { left, told } => (left, told),
            Life::Held | Life::Leaving { .. } | Life::Floored { .. } | Life::Kept { .. } => (Span::ZERO, false),
        }
    }

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

    /// It is charged while it comes down after its grace, or is given back.
    pub(super) const fn is_over(&self) -> bool {
        match self.life {
            Life::Leaving { .. } => true,
            Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } => false,
        }
    }

    /// One at its floor is renewed: it goes on there.
    pub(super) fn stays_on(&mut self, now: Wall) {
        self.steps.clear();
        self.steps.push(Step { start: now, watts: self.floor });
        (self.cut, self.life, self.ran, self.moves) = (None, Life::Held, now, None);
        self.seq = self.seq.saturating_add(1);
    }
}
