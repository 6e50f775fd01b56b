//! Circuits: which inputs a loop looks at and which outputs it moves. Fixed when the hall is loaded.

mod wire;

use plant::command::Level;
use plant::hall::Hall;
use plant::hall::machinery::Circuit as Water;
use plant::hall::sequence::RunMode;
use plant::id::{EquipId, LoopId, PointId, RowId, Table};
use plant::point::WriteRange;
use plant::reading::{Reading, Why};

use super::super::commands::{Held, OutputId};
use super::super::outlier::{self, Said};
use super::super::pid;
use super::super::quality::Image;

pub use wire::circuits;

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
    /// A rear door's valve, by the air that leaves it.
    DoorValve,
    /// A single-phase tank's facility-water valve, by the fluid.
    TankValve,
    /// A two-phase tank's condenser water valve, by the vapour's pressure.
    CondenserValve,
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
            | Self::CduValve
            | Self::DoorValve
            | Self::TankValve
            | Self::CondenserValve => pid::Action::Direct,
            Self::Pump | Self::CduPumps => pid::Action::Reverse,
        }
    }

    /// Whether what it moves follows a machine in this mode. A DX unit's damper does so as soon as its panel does not lead.
    #[must_use]
    fn follows(self, mode: RunMode) -> bool {
        mode == RunMode::On || (mode == RunMode::Off && self == Self::Damper)
    }

    /// A CDU's loops hold while their input is stale: more coolant than is wanted is no safe side where water condenses, and its panel
    /// gets it back soon. All others see it aged toward its danger.
    #[must_use]
    fn holds_on_stale(self) -> bool {
        [Self::CduValve, Self::CduPumps].contains(&self)
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
    /// The run mode of the machine that it is part of, where that has a panel of its own.
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
    /// What makes such an input colder than the others: its compressor.
    pub coolers: Vec<PointId>,
    /// What it moves, all alike.
    pub drives: Vec<Drive>,
    /// The row whose heat it carries, where that is one row's.
    pub row: Option<RowId>,
    /// The rows whose load moves it ahead of their heat.
    pub heats: Vec<RowId>,
    /// The fan loops of the rows that it cools: thermal protection of any of these takes what it moves.
    pub cools: Vec<LoopId>,
}

impl Circuit {
    /// One that looks at nothing and moves nothing yet.
    const fn of(id: LoopId, service: Service) -> Self {
        Self {
            id,
            service,
            inputs: Vec::new(),
            weights: Vec::new(),
            coolers: Vec::new(),
            drives: Vec::new(),
            row: None,
            heats: Vec::new(),
            cools: Vec::new(),
        }
    }

    /// The fail-safe of its outputs (%), the highest if they differ.
    #[must_use]
    pub fn failsafe(&self) -> f64 {
        self.drives.iter().map(|drive| drive.range.failsafe).fold(0.0, f64::max)
    }

    /// The UCUM code of what it looks at.
    #[must_use]
    pub fn unit(&self, hall: &Hall) -> &'static str {
        self.inputs.first().and_then(|point| hall.points.get(*point)).map_or("1", |def| def.unit.code())
    }

    /// The input that asks for most, and its value, aged if stale. Nothing when none can be used.
    #[must_use]
    pub fn worst(&self, image: Image<'_>) -> Option<(PointId, f64)> {
        let sign = -self.service.action().sign();
        let value = |point: PointId| {
            let reading = image.number(point);
            if self.service.holds_on_stale() { reading.fresh() } else { reading.usable() }
        };
        let usable = self.inputs.iter().filter_map(|p| value(*p).map(|v| (*p, v)));
        usable.reduce(|worst, next| if sign * next.1 > sign * worst.1 { next } else { worst })
    }

    /// What the loop goes by, and the input that asks for most: the worst, or the mean where inputs are weighed. An input without a
    /// known weight counts in full; air that stands counts for nothing, and so does what is colder than it can be.
    #[must_use]
    pub fn measured(&self, image: Image<'_>) -> Option<(PointId, f64)> {
        let worst = self.worst(image)?;
        if self.weights.is_empty() {
            return Some(worst);
        }
        let weighed =
            self.inputs.iter().zip(&self.weights).zip(&self.coolers).filter_map(|((input, weight), cooler)| {
                let weight = image.number(*weight).fresh().map_or(FULL, |duty| duty.clamp(0.0, FULL));
                let value = image.number(*input).usable().filter(|_| weight > 0.0)?;
                Some((weight, Said { value, explained: outlier::cools(image.number(*cooler).fresh()) }))
            });
        let liar = outlier::colder_than_it_can_be(weighed.clone().map(|(_, said)| said));
        let believed = weighed.enumerate().filter(|(place, _)| liar != Some(*place));
        let weighed = believed.map(|(_, (weight, said))| (weight, weight * said.value));
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
        if !self.drives.is_empty() && !self.drives.iter().any(|drive| self.moves(drive, held)) {
            // Where nobody knows where the machine is the loop stays with what it is told.
            let positions = self.drives.iter().filter_map(|drive| image.number(drive.feedback).fresh());
            return positions.reduce(f64::max).or_else(|| self.held(held)).map_or(pid::Mode::Auto, pid::Mode::Track);
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
    pub fn moves(&self, drive: &Drive, held: &Table<OutputId, Held>) -> bool {
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

    /// The highest position that an actuator reports whose output the loop leads. A door's valve keeps up with what it is told, and a loop
    /// that followed one that is stuck would hide it.
    pub(super) fn actual(&self, image: Image<'_>, held: &Table<OutputId, Held>) -> Option<f64> {
        if self.service == Service::DoorValve {
            return None;
        }
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
