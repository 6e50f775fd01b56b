//! What the machines of a plant, DX units, CDUs and tanks are told: by us, by the switch at their panel, or by nobody.

use plant::hall::ChillerPlant;
use plant::hall::machinery::Circuit as Which;
use plant::hall::sequence::door::DrivenDoor;
use plant::hall::sequence::dry::DrivenDry;
use plant::hall::sequence::tank::{DrivenTank, DrivenTwoPhase};
use plant::hall::sequence::{Rejecting, RunMode};
use plant::id::{PointId, Table};
use plant::time::Span;

use super::{Alone, Panel, World};
use crate::circuits::Circuit;
use crate::circuits::bank::Order;
use crate::circuits::condensing;
use crate::coolers::direct;
use crate::immersion::units::Order as TankOrder;
use crate::liquid::door::Order as DoorOrder;
use crate::liquid::row::Order as CduOrder;

/// A switch at the panel means that the machine runs from here on (%).
const HAND_RUNS: f64 = 50.0;

impl World {
    /// Gives every machine of a plant that control runs its order.
    pub(super) fn order(&mut self) {
        let Self { plants, dx_rows, rows, smoke, panels, panel_of, held, .. } = self;
        let Self { chilled, facility, elapsed, alone, plates, driven, dry, headers, doors, .. } = self;
        let Self { tanks, driven_tanks, machinery, heat, storage, .. } = self;
        let told = Told { panels, panel_of, held, elapsed: *elapsed, alone: *alone };
        for plant in plants.iter() {
            let circuit = on(plant.circuit, (chilled, facility));
            if let Some(circuit) = circuit {
                told.plant(plant, circuit);
            }
        }
        for of in dry.iter() {
            let circuit = on(of.circuit, (chilled, facility));
            if let Some(cooler) = circuit.and_then(|circuit| circuit.dry.as_mut()) {
                cooler.told = told.dry(of);
            }
        }
        for header in headers.iter() {
            let circuit = on(header.circuit, (chilled, facility));
            let units = circuit.and_then(|circuit| circuit.pumps_of(header.condensing)).into_iter().flatten();
            units.zip(&header.pumps).for_each(|(unit, of)| unit.order = told.mode(of.run_mode.id()));
        }
        for of in heat.iter() {
            let circuit = on(of.circuit, (chilled, facility));
            circuit.into_iter().for_each(|circuit| circuit.station.told = told.mode(of.run_mode.id()));
        }
        let smoky = smoke.contains(&true);
        for unit in dx_rows.iter().flat_map(|row| &row.units) {
            let here = rows.iter_mut().flat_map(|row| &mut row.coolers).find(|cooler| cooler.equip == unit.of.equip);
            let Some(direct) = here.and_then(|cooler| cooler.direct.as_mut()) else { continue };
            let number = |point: PointId| told.number(point).unwrap_or(0.0);
            let (compressor, damper) = (number(unit.compressor.id()), number(unit.damper.id()));
            direct.order = direct::Order { mode: told.mode(unit.run_mode.id()), compressor, damper };
        }
        for direct in rows.iter_mut().flat_map(|row| &mut row.coolers).filter_map(|cooler| cooler.direct.as_mut()) {
            direct.smoky = smoky;
        }
        for door in rows.iter_mut().flat_map(|row| &mut row.racks).filter_map(|rack| rack.door.as_mut()) {
            if let Some(of) = doors.get(door.number) {
                door.order = told.door(of);
            }
        }
        for unit in plates.iter_mut().flat_map(|row| &mut row.units) {
            let Some(of) = driven.get(unit.place) else { continue };
            let mode = told.mode_or_panel(of.run_mode.id());
            let number = |point: PointId| told.number(point).unwrap_or(0.0);
            let mut order = CduOrder { mode, valve: number(of.valve.id()), ..CduOrder::PANEL };
            order.speeds.iter_mut().zip(&of.pumps).for_each(|(speed, pump)| *speed = number(pump.speed.id()));
            unit.order = order;
        }
        for unit in storage.iter_mut() {
            unit.order = told.power(unit.of.order.id());
        }
        let singles = machinery.tanks.len().min(tanks.len());
        let (one, two) = tanks.split_at_mut(singles);
        one.iter_mut().zip(&driven_tanks.0).for_each(|(unit, of)| unit.order = told.tank(of));
        two.iter_mut().zip(&driven_tanks.1).for_each(|(unit, of)| unit.order = told.two_phase(of));
    }
}

/// The circuit of a water.
pub(super) const fn on<'c>(
    which: Which,
    (chilled, facility): (&'c mut Option<Circuit>, &'c mut Option<Circuit>),
) -> Option<&'c mut Circuit> {
    match which {
        Which::ChilledWater => chilled.as_mut(),
        Which::FacilityWater => facility.as_mut(),
    }
}

/// What has been told, and who listens.
struct Told<'w> {
    panels: &'w [Panel],
    panel_of: &'w Table<PointId, Option<usize>>,
    held: &'w Table<PointId, Option<f64>>,
    elapsed: Span,
    alone: Alone,
}

