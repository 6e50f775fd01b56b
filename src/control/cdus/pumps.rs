//! The pumps of a CDU: a [`Crew`] of two at one speed, of which the one that takes the place of a lost one begins at its last speed.

use plant::command::{Level, Reason};
use plant::event::{About, StageCause, Step as Told, Trouble, What};
use plant::hall::sequence::RunMode;
use plant::hall::sequence::cdu::{CduPump, PUMPS};
use plant::hall::sequence::pumps::PumpTuning;
use plant::id::Id;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Scan;
use crate::control::clock::sum;
use crate::control::news::News;
use crate::control::sequence::Timer;
use crate::control::sequence::crew::{Crew, CrewRules};
use crate::control::sequence::machine::{Life, Machine, Seen, Sight};
use crate::control::sequence::roster::{MachineId, RunTime};
use crate::control::sequence::shift::Shift;

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

impl Row {
    /// What is seen of one of them.
    fn of(&self, id: MachineId) -> Seen {
        self.seen.get(id.index()).copied().unwrap_or(Seen::NOTHING)
    }
}

/// The pumps of a CDU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pumps {
    crew: Crew,
    starved: Timer,
    slow: Timer,
    /// The speed at which those that run were proven last (%).
    speed: f64,
    /// Who takes the place of a lost one, until it is proven.
    taking_over: Option<MachineId>,
    /// All were lost at once.
    all_lost: bool,
}

impl Pumps {
    /// Not seen yet.
    #[must_use]
    pub fn new() -> Self {
        let (starved, slow) = (Timer::default(), Timer::default());
        Self { crew: Crew::new(PUMPS), starved, slow, speed: 0.0, taking_over: None, all_lost: false }
    }

    /// The one of this place is another one from now on; what the one before had run.
    pub fn renew(&mut self, place: usize, run: RunTime) -> Option<RunTime> {
        self.crew.renew(place, run)
    }

    /// As after a new boot: nothing is known but run-times and when two changed places.
    pub fn forget(&mut self) {
        self.crew.forget();
        (self.starved, self.slow, self.speed) = (Timer::default(), Timer::default(), 0.0);
        (self.taking_over, self.all_lost) = (None, false);
    }

    /// Taken over as found: what runs runs on.
    pub fn adopt(&mut self, rules: &PumpTuning) {
        self.crew.adopt(rules.running);
        (self.starved, self.slow) = (Timer::default(), Timer::default());
        (self.taking_over, self.all_lost) = (None, false);
    }

    /// One scan in which somebody else runs them.
    pub fn look_on(&mut self, scan: &Scan<'_>, row: &Row, news: &mut News<'_>) {
        let (rules, about) = (self.rules(scan), |id| about(scan, id));
        self.crew.look_on(&rules, (|id| row.of(id), about), scan.scene.dt, news);
        self.taking_over = None;
    }

    /// Beside somebody else: ours would run as many as its file says.
    pub const fn suppose(&mut self, rules: &PumpTuning) {
        self.crew.aim(rules.running);
    }

    /// How many run, and how many ours would.
    #[must_use]
    pub fn supposed(&self) -> (u8, u8) {
        (self.crew.running(), self.crew.target())
    }

    /// One scan under control.
    pub fn step(&mut self, scan: &Scan<'_>, row: &Row, news: &mut News<'_>) {
        let (rules, dt) = (&scan.tuning.pumps, scan.scene.dt);
        let (crew_rules, about) = (self.rules(scan), |id| about(scan, id));
        let lost = self.crew.watch(&crew_rules, (|id| row.of(id), about), dt, news);
        let told = scan.wiring.pumps.iter().filter_map(|pump| scan.scene.told(*pump)).fold(0.0, f64::max);
        if self.runs() {
            self.all_lost = false;
            // A pump that is running down takes the pressure with it, and the loop goes after it: what counts is the speed before.
            if !lost && row.pressure.is_some_and(|below| below < rules.starved.0) {
                self.speed = told;
            }
        } else if lost && self.crew.are_all_lost() {
            self.all_lost = true;
            self.crew.lost_power();
            news.warn(About::Equip(scan.of.of.equip), What::Step(Told::Restoring));
        }
        // One that is still on its way up has not shown yet that it is not enough. Of one that is not seen now the pressure alone tells.
        let there = |(machine, pump): (&Machine, &CduPump)| {
            machine.is_running() && scan.scene.fresh(pump.feedback).is_none_or(|speed| speed >= told - NEAR)
        };
        let quiet = self.shift() == Shift::Steady && self.machines().iter().zip(&scan.of.pumps).any(there);
        self.starved.count(quiet && row.pressure.is_some_and(|below| below >= rules.starved.0), dt);
        self.slow.count(quiet && self.is_slow(scan), dt);
        self.turn(scan, &row.seen, news);
    }

