//! What a device holds that somebody else commands: by its register, or where it stands.
//!
//! ```text
//!   read back ── its actuator stands elsewhere for longer than it could need ─▶ apart: where it stands counts
//!       ▲                                                                         │
//!       └──────────────────────────── it stands there again ──────────────────────┘
//! ```
//!
//! A register says what somebody wrote. Where a device's own panel runs it, or its switch stands at hand, nobody has written it for long,
//! and what the actuator reports is the truth.

use plant::hall::Hall;
use plant::id::PointId;
use plant::point::PointDef;
use plant::time::Span;
use plant::units::Unit;
use serde::{Deserialize, Serialize};

use crate::control::commands::OutputId;
use crate::control::cooling::Circuit;
use crate::control::quality::Image;
use crate::control::sequence::Timer;

/// An actuator that is farther than this from what its register says (%),
const APART: f64 = 10.0;
/// for longer than any needs to get there, follows somebody else.
const FOR: Span = Span::from_secs(240);

/// An output with what tells where its device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The output's point: its register, read back.
    pub point: PointId,
    /// Where its actuator says that it is.
    pub feedback: Option<PointId>,
    /// It says who runs a machine.
    pub is_mode: bool,
    /// Its device follows it in percent.
    is_percent: bool,
}

/// By what it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Nothing tells it: it is not compared.
    #[default]
    Nothing,
    /// Its register.
    ReadBack,
    /// Its actuator: the register cannot be read.
    Feedback,
    /// Its actuator: the register says something else, and nothing follows it.
    Apart,
}

/// What a device holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Theirs {
    /// The value, in the point's canonical unit; nothing where it is not known now.
    pub value: Option<f64>,
    /// By what.
    pub source: Source,
    /// How long its actuator has stood elsewhere.
    elsewhere: Timer,
}

impl Watched {
    /// What tells where the device of an output is.
    #[must_use]
    pub fn of(hall: &Hall, (output, point): (OutputId, PointId), circuits: &[Circuit]) -> Self {
        let mut drives = circuits.iter().flat_map(|circuit| &circuit.drives);
        // Where nothing reports a position the order stands in its place.
        let feedback =
            drives.find(|drive| drive.output == output).map(|drive| drive.feedback).filter(|of| *of != point);
        let def = hall.points.get(point);
        Self {
            point,
            feedback,
            is_mode: def.is_some_and(PointDef::is_run_mode),
            is_percent: def.is_some_and(|def| def.unit == Unit::Percent),
        }
    }
}

impl Theirs {
    /// One scan.
    pub(super) fn look(&mut self, of: &Watched, image: Image<'_>, dt: Span) {
        let read = image.number(of.point).fresh();
        let stands = of.feedback.and_then(|point| image.number(point).fresh());
        if let (Some(read), Some(stands), true) = (read, stands, of.is_percent) {
            self.elsewhere.count((read - stands).abs() > APART, dt);
        }
        (self.value, self.source) = match (read, stands) {
            (Some(_), Some(stands)) if self.elsewhere.reached(FOR) => (Some(stands), Source::Apart),
            (Some(read), _) => (Some(read), Source::ReadBack),
            (None, Some(stands)) => (Some(stands), Source::Feedback),
            (None, None) => (None, Source::Nothing),
        };
    }
}
