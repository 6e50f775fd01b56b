//! Who was lowered comes back one after the other: loads that all come back at once make a peak of their own, or bring the next notice.
//!
//! **Equation** at each feed on the way of both: after one was restored that draws `w` there the next waits for `60 s · w / (PACE · limit)`, five minutes at the most. So a tenth of what a feed may
//! carry comes back within a minute.

use plant::time::Span;

use super::lease::Lease;
use super::notices::Tidings;
use super::{Around, Ledger};
use crate::control::term::later;

/// What may come back at a feed within a minute, of its limit (1).
const PACE: f64 = 0.1;
/// Nobody waits longer for one that came back before him.
const LONGEST: f64 = 300.0;

impl Ledger {
    /// True for one that was lowered and stays so for now, because another came back a moment ago.
    pub(super) fn waits_its_turn(&self, around: &Around<'_>, lowered: &Lease) -> bool {
        let now = self.now();
        let lately = self.notices().since(0).filter(|of| {
            let oldest = later(of.effective, Span::from_seconds(LONGEST));
            of.tidings == Tidings::Restore && of.effective <= now && oldest > now
        });
        lately.into_iter().any(|of| {
            let Some(other) = self.leases.iter().find(|other| other.id == of.lease) else { return false };
            let share = |(feed, _): &(plant::id::FeedId, f64)| {
                let limit = around.power.feeds.get(*feed)?.limit().0;
                Some(of.watts * other.weight(*feed)? / limit.max(1.0))
            };
            let most = lowered.weights.iter().filter_map(share).fold(0.0, f64::max);
            later(of.effective, Span::from_seconds((60.0 * most / PACE).min(LONGEST))) > now
        })
    }
}
