//! A world at rest, from a hall and its physics.

use std::sync::Arc;

use plant::convert;
use plant::hall::machinery::Circuit as Which;
use plant::hall::{self, Hall, Kind};
use plant::id::{EquipId, PointId, Table};
use plant::point::Role;
use plant::time::{Span, Wall};
use plant::units::Unit;

use super::image::put;
use super::moisture::Moisture;
use super::{Alone, Panel, Pump, World};
use crate::actuators::Actuator;
use crate::air::Row;
use crate::circuits::Circuit;
use crate::circuits::spec::Spec;
use crate::coolers::direct::Direct;
use crate::coolers::{Coil, Cooler};
use crate::electrics::Meter;
use crate::electrics::site::Site;
use crate::immersion::units::Unit as TankUnit;
use crate::ledger::Ledger;
use crate::liquid::door::Door;
use crate::liquid::row::PlateRow;
use crate::noise;
use crate::physics::{Imperfection, Physics};
use crate::racks::Rack;
use crate::sensors::Channel;
use crate::weather::Outdoors;

pub(super) fn world(hall: &Hall, physics: Physics) -> World {
    let points = hall.points.len();
    let outdoors = Outdoors::default().at(&physics.weather, physics.seed, Wall(0));
    let mut world = World {
        seed: physics.seed,
        steps: 0,
        elapsed: Span::ZERO,
        rows: hall.rows.rows().iter().map(|r| row(hall, r, &physics)).collect(),
        pump: hall.chilled_water.zip(physics.chilled.as_ref()).map(|(of, spec)| Pump {
            of,
            drive: Actuator::new(of.pump.id(), of.pump_feedback.id(), physics.start_duty, spec.group.ramp)
                .with(physics.actuators.pump),
        }),
        chilled: physics.chilled.as_ref().map(|of| circuit(hall, Which::ChilledWater, of, hall.coils.len())),
        facility: physics.facility.as_ref().map(|of| circuit(hall, Which::FacilityWater, of, users(hall))),
        plates: plate_rows(hall, &physics),
        tanks: tanks(hall, &physics),
        fleet: None,
        machinery: hall.machinery.clone(),
        plants: hall.plants.clone(),
        dx_rows: hall.dx_rows.clone(),
        smoke: vec![false; hall.machinery.smoke.len()],
        driven: hall.cdus.clone(),
        dry: hall.dry.clone(),
        headers: hall.headers.rows().to_vec(),
        doors: hall.doors.clone(),
        driven_tanks: (hall.tanks.clone(), hall.two_phase_tanks.clone()),
        heat: hall.heat.clone(),
        moisture: Moisture::new(outdoors.dew_point, hall.machinery.room.len()),
        mass: physics.start_air,
        outdoors: Outdoors::default(),
        air: outdoors,
        warmer: 0.0,
        mean_outdoors: physics.weather.mean(),
        site: Site::new(&physics.electrics, &groups(hall)),
        storage: super::power::batteries(hall, &physics),
        trips: crate::electrics::trips::Trips::new(hall),
        meters: hall.meters.iter().map(|m| meter(hall, m, &physics)).collect(),
        more: hall.redundant.iter().flat_map(|r| r.others().filter_map(|other| Some((r.of()?, other)))).collect(),
        held: Table::filled(points, None),
        panels: Vec::new(),
        panel_of: Table::filled(points, None),
        alone: Alone::Full,
        truth: Table::filled(points, None),
        channels: Table::filled(points, None),
        faults: Vec::new(),
        ledger: Ledger::default(),
        drew: crate::electrics::site::Cooling::default(),
        water_used: 0.0,
        lost_work: 0.0,
        physics: Arc::new(physics),
    };
    world.wire_cdus();
    world.wire_doors();
    world.wire_tanks();
    world.wire_panels(hall);
    world.tell_truth();
    for (id, point) in hall.points.iter() {
        if world.truth(id).is_some()
            && let Some(channel) = world.channels.get_mut(id)
        {
            let kind = hall.equips.get(point.equip).map_or(Kind::Meter, |e| e.kind);
            *channel = Some(Channel::new(&point.name, imperfection(&world.physics, kind, point.role, point.unit)));
        }
    }
    world
}

impl World {
    /// Valves and pumps of CDUs know the points that command and report them.
    fn wire_cdus(&mut self) {
        let Self { plates, driven, .. } = self;
        for unit in plates.iter_mut().flat_map(|row| &mut row.units) {
            if let Some(of) = driven.get(unit.place) {
                let pumps = of.pumps.iter().map(|pump| (pump.speed.id(), pump.feedback.id()));
                unit.wire((of.valve.id(), of.of.valve.id()), pumps);
            }
        }
    }

