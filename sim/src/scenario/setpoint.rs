//! Setpoints that somebody moves in a run: those of the controller's loops, and those of the machines' own panels.

use plant::hall::{Hall, Strategies};
use plant::units::Unit;

use crate::physics::Physics;

/// A setpoint, by the section of the hall's files in which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setpoint {
    /// Of the loops that run fans by the worst inlet (°C).
    Fans,
    /// Of the loops that run coils' valves by supply air (°C).
    Valves,
    /// Of the loop that runs the chilled-water pump (Pa).
    Pump,
    /// Of the supply air of air handlers that run by their own panels (°C).
    Crah,
    /// Of the chilled water (°C).
    ChilledWater,
    /// Of the facility water, as dry coolers make it (°C).
    FacilityWater,
    /// Of the CDUs' coolant (°C).
    Cdu,
    /// Of the air that leaves rear doors (°C).
    RearDoor,
    /// Of the tanks' liquid (°C).
    Tank,
    /// Of the DX units' supply air (°C).
    Dx,
}

impl Setpoint {
    /// All of them, by their words in files.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("fans", Self::Fans),
        ("valves", Self::Valves),
        ("pump", Self::Pump),
        ("crah", Self::Crah),
        ("chilled-water", Self::ChilledWater),
        ("facility-water", Self::FacilityWater),
        ("cdu", Self::Cdu),
        ("rear-door", Self::RearDoor),
        ("tank", Self::Tank),
        ("dx", Self::Dx),
    ];

    /// The word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, of)| *of == self).map_or("", |(word, _)| word)
    }

    /// Its unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Pump => Unit::Pascal,
            Self::Fans
            | Self::Valves
            | Self::Crah
            | Self::ChilledWater
            | Self::FacilityWater
            | Self::Cdu
            | Self::RearDoor
            | Self::Tank
            | Self::Dx => Unit::Cel,
        }
    }

    /// What it may be (its unit).
    #[must_use]
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::Pump => (1e3, 1e6),
            Self::Fans | Self::Valves | Self::Crah => (10.0, 45.0),
            Self::RearDoor => (10.0, 35.0),
            Self::ChilledWater | Self::FacilityWater => (4.0, 60.0),
            Self::Cdu => (5.0, 60.0),
            Self::Tank => (10.0, 80.0),
            Self::Dx => (10.0, 35.0),
        }
    }

    /// True where a hall has it.
    #[must_use]
    pub fn is_in(self, hall: &Hall) -> bool {
        let machinery = &hall.machinery;
        match self {
            Self::Fans => hall.rows.iter().any(|(_, row)| !row.fans.is_empty()),
            Self::Valves | Self::Crah => !hall.coils.is_empty(),
            Self::Pump | Self::ChilledWater => hall.chilled_water.is_some(),
            Self::FacilityWater => machinery.facility_water.is_some(),
            Self::Cdu => !machinery.cdus.is_empty(),
            Self::RearDoor => !machinery.doors.is_empty(),
            Self::Tank => !machinery.tanks.is_empty() || !machinery.two_phase_tanks.is_empty(),
            Self::Dx => !machinery.dx.is_empty(),
        }
    }

    /// Moves it among the controller's; false where it is none of them.
    pub const fn tune(self, strategies: &mut Strategies, value: f64) -> bool {
        match self {
            Self::Fans => strategies.fans.setpoint = value,
            Self::Valves => strategies.valves.setpoint = value,
            Self::Pump => strategies.pump.setpoint = value,
            Self::Cdu => strategies.cdu.valve.setpoint = value,
            Self::RearDoor => strategies.doors.valve.speed.setpoint = value,
            Self::Tank => strategies.tank.valve.setpoint = value,
            // What makes it cold where no chiller does.
            Self::FacilityWater => strategies.dry.fans.speed.setpoint = value,
            Self::Crah | Self::ChilledWater | Self::Dx => return false,
        }
        true
    }

    /// Where the physics keep it for the machines' panels (its unit); nothing where they do not.
    #[must_use]
    pub(crate) fn on_panel(self, physics: &mut Physics) -> Option<&mut f64> {
        match self {
            Self::Fans | Self::Valves | Self::Pump | Self::Crah => None,
            Self::ChilledWater => physics.chilled.as_mut().map(|water| &mut water.setpoint),
            Self::FacilityWater => physics.facility.as_mut().map(|water| &mut water.setpoint),
            Self::Cdu => physics.plates.as_mut().map(|plates| &mut plates.setpoint),
            Self::RearDoor => physics.doors.as_mut().map(|doors| &mut doors.setpoint),
            Self::Tank => physics.tanks.as_mut().map(|tanks| &mut tanks.setpoint),
            Self::Dx => physics.dx.as_mut().map(|dx| &mut dx.setpoint),
        }
    }
}
