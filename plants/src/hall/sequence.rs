//! What control runs by sequence: plants of chillers with an economiser before them, rows of DX units, and the numbers they run by.
//!
//! Every machine of such a plant has one commanded point more, `run-mode`: 0 its own panel decides, 1 off, 2 on. The fail-safe is
//! 0: a machine that hears nothing from us goes on by its panel, from what it is doing.

mod dx;

use serde::{Deserialize, Serialize};

use super::machinery::{Chiller, Circuit, DryCooler, Tower, WaterEconomiser};
use crate::id::EquipId;
use crate::point::Point;
use crate::time::Span;
use crate::units::{Celsius, LitersPerSecond, Pascals, Percent, Ratio, Watts};

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
    /// Its first tower.
    pub tower: Option<Tower>,
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

/// How a plant of chillers is run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlantTuning {
    /// Water to the hall, as the chillers' panels hold it (°C, 4 to 45): with a reset the coldest.
    pub setpoint: Celsius,
    /// What one chiller carries (W, 1e3 to 1e8).
    pub capacity: Watts,
    /// Water flow of the full hall (l/s, 0.1 to 1e4).
    pub design_flow: LitersPerSecond,
    /// When one more runs, and one less.
    pub staging: StagingTuning,
    /// The times of a chiller.
    pub chiller: MachineTuning,
    /// When the economiser runs.
    pub economiser: EconomiserTuning,
    /// The times of the economiser.
    pub economiser_machine: MachineTuning,
    /// How far the water may be made warmer, and the pressure lower, while nobody asks for more; nothing where it stays.
    pub reset: Option<ResetTuning>,
}

/// When one chiller more runs, and one less. Defaults: ASHRAE Guideline 36, 5.20.4, for positive-displacement machines and, in a
/// hall that never rests, centrifugal ones with constant speed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StagingTuning {
    /// One more above this share of what runs (1, 0.3 to 1.2).
    pub up: f64,
    /// One less below this share of what would remain (1, 0.2 to 1; below `up`).
    pub down: f64,
    /// How long either must hold, and the least time in a stage (s to h, 1min to 2h).
    pub patience: Span,
    /// Supply above its setpoint that calls for one more whatever the load (K, 0.2 to 10).
    pub warm: f64,
    /// Differential pressure so far below its setpoint does the same (Pa, 1e3 to 1e5).
    pub starved: f64,
    /// The running ones are held to this load before one more starts (%, 30 to 100; 100 for not at all).
    pub limit: f64,
    /// The longest wait until they are (s to min, 1s to 30min).
    pub limit_within: Span,
    /// How long both run before the old one stops, when two machines change places (s to h, 1min to 2h).
    pub prove: Span,
    /// From one start to the next after a loss of power (s to min, 1s to 10min).
    pub stagger: Span,
    /// Machines change places so often (h to d, 1h to 400d).
    pub rotate_every: Span,
    /// But only when their run-times differ by more (h to d, 0s to 400d).
    pub rotate_gap: Span,
}

/// Trim and respond: what nobody asks for is trimmed away, and what is asked for comes back faster. Defaults: ASHRAE Guideline
/// 36, 5.20.5, chilled-water plant reset.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResetTuning {
    /// The warmest water (°C, 5 to 45; above the setpoint).
    pub warmest: Celsius,
    /// The lowest differential pressure (Pa, 1e3 to 1e6; the pump's setpoint for none of it).
    pub least_dp: Pascals,
    /// Nothing is trimmed for so long after a take-over (s to h, 0s to 2h).
    pub delay: Span,
    /// From one trim or response to the next (s to h, 30s to 1h).
    pub every: Span,
    /// So many requests are nobody's (1, 0 to 100).
    pub ignore: f64,
    /// What is trimmed (%, 0.1 to 20).
    pub trim: f64,
    /// What one request more brings back (%, 0.1 to 50),
    pub respond: f64,
    /// and all of them at the most (%, 0.1 to 100).
    pub most: f64,
}

