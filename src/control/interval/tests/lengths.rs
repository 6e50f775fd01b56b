//! Windows of five minutes to an hour, of each kind: what is measured and what is kept, by the engine that bills.

use super::*;

/// Every length that a tariff may have (min), and what blocks of it move by.
const LENGTHS: [(i64, i64); 5] = [(5, 1), (10, 2), (15, 5), (30, 10), (60, 15)];

/// The three kinds of a length.
fn kinds((length, step): (i64, i64)) -> [String; 3] {
    let of = |kind: &str, more: &str| format!("window = \"{kind}\"\nlength = \"{length}min\"{more}");
    [of("fixed", ""), of("rolling-block", &format!("\nsub-interval = \"{step}min\"")), of("rolling", "")]
}

/// Blocks that began before anybody looked are not known; of other windows all are.
fn unseen(window: &str, (length, step): (i64, i64)) -> u32 {
    let blocks = if window.contains("block") { length / step - 1 } else { 0 };
    u32::try_from(blocks).expect("few")
}

/// A field whose meter was read when its first window began.
fn field(window: &str, target: Option<f64>) -> Field {
    let mut field = target.map_or_else(|| Field::with(window, ""), |target| Field::of(window, target));
    field.interval.breaks = field.breaks;
    field.interval.trace.mark(0, 0.0);
    field
}

/// The peak of the only demand as control has measured it (kW), and how many windows it knows nothing of.
fn measured(field: &Field) -> (f64, u32) {
    let view = field.interval.view(&hall(""), &field.plan, &field.scene(0.0));
    (view.demands[0].peak.as_ref().map_or(0.0, |peak| peak.watts / 1e3), view.demands[0].lacking)
}

#[test]
fn whatever_its_length_a_demand_above_the_target_is_held_at_it() {
    for length in LENGTHS {
        for window in kinds(length) {
            let mut field = field(&window, Some(1000.0));
            let hours = field.run(4 * length.0.max(15), |_| 1200.0);
            let billed = hours.billed(0);
            assert!((985.0..=1001.0).contains(&billed), "{window}: {billed}");
            let (peak, lacking) = measured(&field);
            let known = lacking == unseen(&window, length);
            assert!((peak - billed).abs() < 0.1 && known, "{window}: {peak}, billed {billed}, {lacking} lacking");
        }
    }
}

#[test]
fn whatever_its_length_it_is_kept_where_loads_come_and_go_out_of_step_with_it() {
    // Five twelfths of two windows on, the rest off: 1300 kW would come to far more than the target.
    for length in LENGTHS {
        let (on, all) = (length.0 * 100, length.0 * 180);
        let demand = |s: i64| if (s + 420) % all < on { 1300.0 } else { 600.0 };
        for window in kinds(length) {
            let mut field = field(&window, Some(1000.0));
            let billed = field.run(8 * length.0.max(15), demand).billed(0);
            assert!((960.0..=1001.0).contains(&billed), "{window}: {billed}");
        }
    }
}

#[test]
fn an_hour_that_ends_while_nobody_believes_the_clock_is_known_when_somebody_does_again() {
    for window in kinds(LENGTHS[4]) {
        let mut field = field(&window, None);
        field.run(55, |s| if s < 3000 { 900.0 } else { 1400.0 });
        field.trusted = false;
        field.run(20, |_| 500.0);
        field.trusted = true;
        field.run(61, |_| 500.0);
        let (peak, lacking) = measured(&field);
        let billed = field.billed(0);
        let known = lacking == unseen(&window, LENGTHS[4]);
        assert!((peak - billed).abs() < 0.1 && known, "{window}: {peak}, billed {billed}, {lacking} lacking");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Whatever flows: control measures what is billed, and where it keeps a target no window is above it.
    #[test]
    fn what_is_measured_is_what_is_billed_and_no_target_is_exceeded(
        levels in proptest::collection::vec((300.0..1700.0, 1_i64..60), 4..14),
        kind in 0_usize..3,
        length in 0_usize..5,
        keeps in any::<bool>(),
    ) {
        let window = &kinds(LENGTHS[length])[kind];
        let mut field = field(window, keeps.then_some(1000.0));
        let demand = |s: i64| {
            let mut left = s / 60;
            levels.iter().find(|(_, minutes)| { left -= minutes; left < 0 }).map_or(800.0, |(kw, _)| *kw)
        };
        let total: i64 = levels.iter().map(|(_, minutes)| minutes).sum();
        let billed = field.run(total + LENGTHS[length].0, demand).billed(0);
        let (peak, lacking) = measured(&field);
        prop_assert!(lacking == unseen(window, LENGTHS[length]), "{window}: {lacking} lacking");
        prop_assert!((peak - billed).abs() < 0.1, "{window}: {peak} measured, {billed} billed");
        prop_assert!(!keeps || billed <= 1001.0, "{window}: {billed} kW billed");
    }
}
