//! A whole hall's agents at once: two hundred nodes with eight hundred GPUs of the simulated hall, each with a connection of its own to the
//! broker, and the rules of the real agent behind it.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plant::gpu::{Condition, GpuSample, Milliwatts, PowerLimits, PowerReading, PowerSource, Uuid};
use plant::lease::{Grants, NodeReport};
use plant::time::{Mono, Span};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use sim_nvml::Board;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use wattloop::agent::hold::Bounds;
use wattloop::agent::node::Node;

/// How often a node reads and decides, and how often it reports: the agent's own.
const ROUND: Duration = Duration::from_millis(50);
const REPORT: Span = Span::from_millis(500);

const BOUNDS: Bounds = Bounds {
    failsafe: Milliwatts::from_watts(300),
    floor: Milliwatts::from_watts(200),
    ceiling: Milliwatts::from_watts(700),
    longest: Span::from_secs(60),
    assert_every: Span::from_secs(1),
};

/// All nodes of a hall.
pub struct Crowd {
    runtime: Option<Runtime>,
    /// What each GPU's node said of it last: what is enforced, read back, and what it draws (mW).
    said: Said,
}

type Said = Arc<Mutex<BTreeMap<Uuid, (u64, u64)>>>;

impl Crowd {
    /// Agents for every board in a folder, at a broker that lets `wattloop` hear them.
    pub fn gather(folder: &Path, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let since = Instant::now();
        let averages = std::env::var("WLTEST_SENSORS").is_ok_and(|kind| kind == "average");
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let name = entry.file_name().into_string().expect("a name");
            let board = Board::open(&entry.path().join("board")).expect("a board");
            let mut options = MqttOptions::new(&name, "127.0.0.1", port);
            options.set_max_packet_size(64 * 1024, 64 * 1024);
            let (client, mut events) = AsyncClient::new(options, 8);
            let (grants, taken) = mpsc::channel(8);
            let topic = format!("agent/{name}");
            let own = client.clone();
            let grant = format!("{topic}/grant");
            runtime.spawn(async move {
                loop {
                    match events.poll().await {
                        Ok(Event::Incoming(Packet::ConnAck(_))) => {
                            own.try_subscribe(&grant, QoS::AtLeastOnce).expect("room")
                        }
                        Ok(Event::Incoming(Packet::Publish(message))) => {
                            let grants_in: Grants = serde_json::from_slice(&message.payload).expect("grants");
                            drop(grants.try_send(grants_in));
                        }
                        Ok(_) => {}
                        Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                    }
                }
            });
            let (node, said) = (Node::new(BOUNDS), VecDeque::new());
            let agent = Agent { name, board, averages, node, said, seq: 0, since, reported: None };
            runtime.spawn(agent.run(client, taken));
        }
        let said = Said::default();
        runtime.spawn(tap(port, Arc::clone(&said)));
        Self { runtime: Some(runtime), said }
    }

    /// What all GPUs may draw and draw, as their nodes said last (W), and how many have been heard.
    pub fn total(&self) -> (f64, f64, usize) {
        let said = self.said.lock().expect("whole");
        let watts = |milliwatts: u64| f64::from(u32::try_from(milliwatts).expect("a few kW")) / 1e3;
        let (caps, draws) =
            said.values().fold((0.0, 0.0), |(caps, draws), (cap, draw)| (caps + watts(*cap), draws + watts(*draw)));
        (caps, draws, said.len())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Listens to what all nodes say.
async fn tap(port: u16, said: Said) {
    let mut options = MqttOptions::new("tap", "127.0.0.1", port);
    options.set_max_packet_size(64 * 1024, 64 * 1024);
    let (client, mut events) = AsyncClient::new(options, 8);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                client.try_subscribe("agent/+/sample", QoS::AtMostOnce).expect("room")
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                let report: NodeReport = serde_json::from_slice(&message.payload).expect("a report");
                let mut said = said.lock().expect("whole");
                for gpu in &report.gpus {
                    let of = |value: Option<Milliwatts>| value.map_or(u64::from(u32::MAX), |m| m.0);
                    said.insert(gpu.uuid, (of(gpu.enforced), of(gpu.power)));
                }
            }
            Ok(_) => {}
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// One node: what the agent's working half does, on a board that is read directly.
struct Agent {
    name: String,
    board: Board,
    /// Boards tell the mean of a second only.
    averages: bool,
    node: Node,
    said: VecDeque<(u64, Mono)>,
    seq: u64,
    since: Instant,
    reported: Option<Mono>,
}

impl Agent {
    async fn run(mut self, client: AsyncClient, mut grants: mpsc::Receiver<Grants>) {
        let mut rounds = tokio::time::interval(ROUND);
        loop {
            tokio::select! {
                _ = rounds.tick() => {}
                Some(granted) = grants.recv() => {
                    let now = self.now();
                    let from = self.said.iter().find(|(seq, _)| Some(*seq) == granted.after).map(|(_, at)| *at);
                    for grant in &granted.grants {
                        if let Some(from) = from {
                            self.node.grant(grant, (from, now));
                        }
                    }
                    self.reported = None;
                }
            }
            self.round();
            let now = self.now();
            if self.reported.is_none_or(|at| now.since(at) >= REPORT) {
                self.reported = Some(now);
                self.seq += 1;
                self.said.push_back((self.seq, now));
                if self.said.len() > 128 {
                    self.said.pop_front();
                }
                let gpus = self.node.report(now, true);
                let report = NodeReport { node: self.name.clone(), seq: self.seq, driver: None, why: None, gpus };
                let payload = serde_json::to_vec(&report).expect("JSON");
                drop(client.try_publish(format!("agent/{}/sample", self.name), QoS::AtMostOnce, false, payload));
            }
        }
    }

    fn now(&self) -> Mono {
        Mono(1).after(Span::from_duration(self.since.elapsed()))
    }

    /// Reads, decides, writes.
    fn round(&mut self) {
        let now = self.now();
        for gpu in self.board.gpus() {
            let uuid = Uuid::from_str(&gpu.uuid()).expect("a name");
            let readings = gpu.readings();
            let (draw, source) = if self.averages {
                (readings.average_mw, PowerSource::Average)
            } else {
                (readings.instant_mw, PowerSource::Momentary)
            };
            let power = PowerReading { draw: Milliwatts(draw), source };
            let limits = limits(gpu.requested(), gpu.enforced(), gpu.bounds());
            let sample =
                GpuSample { at: now, condition: Condition::Well, power: Some(power), limits, ..GpuSample::default() };
            self.node.see(uuid, sample, now);
        }
        for write in self.node.due(now) {
            let gpu = self.board.gpus().find(|gpu| gpu.uuid() == write.uuid.to_string()).expect("one of its own");
            let milliwatts = u32::try_from(write.limit.0).expect("a few hundred watts");
            assert!(gpu.request(gpu.life(), milliwatts, std::process::id()));
            let read = limits(gpu.requested(), gpu.enforced(), gpu.bounds());
            self.node.wrote(&write, &read, self.now());
        }
    }
}

fn limits(requested: u32, enforced: u32, (least, most): (u32, u32)) -> PowerLimits {
    let of = |milliwatts: u32| Some(Milliwatts(u64::from(milliwatts)));
    PowerLimits {
        configured: of(requested),
        enforced: of(enforced),
        default: of(most),
        least: of(least),
        most: of(most),
    }
}
