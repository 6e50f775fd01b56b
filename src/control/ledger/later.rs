//! Jobs that run later than they were asked for: what they would have drawn, and what they draw now that they would have drawn before.
//!
//! ```text
//!   asked for, or not before ──────── it would have run ────────┐
//!   ├────────────── it waits ──────────────┬────────────────────┼────────── it runs, and would be over ──────────┤
//!          + what it wants, to its end     │        nothing     │   − what it may draw, up to what was added before
//! ```
//!
//! A pause that a plan makes while it would have run is time that it waits, too.
//!
//! Only of a job that says how long it is: of another nobody knows when it would have been over. One that ends before its time, begins smaller or is taken back gives what was added too much
//! back: over its life it draws the same on both sides.

use plant::id::FeedId;
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::Ledger;
use super::lease::Lease;
use super::message::Wish;
use crate::control::term::later;

/// Less is rounding (Wh).
const NOTHING: f64 = 1e-6;

/// When a job would have run that had to wait.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// From here,
    from: Wall,
    /// to here,
    until: Wall,
    /// with so much (W at machines).
    watts: f64,
    /// What it would have drawn by now beyond what it has (Wh at the billed meter).
    owed: f64,
}

/// What jobs that run later change at a feed, as of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Later {
    /// What more would flow (W); negative where they draw what they would have drawn before.
    pub watts: Watts,
    /// What those want that wait, and would run by now (W at machines).
    pub waits: Watts,
    /// What was added before of jobs that ended early, were taken back or began smaller, and counts no more (Wh).
    pub settled: f64,
}

impl Asked {
    /// Of a wish that waits from now on; nothing of one that does not say how long it runs.
    #[must_use]
    pub fn of(wish: &Wish, now: Wall) -> Option<Self> {
        let from = wish.times.not_before.map_or(now, |at| at.max(now));
        let until = later(from, wish.times.duration?);
        Some(Self { from, until, watts: wish.power.wanted, owed: 0.0 })
    }
}

impl Ledger {
    /// What jobs that run later change at a feed that has so much room; what is known counts for so long. Allocates nothing.
    pub fn later(&mut self, feed: FeedId, room: Watts, known: Span) -> Later {
        let (now, hours) = (self.now(), known.seconds() / 3600.0);
        let want = |of: &Lease| {
            let asked = of.asked.filter(|asked| asked.from <= now && now < asked.until)?;
            Some((asked.watts, asked.watts * of.weight(feed)?))
        };
        let rests = |of: &Lease| of.is_live() && of.rests_at(now);
        let all: f64 = {
            let waiting = self.waiting.iter().map(|of| &of.lease);
            let paused = self.leases.iter().filter(|of| rests(of));
            waiting.chain(paused).filter_map(want).map(|(_, carried)| carried).sum()
        };
        let share = if all > 0.0 { (room.0 / all).clamp(0.0, 1.0) } else { 0.0 };
        let mut sum = Later::default();
        let waiting = self.waiting.iter_mut().map(|of| &mut of.lease);
        for of in waiting.chain(self.leases.iter_mut().filter(|of| rests(of))) {
            let Some((watts, carried)) = want(of) else { continue };
            sum.watts += Watts(carried * share);
            sum.waits += Watts(watts * share);
            of.asked.iter_mut().for_each(|asked| asked.owed += carried * share * hours);
        }
        for of in self.leases.iter_mut().filter(|of| of.is_live()) {
            let draws = of.may(now) * of.weight(feed).unwrap_or_default();
            let Some(asked) = of.asked.as_mut().filter(|asked| asked.until <= now && asked.owed > NOTHING) else {
                continue;
            };
            let draws = if hours > 0.0 { draws.min(asked.owed / hours) } else { 0.0 };
            sum.watts -= Watts(draws);
            asked.owed = (asked.owed - draws * hours).max(0.0);
        }
        let gone = self.owed + sum.watts.0 * hours - self.owes();
        self.owed = self.owes();
        sum.settled = if gone > NOTHING { gone } else { 0.0 };
        sum
    }

    /// What all that live would have drawn by now beyond what they have (Wh).
    fn owes(&self) -> f64 {
        let waiting = self.waiting.iter().map(|of| &of.lease);
        let all = self.leases.iter().filter(|of| of.is_live()).chain(waiting);
        all.filter_map(|of| of.asked).map(|asked| asked.owed).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::ledger::message::Times;
    use crate::control::ledger::tree::Place;

    #[test]
    fn what_would_have_run_is_known_of_a_job_that_says_how_long_it_is() {
        let times = Times { duration: Some(Span::from_secs(60)), ..Times::default() };
        let mut wish = Wish { times, ..Wish::firm(Place::Rack(0), 2e3) };
        let of = |from: i64| Some(Asked { from: Wall(from), until: Wall(from + 60_000), watts: 2e3, owed: 0.0 });
        assert_eq!(Asked::of(&wish, Wall(5_000)), of(5_000));
        wish.times.not_before = Some(Wall(9_000));
        assert_eq!(Asked::of(&wish, Wall(5_000)), of(9_000), "it would not have begun before");
        assert_eq!(Asked::of(&wish, Wall(11_000)), of(11_000));
        wish.times.duration = None;
        assert_eq!(Asked::of(&wish, Wall(5_000)), None);
    }
}
