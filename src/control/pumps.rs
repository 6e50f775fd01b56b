//! Pumps on the header of a water that control starts and stops: at one speed, as many as its flow asks for. ASHRAE Guideline 36, pumps on
//! a header that hold a differential pressure.
//!
//! ```text
//!   one more    flow / design > n / running − margin            for `patience`, up to `running` of them
//!               speed > 99 % and dp < setpoint − `starved`      for `starved-for`, a tenth of it where twice as much is missing
//!   one less    flow / design ≤ (n − 1) / running − margin      for `patience`, with the pressure held;
//!               one that came for the pressure's sake           for six times as long, or below `slow` for `slow-for`
//! ```
//!
//! Those of condenser water go by the plant's stage instead of the flow: one for each machine that runs or starts, the next at once, and one
//! less after `patience`. Nothing is stopped while the flow or the pressure is not known, while a stage of the water's plant changes and while a row is too hot. A
//! pump that is lost is replaced at once. Their changes are those of a [`Crew`]: the new one proves itself before the old one stops. Their
//! own panels run them until all are seen: [`super::rule`].

mod look;
mod wiring;
mod would;

use plant::command::Reason;
use plant::event::{About, StageCause, Step as Told, Trouble, What};
use plant::hall::machinery::Circuit;
use plant::hall::sequence::RunMode;
use plant::hall::sequence::pumps::{Header, HeaderTuning};
use plant::hall::{Hall, Strategies};
use plant::id::{EquipId, HeaderId, Id, PointId};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::Commands;
use super::cooling::Cooling;
use super::news::News;
use super::rule::{Rule, TAKE_OVER};
use super::scene::Scene;
use super::sequence::Timer;
use super::sequence::crew::{Crew, CrewRules};
use super::sequence::machine::{Life, Machine, Seen, Sight};
use super::sequence::orders::{rescue, tell};
use super::sequence::roster::{MachineId, RunTime};
use super::sequence::shift::Shift;
pub use look::MOVES;
use look::View;
pub use wiring::{Wiring, wirings};

/// Pumps above this speed are at their most (%).
const FULL: f64 = 99.0;
/// So many times `starved` short is far too short: a tenth of `starved-for` is enough then.
const FAR: f64 = 2.0;
/// One that came for the pressure's sake is not needed any more when the flow has said so for so many times `patience`.
const LONG: u64 = 6;
/// Pumps that were lost within this time of each other were lost together.
const TOGETHER: Span = Span::from_secs(15);

/// What is remembered of the pumps on a header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pumps {
    rule: Rule,
    crew: Crew,
    /// How long the flow has asked for one more,
    more: Timer,
    /// for one less,
    less: Timer,
    /// and for as many as run.
    needed: Timer,
    starved: Timer,
    far: Timer,
    slow: Timer,
    /// The last one came for the pressure's sake: the flow alone does not send it away.
    pressed: bool,
    /// They were lost together, and start again one by one.
    all_lost: bool,
    /// One more is wanted and none is left.
    short: bool,
    /// They all failed under control: their panels get longer.
    gave_up: bool,
    /// How many ours would run, beside somebody else.
    supposed: u8,
}

/// The pumps of every header, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headers(Vec<Pumps>);

/// What one scan of a header's pumps goes by.
#[derive(Clone, Copy)]
struct Scan<'a> {
    scene: &'a Scene<'a>,
    id: HeaderId,
    of: &'a Header,
    wiring: &'a Wiring,
    tuning: &'a HeaderTuning,
}

