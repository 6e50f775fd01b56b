//! Deadlines that will not be kept are told before they pass, once, and taken back where they can be kept again.
//!
//! **Equation** a job's work is its `duration_s` at what it wants, and less power does proportionally less of it: at an instant it needs
//! `needs = begin + duration + ∫(1 − may ∕ wanted) dt` to be done. What is left once its lease ends, or from now on where it is lowered, must fit before its deadline.
//! What it may draw is what its schedule says; where caps let the machines of a rack draw less than what is lent there in all, its part of that. **Outside it** caps
//! of a lease that names a feed and no rack, and what a job leaves of what it may draw.
//!
//! It is late where that is too much even with all that it wants, or where the last instant at which it must go on has no room for it by what is promised now, and by what
//! feeds may carry then. One that waits is looked at in the same way. By a clock that may be wrong nobody knows, and what was told stays.

use plant::convert::f64_from_i64;
use plant::event::{About, LeaseNews, What};
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::lease::{Lease, Life, charged_until};
use super::message::Wish;
use super::notices::{Cause, Notice, Tidings};
use super::opening;
use super::room::{Scratch, Time};
use super::tree::Place;
use super::waiting::{Rank, Waiting};
use super::{Around, Ledger, tail};
use crate::control::news::News;
use crate::control::term::{earlier, later};

/// How many are looked at in a scan, and for how many of them room is looked for.
const LOOKS: (usize, usize) = (64, 2);
/// Less is rounding (s).
const NOTHING: f64 = 1.0;

/// By when a job shall be done that says how long it lasts, and what it has lost of that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    /// Done by then.
    pub by: Wall,
    /// For so long at what it wants.
    long: Span,
    /// What it wants (W at machines, ≥ 0).
    pub wanted: f64,
    /// When it began; nothing while it waits.
    pub begun: Option<Wall>,
    /// What it has lost since, in time at what it wants (s, ≥ 0).
    lost: f64,
    /// That it will not be done by then was told.
    pub late: bool,
}

/// What is left of a job's work where its lease promises nothing more.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rest {
    /// From then on.
    from: Wall,
    /// The last instant at which it must go on.
    latest: Wall,
    /// With so much (W).
    watts: f64,
}

impl Due {
    /// Of a wish; nothing of one that does not say how long it lasts and by when it must be done.
    #[must_use]
    pub fn of(wish: &Wish) -> Option<Self> {
        let (by, long) = wish.times.deadline.zip(wish.times.duration)?;
        Some(Self { by, long, wanted: wish.power.wanted, begun: None, lost: 0.0, late: false })
    }

    /// When it is done where it has all that it wants from now on; nothing while it waits.
    #[must_use]
    pub fn done(&self) -> Option<Wall> {
        Some(later(later(self.begun?, self.long), Span::from_seconds(self.lost)))
    }

    /// Work of so long was done, and is lost: it was not saved.
    pub fn loses(&mut self, unsaved: Span) {
        self.lost += unsaved.seconds();
    }

    /// It pauses for so much longer than was known (ms); less where that is negative.
    pub fn pauses(&mut self, longer: i64) {
        self.lost = (self.lost + f64_from_i64(longer) / 1e3).max(0.0);
    }

    /// Some time goes by, with so much (W).
    fn pass(&mut self, (now, time): (Wall, Span), may: f64) {
        if self.begun.is_some_and(|begun| begun < now) && self.wanted > 0.0 {
            self.lost += time.seconds() * (1.0 - may / self.wanted).clamp(0.0, 1.0);
        }
    }
}

impl Lease {
    /// When it is over once it is restored now: with all the time that it has lost, and no later than its deadline, or as it was promised; where it has no deadline, as it is.
    pub fn ends(&self, now: Wall) -> impl Iterator<Item = Option<Wall>> + use<> {
        let due = self.due.and_then(|due| Some((due.done()?.min(due.by), later(due.begun?, due.long))));
        let all = due.map_or([Some(self.end), None], |(longer, promised)| {
            [Some(Some(longer.max(promised))), (longer > promised).then_some(Some(promised))]
        });
        all.into_iter().flatten().filter(move |end| end.is_none_or(|end| end > now))
    }

