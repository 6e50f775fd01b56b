//! Jobs that run later than they were asked for, or are lowered while they run: what they would have drawn, and what they draw now that they would have drawn before.
//!
//! ```text
//!   asked for, or not before ──────── it would have run ────────┐
//!   ├────────────── it waits ──────────────┬────────────────────┼────────── it runs, and would be over ──────────┤
//!          + what it wants, to its end     │  + what it draws   │   − what it may draw, up to what was added before
//!                                            less while lowered
//! ```
//!
//! A pause that a plan makes while it would have run is time that it waits, too. What a lease draws less that is lowered says [`lowered`](super::lowered).
//!
//! Only of a job that says how long it is: of another nobody knows when it would have been over. One that is given back before its time, or begins smaller, gives what was added too much
//! back: over its life it draws the same on both sides. One whose schedule is over has not made up for what is left of what it was lowered by: that work was not done.

use plant::hall::power::Power;
use plant::id::FeedId;
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::Ledger;
use super::lease::{Lease, Life};
use super::lowered::{Before, Draw, Racks};
use super::message::Wish;
use super::tree::{Place, carries};
use crate::control::term::later;

/// Less is rounding (Wh).
const NOTHING: f64 = 1e-6;

/// When a job would have run that had to wait, or is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// From here,
    from: Wall,
    /// to here,
    until: Wall,
    /// with so much (W at machines).
    watts: f64,
    /// What the billed feed carries for each of its watts, with losses and without cooling (1); nothing before that was looked at.
    carries: Option<f64>,
    /// What it would have drawn by now beyond what it has (Wh at the billed meter),
    owed: f64,
    /// and what of it because it was lowered.
    cut: f64,
    /// Work that was done, not saved before a pause, and is done again (Wh at the billed meter).
    again: f64,
    /// What it drew before it was lowered last.
    before: Option<Before>,
}

/// What jobs that run later, or are lowered, change at a feed, as of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Later {
    /// What more would flow (W); negative where they draw what they would have drawn before.
    pub watts: Watts,
    /// What those want that wait, and what those draw less that are lowered, and would run by now (W at machines).
    pub waits: Watts,
    /// What was added before of jobs that ended early, were taken back or began smaller, and counts no more (Wh).
    pub settled: f64,
    /// Work of jobs that were lowered that was not done when their schedules were over, or was lost because it was not saved (Wh at machines).
    pub undone: f64,
    /// What leases are lowered by of which nobody can tell what they draw less (W at machines).
    pub apart: Watts,
}

/// What is remembered of all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// What they would have drawn by now beyond what they have (Wh at the billed meter).
    owed: f64,
    /// What racks draw.
    racks: Racks,
}

impl Asked {
    /// Of a wish that waits from now on; nothing of one that does not say how long it runs.
    #[must_use]
    pub fn of(wish: &Wish, now: Wall) -> Option<Self> {
        let from = wish.times.not_before.map_or(now, |at| at.max(now));
        let until = later(from, wish.times.duration?);
        Some(Self::between((from, until), wish.power.wanted))
    }

    /// Of one that would run from an instant to another with so much (W at machines).
    const fn between((from, until): (Wall, Wall), watts: f64) -> Self {
        Self { from, until, watts, carries: None, owed: 0.0, cut: 0.0, again: 0.0, before: None }
    }

    /// It would have begun by then.
    pub(super) fn begins_by(&self, then: Wall) -> bool {
        self.from <= then
    }

    /// All of it is put right (ms).
    pub(super) fn shift(&mut self, by: i64) {
        self.put_back(|at| *at = Wall(at.0.saturating_add(by)));
    }

    /// Each time of it is put right, where it is to be.
    pub(super) fn put_back<T>(&mut self, put: impl Fn(&mut Wall) -> T) {
        put(&mut self.from);
        put(&mut self.until);
        self.before.iter_mut().for_each(|before| _ = put(&mut before.from));
    }

    /// What the billed feed carries of it, once.
    fn looks_up(&mut self, power: &Power, places: &[(Place, f64)], feed: FeedId) {
        self.carries = self.carries.or_else(|| Some(carries(power, places, feed)));
    }

    /// What it draws less now, lowered (W at machines).
    fn lacks(&self) -> f64 {
        self.before.map_or(0.0, |before| before.lacks)
    }

    fn would_run(&self, now: Wall) -> bool {
        (self.from..self.until).contains(&now)
    }

    /// It may draw so much (W at the billed meter) after it would have been over: what of that it would have drawn before, and what it draws to do again (W).
    fn pays(&mut self, draws: f64, hours: f64) -> (f64, f64) {
        if hours <= 0.0 {
            return (0.0, 0.0);
        }
        let paid = draws.min(self.owed / hours);
        let again = (draws - paid).min(self.again / hours);
        self.owed = (self.owed - paid * hours).max(0.0);
        self.again = (self.again - again * hours).max(0.0);
        (paid, again)
    }
}

