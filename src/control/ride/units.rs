//! What is moved, and how far each may go.

use plant::hall::machinery::Circuit as Water;
use plant::hall::peaks::Ride;
use plant::hall::{Condition, Hall, Limits};
use plant::id::{LoopId, RowId};
use plant::units::Quantity;

use crate::control::commands::OutputId;
use crate::control::cooling::{Circuit, Cooling, Service};
use crate::control::equipment::Equipment;
use crate::control::scene::Scene;

/// An inlet that is nearer than this to the recommended end lets nothing rise; one that is nearer than the second sends it home (K).
const NEAR: (f64, f64) = (0.5, 0.2);
/// Water stays so much colder than the air that coils hold with it (K).
const APPROACH: f64 = 2.0;
/// Air that is blown stays so far below the recommended end where no reset says how warm it may be (K),
const LEFT_TO_RACKS: f64 = 3.0;
/// and so far below where an alarm is raised (K).
const BELOW_ALARM: f64 = 1.0;
/// An actuator that is beyond this has little left, and beyond the second nothing (%).
const OPEN: (f64, f64) = (90.0, 97.0);

/// What is moved as one.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    /// What the fans of a row hold at its inlets.
    Row {
        /// The row.
        row: RowId,
        /// The loop of its fans.
        fans: LoopId,
        /// Those of its coils.
        coils: Vec<LoopId>,
        /// What it moves.
        outputs: Vec<OutputId>,
    },
    /// The chilled water of a plant.
    Water {
        /// Its place in the hall.
        place: usize,
        /// The valves of the coils that live on it.
        outputs: Vec<OutputId>,
    },
}

/// How much a unit has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Margin {
    /// Enough.
    Some,
    /// So little that it goes no further.
    Little,
    /// Nothing: it goes home.
    None,
}

/// How far a unit's setpoint may be from where it usually is (K), and how much it has left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The least (≤ 0).
    pub low: f64,
    /// The most (≥ 0).
    pub high: f64,
    /// See above.
    pub margin: Margin,
}

/// Every unit of a hall: rows with fans, then plants of chilled water.
pub fn all(hall: &Hall, circuits: &[Circuit]) -> Vec<Unit> {
    let outputs = |circuit: &Circuit| circuit.drives.iter().map(|drive| drive.output).collect::<Vec<_>>();
    let fans = circuits.iter().filter(|circuit| circuit.service == Service::Fans);
    let rows = fans.filter_map(|of| {
        Some(Unit::Row { row: of.row?, fans: of.id, coils: coils(hall, of.row?), outputs: outputs(of) })
    });
    let valves = || circuits.iter().filter(|of| of.service == Service::Valve).flat_map(outputs).collect();
    let plants = hall.plants.iter().enumerate().filter(|(_, plant)| plant.circuit == Water::ChilledWater);
    rows.chain(plants.map(|(place, _)| Unit::Water { place, outputs: valves() })).collect()
}

fn coils(hall: &Hall, row: RowId) -> Vec<LoopId> {
    hall.coils.iter().filter(|coil| coil.row == row).map(|coil| coil.valve_loop).collect()
}

/// How far the air of a coil may be from where it usually is (K), of a row that is so far from home: it stays within its own limits.
#[must_use]
pub fn coil(hall: &Hall, cooling: &Cooling, (coil, row): (LoopId, f64)) -> f64 {
    let Some(usual) = cooling.of(coil).map(|of| of.setpoint - of.ride()) else { return 0.0 };
    let rules = &cooling.strategies().supply_air;
    let alarms = hall.alarms.rows().iter().filter(|alarm| alarm.condition == Condition::SupplyAirAbove);
    let alarms = alarms.map(|alarm| alarm.limit - BELOW_ALARM);
    let most = alarms.fold(hall.limits.inlet_recommended.get() - LEFT_TO_RACKS, f64::min);
    let (coldest, warmest) = rules.map_or((Ride::COLDEST.0, most), |of| (of.coldest.get(), of.warmest.get()));
    row.clamp((coldest - usual).min(0.0), (warmest - usual).max(0.0))
}

/// What bounds a unit in one scan.
pub struct Ground<'a> {
    /// What the hall looks like.
    pub scene: &'a Scene<'a>,
    /// How it is run.
    pub cooling: &'a Cooling,
    /// What runs.
    pub equipment: &'a Equipment,
    /// How far the hall's file lets setpoints be moved down and up (K, ≥ 0).
    pub reach: (f64, f64),
}

impl Ground<'_> {
    /// How far a unit may go.
    #[must_use]
    pub fn of(&self, unit: &Unit) -> Bounds {
        match unit {
            Unit::Row { row, outputs, .. } => {
                let usual = self.cooling.strategies().fans.setpoint;
                let Limits { inlet_recommended, .. } = self.scene.hall.limits;
                self.bounds(
                    (Ride::COLDEST.0, usual, inlet_recommended.get() - Ride::ROOM.0),
                    self.margin(Some(*row), outputs),
                )
            }
            Unit::Water { place, outputs } => {
                let rules = &self.cooling.strategies().chilled_water;
                let found = self.equipment.plants.iter(self.scene.hall).nth(*place);
                let Some((of, plant)) = found else { return Bounds { low: 0.0, high: 0.0, margin: Margin::None } };
                let usual = plant.demand().usual(rules);
                let settles = (of.circuit, self.cooling.strategies());
                let margin = match self.margin(None, outputs) {
                    Margin::Some if self.equipment.plants.is_settling(self.scene.hall, settles) => Margin::Little,
                    margin @ (Margin::Some | Margin::Little | Margin::None) => margin,
                };
                self.bounds((rules.setpoint.get(), usual, self.air() - APPROACH), margin)
            }
        }
    }

    /// Between the coldest and the warmest of where it usually is (°C).
    fn bounds(&self, (coldest, usual, warmest): (f64, f64, f64), margin: Margin) -> Bounds {
        let (down, up) = self.reach;
        Bounds { low: (coldest - usual).clamp(-down, 0.0), high: (warmest - usual).clamp(0.0, up), margin }
    }

    /// The coldest air that coils hold (°C).
    fn air(&self) -> f64 {
        let held = self.scene.hall.coils.iter().filter_map(|coil| self.cooling.of(coil.valve_loop));
        held.map(|of| of.setpoint).fold(self.scene.hall.limits.inlet_recommended.get(), f64::min)
    }

    /// What is left of a row, or of all, by its inlets and by what serves it.
    fn margin(&self, row: Option<RowId>, outputs: &[OutputId]) -> Margin {
        let Limits { inlet_recommended, .. } = self.scene.hall.limits;
        let here = self.scene.hall.rows.iter().filter(|(id, _)| row.is_none_or(|row| row == *id));
        let inlets = here.flat_map(|(_, row)| &row.racks).filter_map(|rack| self.scene.fresh(rack.inlet));
        let left = inlet_recommended.get() - inlets.fold(f64::NEG_INFINITY, f64::max);
        let most = outputs.iter().filter_map(|output| self.scene.told(*output)).fold(0.0, f64::max);
        if left < NEAR.1 || most > OPEN.1 {
            Margin::None
        } else if left < NEAR.0 || most > OPEN.0 {
            Margin::Little
        } else {
            Margin::Some
        }
    }
}
