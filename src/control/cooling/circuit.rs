//! Circuits: which inputs a loop looks at and which outputs it moves. Fixed when the hall is loaded.

use plant::command::Level;
use plant::hall::Hall;
use plant::hall::cdu::CduTuning;
use plant::hall::sequence::RunMode;
use plant::id::{LoopId, PointId, Table};
use plant::point::WriteRange;
use plant::reading::{Reading, Why};

use super::super::commands::{Commands, Held, OutputId};
use super::super::pid;
use super::super::quality::Image;

/// What a loop is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A row's fans, by the worst rack inlet.
    Fans,
    /// A coil's chilled-water valve, by the supply air.
    Valve,
    /// The chilled-water pump, by differential pressure.
    Pump,
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
            Self::Fans | Self::Valve | Self::CduValve => pid::Action::Direct,
            Self::Pump | Self::CduPumps => pid::Action::Reverse,
        }
    }

    /// The least output (%), where that is more than what may be written.
    #[must_use]
    pub const fn least(self, cdu: &CduTuning) -> f64 {
        match self {
            Self::Fans | Self::Valve | Self::Pump => 0.0,
            Self::CduValve => cdu.least_valve.0,
            Self::CduPumps => cdu.least_speed.0,
        }
    }
}

/// One output of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// Which output.
    pub output: OutputId,
    /// What may be written to it.
    pub range: WriteRange,
    /// Where the actuator says it is.
    pub feedback: PointId,
}

/// A loop's wiring.
#[derive(Clone, Debug, PartialEq)]
pub struct Circuit {
    /// The loop.
    pub id: LoopId,
    /// What it is for.
    pub service: Service,
    /// What it looks at: the worst of these leads.
    pub inputs: Vec<PointId>,
    /// What it moves, all alike.
    pub drives: Vec<Drive>,
    /// The fan loops of the rows that it cools: thermal protection of any of these takes what it moves.
    pub cools: Vec<LoopId>,
    /// The run mode of the machine that it moves, where that has a panel of its own.
    pub panel: Option<OutputId>,
}

/// Every loop of a hall.
#[must_use]
pub fn circuits(hall: &Hall, commands: &Commands) -> Vec<Circuit> {
    let drive = |point: PointId, feedback: PointId| {
        let output = commands.output(point)?;
        commands.slot(output).map(|slot| Drive { output, range: slot.range, feedback })
    };
    let fans = hall.rows.iter().map(|(_, row)| Circuit {
        id: row.fan_loop,
        service: Service::Fans,
        inputs: row.racks.iter().map(|rack| rack.inlet.id()).collect(),
        drives: row.fans.iter().filter_map(|fan| drive(fan.speed.id(), fan.feedback.id())).collect(),
        cools: vec![row.fan_loop],
        panel: None,
    });
    let valves = hall.coils.iter().map(|coil| Circuit {
        id: coil.valve_loop,
        service: Service::Valve,
        inputs: vec![coil.supply_air.id()],
        drives: drive(coil.valve.id(), coil.valve_feedback.id()).into_iter().collect(),
        cools: hall.rows.get(coil.row).map(|row| row.fan_loop).into_iter().collect(),
        panel: None,
    });
    let pump = hall.chilled_water.iter().map(|water| Circuit {
        id: water.pump_loop,
        service: Service::Pump,
        inputs: vec![water.dp.id()],
        drives: drive(water.pump.id(), water.pump_feedback.id()).into_iter().collect(),
        cools: hall.rows.rows().iter().map(|row| row.fan_loop).collect(),
        panel: None,
    });
    let cdus = hall.cdus.iter().flat_map(|cdu| {
        let circuit = |id, service, input: PointId, drives: Vec<Drive>| Circuit {
            id,
            service,
            inputs: vec![input],
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
    });
    fans.chain(valves).chain(pump).chain(cdus).collect()
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
            Service::Fans | Service::Valve | Service::Pump => image.number(point).usable(),
            Service::CduValve | Service::CduPumps => image.number(point).fresh(),
        };
        let usable = self.inputs.iter().filter_map(|p| value(*p).map(|v| (*p, v)));
        usable.reduce(|worst, next| if sign * next.1 > sign * worst.1 { next } else { worst })
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
        let rows = || self.working(held).map(|(_, row)| row);
        if rows().any(|row| row.entry == Level::Control) {
            return pid::Mode::Auto;
        }
        rows().map(|row| row.value).reduce(f64::max).map_or(pid::Mode::Auto, pid::Mode::Track)
    }

    /// Its drives with what they are told; of a CDU's pumps those that are told to run.
    fn working<'h>(&'h self, held: &'h Table<OutputId, Held>) -> impl Iterator<Item = (&'h Drive, &'h Held)> {
        let rows = self.drives.iter().filter_map(|drive| Some((drive, held.get(drive.output)?)));
        rows.filter(|(_, row)| self.service != Service::CduPumps || row.value > 0.0)
    }

    /// What limits leave to the outputs together.
    pub(super) fn allowed(&self, held: &Table<OutputId, Held>) -> (f64, f64) {
        let rows = self.working(held).map(|(_, row)| row.allowed);
        rows.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0.0, 100.0))
    }

    /// The highest position that an actuator reports whose output the loop leads.
    pub(super) fn actual(&self, image: Image<'_>, held: &Table<OutputId, Held>) -> Option<f64> {
        let led = self.working(held).filter(|(_, row)| row.entry == Level::Control);
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
