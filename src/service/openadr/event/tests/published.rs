//! The examples of the OpenADR 3.1 User Guide, by their numbers: fields and values as they stand there, with an `id` as a server gives it.

use super::*;

/// Limits of one event: when by UTC, until when, and how many watts.
fn of(now: &str, value: Value) -> Vec<(String, Option<String>, f64)> {
    let at = |text: &str| Wall(text.parse::<Timestamp>().expect("a time").as_millisecond());
    let (limits, faults) = limits(&[event(value)], &terms(), at(now));
    assert_eq!(faults, Vec::<String>::new());
    let text = |at: Wall| Timestamp::from_millisecond(at.0).expect("in range").to_string();
    limits.iter().map(|of| (text(of.start), of.end.map(text), of.watts)).collect()
}

fn row(from: &str, to: &str, watts: f64) -> (String, Option<String>, f64) {
    (from.to_owned(), Some(to.to_owned()), watts)
}

#[test]
fn example_8_1_1_an_alert_limits_what_the_configuration_has_for_an_emergency() {
    let alert = json!({
        "id": "0", "eventName": "alertEvent", "programID": "44",
        "intervalPeriod": { "start": "2025-03-14T00:00:00.000Z", "duration": "PT4H" },
        "intervals": [{ "id": 0, "payloads": [{
            "type": "ALERT_GRID_EMERGENCY", "values": ["The grid is currently under emergency conditions"]
        }] }]
    });
    let wanted = [row("2025-03-14T00:00:00Z", "2025-03-14T04:00:00Z", 400e3)];
    assert_eq!(of("2025-03-13T20:00:00Z", alert), wanted);
}

#[test]
fn example_8_2_1_a_simple_level_limits_what_the_configuration_has_for_it() {
    let simple = json!({
        "id": "0", "eventName": "simpleEvent", "programID": "44",
        "intervalPeriod": { "start": "2025-03-14T00:00:00.000Z", "duration": "PT4H" },
        "payloadDescriptors": [{ "payloadType": "SIMPLE" }],
        "intervals": [{ "id": 0, "payloads": [{ "type": "SIMPLE", "values": [1] }] }]
    });
    let wanted = [row("2025-03-14T00:00:00Z", "2025-03-14T04:00:00Z", 900e3)];
    assert_eq!(of("2025-03-13T20:00:00Z", simple), wanted);
}

/// A dynamic operating envelope.
fn envelope() -> Value {
    let reading = |units: &str| {
        json!({
            "payloadType": "READING", "readingType": "DIRECT_READ", "units": units, "startInterval": -1, "numIntervals": -1,
            "historical": true, "frequency": -1, "repeat": 1
        })
    };
    let interval = |id: u32, import: f64, export: f64| {
        json!({ "id": id, "payloads": [
        { "type": "IMPORT_CAPACITY_LIMIT", "values": [import] }, { "type": "EXPORT_CAPACITY_LIMIT", "values": [export] }
    ] })
    };
    json!({
        "id": "0", "eventName": "capacity_limit_Event", "programID": "44",
        "intervalPeriod": { "start": "2023-02-10T00:00:00.000Z", "duration": "PT30M" },
        "reportDescriptors": [reading("VOLTS"), reading("KW"), reading("KVAR")],
        "payloadDescriptors": [
            { "payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW" }, { "payloadType": "EXPORT_CAPACITY_LIMIT", "units": "KW" }
        ],
        "intervals": [interval(0, 10.0, 4.0), interval(1, 8.0, 6.0)]
    })
}

#[test]
fn example_8_10_1_1_a_capacity_limit_is_a_limit_of_what_is_drawn_and_not_of_what_is_fed() {
    let wanted = [
        row("2023-02-10T00:00:00Z", "2023-02-10T00:30:00Z", 10e3),
        row("2023-02-10T00:30:00Z", "2023-02-10T01:00:00Z", 8e3),
    ];
    assert_eq!(of("2023-02-09T23:00:00Z", envelope()), wanted);
}

#[test]
fn example_8_10_2_1_what_is_subscribed_is_no_limit() {
    let subscription = json!({
        "id": "0", "eventName": "capacity_subscription_Event", "programID": "44",
        "intervalPeriod": { "start": "2023-02-10T00:00:00.000Z", "duration": "P9999Y" },
        "payloadDescriptors": [{ "payloadType": "CAPACITY_SUBSCRIPTION", "units": "KW" }],
        "intervals": [{ "id": 0, "payloads": [{ "type": "CAPACITY_SUBSCRIPTION", "values": [240] }] }]
    });
    assert_eq!(of("2023-02-10T01:00:00Z", subscription), []);
}

