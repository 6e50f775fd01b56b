//! A crew: pumps that serve one thing together, of which some run and the others stand by. Who runs, who takes the place of one that is
//! lost, who changes places. What they are wanted for is their owner's: a CDU, a water's header.

mod moves;

use plant::event::{About, Trouble};
use plant::hall::sequence::pumps::PumpTuning;
use plant::hall::sequence::{MachineTuning, RunMode};
use plant::id::{Id, Table};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::machine::{Life, Machine, Seen, Sight};
use super::roster::{MachineId, RunTime};
use super::shift::Shift;
use super::{Sequence, sum};
use crate::control::news::News;

/// The numbers that a crew runs by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrewRules {
    /// The times of each.
    pub machine: MachineTuning,
    /// How long both run before the old one stops, when two change places.
    pub prove: Span,
    /// From the end of one change to the next start: while they start again after all were lost.
    pub stagger: Span,
    /// Two change places so often.
    pub rotate_every: Span,
    /// But only when their run-times differ by more.
    pub rotate_gap: Span,
}

impl CrewRules {
    /// Those of pumps. `restore` says after how long those try again that were all lost at once: their power was, most likely.
    #[must_use]
    pub fn of(of: &PumpTuning, restore: Option<Span>) -> Self {
        let machine = MachineTuning {
            least_on: Span::ZERO,
            least_off: Span::ZERO,
            between_starts: Span::ZERO,
            start_within: of.start_within,
            stop_within: of.stop_within,
            lost_after: of.proof,
            restore_after: restore.unwrap_or(of.retry_after),
            retry_after: of.retry_after,
        };
        let (rotate_every, rotate_gap) = (of.rotate_every, of.rotate_gap);
        Self { machine, prove: of.prove, stagger: Span::ZERO, rotate_every, rotate_gap }
    }
}

/// The pumps of a crew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crew {
    machines: Table<MachineId, Machine>,
    told: Table<MachineId, bool>,
    /// How many shall run.
    target: u8,
    shift: Sequence<Shift>,
    since_shift: Span,
    since_rotation: Span,
    /// The word of one is doubted.
    doubted: bool,
    /// The last change did not come to what it was for.
    abandoned: bool,
}

impl Crew {
    /// Of so many that nobody has seen.
    #[must_use]
    pub fn new(machines: usize) -> Self {
        Self {
            machines: Table::filled(machines, Machine::new()),
            told: Table::filled(machines, false),
            target: 1,
            shift: Sequence::at(Shift::Steady),
            since_shift: Span::ZERO,
            since_rotation: Span::ZERO,
            doubted: false,
            abandoned: false,
        }
    }

    /// As after a new boot: nothing is known but run-times and when two changed places.
    pub fn forget(&mut self) {
        self.machines.rows_mut().iter_mut().for_each(Machine::forget);
        self.told.rows_mut().fill(false);
        self.target = 1;
        self.rest();
    }

    fn rest(&mut self) {
        self.shift = Sequence::at(Shift::Steady);
        (self.since_shift, self.doubted, self.abandoned) = (Span::ZERO, false, false);
    }

    /// Taken over as found: what runs runs on, and so many shall run.
    pub fn adopt(&mut self, target: u8) {
        self.tell_as_found();
        self.rest();
        self.target = target;
    }

    /// One scan in which somebody else runs them.
    pub fn look_on(
        &mut self,
        rules: &CrewRules,
        (seen, about): (impl Fn(MachineId) -> Seen, impl Fn(MachineId) -> About),
        dt: Span,
        news: &mut News<'_>,
    ) {
        self.run(rules, (|id| seen(id).on_panel(true), about), dt, news);
        self.tell_as_found();
        self.shift = Sequence::at(Shift::Steady);
        self.since_shift = Span::ZERO;
    }

    /// The machines by a scan under control. True when fewer run than before.
    pub fn watch(
        &mut self,
        rules: &CrewRules,
        (seen, about): (impl Fn(MachineId) -> Seen, impl Fn(MachineId) -> About),
        dt: Span,
        news: &mut News<'_>,
    ) -> bool {
        let ran = self.running();
        self.doubted = self.machines.ids().any(|id| seen(id).running == Sight::Doubted);
        self.run(rules, (seen, about), dt, news);
        self.since_shift = sum(self.since_shift, dt);
        self.since_rotation = sum(self.since_rotation, dt);
        for (told, machine) in self.told.rows_mut().iter_mut().zip(self.machines.rows()) {
            // One that a person holds off is chosen anew when it is given back, so that several do not start in one scan.
            *told &= machine.trouble().is_none() && !(machine.is_held() && machine.life() == Life::Off);
        }
        self.keep_what_runs();
        self.running() < ran
    }

    fn run(
        &mut self,
        rules: &CrewRules,
        (seen, about): (impl Fn(MachineId) -> Seen, impl Fn(MachineId) -> About),
        dt: Span,
        news: &mut News<'_>,
    ) {
        let none_told = !self.told.rows().contains(&true);
        for id in self.machines.ids() {
            let (Some(machine), Some(told)) = (self.machines.get_mut(id), self.told.get_mut(id)) else { continue };
            let before = machine.life();
            let item = machine.step(&rules.machine, (seen(id), *told), dt);
            news.machine(about(id), item);
            if none_told {
                // What is found running, while nobody is told to run, runs on.
                *told = machine.life() == Life::On && matches!(before, Life::Unseen { .. });
            }
        }
    }

