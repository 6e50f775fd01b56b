//! How loops are wired to a hall's points.

use plant::hall::sequence::DxUnit;
use plant::hall::sequence::cdu::DrivenCdu;
use plant::hall::sequence::door::DrivenDoor;
use plant::hall::sequence::dry::DrivenDry;
use plant::hall::sequence::tank::{DrivenTank, DrivenTwoPhase};
use plant::hall::{ChillerPlant, DxRow, Hall};
use plant::id::EquipId;
use plant::point::Point;
use plant::units::{Percent, Ratio};

use super::{Circuit, Drive, Service};
use crate::control::commands::Commands;

/// Every loop of a hall.
#[must_use]
pub fn circuits(hall: &Hall, commands: &Commands) -> Vec<Circuit> {
    let wire = Wire { commands };
    let fans = hall.rows.iter().map(|(id, row)| Circuit {
        row: Some(id),
        heats: vec![id],
        inputs: row.racks.iter().map(|rack| rack.inlet.id()).collect(),
        drives: row.fans.iter().filter_map(|fan| wire.drive(fan.equip, &fan.speed, &fan.feedback)).collect(),
        cools: vec![row.fan_loop],
        ..Circuit::of(row.fan_loop, Service::Fans)
    });
    let valves = hall.coils.iter().map(|coil| Circuit {
        row: Some(coil.row),
        heats: vec![coil.row],
        inputs: vec![coil.supply_air.id()],
        drives: wire.drive(coil.equip, &coil.valve, &coil.valve_feedback).into_iter().collect(),
        cools: hall.rows.get(coil.row).map(|row| row.fan_loop).into_iter().collect(),
        ..Circuit::of(coil.valve_loop, Service::Valve)
    });
    let pump = hall.chilled_water.iter().map(|water| Circuit {
        inputs: vec![water.dp.id()],
        drives: wire.drive(water.equip, &water.pump, &water.pump_feedback).into_iter().collect(),
        cools: hall.rows.rows().iter().map(|row| row.fan_loop).collect(),
        heats: hall.rows.ids().filter(|row| hall.coils.iter().any(|coil| coil.row == *row)).collect(),
        ..Circuit::of(water.pump_loop, Service::Pump)
    });
    let plants = hall.plants.iter().flat_map(|plant| wire.plant(plant));
    let dx = hall.dx_rows.iter().flat_map(|row| wire.dx(hall, row));
    let cdus = hall.cdus.iter().flat_map(|cdu| wire.cdu(cdu));
    let dry = hall.dry.iter().map(|of| wire.dry(of));
    let doors = hall.doors.iter().map(|of| wire.door(hall, of));
    let tanks = hall.tanks.iter().map(|of| wire.tank(of));
    let boiling = hall.two_phase_tanks.iter().map(|of| wire.two_phase(of));
    let air = fans.chain(valves).chain(pump).chain(plants).chain(dx);
    air.chain(cdus).chain(dry).chain(doors).chain(tanks).chain(boiling).collect()
}

/// Wires loops to their outputs.
struct Wire<'c> {
    commands: &'c Commands,
}