/// 7.4-1 has prices in its place: two intervals, the second of which has a length of its own, and no start.
#[test]
fn example_7_4_1_an_interval_with_a_length_of_its_own_begins_where_the_one_before_ends() {
    let mut event = envelope();
    event["intervals"][0]["intervalPeriod"] = json!({ "duration": "PT2H" });
    event["intervals"].as_array_mut().expect("a list").push(json!({
        "id": 2, "intervalPeriod": { "start": "0001-01-01T00:00:00", "duration": "PT1H" },
        "payloads": [{ "type": "IMPORT_CAPACITY_LIMIT", "values": [7.0] }]
    }));
    let wanted = [
        row("2023-02-10T00:00:00Z", "2023-02-10T02:00:00Z", 10e3),
        row("2023-02-10T02:00:00Z", "2023-02-10T02:30:00Z", 8e3),
        row("2023-02-10T02:30:00Z", "2023-02-10T03:30:00Z", 7e3),
    ];
    assert_eq!(of("2023-02-09T23:00:00Z", event), wanted);
}

#[test]
fn by_7_9_an_event_of_no_time_at_the_beginning_of_time_is_called_off() {
    for (start, duration) in [("0001-01-01", "PT0S"), ("0001-01-01T00:00:00", "PT0H")] {
        let mut event = envelope();
        event["intervalPeriod"] = json!({ "start": start, "duration": duration });
        assert_eq!(of("2023-02-10T00:10:00Z", event.clone()), []);
        // An interval with a time of its own counts: example 8.10.2-5 has such.
        event["intervals"][0]["intervalPeriod"] = json!({ "start": "2023-02-10T00:00:00.000Z", "duration": "PT1H" });
        event["intervals"].as_array_mut().expect("a list").truncate(1);
        assert_eq!(of("2023-02-10T00:10:00Z", event), [row("2023-02-10T00:00:00Z", "2023-02-10T01:00:00Z", 10e3)]);
    }
    // A length of nothing after a true start is what a server fills in where nobody said any.
    let mut event = envelope();
    event["intervalPeriod"]["duration"] = json!("PT0S");
    event["intervals"].as_array_mut().expect("a list").truncate(1);
    assert_eq!(of("2023-02-10T00:10:00Z", event), [("2023-02-10T00:00:00Z".to_owned(), None, 10e3)]);
}

#[test]
fn by_7_3_an_event_that_lasts_longer_than_its_intervals_has_them_again_and_again() {
    let mut event = envelope();
    event["duration"] = json!("P9999Y");
    let limits = of("2023-02-12T10:40:00Z", event.clone());
    assert_eq!(limits[0], row("2023-02-12T10:00:00Z", "2023-02-12T10:30:00Z", 10e3));
    assert_eq!(limits[1], row("2023-02-12T10:30:00Z", "2023-02-12T11:00:00Z", 8e3));
    assert_eq!(limits.len(), 2 * (7 * 24 + 1), "a week ahead");
    // For two hours and ten minutes, and for twenty minutes.
    event["duration"] = json!("PT130M");
    let limits = of("2023-02-09T23:00:00Z", event.clone());
    assert_eq!((limits.len(), &limits[4]), (5, &row("2023-02-10T02:00:00Z", "2023-02-10T02:10:00Z", 10e3)));
    event["duration"] = json!("PT20M");
    assert_eq!(of("2023-02-09T23:00:00Z", event.clone()), [row("2023-02-10T00:00:00Z", "2023-02-10T00:20:00Z", 10e3)]);
    // One without an end of its own ends with the event.
    event["intervalPeriod"]["duration"] = json!("P9999Y");
    event["intervals"].as_array_mut().expect("a list").truncate(1);
    assert_eq!(of("2023-02-09T23:00:00Z", event), [row("2023-02-10T00:00:00Z", "2023-02-10T00:20:00Z", 10e3)]);
}

#[test]
fn of_several_values_of_a_limit_the_least_counts() {
    let mut event = envelope();
    event["intervals"].as_array_mut().expect("a list").truncate(1);
    event["intervals"][0]["payloads"][0]["values"] = json!([12.0, 9.0, 11.0]);
    assert_eq!(of("2023-02-09T23:00:00Z", event), [row("2023-02-10T00:00:00Z", "2023-02-10T00:30:00Z", 9e3)]);
}
