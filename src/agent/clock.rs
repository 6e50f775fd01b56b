//! The second actuator: the highest clock of a GPU's cores, for work that draws less than any cap that could be set.

use std::ops::RangeInclusive;

use plant::time::{Mono, Span};

/// Clocks that a grant may name (MHz).
pub const RANGE: RangeInclusive<u32> = 100..=10_000;

/// What a GPU's clock is locked to by us. The driver does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    locked: Option<u32>,
    /// That is what an earlier life left, and a fail-safe may have freed it since.
    doubted: bool,
    tried: Option<Mono>,
}

impl Clock {
    /// As an earlier life of this agent left it (MHz).
    #[must_use]
    pub const fn remembered(locked: Option<u32>) -> Self {
        Self { locked, doubted: locked.is_some(), tried: None }
    }

    /// What it is locked to, as far as we know (MHz).
    #[must_use]
    pub const fn locked(&self) -> Option<u32> {
        self.locked
    }

    /// What is to be written now: a clock (MHz) or none. What the board did not take is tried again after a while.
    #[must_use]
    pub fn due(&self, wanted: Option<u32>, now: Mono, again: Span) -> Option<Option<u32>> {
        let waits = self.tried.is_some_and(|at| now.since(at) < again);
        ((wanted != self.locked || self.doubted) && !waits).then_some(wanted)
    }

    /// It was written; true where the driver took it.
    pub fn tried(&mut self, wanted: Option<u32>, done: bool, at: Mono) {
        let (locked, doubted) = if done { (wanted, false) } else { (self.locked, self.doubted) };
        *self = Self { locked, doubted, tried: Some(at) };
    }
}
