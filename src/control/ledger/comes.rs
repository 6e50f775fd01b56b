//! What becomes of a lease that nobody renews or that draws more than it may, and what its feed is brought down to for that.

use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::lease::{Lease, Life, UNSEEN};
use super::message::OnExpiry;
use super::notices::{Cause, Tidings};
use super::pauses::Moves;

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

    /// What lowers it, or will: from when on, what its client is told for that, and why.
    pub(super) fn held_down(&self, now: Wall) -> Option<(Wall, Tidings, Cause)> {
        let rests = || self.moves.and_then(|moves| moves.now).filter(|rests| now < rests.until);
        let cut = self.cut.map(|of| (of.from, if of.watts > 0.0 { Tidings::Reduce } else { Tidings::Pause }, of.cause));
        cut.or_else(|| rests().map(|rests| (rests.from, Tidings::Pause, Cause::Tariff)))
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

    /// One at its floor is renewed: it goes on there, and pauses when it would have.
    pub(super) fn stays_on(&mut self, now: Wall) {
        self.lowers(self.floor);
        (self.cut, self.life, self.ran) = (None, Life::Held, now);
        self.wakes(now);
        self.seq = self.seq.saturating_add(1);
    }

    /// A pause that has ended while it was at its floor is told to nobody.
    pub(super) fn wakes(&mut self, now: Wall) {
        let past = |moves: &&mut Moves| moves.now.is_some_and(|rests| rests.until <= now);
        self.moves.as_mut().filter(past).into_iter().for_each(|moves| moves.now = None);
    }

    /// No step of it is for more than its floor from now on.
    pub(super) fn lowers(&mut self, floor: f64) {
        self.floor = floor;
        self.steps.iter_mut().for_each(|step| step.watts = step.watts.min(floor));
    }

    /// The same where nobody tells of its pause any more: its schedule says when.
    pub(super) fn lowers_for_good(&mut self, floor: f64, now: Wall) {
        self.lowers(floor);
        self.forgets(now);
        self.moves = None;
    }
}
