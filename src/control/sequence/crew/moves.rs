//! The guards of a change among a crew, and what each of its steps does.

use plant::event::{About, Step as Told, Trouble, What};
use plant::time::Span;

use super::{Crew, CrewRules};
use crate::control::news::News;
use crate::control::sequence::Turn;
use crate::control::sequence::machine::{Life, Machine};
use crate::control::sequence::roster::{self, MachineId};
use crate::control::sequence::shift::Shift;

/// One that was told to start and is still off after this long was taken away.
const UNHEARD: Span = Span::from_secs(5);

impl Crew {
    /// Moves the change by a scan; while `held` none is stopped that runs. The step that it has come to, where it has come to one.
    pub fn turn(
        &mut self,
        rules: &CrewRules,
        (about, held): (About, bool),
        dt: Span,
        news: &mut News<'_>,
    ) -> Option<Shift> {
        // While a pump's word is doubted no step runs out, as none of the pump's own does, and none is stopped.
        let waits = self.doubted || (held && matches!(self.shift(), Shift::Steady | Shift::Proving { .. }));
        let known = if waits { Span::ZERO } else { dt };
        let stops = |next: &Shift| matches!(next, Shift::Stopping { .. });
        let mut shift = self.shift;
        let turn = shift
            .advance(rules, known, |step, since| self.next(rules, step, since).filter(|next| !(waits && stops(next))));
        self.shift = shift;
        let (from, aborted) = match turn {
            Turn::Stayed => return None,
            Turn::Moved(from) => (from, None),
            Turn::Aborted(from, trouble) => (from, Some(trouble)),
        };
        if let Some(trouble) = aborted {
            news.warn(about, What::Trouble(trouble));
        }
        match self.shift() {
            Shift::Starting { start, stop } => {
                self.tell(start, true);
                if stop.is_some() {
                    news.info(about, What::Step(Told::Rotating));
                }
            }
            Shift::Stopping { stop } => {
                self.tell(stop, false);
                if matches!(from, Shift::Proving { .. }) {
                    self.since_rotation = Span::ZERO;
                }
            }
            Shift::Steady => self.settle(from, aborted.is_some()),
            Shift::Proving { .. } => {}
        }
        Some(self.shift())
    }

    fn next(&self, rules: &CrewRules, step: Shift, since: Span) -> Option<Shift> {
        match step {
            Shift::Steady => self.begin(rules),
            Shift::Starting { start, stop } => match self.life(start) {
                Life::Starting => None,
                Life::On => Some(stop.map_or(Shift::Steady, |stop| Shift::Proving { started: start, stop })),
                Life::Off => (since > UNHEARD).then_some(Shift::Steady),
                Life::Stopping | Life::Failed(_) | Life::Unseen { .. } => Some(Shift::Steady),
            },
            Shift::Proving { started, stop } => match self.life(started) {
                Life::On if self.present() <= self.target => Some(Shift::Steady),
                Life::On => (since >= rules.prove).then_some(Shift::Stopping { stop }),
                Life::Off | Life::Starting | Life::Stopping | Life::Failed(_) | Life::Unseen { .. } => {
                    Some(Shift::Steady)
                }
            },
            Shift::Stopping { stop } => match self.life(stop) {
                Life::On | Life::Stopping if self.present() >= self.target => None,
                Life::On | Life::Stopping | Life::Off | Life::Starting | Life::Failed(_) | Life::Unseen { .. } => {
                    Some(Shift::Steady)
                }
            },
        }
    }

    /// What begins: first what is missing, then what is too many, then what is due.
    fn begin(&self, rules: &CrewRules) -> Option<Shift> {
        if self.present() < self.target {
            let start = self.another().filter(|_| self.since_shift >= rules.stagger)?;
            return Some(Shift::Starting { start, stop: None });
        }
        let told = self.machines.iter().filter(|(id, m)| self.is_told(*id) && m.life() == Life::On && !m.is_held());
        if self.present() > self.target && self.since_shift >= rules.prove {
            // Who runs untold stops by itself, and what one that nobody sees does is no reason: enough of those that are told run on.
            let spare = self.carried() > usize::from(self.target.max(1));
            return spare.then(|| roster::last(told)).flatten().map(|stop| Shift::Stopping { stop });
        }
        if self.since_rotation < rules.rotate_every || self.since_shift < rules.prove {
            return None;
        }
        let (start, stop) = (self.another()?, roster::last(told)?);
        let (new, old) = (self.machines.get(start)?, self.machines.get(stop)?);
        let ahead = old.run.life.nanos().saturating_sub(new.run.life.nanos());
        let worth = ahead > rules.rotate_gap.nanos() && !new.is_doubted();
        worth.then_some(Shift::Starting { start, stop: Some(stop) })
    }

    /// A change is over, well or not.
    fn settle(&mut self, from: Shift, aborted: bool) {
        let well = match from {
            Shift::Steady => true,
            Shift::Starting { start, .. } | Shift::Proving { started: start, .. } => {
                let runs = self.life(start) == Life::On;
                self.tell(start, runs);
                runs
            }
            Shift::Stopping { stop } => {
                let others = self.machines.iter().any(|(id, machine)| id != stop && machine.life() == Life::On);
                let needed = matches!(self.life(stop), Life::On | Life::Stopping) && !(aborted && others);
                self.tell(stop, needed);
                needed || matches!(self.life(stop), Life::Off | Life::Unseen { .. })
            }
        };
        self.abandoned = aborted || !well;
        self.since_shift = Span::ZERO;
    }

    /// The next one to start.
    fn another(&self) -> Option<MachineId> {
        // One that was told to stand and runs on is there already.
        let runs_on = |(_, m): &(MachineId, &Machine)| m.life() == Life::Failed(Trouble::DidNotStop) && !m.is_held();
        if let Some((id, _)) = self.machines.iter().find(runs_on) {
            return Some(id);
        }
        let idle = |(id, m): &(MachineId, &Machine)| m.life() == Life::Off && !m.is_held() && !self.is_told(*id);
        roster::first(self.machines.iter().filter(idle))
    }
}
