//! A client whose machines draw more than he was lent, from their GPUs to his ear and back: a hall whose nodes are followed one by one, real agents on two of them, a broker with the
//! shipped access list, a service, and a scheduler that has a lease there.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Child;

use plant::id::PointId;
use serde_json::json;
use sim::compute::arrivals::Arrival;
use sim::compute::job::Kind;
use sim_nvml::{Board, library_beside_tests};
use tokio::runtime::Runtime;

use super::*;
use crate::agent::spawn;
use crate::cli_live::budget::{Client, asks, code};
use crate::cli_live::exceeded::told;
use crate::cli_live::rig::{PATIENCE, ends};
use crate::mqtt::rig::{Peer, options};

/// The other node that has an agent.
pub const OTHER: &str = "rack-a01-node-2";
/// Nodes in the rack, each with an agent.
const NODES: usize = 2;
/// What is lent there (W): a node that works draws some 3 kW above its rest.
const LENT: f64 = 3500.0;
const TIMES: &str = "budgets.excess={noticed=\"1s\",capped=\"1s\",breach=\"4s\",escalated=\"2s\",resolved=\"30s\"}";
/// A cap that holds nothing back, and the least (mW).
const FREE: u32 = 650_000;
const LEAST: u32 = 200_000;

/// An agent and the GPUs of its node.
struct Capped {
    agent: Child,
    folder: PathBuf,
    board: Board,
}

impl Capped {
    fn start(boards: &Path, name: &str, broker: &Mosquitto) -> Self {
        let folder = boards.join(name);
        // A file of its own and no link: a process that is told to load it finds its own board.
        let library = folder.join("libnvidia-ml.so.1");
        std::fs::copy(library_beside_tests(), &library).expect("copied");
        let secret = secret(broker.dir.path(), name);
        let file = format!(
            "node = \"{name}\"\nfailsafe_w = 300\nfloor_w = 200\nlibrary = \"{}\"\nstate_file = \"{2}/limits.json\"\nsocket = \"{2}/agent.sock\"\nreport_every = \"100ms\"\nsilence = \"1s\"\n[mqtt]\nurl = \"{1}\"\nuser = \"{name}\"\npassword_file = \"{secret}\"\n",
            library.display(),
            broker.url(),
            folder.display(),
        );
        std::fs::write(folder.join("agent.toml"), file).expect("written");
        let board = Board::open(&folder.join("board")).expect("a board");
        Self { agent: spawn(&folder), folder, board }
    }

