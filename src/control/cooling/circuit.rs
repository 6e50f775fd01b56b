//! Circuits: which inputs a loop looks at and which outputs it moves. Fixed when the hall is loaded.

use plant::command::Level;
use plant::hall::cdu::{CduTuning, DrivenCdu};
use plant::hall::machinery::Circuit as Water;
use plant::hall::sequence::{DxUnit, RunMode};
use plant::hall::{ChillerPlant, DxRow, Hall};
use plant::id::{EquipId, LoopId, PointId, Table};
use plant::point::WriteRange;
use plant::reading::{Reading, Why};

use super::super::commands::{Commands, Held, OutputId};
use super::super::pid;
use super::super::quality::Image;

/// A fan's duty at which its air counts in full (%).
const FULL: f64 = 100.0;

/// What a loop is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A row's fans, by the worst rack inlet.
    Fans,
    /// A coil's chilled-water valve, by the supply air.
    Valve,
    /// The chilled-water pump, by differential pressure.
    Pump,
    /// A tower's fans, by the water that its plant's sequence names.
    TowerFans(Water),
    /// The valve in a chiller's condenser water, by the water that leaves the condenser.
    Head(Water),
    /// A dry cooler's fans, by the water that leaves it.
    DryFans,
    /// The outdoor-air dampers of a row's DX units, by the mean of their supply air.
    Damper,
    /// The compressors of a row's DX units, by the same.
    Compressor,
    /// A CDU's primary valve, by the coolant to the racks.
    CduValve,
    /// A CDU's pumps, by the pressure across the manifold.
    CduPumps,
}

impl Service {
    /// Which way the output goes when the input rises.
    #[must_use]
    pub const fn action(self) -> pid::Action {
        match self {
            Self::Fans
            | Self::Valve
            | Self::TowerFans(_)
            | Self::Head(_)
            | Self::DryFans
            | Self::Damper
            | Self::Compressor
            | Self::CduValve => pid::Action::Direct,
            Self::Pump | Self::CduPumps => pid::Action::Reverse,
        }
    }

    /// The least output (%), where that is more than what may be written.
    #[must_use]
    pub const fn least(self, cdu: &CduTuning) -> f64 {
        match self {
            Self::Fans
            | Self::Valve
            | Self::Pump
            | Self::TowerFans(_)
            | Self::Head(_)
            | Self::DryFans
            | Self::Damper
            | Self::Compressor => 0.0,
            Self::CduValve => cdu.least_valve.0,
            Self::CduPumps => cdu.least_speed.0,
        }
    }

    /// Whether what it moves follows a machine in this mode. A DX unit's damper does so as soon as its panel does not lead.
    #[must_use]
    const fn follows(self, mode: RunMode) -> bool {
        match (self, mode) {
            (_, RunMode::On) | (Self::Damper, RunMode::Off) => true,
            (_, RunMode::Panel)
            | (
                Self::Fans
                | Self::Valve
                | Self::Pump
                | Self::TowerFans(_)
                | Self::Head(_)
                | Self::DryFans
                | Self::Compressor
                | Self::CduValve
                | Self::CduPumps,
                RunMode::Off,
            ) => false,
        }
    }
}

/// One output of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// The equipment.
    pub equip: EquipId,
    /// Which output.
    pub output: OutputId,
    /// What may be written to it.
    pub range: WriteRange,
    /// Where the actuator says it is.
    pub feedback: PointId,
    /// The run mode of the machine that it is part of, where each drive of the loop is one of another machine.
    pub panel: Option<OutputId>,
}

/// A loop's wiring.
#[derive(Clone, Debug, PartialEq)]
pub struct Circuit {
    /// The loop.
    pub id: LoopId,
    /// What it is for.
    pub service: Service,
    /// What it looks at: the worst of these leads, or their mean where they are weighed.
    pub inputs: Vec<PointId>,
    /// What each input is weighed by, where it is their mean that counts: the duty of the fan that blows by it.
    pub weights: Vec<PointId>,
    /// What it moves, all alike.
    pub drives: Vec<Drive>,
    /// The fan loops of the rows that it cools: thermal protection of any of these takes what it moves.
    pub cools: Vec<LoopId>,
    /// The run mode of the machine that it moves, where that has a panel of its own.
    pub panel: Option<OutputId>,
}

