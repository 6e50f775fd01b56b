//! Civil time against what people say of it.

use crate::read::{Section, Source};
use jiff::Timestamp;

use super::*;

/// A rule as a file writes it.
fn rule(text: &str) -> When {
    let source = Source::new("rule", text);
    let table = source.parse();
    let root: Section<'_> = source.root(&table);
    let when = When {
        months: root.or("months", Vec::new()),
        days: Days::of(&root.or("days", Vec::new())),
        hours: root.or("hours", Vec::new()),
    };
    source.finish(Some(when)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn at(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().expect("a time").as_millisecond())
}

fn zone(name: &str) -> Zone {
    Zone::named(name).expect("a zone")
}

/// Zones of all kinds.
pub const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Phoenix",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "Asia/Tehran",
    "UTC",
];

const HOUR: i64 = 3_600_000;

/// How long a rule holds between two instants (h).
fn held(zone: &Zone, when: &When, (from, to): (Wall, Wall), holidays: &[Holiday]) -> f64 {
    let mut stops: Vec<i64> = when.stops().collect();
    stops.sort_unstable();
    let (mut at, mut sum, mut steps) = (from, 0, 0);
    while at < to {
        let next = zone.until(at, &stops).min(to);
        assert!(next > at, "no step forward at {at:?}");
        sum += if when.covers(zone.local(at), holidays) { next.0 - at.0 } else { 0 };
        (at, steps) = (next, steps + 1);
        assert!(steps < 100_000, "too many steps");
    }
    crate::convert::f64_from_i64(sum) / 3.6e6
}

