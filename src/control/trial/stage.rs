//! Where a trial has come to, and when it goes on.

use plant::event::TrialEnd;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::watch::{Ground, See};
use super::{How, Method};
use crate::control::clock::sum;
use crate::control::tuning::{ASYMMETRY, Record};

/// So long the pv is watched before anything is moved.
const REST: Span = Span::from_secs(120);
/// A pv that has not come to rest by then does not.
const UNSTEADY: Span = Span::from_secs(900);
/// At rest it drifts by less than this between two halves of the watch (1, of the limits' width).
const DRIFT: f64 = 0.02;
/// The shortest time that an output stays moved.
const SHORTEST: Span = Span::from_secs(30);
/// An answer is more than so many times the noise at rest, and this much of the limits' width (1).
const ANSWERS: (f64, f64) = (4.0, 0.005);
/// It rests again when it has gone on by less than this in the last fifth (1, of the answer).
const SETTLED: f64 = 0.02;
/// The windows in which that is looked at (1, of the time since the move).
const FIFTH: f64 = 0.2;
/// A relay turns when the pv has passed its rest by so many times the noise, and this much of the limits' width (1).
const TURNS: (f64, f64) = (2.0, 0.01);
/// Cycles are alike when both halves differ by less than this from the ones before (1).
const ALIKE: f64 = 0.1;
/// The most half periods of a relay.
const MOST: u32 = 12;
/// The fewest of which something can be learnt.
const FEWEST: u32 = 5;

/// Where it has come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// The output stands, and the pv is watched.
    Rest {
        /// How long.
        waited: Span,
    },
    /// The output is moved.
    Moved {
        /// How long.
        waited: Span,
    },
    /// It is back where it stood.
    Back {
        /// How long.
        waited: Span,
        /// How long it shall.
        of: Span,
    },
    /// It goes to and fro.
    Relay(Swing),
    /// It is on its way to where the loop takes it over.
    Return {
        /// How long.
        waited: Span,
        /// Why.
        end: TrialEnd,
    },
}

/// A relay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    /// On its strong side.
    strong: bool,
    /// For how long.
    waited: Span,
    /// Half periods that are over.
    halves: u32,
    /// How long the last strong and weak half were, and the ones before.
    last: (Span, Span),
    before: (Span, Span),
}

impl Stage {
    /// The begin.
    pub const fn rest() -> Self {
        Self::Rest { waited: Span::ZERO }
    }

    /// On its way out.
    pub const fn back(end: TrialEnd) -> Self {
        Self::Return { waited: Span::ZERO, end }
    }

    /// True on its way out.
    pub const fn is_return(&self) -> bool {
        matches!(self, Self::Return { .. })
    }

    /// In a word, for people.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Rest { .. } => "resting",
            Self::Moved { .. } => "moved",
            Self::Back { .. } => "back",
            Self::Relay(_) => "relay",
            Self::Return { .. } => "returning",
        }
    }

    /// How far above its base the output is wanted (%).
    pub fn above(&self, size: f64) -> f64 {
        match self {
            Self::Rest { .. } | Self::Back { .. } | Self::Return { .. } => 0.0,
            Self::Moved { .. } | Self::Relay(Swing { strong: true, .. }) => size,
            Self::Relay(Swing { strong: false, .. }) => -size / ASYMMETRY,
        }
    }

    /// The stage after what was seen in one more scan.
    pub fn next(
        &self,
        (how, gone, dt): (&How, Span, Span),
        (record, ground): (&Record, &mut Ground),
        see: See,
    ) -> Self {
        let width = how.limits.1 - how.limits.0;
        match *self {
            Self::Rest { waited } => {
                let waited = sum(waited, dt);
                if waited < REST {
                    return Self::Rest { waited };
                }
                if !ground.settle(record, REST.seconds(), DRIFT * width) {
                    return if waited < UNSTEADY { Self::Rest { waited } } else { Self::back(TrialEnd::Unsteady) };
                }
                match how.method {
                    Method::Step => Self::Moved { waited: Span::ZERO },
                    Method::Relay => Self::Relay(Swing::begun()),
                }
            }
            Self::Moved { waited } => moved(sum(waited, dt), (how, record, ground)),
            Self::Back { waited, of } => {
                let waited = sum(waited, dt);
                let over = waited >= of || sum(gone, dt.times(2)) >= how.longest;
                if over { Self::back(TrialEnd::Done) } else { Self::Back { waited, of } }
            }
            Self::Relay(swing) => {
                let past = (TURNS.0 * ground.noise).max(TURNS.1 * width);
                swing.next((how, gone, dt), ground.toward(see.pv, how.size), past)
            }
            Self::Return { waited, end } => Self::Return { waited, end },
        }
    }
}

/// Moved for so long: on until the pv rests again, or until half of the time is over.
fn moved(waited: Span, (how, record, ground): (&How, &Record, &Ground)) -> Stage {
    let width = how.limits.1 - how.limits.0;
    let late = sum(waited, waited) >= how.longest || waited.seconds() >= 0.45 * how.longest.seconds();
    if waited < SHORTEST && !late {
        return Stage::Moved { waited };
    }
    let fifth = FIFTH * waited.seconds();
    let (Some(now), Some(before)) = (record.mean(fifth, 0.0), record.mean(fifth, fifth)) else {
        return Stage::Moved { waited };
    };
    let answer = (now - ground.level).abs();
    let answers = answer > (ANSWERS.0 * ground.noise).max(ANSWERS.1 * width);
    let rests = answers && (now - before).abs() <= SETTLED * answer;
    match (rests, late, answers) {
        (true, ..) | (_, true, true) => Stage::Back { waited: Span::ZERO, of: waited },
        (false, true, false) => Stage::back(TrialEnd::NoAnswer),
        (false, false, _) => Stage::Moved { waited },
    }
}

impl Swing {
    /// On its strong side, from now on.
    const fn begun() -> Self {
        let never = (Span::ZERO, Span::ZERO);
        Self { strong: true, waited: Span::ZERO, halves: 0, last: never, before: never }
    }

    /// One scan: `toward` is how far the pv has gone to where the strong side drives it, in its own unit.
    fn next(mut self, (how, gone, dt): (&How, Span, Span), toward: f64, past: f64) -> Stage {
        self.waited = sum(self.waited, dt);
        let turns = if self.strong { toward > past } else { toward < -past };
        if turns {
            let (last, before) = if self.strong {
                (&mut self.last.0, &mut self.before.0)
            } else {
                (&mut self.last.1, &mut self.before.1)
            };
            *before = std::mem::replace(last, self.waited);
            (self.strong, self.waited, self.halves) = (!self.strong, Span::ZERO, self.halves + 1);
            // It ends as it begins: on its way up from the weak side.
            if self.strong && self.halves > FEWEST && (self.is_even() || self.halves >= MOST) {
                return Stage::back(TrialEnd::Done);
            }
        }
        if self.waited.times(3) >= how.longest {
            return Stage::back(TrialEnd::NoAnswer);
        }
        let late = sum(gone, dt.times(2)) >= how.longest;
        if late && self.halves >= FEWEST { Stage::back(TrialEnd::Done) } else { Stage::Relay(self) }
    }

    /// True when the last two cycles were alike.
    fn is_even(&self) -> bool {
        let alike = |now: Span, then: Span| (now.seconds() - then.seconds()).abs() <= ALIKE * now.seconds();
        alike(self.last.0, self.before.0) && alike(self.last.1, self.before.1)
    }
}
