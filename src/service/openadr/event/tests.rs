//! Events as they are published, and as they should not be.

mod priced;
mod published;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// 2026-07-15T13:00:00Z.
const NOW: Wall = Wall(1_784_120_400_000);
const HOUR: i64 = 3_600_000;

/// What events limit that nobody has heard of before.
fn limits(events: &[Event], terms: &Terms, now: Wall) -> (Vec<Limit>, Vec<String>) {
    let mut known = super::super::known::Known::default();
    let all: Vec<_> = events.iter().cloned().map(Ok).collect();
    let faults = known.hear(&all, terms, Some(now));
    (known.limits(), faults)
}

fn terms() -> Terms {
    Terms { ven: "hall-a".to_owned(), simple: Some([900e3, 700e3, 500e3]), emergency: Some(400e3) }
}

fn event(value: Value) -> Event {
    serde_json::from_value(value).expect("an event")
}

fn capacity(id: &str, start: &str, kilowatts: &[f64]) -> Event {
    let interval =
        |(n, kw): (usize, &f64)| json!({ "id": n, "payloads": [{ "type": "IMPORT_CAPACITY_LIMIT", "values": [kw] }] });
    event(json!({
        "id": id, "programID": "p", "intervalPeriod": { "start": start, "duration": "PT1H" },
        "intervals": kilowatts.iter().enumerate().map(interval).collect::<Vec<_>>()
    }))
}

fn rows(limits: &[Limit]) -> Vec<(i64, Option<i64>, f64, &str)> {
    let hours = |at: Wall| (at.0 - NOW.0) / HOUR;
    limits.iter().map(|of| (hours(of.start), of.end.map(hours), of.watts, of.event.as_str())).collect()
}

