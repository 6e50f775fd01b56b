//! What a checkout shows: every point with what is wrong with it, and the check that runs.

use plant::hall::Hall;
use plant::id::PointId;
use plant::time::Span;
use plant::units::Unit;
use serde::{Deserialize, Serialize};

use crate::control::checkout::{Check, Doubt, Force, Misread, Of, Silence, doubts, feedback_of, is_sourceless};
use crate::control::commands::Commands;
use crate::control::{Plan, State, sentence};

/// One point of a checkout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckPoint {
    /// The whole name.
    pub point: String,
    /// What it is, for people: `crah supply air temp`.
    pub description: String,
    /// The UCUM code of its unit.
    pub unit: String,
    /// False where the hall has no device behind it.
    pub sourced: bool,
    /// What it reads; of a point of more than one sensor what this one reads itself. Nothing where it is lost.
    pub value: Option<f64>,
    /// 192, 500 or 0.
    pub quality: u16,
    /// What is wrong with the reading, if anything.
    pub why: Option<String>,
    /// Age of the last sample (s).
    pub age_s: f64,
    /// What cannot be, each a sentence.
    pub doubts: Vec<String>,
    /// For an output: what it is told now, and what limits leave of its range.
    pub told: Option<(f64, f64, f64)>,
    /// For an output: the safe value that the hall's file has.
    pub failsafe: Option<f64>,
    /// For an output: who reports where its actuator is, and where that is; nothing while it is not known.
    pub feedback: Option<(String, Option<f64>)>,
    /// True for what a product has beyond its kind.
    pub monitored_only: bool,
}

/// A check of an output or a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckView {
    /// The output that is moved, or the equipment that hears nothing.
    pub of: String,
    /// `moved`, `back`, `silent`, `looked_at` or `over`.
    pub stage: String,
    /// How it ended; nothing while it runs.
    pub end: Option<String>,
    /// The same, for people.
    pub because: Option<String>,
    /// How long it has run (s).
    pub gone_s: f64,
    /// Of an output: what was seen.
    pub force: Option<ForceView>,
    /// Of a device: what was seen of each output.
    pub silent: Vec<SilentView>,
}

/// What was seen of an output that is moved, in its canonical unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForceView {
    /// Where it stood.
    pub from: f64,
    /// Where it went.
    pub to: f64,
    /// When it had gone all the way (s).
    pub told_after_s: Option<f64>,
    /// When its device was read back to hold it (s).
    pub proven_after_s: Option<f64>,
    /// When its actuator had followed (s).
    pub followed_after_s: Option<f64>,
    /// What the device held last.
    pub seen: Option<f64>,
    /// Where the actuator reported to be last.
    pub reported: Option<f64>,
}

/// What was seen of an output of a silent device, in its canonical unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilentView {
    /// The output.
    pub point: String,
    /// What it was told before.
    pub told: f64,
    /// What its register held after the silence.
    pub held: Option<f64>,
    /// Who reports where its actuator is.
    pub feedback: Option<String>,
    /// What that reported after the silence.
    pub reported: Option<f64>,
}

/// Every point, in the hall's order.
#[must_use]
pub fn check_points(plan: &Plan, commands: &Commands, state: &State) -> Vec<CheckPoint> {
    let hall = &*plan.hall;
    let mut wrong = doubts(plan, commands, state).into_iter().peekable();
    let mut rows = Vec::with_capacity(hall.points.len());
    for (id, def) in hall.points.iter() {
        let mut doubts = Vec::new();
        while let Some((_, doubt)) = wrong.next_if(|(point, _)| *point == id) {
            doubts.push(told(hall, def.unit, doubt));
        }
        let reading = state.quality.sensor(&hall.redundant, id);
        let held = commands.output(id).and_then(|output| state.held.get(output));
        rows.push(CheckPoint {
            point: def.name.clone(),
            description: description(hall, id),
            unit: def.unit.code().to_owned(),
            sourced: !is_sourceless(&reading),
            value: reading.usable(),
            quality: reading.quality(),
            why: reading.why().map(|why| why.to_string()),
            age_s: state.clock.last().mono.since(state.quality.heard(id)).seconds(),
            doubts,
            told: held.map(|held| (held.value, held.allowed.0, held.allowed.1)),
            failsafe: def.write.map(|range| range.failsafe),
            feedback: feedback_of(hall, id)
                .filter(|_| held.is_some())
                .map(|of| (name(hall, of), state.quality.reading(of).usable())),
            monitored_only: def.monitored_only,
        });
    }
    rows
}

