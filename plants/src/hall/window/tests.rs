//! Windows against what clocks say.

mod changes;

use jiff::Timestamp;

use super::*;
use crate::civil::{Day, Days, Holiday};
use crate::read::{Section, Source};

const HOUR: i64 = 3_600_000;

/// A window by its rule's keys, as a file writes them.
fn window(zone: &str, text: &str) -> Window {
    let source = Source::new("rule", text);
    let table = source.parse();
    let root: Section<'_> = source.root(&table);
    let days: Vec<Day> = root.or("days", Vec::new());
    let when =
        When { months: root.or("months", Vec::new()), days: Days::of(&days), hours: root.or("hours", Vec::new()) };
    let when = source.finish(Some(when)).unwrap_or_else(|faults| panic!("{faults}"));
    Window::new("w".to_owned(), Zone::named(zone).expect("a zone"), vec![when])
}

fn at(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().expect("a time").as_millisecond())
}

/// The openings between two times, as the clock shows them, with their lengths in hours.
fn shown(window: &Window, from: &str, to: &str) -> Vec<String> {
    let hours = |of: &Opening| crate::convert::f64_from_i64(of.to.0 - of.from.0) / 3.6e6;
    let line = |of: Opening| format!("{}..{} {}", window.zone.show(of.from), window.zone.show(of.to), hours(&of));
    window.spans(at(from), at(to)).map(line).collect()
}

const NIGHTS: &str = "days = [\"weekday\"]\nhours = [\"22:00-06:00\"]";

#[test]
fn friday_night_ends_on_saturday_and_there_is_none_on_saturday_and_sunday() {
    let night = window("Europe/Berlin", NIGHTS);
    // 2026-07-02 is a Thursday.
    assert_eq!(
        shown(&night, "2026-07-02T12:00:00+02:00", "2026-07-07T12:00:00+02:00"),
        [
            "2026-07-02 22:00 +02:00..2026-07-03 06:00 +02:00 8",
            "2026-07-03 22:00 +02:00..2026-07-04 06:00 +02:00 8",
            "2026-07-06 22:00 +02:00..2026-07-07 06:00 +02:00 8",
        ]
    );
    assert_eq!(night.next_opening(at("2026-07-03T23:00:00+02:00")), Some(at("2026-07-06T22:00:00+02:00")));
    assert_eq!(night.open_until(at("2026-07-03T23:00:00+02:00")), Some(at("2026-07-04T06:00:00+02:00")));
    assert_eq!(night.open_from(at("2026-07-03T23:00:00+02:00")), Some(at("2026-07-03T23:00:00+02:00")));
    let middle = at("2026-07-04T06:00:00+02:00");
    assert_eq!(night.open_until(middle), Some(middle), "it is shut from there on");
}

