//! One scan of two controls of one hall, counted.
//!
//! **Equations** saved `Σ P(theirs) − P(ours)` of what turns, by the hall's map; against it `Σ P(rack)·(ratio(T + k·Δu) / ratio(T) − 1)` of a row
//! whose air ours would let become warmer. What the array would have held an output at is ours, floors and protection included; what a
//! person holds is nobody's saving. Also against it, where the plant's reset would let the water become warmer: the same heat needs
//! `r = (back − supply) / (back − warmest)` of the water, and pumps `r^1.5` of the power, between 1 for the pressure that is held and 3 for mains.

use libm::pow;
use plant::command::Level;
use plant::convert::f64_from_usize;
use plant::hall::maps::Machines;
use plant::hall::{Hall, Row, machinery};
use plant::id::Table;
use plant::point::{PointDef, WriteRange};
use plant::reading::{Reading, Why};
use plant::time::Span;
use plant::units::{Quantity, Unit};

use super::tally::{Danger, HallFigures, LoopFigures, OutputFigures, Risks, SequenceFigures};
use super::{Beside, mean, slope, turning};
use crate::control::commands::{Commands, FREE_UP_TO, Held, OutputId};
use crate::control::cooling::{Circuit, Cooling, Service};
use crate::control::equipment::Equipment;
use crate::control::quality::Image;

/// A margin below this is thin (K).
const THIN: f64 = 1.0;
/// Two values nearer than this are the same (%, and the unit of anything else).
const SAME: (f64, f64) = (0.5, 0.1);
/// A pump that turns says so above this.
const YES: f64 = 0.5;
/// How a header's power grows with its flow.
const MAINS: f64 = 1.5;
/// Water that comes back by less than this warmer carries next to nothing (K).
const LEAST_RISE: f64 = 1.0;
/// A pump at its most (%).
const FULL: f64 = 100.0;

/// What one scan came to.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The hall.
    pub hall: &'a Hall,
    /// The process image.
    pub image: Image<'a>,
    /// What ours would hold.
    pub held: &'a Table<OutputId, Held>,
    /// Who asked for it.
    pub commands: &'a Commands,
    /// The loops.
    pub cooling: &'a Cooling,
    /// The sequences.
    pub equipment: &'a Equipment,
    /// Since the scan before, as it was lived.
    pub dt: Span,
}

impl Beside {
    /// Counts a scan.
    pub(super) fn compare(&mut self, circuits: &[Circuit], scene: &Scene<'_>) {
        for ((output, slot), theirs) in scene.commands.slots().zip(self.theirs.rows()) {
            let def = scene.hall.points.get(slot.point);
            if def.is_some_and(PointDef::is_run_mode) {
                continue; // who runs a machine is no number, and beside somebody else we start none
            }
            let (Some(theirs), Some(ours)) = (theirs.value, scene.held.get(output)) else { continue };
            let same = same(def.is_some_and(|def| def.unit == Unit::Percent));
            let figures = OutputFigures::of((ours.value - theirs).abs(), same, scene.dt);
            self.outputs.get_mut(output).into_iter().for_each(|row| row.take(figures, scene.dt));
        }
        let mut whole = HallFigures { seconds: scene.dt.seconds(), ..HallFigures::default() };
        for circuit in circuits {
            let figures = self.of_circuit(circuit, scene);
            whole.risks = whole.risks.any(figures.risks);
            self.loops.get_mut(circuit.id).into_iter().for_each(|row| row.take(figures, scene.dt));
        }
        self.hall.take(whole, scene.dt);
        for ((_, counts), row) in scene.equipment.supposed(scene.hall).zip(&mut self.sequences) {
            row.take(SequenceFigures::of(counts, scene.dt), scene.dt);
        }
    }

    fn of_circuit(&self, circuit: &Circuit, scene: &Scene<'_>) -> LoopFigures {
        let (seconds, none) = (scene.dt.seconds(), LoopFigures::default());
        let Some(of) = scene.cooling.of(circuit.id) else { return none };
        let when = |is: bool| if is { seconds } else { 0.0 };
        let rest = self.rest(circuit.id).copied().unwrap_or_default();
        let error = of.pv.map(|pv| of.setpoint - pv).filter(|_| circuit.service.holds_ours());
        let told = rest.at().is_none() && rest.error().is_some();
        let (devices, machines) = if rest.at().is_some() { self.saved(circuit, scene) } else { (0.0, 0.0) };
        LoopFigures {
            seconds,
            known: when(error.is_some()),
            gap: error.map_or(0.0, |error| error.abs() * seconds),
            sized: when(rest.at().is_some()),
            more: when(told && rest.way() > 0.0),
            less: when(told && rest.way() < 0.0),
            devices: devices * seconds,
            machines: machines * seconds,
            water: self.warmer_water(circuit, scene) * seconds,
            risks: Risks::of(self.danger(circuit, scene), scene.dt),
        }
    }

    /// What the devices of a loop would draw less, and the machines of its row more (W).
    fn saved(&self, circuit: &Circuit, scene: &Scene<'_>) -> (f64, f64) {
        let Some(map) = circuit.service.map(&scene.cooling.strategies().maps) else { return (0.0, 0.0) };
        let (mut saved, mut ours, mut count) = (0.0, 0.0, 0.0);
        for (output, theirs) in turning(circuit, &self.theirs) {
            let Some(held) = scene.held.get(output) else { continue };
            let person = [Level::Operator, Level::Commissioning].contains(&held.entry);
            let value = if person { theirs } else { held.value };
            saved += map.power(theirs) - map.power(value);
            (ours, count) = (ours + value, count + 1.0);
        }
        if count == 0.0 {
            return (0.0, 0.0);
        }
        let moved = mean(circuit, &self.theirs).map_or(0.0, |theirs| ours / count - theirs);
        (saved * devices(circuit, scene), self.warmer(circuit, scene, moved))
    }

