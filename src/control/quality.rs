//! Samples become readings: what is fresh, what is stale and how bad it may be by now, what is lost and why.
//!
//! ```text
//! sample ── in the future ─▶ Lost(clock)         ── jumps ─▶ Stale(roc) until a second sample confirms it
//!        ── NaN, infinite ─▶ Lost(not a number)  ── unchanged too long ─▶ Lost(stuck)
//!        ── outside min…max ─▶ Lost(range)       ── old, or a read failed ─▶ Stale, aged ─▶ Lost
//!        ── any other reason of the adapter's ─▶ Lost(reason)
//! ```
//!
//! A stale value moves to its dangerous side by `slew · age`, so that silence escalates by itself.

mod vote;

use plant::event::{About, What};
use plant::hall::redundant::{Redundant, SENSORS};
use plant::id::{PointId, Table};
use plant::point::{Danger, Judgement, Point, PointTable};
use plant::reading::{Reading, Sample, Why};
use plant::time::{Mono, Span};
use plant::units::Quantity;
use serde::{Deserialize, Serialize};

use super::news::News;
pub use vote::{Vote, middle};

const NEVER: Reading<f64> = Reading::Lost { why: Why::NeverRead };

/// What is remembered of every point, and how it was judged last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    tracks: Table<PointId, Track>,
    readings: Table<PointId, Reading<f64>>,
    /// Points of more than one sensor, in the hall's order: they read what their sensors agree on.
    votes: Vec<Vote>,
}

/// A number and when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    value: f64,
    at: Mono,
}

/// What is remembered of one point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Track {
    /// The last value that was believed.
    good: Option<Seen>,
    /// A jump that waits for a second sample.
    suspect: Option<Seen>,
    /// Since when the believed value is the same to the bit.
    unchanged: Mono,
    /// The stamp of the last sample, good or bad.
    heard: Mono,
}

/// The process image as judged.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    quality: &'a Quality,
}

impl Image<'_> {
    /// A point with its unit.
    #[must_use]
    pub fn read<Q: Quantity>(&self, point: Point<Q>) -> Reading<Q> {
        match self.number(point.id()) {
            Reading::Fresh(v) => Reading::Fresh(Q::new(v)),
            Reading::Stale { last, age, why } => Reading::Stale { last: Q::new(last), age, why },
            Reading::Lost { why } => Reading::Lost { why },
        }
    }

    /// A point as a number in its canonical unit.
    #[must_use]
    pub fn number(&self, point: PointId) -> Reading<f64> {
        self.quality.reading(point)
    }

    /// When the last sample of a point was read.
    #[must_use]
    pub fn heard(&self, point: PointId) -> Mono {
        self.quality.heard(point)
    }

    /// The first point of more than one sensor that is not sure, and the sensor that is outvoted, if that is why.
    pub fn unsure<'r>(&self, redundant: &'r [Redundant]) -> Option<(&'r Redundant, Option<PointId>)> {
        let all = redundant.iter().zip(&self.quality.votes);
        let mut unsure = all.filter(|(rules, vote)| vote.is_weak() || vote.outvoted(rules).is_some());
        unsure.next().map(|(rules, vote)| (rules, vote.outvoted(rules)))
    }
}

impl Quality {
    /// Nothing is known of `points` points.
    #[must_use]
    pub fn new(points: usize) -> Self {
        Self {
            tracks: Table::filled(points, Track::default()),
            readings: Table::filled(points, NEVER),
            votes: Vec::new(),
        }
    }

    /// The same with points of more than one sensor.
    #[must_use]
    pub fn voting(self, redundant: &[Redundant]) -> Self {
        Self { votes: vec![Vote::NEW; redundant.len()], ..self }
    }

    /// Forgets everything: a new boot, whose times compare with nothing.
    pub fn forget(&mut self) {
        self.tracks.rows_mut().fill(Track::default());
        self.readings.rows_mut().fill(NEVER);
        self.votes.iter_mut().for_each(Vote::restart);
    }

    /// After every sample is judged: what sensors of one point agree on is what the point reads.
    pub fn vote(&mut self, (redundant, points): (&[Redundant], &PointTable), dt: Span, news: &mut News<'_>) {
        let Self { readings, votes, .. } = self;
        for (rules, vote) in redundant.iter().zip(votes) {
            let Some((point, def)) = rules.of().and_then(|point| Some((point, points.get(point)?))) else { continue };
            let mut read = [Reading::Lost { why: Why::Config }; SENSORS];
            for (slot, sensor) in read.iter_mut().zip(rules.sensors) {
                *slot = sensor.and_then(|sensor| readings.get(sensor)).copied().unwrap_or(*slot);
            }
            vote.own = readings.get(point).copied().unwrap_or(NEVER);
            let agreed = vote.step((rules, def.judgement.danger), read, dt, news);
            if let Some(reading) = readings.get_mut(point) {
                *reading = agreed;
            }
        }
    }

    /// What the first sensors read themselves, as judged in the scan before.
    fn unvote(&mut self, redundant: &[Redundant]) {
        for (rules, vote) in redundant.iter().zip(&self.votes) {
            if let Some(reading) = rules.of().and_then(|point| self.readings.get_mut(point)) {
                *reading = vote.own;
            }
        }
    }

