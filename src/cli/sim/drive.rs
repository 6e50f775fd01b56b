//! A scenario's run: world and pilot in one loop, with no wires between them, led by what the scenario says is due.

mod figures;
mod starts;
mod watched;

use std::sync::Arc;

use plant::event::Event;
use plant::hall::{Hall, Strategies};
use plant::image::{Inputs, Outputs};
use plant::time::{Span, Tick, Wall};
use sim::World;
use sim::kpi::{Beside, Kpis, Tally, in_failsafe};
use sim::record::{MarkKind, Recorder, Recording};
use sim::scenario::{Action, Pilot, Run, Seen, Setpoint};
use sim::trace::{Header, MODEL, Trace};
use wattloop::control::report::Status;
use wattloop::control::request::{Ask, Reply, Request};
use wattloop::control::{Controller, sentence};
use wattloop::service::clock::Clock;
use wattloop::service::journal::decision_hash;

use super::batches::Batches;
use super::nodes::Nodes;
use super::pages::Page;
use super::planner::Planner;
use super::site::{self, controller, site};

/// How long a clock that jumped must be steady before it is trusted again, as in the service (s).
const DOUBT: f64 = 300.0;

/// A run at some moment.
pub struct Drive {
    run: Run,
    world: World,
    pilot: Pilot,
    controller: Controller,
    hall: Arc<Hall>,
    /// What the world told at the last step.
    inputs: Inputs,
    /// What control sees: the last step's samples with the reports of all steps since the scan before.
    image: Inputs,
    outputs: Outputs,
    /// What reaches the hall of them in shadow: nothing.
    nothing: Outputs,
    told: Vec<Event>,
    /// Steps since the last scan.
    since: Span,
    scans: u64,
    /// Writes that changed something in the hall.
    writes: usize,
    /// Since when nobody commands (s after the begin).
    silent: Option<f64>,
    tally: Tally,
    recorder: Option<Recorder>,
    planner: Planner,
    trace: Trace,
    clock: Clock,
    /// What control took for its scan in this step (s); nothing where it made none.
    took: Option<f64>,
    events: u64,
    /// The loops' setpoints as they are now.
    strategies: Strategies,
    /// How far the controller's wall clock is ahead (ms), and until when it is not trusted (s after the begin).
    ahead: i64,
    doubted_until: f64,
    /// The agents of its nodes, where they are capped.
    nodes: Option<Nodes>,
    /// The scheduler of its jobs that ask for leases.
    batches: Option<Batches>,
    /// Counts the controller's starts, where agents must tell one from another.
    boot: u32,
}

/// A run that is over.
pub struct Ridden {
    /// What every assert saw.
    pub run: Run,
    /// Its figures.
    pub kpis: Kpis,
    /// Its signals and what happened, where they were asked for.
    pub recording: Option<Recording>,
    /// A hash of all that was read, of all that was true and of all that was decided.
    pub trace: String,
    /// What the controller had to say at the end.
    pub status: Status,
    /// Scans that were made.
    pub scans: u64,
    /// Events that were told.
    pub events: u64,
}

impl Drive {
    /// A scenario at the begin of its warm-up.
    pub fn new(page: &Page, seed: u64, pilot: Pilot) -> Self {
        let hall = Arc::clone(&page.scenario.hall);
        let mut run = Run::new(Arc::clone(&page.scenario), seed);
        let safe = Controller::safe_outputs(&hall);
        let mut world = run.prepare(page.world.clone());
        let header = Header {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            model: MODEL,
            scenario: page.made_of.clone(),
            seed,
            dt: page.scenario.dt,
        };
        let mut tally = Tally::new(&hall, &world);
        page.scenario.late_from().into_iter().for_each(|from| tally.late_from(from));
        Self {
            tally,
            batches: if pilot == Pilot::Wattloop { Batches::of(&page.scenario, &mut world) } else { None },
            nodes: if pilot == Pilot::Wattloop { Nodes::of(&hall, &world) } else { None },
            boot: 1,
            world: if pilot.is_on_panels() { world.on_panels() } else { world },
            run,
            pilot,
            controller: controller(&page.scenario, pilot),
            inputs: Inputs::unread(hall.points.len()),
            image: Inputs::of(&hall),
            outputs: if pilot.is_on_panels() { Outputs::default() } else { safe },
            nothing: Outputs::default(),
            told: Vec::new(),
            since: Span::ZERO,
            scans: 0,
            writes: 0,
            silent: None,
            recorder: None,
            planner: Planner::default(),
            trace: Trace::new(&header),
            clock: Clock::machine(),
            took: None,
            events: 0,
            strategies: hall.strategies,
            ahead: 0,
            doubted_until: f64::NEG_INFINITY,
            hall,
        }
    }

    /// The run, to prepare it before the first step.
    pub const fn run_mut(&mut self) -> &mut Run {
        &mut self.run
    }

