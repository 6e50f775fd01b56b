//! Heat recovery that control runs: its valve is open while somebody takes the heat and the water is warm enough to give some.

use serde::{Deserialize, Serialize};

use super::MachineTuning;
use crate::hall::machinery::{Circuit, HeatRecovery};
use crate::point::Point;
use crate::time::Span;
use crate::units::{Celsius, Kelvins, Ratio, Watts};

/// A heat-recovery station that control runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrivenHeat {
    /// The water that it takes heat out of.
    pub circuit: Circuit,
    /// What it tells.
    pub of: HeatRecovery,
    /// The customer calls for heat (1) or not (0).
    pub demand: Point<Ratio>,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
    /// Water that comes to it from the hall.
    pub back: Point<Celsius>,
}

/// How heat recovery is run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatTuning {
    /// The hall's return is warm enough from here on (°C, 10 to 60),
    pub warm: Celsius,
    /// and no longer when it is so much colder (K, 0.5 to 15).
    pub hysteresis: Kelvins,
    /// It is wanted when demand and return have been there for so long (s to h, 10s to 2h),
    pub on_after: Span,
    /// and no longer when one of them has been gone for so long (s to h, 10s to 2h).
    pub off_after: Span,
    /// A customer who takes less than this (W, 0 to 1e7)
    pub least: Watts,
    /// for so long although the valve is open (s to h, 30s to 1h) is gone,
    pub gone_after: Span,
    /// and is tried again after so long (s to h, 5min to 12h), twice as long each time that he takes nothing, up to 8 times.
    pub return_after: Span,
    /// Its valve as a machine: minimum times, and how long it may take.
    pub machine: MachineTuning,
}

impl HeatTuning {
    /// A station on warm water behind a motorised valve.
    pub const USUAL: Self = Self {
        warm: Celsius(28.0),
        hysteresis: Kelvins(3.0),
        on_after: Span::from_secs(300),
        off_after: Span::from_secs(300),
        least: Watts(10e3),
        gone_after: Span::from_secs(180),
        return_after: Span::from_secs(1800),
        machine: MachineTuning {
            least_on: Span::from_secs(300),
            least_off: Span::from_secs(600),
            between_starts: Span::from_secs(900),
            start_within: Span::from_secs(180),
            stop_within: Span::from_secs(180),
            lost_after: Span::from_secs(10),
            restore_after: Span::from_secs(60),
            retry_after: Span::from_secs(1800),
        },
    };
}
