//! The broker that the demo brings along, driven by rumqttc and by mosquitto's clients.

use std::process::{Command, Stdio};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, Publish, QoS};
use wattloop::service::broker::Broker;

const PATIENCE: Duration = Duration::from_secs(20);

fn client(broker: &Broker, id: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(id, "127.0.0.1", broker.address().port());
    options.set_max_packet_size(8 << 20, 8 << 20);
    options.set_last_will(LastWill::new(format!("wills/{id}"), "gone", QoS::AtLeastOnce, true));
    AsyncClient::new(options, 64)
}

async fn next_message(eventloop: &mut EventLoop) -> Publish {
    let wait = async {
        loop {
            if let Event::Incoming(Packet::Publish(message)) = eventloop.poll().await.expect("connected") {
                return message;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("a message in time")
}

async fn until(eventloop: &mut EventLoop, wanted: fn(&Packet) -> bool) {
    let wait = async {
        loop {
            if let Event::Incoming(packet) = eventloop.poll().await.expect("connected")
                && wanted(&packet)
            {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the packet in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retained_message_and_a_last_will_reach_a_client_that_comes_later() {
    let broker = Broker::start(0).await.expect("starts");
    let (sender, mut sending) = client(&broker, "sender");
    sender.publish("a/b", QoS::AtLeastOnce, true, "kept").await.expect("queued");
    until(&mut sending, |p| matches!(p, Packet::PubAck(_))).await;
    drop((sender, sending));

    let (reader, mut reading) = client(&broker, "reader");
    reader.subscribe("a/+", QoS::AtLeastOnce).await.expect("queued");
    let message = next_message(&mut reading).await;
    assert_eq!((message.topic.as_str(), &message.payload[..], message.retain), ("a/b", &b"kept"[..], true));

    reader.subscribe("wills/#", QoS::AtLeastOnce).await.expect("queued");
    let will = next_message(&mut reading).await;
    assert_eq!((will.topic.as_str(), &will.payload[..]), ("wills/sender", &b"gone"[..]));
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_retained_message_deletes_the_one_before() {
    let broker = Broker::start(0).await.expect("starts");
    let (sender, mut sending) = client(&broker, "sender");
    for payload in ["kept", ""] {
        sender.publish("a/b", QoS::AtLeastOnce, true, payload).await.expect("queued");
        until(&mut sending, |p| matches!(p, Packet::PubAck(_))).await;
    }
    let (reader, mut reading) = client(&broker, "reader");
    reader.subscribe("a/b", QoS::AtLeastOnce).await.expect("queued");
    until(&mut reading, |p| matches!(p, Packet::SubAck(_))).await;
    sender.publish("a/b", QoS::AtLeastOnce, false, "live").await.expect("queued");
    until(&mut sending, |p| matches!(p, Packet::PubAck(_))).await;
    let message = next_message(&mut reading).await;
    assert_eq!((&message.payload[..], message.retain), (&b"live"[..], false));
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_broker_frees_its_port_and_disconnects() {
    let broker = Broker::start(0).await.expect("starts");
    let port = broker.address().port();
    let (_client, mut eventloop) = client(&broker, "one");
    until(&mut eventloop, |p| matches!(p, Packet::ConnAck(_))).await;
    broker.stop().await;
    let ended = tokio::time::timeout(PATIENCE, async { while eventloop.poll().await.is_ok() {} }).await;
    assert!(ended.is_ok(), "the client was not disconnected");
    let again = Broker::start(port).await.expect("the port is free again");
    assert_eq!(again.address().port(), port);
    assert!(Broker::start(port).await.is_err(), "two brokers on one port");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mosquittos_clients_are_served() {
    if Command::new("mosquitto_pub").arg("--help").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var("WLTEST_PEERS").as_deref() != Ok("required"), "mosquitto_pub is missing");
        println!("skipped: mosquitto_pub is not installed");
        return;
    }
    let broker = Broker::start(0).await.expect("starts");
    let port = broker.address().port().to_string();
    for version in ["311", "5"] {
        let topic = format!("v/{version}");
        let run = |tool: &str, more: &[&str]| {
            let mut command = Command::new(tool);
            command.args(["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", "1", "-t", &topic]).args(more);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("runs")
        };
        let sent = tokio::task::block_in_place(|| run("mosquitto_pub", &["-r", "-m", "21.5"]).wait_with_output());
        assert!(sent.expect("ends").status.success());
        let got = tokio::task::block_in_place(|| run("mosquitto_sub", &["-C", "1", "-W", "20"]).wait_with_output());
        assert_eq!(String::from_utf8_lossy(&got.expect("ends").stdout).trim(), "21.5", "version {version}");
    }
    broker.stop().await;
}
