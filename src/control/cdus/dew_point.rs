//! The coolant stays above the room's dew point: by its setpoint, and where that does not do by closing the valve.
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
use plant::hall::sequence::cdu::CduTuning;
use plant::id::PointId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Scan;
use crate::control::news::News;
use crate::control::scene::Scene;
use crate::control::sequence::Timer;

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

/// The room's dew point and the setpoint that comes of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DewPoint {
    /// The setpoint on its way (°C); nothing before a sensor is known, or known to be lost.
    setpoint: Option<f64>,
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

    /// As after a new boot.
    pub fn forget(&mut self) {
        let mut words = std::mem::take(&mut self.words);
        words.iter_mut().for_each(|word| *word = Word::default());
        *self = Self { words, ..Self::default() };
    }

    /// One scan.
    pub fn step(&mut self, scene: &Scene<'_>, tuning: &CduTuning, news: &mut News<'_>) {
        let room = &scene.hall.machinery.room;
        self.listen(scene);
        self.lost.count(!self.known && !room.is_empty(), scene.dt);
        let lost = self.lost.reached(PATIENCE);
        match (lost, self.told) {
            (true, false) => news.warn(About::Hall, What::DewPointsLost),
            (false, true) if self.known => news.info(About::Hall, What::DewPointKnown),
            (true, true) | (false, _) => {}
        }
        self.told = lost || (self.told && !self.known);
        if self.setpoint.is_none() && !self.known && !lost && !room.is_empty() {
            return; // it begins where the room has it, not where a blind one would
        }
        let wanted = self.wanted(tuning);
        let reach = tuning.dew_point.ramp * scene.dt.seconds() / 60.0;
        let fall = if self.known { reach } else { 0.0 };
        self.setpoint = Some(self.setpoint.map_or(wanted, |now| now + (wanted - now).clamp(-fall, reach)));
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

    /// True when it is known what to aim at, or that no sensor says so.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.setpoint.is_some()
    }

    /// What the coolant's loops aim at (°C).
    #[must_use]
    pub fn setpoint(&self, tuning: &CduTuning) -> f64 {
        self.setpoint.unwrap_or_else(|| self.wanted(tuning))
    }

    /// The highest dew point (°C), as far as it counts: no less than what the room is taken for while none is known, and no more than
    /// `warmest` allows, so that no sensor can cook the machines.
    #[must_use]
    pub fn highest(&self, tuning: &CduTuning) -> f64 {
        let of = &tuning.dew_point;
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

    /// Where the setpoint goes (°C).
    fn wanted(&self, tuning: &CduTuning) -> f64 {
        let (of, supply) = (&tuning.dew_point, tuning.valve.setpoint);
        supply.max(self.highest(tuning) + of.margin)
    }
}

/// Whether one CDU's coolant has come too near to the dew point.
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
    /// True while its coolant is too near.
    #[must_use]
    pub const fn is_tripped(&self) -> bool {
        self.tripped
    }

    /// True while its valve is closed to its least for it.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// One scan. A coolant that is not known now neither trips nor releases, and no room that is not known releases. `ours` says whether
    /// control has the valve: while it has not, nothing closes it, and nobody is told so.
    pub fn step(&mut self, scan: &Scan<'_>, (dew_point, ours): (&DewPoint, bool), news: &mut News<'_>) {
        self.judge(scan, dew_point);
        self.closed = self.tripped && ours;
        let about = About::Equip(scan.of.of.equip);
        if self.closed && !self.told {
            news.warn(about, What::DewPointTrip(true));
        } else if self.told && !self.tripped {
            news.info(about, What::DewPointTrip(false));
        }
        self.told = self.tripped && (self.told || self.closed);
    }

    fn judge(&mut self, scan: &Scan<'_>, dew_point: &DewPoint) {
        let of = &scan.tuning.dew_point;
        let Some(supply) = scan.scene.fresh(scan.of.of.supply) else { return };
        let above = supply - dew_point.highest(scan.tuning);
        self.near.count(above < of.trip, scan.scene.dt);
        let stays = above < of.margin || !dew_point.known;
        self.tripped = if self.tripped { stays } else { self.near.reached(of.trip_after) };
    }
}
