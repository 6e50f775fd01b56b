//! Trials: the output of one loop is moved, so that what the pv does tells how the loop should be tuned.
//!
//! ```text
//!          steady        the pv rests again, or half the time        as long again
//!   Rest ───────▶ Moved ─────────────────────────────────────▶ Back ───────────────▶ Return ──▶ over
//!     │ └───────▶ Relay ── two cycles alike, or six ─────────────────────────────────▶ ▲
//!     └─ not steady in its time; anything that must not be ────────────────────────────┘
//! ```
//!
//! It holds the output at level 9, below people and safety, and one loop of a hall at a time. It ends by itself when the pv leaves its
//! limits, a rack inlet the recommended range, an input is not fresh, somebody stronger takes the output, the load changes, control
//! pauses or starts anew, or its time is over. On the way out the output goes to where it stood before, or stays where that is nearer to its
//! fail-safe; the loop has followed all the while and goes on from there without a bump.

mod begin;
mod stage;
mod watch;

use plant::command::{Level, Reason};
use plant::event::{About, Commissioning, TrialEnd, What};
use plant::id::LoopId;
use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::cooling::{Circuit, Cooling};
use super::news::News;
use super::scene::Scene;
use super::tuning::{Record, Sample};
use stage::Stage;
use watch::{Ground, See};

pub(super) use begin::begin;
pub(super) use watch::is_warm;

/// How long an output may take on its way back.
const RETURN: Span = Span::from_secs(60);
/// So near to where it goes it has arrived (%).
const ARRIVED: f64 = 0.5;

/// How an output is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// By a step, and back.
    Step,
    /// By a relay that goes four times as far to one side as to the other.
    Relay,
}

impl Method {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Relay => "relay",
        }
    }
}

/// What a trial is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct How {
    /// How the output is moved.
    pub method: Method,
    /// How far (%, -50 to 50, at least 1 either way); the strong side of a relay.
    pub size: f64,
    /// The pv's lowest and its highest, in its own unit: outside of it the trial ends.
    pub limits: (f64, f64),
    /// How long all of it may take (s, 5 min to 12 h).
    pub longest: Span,
}

/// A trial that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Whose.
    pub of: LoopId,
    /// How.
    pub how: How,
    /// How long it has run.
    pub gone: Span,
    stage: Stage,
    /// Where the output stood (%).
    base: f64,
    /// What its schedule of gains went by at the begin.
    place: Option<f64>,
    ground: Ground,
    record: Record,
}

/// A trial that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// Whose.
    pub of: LoopId,
    /// How.
    pub how: How,
    /// How it ended.
    pub end: TrialEnd,
    /// Where the output stood before (%).
    pub base: f64,
    /// What its schedule of gains went by then.
    pub place: Option<f64>,
    /// What was seen.
    pub record: Record,
}

/// The trial that runs, and the last one that did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trials {
    running: Option<Running>,
    last: Option<Finished>,
    /// When the last one began; nothing where no believed wall clock told it.
    began: Option<Wall>,
}

impl Trials {
    /// The one that runs.
    #[must_use]
    pub const fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    /// The last one that is over.
    #[must_use]
    pub const fn last(&self) -> Option<&Finished> {
        self.last.as_ref()
    }

    /// When the one that runs, or the last one, began.
    #[must_use]
    pub const fn began(&self) -> Option<Wall> {
        self.began
    }

    /// A person ends the one that runs; false where none does, or it is ending already.
    pub fn end(&mut self) -> bool {
        let running = self.running.as_mut().filter(|running| !running.stage.is_return());
        running.map(|running| running.stage = Stage::back(TrialEnd::Asked)).is_some()
    }

    /// A new boot: what ran is over, and its output is at the fail-safe already.
    pub fn restart(&mut self, news: &mut News<'_>) {
        self.finish(TrialEnd::Restarted, news);
    }

