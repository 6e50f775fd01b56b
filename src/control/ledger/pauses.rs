//! Jobs that have begun pause where a plan of the day ahead says so, and go on when it says.
//!
//! ```text
//!  it runs ── a plan names a pause that is near: told, with its notice ──▶ to where it has saved what it did ──▶ it pauses ── to the instant that its schedule names ──▶ it runs
//!                                                                                                                ▲     │
//!                                                                                                                └─────┴── a newer plan moves that instant
//! ```
//!
//! A pause is in a lease's schedule from the first: when nothing is drawn any more, when all of it is again, and an end that is later by as much. What comes back is reserved all the time and
//! lent to nobody meanwhile, and without newer plans the job goes on as it was told. No plan pauses a job that would lose work by it, or be done after its deadline or its window's end.

use plant::event::LeaseNews;
use plant::plan::Arrived;
use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::checkpoint::WAITS;
use super::lease::{Cut, GRACE, Lease, Life, STEPS, Step, Word, charged_until};
use super::message::Class;
use super::notices::{Cause, Tidings};
use super::planned::SPARE;
use super::room::{Fit, Scratch, Time};
use super::waiting::Rank;
use super::{Around, Ledger, tail, tell};
use crate::control::ahead::VALID;
use crate::control::news::News;
use crate::control::term::{earlier, later};

/// Plans count by these.
const QUARTER: Span = Span::from_secs(900);
/// No pause is shorter.
const LEAST: Span = Span::from_secs(300);
/// A pause is told so long before its notice must begin.
pub const AHEAD: Span = Span::from_secs(60);
/// For how many jobs room is looked for in a scan.
const FITS: usize = 4;
/// A power that differs by less is the same (W).
const SAME: f64 = 1.0;

/// A job draws nothing from one instant to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// From here,
    pub from: Wall,
    /// to here.
    pub until: Wall,
}

/// What plans may do to a job that has begun, and do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// It is over by then, whatever they say.
    by: Wall,
    /// What the newest one says that is not done yet, and until when that counts.
    said: Option<(Break, Wall)>,
    /// It pauses, or was told that it will.
    pub now: Option<Break>,
}

/// A job that has begun, and that a plan may move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Begun {
    /// It runs since then; nothing where it is paused.
    pub since: Option<Wall>,
    /// Where it is paused it goes on no sooner.
    pub from: Wall,
    /// So much of its schedule is left (from now, or from when it goes on).
    pub left: Span,
    /// It is over by then.
    pub by: Wall,
    /// It may pause again.
    pub again: bool,
    /// With so much (W).
    pub watts: f64,
}

impl Moves {
    /// Of one that begins, and is over by then whatever plans say.
    #[must_use]
    pub const fn by(by: Wall) -> Self {
        Self { by, said: None, now: None }
    }

    /// Of one whose schedule, to such an end, has a pause in it; nothing where it has none. No plan moves it.
    #[must_use]
    pub fn found(steps: &[Step], end: Wall) -> Option<Self> {
        let pairs = || steps.iter().zip(steps.iter().skip(1));
        let (rests, goes_on) = pairs().find(|(rests, goes_on)| rests.watts <= 0.0 && goes_on.watts > 0.0)?;
        Some(Self { now: Some(Break { from: rests.start, until: goes_on.start }), ..Self::by(end) })
    }

    /// It pauses at an instant, as a plan says.
    #[must_use]
    pub fn rests(&self, now: Wall) -> bool {
        self.now.is_some_and(|rests| rests.from <= now && now < rests.until)
    }

    /// Times are put right that were reckoned from nothing.
    pub fn shift(&mut self, by: i64) {
        self.said = None;
        for at in self.now.iter_mut().flat_map(|of| [&mut of.from, &mut of.until]) {
            *at = Wall(at.0.saturating_add(by));
        }
    }
}

impl Lease {
    /// A plan may pause its job: it may be paused, its end is known, and one pause is left for who needs it more than money does.
    #[must_use]
    pub fn may_pause(&self) -> bool {
        let left = self.flex.max_pauses.is_none_or(|most| self.cuts.saturating_add(1) < most);
        self.class == Class::Interruptible && self.due.is_some() && left
    }

    /// How a plan may move its job; nothing where it may not.
    #[must_use]
    pub fn begun(&self, now: Wall) -> Option<Begun> {
        let (moves, due, end) = (self.moves?, self.due?, self.end?);
        let watts = self.steps.last()?.watts;
        let whole = self.cut.is_none() && watts > 0.0 && (watts - due.wanted).abs() < SAME;
        if self.class != Class::Interruptible || self.life != Life::Held || !whole {
            return None;
        }
        let again = self.may_pause();
        let of = Begun { since: Some(self.ran), from: now, left: end.since(now), by: moves.by, again, watts };
        match moves.now {
            None => {
                let slack = later(later(end, QUARTER), SPARE) <= moves.by;
                (again && slack && self.ran <= now).then_some(of)
            }
            Some(rests) if rests.from <= now && now < rests.until => {
                Some(Begun { since: None, from: later(rests.from, LEAST), left: end.since(rests.until), ..of })
            }
            Some(_) => None,
        }
    }