    /// Valves of doors know the points that command and report them.
    fn wire_doors(&mut self) {
        let Self { rows, doors, machinery, .. } = self;
        for door in rows.iter_mut().flat_map(|row| &mut row.racks).filter_map(|rack| rack.door.as_mut()) {
            if let Some(of) = machinery.doors.get(door.number) {
                door.valve.feedback = of.of.valve.id();
            }
            if let Some(of) = doors.get(door.number) {
                door.valve.command = of.valve.id();
            }
        }
    }

    /// Valves and pumps of tanks, too.
    fn wire_tanks(&mut self) {
        let Self { tanks, driven_tanks: (one, two), machinery, .. } = self;
        let singles = machinery.tanks.len().min(tanks.len());
        let (single, boiling) = tanks.split_at_mut(singles);
        for (unit, of) in single.iter_mut().zip(one.iter()) {
            unit.wire((of.valve.id(), of.of.valve.id()), Some((of.pump.id(), of.of.pump.id())));
        }
        for (unit, of) in boiling.iter_mut().zip(two.iter()) {
            unit.wire((of.valve.id(), of.of.valve.id()), None);
        }
    }

    /// A panel for each device that takes commands, holding what it starts with.
    fn wire_panels(&mut self, hall: &Hall) {
        let (duty, patience) = (self.physics.start_duty, self.physics.comm_loss);
        let mut devices: Vec<(EquipId, Vec<(PointId, f64)>)> = Vec::new();
        // What machines are told begins where they listen to their panels.
        let safe = |point: PointId| (point, hall.points.get(point).and_then(|d| d.write).map_or(0.0, |w| w.failsafe));
        let units = || self.dx_rows.iter().flat_map(|row| &row.units);
        for cooler in self.rows.iter().flat_map(|r| &r.coolers) {
            let valve = cooler.coil.as_ref().map(|c| c.valve.command);
            let points = [cooler.drive.command].into_iter().chain(valve).map(|point| (point, duty));
            let unit = units().find(|unit| unit.of.equip == cooler.equip);
            let orders = unit.map(|u| [u.run_mode.id(), u.compressor.id(), u.damper.id()].map(safe));
            devices.push((cooler.equip, points.chain(orders.into_iter().flatten()).collect()));
        }
        if let Some(pump) = &self.pump {
            devices.push((pump.of.equip, vec![(pump.drive.command, duty)]));
        }
        for plant in &self.plants {
            for chiller in &plant.chillers {
                let points = [chiller.run_mode.id(), chiller.demand_limit.id(), chiller.setpoint.id()];
                let points = points.into_iter().chain(chiller.head.map(|head| head.position.id()));
                devices.push((chiller.of.equip, points.map(safe).collect()));
            }
            let economiser =
                plant.economiser.map(|e| (e.of.equip, [e.run_mode.id(), e.setpoint.id()].map(safe).to_vec()));
            devices.extend(economiser);
            let tower = plant.rejecting.map(|t| (t.of.equip, [t.run_mode.id(), t.fan.id(), t.cells.id()]));
            devices.extend(tower.map(|(equip, points)| (equip, points.map(safe).to_vec())));
        }
        for of in &self.dry {
            let points = [of.run_mode.id(), of.fan.id(), of.wet.id()];
            devices.push((of.of.equip, points.map(safe).to_vec()));
        }
        for pump in self.headers.iter().flat_map(|header| &header.pumps) {
            devices.push((pump.of.equip, vec![safe(pump.run_mode.id())]));
        }
        devices.extend(self.heat.iter().map(|of| (of.of.equip, vec![safe(of.run_mode.id())])));
        for cdu in &self.driven {
            let points = [cdu.run_mode.id(), cdu.valve.id()].into_iter().chain(cdu.pumps.iter().map(|p| p.speed.id()));
            devices.push((cdu.of.equip, points.map(safe).collect()));
        }
        for door in &self.doors {
            devices.push((door.of.equip, [door.run_mode.id(), door.valve.id()].map(safe).to_vec()));
        }
        for tank in &self.driven_tanks.0 {
            devices.push((tank.of.equip, [tank.run_mode.id(), tank.valve.id(), tank.pump.id()].map(safe).to_vec()));
        }
        for tank in &self.driven_tanks.1 {
            let orders = [tank.run_mode.id(), tank.valve.id()].into_iter().chain(tank.purge.map(|p| p.order.id()));
            devices.push((tank.of.equip, orders.map(safe).collect()));
        }
        devices.extend(self.storage.iter().map(|unit| (unit.of.equip, vec![safe(unit.of.order.id())])));
        for (n, (equip, points)) in devices.into_iter().enumerate() {
            self.panels.push(Panel { equip, heard: Span::ZERO, patience, hand: None });
            for (point, begin) in points {
                if let (Some(held), Some(panel)) = (self.held.get_mut(point), self.panel_of.get_mut(point)) {
                    (*held, *panel) = (Some(begin), Some(n));
                    put(&mut self.truth, point, begin);
                }
            }
        }
    }
}

