//! What control runs by sequence: plants of chillers with an economiser before them, rows of DX units, CDUs, dry coolers, immersion
//! tanks, and the numbers they run by.
//!
//! Every machine of such a plant has one commanded point more, `run-mode`: 0 its own panel decides, 1 off, 2 on. The fail-safe is
//! 0: a machine that hears nothing from us goes on by its panel, from what it is doing.

pub mod air;
pub mod cdu;
pub mod door;
pub mod dry;
mod dx;
pub mod heat;
pub mod pumps;
pub mod tank;
mod tuning;

use serde::{Deserialize, Serialize};

use super::machinery::{Chiller, Circuit, CondenserWater, DryCooler, Tower, WaterEconomiser};
use crate::id::{EquipId, LoopId};
use crate::point::Point;
use crate::units::{Celsius, LitersPerSecond, Pascals, Percent, Ratio};
pub use tuning::{
    EconomiserTuning, FanTuning, HeadTuning, MachineTuning, PlantTuning, ResetTuning, StagingTuning, TowerTuning,
};

pub use dx::{AirTuning, DxRow, DxStaging, DxTuning, DxUnit};

/// What a machine's `run-mode` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunMode {
    /// Its own panel decides.
    Panel,
    /// It shall stand.
    Off,
    /// It shall run.
    On,
}

impl RunMode {
    /// The number on the wire: 0, 1, 2.
    #[must_use]
    pub const fn number(self) -> f64 {
        match self {
            Self::Panel => 0.0,
            Self::Off => 1.0,
            Self::On => 2.0,
        }
    }

    /// The mode of a number; what lies between two counts as the nearer, and no number is the panel's.
    #[must_use]
    pub const fn of(number: f64) -> Self {
        if number >= 1.5 {
            Self::On
        } else if number >= 0.5 {
            Self::Off
        } else {
            Self::Panel
        }
    }
}

/// A plant of chillers on one water.
#[derive(Clone, Debug, PartialEq)]
pub struct ChillerPlant {
    /// The water.
    pub circuit: Circuit,
    /// The equipment whose water it is.
    pub equip: EquipId,
    /// Water to the hall.
    pub supply: Point<Celsius>,
    /// Water from the hall.
    pub return_water: Point<Celsius>,
    /// Water flow.
    pub flow: Point<LitersPerSecond>,
    /// Differential pressure at the remote end.
    pub dp: Point<Pascals>,
    /// Its chillers, in the hall's order.
    pub chillers: Vec<Staged>,
    /// Its economiser.
    pub economiser: Option<Switched>,
    /// The dry cooler before the chillers, run by its own panel.
    pub dry_cooler: Option<DryCooler>,
    /// Its first tower, whoever runs it.
    pub tower: Option<Tower>,
    /// The same where control runs it.
    pub rejecting: Option<Rejecting>,
}

/// A tower that control runs, with the water that it cools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rejecting {
    /// What it tells.
    pub of: Tower,
    /// The water between it and the condensers.
    pub water: CondenserWater,
    /// Panel or on.
    pub run_mode: Point<Ratio>,
    /// Fan speed, of all open cells.
    pub fan: Point<Percent>,
    /// Cells that are open.
    pub cells: Point<Ratio>,
    /// The loop that runs the fans.
    pub fan_loop: LoopId,
}

/// The valve in a chiller's condenser water.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadValve {
    /// Its position.
    pub position: Point<Percent>,
    /// The loop that runs it.
    pub head_loop: LoopId,
}

/// A chiller that control starts and stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Staged {
    /// What it tells.
    pub of: Chiller,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
    /// The most load that it may take.
    pub demand_limit: Point<Percent>,
    /// The water that it makes.
    pub setpoint: Point<Celsius>,
    /// The valve that keeps its condenser's pressure up, where it has one.
    pub head: Option<HeadValve>,
}

/// An economiser that control switches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switched {
    /// What it tells.
    pub of: WaterEconomiser,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
    /// The water that it makes.
    pub setpoint: Point<Celsius>,
}

#[cfg(test)]
mod tests {
    use super::RunMode;

    #[test]
    fn a_run_mode_is_its_number() {
        for mode in [RunMode::Panel, RunMode::Off, RunMode::On] {
            assert_eq!(RunMode::of(mode.number()), mode);
        }
        assert_eq!(RunMode::of(f64::NAN), RunMode::Panel);
    }
}
