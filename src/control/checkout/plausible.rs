//! What cannot be, and what no instrument is needed for to see.

use plant::hall::{Hall, Kind};
use plant::id::{Id, PointId};
use plant::reading::{Reading, Why};
use plant::units::Unit;

use super::kin::{feedback_of, sibling};
use crate::control::commands::Commands;
use crate::control::quality::middle;
use crate::control::{Plan, State};

/// What is wrong with a point, as far as the others tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// It and this one are the wrong way round for the load there is.
    Swapped(PointId),
    /// It departs from what the other sensors of its point agree on by so much (the point's unit).
    Deviates(f64),
    /// What it moves is not where it is told to be: this one reports so much.
    Astray(PointId, f64),
    /// Its number looks like that of another unit.
    Misread(Misread),
}

/// How a number may have come to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misread {
    /// Degrees Fahrenheit are taken for degrees Celsius.
    Fahrenheit,
    /// Degrees Celsius are taken for degrees Fahrenheit.
    Celsius,
    /// A thousand times too much.
    TooLarge,
    /// A thousand times too little.
    TooSmall,
}

/// Two temperatures of one machine, the colder one first, and what must be above which number for that to be so.
type Pair = (Kind, &'static str, &'static str, &'static [(&'static str, f64)]);

/// Which of two is the colder one while the machine works.
const PAIRS: &[Pair] = &[
    (Kind::Rack, "inlet-air-temp", "outlet-air-temp", &[("power", 500.0)]),
    (Kind::Crah, "supply-air-temp", "return-air-temp", &[("valve-feedback", 10.0), ("fan-speed-feedback", 10.0)]),
    (Kind::Dx, "supply-air-temp", "return-air-temp", &[("compressor-feedback", 10.0), ("fan-speed-feedback", 10.0)]),
    (Kind::ChilledWater, "supply-water-temp", "return-water-temp", &[("flow", 1.0)]),
    (Kind::FacilityWater, "supply-water-temp", "return-water-temp", &[("flow", 1.0)]),
    (Kind::CondenserWater, "supply-water-temp", "return-water-temp", &[("flow", 1.0)]),
    (Kind::Chiller, "leaving-water-temp", "entering-water-temp", &[("running", 0.5), ("load", 10.0)]),
    (Kind::Chiller, "condenser-entering-temp", "condenser-leaving-temp", &[("running", 0.5), ("load", 10.0)]),
    (Kind::WaterEconomiser, "leaving-water-temp", "entering-water-temp", &[("running", 0.5), ("valve-feedback", 20.0)]),
    (Kind::DryCooler, "leaving-water-temp", "entering-water-temp", &[("fan-speed-feedback", 20.0)]),
    (Kind::Cdu, "supply-temp", "return-temp", &[("flow", 0.5)]),
    (Kind::RearDoor, "entering-water-temp", "leaving-water-temp", &[("valve-feedback", 20.0)]),
    (Kind::RoomSensor, "dew-point", "dry-bulb", &[]),
    (Kind::WeatherStation, "wet-bulb", "dry-bulb", &[]),
];

/// So much may two temperatures be the wrong way round before it is said (K).
const SURE: f64 = 0.5;
/// So far may an actuator be from where it is told to be (%).
const ASTRAY: f64 = 10.0;
/// So far from its peers a temperature is looked at (K), and so near to them the other unit must bring it.
const ODD: (f64, f64) = (10.0, 4.0);
/// A ratio to the peers between these is about a thousand.
const THOUSAND: (f64, f64) = (500.0, 2000.0);
/// What more than so many measure can be compared with the middle one of them.
const PEERS: usize = 3;

/// Everything that cannot be, in the order of the points.
#[must_use]
pub fn doubts(plan: &Plan, commands: &Commands, state: &State) -> Vec<(PointId, Doubt)> {
    let hall = &*plan.hall;
    let read = |point: PointId| match state.quality.sensor(&hall.redundant, point) {
        Reading::Fresh(at) => Some(at),
        Reading::Stale { .. } | Reading::Lost { .. } => None,
    };
    let mut found = exchanged(hall, read);
    found.extend(apart(hall, read));
    found.extend(astray(hall, commands, state));
    found.extend(misread(hall, read));
    found.sort_by_key(|(point, _)| point.index());
    found
}

