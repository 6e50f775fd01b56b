//! The sequence of one machine that is started and stopped: a chiller, an economiser, a pump.

mod told;

use plant::event::{Step as Told, Trouble, What};
use plant::hall::sequence::{MachineTuning, RunMode};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::roster::RunTime;
use super::{Bound, Sequence, Step, Timer, Turn, sum};

/// A machine that has run so long without trouble is trusted again.
const TRUST: Span = Span::from_secs(3600);

/// Where a machine is in its sequence.
///
/// ```text
///              wanted, rested             runs                    not wanted, least-on over
///   Off ─────────────────────▶ Starting ────────▶ On ───────────────────────────────▶ Stopping
///    ▲                            │                │ ▲                                   │ │
///    │ cause gone, told            │ start-within   │ │ wanted again                       │ │ stop-within
///    │                            ▼                ▼ └───────────────────────────────────┘ ▼
///    ├─────────────────────── Failed ◀── stopped itself, fault              stands   Failed (did not stop)
///    ◀──────────────────────────────────────────────────────────────────────────────────┘
///
///   any ── running lost ─▶ Unseen (its panel runs it) ── seen again ─▶ On or Off, as it is found
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Life {
    /// Nobody sees whether it runs: its own panel runs it.
    Unseen {
        /// It ran when it was seen last.
        ran: bool,
    },
    /// It stands.
    Off,
    /// It has been told to run.
    Starting,
    /// It runs.
    On,
    /// It has been told to stand.
    Stopping,
    /// It does not do what it is told, or reports a fault.
    Failed(Trouble),
}

impl Step for Life {
    type Rules = MachineTuning;

    fn bound(self, rules: &MachineTuning) -> Bound<Self> {
        let within = |time, trouble| Bound::Within { time, abort: Self::Failed(trouble), trouble };
        match self {
            Self::Starting => within(rules.start_within, Trouble::DidNotStart),
            Self::Stopping => within(rules.stop_within, Trouble::DidNotStop),
            Self::Unseen { .. } | Self::Off | Self::On | Self::Failed(_) => Bound::Rest,
        }
    }
}

/// A yes or no as control sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Known now.
    Known(bool),
    /// Known a moment ago: nothing is decided by it.
    Doubted,
    /// Not known.
    Lost,
}

/// What is seen of a machine in one scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether it runs.
    pub running: Sight,
    /// Whether its panel reports a fault; known to be well where it has no such report.
    pub fault: Sight,
    /// What somebody stronger than control tells it.
    pub held: Option<RunMode>,
}

impl Seen {
    /// Nobody sees it.
    pub const NOTHING: Self = Self { running: Sight::Lost, fault: Sight::Lost, held: None };

    /// The same on its panel: whatever it does is what it shall do.
    #[must_use]
    pub const fn on_panel(self, on_panel: bool) -> Self {
        if on_panel { Self { held: Some(RunMode::Panel), ..self } } else { self }
    }
}

/// A machine at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    life: Sequence<Life>,
    /// Since its last start.
    since_start: Span,
    /// How long after its start it ran, as was seen: it runs since then.
    ran_after: Span,
    /// How long it has been seen standing while it should run.
    gone: Timer,
    /// It was lost together with all others: by a loss of power, most likely.
    powerless: bool,
    /// Its last start failed, or it stopped itself: others are taken first.
    doubted: bool,
    /// Somebody stronger holds it.
    held: bool,
    /// How long it has run.
    pub run: RunTime,
}

impl Machine {
    /// It is another one from now on, which has run so long, and of which no trouble is known. What the one before had run.
    pub const fn renew(&mut self, run: RunTime) -> RunTime {
        self.doubted = false;
        std::mem::replace(&mut self.run, run)
    }

