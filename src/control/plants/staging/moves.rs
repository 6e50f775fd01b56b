//! The guards of a stage change, and what each of its steps does.

use plant::event::{About, StageCause, Step as Told, Trouble, What};
use plant::hall::PlantTuning;
use plant::time::Span;

use super::{LEAST_FLOW, Scene, Stages, Water, Wish};
use crate::control::clock::sum;
use crate::control::news::News;
use crate::control::sequence::change::Change;
use crate::control::sequence::machine::{Life, Machine};
use crate::control::sequence::roster::{self, MachineId};
use crate::control::sequence::{Timer, Turn};

/// Machines that were lost within this time of each other were lost together.
const TOGETHER: Span = Span::from_secs(60);
/// This far above the demand limit counts as limited (%).
const NEAR: f64 = 5.0;

/// The next step of a change, and the wish that it follows.
type Next = Option<(Change, Option<Wish>)>;

impl Stages {
    /// Moves the change by a scan.
    pub(super) fn turn(&mut self, scene: &Scene<'_>, (water, wish): (&Water, Option<Wish>), news: &mut News<'_>) {
        // One that nobody can start any more is not wanted any more either, once the load has gone.
        let mut wish = wish;
        if let Some(Wish { up: false, cause }) = wish
            && self.is_steady()
            && self.present() < self.target
        {
            self.stage(scene, (self.target.saturating_sub(1), cause), news);
            wish = None;
        }
        let (mut change, mut followed) = (self.change, None);
        let turn = change.advance(scene.rules, scene.dt, |step, since| {
            let (to, why) = self.next(scene.rules, (step, since), (water, wish))?;
            followed = why;
            Some(to)
        });
        self.change = change;
        self.enter(scene, (turn, followed), news);
        if change.step() == Change::Restoring {
            self.restore_one(scene.rules, water);
        }
    }

    fn next(&self, rules: &PlantTuning, (step, since): (Change, Span), (water, wish): (&Water, Option<Wish>)) -> Next {
        let plain = |to: Change| Some((to, None));
        if step != Change::Steady && step != Change::Restoring && self.lost_all_amid() {
            return plain(Change::Restoring);
        }
        match step {
            Change::Steady => self.begin(rules, water, wish),
            Change::Limiting { start: chosen } => {
                if !self.is(chosen, |m| m.may_start(&rules.chiller)) {
                    return plain(self.another(rules, water).map_or(Change::Steady, Change::starting));
                }
                if self.present().saturating_add(1) < self.target {
                    return plain(Change::starting(chosen)); // another one was lost: there is no time to make room
                }
                let limited = self.is_warm() || water.share.is_none_or(|share| share <= rules.staging.limit + NEAR);
                limited.then_some((Change::Starting { start: chosen, stop: None, limited: true }, None))
            }
            Change::Starting { start: chosen, stop, .. } => match self.life(chosen) {
                Life::Starting => None,
                Life::On => plain(stop.map_or(Change::Steady, |stop| Change::Proving { started: chosen, stop })),
                // It failed, or somebody took it away: the next one, unless two only change places.
                Life::Off | Life::Stopping | Life::Failed(_) | Life::Unseen { .. } => {
                    let next = self.another(rules, water).filter(|_| stop.is_none());
                    plain(next.map_or(Change::Steady, Change::starting))
                }
            },
            Change::Proving { started, stop } => match self.life(started) {
                // Without a spare for it the old one stays: it, or another, has been lost meanwhile.
                Life::On if self.present() <= self.target => plain(Change::Steady),
                Life::On => {
                    let may = since >= rules.staging.prove && self.is(stop, |m| m.may_stop(&rules.chiller));
                    may.then_some((Change::Stopping { stop }, None))
                }
                Life::Off | Life::Starting | Life::Stopping | Life::Failed(_) | Life::Unseen { .. } => {
                    plain(Change::Steady)
                }
            },
            Change::Stopping { stop } => match self.life(stop) {
                // Another one was lost: it is needed after all.
                Life::On | Life::Stopping if self.present() < self.target => plain(Change::Steady),
                Life::On | Life::Stopping if !self.is(stop, Machine::is_held) => None,
                Life::On | Life::Stopping | Life::Off | Life::Starting | Life::Failed(_) | Life::Unseen { .. } => {
                    plain(Change::Steady)
                }
            },
            Change::Restoring => (self.present() >= self.target).then_some((Change::Steady, None)),
        }
    }

