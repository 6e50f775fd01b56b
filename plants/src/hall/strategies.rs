//! How the loops of a hall are run.

use serde::{Deserialize, Serialize};

use super::sequence::{DxTuning, PlantTuning};
use super::{feed_forward, machinery, maps, schedule, sequence, supervisor};
use crate::time::Span;

/// How the loops are run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strategies {
    /// Each row's fans, by the row's worst inlet temperature (°C → %).
    pub fans: LoopTuning,
    /// Each coil's valve, by its supply-air temperature (°C → %).
    pub valves: LoopTuning,
    /// The pump, by differential pressure (Pa → %).
    pub pump: LoopTuning,
    /// The plant on chilled water.
    pub chilled_water: PlantTuning,
    /// The plant on facility water.
    pub facility_water: PlantTuning,
    /// DX units.
    pub dx: DxTuning,
    /// The CDUs.
    pub cdu: sequence::cdu::CduTuning,
    /// The dry coolers.
    pub dry: sequence::dry::DryTuning,
    /// What moves loops ahead of the heat.
    pub feed_forward: feed_forward::FeedForward,
    /// The rear doors.
    pub doors: sequence::door::DoorTuning,
    /// The single-phase tanks.
    pub tank: sequence::tank::TankTuning,
    /// The two-phase tanks.
    pub two_phase: sequence::tank::TwoPhaseTuning,
    /// Heat recovery.
    pub heat: sequence::heat::HeatTuning,
    /// The supply air of rows with coils; nothing where it stays at the valves' setpoint.
    pub supply_air: Option<sequence::air::SupplyAirTuning>,
    /// What its machines draw, for who reckons.
    pub maps: maps::Maps,
    /// Which setpoints are moved to where the facility draws least; nothing where all stay.
    pub supervisor: Option<supervisor::SupervisorTuning>,
}

impl Strategies {
    /// How the plant of a circuit is run.
    #[must_use]
    pub const fn plant(&self, circuit: machinery::Circuit) -> &PlantTuning {
        match circuit {
            machinery::Circuit::ChilledWater => &self.chilled_water,
            machinery::Circuit::FacilityWater => &self.facility_water,
        }
    }
}

/// One kind of loop. Gains are per second of physical time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoopTuning {
    /// The setpoint, in the pv's canonical unit.
    pub setpoint: f64,
    /// Proportional gain (% of output per unit of pv, > 0). The acting direction comes from the kind.
    pub gain: f64,
    /// Integral time (s, > 0).
    pub ti: Span,
    /// Derivative time (s; 0 for none).
    pub td: Span,
    /// The pv is smoothed with this time constant before the loop sees it (s, 0s to 1min; 0 for not).
    pub smooth: Span,
    /// What is smoothed stays so near what is measured: noise lies within it, and what the plant does goes beyond it at once (the pv's unit, 0 to
    /// 1e6; 0 for no bound).
    pub smooth_within: f64,
    /// Setpoint weight on the proportional term (0 to 1).
    pub setpoint_weight: f64,
    /// Changes of output smaller than this are held back (%, 0 to 10).
    pub deadband: f64,
    /// The loop runs on every n-th scan (≥ 1).
    pub every: u32,
    /// Gain and integral time by where the process is (rows, 2 to 8); nothing where they are the same everywhere.
    pub schedule: Option<schedule::Schedule>,
}

impl LoopTuning {
    /// A loop of gain, integral time and deadband alone.
    pub(super) const fn pi(setpoint: f64, gain: f64, seconds: u64, deadband: f64) -> Self {
        Self {
            setpoint,
            gain,
            ti: Span::from_secs(seconds),
            td: Span::ZERO,
            smooth: Span::ZERO,
            smooth_within: 0.0,
            setpoint_weight: 1.0,
            deadband,
            every: 1,
            schedule: None,
        }
    }
}
