//! Cooling: every loop of the hall, stepped. A row's fans run together by the row's worst inlet, a coil's valve runs by its
//! supply air, the pump by differential pressure, a row's DX dampers and compressors together by the mean of their supply air.
//!
//! A loop whose outputs somebody stronger holds follows them, and goes on from where they are when it gets them back. A
//! loop on a stale input sees the value aged toward its danger; without any input it holds, and safety sets the floor.

mod circuit;
mod feed;
mod group;
mod place;
mod response;
mod retune;
mod setpoints;
mod tuning;

use plant::command::{Level, Reason};
use plant::event::{About, Unanswered, What};
use plant::hall::{Hall, LoopTuning, Strategies};
use plant::id::{EquipId, LoopId, PointId, Table};
use plant::point::Point;
use plant::time::Span;
use plant::units::LitersPerSecond;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::{Commands, Held, OutputId};
use super::forecast::Forecast;
use super::news::News;
use super::pid;
use super::quality::Image;

pub use circuit::{Circuit, Service, circuits};
use feed::Feed;
use group::Group;
use response::Response;
pub use retune::{Retune, Retunes};
pub use setpoints::Setpoints;

/// The slowest actuator whose position on its way is believed (%/s): four hundred seconds from end to end.
const SLOWEST_STROKE: f64 = 0.25;

/// What a sequence wants of a loop in one scan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Aim {
    /// Hold something at a setpoint, and go no lower than an output.
    Hold {
        /// What it looks at; nothing for its own inputs.
        point: Option<PointId>,
        /// What it holds, in the unit of that.
        setpoint: f64,
        /// The lowest output (%).
        least: f64,
    },
    /// Stand at an output (%).
    Stand {
        /// Where.
        at: f64,
        /// Why.
        reason: Reason,
    },
}

/// What the loops remember.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cooling {
    setpoints: Setpoints,
    /// Counts reloads, so that a setpoint that a reload moves does not bump the output.
    source: u8,
    loops: Table<LoopId, Loop>,
    /// Whether what they look at answers.
    responses: Table<LoopId, Response>,
    /// How long it must not have.
    patience: Span,
    /// Loops that run with gains of their own.
    retunes: Retunes,
}

/// One loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    pid: pid::State,
    /// Since its last step.
    waited: Span,
    /// Scans until its next step.
    countdown: u32,
    /// Where its actuators said they were at its last step (%).
    position: Option<f64>,
    /// Its fans, where it moves any.
    group: Group,
    /// What it is moved ahead of the heat.
    feed: Feed,
    /// What a sequence wants of it; the tuning's setpoint where none does.
    aim: Option<Aim>,
    /// How far its setpoint is moved for peaks (K).
    ride: f64,
    /// What its schedule of gains went by last.
    place: Option<f64>,
    /// A sequence has it stand at an output.
    pub stands: bool,
    /// What it aims at, in the pv's unit.
    pub setpoint: f64,
    /// What it saw, aged if stale; nothing while it is lost.
    pub pv: Option<f64>,
    /// Which input led.
    pub lead: Option<PointId>,
    /// False until it has seen an input in this boot.
    pub started: bool,
}

impl Loop {
    fn at(output: f64, group: Group) -> Self {
        Self {
            pid: pid::State::at(output),
            waited: Span::ZERO,
            countdown: 0,
            position: None,
            group,
            feed: Feed::default(),
            aim: None,
            ride: 0.0,
            place: None,
            stands: false,
            setpoint: 0.0,
            pv: None,
            lead: None,
            started: false,
        }
    }

    /// How far its setpoint is moved for peaks (K).
    #[must_use]
    pub const fn ride(&self) -> f64 {
        self.ride
    }

    /// The block's terms.
    #[must_use]
    pub const fn terms(&self) -> pid::Terms {
        self.pid.terms()
    }

    /// `auto`, `tracking` or `holding`.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        self.pid.word()
    }
}

impl Cooling {
    /// Every loop at its outputs' fail-safe.
    #[must_use]
    pub fn new(hall: &Hall, circuits: &[Circuit]) -> Self {
        let loops = Table::filled(hall.loops.len(), Loop::at(0.0, Group::default()));
        let responses = Table::filled(hall.loops.len(), Response::default());
        let patience = hall.limits.no_response_after;
        let retunes = Retunes::default();
        let mut cooling =
            Self { setpoints: Setpoints::of(hall.strategies), source: 0, loops, responses, patience, retunes };
        cooling.restart(hall, circuits);
        cooling
    }

    /// One loop.
    #[must_use]
    pub fn of(&self, id: LoopId) -> Option<&Loop> {
        self.loops.get(id)
    }

    /// Every fan that does not turn though it should.
    pub fn failed(&self) -> impl Iterator<Item = EquipId> {
        self.loops.rows().iter().flat_map(|row| row.group.failed())
    }

