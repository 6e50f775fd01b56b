//! Beside somebody else's control: everything is decided and nothing of it arrives.
//!
//! What devices hold is looked at in every scan, and is where ours begins: loops follow it, machines are as they are seen, and no device
//! is held to what nobody told it. What we would write is what the array comes to from there, at once: where somebody else moves an
//! output no ramp of ours is on its way.
//!
//! ```text
//!   look: what devices hold ─▶ loops track it ─▶ project: where ours would stand at rest ─▶ the array ─▶ compare, hour by hour
//! ```
//!
//! **Invariant** nothing is integrated against a plant that does not listen: a loop would wind to the end of its range, and what it said
//! there would be nobody's advice.

mod compare;
mod mode;
mod rest;
mod tally;
mod theirs;

use plant::hall::Hall;
use plant::hall::maps::{Drive, Maps};
use plant::hall::sequence::RunMode;
use plant::id::{LoopId, Table};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::commands::{Commands, Held, OutputId};
use super::cooling::{Circuit, Cooling, Service};
use super::hours::Hours;
use super::quality::Image;
use plant::command::Level;

pub use compare::Scene;
pub use rest::{Basis, Rest};
pub use tally::{HallFigures, LoopFigures, OutputFigures, Risks, SequenceFigures};
pub use theirs::{Source, Theirs, Watched};

/// So long that every ramp is over.
pub const AT_ONCE: Span = Span::from_secs(1_000_000_000);

/// Every output with what tells where its device is. Fixed when the hall is loaded.
#[must_use]
pub fn watched(hall: &Hall, commands: &Commands, circuits: &[Circuit]) -> Table<OutputId, Watched> {
    commands.slots().map(|(output, slot)| Watched::of(hall, (output, slot.point), circuits)).collect()
}

/// What is remembered of the control beside ours; nothing where nobody is beside us.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shadow(Option<Box<Beside>>);

/// Somebody else, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    theirs: Table<OutputId, Theirs>,
    rests: Table<LoopId, Rest>,
    outputs: Table<OutputId, Hours<OutputFigures>>,
    loops: Table<LoopId, Hours<LoopFigures>>,
    /// In the order of [`super::equipment::Equipment::supposed`].
    sequences: Vec<Hours<SequenceFigures>>,
    hall: Hours<HallFigures>,
}

impl Shadow {
    /// True while somebody else runs the hall.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Somebody else, and what came of it; nothing where nobody is beside us.
    #[must_use]
    pub fn beside(&self) -> Option<&Beside> {
        self.0.as_deref()
    }

    /// The same, for a scan.
    pub fn beside_mut(&mut self) -> Option<&mut Beside> {
        self.0.as_deref_mut()
    }

    /// After the loops, beside another: where each would stand at rest is what it proposes.
    pub fn project(&mut self, circuits: &[Circuit], cooling: &Cooling, commands: &mut Commands, dt: Span) {
        self.beside_mut().into_iter().for_each(|beside| beside.project(circuits, cooling, commands, dt));
    }

    /// After all is decided, beside another: counts a scan of both.
    pub fn compare(&mut self, circuits: &[Circuit], scene: &Scene<'_>) {
        self.beside_mut().into_iter().for_each(|beside| beside.compare(circuits, scene));
    }

    /// Somebody else runs the hall from now on, with so many outputs, loops and sequences.
    pub fn begin(&mut self, outputs: usize, loops: usize, sequences: usize) {
        self.0 = Some(Box::new(Beside {
            theirs: Table::filled(outputs, Theirs::default()),
            rests: Table::filled(loops, Rest::default()),
            outputs: Table::filled(outputs, Hours::default()),
            loops: Table::filled(loops, Hours::default()),
            sequences: vec![Hours::default(); sequences],
            hall: Hours::default(),
        }));
    }

    /// We write from now on: outputs begin where their devices were last, and at their fail-safe where nobody knows that.
    pub fn end(&mut self, held: &mut Table<OutputId, Held>, commands: &Commands) {
        let Some(beside) = self.0.take() else { return };
        for ((_, slot), (row, held)) in commands.slots().zip(beside.theirs.rows().iter().zip(held.rows_mut())) {
            held.follow(row.value.or(Some(slot.range.failsafe)));
        }
    }
}

