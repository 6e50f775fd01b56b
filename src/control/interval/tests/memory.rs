//! What survives a restart, and what earlier billing periods make of a target.

use super::*;
use kept::Kept;

/// The same, as a snapshot brings it back, in a new boot.
fn restarted(mut field: Field) -> Field {
    let bytes = postcard::to_allocvec(&field.interval).expect("writes");
    let mut back: Interval = postcard::from_bytes(&bytes).expect("reads");
    assert_eq!(back, field.interval);
    back.restart(Some(&field.plan));
    field.boot += 1;
    field.interval = back;
    field
}

#[test]
fn what_flowed_while_nobody_looked_counts_in_the_window_that_is_open() {
    let mut field = Field::of(FIXED, 1000.0);
    field.run(32, |_| 1000.0);
    let mut field = restarted(field);
    field.away(6, 1300.0); // the window from minute 30 on: 2 · 1 000 + 6 · 1 300, and 743 for seven minutes more
    field.run(52, |_| 1200.0);
    assert!(field.billed(0) <= 1000.5, "{}", field.billed(0));
}

#[test]
fn energy_of_a_break_over_the_end_of_a_window_counts_in_the_next_as_far_as_it_may() {
    let mut field = Field::of(FIXED, 1000.0);
    field.run(40, |_| 900.0);
    let mut field = restarted(field);
    // Nobody knows that all of it flowed after minute 45.
    field.away(5, 100.0);
    field.away(5, 1600.0);
    field.run(40, |_| 1200.0);
    assert!(field.billed(0) <= 1000.5, "{}", field.billed(0));
    let view = field.interval.view(&hall(""), &field.plan, &field.scene(1e6));
    assert_eq!(
        view.demands[0].lacking, 3,
        "the first was not seen from its begin, and of two the mean is not known: {view:?}"
    );
}

#[test]
fn a_paid_peak_is_remembered_over_a_restart_and_forgotten_with_its_billing_period() {
    let mut field = Field::of(FIXED, 900.0);
    field.floor = 1100e3;
    field.run(30, |_| 1100.0);
    field.floor = 500e3;
    let mut field = restarted(field);
    let from = field.rows.len();
    field.run(60, |_| 1300.0);
    let mean = field.mean(from);
    assert!(mean > 0.985 * 1100.0, "it is paid: {mean}");
    // The first of August in Berlin begins on 31 July at 22:00Z.
    let gone = (16 * 24 + 22) * 3600 * 1000 + 3_600_000;
    field.at = gone;
    let from = field.rows.len();
    field.run(60, |_| 1300.0);
    let late = &field.rows[from + 400..];
    assert!(late.iter().all(|(_, kw)| *kw < 1000.0), "a new month: {:?}", late.first());
}

#[test]
fn a_ratchet_and_a_price_per_year_are_paid_from_earlier_periods() {
    let ratchet = tariff(&format!("{FIXED}\nratchet = {{ share = 0.8, months = 2, of = [\"jul\"] }}"));
    let year = tariff(&format!("{FIXED}\nper = \"year\""));
    let plain = tariff(&format!("{FIXED}\nminimum-kw = 300"));
    let month = |year: i16, month: i8| {
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        zone.begin(jiff::civil::date(year, month, 10)).expect("a day")
    };
    let after = |tariff: &Tariff, months: &[(i16, i8)]| {
        let charge = &tariff.demand[0];
        let mut kept = Kept::new("peak");
        kept.pass(tariff, charge, month(2026, 7));
        kept.look(Some(1e6), (month(2026, 7), month(2026, 7)));
        for (year, of) in months {
            kept.pass(tariff, charge, month(*year, *of));
        }
        kept.paid(charge)
    };
    assert_eq!(after(&ratchet, &[(2026, 8)]), 0.8e6);
    assert_eq!(after(&ratchet, &[(2026, 8), (2026, 9)]), 0.8e6);
    assert_eq!(after(&ratchet, &[(2026, 8), (2026, 9), (2026, 10)]), 0.0, "two months back and no more");
    assert_eq!(after(&year, &[(2026, 8), (2026, 12)]), 1e6);
    assert_eq!(after(&year, &[(2026, 12), (2027, 1)]), 0.0);
    assert_eq!(after(&plain, &[(2026, 8)]), 300e3, "the least that is billed");
    assert_eq!(after(&plain, &[]), 1e6);
    assert_eq!(after(&plain, &[(2026, 6)]), 1e6, "a clock that is set back opens no period again");
}

#[test]
fn another_tariff_keeps_the_peaks_of_demands_that_it_has_too() {
    let mut field = Field::of(FIXED, 900.0);
    field.floor = 1100e3;
    field.run(30, |_| 1100.0);
    let other = "window = \"fixed\"\nlength = \"30min\"\n\n[[demand]]\nname = \"other\"\nprice = 1\nwindow = \"rolling\"\nlength = \"5min\"";
    let plan = Plan::of(&hall("[[peak]]\ndemand = \"peak\"\nmost = 9e5"), Some(&tariff(other))).expect("a plan");
    field.interval.restart(Some(&plan));
    assert_eq!(field.interval.held_by(&plan), Some("peak"));
    // The same two in the other order: what holds is named by its name, and not by its place.
    let turned = "window = \"rolling\"\nlength = \"5min\"\n\n[[demand]]\nname = \"behind\"\nprice = 1\nwindow = \"fixed\"\nlength = \"30min\"";
    let renamed = tariff(turned);
    let renamed = Tariff { demand: renamed.demand.iter().rev().cloned().collect(), ..(*renamed).clone() };
    let swapped = Plan::of(&hall(""), Some(&Arc::new(renamed))).expect("a plan");
    let mut moved = field.interval.clone();
    moved.restart(Some(&swapped));
    assert_eq!(moved.held_by(&swapped), Some("peak"));
    let view = field.interval.view(&hall(""), &plan, &field.scene(1e6));
    let peaks: Vec<_> = view.demands.iter().map(|of| (of.name.as_str(), of.peak.is_some())).collect();
    assert_eq!(peaks, [("peak", true), ("other", false)]);
}
