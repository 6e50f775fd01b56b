//! Checkout: one output is moved a little and given back, or one device hears nothing for a while, so that a person sees what follows.
//!
//! ```text
//!   force      Away ── followed, or its time is over ──▶ Return ── there ──▶ over
//!   silence    Silent ── its time is over ──▶ Look ── all read, or half a minute ──▶ over
//!              a warm rack, a person, a pause, a new boot ──▶ over at once: loops have followed and go on from where outputs are
//! ```
//!
//! One a hall at a time, and none beside a trial. A force holds its output at level 9, below people and safety. In the silence nothing is
//! sent to the device, reads neither: many count any request as a sign of life. The first look after it comes before the first write.

mod begin;
mod force;
mod kin;
mod plausible;
mod silence;

use plant::command::Hush;
use plant::event::{About, CheckEnd, Commissioning, What};
use plant::image::Inputs;
use plant::time::{Mono, Span};
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::Commands;
use super::news::News;
use super::scene::Scene;

pub(super) use begin::{checked, force, silence};
pub use force::Force;
pub use kin::feedback_of;
pub use plausible::{Doubt, Misread, doubts, is_sourceless};
pub use silence::{Silence, Silent};

/// What is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Of {
    /// An output, which is moved.
    Force(Force),
    /// A device, which hears nothing.
    Silence(Silence),
}

/// A check that runs, or is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What is checked.
    pub of: Of,
    /// How long it has run.
    pub gone: Span,
    /// How it ended; nothing while it runs.
    pub end: Option<CheckEnd>,
}

/// The check that runs, and the last one that did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkouts {
    running: Option<Check>,
    last: Option<Check>,
}

/// What a check looks at in one scan.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The image, and the outputs as the scan before left them.
    pub scene: &'a Scene<'a>,
    /// The samples as they came, and what became of writes.
    pub inputs: &'a Inputs,
    /// When this scan is.
    pub now: Mono,
    /// True where control paused before it.
    pub paused: bool,
}

impl Checkouts {
    /// The one that runs, or else the last one.
    #[must_use]
    pub const fn latest(&self) -> Option<&Check> {
        if self.running.is_some() { self.running.as_ref() } else { self.last.as_ref() }
    }

    /// True while one runs.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.running.is_some()
    }

    /// The device that must not be talked to now.
    #[must_use]
    pub fn hush(&self) -> Option<Hush> {
        match &self.running.as_ref()?.of {
            Of::Silence(silence) => Some(Hush { equip: silence.equip, looks: silence.looks() }),
            Of::Force(_) => None,
        }
    }

    /// A person ends the one that runs; false where none does.
    pub fn stop(&mut self, news: &mut News<'_>) -> bool {
        let runs = self.is_busy();
        self.finish(CheckEnd::Asked, news);
        runs
    }

    /// A new boot: what ran is over.
    pub fn restart(&mut self, news: &mut News<'_>) {
        self.finish(CheckEnd::Restarted, news);
    }

    /// One scan.
    pub fn step(&mut self, around: Around<'_>, commands: &mut Commands, news: &mut News<'_>) {
        let Some(running) = &mut self.running else { return };
        let gone = running.gone;
        let over = match &mut running.of {
            Of::Force(force) => force.step((around, gone), commands),
            Of::Silence(silence) => silence.step((around, gone)),
        };
        running.gone = sum(gone, around.scene.dt);
        if let Some(end) = over {
            self.finish(end, news);
        }
    }

    fn begin(&mut self, of: Of) {
        (self.running, self.last) = (Some(Check { of, gone: Span::ZERO, end: None }), None);
    }

    fn finish(&mut self, end: CheckEnd, news: &mut News<'_>) {
        let Some(check) = self.running.take() else { return };
        let (about, what) = match &check.of {
            Of::Force(force) => (About::Point(force.point), Commissioning::ForceOver(end)),
            Of::Silence(silence) => (About::Equip(silence.equip), Commissioning::SilenceOver(end)),
        };
        let well = matches!(end, CheckEnd::Done | CheckEnd::Asked);
        news.switched(about, (What::Commissioning(what), !well));
        self.last = Some(Check { end: Some(end), ..check });
    }
}