    /// The limits in force (mW).
    fn enforced(&self) -> Vec<u32> {
        self.board.gpus().map(|gpu| gpu.enforced()).collect()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Capped {
    fn drop(&mut self) {
        drop(self.agent.kill());
        drop(self.agent.wait());
    }
}

/// The rack, what runs there, and everybody who has to do with it.
struct Floor {
    rig: Rig,
    nodes: [Capped; 2],
    meter: PointId,
    /// Work on a node of the rack, by the node's place there.
    work: [Option<usize>; NODES],
    health: u16,
    _boards: tempfile::TempDir,
}

impl Floor {
    fn new(broker: &Mosquitto) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let health = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let capped = hall(folder.path(), (1.25e6, NODES), "lease = \"1s\"\nhold = \"1s\"\nrise = 0.5");
        let password = secret(broker.dir.path(), "wattloop");
        let set = [
            format!("hall=\"{capped}\""),
            "mqtt.user=\"wattloop\"".to_owned(),
            format!("mqtt.password_file=\"{password}\""),
            "mqtt.broker_acl=true".to_owned(),
            "budgets.client=[{name=\"slurm\"}]".to_owned(),
            TIMES.to_owned(),
            format!("health.listen=\"127.0.0.1:{health}\""),
        ];
        let (name, text) = sim::shipped::NODES[0];
        // Nobody works but who is told to.
        let spec = Spec::load(name, &text.replacen("per-day = 330", "per-day = 1e-3", 1), (NODES, 40)).expect("loads");
        let login = Some(("gateway".to_owned(), "gateway".to_owned()));
        let sensors = Broker { host: "127.0.0.1".to_owned(), port: broker.port, client: "hall".to_owned(), login };
        let (set, nodes) = (set.to_vec(), Some(Arc::new(spec)));
        let rig = Rig::with("air", folder, Scene { seed: 7, set, nodes, broker: Some(sensors), ..Scene::default() });
        let (hall, boards) = (rig.hall(), tempfile::tempdir().expect("a folder"));
        let cards = {
            let mut stage = rig.stage.hall.stage();
            stage.world.fleet_mut().expect("nodes").cluster_mut().keep(&[0, 1]);
            Cards::new(boards.path(), &hall, (&stage.world, stage.wall), None).expect("boards")
        };
        rig.stage.hall.put_beside(Box::new(cards));
        let nodes = [NODE, OTHER].map(|name| Capped::start(boards.path(), name, broker));
        let meter = hall.point("rack-a01/power").expect("a meter");
        Self { rig, nodes, meter, work: [None; NODES], health, _boards: boards }
    }

    /// Nodes work, or rest.
    fn works(&mut self, nodes: &[usize], on: bool) {
        let mut stage = self.rig.stage.hall.stage();
        let cluster = stage.world.fleet_mut().expect("nodes").cluster_mut();
        for node in nodes {
            if let Some(slot) = self.work[*node].take() {
                cluster.end_led(slot, &[*node]);
            }
            if on {
                let job = Arrival { submit: 0.0, nodes: 1, length: 1e6, kind: Kind::Prefill };
                let slot = cluster.begin_led(job).expect("a place");
                cluster.lead(slot, &[*node], 1);
                self.work[*node] = Some(slot);
            }
        }
    }

    /// What the rack draws in truth (W).
    fn draws(&self) -> f64 {
        self.rig.stage.hall.stage().world.truth(self.meter).expect("a value")
    }

    fn until(&self, what: &str, run: &Run, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            let limits = self.nodes.each_ref().map(Capped::enforced);
            let shown = || self.rig.json(&["jobs"])["places"].clone();
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: never; {limits:?}, {} W, {}\n{}\n{}",
                self.draws(),
                shown(),
                self.nodes[0].log(),
                run.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn all(&self, holds: impl Fn(u32) -> bool) -> bool {
        self.nodes.iter().flat_map(Capped::enforced).all(holds)
    }

    /// A metric without labels.
    fn metric(&self, name: &str) -> f64 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.health)).expect("it listens");
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("it goes out");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        let of = |line: &str| line.strip_prefix(&format!("wattloop_{name} "))?.trim().parse().ok();
        text.lines().find_map(of).unwrap_or_else(|| panic!("no {name} in\n{text}"))
    }

    /// The rack's case has come to a stage.
    fn case(&self, stage: &str) -> Value {
        let shown = self.rig.until(&["jobs"], stage, |shown| shown["places"][0]["stage"] == stage);
        shown["places"][0].clone()
    }
}

/// Who looks: every event of the service.
struct Viewer {
    peer: Peer,
    topic: String,
    _runtime: Runtime,
}

