//! Loops that run with gains of their own: tuned on what a trial has shown, and kept until somebody takes that back.
//!
//! The setpoint, its weight, the deadband and the period stay what the hall's file has; a derivative has no place in these gains, which are
//! a PI loop's. New gains do not bump the output: the block sees to that.

use plant::hall::LoopTuning;
use plant::id::LoopId;
use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use crate::control::tuning::{Fopdt, Gains};

/// Gains of one loop's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retune {
    /// Which loop.
    pub of: LoopId,
    /// Its gains.
    pub gains: Gains,
    /// The process that they were made for.
    pub process: Fopdt,
    /// The maximum sensitivity that they have on it (1).
    pub sensitivity: f64,
    /// Who asked.
    pub who: String,
    /// Why.
    pub reason: String,
    /// When; nothing where no believed wall clock told it.
    pub at: Option<Wall>,
}

/// Every loop that has gains of its own, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Retunes(Vec<Retune>);

impl Retunes {
    /// Every one.
    pub fn iter(&self) -> impl Iterator<Item = &Retune> {
        self.0.iter()
    }

    /// That of one loop.
    #[must_use]
    pub fn of(&self, id: LoopId) -> Option<&Retune> {
        self.0.iter().find(|one| one.of == id)
    }

    /// A loop gets gains of its own, in place of earlier ones.
    pub fn set(&mut self, one: Retune) {
        self.0.retain(|old| old.of != one.of);
        self.0.push(one);
    }

    /// A loop goes back to its file's gains; false where it had none of its own.
    pub fn revert(&mut self, id: LoopId) -> bool {
        let before = self.0.len();
        self.0.retain(|old| old.of != id);
        self.0.len() < before
    }

    /// A tuning with the loop's own gains in it, where it has some.
    #[must_use]
    pub(super) fn over(&self, id: LoopId, tuning: LoopTuning) -> LoopTuning {
        self.of(id).map_or(tuning, |one| LoopTuning {
            gain: one.gains.gain,
            ti: Span::from_seconds(one.gains.ti),
            td: Span::ZERO,
            ..tuning
        })
    }
}
