//! What one scan shows the supervisor.

use plant::hall::Hall;
use plant::reading::{Reading, Why};
use plant::units::Quantity;

use super::measure::Running;
use super::model::{self, Around, Steps};
use crate::control::State;
use crate::control::equipment::Equipment;
use crate::control::sequence::machine::Machine;

/// An inlet that is this near to the recommended end is warm (K).
const NEAR: f64 = 0.2;

/// What one scan shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sight {
    /// Facility and IT power (W); nothing while either is not known.
    pub powers: Option<(f64, f64)>,
    /// What runs.
    pub running: Running,
    /// An inlet is near the end of the recommended range, or beyond.
    pub warm: bool,
    /// An inlet is at its maximum, or machines are asked to draw less.
    pub hot: bool,
    /// An inlet is not known.
    pub blind: bool,
    /// Some of the plant is on its panels.
    pub on_panels: bool,
    /// Somebody else's control runs the plant.
    pub beside: bool,
    /// Somebody holds an output, a loop is on trial, or setpoints are moved for peaks.
    pub disturbed: bool,
    /// What a step of each lever would save, by the maps.
    pub steps: Steps,
}

/// Looks.
#[must_use]
pub fn look(hall: &Hall, state: &State) -> Sight {
    let State { quality, energy, equipment, cooling, .. } = state;
    let (image, power, now) = (quality.image(), energy.power(), cooling.strategies());
    let (recommended, most) = (hall.limits.inlet_recommended.get(), hall.limits.inlet_max.get());
    let rides = hall.power.peaks.as_ref().is_some_and(|peaks| peaks.ride.acts) && state.ride.is_away();
    let commissions = state.trials.running().is_some() || state.checkouts.is_busy();
    let mut sight = Sight {
        powers: power.facility.zip(power.it).map(|(facility, it)| (facility.get(), it.get())),
        running: running(hall, equipment),
        hot: equipment.asks(hall).next().is_some(),
        on_panels: equipment.is_on_panels(hall),
        beside: state.shadow.is_on(),
        disturbed: commissions || rides || state.overrides.iter().next().is_some(),
        ..Sight::default()
    };
    if let (Some(tuning), Some((_, it))) = (&now.supervisor, sight.powers) {
        let around = Around { hall, image, equipment, now, it };
        sight.steps = model::steps(&around, (&tuning.levers, state.supervisor.offsets()));
    }
    for rack in hall.rows.rows().iter().flat_map(|row| &row.racks) {
        let reading = image.read(rack.inlet);
        sight.blind |= matches!(reading, Reading::Lost { why } if why != Why::Config);
        // What is doubted counts as hot as it may be, and teaches nothing of how far inlets may go.
        sight.warm |= reading.fresh().is_some_and(|inlet| inlet.get() > recommended - NEAR);
        sight.hot |= reading.usable().is_some_and(|inlet| inlet.get() >= most);
    }
    sight
}

/// Machines that run, and economisers, as a number that changes whenever one starts or stops.
fn running(hall: &Hall, equipment: &Equipment) -> Running {
    let plants = equipment.plants.iter(hall).flat_map(|(_, plant)| plant.machines());
    let runs = |machine: &Machine| u32::from(machine.is_running());
    plants.map(runs).fold(0, |all, runs| all.wrapping_mul(2).wrapping_add(runs))
}
