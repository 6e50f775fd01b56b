//! Random numbers of a seed, for schedules that nobody has written.

use plant::convert;

use crate::noise;

/// A stream of random numbers.
#[derive(Debug)]
pub(super) struct Dice {
    seed: u64,
    channel: u64,
    thrown: u64,
}

impl Dice {
    /// The stream of a seed; streams of two names have nothing in common.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        Self { seed, channel: noise::channel(name), thrown: 0 }
    }

    /// Evenly in [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.thrown = self.thrown.saturating_add(1);
        low + (high - low) * noise::uniform(self.seed, self.channel, self.thrown)
    }

    /// A whole number below `many`.
    pub(super) fn below(&mut self, many: usize) -> usize {
        let place = libm::floor(self.between(0.0, convert::f64_from_usize(many)));
        convert::usize_from_u64(convert::u64_from_f64_rounded(place))
    }

    /// One of them; nothing where there are none.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let place = self.below(all.len());
        all.get(place)
    }
}
