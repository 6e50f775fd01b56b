//! Which machine a fault concerns, and what it does to it.

use plant::hall::machinery::{Circuit as Which, On};
use plant::id::EquipId;

use super::World;
use crate::circuits::Circuit;
use crate::circuits::pumps::Unit as Pump;
use crate::electrics::storage::Unit as Battery;
use crate::electrics::ups::UpsState;
use crate::faults::MachineFault;
use crate::liquid::cdu::Wear;
use crate::liquid::door::Door;

impl World {
    /// Breaks or mends a machine.
    pub(super) fn break_machine(&mut self, (equip, how): (EquipId, MachineFault), broken: bool) {
        match how {
            MachineFault::Tripped => self.trip(equip, broken),
            MachineFault::FansFailed => self.kill_fans(equip, broken),
            MachineFault::Jammed => self.jam(equip, broken),
            MachineFault::Fouled(share) => {
                self.wear(equip, |wear| wear.fouling = if broken { share } else { Wear::NONE.fouling });
            }
            MachineFault::Clogged(times) => {
                self.clog(equip, if broken { times } else { Wear::NONE.clogging });
            }
            MachineFault::AirInLoop(share) => {
                self.wear(equip, |wear| wear.air = if broken { share } else { Wear::NONE.air });
            }
            MachineFault::Leak(flow) => {
                self.leak(equip, if broken { flow } else { 0.0 });
            }
            MachineFault::ShortCircuit(warmer) => self.breathe_warmer(equip, if broken { warmer } else { 0.0 }),
            MachineFault::Refilled(cel) if broken => self.refill(equip, cel),
            MachineFault::VentOpen => self.tank(equip).into_iter().for_each(|tank| tank.vent_open = broken),
            MachineFault::ContainmentOpen(share) => {
                for rack in self.rows.iter_mut().flat_map(|r| &mut r.racks).filter(|r| r.equip == equip) {
                    rack.recirculation = if broken { share.max(rack.contained) } else { rack.contained };
                }
            }
            MachineFault::PadsStayDry | MachineFault::PadsStayWet => {
                self.hold_pads((equip, how == MachineFault::PadsStayWet), broken);
            }
            MachineFault::CouplingBroken => self.uncouple(equip, broken),
            MachineFault::Outage => self.site.grid_out(broken),
            MachineFault::Brownout(left) => self.site.brown_out(broken.then_some(left / 100.0)),
            MachineFault::Sag(left) if broken => self.site.sag(left / 100.0),
            MachineFault::Humid(by) => self.moisten_at(equip, if broken { by } else { 0.0 }),
            MachineFault::OnBypass => {
                if let Some(ups) = self.ups(equip) {
                    ups.orders.bypass = broken;
                }
            }
            MachineFault::StringOpen => {
                if let Some(ups) = self.ups(equip) {
                    ups.string_open = broken;
                }
            }
            MachineFault::StartFails if self.battery(equip).is_some() => {
                self.battery(equip).into_iter().for_each(|unit| unit.idles = broken);
            }
            MachineFault::StartFails | MachineFault::StopFails if self.is_staged(equip) => {
                self.weld((equip, how == MachineFault::StopFails), broken);
            }
            MachineFault::StopFails | MachineFault::Sag(_) | MachineFault::Refilled(_) => {}
            MachineFault::BreakerOpen => self.trips.switch(equip, broken),
            MachineFault::Smoke => self.smoke_at(equip, broken),
            MachineFault::StartFails => {
                if let Some(generator) = self.site.generator() {
                    generator.blocked = broken;
                    if !broken {
                        generator.reset();
                    }
                }
            }
            MachineFault::CustomerGone => {
                let which = self.machinery.heat_recovery.iter().find(|r| r.of.equip == equip).map(|r| r.circuit);
                if let Some(circuit) = which.and_then(|which| self.circuit(which)) {
                    circuit.customer = !broken;
                }
            }
        }
    }

    /// A CDU's filter or a door's strainer drops so many times what it does clean.
    fn clog(&mut self, equip: EquipId, times: f64) {
        self.wear(equip, |wear| wear.clogging = times);
        if let Some(door) = self.door(equip) {
            door.clogging = times;
        }
    }

    /// A CDU or a tank loses so much (kg/s); the tray of a door that loses any is wet.
    fn leak(&mut self, equip: EquipId, flow: f64) {
        self.wear(equip, |wear| wear.leak = flow);
        if let Some(tank) = self.tank(equip) {
            tank.leak = flow;
        }
        if let Some(door) = self.door(equip) {
            door.leaks = flow > 0.0;
        }
    }

    /// Fills a tank anew with liquid of this temperature (°C).
    fn refill(&mut self, equip: EquipId, cel: f64) {
        let physics = std::sync::Arc::clone(&self.physics);
        if let (Some(of), Some(tank)) = (&physics.tanks, self.tank(equip)) {
            tank.refill(of, cel);
        }
    }

