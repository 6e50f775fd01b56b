//! What must hold of control in every scan of a storm, seen from outside: from what was read, what was commanded, and what the status says.
//!
//! - Nothing that is old is taken for fresh.
//! - With half of a loop's sensors lost its outputs are at their fail-safe, and with fewer at their share of the way there, whoever holds them.
//! - A chiller that runs is not told to stop, and one that control stopped not to start, within its minimum times, but by what is stronger than control.
//! - Machines start and stop, and stages change, within their times.
//!
//! What must hold afterwards is [`super::back`]'s.

use std::sync::Arc;

use plant::command::{Command, Level};
use plant::convert::f64_from_usize;
use plant::hall::sequence::RunMode;
use plant::hall::{Hall, PlantTuning};
use plant::id::PointId;
use plant::image::{Inputs, Outputs};
use plant::reading::{Reading, Sample, Why};
use plant::time::{Mono, Span};
use wattloop::control::Controller;

/// So many scans later than it may be a thing is late for certain.
const SURE: f64 = 3.0;
/// A new boot has so long to hear everything (s).
const BOOT: f64 = 120.0;
/// How often the status is looked at (s).
const LOOK: f64 = 30.0;
/// What a machine may say of itself: 0, it stands, to 1, it runs.
const WORDS: std::ops::RangeInclusive<f64> = 0.0..=1.0;
/// Two outputs that are this near are the same (%).
const SAME: f64 = 0.5;

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

/// A chiller.
struct Machine {
    name: String,
    mode: PointId,
    running: PointId,
    /// Least on and off, to start and to stop within, and least off after a loss of power (s).
    times: [f64; 5],
    told: RunMode,
    /// Since when it runs, or stands, as it was read; nothing until that was seen to change.
    since: Option<(bool, f64)>,
    /// It stood because control told it to.
    by_us: bool,
    changing: Option<f64>,
}

/// The watch over one storm.
pub struct Watch {
    hall: Arc<Hall>,
    machines: Vec<Machine>,
    /// How long a stage may take to change, by plants.
    stages: Vec<(String, f64, Option<f64>)>,
    boot: f64,
    looked: f64,
    /// Three scans (s).
    sure: f64,
    /// The first thing that did not hold.
    pub breach: Option<Breach>,
}

impl Watch {
    /// Over a hall, with a scan every `dt`.
    #[must_use]
    pub fn over(hall: &Arc<Hall>, dt: Span) -> Self {
        let name = |equip| hall.equips.get(equip).map_or_else(String::new, |def| def.name.clone());
        let rules = |of: &plant::hall::ChillerPlant| hall.strategies.plant(of.circuit);
        let machines = hall.plants.iter().flat_map(|of| {
            let m = rules(of).chiller;
            let restore = m.restore_after.min(m.least_off);
            let times = [m.least_on, m.least_off, m.start_within, m.stop_within, restore].map(Span::seconds);
            of.chillers.iter().map(move |chiller| Machine {
                name: name(chiller.of.equip),
                mode: chiller.run_mode.id(),
                running: chiller.of.running.id(),
                times,
                told: RunMode::Panel,
                since: None,
                by_us: false,
                changing: None,
            })
        });
        let stages = hall.plants.iter().map(|of| (name(of.equip), longest(rules(of)), None));
        Self {
            machines: machines.collect(),
            stages: stages.collect(),
            hall: Arc::clone(hall),
            boot: f64::NEG_INFINITY,
            looked: f64::NEG_INFINITY,
            sure: SURE * dt.seconds(),
            breach: None,
        }
    }

    /// Nobody commands, or control has just begun anew: what is known of its machines begins anew, too.
    pub fn forget(&mut self, time: f64) {
        self.boot = time;
        for machine in &mut self.machines {
            (machine.told, machine.since, machine.by_us, machine.changing) = (RunMode::Panel, None, false, None);
        }
        self.stages.iter_mut().for_each(|(_, _, since)| *since = None);
    }

