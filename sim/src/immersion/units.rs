//! Tanks of a hall with their panels: a valve on the facility water, a pump where there is one phase.
//!
//! A single-phase tank's valve holds the bath, its pump runs at a fixed speed and faster when the bath is too warm. A two-phase
//! tank's valve holds the liquid at its boiling point in the open, so that the tank neither vents nor draws air. Where control tells
//! a tank what to do its panel follows, and goes on from there when it gets the tank back.

use plant::hall::sequence::RunMode;
use plant::id::{Id, PointId};
use plant::read::Section;

use super::Facility;
use super::{single_phase, two_phase};
use crate::actuators::Actuator;
use crate::faults::ActuatorFault;
use crate::hydraulics::{Branch, Resistance, Valve};
use crate::load::Worker;
use crate::local::pi::{Loop, Pi};
use crate::physics::read::{maybe, need, number};

/// The valve by the bath (°C → %).
const BATH: Pi = Pi { gain: 4.0, ti: 600.0, limits: (5.0, 100.0) };
/// The condenser's valve by the boiling liquid (°C → %).
const BOILING: Pi = Pi { gain: 12.0, ti: 180.0, limits: (5.0, 100.0) };
/// A valve's full stroke, and a pump's full range where it does not just start, take this long (s).
const STROKES: (f64, f64) = (90.0, 30.0);
/// Ambient pressure around two-phase tanks (Pa).
pub const AMBIENT: f64 = 101_325.0;
/// A tank that boils begins so much above it (Pa).
const BOILS: f64 = 500.0;

/// What all tanks of a hall are.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The liquid and the machines in it.
    pub kind: Kind,
    /// Exchanger and pipes on the facility's side.
    pub friction: Resistance,
    /// The valve on the facility's side.
    pub valve: Valve,
    /// What the panel holds: the bath, or the boiling liquid (°C).
    pub setpoint: f64,
    /// Pump speed of a single-phase tank (%).
    pub pump: f64,
}

impl Spec {
    /// Reads `[tank]`.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let (oil, boiling) = (
            maybe(of, "single-phase", single_phase::SinglePhase::read),
            maybe(of, "two-phase", two_phase::TwoPhase::read),
        );
        let kind = match (oil, boiling) {
            (Some(tank), None) => Some(Kind::SinglePhase(tank)),
            (None, Some(tank)) => Some(Kind::TwoPhase(tank)),
            (Some(_), Some(_)) | (None, None) => {
                of.fault("", "the tanks of a hall are of one kind", "write one of `single-phase` and `two-phase`");
                None
            }
        };
        let (friction, valve) = (need(of, "friction", Resistance::read), need(of, "valve", Valve::read));
        let (setpoint, pump) = (number(of, "setpoint-cel", (10.0, 80.0)), number(of, "pump-percent", (0.0, 100.0)));
        Some(Self { kind: kind?, friction: friction?, valve: valve?, setpoint, pump })
    }
}

/// The two kinds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Oil that a pump moves.
    SinglePhase(single_phase::SinglePhase),
    /// Liquid that boils.
    TwoPhase(two_phase::TwoPhase),
}

/// A tank's liquid.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Oil.
    SinglePhase(single_phase::Tank, Option<single_phase::Outcome>),
    /// Boiling liquid.
    TwoPhase(two_phase::Tank, Option<two_phase::Outcome>),
}

impl State {
    /// A full tank at rest at one temperature (°C).
    fn at(of: &Kind, cel: f64) -> Self {
        match of {
            Kind::SinglePhase(tank) => Self::SinglePhase(single_phase::Tank::at(tank, cel), None),
            Kind::TwoPhase(tank) => Self::TwoPhase(two_phase::Tank::at(tank, cel, AMBIENT), None),
        }
    }
}

/// One tank.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Nameplate of its machines (W).
    pub rated: f64,
    /// What decides how busy it is.
    pub worker: Worker,
    /// Power of its machines (W).
    pub power: f64,
    /// Its liquid.
    pub state: State,
    /// Valve on the facility's side.
    pub valve: Actuator,
    /// The drive of its pump.
    pub pump: Actuator,
    /// What it is told.
    pub order: Order,
    /// True while the pump stands.
    pub pump_failed: bool,
    /// True while the pump has power.
    pub fed: bool,
    /// True while the valve does not move.
    pub valve_stuck: bool,
    /// How full it is (1).
    pub level: f64,
    /// Liquid lost (kg/s).
    pub leak: f64,
    /// True while something holds the vent open.
    pub vent_open: bool,
    /// What draws air off it.
    pub purge: PurgeUnit,
    /// Its place among the facility's branches.
    pub place: usize,
    panel: Loop,
    /// Somebody else has run its pump: its panel brings it to its own speed as fast as the drive goes.
    led: bool,
}

