//! The outputs of plants. Fixed when the hall is loaded.

use plant::hall::machinery::Circuit;
use plant::hall::sequence::{Rejecting, Staged, Switched};
use plant::hall::{ChillerPlant, Hall};

use super::tower;
use crate::control::commands::{Commands, OutputId};

/// The outputs of a plant.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    /// Of each chiller.
    pub chillers: Vec<Machine>,
    /// Of the economiser.
    pub economiser: Option<Machine>,
    /// Of the tower.
    pub tower: Option<tower::Wired>,
    /// Of each coil of its water, in the hall's order: its valve.
    pub coils: Vec<OutputId>,
}

/// The outputs of a chiller or an economiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// Panel, off or on.
    pub mode: OutputId,
    /// The water that it makes.
    pub setpoint: OutputId,
    /// The most load that it may take, of a chiller.
    pub limit: Option<OutputId>,
}

/// Every plant's outputs, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Vec<Wiring> {
    hall.plants.iter().map(|plant| wiring((hall, plant), commands)).collect()
}

fn wiring((hall, plant): (&Hall, &ChillerPlant), commands: &Commands) -> Wiring {
    let chiller = |c: &Staged| {
        let (mode, setpoint) = (commands.output(c.run_mode.id())?, commands.output(c.setpoint.id())?);
        Some(Machine { mode, setpoint, limit: Some(commands.output(c.demand_limit.id())?) })
    };
    let economiser = |e: Switched| {
        let (mode, setpoint) = (commands.output(e.run_mode.id())?, commands.output(e.setpoint.id())?);
        Some(Machine { mode, setpoint, limit: None })
    };
    let tower = |t: Rejecting| {
        let (run_mode, cells) = (commands.output(t.run_mode.id())?, commands.output(t.cells.id())?);
        Some(tower::Wired { run_mode, cells, fan: commands.output(t.fan.id())? })
    };
    Wiring {
        chillers: plant.chillers.iter().filter_map(chiller).collect(),
        economiser: plant.economiser.and_then(economiser),
        tower: plant.rejecting.and_then(tower),
        coils: match plant.circuit {
            Circuit::ChilledWater => hall.coils.iter().filter_map(|coil| commands.output(coil.valve.id())).collect(),
            Circuit::FacilityWater => Vec::new(),
        },
    }
}
