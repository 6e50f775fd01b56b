//! How busy a rack is: a daily wave, and random levels that each rack holds for a while.
//!
//! A function of (seed, rack, time) and of nothing else; what a [`Worker`] keeps of it saves only work.

use std::f64::consts::PI;

use plant::convert;
use plant::time::{Span, Wall};

use crate::noise::Stream;
use crate::physics::Load;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What all racks of a step have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    wave: f64,
    /// Holding times gone by.
    holds: f64,
    seed: u64,
}

impl Moment {
    /// The moment at `wall`, `elapsed` after the world began, under `seed`.
    #[must_use]
    pub fn at(load: &Load, seed: u64, (elapsed, wall): (Span, Wall)) -> Self {
        Self { wave: daily_wave(wall, load.peak_hour), holds: elapsed.seconds() / load.hold, seed }
    }
}

/// Who works at random: a rack or a tank, by its number in random streams. It keeps its two levels while they last.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    stream: Stream,
    seed: Option<u64>,
    channel: u64,
    phase: f64,
    /// Where the present level began (holding times), what was before it and what it is.
    block: f64,
    before: f64,
    now: f64,
}

impl Worker {
    /// The worker of this number.
    #[must_use]
    pub const fn new(channel: u64) -> Self {
        Self { stream: Stream::of(0, channel), seed: None, channel, phase: 0.0, block: 0.0, before: 0.0, now: 0.0 }
    }

    /// The load over the nameplate (1, 0 to 1).
    #[must_use]
    pub fn share(&mut self, load: &Load, at: &Moment) -> f64 {
        if self.seed != Some(at.seed) {
            self.stream = Stream::of(at.seed, self.channel);
            (self.seed, self.phase, self.block) = (Some(at.seed), self.stream.uniform(u64::MAX), f64::NEG_INFINITY);
        }
        let place = at.holds + self.phase;
        if !(place >= self.block && place < self.block + 1.0) {
            self.block = place.floor();
            let number = convert::u64_from_f64_rounded(self.block);
            (self.before, self.now) = (level(self.stream, number), level(self.stream, number.saturating_add(1)));
        }
        let into = (place - self.block) * load.hold;
        let random =
            if into < load.ramp { self.before + (self.now - self.before) * (into / load.ramp) } else { self.now };
        (load.mean + load.diurnal * at.wave + load.step * random).clamp(0.0, 1.0)
    }
}

/// A wave of one day, 1 at `peak_hour` UTC and −1 half a day away.
#[must_use]
pub fn daily_wave(wall: Wall, peak_hour: f64) -> f64 {
    let hour = convert::f64_from_i64(wall.0.rem_euclid(DAY_MS)) / 3_600_000.0;
    libm::cos(2.0 * PI * (hour - peak_hour) / 24.0)
}

const fn level(stream: Stream, block: u64) -> f64 {
    2.0 * stream.uniform(block) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load { mean: 0.8, diurnal: 0.05, peak_hour: 15.0, step: 0.1, hold: 900.0, ramp: 30.0 };

    #[test]
    fn the_load_moves_within_its_bounds_and_never_jumps() {
        let mut before = None;
        let mut rack = Worker::new(99);
        let (mut low, mut high) = (1.0f64, 0.0f64);
        for second in 0..40_000u32 {
            let (elapsed, wall) = (Span::from_secs(second.into()), Wall(i64::from(second) * 1000));
            let moment = Moment::at(&LOAD, 3, (elapsed, wall));
            let at = rack.share(&LOAD, &moment);
            assert_eq!(at.to_bits(), Worker::new(99).share(&LOAD, &moment).to_bits(), "what it keeps changes nothing");
            assert!((0.64..=0.96).contains(&at), "{at}");
            let step = before.map_or(0.0, |b: f64| (at - b).abs());
            assert!(step < 0.2 / 30.0 + 1e-3, "{step} at {second}");
            (low, high) = (low.min(at), high.max(at));
            before = Some(at);
        }
        assert!(high - low > 0.1, "the load varies: {low} to {high}");
    }

    #[test]
    fn the_wave_peaks_when_it_says() {
        assert!((daily_wave(Wall(15 * 3_600_000), 15.0) - 1.0).abs() < 1e-12);
        assert!((daily_wave(Wall(-9 * 3_600_000), 15.0) - 1.0).abs() < 1e-12, "before 1970 too");
        assert!((daily_wave(Wall(3 * 3_600_000), 15.0) + 1.0).abs() < 1e-12);
    }
}
