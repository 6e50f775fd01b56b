//! What people and wires do to the world besides commands: break things, mend them, be heard.

use plant::hall::sequence::Staged;
use plant::id::{EquipId, PointId};
use plant::time::Span;

use super::World;
use super::orders::on;
use crate::actuators::Actuator;
use crate::faults::{ActuatorFault, Fault, FeedbackFault};
use crate::sensors::Channel;

impl World {
    /// Breaks something. A second fault of the same part replaces the first.
    pub fn inject(&mut self, fault: Fault) {
        self.clear(fault);
        self.faults.push(fault);
        self.apply(fault, true);
    }

    /// Mends the part a fault concerns.
    pub fn clear(&mut self, fault: Fault) {
        self.faults.retain(|f| !f.same_part(&fault));
        self.apply(fault, false);
    }

    /// Mends everything.
    pub fn clear_all(&mut self) {
        while let Some(fault) = self.faults.pop() {
            self.apply(fault, false);
        }
    }

    /// What is broken now, in the order it broke.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Takes the noise of every sensor away. Before its first step.
    pub fn quieten(&mut self) {
        self.channels.rows_mut().iter_mut().flatten().for_each(Channel::quieten);
    }

    /// Moves the supply-air setpoint of every air handler's own panel (°C), which rules while the panel runs it.
    pub fn set_supply_air(&mut self, celsius: f64) {
        for cooler in self.rows.iter_mut().flat_map(|r| &mut r.coolers) {
            cooler.panel.set_supply(celsius);
        }
    }

    /// A device has heard from us, by any request.
    pub fn hear(&mut self, equip: EquipId) {
        let now = self.elapsed;
        if let Some(panel) = self.panels.iter_mut().find(|p| p.equip == equip) {
            panel.heard = now;
        }
    }

    /// Writes a point as a device's register is written, and makes the device hear. True when the point can be written.
    pub fn write(&mut self, point: PointId, value: f64) -> bool {
        let writable = self.held.get(point).copied().flatten().is_some();
        self.obey(point, value, plant::time::Mono::default());
        writable
    }

    /// How long this device waits in silence until it runs by itself, as its own device map says.
    pub fn set_patience(&mut self, equip: EquipId, patience: Span) {
        if let Some(panel) = self.panels.iter_mut().find(|p| p.equip == equip) {
            panel.patience = patience;
        }
    }

    /// The device that a command's point belongs to has heard from us.
    pub(super) fn hear_point(&mut self, point: PointId) {
        let now = self.elapsed;
        let panel = self.panel_of.get(point).copied().flatten();
        if let Some(panel) = panel.and_then(|n| self.panels.get_mut(n)) {
            panel.heard = now;
        }
    }

    /// The actuator that this point commands.
    fn actuator(&mut self, point: PointId) -> Option<&mut Actuator> {
        let of_air = self.rows.iter_mut().flat_map(|row| {
            let coolers = row.coolers.iter_mut();
            let of_coolers = coolers.flat_map(|c| [Some(&mut c.drive), c.coil.as_mut().map(|k| &mut k.valve)]);
            of_coolers.chain(row.racks.iter_mut().map(|rack| rack.door.as_mut().map(|door| &mut door.valve)))
        });
        let of_water = self.pump.as_mut().map(|p| &mut p.drive);
        let units = self.plates.iter_mut().flat_map(|row| &mut row.units);
        let of_cdus = units.flat_map(|unit| std::iter::once(&mut unit.valve).chain(&mut unit.pumps));
        let of_tanks = self.tanks.iter_mut().flat_map(|tank| [&mut tank.valve, &mut tank.pump]);
        of_air.flatten().chain(of_water).chain(of_cdus).chain(of_tanks).find(|a| a.command == point)
    }

    /// The valve in a chiller's condenser water, which reports nothing and follows at once.
    fn break_head(&mut self, (point, how): (PointId, ActuatorFault), broken: bool) {
        let Self { plants, chilled, facility, .. } = self;
        for plant in plants.iter() {
            let circuit = on(plant.circuit, (chilled, facility));
            let units = circuit.into_iter().flat_map(|circuit| &mut circuit.bank.units);
            let here = |of: &&Staged| of.head.is_some_and(|head| head.position.id() == point);
            for (unit, _) in units.zip(&plant.chillers).filter(|(_, of)| here(of)) {
                unit.valve_fault = broken.then_some((how, unit.valve()));
            }
        }
    }

    fn apply(&mut self, fault: Fault, broken: bool) {
        match fault {
            Fault::Sensor { point, how } => {
                if let Some(Some(channel)) = self.channels.get_mut(point) {
                    channel.fault = broken.then_some(how);
                }
            }
            Fault::Actuator { point, how } => {
                if let Some(actuator) = self.actuator(point) {
                    actuator.fault = broken.then_some(how);
                }
                self.break_head((point, how), broken);
            }
            Fault::Feedback { point, how } => {
                let Some(actuator) = self.actuator(point) else { return };
                actuator.break_feedback(broken.then_some(how));
                let feedback = actuator.feedback;
                if let Some(Some(channel)) = self.channels.get_mut(feedback) {
                    channel.cut = broken && how == FeedbackFault::Lost;
                }
            }
            Fault::FanFailed(equip) => {
                for cooler in self.rows.iter_mut().flat_map(|r| r.coolers.iter_mut()).filter(|c| c.equip == equip) {
                    cooler.failed = broken;
                }
            }
            Fault::ValveStuck(equip) => {
                for cooler in self.rows.iter_mut().flat_map(|r| r.coolers.iter_mut()).filter(|c| c.equip == equip) {
                    if let Some(coil) = &mut cooler.coil {
                        coil.stuck = broken;
                    }
                }
            }
            Fault::PumpTripped => {
                if let Some(water) = &mut self.chilled {
                    water.tripped = broken;
                }
            }
            Fault::ChillerTripped => {
                for unit in self.chilled.iter_mut().flat_map(|water| &mut water.bank.units) {
                    unit.tripped = broken;
                }
            }
            Fault::Machine { equip, how } => self.break_machine((equip, how), broken),
            Fault::LocalHand { equip, duty } => {
                if let Some(panel) = self.panels.iter_mut().find(|p| p.equip == equip) {
                    panel.hand = broken.then_some(duty);
                }
            }
        }
    }
}
