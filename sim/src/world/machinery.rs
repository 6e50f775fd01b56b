//! What the machinery's own sensors see, point by point.

use plant::hall::machinery::{Circuit as Which, On};
use plant::hall::sequence::cdu::DrivenCdu;
use plant::hall::sequence::tank::{DrivenTank, DrivenTwoPhase};
use plant::id::PointId;

use super::World;
use super::image::{LITRES, put};
use crate::air::Row;
use crate::circuits::Circuit;
use crate::circuits::bank::Unit;
use crate::circuits::condensing::Condensing;
use crate::cooling::chiller::phase::Phase;
use crate::electrics::site::Site;
use crate::electrics::storage::Unit as Battery;
use crate::faults::ActuatorFault;
use crate::immersion::units::{State, Unit as TankUnit};
use crate::liquid::row::Unit as CduUnit;
use crate::physics::Physics;
use crate::weather::Outdoor;

/// Puts every machine's truth where its points are.
pub(super) fn tell(world: &mut World) {
    let World {
        machinery,
        chilled,
        facility,
        plates,
        tanks,
        air,
        rows,
        truth,
        site,
        storage,
        physics,
        driven,
        driven_tanks,
        heat,
        moisture,
        smoke,
        ..
    } = world;
    let mut tell = |point: PointId, value: f64| put(truth, point, value);
    let circuit = |which: Which| match which {
        Which::ChilledWater => chilled.as_ref(),
        Which::FacilityWater => facility.as_ref(),
    };
    for which in Which::ALL {
        let units = circuit(which).map_or(&[][..], |c| &c.bank.units);
        let cold = circuit(which).and_then(|c| c.condensing.as_ref());
        for (of, unit) in machinery.chillers.iter().filter(|c| c.circuit == which).zip(units) {
            chiller(&of.of, unit, &mut tell);
        }
        if let Some(cold) = cold {
            condensing((machinery, which), cold, &mut tell);
        }
        if let Some(circuit) = circuit(which) {
            on_circuit((machinery, which), circuit, &mut tell);
        }
    }
    if let (Some(of), Some(water)) = (&machinery.facility_water, &facility) {
        tell(of.pump.id(), water.speed);
        tell(of.dp.id(), water.shared.dp);
        tell(of.supply.id(), water.supply);
        tell(of.return_water.id(), water.back);
        tell(of.flow.id(), water.shared.flow * LITRES);
    }
    for unit in plates.iter().flat_map(|row| &row.units) {
        cdu((machinery, driven), unit, &mut tell);
    }
    doors(machinery, rows, &mut tell);
    dx(machinery, rows, &mut tell);
    tanks_of((machinery, driven_tanks), tanks, &mut tell);
    for of in heat.iter() {
        tell(of.demand.id(), circuit(of.circuit).map_or(0.0, |circuit| f64::from(u8::from(circuit.station.calls))));
    }
    electrics(machinery, (site, physics), &mut tell);
    batteries(storage, physics, &mut tell);
    for (of, seen) in machinery.smoke.iter().zip(smoke.iter()) {
        tell(of.smoke.id(), if *seen { 1.0 } else { 0.0 });
    }
    let cold = rows.iter().map(|row| row.cold).reduce(f64::max);
    for (of, moister) in machinery.room.iter().zip(&moisture.moister) {
        let dry = cold.unwrap_or(air.dry_bulb);
        tell(of.dry_bulb.id(), dry);
        tell(of.dew_point.id(), (moisture.dew_point + moister).min(dry));
    }
    weather(machinery, air, &mut tell);
}

fn weather(machinery: &plant::hall::Machinery, air: &Outdoor, tell: &mut impl FnMut(PointId, f64)) {
    if let Some(of) = &machinery.weather {
        tell(of.dry_bulb.id(), air.dry_bulb);
        tell(of.wet_bulb.id(), air.wet_bulb);
    }
}

fn dx(machinery: &plant::hall::Machinery, rows: &[Row], tell: &mut impl FnMut(PointId, f64)) {
    for row in rows.iter() {
        for (cooler, direct) in row.coolers.iter().filter_map(|c| Some((c, c.direct.as_ref()?))) {
            let Some(of) = machinery.dx.get(direct.number).map(|d| d.of) else { continue };
            tell(of.compressor.id(), direct.duty);
            tell(of.damper.id(), direct.damper);
            tell(of.supply_air.id(), cooler.supply);
            tell(of.return_air.id(), row.hot);
            tell(of.fault.id(), if direct.tripped || direct.machine.phase.trip().is_some() { 1.0 } else { 0.0 });
        }
    }
}

