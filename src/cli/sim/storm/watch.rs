//! What must hold of control in every scan of a storm, seen from outside: from what was read, what was commanded, and what the status says.
//!
//! - Nothing that is old is taken for fresh.
//! - With half of a loop's sensors lost, by silence or by what they say, its outputs are at their fail-safe, and with fewer at their share of the way there, whoever holds them.
//! - A machine that runs is not told to stop, and one that control stopped not to start, within its minimum times, but by what is stronger than control;
//!   fans and valves that rest do so for their least time.
//! - Machines start and stop, and stages and crews change, within their times.
//!
//! What must hold afterwards is [`super::back`]'s.

mod floors;
mod times;
mod ways;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use plant::command::Command;
use plant::hall::Hall;
use plant::hall::sequence::RunMode;
use plant::id::{PointId, Table};
use plant::image::{Inputs, Outputs};
use plant::reading::{Reading, Sample, Why};
use plant::time::{Mono, Span};
use wattloop::control::Controller;

use floors::Guarded;
use times::{Machine, Rest};
use ways::Ways;

/// So many scans later than it may be a thing is late for certain.
const SURE: f64 = 3.0;
/// A new boot has so long to hear everything (s).
const BOOT: f64 = 120.0;

/// What did not hold, and when (s after the begin).
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// When.
    pub at: f64,
    /// What.
    pub what: String,
}

/// One scan of a storm, as it is seen from outside.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The controller after its scan.
    pub controller: &'a Controller,
    /// What it was given.
    pub inputs: &'a Inputs,
    /// What it decided.
    pub outputs: &'a Outputs,
    /// The scan's time.
    pub now: Mono,
    /// Time after the begin (s).
    pub time: f64,
    /// Power was lost, or came back a while ago: machines start again sooner than after a stop.
    pub restores: bool,
}

/// The watch over one storm.
pub struct Watch {
    hall: Arc<Hall>,
    guarded: Vec<Guarded>,
    machines: Vec<Machine>,
    rests: Vec<Rest>,
    ways: Ways,
    /// For how long each point has said nothing that is a value (s).
    mute: Table<PointId, f64>,
    before: f64,
    boot: f64,
    /// Three scans (s).
    sure: f64,
    /// The first thing that did not hold.
    pub breach: Option<Breach>,
}

impl Watch {
    /// Over a hall, with a scan every `dt`.
    #[must_use]
    pub fn over(hall: &Arc<Hall>, dt: Span) -> Self {
        Self {
            guarded: floors::all(hall),
            machines: times::machines(hall),
            rests: times::rests(hall),
            ways: Ways::of(hall),
            mute: Table::filled(hall.points.len(), 0.0),
            before: 0.0,
            hall: Arc::clone(hall),
            boot: f64::NEG_INFINITY,
            sure: SURE * dt.seconds(),
            breach: None,
        }
    }

    /// Nobody commands, or control has just begun anew: what is known of its machines begins anew, too.
    pub fn forget(&mut self, time: f64) {
        self.boot = time;
        self.machines.iter_mut().for_each(Machine::forget);
        self.rests.iter_mut().for_each(Rest::forget);
        self.ways.forget();
    }

    /// One scan.
    pub fn look(&mut self, look: &Look<'_>) {
        let sure = self.sure;
        self.listen(look);
        let found = self.taken_for_fresh(look).or_else(|| self.below_its_floor(look));
        // Each of them follows in every scan, whatever was found before.
        let early = self.machines.iter_mut().filter_map(|machine| machine.early(look, sure)).reduce(|first, _| first);
        let short = self.rests.iter_mut().filter_map(|rest| rest.short(look, sure)).reduce(|first, _| first);
        let late = self.ways.late(look);
        if let (Some(what), None) = (found.or(early).or(short).or(late), &self.breach) {
            self.breach = Some(Breach { at: look.time, what });
        }
    }

    /// Who speaks no value: a fault's code, no number, one beyond the range. Of more than one sensor the vote says who is believed.
    fn listen(&mut self, look: &Look<'_>) {
        let dt = look.time - self.before;
        self.before = look.time;
        for ((point, def), mute) in self.hall.points.iter().zip(self.mute.rows_mut()) {
            let range = def.judgement.min..=def.judgement.max;
            let voted = self.hall.redundant.iter().any(|of| of.of() == Some(point));
            let speaks = voted
                || look.inputs.samples.get(point).is_none_or(|sample| match sample.value {
                    Ok(value) => range.contains(&value),
                    // One read that failed may succeed next time, until its last value is too old.
                    Err(why) => matches!(why, Why::Config | Why::Comm | Why::Timeout | Why::Exception(_)),
                });
            *mute = if speaks { 0.0 } else { *mute + dt };
        }
    }

    /// A reading that is fresh though its sample is old, or no number.
    fn taken_for_fresh(&self, look: &Look<'_>) -> Option<String> {
        let voted = |point: PointId| self.hall.redundant.iter().any(|of| of.of() == Some(point));
        self.hall.points.iter().filter(|(point, _)| !voted(*point)).find_map(|(point, def)| {
            let Reading::Fresh(_) = look.controller.reading(point) else { return None };
            let sample = look.inputs.samples.get(point)?;
            let (age, most) = (age(sample, look.now), def.judgement.stale_after.seconds() + self.sure);
            let mute = self.mute.get(point).is_some_and(|mute| *mute > self.sure);
            (sample.value.is_err() || mute || age > most)
                .then(|| format!("{} is fresh at an age of {age:.0} s", def.name))
        })
    }

    /// An output of a loop that has lost sensors, short of its share of the way to its fail-safe.
    fn below_its_floor(&self, look: &Look<'_>) -> Option<String> {
        if look.time < self.boot + BOOT {
            return None; // what has not been heard yet is no lost sensor: its outputs are at their fail-safe
        }
        self.guarded.iter().find_map(|of| of.short(&self.hall, look, (self.sure, &self.mute)))
    }
}

fn told(outputs: &Outputs, output: PointId) -> Option<&Command> {
    outputs.commands.iter().find(|command| command.point == output)
}

/// What a machine's run mode is told; nothing where nobody tells it.
fn mode(outputs: &Outputs, output: PointId) -> Option<RunMode> {
    told(outputs, output).map(|command| RunMode::of(command.value))
}

fn age(sample: &Sample, now: Mono) -> f64 {
    now.since(sample.at).seconds()
}
