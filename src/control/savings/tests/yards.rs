//! Whole scans of a controller beside a battery and a meter that is read every five seconds.

use plant::reading::{Sample, Why};
use plant::time::{Mono, Wall};
use proptest::prelude::*;

use crate::control::battery::tests::yard::{TARGET, Yard};
use crate::control::savings::view::MonthView;

/// A load that comes and goes (W, by the second).
fn load(s: u64) -> f64 {
    let hour = [560e3, 640e3, 780e3, 720e3, 820e3, 500e3];
    let place = usize::try_from(s / 2400).expect("small") % hour.len();
    hour[place] + if s % 600 < 120 { 40e3 } else { 0.0 }
}

fn month(yard: &Yard) -> MonthView {
    yard.control.savings().and_then(|view| view.months.into_iter().next()).expect("begun")
}

/// The highest whole quarter of an hour of a load but the first, in which nothing was read at first (W).
fn highest(seconds: u64, load: impl Fn(u64) -> f64) -> f64 {
    let mean = |quarter: u64| (1..=900).map(|s| load(900 * quarter + s)).sum::<f64>() / 900.0;
    (1..seconds / 900).map(mean).fold(0.0, f64::max)
}

#[test]
fn without_the_battery_the_peak_is_that_of_the_same_load_without_one() {
    let mut yard = Yard::new(1);
    yard.run(300, load);
    let month = month(&yard);
    let peak = month.demands[0].peak_w.expect("known");
    let (alone, metered) =
        (highest(18_000, load), highest(18_000, |s| yard.rows[usize::try_from(s - 1).expect("small")].1));
    assert!(alone > TARGET + 60e3 && metered < TARGET + 1e3, "{alone} and {metered}: it holds a peak");
    assert!((peak.metered - metered).abs() < 1.0, "{peak:?}, and by the rows {metered}");
    assert!((peak.no_batteries - alone).abs() < 1.0, "{peak:?}, and by the load {alone}");
    assert_eq!(peak.no_batteries, peak.no_control, "nobody was lowered");
    let cost = month.demands[0].cost.expect("reckoned");
    assert!((cost.saved - 0.01 * (alone - metered)).abs() < 0.1, "10 a kW: {cost:?}");
    assert!(month.cost.is_some_and(|cost| (cost.metered - month.energy_wh.metered * 0.1 / 1e3).abs() < 1e-6));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// The sides differ by what batteries took and did not give back: what they lost, and what they hold more.
    #[test]
    fn sides_differ_by_exactly_what_batteries_lose_and_hold_more(
        levels in proptest::collection::vec(350e3_f64..950e3, 5..9),
        batteries in 1_usize..3,
    ) {
        let mut yard = Yard::new(batteries);
        yard.run_seconds(5, |_| 400e3); // the first reading of the meter
        let began: f64 = yard.batteries.iter().map(|battery| battery.stored).sum();
        let mut given = 0.0;
        for _ in 0..levels.len() * 180 {
            yard.run_seconds(5, |s| levels[usize::try_from(s / 900).expect("small") % levels.len()]);
            let row = yard.rows.len();
            given += yard.rows[row - 5..].iter().map(|(s, grid)| levels[usize::try_from(s / 900).expect("small") % levels.len()] - grid).sum::<f64>() / 3600.0;
        }
        let more = yard.batteries.iter().map(|battery| battery.stored).sum::<f64>() - began;
        let month = month(&yard);
        let energy = month.energy_wh;
        prop_assert!((energy.no_batteries - energy.metered - given).abs() < 0.1, "{energy:?}, and by hand {given}");
        prop_assert!((month.given_wh - month.taken_wh - given).abs() < 0.1);
        let lost = month.lost_wh.expect("charges are known");
        prop_assert!((lost - (-given - more)).abs() < 0.1, "{lost} Wh, and by hand {}", -given - more);
        prop_assert!(lost >= -0.1 && (lost > 1.0 || month.given_wh + month.taken_wh < 100.0), "{month:?}");
    }
}

#[test]
fn a_battery_or_a_meter_in_doubt_makes_no_saving() {
    for broken in ["bess-1/power", "utility/power", "utility/energy"] {
        let mut yard = Yard::new(1);
        yard.run(45, |_| TARGET - 50e3);
        yard.broken = Some((yard.point(broken), Sample::bad(Why::Timeout, Mono(0))));
        yard.run(45, |_| TARGET + 100e3);
        yard.broken = None;
        yard.run(5, |_| TARGET - 50e3);
        let month = month(&yard);
        let peak = month.demands[0].peak_w.expect("known");
        // Charging before may have made a peak: a saving there is none.
        assert!(peak.saved < 1.0, "{broken}: {peak:?}");
        let known = month.measured * yard.tick.wall.since(Wall(1_782_864_000_000)).seconds();
        assert!((2_990.0..3_010.0).contains(&known), "{broken}: {known} s are known");
        assert!(month.demands[0].not_compared >= 3, "{broken}: {:?}", month.demands[0]);
    }
}

#[test]
fn a_snapshot_and_a_boot_go_on_where_it_was() {
    let mut yard = Yard::new(1);
    yard.run(50, load);
    let mut again = yard.restored();
    yard.run(20, load);
    again.run(20, load);
    assert_eq!(yard.control.savings(), again.control.savings());
    assert_eq!(yard.control.savings().map(|view| view.months.len()), Some(1));
    let before = month(&again);
    again.boot();
    again.run(20, load);
    let after = month(&again);
    assert!(after.energy_wh.metered > before.energy_wh.metered && after.measured > before.measured);
    assert!(after.demands[0].peak_w.expect("known").metered >= before.demands[0].peak_w.expect("known").metered);
}
