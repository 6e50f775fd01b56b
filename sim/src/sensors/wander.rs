//! What makes a channel wander: drift over weeks, and pink noise over seconds to hours.
//!
//! **Equation** drift is a random walk with one step a day, its standard deviation after a month the one given, straight between
//! days. Pink noise is a sum of twelve independent levels, each held twice as long as the one before, from one second to half
//! an hour, so that every octave has the same share of the variance. **Source** random walk of a thermometer in service: plant
//! practice; pink noise: Voss and McCartney, as told by Gardner, *Scientific American* 238(4), 1978. **Box** steps of a
//! second or more for the pink noise's fastest level; shorter ones see it held.

use plant::convert;

use crate::noise;

/// Levels of pink noise.
const LEVELS: usize = 12;
/// Days of a month.
const MONTH: f64 = 30.437;
/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Told from the channel's number, so that its streams are strangers to each other.
const DRIFT: u64 = 0x5EED_D21F_7000_0001;
const PINK: u64 = 0x5EED_9131_4000_0001;

/// A random walk with one step a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Drift {
    /// The day that `from` stands at, and where the walk is then and a day later (in steps of deviation one).
    day: u64,
    from: f64,
    to: f64,
    begun: bool,
}

impl Drift {
    /// Where the walk is `elapsed` seconds after it began, for a standard deviation after a month of `month`.
    pub(super) fn at(&mut self, key: (u64, u64), elapsed: f64, month: f64) -> f64 {
        let (seed, channel) = (key.0, key.1 ^ DRIFT);
        let days = (elapsed / DAY).max(0.0);
        let whole = convert::u64_from_f64_rounded(days.floor());
        if !self.begun {
            *self = Self { day: 0, from: 0.0, to: noise::gaussian(seed, channel, 0), begun: true };
        }
        while self.day < whole {
            self.day = self.day.saturating_add(1);
            self.from = self.to;
            self.to += noise::gaussian(seed, channel, self.day);
        }
        let share = days - convert::f64_from_u64(self.day);
        (self.from + share * (self.to - self.from)) * month / MONTH.sqrt()
    }
}

/// Pink noise of deviation one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pink {
    second: Option<u64>,
    levels: [f64; LEVELS],
}

impl Pink {
    /// The noise `elapsed` seconds after the beginning.
    pub(super) fn at(&mut self, key: (u64, u64), elapsed: f64) -> f64 {
        let second = convert::u64_from_f64_rounded(elapsed.max(0.0).floor());
        for (n, level) in (0u32..).zip(&mut self.levels) {
            let number = second >> n;
            if self.second.is_none_or(|before| before >> n != number) {
                *level = noise::gaussian(key.0, key.1 ^ PINK ^ (u64::from(n) << 56), number);
            }
        }
        self.second = Some(second);
        self.levels.iter().sum::<f64>() / convert::f64_from_usize(LEVELS).sqrt()
    }
}
