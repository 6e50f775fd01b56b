//! A rear door in its place: on a rack, with a valve in the facility water and a panel of its own.
//!
//! **Equation** that of [`super::rear_door`]; its water is a branch of the circuit, coil and valve in series. Its own panel holds the air
//! that leaves by the valve, unless somebody tells the door what to do. A wet tray is a word, and its water is not missed. Water that
//! stands in the pipe becomes as warm as the room. **Source** [`super::rear_door`], [`crate::hydraulics`]. **Box** passive doors.
//! **Outside it** fans of doors are not run in a hall. **Time constant** the valve's stroke, 120 s; standing water 600 s.

use plant::hall::sequence::RunMode;
use plant::id::{EquipId, Id, PointId};
use plant::read::Section;

use super::rear_door::{Cooled, DoorCoil, Exhaust, RearDoor, Taken};
use crate::actuators::Actuator;
use crate::hydraulics::{Branch, Characteristic, Resistance, Valve};
use crate::local::pi::{Loop, Pi};
use crate::physics::read::{POSITIVE, number};

/// The valve by the air that leaves (°C → %).
const VALVE: Pi = Pi { gain: 3.0, ti: 120.0, limits: (0.0, 100.0) };
/// Standing water takes this long to become as warm as the room (s).
const STANDING: f64 = 600.0;
/// Less water than this stands (kg/s).
const STANDS: f64 = 1e-3;

/// The doors of a hall, all alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// The door.
    pub door: RearDoor,
    /// Its valve.
    pub valve: Valve,
    /// The valve's full stroke takes this long (s, > 0).
    pub stroke: f64,
    /// What its panel holds the air that leaves at (°C).
    pub setpoint: f64,
}

impl Spec {
    /// Reads `[rear-door]`.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let door = RearDoor::read(of);
        let (setpoint, stroke) = (number(of, "setpoint-cel", (5.0, 45.0)), number(of, "stroke-s", POSITIVE));
        let drop = number(of, "valve-drop-pa", POSITIVE);
        let rangeability = number(of, "rangeability", (10.0, 200.0));
        if door.is_some_and(|door| door.fans.is_some()) {
            of.fault("fans", "nobody runs the fans of a hall's doors yet", "take the section `[fans]` away");
        }
        let door = door?;
        let flow = door.surface.water_kg_s;
        let characteristic = Characteristic::EqualPercentage;
        let valve = Valve { characteristic, flow, drop, rangeability, leakage: 0.0 };
        Some(Self { door, valve, stroke, setpoint })
    }

    /// Air through a rack with a door over what its fans would move without one (1).
    #[must_use]
    pub fn breath(&self) -> f64 {
        let nominal = self.door.surface.air_kg_s;
        self.door.air(nominal, 0.0) / nominal
    }
}

/// What a door is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Panel, off or on.
    pub mode: RunMode,
    /// Its valve (%).
    pub valve: f64,
}

/// A door on a rack.
#[derive(Clone, Debug, PartialEq)]
pub struct Door {
    /// The equipment.
    pub equip: EquipId,
    /// Its number among the hall's doors.
    pub number: usize,
    /// Its place among the facility's branches.
    pub place: usize,
    /// Its valve.
    pub valve: Actuator,
    /// What it is told.
    pub order: Order,
    /// Water through it (kg/s).
    pub water: f64,
    /// What its strainer drops over what it drops clean, of the whole water side (1, ≥ 1).
    pub clogging: f64,
    /// The tray below it is wet.
    pub leaks: bool,
    /// What its sensor of entering water is in (°C).
    pub entering: f64,
    /// What it did in the last step.
    pub last: Cooled,
    /// Metal and water.
    pub coil: DoorCoil,
    panel: Loop,
}

impl Door {
    /// At rest at one temperature (°C); `points` command and report its valve.
    #[must_use]
    pub fn new(of: &Spec, equip: EquipId, (number, place): (usize, usize), at: f64) -> Self {
        let nobody = PointId::from_index(usize::MAX);
        Self {
            equip,
            number,
            place,
            valve: Actuator::new(nobody, nobody, 40.0, of.stroke),
            order: Order { mode: RunMode::Panel, valve: 0.0 },
            water: 0.0,
            clogging: 1.0,
            leaks: false,
            entering: at,
            last: Cooled { leaving: at, water_outlet: at, ..Cooled::default() },
            coil: DoorCoil(at),
            panel: Loop::at(40.0),
        }
    }

    /// Its panel and its valve, which hangs on control power. While it is told what to do its panel follows, and goes on from there.
    pub fn run(&mut self, of: &Spec, fed: bool, dt: f64) {
        let seen = (self.last.leaving, of.setpoint);
        match self.order.mode {
            RunMode::Panel => self.valve.aim(self.panel.step(&VALVE, seen, dt)),
            RunMode::Off => self.valve.aim(0.0),
            RunMode::On => self.valve.aim(self.order.valve),
        }
        if self.order.mode != RunMode::Panel {
            self.panel.follow(&VALVE, seen, self.valve.position);
        }
        if fed {
            self.valve.travel(dt);
        }
    }

    /// Coil and valve as a branch of the facility water.
    #[must_use]
    pub fn branch(&self, of: &Spec) -> Branch {
        let side = of.door.water_drop;
        let friction = Resistance { drop: side.drop * self.clogging, ..side };
        Branch { valve: of.valve.square(self.valve.share()), ..Branch::open(friction) }
    }

    /// What it will take from `air` (kg/s) in the next step, with water at `inlet` (°C).
    #[must_use]
    pub fn line(&self, of: &Spec, (air, inlet): (f64, f64), dt: f64) -> Taken {
        self.coil.line(&of.door, self.exhaust((air, 0.0), (inlet, 0.0)), dt)
    }

    /// Ends a step: air (kg/s) entered at °C, water at °C beside a room of this dew point (°C).
    pub fn settle(&mut self, of: &Spec, air: (f64, f64), water: (f64, f64), dt: f64) {
        self.last = self.coil.step(&of.door, self.exhaust(air, water), dt);
        let stands = self.water < STANDS;
        let room = self.last.leaving;
        self.entering = if stands { room + (self.entering - room) * libm::exp(-dt / STANDING) } else { water.0 };
    }

    const fn exhaust(&self, (air, entering): (f64, f64), (water_inlet, dew_point): (f64, f64)) -> Exhaust {
        Exhaust { air, entering, dew_point, water: self.water, water_inlet, speed: 0.0 }
    }
}
