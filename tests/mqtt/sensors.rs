//! Sensors in.

use plant::reading::Why;
use wattloop::adapters::mqtt::{Incoming, MAX_PAYLOAD, MqttConfig};
use wattloop::service::broker::Broker;

use super::rig::{EPOCH, PRICES, Peer, Rig, eventually, options};

#[tokio::test(flavor = "multi_thread")]
async fn a_sensors_number_becomes_a_sample_and_its_age_is_kept() {
    let broker = Broker::start(0).await.expect("starts");
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &["s/plain", "s/json"]);
    let peer = Peer::connect(options("gateway", broker.address().port()), &[]).await;
    rig.connected().await;
    eventually("a plain sample", || {
        rig.sample(0).value == Ok(21.5) || {
            peer.mention("s/plain", "21.5");
            false
        }
    })
    .await;

    let payload = format!(r#"{{"v":22.5,"ts":{}}}"#, EPOCH - 60_000);
    eventually("a dated sample", || {
        rig.sample(1).value == Ok(22.5) || {
            peer.mention("s/json", &payload);
            false
        }
    })
    .await;
    let age = rig.sample(0).at.since(rig.sample(1).at);
    assert!(age.seconds() >= 59.0, "a minute-old reading looks {age} old");
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_is_no_number_and_does_not_disturb_the_others() {
    let broker = Broker::start(0).await.expect("starts");
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &["s/a", "s/json", "s/c"]);
    let peer = Peer::connect(options("gateway", broker.address().port()), &[]).await;
    rig.connected().await;
    eventually("subscribed", || {
        rig.sample(2).value == Ok(20.0) || {
            peer.mention("s/c", "20");
            false
        }
    })
    .await;
    let deep = "[".repeat(100_000);
    for junk in [&b""[..], b"NaN", b"\xff\xfe", br#"{"v":1,"v":2}"#, deep.as_bytes(), b"1e999", b"{}", b"null"] {
        peer.say("s/a", junk, false).await;
        peer.say("s/json", junk, false).await;
        eventually("a bad sample", || rig.sample(0).value == Err(Why::NotANumber)).await;
        peer.say("s/a", "19", false).await;
        eventually("a good one again", || rig.sample(0).value == Ok(19.0)).await;
    }
    assert!(matches!(rig.sample(1).value, Err(Why::NotANumber | Why::Clock)));
    assert_eq!(rig.sample(2).value, Ok(20.0));
    assert_eq!(rig.mqtt.counts().reconnects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_number_of_unknown_age_is_not_used() {
    let broker = Broker::start(0).await.expect("starts");
    let peer = Peer::connect(options("gateway", broker.address().port()), &[]).await;
    peer.say("s/plain", "21.5", true).await;
    peer.say("s/json", format!(r#"{{"v":22.5,"ts":{}}}"#, EPOCH - 5_000), true).await;
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &["s/plain", "s/json"]);
    eventually("the dated one", || rig.sample(1).value == Ok(22.5)).await;
    eventually("the other came too", || rig.mqtt.counts().unknown_age == 1).await;
    assert_eq!(rig.sample(0).value, Err(Why::NeverRead));
    peer.say("s/plain", "21.5", false).await;
    eventually("a live one", || rig.sample(0).value == Ok(21.5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_come_back_after_the_broker_was_restarted() {
    let broker = Broker::start(0).await.expect("starts");
    let port = broker.address().port();
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &["s/plain"]);
    rig.connected().await;
    broker.stop().await;
    eventually("the end is noticed", || !rig.mqtt.counts().connected).await;
    let broker = Broker::start(port).await.expect("starts again");
    let peer = Peer::connect(options("gateway", port), &[]).await;
    eventually("a sample", || {
        rig.sample(0).value == Ok(18.0) || {
            peer.mention("s/plain", "18");
            false
        }
    })
    .await;
    assert_eq!(rig.mqtt.counts().reconnects, 1);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_come_to_the_service_with_whether_the_broker_had_kept_them() {
    let broker = Broker::start(0).await.expect("starts");
    let peer = Peer::connect(options("prices", broker.address().port()), &[]).await;
    peer.say(PRICES, "yesterday's", true).await;
    let mut rig = Rig::start(&MqttConfig::to(&broker.url()), &[]);
    let prices = |text: &str, kept| Incoming::Prices { payload: Some(text.into()), kept };
    assert_eq!(rig.next().await, prices("yesterday's", true));
    // To whom listens already the broker says it as it is said, and keeps it.
    peer.say(PRICES, "today's", true).await;
    assert_eq!(rig.next().await, prices("today's", false));
    peer.say(PRICES, "", true).await;
    peer.say(PRICES, "x".repeat(MAX_PAYLOAD + 1), false).await;
    assert_eq!(rig.next().await, Incoming::Prices { payload: None, kept: false }, "taking it away says nothing");
}