    /// Every loop that has been at its most for long without an answer, and how.
    pub fn unanswered(&self) -> impl Iterator<Item = (LoopId, Unanswered)> {
        self.responses.iter().filter_map(|(id, response)| Some((id, response.told()?)))
    }

    /// How everything is run now.
    #[must_use]
    pub const fn strategies(&self) -> &Strategies {
        self.setpoints.now()
    }

    /// The same, for the supervisor, which moves setpoints.
    pub const fn setpoints(&self) -> &Setpoints {
        &self.setpoints
    }

    /// The same, to move them.
    pub const fn setpoints_mut(&mut self) -> &mut Setpoints {
        &mut self.setpoints
    }

    /// The loops that run with gains of their own.
    #[must_use]
    pub const fn retunes(&self) -> &Retunes {
        &self.retunes
    }

    /// The same, to change them.
    pub const fn retunes_mut(&mut self) -> &mut Retunes {
        &mut self.retunes
    }

    /// A new boot: the outputs are at their fail-safe, and what the hall's file says now is what counts.
    pub fn restart(&mut self, hall: &Hall, circuits: &[Circuit]) {
        self.setpoints = Setpoints::of(hall.strategies);
        self.responses.rows_mut().iter_mut().for_each(Response::restart);
        for circuit in circuits {
            if let Some(row) = self.loops.get_mut(circuit.id) {
                *row = Loop::at(circuit.failsafe(), Group::of(circuit));
            }
        }
    }

    /// New strategies take effect now, without a bump.
    pub fn reload(&mut self, strategies: Option<&Strategies>, news: &mut News<'_>) {
        if let Some(strategies) = strategies {
            self.setpoints.reload(strategies);
            self.source = self.source.wrapping_add(1);
            news.info(About::Hall, What::ReloadApplied);
        }
    }

    /// A sequence gives a loop its setpoint for the next scan, in the pv's unit.
    pub fn ask(&mut self, id: LoopId, setpoint: f64) {
        self.aim(id, Aim::Hold { point: None, setpoint, least: 0.0 });
    }

    /// A sequence says what it wants of a loop in the next scan.
    pub fn aim(&mut self, id: LoopId, aim: Aim) {
        if let Some(row) = self.loops.get_mut(id) {
            row.aim = Some(aim);
        }
    }

    /// A sequence says what load it knows of: so much is added to a loop's output (%) until it says otherwise.
    pub fn feed(&mut self, id: LoopId, percent: f64) {
        if let Some(row) = self.loops.get_mut(id) {
            row.feed.tell(percent);
        }
    }

    /// From now on a loop's setpoint is so far from where it usually is (K).
    pub fn ride(&mut self, id: LoopId, kelvins: f64) {
        if let Some(row) = self.loops.get_mut(id) {
            row.ride = kelvins;
        }
    }

    /// Steps every loop that is due and proposes every loop's output.
    pub fn step(&mut self, circuits: &[Circuit], scene: &Scene<'_>, commands: &mut Commands, news: &mut News<'_>) {
        for circuit in circuits {
            self.locate(circuit, scene);
            let (mut tuning, source) = (self.tuning_of(circuit), self.source);
            let Some(row) = self.loops.get_mut(circuit.id) else { continue };
            if !scene.beside {
                row.group.watch(circuit, scene, news);
            }
            row.feed.step(circuit, &self.setpoints.now().feed_forward, scene);
            let aim = row.aim.take();
            row.stands = matches!(aim, Some(Aim::Stand { .. }));
            tuning.setpoint = match aim {
                Some(Aim::Hold { setpoint, .. }) => setpoint,
                Some(Aim::Stand { .. }) | None => tuning.setpoint,
            } + row.ride;
            row.waited = sum(row.waited, scene.dt);
            let another = row.look(circuit, (&tuning, aim), scene.image);
            let mode = match (row.shared(circuit.mode(scene.image, scene.held)), aim) {
                // It follows the output on its way there, so that it goes on from wherever that is.
                (pid::Mode::Auto, Some(Aim::Stand { at, .. })) => {
                    pid::Mode::Track(circuit.held(scene.held).unwrap_or(at))
                }
                (pid::Mode::Auto, _) if another => pid::Mode::Track(row.terms().output), // it goes on from where it is
                (mode, _) => mode,
            };
            if row.countdown == 0 || mode != pid::Mode::Auto {
                row.act(circuit, &tuning, source, &view(circuit, scene, (mode, aim), row.group.share()));
            }
            row.countdown = if row.countdown == 0 { tuning.every.saturating_sub(1) } else { row.countdown - 1 };
            row.propose(circuit, aim, commands);
            if let Some(response) = self.responses.get_mut(circuit.id).filter(|_| !scene.beside) {
                response.watch(circuit, (row, scene), self.patience, news);
            }
        }
    }
}