    /// What of its work its schedule leaves undone; nothing where it is done by then, or nobody knows.
    fn rest(&self, now: Wall) -> Option<Rest> {
        let (due, end) = self.due.zip(self.end)?;
        let done = due.done()?;
        let most = self.steps.iter().map(|step| step.watts).fold(0.0, f64::max);
        let (from, done, watts) = match self.cut {
            Some(_) => (now, done, most),
            None => (end, later(done, Span::from_seconds(self.loses(now, end, due.wanted))), due.wanted),
        };
        let left = done.since(from);
        (left.seconds() >= NOTHING && from >= now).then(|| Rest { from, latest: earlier(due.by, left), watts })
    }

    /// The part of what it may draw that caps let it (1), where so much is lent in each rack (W).
    pub(super) fn under_caps(&self, lets: &dyn Fn(usize) -> Option<Watts>, lent: &[f64]) -> f64 {
        let taken = |(place, share): &(Place, f64)| {
            let Place::Rack(rack) = place else { return 0.0 };
            let part = (lets)(*rack).zip(lent.get(*rack)).map(|(lets, lent)| lets.0 / lent.max(f64::MIN_POSITIVE));
            share * (1.0 - part.unwrap_or(1.0).clamp(0.0, 1.0))
        };
        1.0 - self.places.iter().map(taken).sum::<f64>()
    }

    /// What it loses until its end by its own schedule, in time at what it wants (s).
    fn loses(&self, now: Wall, end: Wall, wanted: f64) -> f64 {
        let starts = || self.steps.iter().map(|step| step.start.max(now)).chain([end]);
        let floored = matches!(self.life, Life::Floored { .. }).then_some(self.floor);
        let part = |(from, to): (Wall, Wall)| {
            if self.rests_at(from) {
                return 0.0;
            }
            let watts = floored.unwrap_or_else(|| self.at(from));
            let share = if wanted > 0.0 { (1.0 - watts / wanted).clamp(0.0, 1.0) } else { 0.0 };
            to.since(from).seconds() * share
        };
        starts().zip(starts().skip(1)).map(part).sum()
    }
}

impl Ledger {
    /// Jobs lose time, and who will not be done by his deadline is told. Allocates nothing.
    pub(super) fn deadlines(
        &mut self,
        around: &Around<'_>,
        elapsed: Span,
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) {
        let now = self.now();
        self.lent(around.power.racks.len(), &mut scratch.lent);
        // What is nobody's there is none of a lease's.
        let watch = std::mem::take(&mut self.watch);
        let base = |rack: usize| watch.cases.get(rack).and_then(|case| case.base).unwrap_or_default();
        let lets = |rack: usize| (around.lets)(rack).map(|lets| lets - base(rack));
        self.tell_capped(around, (&lets, &scratch.lent), (elapsed, &mut *news));
        for lease in &mut self.leases {
            let may = lease.may(now) * lease.under_caps(&lets, &scratch.lent);
            // What a pause of a plan takes was counted when it was told.
            if !lease.rests_at(now) {
                lease.due.iter_mut().for_each(|due| due.pass((now, elapsed), may));
            }
        }
        self.watch = watch;
        if !self.clock.is_sure() {
            return;
        }
        let mut fits = LOOKS.1;
        for _ in 0..LOOKS.0.min(self.leases.len().saturating_add(self.waiting.len())) {
            let place = self.looked;
            let leases = self.leases.len();
            self.looked =
                if place.saturating_add(1) < leases.saturating_add(self.waiting.len()) { place + 1 } else { 0 };
            let late = match place.checked_sub(leases) {
                None => self.is_late(around, place, (scratch, &mut fits)),
                Some(waits) => self.waits_too_long(around, waits, (scratch, &mut fits)),
            };
            if let Some(late) = late {
                self.tell_late(place, late, news);
            }
            if fits == 0 {
                return;
            }
        }
    }

    /// What may be drawn in each rack on leases now (W).
    fn lent(&self, racks: usize, lent: &mut Vec<f64>) {
        lent.resize(racks, 0.0);
        lent.fill(0.0);
        for lease in &self.leases {
            let may = lease.may(self.now());
            for (place, share) in &lease.places {
                let rack = if let Place::Rack(rack) = place { lent.get_mut(*rack) } else { None };
                rack.into_iter().for_each(|lent| *lent += may * share);
            }
        }
    }

    /// A lease's job will not be done in time; nothing where nobody has promised that.
    fn is_late(&self, around: &Around<'_>, place: usize, look: (&mut Scratch, &mut usize)) -> Option<bool> {
        let lease = self.leases.get(place)?;
        lease.due?;
        match lease.life {
            Life::Held | Life::Grace { .. } | Life::Floored { .. } => {}
            Life::Leaving { .. } | Life::Kept { .. } => return None,
        }
        let Some(rest) = lease.rest(self.now()) else { return Some(false) };
        Some(rest.latest < rest.from || !self.has_room(around, (lease, rest), look))
    }

