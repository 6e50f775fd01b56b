//! Who is told that caps hold its machines below what it was lent: for a feed that carries too much, or because cooling does not keep up.
//!
//! ```text
//!  caps let less than 95 % ── for 10 s ──▶ told: reduce, at once, with what they let ── a minute at 99 % or more ──▶ told: restore
//!                                            │ a tenth less than was told, a minute later: told again
//! ```
//!
//! Nothing of the lease changes: it is not lowered, keeps its place and its end, and is told what holds already. So firm leases are told, too.

use plant::event::LeaseNews;
use plant::time::Span;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::lease::{Lease, Life};
use super::notices::{Cause, Notice, Tidings};
use super::tree::Place;
use super::{Around, Ledger, tell};
use crate::control::news::News;

/// What is held back is told after so long, and that it is not any more.
const TOLD: (Span, Span) = (Span::from_secs(10), Span::from_secs(60));
/// It is held back where caps let less of what it may draw, and free where they let as much (1).
const HELD: (f64, f64) = (0.95, 0.99);
/// It is told again where caps let so much less than was told (1, of what it may draw).
const LESS: f64 = 0.1;

/// Whether caps hold a lease's machines back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Capped {
    /// For how long something else has been so than was told last.
    turned: Span,
    /// What of it they let when it was told (1); nothing while it is not.
    told: Option<f64>,
}

impl Capped {
    /// One scan: caps let so much of what it may draw (1). Whether they hold it back, where that is to be told.
    fn step(&mut self, lets: f64, elapsed: Span) -> Option<bool> {
        let (turns, after) = match self.told {
            None => (lets < HELD.0, TOLD.0),
            Some(told) => (lets >= HELD.1 || lets < told - LESS, TOLD.1),
        };
        self.turned =
            if turns { Span::from_nanos(self.turned.nanos().saturating_add(elapsed.nanos())) } else { Span::ZERO };
        if self.turned < after {
            return None;
        }
        let holds = lets < HELD.1;
        *self = Self { turned: Span::ZERO, told: holds.then_some(lets) };
        Some(holds)
    }
}

impl Ledger {
    /// One scan: who is held back by caps is told, by what each of his leases is let (1). Allocates nothing.
    pub(super) fn tell_capped(
        &mut self,
        around: &Around<'_>,
        (lets, lent): (&dyn Fn(usize) -> Option<Watts>, &[f64]),
        (elapsed, news): (Span, &mut News<'_>),
    ) {
        let now = self.now();
        for place in 0..self.leases.len() {
            // Who was told that it is over comes down to less than that.
            let Some(lease) = self.leases.get_mut(place).filter(|lease| !lease.grace().1) else { continue };
            let may = lease.may(now);
            let share = match lease.life {
                Life::Held | Life::Grace { .. } | Life::Floored { .. } if may > 0.0 => lease.under_caps(lets, lent),
                Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Leaving { .. } | Life::Kept { .. } => {
                    1.0
                }
            };
            let Some(emergency) = lease.capped.step(share, elapsed) else { continue };
            lease.seq = lease.seq.saturating_add(1);
            if !emergency {
                tell(news, lease, LeaseNews::Uncapped { watts: may });
                self.freed(place);
                continue;
            }
            let (watts, tidings, cause) = (may * share, Tidings::Reduce, cause(around, lease));
            tell(news, lease, LeaseNews::Capped { watts });
            let (lease, seq) = (lease.id, lease.seq);
            self.notices.tell(Notice {
                number: 0,
                lease,
                seq,
                tidings,
                watts,
                effective: now,
                hard: now,
                cause,
                emergency,
            });
        }
    }
}

/// What holds its machines back: cooling that asks for less, or its feed.
fn cause(around: &Around<'_>, lease: &Lease) -> Cause {
    let hot = |(place, _): &(Place, f64)| match place {
        Place::Rack(rack) => (around.hot)(*rack),
        Place::Feed(_) => false,
    };
    if lease.places.iter().any(hot) {
        return Cause::Thermal;
    }
    lease.home().map_or(Cause::Breaker, |feed| (around.cause)(feed))
}
