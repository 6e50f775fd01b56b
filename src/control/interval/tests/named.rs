//! Windows that the utility names, and days that are none: held when they are billed, and nobody held else.

use super::*;

/// A field under a tariff whose head and demand are these, with a target of its peak (kW).
fn field(head: &str, demand: &str, target_kw: f64) -> Field {
    let text = format!(
        "name = \"t\"\nsummary = \"One demand.\"\ncurrency = \"EUR\"\nzone = \"Europe/Berlin\"\n{head}\n\n[[energy]]\nname = \"all\"\nprice = 0.1\n\n[[demand]]\nname = \"peak\"\nprice = 10\n{demand}\n"
    );
    let tariff = Arc::new(Tariff::load("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}")));
    let mut field = Field::of(FIXED, target_kw);
    let peaks = format!("[[peak]]\ndemand = \"peak\"\nmost = {:.1}", target_kw * 1e3);
    field.plan = Plan::of(&hall(&peaks), Some(&tariff)).expect("a plan");
    field.interval = Interval::new(Some(&field.plan));
    field
}

/// The mean of the quarter of an hour that begins so many minutes after the first row (kW).
fn quarter(field: &Field, minute: usize) -> f64 {
    let rows = &field.rows[minute * 12..(minute + 15) * 12];
    rows.iter().map(|(_, kw)| kw).sum::<f64>() / 180.0
}

/// Two windows of a quarter of an hour, at 01:05Z and 02:20Z: neither lies where the clock has one.
const NAMED: &str = "at = [\"2026-07-15T03:05:00+02:00\", \"2026-07-15T04:20:00+02:00\"]";

#[test]
fn named_windows_are_held_where_they_lie_and_nobody_is_before_or_between_them() {
    let mut field = field("", &format!("{FIXED}\n{NAMED}"), 1000.0);
    field.run(170, |_| 1200.0);
    for named in [65, 140] {
        let mean = quarter(&field, named);
        assert!((985.0..=1000.5).contains(&mean), "{named}: {mean}");
        assert!(field.rows[(named - 20) * 12..named * 12].iter().all(|(_, kw)| *kw == 1200.0), "before {named}");
    }
    assert!(field.rows[90 * 12..140 * 12].iter().all(|(_, kw)| *kw == 1200.0), "within ten minutes they are back");
    assert!((field.billed(0) - quarter(&field, 65).max(quarter(&field, 140))).abs() < 0.01, "{}", field.billed(0));
    let held = |of: &&PeakNews| matches!(of, PeakNews::Held { .. });
    assert_eq!(field.told().iter().filter(held).count(), 2, "{:?}", field.told());
}

#[test]
fn of_named_windows_whose_highest_is_billed_the_first_pays_for_the_second_and_of_a_mean_it_does_not() {
    for (of, second) in [("", 1185.0..1200.5), ("\nof = \"mean\"", 985.0..1000.5)] {
        let mut field = field("", &format!("{FIXED}\n{NAMED}{of}"), 1000.0);
        field.floor = 1200e3; // nothing can be lowered so far
        field.run(100, |_| 1200.0);
        field.floor = 500e3;
        field.run(70, |_| 1200.0);
        assert!((quarter(&field, 65) - 1200.0).abs() < 0.01);
        assert!(second.contains(&quarter(&field, 140)), "{of}: {}", quarter(&field, 140));
    }
}

#[test]
fn a_holiday_on_a_working_day_holds_nobody_and_the_working_day_after_it_does() {
    // Wednesday, 15 July, from 02:00 in Berlin.
    let working = format!("{FIXED}\ndays = [\"weekday\"]\nhours = [\"03:00-04:00\"]");
    let mut plain = field("", &working, 1000.0);
    plain.run(130, |_| 1200.0);
    assert!((985.0..=1000.5).contains(&quarter(&plain, 75)), "{}", quarter(&plain, 75));
    let mut festive = field("holidays = [\"07-15\"]", &working, 1000.0);
    festive.run(130, |_| 1200.0);
    assert_eq!((festive.shed(|_| 1200.0), festive.told().len()), (0.0, 0), "nothing of it is billed");
    festive.run(1440, |_| 1200.0);
    let next = quarter(&festive, 1440 + 75);
    assert!((985.0..=1000.5).contains(&next) && festive.billed(0) <= 1000.5, "{next}, {}", festive.billed(0));
    let other = format!("{FIXED}\ndays = [\"holiday\"]\nhours = [\"03:00-04:00\"]");
    let mut other = field("holidays = [\"07-15\"]", &other, 1000.0);
    other.run(130, |_| 1200.0);
    assert!((985.0..=1000.5).contains(&quarter(&other, 75)), "{}", quarter(&other, 75));
}