/// Pairs that are the wrong way round: both of them are told.
fn exchanged(hall: &Hall, read: impl Fn(PointId) -> Option<f64>) -> Vec<(PointId, Doubt)> {
    let mut found = Vec::new();
    for (id, def) in hall.points.iter() {
        let kind = hall.equips.get(def.equip).map(|equip| equip.kind);
        let pairs = PAIRS.iter().filter(|(of, cold, ..)| Some(*of) == kind && *cold == def.short_name());
        for (_, _, warm, works) in pairs {
            let Some(other) = sibling(hall, id, warm) else { continue };
            let above =
                |(short, least): &(&str, f64)| sibling(hall, id, short).and_then(&read).is_some_and(|at| at > *least);
            let sure = read(id).zip(read(other)).is_some_and(|(cold, warm)| cold > warm + SURE);
            if sure && works.iter().all(above) {
                found.extend([(id, Doubt::Swapped(other)), (other, Doubt::Swapped(id))]);
            }
        }
    }
    found
}

/// Sensors of one point of which one departs: from the middle one of three, from each other where there are two.
fn apart(hall: &Hall, read: impl Fn(PointId) -> Option<f64>) -> Vec<(PointId, Doubt)> {
    let mut found = Vec::new();
    for rules in &hall.redundant {
        let known: Vec<(PointId, f64)> =
            rules.sensors.into_iter().flatten().filter_map(|point| Some((point, read(point)?))).collect();
        let middle = match known.as_slice() {
            [(_, a), (_, b)] => 0.5 * (a + b),
            [(_, a), (_, b), (_, c)] => middle(*a, *b, *c),
            _ => continue,
        };
        let most = if known.len() == 2 { 0.5 * rules.deviation } else { rules.deviation };
        let far = known.into_iter().filter(|(_, at)| (at - middle).abs() > most);
        found.extend(far.map(|(point, at)| (point, Doubt::Deviates(at - middle))));
    }
    found
}

/// Outputs whose actuator reports to be somewhere else, though nothing is on its way.
fn astray(hall: &Hall, commands: &Commands, state: &State) -> Vec<(PointId, Doubt)> {
    let told = |point: PointId| commands.output(point).and_then(|output| state.held.get(output));
    let mut found = Vec::new();
    for (output, slot) in commands.slots() {
        let point = slot.point;
        let on_panel = sibling(hall, point, "run-mode").and_then(told).is_some_and(|mode| mode.value < 0.5);
        let resting = state.held.get(output).filter(|held| !held.on_its_way && !on_panel);
        let (Some(held), Some(feedback)) = (resting, feedback_of(hall, point)) else { continue };
        if let Reading::Fresh(at) = state.quality.reading(feedback)
            && (at - held.value).abs() > ASTRAY
        {
            found.push((point, Doubt::Astray(feedback, at)));
        }
    }
    found
}

/// Numbers that would be ordinary in another unit, as the same points of other equipment of the kind tell.
fn misread(hall: &Hall, read: impl Fn(PointId) -> Option<f64>) -> Vec<(PointId, Doubt)> {
    let looked_at = hall.points.iter().filter(|(_, def)| matches!(def.unit, Unit::Cel | Unit::Watt | Unit::Pascal));
    let known = looked_at.filter_map(|(id, def)| {
        let kind = hall.equips.get(def.equip)?.kind;
        Some(((kind.word(), def.short_name()), def.unit, id, read(id)?))
    });
    let mut known: Vec<_> = known.collect();
    known.sort_by(|a, b| a.0.cmp(&b.0).then(a.3.total_cmp(&b.3)));
    let mut found = Vec::new();
    for alike in known.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > PEERS) {
        let Some(usual) = alike.get(alike.len() / 2).map(|middle| middle.3) else { continue };
        let odd = alike.iter().filter_map(|(_, unit, id, at)| Some((*id, Doubt::Misread(unit_of(*unit, *at, usual)?))));
        found.extend(odd);
    }
    found
}

/// In which unit a number would be what its peers say.
fn unit_of(unit: Unit, at: f64, usual: f64) -> Option<Misread> {
    if unit == Unit::Cel {
        let odd = (at - usual).abs() > ODD.0;
        let near = |other: f64| odd && (other - usual).abs() <= ODD.1;
        return match (near((at - 32.0) / 1.8), near(1.8 * at + 32.0)) {
            (true, _) => Some(Misread::Fahrenheit),
            (false, true) => Some(Misread::Celsius),
            (false, false) => None,
        };
    }
    let about = |ratio: f64| (THOUSAND.0..=THOUSAND.1).contains(&ratio);
    match (about(at / usual), about(usual / at)) {
        (true, _) => Some(Misread::TooLarge),
        (false, true) => Some(Misread::TooSmall),
        (false, false) => None,
    }
}

/// True where a point has no source at all.
#[must_use]
pub fn is_sourceless(reading: &Reading<f64>) -> bool {
    matches!(reading, Reading::Lost { why: Why::Config })
}