/// A circuit of the hall with so many branches, and as many chillers running as its load at the start will want.
fn circuit(hall: &Hall, which: Which, of: &Spec, places: usize) -> Circuit {
    let chillers = hall.machinery.chillers.iter().filter(|c| c.circuit == which).count();
    Circuit::new(of, places, (chillers, chillers.saturating_sub(1).max(chillers.min(1))))
}

/// How many branches facility water has: CDUs first, then tanks of one phase, then of two, then rear doors.
fn users(hall: &Hall) -> usize {
    first_door(hall) + hall.machinery.doors.len()
}

/// What hangs on PDUs of its own: every row, then all tanks.
fn groups(hall: &Hall) -> Vec<&str> {
    let tanks = hall.machinery.tanks.len().saturating_add(hall.machinery.two_phase_tanks.len());
    hall.rows.rows().iter().map(|r| r.name.as_str()).chain((tanks > 0).then_some("tanks")).collect()
}

/// The place of the first rear door among the branches of facility water.
fn first_door(hall: &Hall) -> usize {
    hall.machinery.cdus.len() + hall.machinery.tanks.len() + hall.machinery.two_phase_tanks.len()
}

fn plate_rows(hall: &Hall, physics: &Physics) -> Vec<PlateRow> {
    let Some(of) = &physics.plates else { return Vec::new() };
    let rows = hall.rows.iter().enumerate().filter_map(|(n, (id, row))| {
        let cdus = hall.machinery.cdus.iter().enumerate();
        let places: Vec<usize> = cdus.filter(|(_, cdu)| cdu.row == id).map(|(place, _)| place).collect();
        (!places.is_empty()).then(|| PlateRow::new(of, n, (row.racks.len(), &places), of.setpoint))
    });
    rows.collect()
}

fn tanks(hall: &Hall, physics: &Physics) -> Vec<TankUnit> {
    let Some(of) = &physics.tanks else { return Vec::new() };
    let one = hall.machinery.tanks.iter().map(|t| (t.rated.0, t.of.equip));
    let two = hall.machinery.two_phase_tanks.iter().map(|t| (t.rated.0, t.of.equip));
    let first = hall.machinery.cdus.len();
    let unit = |(n, (rated, equip)): (usize, (f64, EquipId))| {
        let name = hall.equips.get(equip).map_or("", |e| e.name.as_str());
        TankUnit::new(of, (rated, noise::channel(name)), first.saturating_add(n))
    };
    one.chain(two).enumerate().map(unit).collect()
}

fn row(hall: &Hall, of: &hall::Row, physics: &Physics) -> Row {
    let liquid = hall.machinery.cdus.iter().any(|cdu| hall.rows.get(cdu.row).is_some_and(|r| r.name == of.name));
    let to_air = physics.plates.as_ref().filter(|_| liquid).map_or(1.0, |plates| 1.0 - plates.plates.share);
    let last = convert::f64_from_usize(of.racks.len().saturating_sub(1)).max(1.0);
    let racks = of.racks.iter().enumerate().map(|(n, rack)| {
        // From 0 in the middle to 1 at either end, with the fourth power: ends suffer, the middle does not.
        let off = 2.0 * convert::f64_from_usize(n) / last - 1.0;
        let end = off * off * off * off;
        let room = &physics.room;
        let own = room.recirculation + (room.recirculation_ends - room.recirculation) * end;
        let name = hall.equips.get(rack.equip).map_or("", |e| e.name.as_str());
        let made = Rack::new(rack, &physics.rack, noise::channel(name), (own, to_air), physics.start_air);
        let number = hall.machinery.doors.iter().position(|door| door.rack == rack.equip);
        match number.zip(physics.doors.as_ref()) {
            Some((number, of)) => {
                let equip = hall.machinery.doors.get(number).map_or(rack.equip, |door| door.of.equip);
                let places = (number, first_door(hall).saturating_add(number));
                made.with_door(Door::new(of, equip, places, physics.start_air), of)
            }
            None => made,
        }
    });
    Row {
        racks: racks.collect(),
        coolers: of.fans.iter().map(|fan| cooler(hall, fan, physics)).collect(),
        cold: physics.start_air,
        hot: physics.start_air,
        it: 0.0,
    }
}

