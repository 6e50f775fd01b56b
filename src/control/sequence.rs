//! Sequences: how equipment starts, stages and stops. One engine for all of them.
//!
//! A sequence is an enum of steps that own their data, and a table of bounds. The engine counts the time in a step, asks the
//! sequence's own rule for the next one, and takes the abort path when the step has lasted too long. A step is either a rest, in
//! which the plant may stay for ever, or it is bound: it has a time within which it must be over, a step to go to if it is not, and
//! the trouble to tell. There is no third kind, so no transition can hang.
//!
//! ```text
//!                    guard holds
//!   rest ────────────────────────────▶ bound ──── proven ────▶ rest
//!                                        │
//!                                        └── too long ─▶ abort path, with an event and an alarm
//! ```
//!
//! [`machine`] is the sequence of one machine, [`drive`] that of one that a loop turns, [`change`] that of a stage change,
//! [`shift`] that of a change among a [`crew`] of pumps, [`roster`] who is next by run-time.

pub mod change;
pub mod crew;
pub mod drive;
pub mod machine;
pub mod orders;
pub mod roster;
pub mod shift;
mod timer;

#[cfg(test)]
mod tests;

use plant::event::Trouble;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::clock::sum;

pub use timer::{Mean, Timer};

/// A step of a sequence.
pub trait Step: Copy {
    /// The numbers that bound its steps.
    type Rules;

    /// How long the sequence may stay in this step, and what comes of it then.
    fn bound(self, rules: &Self::Rules) -> Bound<Self>;
}

/// How long a step may last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound<S> {
    /// A state of rest: for ever.
    Rest,
    /// A transition.
    Within {
        /// The longest it may last.
        time: Span,
        /// Where to go when it has lasted so long.
        abort: S,
        /// What to tell then.
        trouble: Trouble,
    },
}

/// What became of a sequence in one scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn<S> {
    /// It is where it was.
    Stayed,
    /// Its rule led it on from this step.
    Moved(S),
    /// This step took too long and was aborted.
    Aborted(S, Trouble),
}

/// A sequence at some moment: its step, and how long it has been there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence<S> {
    step: S,
    since: Span,
}

impl<S: Step> Sequence<S> {
    /// At the begin of a step.
    #[must_use]
    pub const fn at(step: S) -> Self {
        Self { step, since: Span::ZERO }
    }

    /// In a step for longer than any rule asks.
    #[must_use]
    pub const fn long_since(step: S) -> Self {
        Self { step, since: Span::from_nanos(u64::MAX) }
    }

    /// The step.
    #[must_use]
    pub const fn step(&self) -> S {
        self.step
    }

    /// How long it has been there.
    #[must_use]
    pub const fn since(&self) -> Span {
        self.since
    }

    /// Lets `dt` pass. `next` says the next step, if there is a reason for one, from the present one and the time in it; a step
    /// that is both over and too old is over.
    pub fn advance(&mut self, rules: &S::Rules, dt: Span, next: impl FnOnce(S, Span) -> Option<S>) -> Turn<S> {
        self.since = sum(self.since, dt);
        let from = self.step;
        if let Some(step) = next(from, self.since) {
            *self = Self::at(step);
            return Turn::Moved(from);
        }
        match from.bound(rules) {
            Bound::Within { time, abort, trouble } if self.since >= time => {
                *self = Self::at(abort);
                Turn::Aborted(from, trouble)
            }
            Bound::Within { .. } | Bound::Rest => Turn::Stayed,
        }
    }
}
