//! Random numbers that are a function of (seed, channel, tick), so that one more sensor shifts nobody else's stream.
//!
//! **Source** the finaliser of SplitMix64 (Steele, Lea, Flood, *Fast splittable pseudorandom number generators*, 2014)
//! used as a counter-based hash; Gaussian by the central limit theorem, or by Box and Muller where tails count. Not for secrets.

use plant::convert;

/// SplitMix64's increment: 2⁶⁴ over the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// 2⁻⁵³, so that the upper 53 bits become a number below 1.
const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Every other byte of a word.
const BYTES: u64 = 0x00FF_00FF_00FF_00FF;
/// 2⁻³².
const POINT: f64 = 1.0 / 4_294_967_296.0;
/// Mean and deviation of the sum of eight bytes and of the uppermost one's 256th part: `8·127.5 + ½`, and
/// `√((7 + (257/256)²)·(256² − 1)/12)`.
const MEAN: f64 = 1020.5;
const DEVIATION: f64 = 209.123_8;

/// Mixes 64 bits so that each depends on all.
#[must_use]
pub const fn mix(bits: u64) -> u64 {
    let z = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The random numbers of one channel under one seed, by their ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(u64);

impl Stream {
    /// The stream of a channel.
    #[must_use]
    pub const fn of(seed: u64, channel: u64) -> Self {
        Self(mix(seed.wrapping_add(GOLDEN)) ^ mix(channel.wrapping_add(GOLDEN.wrapping_mul(2))))
    }

    /// 64 random bits for one use at one tick.
    #[must_use]
    pub const fn bits(self, tick: u64) -> u64 {
        mix(self.0.wrapping_add(tick.wrapping_mul(GOLDEN)))
    }

    /// Evenly spread in [0, 1).
    #[must_use]
    pub const fn uniform(self, tick: u64) -> f64 {
        convert::f64_from_i64(convert::i64_from_bits(self.bits(tick) >> 11)) * UNIT
    }

    /// Gaussian with mean 0 and deviation 1, as the sum of eight even numbers: its fourth moment is 2.85 for 3, and it never
    /// passes 4.9 deviations, which no sensor's noise does either. Whole numbers until the end, so that it costs no logarithm.
    #[must_use]
    pub const fn gaussian(self, tick: u64) -> f64 {
        let word = self.bits(tick);
        // The sum of the word's eight bytes: in pairs with room to carry, then all pairs at once in the upper sixteen bits.
        let pairs = (word & BYTES) + (word >> 8 & BYTES);
        let sum = pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48;
        // The word's upper half behind the point fills the gaps between whole numbers.
        let fixed = sum << 32 | word >> 32;
        (convert::f64_from_i64(convert::i64_from_bits(fixed)) * POINT - MEAN) * (1.0 / DEVIATION)
    }
}

/// 64 random bits for one use of one channel at one tick.
#[must_use]
pub const fn bits(seed: u64, channel: u64, tick: u64) -> u64 {
    Stream::of(seed, channel).bits(tick)
}

/// Evenly spread in [0, 1).
#[must_use]
pub const fn uniform(seed: u64, channel: u64, tick: u64) -> f64 {
    Stream::of(seed, channel).uniform(tick)
}

/// [`Stream::gaussian`] of one channel.
#[must_use]
pub const fn gaussian(seed: u64, channel: u64, tick: u64) -> f64 {
    Stream::of(seed, channel).gaussian(tick)
}

/// Gaussian with mean 0 and deviation 1 and the tails that go with it, within ±8.6: for what is drawn seldom and whose extremes
/// count, such as weather. **Source** Box and Muller 1958.
#[must_use]
pub fn normal(seed: u64, channel: u64, tick: u64) -> f64 {
    let word = bits(seed, channel, tick);
    // 1 − u is in (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * libm::log(1.0 - convert::f64_from_u64(word >> 11) * UNIT)).sqrt();
    let turn = convert::f64_from_u64(mix(word ^ GOLDEN) >> 11) * UNIT;
    radius * libm::cos(2.0 * std::f64::consts::PI * turn)
}

/// A channel's number from its name: FNV-1a, so that it stays when other channels come and go.
#[must_use]
pub fn channel(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaussian_has_its_moments_and_channels_are_strangers() {
        let n = 40_000u64;
        let (one, other) = (channel("crah-1/supply-air-temp"), channel("crah-2/supply-air-temp"));
        let (mut sum, mut square, mut fourth, mut cross, mut lag) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for tick in 0..n {
            let (x, y) = (gaussian(7, one, tick), gaussian(7, other, tick));
            sum += x;
            square += x * x;
            fourth += x * x * x * x;
            cross += x * y;
            lag += x * gaussian(7, one, tick + 1);
        }
        let n = convert::f64_from_u64(n);
        assert!((sum / n).abs() < 0.02, "mean {}", sum / n);
        assert!((square / n - 1.0).abs() < 0.03, "variance {}", square / n);
        assert!((fourth / n - 3.0).abs() < 0.25, "fourth moment {}", fourth / n);
        assert!((cross / n).abs() < 0.02, "channels correlate: {}", cross / n);
        assert!((lag / n).abs() < 0.02, "ticks correlate: {}", lag / n);
    }

    #[test]
    fn the_one_with_tails_has_its_moments() {
        let n = 40_000u64;
        let (mut sum, mut square, mut fourth) = (0.0, 0.0, 0.0);
        for tick in 0..n {
            let x = normal(7, channel("weather/warm"), tick);
            (sum, square, fourth) = (sum + x, square + x * x, fourth + x * x * x * x);
        }
        let n = convert::f64_from_u64(n);
        assert!((sum / n).abs() < 0.02 && (square / n - 1.0).abs() < 0.03, "{} {}", sum / n, square / n);
        assert!((fourth / n - 3.0).abs() < 0.15, "fourth moment {}", fourth / n);
    }

    #[test]
    fn a_number_is_a_function_of_its_key_alone() {
        assert_eq!(gaussian(1, 2, 3).to_bits(), gaussian(1, 2, 3).to_bits());
        for other in [(2, 2, 3), (1, 3, 3), (1, 2, 4)] {
            assert_ne!(bits(1, 2, 3), bits(other.0, other.1, other.2));
        }
    }
}