impl Headers {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self(hall.headers.rows().iter().map(|of| Pumps::new(of.pumps.len())).collect())
    }

    /// A new boot: on their panels, with run-times.
    pub fn restart(&mut self) {
        for row in &mut self.0 {
            let mut crew = row.crew.clone();
            crew.forget();
            *row = Pumps { crew, ..Pumps::new(0) };
        }
    }

    /// Who runs them from now on.
    pub fn lend(&mut self, rule: Rule) {
        self.0.iter_mut().for_each(|row| row.rule = rule);
    }

    /// The pumps of each.
    #[must_use]
    pub fn rows(&self) -> &[Pumps] {
        &self.0
    }

    /// The headers with their pumps.
    pub fn iter<'p>(&'p self, hall: &'p Hall) -> impl Iterator<Item = (&'p Header, &'p Pumps)> {
        hall.headers.rows().iter().zip(&self.0)
    }

    /// A pump is another one from now on; what the one before had run.
    pub fn renew(&mut self, hall: &Hall, (equip, run): (EquipId, RunTime)) -> Option<RunTime> {
        hall.headers.rows().iter().zip(&mut self.0).find_map(|(of, row)| {
            let place = of.pumps.iter().position(|pump| pump.of.equip == equip)?;
            row.crew.renew(place, run)
        })
    }

    /// What is wrong, and with which pump.
    pub fn troubles<'p>(&'p self, hall: &'p Hall) -> impl Iterator<Item = (EquipId, Trouble)> + 'p {
        self.iter(hall).flat_map(|(of, row)| {
            let machines = of.pumps.iter().zip(row.crew.machines());
            machines.filter_map(|(pump, machine)| Some((pump.of.equip, machine.trouble()?)))
        })
    }

    /// One scan: proposes every pump's run mode. `settles` says whether a stage of the water's plant changes.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, cooling, settles): (&Scene<'_>, &Cooling, &dyn Fn(Circuit) -> bool),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        for (((id, of), wiring), row) in scene.hall.headers.iter().zip(wirings).zip(&mut self.0) {
            let Some(tuning) = tuning(cooling.strategies(), of) else { continue };
            let scan = Scan { scene, id, of, wiring, tuning };
            let view = scan.view(&row.crew, (cooling, settles(of.circuit)));
            row.step(&scan, &view, news);
            row.propose(wiring, commands);
        }
    }

    /// Pumps of chilled water that a person holds off run while some row is too hot: full speed is nothing without them. One that reports
    /// a fault stays as it is.
    pub fn rescue(&self, hall: &Hall, wirings: &[Wiring], hot: PointId, commands: &mut Commands) {
        for ((of, row), wiring) in self.iter(hall).zip(wirings) {
            if of.circuit != Circuit::ChilledWater {
                continue;
            }
            for (output, machine) in wiring.pumps.iter().zip(row.crew.machines()) {
                rescue(commands, (*output, machine), hot);
            }
        }
    }
}

/// How the pumps of a water are run.
const fn tuning<'s>(strategies: &'s Strategies, of: &Header) -> Option<&'s HeaderTuning> {
    let plant = strategies.plant(of.circuit);
    if of.condensing { plant.condenser_pumps.as_ref() } else { plant.pumps.as_ref() }
}

impl Pumps {
    fn new(pumps: usize) -> Self {
        let timer = Timer::default();
        Self {
            rule: Rule::on_panel(),
            crew: Crew::new(pumps),
            more: timer,
            less: timer,
            needed: timer,
            starved: timer,
            far: timer,
            slow: timer,
            pressed: false,
            all_lost: false,
            short: false,
            gave_up: false,
            supposed: 0,
        }
    }

    /// True while their panels run them.
    #[must_use]
    pub const fn is_on_panels(&self) -> bool {
        self.rule.is_panel()
    }

    /// The crew.
    #[must_use]
    pub const fn crew(&self) -> &Crew {
        &self.crew
    }