    /// Makes the air around a room's sensor so much moister (K of dew point).
    fn moisten_at(&mut self, equip: EquipId, by: f64) {
        let sensors = self.machinery.room.iter().map(|of| of.equip).zip(&mut self.moisture.moister);
        sensors.filter(|(of, _)| *of == equip).for_each(|(_, more)| *more = by);
    }

    /// True for a chiller, an economiser, a tower, a dry cooler, a heat recovery, a DX unit, a tank with a purge or a pump on a header.
    fn is_staged(&self, equip: EquipId) -> bool {
        place(&self.machinery.pumps, |p| p.equip == equip).is_some()
            || place(&self.machinery.condenser_pumps, |p| p.equip == equip).is_some()
            || place(&self.machinery.dry_coolers, |d| d.equip == equip).is_some()
            || place(&self.machinery.heat_recovery, |h| h.equip == equip).is_some()
            || self.machinery.dx.iter().any(|unit| unit.of.equip == equip)
            || self.machinery.two_phase_tanks.iter().any(|tank| tank.of.equip == equip)
            || place(&self.machinery.towers, |t| t.equip == equip).is_some()
            || place(&self.machinery.chillers, |c| c.equip == equip).is_some()
            || place(&self.machinery.economisers, |e| e.equip == equip).is_some()
    }

    /// A chiller, an economiser, a DX unit's compressor or a tank's purge that stays off, or on; a tower whose fans turn on.
    fn weld(&mut self, (equip, on): (EquipId, bool), broken: bool) {
        if let Some((which, n)) = place(&self.machinery.chillers, |c| c.equip == equip)
            && let Some(unit) = self.circuit(which).and_then(|c| c.bank.units.get_mut(n))
        {
            *(if on { &mut unit.stop_fails } else { &mut unit.start_fails }) = broken;
        }
        if let Some(pump) = self.pump_at(equip) {
            *(if on { &mut pump.stop_fails } else { &mut pump.start_fails }) = broken;
        }
        let tower = place(&self.machinery.towers, |t| t.equip == equip).map(|(which, _)| which);
        if let Some(cold) = tower.and_then(|which| self.circuit(which)).and_then(|c| c.condensing.as_mut()) {
            cold.fans_stay = broken;
        }
        if let Some(tank) = self.tank(equip) {
            *(if on { &mut tank.purge.stop_fails } else { &mut tank.purge.start_fails }) = broken;
        }
        let coolers = self.rows.iter_mut().flat_map(|r| &mut r.coolers).filter(|c| c.equip == equip);
        for direct in coolers.filter_map(|c| c.direct.as_mut()) {
            *(if on { &mut direct.stop_fails } else { &mut direct.start_fails }) = broken;
        }
        let dry = place(&self.machinery.dry_coolers, |d| d.equip == equip).map(|(which, _)| which);
        if let Some(dry) = dry.and_then(|which| self.circuit(which)).and_then(|c| c.dry.as_mut()) {
            dry.stays = broken;
        }
        let station = place(&self.machinery.heat_recovery, |h| h.equip == equip).map(|(which, _)| which);
        if let Some(circuit) = station.and_then(|which| self.circuit(which)) {
            circuit.station.fails = broken.then_some(on);
        }
        let economiser = place(&self.machinery.economisers, |e| e.equip == equip).map(|(which, _)| which);
        if let Some(circuit) = economiser.and_then(|which| self.circuit(which)) {
            circuit.switch_fails = broken.then_some(on);
        }
    }

    /// Lets a dry cooler's pads stay dry, or wet.
    fn hold_pads(&mut self, (equip, wet): (EquipId, bool), broken: bool) {
        let which = place(&self.machinery.dry_coolers, |d| d.equip == equip).map(|(which, _)| which);
        if let Some(dry) = which.and_then(|which| self.circuit(which)).and_then(|c| c.dry.as_mut()) {
            dry.pads_stay = broken.then_some(wet);
        }
    }

    /// Lets a dry cooler breathe air that is so much warmer (K).
    fn breathe_warmer(&mut self, equip: EquipId, warmer: f64) {
        let which = place(&self.machinery.dry_coolers, |d| d.equip == equip).map(|(which, _)| which);
        if let Some(dry) = which.and_then(|which| self.circuit(which)).and_then(|c| c.dry.as_mut()) {
            dry.warmer = warmer;
        }
    }

    /// Lets a pump turn and move nothing.
    fn uncouple(&mut self, equip: EquipId, broken: bool) {
        if let Some(pump) = self.pump_at(equip) {
            pump.loose = broken;
        }
    }

    fn pump_at(&mut self, equip: EquipId) -> Option<&mut Pump> {
        let machinery = &self.machinery;
        let found = [(&machinery.pumps, false), (&machinery.condenser_pumps, true)]
            .into_iter()
            .find_map(|(all, of)| place(all, |p| p.equip == equip).map(|place| (place, of)));
        let ((which, n), condensing) = found?;
        self.circuit(which)?.pumps_of(condensing)?.get_mut(n)
    }