#[test]
fn the_nights_in_which_clocks_change_are_an_hour_shorter_and_longer() {
    let night = window("Europe/Berlin", "hours = [\"22:00-06:00\"]");
    assert_eq!(
        shown(&night, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
        ["2026-03-28 22:00 +01:00..2026-03-29 06:00 +02:00 7"]
    );
    assert_eq!(
        shown(&night, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        ["2026-10-24 22:00 +02:00..2026-10-25 06:00 +01:00 9"]
    );
    // By hand: 22:00 +01:00 is 21:00 UTC and 06:00 +02:00 is 04:00; 22:00 +02:00 is 20:00 UTC and 06:00 +01:00 is 05:00.
    let ends = |day: &str| {
        night.spans(at(&format!("2026-{day}T12:00:00Z")), Wall(at(&format!("2026-{day}T12:00:00Z")).0 + 24 * HOUR))
    };
    let of = |from: &str, to: &str| Opening { from: at(from), to: at(to) };
    assert_eq!(ends("03-28").collect::<Vec<_>>(), [of("2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z")]);
    assert_eq!(ends("10-24").collect::<Vec<_>>(), [of("2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z")]);
}

#[test]
fn hours_that_are_skipped_are_not_there_and_hours_that_come_twice_count_twice() {
    let (spring, autumn) =
        (("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
    let whole = window("Europe/Berlin", "hours = [\"02:00-03:00\"]");
    assert!(shown(&whole, spring.0, spring.1).is_empty(), "the clock goes from 02:00 to 03:00");
    assert_eq!(whole.next_opening(at(spring.0)), Some(at("2026-03-30T02:00:00+02:00")));
    assert_eq!(
        shown(&whole, autumn.0, autumn.1),
        ["2026-10-25 02:00 +02:00..2026-10-25 03:00 +01:00 2"],
        "once, and long"
    );
    let part = window("Europe/Berlin", "hours = [\"02:15-02:45\"]");
    assert!(shown(&part, spring.0, spring.1).is_empty());
    assert_eq!(
        shown(&part, autumn.0, autumn.1),
        [
            "2026-10-25 02:15 +02:00..2026-10-25 02:45 +02:00 0.5",
            "2026-10-25 02:15 +01:00..2026-10-25 02:45 +01:00 0.5"
        ],
        "the clock shows it twice"
    );
    let into = window("Europe/Berlin", "hours = [\"02:30-04:00\"]");
    assert_eq!(shown(&into, spring.0, spring.1), ["2026-03-29 03:00 +02:00..2026-03-29 04:00 +02:00 1"]);
    assert_eq!(
        shown(&into, autumn.0, autumn.1),
        [
            "2026-10-25 02:30 +02:00..2026-10-25 02:00 +01:00 0.5",
            "2026-10-25 02:30 +01:00..2026-10-25 04:00 +01:00 1.5"
        ]
    );
}

#[test]
fn days_that_touch_are_one_opening_and_one_that_never_opens_says_so() {
    let weekend = window("Europe/Berlin", "days = [\"weekend\"]");
    assert_eq!(
        shown(&weekend, "2026-10-23T00:00:00Z", "2026-10-27T00:00:00Z"),
        ["2026-10-24 00:00 +02:00..2026-10-26 00:00 +01:00 49"]
    );
    let always = window("Europe/Berlin", "hours = [\"00:00-24:00\"]");
    let (from, to) = (at("2026-10-20T05:07:00Z"), at("2026-11-02T12:00:00Z"));
    assert_eq!(always.spans(from, to).collect::<Vec<_>>(), [Opening { from, to }], "cut at both ends");
    assert_eq!((always.open_until(from), always.next_opening(from)), (None, None));
    // Nobody has declared a holiday.
    let never = window("Europe/Berlin", "days = [\"holiday\"]");
    assert_eq!((never.open_from(from), never.next_opening(from)), (None, None));
    assert_eq!(never.spans(from, to).count(), 0);
    let leap = window("UTC", "months = [\"02-29..02-29\"]");
    assert_eq!(leap.open_from(at("2026-03-01T00:00:00Z")), None, "2028 is further away than is looked");
    assert_eq!(leap.open_from(at("2027-03-01T00:00:00Z")), Some(at("2028-02-29T00:00:00Z")));
    assert_eq!(weekend.spans(to, from).count(), 0, "no time at all");
}

#[test]
fn holidays_and_exceptions_open_and_shut() {
    let mut night = window("Europe/Berlin", NIGHTS);
    night.holidays = vec![Holiday::parse("12-25").expect("a day")];
    let christmas = |night: &Window| shown(night, "2026-12-22T12:00:00+01:00", "2026-12-29T12:00:00+01:00");
    let [tuesday, wednesday, thursday, monday] =
        [22, 23, 24, 28].map(|day| format!("2026-12-{day} 22:00 +01:00..2026-12-{} 06:00 +01:00 8", day + 1));
    // 2026-12-25 is a Friday: its night is none; the one of the day before ends on it as ever.
    assert_eq!(christmas(&night), [tuesday.as_str(), &wednesday, &thursday, &monday]);
    night.none_begins = vec![Holiday::parse("2026-12-24").expect("a day")];
    assert_eq!(
        christmas(&night),
        [tuesday.as_str(), &wednesday, &monday],
        "the night before ends in its morning as ever"
    );
    night.shut = vec![Stretch::parse("2026-12-22 23:00..2026-12-24 04:00").expect("a stretch")];
    assert_eq!(
        christmas(&night),
        [
            "2026-12-22 22:00 +01:00..2026-12-22 23:00 +01:00 1",
            "2026-12-24 04:00 +01:00..2026-12-24 06:00 +01:00 2",
            &monday
        ]
    );
    night.extra = vec![Stretch::parse("2026-12-23 12:00..2026-12-26 12:00").expect("a stretch")];
    assert_eq!(
        christmas(&night),
        [
            "2026-12-22 22:00 +01:00..2026-12-22 23:00 +01:00 1",
            "2026-12-24 04:00 +01:00..2026-12-26 12:00 +01:00 56",
            &monday
        ],
        "shut is shut, and what touches is one opening"
    );
}