/// The purge of a two-phase tank, as a machine that starts and stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgeUnit {
    /// It runs.
    pub runs: bool,
    /// It stops and stays stopped.
    pub tripped: bool,
    /// No try to start it catches.
    pub start_fails: bool,
    /// It does not stop.
    pub stop_fails: bool,
}

impl PurgeUnit {
    /// As it is told, where it can and has power.
    fn run(&mut self, told: bool, fed: bool) {
        let does = if self.runs { told || self.stop_fails } else { told && !self.start_fails };
        self.runs = does && fed && !self.tripped;
    }
}

/// What a tank is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Panel, off or on.
    pub mode: RunMode,
    /// Valve (%).
    pub valve: f64,
    /// Pump speed of a single-phase tank (%).
    pub pump: f64,
    /// The purge of a two-phase tank: to run.
    pub purge: bool,
}

impl Order {
    /// Its panel decides.
    pub const PANEL: Self = Self { mode: RunMode::Panel, valve: 0.0, pump: 0.0, purge: false };
}

/// What a step of a tank gave, means (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Given {
    /// Into the facility's water.
    pub to_water: f64,
    /// Into the room.
    pub to_room: f64,
    /// With what leaked or was vented, counted from 0 °C.
    pub lost: f64,
    /// Electricity of its pump.
    pub pump: f64,
    /// More heat in it than before (J).
    pub stored: f64,
}

impl Unit {
    /// A tank at rest at its setpoint.
    #[must_use]
    pub fn new(of: &Spec, (rated, channel): (f64, u64), place: usize) -> Self {
        // A tank that boils holds no air, and its valve stands where the usual load needs it: or it would vent at once.
        let (state, open) = match &of.kind {
            Kind::SinglePhase(_) => (State::at(&of.kind, of.setpoint), 50.0),
            Kind::TwoPhase(tank) => (State::at(&of.kind, of.setpoint.max(tank.fluid.boiling(AMBIENT + BOILS))), 75.0),
        };
        Self {
            rated,
            worker: Worker::new(channel),
            power: 0.0,
            state,
            valve: Actuator::new(nobody(), nobody(), open, STROKES.0),
            pump: Actuator::new(nobody(), nobody(), of.pump, STROKES.1),
            order: Order::PANEL,
            pump_failed: false,
            fed: true,
            valve_stuck: false,
            level: 1.0,
            leak: 0.0,
            vent_open: false,
            purge: PurgeUnit::default(),
            place,
            panel: Loop::at(open),
            led: false,
        }
    }

    /// The liquid's temperature (°C).
    #[must_use]
    pub const fn liquid(&self) -> f64 {
        match &self.state {
            State::SinglePhase(tank, _) => tank.bath,
            State::TwoPhase(tank, _) => tank.bath,
        }
    }

    /// The points of its valve and of its pump: command and feedback of each.
    pub(crate) fn wire(&mut self, valve: (PointId, PointId), pump: Option<(PointId, PointId)>) {
        (self.valve.command, self.valve.feedback) = valve;
        if let Some(pump) = pump {
            (self.pump.command, self.pump.feedback) = pump;
        }
    }

    /// It is filled anew with liquid of this temperature (°C), its boards in it.
    pub(crate) fn refill(&mut self, of: &Spec, cel: f64) {
        (self.state, self.level) = (State::at(&of.kind, cel), 1.0);
    }

    /// The valve as its panel, or what it is told, has it, and what it makes of the facility's branch.
    pub fn branch(&mut self, of: &Spec, dt: f64) -> Branch {
        let (tuning, ambient) = match &of.kind {
            Kind::SinglePhase(_) => (BATH, of.pump),
            Kind::TwoPhase(_) => (BOILING, 0.0),
        };
        let seen = (self.liquid(), of.setpoint);
        match self.order.mode {
            RunMode::Panel => {
                let wanted = self.panel.step(&tuning, seen, dt);
                self.valve.aim(wanted);
            }
            RunMode::Off => self.valve.aim(0.0),
            RunMode::On => self.valve.aim(self.order.valve),
        }
        if self.order.mode != RunMode::Panel {
            self.panel.follow(&tuning, seen, self.valve.position);
        }
        if !self.valve_stuck {
            self.valve.travel(dt);
        }
        // Valve open and still too warm: the pump helps as far as it goes.
        let help = (self.liquid() - of.setpoint - 2.0).clamp(0.0, 10.0) * 10.0;
        self.turn((ambient + help).min(100.0), dt);
        self.purge.run(self.order.mode == RunMode::On && self.order.purge, self.fed);
        Branch { valve: of.valve.square(self.valve.share()), ..Branch::open(of.friction) }
    }

