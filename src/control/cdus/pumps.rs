//! The pumps of a CDU: who runs, who takes the place of one that is lost, who changes places.

mod moves;
mod shift;

use plant::command::{Level, Reason};
use plant::event::{About, Step as Told, Trouble, What};
use plant::hall::sequence::cdu::{CduPump, PUMPS, PumpTuning};
use plant::hall::sequence::{MachineTuning, RunMode};
use plant::id::Id;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Scan;
use crate::control::clock::sum;
use crate::control::news::News;
use crate::control::sequence::machine::{Life, Machine, Seen, Sight};
use crate::control::sequence::roster::MachineId;
use crate::control::sequence::{Sequence, Timer};
pub use shift::Shift;

/// A pump this near to what it is told is there (%).
const NEAR: f64 = 5.0;

/// What is seen of a CDU's pumps in one scan.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Each pump.
    pub seen: [Seen; PUMPS],
    /// Pressure below its setpoint (Pa); nothing while it is not known now.
    pub pressure: Option<f64>,
}

/// The pumps of a CDU.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pumps {
    machines: [Machine; PUMPS],
    told: [bool; PUMPS],
    /// How many shall run.
    target: u8,
    shift: Sequence<Shift>,
    since_shift: Span,
    since_rotation: Span,
    starved: Timer,
    slow: Timer,
    /// The speed at which those that run were proven last (%).
    speed: f64,
    /// Who takes the place of a lost one, until it is proven.
    taking_over: Option<MachineId>,
    /// All were lost at once.
    all_lost: bool,
    /// The last change did not come to what it was for.
    abandoned: bool,
}