    /// It pauses at an instant, as a plan says.
    #[must_use]
    pub fn rests_at(&self, at: Wall) -> bool {
        self.moves.is_some_and(|moves| moves.rests(at))
    }

    /// It has another schedule from an instant on: no pause is left of it.
    pub fn forgets(&mut self, now: Wall) {
        let Some(moves) = self.moves.as_mut() else { return };
        moves.said = None;
        let left = moves.now.take().map_or(0, |rests| rests.until.0.saturating_sub(rests.from.max(now).0).max(0));
        self.due.iter_mut().for_each(|due| due.pauses(left.saturating_neg()));
    }

    /// Where it pauses for a pause that a plan has named, as it runs; nothing where it cannot without losing something.
    fn rests(&self, said: Break, now: Wall) -> Option<Break> {
        // It saves what it did at the end of what is planned, or before.
        let saves = self.flex.checkpoint > Span::ZERO;
        let early = if saves { Wall(self.first(said).0.saturating_add(1)) } else { said.from };
        let from = early.max(later(now, self.notice)).max(later(self.ran, self.flex.min_run));
        let from = if saves { self.saves(from)? } else { from };
        let pays = |until: Wall| later(from, LEAST) <= until;
        (pays(said.until) && self.end.is_some_and(pays)).then_some(Break { from, until: said.until })
    }

    /// The first instant at which a pause that a plan has named may begin: so long before that its job has saved what it did meanwhile.
    fn first(&self, said: Break) -> Wall {
        earlier(said.from, self.flex.checkpoint.min(WAITS))
    }

    /// So much later it is over with a pause, or with another end of the one that it has (ms).
    fn longer(&self, to: Break) -> i64 {
        let rests = self.moves.and_then(|moves| moves.now);
        to.until.0.saturating_sub(rests.map_or(to.from, |rests| rests.until).0)
    }

    /// Its schedule has a pause from now on, or another end of the one that it has; its end is later, or earlier, by as much.
    fn pauses(&mut self, to: Break) {
        let (longer, level) = (self.longer(to), self.steps.last().map_or(0.0, |step| step.watts));
        let Some(moves) = self.moves.as_mut() else { return };
        if moves.now.is_some() {
            self.steps.pop();
        } else {
            self.steps.push(Step { start: to.from, watts: 0.0 });
            self.cuts = self.cuts.saturating_add(1);
        }
        self.steps.push(Step { start: to.until, watts: level });
        self.end = self.end.map(|end| Wall(end.0.saturating_add(longer)));
        self.due.iter_mut().for_each(|due| due.pauses(longer));
        (moves.now, moves.said) = (Some(to), None);
        self.seq = self.seq.saturating_add(1);
    }

    /// It is lowered from an instant on instead of pausing as it was told: no later than that. From when on.
    pub fn gives_up_its_pause(&mut self, from: Wall) -> Wall {
        let told = self.moves.and_then(|moves| moves.now);
        self.forgets(Wall(i64::MIN));
        let Some(told) = told else { return from };
        self.steps.retain(|step| step.start < told.from);
        from.min(told.from)
    }
}

impl Ledger {
    /// Jobs that have begun and that a plan may move.
    pub fn begun(&self) -> impl Iterator<Item = (&Lease, Begun)> {
        let now = self.now();
        self.leases.iter().filter_map(move |lease| Some((lease, lease.begun(now)?)))
    }

    /// A plan has arrived: what it says of jobs that have begun. Allocates nothing.
    pub(super) fn hear_pauses(&mut self, arrived: &Arrived) {
        let by = later(arrived.from, VALID);
        for lease in &mut self.leases {
            let Some(moves) = lease.moves.as_mut() else { continue };
            let name = (lease.id.epoch, lease.id.number);
            let start = arrived.starts.binary_search_by_key(&name, |of| (of.epoch, of.number)).ok();
            let pause = arrived.pauses.binary_search_by_key(&name, |of| (of.epoch, of.number)).ok();
            let said = match moves.now {
                Some(rests) => {
                    start.and_then(|n| arrived.starts.get(n)).map(|of| Break { from: rests.from, until: of.at })
                }
                None => pause.and_then(|n| arrived.pauses.get(n)).map(|of| Break { from: of.from, until: of.until }),
            };
            moves.said = said.map(|said| (said, by));
        }
    }

