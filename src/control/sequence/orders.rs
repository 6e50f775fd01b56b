//! What a machine of a sequence is told, and what nobody weaker may tell it.

use plant::command::{Level, Reason};
use plant::hall::sequence::RunMode;
use plant::id::PointId;

use super::machine::Machine;
use crate::control::commands::{Commands, OutputId};

/// Proposes one machine's run mode.
pub fn tell(commands: &mut Commands, (output, on_panels): (OutputId, bool), machine: &Machine, wanted: Reason) {
    if on_panels {
        commands.propose(output, Level::Control, RunMode::Panel.number(), Reason::OnPanel);
    } else {
        commands.propose(output, Level::Control, machine.run_mode().number(), machine.reason().unwrap_or(wanted));
    }
}

/// True while a person holds a machine off.
pub fn is_held_off(commands: &Commands, output: OutputId) -> bool {
    commands.slot(output).is_some_and(|slot| {
        let mut people = slot.entries().filter(|(level, _)| *level == Level::Operator);
        people.any(|(_, entry)| RunMode::of(entry.value) == RunMode::Off)
    })
}

/// Thermal protection takes a machine that a person holds off. One that is in trouble stays as it is.
pub fn rescue(commands: &mut Commands, (output, machine): (OutputId, &Machine), hot: PointId) {
    if is_held_off(commands, output) && machine.trouble().is_none() {
        commands.propose(output, Level::ThermalProtection, RunMode::On.number(), Reason::OverTemperature(hot));
    }
}

/// A minimum time that is not over speaks up where somebody weaker wants something else. A panel keeps its own.
pub fn keep(commands: &mut Commands, output: OutputId, kept: Option<RunMode>) {
    let winner = commands.slot(output).map(|slot| slot.winner());
    if let (Some(kept), Some((level, entry))) = (kept, winner)
        && level > Level::MinimumOnOff
        && ![kept, RunMode::Panel].contains(&RunMode::of(entry.value))
    {
        commands.propose(output, Level::MinimumOnOff, kept.number(), Reason::MinimumTime);
    }
}
