//! The outputs of a header, and the machines that its water serves.

use plant::hall::Hall;
use plant::hall::sequence::pumps::Header;
use plant::point::Point;
use plant::units::Ratio;

use crate::control::commands::{Commands, OutputId};

/// The run mode of each pump of a header. Fixed when the hall is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    pub(super) pumps: Vec<OutputId>,
    /// The speed that they are told, where control does.
    pub(super) speed: Option<OutputId>,
    /// The machines whose condenser water it is: whether each runs, and what it is told.
    pub(super) machines: Vec<(Point<Ratio>, OutputId)>,
}

/// Every header's outputs, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Vec<Wiring> {
    let wiring = |of: &Header| Wiring {
        pumps: of.pumps.iter().filter_map(|pump| commands.output(pump.run_mode.id())).collect(),
        speed: of.told.and_then(|(speed, _)| commands.output(speed.id())),
        machines: machines(hall, of, commands),
    };
    hall.headers.rows().iter().map(wiring).collect()
}

/// The machines that a header of condenser water serves.
fn machines(hall: &Hall, of: &Header, commands: &Commands) -> Vec<(Point<Ratio>, OutputId)> {
    let mut found = Vec::new();
    for plant in hall.plants.iter().filter(|plant| of.condensing && plant.circuit == of.circuit) {
        let chillers = plant.chillers.iter().map(|chiller| (chiller.of.running, chiller.run_mode));
        let economiser = plant.economiser.map(|economiser| (economiser.of.running, economiser.run_mode));
        let wired = |(running, mode): (_, Point<Ratio>)| Some((running, commands.output(mode.id())?));
        found.extend(chillers.chain(economiser).filter_map(wired));
    }
    found
}
