//! Prices and carbon: examples of the OpenADR 3.1 User Guide by their numbers, and what is none.

use super::*;
use crate::control::tariff::Slot;
use crate::service::openadr::event::price::slots;

const CURRENCY: &str = "USD";

fn at(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().expect("a time").as_millisecond())
}

fn all(values: &[Value], now: &str, needs: bool) -> Vec<Slot> {
    let told = |value: &Value| event(value.clone()).told(&terms(), CURRENCY, at(now)).expect("understood");
    slots(&values.iter().flat_map(told).collect::<Vec<_>>(), at(now), needs)
}

/// When by UTC, and what.
fn shown(slots: &[Slot]) -> Vec<(String, String, Option<String>, Option<String>)> {
    let text = |at: Wall| Timestamp::from_millisecond(at.0).expect("in range").strftime("%d %H:%M").to_string();
    let of = |slot: &Slot| {
        (text(slot.from), text(slot.to), slot.price.map(|of| of.to_string()), slot.grams.map(|of| of.to_string()))
    };
    slots.iter().map(of).collect()
}

fn row(
    from: &str,
    to: &str,
    price: Option<&str>,
    grams: Option<&str>,
) -> (String, String, Option<String>, Option<String>) {
    (from.to_owned(), to.to_owned(), price.map(str::to_owned), grams.map(str::to_owned))
}

/// 8.3-2, as far as it speaks of prices.
fn pricing(id: &str) -> Value {
    json!({
        "id": id, "eventName": "pricingEvent", "programID": "44",
        "intervalPeriod": { "start": "2023-02-10T00:00:00.000Z", "duration": "PT1H" },
        "payloadDescriptors": [{ "payloadType": "PRICE", "units": "KWH", "currency": "USD" }],
        "intervals": [
            { "id": 0, "payloads": [{ "type": "PRICE", "values": [0.17] }] },
            { "id": 1, "payloads": [{ "type": "PRICE", "values": [0.03] }] }
        ]
    })
}

#[test]
fn example_8_3_2_prices_of_a_day_ahead() {
    let wanted = [row("10 00:00", "10 01:00", Some("0.17"), None), row("10 01:00", "10 02:00", Some("0.03"), None)];
    assert_eq!(shown(&all(&[pricing("0")], "2023-02-09T12:00:00Z", true)), wanted);
    assert_eq!(shown(&all(&[pricing("0")], "2023-02-10T01:00:00Z", true)), wanted[1..], "what is over is not told");
    let mut mega = pricing("0");
    mega["payloadDescriptors"][0]["units"] = json!("MWH");
    mega["intervals"][0]["payloads"][0]["values"] = json!([71.3]);
    assert_eq!(all(&[mega], "2023-02-09T12:00:00Z", true)[0].price.map(|of| of.to_string()).as_deref(), Some("0.0713"));
    assert_eq!(event(pricing("0")).ranked(&terms(), at("2023-02-09T12:00:00Z")), Ok(Vec::new()), "they limit nothing");
}

#[test]
fn example_7_3_1_several_prices_share_their_interval() {
    let packed = json!({
        "id": "0", "eventName": "multiPriceEvent", "programID": "44",
        "payloadDescriptors": [{ "payloadType": "PRICE", "units": "KWH", "currency": "USD" }],
        "intervals": [{
            "id": 0, "intervalPeriod": { "start": "2025-06-25T00:00:00.000Z", "duration": "PT3H" },
            "payloads": [{ "type": "PRICE", "values": [0.17, 0.03, 0.11] }]
        }]
    });
    let wanted = [
        row("25 00:00", "25 01:00", Some("0.17"), None),
        row("25 01:00", "25 02:00", Some("0.03"), None),
        row("25 02:00", "25 03:00", Some("0.11"), None),
    ];
    assert_eq!(shown(&all(&[packed], "2025-06-24T12:00:00Z", true)), wanted);
}

