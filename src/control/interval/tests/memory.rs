//! What survives a restart, and what earlier billing periods make of a target.

use super::*;
use kept::Kept;

/// The same, as a snapshot brings it back, in a new boot.
pub fn restarted(mut field: Field) -> Field {
    let bytes = postcard::to_allocvec(&field.interval).expect("writes");
    let back: Interval = postcard::from_bytes(&bytes).expect("reads");
    assert_eq!(back, field.interval);
    field.interval = back;
    field.boot += 1;
    field.restart_with(None);
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
        kept.pass(tariff, charge, (month(2026, 7), 0));
        kept.look(Some(1e6), (month(2026, 7), month(2026, 7)));
        for (year, of) in months {
            kept.pass(tariff, charge, (month(*year, *of), 0));
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
    assert_eq!(after(&plain, &[(2026, 6)]), 300e3, "of an earlier period nothing is known");
    assert_eq!(after(&plain, &[(2026, 6), (2026, 7)]), 1e6, "and the clock is back where it was");
    assert_eq!(after(&ratchet, &[(2026, 6), (2026, 7), (2026, 8)]), 0.8e6);
}

#[test]
fn another_tariff_keeps_the_peaks_of_demands_that_it_has_too() {
    let mut field = Field::of(FIXED, 900.0);
    field.floor = 1100e3;
    field.run(30, |_| 1100.0);
    let other = "window = \"fixed\"\nlength = \"30min\"\n\n[[demand]]\nname = \"other\"\nprice = 1\nwindow = \"rolling\"\nlength = \"5min\"";
    let plan = Plan::of(&hall("[[peak]]\ndemand = \"peak\"\nmost = 9e5"), Some(&tariff(other))).expect("a plan");
    field.restart_with(Some(&plan));
    assert_eq!(field.moved(), ["peaks_anew other"]);
    assert_eq!(field.interval.held_by(&plan), Some("peak"));
    // The same two in the other order: what holds is named by its name, and not by its place.
    let turned = "window = \"rolling\"\nlength = \"5min\"\n\n[[demand]]\nname = \"behind\"\nprice = 1\nwindow = \"fixed\"\nlength = \"30min\"";
    let renamed = tariff(turned);
    let renamed = Tariff { demand: renamed.demand.iter().rev().cloned().collect(), ..(*renamed).clone() };
    let swapped = Plan::of(&hall(""), Some(&Arc::new(renamed))).expect("a plan");
    let before = field.interval.clone();
    field.restart_with(Some(&swapped));
    assert_eq!(field.interval.held_by(&swapped), Some("peak"));
    field.interval = before;
    let view = field.interval.view(&hall(""), &plan, &field.scene(1e6));
    let peaks: Vec<_> = view.demands.iter().map(|of| (of.name.as_str(), of.peak.is_some())).collect();
    assert_eq!(peaks, [("peak", true), ("other", false)]);
}

/// A month (ms): July has 31 days.
const MONTH: i64 = 31 * 86_400_000;

/// What is paid, the peak, and how many windows are not known (kW).
fn paid(field: &Field) -> (f64, Option<f64>, u32) {
    let view = field.interval.view(&hall(""), &field.plan, &field.scene(1e6));
    let of = &view.demands[0];
    (of.paid_w / 1e3, of.peak.as_ref().map(|peak| peak.watts / 1e3), of.lacking)
}

/// A field that has paid 1 100 kW of a target of 900 this month, by 1 000 in the last window.
fn that_has_paid(demand: &str) -> Field {
    let mut field = Field::of(demand, 900.0);
    field.floor = 1100e3;
    field.run(30, |_| 1100.0);
    field.floor = 500e3;
    field.run(15, |_| 1000.0);
    assert!((paid(&field).0 - 1100.0).abs() < 1.0, "{:?}", paid(&field));
    field
}

#[test]
fn a_clock_that_is_set_a_month_ahead_and_back_loses_no_peak_and_pays_none_twice() {
    let mut field = that_has_paid(FIXED);
    let before = paid(&field);
    field.offset += MONTH;
    field.run(1, |_| 1050.0);
    assert_eq!((paid(&field).0, paid(&field).1), (0.0, None), "of that month nothing is paid");
    let from = field.rows.len();
    field.run(59, |_| 1300.0);
    let late = &field.rows[from + 12..];
    assert!(late.iter().all(|(_, kw)| *kw < 1000.0), "the target of the hall's file holds: {:?}", late.first());
    assert!(paid(&field).0 > 800.0, "{:?}", paid(&field));
    field.offset -= MONTH;
    field.run(1, |_| 900.0);
    assert_eq!((paid(&field).0, paid(&field).1), (before.0, before.1), "the month that was left goes on");
    assert!(paid(&field).2 > before.2, "and windows of it were not seen");
    // The first of August in Berlin begins on 31 July at 22:00Z.
    field.at = (16 * 24 + 22) * 3_600_000 - 60_000;
    field.run(16, |_| 700.0);
    assert!(paid(&field).0 < 710.0, "what was measured by the wrong clock is no peak of it: {:?}", paid(&field));
}

#[test]
fn a_clock_that_is_set_ahead_and_back_makes_no_ratchet_and_forgets_none() {
    let ratchet = tariff(&format!("{FIXED}\nratchet = {{ share = 0.8, months = 11 }}"));
    let charge = &ratchet.demand[0];
    let zone = Zone::named("Europe/Berlin").expect("a zone");
    let month = |month: i8| zone.begin(jiff::civil::date(2026, month, 10)).expect("a day");
    let mut kept = Kept::new("peak");
    // Month by month: when by the clock, what that is ahead (months), and what is measured (W).
    let mut measure = |of: i8, ahead: i64, watts: f64| {
        kept.pass(&ratchet, charge, (month(of), ahead * MONTH));
        kept.look(Some(watts), (month(of), month(of)));
        (kept.paid(charge), kept.floor(charge))
    };
    assert_eq!(measure(6, 0, 1e6), (1e6, 0.0));
    assert_eq!(measure(7, 0, 0.5e6), (0.8e6, 0.8e6));
    assert_eq!(measure(9, 2, 2e6), (2e6, 0.8e6), "two months ahead: it looks back on June");
    assert_eq!(measure(7, 0, 0.6e6), (0.8e6, 0.8e6), "and back");
    assert_eq!(measure(6, -1, 3e6), (3e6, 0.0), "a month behind: nothing is known of June by that clock");
    assert_eq!(measure(7, 0, 0.7e6), (0.8e6, 0.8e6), "what was measured then is no peak of June");
    assert_eq!(measure(9, 0, 0.1e6), (0.8e6, 0.8e6), "nor of September");
    // A clock that stays where it was set to: what was measured before it was is of the periods in which it lay.
    assert_eq!(measure(11, 0, 4e6), (4e6, 0.8e6));
    assert_eq!(measure(10, -1, 0.1e6), (0.8e6, 0.8e6), "November cannot lie before October");
    assert_eq!(measure(11, -1, 0.1e6), (0.8e6, 0.8e6), "and this is another one");
}

#[test]
fn while_the_clock_is_in_doubt_over_the_end_of_a_month_its_peak_is_not_lost_and_counts_no_longer() {
    let mut field = that_has_paid(FIXED);
    // Ten minutes before the end of July.
    let end = (16 * 24 + 22) * 3_600_000;
    field.at = end - 1_810_000;
    field.run(20, |_| 950.0);
    field.trusted = false;
    field.run(9, |_| 1050.0);
    assert!((paid(&field).0 - 1100.0).abs() < 1.0, "it is July yet: {:?}", paid(&field));
    field.run(2, |_| 800.0);
    assert_eq!(paid(&field).0, 0.0, "it may be August");
    let from = field.rows.len();
    field.run(29, |_| 1300.0);
    assert!(field.mean(from) < 905.0, "the target of the hall's file holds: {}", field.mean(from));
    field.trusted = true;
    field.run(1, |_| 800.0);
    let august = paid(&field);
    assert!(august.0 < 901.0 && august.1.is_some(), "windows that ended meanwhile are looked at: {august:?}");
    // Set back into July by hand: what was paid then is known.
    field.offset -= 7_200_000;
    field.run(1, |_| 800.0);
    field.offset += 7_200_000;
    field.run(1, |_| 800.0);
    assert_eq!(paid(&field).1, august.1);
}

#[test]
fn a_clock_in_doubt_that_tells_another_month_pays_nothing_and_loses_nothing() {
    let mut field = that_has_paid(FIXED);
    let before = paid(&field);
    (field.trusted, field.offset) = (false, BEGIN - 50 * 365 * 86_400_000); // a clock without a battery
    field.run(1, |_| 800.0);
    assert_eq!(paid(&field).0, 0.0);
    (field.trusted, field.offset) = (true, BEGIN);
    field.run(1, |_| 800.0);
    assert_eq!(paid(&field), before);
}

#[test]
fn of_a_break_over_several_windows_none_is_known_and_each_is_told() {
    let per = |more: &str| {
        let mut field = Field::of(&format!("{FIXED}{more}"), 1000.0);
        field.run(31, |_| 900.0);
        let lacking = paid(&field).2;
        let mut field = restarted(field);
        // From minute 31 to 121: the windows from 30 to 135 lack something, which are seven.
        field.away(90, 1300.0);
        field.run(15, |_| 400.0);
        (paid(&field), lacking, field)
    };
    let (now, lacking, field) = per("");
    assert_eq!(now.2 - lacking, 7);
    assert!((now.1.expect("known") - 900.0).abs() < 1.0, "an even share of the break is no peak that is paid: {now:?}");
    let energy = field.total;
    assert!((energy - (31.0 * 900.0 + 90.0 * 1300.0 + 15.0 * 400.0) * 1e3 / 60.0).abs() < 1.0, "none of it is lost");
    // 00:00Z is 02:00 in Berlin: 22:00Z ends the day. Each window counts in its own.
    let (now, ..) = per("\nper = \"day\"");
    assert_eq!(now.2 - lacking, 7);
    let mut field = Field::of(&format!("{FIXED}\nper = \"day\""), 1000.0);
    field.at = 21 * 3_600_000;
    field.run(31, |_| 900.0);
    let mut field = restarted(field);
    field.away(60, 1300.0);
    field.run(15, |_| 400.0);
    assert_eq!((paid(&field).1, paid(&field).2), (None, 3), "22:00 to 22:45 of the next day");
}

#[test]
fn a_demand_that_was_renamed_is_told_and_put_aside_until_its_name_is_back() {
    let mut field = that_has_paid(FIXED);
    let renamed = tariff(&format!("{FIXED}\n\n[[demand]]\nname = \"network\"\nprice = 1\n{FIXED}"));
    let only = Tariff { demand: renamed.demand[1..].to_vec(), ..(*renamed).clone() };
    let target = "[[peak]]\ndemand = \"peak\"\nmost = 9e5";
    let plan = |tariff: Tariff| Plan::of(&hall(target), Some(&Arc::new(tariff))).expect("a plan");
    let (two, one) = (plan((*renamed).clone()), plan(only));
    field.restart_with(Some(&one));
    assert_eq!(field.moved(), ["peaks_put_aside peak 1100", "peaks_anew network"]);
    field.restart_with(Some(&one));
    assert_eq!(field.moved(), Vec::<String>::new(), "once");
    field.restart_with(Some(&two));
    assert_eq!(field.moved(), Vec::<String>::new(), "both are known");
    assert!((field.interval.paid(&two, 0).expect("known").0 - 1100e3).abs() < 1e3);
}

#[test]
fn in_a_hall_with_other_names_peaks_of_the_same_meter_go_on_and_of_another_are_told() {
    let field = that_has_paid(FIXED);
    let mut other = Field::of(FIXED, 900.0);
    other.interval.inherit(Some(&other.plan), field.interval.clone());
    other.restart_with(None);
    assert_eq!((other.moved(), paid(&other)), (Vec::new(), paid(&field)));
    let peaks = "[peaks]\nmeter = \"ups\"\nfeed = \"utility\"\n[[peak]]\ndemand = \"peak\"\nmost = 9e5\n";
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let text = format!("{air}\n{peaks}").replace("role = \"utility\"", "role = \"other\"");
    let text = text.replace("role = \"ups-output\"", "role = \"utility\"");
    let hall = Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = Plan::of(&hall, Some(&other.plan.tariff)).expect("a plan");
    other.restart_with(Some(&plan));
    assert_eq!(other.moved(), ["peaks_put_aside peak 1100", "peaks_anew peak"]);
    other.restart_with(None);
    assert_eq!((other.moved(), paid(&other).0), (Vec::new(), paid(&field).0), "the meter is back");
}

#[test]
fn a_count_that_is_lost_over_the_end_of_a_month_lacks_one_window_of_each() {
    for (window, wanted) in [(FIXED, (1, 1)), (BLOCK, (2, 1)), (ROLLING, (0, 1))] {
        // The first of August in Berlin begins on 31 July at 22:00Z; ten minutes before nobody looks any more, for twenty.
        let mut field = Field::of(window, 900.0);
        field.offset += (16 * 24 + 21) * 3_600_000;
        field.run(50, |_| 800.0);
        let (before, july) = (paid(&field).2, Wall(field.at + field.offset));
        let mut field = restarted(field);
        field.away(20, 800.0).lose().run(6, |_| 800.0);
        let (of, charge) = (&field.interval.kept[0], &field.plan.tariff.demand[0]);
        // A page that is turned back counts as one more that is not known.
        let mut back = of.clone();
        back.pass(&field.plan.tariff, charge, (july, field.offset));
        let lost = (back.lacking() - 1 - before, of.lacking());
        assert_eq!(lost, wanted, "{window}");
    }
}