/// The loops of a plant that runs by sequence: its tower's fans, its condensers' valves.
fn of_plant(plant: &ChillerPlant, commands: &Commands) -> Vec<Circuit> {
    let circuit = |(id, service), input, drive: Option<Drive>, panel| Circuit {
        id,
        service,
        inputs: vec![input],
        weights: Vec::new(),
        drives: drive.into_iter().collect(),
        cools: Vec::new(),
        panel,
    };
    let drive = |equip: EquipId, point: PointId, feedback: PointId| {
        let output = commands.output(point)?;
        commands.slot(output).map(|slot| Drive { equip, output, range: slot.range, feedback, panel: None })
    };
    let tower = plant.rejecting.iter().map(|of| {
        let of_loop = (of.fan_loop, Service::TowerFans(plant.circuit));
        let fans = drive(of.of.equip, of.fan.id(), of.of.speed.id());
        circuit(of_loop, of.water.return_water.id(), fans, commands.output(of.run_mode.id()))
    });
    let heads = plant.chillers.iter().filter_map(|chiller| {
        let head = chiller.head?;
        // Nothing reports where the valve is.
        let valve = drive(chiller.of.equip, head.position.id(), head.position.id());
        Some(circuit((head.head_loop, Service::Head(plant.circuit)), chiller.of.condenser_leaving.id(), valve, None))
    });
    tower.chain(heads).collect()
}

/// Every loop of a hall.
#[must_use]
pub fn circuits(hall: &Hall, commands: &Commands) -> Vec<Circuit> {
    let drive = |equip: EquipId, point: PointId, feedback: PointId| {
        let output = commands.output(point)?;
        commands.slot(output).map(|slot| Drive { equip, output, range: slot.range, feedback, panel: None })
    };
    let fans = hall.rows.iter().map(|(_, row)| Circuit {
        id: row.fan_loop,
        service: Service::Fans,
        inputs: row.racks.iter().map(|rack| rack.inlet.id()).collect(),
        weights: Vec::new(),
        drives: row.fans.iter().filter_map(|fan| drive(fan.equip, fan.speed.id(), fan.feedback.id())).collect(),
        cools: vec![row.fan_loop],
        panel: None,
    });
    let valves = hall.coils.iter().map(|coil| Circuit {
        id: coil.valve_loop,
        service: Service::Valve,
        inputs: vec![coil.supply_air.id()],
        weights: Vec::new(),
        drives: drive(coil.equip, coil.valve.id(), coil.valve_feedback.id()).into_iter().collect(),
        cools: hall.rows.get(coil.row).map(|row| row.fan_loop).into_iter().collect(),
        panel: None,
    });
    let pump = hall.chilled_water.iter().map(|water| Circuit {
        id: water.pump_loop,
        service: Service::Pump,
        inputs: vec![water.dp.id()],
        weights: Vec::new(),
        drives: drive(water.equip, water.pump.id(), water.pump_feedback.id()).into_iter().collect(),
        cools: hall.rows.rows().iter().map(|row| row.fan_loop).collect(),
        panel: None,
    });
    let plants = hall.plants.iter().flat_map(|plant| of_plant(plant, commands));
    let dx = hall.dx_rows.iter().flat_map(|row| dx_circuits(hall, row, commands));
    let cdus = hall.cdus.iter().flat_map(|cdu| of_cdu(cdu, commands));
    let dry = hall.dry.iter().map(|of| Circuit {
        id: of.fan_loop,
        service: Service::DryFans,
        inputs: vec![of.of.leaving.id()],
        weights: Vec::new(),
        drives: drive(of.of.equip, of.fan.id(), of.of.speed.id()).into_iter().collect(),
        cools: Vec::new(),
        panel: commands.output(of.run_mode.id()),
    });
    fans.chain(valves).chain(pump).chain(plants).chain(dx).chain(cdus).chain(dry).collect()
}

