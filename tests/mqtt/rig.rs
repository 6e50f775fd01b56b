//! An adapter under test, and somebody at the other side of the broker.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plant::bind::{Bound, MqttDevice};
use plant::device::{DeviceMap, Topic};
use plant::hall::Kind;
use plant::id::{EquipId, Id, PointId};
use plant::image::Inputs;
use plant::reading::Sample;
use plant::time::{Mono, Span, Wall};
use plant::units::{Affine, Unit};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS};
use tokio::sync::mpsc;
use wattloop::adapters::mqtt::{Incoming, Mqtt, MqttConfig, MqttFault, Publication, Qos, WallClock, start};
use wattloop::adapters::{Field, Shared};

/// Generous: nothing waits this long unless it fails.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The wall time at which every test starts (ms).
pub const EPOCH: i64 = 1_800_000_000_000;
/// An hour has passed since the run began, so that sources may be old.
const HEAD_START: Span = Span::from_secs(3600);

/// The adapter with its image.
/// The topic on which prices come.
pub const PRICES: &str = "prices/day-ahead";

pub struct Rig {
    pub mqtt: Mqtt,
    pub incoming: mpsc::Receiver<Incoming>,
    field: Field,
    points: usize,
}

impl Rig {
    /// Starts the adapter for site `hall` with one sensor a topic; a topic with `json` in it carries `{"v", "ts"}`.
    pub fn start(config: &MqttConfig, topics: &[&str]) -> Self {
        Self::try_start(config, topics).expect("starts")
    }

    pub fn try_start(config: &MqttConfig, topics: &[&str]) -> Result<Self, MqttFault> {
        let since = Instant::now();
        let stamp = move || Mono(0).after(HEAD_START).after(Span::from_duration(since.elapsed()));
        let passed = move || i64::try_from(since.elapsed().as_millis()).expect("short");
        let wall: WallClock = Arc::new(move || Some(Wall(EPOCH + passed())));
        let shared = Shared::new(topics.len(), Arc::new(stamp));
        let (mqtt, incoming) = start(config, ("hall", Some(PRICES)), &[device(topics)], Arc::clone(&shared), wall)?;
        Ok(Self { mqtt, incoming, field: Field::new(shared), points: topics.len() })
    }

    pub fn sample(&self, point: usize) -> Sample {
        let mut inputs = Inputs::unread(self.points);
        self.field.freeze(0, Duration::ZERO, &mut inputs);
        inputs.samples[PointId::from_index(point)]
    }

    pub async fn connected(&self) {
        eventually("connected", || self.mqtt.counts().connected).await;
    }

    pub fn say(&self, topic: &str, payload: &str, retain: bool) -> bool {
        let qos = Qos::AtLeastOnce;
        self.mqtt.publish(Publication { topic: topic.to_owned(), payload: payload.into(), retain, qos })
    }

    pub async fn next(&mut self) -> Incoming {
        tokio::time::timeout(PATIENCE, self.incoming.recv()).await.expect("in time").expect("the adapter lives")
    }
}

fn device(topics: &[&str]) -> MqttDevice {
    let entry = |topic: &&str| Topic {
        point: "value".to_owned(),
        topic: (*topic).to_owned(),
        pointer: if topic.contains("json") { "/v".to_owned() } else { String::new() },
        time_pointer: if topic.contains("json") { "/ts".to_owned() } else { String::new() },
        scale: 1.0,
        offset: 0.0,
        unit: Unit::Cel,
        min: -10.0,
        max: 80.0,
        place: (1, 1),
    };
    let bound = |n| Bound { point: PointId::from_index(n), to_canonical: Affine { scale: 1.0, offset: 0.0 } };
    let map = DeviceMap {
        id: "sensor".to_owned(),
        kind: Kind::Rack,
        vendor: String::new(),
        model: String::new(),
        comm_loss: None,
        identity: Vec::new(),
        registers: Vec::new(),
        topics: topics.iter().map(entry).collect(),
    };
    let topics = topics.iter().enumerate().map(|(n, t)| ((*t).to_owned(), bound(n))).collect();
    MqttDevice { equip: EquipId::from_index(0), map: Arc::new(map), topics }
}