    /// The same of one that waits.
    fn waits_too_long(&self, around: &Around<'_>, place: usize, look: (&mut Scratch, &mut usize)) -> Option<bool> {
        let wait = self.waiting.get(place)?;
        let (latest, from) = (wait.latest.filter(|_| wait.lease.due.is_some())?, wait.from(self.now()));
        let begin = wait.planned.or_else(|| {
            opening::begin(wait.inside.as_ref(), wait.duration, from, around.openings).map(|begin| begin.at)
        });
        let Some(begin) = begin.filter(|at| *at <= latest) else { return Some(true) };
        let watts = if wait.partial { wait.power.least } else { wait.power.wanted };
        let (scratch, fits) = look;
        let room = |at: &Wall| {
            let rest = Rest { from, latest: *at, watts };
            self.has_room(around, (&wait.lease, rest), (&mut *scratch, &mut *fits))
        };
        Some(![latest.max(from), begin.max(from)].iter().any(room))
    }

    /// There is room for what is left of a job's work from the last instant on at which it must go on.
    fn has_room(
        &self,
        around: &Around<'_>,
        (lease, rest): (&Lease, Rest),
        (scratch, fits): (&mut Scratch, &mut usize),
    ) -> bool {
        let (Some(due), Some((whose, _))) = (lease.due, around.ground.tenant(&lease.client)) else { return true };
        *fits = fits.saturating_sub(1);
        let to = charged_until(Some(due.by), tail(&around.ground.rules));
        let time = Time { whose, from: rest.latest, to, but: Some(lease.id), rank: None };
        self.fit(around, &lease.weights, &time, scratch).watts >= rest.watts
    }

    /// A lease whose schedule is over while it is lowered is not over before its job's deadline, where there is room for what it still may draw. Allocates nothing.
    pub(super) fn stretch(&mut self, around: &Around<'_>, scratch: &mut Scratch) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        for place in 0..self.leases.len() {
            let Some(lease) = self.leases.get(place) else { return };
            let ends = lease.is_live() && lease.end.is_some_and(|end| end <= now);
            let Some((due, cut)) = lease.due.zip(lease.cut).filter(|(due, _)| ends && due.by > now) else { continue };
            let Some((whose, _)) = around.ground.tenant(&lease.client) else { continue };
            let to = charged_until(Some(due.by), tail);
            let time = Time { whose, from: now, to, but: Some(lease.id), rank: Some(Rank::last(lease.priority)) };
            if cut.watts > 0.0 && self.fit(around, &lease.weights, &time, scratch).watts < cut.watts {
                continue;
            }
            if let Some(lease) = self.leases.get_mut(place) {
                (lease.end, lease.seq) = (Some(due.by), lease.seq.saturating_add(1));
            }
        }
    }

    /// Tells it where it was not told, or takes it back.
    fn tell_late(&mut self, place: usize, late: bool, news: &mut News<'_>) {
        let (now, leases) = (self.now(), self.leases.len());
        let lease = match place.checked_sub(leases) {
            None => self.leases.get_mut(place),
            Some(waits) => self.waiting.get_mut(waits).map(|wait: &mut Waiting| &mut wait.lease),
        };
        let Some(lease) = lease else { return };
        let Some(due) = lease.due.as_mut().filter(|due| due.late != late) else { return };
        due.late = late;
        let (by, watts) = (due.by, if due.begun.is_some() { lease.may(now) } else { 0.0 });
        lease.seq = lease.seq.saturating_add(1);
        let of = (lease.id.epoch, lease.id.number);
        let about = lease.home().map_or(About::Hall, About::Feed);
        news.switched(about, (What::Lease(LeaseNews::Late { lease: of, late }), late));
        let (tidings, cause) = if late {
            (Tidings::Late, lease.cut.map_or(Cause::Deadline, |cut| cut.cause))
        } else {
            (Tidings::InTime, Cause::Restored)
        };
        let notice = Notice {
            number: 0,
            lease: lease.id,
            seq: lease.seq,
            tidings,
            watts,
            effective: now,
            hard: by,
            cause,
            emergency: false,
        };
        self.notices.tell(notice);
    }
}
