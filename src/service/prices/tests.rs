//! What is heard, as control is asked.

use std::path::Path;
use std::sync::mpsc;

use super::*;
use crate::service::api::call;
use crate::service::api::call::{Answer, Question};

const GOOD: &str =
    r#"{"unit": "EUR/MWh", "prices": [{"start": "2027-01-15T08:00:00Z", "end": "2027-01-15T09:00:00Z", "price": 80}]}"#;
const DEARER: &str = r#"{"unit": "EUR/MWh", "prices": [{"start": "2027-01-15T08:00:00Z", "end": "2027-01-15T09:00:00Z", "price": 800}]}"#;

/// An ear, and what control is asked.
fn ear() -> (Ear, mpsc::Receiver<Ask>) {
    let (asker, calls) = call::channel();
    let (sender, asked) = mpsc::channel();
    // A scan thread that has not made its first scan when it is asked for the first time.
    std::thread::spawn(move || {
        let mut first = true;
        while let Some(call) = calls.wait(Duration::from_secs(20)) {
            let Question::Request(request) = call.question() else { panic!("not a request") };
            if std::mem::take(&mut first) {
                call.answer(Answer::Unable("control has not made its first scan yet".to_owned()));
                continue;
            }
            sender.send(request.ask.clone()).expect("the test listens");
            call.answer(Answer::Reply(Reply::Accepted { expires: None, note: String::new() }));
        }
    });
    (Ear { asker, currency: "EUR".to_owned(), from: "topic prices".to_owned(), last: None }, asked)
}

fn said(text: &str, kept: bool) -> Heard {
    Heard { text: Ok(text.as_bytes().to_vec()), published: None, kept }
}

fn refused(ask: Ask) -> String {
    let Ask::PricesRefused { why, .. } = ask else { panic!("not refused: {ask:?}") };
    why
}

fn offered(ask: Ask) -> Offer {
    let Ask::Prices(offer) = ask else { panic!("not offered: {ask:?}") };
    offer
}

#[tokio::test]
async fn a_publication_is_offered_until_control_takes_it_and_what_the_broker_keeps_is_offered_once() {
    let (mut ear, asked) = ear();
    ear.hear(said(GOOD, true)).await;
    ear.hear(said(GOOD, true)).await;
    let first = offered(asked.try_recv().expect("asked"));
    assert_eq!((first.slots.len(), first.kept, first.from.as_str()), (1, true, "topic prices"));
    assert!(asked.try_recv().is_err(), "every connection to the broker brings it again");
    ear.hear(said(GOOD, false)).await;
    assert!(!offered(asked.try_recv().expect("said again")).kept, "somebody lives who publishes");
    ear.hear(said(DEARER, true)).await;
    assert_ne!(offered(asked.try_recv().expect("something else")).slots, first.slots);
}

