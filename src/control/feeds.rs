//! The power tree as control sees it: what flows through each feed, how much of the time is used up for which it may carry too much, and
//! what people are told of it.
//!
//! ```text
//! readings ─▶ Flows (load, loss, headroom) ─▶ worst phase over the breaker's rating ─▶ Used: share of the allowed time
//!                                          └▶ told: above its limit, time short, reckoned, uneven
//! ```
//!
//! A feed counts from the moment on at which its load is known in this boot: its meter is read, or all below it where it has none, or [`AWAIT`] has gone by; what is then
//! still missing counts at its most. Heat is not forgotten with a boot, nor does it fade while nobody looked: the share that was kept stays. If the load is
//! above the limit when it is seen again, it is taken to have been so for all the time in between, and for as long as it takes
//! where nobody knows how long that was (a first start, a wall clock that was not trusted): no time is left then. If the load is below, what
//! is kept is the best that can be said: an overload that came and went while control was away is not seen.

pub mod recorded;
#[cfg(test)]
mod tests;

use plant::breaker::{Protective, Used};
use plant::event::{About, FeedTrouble, What};
use plant::hall::power::flows::{Flow, Flows, Known};
use plant::hall::power::{CordFlow, Power};
use plant::id::{FeedId, Table};
use plant::reading::Reading;
use plant::time::{Span, Tick, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::clock::{Clock, sum};
use super::news::News;
use super::power::Place;
use super::quality::Image;

/// How long after a start a reading may still come before what is missing counts at its most.
pub const AWAIT: Span = Span::from_secs(60);
/// A feed is told to be below its limit again once so much of it is free (1 over the limit),
const FREE: f64 = 0.02;
/// for so long.
const QUIET: Span = Span::from_secs(5 * 60);
/// The share of the allowed time from which on, and below which, it is told.
const SHORT: (f64, f64) = (0.5, 0.25);
/// A meter is told to be missing, and to be back, after so long.
const LOST: (Span, Span) = (Span::from_secs(10), Span::from_secs(60));
/// The worst phase over the mean from which on, and below which, it is told (1),
const UNEVEN: (f64, f64) = (1.15, 1.10);
/// after so long,
const STEADY: Span = Span::from_secs(60);
/// where a feed carries so much of its limit (1).
const WORTH: f64 = 0.2;

/// How long each feed may carry too much; nothing where the file names no breaker. Follows from the hall.
#[derive(Debug)]
pub struct Allowed(Table<FeedId, Option<Protective>>);

impl Allowed {
    /// Of a hall's tree.
    #[must_use]
    pub fn of(power: &Power) -> Self {
        Self(power.feeds.rows().iter().map(|feed| feed.protective(None)).collect())
    }

    /// Of one feed.
    #[must_use]
    pub fn feed(&self, feed: FeedId) -> Option<&Protective> {
        self.0.get(feed)?.as_ref()
    }
}

/// What is remembered of the power tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feeds {
    flows: Flows,
    guards: Table<FeedId, Guard>,
    /// Wall time of the last scan, and whether it was trusted.
    last: Option<(Wall, bool)>,
}

/// What is remembered of one feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Guard {
    used: Used,
    away: Away,
    above: Told,
    short: Told,
    reckoned: Told,
    uneven: Told,
}

/// For how long a feed has not been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Away {
    /// It is seen.
    Here,
    /// For so long.
    For(Span),
    /// Nobody knows.
    #[default]
    Unknown,
}

/// Something that is told once when it begins, and once when it is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    on: bool,
    /// For how long the contrary has held without a break.
    held: Span,
}

impl Told {
    /// One scan: whether it holds now, and nothing where it is between. What is to be told.
    fn step(&mut self, holds: Option<bool>, (on_after, off_after): (Span, Span), dt: Span) -> Option<bool> {
        let Some(turned) = holds.filter(|holds| *holds != self.on) else {
            self.held = Span::ZERO;
            return None;
        };
        self.held = sum(self.held, dt);
        if self.held < if turned { on_after } else { off_after } {
            return None;
        }
        *self = Self { on: turned, held: Span::ZERO };
        Some(turned)
    }
}

/// True above the first, false below the second, nothing between.
fn between(value: f64, (on, off): (f64, f64)) -> Option<bool> {
    if value >= on { Some(true) } else { (value < off).then_some(false) }
}

impl Feeds {
    /// Nothing read yet.
    #[must_use]
    pub fn new(power: &Power) -> Self {
        let guards = Table::filled(power.feeds.len(), Guard::default());
        Self { flows: Flows::new(power), guards, last: None }
    }

    /// What flows through a feed.
    #[must_use]
    pub fn flow(&self, feed: FeedId) -> Option<&Flow> {
        self.flows.of(feed)
    }

