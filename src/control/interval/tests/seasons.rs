//! A demand that is written as several, one for each season, whose ratchets look at each other: what is paid by one is paid by all.

use serde_json::json;

use super::memory::restarted;
use super::*;
use crate::control::tariff::urdb::import;

/// From BEGIN, in July, to the first of August in Berlin (ms).
const AUGUST: i64 = (16 * 24 + 22) * 3_600_000;

/// July is one season, all else the other one, whose ratchet looks at both.
fn seasons(share: f64) -> String {
    let of = |name: &str, days: &str| format!("\n[[season]]\nname = \"{name}\"\ndays = [{days}]\n");
    format!(
        "{FIXED}\nseasons = [\"rest\"]\nratchet = {{ share = \"{share:.3}\", months = 11, with = [\"july\"] }}\n{}{}\n[[demand]]\nname = \"july\"\nprice = 8\n{FIXED}\nseasons = [\"july\"]\n",
        of("july", "\"07-01..07-31\""),
        of("rest", "\"08-01..12-31\", \"01-01..06-30\"")
    )
}

/// What a demand is billed for in a field's last billing period (kW).
fn quantity(field: &Field, demand: &str) -> f64 {
    let bills = field.bills(0);
    let lines = bills.last().expect("a bill").lines.iter().filter(|line| line.name.starts_with(demand));
    lines.map(|line| line.quantity.number()).sum()
}

#[test]
fn what_the_peak_of_another_season_has_paid_is_not_held_below_and_a_restart_forgets_none_of_it() {
    for restarts in [false, true] {
        let mut field = Field::of(&seasons(0.8), 600.0);
        field.run(45, |_| 1100.0);
        assert_eq!(field.shed(|_| 1100.0), 0.0, "July has no target");
        field.at = AUGUST;
        let mut field = if restarts { restarted(field) } else { field };
        let from = field.rows.len();
        field.run(60, |_| 1300.0);
        let (mean, billed) = (field.mean(from), quantity(&field, "peak"));
        assert!((billed - 880.0).abs() < 1e-6, "0.8 of July's: {billed}");
        assert!((0.985 * 880.0..880.5).contains(&mean), "{mean}");
        let view = field.interval.view(&hall(""), &field.plan, &field.scene(1e6));
        assert!((view.demands[0].paid_w - 880e3).abs() < 1.0, "{view:?}");
        let (paid, floor) = field.interval.paid(&field.plan, 0).expect("known");
        assert!((paid - 880e3).abs() < 1.0 && (floor - 880e3).abs() < 1.0, "and plans hear of it: {paid} {floor}");
        assert!(field.interval.paid(&field.plan, 1).expect("known").0 < 1.0, "July's looks at nobody");
        assert!(!field.told().iter().any(|of| matches!(of, PeakNews::Paid { .. })), "nothing new was paid");
    }
}

#[test]
fn in_an_imported_rate_a_winter_is_not_held_below_what_its_summer_has_paid() {
    let document = json!({
        "label": "0", "name": "Seasons", "utility": "Invented", "startdate": 1_700_000_000,
        "energyratestructure": [[{"rate": 0.1, "unit": "kWh"}]],
        "energyweekdayschedule": vec![vec![0; 24]; 12], "energyweekendschedule": vec![vec![0; 24]; 12],
        "flatdemandstructure": [[{"rate": 9.0}], [{"rate": 5.0}]], "flatdemandunit": "kW", "demandwindow": 15,
        "flatdemandmonths": [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1],
        "lookbackPercent": 0.7, "lookbackRange": 11,
    });
    let imported = import(&document.to_string(), "Europe/Berlin").unwrap_or_else(|faults| panic!("{faults:#?}"));
    let tariff = Arc::new(Tariff::load("t.toml", &imported.toml).unwrap_or_else(|faults| panic!("{faults}")));
    let mut field = Field::of(FIXED, 600.0);
    let rules = hall("[[peak]]\ndemand = \"flat-demand-1\"\nmost = 6e5");
    field.plan = Plan::of(&rules, Some(&tariff)).expect("a plan");
    field.interval = Interval::new(Some(&field.plan));
    field.run(45, |_| 1100.0);
    field.at = AUGUST;
    let from = field.rows.len();
    field.run(60, |_| 1300.0);
    let (mean, billed) = (field.mean(from), quantity(&field, "flat-demand-1"));
    assert!((billed - 770.0).abs() < 1e-6, "0.7 of June's and July's: {billed}");
    assert!((0.985 * 770.0..770.5).contains(&mean), "{mean}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever July was and August wants: no quarter of an hour is lowered below what the engine bills in any case, and no more is billed than that or the target.
    #[test]
    fn nothing_is_lowered_below_what_is_billed_anyway(
        july in 300.0_f64..1400.0,
        levels in proptest::collection::vec(300.0_f64..1500.0, 1..7),
        share in 0.3_f64..1.0,
        target in 550.0_f64..1000.0,
    ) {
        let mut field = Field::of(&seasons(share), target);
        field.run(45, |_| july);
        field.at = AUGUST;
        // What is billed where next to nothing flows.
        let mut idle = Field { rows: field.rows.clone(), at: AUGUST, ..Field::of(&seasons(share), target) };
        idle.run(16, |_| 1.0);
        let anyway = quantity(&idle, "peak");
        prop_assert!((anyway - share * july).abs() < 1.0, "{} of {}", anyway, share * july);
        for kw in levels {
            let from = field.rows.len();
            field.run(15, |_| kw);
            let mean = field.mean(from);
            prop_assert!(mean > 0.975 * anyway.max(target).min(kw), "{} of {}: {} and {} are paid or planned", mean, kw, anyway, target);
        }
        let billed = quantity(&field, "peak");
        prop_assert!(billed <= anyway.max(target) + 1.5, "{} of {}", billed, anyway.max(target));
    }
}