impl Beside {
    /// One scan: what every device holds, and our outputs as they would begin there.
    pub fn look(
        &mut self,
        (watched, image): (&Table<OutputId, Watched>, Image<'_>),
        held: &mut Table<OutputId, Held>,
        dt: Span,
    ) {
        for ((of, row), held) in watched.rows().iter().zip(self.theirs.rows_mut()).zip(held.rows_mut()) {
            row.look(of, image, dt);
            // Whoever starts and stops a machine, it does what it shall do: as on its own panel.
            held.follow(if of.is_mode { Some(RunMode::Panel.number()) } else { row.value });
        }
    }

    fn project(&mut self, circuits: &[Circuit], cooling: &Cooling, commands: &mut Commands, dt: Span) {
        for circuit in circuits {
            let (Some(row), Some(rest)) = (cooling.of(circuit.id), self.rests.get_mut(circuit.id)) else { continue };
            let Some(held) = mean(circuit, &self.theirs) else {
                *rest = Rest::default();
                continue;
            };
            let ends = circuit.drives.iter().map(|drive| (drive.range.min, drive.range.max));
            let seen = rest::Seen {
                held,
                error: row.pv.map(|pv| row.setpoint - pv).filter(|_| circuit.service.holds_ours()),
                slope: slope(circuit, cooling).map(|(slope, _)| slope),
                range: ends.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1))).unwrap_or((0.0, 100.0)),
            };
            rest.look(&seen, circuit.service.action().sign() < 0.0, dt);
            let Some(at) = rest.at() else { continue };
            for (output, _) in turning(circuit, &self.theirs) {
                commands.revise(output, Level::Control, at);
            }
        }
    }

    /// Begins to count anew.
    pub fn compare_anew(&mut self) {
        self.outputs.rows_mut().fill(Hours::default());
        self.loops.rows_mut().fill(Hours::default());
        self.sequences.fill(Hours::default());
        self.hall = Hours::default();
    }

    /// What a device holds.
    #[must_use]
    pub fn theirs(&self, output: OutputId) -> Option<&Theirs> {
        self.theirs.get(output)
    }

    /// Where a loop of ours would stand.
    #[must_use]
    pub fn rest(&self, of: LoopId) -> Option<&Rest> {
        self.rests.get(of)
    }

    /// What an output came to in the last so many hours.
    #[must_use]
    pub fn output(&self, of: OutputId, hours: usize) -> OutputFigures {
        self.outputs.get(of).map_or_else(OutputFigures::default, |row| row.over(hours))
    }

    /// What a loop came to.
    #[must_use]
    pub fn of_loop(&self, of: LoopId, hours: usize) -> LoopFigures {
        self.loops.get(of).map_or_else(LoopFigures::default, |row| row.over(hours))
    }

    /// What every sequence came to, in the order of the equipment.
    pub fn sequences(&self, hours: usize) -> impl Iterator<Item = SequenceFigures> + '_ {
        self.sequences.iter().map(move |row| row.over(hours))
    }

    /// What the hall came to.
    #[must_use]
    pub fn hall(&self, hours: usize) -> HallFigures {
        self.hall.over(hours)
    }
}

/// The drives of a loop whose devices turn, with what they hold (%). Of a CDU's pumps one stands by.
fn turning<'t>(
    circuit: &'t Circuit,
    theirs: &'t Table<OutputId, Theirs>,
) -> impl Iterator<Item = (OutputId, f64)> + 't {
    let known = circuit.drives.iter().filter_map(|drive| Some((drive.output, theirs.get(drive.output)?.value?)));
    known.filter(|(_, value)| circuit.service != Service::CduPumps || *value > 0.0)
}

/// What they hold on average (%).
fn mean(circuit: &Circuit, theirs: &Table<OutputId, Theirs>) -> Option<f64> {
    let (sum, count) = turning(circuit, theirs).fold((0.0, 0.0), |all, (_, value)| (all.0 + value, all.1 + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// What the pv of a loop goes for each percent of its output, and what says so: its own trial, or the hall's map.
#[must_use]
pub fn slope(circuit: &Circuit, cooling: &Cooling) -> Option<(f64, Basis)> {
    let tried = cooling.retunes().of(circuit.id).map(|one| (one.process.gain, Basis::Trial));
    tried.or_else(|| Some((circuit.service.map(&cooling.strategies().maps)?.gain?, Basis::Map)))
}

impl Service {
    /// The map of what a loop turns.
    #[must_use]
    pub const fn map(self, maps: &Maps) -> Option<Drive> {
        match self {
            Self::Fans => maps.fans,
            Self::Pump => maps.pump,
            Self::TowerFans(_) => maps.tower,
            Self::DryFans => maps.dry,
            Self::Valve
            | Self::Head(_)
            | Self::Damper
            | Self::Compressor
            | Self::CduValve
            | Self::CduPumps
            | Self::DoorValve
            | Self::TankValve
            | Self::CondenserValve => None,
        }
    }

    /// True where its setpoint is known although somebody else runs the plant. What a tower or a condenser holds its sequence would say,
    /// and dampers and compressors share what they hold.
    #[must_use]
    pub const fn holds_ours(self) -> bool {
        match self {
            Self::TowerFans(_) | Self::Head(_) | Self::Damper | Self::Compressor => false,
            Self::Fans
            | Self::Valve
            | Self::Pump
            | Self::DryFans
            | Self::CduValve
            | Self::CduPumps
            | Self::DoorValve
            | Self::TankValve
            | Self::CondenserValve => true,
        }
    }
}