    /// Moves the change by a scan.
    fn turn(&mut self, scan: &Scan<'_>, seen: &[Seen; PUMPS], news: &mut News<'_>) {
        self.stage(scan, &scan.tuning.pumps, news);
        let (rules, about) = (self.rules(scan), About::Equip(scan.of.of.equip));
        if let Some(Shift::Starting { start, stop }) = self.crew.turn(&rules, (about, false), scan.scene.dt, news) {
            // Where none is seen running the next one goes at once; one that is only wanted more follows the loop.
            let runs =
                |(machine, seen): (&Machine, &Seen)| machine.life() == Life::On && seen.running == Sight::Known(true);
            let replaces = stop.is_none() && !self.machines().iter().zip(seen).any(runs);
            self.taking_over = replaces.then_some(start);
        }
        self.end_take_over(scan);
    }

    /// How many shall run: one more where the pressure is short, one less where two turn slowly.
    fn stage(&mut self, scan: &Scan<'_>, rules: &PumpTuning, news: &mut News<'_>) {
        let before = self.target();
        let (to, cause) = if before < 2 && self.starved.reached(rules.starved_for) {
            (2, StageCause::Starved)
        } else if before > rules.running && self.slow.reached(rules.slow_for) {
            (rules.running, StageCause::LightLoad)
        } else {
            self.crew.aim(before.max(rules.running));
            return;
        };
        self.crew.aim(to);
        (self.starved, self.slow) = (Timer::default(), Timer::default());
        news.info(About::Equip(scan.of.of.equip), What::Stage { from: before, to, cause });
    }

    /// One that has come to its speed follows the loop; before, the loop would take its way up for an answer.
    fn end_take_over(&mut self, scan: &Scan<'_>) {
        let Some(id) = self.taking_over else { return };
        let Some((machine, pump)) = self.machines().get(id.index()).zip(scan.of.pumps.get(id.index())) else { return };
        let there = scan.scene.fresh(pump.feedback).is_none_or(|speed| speed >= self.speed - NEAR);
        let over = match machine.life() {
            Life::Off => !self.crew.is_told(id),
            Life::Starting => false,
            Life::On => there || machine.since() >= scan.tuning.pumps.start_within,
            Life::Stopping | Life::Failed(_) | Life::Unseen { .. } => true,
        };
        if over {
            self.taking_over = None;
        }
    }

    /// The speed of pump `n` (%) with its level and reason; `output` is what the pressure's loop gives.
    #[must_use]
    pub fn order(&self, n: usize, output: f64, follows: Reason) -> (Level, f64, Reason) {
        let id = MachineId::from_index(n);
        let Some(machine) = self.machines().get(n) else { return (Level::Control, 0.0, Reason::Standby) };
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

    /// The crew.
    #[must_use]
    pub const fn crew(&self) -> &Crew {
        &self.crew
    }

    /// Each pump as a machine.
    #[must_use]
    pub fn machines(&self) -> &[Machine] {
        self.crew.machines()
    }

    /// What is in flight.
    #[must_use]
    pub const fn shift(&self) -> Shift {
        self.crew.shift()
    }

    /// How many shall run.
    #[must_use]
    pub const fn target(&self) -> u8 {
        self.crew.target()
    }

    /// True while one runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.crew.runs()
    }

    /// True when none runs, is on its way or can be told to run, and not because somebody wants it so: their panel knows better.
    #[must_use]
    pub fn is_helpless(&self, scan: &Scan<'_>, row: &Row) -> bool {
        // Where all were lost their power may come back; a drive that reports a fault has it, and a wait has an end.
        let bound = sum(stagger(scan), scan.tuning.pumps.start_within);
        self.crew.is_helpless(
            |id| row.of(id),
            |machine, seen| {
                let stopped = machine.life() == Life::Failed(Trouble::StoppedItself);
                self.all_lost && stopped && seen.fault == Sight::Known(false) && machine.since() <= bound
            },
        )
    }

    /// Where all were lost their power was, most likely: they come back one CDU after the other.
    fn rules(&self, scan: &Scan<'_>) -> CrewRules {
        CrewRules::of(&scan.tuning.pumps, self.all_lost.then(|| stagger(scan)))
    }

    /// Two turn so slowly that one would do.
    fn is_slow(&self, scan: &Scan<'_>) -> bool {
        let mut speeds = scan.of.pumps.iter().map(|pump| scan.scene.fresh(pump.feedback));
        self.crew.present() > 1 && speeds.all(|speed| speed.is_some_and(|speed| speed < scan.tuning.pumps.slow.0))
    }
}

/// What a pump's events are about: the output of its speed.
fn about(scan: &Scan<'_>, id: MachineId) -> About {
    scan.of.pumps.get(id.index()).map_or(About::Hall, |pump| About::Point(pump.speed.id()))
}

/// After how long a CDU tries again where all pumps were lost: one CDU after the other.
fn stagger(scan: &Scan<'_>) -> Span {
    scan.tuning.pumps.stagger.times(u64::try_from(scan.place).unwrap_or(0))
}

impl Default for Pumps {
    fn default() -> Self {
        Self::new()
    }
}
