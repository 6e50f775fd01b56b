//! What is cooled stays above the room's dew point: a CDU's coolant by its setpoint, a rear door's water by its plant, and where that does
//! not do both by closing the valve.
//!
//! ```text
//! setpoint = max(supply, highest dew point + margin), no faster than `ramp` up or down, never above `warmest`
//! no sensor known:  setpoint = max(supply, blind, highest dew point known last + margin), and no lower than it is
//! coolant < highest dew point + trip for `trip-after`:  the valve at its least, whoever holds it, until coolant ≥ dew point + margin
//! ```
//!
//! The highest sensor that can be used counts; a stale one with its value aged upward. One that tells a dew point above its own dry bulb
//! is not believed. What a lost one told last counts on for ten minutes, so that losing the wettest dries no room. While none is known
//! no trip is released.

use plant::event::{About, What};
use plant::hall::Hall;
use plant::hall::machinery::RoomSensor;
use plant::hall::sequence::cdu::DewPointTuning;
use plant::id::PointId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::news::News;
use super::scene::Scene;
use super::sequence::Timer;

/// Sensors that are all lost for less than this are not told.
const PATIENCE: Span = Span::from_secs(10);

/// What a lost sensor told last counts for so long.
const KEPT: Span = Span::from_secs(600);

/// A dew point so far above its own dry bulb cannot be (K).
const SLACK: f64 = 2.0;

/// What a sensor tells, if it can be so.
fn believed(scene: &Scene<'_>, of: &RoomSensor) -> Option<(PointId, f64)> {
    let told = scene.image.read(of.dew_point).usable()?.0;
    let dry = scene.image.read(of.dry_bulb).usable().map_or(f64::INFINITY, |dry| dry.0);
    (told <= dry + SLACK).then_some((of.dew_point.id(), told))
}

/// What one sensor told last (°C), and how long ago it could be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Word {
    told: Option<(PointId, f64)>,
    lost: Timer,
}

/// The room's dew point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DewPoint {
    /// Each sensor's last word, in the hall's order.
    words: Vec<Word>,
    /// The highest dew point (°C) and its sensor; nothing while none has been known.
    worst: Option<(PointId, f64)>,
    /// A sensor can be used now.
    known: bool,
    /// How long none could be used.
    lost: Timer,
    told: bool,
}

impl DewPoint {
    /// Nothing is known.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self { words: hall.machinery.room.iter().map(|_| Word::default()).collect(), ..Self::default() }
    }

    /// A new boot: each sensor's last word counts as if it had just been lost.
    pub fn restart(&mut self) {
        let mut words = std::mem::take(&mut self.words);
        words.iter_mut().for_each(|word| word.lost = Timer::default());
        *self = Self { words, worst: self.worst, ..Self::default() };
    }

    /// One scan.
    pub fn step(&mut self, scene: &Scene<'_>, news: &mut News<'_>) {
        self.listen(scene);
        self.lost.count(!self.known && !self.words.is_empty(), scene.dt);
        let lost = self.lost.reached(PATIENCE);
        match (lost, self.told) {
            (true, false) => news.warn(About::Hall, What::DewPointsLost),
            (false, true) if self.known => news.info(About::Hall, What::DewPointKnown),
            (true, true) | (false, _) => {}
        }
        self.told = lost || (self.told && !self.known);
    }

    /// Hears every sensor: the highest word counts, of those that are used now or were not long ago; while none is, of all.
    fn listen(&mut self, scene: &Scene<'_>) {
        self.known = false;
        for (word, of) in self.words.iter_mut().zip(&scene.hall.machinery.room) {
            let now = believed(scene, of);
            word.lost.count(now.is_none(), scene.dt);
            word.told = now.or(word.told);
            self.known |= now.is_some();
        }
        let known = self.known;
        let counts = self.words.iter().filter(|word| !known || !word.lost.reached(KEPT));
        self.worst =
            counts.filter_map(|word| word.told).reduce(|worst, next| if next.1 > worst.1 { next } else { worst });
    }

    /// True when a sensor is known, or none will be: before that nobody knows where the room begins.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.known || self.lost.reached(PATIENCE) || self.words.is_empty()
    }

    /// The highest dew point (°C), as far as it counts: no less than what the room is taken for while none is known, and no more than
    /// `warmest` allows, so that no sensor can cook the machines.
    #[must_use]
    pub fn highest(&self, of: &DewPointTuning) -> f64 {
        let blind = of.blind.0 - of.margin;
        let highest = match self.worst {
            Some((_, dew_point)) if self.known => dew_point,
            Some((_, dew_point)) => dew_point.max(blind),
            None => blind,
        };
        highest.min(of.warmest.0 - of.margin)
    }

    /// The sensor that tells it.
    #[must_use]
    pub fn lead(&self) -> Option<PointId> {
        self.worst.map(|(point, _)| point)
    }

    /// True while no sensor is known.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        self.told
    }

    /// Where a setpoint goes that is to be no lower than `supply` (°C).
    fn wanted(&self, of: &DewPointTuning, supply: f64) -> f64 {
        supply.max(self.highest(of) + of.margin)
    }
}

/// A setpoint that follows the dew point (°C); nothing before a sensor is known, or known to be lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setpoint(Option<f64>);

impl Setpoint {
    /// One scan: no lower than `supply` (°C). It begins where the room has it, not where a blind one would.
    pub fn step(&mut self, dew_point: &DewPoint, (of, supply): (&DewPointTuning, f64), dt: Span) {
        if self.0.is_none() && !dew_point.is_ready() {
            return;
        }
        let wanted = dew_point.wanted(of, supply);
        let reach = of.ramp * dt.seconds() / 60.0;
        let fall = if dew_point.known { reach } else { 0.0 };
        self.0 = Some(self.0.map_or(wanted, |now| now + (wanted - now).clamp(-fall, reach)));
    }

    /// True when it is known what to aim at, or that no sensor says so.
    #[must_use]
    pub const fn is_ready(self) -> bool {
        self.0.is_some()
    }

    /// What to aim at (°C).
    #[must_use]
    pub fn value(self, dew_point: &DewPoint, (of, supply): (&DewPointTuning, f64)) -> f64 {
        self.0.unwrap_or_else(|| dew_point.wanted(of, supply))
    }
}

/// Whether one coolant has come too near to the dew point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    near: Timer,
    tripped: bool,
    /// Its valve is closed for it.
    closed: bool,
    /// That was told.
    told: bool,
}

impl Trip {
    /// True while it is too near.
    #[must_use]
    pub const fn is_tripped(&self) -> bool {
        self.tripped
    }

    /// True while its valve is closed for it.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// One scan of a coolant (°C; nothing while it is not known). One that is not known now neither trips nor releases, and no room that
    /// is not known releases. `ours` says whether control has the valve: while it has not, nothing closes it, and nobody is told so.
    pub fn step(
        &mut self,
        about: About,
        (coolant, ours, dt): (Option<f64>, bool, Span),
        (dew_point, of): (&DewPoint, &DewPointTuning),
        news: &mut News<'_>,
    ) {
        if let Some(coolant) = coolant {
            let above = coolant - dew_point.highest(of);
            self.near.count(above < of.trip, dt);
            let stays = above < of.margin || !dew_point.known;
            self.tripped = if self.tripped { stays } else { self.near.reached(of.trip_after) };
        }
        self.closed = self.tripped && ours;
        if self.closed && !self.told {
            news.warn(about, What::DewPointTrip(true));
        } else if self.told && !self.tripped {
            news.info(about, What::DewPointTrip(false));
        }
        self.told = self.tripped && (self.told || self.closed);
    }
}
