//! The guards of a change among the pumps, and what each of its steps does.

use plant::event::{About, StageCause, Step as Told, Trouble, What};
use plant::hall::sequence::cdu::{PUMPS, PumpTuning};
use plant::id::Id;
use plant::time::Span;

use super::{NEAR, Pumps, Scan, Shift};
use crate::control::news::News;
use crate::control::sequence::machine::{Life, Machine, Seen, Sight};
use crate::control::sequence::roster::{self, MachineId};
use crate::control::sequence::{Timer, Turn};

impl Pumps {
    /// Moves the change by a scan.
    pub(super) fn turn(&mut self, scan: &Scan<'_>, seen: &[Seen; PUMPS], news: &mut News<'_>) {
        let rules = &scan.tuning.pumps;
        self.stage(scan, rules, news);
        let mut shift = self.shift;
        // While a pump's word is doubted no step runs out, as none of the pump's own does, and none is stopped.
        let doubted = seen.iter().any(|seen| seen.running == Sight::Doubted);
        let known = if doubted { Span::ZERO } else { scan.scene.dt };
        let stops = |next: &Shift| matches!(next, Shift::Stopping { .. });
        let turn = shift.advance(rules, known, |step, since| {
            self.next(rules, step, since).filter(|next| !(doubted && stops(next)))
        });
        self.shift = shift;
        let about = About::Equip(scan.of.of.equip);
        let (from, aborted) = match turn {
            Turn::Stayed => return self.end_take_over(scan),
            Turn::Moved(from) => (from, None),
            Turn::Aborted(from, trouble) => (from, Some(trouble)),
        };
        if let Some(trouble) = aborted {
            news.warn(about, What::Trouble(trouble));
        }
        match self.shift.step() {
            Shift::Starting { start, stop } => {
                self.tell(start, true);
                // Where none is seen running the next one goes at once; one that is only wanted more follows the loop.
                let runs = |(machine, seen): (&Machine, &Seen)| {
                    machine.life() == Life::On && seen.running == Sight::Known(true)
                };
                let replaces = stop.is_none() && !self.machines.iter().zip(seen).any(runs);
                self.taking_over = replaces.then_some(start);
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
        self.end_take_over(scan);
    }

    /// How many shall run: one more where the pressure is short, one less where two turn slowly.
    fn stage(&mut self, scan: &Scan<'_>, rules: &PumpTuning, news: &mut News<'_>) {
        let before = self.target;
        let cause = if before < 2 && self.starved.reached(rules.starved_for) {
            self.target = 2;
            StageCause::Starved
        } else if before > rules.running && self.slow.reached(rules.slow_for) {
            self.target = rules.running;
            StageCause::LightLoad
        } else {
            self.target = before.max(rules.running);
            return;
        };
        (self.starved, self.slow) = (Timer::default(), Timer::default());
        news.info(About::Equip(scan.of.of.equip), What::Stage { from: before, to: self.target, cause });
    }

    fn next(&self, rules: &PumpTuning, step: Shift, since: Span) -> Option<Shift> {
        match step {
            Shift::Steady => self.begin(rules),
            Shift::Starting { start, stop } => match self.life(start) {
                Life::Starting => None,
                Life::On => Some(stop.map_or(Shift::Steady, |stop| Shift::Proving { started: start, stop })),
                Life::Off => (since > Span::from_secs(5)).then_some(Shift::Steady),
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
    fn begin(&self, rules: &PumpTuning) -> Option<Shift> {
        if self.present() < self.target {
            return self.another().map(|start| Shift::Starting { start, stop: None });
        }
        let told = self.ids().filter(|(id, m)| self.is_told(*id) && m.life() == Life::On && !m.is_held());
        if self.present() > self.target && self.since_shift >= rules.prove {
            // The last one that is seen running goes on, whatever one that nobody sees may do.
            let spare = self.count(|m| m.life() == Life::On) > 1;
            return spare.then(|| roster::last(told)).flatten().map(|stop| Shift::Stopping { stop });
        }
        if self.since_rotation < rules.rotate_every || self.since_shift < rules.prove {
            return None;
        }
        let (start, stop) = (self.another()?, roster::last(told)?);
        let (new, old) = (self.machines.get(start.index())?, self.machines.get(stop.index())?);
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
                let others = self.ids().any(|(id, machine)| id != stop && machine.life() == Life::On);
                let needed = matches!(self.life(stop), Life::On | Life::Stopping) && !(aborted && others);
                self.tell(stop, needed);
                needed || matches!(self.life(stop), Life::Off | Life::Unseen { .. })
            }
        };
        self.abandoned = aborted || !well;
        self.since_shift = Span::ZERO;
    }

    /// One that has come to its speed follows the loop; before, the loop would take its way up for an answer.
    fn end_take_over(&mut self, scan: &Scan<'_>) {
        let Some(id) = self.taking_over else { return };
        let Some((machine, pump)) = self.machines.get(id.index()).zip(scan.of.pumps.get(id.index())) else { return };
        let there = scan.scene.fresh(pump.feedback).is_none_or(|speed| speed >= self.speed - NEAR);
        let over = match machine.life() {
            Life::Off => !self.is_told(id),
            Life::Starting => false,
            Life::On => there || machine.since() >= scan.tuning.pumps.start_within,
            Life::Stopping | Life::Failed(_) | Life::Unseen { .. } => true,
        };
        if over {
            self.taking_over = None;
        }
    }

    /// The next one to start.
    fn another(&self) -> Option<MachineId> {
        // One that was told to stand and runs on is there already.
        let runs_on = |(_, m): &(MachineId, &Machine)| m.life() == Life::Failed(Trouble::DidNotStop) && !m.is_held();
        if let Some((id, _)) = self.ids().find(runs_on) {
            return Some(id);
        }
        let idle = |(id, m): &(MachineId, &Machine)| m.life() == Life::Off && !m.is_held() && !self.is_told(*id);
        roster::first(self.ids().filter(idle))
    }
}