impl Ledger {
    /// What jobs that run later, or are lowered, change at a feed that has so much room; what is known counts for so long. Allocates nothing.
    pub fn later(&mut self, (power, feed): (&Power, FeedId), room: Watts, (known, draw): (Span, Draw<'_>)) -> Later {
        let (now, hours) = (self.now(), known.seconds() / 3600.0);
        let mut sum = Later::default();
        self.look_at_lowered((power, feed), draw, &mut sum);
        let waiting = self.waiting.iter_mut().map(|of| &mut of.lease);
        for Lease { asked, places, .. } in waiting.chain(&mut self.leases) {
            asked.iter_mut().for_each(|asked| asked.looks_up(power, places, feed));
        }
        let want = |of: &Lease, waits: bool| {
            let asked = of.asked.filter(|asked| asked.would_run(now))?;
            let watts = if waits || of.is_live() && of.rests_at(now) { asked.watts } else { asked.lacks() };
            (watts > 0.0).then_some((watts, watts * asked.carries?))
        };
        let waiting = self.waiting.iter().filter_map(|of| want(&of.lease, true));
        let all: f64 = waiting.chain(self.leases.iter().filter_map(|of| want(of, false))).map(|(_, of)| of).sum();
        let share = if all > 0.0 { (room.0 / all).clamp(0.0, 1.0) } else { 0.0 };
        let waiting = self.waiting.iter_mut().map(|of| (&mut of.lease, true));
        for (of, waits) in waiting.chain(self.leases.iter_mut().map(|of| (of, false))) {
            let wants = want(of, waits);
            let Some(asked) = of.asked.as_mut() else { continue };
            if let Some((watts, carried)) = wants {
                sum.watts += Watts(carried * share);
                sum.waits += Watts(watts * share);
                asked.owed += carried * share * hours;
            }
            // Who is late already, and is lowered, has less time to make up for it.
            asked.cut += asked.lacks()
                * asked.carries.unwrap_or_default()
                * hours
                * if asked.would_run(now) { share } else { 1.0 };
        }
        let mut owed = self.sums.owed + sum.watts.0 * hours;
        for of in self.leases.iter_mut().filter(|of| of.is_live()) {
            let may = of.may(now);
            let Some(asked) = of.asked.as_mut().filter(|asked| asked.until <= now) else { continue };
            let (paid, again) = asked.pays(may * asked.carries.unwrap_or_default(), hours);
            sum.watts -= Watts(paid + again);
            owed -= paid * hours;
        }
        owed -= self.ended(&mut sum);
        let gone = owed - self.owes();
        self.sums.owed = self.owes();
        sum.settled = if gone > NOTHING { gone } else { 0.0 };
        sum
    }

    /// Who is lowered for money, and what each of them draws less.
    fn look_at_lowered(&mut self, (power, feed): (&Power, FeedId), draw: Draw<'_>, sum: &mut Later) {
        let (now, sure) = (self.now(), self.clock.is_sure());
        let Self { leases, sums, watch, last, .. } = self;
        sums.racks.look((leases, now), (watch.cases.len(), draw), last.dt);
        for of in leases {
            let Some(cut) = of.lowered() else {
                of.asked.iter_mut().for_each(|asked| asked.before = None);
                continue;
            };
            let level = of.level(now);
            let end = of.end.filter(|end| sure && cut.from < *end);
            let mut asked = of.asked.or(end.map(|end| Asked::between((cut.from, end), level)));
            if let Some(asked) = asked.as_mut().filter(|asked| !asked.before.is_some_and(|before| before.is_of(&cut))) {
                let before = Before::of((of, level), &cut, (&sums.racks, &watch.cases, draw));
                // What it has done since it saved last it does again.
                let unsaved = of.unsaved(cut.from).filter(|_| cut.watts <= 0.0).unwrap_or_default();
                let lost = before.draws().unwrap_or(level) * unsaved.seconds() / 3600.0;
                sum.undone += lost;
                asked.looks_up(power, &of.places, feed);
                asked.again += lost * asked.carries.unwrap_or_default();
                asked.before = Some(before);
            }
            let by = if cut.from <= now { (level - cut.watts).max(0.0) } else { 0.0 };
            let before = asked.as_mut().and_then(|asked| asked.before.as_mut());
            let told = before.is_some_and(|before| before.look((of, now), (&sums.racks, draw), by));
            if !told && asked.is_none_or(|asked| now < asked.until) {
                sum.apart += Watts(by);
            }
            of.asked = asked;
        }
    }

    /// What of those whose schedules are over they had not made up for (Wh at the billed meter): it was not drawn, and its work was not done. Of those that were given back before nobody knows whether they were done.
    fn ended(&mut self, sum: &mut Later) -> f64 {
        let (now, mut kept) = (self.now(), 0.0);
        for of in &mut self.leases {
            let over = match of.life {
                Life::Leaving { given, .. } => given && of.end.is_some_and(|end| end <= now),
                Life::Held | Life::Grace { .. } | Life::Floored { .. } | Life::Kept { .. } => false,
            };
            let Some(asked) = of.asked.as_mut().filter(|_| over) else { continue };
            let cut = asked.cut.min(asked.owed);
            sum.undone += cut / asked.carries.filter(|carries| *carries > 0.0).unwrap_or(1.0);
            kept += cut;
            (asked.owed, asked.cut) = (0.0, 0.0);
        }
        kept
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

    #[test]
    fn what_would_have_run_is_known_of_a_job_that_says_how_long_it_is() {
        let times = Times { duration: Some(Span::from_secs(60)), ..Times::default() };
        let mut wish = Wish { times, ..Wish::firm(Place::Rack(0), 2e3) };
        let of = |from: i64| Some(Asked::between((Wall(from), Wall(from + 60_000)), 2e3));
        assert_eq!(Asked::of(&wish, Wall(5_000)), of(5_000));
        wish.times.not_before = Some(Wall(9_000));
        assert_eq!(Asked::of(&wish, Wall(5_000)), of(9_000), "it would not have begun before");
        assert_eq!(Asked::of(&wish, Wall(11_000)), of(11_000));
        wish.times.duration = None;
        assert_eq!(Asked::of(&wish, Wall(5_000)), None);
    }
}