    /// One that runs and is needed goes on, whoever started it.
    fn keep_what_runs(&mut self) {
        let missing = usize::from(self.target).saturating_sub(self.carried());
        let idle = self.told.rows_mut().iter_mut().zip(self.machines.rows());
        let running = idle.filter(|(told, machine)| !**told && machine.life() == Life::On);
        running.take(missing).for_each(|(told, _)| *told = true);
    }

    /// How many of those that are told to run are known to run.
    fn carried(&self) -> usize {
        self.machines.iter().filter(|(id, machine)| self.is_told(*id) && machine.life() == Life::On).count()
    }

    fn tell_as_found(&mut self) {
        for (told, machine) in self.told.rows_mut().iter_mut().zip(self.machines.rows()) {
            *told = machine.is_running();
        }
    }

    /// Each as a machine.
    #[must_use]
    pub fn machines(&self) -> &[Machine] {
        self.machines.rows()
    }

    /// The one of this place is another one from now on; what the one before had run.
    pub fn renew(&mut self, place: usize, run: RunTime) -> Option<RunTime> {
        self.machines.get_mut(MachineId::from_index(place)).map(|machine| machine.renew(run))
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

    /// Another number shall run.
    pub const fn aim(&mut self, target: u8) {
        self.target = target;
    }

    /// True when the last change did not come to what it was for.
    #[must_use]
    pub const fn has_abandoned(&self) -> bool {
        self.abandoned
    }

    /// True while one is on its way.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        self.machines().iter().any(|machine| machine.life() == Life::Starting)
    }

    /// True when it is known of each whether it runs.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.machines().iter().all(Machine::is_seen)
    }

    /// True when it is known of none.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        !self.machines().iter().any(Machine::is_seen)
    }

    /// True while one runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.machines().iter().any(Machine::is_running)
    }

    /// How many are known to run.
    #[must_use]
    pub fn running(&self) -> u8 {
        self.count(|machine| machine.life() == Life::On)
    }

    /// How many run, or are told to and on their way.
    #[must_use]
    pub fn present(&self) -> u8 {
        self.count(|machine| match machine.life() {
            Life::On | Life::Starting | Life::Unseen { ran: true } => true,
            Life::Off | Life::Stopping | Life::Failed(_) | Life::Unseen { ran: false } => false,
        })
    }

    /// How many run or could.
    #[must_use]
    pub fn able(&self) -> u8 {
        self.count(|machine| machine.is_able() || machine.is_running())
    }

    fn count(&self, so: impl Fn(&Machine) -> bool) -> u8 {
        u8::try_from(self.machines().iter().filter(|machine| so(machine)).count()).unwrap_or(u8::MAX)
    }

    /// True when all have been lost, with or without a word of their drives: their power was, most likely.
    #[must_use]
    pub fn are_all_lost(&self) -> bool {
        let lost = |machine: &Machine| matches!(machine.life(), Life::Failed(Trouble::StoppedItself | Trouble::Fault));
        self.machines().iter().all(lost)
    }

    /// They were all lost at once.
    pub fn lost_power(&mut self) {
        self.machines.rows_mut().iter_mut().for_each(Machine::lost_power);
    }

    /// Whether one that turns is believed to move something. One that runs alone is proven by the flow: `dry` says that there is none. One
    /// that was lost proves itself alone: the flow that the others move says nothing of it.
    #[must_use]
    pub fn is_proven(&self, id: MachineId, (alone, dry): (bool, bool)) -> bool {
        let stopped = |machine: &Machine| machine.life() == Life::Failed(Trouble::StoppedItself);
        if alone { !dry } else { !self.machines.get(id).is_some_and(stopped) || self.machines().iter().all(stopped) }
    }

    /// True when none runs, is on its way or can be told to run, and not because somebody wants it so: their panel knows better. One that
    /// `waits` may come back by itself.
    #[must_use]
    pub fn is_helpless(&self, seen: impl Fn(MachineId) -> Seen, waits: impl Fn(&Machine, &Seen) -> bool) -> bool {
        let gone = |(id, machine): (MachineId, &Machine)| {
            !machine.is_able() && !machine.is_running() && !waits(machine, &seen(id))
        };
        // Where somebody holds a pump at rest that is what he wants.
        let amiss = |(id, machine): (MachineId, &Machine)| {
            (!machine.is_seen() || machine.trouble().is_some()) && seen(id).held != Some(RunMode::Off)
        };
        self.machines.iter().all(gone) && self.machines.iter().any(amiss)
    }

    /// True while it shall run.
    #[must_use]
    pub fn is_told(&self, id: MachineId) -> bool {
        self.told.get(id).copied().unwrap_or(false)
    }

    fn tell(&mut self, id: MachineId, run: bool) {
        if let Some(told) = self.told.get_mut(id) {
            *told = run;
        }
    }

    fn life(&self, id: MachineId) -> Life {
        self.machines.get(id).map_or(Life::Unseen { ran: false }, Machine::life)
    }
}