    /// What a rack counts at (W), by its place in the tree: what it draws, or its most where that is not known.
    #[must_use]
    pub fn rack(&self, place: usize) -> Watts {
        self.flows.rack(place)
    }

    /// The cord of a feed that has the least room under its own breaker; nothing where the file names none.
    #[must_use]
    pub fn tightest_cord(&self, power: &Power, feed: FeedId) -> Option<CordFlow> {
        self.flows.tightest_cord(power, feed)
    }

    /// What goes through a limit (W), a feed's on its worst phase, and the share of its breaker's time that is used up (1): nothing of it where the
    /// load is only reckoned, for what is not read counts at its most already, and none of a cord's, whose memory nobody keeps.
    #[must_use]
    pub fn carried(&self, power: &Power, place: Place) -> (Watts, f64) {
        let unknown = (Watts(f64::INFINITY), 0.0);
        match place {
            Place::Cord(feed, cord) => self.flows.cord(power, feed, cord).map_or(unknown, |cord| (cord.load, 0.0)),
            Place::Rack(rack) => (self.rack(rack), 0.0),
            Place::Feed(feed) => self.flow(feed).map_or(unknown, |flow| match flow.known {
                Known::Metered | Known::Doubted => (flow.worst(), self.used(feed)),
                Known::Stale | Known::Reckoned => (flow.worst(), 0.0),
            }),
        }
    }

    /// The share that is used up of the time for which a feed may carry too much (1, 0 to 1); 0 where it has no breaker.
    #[must_use]
    pub fn used(&self, feed: FeedId) -> f64 {
        self.guards.get(feed).map_or(0.0, |guard| guard.used.share())
    }

    /// How long a feed may go on like this (s, ≥ 0); nothing where it may for good, or has no breaker.
    #[must_use]
    pub fn time_left(&self, power: &Power, allowed: &Allowed, feed: FeedId) -> Option<f64> {
        let (of, guard) = (allowed.feed(feed)?, self.guards.get(feed)?);
        guard.used.time_left(of, over_rating(power, feed, self.flow(feed)?)?)
    }

    /// True while this befalls a feed, and has been told.
    #[must_use]
    pub fn has(&self, feed: FeedId, trouble: FeedTrouble) -> bool {
        self.guards.get(feed).is_some_and(|guard| guard.told(trouble).on)
    }

    /// The feed that this befalls most; nothing where it befalls none.
    #[must_use]
    pub fn worst(&self, trouble: FeedTrouble) -> Option<FeedId> {
        let struck = self.guards.iter().filter(|(_, guard)| guard.told(trouble).on);
        let badness = |id: FeedId| match trouble {
            FeedTrouble::Above | FeedTrouble::Reckoned => self.flow(id).map_or(0.0, |flow| -flow.headroom.0),
            FeedTrouble::TimeShort => self.used(id),
            FeedTrouble::Uneven => self.flow(id).map_or(0.0, |flow| flow.uneven),
        };
        let rated = struck.map(|(id, _)| (id, badness(id)));
        rated.reduce(|worst, next| if next.1 > worst.1 { next } else { worst }).map(|(id, _)| id)
    }

    /// The same in words: `pdu-a1: 12.4 kW above its limit`.
    #[must_use]
    pub fn detail(&self, power: &Power, trouble: FeedTrouble) -> Option<String> {
        let id = self.worst(trouble)?;
        let (feed, flow) = (power.feeds.get(id)?, self.flow(id)?);
        let (name, kilowatts) = (&feed.name, |watts: Watts| watts.0 / 1e3);
        Some(match trouble {
            FeedTrouble::Above if flow.headroom.0 < 0.0 => {
                format!("{name}: {:.1} kW above its limit", -kilowatts(flow.headroom))
            }
            FeedTrouble::Above => format!("{name}: {:.1} kW below its limit now", kilowatts(flow.headroom)),
            FeedTrouble::TimeShort => {
                format!("{name}: {:.0} % used of the time for which it may carry too much", 100.0 * self.used(id))
            }
            FeedTrouble::Reckoned if flow.known == Known::Doubted => format!(
                "{name}: its meter says clearly less than the {:.1} kW that what is below it draws, and is not believed",
                kilowatts(flow.load)
            ),
            FeedTrouble::Reckoned => format!("{name}: {:.1} kW, reckoned", kilowatts(flow.load)),
            FeedTrouble::Uneven => format!("{name}: a phase {:.0} % above the mean", 100.0 * (flow.uneven - 1.0)),
        })
    }