#[test]
fn easter_and_nth_weekdays_fall_where_calendars_print_them() {
    let holiday = |text: &str| Holiday::parse(text).unwrap_or_else(|| panic!("{text}"));
    for (rule, date) in [
        ("easter", "2024-03-31"),
        ("easter", "2025-04-20"),
        ("easter", "2026-04-05"),
        ("easter", "2038-04-25"),
        ("easter", "1954-04-18"),
        ("easter-2", "2026-04-03"),
        ("easter+1", "2026-04-06"),
        ("easter+39", "2026-05-14"),
        ("thu-4-nov", "2026-11-26"),
        ("mon-last-may", "2026-05-25"),
        ("mon-1-sep", "2026-09-07"),
        ("07-04", "2031-07-04"),
        ("2026-07-03", "2026-07-03"),
    ] {
        let day: Date = date.parse().expect("a day");
        assert!(holiday(rule).is(day), "{rule} is {date}");
        assert!(!holiday(rule).is(day.tomorrow().expect("a day")), "{rule} is not the day after {date}");
    }
    assert!(!holiday("2026-07-03").is("2027-07-03".parse().expect("a day")), "one year only");
    for wrong in ["", "13-01", "02-30", "easter+61", "thu-0-nov", "thu-6-nov", "thr-1-nov", "2026-02-29", "1-1"] {
        assert_eq!(Holiday::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_season_may_cross_the_new_year() {
    let winter = rule("months = [\"11-01..02-29\"]");
    for (date, inside) in
        [("2026-10-31", false), ("2026-11-01", true), ("2027-01-01", true), ("2027-02-28", true), ("2027-03-01", false)]
    {
        let local = Local { date: date.parse().expect("a day"), ms: 0 };
        assert_eq!(winter.covers(local, &[]), inside, "{date}");
    }
}

#[test]
fn hours_that_cross_midnight_belong_to_the_day_they_begin_on() {
    let night = rule("days = [\"fri\"]\nhours = [\"22:00-06:00\"]");
    let berlin = zone("Europe/Berlin");
    // 2026-07-03 is a Friday.
    for (time, inside) in [
        ("2026-07-03T05:59:00+02:00", false),
        ("2026-07-03T21:59:59+02:00", false),
        ("2026-07-03T22:00:00+02:00", true),
        ("2026-07-04T05:59:59+02:00", true),
        ("2026-07-04T06:00:00+02:00", false),
        ("2026-07-04T22:00:00+02:00", false),
    ] {
        assert_eq!(night.covers(berlin.local(at(time)), &[]), inside, "{time}");
    }
}

#[test]
fn a_holiday_is_no_weekday() {
    let holidays = [Holiday::parse("07-03").expect("a holiday")];
    let friday = Local { date: "2026-07-03".parse().expect("a day"), ms: 12 * HOUR };
    assert!(rule("days = [\"weekday\"]").covers(friday, &[]));
    assert!(!rule("days = [\"weekday\"]").covers(friday, &holidays));
    assert!(rule("days = [\"holiday\", \"weekend\"]").covers(friday, &holidays));
    assert!(rule("").covers(friday, &holidays), "no days at all are all days");
}

#[test]
fn days_have_23_24_or_25_hours_and_a_night_is_an_hour_shorter_or_longer() {
    let berlin = zone("Europe/Berlin");
    let (always, night) = (rule(""), rule("hours = [\"22:00-06:00\"]"));
    let hour = rule("hours = [\"02:00-03:00\"]");
    for (date, hours, of_the_night, between_two_and_three) in
        [("2026-03-29", 23.0, 7.0, 0.0), ("2026-06-01", 24.0, 8.0, 1.0), ("2026-10-25", 25.0, 9.0, 2.0)]
    {
        let day: Date = date.parse().expect("a day");
        let ends = (berlin.begin(day).expect("begins"), berlin.begin(day.tomorrow().expect("a day")).expect("begins"));
        assert!((held(&berlin, &always, ends, &[]) - hours).abs() < 1e-9, "{date}");
        assert!((held(&berlin, &hour, ends, &[]) - between_two_and_three).abs() < 1e-9, "{date}");
        let noon = |wall: Wall| Wall(wall.0 - 12 * HOUR);
        let around = (noon(ends.0), noon(ends.1));
        assert!((held(&berlin, &night, around, &[]) - of_the_night).abs() < 1e-9, "the night before {date}");
    }
}

#[test]
fn a_fixed_offset_never_changes_and_utc_stays_utc_in_summer() {
    let (fixed, utc) = (zone("+01:00"), zone("UTC"));
    let summer = at("2026-07-01T23:30:00Z");
    assert_eq!(fixed.local(summer).ms, HOUR / 2);
    assert_eq!(utc.local(summer).ms, 23 * HOUR + HOUR / 2);
    assert_eq!(fixed.show(summer), "2026-07-02 00:30 +01:00");
    assert_eq!(zone("-05:30").show(summer), "2026-07-01 18:00 -05:30");
    for wrong in ["", "Mars/Olympus", "+15:00", "+1:00", "+01:60", "CEST+1"] {
        assert_eq!(Zone::named(wrong), None, "{wrong}");
    }
}

#[test]
fn windows_stay_on_the_clock_over_every_change_of_ten_zones() {
    for name in ZONES {
        let zone = zone(name);
        for length in [5, 15, 30, 60].map(|minutes| minutes * 60_000) {
            let (mut now, end, mut short) = (at("2026-01-01T12:00:00Z"), at("2027-01-01T12:00:00Z"), 0);
            now = if zone.is_aligned(now, length) { now } else { zone.aligned(now, length) };
            while now < end {
                let next = zone.aligned(now, length);
                assert!(next > now && next.0 - now.0 <= length, "{name}: {} to {}", zone.show(now), zone.show(next));
                let on_the_clock = zone.local(next).ms % length == 0;
                assert!(on_the_clock || zone.local(now).ms % length == 0, "{name}: {}", zone.show(next));
                let inside = Wall(now.0 + (next.0 - now.0) * 2 / 3);
                assert_eq!(
                    [now, inside].map(|at| zone.window(at, length)),
                    [(now, next); 2],
                    "{name}: {}",
                    zone.show(now)
                );
                short += usize::from(next.0 - now.0 < length);
                now = next;
            }
            // Only a clock that is set by half an hour cuts an hour short.
            let cuts = name == "Australia/Lord_Howe" && length == 3_600_000;
            assert!(
                if cuts { (1..=4).contains(&short) } else { short == 0 },
                "{name}, {length} ms: {short} short windows"
            );
        }
    }
}
