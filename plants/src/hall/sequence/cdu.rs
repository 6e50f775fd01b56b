//! CDUs that control runs: the points it commands, and the numbers they run by.
//!
//! A CDU under control has outputs of its own: `run-mode` (0 its panel decides, 1 off, 2 on), `valve`, and a speed for each of its two
//! pumps. The fail-safe of the run mode is the panel.

use serde::{Deserialize, Serialize};

use super::pumps::PumpTuning;
use crate::hall::LoopTuning;
use crate::hall::machinery::Cdu;
use crate::id::{LoopId, RowId};
use crate::point::Point;
use crate::time::Span;
use crate::units::{Celsius, Pascals, Percent, Ratio, Watts};

/// Pumps of a CDU.
pub const PUMPS: usize = 2;

/// A CDU that control runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrivenCdu {
    /// The row whose racks it carries, together with the others of the row.
    pub row: RowId,
    /// What it tells.
    pub of: Cdu,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
    /// Commanded position of the primary valve.
    pub valve: Point<Percent>,
    /// Its pumps.
    pub pumps: [CduPump; PUMPS],
    /// The loop that runs the valve: coolant to the racks.
    pub valve_loop: LoopId,
    /// The loop that runs the pumps: pressure across the racks' manifold.
    pub pump_loop: LoopId,
}

/// One pump of a CDU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CduPump {
    /// Commanded speed; 0 stands.
    pub speed: Point<Percent>,
    /// Speed its drive reports.
    pub feedback: Point<Percent>,
    /// Its drive in fault (1) or well (0).
    pub fault: Point<Ratio>,
}

/// How CDUs are run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CduTuning {
    /// The valve, by coolant to the racks (°C → %); its setpoint is the coolest coolant (°C, 10 to 60).
    pub valve: LoopTuning,
    /// The pumps, by pressure across the manifold (Pa → %); its setpoint is that pressure (Pa, 1e3 to 1e6).
    pub pump: LoopTuning,
    /// The least position of the valve (%, 0 to 50).
    pub least_valve: Percent,
    /// The least speed of a pump that runs (%, 10 to 80).
    pub least_speed: Percent,
    /// Who of its pumps runs.
    pub pumps: PumpTuning,
    /// How far the coolant stays above the room's dew point.
    pub dew_point: DewPointTuning,
    /// When GPUs are asked to draw less.
    pub caps: CapTuning,
    /// When its exchanger counts as fouled.
    pub fouling: FoulingTuning,
    /// A wet tray is believed after (s, 0s to 1min).
    pub leak_after: Span,
}

/// How far the coolant stays above the room's dew point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DewPointTuning {
    /// The coolant's setpoint stays so far above the highest dew point (K, 1 to 10).
    pub margin: f64,
    /// The setpoint moves no faster (K/min, 0.1 to 10).
    pub ramp: f64,
    /// Coolant less than this above the highest dew point (K, 0 to 5; below `margin`)
    pub trip: f64,
    /// for so long closes the valve to its least, whoever holds it (s to min, 1s to 10min).
    pub trip_after: Span,
    /// While no sensor is known the setpoint is at least this (°C, 10 to 40).
    pub blind: Celsius,
    /// No dew point makes the setpoint warmer than this (°C, 20 to 60).
    pub warmest: Celsius,
}

/// When GPUs are asked to draw less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapTuning {
    /// The pressure below which plates run short of coolant (Pa, 0 to 1e6).
    pub least_dp: Pascals,
    /// for so long (s, 0s to 1min).
    pub after: Span,
    /// A pump that is on its way gets so long before (s, 0s to 5min).
    pub cure_within: Span,
    /// It is over with the pressure within this of its setpoint (Pa, 1e3 to 1e5)
    pub nominal_dp: Pascals,
    /// and the coolant within this of its setpoint (K, 0.5 to 20).
    pub nominal_supply: f64,
}

/// When an exchanger counts as fouled: by its approach, while that says something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoulingTuning {
    /// The load to which the approach is brought (W, 1e3 to 1e8).
    pub rated: Watts,
    /// It is judged with the valve open at least this far (%, 20 to 100),
    pub open: Percent,
    /// and at this share of the rated load or more (1, 0.1 to 1).
    pub load: f64,
}

impl CduTuning {
    /// What holds unless the hall says otherwise; the two setpoints and the rated load are the hall's.
    pub const USUAL: Self = Self {
        valve: LoopTuning::pi(32.0, 2.0, 120, 0.3),
        pump: LoopTuning::pi(60e3, 2e-4, 15, 0.5),
        least_valve: Percent(5.0),
        least_speed: Percent(30.0),
        pumps: PumpTuning::USUAL,
        dew_point: DewPointTuning::USUAL,
        caps: CapTuning::USUAL,
        fouling: FoulingTuning::USUAL,
        leak_after: Span::from_secs(3),
    };
}

impl DewPointTuning {
    /// Three kelvins, and 18 °C where nobody knows the dew point.
    pub const USUAL: Self = Self {
        margin: 3.0,
        ramp: 1.0,
        trip: 1.0,
        trip_after: Span::from_secs(30),
        blind: Celsius(18.0),
        warmest: Celsius(45.0),
    };
}

impl CapTuning {
    /// Within seconds, for plates warm within seconds.
    pub const USUAL: Self = Self {
        least_dp: Pascals(20e3),
        after: Span::from_secs(2),
        cure_within: Span::from_secs(15),
        nominal_dp: Pascals(10e3),
        nominal_supply: 3.0,
    };
}

impl FoulingTuning {
    /// With the valve nearly open, at three tenths of the load or more.
    pub const USUAL: Self = Self { rated: Watts(650e3), open: Percent(80.0), load: 0.3 };
}