fn doors(machinery: &plant::hall::Machinery, rows: &[Row], tell: &mut impl FnMut(PointId, f64)) {
    for door in rows.iter().flat_map(|row| &row.racks).filter_map(|rack| rack.door.as_ref()) {
        let Some(of) = machinery.doors.get(door.number).map(|d| d.of) else { continue };
        tell(of.valve.id(), door.valve.reported());
        tell(of.leaving_air.id(), door.last.leaving);
        tell(of.entering.id(), door.entering);
        tell(of.leaving.id(), door.last.water_outlet);
        tell(of.leak.id(), if door.leaks { 1.0 } else { 0.0 });
    }
}

/// What a tray says of so much that runs into it (kg/s).
fn wet(leak: f64) -> f64 {
    if leak > 0.0 { 1.0 } else { 0.0 }
}

fn cdu(
    (machinery, driven): (&plant::hall::Machinery, &[DrivenCdu]),
    unit: &CduUnit,
    tell: &mut impl FnMut(PointId, f64),
) {
    let Some(of) = machinery.cdus.get(unit.place).map(|c| c.of) else { return };
    tell(of.valve.id(), unit.valve.reported());
    tell(of.pump.id(), unit.speed());
    for (pump, of) in unit.pumps.iter().zip(driven.get(unit.place).iter().flat_map(|of| &of.pumps)) {
        tell(of.feedback.id(), pump.reported());
        tell(of.fault.id(), if pump.fault == Some(ActuatorFault::PowerLost) { 1.0 } else { 0.0 });
    }
    tell(of.supply.id(), unit.water.supply);
    tell(of.return_coolant.id(), unit.water.back);
    tell(of.dp.id(), unit.shared.dp);
    tell(of.flow.id(), unit.shared.flow);
    tell(of.primary_leaving.id(), unit.last.primary_back);
    tell(of.level.id(), 100.0 * unit.last.level);
    tell(of.leak.id(), wet(unit.wear.leak));
}

fn electrics(
    machinery: &plant::hall::Machinery,
    (site, physics): (&mut Site, &Physics),
    tell: &mut impl FnMut(PointId, f64),
) {
    let word = |yes: bool| if yes { 1.0 } else { 0.0 };
    for (n, of) in machinery.ups.iter().enumerate() {
        if let Some((on_battery, bypass, charge)) = site.ups_told(&physics.electrics, n) {
            tell(of.on_battery.id(), word(on_battery));
            tell(of.bypass.id(), word(bypass));
            tell(of.charge.id(), 100.0 * charge);
        }
    }
    for of in &machinery.generators {
        if let Some((running, fuel, power)) = site.generator_told(&physics.electrics) {
            tell(of.running.id(), word(running));
            tell(of.fuel.id(), 100.0 * fuel);
            tell(of.power.id(), power);
        }
    }
}

fn batteries(storage: &[Battery], physics: &Physics, tell: &mut impl FnMut(PointId, f64)) {
    let Some(spec) = &physics.electrics.storage else { return };
    for unit in storage {
        tell(unit.of.power.id(), -unit.last.terminal);
        tell(unit.of.charge.id(), 100.0 * unit.store.soc(&spec.battery));
        tell(unit.of.cells.id(), unit.cells);
        tell(unit.of.ready.id(), if unit.ready() { 1.0 } else { 0.0 });
    }
}

fn chiller(of: &plant::hall::machinery::Chiller, unit: &Unit, tell: &mut impl FnMut(PointId, f64)) {
    let word = |yes: bool| if yes { 1.0 } else { 0.0 };
    let fault = unit.tripped || unit.machine.trip().is_some();
    tell(of.running.id(), word(matches!(unit.machine.phase, Phase::Starting { .. } | Phase::Running { .. })));
    tell(of.fault.id(), word(fault));
    tell(of.leaving.id(), unit.machine.chilled);
    tell(of.condenser_leaving.id(), unit.machine.condensing);
    let (share, power) = unit.last.map_or((0.0, 0.0), |last| (last.drawn.share, last.power));
    tell(of.load.id(), 100.0 * share);
    tell(of.power.id(), power);
    tell(of.entering.id(), unit.met.0);
    tell(of.condenser_entering.id(), unit.met.1);
}

type Of<'a> = (&'a plant::hall::Machinery, Which);

/// Those of a kind that are on a circuit.
fn here<M: Copy>(all: &[On<M>], which: Which) -> impl Iterator<Item = M> + '_ {
    all.iter().filter(move |m| m.circuit == which).map(|m| m.of)
}

