//! A job that saves what it has done every so often is paused when it has just done so.
//!
//! ```text
//!  told ── the notice that it was promised ──▶│── to the next time it saves, a quarter of an hour at the most ──▶ paused
//!  began, or was restored ──┬──────────┬──────────┬──────────┬─ it saves
//! ```

use plant::time::{Span, Wall};

use super::lease::Lease;
use crate::control::term::{earlier, later};

/// Nobody is waited for longer, after the notice that he was promised.
pub const WAITS: Span = Span::from_secs(900);

impl Lease {
    /// When its job saves what it has done, from an instant on; nothing where it does not say how often, or that is too long to wait for.
    pub(super) fn saves(&self, from: Wall) -> Option<Wall> {
        let unsaved = self.unsaved(from)?;
        if unsaved == Span::ZERO {
            return Some(from);
        }
        let next = later(earlier(from, unsaved), self.flex.checkpoint);
        (next <= later(from, WAITS)).then_some(next)
    }

    /// What its job has done at an instant and not saved, in time; nothing where it does not say how often it saves.
    pub(super) fn unsaved(&self, at: Wall) -> Option<Span> {
        let (ran, every) = (at.since(self.ran).millis(), self.flex.checkpoint.millis());
        ran.checked_rem(every).map(Span::from_millis)
    }
}
