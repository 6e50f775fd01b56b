//! How many chillers of a plant run, and which: ASHRAE Guideline 36, 5.20.4, with a way out of every step.
//!
//! The load is counted behind the economiser, from the water that enters the chillers. It is a mean of five minutes. One more runs
//! when the load is above `up` of what runs for `patience`, or when the supply is `warm` for as long; one less when what would
//! remain carries the load below `down` for as long and the supply is not warm. Where the economiser carries all, none runs, until
//! the supply is twice `warm` for two thirds of `patience` or `warm` for four thirds, and where the free cooling has failed (four
//! times `warm`) for a fifteenth. Where some run and the supply is four times `warm` all the same, one more runs after a third of
//! it. A machine that is lost is replaced at once.

mod moves;
mod supposed;

use plant::event::{About, StageCause};
use plant::hall::{ChillerPlant, PlantTuning};
use plant::id::{Id, Table};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::news::News;
use crate::control::sequence::change::Change;
use crate::control::sequence::machine::{Life, Machine, Seen};
use crate::control::sequence::roster::{MachineId, RunTime};
use crate::control::sequence::{Mean, Sequence, Timer};

/// Below this share of one machine there is no load (1).
const NO_LOAD: f64 = 0.02;
/// Below this share of the design flow there is no flow: no load is counted, and no machine starts (1).
pub const LEAST_FLOW: f64 = 0.1;

/// What the plant's water looks like in one scan; nothing where it is not known now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Water {
    /// Heat that the chillers face (W).
    pub load: Option<f64>,
    /// Heat that is announced and not there yet (W).
    pub coming: f64,
    /// Supply above its setpoint (K).
    pub warm: Option<f64>,
    /// Differential pressure below its setpoint (Pa).
    pub starved: Option<f64>,
    /// Flow over design (1).
    pub flow: Option<f64>,
    /// All pumps that move it are seen standing.
    pub stands: bool,
    /// Something cools the water before the chillers do.
    pub economising: bool,
    /// It carries all of the load.
    pub spared: bool,
    /// The highest load share of a running machine (%).
    pub share: Option<f64>,
}

/// The stages of a plant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// How many shall run.
    target: u8,
    machines: Table<MachineId, Machine>,
    /// Which of them shall run.
    told: Table<MachineId, bool>,
    change: Sequence<Change>,
    since_change: Span,
    since_rotation: Span,
    since_start: Span,
    load: Mean,
    /// What runs, with what is announced, has too much to do.
    coming: bool,
    above: Timer,
    below: Timer,
    warm: Timer,
    far: Timer,
    lost: Timer,
    starved: Timer,
    /// One more is wanted and none is left.
    short: bool,
    /// The last change did not come to what it was for.
    abandoned: bool,
    /// How many ours would run, beside somebody else.
    supposed: u8,
}

/// One stage up or down, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wish {
    up: bool,
    cause: StageCause,
}

/// What a plant's stages look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The plant.
    pub plant: &'a ChillerPlant,
    /// The numbers it runs by.
    pub rules: &'a PlantTuning,
    /// The water that it makes now (°C).
    pub setpoint: f64,
    /// Since the scan before, as it was lived.
    pub dt: Span,
}

impl Stages {
    /// The one of this place is another one from now on; what the one before had run.
    pub fn renew(&mut self, place: usize, run: RunTime) -> Option<RunTime> {
        self.machines.get_mut(MachineId::from_index(place)).map(|machine| machine.renew(run))
    }

    /// Of so many machines nobody has seen.
    #[must_use]
    pub fn new(machines: usize) -> Self {
        Self {
            target: 0,
            machines: Table::filled(machines, Machine::new()),
            told: Table::filled(machines, false),
            change: Sequence::at(Change::Steady),
            since_change: Span::ZERO,
            since_rotation: Span::ZERO,
            since_start: Span::ZERO,
            load: Mean::default(),
            coming: false,
            above: Timer::default(),
            below: Timer::default(),
            warm: Timer::default(),
            far: Timer::default(),
            lost: Timer::default(),
            starved: Timer::default(),
            short: false,
            abandoned: false,
            supposed: 0,
        }
    }

