//! Live prices: published at the broker, shown, refused, kept over a crash, replayed.

use serde_json::{Value, json};
use wattloop::service::rehearsal::Scene;

use super::rig::{Rig, ends, wattloop};
use crate::mqtt::rig::{Peer, options};

const TOPIC: &str = "prices/day-ahead";

/// Thirty hours at 80 EUR a MWh, from an hour ago on.
fn publication() -> Value {
    let now = jiff::Timestamp::now().as_second();
    let at = |hour: i64| jiff::Timestamp::from_second(now - 3600 + 3600 * hour).expect("in range").to_string();
    let slots: Vec<_> = (0..30).map(|n| json!({"start": at(n), "end": at(n + 1), "price": 80, "grams": 400})).collect();
    json!({"unit": "EUR/MWh", "prices": slots})
}

#[test]
fn prices_come_by_the_broker_survive_a_crash_and_are_replayed() {
    let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tariffs/weser-rlm.toml");
    let set = vec![format!("tariff.file={tariff:?}"), format!("prices.topic={TOPIC:?}")];
    let rig = Rig::with("air", tempfile::tempdir().expect("a folder"), Scene { set, ..Scene::default() });
    let port = rig.stage.broker().expect("a broker").rsplit(':').next().and_then(|p| p.parse().ok()).expect("a port");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let publisher = runtime.block_on(Peer::connect(options("prices", port), &[]));
    let publish = |text: &str, keep| runtime.block_on(publisher.say(TOPIC, text, keep));
    publish(&publication().to_string(), true);
    let mut run = rig.running(&[]);

    // 0.08 of the exchange, and 0.0042, 0.0119 and 0.02651 on top.
    let shown = rig.until(&["tariff", "prices"], "the price", |shown| shown["price"] == "0.12261");
    assert_eq!((&shown["grams"], &shown["taken"], &shown["troubles"]), (&json!("400"), &json!(1), &json!([])));
    assert_eq!(shown["slots"].as_array().map(Vec::len), Some(29), "from now on, the slot that holds first");
    let text = rig.text(&["tariff", "prices", "--strict"]);
    for words in ["weser-rlm now: 0.12261 EUR/kWh, 400 g CO2/kWh", "(topic prices/day-ahead), known until", "g/kWh"] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }

    publish(r#"{"unit": "USD/MWh", "prices": []}"#, false);
    let shown = rig.until(&["tariff", "prices"], "the refusal", |shown| shown["refused"] == 1);
    assert_eq!(shown["price"], "0.12261", "what was known holds");
    let output = rig.ask(&["tariff", "prices", "--strict"]);
    ends(&output, 3, &["warning: refused 2", "topic prices/day-ahead", "must be EUR/kWh or EUR/MWh"]);
    run.says("prices are not taken");
    run.says("does not take a publication of prices");

    // The broker forgets them; the journal does not.
    publish("", true);
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    rig.until(&["tariff", "prices"], "what was known", |shown| shown["price"] == "0.12261" && shown["refused"] == 1);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}

#[test]
fn prices_in_a_file_are_read_again_when_it_changes_and_a_bad_one_stops_nothing() {
    let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tariffs/weser-rlm.toml");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day-ahead.json");
    std::fs::write(&file, "half of a").expect("writes");
    let set = vec![format!("tariff.file={tariff:?}"), format!("prices.file={file:?}")];
    let rig = Rig::with("bench", folder, Scene { set, ..Scene::default() });
    ends(&rig.configured(&[], &["check", "--strict"]), 3, &["day-ahead.json", "these are no prices"]);
    let run = rig.running(&[]);
    let shown = rig.until(&["tariff", "prices"], "the refusal", |shown| shown["refused"] == 1);
    assert_eq!((&shown["price"], &shown["taken"]), (&Value::Null, &json!(0)));
    std::fs::write(&file, publication().to_string()).expect("writes");
    let shown = rig.until(&["tariff", "prices"], "the price", |shown| shown["price"] == "0.12261");
    assert_eq!((&shown["refused"], &shown["fault"]), (&json!(1), &Value::Null), "told until it is mended");
    assert!(rig.text(&["status"]).contains("price          0.12261 EUR/kWh, 400 g CO2/kWh"));
    drop(run);
}
