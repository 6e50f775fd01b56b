//! Why an output has its value, in one sentence and in full.

use plant::command::Level;
use plant::hall::Hall;
use plant::id::{EquipId, PointId};
use plant::point::PointDef;
use plant::units::Unit;

use super::{LoopView, WhyEntry, WhyLimit, WhyReport, status};
use crate::control::State;
use crate::control::commands::{Commands, Held, Limit, Proof, Slot};
use crate::control::cooling::Circuit;
use crate::control::sentence;

/// Why an output has its value; nothing for a point that is no output.
#[must_use]
pub fn why(hall: &Hall, circuits: &[Circuit], commands: &Commands, state: &State, point: PointId) -> Option<WhyReport> {
    let def = hall.points.get(point)?;
    let output = commands.output(point)?;
    let (slot, held) = (commands.slot(output)?, state.held.get(output)?);
    let circuit = circuits.iter().find(|circuit| circuit.drives.iter().any(|drive| drive.output == output));
    let owner = |level: Level| match level {
        Level::Operator => {
            state.overrides.of(point).map_or_else(|| "operator".to_owned(), |hold| format!("operator {}", hold.who))
        }
        Level::Control => {
            let own = circuit.and_then(|c| hall.loops.get(c.id)).cloned();
            own.or_else(|| sequence(hall, def.equip)).unwrap_or_else(|| "control".to_owned())
        }
        Level::ManualLifeSafety
        | Level::AutomaticLifeSafety
        | Level::LocalHand
        | Level::ThermalProtection
        | Level::CriticalEquipment
        | Level::MinimumOnOff
        | Level::ElectricalProtection
        | Level::Commissioning
        | Level::DemandResponse
        | Level::SchedulerBudget
        | Level::Optimiser
        | Level::PeakShaving
        | Level::Schedule
        | Level::Maintenance
        | Level::RelinquishDefault => sentence::level(level).to_owned(),
    };
    let held_by = |level: Level| state.overrides.of(point).filter(|_| level == Level::Operator);
    let entries = slot.entries().map(|(level, entry)| WhyEntry {
        level: level.number(),
        owner: owner(level),
        value: entry.value,
        reason: held_by(level).map_or_else(|| sentence::reason(hall, entry.reason), |hold| hold.reason.clone()),
        remaining_s: held_by(level).map(|hold| hold.remaining(state.clock.last()).seconds()),
    });
    Some(WhyReport {
        point: def.name.clone(),
        value: held.value,
        unit: def.unit.code().to_owned(),
        level: held.level.number(),
        sentence: match state.shadow.beside() {
            None => sentence_of(hall, &def.name, def.unit, held, &owner(held.level)),
            Some(beside) => {
                let theirs = beside.theirs(output).and_then(|theirs| theirs.value);
                would_be(hall, def, (held, theirs), &owner(held.level))
            }
        },
        entries: entries.collect(),
        limits: limits(hall, slot),
        written: status::written(hall, commands, state, output).unwrap_or_default(),
        control_loop: circuit.and_then(|circuit| loop_view(hall, state, circuit)),
    })
}

/// Every loop's terms.
#[must_use]
pub fn loops(hall: &Hall, circuits: &[Circuit], state: &State) -> Vec<LoopView> {
    circuits.iter().filter_map(|circuit| loop_view(hall, state, circuit)).collect()
}

