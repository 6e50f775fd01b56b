//! A scenario on its way: what happens when, and what every assert has seen so far.

use std::sync::Arc;

use plant::convert;
use plant::event::{About, Event as Told, Severity, What};
use plant::id::AlarmId;
use plant::time::{Span, Tick, Wall};

use super::action::{Action, begin_of, end_of};
use super::expression::Scene;
use super::golden::Golden;
use super::judge::{Judge, Moment};
use super::seen::Clocked;
use super::verdict::{Report, Unit, Verdict};
use super::{Baseline, Rule, Scenario, Setpoint, Trigger};
use crate::ledger;
use crate::physics::Load;
use crate::world::World;

/// How much of a run [`Lens`] shows on each side of its centre (s).
const LENS: f64 = 300.0;

/// A look at some minutes of one assert.
#[derive(Clone, Debug, PartialEq)]
pub struct Lens {
    /// The assert's place in the file.
    pub assert: usize,
    /// The middle (s after the begin).
    pub centre: f64,
    /// Time (s after the begin) and what the assert saw: the margin of a condition, a signal less its target.
    pub samples: Vec<(f64, f64)>,
}

/// An event that began or ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Happened {
    /// When (s after the begin).
    pub at: f64,
    /// The event's place in the file.
    pub event: usize,
    /// True where it began, false where it ended by itself.
    pub begins: bool,
}

/// A scenario on its way.
#[derive(Clone, Debug)]
pub struct Run {
    scenario: Arc<Scenario>,
    seed: u64,
    /// Load and weather as the scenario begins with them.
    nature: Option<Load>,
    /// The panels' setpoints as the scenario begins with them.
    setpoints: Vec<(Setpoint, f64)>,
    /// Time gone by since the warm-up began.
    elapsed: Span,
    steps: u64,
    events: Vec<Progress>,
    /// What ends by itself, and when (time since the warm-up began).
    ends: Vec<(Span, usize)>,
    happened: Vec<Happened>,
    judges: Vec<Judge>,
    /// The first error that nobody expected: when (s), and of what.
    unexpected: Option<(f64, String)>,
    broken: Option<String>,
    lens: Option<Lens>,
}

/// How far an event is.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// When it happened first (s after the begin).
    first: Option<f64>,
    /// It shall happen now.
    due: bool,
    /// Since when its condition holds (s after the begin).
    since: Option<f64>,
    /// It has happened since its condition began to hold.
    spent: bool,
}