    /// As after a new boot: nothing is known but run-times, how many ran, and when machines changed places.
    pub fn forget(&mut self) {
        let (mut machines, rotation, target) = (self.machines.clone(), self.since_rotation, self.target);
        machines.rows_mut().iter_mut().for_each(Machine::forget);
        *self = Self { machines, since_rotation: rotation, target, ..Self::new(self.told.len()) };
    }

    /// The machines.
    #[must_use]
    pub const fn machines(&self) -> &Table<MachineId, Machine> {
        &self.machines
    }

    /// What of a change is in flight.
    #[must_use]
    pub const fn change(&self) -> Change {
        self.change.step()
    }

    /// How many shall run.
    #[must_use]
    pub const fn target(&self) -> u8 {
        self.target
    }

    /// The load it stages by (W).
    #[must_use]
    pub fn load(&self) -> Option<f64> {
        self.load.value()
    }

    /// True while a stage changes, and for its patience after.
    #[must_use]
    pub fn is_settling(&self, rules: &PlantTuning) -> bool {
        self.change.step() != Change::Steady || self.since_change < rules.staging.patience
    }

    /// True while one more is wanted and none is left.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.short
    }

    /// True from a change that was abandoned until one that was not.
    #[must_use]
    pub const fn has_abandoned(&self) -> bool {
        self.abandoned
    }

    /// True while running machines are held to their demand limit: never where it is warm already.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.change.step().is_limited() && !self.is_warm()
    }

    /// True while the supply is too warm.
    fn is_warm(&self) -> bool {
        self.warm.so_far() > Span::ZERO
    }

    /// True when no machine is seen.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.machines.rows().iter().all(|machine| matches!(machine.life(), Life::Unseen { .. }))
    }

    /// The machines run by their panels; control looks on.
    pub fn look_on(&mut self, scene: &Scene<'_>, seen: impl Fn(MachineId) -> Seen, news: &mut News<'_>) {
        self.run_machines(scene, seen, news);
        self.wait(scene.dt);
        self.short = false;
    }

    /// Takes over as it is found: what runs shall run. `economising` says that something cools without them.
    pub fn adopt(&mut self, economising: bool) {
        let (rotation, before) = (self.since_rotation, self.target);
        let (machines, told) = (std::mem::take(&mut self.machines), std::mem::take(&mut self.told));
        *self = Self { machines, told, since_rotation: rotation, ..Self::new(0) };
        for (told, machine) in self.told.rows_mut().iter_mut().zip(self.machines.rows()) {
            *told = matches!(machine.life(), Life::On);
        }
        self.target = self.present();
        if self.target == 0 && before > 0 && !economising {
            // All stand where some ran, and nothing else cools: they were lost, and as many as before are wanted again.
            let standing = self.machines.rows().iter().filter(|machine| machine.life() == Life::Off).count();
            self.target = before.min(u8::try_from(standing).unwrap_or(u8::MAX));
            self.machines.rows_mut().iter_mut().for_each(Machine::lost_power);
        }
    }

    /// True when some are wanted, none runs and none could.
    #[must_use]
    pub fn is_helpless(&self) -> bool {
        self.target > 0 && self.present() == 0 && self.able() == 0
    }

    /// True when some machine runs.
    #[must_use]
    pub fn cools(&self) -> bool {
        self.machines.rows().iter().any(|machine| machine.life() == Life::On)
    }

    /// True when heat may come from some condenser: one runs, or may, seen or not.
    #[must_use]
    pub fn condenses(&self) -> bool {
        self.machines.rows().iter().any(|machine| machine.is_running() || machine.life() == Life::Starting)
    }

    /// One scan under control.
    pub fn step(
        &mut self,
        scene: &Scene<'_>,
        (water, seen): (&Water, impl Fn(MachineId) -> Seen),
        news: &mut News<'_>,
    ) {
        self.run_machines(scene, seen, news);
        self.wait(scene.dt);
        self.count(scene, water);
        let wish = self.wish(scene.rules, water);
        self.turn(scene, (water, wish), news);
        self.tell_shortage(scene, (water, wish), news);
    }

    fn run_machines(&mut self, scene: &Scene<'_>, seen: impl Fn(MachineId) -> Seen, news: &mut News<'_>) {
        let ids = self.machines.ids();
        for id in ids {
            let (Some(machine), Some(told)) = (self.machines.get_mut(id), self.told.get_mut(id)) else { continue };
            let before = machine.life();
            let item = machine.step(&scene.rules.chiller, (seen(id), *told), scene.dt);
            // One that runs goes on, whoever started it: what is too many is stopped in its turn. One that does not run any
            // more has to be chosen anew.
            match (before, machine.life()) {
                (Life::On | Life::Starting, Life::On) | (_, Life::Starting) => {}
                (_, Life::On) => *told = true,
                (_, Life::Off | Life::Stopping | Life::Failed(_) | Life::Unseen { .. }) => *told = false,
            }
            let about = scene.plant.chillers.get(id.index()).map_or(About::Hall, |c| About::Equip(c.of.equip));
            news.machine(about, item);
        }
    }

    fn count(&mut self, scene: &Scene<'_>, water: &Water) {
        let (rules, dt) = (&scene.rules.staging, scene.dt);
        self.load.take(water.load.unwrap_or(f64::NAN), dt);
        let steady = self.change.step() == Change::Steady;
        let load = self.load.value();
        let capacity = |machines: u8| f64::from(machines) * scene.rules.capacity.0;
        let cool = water.warm.is_some_and(|warm| warm < rules.warm);
        let more = load.is_some_and(|load| self.target > 0 && load > rules.up * capacity(self.target));
        let less = match self.target {
            0 => false,
            1 => water.spared,
            n => load.is_some_and(|load| load < rules.down * capacity(n.saturating_sub(1))),
        };
        let with_coming =
            load.is_some_and(|load| self.target > 0 && load + water.coming > rules.up * capacity(self.target));
        self.coming = water.coming > 0.0 && with_coming;
        self.above.count(steady && more, dt);
        self.below.count(steady && less && cool && water.coming <= 0.0, dt);
        // While a reading is doubted its timers stand: they neither count nor begin anew.
        if let Some(warm) = water.warm {
            self.warm.count(warm > rules.warm, dt);
            self.far.count(warm > 2.0 * rules.warm, dt);
            self.lost.count(warm > 4.0 * rules.warm, dt);
        }
        if let Some(by) = water.starved {
            self.starved.count(by > rules.starved, dt);
        }
    }

    /// Whether one more shall run, or one less.
    fn wish(&self, rules: &PlantTuning, water: &Water) -> Option<Wish> {
        let patience = rules.staging.patience;
        let share = |n: u64, of: u64| Span::from_nanos(patience.nanos() / of * n);
        if self.target == 0 {
            let idle = self.load.value().is_some_and(|load| load < NO_LOAD * rules.capacity.0);
            if !water.economising {
                let warm = self.warm.reached(share(1, 15));
                return (!idle || warm).then_some(Wish { up: true, cause: StageCause::Nothing });
            }
            let lost = self.lost.reached(share(1, 15));
            let late = lost || self.far.reached(share(2, 3)) || self.warm.reached(share(4, 3));
            return late.then_some(Wish { up: true, cause: StageCause::Warm });
        }
        // Where one that counts is not seen, nobody knows that it cools: far too warm says that it does not.
        let unseen = self.machines.rows().iter().any(|machine| machine.life() == Life::Unseen { ran: true });
        if unseen && (self.lost.reached(share(1, 15)) || self.far.reached(share(2, 3))) {
            return Some(Wish { up: true, cause: StageCause::Warm });
        }
        // Four times too warm is no matter of efficiency: after a loss of all one alone would need an hour for what waits.
        let spare = usize::from(self.target) < self.able();
        if spare && self.lost.reached(share(1, 3)) && self.since_change >= share(1, 3) {
            return Some(Wish { up: true, cause: StageCause::Warm });
        }
        // What is announced waits for nobody: chillers need minutes, and it has been said in time for that.
        if spare && self.coming {
            return Some(Wish { up: true, cause: StageCause::Announced });
        }
        if self.since_change < patience {
            return None;
        }
        let up = [(self.above, StageCause::Load), (self.warm, StageCause::Warm), (self.starved, StageCause::Starved)];
        if let Some((_, cause)) = up.into_iter().find(|(timer, _)| timer.reached(patience)) {
            return Some(Wish { up: true, cause });
        }
        let cause = if self.target == 1 { StageCause::Economised } else { StageCause::LightLoad };
        self.below.reached(patience).then_some(Wish { up: false, cause })
    }
}

#[cfg(test)]
mod tests;