    /// Not seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            life: Sequence::long_since(Life::Unseen { ran: false }),
            since_start: Span::from_nanos(u64::MAX),
            ran_after: Span::ZERO,
            gone: Timer::default(),
            powerless: false,
            doubted: false,
            held: false,
            run: RunTime::default(),
        }
    }

    /// As after a new boot: nothing is known but its run-times.
    pub fn forget(&mut self) {
        *self = Self { run: self.run, ..Self::new() };
    }

    /// Where it is.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.life.step()
    }

    /// How long it has been there.
    #[must_use]
    pub const fn since(&self) -> Span {
        self.life.since()
    }

    /// One scan: `wanted` says whether it shall run.
    pub fn step(&mut self, rules: &MachineTuning, (seen, wanted): (Seen, bool), dt: Span) -> Option<What> {
        self.since_start = sum(self.since_start, dt);
        self.held = seen.held.is_some();
        let wanted = match (seen.held, seen.running) {
            (Some(RunMode::On), _) => true,
            (Some(RunMode::Off), _) => false,
            (Some(RunMode::Panel), Sight::Known(runs)) => runs,
            (Some(RunMode::Panel) | None, _) => wanted,
        };
        let standing = seen.running == Sight::Known(false);
        if self.life() == Life::On && self.gone.so_far() > Span::ZERO && seen.running == Sight::Known(true) {
            // It stood for a moment, and runs anew since now.
            (self.since_start, self.ran_after) = (Span::ZERO, Span::ZERO);
        }
        self.gone.count(standing && self.life() == Life::On, dt);
        let judge = Judge { rules, seen, wanted, machine: *self };
        // A doubted word ends no step, and runs none out.
        let known = if seen.running == Sight::Doubted { Span::ZERO } else { dt };
        let turn = self.life.advance(rules, known, |life, since| judge.next(life, since));
        self.run.count(self.is_running(), dt);
        self.doubted &= !(self.life() == Life::On && self.since() >= TRUST);
        self.settle(turn, judge.machine.life.since())
    }

    /// What a turn leaves behind, and what there is to tell of it. `before` is how long the step before had lasted.
    fn settle(&mut self, turn: Turn<Life>, before: Span) -> Option<What> {
        let (from, aborted) = match turn {
            Turn::Stayed => return None,
            Turn::Moved(from) => (from, None),
            Turn::Aborted(from, trouble) => (from, Some(trouble)),
        };
        let told = match self.life() {
            Life::Starting => {
                (self.since_start, self.ran_after) = (Span::ZERO, Span::ZERO);
                self.run.starts = self.run.starts.saturating_add(1);
                Told::Starting
            }
            Life::On => {
                if from == Life::Starting {
                    self.ran_after = self.since_start; // what takes three minutes to start has not run in them
                } else if !matches!(from, Life::Stopping | Life::Unseen { ran: true }) {
                    // found running: nobody knows since when, so it stays its time
                    (self.since_start, self.ran_after) = (Span::ZERO, Span::ZERO);
                }
                self.powerless = false;
                Told::Running
            }
            Life::Stopping => Told::Stopping,
            Life::Off => {
                // It has stood since it was lost; one that did not stop, or was seen running last, stands from now on.
                self.life = match from {
                    Life::Failed(Trouble::DidNotStop) | Life::Unseen { ran: true } => self.life,
                    Life::Failed(_) | Life::Unseen { ran: false } => self.life.aged(before),
                    Life::Off | Life::Starting | Life::On | Life::Stopping => self.life,
                };
                Told::Standing
            }
            Life::Unseen { .. } => {
                if from == Life::Off {
                    self.life = self.life.aged(before); // it rests on, seen or not
                }
                Told::Unseen
            }
            Life::Failed(trouble) => {
                self.doubted = true;
                return Some(What::Trouble(aborted.unwrap_or(trouble)));
            }
        };
        Some(What::Step(told))
    }

    /// True when it may be told to start now.
    #[must_use]
    pub fn may_start(&self, rules: &MachineTuning) -> bool {
        !self.held && self.life() == Life::Off && self.is_rested(rules)
    }

    /// True when its times off and between starts are over.
    fn is_rested(&self, rules: &MachineTuning) -> bool {
        let least = if self.powerless { rules.restore_after.min(rules.least_off) } else { rules.least_off };
        self.since() >= least && (self.powerless || self.since_start >= rules.between_starts)
    }

    /// For how long it has run, since that was proven.
    fn on_for(&self) -> Span {
        Span::from_nanos(self.since_start.nanos().saturating_sub(self.ran_after.nanos()))
    }

    /// True when it may be told to stop now.
    #[must_use]
    pub fn may_stop(&self, rules: &MachineTuning) -> bool {
        !self.held && self.life() == Life::On && self.on_for() >= rules.least_on
    }

    /// True when it could run, now or once its times are over.
    #[must_use]
    pub const fn is_able(&self) -> bool {
        match self.life() {
            Life::Off | Life::Starting | Life::On | Life::Stopping => !self.held,
            Life::Unseen { .. } | Life::Failed(_) => false,
        }
    }

    /// True where it is known whether it runs.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        !matches!(self.life(), Life::Unseen { .. })
    }

    /// True while it is known to run, or ran when it was seen last.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        match self.life() {
            Life::On | Life::Stopping | Life::Unseen { ran: true } | Life::Failed(Trouble::DidNotStop) => true,
            Life::Off | Life::Starting | Life::Unseen { ran: false } | Life::Failed(_) => false,
        }
    }

    /// True when others are taken first.
    #[must_use]
    pub const fn is_doubted(&self) -> bool {
        self.doubted
    }

    /// True while somebody stronger than control holds it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// It was lost together with all others.
    pub const fn lost_power(&mut self) {
        self.powerless = true;
    }

    /// What it is told.
    #[must_use]
    pub const fn run_mode(&self) -> RunMode {
        match self.life() {
            Life::Unseen { .. } => RunMode::Panel,
            Life::Starting | Life::On => RunMode::On,
            Life::Off | Life::Stopping | Life::Failed(_) => RunMode::Off,
        }
    }

    /// What a minimum time holds it at, whoever wants something else.
    #[must_use]
    pub fn kept(&self, rules: &MachineTuning) -> Option<RunMode> {
        match self.life() {
            Life::On if self.on_for() < rules.least_on => Some(RunMode::On),
            Life::Off if !self.is_rested(rules) => Some(RunMode::Off),
            Life::Unseen { .. } | Life::Off | Life::Starting | Life::On | Life::Stopping | Life::Failed(_) => None,
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Sequence<Life> {
    /// The same step, as if it had begun so long ago.
    const fn aged(self, since: Span) -> Self {
        Self { step: self.step, since }
    }
}

/// The guards of a machine.
struct Judge<'r> {
    rules: &'r MachineTuning,
    seen: Seen,
    wanted: bool,
    machine: Machine,
}

impl Judge<'_> {
    fn next(&self, life: Life, since: Span) -> Option<Life> {
        let runs = match self.seen.running {
            Sight::Known(runs) => runs,
            Sight::Doubted => return None,
            Sight::Lost => {
                let ran = self.machine.is_running();
                return (!matches!(life, Life::Unseen { .. })).then_some(Life::Unseen { ran });
            }
        };
        let broken = self.seen.fault == Sight::Known(true);
        let (rules, wanted) = (self.rules, self.wanted);
        match life {
            Life::Unseen { .. } => Some(if runs { Life::On } else { Life::Off }),
            Life::Off if runs => Some(Life::On),
            Life::Off if broken => Some(Life::Failed(Trouble::Fault)),
            Life::Off => (wanted && self.machine.is_rested(rules)).then_some(Life::Starting),
            Life::Starting if runs => Some(Life::On),
            Life::Starting if broken => Some(Life::Failed(Trouble::Fault)),
            Life::Starting => (!wanted).then_some(Life::Stopping),
            Life::On if !runs && broken => Some(Life::Failed(Trouble::Fault)),
            Life::On if self.machine.gone.reached(rules.lost_after) => {
                Some(if wanted { Life::Failed(Trouble::StoppedItself) } else { Life::Off })
            }
            Life::On => (!wanted && runs && self.machine.on_for() >= rules.least_on).then_some(Life::Stopping),
            Life::Stopping if !runs => Some(Life::Off),
            Life::Stopping => wanted.then_some(Life::On),
            Life::Failed(Trouble::DidNotStop) if runs => wanted.then_some(Life::On),
            Life::Failed(Trouble::DidNotStop) => Some(Life::Off),
            // It runs after all: by its panel, by hand, or late.
            Life::Failed(_) if runs => Some(Life::On),
            Life::Failed(Trouble::Fault) => (self.seen.fault == Sight::Known(false)).then_some(Life::Off),
            Life::Failed(Trouble::StoppedItself) => {
                let well = self.seen.fault == Sight::Known(false) && since >= rules.restore_after;
                let unsaid = self.seen.fault == Sight::Lost && since >= rules.retry_after;
                (well || unsaid).then_some(Life::Off)
            }
            Life::Failed(
                Trouble::DidNotStart
                | Trouble::NotLimited
                | Trouble::ChangeAborted
                | Trouble::NoneLeft
                | Trouble::DamperStuck
                | Trouble::ValveStuck
                | Trouble::SpeedAstray
                | Trouble::CoolsTooLittle
                | Trouble::DidNotWarm
                | Trouble::NotBelieved
                | Trouble::NotTaken
                | Trouble::PurgeStands
                | Trouble::PurgeRunsOn
                | Trouble::AirStays
                | Trouble::NotSaturated
                | Trouble::RunsDry
                | Trouble::ColderThanOthers
                | Trouble::MeterNotBelieved,
            ) => (!broken && since >= rules.retry_after).then_some(Life::Off),
        }
    }
}