    /// Keeps every signal from the begin on.
    pub fn record(&mut self) {
        let scenario = self.run.scenario();
        let span = (scenario.length, scenario.dt);
        self.recorder = Some(Recorder::new(&self.hall, &self.world, scenario.start, span));
    }

    /// To the end; `watch` looks after every step.
    pub fn ride(mut self, mut watch: impl FnMut(&Run, &Seen<'_>)) -> Ridden {
        while self.goes_on() {
            self.pass();
            let seen = Seen { world: &self.world, inputs: &self.inputs, outputs: &self.outputs };
            watch(&self.run, &seen);
        }
        self.end()
    }

    /// True until the end, and while the simulator does not fail.
    pub fn goes_on(&self) -> bool {
        !self.run.over() && self.run.broken().is_none()
    }

    /// What it came to.
    pub fn end(self) -> Ridden {
        let mut kpis = self.tally.kpis();
        if let Some(report) = self.controller.shadow(figures::hours(self.run.scenario().length)) {
            figures::say_in_shadow(&mut kpis, &report, self.writes);
        }
        watched::tries(&mut kpis, &self.controller);
        watched::saved(&mut kpis, &self.controller);
        watched::moved(&mut kpis, &self.controller);
        self.nodes.iter().for_each(|nodes| nodes.say(&mut kpis, &self.world));
        self.batches.iter().for_each(|batches| batches.say(&mut kpis));
        let recording = self.recorder.map(|recorder| marked(recorder, &self.run));
        Ridden {
            kpis,
            recording,
            trace: self.trace.short(),
            status: self.controller.status(),
            scans: self.scans,
            events: self.events,
            run: self.run,
        }
    }

    /// The controller as it is now.
    pub const fn controller(&self) -> &Controller {
        &self.controller
    }

    /// On until so long after the warm-up.
    pub fn until(&mut self, time: Span) {
        while self.run.time() < time.seconds() {
            self.pass();
        }
    }

    /// One step of the world, and a scan where one is due.
    pub fn pass(&mut self) {
        self.told.clear();
        for action in self.run.due() {
            if !self.run.act(&action, &mut self.world) {
                self.ask(action);
            }
        }
        let tick = self.run.tick();
        let heard = if self.pilot.is_on_panels() { &self.nothing } else { &self.outputs };
        self.world.step_into(heard, tick, &mut self.inputs);
        let time = self.run.time();
        self.nodes.iter_mut().for_each(|nodes| nodes.act(&mut self.world, tick, time));
        self.writes += self.inputs.reports.len();
        self.image.reports.extend_from_slice(&self.inputs.reports);
        self.since = Span::from_nanos(self.since.nanos().saturating_add(tick.dt.nanos()));
        self.hash(tick);
        self.took = None;
        if self.since >= self.run.scenario().period {
            self.scan(tick);
        }
        let seen = Seen { world: &self.world, inputs: &self.inputs, outputs: &self.outputs };
        self.run.observe(tick, &self.told, &seen);
        self.run.audit(&self.world);
        self.count(tick);
    }

    /// Lets the pilot decide. The fixed one never does: devices without commands run by their own panels.
    fn scan(&mut self, tick: Tick) {
        let dt = std::mem::replace(&mut self.since, Span::ZERO);
        if !self.pilot.decides() || self.silent.is_some() {
            self.image.reports.clear();
            self.nodes.iter_mut().for_each(|nodes| nodes.unheard(&mut self.image));
            return;
        }
        self.image.samples.rows_mut().copy_from_slice(self.inputs.samples.rows());
        self.nodes.iter_mut().for_each(|nodes| nodes.tell(&mut self.image, tick.mono));
        let begun = self.clock.mono();
        let wall = Wall(tick.wall.0.saturating_add(self.ahead));
        let clock_trusted = self.run.time() >= self.doubted_until;
        let now = Tick { seq: self.scans, dt, wall, clock_trusted, boot: self.boot, ..tick };
        self.image.plan = self.planner.take(tick.mono);
        let decided = self.controller.step(&self.image, now);
        self.took = Some(self.clock.mono().since(begun).seconds());
        self.scans = self.scans.saturating_add(1);
        self.trace.decided(&decision_hash(decided));
        self.events = self.events.saturating_add(plant::convert::u64_from_usize(decided.events.len()));
        self.told.extend_from_slice(&decided.events);
        self.outputs.commands.clone_from(&decided.commands);
        self.nodes.iter_mut().for_each(|nodes| nodes.send(decided, tick.mono));
        let Self { batches, controller, world, .. } = self;
        batches.iter_mut().for_each(|batches| batches.act(controller, world, (now, dt)));
        self.image.reports.clear();
        (self.image.reload, self.image.plan) = (None, None);
        self.planner.ask(&self.controller, tick.mono);
    }

    /// The figures and the record, from the end of the warm-up on.
    fn count(&mut self, tick: Tick) {
        let time = self.run.time();
        if time <= 0.0 {
            self.tally.begin(&self.world);
            self.controller.compare_anew();
            return;
        }
        let in_failsafe = match (self.pilot, self.silent.is_some()) {
            (Pilot::Fixed | Pilot::Shadow, _) => None,
            (Pilot::Wattloop, true) => Some(true),
            (Pilot::Wattloop, false) => Some(in_failsafe(&self.hall, &self.outputs)),
        };
        let scenario = self.run.scenario();
        let price = scenario.prices.as_ref().map(|prices| prices.at(tick.wall));
        let beside = Beside { price, co2: scenario.co2, in_failsafe, controller_seconds: self.took };
        self.tally.take(tick, &self.world, beside);
        if let Some(recorder) = &mut self.recorder {
            recorder.take(tick.dt, &self.world);
            for event in &self.told {
                let kind = MarkKind::Event(event.severity);
                recorder.recording_mut().mark(Span::from_seconds(time), kind, sentence::event(&self.hall, event));
            }
        }
    }

    /// What concerns the controller. What it refuses it refuses in the field as well: nobody insists.
    fn ask(&mut self, action: Action) {
        let ask = match action {
            Action::Override { point, value, hold, reason } => Ask::Override { point, value, hold, reason },
            Action::Release(point) => Ask::Release { point: Some(point), level: plant::command::Level::Operator },
            Action::Announce { row, watts, ahead } => Ask::Announce { id: "scenario".to_owned(), row, watts, ahead },
            Action::GridTarget { watts, ahead, hold } => site::target((watts, ahead, hold), self.run.tick().wall),
            Action::Acknowledge(alarm) => Ask::Acknowledge { alarm },
            Action::Reset(alarm) => Ask::Reset { alarm },
            Action::Silence(silent) => {
                self.silence(silent);
                return;
            }
            Action::Restart => {
                self.restart(0.0);
                return;
            }
            Action::Setpoint { of, value } => {
                self.set(of, value);
                return;
            }
            Action::Clock(ahead) => {
                self.ahead = ahead;
                self.doubted_until = self.run.time() + DOUBT;
                return;
            }
            Action::Agents { nodes, how, begins } => {
                self.nodes.iter_mut().for_each(|of| of.befall(&nodes, how, begins, &mut self.world));
                return;
            }
            Action::Break(_)
            | Action::Mend(_)
            | Action::MendAll
            | Action::Load(_)
            | Action::Cap(..)
            | Action::Weather(_) => return,
        };
        if self.pilot.decides() {
            // A refusal shows in what the asserts see.
            drop(self.answer(ask));
        }
    }

    /// Asks the controller as a scenario does.
    pub fn answer(&mut self, ask: Ask) -> Reply {
        let tick = self.run.tick();
        let request = Request { who: "scenario".to_owned(), ask };
        self.controller.answer(&request, tick)
    }

    /// A loop's setpoint, as a reload of the hall's strategies moves it.
    fn set(&mut self, of: Setpoint, value: Option<f64>) {
        let begun = match of {
            Setpoint::Fans => self.hall.strategies.fans.setpoint,
            Setpoint::Valves => self.hall.strategies.valves.setpoint,
            Setpoint::Pump => self.hall.strategies.pump.setpoint,
            Setpoint::Cdu => self.hall.strategies.cdu.valve.setpoint,
            Setpoint::RearDoor => self.hall.strategies.doors.valve.speed.setpoint,
            Setpoint::Tank => self.hall.strategies.tank.valve.setpoint,
            Setpoint::FacilityWater => self.hall.strategies.dry.fans.speed.setpoint,
            Setpoint::Crah | Setpoint::ChilledWater | Setpoint::Dx => return,
        };
        if of.tune(&mut self.strategies, value.unwrap_or(begun)) {
            self.image.reload = Some(Box::new(self.strategies));
        }
    }

    /// What is true and what is read.
    fn hash(&mut self, tick: Tick) {
        self.trace.row(Span::from_nanos(tick.mono.0));
        for (id, sample) in self.inputs.samples.iter() {
            self.trace.value(self.world.truth(id).unwrap_or(f64::NAN));
            self.trace.sample(*sample);
        }
    }
}

/// The record with the scenario's own events on it.
fn marked(mut recorder: Recorder, run: &Run) -> Recording {
    let events = &run.scenario().events;
    for happened in run.happened() {
        let Some(event) = events.get(happened.event) else { continue };
        let text = if happened.begins { event.name.clone() } else { format!("{} ends", event.name) };
        recorder.recording_mut().mark(Span::from_seconds(happened.at), MarkKind::Scenario, text);
    }
    recorder.finish()
}