    /// What pumps would draw more where our plant would let the water become as warm as its reset may (W).
    fn warmer_water(&self, circuit: &Circuit, scene: &Scene<'_>) -> f64 {
        if circuit.service != Service::Pump {
            return 0.0;
        }
        let strategies = scene.cooling.strategies();
        let reset = strategies.plant(machinery::Circuit::ChilledWater).reset;
        let mut plants = scene.hall.plants.iter().filter(|plant| plant.circuit == machinery::Circuit::ChilledWater);
        let (Some(reset), Some(plant), Some(map)) = (reset, plants.next(), strategies.maps.pump) else { return 0.0 };
        let celsius = |point| scene.image.read(point).usable().map(Quantity::get);
        let (Some(supply), Some(back)) = (celsius(plant.supply), celsius(plant.return_water)) else { return 0.0 };
        let (rise, least) = (back - supply, (back - reset.warmest.get()).max(LEAST_RISE));
        let Some(percent) = mean(circuit, &self.theirs).filter(|_| rise > least) else { return 0.0 };
        let (now, most) = (map.power(percent), map.power(FULL));
        ((now * pow(rise / least, MAINS)).min(most) - now) * devices(circuit, scene)
    }

    /// What the machines of a row would draw more with its fans so much faster (W, %).
    fn warmer(&self, circuit: &Circuit, scene: &Scene<'_>, moved: f64) -> f64 {
        let Some(machines) = scene.cooling.strategies().maps.racks.filter(|_| circuit.service == Service::Fans) else {
            return 0.0;
        };
        let Some(row) = circuit.row.and_then(|id| scene.hall.rows.get(id)) else { return 0.0 };
        let warmer = slope(circuit, scene.cooling).map_or(0.0, |(slope, _)| slope * moved);
        racks(row, scene, (&machines, warmer))
    }

    fn danger(&self, circuit: &Circuit, scene: &Scene<'_>) -> Danger {
        let worst = hottest(circuit, scene);
        let recommended = scene.hall.limits.inlet_recommended.get();
        let mut danger = Danger {
            thin: worst.is_some_and(|inlet| recommended - inlet < THIN),
            warm: worst.is_some_and(|inlet| inlet > recommended),
            doubted: circuit.inputs.iter().any(|input| is_doubted(scene.image.number(*input))),
            ..Danger::default()
        };
        for drive in circuit.drives.iter().filter(|drive| cools_more(&drive.range)) {
            let theirs = self.theirs(drive.output).and_then(|row| row.value);
            let (Some(theirs), Some(ours)) = (theirs, scene.held.get(drive.output)) else { continue };
            danger.less |= ours.value < theirs - SAME.0;
            danger.more |= ours.value > theirs + SAME.0;
            let Some(slot) = scene.commands.slot(drive.output) else { continue };
            let floor = slot.interval(FREE_UP_TO);
            danger.below |= floor.low.is_some() && theirs < floor.min - SAME.0;
            danger.protected |= slot.winner().0 <= Level::ThermalProtection;
        }
        danger
    }
}

/// A value that is known and not sure, or not known: taken at face value it may lie.
const fn is_doubted(reading: Reading<f64>) -> bool {
    match reading {
        Reading::Fresh(_) | Reading::Lost { why: Why::Config } => false,
        Reading::Stale { .. } | Reading::Lost { .. } => true,
    }
}

const fn same(percent: bool) -> f64 {
    if percent { SAME.0 } else { SAME.1 }
}

/// True where more of an output is the safer side.
fn cools_more(range: &WriteRange) -> bool {
    range.failsafe > range.min
}

/// How many devices one output turns: all pumps of the header that run, the cells of a tower.
fn devices(circuit: &Circuit, scene: &Scene<'_>) -> f64 {
    if circuit.service != Service::Pump {
        return 1.0;
    }
    let pumps = scene.hall.machinery.pumps.iter().filter(|pump| pump.circuit == machinery::Circuit::ChilledWater);
    let running = pumps.filter(|pump| scene.image.read(pump.of.running).fresh().is_some_and(|word| word.0 > YES));
    f64_from_usize(running.count()).max(1.0)
}

/// The hottest inlet of the rows that a loop cools (°C), aged where it is stale.
fn hottest(circuit: &Circuit, scene: &Scene<'_>) -> Option<f64> {
    let cools = |row: &&Row| row.fan_loop == circuit.id || circuit.cools.contains(&row.fan_loop);
    let racks = scene.hall.rows.rows().iter().filter(cools).flat_map(|row| &row.racks);
    racks.filter_map(|rack| scene.image.read(rack.inlet).usable().map(Quantity::get)).reduce(f64::max)
}

/// What the machines of a row would draw more in air that is so much warmer (W, K).
fn racks(row: &Row, scene: &Scene<'_>, (machines, warmer): (&Machines, f64)) -> f64 {
    let more = |rack: &plant::hall::Rack| {
        let inlet = scene.image.read(rack.inlet).usable()?.get();
        let power = scene.image.read(rack.power).usable()?.get();
        Some(power * (machines.ratio(inlet + warmer, inlet) - 1.0))
    };
    row.racks.iter().filter_map(more).sum()
}
