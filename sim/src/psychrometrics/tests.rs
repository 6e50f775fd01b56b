use super::saturation::{dew_point, temperature_of, vapour_pressure};
use super::*;
use proptest::prelude::*;

/// What the balance of a wick asks for, from the handbook's printed form in kilojoules.
fn wick_ratio(dry_bulb: f64, bulb: f64, pressure: f64, frozen: bool) -> f64 {
    let vapour = vapour_pressure(bulb);
    let saturated = 0.621945 * vapour / (pressure - vapour);
    if frozen {
        ((2830.0 - 0.24 * bulb) * saturated - 1.006 * (dry_bulb - bulb)) / (2830.0 + 1.86 * dry_bulb - 2.1 * bulb)
    } else {
        ((2501.0 - 2.326 * bulb) * saturated - 1.006 * (dry_bulb - bulb)) / (2501.0 + 1.86 * dry_bulb - 4.186 * bulb)
    }
}

fn by_halves((mut low, mut high): (f64, f64), too_high: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if too_high(middle) { high = middle } else { low = middle }
    }
    f64::midpoint(low, high)
}

#[test]
fn the_handbooks_worked_example_comes_out() {
    // ASHRAE Fundamentals, ch. 1: 40 °C dry bulb, 20 °C wet bulb, sea level, read off its chart.
    let air = MoistAir::from_wet_bulb(40.0, 20.0, SEA_LEVEL);
    assert!((air.humidity_ratio - 0.0065).abs() < 1.5e-4, "{air:?}");
    assert!((air.enthalpy() - 56.7e3).abs() < 250.0, "{}", air.enthalpy());
    assert!((air.dew_point() - 7.0).abs() < 0.5, "{}", air.dew_point());
    assert!((air.relative_humidity() - 0.14).abs() < 0.005, "{}", air.relative_humidity());
    assert!((air.specific_volume() - 0.896).abs() < 0.001, "{}", air.specific_volume());
    assert!((pressure_at(1500.0) - 84_556.0).abs() < 10.0 && (pressure_at(0.0) - SEA_LEVEL).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_wet_bulb_is_where_halving_finds_it(t in -45.0..70.0f64, rh in 0.0..1.0f64, p in 60e3..110e3f64) {
        let air = MoistAir::from_relative_humidity(t, rh, p);
        prop_assume!(air.vapour_pressure() < 0.3 * p);
        let seen = air.wet_bulb();
        let frozen = seen < 0.0 || t <= 0.0;
        let bracket = if frozen { (-100.0, t.min(0.0)) } else { (0.0, t) };
        let slow = by_halves(bracket, |bulb| wick_ratio(t, bulb, p, frozen) > air.humidity_ratio);
        prop_assert!((seen - slow).abs() < 1e-6, "{air:?}: {seen} against {slow}");
        prop_assert!(seen <= t && (t < 0.1 || seen + 0.9 >= air.dew_point()), "{air:?}: {seen}");
    }

    #[test]
    fn every_way_into_a_state_leads_out_again(t in -40.0..60.0f64, rh in 0.02..1.0f64, p in 60e3..110e3f64) {
        let air = MoistAir::from_relative_humidity(t, rh, p);
        let by_dew_point = MoistAir::from_dew_point(t, air.dew_point(), p);
        let by_wet_bulb = MoistAir::from_wet_bulb(t, air.wet_bulb(), p);
        let by_enthalpy = MoistAir::from_enthalpy(air.enthalpy(), air.humidity_ratio, p);
        for other in [by_dew_point, by_wet_bulb] {
            prop_assert!((other.humidity_ratio - air.humidity_ratio).abs() < 1e-7, "{air:?} {other:?}");
        }
        prop_assert!((by_enthalpy.dry_bulb - t).abs() < 1e-9 && (air.relative_humidity() - rh).abs() < 1e-9);
        let saturated = saturation::enthalpy(t, p).value;
        prop_assert!((temperature_of(saturated, p) - t).abs() < 1e-6, "{t} {p}");
    }

    #[test]
    fn more_vapour_is_a_higher_dew_point_wet_bulb_and_enthalpy(t in -30.0..50.0f64, rh in 0.02..0.97f64, p in 60e3..110e3f64) {
        let (less, more) = (MoistAir::from_relative_humidity(t, rh, p), MoistAir::from_relative_humidity(t, rh + 0.02, p));
        prop_assert!(more.dew_point() > less.dew_point() && more.wet_bulb() > less.wet_bulb());
        prop_assert!(more.enthalpy() > less.enthalpy() && more.density() < less.density());
    }

    #[test]
    fn slopes_are_the_differences_quotients(t in -50.0..75.0f64, p in 60e3..110e3f64) {
        prop_assume!((t - 0.01).abs() > 0.01);
        let at = |t| (saturation::enthalpy(t, p), saturation::sloped_humidity_ratio(t, p));
        let ((h, w), (h_up, w_up), (h_down, w_down)) = (at(t), at(t + 1e-4), at(t - 1e-4));
        let (by_h, by_w) = ((h_up.value - h_down.value) / 2e-4, (w_up.value - w_down.value) / 2e-4);
        prop_assert!((h.slope / by_h - 1.0).abs() < 1e-4 && (w.slope / by_w - 1.0).abs() < 1e-4, "{t}: {h:?} {by_h}");
    }

    #[test]
    fn mixing_keeps_heat_and_vapour(one in -20.0..45.0f64, other in -20.0..45.0f64, share in 0.0..1.0f64) {
        let (a, b) = (MoistAir::from_relative_humidity(one, 0.8, 95e3), MoistAir::from_relative_humidity(other, 0.3, 95e3));
        let mix = a.mixed(b, share);
        let kept = |of: fn(&MoistAir) -> f64| (1.0 - share) * of(&a) + share * of(&b) - of(&mix);
        prop_assert!(kept(MoistAir::enthalpy).abs() < 1e-6 && kept(|x| x.humidity_ratio).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_ever_infinite(t in -1e6..1e6f64, w in 0.0..10.0f64, p in 1.0..1e7f64, rh in -5.0..5.0f64) {
        for air in [MoistAir { dry_bulb: t, humidity_ratio: w, pressure: p }, MoistAir::from_relative_humidity(t, rh, p)] {
            let figures = [
                air.wet_bulb(), air.dew_point(), air.enthalpy(), air.density(), air.relative_humidity(),
                temperature_of(t * 1e3, p), MoistAir::from_wet_bulb(t, rh, p).humidity_ratio, pressure_at(t),
            ];
            prop_assert!(figures.iter().all(|f| f.is_finite()), "{air:?}: {figures:?}");
        }
    }
}

#[test]
fn outside_the_box_says_so() {
    let inside = MoistAir::from_relative_humidity(25.0, 0.5, SEA_LEVEL);
    assert!(!inside.outside() && !inside.at(-40.0).outside());
    assert!(inside.at(95.0).outside() && MoistAir { pressure: 40e3, ..inside }.outside());
    assert!(MoistAir { humidity_ratio: f64::NAN, ..inside }.outside());
    let boiling = MoistAir::from_relative_humidity(150.0, 1.0, SEA_LEVEL);
    assert!((boiling.vapour_pressure() - 0.9 * SEA_LEVEL).abs() < 1.0, "{boiling:?}");
}

#[test]
fn the_dew_point_turns_the_vapour_pressure_round_from_deep_frost_to_steam() {
    for n in -95..200 {
        let t = f64::from(n);
        assert!((dew_point(vapour_pressure(t)) - t).abs() < 1e-6, "{t}");
    }
    assert!((dew_point(0.0) + 100.0).abs() < 1e-9 && dew_point(1e9) <= 200.0);
}

#[test]
fn saturated_air_on_high_ground_leads_back_to_its_temperature() {
    // 58.6 °C at 60 kPa once asked for more steps than there were.
    let mut worst = 0.0f64;
    for n in -450..=680 {
        for p in [60e3, 75e3, 95e3, 110e3] {
            let t = f64::from(n) / 10.0;
            worst = worst.max((temperature_of(saturation::enthalpy(t, p).value, p) - t).abs());
        }
    }
    assert!(worst < 1e-6, "{worst}");
}

#[test]
fn the_wick_freezes_once_on_the_way_down() {
    // 5 °C at 84 kPa: from moist to dry the wet bulb falls, jumps once by less than a kelvin across freezing, and falls
    // on.
    let mut jumps = 0;
    let mut before = MoistAir::from_relative_humidity(5.0, 0.6, 84e3).wet_bulb();
    for n in 1..4000 {
        let now = MoistAir::from_relative_humidity(5.0, 0.6 - f64::from(n) * 1e-4, 84e3).wet_bulb();
        assert!(now < before, "step {n}: {now} after {before}");
        if before - now > 0.05 {
            jumps += 1;
            assert!(before > 0.0 && now < 0.0 && before - now < 1.0, "{before} to {now}");
        }
        before = now;
    }
    assert_eq!(jumps, 1);
}