/// What the loops look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The process image.
    pub image: Image<'a>,
    /// The outputs as the scan before left them.
    pub held: &'a Table<OutputId, Held>,
    /// The loads to come.
    pub forecast: &'a Forecast,
    /// The flow of chilled water, where the hall has one.
    pub flow: Option<Point<LitersPerSecond>>,
    /// Since the scan before.
    pub dt: Span,
    /// Of which at most this was under control; what is longer was a pause.
    pub longest: Span,
    /// Somebody else runs the hall, and nothing of ours arrives: no device is held to what nobody told it.
    pub beside: bool,
}

/// What a loop is told of its outputs.
struct View {
    mode: pid::Mode,
    allowed: (f64, f64),
    actual: Option<f64>,
    longest: Span,
}

/// What the loop is told; `share` is what its output is multiplied with on the way.
fn view(circuit: &Circuit, scene: &Scene<'_>, (mode, aim): (pid::Mode, Option<Aim>), share: f64) -> View {
    let (mut allowed, actual) = (circuit.allowed(scene.held), circuit.actual(scene.image, scene.held));
    if let Some(Aim::Hold { least, .. }) = aim {
        allowed.0 = allowed.0.max(least).min(allowed.1);
    }
    let (allowed, actual) = ((allowed.0 / share, allowed.1 / share), actual.map(|at| at / share));
    View { mode, allowed, actual, longest: scene.longest }
}

impl Loop {
    /// Looks at the worst input there is, or at the one that a sequence names. True when that is another than before.
    fn look(&mut self, circuit: &Circuit, (tuning, aim): (&LoopTuning, Option<Aim>), image: Image<'_>) -> bool {
        let before = self.lead;
        let (worst, named) = match aim {
            Some(Aim::Hold { point: Some(point), .. }) => (image.number(point).usable().map(|pv| (point, pv)), true),
            Some(Aim::Hold { point: None, .. } | Aim::Stand { .. }) | None => (circuit.measured(image), false),
        };
        self.setpoint = tuning.setpoint;
        self.pv = worst.map(|(_, pv)| pv);
        self.lead = worst.map_or(self.lead, |(lead, _)| Some(lead));
        self.started |= worst.is_some();
        named && self.lead != before
    }

    fn act(&mut self, circuit: &Circuit, tuning: &LoopTuning, source: u8, view: &View) {
        let (min, max) = view.allowed;
        let (rise, fall) = circuit.rates();
        let mut config =
            pid::Config { min, max, rise, fall, ..pid::Config::from_tuning(tuning, circuit.service.action()) };
        let longest = view.longest.times(u64::from(tuning.every));
        if self.waited > longest {
            config.dt_max = config.dt_max.min(longest); // a pause: nothing of it is integrated, and the ramp goes on from here
        }
        let input = pid::Input {
            sp: tuning.setpoint,
            source,
            pv: self.pv,
            ff: self.feed.output(),
            actual: self.believed(view.actual),
            dt: self.waited,
            mode: view.mode,
        };
        self.pid.step(&config, &input);
        self.waited = Span::ZERO;
    }

    /// What somebody else tells the fans, as the loop would have to say it.
    fn shared(&self, mode: pid::Mode) -> pid::Mode {
        match mode {
            pid::Mode::Track(at) => pid::Mode::Track(at / self.group.share()),
            pid::Mode::Auto | pid::Mode::Manual(_) => mode,
        }
    }

    /// Where the actuators are, as far as that is believed. A position below the output takes cooling away from the loop, so it
    /// counts only while it rises, as that of a slow actuator does; one that is dead or in local hand does not.
    fn believed(&mut self, actual: Option<f64>) -> Option<f64> {
        let before = std::mem::replace(&mut self.position, actual);
        let rising = |now: f64| before.is_some_and(|before| now - before >= SLOWEST_STROKE * self.waited.seconds());
        actual.filter(|now| *now >= self.terms().output || rising(*now))
    }

    fn propose(&self, circuit: &Circuit, aim: Option<Aim>, commands: &mut Commands) {
        let Some(lead) = self.lead.filter(|_| self.started) else { return };
        if circuit.service == Service::CduPumps {
            return; // who of the pumps gets it is their sequence's
        }
        let (output, reason) = match aim {
            Some(Aim::Stand { at, reason }) => (at, reason),
            Some(Aim::Hold { .. }) | None if circuit.service == Service::Fans => {
                (self.terms().output, Reason::WorstInlet(lead))
            }
            Some(Aim::Hold { .. }) | None => (self.terms().output, Reason::Loop(lead)),
        };
        for drive in &circuit.drives {
            commands.propose(drive.output, Level::Control, output * self.group.share(), reason);
        }
    }
}
