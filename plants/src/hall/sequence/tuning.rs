//! The numbers that plants run by. Every one is a key of the hall's file.

use serde::{Deserialize, Serialize};

use super::pumps::HeaderTuning;
use crate::hall::LoopTuning;
use crate::time::Span;
use crate::units::{Celsius, LitersPerSecond, Pascals, Watts};

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
    /// How the tower is run; nothing where its panel runs it.
    pub tower: Option<TowerTuning>,
    /// How the pressure of the condensers is kept up; nothing where nobody does.
    pub head: Option<HeadTuning>,
    /// How the pumps on its header are run; nothing where their panels run them.
    pub pumps: Option<HeaderTuning>,
    /// How the pumps on the header of its condenser water are run; nothing where each runs with its machine.
    pub condenser_pumps: Option<HeaderTuning>,
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

/// How a tower is run. Defaults: ASHRAE Guideline 36, 5.20.6 and 5.20.11.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TowerTuning {
    /// Cells (1, 1 to 32).
    pub cells: f64,
    /// Water through one cell at its design (l/s, 0.1 to 1e3).
    pub cell_flow: LitersPerSecond,
    /// Below this share of it a cell's fill is not wetted through (1, 0.2 to 1): one cell less is open.
    pub least_flow: f64,
    /// Water back from the condensers above the chilled water's setpoint, at no load (K, 2 to 40),
    pub least_lift: f64,
    /// and at the full load of all its chillers (K, 2 to 40; not below `least_lift`).
    pub most_lift: f64,
    /// The coldest water to the condensers (°C, 2 to 30).
    pub coldest: Celsius,
    /// Its fans.
    pub fans: FanTuning,
}

/// Fans that hold a water by a loop and may rest: a tower's, a dry cooler's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FanTuning {
    /// Their loop (K to %).
    pub speed: LoopTuning,
    /// The slowest that they turn (%, 5 to 60).
    pub least_speed: f64,
    /// So far beyond what they hold (K, 0.1 to 5) they stop and start:
    pub deadband: f64,
    /// stop after so long at their slowest (s to min, 30s to 1h),
    pub off_after: Span,
    /// and stand at least so long (s to min, 0s to 1h).
    pub least_off: Span,
    /// Told to turn, they turn within (s to min, 5s to 10min); what does not has failed.
    pub start_within: Span,
    /// Told to stand, they stand within (s to min, 5s to 30min).
    pub stop_within: Span,
}

/// How the pressure of a condenser is kept up. Defaults: ASHRAE Guideline 36, 5.20.10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadTuning {
    /// Condenser water leaving above chilled water leaving, of every chiller that runs (K, 2 to 30).
    pub least_lift: f64,
    /// The valve is never closed further (%, 5 to 90): below its least flow a chiller trips.
    pub least_valve: f64,
    /// The loop of the valve (K to %).
    pub valve: LoopTuning,
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

impl TowerTuning {
    /// As published; cells, flow and lift are the hall's.
    pub const PUBLISHED: Self = Self {
        cells: 1.0,
        cell_flow: LitersPerSecond(20.0),
        least_flow: 0.5,
        least_lift: 10.0,
        most_lift: 20.0,
        coldest: Celsius(7.0),
        fans: FanTuning::TOWER,
    };
}

impl FanTuning {
    /// A tower's, as published.
    pub const TOWER: Self = Self {
        // Less than published: beside the economiser alone the water's way round and the coils' valves are part of the loop.
        speed: LoopTuning::pi(0.0, 6.0, 180, 1.0),
        least_speed: 15.0,
        deadband: 0.55,
        off_after: Span::from_secs(300),
        least_off: Span::from_secs(180),
        start_within: Span::from_secs(60),
        stop_within: Span::from_secs(300),
    };

    /// A dry cooler's: slower, because air alone carries little, and with shorter rests, because its tubes hold little water.
    pub const DRY_COOLER: Self = Self {
        speed: LoopTuning { setpoint: 28.0, ..Self::TOWER.speed },
        least_speed: 10.0,
        deadband: 0.5,
        least_off: Span::from_secs(60),
        ..Self::TOWER
    };
}

impl HeadTuning {
    /// As published.
    pub const PUBLISHED: Self = Self { least_lift: 10.0, least_valve: 55.0, valve: LoopTuning::pi(0.0, 4.0, 120, 1.0) };
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
        tower: None,
        head: None,
        pumps: None,
        condenser_pumps: None,
    };
}
