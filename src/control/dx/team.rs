//! The compressors of a row: how many run, and which.
//!
//! Where outdoor air is shut out all that can run do, each at its part: together they draw less, and one that is lost is nobody's
//! emergency. While outdoor air helps as few run as carry the rest: one more when those that run are above `up` for `patience`, or the
//! supply is `warm` for as long; one less when those that would remain were below `down`, or the supply is too cold, for as long. Starts
//! are `stagger` apart. One that is lost, or does not start, is replaced at once by the next: no change waits for it.

use plant::event::{About, StageCause, Trouble, What};
use plant::hall::DxRow;
use plant::hall::sequence::DxTuning;
use plant::id::{Id, Table};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;
use crate::control::news::News;
use crate::control::sequence::Timer;
use crate::control::sequence::machine::{Life, Machine, Seen};
use crate::control::sequence::roster::{self, MachineId, RunTime};

/// Supply so far below its setpoint calls for one compressor less (K).
const TOO_COLD: f64 = 0.5;
/// Supply so many times `warm` above its setpoint is far too warm (1).
const FAR: f64 = 4.0;
/// Compressors that were lost within this time of each other were lost together.
const TOGETHER: Span = Span::from_secs(60);
/// Compressors above this are at their most (%).
const FULL: f64 = 95.0;

/// The compressors of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// How many shall run.
    target: u8,
    machines: Table<MachineId, Machine>,
    /// Which of them shall run.
    told: Table<MachineId, bool>,
    since_change: Span,
    since_start: Span,
    above: Timer,
    below: Timer,
    warm: Timer,
    far: Timer,
    cold: Timer,
    /// How long those that run have been at their most while it was warm.
    spent: Timer,
    /// One more is wanted and none is left.
    short: bool,
}

/// What one scan asks of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// All that can shall run.
    pub all: bool,
    /// What those that run are run at (%).
    pub duty: f64,
    /// Supply above its setpoint (K); nothing where it is not known now.
    pub warm: Option<f64>,
}

/// What they are seen by.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The row.
    pub row: &'a DxRow,
    /// The numbers that it runs by.
    pub rules: &'a DxTuning,
    /// Since the scan before, as it was lived.
    pub dt: Span,
}

impl Team {
    /// The one of this place is another one from now on; what the one before had run.
    pub fn renew(&mut self, place: usize, run: RunTime) -> Option<RunTime> {
        self.machines.get_mut(MachineId::from_index(place)).map(|machine| machine.renew(run))
    }

    /// Of so many units nobody has seen.
    #[must_use]
    pub fn new(units: usize) -> Self {
        Self {
            target: 0,
            machines: Table::filled(units, Machine::new()),
            told: Table::filled(units, false),
            since_change: Span::ZERO,
            since_start: Span::ZERO,
            above: Timer::default(),
            below: Timer::default(),
            warm: Timer::default(),
            far: Timer::default(),
            cold: Timer::default(),
            spent: Timer::default(),
            short: false,
        }
    }

    /// As after a new boot: nothing is known but run-times.
    pub fn forget(&mut self) {
        self.machines.rows_mut().iter_mut().for_each(Machine::forget);
        self.told.rows_mut().fill(false);
        self.rest();
    }

    fn rest(&mut self) {
        (self.since_change, self.since_start, self.short) = (Span::ZERO, Span::ZERO, false);
        (self.above, self.below, self.warm, self.far, self.cold, self.spent) = <_>::default();
    }

    /// The machines.
    #[must_use]
    pub const fn machines(&self) -> &Table<MachineId, Machine> {
        &self.machines
    }

    /// How many shall run.
    #[must_use]
    pub const fn target(&self) -> u8 {
        self.target
    }

