//! A broker that does what a script says, so that lost acknowledgements, odd orders and junk can be rehearsed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plant::time::Span;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wattloop::adapters::mqtt::{CAPACITY, Incoming, MqttConfig};

use super::commands::with_overrides;
use super::rig::{PATIENCE, Rig, eventually};

const CONNACK: &[u8] = &[0x20, 2, 0, 0];

/// The broker's end of one connection.
struct Line(TcpStream);

impl Line {
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("in time").expect("accepts");
        let mut line = Self(stream);
        let (kind, _) = line.packet().await.expect("a packet");
        assert_eq!(kind >> 4, 1, "CONNECT comes first");
        line.say(CONNACK).await;
        line
    }

    async fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("writes");
    }

    async fn acknowledge(&mut self, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.say(&[0x40, 2, high, low]).await;
    }

    /// The next packet: its first byte and its body.
    async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.0.read_u8().await.ok()?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = self.0.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        Some((kind, body))
    }

    /// The next QoS 1 publication: its packet id and payload. Grants subscriptions and answers pings on the way.
    async fn publication(&mut self) -> Option<(u16, String)> {
        loop {
            let (kind, body) = self.packet().await?;
            match kind >> 4 {
                3 => {
                    assert_eq!(kind & 0b110, 0b10, "QoS 1");
                    let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
                    let id = u16::from_be_bytes([body[topic + 2], body[topic + 3]]);
                    return Some((id, String::from_utf8(body[topic + 4..].to_vec()).expect("text")));
                }
                8 => self.say(&[0x90, 3, body[0], body[1], 0]).await,
                12 => self.say(&[0xd0, 0]).await,
                14 => return None,
                other => panic!("unexpected packet {other}"),
            }
        }
    }
}