impl Viewer {
    fn new(broker: &Mosquitto, site: &str) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let mut login = options("viewer", broker.port);
        login.set_credentials("viewer", "viewer");
        let peer = runtime.block_on(Peer::connect(login, &["wattloop/v1/+/event"]));
        Self { peer, topic: format!("wattloop/v1/{site}/event"), _runtime: runtime }
    }

    /// Waits for an event of the rack; how grave it is.
    fn sees(&self, word: &str) -> String {
        let began = Instant::now();
        loop {
            let events = self.peer.heard(&self.topic);
            let mut all = events.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
            if let Some(event) = all.find(|of| of["subject"] == "rack-a01" && of["what"].to_string().contains(word)) {
                return event["severity"].as_str().expect("a word").to_owned();
            }
            assert!(began.elapsed() < PATIENCE, "never {word}: {events:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A lease of so much in the rack, once control lends.
fn lease(client: &Client) -> String {
    let ask = |request: &str, op: &str| {
        let mut data = asks(request, "domain", &json!("rack-a01"));
        (data["op"], data["power"]) = (json!(op), json!({ "want_w": LENT }));
        client.ask("slurm", &data)
    };
    let began = Instant::now();
    while code(&ask(&format!("d-{:?}", began.elapsed()), "dry_run")) != ("granted", "") {
        assert!(began.elapsed() < PATIENCE, "nothing would be lent");
        std::thread::sleep(Duration::from_millis(300));
    }
    let lent = ask("j1", "acquire");
    assert_eq!(code(&lent), ("granted", ""), "{lent}");
    lent["lease_id"].as_str().expect("a lease").to_owned()
}

/// The rack's breach, in events, in what people ask, and in metrics: its case.
fn breach(floor: &Floor, viewer: &Viewer, lease: &str) -> String {
    viewer.sees("\"lease_breach\"");
    let place = floor.case("escalated");
    assert_eq!(
        (&place["place"], &place["lease_id"], &place["critical"]),
        (&json!("rack-a01"), &json!(lease), &json!(true))
    );
    let case = place["case_id"].as_str().expect("a case").to_owned();
    viewer.sees("lease_breach_escalated");
    let page = floor.rig.text(&["jobs"]);
    assert!(page.contains(&format!("rack-a01: escalated breach {case}")) && page.contains("of slurm"), "{page}");
    assert_eq!(floor.rig.json(&["status"])["leases"]["breaches"], 1);
    assert_eq!((floor.metric("leases_exceeded"), floor.metric("leases_breaches")), (1.0, 1.0));
    assert!(floor.metric("leases_excess_watts") > 0.2 * LENT);
    case
}

/// Noticed, told, capped at the GPUs; a breach once something draws that no cap reaches, the same over a kill -9; over, and the caps are given back.
#[test]
fn who_draws_more_than_he_was_lent_is_told_capped_at_his_gpus_reported_and_free_again_when_he_comes_back() {
    let Some(broker) = broker() else { return };
    let mut floor = Floor::new(&broker);
    let site = floor.rig.hall().site.clone();
    let mut run = floor.rig.running(&[]);
    let viewer = Viewer::new(&broker, &site);
    let mut login = options("slurm", broker.port);
    login.set_credentials("slurm", "slurm");
    let client = Client::at(login, &site);
    floor.until("the GPUs are free", &run, |floor| floor.all(|limit| limit >= FREE));
    let rest = floor.draws();
    let lease = lease(&client);

    // One node may work all out on what was lent.
    floor.works(&[0], true);
    floor.until("it works", &run, |floor| floor.draws() > rest + 2500.0);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(floor.case("within")["judged"], true);

    // Two draw more: the client hears it, and the GPUs of both are held to what was lent there, by the rack's own meter.
    floor.works(&[0, 1], true);
    viewer.sees("lease_excess");
    told(&client, &lease, "reduce", "exceeded");
    floor.until("the GPUs are held", &run, |floor| floor.all(|limit| limit < 520_000));
    viewer.sees("lease_excess_capped");
    let held = |floor: &Floor| {
        let lent = (floor.draws() - rest) / LENT;
        lent > 0.85 && lent < 1.03 && floor.all(|limit| limit > SAFE && limit < 520_000)
    };
    floor.until("the rack draws what was lent, and no less", &run, held);
    let gpu = floor.nodes[1].board.gpus().next().expect("a GPU").uuid();
    let why = floor.rig.text(&["why", &format!("gpu/{gpu}")]);
    assert!(why.contains(&format!("lease {lease} was exceeded")), "{why}");

    // Something that no cap reaches draws as well: caps come to their least, and it is a breach all the same.
    let more = Fault::Sensor { point: floor.meter, how: SensorFault::Offset(6000.0) };
    floor.rig.stage.hall.stage().world.inject(more);
    floor.until("the GPUs are at their least", &run, |floor| floor.all(|limit| limit <= LEAST));
    let case = breach(&floor, &viewer, &lease);

    // Killed, it goes on with the same case, and nobody is let go meanwhile.
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    std::thread::sleep(LEASE + GRACE);
    assert!(floor.all(|limit| limit <= LEAST), "{:?}", floor.nodes.each_ref().map(Capped::enforced));
    let mut run = floor.rig.running(&[]);
    assert_eq!(floor.case("escalated")["case_id"], json!(case));
    floor.until("the GPUs are at their least", &run, |floor| floor.all(|limit| limit <= LEAST));

    // He comes back to what he was lent: it is over, and the GPU that works has all that it wants.
    floor.rig.stage.hall.stage().world.clear(more);
    floor.works(&[1], false);
    floor.case("within");
    told(&client, &lease, "restore", "restored");
    viewer.sees("lease_breach_resolved");
    floor.until("the GPUs are free", &run, |floor| floor.all(|limit| limit >= FREE));
    floor.until("it works all out", &run, |floor| floor.draws() > rest + 2500.0);
    assert_eq!((floor.metric("leases_exceeded"), floor.metric("leases_breaches")), (0.0, 0.0));
    assert_eq!(floor.rig.json(&["status"])["leases"]["held"], 1, "the lease lives");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &floor.rig.file("journal.db")]), 0, &["decisions identical"]);
}