/// The dampers of a row's DX units, and their compressors.
fn dx_circuits(hall: &Hall, row: &DxRow, commands: &Commands) -> [Circuit; 2] {
    let drive = |unit: &DxUnit, point: PointId, feedback: PointId| {
        let output = commands.output(point)?;
        let panel = commands.output(unit.run_mode.id());
        commands.slot(output).map(|slot| Drive { equip: unit.of.equip, output, range: slot.range, feedback, panel })
    };
    let circuit = |id, service, drives| Circuit {
        id,
        service,
        inputs: row.units.iter().map(|unit| unit.of.supply_air.id()).collect(),
        weights: row.units.iter().map(|unit| unit.of.fan_feedback.id()).collect(),
        drives,
        cools: hall.rows.get(row.row).map(|row| row.fan_loop).into_iter().collect(),
        panel: None,
    };
    let dampers = row.units.iter().filter_map(|unit| drive(unit, unit.damper.id(), unit.of.damper.id()));
    let compressors = row.units.iter().filter_map(|unit| drive(unit, unit.compressor.id(), unit.of.compressor.id()));
    [
        circuit(row.damper_loop, Service::Damper, dampers.collect()),
        circuit(row.compressor_loop, Service::Compressor, compressors.collect()),
    ]
}

/// A CDU's valve, and its pumps.
fn of_cdu(cdu: &DrivenCdu, commands: &Commands) -> [Circuit; 2] {
    let drive = |point: PointId, feedback: PointId| {
        let output = commands.output(point)?;
        let range = commands.slot(output)?.range;
        Some(Drive { equip: cdu.of.equip, output, range, feedback, panel: None })
    };
    let circuit = |id, service, input: PointId, drives: Vec<Drive>| Circuit {
        id,
        service,
        inputs: vec![input],
        weights: Vec::new(),
        drives,
        cools: Vec::new(),
        panel: commands.output(cdu.run_mode.id()),
    };
    let valve = drive(cdu.valve.id(), cdu.of.valve.id()).into_iter().collect();
    let pumps = cdu.pumps.iter().filter_map(|pump| drive(pump.speed.id(), pump.feedback.id())).collect();
    [
        circuit(cdu.valve_loop, Service::CduValve, cdu.of.supply.id(), valve),
        circuit(cdu.pump_loop, Service::CduPumps, cdu.of.dp.id(), pumps),
    ]
}

impl Circuit {
    /// The fail-safe of its outputs (%), the highest if they differ.
    #[must_use]
    pub fn failsafe(&self) -> f64 {
        self.drives.iter().map(|drive| drive.range.failsafe).fold(0.0, f64::max)
    }

    /// The input that asks for most, and its value, aged if stale. Nothing when none can be used. A CDU's loops hold while theirs is
    /// stale: more coolant than is wanted is no safe side where water condenses, and its panel gets it back soon.
    #[must_use]
    pub fn worst(&self, image: Image<'_>) -> Option<(PointId, f64)> {
        let sign = match self.service.action() {
            pid::Action::Direct => 1.0,
            pid::Action::Reverse => -1.0,
        };
        let value = |point: PointId| match self.service {
            Service::Fans
            | Service::Valve
            | Service::Pump
            | Service::TowerFans(_)
            | Service::Head(_)
            | Service::DryFans
            | Service::Damper
            | Service::Compressor => image.number(point).usable(),
            Service::CduValve | Service::CduPumps => image.number(point).fresh(),
        };
        let usable = self.inputs.iter().filter_map(|p| value(*p).map(|v| (*p, v)));
        usable.reduce(|worst, next| if sign * next.1 > sign * worst.1 { next } else { worst })
    }

    /// What the loop goes by, and the input that asks for most: the worst, or the mean where inputs are weighed. An input without a
    /// known weight counts in full; air that stands counts for nothing.
    #[must_use]
    pub fn measured(&self, image: Image<'_>) -> Option<(PointId, f64)> {
        let worst = self.worst(image)?;
        if self.weights.is_empty() {
            return Some(worst);
        }
        let weighed = self.inputs.iter().zip(&self.weights).filter_map(|(input, weight)| {
            let weight = image.number(*weight).fresh().map_or(FULL, |duty| duty.clamp(0.0, FULL));
            image.number(*input).usable().map(|value| (weight, weight * value))
        });
        let (weight, sum) = weighed.fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        Some((worst.0, if weight > 0.0 { sum / weight } else { worst.1 }))
    }