fn condensing((machinery, which): Of<'_>, cold: &Condensing, tell: &mut impl FnMut(PointId, f64)) {
    for of in here(&machinery.condenser_water, which) {
        let alone = if cold.shared.flow > 0.0 { 100.0 } else { 0.0 };
        tell(of.pump.id(), cold.pumps.as_ref().map_or(alone, |header| header.speed));
        tell(of.dp.id(), cold.shared.dp);
        tell(of.supply.id(), cold.supply);
        tell(of.return_water.id(), cold.back);
        tell(of.flow.id(), cold.shared.flow * LITRES);
    }
    let units = cold.pumps.iter().flat_map(|header| &header.pumps.units);
    for (of, unit) in here(&machinery.condenser_pumps, which).zip(units) {
        tell(of.running.id(), if unit.turns() && cold.fed { 1.0 } else { 0.0 });
        tell(of.fault.id(), if unit.tripped { 1.0 } else { 0.0 });
    }
    for of in here(&machinery.towers, which) {
        tell(of.speed.id(), cold.fan);
        tell(of.leaving.id(), cold.supply);
        tell(of.basin.id(), 100.0);
    }
}

fn on_circuit((machinery, which): Of<'_>, circuit: &Circuit, tell: &mut impl FnMut(PointId, f64)) {
    for (of, unit) in here(&machinery.pumps, which).zip(&circuit.pumps.units) {
        tell(of.running.id(), if unit.turns() && !circuit.stands() { 1.0 } else { 0.0 });
        tell(of.fault.id(), if unit.tripped || circuit.tripped { 1.0 } else { 0.0 });
    }
    if let Some(dry) = &circuit.dry {
        for of in here(&machinery.dry_coolers, which) {
            tell(of.speed.id(), dry.fan);
            tell(of.entering.id(), dry.entering);
            tell(of.leaving.id(), dry.liquid);
            tell(of.wetted.id(), if dry.wet { 1.0 } else { 0.0 });
        }
    }
    if let Some((panel, last, valve)) = &circuit.economiser {
        for of in here(&machinery.economisers, which) {
            tell(of.running.id(), if panel.is_on() { 1.0 } else { 0.0 });
            tell(of.valve.id(), *valve);
            tell(of.entering.id(), circuit.back);
            tell(of.leaving.id(), last.to_chillers.celsius);
        }
    }
    for of in here(&machinery.heat_recovery, which) {
        let done = &circuit.recovered;
        tell(of.valve.id(), circuit.station.valve());
        tell(of.exported.id(), done.exported);
        tell(of.customer.id(), circuit.handed_over);
    }
}

fn tanks_of(
    (machinery, driven): (&plant::hall::Machinery, &(Vec<DrivenTank>, Vec<DrivenTwoPhase>)),
    tanks: &[TankUnit],
    tell: &mut impl FnMut(PointId, f64),
) {
    let (one, two) = tanks.split_at(machinery.tanks.len().min(tanks.len()));
    for (of, tank) in machinery.tanks.iter().map(|t| t.of).zip(one) {
        tell(of.valve.id(), tank.valve.reported());
        tell(of.pump.id(), tank.pump.reported());
        tell(of.fluid.id(), tank.liquid());
        tell(of.power.id(), tank.power);
        tell(of.level.id(), 100.0 * tank.level);
        tell(of.leak.id(), wet(tank.leak));
    }
    for (of, tank) in driven.0.iter().zip(one) {
        tell(of.fault.id(), if tank.pump.fault == Some(ActuatorFault::PowerLost) { 1.0 } else { 0.0 });
    }
    for (of, tank) in machinery.two_phase_tanks.iter().map(|t| t.of).zip(two) {
        let pressure = match &tank.state {
            State::TwoPhase(_, Some(out)) => out.pressure - crate::immersion::units::AMBIENT,
            State::TwoPhase(_, None) | State::SinglePhase(..) => 0.0,
        };
        tell(of.valve.id(), tank.valve.reported());
        tell(of.pressure.id(), pressure);
        tell(of.fluid.id(), tank.liquid());
        tell(of.power.id(), tank.power);
        tell(of.level.id(), 100.0 * tank.level);
        tell(of.leak.id(), wet(tank.leak));
    }
    let word = |yes: bool| if yes { 1.0 } else { 0.0 };
    for (of, tank) in driven.1.iter().zip(two) {
        if let Some(barometer) = of.barometer {
            tell(barometer.id(), crate::immersion::units::AMBIENT);
        }
        if let Some(purge) = of.purge {
            tell(purge.running.id(), word(tank.purge.runs));
            tell(purge.vent.id(), word(tank.vents()));
        }
    }
}
