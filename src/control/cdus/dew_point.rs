//! The coolant stays above the room's dew point: by its setpoint, and where that does not do by closing the valve.
//!
//! ```text
//! setpoint = max(supply, highest dew point + margin), no faster than `ramp` up or down, never above `warmest`
//! no sensor known:  setpoint = max(supply, blind)
//! coolant < highest dew point + trip for `trip-after`:  the valve at its least, whoever holds it, until coolant ≥ dew point + margin
//! ```
//!
//! The highest sensor that can be used counts; a stale one with its value aged upward. One that tells a dew point above its own dry bulb
//! is not believed.

use plant::event::{About, What};
use plant::hall::cdu::CduTuning;
use plant::hall::machinery::RoomSensor;
use plant::id::PointId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Scan;
use crate::control::news::News;
use crate::control::plants::Scene;
use crate::control::sequence::Timer;

/// Sensors that are all lost for less than this are not told.
const PATIENCE: Span = Span::from_secs(10);

/// A dew point so far above its own dry bulb cannot be (K).
const SLACK: f64 = 2.0;

/// What a sensor tells, if it can be so.
fn believed(scene: &Scene<'_>, of: &RoomSensor) -> Option<(PointId, f64)> {
    let told = scene.image.read(of.dew_point).usable()?.0;
    let dry = scene.image.read(of.dry_bulb).usable().map_or(f64::INFINITY, |dry| dry.0);
    (told <= dry + SLACK).then_some((of.dew_point.id(), told))
}

/// The room's dew point and the setpoint that comes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DewPoint {
    /// The setpoint on its way (°C); nothing before the first scan.
    setpoint: Option<f64>,
    /// The highest dew point (°C) and its sensor; nothing while none can be used.
    worst: Option<(PointId, f64)>,
    /// How long none could be used.
    lost: Timer,
    told: bool,
}

impl DewPoint {
    /// One scan.
    pub fn step(&mut self, scene: &Scene<'_>, tuning: &CduTuning, news: &mut News<'_>) {
        let room = &scene.hall.machinery.room;
        let usable = room.iter().filter_map(|of| believed(scene, of));
        self.worst = usable.reduce(|worst, next| if next.1 > worst.1 { next } else { worst });
        self.lost.count(self.worst.is_none() && !room.is_empty(), scene.dt);
        let lost = self.lost.reached(PATIENCE);
        match (lost, self.told) {
            (true, false) => news.warn(About::Hall, What::DewPointsLost),
            (false, true) if self.worst.is_some() => news.info(About::Hall, What::DewPointKnown),
            (true, true) | (false, _) => {}
        }
        self.told = lost || (self.told && self.worst.is_none());
        let wanted = self.wanted(tuning);
        let reach = tuning.dew_point.ramp * scene.dt.seconds() / 60.0;
        self.setpoint = Some(self.setpoint.map_or(wanted, |now| now + (wanted - now).clamp(-reach, reach)));
    }

    /// What the coolant's loops aim at (°C).
    #[must_use]
    pub fn setpoint(&self, tuning: &CduTuning) -> f64 {
        self.setpoint.unwrap_or_else(|| self.wanted(tuning))
    }

    /// The highest dew point (°C), as far as it counts: what the room is taken for while none is known, and no more than `warmest` allows,
    /// so that no sensor can cook the machines.
    #[must_use]
    pub fn highest(&self, tuning: &CduTuning) -> f64 {
        let of = &tuning.dew_point;
        let highest = self.worst.map_or(of.blind.0 - of.margin, |(_, dew_point)| dew_point);
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
}

impl Trip {
    /// True while its valve is closed to its least.
    #[must_use]
    pub const fn is_tripped(&self) -> bool {
        self.tripped
    }

    /// One scan. A coolant that is not known now neither trips nor releases.
    pub fn step(&mut self, scan: &Scan<'_>, dew_point: &DewPoint, news: &mut News<'_>) {
        let of = &scan.tuning.dew_point;
        let Some(supply) = scan.scene.fresh(scan.of.of.supply) else { return };
        let above = supply - dew_point.highest(scan.tuning);
        self.near.count(above < of.trip, scan.scene.dt);
        let tripped = if self.tripped { above < of.margin } else { self.near.reached(of.trip_after) };
        if tripped != self.tripped {
            let about = About::Equip(scan.of.of.equip);
            let what = What::DewPointTrip(tripped);
            if tripped { news.warn(about, what) } else { news.info(about, what) }
        }
        self.tripped = tripped;
    }
}