impl Told<'_> {
    fn number(&self, point: PointId) -> Option<f64> {
        self.held.get(point).copied().flatten()
    }

    /// A plant's chillers, tower and economiser.
    fn plant(&self, plant: &ChillerPlant, circuit: &mut Circuit) {
        for (of, unit) in plant.chillers.iter().zip(&mut circuit.bank.units) {
            let mode = self.mode(of.run_mode.id());
            let number = |point: PointId| self.number(point).filter(|_| mode != RunMode::Panel);
            let limit = number(of.demand_limit.id()).map_or(1.0, |percent| percent / 100.0);
            let valve = of.head.and_then(|head| number(head.position.id())).map_or(1.0, |percent| percent / 100.0);
            unit.order = Order { mode, limit, setpoint: number(of.setpoint.id()), valve };
        }
        if let (Some(tower), Some(cold)) = (plant.rejecting, &mut circuit.condensing) {
            cold.told = self.tower(&tower);
        }
        if let Some(economiser) = plant.economiser {
            circuit.switched = self.mode(economiser.run_mode.id());
            let listens = circuit.switched != RunMode::Panel;
            circuit.aim = self.number(economiser.setpoint.id()).filter(|_| listens);
        }
    }

    /// The switch at a tower's panel gives its fans' speed.
    fn tower(&self, of: &Rejecting) -> condensing::Told {
        let hand = self.hand(of.run_mode.id());
        let listens = self.mode(of.run_mode.id()) == RunMode::On;
        let cells = self.number(of.cells.id()).filter(|_| listens && hand.is_none());
        condensing::Told { speed: hand.or_else(|| self.number(of.fan.id()).filter(|_| listens)), cells }
    }

    /// The switch at a dry cooler's panel gives its fans' speed, and its pads are dry then.
    fn dry(&self, of: &DrivenDry) -> Option<(f64, bool)> {
        if let Some(hand) = self.hand(of.run_mode.id()) {
            return Some((hand, false));
        }
        let listens = self.mode(of.run_mode.id()) == RunMode::On;
        let wet = self.number(of.wet.id()).is_some_and(|word| word > 0.5);
        self.number(of.fan.id()).filter(|_| listens).map(|speed| (speed, wet))
    }

    /// By hand a door runs as its panel would run it, or is shut.
    fn door(&self, of: &DrivenDoor) -> DoorOrder {
        DoorOrder { mode: self.mode_or_panel(of.run_mode.id()), valve: self.number(of.valve.id()).unwrap_or(0.0) }
    }

    fn tank(&self, of: &DrivenTank) -> TankOrder {
        let number = |point: PointId| self.number(point).unwrap_or(0.0);
        let (valve, pump) = (number(of.valve.id()), number(of.pump.id()));
        TankOrder { mode: self.mode_or_panel(of.run_mode.id()), valve, pump, purge: false }
    }

    fn two_phase(&self, of: &DrivenTwoPhase) -> TankOrder {
        let valve = self.number(of.valve.id()).unwrap_or(0.0);
        let purge = of.purge.and_then(|purge| self.number(purge.order.id())).is_some_and(|word| word > 0.5);
        TankOrder { mode: self.mode_or_panel(of.run_mode.id()), valve, pump: 0.0, purge }
    }

    /// What a battery was told to give (W); nothing where its panel is at hand, has heard nothing for too long, or listens to nobody.
    fn power(&self, point: PointId) -> f64 {
        let panel = self.panel(point);
        let silent = panel.is_some_and(|p| self.elapsed.nanos().saturating_sub(p.heard.nanos()) > p.patience.nanos());
        let listens = panel.is_none_or(|panel| panel.hand.is_none()) && !silent && self.alone == Alone::Full;
        self.number(point).filter(|_| listens).unwrap_or(0.0)
    }

    fn panel(&self, point: PointId) -> Option<&Panel> {
        self.panel_of.get(point).copied().flatten().and_then(|n| self.panels.get(n))
    }

    /// Where the switch at the panel stands, if somebody turned it to hand (%).
    fn hand(&self, point: PointId) -> Option<f64> {
        self.panel(point)?.hand
    }

    /// The same; by hand it runs as its panel would run it.
    fn mode_or_panel(&self, point: PointId) -> RunMode {
        match (self.mode(point), self.hand(point)) {
            (RunMode::On, Some(_)) => RunMode::Panel,
            (mode, _) => mode,
        }
    }

    /// The switch at the panel first; then what it was told, unless it has heard nothing for too long or listens to nobody.
    fn mode(&self, point: PointId) -> RunMode {
        let panel = self.panel(point);
        if let Some(duty) = panel.and_then(|panel| panel.hand) {
            return if duty >= HAND_RUNS { RunMode::On } else { RunMode::Off };
        }
        let silent = panel.is_some_and(|p| self.elapsed.nanos().saturating_sub(p.heard.nanos()) > p.patience.nanos());
        match self.alone {
            Alone::Full if !silent => self.number(point).map_or(RunMode::Panel, RunMode::of),
            Alone::Full | Alone::Panels => RunMode::Panel,
        }
    }
}
