//! Ramps, noise, steps, silence.

use proptest::prelude::*;

use super::*;

const SECOND: Span = Span::from_secs(1);

/// A trend that has seen these values, one a second.
fn of(values: impl Iterator<Item = f64>) -> Trend {
    let mut trend = Trend::default();
    values.for_each(|value| trend.take(Some(value), SECOND));
    trend
}

/// Something like noise, from -1 to 1, the same each time.
fn noise(n: u32) -> f64 {
    libm::sin(f64::from(n) * 12.9898) * 0.6 + libm::sin(f64::from(n) * 78.233) * 0.4
}

#[test]
fn a_ramp_is_at_its_limit_when_it_is() {
    let trend = of((0..90).map(|n| 24.0 + 0.02 * f64::from(n)));
    let at = trend.until(32.0).expect("it rises");
    assert!((at - (32.0 - 25.78) / 0.02).abs() < 2.0, "{at}");
    assert_eq!(trend.until(25.0), Some(0.0), "it is there");
    assert!(trend.until(64.0).is_none(), "nobody can foretell half an hour and more");
}

#[test]
fn noise_alone_is_on_its_way_to_nothing_and_hides_no_ramp() {
    let still = (0..600).map(|n| 24.0 + 0.1 * noise(n));
    let mut trend = Trend::default();
    for value in still {
        trend.take(Some(value), SECOND);
        assert!(trend.until(32.0).is_none(), "{trend:?}");
    }
    let trend = of((0..120).map(|n| 24.0 + 0.01 * f64::from(n) + 0.1 * noise(n)));
    let at = trend.until(32.0).expect("it rises");
    assert!((at - (32.0 - 25.2) / 0.01).abs() < 60.0, "{at}");
}

#[test]
fn what_falls_or_stands_or_is_hardly_known_has_no_time() {
    assert_eq!(of((0..90).map(|n| 31.0 - 0.02 * f64::from(n))).until(32.0), None);
    assert_eq!(of((0..90).map(|_| 31.0)).until(32.0), None);
    assert_eq!(of((0..25).map(|n| 24.0 + 0.1 * f64::from(n))).until(32.0), None);
    let mut trend = of((0..90).map(|n| 24.0 + 0.02 * f64::from(n)));
    trend.take(None, SECOND);
    assert_eq!(trend.until(20.0), None, "lost: it begins anew");
}

#[test]
fn the_period_of_scans_makes_no_difference() {
    let ramp = |millis: u64| {
        let (dt, mut trend) = (Span::from_millis(millis), Trend::default());
        (0..120_000 / millis).for_each(|n| {
            let seconds = Span::from_millis(n * millis).seconds();
            trend.take(Some(24.0 + 0.02 * seconds), dt);
        });
        trend.until(32.0).expect("it rises")
    };
    assert!((ramp(250) - ramp(2000)).abs() < 3.0, "{} {}", ramp(250), ramp(2000));
    assert!((ramp(1000) - ramp(7000)).abs() < 8.0, "{} {}", ramp(1000), ramp(7000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Never negative, never beyond the horizon, and the nearer the limit the sooner.
    #[test]
    fn a_nearer_limit_is_sooner(
        values in prop::collection::vec(20.0..35.0f64, 30..200),
        rise in -0.05..0.2f64,
        limit in 22.0..60.0f64,
        nearer in 0.01..5.0f64,
    ) {
        let ramp = (0_u32..).map(|n| rise * f64::from(n));
        let trend = of(values.iter().zip(ramp).map(|(value, up)| 25.0 + 0.02 * (value - 27.5) + up));
        if let Some(seconds) = trend.until(limit) {
            prop_assert!((0.0..=HORIZON.seconds()).contains(&seconds));
            let sooner = trend.until(limit - nearer);
            prop_assert!(sooner.is_some_and(|sooner| sooner < seconds || seconds == 0.0), "{sooner:?} {seconds}");
        }
    }
}