    /// What begins from a steady stage: first what is missing, then what is too many, then what is wished, then what is due.
    fn begin(&self, rules: &PlantTuning, water: &Water, wish: Option<Wish>) -> Next {
        if self.lost_all() {
            return Some((Change::Restoring, None));
        }
        if self.present() < self.target {
            // While one is missing none stops, and none more is wished for.
            return self.another(rules, water).map(|id| (Change::starting(id), None));
        }
        if self.count_told() > self.target
            && let Some(stop) = self.stoppable(rules)
        {
            return Some((Change::Stopping { stop }, None));
        }
        match wish {
            Some(Wish { up: true, cause }) => {
                let id = self.another(rules, water)?;
                let calm = [StageCause::Load, StageCause::Announced].contains(&cause);
                let room = rules.staging.limit < 100.0 && calm && !self.is_warm();
                Some((if room { Change::Limiting { start: id } } else { Change::starting(id) }, wish))
            }
            Some(Wish { up: false, .. }) => self.stoppable(rules).map(|stop| (Change::Stopping { stop }, wish)),
            None => self.rotation(rules, water).map(|change| (change, None)),
        }
    }

    /// Two change places when it is time and one has run much more than the other: the new one first.
    fn rotation(&self, rules: &PlantTuning, water: &Water) -> Option<Change> {
        let of = &rules.staging;
        if self.since_rotation < of.rotate_every || self.since_change < of.patience {
            return None;
        }
        let start = self.another(rules, water)?;
        let stop = self.stoppable(rules)?;
        let (new, old) = (self.machines.get(start)?, self.machines.get(stop)?);
        let ahead = old.run.life.nanos().saturating_sub(new.run.life.nanos());
        let worth = ahead > of.rotate_gap.nanos() && !new.is_doubted();
        worth.then_some(Change::Starting { start, stop: Some(stop), limited: false })
    }

    /// What a turn means for machines and stage.
    fn enter(&mut self, scene: &Scene<'_>, (turn, wish): (Turn<Change>, Option<Wish>), news: &mut News<'_>) {
        let about = About::Equip(scene.plant.equip);
        let (from, aborted) = match turn {
            Turn::Stayed => return,
            Turn::Moved(from) => (from, None),
            Turn::Aborted(from, trouble) => (from, Some(trouble)),
        };
        if let Some(Wish { up, cause }) = wish {
            let to = if up { self.target.saturating_add(1) } else { self.target.saturating_sub(1) };
            self.stage(scene, (to, cause), news);
        }
        if let Some(trouble) = aborted {
            news.warn(about, What::Trouble(trouble));
        }
        match self.change.step() {
            Change::Starting { start, stop, .. } => {
                self.tell(start, true);
                if stop.is_some() {
                    news.info(about, What::Step(Told::Rotating));
                }
            }
            Change::Stopping { stop } => {
                self.tell(stop, false);
                if matches!(from, Change::Proving { .. }) {
                    self.since_rotation = Span::ZERO;
                }
            }
            Change::Restoring => {
                news.warn(about, What::Step(Told::Restoring));
                self.since_start = scene.rules.staging.stagger;
                // One alone trips by itself; two at once have lost their power, and rest as after that.
                if self.lost() > 1 {
                    self.machines.rows_mut().iter_mut().filter(|m| was_lost(m)).for_each(Machine::lost_power);
                }
            }
            Change::Steady => self.settle(from, aborted == Some(Trouble::ChangeAborted)),
            Change::Limiting { .. } | Change::Proving { .. } => {}
        }
    }

    /// Another number is wanted from now on.
    fn stage(&mut self, scene: &Scene<'_>, (to, cause): (u8, StageCause), news: &mut News<'_>) {
        news.info(About::Equip(scene.plant.equip), What::Stage { from: self.target, to, cause });
        self.target = to;
        (self.above, self.below) = (Timer::default(), Timer::default());
    }

    fn is_steady(&self) -> bool {
        self.change.step() == Change::Steady
    }

    /// A change is over, well or not.
    fn settle(&mut self, from: Change, aborted: bool) {
        let well = match from {
            Change::Starting { start, .. } => {
                if aborted {
                    self.tell(start, false);
                }
                self.life(start) == Life::On
            }
            Change::Proving { started, .. } => self.life(started) == Life::On,
            Change::Stopping { stop } => {
                let needed = !aborted && matches!(self.life(stop), Life::On | Life::Stopping);
                self.tell(stop, needed);
                needed || matches!(self.life(stop), Life::Off | Life::Unseen { .. })
            }
            Change::Limiting { .. } => false,
            Change::Steady | Change::Restoring => true,
        };
        self.abandoned = aborted || !well;
        // Coming back is no new stage.
        if from != Change::Restoring {
            self.since_change = Span::ZERO;
        }
    }