/// Waits until it is so.
pub async fn eventually(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A client of the broker that hears everything and says what it is told to.
pub struct Peer {
    client: AsyncClient,
    heard: Arc<Mutex<Vec<Publish>>>,
    acknowledged: Arc<Mutex<u64>>,
    granted: Arc<Mutex<u64>>,
    task: tokio::task::JoinHandle<()>,
}

impl Peer {
    /// Connects and subscribes to `filters`; comes back by itself when the broker does.
    pub async fn connect(options: MqttOptions, filters: &[&str]) -> Self {
        Self::connect_at(options, filters, QoS::AtLeastOnce).await
    }

    /// The same at another quality of service.
    pub async fn connect_at(mut options: MqttOptions, filters: &[&str], qos: QoS) -> Self {
        options.set_max_packet_size(32 << 20, 32 << 20);
        let (client, mut eventloop) = AsyncClient::new(options, 64);
        let (heard, acknowledged, granted) = (Arc::<Mutex<Vec<Publish>>>::default(), Arc::default(), Arc::default());
        let (into, count, grants): (_, Arc<Mutex<u64>>, Arc<Mutex<u64>>) =
            (Arc::clone(&heard), Arc::clone(&acknowledged), Arc::clone(&granted));
        let wanted: Vec<String> = filters.iter().map(|f| (*f).to_owned()).collect();
        let asking = client.clone();
        let task = tokio::spawn(async move {
            loop {
                match eventloop.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        for filter in &wanted {
                            asking.try_subscribe(filter, qos).expect("room");
                        }
                    }
                    Ok(Event::Incoming(Packet::Publish(message))) => into.lock().expect("whole").push(message),
                    Ok(Event::Incoming(Packet::PubAck(_))) => *count.lock().expect("whole") += 1,
                    Ok(Event::Incoming(Packet::SubAck(_))) => *grants.lock().expect("whole") += 1,
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let peer = Self { client, heard, acknowledged, granted, task };
        let all = u64::try_from(filters.len()).expect("few");
        eventually("subscribed", || *peer.granted.lock().expect("whole") >= all).await;
        peer
    }

    /// Says something and waits until the broker has it.
    pub async fn say(&self, topic: &str, payload: impl Into<Vec<u8>>, retain: bool) {
        let before = *self.acknowledged.lock().expect("whole");
        self.client.publish(topic, QoS::AtLeastOnce, retain, payload.into()).await.expect("queued");
        eventually("acknowledged", || *self.acknowledged.lock().expect("whole") > before).await;
    }

    /// Has the broker keep all of this, each for sure.
    pub async fn keep(&self, all: Vec<(String, String)>) {
        let (before, many) = (*self.acknowledged.lock().expect("whole"), all.len());
        for (topic, payload) in all {
            self.client.publish(topic, QoS::AtLeastOnce, true, payload).await.expect("queued");
        }
        eventually("acknowledged", || usize::try_from(*self.acknowledged.lock().expect("whole") - before) == Ok(many))
            .await;
    }

    /// Says something once, as a sensor does; it may be lost.
    pub fn mention(&self, topic: &str, payload: &str) {
        drop(self.client.try_publish(topic, QoS::AtMostOnce, false, payload));
    }

    /// Everything heard on a topic, as text.
    pub fn heard(&self, topic: &str) -> Vec<String> {
        let heard = self.heard.lock().expect("whole");
        let text = |m: &Publish| String::from_utf8_lossy(&m.payload).into_owned();
        heard.iter().filter(|m| m.topic == topic).map(text).collect()
    }

    /// Everything heard below a topic: the rest of its topic, whether the broker had kept it, and how sure it was.
    pub fn delivered(&self, below: &str) -> Vec<(String, bool, QoS)> {
        let heard = self.heard.lock().expect("whole");
        heard.iter().filter_map(|m| Some((m.topic.strip_prefix(below)?.to_owned(), m.retain, m.qos))).collect()
    }

    /// Of everything heard on a topic at which quality of service it came, and whether it was kept before.
    pub fn came(&self, topic: &str) -> Vec<(QoS, bool)> {
        let heard = self.heard.lock().expect("whole");
        heard.iter().filter(|m| m.topic == topic).map(|m| (m.qos, m.retain)).collect()
    }

    /// Waits until something is heard on a topic; gives the last of it.
    pub async fn hears(&self, topic: &str) -> String {
        eventually(topic, || !self.heard(topic).is_empty()).await;
        self.heard(topic).pop().expect("heard")
    }

    /// Waits until exactly this is the last that was heard on a topic.
    pub async fn hears_last(&self, topic: &str, payload: &str) {
        eventually(topic, || self.heard(topic).last().is_some_and(|last| last == payload)).await;
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn options(id: &str, port: u16) -> MqttOptions {
    MqttOptions::new(id, "127.0.0.1", port)
}