impl Pumps {
    /// Not seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            machines: [Machine::new(); PUMPS],
            told: [false; PUMPS],
            target: 1,
            shift: Sequence::at(Shift::Steady),
            since_shift: Span::ZERO,
            since_rotation: Span::ZERO,
            starved: Timer::default(),
            slow: Timer::default(),
            speed: 0.0,
            taking_over: None,
            all_lost: false,
            abandoned: false,
        }
    }

    /// As after a new boot: nothing is known but run-times and when two changed places.
    pub fn forget(&mut self) {
        let (mut machines, since_rotation) = (self.machines, self.since_rotation);
        machines.iter_mut().for_each(Machine::forget);
        *self = Self { machines, since_rotation, ..Self::new() };
    }

    /// Taken over as found: what runs runs on.
    pub fn adopt(&mut self, rules: &PumpTuning) {
        self.told = self.machines.map(|machine| machine.is_running());
        self.target = rules.running;
        self.shift = Sequence::at(Shift::Steady);
        (self.since_shift, self.starved, self.slow) = (Span::ZERO, Timer::default(), Timer::default());
        (self.taking_over, self.all_lost, self.abandoned) = (None, false, false);
    }

    /// One scan in which somebody else runs them.
    pub fn look_on(&mut self, scan: &Scan<'_>, row: &Row, news: &mut News<'_>) {
        self.watch(scan, &row.seen.map(|seen| seen.on_panel(true)), news);
        self.told = self.machines.map(|machine| machine.is_running());
        self.shift = Sequence::at(Shift::Steady);
        (self.since_shift, self.taking_over) = (Span::ZERO, None);
    }

    /// One scan under control.
    pub fn step(&mut self, scan: &Scan<'_>, row: &Row, news: &mut News<'_>) {
        let (rules, dt) = (&scan.tuning.pumps, scan.scene.dt);
        let (ran, before) = (self.count(|m| m.life() == Life::On), self.machines.map(|machine| machine.life()));
        self.watch(scan, &row.seen, news);
        if self.told == [false; PUMPS] {
            // What is found running, while nobody is told to run, runs on.
            let found = |(machine, before): (&Machine, Life)| {
                machine.life() == Life::On && matches!(before, Life::Unseen { .. })
            };
            for (told, found) in self.told.iter_mut().zip(self.machines.iter().zip(before).map(found)) {
                *told = found;
            }
        }
        self.since_shift = sum(self.since_shift, dt);
        self.since_rotation = sum(self.since_rotation, dt);
        let lost = self.count(|m| m.life() == Life::On) < ran;
        for (told, machine) in self.told.iter_mut().zip(&self.machines) {
            *told &= machine.trouble().is_none();
        }
        let told = scan.wiring.pumps.iter().filter_map(|pump| scan.scene.told(*pump)).fold(0.0, f64::max);
        if self.runs() {
            self.all_lost = false;
            // A pump that is running down takes the pressure with it, and the loop goes after it: what counts is the speed before.
            if !lost && row.pressure.is_some_and(|below| below < rules.starved.0) {
                self.speed = told;
            }
        } else if lost && self.machines.iter().all(stopped_itself) {
            self.all_lost = true;
            self.machines.iter_mut().for_each(Machine::lost_power);
            news.warn(About::Equip(scan.of.of.equip), What::Step(Told::Restoring));
        }
        // One that is still on its way up has not shown yet that it is not enough. Of one that is not seen now the pressure alone tells.
        let there = |(machine, pump): (&Machine, &CduPump)| {
            machine.is_running() && scan.scene.fresh(pump.feedback).is_none_or(|speed| speed >= told - NEAR)
        };
        let quiet = self.shift.step() == Shift::Steady && self.machines.iter().zip(&scan.of.pumps).any(there);
        self.starved.count(quiet && row.pressure.is_some_and(|below| below >= rules.starved.0), dt);
        self.slow.count(quiet && self.is_slow(scan), dt);
        self.turn(scan, &row.seen, news);
    }

    /// The speed of pump `n` (%) with its level and reason; `output` is what the pressure's loop gives.
    #[must_use]
    pub fn order(&self, n: usize, output: f64, follows: Reason) -> (Level, f64, Reason) {
        let id = MachineId::from_index(n);
        let Some(machine) = self.machines.get(n) else { return (Level::Control, 0.0, Reason::Standby) };
        let runs = match machine.run_mode() {
            RunMode::On => true,
            RunMode::Off => false,
            RunMode::Panel => machine.is_running(), // not seen: as it was
        };
        if self.taking_over == Some(id) && runs {
            let last = if self.speed > 0.0 { self.speed } else { output };
            return (Level::CriticalEquipment, last, Reason::FailOver);
        }
        match (runs, machine.trouble()) {
            (true, _) => (Level::Control, output, follows),
            (false, Some(trouble)) => (Level::Control, 0.0, Reason::Failed(trouble)),
            (false, None) => (Level::Control, 0.0, Reason::Standby),
        }
    }

    /// Each pump as a machine.
    #[must_use]
    pub const fn machines(&self) -> &[Machine; PUMPS] {
        &self.machines
    }

    /// What is in flight.
    #[must_use]
    pub const fn shift(&self) -> Shift {
        self.shift.step()
    }

    /// How many shall run.
    #[must_use]
    pub const fn target(&self) -> u8 {
        self.target
    }

    /// True when the last change did not come to what it was for.
    #[must_use]
    pub const fn has_abandoned(&self) -> bool {
        self.abandoned
    }

    /// True while one is on its way.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        self.machines.iter().any(|machine| machine.life() == Life::Starting)
    }

    /// True when it is known of each whether it runs.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.machines.iter().all(|machine| !matches!(machine.life(), Life::Unseen { .. }))
    }

    /// True when it is known of none.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.machines.iter().all(|machine| matches!(machine.life(), Life::Unseen { .. }))
    }

    /// True while one runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.machines.iter().any(Machine::is_running)
    }

    /// True when none runs, is on its way or can be told to run, and not because somebody wants it so: their panel knows better.
    #[must_use]
    pub fn is_helpless(&self, scan: &Scan<'_>, seen: &[Seen; PUMPS]) -> bool {
        let rules = &scan.tuning.pumps;
        // Where all were lost their power may come back; a drive that reports a fault has it, and a wait has an end.
        let bound = sum(stagger(scan), rules.start_within);
        let gone = |(machine, seen): (&Machine, &Seen)| {
            let stopped = machine.life() == Life::Failed(Trouble::StoppedItself);
            let waits = self.all_lost && stopped && seen.fault == Sight::Known(false) && machine.since() <= bound;
            !machine.is_able() && !machine.is_running() && !waits
        };
        // Where somebody holds a pump at nought that is what he wants.
        let amiss = |(machine, seen): (&Machine, &Seen)| {
            let unseen = matches!(machine.life(), Life::Unseen { .. });
            (unseen || machine.trouble().is_some()) && seen.held != Some(RunMode::Off)
        };
        self.machines.iter().zip(seen).all(gone) && self.machines.iter().zip(seen).any(amiss)
    }

    fn watch(&mut self, scan: &Scan<'_>, seen: &[Seen; PUMPS], news: &mut News<'_>) {
        let of = &scan.tuning.pumps;
        let rules = MachineTuning {
            least_on: Span::ZERO,
            least_off: Span::ZERO,
            between_starts: Span::ZERO,
            start_within: of.start_within,
            stop_within: of.stop_within,
            lost_after: of.proof,
            // Where all were lost their power was, most likely: they come back one CDU after the other.
            restore_after: if self.all_lost { stagger(scan) } else { of.retry_after },
            retry_after: of.retry_after,
        };
        for (((machine, told), seen), pump) in self.machines.iter_mut().zip(self.told).zip(seen).zip(&scan.of.pumps) {
            let item = machine.step(&rules, (*seen, told), scan.scene.dt);
            news.machine(About::Point(pump.speed.id()), item);
        }
    }

    /// Two turn so slowly that one would do.
    fn is_slow(&self, scan: &Scan<'_>) -> bool {
        let mut speeds = scan.of.pumps.iter().map(|pump| scan.scene.fresh(pump.feedback));
        self.present() > 1 && speeds.all(|speed| speed.is_some_and(|speed| speed < scan.tuning.pumps.slow.0))
    }

    fn ids(&self) -> impl Iterator<Item = (MachineId, &Machine)> {
        self.machines.iter().enumerate().map(|(n, machine)| (MachineId::from_index(n), machine))
    }

    /// How many run, or are told to and on their way.
    fn present(&self) -> u8 {
        self.count(|machine| match machine.life() {
            Life::On | Life::Starting | Life::Unseen { ran: true } => true,
            Life::Off | Life::Stopping | Life::Failed(_) | Life::Unseen { ran: false } => false,
        })
    }

    fn count(&self, so: impl Fn(&Machine) -> bool) -> u8 {
        u8::try_from(self.machines.iter().filter(|machine| so(machine)).count()).unwrap_or(u8::MAX)
    }

    fn is_told(&self, id: MachineId) -> bool {
        self.told.get(id.index()).copied().unwrap_or(false)
    }

    fn tell(&mut self, id: MachineId, run: bool) {
        if let Some(told) = self.told.get_mut(id.index()) {
            *told = run;
        }
    }

    fn life(&self, id: MachineId) -> Life {
        self.machines.get(id.index()).map_or(Life::Unseen { ran: false }, Machine::life)
    }
}

/// After how long a CDU tries again where all pumps were lost: one CDU after the other.
fn stagger(scan: &Scan<'_>) -> Span {
    scan.tuning.pumps.stagger.times(u64::try_from(scan.place).unwrap_or(0))
}

/// It was lost, with or without a word of its drive.
fn stopped_itself(machine: &Machine) -> bool {
    matches!(machine.life(), Life::Failed(Trouble::StoppedItself | Trouble::Fault))
}

impl Default for Pumps {
    fn default() -> Self {
        Self::new()
    }
}