    /// After a loss of power the next machine that may is told to start, `stagger` after the one before.
    fn restore_one(&mut self, rules: &PlantTuning, water: &Water) {
        if self.since_start < rules.staging.stagger || self.present() >= self.target {
            return;
        }
        if let Some(id) = self.another(rules, water) {
            self.tell(id, true);
            self.since_start = Span::ZERO;
        }
    }

    /// Time passes for all that waits.
    pub(super) const fn wait(&mut self, dt: Span) {
        self.since_change = sum(self.since_change, dt);
        self.since_rotation = sum(self.since_rotation, dt);
        self.since_start = sum(self.since_start, dt);
    }

    /// One more is wanted and none is left that may start: told once.
    pub(super) fn tell_shortage(
        &mut self,
        scene: &Scene<'_>,
        (water, wish): (&Water, Option<Wish>),
        news: &mut News<'_>,
    ) {
        let full = usize::from(self.target) >= self.able() || !self.flows(water);
        let wished = wish.is_some_and(|wish| wish.up) && full;
        if self.is_steady() && self.present() >= self.target && self.since_change >= scene.rules.staging.patience {
            self.abandoned = false; // the stage has come to what it was for all the same
        }
        let short = self.is_steady() && (wished || self.present() < self.target);
        if short && !self.short {
            news.warn(About::Equip(scene.plant.equip), What::Trouble(Trouble::NoneLeft));
        }
        self.short = short;
    }

    /// The next machine to start; nothing while none may, or while too little water moves.
    fn another(&self, rules: &PlantTuning, water: &Water) -> Option<MachineId> {
        // One that was told to stand and runs on is there already.
        let running = |(_, machine): &(MachineId, &Machine)| machine.life() == Life::Failed(Trouble::DidNotStop);
        if let Some((id, _)) = self.machines.iter().find(|one| running(one) && !one.1.is_held()) {
            return Some(id);
        }
        let startable = self.machines.iter().filter(|(id, m)| !self.is_told(*id) && m.may_start(&rules.chiller));
        roster::first(startable).filter(|_| self.flows(water))
    }

    /// The next machine to stop; nothing while none may.
    fn stoppable(&self, rules: &PlantTuning) -> Option<MachineId> {
        roster::last(self.machines.iter().filter(|(id, m)| self.is_told(*id) && m.may_stop(&rules.chiller)))
    }

    /// How many stopped themselves a moment ago.
    fn lost(&self) -> usize {
        self.machines.rows().iter().filter(|machine| was_lost(machine)).count()
    }

    /// True where water moves, as far as it is known; a machine that runs has some, whatever the meter says, unless no pump does.
    fn flows(&self, water: &Water) -> bool {
        !water.stands && (self.cools() || water.flow.is_none_or(|flow| flow >= LEAST_FLOW))
    }

    /// True when all that ran were lost together while a change was in flight.
    fn lost_all_amid(&self) -> bool {
        let seen = self.machines.rows().iter().any(|m| matches!(m.life(), Life::On | Life::Unseen { ran: true }));
        self.target > 0 && !seen && self.lost() > 1
    }

    /// True when all that ran were lost together, a moment ago.
    fn lost_all(&self) -> bool {
        self.target > 0 && self.present() == 0 && self.lost() > 0
    }

    /// How many run, or are told to and on their way.
    pub(super) fn present(&self) -> u8 {
        let here = self.machines.rows().iter().filter(|machine| match machine.life() {
            Life::On | Life::Starting | Life::Unseen { ran: true } => true,
            Life::Off | Life::Stopping | Life::Failed(_) | Life::Unseen { ran: false } => false,
        });
        u8::try_from(here.count()).unwrap_or(u8::MAX)
    }

    /// How many could run.
    pub(super) fn able(&self) -> usize {
        self.machines.rows().iter().filter(|machine| machine.is_able() || machine.is_running()).count()
    }

    fn count_told(&self) -> u8 {
        u8::try_from(self.told.rows().iter().filter(|told| **told).count()).unwrap_or(u8::MAX)
    }

    fn is_told(&self, id: MachineId) -> bool {
        self.told.get(id).copied().unwrap_or(false)
    }

    fn tell(&mut self, id: MachineId, run: bool) {
        if let Some(told) = self.told.get_mut(id) {
            *told = run;
        }
    }

    fn is(&self, id: MachineId, what: impl Fn(&Machine) -> bool) -> bool {
        self.machines.get(id).is_some_and(what)
    }

    fn life(&self, id: MachineId) -> Life {
        self.machines.get(id).map_or(Life::Unseen { ran: false }, Machine::life)
    }
}

/// It stopped itself, a moment ago.
fn was_lost(machine: &Machine) -> bool {
    let lost = matches!(machine.life(), Life::Failed(Trouble::StoppedItself | Trouble::Fault));
    lost && machine.since() < TOGETHER
}