    /// One scan.
    pub fn look(&mut self, look: &Look<'_>) {
        let found = self.taken_for_fresh(look).or_else(|| self.below_its_floor(look));
        let found = found.or_else(|| self.against_its_times(look)).or_else(|| self.too_long(look));
        if let (Some(what), None) = (found, &self.breach) {
            self.breach = Some(Breach { at: look.time, what });
        }
    }

    /// A reading that is fresh though its sample is old, or no number.
    fn taken_for_fresh(&self, look: &Look<'_>) -> Option<String> {
        let voted = |point: PointId| self.hall.redundant.iter().any(|of| of.of() == Some(point));
        self.hall.points.iter().filter(|(point, _)| !voted(*point)).find_map(|(point, def)| {
            let Reading::Fresh(_) = look.controller.reading(point) else { return None };
            let sample = look.inputs.samples.get(point)?;
            let (age, most) = (age(sample, look.now), def.judgement.stale_after.seconds() + self.sure);
            (sample.value.is_err() || age > most).then(|| format!("{} is fresh at an age of {age:.0} s", def.name))
        })
    }

    /// An output of a loop that has lost sensors, below its share of the way to its fail-safe.
    fn below_its_floor(&self, look: &Look<'_>) -> Option<String> {
        if look.time < self.boot + BOOT {
            return None; // what has not been heard yet is no lost sensor: its outputs are at their fail-safe
        }
        let fans = self.hall.rows.rows().iter().flat_map(|row| {
            let share = self.lost(look, row.racks.iter().map(|rack| rack.inlet.id()));
            row.fans.iter().map(move |fan| (fan.speed.id(), share))
        });
        let valves = self.hall.coils.iter().map(|coil| {
            let share = self.lost(look, std::iter::once(coil.supply_air.id()));
            (coil.valve.id(), share)
        });
        fans.chain(valves).find_map(|(output, share)| {
            let command = told(look.outputs, output)?;
            let (def, range) = self.hall.points.get(output).and_then(|def| Some((def, def.write?)))?;
            let floor = range.min + (2.0 * share).min(1.0) * (range.failsafe - range.min);
            let low = command.level >= Level::ThermalProtection && command.value < floor - SAME;
            low.then(|| format!("{} is at {:.1}, and {:.1} is its fail-safe floor", def.name, command.value, floor))
        })
    }

    /// The share of sensors that are lost for certain (1).
    fn lost(&self, look: &Look<'_>, points: impl Iterator<Item = PointId>) -> f64 {
        let (mut sourced, mut lost) = (0_usize, 0_usize);
        for point in points {
            let (Some(sample), Some(def)) = (look.inputs.samples.get(point), self.hall.points.get(point)) else {
                continue;
            };
            if sample.value == Err(Why::Config) {
                continue;
            }
            sourced += 1;
            let silent = age(sample, look.now) > def.judgement.lost_after.seconds() + self.sure;
            lost += usize::from(silent);
        }
        if sourced == 0 { 0.0 } else { f64_from_usize(lost) / f64_from_usize(sourced) }
    }

    /// A chiller that control starts or stops before its time.
    fn against_its_times(&mut self, look: &Look<'_>) -> Option<String> {
        let (mut found, sure) = (None, self.sure);
        for machine in &mut self.machines {
            let Some(command) = told(look.outputs, machine.mode) else { continue };
            let mode = RunMode::of(command.value);
            let seen = look.inputs.samples.get(machine.running).filter(|sample| age(sample, look.now) <= sure);
            // Garbage is no word: control does not see the machine then, and neither does the watch.
            let word = seen.and_then(|sample| sample.value.ok()).filter(|word| WORDS.contains(word));
            let runs = word.map(|word| word > 0.5);
            if let Some(runs) = runs.filter(|runs| machine.since.is_none_or(|(ran, _)| ran != *runs)) {
                machine.by_us = machine.since.is_some() && machine.told == RunMode::Off && !runs;
                // The first that is seen began at some time before.
                let begun = if machine.since.is_some() { look.time } else { f64::NEG_INFINITY };
                machine.since = Some((runs, begun));
            }
            let [least_on, least_off, .., restore] = machine.times;
            let lasted = machine.since.map_or(f64::INFINITY, |(_, since)| look.time - since);
            let control = command.level == Level::Control;
            let early = match (machine.told, mode, machine.since) {
                (RunMode::On, RunMode::Off, Some((true, _))) => control && lasted < least_on - sure,
                (RunMode::Off, RunMode::On, Some((false, _))) => {
                    control && machine.by_us && lasted < if look.restores { restore } else { least_off } - sure
                }
                (RunMode::Panel | RunMode::Off | RunMode::On, _, _) => false,
            };
            if early && found.is_none() {
                found = Some(format!("{} is told {mode:?} {lasted:.0} s after its last change", machine.name));
            }
            machine.told = mode;
        }
        found
    }