fn name(hall: &Hall, point: PointId) -> String {
    hall.points.get(point).map_or_else(String::new, |def| def.name.clone())
}

fn description(hall: &Hall, point: PointId) -> String {
    let Some(def) = hall.points.get(point) else { return String::new() };
    let kind = hall.equips.get(def.equip).map_or("", |equip| equip.kind.word());
    format!("{} {}", kind.replace('-', " "), def.short_name().replace('-', " "))
}

/// A doubt as a sentence.
fn told(hall: &Hall, unit: Unit, doubt: Doubt) -> String {
    match doubt {
        Doubt::Swapped(other) => {
            format!("it and {} are the wrong way round for the load there is: swapped?", name(hall, other))
        }
        Doubt::Deviates(by) => {
            format!("it departs from the other sensors of its point by {by:.1} {}", unit.difference().pretty())
        }
        Doubt::Astray(feedback, at) => {
            format!(
                "its actuator is not where it is told to be: {} reports {at:.1} {}",
                name(hall, feedback),
                unit.pretty()
            )
        }
        Doubt::Misread(Misread::Fahrenheit) => {
            "beside its peers it looks like degrees Fahrenheit that are read as degrees Celsius".to_owned()
        }
        Doubt::Misread(Misread::Celsius) => {
            "beside its peers it looks like degrees Celsius that are read as degrees Fahrenheit".to_owned()
        }
        Doubt::Misread(Misread::TooLarge) => "beside its peers it is a thousand times too large".to_owned(),
        Doubt::Misread(Misread::TooSmall) => "beside its peers it is a thousand times too small".to_owned(),
    }
}

/// The check that runs, or the last one.
#[must_use]
pub fn check(plan: &Plan, state: &State) -> Option<CheckView> {
    let (hall, check) = (&*plan.hall, state.checkouts.latest()?);
    let Check { of, gone, end } = check;
    let (of, stage, force, silent) = match of {
        Of::Force(force) => {
            let stage = if force.back.is_some() { "back" } else { "moved" };
            (name(hall, force.point), stage, Some(forced(force)), Vec::new())
        }
        Of::Silence(silence) => {
            let stage = if silence.looks() { "looked_at" } else { "silent" };
            let equip = hall.equips.get(silence.equip).map_or_else(String::new, |def| def.name.clone());
            (equip, stage, None, silenced(hall, silence))
        }
    };
    Some(CheckView {
        of,
        stage: end.map_or(stage, |_| "over").to_owned(),
        end: end.map(|end| end.word().to_owned()),
        because: end.map(|end| sentence::check_end(end).to_owned()),
        gone_s: gone.seconds(),
        force,
        silent,
    })
}

fn forced(force: &Force) -> ForceView {
    let seconds = |span: Option<Span>| span.map(Span::seconds);
    ForceView {
        from: force.from,
        to: force.to,
        told_after_s: seconds(force.told_after),
        proven_after_s: seconds(force.proven_after),
        followed_after_s: seconds(force.followed_after),
        seen: force.seen,
        reported: force.reported,
    }
}

fn silenced(hall: &Hall, silence: &Silence) -> Vec<SilentView> {
    let view = |of: &crate::control::checkout::Silent| SilentView {
        point: name(hall, of.point),
        told: of.told,
        held: of.held,
        feedback: of.feedback.map(|point| name(hall, point)),
        reported: of.reported,
    };
    silence.outputs.iter().map(view).collect()
}