impl Wire<'_> {
    fn drive(&self, equip: EquipId, command: &Point<Percent>, feedback: &Point<Percent>) -> Option<Drive> {
        let output = self.commands.output(command.id())?;
        let range = self.commands.slot(output)?.range;
        Some(Drive { equip, output, range, feedback: feedback.id(), panel: None })
    }

    /// The same of a machine with a panel of its own.
    fn on_panel(
        &self,
        (equip, mode): (EquipId, &Point<Ratio>),
        command: &Point<Percent>,
        feedback: &Point<Percent>,
    ) -> Option<Drive> {
        let panel = self.commands.output(mode.id());
        self.drive(equip, command, feedback).map(|drive| Drive { panel, ..drive })
    }

    /// A tower's fans, its condensers' valves.
    fn plant(&self, plant: &ChillerPlant) -> Vec<Circuit> {
        let tower = plant.rejecting.iter().map(|of| Circuit {
            inputs: vec![of.water.return_water.id()],
            drives: self.on_panel((of.of.equip, &of.run_mode), &of.fan, &of.of.speed).into_iter().collect(),
            ..Circuit::of(of.fan_loop, Service::TowerFans(plant.circuit))
        });
        let heads = plant.chillers.iter().filter_map(|chiller| {
            let head = chiller.head?;
            Some(Circuit {
                inputs: vec![chiller.of.condenser_leaving.id()],
                // Nothing reports where the valve is.
                drives: self.drive(chiller.of.equip, &head.position, &head.position).into_iter().collect(),
                ..Circuit::of(head.head_loop, Service::Head(plant.circuit))
            })
        });
        tower.chain(heads).collect()
    }

    /// The dampers of a row's DX units, and their compressors.
    fn dx(&self, hall: &Hall, row: &DxRow) -> [Circuit; 2] {
        let circuit = |id, service, drive: &dyn Fn(&DxUnit) -> Option<Drive>| Circuit {
            inputs: row.units.iter().map(|unit| unit.of.supply_air.id()).collect(),
            weights: row.units.iter().map(|unit| unit.of.fan_feedback.id()).collect(),
            coolers: row.units.iter().map(|unit| unit.of.compressor.id()).collect(),
            drives: row.units.iter().filter_map(drive).collect(),
            cools: hall.rows.get(row.row).map(|row| row.fan_loop).into_iter().collect(),
            ..Circuit::of(id, service)
        };
        let of = |unit: &DxUnit, command: &Point<Percent>, feedback: &Point<Percent>| {
            self.on_panel((unit.of.equip, &unit.run_mode), command, feedback)
        };
        [
            circuit(row.damper_loop, Service::Damper, &|unit| of(unit, &unit.damper, &unit.of.damper)),
            circuit(row.compressor_loop, Service::Compressor, &|unit| of(unit, &unit.compressor, &unit.of.compressor)),
        ]
    }

    /// A CDU's valve, and its pumps.
    fn cdu(&self, cdu: &DrivenCdu) -> [Circuit; 2] {
        let of = (cdu.of.equip, &cdu.run_mode);
        let valve = self.on_panel(of, &cdu.valve, &cdu.of.valve);
        let pumps = cdu.pumps.iter().filter_map(|pump| self.on_panel(of, &pump.speed, &pump.feedback));
        [
            Circuit {
                inputs: vec![cdu.of.supply.id()],
                drives: valve.into_iter().collect(),
                row: Some(cdu.row),
                heats: vec![cdu.row],
                ..Circuit::of(cdu.valve_loop, Service::CduValve)
            },
            Circuit {
                inputs: vec![cdu.of.dp.id()],
                drives: pumps.collect(),
                ..Circuit::of(cdu.pump_loop, Service::CduPumps)
            },
        ]
    }

    /// A rear door's valve.
    fn door(&self, hall: &Hall, of: &DrivenDoor) -> Circuit {
        Circuit {
            heats: vec![of.row],
            inputs: vec![of.of.leaving_air.id()],
            drives: self.on_panel((of.of.equip, &of.run_mode), &of.valve, &of.of.valve).into_iter().collect(),
            cools: hall.rows.get(of.row).map(|row| row.fan_loop).into_iter().collect(),
            ..Circuit::of(of.valve_loop, Service::DoorValve)
        }
    }

    /// A single-phase tank's valve.
    fn tank(&self, of: &DrivenTank) -> Circuit {
        Circuit {
            inputs: vec![of.of.fluid.id()],
            drives: self.on_panel((of.of.equip, &of.run_mode), &of.valve, &of.of.valve).into_iter().collect(),
            ..Circuit::of(of.valve_loop, Service::TankValve)
        }
    }

    /// The valve of a two-phase tank's condenser.
    fn two_phase(&self, of: &DrivenTwoPhase) -> Circuit {
        Circuit {
            inputs: vec![of.of.pressure.id()],
            drives: self.on_panel((of.of.equip, &of.run_mode), &of.valve, &of.of.valve).into_iter().collect(),
            ..Circuit::of(of.valve_loop, Service::CondenserValve)
        }
    }

    /// A dry cooler's fans.
    fn dry(&self, of: &DrivenDry) -> Circuit {
        Circuit {
            inputs: vec![of.of.leaving.id()],
            drives: self.on_panel((of.of.equip, &of.run_mode), &of.fan, &of.of.speed).into_iter().collect(),
            ..Circuit::of(of.fan_loop, Service::DryFans)
        }
    }
}