    /// A machine or a stage that is on its way for longer than it may be.
    fn too_long(&mut self, look: &Look<'_>) -> Option<String> {
        if look.time < self.looked + LOOK {
            return None;
        }
        self.looked = look.time;
        let status = look.controller.status();
        let mut found = None;
        for view in status.plants.iter().flat_map(|of| &of.machines) {
            let Some(machine) = self.machines.iter_mut().find(|machine| machine.name == view.name) else { continue };
            let [_, _, start, stop, _] = machine.times;
            let most = match view.step.as_str() {
                "starting" => start,
                "stopping" => stop,
                _ => {
                    machine.changing = None;
                    continue;
                }
            };
            let since = *machine.changing.get_or_insert(look.time);
            if look.time - since > most + LOOK {
                found = Some(format!("{} is {} for {:.0} s", view.name, view.step, look.time - since));
            }
        }
        for (name, most, since) in &mut self.stages {
            let Some(view) = status.plants.iter().find(|view| view.name == *name) else { continue };
            if view.rule == "panels" || view.change == "steady" {
                *since = None;
                continue;
            }
            let begun = *since.get_or_insert(look.time);
            if look.time - begun > *most + LOOK {
                found = Some(format!("{name} is {} for {:.0} s", view.change, look.time - begun));
            }
        }
        found
    }
}

/// How long a stage may take to change.
fn longest(rules: &PlantTuning) -> f64 {
    let (staging, machine) = (&rules.staging, &rules.chiller);
    let parts = [staging.limit_within, machine.start_within, machine.stop_within, staging.prove, machine.restore_after];
    parts.into_iter().map(Span::seconds).sum::<f64>() + 3.0 * staging.stagger.seconds()
}

fn told(outputs: &Outputs, output: PointId) -> Option<&Command> {
    outputs.commands.iter().find(|command| command.point == output)
}

