//! The agent as it is run: two processes, a socket, a broker, simulated GPUs behind NVML's own symbols. Whatever is killed, every GPU is at
//! or below its fail-safe within the lease, and nothing is stranded afterwards. `WLTEST_KILLS=50` kills fifty times of each kind.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use plant::lease::{NodeReport, Rule};
use serde_json::{Value, json};
use sim_nvml::{Bench, Card, library_beside_tests};

mod doubt;
mod ends;

use super::mqtt::access::authority;
use super::mqtt::mosquitto::Mosquitto;
use super::mqtt::rig::{Peer, options};

const PATIENCE: Duration = Duration::from_secs(30);
/// The node's fail-safe, and what is granted (mW).
pub const SAFE: u32 = 300_000;
const CAP: u32 = 600_000;

/// A node: its GPUs, its agent.
pub struct Node {
    pub bench: Bench,
    agent: Child,
    folder: tempfile::TempDir,
    epoch: u64,
}

impl Node {
    fn start(more: &str) -> Self {
        Self::named("node-1", more)
    }

    /// The agent of a node of this name.
    pub fn named(name: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bench =
            Bench::new(&folder.path().join("gpus"), &library_beside_tests(), &[Card::H100; 4]).expect("a bench");
        (0..4).for_each(|n| bench.demand(n, 690.0));
        let file = format!(
            "node = \"{name}\"\nfailsafe_w = 300\nfloor_w = 200\nlibrary = \"{}\"\nstate_file = \"{1}/limits.json\"\nsocket = \"{1}/agent.sock\"\nreport_every = \"100ms\"\nsilence = \"1s\"\n{more}\n",
            bench.library().display(),
            folder.path().display(),
        );
        std::fs::write(folder.path().join("agent.toml"), file).expect("written");
        let agent = spawn(folder.path());
        let node = Self { bench, agent, folder, epoch: 0 };
        node.until("all are at the fail-safe", |n| n.all_at_most(SAFE));
        node.until("it answers", |n| n.report().is_some());
        node
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wattloop(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_wattloop")).args(args).output().expect("runs")
    }

    fn ask(&self, args: &[&str]) -> Output {
        let socket = self.path("agent.sock").display().to_string();
        self.wattloop(&[args, &["--socket", &socket, "--json"]].concat())
    }

    pub fn report(&self) -> Option<NodeReport> {
        let output = self.ask(&["agent", "status"]);
        serde_json::from_slice(&output.stdout).ok()
    }

    /// POSTs to the agent's socket as a controller would.
    fn post(&self, path: &str, body: &Value) -> Option<Value> {
        let mut stream = UnixStream::connect(self.path("agent.sock")).ok()?;
        let body = body.to_string();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    fn grants(&mut self, lease: Duration) -> Value {
        self.epoch += 1;
        let lease = u64::try_from(lease.as_millis()).expect("short");
        let one = |n: usize| json!({"uuid": self.bench.uuid(n), "cap_mw": CAP, "lease_ms": lease, "epoch": self.epoch, "seq": 1});
        json!({"grants": (0..4).map(one).collect::<Vec<_>>()})
    }

    /// Grants by the socket until it holds.
    fn grant(&mut self, lease: Duration) {
        let end = Instant::now() + PATIENCE;
        loop {
            let grants = self.grants(lease);
            let taken = self.post("/v1/grants", &grants);
            let all = |t: &Value| {
                t["taken"].as_array().is_some_and(|a| a.len() == 4 && a.iter().all(|a| a["is"] == "granted"))
            };
            if taken.as_ref().is_some_and(all) {
                return;
            }
            assert!(Instant::now() < end, "never granted: {taken:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn all_at_most(&self, milliwatts: u32) -> bool {
        (0..4).all(|n| self.bench.enforced(n) <= milliwatts)
    }

    fn all_at(&self, milliwatts: u32) -> bool {
        (0..4).all(|n| self.bench.enforced(n) == milliwatts)
    }

    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !holds(self) {
            let limits: Vec<_> = (0..4).map(|n| self.bench.enforced(n)).collect();
            assert!(began.elapsed() < PATIENCE, "{what}: never; {limits:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        began.elapsed()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The working half.
    pub fn working(&self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            let file = format!("/proc/{0}/task/{0}/children", self.agent.id());
            let text = std::fs::read_to_string(file).unwrap_or_default();
            if let Some(pid) = text.split_whitespace().next().and_then(|pid| pid.parse().ok()) {
                return pid;
            }
            assert!(Instant::now() < end, "no working half\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

pub fn spawn(folder: &Path) -> Child {
    spawn_by(Command::new(env!("CARGO_BIN_EXE_wattloop-agent")).arg("run"), folder)
}

fn spawn_by(command: &mut Command, folder: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).expect("a log");
    command.arg("--config").arg(folder.join("agent.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("starts")
}

pub fn signal(name: &str, pid: u32) {
    let done = Command::new("kill").args([name, &pid.to_string()]).status().expect("kill runs");
    assert!(done.success(), "{name} {pid}");
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.agent.kill());
        drop(self.agent.wait());
    }
}

pub fn kills() -> u64 {
    std::env::var("WLTEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(5)
}

/// Instants that differ from round to round and are the same in every run (ms, below `most`).
pub fn instant(round: u64, most: u64) -> Duration {
    Duration::from_millis(round.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17) % most)
}

#[test]
fn a_cap_lives_as_long_as_its_lease_and_no_longer() {
    let mut node = Node::start("");
    node.grant(Duration::from_secs(2));
    let granted = Instant::now();
    node.until("the caps are enforced", |n| n.all_at(CAP));
    node.until("it says so", |n| {
        let holds = |r: NodeReport| {
            r.gpus.iter().all(|g| g.rule == Rule::Lease && g.enforced.map(|m| m.0) == Some(u64::from(CAP)))
        };
        n.report().is_some_and(holds)
    });
    node.until("all are at the fail-safe", |n| n.all_at(SAFE));
    let held = granted.elapsed();
    assert!(held > Duration::from_millis(1800) && held < Duration::from_secs(4), "{held:?}");
    let older =
        json!({"grants": [{"uuid": node.bench.uuid(0), "cap_mw": CAP, "lease_ms": 1000, "epoch": 0, "seq": 9}]});
    assert_eq!(node.post("/v1/grants", &older).expect("answered")["taken"][0]["is"], "older");
    let nonsense = node.post("/v1/grants", &json!({"grants": [{"uuid": "x"}]})).expect("answered");
    assert_eq!(nonsense["code"], "bad_grants");
}

#[test]
fn a_working_half_that_is_killed_leaves_the_fail_safe_within_the_lease() {
    let mut node = Node::start("");
    for round in 0..kills() {
        node.grant(Duration::from_secs(60));
        node.until("the caps are enforced", |n| n.all_at(CAP));
        std::thread::sleep(instant(round, 400));
        signal("-KILL", node.working());
        let took = node.until("all are at the fail-safe", |n| n.all_at(SAFE));
        assert!(took < Duration::from_secs(10), "the default lease: {took:?}");
    }
    node.grant(Duration::from_secs(60));
    node.until("whoever comes back takes grants, above what the fail-safe left", |n| n.all_at(CAP));
    assert!(node.ask(&["agent", "release"]).status.success());
    node.until("what was before us is back after all that", |n| n.all_at(700_000));
}

#[test]
fn a_working_half_that_stands_still_is_ended() {
    let mut node = Node::start("");
    node.grant(Duration::from_secs(60));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    let stopped = node.working();
    signal("-STOP", stopped);
    let took = node.until("all are at the fail-safe", |n| n.all_at(SAFE));
    assert!(took < Duration::from_secs(10), "{took:?}");
    node.until("another works", |n| n.working() != stopped && n.report().is_some());
}

#[test]
fn people_take_the_node_back_and_give_it_again() {
    let mut node = Node::start("");
    assert!(node.ask(&["agent", "release"]).status.success());
    node.until("what was before us is back", |n| n.all_at(700_000));
    let held = node.grants(Duration::from_secs(9));
    assert_eq!(node.post("/v1/grants", &held).expect("answered")["taken"][0]["is"], "held");
    signal("-KILL", node.working());
    node.until("another works", |n| n.report().is_some_and(|r| r.gpus.len() == 4));
    std::thread::sleep(Duration::from_millis(500));
    assert!(node.all_at(700_000), "theirs over a restart, too");
    assert!(node.ask(&["agent", "take"]).status.success());
    node.until("all are at the fail-safe", |n| n.all_at(SAFE));
    node.grant(Duration::from_secs(9));
    node.until("and grants are taken", |n| n.all_at(CAP));
}

#[test]
fn a_clock_is_lowered_for_work_that_no_cap_reaches_and_freed_with_the_lease() {
    let mut node = Node::start("");
    node.grant(Duration::from_secs(60));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    node.bench.demand(0, 500.0);
    node.until("it draws what it wants, below its cap", |n| (n.bench.power_now(0) - 500.0).abs() < 20.0);
    let uuid = node.bench.uuid(0);
    let clocked =
        json!({"grants": [{"uuid": uuid, "cap_mw": CAP, "lease_ms": 3000, "epoch": 99, "seq": 1, "clock_mhz": 900}]});
    assert_eq!(node.post("/v1/grants", &clocked).expect("answered")["taken"][0]["is"], "granted");
    node.until("it is slower", |n| n.bench.power_now(0) < 350.0);
    let locked = |r: NodeReport| r.gpus.iter().any(|g| g.uuid.to_string() == uuid && g.clock_mhz == Some(900));
    node.until("it says so", |n| n.report().is_some_and(locked));
    node.until("its lease is over", |n| n.bench.enforced(0) == SAFE);
    node.until("its clock is free", |n| n.report().is_some_and(|r| r.gpus.iter().all(|g| g.clock_mhz.is_none())));
}

#[test]
fn drivers_and_other_writers_do_not_lift_a_cap() {
    let mut node = Node::start("");
    node.grant(Duration::from_secs(60));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    node.bench.reload_driver();
    node.until("the limits are forgotten", |n| !n.all_at(CAP));
    node.until("and set again", |n| n.all_at(CAP));
    node.bench.foreign_limit(2, 700_000);
    node.until("a raise is undone", |n| n.all_at(CAP));
    node.bench.foreign_limit(2, 400_000);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(node.bench.enforced(2), 400_000, "a lower limit of somebody else is not raised");
    assert!(node.log().contains("somebody else has lowered its limit"), "{}", node.log());
    let report = node.report().expect("told");
    assert_eq!(report.gpus.iter().filter(|g| g.rule == Rule::Foreign).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stops_ends_what_was_granted_over_it() {
    let Some(mut broker) = Mosquitto::start("allow_anonymous true\n") else { return };
    let mut node = Node::start(&format!("[mqtt]\nurl = \"{}\"", broker.url()));
    for round in 0..kills() {
        let controller = Peer::connect(options(&format!("controller-{round}"), broker.port), &["agent/#"]).await;
        let mut renewed = Instant::now();
        let began = Instant::now();
        // The controller renews a lease of a second, answering the newest sample, until all holds for a while.
        while !node.all_at(CAP) || renewed.duration_since(began) < Duration::from_millis(800) + instant(round, 500) {
            assert!(began.elapsed() < PATIENCE, "never granted\n{}", node.log());
            if let Some(seq) = controller
                .heard("agent/node-1/sample")
                .last()
                .and_then(|s| Some(serde_json::from_str::<Value>(s).ok()?["seq"].clone()))
            {
                let mut grants = node.grants(Duration::from_secs(1));
                grants["after"] = seq;
                controller.say("agent/node-1/grant", grants.to_string(), false).await;
                renewed = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        broker.halt();
        let took = node.until("all are at the fail-safe", |n| n.all_at(SAFE));
        assert!(took < Duration::from_secs(3), "a lease of one second: {took:?}");
        broker.again();
    }
    let controller = Peer::connect(options("late", broker.port), &["agent/#"]).await;
    // Kept by the broker, or answering nothing: nobody's word of now.
    let grants = node.grants(Duration::from_secs(60));
    controller.say("agent/node-1/grant", grants.to_string(), true).await;
    let mut old = node.grants(Duration::from_secs(60));
    old["after"] = json!(1);
    controller.say("agent/node-1/grant", old.to_string(), false).await;
    controller.say("agent/node-1/grant", "{\"grants\":", false).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(node.all_at(SAFE), "{}", node.log());
    let state = controller.heard("agent/node-1/state");
    assert!(state.last().is_some_and(|s| s.contains("\"state\":\"online\"") && s.contains("300000")), "{state:?}");
}

#[test]
fn grants_go_over_tls_from_whom_the_access_list_lets_and_from_nobody_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let (ca, certificate, key) = authority();
    let acl = include_str!("../config/mosquitto.acl").to_owned();
    for (name, text) in
        [("ca.pem", ca), ("server.pem", certificate), ("key.pem", key), ("acl", acl), ("passwd", String::new())]
    {
        std::fs::write(dir.path().join(name), text).expect("written");
    }
    for user in ["wattloop", "node-1", "node-2"] {
        let mut command = Command::new("mosquitto_passwd");
        drop(command.arg("-b").arg(dir.path().join("passwd")).args([user, user]).status());
    }
    let lines = "allow_anonymous false\npassword_file {dir}/passwd\nacl_file {dir}/acl\ncafile {dir}/ca.pem\ncertfile {dir}/server.pem\nkeyfile {dir}/key.pem\n";
    let Some(broker) = Mosquitto::start_in(dir, lines) else { return };
    let (ca, secret) = (broker.dir.path().join("ca.pem"), broker.dir.path().join("secret"));
    std::fs::write(&secret, "node-1").expect("written");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("ours");
    let mut node = Node::start(&format!(
        "[mqtt]\nurl = \"mqtts://127.0.0.1:{}\"\nca_file = \"{}\"\nuser = \"node-1\"\npassword_file = \"{}\"",
        broker.port,
        ca.display(),
        secret.display(),
    ));
    let client = |program: &str, user: &str, rest: &[&str]| {
        let port = broker.port.to_string();
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &port, "-u", user, "-P", user, "-q", "1", "--cafile"]).arg(&ca);
        command.args(rest).output().expect("mosquitto's clients run")
    };
    let sample = || {
        let heard = client("mosquitto_sub", "wattloop", &["-t", "agent/node-1/sample", "-C", "1", "-W", "20"]);
        serde_json::from_slice::<Value>(&heard.stdout).unwrap_or_else(|_| panic!("no sample: {heard:?}"))
    };
    let mut say = |user: &str| {
        let mut grants = node.grants(Duration::from_secs(20));
        grants["after"] = sample()["seq"].clone();
        client("mosquitto_pub", user, &["-t", "agent/node-1/grant", "-m", &grants.to_string()]);
        std::thread::sleep(Duration::from_millis(400));
        sample()["gpus"][0]["epoch"].clone()
    };
    assert_eq!(say("node-2"), json!(0), "another node's user grants nothing");
    assert_eq!(say("wattloop"), json!(2));
    node.until("the caps are enforced", |n| n.all_at(CAP));
}
