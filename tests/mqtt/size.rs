//! Messages that are too large.

use plant::reading::Why;
use serde_json::{Value, json};
use wattloop::adapters::mqtt::{Asked, Incoming, MAX_PACKET, MqttConfig};
use wattloop::service::broker::Broker;

use super::commands::with_overrides;
use super::rig::{Peer, Rig, eventually, options};

const SET: &str = "wattloop/v1/hall/point/crah-1/fan-speed/set";

pub async fn a_mebibyte_neither_disconnects_nor_disturbs(url: &str, peer: &Peer, config: &MqttConfig) {
    assert_eq!(config.url, url);
    let large = vec![b'7'; 1 << 20];
    peer.say("s/large", large.clone(), true).await;
    peer.say(SET, large.clone(), true).await;
    let rig = Rig::start(config, &["s/large", "s/small"]);
    let reply = peer.hears(&format!("{SET}/reply")).await;
    assert_eq!(serde_json::from_str::<Value>(&reply).expect("JSON"), json!({ "id": null, "code": "too_large" }));
    eventually("both came", || rig.mqtt.counts().too_large >= 2).await;
    assert_eq!(rig.sample(0).value, Err(Why::NeverRead), "a kept message of unknown age");
    peer.say("s/large", large, false).await;
    eventually("no number", || rig.sample(0).value == Err(Why::NotANumber)).await;
    for n in 0..20 {
        peer.say("s/small", n.to_string(), false).await;
        eventually("the other sensor", || rig.sample(1).value == Ok(f64::from(n))).await;
    }
    assert!(rig.mqtt.counts().connected);
    assert_eq!(rig.mqtt.counts().reconnects, 0);
}

pub async fn the_subscription_beyond_the_limit_is_given_up(peer: &Peer, config: &MqttConfig) {
    peer.say("s/bad", vec![b'7'; MAX_PACKET + 1000], true).await;
    let mut rig = Rig::start(config, &["s/a", "s/b", "s/bad", "s/c", "s/d"]);
    assert_eq!(rig.next().await, Incoming::SubscriptionDropped { topic: "s/bad".to_owned() });
    for (n, topic) in [(0, "s/a"), (1, "s/b"), (3, "s/c"), (4, "s/d")] {
        let heard = || {
            rig.sample(n).value == Ok(20.0) || {
                peer.mention(topic, "20");
                false
            }
        };
        eventually(topic, heard).await;
    }
    let counts = rig.mqtt.counts();
    assert!(counts.connected);
    assert_eq!(counts.dropped_subscriptions, 1);
    assert!(counts.oversized >= 2, "never on the first offence");
    assert!(rig.say("event", "still talking", false));
    eventually("arrived", || rig.mqtt.counts().depth == 0).await;
}

