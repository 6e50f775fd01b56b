//! Dry coolers that control runs: fans by the water that leaves them, pads on the days when fans alone do not do.

use serde::{Deserialize, Serialize};

use super::FanTuning;
use crate::hall::machinery::{Circuit, DryCooler};
use crate::id::LoopId;
use crate::point::Point;
use crate::time::Span;
use crate::units::{Celsius, Percent, Ratio};

/// A dry cooler that control runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrivenDry {
    /// The water that it cools.
    pub circuit: Circuit,
    /// What it tells.
    pub of: DryCooler,
    /// Panel or on.
    pub run_mode: Point<Ratio>,
    /// Fan speed, of all cells.
    pub fan: Point<Percent>,
    /// Pads wetted (1) or dry (0).
    pub wet: Point<Ratio>,
    /// The loop that runs the fans.
    pub fan_loop: LoopId,
}

/// How dry coolers are run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DryTuning {
    /// Its fans; the setpoint of their loop is the water that leaves (°C, 5 to 60). Pads wet and dry in the fans' times.
    pub fans: FanTuning,
    /// When its pads are wetted.
    pub pads: PadTuning,
}

/// When pads are wetted: they make the air as cold as its wet bulb, and cost water.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PadTuning {
    /// Wetted when the fans are above this (%, 50 to 100)
    pub above: f64,
    /// in water warmer than its setpoint for so long (s to h, 30s to 1h).
    pub above_for: Span,
    /// Dried when fans alone would do below this (%, 10 to 95; below `above`)
    pub below: f64,
    /// for so long (s to h, 30s to 2h),
    pub below_for: Span,
    /// but not before this is over (s to h, 0s to 12h).
    pub least_wet: Span,
    /// Never wetted in air colder than this (°C, 0 to 20): ice.
    pub coldest: Celsius,
}

impl DryTuning {
    /// A dry cooler on warm water.
    pub const USUAL: Self = Self {
        fans: FanTuning::DRY_COOLER,
        pads: PadTuning {
            above: 90.0,
            above_for: Span::from_secs(30),
            below: 70.0,
            below_for: Span::from_secs(1200),
            least_wet: Span::from_secs(1200),
            coldest: Celsius(5.0),
        },
    };
}