    /// How many inputs have a source, how many of these are lost, and the first lost one.
    #[must_use]
    pub fn lost(&self, image: Image<'_>) -> (usize, usize, Option<(PointId, Why)>) {
        let mut counts = (0, 0, None);
        for point in &self.inputs {
            match image.number(*point) {
                Reading::Fresh(_) | Reading::Stale { .. } => counts.0 += 1,
                Reading::Lost { why: Why::Config } => {}
                Reading::Lost { why } => {
                    counts = (counts.0 + 1, counts.1 + 1, counts.2.or(Some((*point, why))));
                }
            }
        }
        counts
    }

    /// Auto while the loop leads at least one of its outputs; else it follows the highest of them, or the machine whose panel
    /// does not listen.
    pub(super) fn mode(&self, image: Image<'_>, held: &Table<OutputId, Held>) -> pid::Mode {
        let told = self.panel.and_then(|panel| held.get(panel)).map(|row| RunMode::of(row.value));
        if told.is_some_and(|mode| mode != RunMode::On) {
            let positions = self.drives.iter().filter_map(|drive| image.number(drive.feedback).fresh());
            if let Some(highest) = positions.reduce(f64::max) {
                return pid::Mode::Track(highest);
            }
        }
        if !self.drives.is_empty() && !self.drives.iter().any(|drive| self.moves(drive, held)) {
            let positions = self.drives.iter().filter_map(|drive| image.number(drive.feedback).fresh());
            return pid::Mode::Track(positions.fold(0.0, f64::max));
        }
        let rows = || self.working(held).map(|(_, row)| row);
        if self.service == Service::CduPumps {
            // A lost one runs down meanwhile and is told to stand: what counts is the speed of the one that takes its place.
            let takes_over = rows().filter(|row| row.entry == Level::CriticalEquipment).map(|row| row.value);
            if let Some(speed) = takes_over.reduce(f64::max).or_else(|| rows().next().is_none().then_some(0.0)) {
                return pid::Mode::Track(speed);
            }
        }
        if rows().any(|row| row.entry == Level::Control) {
            return pid::Mode::Auto;
        }
        rows().map(|row| row.value).reduce(f64::max).map_or(pid::Mode::Auto, pid::Mode::Track)
    }

    /// True where the drive listens to us, as far as its machine was told.
    fn moves(&self, drive: &Drive, held: &Table<OutputId, Held>) -> bool {
        let told = drive.panel.and_then(|panel| held.get(panel)).map(|row| RunMode::of(row.value));
        told.is_none_or(|mode| self.service.follows(mode))
    }

    /// Its drives with what they are told; of a CDU's pumps those that are told to run.
    fn working<'h>(&'h self, held: &'h Table<OutputId, Held>) -> impl Iterator<Item = (&'h Drive, &'h Held)> {
        let rows = self.drives.iter().filter_map(|drive| Some((drive, held.get(drive.output)?)));
        rows.filter(|(_, row)| self.service != Service::CduPumps || row.value > 0.0)
    }

    /// The highest value that its outputs are told now (%).
    pub(super) fn held(&self, held: &Table<OutputId, Held>) -> Option<f64> {
        self.drives.iter().filter_map(|drive| held.get(drive.output)).map(|row| row.value).reduce(f64::max)
    }

    /// What limits leave to the outputs together.
    pub(super) fn allowed(&self, held: &Table<OutputId, Held>) -> (f64, f64) {
        let rows = self.working(held).map(|(_, row)| row.allowed);
        rows.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0.0, 100.0))
    }

    /// The highest position that an actuator reports whose output the loop leads.
    pub(super) fn actual(&self, image: Image<'_>, held: &Table<OutputId, Held>) -> Option<f64> {
        let led = self.working(held).filter(|(drive, row)| self.moves(drive, held) && row.entry == Level::Control);
        led.filter_map(|(drive, _)| image.number(drive.feedback).fresh()).reduce(f64::max)
    }

    /// The slowest rise and fall of its outputs (%/s); nothing where no rate is limited.
    pub(super) fn rates(&self) -> (Option<f64>, Option<f64>) {
        let slowest = |rate: fn(&WriteRange) -> f64| {
            let rates = self.drives.iter().map(|drive| rate(&drive.range)).filter(|rate| rate.is_finite());
            rates.reduce(f64::min)
        };
        (slowest(|range| range.rise_per_s), slowest(|range| range.fall_per_s))
    }
}