/// The times of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MachineTuning {
    /// Once on it stays on (s to h, 0s to 12h).
    pub least_on: Span,
    /// Once off it stays off (s to h, 0s to 12h).
    pub least_off: Span,
    /// From one start to the next (s to h, 0s to 12h).
    pub between_starts: Span,
    /// Told to start, it runs within (s to h, 10s to 2h); what does not has failed.
    pub start_within: Span,
    /// Told to stop, it stands within (s to h, 10s to 2h).
    pub stop_within: Span,
    /// Running, it may be seen standing for so long before it counts as lost (s, 0s to 5min).
    pub lost_after: Span,
    /// After a loss of power it may start again after this (s to h, 0s to 2h), however long `least_off`.
    pub restore_after: Span,
    /// A start that failed is not tried again for so long (s to h, 1min to 12h).
    pub retry_after: Span,
}

/// When a water-side economiser runs. Defaults: ASHRAE Guideline 36, 5.20.3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EconomiserTuning {
    /// The plates' approach at design flow (K, 0.5 to 10).
    pub plates: f64,
    /// The tower's approach at its design wet bulb (K, 0.5 to 15).
    pub tower: f64,
    /// The wet bulb at which the tower has that approach (°C, -10 to 30).
    pub wet_bulb: f64,
    /// On when the return is so much warmer than the predicted outlet (K, 0.2 to 10).
    pub on: f64,
    /// Off when the water leaves less than this colder than it came (K, 0.1 to 5),
    pub off: f64,
    /// for so long (s to h, 10s to 1h).
    pub off_for: Span,
}

impl MachineTuning {
    /// A centrifugal chiller.
    pub const CHILLER: Self = Self {
        least_on: Span::from_secs(1200),
        least_off: Span::from_secs(600),
        between_starts: Span::from_secs(1800),
        start_within: Span::from_secs(600),
        stop_within: Span::from_secs(300),
        lost_after: Span::from_secs(10),
        restore_after: Span::from_secs(240),
        retry_after: Span::from_secs(1800),
    };

    /// An economiser with its valve.
    pub const ECONOMISER: Self = Self {
        least_on: Span::from_secs(1200),
        least_off: Span::from_secs(1200),
        between_starts: Span::ZERO,
        start_within: Span::from_secs(300),
        stop_within: Span::from_secs(300),
        lost_after: Span::from_secs(10),
        restore_after: Span::from_secs(60),
        retry_after: Span::from_secs(1800),
    };
}

impl StagingTuning {
    /// As published, with two weeks between changes of place.
    pub const PUBLISHED: Self = Self {
        up: 0.9,
        down: 0.8,
        patience: Span::from_secs(900),
        warm: 1.0,
        starved: 13.8e3,
        limit: 75.0,
        limit_within: Span::from_secs(300),
        prove: Span::from_secs(300),
        stagger: Span::from_secs(30),
        rotate_every: Span::from_secs(14 * 86_400),
        rotate_gap: Span::from_secs(12 * 3600),
    };
}

impl ResetTuning {
    /// As published; how far it reaches is the hall's.
    pub const PUBLISHED: Self = Self {
        warmest: Celsius(15.6),
        least_dp: Pascals(34.5e3),
        delay: Span::from_secs(900),
        every: Span::from_secs(300),
        ignore: 2.0,
        trim: 2.0,
        respond: 3.0,
        most: 7.0,
    };
}

impl EconomiserTuning {
    /// As published.
    pub const PUBLISHED: Self =
        Self { plates: 2.0, tower: 2.0, wet_bulb: 15.0, on: 2.0, off: 1.0, off_for: Span::from_secs(120) };
}

impl PlantTuning {
    /// What stands in for a plant that the hall does not have; nothing runs by it.
    pub const UNUSED: Self = Self {
        setpoint: Celsius(14.0),
        capacity: Watts(1e6),
        design_flow: LitersPerSecond(40.0),
        staging: StagingTuning::PUBLISHED,
        chiller: MachineTuning::CHILLER,
        economiser: EconomiserTuning::PUBLISHED,
        economiser_machine: MachineTuning::ECONOMISER,
        reset: None,
    };
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