    /// True while one more is wanted and none is left.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.short
    }

    /// True when no compressor is seen.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.machines.rows().iter().all(|machine| matches!(machine.life(), Life::Unseen { .. }))
    }

    /// True when some compressor runs.
    #[must_use]
    pub fn cools(&self) -> bool {
        self.machines.rows().iter().any(Machine::is_running)
    }

    /// True when as many run as are wanted, of all that can.
    #[must_use]
    pub fn carries(&self) -> bool {
        let running = self.machines.rows().iter().filter(|machine| machine.is_running()).count();
        running >= usize::from(self.target) && usize::from(self.target) >= self.able()
    }

    /// True when some are wanted, none runs and none could.
    #[must_use]
    pub fn is_helpless(&self) -> bool {
        self.able() == 0 && !self.cools()
    }

    /// Their panels run them; control looks on.
    pub fn look_on(&mut self, scope: &Scope<'_>, seen: impl Fn(MachineId) -> Seen, news: &mut News<'_>) {
        self.run_machines(scope, seen, news);
        self.short = false;
    }

    /// Takes over as it is found: what runs shall run.
    pub fn adopt(&mut self) {
        for (told, machine) in self.told.rows_mut().iter_mut().zip(self.machines.rows()) {
            *told = machine.life() == Life::On;
        }
        self.rest();
        self.target = self.present();
    }

    /// One scan under control.
    pub fn step(&mut self, scope: &Scope<'_>, (need, seen): (&Need, impl Fn(MachineId) -> Seen), news: &mut News<'_>) {
        self.run_machines(scope, seen, news);
        self.mark_lost();
        self.since_change = sum(self.since_change, scope.dt);
        self.since_start = sum(self.since_start, scope.dt);
        self.count(scope, need);
        let able = u8::try_from(self.able()).unwrap_or(u8::MAX);
        let (to, cause) = self.wish(scope.rules, need, able);
        if to != self.target {
            news.info(About::Loop(scope.row.compressor_loop), What::Stage { from: self.target, to, cause });
            self.target = to;
            self.since_change = Span::ZERO;
            (self.above, self.below) = <_>::default();
        }
        let short = self.spent.reached(scope.rules.staging.patience) && self.present() >= able;
        if short && !self.short {
            news.warn(About::Loop(scope.row.compressor_loop), What::Trouble(Trouble::NoneLeft));
        }
        self.short = short || (self.short && self.spent.so_far() > Span::ZERO);
        self.turn(scope.rules);
    }

    fn run_machines(&mut self, scope: &Scope<'_>, seen: impl Fn(MachineId) -> Seen, news: &mut News<'_>) {
        for id in self.machines.ids() {
            let (Some(machine), Some(told)) = (self.machines.get_mut(id), self.told.get_mut(id)) else { continue };
            let before = machine.life();
            let item = machine.step(&scope.rules.compressor, (seen(id), *told), scope.dt);
            // One that runs goes on, whoever started it; one that does not run any more has to be chosen anew.
            match (before, machine.life()) {
                (Life::On | Life::Starting, Life::On) | (_, Life::Starting) => {}
                (_, Life::On) => *told = true,
                (_, Life::Off | Life::Stopping | Life::Failed(_) | Life::Unseen { .. }) => *told = false,
            }
            let about = scope.row.units.get(id.index()).map_or(About::Hall, |unit| About::Equip(unit.of.equip));
            news.machine(about, item);
        }
    }

    /// Compressors that stopped themselves within a minute of each other have lost their power: they rest as after that, not as after
    /// a stop of their own.
    fn mark_lost(&mut self) {
        let was_lost = |machine: &Machine| {
            let stopped = matches!(machine.life(), Life::Failed(Trouble::StoppedItself | Trouble::Fault));
            stopped && machine.since() < TOGETHER
        };
        if self.machines.rows().iter().filter(|machine| was_lost(machine)).count() > 1 {
            self.machines.rows_mut().iter_mut().filter(|machine| was_lost(machine)).for_each(Machine::lost_power);
        }
    }

    /// While the supply is doubted its timers stand: they neither count nor begin anew.
    fn count(&mut self, scope: &Scope<'_>, need: &Need) {
        let (of, dt, present) = (&scope.rules.staging, scope.dt, f64::from(self.present()));
        let carried = need.duty * present;
        self.above.count(present > 0.0 && need.duty > of.up.0, dt);
        self.below.count(present > 1.0 && carried < of.down.0 * (present - 1.0), dt);
        if let Some(warm) = need.warm {
            self.warm.count(warm > of.warm.0, dt);
            self.far.count(warm > FAR * of.warm.0, dt);
            self.spent.count(warm > of.warm.0 && (present == 0.0 || need.duty > FULL), dt);
            self.cold.count(present > 0.0 && warm < -TOO_COLD, dt);
        }
    }

    /// How many shall run, and why so many.
    fn wish(&self, rules: &DxTuning, need: &Need, able: u8) -> (u8, StageCause) {
        if need.all {
            return (able, StageCause::ShutOut);
        }
        let patience = rules.staging.patience;
        // Far too warm says that outdoor air has failed, whatever its dampers say.
        if self.far.reached(Span::from_nanos(patience.nanos() / 5)) {
            return (able, StageCause::Warm);
        }
        let target = self.target;
        if self.since_change < patience {
            return (target, StageCause::Load);
        }
        for (timer, cause) in [(self.warm, StageCause::Warm), (self.above, StageCause::Load)] {
            if timer.reached(patience) && target < able {
                return (target.saturating_add(1), cause);
            }
        }
        let less = self.cold.reached(patience) || (self.below.reached(patience) && self.warm.so_far() == Span::ZERO);
        (target.saturating_sub(u8::from(less)), StageCause::LightLoad)
    }

    /// Tells the next one to start, or to stop.
    fn turn(&mut self, rules: &DxTuning) {
        let (present, target) = (self.present(), self.target);
        if present < target && self.since_start >= rules.staging.stagger {
            let startable = self.machines.iter().filter(|(id, m)| !self.is_told(*id) && m.may_start(&rules.compressor));
            if let Some(id) = roster::first(startable) {
                self.tell(id, true);
                self.since_start = Span::ZERO;
            }
        }
        if present > target {
            let stoppable = self.machines.iter().filter(|(id, m)| self.is_told(*id) && m.may_stop(&rules.compressor));
            if let Some(id) = roster::last(stoppable) {
                self.tell(id, false);
            }
        }
    }

    /// How many run, or are told to and on their way.
    fn present(&self) -> u8 {
        let here = self.machines.iter().filter(|(id, machine)| match machine.life() {
            Life::On | Life::Starting | Life::Unseen { ran: true } => true,
            Life::Off => self.is_told(*id),
            Life::Stopping | Life::Failed(_) | Life::Unseen { ran: false } => false,
        });
        u8::try_from(here.count()).unwrap_or(u8::MAX)
    }

    /// How many could run.
    fn able(&self) -> usize {
        self.machines.rows().iter().filter(|machine| machine.is_able() || machine.is_running()).count()
    }

    fn is_told(&self, id: MachineId) -> bool {
        self.told.get(id).copied().unwrap_or(false)
    }

    fn tell(&mut self, id: MachineId, run: bool) {
        if let Some(told) = self.told.get_mut(id) {
            *told = run;
        }
    }
}
