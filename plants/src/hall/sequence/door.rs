//! Rear doors that control runs: the air that leaves a door by the valve in its water.
//!
//! A door under control has outputs of its own: `run-mode` (0 its panel decides, 1 shut, 2 as told) and `valve`. The fail-safe of the
//! run mode is the panel.

use serde::{Deserialize, Serialize};

use super::FanTuning;
use super::cdu::DewPointTuning;
use crate::hall::LoopTuning;
use crate::hall::machinery::RearDoor;
use crate::id::{LoopId, RowId};
use crate::point::Point;
use crate::time::Span;
use crate::units::{Percent, Ratio};

/// A rear door that control runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrivenDoor {
    /// The row that its rack stands in.
    pub row: RowId,
    /// What it tells.
    pub of: RearDoor,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
    /// Commanded position of its valve.
    pub valve: Point<Percent>,
    /// The loop that runs the valve: the air that leaves.
    pub valve_loop: LoopId,
}

/// How rear doors are run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoorTuning {
    /// The valve, which holds the air that leaves and may rest as fans do: the setpoint of its loop (°C, 10 to 35), its least position
    /// (%, 1 to 50), and when it shuts and opens.
    pub valve: FanTuning,
    /// A valve so far from where it was told to be (%, 2 to 50)
    pub stuck: f64,
    /// for so long is stuck (s to min, 30s to 1h).
    pub stuck_after: Span,
    /// Air so much warmer than held behind an open valve (K, 1 to 20)
    pub warm: f64,
    /// for so long is told (min to h, 1min to 2h).
    pub warm_for: Span,
    /// A wet tray is believed after (s, 0s to 1min).
    pub leak_after: Span,
    /// How far the water that enters stays above the room's dew point; its `ramp` and `warmest` are not used.
    pub dew_point: DewPointTuning,
}

impl DoorTuning {
    /// Air that leaves as the room has it.
    pub const USUAL: Self = Self {
        valve: FanTuning {
            speed: LoopTuning::pi(24.0, 3.0, 120, 0.3),
            least_speed: 5.0,
            deadband: 0.5,
            off_after: Span::from_secs(600),
            least_off: Span::from_secs(30),
            start_within: Span::from_secs(60),
            stop_within: Span::from_secs(180),
        },
        stuck: 10.0,
        stuck_after: Span::from_secs(180),
        warm: 3.0,
        warm_for: Span::from_secs(600),
        leak_after: Span::from_secs(3),
        dew_point: DewPointTuning::USUAL,
    };
}
