//! Fail-safe floors: which outputs go by which sensors, and where they must be with some of these lost.

use plant::command::Level;
use plant::convert::f64_from_usize;
use plant::hall::Hall;
use plant::hall::sequence::{DxUnit, RunMode};
use plant::id::{PointId, Table};
use plant::point::{Point, WriteRange};
use plant::reading::Why;
use plant::units::{Quantity, Ratio};

use super::{Look, age, mode, told};

/// Two outputs that are this near are the same (%).
const SAME: f64 = 0.5;

/// The outputs of a loop, and the sensors that it goes by.
pub struct Guarded {
    inputs: Vec<PointId>,
    /// Each output, with the run mode of the machine that it is part of where that has a panel: it is a command of ours while that is on.
    outputs: Vec<(PointId, Option<PointId>)>,
}

/// Every loop's.
pub fn all(hall: &Hall) -> Vec<Guarded> {
    let fans = hall.rows.rows().iter().map(|row| Guarded {
        inputs: row.racks.iter().map(|rack| rack.inlet.id()).collect(),
        outputs: row.fans.iter().map(|fan| (fan.speed.id(), None)).collect(),
    });
    let coils = hall.coils.iter().map(|of| alone(&of.supply_air, &of.valve));
    let pump = hall.chilled_water.iter().map(|of| alone(&of.dp, &of.pump));
    let towers = hall.plants.iter().filter_map(|plant| plant.rejecting.as_ref());
    let towers = towers.map(|of| by(&of.water.return_water, &of.fan, &of.run_mode));
    let heads = hall.plants.iter().flat_map(|plant| &plant.chillers);
    let heads = heads.filter_map(|of| Some(alone(&of.of.condenser_leaving, &of.head?.position)));
    let dx = hall.dx_rows.iter().flat_map(|row| {
        let inputs: Vec<PointId> = row.units.iter().map(|unit| unit.of.supply_air.id()).collect();
        let outputs = |of: &dyn Fn(&DxUnit) -> PointId| {
            row.units.iter().map(|unit| (of(unit), Some(unit.run_mode.id()))).collect()
        };
        [
            Guarded { inputs: inputs.clone(), outputs: outputs(&|unit| unit.damper.id()) },
            Guarded { inputs, outputs: outputs(&|unit| unit.compressor.id()) },
        ]
    });
    let cdus = hall.cdus.iter().flat_map(|of| {
        let pumps = of.pumps.iter().map(|pump| (pump.speed.id(), Some(of.run_mode.id())));
        [by(&of.of.supply, &of.valve, &of.run_mode), Guarded { inputs: vec![of.of.dp.id()], outputs: pumps.collect() }]
    });
    let dry = hall.dry.iter().map(|of| by(&of.of.leaving, &of.fan, &of.run_mode));
    let doors = hall.doors.iter().map(|of| by(&of.of.leaving_air, &of.valve, &of.run_mode));
    let tanks = hall.tanks.iter().map(|of| by(&of.of.fluid, &of.valve, &of.run_mode));
    let boiling = hall.two_phase_tanks.iter().map(|of| by(&of.of.pressure, &of.valve, &of.run_mode));
    let air = fans.chain(coils).chain(pump).chain(towers).chain(heads).chain(dx);
    air.chain(cdus).chain(dry).chain(doors).chain(tanks).chain(boiling).collect()
}

fn alone<I: Quantity, O: Quantity>(input: &Point<I>, output: &Point<O>) -> Guarded {
    Guarded { inputs: vec![input.id()], outputs: vec![(output.id(), None)] }
}

fn by<I: Quantity, O: Quantity>(input: &Point<I>, output: &Point<O>, mode: &Point<Ratio>) -> Guarded {
    Guarded { inputs: vec![input.id()], outputs: vec![(output.id(), Some(mode.id()))] }
}

impl Guarded {
    /// The first of its outputs that is short of its share of the way to its fail-safe. What is stronger than fail-safe floors is excepted: a
    /// valve that is shut for its dew point, a CDU that leaks.
    pub fn short(&self, hall: &Hall, look: &Look<'_>, known: (f64, &Table<PointId, f64>)) -> Option<String> {
        let share = (2.0 * self.lost(hall, look, known)).min(1.0);
        let ours = |panel: Option<PointId>| panel.is_none_or(|panel| mode(look.outputs, panel) == Some(RunMode::On));
        let outputs = self.outputs.iter().filter(|(_, panel)| share > 0.0 && ours(*panel));
        outputs.map(|(output, _)| *output).find_map(|output| {
            let command = told(look.outputs, output)?;
            let (def, range) = hall.points.get(output).and_then(|def| Some((def, def.write?)))?;
            let bound = beyond(&range, share, command.value).filter(|_| command.level >= Level::ThermalProtection)?;
            Some(format!("{} is at {:.1}, and {bound:.1} is its fail-safe floor", def.name, command.value))
        })
    }

    /// How many outputs it has.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// The share of its sensors that are lost for certain (1).
    fn lost(&self, hall: &Hall, look: &Look<'_>, (sure, mute): (f64, &Table<PointId, f64>)) -> f64 {
        let (mut sourced, mut lost) = (0_usize, 0_usize);
        for point in &self.inputs {
            let (Some(sample), Some(def)) = (look.inputs.samples.get(*point), hall.points.get(*point)) else {
                continue;
            };
            if sample.value == Err(Why::Config) {
                continue;
            }
            sourced += 1;
            let silent = age(sample, look.now) > def.judgement.lost_after.seconds() + sure;
            let mute = mute.get(*point).is_some_and(|mute| *mute > sure);
            lost += usize::from(silent || mute);
        }
        if sourced == 0 { 0.0 } else { f64_from_usize(lost) / f64_from_usize(sourced) }
    }
}

/// The bound on the way to a fail-safe that a value is beyond; nothing where it keeps it.
fn beyond(range: &WriteRange, share: f64, value: f64) -> Option<f64> {
    if range.failsafe > range.min {
        let floor = range.min + share * (range.failsafe - range.min);
        (value < floor - SAME).then_some(floor)
    } else {
        let ceiling = range.max - share * (range.max - range.failsafe);
        (value > ceiling + SAME).then_some(ceiling)
    }
}
