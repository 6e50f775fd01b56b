//! Events that become unreadable, go, and come back.

use serde_json::json;

use super::*;

/// 2026-07-15T13:00:00Z.
const NOW: Wall = Wall(1_784_120_400_000);
const HOUR: i64 = 3_600_000;

fn terms() -> Terms {
    Terms { ven: "hall-a".to_owned(), simple: None, emergency: Some(400e3) }
}

fn event(id: &str, start: &str, kilowatts: f64) -> Value {
    json!({
        "id": id, "intervalPeriod": { "start": start, "duration": "PT2H" },
        "payloadDescriptors": [{ "payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW" }],
        "intervals": [{ "id": 0, "payloads": [{ "type": "IMPORT_CAPACITY_LIMIT", "values": [kilowatts] }] }]
    })
}

fn rows(known: &Known) -> Vec<(i64, f64)> {
    known.limits().iter().map(|of| ((of.start.0 - NOW.0) / HOUR, of.watts)).collect()
}

fn hear(known: &mut Known, events: &[Value]) -> Vec<String> {
    hear_at(known, events, NOW)
}

fn hear_at(known: &mut Known, events: &[Value], now: Wall) -> Vec<String> {
    let mut read: Vec<Read> = events.iter().map(read).collect();
    known.date(&mut read, Some(now));
    known.hear(&read, &terms(), Some(now))
}

const TWO: &str = "2026-07-15T14:00:00Z";
const FIVE: &str = "2026-07-15T18:00:00Z";

#[test]
fn an_event_that_becomes_unreadable_keeps_what_it_said_until_it_is_listed_no_more() {
    let mut known = Known::default();
    let good = event("a", TWO, 600.0);
    assert_eq!(hear(&mut known, std::slice::from_ref(&good)), Vec::<String>::new());
    let mut unit = good.clone();
    unit["payloadDescriptors"][0]["units"] = json!("HP");
    let mut shape = good.clone();
    shape["priority"] = json!("high");
    let nameless = json!({ "intervals": "many" });
    for (bad, says) in [(unit, "`HP`"), (shape, "it is no event"), (nameless, "without a name")] {
        let told = hear(&mut known, &[bad, event("b", FIVE, 500.0)]);
        assert_eq!(rows(&known), [(1, 600e3), (5, 500e3)], "{says}: the old one holds, and the other is taken");
        assert!(told.len() == 1 && told[0].contains(says), "{told:?}");
    }
    assert!(hear(&mut known, &[event("b", FIVE, 500.0)]).is_empty());
    assert_eq!(rows(&known), [(5, 500e3)], "the first is listed no more");
}

#[test]
fn what_was_in_force_before_holds_while_an_event_is_unreadable_that_this_run_never_understood() {
    let mut known = Known::default();
    let mut bad = event("a", TWO, 600.0);
    bad["payloadDescriptors"][0]["units"] = json!("HP");
    hear(&mut known, &[bad.clone(), event("b", TWO, 700.0)]);
    assert!(known.is_unclear());
    let end = Some(Wall(NOW.0 + 3 * HOUR));
    known.before(vec![Limit { start: Wall(NOW.0 + HOUR), end, watts: 600e3, event: "a".to_owned() }]);
    assert_eq!(rows(&known), [(1, 600e3)], "the lower of both");
    hear(&mut known, &[bad, event("b", TWO, 500.0)]);
    assert_eq!(rows(&known), [(1, 500e3)]);
    // It is understood again, and asks for more than before.
    hear(&mut known, &[event("a", TWO, 800.0), event("b", FIVE, 500.0)]);
    assert_eq!((known.is_unclear(), rows(&known)), (false, vec![(1, 800e3), (5, 500e3)]));
}

#[test]
fn an_event_for_a_group_whose_members_nobody_knows_is_told_and_one_for_others_is_not() {
    let mut known = Known::default();
    let with = |targets: Value| {
        let mut event = event("a", TWO, 600.0);
        event["targets"] = targets;
        event
    };
    let told = hear(&mut known, &[with(json!(["group-1", "group-2"]))]);
    assert!(told[0].contains("`group-1`, `group-2`") && told[0].contains("`hall-a`"), "{told:?}");
    assert_eq!(rows(&known), []);
    assert!(hear(&mut known, &[with(json!([{ "type": "VEN_NAME", "values": ["hall-b"] }]))]).is_empty());
    assert_eq!(rows(&known), []);
    assert!(hear(&mut known, &[with(json!(["group-1", "hall-a"]))]).is_empty());
    assert_eq!(rows(&known), [(1, 600e3)]);
}

#[test]
fn an_event_that_begins_now_and_says_not_when_it_was_made_begins_when_it_was_heard_first() {
    let mut known = Known::default();
    let now = event("a", "0001-01-01T00:00:00Z", 600.0);
    let mut dated = event("b", "0001-01-01T00:00:00Z", 500.0);
    dated["modificationDateTime"] = json!("yesterday");
    dated["createdDateTime"] = json!("2026-07-15T18:00:00Z");
    for hour in [0, 1, 1] {
        hear_at(&mut known, &[now.clone(), dated.clone()], Wall(NOW.0 + hour * HOUR));
        assert_eq!(rows(&known), [(0, 600e3), (5, 500e3)], "after {hour} h");
    }
    // It cannot be read for a while; then it is gone, and another of its name begins when it comes.
    let mut shape = now.clone();
    shape["priority"] = json!("high");
    hear_at(&mut known, &[shape], Wall(NOW.0 + HOUR));
    hear_at(&mut known, std::slice::from_ref(&now), Wall(NOW.0 + HOUR));
    assert_eq!(rows(&known), [(0, 600e3)]);
    hear_at(&mut known, &[], Wall(NOW.0 + 2 * HOUR));
    hear_at(&mut known, &[now], Wall(NOW.0 + 3 * HOUR));
    assert_eq!(rows(&known), [(3, 600e3)]);
}
