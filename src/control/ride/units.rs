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

/// An inlet that is nearer than this to the recommended end, or water and coolant to their class, let nothing rise; nearer than the second sends it home (K).
const NEAR: (f64, f64) = (0.5, 0.2);
/// Water stays so much colder than the air that coils, or the coolant that CDUs, hold with it (K).
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
    /// The facility water that CDUs live on, and nothing else.
    Facility {
        /// The place of its plant in the hall, where control runs one.
        place: Option<usize>,
        /// The loops of the dry coolers in it.
        fans: Vec<LoopId>,
        /// The valves of the CDUs that live on it.
        outputs: Vec<OutputId>,
    },
    /// The coolant of the CDUs of a row, which feed one manifold.
    Coolant {
        /// The row.
        row: RowId,
        /// The loops of their valves.
        valves: Vec<LoopId>,
        /// What these move.
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

impl Margin {
    /// The lesser of two.
    #[must_use]
    const fn least(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::Little, _) | (_, Self::Little) => Self::Little,
            (Self::Some, Self::Some) => Self::Some,
        }
    }

    /// What is left of so many kelvins below a limit.
    const fn of(left: f64) -> Self {
        if left < NEAR.1 {
            Self::None
        } else if left < NEAR.0 {
            Self::Little
        } else {
            Self::Some
        }
    }
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

/// A unit that stays where it is.
const HOME: Bounds = Bounds { low: 0.0, high: 0.0, margin: Margin::None };

/// Every unit of a hall: rows with fans, then chilled water, facility water and coolant.
pub fn all(hall: &Hall, circuits: &[Circuit]) -> Vec<Unit> {
    let outputs = |circuit: &Circuit| circuit.drives.iter().map(|drive| drive.output).collect::<Vec<_>>();
    let fans = circuits.iter().filter(|circuit| circuit.service == Service::Fans);
    let rows = fans.filter_map(|of| {
        Some(Unit::Row { row: of.row?, fans: of.id, coils: coils(hall, of.row?), outputs: outputs(of) })
    });
    let plants = hall.plants.iter().enumerate().filter(|(_, plant)| plant.circuit == Water::ChilledWater);
    let waters =
        plants.map(|(place, _)| Unit::Water { place, outputs: valves(circuits, |of| of.service == Service::Valve) });
    rows.chain(waters).chain(facility(hall, circuits)).chain(coolants(hall, circuits)).collect()
}

/// The facility water, where control makes it and all that lives on it are CDUs that control runs.
fn facility(hall: &Hall, circuits: &[Circuit]) -> Option<Unit> {
    let on = &hall.machinery;
    let others = !(on.doors.is_empty() && on.tanks.is_empty() && on.two_phase_tanks.is_empty());
    let place = hall.plants.iter().position(|plant| plant.circuit == Water::FacilityWater);
    let fans: Vec<_> = hall.dry.iter().filter(|of| of.circuit == Water::FacilityWater).map(|of| of.fan_loop).collect();
    let outputs = valves(circuits, |of| of.service == Service::CduValve);
    let makes = place.is_some() || !fans.is_empty();
    let all = !hall.cdus.is_empty() && hall.cdus.len() == on.cdus.len();
    (makes && all && !others).then_some(Unit::Facility { place, fans, outputs })
}

fn coolants<'h>(hall: &'h Hall, circuits: &'h [Circuit]) -> impl Iterator<Item = Unit> + 'h {
    let of = |row: RowId| -> Vec<LoopId> {
        hall.cdus.iter().filter(|cdu| cdu.row == row).map(|cdu| cdu.valve_loop).collect()
    };
    hall.rows.ids().map(move |row| (row, of(row))).filter(|(_, loops)| !loops.is_empty()).map(|(row, loops)| {
        let outputs = valves(circuits, |of| loops.contains(&of.id));
        Unit::Coolant { row, valves: loops, outputs }
    })
}

/// What those of the circuits move.
fn valves(circuits: &[Circuit], those: impl Fn(&Circuit) -> bool) -> Vec<OutputId> {
    circuits.iter().filter(|of| those(of)).flat_map(|of| &of.drives).map(|drive| drive.output).collect()
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

/// What is left below a limit; all of it where nothing is known, which is a doubt of its own.
fn near(limit: f64, now: Option<f64>) -> Margin {
    now.map_or(Margin::Some, |now| Margin::of(limit - now))
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
                let Some((of, plant)) = found else { return HOME };
                let usual = plant.demand().usual(rules);
                let settles = (of.circuit, self.cooling.strategies());
                let margin = match self.margin(None, outputs) {
                    Margin::Some if self.equipment.plants.is_settling(self.scene.hall, settles) => Margin::Little,
                    margin @ (Margin::Some | Margin::Little | Margin::None) => margin,
                };
                self.bounds((rules.setpoint.get(), usual, self.air() - APPROACH), margin)
            }
            Unit::Facility { place, outputs, .. } => self.facility(place.is_some(), outputs),
            Unit::Coolant { row, outputs, .. } => self.coolant(*row, outputs),
        }
    }

    /// Facility water is no warmer than its class, nor than what CDUs can hold coolant with. It is not made colder than the hall's file has it.
    fn facility(&self, staged: bool, outputs: &[OutputId]) -> Bounds {
        let (hall, rules) = (self.scene.hall, self.cooling.strategies());
        let usual = match (staged, hall.dry.is_empty()) {
            (true, true) => rules.facility_water.setpoint.get(),
            (true, false) => rules.facility_water.setpoint.get().max(rules.dry.fans.speed.setpoint),
            (false, _) => rules.dry.fans.speed.setpoint,
        };
        let Some(class) = hall.limits.envelope.facility_water else { return HOME };
        let held = hall.cdus.iter().filter_map(|cdu| self.cooling.of(cdu.valve_loop));
        let coolant = held.map(|of| of.setpoint).fold(f64::INFINITY, f64::min);
        let most = class.warmest().get() - Ride::ROOM.0;
        let supply = hall.machinery.facility_water.and_then(|water| self.scene.fresh(water.supply));
        let settles = self.equipment.plants.is_settling(hall, (Water::FacilityWater, rules));
        let margin = self.margin(None, outputs).least(near(class.warmest().get(), supply));
        let margin = if settles { margin.least(Margin::Little) } else { margin };
        self.bounds((usual, usual, most.min(coolant - APPROACH)), margin)
    }

    /// Coolant is no warmer than its class, and never colder than usual: that is as near to the room's dew point as it may be.
    fn coolant(&self, row: RowId, outputs: &[OutputId]) -> Bounds {
        let hall = self.scene.hall;
        let usual = self.equipment.cdus.setpoint(&self.equipment.dew_point, &self.cooling.strategies().cdu);
        let Some(class) = hall.limits.envelope.coolant else { return HOME };
        let here = hall.cdus.iter().filter(|cdu| cdu.row == row).filter_map(|cdu| self.scene.fresh(cdu.of.supply));
        let margin = self.margin(Some(row), outputs).least(near(class.warmest().get(), here.reduce(f64::max)));
        self.bounds((usual, usual, class.warmest().get() - Ride::ROOM.0), margin)
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
        Margin::of(left).least(if most > OPEN.1 {
            Margin::None
        } else if most > OPEN.0 {
            Margin::Little
        } else {
            Margin::Some
        })
    }
}
