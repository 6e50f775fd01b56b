//! The purge of a two-phase tank: a small pump draws gas through a cold trap, which gives the vapour back and lets the air go.

use plant::command::{Level as Priority, Reason};
use plant::event::{About, Step as Told, Trouble, What};
use plant::hall::sequence::tank::{DrivenPurge, PurgeTuning};
use plant::reading::Why;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::commands::{Commands, OutputId};
use crate::control::news::News;
use crate::control::scene::Scene;
use crate::control::sequence::machine::Sight;
use crate::control::sequence::{Bound, Sequence, Step, Timer, Turn};

/// A tank has pressed enough for so long before its purge starts.
const READY: Span = Span::from_secs(60);
/// A tank that presses so much less than its purge needs (Pa)
const SLACK: f64 = 300.0;
/// for so long draws air in faster than it is drawn off.
const SINKS: Span = Span::from_secs(30);
/// Air that has fallen by less than this (Pa)
const STILL: f64 = 150.0;
/// in so long while it is drawn off is none.
const WINDOW: Span = Span::from_secs(600);
/// A purge that is seen standing for so long has stopped by itself.
const GONE: Span = Span::from_secs(5);

/// What a purge does.
///
/// ```text
///              there is air, and it may              it runs
///   Standing ──────────────────────────▶ Starting ──────────▶ Running
///      ▲  ▲                                 │    │               │   │
///      │  │ it stands      it may not       │    │ `start-within`│   │ `within`: the air stays
///      │  └──────────── Stopping ◀──────────┘    ▼               │   ▼ it stands by itself
///      │                 │    ▲                Failed ◀──────────┼───┘
///      │  `stop-within`  │    └── the air is gone, or it may not─┘
///      │  (told)         ▼
///      └──────────────  Failed, until `retry-after`, or until one that ran on stands
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Draw {
    /// It stands.
    Standing,
    /// It is told to run.
    Starting,
    /// It runs.
    Running,
    /// It is told to stand.
    Stopping,
    /// It did not do as it was told, or did and did not help.
    Failed(Trouble),
}

impl Draw {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Failed(_) => "failed",
        }
    }

    /// It is told to run.
    const fn is_told(self) -> bool {
        match self {
            Self::Starting | Self::Running => true,
            Self::Standing | Self::Stopping | Self::Failed(_) => false,
        }
    }
}

impl Step for Draw {
    type Rules = PurgeTuning;

    fn bound(self, rules: &PurgeTuning) -> Bound<Self> {
        let within = |time, trouble| Bound::Within { time, abort: Self::Failed(trouble), trouble };
        match self {
            Self::Standing | Self::Failed(_) => Bound::Rest,
            Self::Starting => within(rules.start_within, Trouble::PurgeStands),
            Self::Running => within(rules.within, Trouble::AirStays),
            Self::Stopping => within(rules.stop_within, Trouble::PurgeRunsOn),
        }
    }
}

/// What a purge goes by in a scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needs {
    /// There is air, and this much (Pa); nothing while that is not known.
    pub air: Option<f64>,
    /// So much would be told (Pa): what is left of less may be what the sensors are apart.
    pub found: f64,
    /// Control runs the tank, the tank listens, and its liquid is warm.
    pub runs: bool,
    /// What the tank presses above the air's (Pa), where it is known now.
    pub pressure: Option<f64>,
}

/// A tank's purge at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purge {
    step: Sequence<Draw>,
    /// How long the tank has pressed enough, and how long too little; how long the purge has stood though it should run.
    enough: Timer,
    sinks: Timer,
    gone: Timer,
    /// How much air there was when the present window began (Pa), and how long ago that is.
    window: (f64, Timer),
    /// What went wrong last, until it goes well.
    trouble: Option<Trouble>,
}

/// No window has been looked at yet.
const BEGUN: (f64, Timer) = (f64::INFINITY, Timer::NEW);

impl Default for Purge {
    fn default() -> Self {
        let step = Sequence::long_since(Draw::Standing);
        Self { step, enough: Timer::NEW, sinks: Timer::NEW, gone: Timer::NEW, window: BEGUN, trouble: None }
    }
}

impl Purge {
    /// What it does.
    #[must_use]
    pub const fn draw(&self) -> Draw {
        self.step.step()
    }

