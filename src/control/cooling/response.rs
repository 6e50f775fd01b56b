//! Readings that disagree with physics: a loop that has been at its most for long, and what it looks at has not moved toward its setpoint.
//!
//! ```text
//!            at its most, its reading beyond the setpoint and no nearer, for `no-response-after`
//!   Answers ────────────────────────────────────────────────────────────────────────────────────▶ Unanswered (told)
//!      ▲                                                                                            │
//!      └────────────────────────── nearer than it was, or not at its most for a minute ─────────────┘
//! ```
//!
//! Only the side of more counts: a hall that needs no cooling stays colder than its setpoint with everything at its least. A doubted reading
//! counts no time. What is told goes on as it was: control takes nothing away by a suspicion.

use plant::event::{About, Unanswered, What};
use plant::id::Table;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::{Circuit, Loop, Scene, Service};
use crate::control::commands::{Held, OutputId};
use crate::control::news::News;
use crate::control::quality::Image;
use crate::control::sequence::Timer;

/// What a temperature must move by to have moved (K).
const MOVES: f64 = 0.3;
/// What a pressure must, as a share of its setpoint.
const SHARE: f64 = 0.02;
/// So many times that away from its setpoint, while its output is at its most, is the wrong way.
const WRONG: f64 = 3.0;
/// The time constant that takes noise away (s).
const SMOOTH: f64 = 20.0;
/// An output that is at its most is within this of it (%), and an actuator that is there within the other.
const AT_MOST: (f64, f64) = (1.0, 10.0);
/// Told for the last time once it has been over for so long.
const CLEAR: Span = Span::from_secs(60);

/// What is remembered of one loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// How far its reading is beyond its setpoint, without noise (in the pv's unit; negative: not at all).
    error: Option<f64>,
    /// The same when it came to its most or was nearer last, and at its worst since.
    since: Option<(f64, f64)>,
    waited: Timer,
    clear: Timer,
    told: Option<Unanswered>,
}

/// What one scan sees of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// How far its reading is beyond its setpoint (in the pv's unit), where it is known now.
    pub error: Option<f64>,
    /// What that must move by to have moved.
    pub moves: f64,
    /// The highest that its outputs are told (%), and the highest that they may be; nothing where it moves nothing now.
    pub told: Option<(f64, f64)>,
    /// The highest position that an actuator reports (%), where one is known.
    pub there: Option<f64>,
}

impl Sight {
    /// Of a loop that holds `setpoint` and saw `pv`; nothing of one whose output may well be at its most for hours.
    pub fn of(
        circuit: &Circuit,
        (setpoint, pv): (f64, Option<f64>),
        (image, held): (Image<'_>, &Table<OutputId, Held>),
    ) -> Option<Self> {
        let moves = match circuit.service {
            Service::Fans | Service::Valve | Service::CduValve | Service::DoorValve | Service::TankValve => MOVES,
            Service::Pump | Service::CduPumps => SHARE * setpoint,
            // As cold as may be, or all that the weather gives: no setpoint that they must reach.
            Service::TowerFans(_)
            | Service::Head(_)
            | Service::DryFans
            | Service::Damper
            | Service::Compressor
            | Service::CondenserValve => return None,
        };
        let beyond = -circuit.service.action().sign();
        let drives = || circuit.drives.iter().filter(|drive| circuit.moves(drive, held));
        let told = drives().filter_map(|drive| Some((held.get(drive.output)?.value, drive.range.max)));
        let fresh = circuit.inputs.iter().all(|input| image.number(*input).fresh().is_some());
        Some(Self {
            error: pv.filter(|_| fresh).map(|pv| beyond * (pv - setpoint)),
            moves,
            told: told.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1))),
            there: drives().filter_map(|drive| image.number(drive.feedback).fresh()).reduce(f64::max),
        })
    }
}

impl Response {
    /// A new boot: what was told stands until it is over.
    pub fn restart(&mut self) {
        *self = Self { told: self.told, ..Self::default() };
    }

    /// What is told of it, if anything is.
    #[must_use]
    pub const fn told(&self) -> Option<Unanswered> {
        self.told
    }

    /// One scan of a loop, after it has looked.
    pub fn watch(&mut self, circuit: &Circuit, (row, scene): (&Loop, &Scene<'_>), after: Span, news: &mut News<'_>) {
        let Some(sight) = Sight::of(circuit, (row.setpoint, row.pv), (scene.image, scene.held)) else { return };
        let about = About::Loop(circuit.id);
        match self.step(&sight, after, scene.dt.min(scene.longest)) {
            Some(Some(how)) => news.warn(about, What::NoResponse(how)),
            Some(None) => news.info(about, What::Responds),
            None => {}
        }
    }

    /// One scan: what is told from now on, where that has changed. `after` is how long it must not have answered.
    pub fn step(&mut self, sight: &Sight, after: Span, dt: Span) -> Option<Option<Unanswered>> {
        let seen = sight.error?;
        let seconds = dt.seconds();
        let error = self.error.map_or(seen, |error| error + (seen - error) * seconds / (SMOOTH + seconds));
        self.error = Some(error);
        let at_most = sight.told.is_some_and(|(told, most)| told >= most - AT_MOST.0);
        let nearer = self.since.is_some_and(|(_, worst)| error <= worst - sight.moves);
        let unmoved = at_most && error > sight.moves;
        if !unmoved || nearer {
            self.since = unmoved.then_some((error, error));
            self.waited = Timer::default();
        } else {
            let (first, worst) = self.since.unwrap_or((error, error));
            self.since = Some((first, worst.max(error)));
            self.waited.count(true, dt);
        }
        self.clear.count(!unmoved, dt);
        let before = self.told;
        if nearer || self.clear.reached(CLEAR) {
            self.told = None;
        } else if self.told.is_none() && self.waited.reached(after) {
            self.told = Some(self.kind(sight, error));
        }
        (self.told != before).then_some(self.told)
    }

    /// How it does not answer.
    fn kind(&self, sight: &Sight, error: f64) -> Unanswered {
        let most = sight.told.map_or(0.0, |(_, most)| most);
        if sight.there.is_some_and(|there| there < most - AT_MOST.1) {
            return Unanswered::NotThere;
        }
        let away = self.since.is_some_and(|(first, _)| error - first > WRONG * sight.moves);
        if away { Unanswered::WrongWay } else { Unanswered::Unmoved }
    }
}

#[cfg(test)]
mod tests;
