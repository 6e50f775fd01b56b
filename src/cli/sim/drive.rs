//! A scenario's run: world and pilot in one loop, with no wires between them, led by what the scenario says is due.

use std::sync::Arc;

use plant::event::Event;
use plant::hall::Hall;
use plant::id::PointId;
use plant::image::{Inputs, Outputs};
use plant::time::{Span, Tick};
use sim::World;
use sim::scenario::{Action, Pilot, Run, Scenario, Seen};
use wattloop::control::Controller;
use wattloop::control::request::{Ask, Request};
use wattloop::service::journal::decision_hash;

use super::outcome::Outcome;

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
    told: Vec<Event>,
    /// Steps since the last scan.
    since: Span,
    scans: u64,
    silent: bool,
    outcome: Outcome,
    hasher: blake3::Hasher,
    /// Room for the bytes of one step's truth.
    bytes: Vec<u8>,
}

/// A run that is over.
pub struct Ridden {
    /// What every assert saw.
    pub run: Run,
    /// Its figures.
    pub outcome: Outcome,
    /// A hash of all that was decided and of all that was true.
    pub trace: String,
}

impl Drive {
    /// A scenario at the begin of its warm-up.
    pub fn new(scenario: &Arc<Scenario>, world: World, seed: u64, pilot: Pilot) -> Self {
        let hall = Arc::clone(&scenario.hall);
        let mut run = Run::new(Arc::clone(scenario), seed);
        let safe = Controller::safe_outputs(&hall);
        Self {
            world: match pilot {
                Pilot::Fixed => run.prepare(world).on_panels(),
                Pilot::Wattloop => run.prepare(world),
            },
            run,
            pilot,
            controller: Controller::new(Arc::clone(&hall)),
            inputs: Inputs::unread(hall.points.len()),
            image: Inputs::unread(hall.points.len()),
            outputs: if pilot == Pilot::Fixed { Outputs::default() } else { safe },
            told: Vec::new(),
            since: Span::ZERO,
            scans: 0,
            silent: false,
            outcome: Outcome::default(),
            hasher: blake3::Hasher::new(),
            bytes: Vec::new(),
            hall,
        }
    }

    /// The run, to prepare it before the first step.
    pub const fn run_mut(&mut self) -> &mut Run {
        &mut self.run
    }

    /// To the end; `watch` looks after every step.
    pub fn ride(mut self, mut watch: impl FnMut(&Run, &Seen<'_>)) -> Ridden {
        while !self.run.over() && self.run.broken().is_none() {
            self.step();
            let seen = Seen { world: &self.world, inputs: &self.inputs, outputs: &self.outputs };
            watch(&self.run, &seen);
        }
        let digest = self.hasher.finalize().to_hex();
        let trace = digest.get(..16).unwrap_or_default().to_owned();
        Ridden { run: self.run, outcome: self.outcome, trace }
    }

    fn step(&mut self) {
        for action in self.run.due() {
            if !self.run.act(&action, &mut self.world) {
                self.ask(action);
            }
        }
        let tick = self.run.tick();
        self.world.step_into(&self.outputs, tick, &mut self.inputs);
        self.image.reports.extend_from_slice(&self.inputs.reports);
        self.since = Span::from_nanos(self.since.nanos().saturating_add(tick.dt.nanos()));
        if self.since >= self.run.scenario().period {
            self.scan(tick);
        }
        let seen = Seen { world: &self.world, inputs: &self.inputs, outputs: &self.outputs };
        self.run.observe(tick, &self.told, &seen);
        self.run.audit(&self.world);
        self.told.clear();
        if self.run.time() > 0.0 {
            self.outcome.take(tick.dt, &self.world);
        }
        self.hash();
    }

    /// Lets the pilot decide. The fixed one never does: devices without commands run by their own panels.
    fn scan(&mut self, tick: Tick) {
        let dt = std::mem::replace(&mut self.since, Span::ZERO);
        if self.pilot == Pilot::Fixed || self.silent {
            self.image.reports.clear();
            return;
        }
        self.image.samples.rows_mut().copy_from_slice(self.inputs.samples.rows());
        let decided = self.controller.step(&self.image, Tick { seq: self.scans, dt, ..tick });
        self.scans = self.scans.saturating_add(1);
        self.hasher.update(&decision_hash(decided));
        self.told.extend_from_slice(&decided.events);
        self.outputs.commands.clone_from(&decided.commands);
        self.image.reports.clear();
    }

    /// What concerns the controller. What it refuses it refuses in the field as well: nobody insists.
    fn ask(&mut self, action: Action) {
        let ask = match action {
            Action::Override { point, value, hold, reason } => Ask::Override { point, value, hold, reason },
            Action::Release(point) => Ask::Release { point: Some(point), level: plant::command::Level::Operator },
            Action::Acknowledge(alarm) => Ask::Acknowledge { alarm },
            Action::Reset(alarm) => Ask::Reset { alarm },
            Action::Silence(silent) => {
                self.silence(silent);
                return;
            }
            Action::Restart => {
                self.restart();
                return;
            }
            Action::Break(_) | Action::Mend(_) | Action::MendAll | Action::Load(_) | Action::Weather(_) => return,
        };
        if self.pilot == Pilot::Wattloop {
            self.answer(ask);
        }
    }

    fn answer(&mut self, ask: Ask) {
        let tick = self.run.tick();
        let request = Request { who: "scenario".to_owned(), ask };
        // A refusal shows in what the asserts see.
        drop(self.controller.answer(&request, tick));
    }

    /// Nobody commands, or somebody does again, who then starts anew.
    fn silence(&mut self, silent: bool) {
        if self.pilot == Pilot::Fixed || silent == self.silent {
            return;
        }
        self.silent = silent;
        if silent {
            self.outputs.commands.clear();
        } else {
            self.restart();
        }
    }

    /// The service starts again on the same machine: from what was remembered and from what the devices hold.
    fn restart(&mut self) {
        if self.pilot == Pilot::Fixed {
            return;
        }
        self.controller = Controller::restore(Arc::clone(&self.hall), self.controller.state().clone());
        let held = |point: PointId| self.world.truth(point).map(|value| (point, value));
        let outputs = self.hall.points.iter().filter(|(_, def)| def.write.is_some()).filter_map(|(id, _)| held(id));
        let found = Ask::Found { outputs: outputs.collect() };
        self.answer(found);
    }

    /// What is true, to a millionth, so that another machine's last bit of a sum makes no other run.
    fn hash(&mut self) {
        self.bytes.clear();
        for id in self.hall.points.ids() {
            let value = self.world.truth(id).unwrap_or_default();
            let rounded = plant::convert::i64_from_f64_rounded(value * 1e6);
            self.bytes.extend_from_slice(&rounded.to_le_bytes());
        }
        self.hasher.update(&self.bytes);
    }
}