    /// A new boot. How long nobody looked is known where the wall clock was trusted before and is now.
    pub fn restart(&mut self, tick: Tick) {
        let trusted = self.last.filter(|(_, trusted)| *trusted && tick.clock_trusted);
        let gone = trusted.and_then(|(wall, _)| u64::try_from(tick.wall.0.saturating_sub(wall.0)).ok());
        // The first scan's own time counts with it.
        let before = |gone| Span::from_nanos(Span::from_millis(gone).nanos().saturating_sub(tick.dt.nanos()));
        for guard in self.guards.rows_mut() {
            guard.away = match (guard.away, gone.map(before)) {
                (Away::Here, Some(gone)) => Away::For(gone),
                (Away::For(before), Some(gone)) => Away::For(sum(before, gone)),
                (Away::Unknown, _) | (_, None) => Away::Unknown,
            };
            for told in [&mut guard.above, &mut guard.short, &mut guard.reckoned, &mut guard.uneven] {
                told.held = Span::ZERO;
            }
        }
    }

    /// One scan.
    pub fn step(&mut self, (power, allowed): (&Power, &Allowed), image: Image<'_>, clock: &Clock, news: &mut News<'_>) {
        let Self { flows, guards, last } = self;
        flows.step(power, |point| image.read(point));
        let (tick, lived, late) = (clock.last(), clock.lived().dt, clock.running() > AWAIT);
        *last = Some((tick.wall, tick.clock_trusted));
        for (id, guard) in guards.iter_mut() {
            let (Some(feed), Some(flow)) = (power.feeds.get(id), flows.of(id)) else { continue };
            let seen = late
                || match flow.known {
                    Known::Metered | Known::Doubted | Known::Stale => true,
                    Known::Reckoned => flow.whole && feed.meter.is_none(),
                };
            if !seen {
                guard.away = match guard.away {
                    Away::Here => Away::For(tick.dt),
                    Away::For(before) => Away::For(sum(before, tick.dt)),
                    Away::Unknown => Away::Unknown,
                };
                continue;
            }
            if let (Some(of), Some(load)) = (allowed.feed(id), over_rating(power, id, flow)) {
                guard.carry(of, load, (tick.dt, lived));
            }
            guard.away = Away::Here;
            let metered = flow.known == Known::Metered;
            let limit = feed.limit();
            let above = between(-(flow.headroom / limit), (f64::MIN_POSITIVE, -FREE));
            let short = between(guard.used.share(), SHORT);
            let reckoned = feed.meter.as_ref().map(|_| matches!(flow.known, Known::Reckoned | Known::Doubted));
            let uneven = if metered && flow.load >= limit * WORTH { between(flow.uneven, UNEVEN) } else { None };
            for (trouble, told) in [
                (FeedTrouble::Above, guard.above.step(above, (Span::ZERO, QUIET), lived)),
                (FeedTrouble::TimeShort, guard.short.step(short, (Span::ZERO, Span::ZERO), lived)),
                (FeedTrouble::Reckoned, guard.reckoned.step(reckoned, LOST, lived)),
                (FeedTrouble::Uneven, guard.uneven.step(uneven, (STEADY, STEADY), lived)),
            ] {
                if let Some(on) = told {
                    news.switched(About::Feed(id), (What::Feed(trouble, on), on));
                }
            }
        }
    }
}

/// What a rack's meter reads (W), by its place in the tree; nothing where that is not fresh.
#[must_use]
pub fn metered(power: &Power, image: Image<'_>, rack: usize) -> Option<Watts> {
    match image.read(power.racks.get(rack)?.power) {
        Reading::Fresh(watts) => Some(watts),
        Reading::Stale { .. } | Reading::Lost { .. } => None,
    }
}

/// What goes through a feed's breaker in its worst phase, over its rating (1); nothing where it has no breaker.
fn over_rating(power: &Power, feed: FeedId, flow: &Flow) -> Option<f64> {
    let breaker = power.feeds.get(feed)?.breaker.as_ref()?;
    Some(flow.worst() / breaker.rated())
}

impl Guard {
    const fn told(&self, trouble: FeedTrouble) -> &Told {
        match trouble {
            FeedTrouble::Above => &self.above,
            FeedTrouble::TimeShort => &self.short,
            FeedTrouble::Reckoned => &self.reckoned,
            FeedTrouble::Uneven => &self.uneven,
        }
    }

    /// Carries a load (1 over the rating) for the time since the scan before, and for what nobody saw before that. Above the limit all time counts,
    /// below it only what was lived: a pause cools nothing.
    fn carry(&mut self, of: &Protective, load: f64, (gone, lived): (Span, Span)) {
        if of.time(load).is_none() {
            self.used.step(of, load, lived.seconds());
            return;
        }
        let unseen = match self.away {
            Away::Here => Span::ZERO,
            Away::For(gone) => gone,
            Away::Unknown => {
                self.used = Used::UP;
                return;
            }
        };
        self.used.step(of, load, sum(unseen, gone).seconds());
    }
}