    /// True while its vent stands open.
    #[must_use]
    pub const fn vents(&self) -> bool {
        match &self.state {
            State::SinglePhase(..) => false,
            State::TwoPhase(tank, _) => self.vent_open || tank.venting,
        }
    }

    /// Its pump, which its panel runs at `own` (%).
    fn turn(&mut self, own: f64, dt: f64) {
        self.led |= self.order.mode != RunMode::Panel;
        let target = match self.order.mode {
            RunMode::Panel => own,
            RunMode::Off => 0.0,
            RunMode::On => self.order.pump,
        };
        self.pump.aim(target);
        if self.pump_failed || !self.fed || self.pump.fault == Some(ActuatorFault::PowerLost) {
            self.pump.position = 0.0;
        } else if self.led || self.pump.fault.is_some() {
            self.pump.travel(dt);
            self.led &= self.order.mode != RunMode::Panel || self.pump.position.to_bits() != own.to_bits();
        } else {
            self.pump.position = own;
        }
    }

    /// Steps the tank on `water` in a room at `room` (°C).
    pub fn step(&mut self, of: &Spec, (water, room): (Facility, f64), dt: f64) -> Given {
        match (&of.kind, &mut self.state) {
            (Kind::SinglePhase(of), State::SinglePhase(tank, last)) => {
                let before = tank.stored(of);
                let drive =
                    single_phase::Drive { power: self.power, speed: self.pump.share(), water, room, leak: self.leak };
                let out = tank.step(of, &drive, dt);
                *last = Some(out);
                self.level = tank.level(of);
                let stored = tank.stored(of) - before;
                Given { to_water: out.to_water, to_room: out.to_room, lost: out.leaked, pump: out.pump, stored }
            }
            (Kind::TwoPhase(of), State::TwoPhase(tank, last)) => {
                let before = tank.stored(of);
                let drive = two_phase::Drive {
                    power: self.power,
                    water,
                    room,
                    ambient: AMBIENT,
                    leak: self.leak,
                    held_open: self.vent_open,
                    purges: self.purge.runs,
                };
                let draws = of.purge.filter(|_| self.purge.runs).map_or(0.0, |purge| purge.power);
                let out = tank.step(of, &drive, dt);
                *last = Some(out);
                self.level = out.level;
                let stored = tank.stored(of) - before;
                // What trap and pump draw ends in the room, with what the trap took out of the vapour.
                let to_room = out.to_room + out.trapped + draws;
                Given { to_water: out.to_water, to_room, lost: out.vented + out.leaked, pump: draws, stored }
            }
            (Kind::SinglePhase(_), State::TwoPhase(..)) | (Kind::TwoPhase(_), State::SinglePhase(..)) => {
                Given::default()
            }
        }
    }
}

/// A point of no hall, until the hall's are known.
fn nobody() -> PointId {
    PointId::from_index(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::HALLS;

    fn tank() -> (Spec, Unit) {
        let (_, text) = HALLS.iter().find(|(name, _)| *name == "immersion").expect("shipped");
        let hall = plant::shipped::HALLS.iter().find(|(name, _)| *name == "immersion").expect("shipped").1;
        let hall = plant::hall::Hall::load("immersion", hall).expect("loads");
        let of = crate::physics::Physics::load(&hall, "immersion", text).expect("loads").tanks.expect("tanks");
        let unit = Unit::new(&of, (100e3, 1), 0);
        (of, unit)
    }

    #[test]
    fn giving_a_tank_to_control_and_back_moves_nothing() {
        let (of, mut unit) = tank();
        let run = |unit: &mut Unit, seconds: usize| (0..seconds).for_each(|_| _ = unit.branch(&of, 1.0));
        run(&mut unit, 600);
        unit.order = Order { mode: RunMode::On, valve: 30.0, pump: 40.0, purge: false };
        run(&mut unit, 600);
        assert_eq!((unit.valve.position, unit.pump.position), (30.0, 40.0));
        unit.order = Order::PANEL;
        run(&mut unit, 1);
        assert!((unit.valve.position - 30.0).abs() < 0.5, "{}", unit.valve.position);
        assert!((unit.pump.position - 40.0).abs() < 4.0, "as fast as its drive goes: {}", unit.pump.position);
        run(&mut unit, 60);
        assert_eq!(unit.pump.position, of.pump);
    }

    #[test]
    fn a_tank_filled_anew_is_full_and_as_cold_as_what_was_filled_in() {
        let (of, mut unit) = tank();
        unit.level = 0.5;
        unit.refill(&of, 8.0);
        assert_eq!((unit.liquid(), unit.level), (8.0, 1.0));
    }
}
