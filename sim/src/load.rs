//! How busy a rack is: a daily wave, and random levels that each rack holds for a while.
//!
//! A function of (seed, rack, time) and of nothing else: no state, so that a snapshot has nothing to forget.

use std::f64::consts::PI;

use plant::convert;
use plant::time::{Span, Wall};

use crate::noise;
use crate::physics::Load;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The load of a rack over its nameplate (1, 0 to 1), at this point of the [`daily_wave`].
#[must_use]
pub fn share(load: &Load, wave: f64, seed: u64, channel: u64, elapsed: Span) -> f64 {
    let phase = noise::uniform(seed, channel, u64::MAX);
    let place = elapsed.seconds() / load.hold + phase;
    let block = place.floor();
    let into = (place - block) * load.hold;
    let number = convert::u64_from_f64_rounded(block);
    let (before, now) = (level(seed, channel, number), level(seed, channel, number.saturating_add(1)));
    let moved = (into / load.ramp).min(1.0);
    (load.mean + load.diurnal * wave + load.step * (before + (now - before) * moved)).clamp(0.0, 1.0)
}

/// A wave of one day, 1 at `peak_hour` UTC and −1 half a day away.
#[must_use]
pub fn daily_wave(wall: Wall, peak_hour: f64) -> f64 {
    let hour = convert::f64_from_i64(wall.0.rem_euclid(DAY_MS)) / 3_600_000.0;
    libm::cos(2.0 * PI * (hour - peak_hour) / 24.0)
}

fn level(seed: u64, channel: u64, block: u64) -> f64 {
    2.0 * noise::uniform(seed, channel, block) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load { mean: 0.8, diurnal: 0.05, peak_hour: 15.0, step: 0.1, hold: 900.0, ramp: 30.0 };

    #[test]
    fn the_load_moves_within_its_bounds_and_never_jumps() {
        let mut before = None;
        let (mut low, mut high) = (1.0f64, 0.0f64);
        for second in 0..40_000u32 {
            let at = {
                let wave = daily_wave(Wall(i64::from(second) * 1000), LOAD.peak_hour);
                share(&LOAD, wave, 3, 99, Span::from_secs(second.into()))
            };
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