fn cooler(hall: &Hall, fan: &hall::Fan, physics: &Physics) -> Cooler {
    let duty = physics.start_duty;
    let coil = hall.coils.iter().find(|c| c.equip == fan.equip).zip(physics.coil.as_ref());
    Cooler {
        equip: fan.equip,
        drive: Actuator::new(fan.speed.id(), fan.feedback.id(), duty, physics.fan.ramp).with(physics.actuators.fan),
        coil: coil.map(|(of, physics_of)| Coil {
            valve: Actuator::new(of.valve.id(), of.valve_feedback.id(), duty, physics_of.stroke)
                .with(physics.actuators.valve),
            stuck: false,
            supply: of.supply_air.id(),
            back: of.return_air.id(),
            metal: physics.start_air,
            water: 0.0,
            heat: 0.0,
            between: <_>::default(),
            place: hall.coils.iter().position(|c| c.equip == fan.equip).unwrap_or(usize::MAX),
            entering: physics.start_air,
        }),
        direct: hall
            .machinery
            .dx
            .iter()
            .position(|d| d.of.equip == fan.equip)
            .map(|n| Direct::new(n, physics.start_air)),
        panel: crate::local::crah::Panel::at(duty),
        failed: false,
        flow: 0.0,
        power: 0.0,
        supply: physics.start_air,
    }
}

fn meter(hall: &Hall, of: &hall::Meter, physics: &Physics) -> Meter {
    let name = hall.equips.get(of.equip).map_or("", |e| e.name.as_str());
    let scope = physics.meters.iter().find(|m| m.meter == name);
    let place = |wanted: &String| hall.rows.rows().iter().position(|r| r.name == *wanted);
    // A register in the field has seen years before we came: it starts somewhere below 2 GWh.
    let past = noise::uniform(physics.seed, noise::channel(name), 0) * 2e9 / physics.electrics.register_step;
    Meter {
        power_point: of.power.id(),
        energy_point: of.energy.id(),
        role: of.role,
        rows: scope.map(|s| (s.rows.iter().filter_map(place).collect(), s.share)),
        rollover: of.rollover.0,
        power: 0.0,
        counted: convert::u64_from_f64_rounded(past),
        rest: 0.0,
    }
}

fn imperfection(physics: &Physics, kind: Kind, role: Role, unit: Unit) -> Imperfection {
    let sensors = &physics.sensors;
    match role {
        Role::Cmd | Role::Sp => return Imperfection::default(),
        Role::Sensor => {}
    }
    match (unit, kind) {
        (
            Unit::Cel,
            Kind::ChilledWater
            | Kind::FacilityWater
            | Kind::CondenserWater
            | Kind::Pump
            | Kind::CondenserPump
            | Kind::Chiller
            | Kind::Tower
            | Kind::DryCooler
            | Kind::WaterEconomiser
            | Kind::Cdu
            | Kind::RearDoor
            | Kind::Tank
            | Kind::TwoPhaseTank
            | Kind::HeatRecovery,
        ) => sensors.water,
        (
            Unit::Cel,
            Kind::Rack
            | Kind::Crah
            | Kind::Fan
            | Kind::Dx
            | Kind::Meter
            | Kind::Ups
            | Kind::Generator
            | Kind::WeatherStation
            | Kind::SmokeDetector
            | Kind::Battery
            | Kind::RoomSensor,
        ) => sensors.air,
        (Unit::Watt, _) => sensors.power,
        (Unit::Percent, _) => sensors.feedback,
        (Unit::Pascal, _) => sensors.pressure,
        (Unit::LiterPerSecond, _) => sensors.flow,
        // Energy registers show what they have counted; the world models nothing else.
        (
            Unit::Fahrenheit
            | Unit::Kelvin
            | Unit::Kilowatt
            | Unit::Megawatt
            | Unit::WattHour
            | Unit::KilowattHour
            | Unit::MegawattHour
            | Unit::LiterPerMinute
            | Unit::CubicMeterPerHour
            | Unit::Kilopascal
            | Unit::Bar
            | Unit::PercentRh
            | Unit::One
            | Unit::PerMinute
            | Unit::Second
            | Unit::Ampere
            | Unit::Volt
            | Unit::Hertz,
            _,
        ) => Imperfection::default(),
    }
}