    /// Judges every sample as of `now`.
    pub fn judge(
        &mut self,
        (points, redundant): (&PointTable, &[Redundant]),
        samples: &Table<PointId, Sample>,
        now: Mono,
        news: &mut News<'_>,
    ) {
        self.unvote(redundant);
        let rows = self.tracks.rows_mut().iter_mut().zip(self.readings.rows_mut());
        for ((id, def), (track, reading)) in points.iter().zip(rows) {
            let sample = samples.get(id).unwrap_or(&Sample::NEVER);
            let next = track.judge(&def.judgement, sample, now);
            tell_change(id, *reading, next, news);
            *reading = next;
        }
    }

    /// What the scan sees.
    #[must_use]
    pub const fn image(&self) -> Image<'_> {
        Image { quality: self }
    }

    /// One point as judged last.
    #[must_use]
    pub fn reading(&self, point: PointId) -> Reading<f64> {
        self.readings.get(point).copied().unwrap_or(NEVER)
    }

    /// One sensor as judged last: of a point of more than one what its first sensor reads itself.
    #[must_use]
    pub fn sensor(&self, redundant: &[Redundant], point: PointId) -> Reading<f64> {
        let vote = redundant.iter().zip(&self.votes).find(|(rules, _)| rules.of() == Some(point));
        vote.map_or_else(|| self.reading(point), |(_, vote)| vote.own)
    }

    /// When the last sample of a point was read.
    #[must_use]
    pub fn heard(&self, point: PointId) -> Mono {
        self.tracks.get(point).map_or(Mono(0), |track| track.heard)
    }
}

impl Track {
    fn judge(&mut self, rules: &Judgement, sample: &Sample, now: Mono) -> Reading<f64> {
        if sample.at > now {
            return Reading::Lost { why: Why::Clock };
        }
        let news = sample.at != self.heard;
        self.heard = sample.at;
        match sample.value {
            Err(why) => self.failed(rules, why, now),
            Ok(v) if !v.is_finite() => Reading::Lost { why: Why::NotANumber },
            Ok(v) if v < rules.min || v > rules.max => Reading::Lost { why: Why::Range },
            Ok(value) => self.number(rules, Seen { value, at: sample.at }, news, now),
        }
    }

    /// One read that failed may succeed next time: the last value ages until then. Every other reason says that there is no
    /// value, and none is made up.
    fn failed(&self, rules: &Judgement, why: Why, now: Mono) -> Reading<f64> {
        match why {
            Why::Comm | Why::Timeout | Why::Exception(_) => self.aged(rules, why, now),
            Why::NeverRead
            | Why::Range
            | Why::RateOfChange
            | Why::Stuck
            | Why::InvalidCode
            | Why::NotANumber
            | Why::Clock
            | Why::Manual
            | Why::OutOfService
            | Why::Config
            | Why::WrongDevice => Reading::Lost { why },
        }
    }

    fn number(&mut self, rules: &Judgement, seen: Seen, new: bool, now: Mono) -> Reading<f64> {
        let changed = self.good.is_none_or(|good| good.value.to_bits() != seen.value.to_bits());
        if new || changed {
            let reachable = |from: Option<Seen>| from.is_some_and(|from| within_rate(rules, from, seen));
            let confirmed = self.suspect.is_some_and(|s| s.at < seen.at) && reachable(self.suspect);
            if self.good.is_some() && !reachable(self.good) && !confirmed {
                if self.suspect.is_none_or(|s| s.at != seen.at) {
                    self.suspect = Some(seen);
                }
                return self.aged(rules, Why::RateOfChange, now);
            }
            self.suspect = None;
            if changed {
                self.unchanged = seen.at;
            }
            self.good = Some(seen);
        }
        if rules.stuck_after > Span::ZERO && seen.at.since(self.unchanged) >= rules.stuck_after {
            return Reading::Lost { why: Why::Stuck };
        }
        if now.since(seen.at) <= rules.stale_after {
            return Reading::Fresh(seen.value);
        }
        self.aged(rules, Why::Timeout, now)
    }

    /// The last believed value, moved toward the danger; lost when it is too old or there is none.
    fn aged(&self, rules: &Judgement, why: Why, now: Mono) -> Reading<f64> {
        let Some(good) = self.good else { return Reading::Lost { why } };
        let age = now.since(good.at);
        if age > rules.lost_after {
            return Reading::Lost { why };
        }
        let moved = rules.slew * age.seconds();
        let last = match rules.danger {
            Danger::Up => (good.value + moved).min(rules.max),
            Danger::Down => (good.value - moved).max(rules.min),
            Danger::Neither => good.value,
        };
        Reading::Stale { last, age, why }
    }
}

fn within_rate(rules: &Judgement, from: Seen, to: Seen) -> bool {
    rules.max_rate.is_infinite() || (to.value - from.value).abs() <= rules.max_rate * to.at.since(from.at).seconds()
}

/// Tells a change of quality. A point that has no source, and the first value of a point, are no news.
fn tell_change(id: PointId, before: Reading<f64>, now: Reading<f64>, news: &mut News<'_>) {
    let unborn = |why: Why| matches!(why, Why::NeverRead | Why::Config);
    if before.quality() == now.quality() && before.why() == now.why() {
        return;
    }
    let about = About::Point(id);
    match now {
        Reading::Fresh(_) if !before.why().is_some_and(unborn) => news.info(about, What::ReadingFresh),
        Reading::Stale { why, .. } => news.warn(about, What::ReadingStale(why)),
        Reading::Lost { why } if !unborn(why) => news.warn(about, What::ReadingLost(why)),
        Reading::Fresh(_) | Reading::Lost { .. } => {}
    }
}