fn age(sample: &Sample, now: Mono) -> f64 {
    now.since(sample.at).seconds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::command::Reason;
    use plant::time::{Tick, Wall};

    /// A hall whose sensors all say `value`, under control for some minutes, and the watch over it.
    struct Rig {
        hall: Arc<Hall>,
        controller: Controller,
        inputs: Inputs,
        outputs: Outputs,
        seconds: u64,
        watch: Watch,
    }

    impl Rig {
        fn new() -> Self {
            let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
            let hall = Arc::new(Hall::load(name, text).expect("loads"));
            let (controller, inputs) = (Controller::new(Arc::clone(&hall)), Inputs::unread(hall.points.len()));
            let watch = Watch::over(&hall, Span::from_secs(1));
            let mut rig = Self { hall, controller, inputs, outputs: Outputs::default(), seconds: 0, watch };
            rig.pass(300, &|_| true);
            assert_eq!(rig.watch.breach, None);
            rig
        }

        /// Scans of a second; those points are heard that `heard` names.
        fn pass(&mut self, scans: u64, heard: &dyn Fn(&str) -> bool) {
            for _ in 0..scans {
                self.scan(heard);
                self.look();
            }
        }

        fn scan(&mut self, heard: &dyn Fn(&str) -> bool) {
            self.seconds += 1;
            let mono = Mono(self.seconds * 1_000_000_000);
            for (point, def) in self.hall.points.iter().filter(|(_, def)| heard(&def.name)) {
                let value = if def.name.ends_with("inlet-air-temp") { 24.0 } else { 20.0 };
                // A tenth of a degree to and fro, so that nothing is stuck.
                let value = value + 0.1 * f64::from(u8::try_from(self.seconds % 2).expect("0 or 1"));
                let value = if def.short_name() == "running" { 0.0 } else { value };
                self.inputs.samples[point] = Sample { value: Ok(value), at: mono };
            }
            let wall = Wall(1_800_000_000_000);
            let tick = Tick { seq: self.seconds, dt: Span::from_secs(1), mono, wall, ..Tick::default() };
            self.outputs = self.controller.step(&self.inputs, tick).clone();
        }

        fn look(&mut self) {
            let (now, time) =
                (Mono(self.seconds * 1_000_000_000), f64::from(u32::try_from(self.seconds).expect("few")));
            let (controller, inputs, outputs) = (&self.controller, &self.inputs, &self.outputs);
            self.watch.look(&Look { controller, inputs, outputs, now, time, restores: false });
        }

        fn command(&mut self, name: &str) -> &mut Command {
            let point = self.hall.point(name).expect("there");
            self.outputs.commands.iter_mut().find(|command| command.point == point).expect("an output")
        }

        fn what(&self) -> &str {
            self.watch.breach.as_ref().map_or("", |breach| breach.what.as_str())
        }
    }

    #[test]
    fn a_row_that_nobody_sees_any_more_is_at_its_fail_safe_and_less_is_a_breach() {
        let mut rig = Rig::new();
        rig.pass(120, &|name| !name.starts_with("rack-a"));
        assert_eq!(rig.watch.breach, None, "control does what it should");
        rig.command("crah-1/fan-speed").value = 99.0;
        rig.look();
        assert!(rig.what().contains("crah-1/fan-speed is at 99.0"), "{}", rig.what());
    }

    #[test]
    fn an_old_sample_that_counts_as_fresh_is_a_breach() {
        let mut rig = Rig::new();
        let point = rig.hall.point("rack-a03/inlet-air-temp").expect("there");
        rig.inputs.samples[point].at = Mono(0);
        rig.look();
        assert!(rig.what().contains("rack-a03/inlet-air-temp is fresh at an age of"), "{}", rig.what());
    }

    #[test]
    fn garbage_of_a_chiller_that_runs_on_is_no_change_of_it() {
        let mut rig = Rig::new();
        let running = rig.hall.point("ch-1/running").expect("there");
        let words = [(0.0, RunMode::On), (1.0, RunMode::On)].into_iter().chain([(1.0, RunMode::On); 4000]);
        let garbage = [(7312.0, RunMode::Panel), (-455.0, RunMode::Panel), (88.0, RunMode::Panel)];
        for (word, mode) in words.chain(garbage).chain([(1.0, RunMode::On), (1.0, RunMode::Off)]) {
            rig.scan(&|_| true);
            rig.inputs.samples[running].value = Ok(word);
            let command = rig.command("ch-1/run-mode");
            (command.value, command.level, command.reason) = (mode.number(), Level::Control, Reason::Running);
            rig.look();
        }
        assert_eq!(rig.what(), "", "it ran for an hour");
    }

    #[test]
    fn a_chiller_that_is_stopped_before_its_time_is_a_breach_and_a_person_s_stop_is_none() {
        for (level, breach) in [(Level::Control, true), (Level::Operator, false)] {
            let mut rig = Rig::new();
            let running = rig.hall.point("ch-1/running").expect("there");
            for (word, mode) in [(0.0, RunMode::On), (1.0, RunMode::On), (1.0, RunMode::Off)] {
                rig.scan(&|_| true);
                rig.inputs.samples[running].value = Ok(word);
                let command = rig.command("ch-1/run-mode");
                (command.value, command.level, command.reason) = (mode.number(), level, Reason::Running);
                rig.look();
            }
            assert_eq!(rig.what().contains("ch-1 is told Off"), breach, "{level:?}: {}", rig.what());
        }
    }
}
