//! The controller: two verbs, `step` (time has passed) and `answer` (somebody asks). Knows no I/O.

pub mod pid;
pub mod report;
pub mod request;

use std::sync::Arc;

use plant::hall::Hall;
use plant::id::PointId;
use plant::image::{Inputs, Outputs};
use plant::reading::Reading;
use plant::time::Tick;
use serde::{Deserialize, Serialize};

use report::{PointView, Status, WhyReport};
use request::{Reply, Request};

/// The whole controller.
pub struct Controller {
    hall: Arc<Hall>,
    outputs: Outputs,
    state: State,
}

/// Everything the controller remembers. Round-trips through postcard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {}

impl Controller {
    /// A controller that has seen nothing: its outputs are the safe ones.
    #[must_use]
    pub fn new(hall: Arc<Hall>) -> Self {
        Self { hall, outputs: Outputs::default(), state: State::default() }
    }

    /// A controller that goes on from a snapshot of the same hall.
    #[must_use]
    pub fn restore(hall: Arc<Hall>, state: State) -> Self {
        Self { hall, outputs: Outputs::default(), state }
    }

    /// One scan.
    pub fn step(&mut self, _inputs: &Inputs, _tick: Tick) -> &Outputs {
        &self.outputs
    }

    /// Somebody asks.
    pub fn answer(&mut self, _request: &Request, _tick: Tick) -> Reply {
        Reply::Refused(request::Refusal::Unknown)
    }

    /// What it remembers.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The safe outputs: every writable point at its fail-safe.
    #[must_use]
    pub fn safe_outputs(_hall: &Hall) -> Outputs {
        Outputs::default()
    }

    /// The hall on one page, as of the last scan.
    #[must_use]
    pub fn status(&self) -> Status {
        Status { hall: self.hall.name.clone(), ..Status::default() }
    }

    /// Why an output has its value; nothing for a point that is no output.
    #[must_use]
    pub fn why(&self, _point: PointId) -> Option<WhyReport> {
        None
    }

    /// A point as judged in the last scan.
    #[must_use]
    pub fn reading(&self, _point: PointId) -> Reading<f64> {
        Reading::Lost { why: plant::reading::Why::NeverRead }
    }

    /// A point as judged in the last scan, for people.
    #[must_use]
    pub fn point(&self, _point: PointId) -> Option<PointView> {
        None
    }
}