#[tokio::test]
async fn what_has_faults_is_told_with_what_is_wrong() {
    let (mut ear, asked) = ear();
    let many: Vec<String> = (0..=MOST_SLOTS)
        .map(|n| {
            let at = |n: usize| {
                jiff::Timestamp::from_second(1_800_000_000 + 300 * i64::try_from(n).expect("small"))
                    .expect("an instant")
            };
            format!(r#"{{"start": "{}", "end": "{}", "price": 1}}"#, at(n), at(n + 1))
        })
        .collect();
    let many = format!(r#"{{"unit": "EUR/MWh", "prices": [{}]}}"#, many.join(","));
    let twice =
        GOOD.replace("]}", r#", {"start": "2027-01-15T08:30:00Z", "end": "2027-01-15T09:30:00Z", "price": 81}]}"#);
    for (text, wanted) in [
        ("{", "these are no prices: "),
        (&GOOD.replace("EUR", "USD"), "must be EUR/kWh or EUR/MWh"),
        (&GOOD.replace("unit", "units"), "unknown field `units`"),
        (&twice, "two slots overlap"),
        (r#"{"unit": "EUR/MWh", "prices": []}"#, "`prices` has no slot"),
        (&GOOD.replace(r#""prices""#, r#""published": "today", "prices""#), "`published`: `today` is no time"),
        (&many, "2017 slots are more than 2016"),
    ] {
        ear.hear(said(text, false)).await;
        let why = refused(asked.try_recv().expect("told"));
        assert!(why.contains(wanted), "{why}");
    }
    ear.hear(Heard { text: Ok(vec![0xFF, 0xFE]), published: None, kept: false }).await;
    assert!(refused(asked.try_recv().expect("told")).contains("UTF-8"));
}

/// What control is asked within ten seconds.
async fn next(asked: &mpsc::Receiver<Ask>) -> Ask {
    for _ in 0..1000 {
        if let Ok(ask) = asked.try_recv() {
            return ask;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("control is asked nothing");
}

fn written(path: &Path) -> i64 {
    look(path).expect("there").0
}

#[tokio::test]
async fn a_file_is_read_at_once_and_again_whenever_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("day-ahead.json");
    fs::write(&path, GOOD).expect("writes");
    let (ear, asked) = ear();
    let watcher = tokio::spawn(watch(path.clone(), Duration::from_millis(20), ear));
    let first = offered(next(&asked).await);
    assert_eq!(first.published, Some(Wall(written(&path))), "it is as old as the file");
    fs::write(&path, &GOOD[..40]).expect("writes");
    assert!(refused(next(&asked).await).contains("these are no prices"));
    fs::write(&path, DEARER).expect("writes");
    assert_ne!(offered(next(&asked).await).slots, first.slots);
    fs::remove_file(&path).expect("removes");
    assert!(refused(next(&asked).await).contains("cannot be read"));
    assert!(asked.try_recv().is_err(), "told once");
    fs::write(&path, GOOD).expect("writes");
    assert_eq!(offered(next(&asked).await).slots, first.slots);
    watcher.abort();
}

#[tokio::test]
async fn who_publishes_the_same_again_and_again_is_heard_once_in_a_while_and_nothing_else_is_lost() {
    let (ear, asked) = ear();
    let (sender, heard) = channel(WAITING);
    for text in [GOOD, GOOD, "{", DEARER, GOOD, DEARER] {
        sender.try_send(said(text, false)).expect("room");
    }
    drop(sender);
    attend(heard, Duration::ZERO, ear).await;
    let asks: Vec<Ask> = asked.try_iter().collect();
    let kinds: Vec<_> = asks.iter().map(|ask| matches!(ask, Ask::Prices(_))).collect();
    assert_eq!(kinds, [false, true, true], "one with a fault, and the last of each of two");
    let price = |ask: &Ask| offered(ask.clone()).slots[0].price.expect("a price").to_string();
    assert_eq!((price(&asks[1]), price(&asks[2])), ("0.08".to_owned(), "0.8".to_owned()));
}

/// A shipped site with these lines of `[prices]`.
fn site(folder: &Path, hall: &str, more: &str) -> Result<Loaded, String> {
    let shipped = fs::read_to_string(format!("config/{hall}.toml")).expect("readable");
    let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tariffs/weser-rlm.toml");
    let file = folder.join("site.toml");
    let text = format!("{shipped}\n[tariff]\nfile = {tariff:?}\n[prices]\n{more}\n");
    fs::write(&file, text).expect("writes");
    let sources = crate::service::config::Sources { file, env: Vec::new(), flags: Vec::new() };
    crate::service::config::load(&sources).map_err(|faults| faults.to_string())
}

#[test]
fn a_bad_file_of_prices_stops_no_hall_and_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = site(folder.path(), "bench", "file = \"day-ahead.json\"").expect("a hall is cooled without prices");
    let told = doubt(&loaded).expect("it is not there").to_string();
    assert!(told.contains("day-ahead.json") && told.contains("cannot be read"), "{told}");
    fs::write(folder.path().join("day-ahead.json"), GOOD.replace("EUR", "USD")).expect("writes");
    let told = doubt(&loaded).expect("another currency").to_string();
    assert!(told.contains("must be EUR/kWh") && told.contains("read again when it changes"), "{told}");
    fs::write(folder.path().join("day-ahead.json"), GOOD).expect("writes");
    assert_eq!(doubt(&loaded), None);
}

#[test]
fn prices_have_a_topic_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = site(folder.path(), "air", "topic = \"prices/day-ahead\"").expect("loads");
    let (topic, _) = loaded.bindings.mqtt.iter().flat_map(|device| &device.topics).next().expect("sensors on MQTT");
    let told = site(folder.path(), "air", &format!("topic = {topic:?}")).map(drop).expect_err("refused");
    assert!(told.contains(&format!("a device speaks on `{topic}` already")) && told.contains("site.toml:"), "{told}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Whatever comes is taken in order and without overlap, or refused with a reason.
    #[test]
    fn nothing_that_is_published_breaks_anything(
        cut in 0_usize..200, with in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..6), keep in 0_usize..12,
    ) {
        let at = cut.min(GOOD.len());
        let mut text = GOOD.as_bytes()[..at].to_vec();
        text.extend(&with);
        text.extend(&GOOD.as_bytes()[(at + keep).min(GOOD.len())..]);
        match read(&text, "EUR") {
            Ok(said) => proptest::prop_assert!(said.prices.slots().iter().all(|slot| slot.from < slot.to)),
            Err(why) => proptest::prop_assert!(!why.is_empty()),
        }
    }
}
