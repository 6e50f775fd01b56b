//! Billed peaks for people who ask.

use plant::convert::i64_from_bits;
use plant::hall::Hall;
use plant::time::Wall;
use serde::{Deserialize, Serialize};

use super::{Interval, Plan, Scene, Tightest};
use crate::control::ride::view::RideView;

/// A minute (ms).
const MINUTE: i64 = 60_000;

/// What keeps the billed peaks of a hall down, as of the last scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeaksView {
    /// The billed meter, and the feed below which loads are lowered.
    pub meter: String,
    /// See above.
    pub feed: String,
    /// The tariff.
    pub tariff: String,
    /// The meter has been read.
    pub read: bool,
    /// It is sure where windows begin.
    pub sure: bool,
    /// What flowed in the last minute (W).
    pub load_w: Option<f64>,
    /// What the mean of a minute is off from its forecast, as a standard deviation (W).
    pub off_w: f64,
    /// What the feed may carry for the windows (W); nothing where nothing is lowered.
    pub allowed_w: Option<f64>,
    /// The demand whose windows hold it.
    pub held_by: Option<String>,
    /// How often loads were lowered, and for how long in all (s).
    pub lowered: u32,
    /// See above.
    pub lowered_s: f64,
    /// What cooling does for them; nothing where the hall's file moves none of its setpoints.
    #[serde(default)]
    pub cooling: Option<RideView>,
    /// Every demand of the tariff.
    pub demands: Vec<DemandView>,
}

/// A demand of the tariff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemandView {
    /// Its name.
    pub name: String,
    /// What its windows shall not exceed, by the hall's file (W); nothing where it is only measured.
    pub target_w: Option<f64>,
    /// What is paid already (W).
    pub paid_w: f64,
    /// What its windows are kept below (W); nothing where nothing is gained.
    pub kept_w: Option<f64>,
    /// The highest window of this billing period that is known.
    pub peak: Option<PeakView>,
    /// Windows of this period that were not known whole.
    pub lacking: u32,
    /// The open window that allows least; nothing outside of its hours, and where nothing is kept.
    pub window: Option<WindowView>,
}

/// A measured peak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeakView {
    /// The mean power of its window (W).
    pub watts: f64,
    /// Where the window began and ended, in the tariff's zone.
    pub from: String,
    /// See above.
    pub to: String,
}

/// A window that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowView {
    /// Where it begins and ends, in the tariff's zone; nothing where the clock is not believed.
    pub from: Option<String>,
    /// See above.
    pub to: Option<String>,
    /// What flowed in it, at the most (Wh).
    pub flowed_wh: f64,
    /// What its mean becomes with what is forecast (W).
    pub becomes_w: f64,
    /// The mean power that it still allows (W).
    pub allowed_w: f64,
}

impl Interval {
    /// All of it, for people.
    #[must_use]
    pub fn view(&self, hall: &Hall, plan: &Plan, scene: &Scene) -> PeaksView {
        let meter = hall.meters.get(plan.meter()).and_then(|meter| hall.equips.get(meter.equip));
        let at = i64_from_bits(scene.at.millis());
        PeaksView {
            meter: meter.map_or_else(String::new, |equip| equip.name.clone()),
            feed: hall.power.feeds.get(plan.feed()).map_or_else(String::new, |feed| feed.name.clone()),
            tariff: plan.tariff.name.clone(),
            read: self.blind < plan.rules.stale,
            sure: !self.alignment.is_in_doubt(at),
            load_w: self.load.next(MINUTE),
            off_w: self.load.off(MINUTE) * 60.0,
            allowed_w: self.held.map(|held| held.allowed.0),
            held_by: self.held_by(plan).map(str::to_owned),
            lowered: self.lowered.0,
            lowered_s: self.lowered.1.seconds(),
            cooling: None,
            demands: (0..plan.targets.len()).filter_map(|demand| self.demand(plan, scene, (at, demand))).collect(),
        }
    }

    fn demand(&self, plan: &Plan, scene: &Scene, (at, demand): (i64, usize)) -> Option<DemandView> {
        let (charge, kept) = (plan.charge(demand)?, self.kept.get(demand)?);
        let offset = self.offset(at);
        let zone = &plan.tariff.zone;
        let stamp = |at: i64| offset.map(|offset| zone.stamp(Wall(at + offset)));
        Some(DemandView {
            name: charge.name.clone(),
            target_w: plan.targets.get(demand).copied().flatten(),
            paid_w: self.paid(plan, demand)?.0,
            kept_w: self.target(plan, demand),
            peak: kept.peak().map(|peak| PeakView {
                watts: peak.watts,
                from: zone.stamp(peak.window.0),
                to: zone.stamp(peak.window.1),
            }),
            lacking: kept.lacking(),
            window: self.tightest(plan, scene, (at, demand)).map(|Tightest { open, room, .. }| WindowView {
                from: stamp(open.begin),
                to: stamp(open.end),
                flowed_wh: room.flowed,
                becomes_w: room.becomes.0,
                allowed_w: room.allowed.0,
            }),
        })
    }
}
