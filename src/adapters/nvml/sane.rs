//! Numbers that mean nothing: what drivers write where they know nothing, each dropped at the source.

use plant::convert;
use plant::gpu::{Millijoules, Milliwatts};
use plant::units::{Celsius, Percent};

/// More than any board bears.
const MOST_POWER: Milliwatts = Milliwatts::from_watts(20_000);
/// Hotter than any die that still answers (°C).
const HOTTEST: u64 = 150;

/// A power: no board that answers draws nothing, and none draws 20 kW. A driver that is asked too fast answers 0.
#[must_use]
pub fn power(milliwatts: u64) -> Option<Milliwatts> {
    Some(Milliwatts(milliwatts)).filter(|p| *p > Milliwatts(0) && *p < MOST_POWER)
}

/// A counter of energy.
#[must_use]
pub fn energy(millijoules: u64) -> Option<Millijoules> {
    // 2^53 mJ is 700 W for four hundred years.
    Some(Millijoules(millijoules)).filter(|e| e.0 < 1 << 53)
}

/// A temperature (°C): 0, 255 and all ones stand for nothing.
#[must_use]
pub fn temperature(celsius: u64) -> Option<Celsius> {
    Some(celsius).filter(|t| (1..=HOTTEST).contains(t)).map(|t| Celsius(convert::f64_from_u64(t)))
}

/// A share of time (%).
#[must_use]
pub fn share(percent: u64) -> Option<Percent> {
    Some(percent).filter(|p| *p <= 100).map(|p| Percent(convert::f64_from_u64(p)))
}

/// A count of errors.
#[must_use]
pub fn count(errors: u64) -> Option<u64> {
    Some(errors).filter(|n| *n < u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_mean_nothing_are_dropped() {
        assert_eq!([0, 20_000_000, u64::from(u32::MAX), u64::MAX].map(power), [None; 4]);
        assert_eq!(power(689_810), Some(Milliwatts(689_810)));
        assert_eq!([u64::MAX, u64::MAX >> 1].map(energy), [None; 2]);
        assert_eq!(energy(0), Some(Millijoules(0)), "a counter begins at nothing");
        assert_eq!([0, 151, 255, u64::from(u32::MAX)].map(temperature), [None; 4]);
        assert_eq!(temperature(64), Some(Celsius(64.0)));
        assert_eq!((share(101), share(100), share(0)), (None, Some(Percent(100.0)), Some(Percent(0.0))));
        assert_eq!((count(u64::MAX), count(3)), (None, Some(3)));
    }
}