/// A message that is sent, not kept, so that the next connection tells nothing about it.
pub async fn a_live_message_beyond_the_limit_costs_two_connections_and_its_subscription(
    peer: &Peer,
    config: &MqttConfig,
) {
    let topics = ["s/a", "s/b", "s/live-bad", "s/c", "s/d"];
    let mut rig = Rig::start(config, &topics);
    let good = [(0, "s/a"), (1, "s/b"), (3, "s/c"), (4, "s/d")];
    for round in 0..2_u32 {
        let value = f64::from(round);
        for (n, topic) in good {
            let heard = || {
                rig.sample(n).value == Ok(value) || {
                    peer.mention(topic, &value.to_string());
                    false
                }
            };
            eventually(topic, heard).await;
        }
        // Longer than a kept message would take to show itself.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        peer.say("s/live-bad", vec![b'7'; MAX_PACKET + 1000], false).await;
        eventually("the connection ends", || rig.mqtt.counts().oversized == u64::from(round) + 1).await;
    }
    assert_eq!(rig.next().await, Incoming::SubscriptionDropped { topic: "s/live-bad".to_owned() });
    rig.connected().await;
    let reconnects = rig.mqtt.counts().reconnects;
    peer.say("s/live-bad", vec![b'7'; MAX_PACKET + 1000], false).await;
    for (n, topic) in good {
        let heard = || {
            rig.sample(n).value == Ok(30.0) || {
                peer.mention(topic, "30");
                false
            }
        };
        eventually(topic, heard).await;
    }
    let counts = rig.mqtt.counts();
    assert_eq!((counts.oversized, counts.dropped_subscriptions, counts.reconnects), (2, 1, reconnects));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_packet_beyond_the_limit_costs_its_own_subscription_only() {
    let broker = Broker::start(0).await.expect("starts");
    let peer = Peer::connect(options("peer", broker.address().port()), &[]).await;
    let config = MqttConfig::to(&broker.url());
    a_live_message_beyond_the_limit_costs_two_connections_and_its_subscription(&peer, &config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_mebibyte_neither_disconnects_nor_disturbs() {
    let broker = Broker::start(0).await.expect("starts");
    let (config, _dir) = with_overrides(&broker.url(), "x");
    let peer = Peer::connect(options("peer", broker.address().port()), &["wattloop/v1/hall/point/+/+/set/reply"]).await;
    a_mebibyte_neither_disconnects_nor_disturbs(&broker.url(), &peer, &config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_packet_beyond_the_limit_costs_its_own_subscription_only() {
    let broker = Broker::start(0).await.expect("starts");
    let peer = Peer::connect(options("peer", broker.address().port()), &[]).await;
    the_subscription_beyond_the_limit_is_given_up(&peer, &MqttConfig::to(&broker.url())).await;
}

fn request(client: &str) -> String {
    format!("wattloop/v1/hall/budget/{client}/request")
}

/// Says what a scheduler says until it comes through; what else comes meanwhile.
async fn is_heard(rig: &mut Rig, peer: &Peer, client: &str) -> Vec<Incoming> {
    let mut others = Vec::new();
    for _ in 0..120 {
        peer.say(&request(client), "{}", false).await;
        while let Ok(Some(incoming)) =
            tokio::time::timeout(std::time::Duration::from_millis(500), rig.incoming.recv()).await
        {
            if matches!(&incoming, Incoming::Asked(Asked { client: from, .. }) if from == client) {
                return others;
            }
            others.push(incoming);
        }
    }
    panic!("{client} is not heard: {others:?}");
}

/// A scheduler sends what ends our connections: live twice, or kept by the broker. It is not heard any more, and every other is.
pub async fn one_scheduler_that_speaks_too_large_costs_nobody_else_anything(url: &str, peer: &Peer) {
    let config = MqttConfig { budgets: vec!["loud".to_owned(), "slurm".to_owned()], ..MqttConfig::to(url) };
    let large = vec![b'7'; MAX_PACKET + 1000];
    let dropped = Incoming::SubscriptionDropped { topic: request("loud") };
    let mut rig = Rig::start(&config, &[]);
    for round in 0..2_u64 {
        assert_eq!(is_heard(&mut rig, peer, "slurm").await, []);
        // Longer than a kept message would take to show itself.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        peer.say(&request("loud"), large.clone(), false).await;
        eventually("the connection ends", || rig.mqtt.counts().oversized == round + 1).await;
    }
    assert_eq!(is_heard(&mut rig, peer, "slurm").await, std::slice::from_ref(&dropped));
    let reconnects = rig.mqtt.counts().reconnects;
    peer.say(&request("loud"), large.clone(), false).await;
    assert_eq!(is_heard(&mut rig, peer, "slurm").await, []);
    assert_eq!((rig.mqtt.counts().oversized, rig.mqtt.counts().reconnects), (2, reconnects));
    drop(rig);

    peer.say(&request("loud"), large, true).await;
    let mut rig = Rig::start(&MqttConfig { client_id: "kept".to_owned(), ..config }, &[]);
    assert_eq!(is_heard(&mut rig, peer, "slurm").await, [dropped]);
    peer.say(&request("loud"), "", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scheduler_that_ends_connections_is_not_heard_and_all_others_are() {
    let broker = Broker::start(0).await.expect("starts");
    let peer = Peer::connect(options("peer", broker.address().port()), &[]).await;
    one_scheduler_that_speaks_too_large_costs_nobody_else_anything(&broker.url(), &peer).await;
}

/// Nobody reads what comes in: requests for which there is no room are known, and can be answered.
#[tokio::test(flavor = "multi_thread")]
async fn requests_for_which_there_is_no_room_are_put_aside_and_none_is_lost_in_silence() {
    let broker = Broker::start(0).await.expect("starts");
    let peer = Peer::connect(options("peer", broker.address().port()), &[]).await;
    let config = MqttConfig { budgets: vec!["slurm".to_owned()], ..MqttConfig::to(&broker.url()) };
    let mut rig = Rig::start(&config, &[]);
    is_heard(&mut rig, &peer, "slurm").await;
    for n in 0..300 {
        peer.say(&request("slurm"), n.to_string(), false).await;
    }
    peer.say(&request("slurm"), "kept", true).await;
    let mut aside = Vec::new();
    let begun = std::time::Instant::now();
    while aside.len() < 44 {
        assert!(begun.elapsed() < super::rig::PATIENCE, "{} are known", aside.len());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        aside.extend(rig.mqtt.passed_over());
    }
    let said = |of: &Asked| String::from_utf8(of.payload.clone().expect("small")).expect("text");
    let mut all: Vec<String> = aside.iter().map(said).collect();
    while let Ok(incoming) = rig.incoming.try_recv() {
        let Incoming::Asked(of) = incoming else { panic!("{incoming:?}") };
        all.push(said(&of));
    }
    all.retain(|text| text.parse::<u32>().is_ok());
    all.sort_by_key(|text| text.parse::<u32>().expect("a number"));
    assert_eq!(all, (0..300).map(|n| n.to_string()).collect::<Vec<_>>());
}