    /// True while one more is wanted and none is left.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.short
    }

    fn step(&mut self, scan: &Scan<'_>, view: &View, news: &mut News<'_>) {
        let (about, dt) = (About::Header(scan.id), scan.scene.dt);
        let rules = self.rules(scan.tuning);
        let seen = (|id: MachineId| view.pump(id), |id: MachineId| scan.about(id));
        if self.is_on_panels() {
            self.crew.look_on(&rules, seen, dt, news);
            if self.rule == Rule::Elsewhere {
                self.suppose(scan.tuning, view, dt);
            }
            let after = if self.gave_up { scan.tuning.pumps.retry_after } else { TAKE_OVER };
            if self.rule.take_over(self.crew.is_seen() && self.crew.runs(), after, dt) {
                self.crew.adopt(self.crew.running().max(1));
                self.rest();
                news.rule(about, Told::TakenOver);
            }
            return;
        }
        let lost = self.crew.watch(&rules, seen, dt, news);
        self.restore(lost, about, news);
        self.stage(scan.tuning, view, (about, dt), news);
        self.crew.turn(&self.rules(scan.tuning), (about, view.held), dt, news);
        self.tell_shortage(scan.tuning, about, news);
        let helpless = self.is_helpless(scan.tuning, view);
        if helpless || self.crew.is_blind() {
            self.rule = Rule::on_panel();
            self.rest();
            self.gave_up = helpless;
            news.rule(about, Told::HandedBack);
        }
    }

    fn rest(&mut self) {
        self.begin_anew();
        (self.pressed, self.all_lost, self.short, self.gave_up) = (false, false, false, false);
    }

    /// Every timer.
    fn begin_anew(&mut self) {
        (self.more, self.less, self.needed, self.starved, self.far, self.slow) = <_>::default();
    }

    /// The pressure has been short for long enough, with those that run at their most.
    fn is_starved(&self, tuning: &HeaderTuning) -> bool {
        let after = tuning.pumps.starved_for;
        self.starved.reached(after) || self.far.reached(Span::from_nanos(after.nanos() / 10))
    }

    /// Pumps that were lost together have lost their power: they start again `stagger` apart.
    fn rules(&self, tuning: &HeaderTuning) -> CrewRules {
        let stagger = tuning.pumps.stagger;
        let rules = CrewRules::of(&tuning.pumps, self.all_lost.then_some(stagger));
        if self.all_lost { CrewRules { stagger, ..rules } } else { rules }
    }

    /// Whether they were lost together, and whether all are there again.
    fn restore(&mut self, lost: bool, about: About, news: &mut News<'_>) {
        let gone = |machine: &&Machine| {
            let lost = matches!(machine.life(), Life::Failed(Trouble::StoppedItself | Trouble::Fault));
            lost && machine.since() < TOGETHER
        };
        if self.crew.present() >= self.crew.target() {
            self.all_lost = false;
        } else if lost && !self.crew.runs() && self.crew.machines().iter().filter(gone).count() > 1 {
            self.all_lost = true;
            self.crew.lost_power();
            news.warn(about, What::Step(Told::Restoring));
        }
    }

    /// How many shall run.
    fn stage(&mut self, tuning: &HeaderTuning, view: &View, (about, dt): (About, Span), news: &mut News<'_>) {
        let n = self.crew.target();
        self.count(tuning, view, dt);
        let (to, cause) = if n < self.crew.able() && view.machines.is_some_and(|machines| n < machines) {
            (n.saturating_add(1), StageCause::Machines)
        } else if n < self.crew.able() && self.is_starved(tuning) {
            self.pressed = true;
            (n.saturating_add(1), StageCause::Starved)
        } else if n < self.crew.able() && self.more.reached(tuning.patience) {
            (n.saturating_add(1), StageCause::Load)
        } else if self.may_do_with_less(tuning, view) {
            self.pressed = false;
            (n.saturating_sub(1), StageCause::LightLoad)
        } else {
            return;
        };
        self.begin_anew();
        self.crew.aim(to);
        news.info(about, What::Stage { from: n, to, cause });
    }

    /// What is doubted neither counts nor begins anew; what is lost has held for no time.
    fn count(&mut self, tuning: &HeaderTuning, view: &View, dt: Span) {
        let (of, n) = (&tuning.pumps, self.crew.target());
        // Where people hold more of them than are wanted these count as there: staging goes on above them.
        let quiet = self.crew.shift() == Shift::Steady && self.crew.present() >= n;
        let enough = |n: u8| f64::from(n) / f64::from(of.running) - tuning.margin;
        let held = view.below.is_some_and(|below| below < of.starved.0);
        if let Some(machines) = view.machines {
            self.more = Timer::default();
            self.less.count(quiet && n > machines && held, dt);
            self.needed.count(n <= machines, dt);
        } else if let Some(flow) = view.flow {
            // Those that stand by are there for a loss, and for the pressure's sake: more of them would only take more power.
            self.more.count(quiet && n < of.running && flow > enough(n), dt);
            self.less.count(quiet && n > 1 && held && flow <= enough(n.saturating_sub(1)), dt);
            self.needed.count(flow > enough(n.saturating_sub(1)), dt);
        } else if view.blind {
            (self.more, self.less, self.needed) = <_>::default();
        }
        self.pressed &= !self.needed.reached(tuning.patience);
        if let Some((below, speed)) = view.below.zip(view.speed) {
            self.starved.count(quiet && speed > FULL && below >= of.starved.0, dt);
            self.far.count(quiet && speed > FULL && below >= FAR * of.starved.0, dt);
            self.slow.count(quiet && held && speed < of.slow.0, dt);
        } else {
            (self.starved, self.far, self.slow) = <_>::default();
        }
    }

    /// One less: only where flow and pressure are known now, and nothing else is on its way.
    fn may_do_with_less(&self, tuning: &HeaderTuning, view: &View) -> bool {
        let light = match view.machines {
            Some(machines) => self.crew.target() > machines,
            None => view.flow.is_some(),
        };
        let known = light && view.below.is_some() && !view.held;
        let long = self.slow.reached(tuning.pumps.slow_for) || self.less.reached(tuning.patience.times(LONG));
        known && (!self.pressed || long) && self.crew.target() > 1 && self.less.reached(tuning.patience)
    }

    /// One more is wanted and none is left: told once.
    fn tell_shortage(&mut self, tuning: &HeaderTuning, about: About, news: &mut News<'_>) {
        let (able, target) = (self.crew.able(), self.crew.target());
        let missing = self.crew.shift() == Shift::Steady && self.crew.present() < target && !self.all_lost;
        let short = missing || (target >= able && self.is_starved(tuning));
        if short && !self.short {
            news.warn(about, What::Trouble(Trouble::NoneLeft));
        }
        self.short = short;
    }

    /// None runs and none can be told to, and not because somebody wants it so. Those that lost their power are waited for.
    fn is_helpless(&self, tuning: &HeaderTuning, view: &View) -> bool {
        let bound = sum(tuning.pumps.stagger, tuning.pumps.start_within);
        self.crew.is_helpless(
            |id| view.pump(id),
            |machine, seen| {
                let stopped = machine.life() == Life::Failed(Trouble::StoppedItself);
                self.all_lost && stopped && seen.fault == Sight::Known(false) && machine.since() <= bound
            },
        )
    }

    fn propose(&self, wiring: &Wiring, commands: &mut Commands) {
        let target = self.crew.target();
        for (output, machine) in wiring.pumps.iter().zip(self.crew.machines()) {
            let in_stage = machine.run_mode() == RunMode::On;
            let reason = if in_stage { Reason::InStage(target) } else { Reason::NotInStage(target) };
            tell(commands, (*output, self.is_on_panels()), machine, reason);
        }
    }
}

impl Scan<'_> {
    /// What a pump's events are about.
    fn about(&self, id: MachineId) -> About {
        self.of.pumps.get(id.index()).map_or(About::Hall, |pump| About::Equip(pump.of.equip))
    }
}

impl View {
    /// What is seen of one pump.
    fn pump(&self, id: MachineId) -> Seen {
        self.pumps.get(id.index()).copied().unwrap_or(Seen::NOTHING)
    }
}