    fn smoke_at(&mut self, equip: EquipId, there: bool) {
        let detector = self.machinery.smoke.iter().position(|detector| detector.equip == equip);
        if let Some(seen) = detector.and_then(|n| self.smoke.get_mut(n)) {
            *seen = there;
        }
    }

    fn trip(&mut self, equip: EquipId, broken: bool) {
        self.battery(equip).into_iter().for_each(|unit| unit.tripped = broken);
        if let Some((which, n)) = place(&self.machinery.chillers, |c| c.equip == equip)
            && let Some(unit) = self.circuit(which).and_then(|c| c.bank.units.get_mut(n))
        {
            unit.tripped = broken;
        }
        if let Some(pump) = self.pump_at(equip) {
            pump.tripped = broken;
        }
        if self.machinery.facility_water.is_some_and(|w| w.equip == equip)
            && let Some(circuit) = &mut self.facility
        {
            circuit.tripped = broken;
        }
        let cdu = self.machinery.cdus.iter().position(|c| c.of.equip == equip);
        for unit in self.plates.iter_mut().flat_map(|row| &mut row.units).filter(|u| Some(u.place) == cdu) {
            unit.failed = broken;
        }
        if let Some(tank) = self.tank(equip) {
            (tank.pump_failed, tank.purge.tripped) = (broken, broken);
        }
        if self.machinery.generators.iter().any(|g| g.equip == equip)
            && let Some(generator) = self.site.generator()
        {
            if broken { generator.trip() } else { generator.reset() }
        }
        let coolers = self.rows.iter_mut().flat_map(|r| &mut r.coolers).filter(|c| c.equip == equip);
        for direct in coolers.filter_map(|c| c.direct.as_mut()) {
            direct.tripped = broken;
        }
    }

    fn kill_fans(&mut self, equip: EquipId, broken: bool) {
        let tower = place(&self.machinery.towers, |t| t.equip == equip).map(|(which, _)| which);
        if let Some(cold) = tower.and_then(|which| self.circuit(which)).and_then(|c| c.condensing.as_mut()) {
            cold.fans_failed = broken;
        }
        let dry = place(&self.machinery.dry_coolers, |d| d.equip == equip).map(|(which, _)| which);
        if let Some(dry) = dry.and_then(|which| self.circuit(which)).and_then(|c| c.dry.as_mut()) {
            dry.failed = broken;
        }
    }

    fn jam(&mut self, equip: EquipId, broken: bool) {
        let coolers = self.rows.iter_mut().flat_map(|r| &mut r.coolers).filter(|c| c.equip == equip);
        for direct in coolers.filter_map(|c| c.direct.as_mut()) {
            direct.damper_stuck = broken;
        }
        if let Some(tank) = self.tank(equip) {
            tank.valve_stuck = broken;
        }
        let economiser = place(&self.machinery.economisers, |e| e.equip == equip).map(|(which, _)| which);
        if let Some(circuit) = economiser.and_then(|which| self.circuit(which)) {
            circuit.plates_jammed = broken;
        }
    }

    fn wear(&mut self, equip: EquipId, change: impl Fn(&mut Wear)) {
        let cdu = self.machinery.cdus.iter().position(|c| c.of.equip == equip);
        for unit in self.plates.iter_mut().flat_map(|row| &mut row.units).filter(|u| Some(u.place) == cdu) {
            change(&mut unit.wear);
        }
    }

    fn battery(&mut self, equip: EquipId) -> Option<&mut Battery> {
        self.storage.iter_mut().find(|unit| unit.of.equip == equip)
    }

    fn ups(&mut self, equip: EquipId) -> Option<&mut UpsState> {
        let number = self.machinery.ups.iter().position(|u| u.equip == equip)?;
        self.site.ups(number)
    }

    fn tank(&mut self, equip: EquipId) -> Option<&mut crate::immersion::units::Unit> {
        let one = self.machinery.tanks.iter().map(|t| t.of.equip);
        let two = self.machinery.two_phase_tanks.iter().map(|t| t.of.equip);
        let n = one.chain(two).position(|e| e == equip)?;
        self.tanks.get_mut(n)
    }

    fn door(&mut self, equip: EquipId) -> Option<&mut Door> {
        let doors = self.rows.iter_mut().flat_map(|row| &mut row.racks).filter_map(|rack| rack.door.as_deref_mut());
        doors.into_iter().find(|door| door.equip == equip)
    }

    const fn circuit(&mut self, which: Which) -> Option<&mut Circuit> {
        match which {
            Which::ChilledWater => self.chilled.as_mut(),
            Which::FacilityWater => self.facility.as_mut(),
        }
    }
}

/// A machine's circuit, and its number among those of its kind there.
fn place<M>(all: &[On<M>], is: impl Fn(&M) -> bool) -> Option<(Which, usize)> {
    let which = all.iter().find(|m| is(&m.of))?.circuit;
    let n = all.iter().filter(|m| m.circuit == which).position(|m| is(&m.of))?;
    Some((which, n))
}