/// `chw/stages`, `wse/switch`: the sequence that runs a machine.
fn sequence(hall: &Hall, equip: EquipId) -> Option<String> {
    let name = |equip: EquipId| hall.equips.get(equip).map(|def| def.name.as_str());
    let row = hall.dx_rows.iter().find(|row| row.units.iter().any(|unit| unit.of.equip == equip));
    if let Some(row) = row {
        return hall.loops.get(row.compressor_loop).cloned();
    }
    if hall.cdus.iter().any(|cdu| cdu.of.equip == equip) {
        return Some(format!("{}/sequence", name(equip)?));
    }
    let tanks = hall.tanks.iter().map(|tank| tank.of.equip);
    let tanks = tanks.chain(hall.two_phase_tanks.iter().map(|tank| tank.of.equip));
    let others = hall.doors.iter().map(|door| door.of.equip).chain(hall.heat.iter().map(|heat| heat.of.equip));
    if tanks.chain(others).chain(hall.dry.iter().map(|dry| dry.of.equip)).any(|of| of == equip) {
        return Some(format!("{}/sequence", name(equip)?));
    }
    hall.plants.iter().find_map(|plant| {
        if plant.chillers.iter().any(|c| c.of.equip == equip) {
            return Some(format!("{}/stages", name(plant.equip)?));
        }
        if plant.rejecting.is_some_and(|t| t.of.equip == equip) {
            return Some(format!("{}/tower", name(plant.equip)?));
        }
        let economiser = plant.economiser.filter(|e| e.of.equip == equip)?;
        Some(format!("{}/switch", name(economiser.of.equip)?))
    })
}

fn limits(hall: &Hall, slot: &Slot) -> Vec<WhyLimit> {
    let view = |(level, limit): (Level, Limit)| WhyLimit {
        level: level.number(),
        min: limit.min,
        max: limit.max,
        reason: sentence::reason(hall, limit.reason),
    };
    slot.limits().map(view).collect()
}

fn loop_view(hall: &Hall, state: &State, circuit: &Circuit) -> Option<LoopView> {
    let row = state.cooling.of(circuit.id)?;
    let (terms, tuning) = (row.terms(), state.cooling.tuning_of(circuit));
    Some(LoopView {
        name: hall.loops.get(circuit.id)?.clone(),
        mode: row.mode().to_owned(),
        setpoint: row.setpoint,
        because: super::ride::because(state, circuit)
            .or_else(|| super::air::because(hall, state, circuit.id))
            .or_else(|| super::supervisor::because(state, circuit.service)),
        unit: circuit.unit(hall).to_owned(),
        pv: row.pv,
        p: terms.p,
        i: terms.i,
        d: terms.d,
        ff: terms.ff,
        output: terms.output,
        gain: tuning.gain,
        ti_s: tuning.ti.seconds(),
        scheduled: super::schedule::at(state, circuit),
        retuned: state.cooling.retunes().of(circuit.id).map(|of| format!("{}: {}", of.who, of.reason)),
    })
}

/// `crah-1/fan-speed would be at 46.0 %: level 16 (row-a/fans), the worst inlet is rack-a07/inlet-air-temp; in shadow nothing is written, and
/// its device holds 60.0 %.`
fn would_be(hall: &Hall, def: &PointDef, (held, theirs): (&Held, Option<f64>), owner: &str) -> String {
    let (name, value, unit, number) = (&def.name, held.value, def.unit.pretty(), held.level.number());
    let reason = sentence::reason(hall, held.reason);
    let theirs = theirs.map_or_else(
        || "nobody knows what its device holds".to_owned(),
        |value| format!("its device holds {value:.1} {unit}"),
    );
    format!(
        "{name} would be at {value:.1} {unit}: level {number} ({owner}), {reason}; in shadow nothing is written, and {theirs}."
    )
}

/// `crah-1/fan-speed is at 46.0 %: level 16 (row-a/fans), the worst inlet is rack-a07/inlet-air-temp.`
fn sentence_of(hall: &Hall, name: &str, unit: Unit, held: &Held, owner: &str) -> String {
    let (value, unit, number) = (held.value, unit.pretty(), held.level.number());
    let reason = sentence::reason(hall, held.reason);
    let way = if held.on_its_way { "; it is on its way, as fast as the equipment may move" } else { "" };
    let proof = match held.proof {
        Proof::Unheard | Proof::Proven => "",
        Proof::Acknowledged => "; the device acknowledged it, and nothing reads it back: unproven",
        Proof::Doubted => "; whether the device holds it is in doubt",
    };
    format!("{name} is at {value:.1} {unit}: level {number} ({owner}), {reason}{way}{proof}.")
}
