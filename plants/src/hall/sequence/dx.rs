//! DX units that control runs, a row at a time: compressors by stage, outdoor-air dampers by an air-side economiser.

use serde::{Deserialize, Serialize};

use super::MachineTuning;
use crate::hall::LoopTuning;
use crate::hall::machinery::Dx;
use crate::id::{LoopId, RowId};
use crate::point::Point;
use crate::time::Span;
use crate::units::{Celsius, Kelvins, Percent, Ratio};

/// The DX units of a row, which blow into one cold aisle.
#[derive(Clone, Debug, PartialEq)]
pub struct DxRow {
    /// The row.
    pub row: RowId,
    /// Its units, in the hall's order.
    pub units: Vec<DxUnit>,
    /// The loop that moves their outdoor-air dampers, all alike.
    pub damper_loop: LoopId,
    /// The loop that moves their compressors, all alike.
    pub compressor_loop: LoopId,
}

/// A DX unit that control runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DxUnit {
    /// What it tells.
    pub of: Dx,
    /// Panel, compressor off, compressor on.
    pub run_mode: Point<Ratio>,
    /// What its compressor shall run at.
    pub compressor: Point<Percent>,
    /// Where its outdoor-air damper shall stand.
    pub damper: Point<Percent>,
}

/// How the DX units of a hall are run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DxTuning {
    /// Supply air, the mean of a row's units (°C, 10 to 30).
    pub setpoint: Celsius,
    /// When one compressor more runs in a row, and one less.
    pub staging: DxStaging,
    /// The times of a compressor.
    pub compressor: MachineTuning,
    /// When outdoor air is let in.
    pub economiser: AirTuning,
    /// The dampers' loop, by supply air (°C → %).
    pub dampers: LoopTuning,
    /// The compressors' loop, by supply air (°C → %).
    pub compressors: LoopTuning,
}

/// How many compressors of a row run while outdoor air helps; without it all that can do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DxStaging {
    /// One more while those that run are above this duty (%, 20 to 100).
    pub up: Percent,
    /// One less when those that would remain were below this duty (%, 10 to 90; below `up`).
    pub down: Percent,
    /// Supply above its setpoint that calls for one more whatever the duty (K, 0.2 to 10).
    pub warm: Kelvins,
    /// How long any of these must hold, and the least time in a stage (s to h, 10s to 2h).
    pub patience: Span,
    /// From one start to the next (s to min, 0s to 10min).
    pub stagger: Span,
    /// While compressors run the dampers aim so far below the setpoint, so that they take first what they can (K, 0.5 to 10).
    pub damper_ahead: Kelvins,
}

/// When outdoor air is let in: the limits of ANSI/ASHRAE/IES 90.1 and of the machines' air.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AirTuning {
    /// It must be so much colder than the row's return (K, 0.2 to 10).
    pub colder: Kelvins,
    /// And not warmer than this (°C, 5 to 50; 18, 21 or 24 for a fixed high limit by climate).
    pub high_limit: Celsius,
    /// Not colder than this (°C, -40 to 20).
    pub low_limit: Celsius,
    /// Dew point not above this (°C, 0 to 25).
    pub dew_point_max: Celsius,
    /// Dew point not below this (°C, -60 to 10).
    pub dew_point_min: Celsius,
    /// How far back inside a limit it must be before it is let in again (K, 0.1 to 5).
    pub hysteresis: Kelvins,
    /// Once let in it stays in, unless a lock-out speaks against it (s to h, 0s to 2h).
    pub least_open: Span,
    /// Once shut out it stays out (s to h, 0s to 2h).
    pub least_shut: Span,
    /// The dampers' way from open to shut when it is not urgent (s to min, 10s to 30min).
    pub close_over: Span,
    /// After smoke the dampers stay shut until none has been seen for so long (s to h, 1min to 24h).
    pub smoke_clear: Span,
    /// A supply temperature below this for five minutes shuts the dampers for an hour (°C, -5 to 15).
    pub freeze: Celsius,
}

impl MachineTuning {
    /// The compressors of a DX unit.
    pub const DX: Self = Self {
        least_on: Span::from_secs(1200),
        least_off: Span::from_secs(240),
        between_starts: Span::from_secs(600),
        start_within: Span::from_secs(60),
        stop_within: Span::from_secs(300),
        lost_after: Span::from_secs(10),
        restore_after: Span::from_secs(240),
        retry_after: Span::from_secs(900),
    };
}

impl DxStaging {
    /// For units with variable compressors that run together.
    pub const USUAL: Self = Self {
        up: Percent(70.0),
        down: Percent(30.0),
        warm: Kelvins(1.0),
        patience: Span::from_secs(300),
        stagger: Span::from_secs(5),
        damper_ahead: Kelvins(1.5),
    };
}

impl AirTuning {
    /// Differential dry bulb with the dead-band of published examples, and the recommended envelope's dew points.
    pub const USUAL: Self = Self {
        colder: Kelvins(1.1),
        high_limit: Celsius(50.0),
        low_limit: Celsius(-20.0),
        dew_point_max: Celsius(15.0),
        dew_point_min: Celsius(-9.0),
        hysteresis: Kelvins(1.0),
        least_open: Span::from_secs(600),
        least_shut: Span::from_secs(600),
        close_over: Span::from_secs(600),
        smoke_clear: Span::from_secs(900),
        freeze: Celsius(3.3),
    };
}

impl DxTuning {
    /// The dampers' loop and the compressors', without their setpoints.
    const DAMPERS: LoopTuning = LoopTuning::pi(20.0, 3.0, 100, 0.5);
    const COMPRESSORS: LoopTuning = LoopTuning { gain: 5.0, ti: Span::from_secs(200), ..Self::DAMPERS };

    /// What a hall has that says nothing else.
    pub const USUAL: Self = Self {
        setpoint: Celsius(20.0),
        staging: DxStaging::USUAL,
        compressor: MachineTuning::DX,
        economiser: AirTuning::USUAL,
        dampers: Self::DAMPERS,
        compressors: Self::COMPRESSORS,
    };
}