#[test]
fn example_7_6_1_a_price_and_its_carbon_and_carbon_alone() {
    let mut both = pricing("0");
    both["payloadDescriptors"].as_array_mut().expect("a list").push(json!({ "payloadType": "GHG" }));
    both["intervals"][0]["payloads"].as_array_mut().expect("a list").push(json!({ "type": "GHG", "values": [0.03] }));
    let told = shown(&all(&[both], "2023-02-09T12:00:00Z", true));
    assert_eq!(told[0], row("10 00:00", "10 01:00", Some("0.17"), Some("0.03")));
    let carbon = json!({
        "id": "1", "programID": "45", "intervalPeriod": { "start": "2023-02-10T00:30:00.000Z", "duration": "PT1H" },
        "intervals": [{ "id": 0, "payloads": [{ "type": "GHG", "values": [402] }] }, { "id": 1, "payloads": [{ "type": "GHG", "values": [380] }] }]
    });
    let of = |needs: bool| shown(&all(&[pricing("0"), carbon.clone()], "2023-02-09T12:00:00Z", needs));
    let wanted = [
        row("10 00:00", "10 00:30", Some("0.17"), None),
        row("10 00:30", "10 01:00", Some("0.17"), Some("402")),
        row("10 01:00", "10 01:30", Some("0.03"), Some("402")),
        row("10 01:30", "10 02:00", Some("0.03"), Some("380")),
        row("10 02:00", "10 02:30", None, Some("380")),
    ];
    assert_eq!(of(false), wanted);
    assert_eq!(of(true), wanted[..4], "grams alone take the place of no price");
}

#[test]
fn of_two_events_the_more_important_one_counts_and_of_two_alike_the_later_one() {
    let other = |id: &str, price: f64, priority: Option<i64>| {
        let mut event = pricing(id);
        event["intervals"].as_array_mut().expect("a list").truncate(1);
        event["intervals"][0]["payloads"][0]["values"] = json!([price]);
        event["priority"] = json!(priority);
        event
    };
    let first = |events: &[Value]| shown(&all(events, "2023-02-09T12:00:00Z", true))[0].2.clone();
    assert_eq!(first(&[pricing("0"), other("1", 0.5, None)]).as_deref(), Some("0.5"));
    assert_eq!(first(&[other("1", 0.5, Some(1)), pricing("0")]).as_deref(), Some("0.5"));
    assert_eq!(first(&[other("1", 0.5, Some(1)), other("2", 0.6, Some(0))]).as_deref(), Some("0.6"));
}

#[test]
fn what_is_no_price_here_is_told() {
    let told = |change: &dyn Fn(&mut Value)| {
        let mut value = pricing("0");
        change(&mut value);
        event(value).told(&terms(), CURRENCY, at("2023-02-09T12:00:00Z")).expect_err("refused")
    };
    assert!(told(&|of| of["payloadDescriptors"] = json!([])).contains("no descriptor with its currency"));
    assert!(
        told(&|of| of["payloadDescriptors"][0]["currency"] = json!("EUR")).contains("in `EUR`, and must be in USD")
    );
    assert!(told(&|of| of["payloadDescriptors"][0]["units"] = json!("KW")).contains("for `KW`, and not for KWH"));
    assert!(
        told(&|of| of["intervals"][1]["payloads"][0]["values"] = json!(["dear"])).contains("`PRICE` has no number")
    );
    let carbon = |of: &mut Value| of["intervals"][1]["payloads"][0] = json!({ "type": "GHG", "values": [-1] });
    assert!(told(&carbon).contains("`GHG` is -1, below zero"));
    let mut others = pricing("0");
    others["targets"] = json!([{ "type": "VEN_NAME", "values": ["hall-b"] }]);
    assert_eq!(event(others).told(&terms(), CURRENCY, at("2023-02-09T12:00:00Z")), Ok(Vec::new()));
}

#[test]
fn a_price_without_an_end_is_known_for_a_week_and_told_anew_no_sooner_than_an_hour_later() {
    let mut tariff = pricing("0");
    tariff["intervalPeriod"]["duration"] = json!("P9999Y");
    tariff["intervals"].as_array_mut().expect("a list").truncate(1);
    let of = |now: &str| shown(&all(std::slice::from_ref(&tariff), now, true));
    assert_eq!(of("2023-02-20T10:10:00Z"), [row("10 00:00", "27 10:00", Some("0.17"), None)]);
    assert_eq!(of("2023-02-20T10:10:00Z"), of("2023-02-20T10:59:00Z"));
    // Hours that come again each day.
    let mut days = pricing("0");
    days["duration"] = json!("P9999Y");
    let told = of("2023-02-20T10:10:00Z");
    assert_eq!(told.len(), 1);
    let rounds = shown(&all(&[days], "2023-02-20T10:10:00Z", true));
    assert_eq!(
        (&rounds[0], &rounds[1]),
        (&row("20 10:00", "20 11:00", Some("0.17"), None), &row("20 11:00", "20 12:00", Some("0.03"), None))
    );
}