    /// One scan. Of the tuple the last is true where control paused before it.
    pub fn step(
        &mut self,
        circuits: &[Circuit],
        around: (&Scene<'_>, &Cooling, bool),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        let Some(running) = &mut self.running else { return };
        let over = match circuits.iter().find(|circuit| circuit.id == running.of) {
            Some(circuit) => running.step(circuit, around, commands),
            None => Some(TrialEnd::NotLed),
        };
        if let Some(end) = over {
            self.finish(end, news);
        }
    }

    fn finish(&mut self, end: TrialEnd, news: &mut News<'_>) {
        let Some(Running { of, how, base, place, record, .. }) = self.running.take() else { return };
        self.last = Some(Finished { of, how, end, base, place, record });
        let what = What::Commissioning(Commissioning::TrialOver(end));
        match end {
            TrialEnd::Done | TrialEnd::Asked => news.info(About::Loop(of), what),
            TrialEnd::PvOutside
            | TrialEnd::InletWarm
            | TrialEnd::InputLost
            | TrialEnd::Taken
            | TrialEnd::NotLed
            | TrialEnd::Disturbed
            | TrialEnd::Unsteady
            | TrialEnd::NoAnswer
            | TrialEnd::TooLong
            | TrialEnd::Paused
            | TrialEnd::Restarted => news.warn(About::Loop(of), what),
        }
    }
}

impl Running {
    /// What it does now, in a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        self.stage.word()
    }

    /// Where the output stood before (%).
    #[must_use]
    pub const fn base(&self) -> f64 {
        self.base
    }

    /// What has been seen.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// One scan: moves the output. How it ended, if it is over.
    fn step(
        &mut self,
        circuit: &Circuit,
        around: (&Scene<'_>, &Cooling, bool),
        commands: &mut Commands,
    ) -> Option<TrialEnd> {
        let (scene, ..) = around;
        let taken = watch::is_taken(circuit, scene);
        if !self.stage.is_return() {
            match self.ground.see(circuit, around, (&self.how, self.gone)) {
                Ok(see) => self.learn(see, scene.dt),
                Err(end) => self.stage = Stage::back(end),
            }
        }
        let want = match &mut self.stage {
            Stage::Return { end, .. } if taken => return Some(*end),
            Stage::Return { end, waited } => {
                let told = circuit.drives.iter().filter_map(|drive| scene.told(drive.output));
                let (low, high) = told.fold((self.base, self.base), |(low, high), at| (low.min(at), high.max(at)));
                let to = way_back(circuit, self.base, (low, high), *end);
                if (high - to).max(to - low) < ARRIVED || *waited >= RETURN {
                    return Some(*end);
                }
                *waited = super::clock::sum(*waited, scene.dt);
                to
            }
            Stage::Rest { .. } | Stage::Moved { .. } | Stage::Back { .. } | Stage::Relay { .. } => {
                self.base + self.stage.above(self.how.size)
            }
        };
        for drive in &circuit.drives {
            commands.propose(drive.output, Level::Commissioning, want, Reason::Trial);
        }
        None
    }

    /// Takes what was seen, and goes on to the next stage when this one has seen enough.
    fn learn(&mut self, see: See, dt: Span) {
        self.gone = super::clock::sum(self.gone, dt);
        self.record.take(Sample { dt: dt.seconds(), output: see.told, pv: see.pv });
        let next = self.stage.next((&self.how, self.gone, dt), (&self.record, &mut self.ground), see);
        self.stage = next;
    }
}

/// Where an output goes that stands between `told.0` and `told.1`: back to its base. After trouble it stays where that is nearer to
/// its fail-safe.
fn way_back(circuit: &Circuit, base: f64, told: (f64, f64), end: TrialEnd) -> f64 {
    if end == TrialEnd::Done {
        return base;
    }
    let safe = circuit.failsafe();
    let far = |at: f64| (at - safe).abs();
    [told.0, told.1].into_iter().fold(base, |best, at| if far(at) < far(best) { at } else { best })
}
