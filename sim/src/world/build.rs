//! A world at rest, from a hall and its physics.

use std::sync::Arc;

use plant::convert;
use plant::hall::{self, Hall, Kind};
use plant::id::{PointId, Table};
use plant::point::Role;
use plant::time::Span;
use plant::units::Unit;

use super::{Panel, World};
use crate::actuators::Actuator;
use crate::air::Row;
use crate::coolers::{Coil, Cooler};
use crate::electrics::{Chain, Meter};
use crate::ledger::Ledger;
use crate::noise;
use crate::physics::{Imperfection, Physics};
use crate::racks::Rack;
use crate::sensors::Channel;
use crate::water::Water;
use crate::weather::Outdoors;

pub(super) fn world(hall: &Hall, physics: Physics) -> World {
    let points = hall.points.len();
    let mut world = World {
        seed: physics.seed,
        steps: 0,
        elapsed: Span::ZERO,
        rows: hall.rows.rows().iter().map(|r| row(hall, r, &physics)).collect(),
        water: hall.chilled_water.as_ref().zip(physics.water.as_ref()).map(|(of, water)| {
            let mut water = Water::new(of, water, physics.start_duty);
            water.drive = water.drive.with(physics.actuators.pump);
            water
        }),
        mass: physics.start_air,
        outdoors: Outdoors::default(),
        mean_outdoors: physics.weather.mean(),
        chain: Chain::default(),
        meters: hall.meters.iter().map(|m| meter(hall, m, &physics)).collect(),
        held: Table::filled(points, None),
        panels: Vec::new(),
        truth: Table::filled(points, None),
        channels: Table::filled(points, None),
        faults: Vec::new(),
        ledger: Ledger::default(),
        physics: Arc::new(physics),
    };
    world.wire_panels();
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
    /// A panel for each device that takes commands, holding what it starts with.
    fn wire_panels(&mut self) {
        let (duty, patience) = (self.physics.start_duty, self.physics.comm_loss);
        let mut held: Vec<PointId> = Vec::new();
        for cooler in self.rows.iter().flat_map(|r| &r.coolers) {
            held.push(cooler.drive.command);
            held.extend(cooler.coil.as_ref().map(|c| c.valve.command));
            self.panels.push(Panel { equip: cooler.equip, heard: Span::ZERO, patience, hand: None });
        }
        if let Some(water) = &self.water {
            held.push(water.drive.command);
            self.panels.push(Panel { equip: water.equip, heard: Span::ZERO, patience, hand: None });
        }
        for point in held {
            if let Some(row) = self.held.get_mut(point) {
                *row = Some(duty);
            }
        }
    }
}

fn row(hall: &Hall, of: &hall::Row, physics: &Physics) -> Row {
    let last = convert::f64_from_usize(of.racks.len().saturating_sub(1)).max(1.0);
    let racks = of.racks.iter().enumerate().map(|(n, rack)| {
        // From 0 in the middle to 1 at either end, with the fourth power: ends suffer, the middle does not.
        let off = 2.0 * convert::f64_from_usize(n) / last - 1.0;
        let end = off * off * off * off;
        let room = &physics.room;
        let own = room.recirculation + (room.recirculation_ends - room.recirculation) * end;
        let name = hall.equips.get(rack.equip).map_or("", |e| e.name.as_str());
        Rack::new(rack, noise::channel(name), own, physics.start_air)
    });
    Row {
        racks: racks.collect(),
        coolers: of.fans.iter().map(|fan| cooler(hall, fan, physics)).collect(),
        cold: physics.start_air,
        hot: physics.start_air,
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
            entering: physics.start_air,
        }),
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
            | Kind::Chiller
            | Kind::Tower
            | Kind::DryCooler
            | Kind::WaterEconomiser
            | Kind::Cdu
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
            | Kind::WeatherStation,
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