async fn listen() -> (TcpListener, MqttConfig) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let url = format!("mqtt://{}", listener.local_addr().expect("bound"));
    (listener, MqttConfig::to(&url))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_acknowledged_is_said_again_in_order() {
    let (listener, config) = listen().await;
    let rig = Rig::start(&config, &[]);
    for n in 0..300 {
        assert!(rig.say("event", &n.to_string(), false));
    }
    let mut line = Line::accept(&listener).await;
    let mut first = Vec::new();
    for _ in 0..40 {
        first.push(line.publication().await.expect("a publication"));
    }
    let kept: Vec<_> = first.iter().step_by(2).cloned().collect();
    for (id, _) in kept.iter().rev() {
        line.acknowledge(*id).await;
    }
    eventually("the acknowledgements are seen", || rig.mqtt.counts().depth == 280).await;
    drop(line);

    let mut line = Line::accept(&listener).await;
    let mut second = Vec::new();
    for _ in 0..280 {
        let (id, payload) = line.publication().await.expect("a publication");
        line.acknowledge(id).await;
        second.push(payload);
    }
    let acknowledged: Vec<_> = kept.iter().map(|(_, payload)| payload.clone()).collect();
    let due: Vec<_> = (0..300).map(|n| n.to_string()).filter(|n| !acknowledged.contains(n)).collect();
    assert_eq!(second, due);
    eventually("all has arrived", || rig.mqtt.counts().depth == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_that_comes_last_holds_nothing_up_for_ever() {
    let (listener, config) = listen().await;
    let rig = Rig::start(&config, &[]);
    for n in 0..1000 {
        assert!(rig.say("event", &n.to_string(), false));
    }
    let mut line = Line::accept(&listener).await;
    let (late, first) = line.publication().await.expect("a publication");
    let mut heard = vec![first];
    while heard.len() < 1000 {
        // Packet ids come round and collide with the one that is still out: then, and only then, it is acknowledged.
        match tokio::time::timeout(Duration::from_secs(1), line.publication()).await {
            Ok(publication) => {
                let (id, payload) = publication.expect("still connected");
                heard.push(payload);
                line.acknowledge(id).await;
            }
            Err(_) => line.acknowledge(late).await,
        }
    }
    assert_eq!(heard, (0..1000).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(rig.mqtt.counts().reconnects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_up_is_not_hammered() {
    let (listener, config) = listen().await;
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let server = tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let rig = Rig::start(&config, &[]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let attempts = attempts.load(Ordering::SeqCst);
    assert!((1..=8).contains(&attempts), "{attempts} attempts in three seconds");
    assert!(!rig.mqtt.counts().connected);
    server.abort();
}

/// Two clients of one id: the broker accepts each and throws the other out, for ever. It is told, and not fought over.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_client_of_our_id_is_told_after_some_take_overs_and_not_fought() {
    let (listener, config) = listen().await;
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    let server = tokio::spawn(async move {
        loop {
            // Accepted and acknowledged; then the other one of the same id is there, and ours is closed.
            let mut line = Line::accept(&listener).await;
            count.fetch_add(1, Ordering::SeqCst);
            // As a broker does it reads what comes: a line closed over what was not read is reset, and tells nothing of who else is there.
            let read = async { while line.packet().await.is_some() {} };
            drop(tokio::time::timeout(Duration::from_millis(100), read).await);
        }
    });
    let mut rig = Rig::start(&config, &[]);
    let told = tokio::time::timeout(PATIENCE, rig.incoming.recv()).await.expect("told").expect("the adapter runs");
    let Incoming::Ousted { client, times } = told else { panic!("{told:?}") };
    assert_eq!((client.as_str(), times), (config.client_id.as_str(), 4));
    let before = accepted.load(Ordering::SeqCst);
    assert_eq!((before, rig.mqtt.counts().ousted), (4, 4));
    // The pause is a minute now: a client that fought would be back within the seconds of the usual ones.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(accepted.load(Ordering::SeqCst), before, "it does not come back at once");
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_falls_silent_is_left_for_a_new_connection() {
    let (listener, mut config) = listen().await;
    config.keep_alive = Span::from_secs(5);
    let rig = Rig::start(&config, &[]);
    let _silent = Line::accept(&listener).await;
    rig.say("event", "kept", false);
    let mut line = Line::accept(&listener).await;
    let (id, payload) = line.publication().await.expect("a publication");
    assert_eq!(payload, "kept");
    line.acknowledge(id).await;
    eventually("arrived", || rig.mqtt.counts().depth == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ipv6_address_is_reached() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        println!("skipped: this machine has no IPv6 loopback");
        return;
    };
    let url = format!("mqtt://{}", listener.local_addr().expect("bound"));
    let rig = Rig::start(&MqttConfig::to(&url), &[]);
    let _line = Line::accept(&listener).await;
    rig.connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refused_commands_does_not_crowd_out_our_events() {
    let (listener, config) = listen().await;
    let (overriding, _dir) = with_overrides(&config.url, "x");
    let rig = Rig::start(&overriding, &[]);
    let mut line = Line::accept(&listener).await;
    let topic = b"wattloop/v1/hall/point/e/p/set";
    let mut junk =
        vec![0x30, u8::try_from(topic.len()).expect("short") + 3, 0, u8::try_from(topic.len()).expect("short")];
    junk.extend(topic);
    junk.push(b'{');
    for _ in 0..5000 {
        line.say(&junk).await;
    }
    let malformed = || rig.mqtt.counts().refused.iter().any(|(code, n)| *code == "malformed" && *n == 5000);
    eventually("all refused", malformed).await;
    assert!(rig.mqtt.counts().depth < CAPACITY / 2);
    assert!(rig.say("event", "ours", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_from_the_broker_costs_the_connection_and_nothing_else() {
    let junk: [&[u8]; 10] = [
        &[0x00, 0x00],
        &[0xf0, 0x00],
        &[0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x40, 2, 0, 77],
        &[0x50, 2, 0xff, 0xff],
        &[0x62, 2, 0, 9],
        &[0x30, 4, 0xff, 0xff, b'a', b'b'],
        &[0x30, 5, 0, 2, 0xff, 0xfe, b'1'],
        &[0x36, 5, 0, 1, b'a', 0, 1],
        &[0x90, 3, 0, 1, 0x77],
    ];
    let mut tries: VecDeque<_> = VecDeque::new();
    for bytes in junk {
        tries.push_back(tokio::spawn(async move {
            let (listener, config) = listen().await;
            let rig = Rig::start(&config, &["s/a"]);
            let mut line = Line::accept(&listener).await;
            line.say(bytes).await;
            let mut line = Line::accept(&listener).await;
            line.say(b"\x30\x07\x00\x03s/a20").await;
            eventually("a sample", || rig.sample(0).value == Ok(20.0)).await;
        }));
    }
    for (n, one) in tries.into_iter().enumerate() {
        one.await.unwrap_or_else(|e| panic!("junk {n}: {e}"));
    }
}
