//! What flows through a feed and belongs to no lease.
//!
//! A meter tells what flows, and not whose it is. What is nobody's is somewhere between all that flows, less what leases are charged at, and all that flows; it is taken to be what it was
//! before, unless that is not possible any more. So a job that begins to draw what it was lent is not counted twice, and what nobody lent is counted at the latest when it cannot be
//! anybody's. Never is less counted in all than flows.

use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::amount::Milli;

/// What is known of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What belongs to no lease (mW, ≥ 0).
    pub unleased: Milli,
    /// What flows (mW); nothing while its meter is lost.
    pub load: Option<Milli>,
}

impl Seen {
    /// Leases are known that were not: what was taken to be nobody's may be theirs. So much is charged for them.
    pub fn anew(&mut self, charged: Milli) {
        self.unleased = self.load.map_or(Milli::ZERO, |load| load.less(charged).max(Milli::ZERO));
    }

    /// One scan: what flows, and what leases are charged at.
    pub fn step(&mut self, load: Option<Watts>, charged: Milli) {
        self.load = load.map(Milli::limit);
        if let Some(load) = self.load {
            let most = load.max(Milli::ZERO);
            self.unleased = self.unleased.max(load.less(charged)).min(most).max(Milli::ZERO);
        }
    }
}