    /// What went wrong last, until it has gone well.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// One scan. True where it has drawn for long and the tank presses no less for it: what is left is no air.
    pub fn step(
        &mut self,
        (scene, of, output): (&Scene<'_>, &DrivenPurge, OutputId),
        (rules, needs): (&PurgeTuning, &Needs),
        about: About,
        news: &mut News<'_>,
    ) -> bool {
        let dt = scene.dt;
        // Whoever holds it runs it, and so does the panel that has the tank.
        if scene.person(output).is_some() || !needs.runs {
            *self = Self { trouble: self.trouble.filter(|_| needs.air.is_some()), ..Self::default() };
            return false;
        }
        let runs = running(scene, of, output);
        self.gone.count(runs == Sight::Known(false), dt);
        if let Some(pressure) = needs.pressure {
            self.enough.count(pressure >= rules.least.0, dt);
            self.sinks.count(pressure < rules.least.0 - SLACK, dt);
        }
        let vent = scene.fault(of.vent);
        let may_start = vent == Sight::Known(false) && self.enough.reached(READY);
        let may_go_on = vent != Sight::Known(true) && !self.sinks.reached(SINKS) && needs.pressure.is_some();
        let (gone, empty) = (self.gone.reached(GONE), self.has_drawn_all(needs, dt));
        let air = needs.air.is_some() && !empty;
        let next = |step, since| match step {
            Draw::Standing if runs == Sight::Known(true) => Some(Draw::Stopping),
            Draw::Standing => (air && may_start).then_some(Draw::Starting),
            Draw::Starting if runs == Sight::Known(true) => Some(Draw::Running),
            Draw::Starting => (!may_go_on).then_some(Draw::Stopping),
            Draw::Running if gone => Some(Draw::Failed(Trouble::PurgeStands)),
            Draw::Running => (!air || !may_go_on).then_some(Draw::Stopping),
            Draw::Stopping => (runs == Sight::Known(false)).then_some(Draw::Standing),
            Draw::Failed(Trouble::PurgeRunsOn) => (runs == Sight::Known(false)).then_some(Draw::Standing),
            Draw::Failed(_) => (since >= rules.retry_after).then_some(Draw::Standing),
        };
        let turn = self.step.advance(rules, dt, next);
        self.tell(turn, air, about, news);
        empty
    }

    /// It has drawn for a window, and there is hardly less air than at its begin.
    fn has_drawn_all(&mut self, needs: &Needs, dt: Span) -> bool {
        let (before, window) = &mut self.window;
        let Some(air) = needs.air.filter(|_| self.step.step() == Draw::Running) else {
            self.window = BEGUN;
            return false;
        };
        window.count(true, dt);
        if !window.reached(WINDOW) {
            return false;
        }
        let still = *before - air < STILL && air < needs.found;
        self.window = (air, Timer::NEW);
        still
    }

    fn tell(&mut self, turn: Turn<Draw>, air: bool, about: About, news: &mut News<'_>) {
        match (turn, self.draw()) {
            (Turn::Stayed, _) => {}
            (Turn::Aborted(_, trouble), _) | (Turn::Moved(_), Draw::Failed(trouble)) => {
                self.trouble = Some(trouble);
                news.machine(about, Some(What::Trouble(trouble)));
            }
            (Turn::Moved(_), Draw::Running) => news.machine(about, Some(What::Step(Told::Purging))),
            (Turn::Moved(Draw::Stopping), Draw::Standing) => {
                news.machine(about, Some(What::Step(Told::Purged)));
            }
            (Turn::Moved(_), Draw::Standing | Draw::Starting | Draw::Stopping) => {}
        }
        // What ran on and stands, and what could not help where nothing is left to help, is over.
        let over = match self.trouble {
            Some(Trouble::PurgeRunsOn) => self.draw() == Draw::Standing,
            Some(Trouble::PurgeStands) => self.draw() == Draw::Running || !air,
            Some(_) | None => !air,
        };
        self.trouble = self.trouble.filter(|_| !over);
    }

    /// What it is told.
    pub fn propose(&self, output: OutputId, commands: &mut Commands) {
        let (word, why) = if self.draw().is_told() { (1.0, Reason::AirFound) } else { (0.0, Reason::NoPurge) };
        commands.propose(output, Priority::Control, word, why);
    }
}

/// Whether it runs; one that does not say so does as it is told.
fn running(scene: &Scene<'_>, of: &DrivenPurge, output: OutputId) -> Sight {
    let silent = scene.image.read(of.running).why() == Some(Why::Config);
    if silent { Sight::Known(scene.told(output).is_some_and(|word| word > 0.5)) } else { scene.sight(of.running) }
}