impl Run {
    /// A scenario at the begin of its warm-up.
    #[must_use]
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        Self {
            seed,
            nature: None,
            setpoints: Vec::new(),
            elapsed: Span::ZERO,
            steps: 0,
            events: scenario.events.iter().map(|_| Progress::default()).collect(),
            ends: Vec::new(),
            happened: Vec::new(),
            judges: scenario.asserts.iter().map(|a| Judge::new(&a.rule)).collect(),
            unexpected: None,
            broken: None,
            lens: None,
            scenario,
        }
    }

    /// Gives a world the seed, the load and the weather of this run. Before its first step.
    #[must_use]
    pub fn prepare(&mut self, world: World) -> World {
        let mut world = world.with_seed(self.seed);
        let physics = world.change_physics();
        self.scenario.load.apply(&mut physics.load);
        self.nature = Some(physics.load);
        let panels = Setpoint::ALL.iter().filter_map(|(_, of)| Some((*of, *of.on_panel(physics)?)));
        self.setpoints = panels.collect();
        let weather = self.scenario.weather.applied(&physics.weather);
        let mut world = world.with_weather(weather);
        if let Some(spec) = self.scenario.nodes.as_ref().and_then(|nodes| nodes.spec.as_ref()) {
            world = world.with_nodes(spec);
        }
        world.warm_outdoors(self.scenario.weather.offset);
        if !self.scenario.noise {
            world.quieten();
        }
        world
    }

    /// Holds the run against a golden trace.
    pub fn hold_against(&mut self, golden: &Golden) {
        for (assert, judge) in self.scenario.asserts.iter().zip(&mut self.judges) {
            judge.hold_against(&assert.rule, golden);
        }
    }

    /// Looks at one assert closely.
    pub fn look_at(&mut self, assert: usize, centre: f64) {
        self.lens = Some(Lens { assert, centre, samples: Vec::new() });
    }

    /// The scenario.
    #[must_use]
    pub const fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// True when the scenario's time is over.
    #[must_use]
    pub fn over(&self) -> bool {
        self.elapsed.nanos() >= self.scenario.warm_up.nanos().saturating_add(self.scenario.length.nanos())
    }

    /// Time since the scenario began, negative in its warm-up (s).
    #[must_use]
    pub fn time(&self) -> f64 {
        self.elapsed.seconds() - self.scenario.warm_up.seconds()
    }

    /// The tick of the next step. All of a run is one boot.
    #[must_use]
    pub fn tick(&self) -> Tick {
        let scenario = &self.scenario;
        let mono = plant::time::Mono(self.elapsed.nanos().saturating_add(scenario.dt.nanos()));
        let millis = |nanos: u64| convert::i64_from_bits(nanos / 1_000_000);
        let wall = scenario.start.0.saturating_sub(millis(scenario.warm_up.nanos())).saturating_add(millis(mono.0));
        Tick { seq: self.steps, dt: scenario.dt, mono, wall: Wall(wall), clock_trusted: true, boot: 1 }
    }

    /// What has to be done before the next step, in the order of the file.
    pub fn due(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        let (now, time, scenario) = (self.elapsed, self.time(), Arc::clone(&self.scenario));
        let happened = &mut self.happened;
        self.ends.retain(|(end, place)| {
            let over = *end <= now;
            if let Some(event) = scenario.events.get(*place).filter(|_| over) {
                end_of(&event.deed, &mut actions);
                happened.push(Happened { at: time, event: *place, begins: false });
            }
            !over
        });
        for (n, (event, progress)) in scenario.events.iter().zip(&mut self.events).enumerate() {
            if let Trigger::At(at) = event.trigger {
                let then = at.nanos().saturating_add(scenario.warm_up.nanos());
                progress.due = progress.first.is_none() && now.nanos() >= then;
            }
            if !std::mem::take(&mut progress.due) {
                continue;
            }
            progress.first.get_or_insert(time);
            self.happened.push(Happened { at: time, event: n, begins: true });
            begin_of(&event.deed, event.hold, &mut actions);
            if let Some(hold) = event.hold {
                self.ends.push((Span::from_nanos(now.nanos().saturating_add(hold.nanos())), n));
            }
        }
        actions
    }

    /// The events that began and ended so far, in their order.
    #[must_use]
    pub fn happened(&self) -> &[Happened] {
        &self.happened
    }

    /// Does to the world what concerns it. False for what concerns the controller.
    pub fn act(&self, action: &Action, world: &mut World) -> bool {
        match action {
            Action::Break(fault) => world.inject(*fault),
            Action::Mend(fault) => world.clear(*fault),
            Action::MendAll => world.clear_all(),
            Action::Load(share) => {
                if let Some(load) = self.nature {
                    let steady = |mean| Load { mean, diurnal: 0.0, step: 0.0, ..load };
                    world.change_physics().load = share.map_or(load, steady);
                }
            }
            Action::Cap(rack, watts) => world.cap_rack(*rack, *watts),
            Action::Weather(offset) => world.warm_outdoors(self.scenario.weather.offset + offset),
            Action::Setpoint { of, value } => return self.set(*of, *value, world),
            Action::Override { .. }
            | Action::Release(_)
            | Action::Announce { .. }
            | Action::GridTarget { .. }
            | Action::Acknowledge(_)
            | Action::Reset(_)
            | Action::Clock(_)
            | Action::Silence(_)
            | Action::Restart
            | Action::Agents { .. } => return false,
        }
        true
    }

    /// Moves a setpoint of the panels, or puts it back. False where it is the controller's, or the controller's as well.
    fn set(&self, of: Setpoint, value: Option<f64>, world: &mut World) -> bool {
        if of == Setpoint::Crah {
            world.set_supply_air(value.unwrap_or(crate::local::crah::SUPPLY));
            return true;
        }
        let begun = self.setpoints.iter().find(|(known, _)| *known == of).map(|(_, begun)| *begun);
        let to = value.or(begun);
        match (of.on_panel(world.change_physics()), to) {
            (Some(panel), Some(to)) => {
                *panel = to;
                ![Setpoint::FacilityWater, Setpoint::Cdu, Setpoint::RearDoor, Setpoint::Tank].contains(&of) // which their loops have, too
            }
            (_, None) | (None, _) => false,
        }
    }

    /// Takes in what a step came to: `told` is what control had to tell since the last.
    pub fn observe(&mut self, tick: Tick, told: &[Told], scene: &impl Scene) {
        self.elapsed = Span::from_nanos(self.elapsed.nanos().saturating_add(tick.dt.nanos()));
        self.steps = self.steps.saturating_add(1);
        let time = self.time();
        if time < 0.0 {
            return;
        }
        let scene = &Clocked { scene, time };
        self.trigger(time, scene);
        self.watch_errors(time, told);
        let scenario = Arc::clone(&self.scenario);
        for (n, (assert, judge)) in scenario.asserts.iter().zip(&mut self.judges).enumerate() {
            let begin = match assert.window.after {
                None => Some(0.0),
                Some(event) => self.events.get(event).and_then(|e| e.first),
            };
            let Some(begin) = begin.map(|b| b + assert.window.from.seconds()) else { continue };
            let end =
                assert.window.to.map_or(f64::INFINITY, |to| begin + (to.seconds() - assert.window.from.seconds()));
            if time < begin || time > end {
                continue;
            }
            let seen = judge.look(&assert.rule, Moment { time, since: time - begin }, told, scene);
            if let (Some(lens), Some(seen)) = (self.lens.as_mut().filter(|lens| lens.assert == n), seen)
                && (time - lens.centre).abs() <= LENS
            {
                lens.samples.push((time, seen));
            }
        }
    }

    /// Looks whether the simulator itself is sound after a step.
    pub fn audit(&mut self, world: &World) {
        if self.broken.is_some() {
            return;
        }
        let (time, residual) = (self.time(), world.ledger_residual());
        if residual.is_nan() || residual >= ledger::CLOSED {
            self.broken = Some(format!("the energy balance is open by {residual:e} of its throughput at {time} s"));
            return;
        }
        let points = &self.scenario.hall.points;
        let lost = points.iter().find(|(id, _)| world.truth(*id).is_some_and(|v| !v.is_finite()));
        self.broken = lost.map(|(_, def)| format!("{} is no number at {time} s", def.name));
    }

    /// Why the simulator itself failed, if it did.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The verdicts. `kpi` tells a figure of this run, `baseline` one of another run of the same scenario.
    #[must_use]
    pub fn finish(
        self,
        kpi: &dyn Fn(&str) -> Option<f64>,
        baseline: &dyn Fn(Baseline, &str) -> Option<f64>,
    ) -> (Report, Option<Lens>) {
        let scenario = &self.scenario;
        let mut verdicts: Vec<Verdict> = Vec::new();
        for (assert, judge) in scenario.asserts.iter().zip(&self.judges) {
            let waits_for = assert.window.after.filter(|e| self.events.get(*e).is_none_or(|e| e.first.is_none()));
            let never = waits_for.and_then(|e| scenario.events.get(e)).map(|e| e.name.as_str());
            verdicts.push(match (&assert.rule, never) {
                (Rule::Kpi { kpi: name, min, max }, _) => Verdict::figure(assert, kpi(name), (*min, *max)),
                (Rule::Compare { kpi: name, baseline: other, min, max }, _) => {
                    let ratio =
                        kpi(name).zip(baseline(*other, name)).map(|(a, b)| if b == 0.0 { f64::NAN } else { a / b });
                    Verdict::figure(assert, ratio, (*min, *max))
                }
                (Rule::Golden { .. }, _) if self.seed != scenario.seed => {
                    Verdict::of(assert, true, None, Unit::Plain).saying("blessed with another seed, and not looked at")
                }
                (_, Some(event)) => Verdict::unseen(assert, &format!("the event `{event}` never happened")),
                (_, None) => judge.verdict(assert),
            });
        }
        verdicts.push(Verdict::errors(self.unexpected.as_ref()));
        let report = Report { scenario: scenario.name.clone(), seed: self.seed, verdicts, broken: self.broken.clone() };
        (report, self.lens)
    }

    fn trigger(&mut self, time: f64, scene: &impl Scene) {
        for (event, progress) in self.scenario.events.iter().zip(&mut self.events) {
            let Trigger::When { holding, once } = &event.trigger else { continue };
            if !holding.condition.robust(scene).holds {
                (progress.since, progress.spent) = (None, false);
                continue;
            }
            let since = *progress.since.get_or_insert(time);
            let again = progress.first.is_none() || !once;
            if again && !progress.spent && time - since >= holding.hold {
                (progress.due, progress.spent) = (true, true);
            }
        }
    }

    fn watch_errors(&mut self, time: f64, told: &[Told]) {
        if self.unexpected.is_some() {
            return;
        }
        let hall = &self.scenario.hall;
        let expected = |event: &Told| {
            let subject = event.subject(hall);
            let owner = subject.split_once('/').map_or(subject, |(equip, _)| equip);
            self.scenario.expected_errors.iter().any(|name| name == subject || name == owner)
        };
        let first = told.iter().find(|event| event.severity == Severity::Error && !expected(event));
        self.unexpected = first.map(|event| (time, event.subject(hall).to_owned()));
    }
}

/// True when an alarm was raised.
pub(super) fn raised(told: &Told, alarm: AlarmId) -> bool {
    told.about == About::Alarm(alarm) && told.what == What::AlarmRaised
}
