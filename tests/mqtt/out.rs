//! States out, and what the broker says of us when we are gone.

use wattloop::adapters::mqtt::MqttConfig;
use wattloop::service::broker::Broker;

use super::rig::{PATIENCE, Peer, Rig, eventually, options};

const STATUS: &str = "wattloop/v1/hall/status";
const OFFLINE: &str = r#"{"state":"offline"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_kept_and_turns_offline_when_we_vanish() {
    let broker = Broker::start(0).await.expect("starts");
    let port = broker.address().port();
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &[]);
    rig.say("status", r#"{"state":"ready"}"#, true);
    eventually("arrived", || rig.mqtt.counts().connected && rig.mqtt.counts().depth == 0).await;
    let peer = Peer::connect(options("watcher", port), &[STATUS]).await;
    peer.hears_last(STATUS, r#"{"state":"ready"}"#).await;
    drop(rig);
    peer.hears_last(STATUS, OFFLINE).await;
    let late = Peer::connect(options("late", port), &[STATUS]).await;
    late.hears_last(STATUS, OFFLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_says_everything_and_then_offline() {
    let broker = Broker::start(0).await.expect("starts");
    let peer = Peer::connect(options("watcher", broker.address().port()), &["wattloop/#"]).await;
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &[]);
    rig.connected().await;
    rig.say("status", r#"{"state":"ready"}"#, true);
    for n in 0..500 {
        assert!(rig.say("event", &n.to_string(), false));
    }
    assert!(rig.mqtt.stop(PATIENCE).await, "not everything arrived");
    assert!(!rig.say("status", r#"{"state":"ready"}"#, true), "nothing is said after a farewell");
    assert!(rig.mqtt.stop(PATIENCE).await, "a second stop is none");
    peer.hears_last(STATUS, OFFLINE).await;
    let events = peer.heard("wattloop/v1/hall/event");
    assert_eq!(events, (0..500).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(peer.heard(STATUS).iter().filter(|s| *s == OFFLINE).count(), 1, "no last will after a farewell");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_without_a_broker_ends_in_time_and_says_so() {
    let broker = Broker::start(0).await.expect("starts");
    let url = broker.url();
    broker.stop().await;
    let rig = Rig::start(&MqttConfig::to(&url), &[]);
    rig.say("event", "lost", false);
    assert!(!rig.mqtt.stop(std::time::Duration::from_millis(300)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_said_again_to_a_broker_that_forgot_them() {
    let broker = Broker::start(0).await.expect("starts");
    let port = broker.address().port();
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &[]);
    rig.say("alarm/inlet-high", "on", true);
    rig.say("alarm/inlets-lost", "on", true);
    eventually("arrived", || rig.mqtt.counts().connected && rig.mqtt.counts().depth == 0).await;
    broker.stop().await;
    eventually("the end is noticed", || !rig.mqtt.counts().connected).await;
    rig.say("alarm/inlets-lost", "", true);
    for n in 0..100 {
        rig.say("status", &n.to_string(), true);
    }
    let broker = Broker::start(port).await.expect("starts again");
    eventually("arrived", || rig.mqtt.counts().connected && rig.mqtt.counts().depth == 0).await;
    let peer = Peer::connect(options("late", port), &["wattloop/#"]).await;
    peer.hears_last(STATUS, "99").await;
    peer.hears_last("wattloop/v1/hall/alarm/inlet-high", "on").await;
    assert!(peer.heard("wattloop/v1/hall/alarm/inlets-lost").is_empty(), "the alarm is over");
    assert_eq!(peer.heard(STATUS).len(), 1);
    broker.stop().await;
}