#[test]
fn the_published_example_of_an_event_is_read_and_limits_nothing() {
    // The example values of the event object and its parts in the OpenAPI of OpenADR 3.1.1.
    let published = event(json!({
        "id": "object-999", "createdDateTime": "2023-06-15T09:30:00Z", "modificationDateTime": "2023-06-15T09:30:00Z", "objectType": "EVENT",
        "programID": "object-999", "eventName": "price event 11-18-2022", "duration": "PT1H", "priority": 0, "targets": ["group-1"],
        "reportDescriptors": [{ "payloadType": "USAGE", "readingType": "DIRECT_READ", "units": "KWH", "targets": ["group-1"], "aggregate": false }],
        "payloadDescriptors": [{ "objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "USD" }],
        "intervalPeriod": { "start": "2023-06-15T09:30:00Z", "duration": "PT1H", "randomizeStart": "PT1H" },
        "intervals": [{ "id": 0, "intervalPeriod": { "start": "2023-06-15T09:30:00Z", "duration": "PT1H", "randomizeStart": "PT1H" },
                        "payloads": [{ "type": "PRICE", "values": [0.17] }] }]
    }));
    let of = |ven: &str| limits(std::slice::from_ref(&published), &Terms { ven: ven.to_owned(), ..terms() }, NOW);
    assert_eq!(of("group-1"), (Vec::new(), Vec::new()));
    assert!(!published.is_for("hall-a") && published.is_for("group-1"));
}

#[test]
fn intervals_follow_each_other_and_are_counted_in_kilowatts_where_nobody_says() {
    let all = [capacity("peak", "2026-07-15T14:00:00Z", &[800.0, 600.0, 600.0])];
    let (limits, faults) = limits(&all, &terms(), NOW);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(rows(&limits), [(1, Some(2), 800e3, "peak"), (2, Some(4), 600e3, "peak")]);
    let mut mega = capacity("peak", "2026-07-15T14:00:00Z", &[0.5]);
    mega.payload_descriptors = Some(vec![Descriptor {
        payload_type: "IMPORT_CAPACITY_LIMIT".to_owned(),
        units: Some("MW".to_owned()),
        currency: None,
    }]);
    assert_eq!(rows(&self::limits(&[mega], &terms(), NOW).0), [(1, Some(2), 500e3, "peak")]);
}

#[test]
fn the_more_important_event_counts_and_of_two_alike_the_lower_limit() {
    let mut first = capacity("first", "2026-07-15T14:00:00Z", &[900.0]);
    first.priority = Some(1);
    let second = capacity("second", "2026-07-15T13:00:00Z", &[500.0, 500.0, 500.0]);
    let third = capacity("third", "2026-07-15T15:00:00Z", &[400.0]);
    let (limits, _) = limits(&[second, first, third], &terms(), NOW);
    let wanted = [(0, Some(1), 500e3, "second"), (1, Some(2), 900e3, "first"), (2, Some(3), 400e3, "third")];
    assert_eq!(rows(&limits), wanted);
}

#[test]
fn now_without_an_end_levels_and_emergencies() {
    let of = |start: &str, duration: &str, kind: &str, value: Value| {
        let event = event(json!({
            "id": "e", "programID": "p", "modificationDateTime": "2026-07-15T11:00:00Z",
            "intervalPeriod": { "start": start, "duration": duration }, "intervals": [{ "id": 0, "payloads": [{ "type": kind, "values": [value] }] }]
        }));
        let (limits, faults) = limits(&[event], &terms(), NOW);
        assert_eq!(faults, Vec::<String>::new());
        limits
    };
    let now = of("0001-01-01T00:00:00Z", "P9999Y", "IMPORT_CAPACITY_LIMIT", json!(0));
    assert_eq!(rows(&now), [(-2, None, 0.0, "e")], "zero is zero, from when it was said");
    assert_eq!(rows(&of("2026-07-15T13:00:00Z", "PT2H", "SIMPLE", json!(2))), [(0, Some(2), 700e3, "e")]);
    assert_eq!(rows(&of("2026-07-15T13:00:00Z", "P1DT2H", "SIMPLE", json!(0))), []);
    let alert = of("2026-07-15T13:00:00Z", "PT1H", "ALERT_GRID_EMERGENCY", json!("a storm"));
    assert_eq!(rows(&alert), [(0, Some(1), 400e3, "e")]);
}

#[test]
fn what_cannot_be_understood_is_told_and_nothing_of_that_event_is_taken() {
    let good = || capacity("good", "2026-07-15T14:00:00Z", &[600.0]);
    let broken = |change: &dyn Fn(&mut Event)| {
        let mut event = capacity("bad", "2026-07-15T14:00:00Z", &[800.0, 700.0]);
        change(&mut event);
        let (limits, faults) = limits(&[event, good()], &terms(), NOW);
        assert_eq!(rows(&limits), [(1, Some(2), 600e3, "good")]);
        faults.join("; ")
    };
    let period = |start: &str, duration: &str| {
        Some(Period { start: Some(start.to_owned()), duration: Some(duration.to_owned()), randomize_start: None })
    };
    for (told, said) in [
        (broken(&|e| e.intervals[1].payloads[0].values = vec![json!(-1)]), "below zero"),
        (broken(&|e| e.intervals[1].payloads[0].values = vec![json!("many")]), "has no number"),
        (broken(&|e| e.intervals[1].payloads[0].values.clear()), "has no number"),
        (broken(&|e| e.intervals[1].payloads[0].values = vec![json!(f64::MAX)]), "more than any number of watts"),
        (broken(&|e| e.interval_period = None), "has no time"),
        (broken(&|e| e.interval_period = period("tomorrow", "PT1H")), "is no time"),
        (broken(&|e| e.interval_period = period("2026-07-15T14:00:00Z", "an hour")), "is no length"),
        (broken(&|e| e.interval_period = period("2026-07-15T14:00:00Z", "-PT1H")), "below zero"),
        (
            broken(&|e| {
                e.payload_descriptors = Some(vec![Descriptor {
                    payload_type: "IMPORT_CAPACITY_LIMIT".to_owned(),
                    units: Some("HP".to_owned()),
                    currency: None,
                }]);
            }),
            "counted in `HP`",
        ),
    ] {
        assert!(told.contains(said) && told.contains("`bad`"), "{said}: {told}");
    }
}

#[test]
fn sites_begin_at_different_times_and_each_at_the_same_whenever_it_asks() {
    let begin = |ven: &str| {
        let mut event = capacity("e", "2026-07-15T14:00:00Z", &[600.0]);
        event.interval_period.as_mut().expect("there").randomize_start = Some("PT10M".to_owned());
        limits(&[event], &Terms { ven: ven.to_owned(), ..terms() }, NOW).0[0].start.0 - NOW.0 - HOUR
    };
    let all: Vec<i64> = ["a", "b", "c", "d"].into_iter().map(begin).collect();
    assert!(all.iter().all(|late| (0..600_000).contains(late)), "{all:?}");
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]) && begin("a") == all[0], "{all:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever overlaps, what comes out is by time, none on top of another, and at every moment what the most important event of that moment says.
    #[test]
    fn what_is_resolved_is_what_counts_at_every_moment(
        events in prop::collection::vec((0..20_i64, 1..6_usize, 0..4_i64, 1..9_u32), 0..8)
    ) {
        let made: Vec<Event> = events.iter().enumerate().map(|(n, (from, long, priority, kw))| {
            let at = Timestamp::from_millisecond(NOW.0 + from * HOUR).expect("a time").to_string();
            let mut event = capacity(&format!("e{n}"), &at, &vec![f64::from(*kw) * 100.0; *long]);
            event.priority = Some(*priority);
            event
        }).collect();
        let (found, faults) = limits(&made, &terms(), NOW);
        prop_assert!(faults.is_empty());
        prop_assert!(found.windows(2).all(|pair| pair[0].end.is_some_and(|end| end <= pair[1].start)));
        for half in 0..60 {
            let at = Wall(NOW.0 + half * HOUR / 2);
            let holds = found.iter().find(|of| of.start <= at && of.end.is_none_or(|end| end > at)).map(|of| of.watts);
            let here = events.iter().filter(|(from, long, ..)| {
                let end = from + i64::try_from(*long).expect("small");
                (2 * from..2 * end).contains(&half)
            });
            let wanted = here.min_by_key(|(_, _, priority, kw)| (*priority, *kw)).map(|of| f64::from(of.3) * 1e5);
            prop_assert_eq!(holds, wanted, "half an hour {}", half);
        }
    }
}