    /// One scan: who has paused goes on, and what plans say is done. Allocates nothing.
    pub(super) fn pause(&mut self, around: &Around<'_>, (scratch, news): (&mut Scratch, &mut News<'_>)) {
        let mut fits = FITS;
        for place in 0..self.leases.len() {
            let looked = self.wake(around, place, (&mut *scratch, &mut *news))
                || self.follow_pause(around, place, (&mut *scratch, &mut *news));
            fits = fits.saturating_sub(usize::from(looked));
            if fits == 0 {
                return;
            }
        }
    }

    /// The room for all of a lease from an instant to an end.
    fn room_for(
        &self,
        around: &Around<'_>,
        (lease, rank): (&Lease, Option<Rank>),
        (from, end): (Wall, Option<Wall>),
        scratch: &mut Scratch,
    ) -> Option<Fit> {
        let (whose, _) = around.ground.tenant(&lease.client)?;
        let to = charged_until(end, tail(&around.ground.rules));
        let time = Time { whose, from, to, but: Some(lease.id), rank };
        Some(self.fit(around, &lease.weights, &time, scratch))
    }

    /// A pause is over: all of it comes back as it was told, or, where feeds may carry less by now, as with any other that was lowered. True where room was looked for.
    fn wake(&mut self, around: &Around<'_>, place: usize, (scratch, news): (&mut Scratch, &mut News<'_>)) -> bool {
        let now = self.now();
        let Some(lease) = self.leases.get(place) else { return false };
        let holds = match lease.life {
            Life::Held | Life::Grace { .. } | Life::Kept { .. } => true,
            Life::Leaving { .. } | Life::Floored { .. } => false,
        };
        let told = lease.moves.and_then(|moves| moves.now).filter(|told| holds && told.until <= now);
        let Some(Break { until, .. }) = told else { return false };
        let fit = self.room_for(around, (lease, None), (now, lease.end), scratch);
        let fits = fit.is_none_or(|fit| fit.watts >= lease.at(now));
        let feed = fit.and_then(|fit| fit.tight()).map(|tight| tight.feed).or(lease.home());
        let cause = feed.map_or(Cause::Operator, |feed| (around.cause)(feed));
        let Some(lease) = self.leases.get_mut(place) else { return true };
        lease.moves.iter_mut().for_each(|moves| moves.now = None);
        lease.seq = lease.seq.saturating_add(1);
        if fits {
            lease.ran = until;
            tell(news, lease, LeaseNews::Restored { watts: lease.at(now) });
            self.freed(place);
        } else {
            // Who came back while nobody looked is asked to go, and not taken to have gone.
            let from = if later(until, GRACE) > now { until } else { now };
            lease.cut = Some(Cut { from, watts: 0.0, cause, word: Word::Awaited });
            tell(news, lease, LeaseNews::Lowered { watts: 0.0 });
            // Who was told that it is over hears it once it is renewed.
            if !lease.grace().1 {
                self.notify(place, Tidings::Pause, (from, later(from, GRACE)), (cause, false));
            }
        }
        true
    }

    /// What the newest plan says of a job, where that is near enough to be told. True where room was looked for.
    fn follow_pause(
        &mut self,
        around: &Around<'_>,
        place: usize,
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> bool {
        let (now, sure) = (self.now(), self.clock.is_sure());
        let Some(lease) = self.leases.get(place) else { return false };
        let Some((moves, (said, counts))) = lease.moves.and_then(|moves| Some((moves, moves.said?))) else {
            return false;
        };
        let near = later(later(now, lease.notice), AHEAD) >= lease.first(said);
        if sure && now < counts && moves.now.is_none() && !near {
            return false;
        }
        let to = lease.begun(now).filter(|_| sure && now < counts).and_then(|begun| match moves.now {
            Some(rests) => {
                let until = said.until.max(now).max(begun.from);
                (until != rests.until).then_some(Break { from: rests.from, until })
            }
            None => lease.rests(said, now).filter(|_| lease.steps.len().saturating_add(2) <= STEPS),
        });
        // It goes on where it was, or later, for what is left of it.
        let end = to.zip(lease.end).map(|(to, end)| Wall(end.0.saturating_add(lease.longer(to))));
        let in_time = to.zip(end).filter(|(_, end)| *end <= moves.by);
        let level = lease.steps.last().map_or(0.0, |step| step.watts);
        let looked = in_time.is_some();
        let rank = Some(Rank::last(lease.priority));
        let fits = in_time.filter(|(to, _)| {
            let fit = self.room_for(around, (lease, rank), (to.until, end), scratch);
            fit.is_some_and(|fit| fit.watts >= level)
        });
        let Some(lease) = self.leases.get_mut(place) else { return looked };
        let Some((to, _)) = fits else {
            lease.moves.iter_mut().for_each(|moves| moves.said = None);
            return looked;
        };
        lease.pauses(to);
        if moves.now.is_none() {
            tell(news, lease, LeaseNews::Paused { seconds: to.until.since(to.from).seconds() });
            self.notify(place, Tidings::Pause, (to.from, later(to.from, GRACE)), (Cause::Tariff, false));
        }
        looked
    }
}
