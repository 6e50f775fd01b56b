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
    /// Which row of its schedule, from 0, where it has one.
    pub row: Option<usize>,
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

    /// The latest of one loop.
    #[must_use]
    pub fn of(&self, id: LoopId) -> Option<&Retune> {
        self.0.iter().rev().find(|one| one.of == id)
    }

    /// A loop gets gains of its own, in place of earlier ones: of the same row, where it has a schedule.
    pub fn set(&mut self, one: Retune) {
        self.0.retain(|old| old.of != one.of || (one.row.is_some() && old.row.is_some() && old.row != one.row));
        self.0.push(one);
    }

    /// A loop goes back to its file's gains; false where it had none of its own.
    pub fn revert(&mut self, id: LoopId) -> bool {
        let before = self.0.len();
        self.0.retain(|old| old.of != id);
        self.0.len() < before
    }

    /// A tuning with the loop's own gains in it, where it has some: in the rows of its schedule, which is read at `place`, or instead of the
    /// file's. Before the place is known what the file has beside the schedule counts.
    #[must_use]
    pub(super) fn over(&self, id: LoopId, tuning: LoopTuning, place: Option<f64>) -> LoopTuning {
        let mine = || self.0.iter().filter(|one| one.of == id);
        let gains = |one: &Retune| (one.gains.gain, Span::from_seconds(one.gains.ti));
        let rows = tuning
            .schedule
            .map(|schedule| mine().fold(schedule, |all, one| one.row.map_or(all, |row| all.with(row, gains(one)))));
        let own = mine().find(|one| one.row.is_none()).map(gains);
        let (gain, ti) = match (own, rows, place) {
            (Some(own), _, _) => own,
            (None, Some(rows), Some(place)) => rows.at(place),
            (None, _, _) => (tuning.gain, tuning.ti),
        };
        // A derivative has no place in gains that are a PI loop's.
        let row_of_its_own = rows.is_some() && mine().any(|one| one.row.is_some());
        let td = if own.is_some() || row_of_its_own { Span::ZERO } else { tuning.td };
        LoopTuning { gain, ti, td, schedule: rows, ..tuning }
    }
}
