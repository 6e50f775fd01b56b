//! The same against mosquitto, where it is installed.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wattloop::adapters::mqtt::MqttConfig;

use super::commands::with_overrides;
use super::rig::{PATIENCE, Peer, Rig, eventually, options};
use super::size;

/// A mosquitto of our own on loopback, with its files in a directory of its own.
pub struct Mosquitto {
    child: Child,
    pub port: u16,
    pub dir: tempfile::TempDir,
}

/// Takes anybody; keeps sessions and messages over a restart.
const OPEN: &str = "allow_anonymous true\npersistence true\npersistence_location {dir}/\nmax_queued_messages 0\n";

impl Mosquitto {
    /// Starts with these lines of configuration (`{dir}` is its directory); nothing when mosquitto is not installed.
    pub fn start(lines: &str) -> Option<Self> {
        Self::start_in(tempfile::tempdir().expect("a directory"), lines)
    }

    pub fn start_in(dir: tempfile::TempDir, lines: &str) -> Option<Self> {
        if Command::new("mosquitto").arg("-h").stdout(Stdio::null()).status().is_err() {
            assert!(std::env::var("WLTEST_PEERS").as_deref() != Ok("required"), "mosquitto is missing");
            println!("skipped: mosquitto is not installed");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let place = dir.path().display().to_string();
        let text = format!("listener {port} 127.0.0.1\nset_tcp_nodelay true\n{}", lines.replace("{dir}", &place));
        let as_root = Path::new("/proc/self").metadata().is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
        let user = if as_root { "user root\n" } else { "" };
        std::fs::write(dir.path().join("mosquitto.conf"), format!("{user}{text}")).expect("writes");
        let child = Self::spawn(dir.path());
        let mosquitto = Self { child, port, dir };
        mosquitto.wait();
        Some(mosquitto)
    }

    /// Ends it as an administrator does, so that it saves what it keeps.
    pub fn halt(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("runs").success());
        self.child.wait().expect("ends");
    }

    /// It hangs: who speaks to it does not notice yet.
    pub fn freeze(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &pid]).status().expect("runs").success());
    }

    /// Ends it as a machine that dies does.
    pub fn crash(&mut self) {
        self.child.kill().expect("a child");
        self.child.wait().expect("ends");
    }

    pub fn again(&mut self) {
        self.child = Self::spawn(self.dir.path());
        self.wait();
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    fn spawn(dir: &Path) -> Child {
        let log = std::fs::File::create(dir.join("log")).expect("a log");
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(dir.join("mosquitto.conf")).stdout(Stdio::null()).stderr(log);
        command.spawn().expect("runs")
    }

    fn wait(&self) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "mosquitto does not answer: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_uses_mosquitto_pub_is_heard() {
    let Some(broker) = Mosquitto::start(OPEN) else { return };
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &["s/plain"]);
    rig.connected().await;
    let port = broker.port.to_string();
    let publish = || {
        let args = ["-h", "127.0.0.1", "-p", &port, "-t", "s/plain", "-m", "21.25"];
        assert!(Command::new("mosquitto_pub").args(args).status().expect("runs").success());
        false
    };
    eventually("a sample", || rig.sample(0).value == Ok(21.25) || publish()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_accepted_arrives_although_the_broker_restarts() {
    let Some(mut broker) = Mosquitto::start(OPEN) else { return };
    let mut watching = options("watcher", broker.port);
    watching.set_clean_session(false);
    let peer = Peer::connect(watching, &["wattloop/#"]).await;
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &[]);
    rig.connected().await;
    let mut said = 0;
    let mut say = |count: u32| {
        for _ in 0..count {
            assert!(rig.say("event", &said.to_string(), false));
            said += 1;
        }
        said
    };
    for _ in 0..3 {
        say(200);
        broker.halt();
        say(200);
        eventually("the end is noticed", || !rig.mqtt.counts().connected).await;
        broker.again();
        say(200);
        rig.connected().await;
    }
    eventually("all acknowledged", || rig.mqtt.counts().depth == 0).await;
    let all = say(1);
    let mut heard = Vec::new();
    let last = (all - 1).to_string();
    eventually("the last", || peer.heard("wattloop/v1/hall/event").last() == Some(&last)).await;
    for payload in peer.heard("wattloop/v1/hall/event") {
        if !heard.contains(&payload) {
            heard.push(payload);
        }
    }
    let expected: Vec<_> = (0..all).map(|n| n.to_string()).collect();
    heard.sort_by_key(|n| n.parse::<u32>().unwrap_or(u32::MAX));
    assert_eq!(heard, expected);
    assert_eq!(rig.mqtt.counts().reconnects, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_will_is_kept_when_we_are_killed() {
    let Some(broker) = Mosquitto::start(OPEN) else { return };
    let status = "wattloop/v1/hall/status";
    let rig = Rig::start(&MqttConfig::to(&broker.url()), &[]);
    rig.say("status", r#"{"state":"ready"}"#, true);
    eventually("arrived", || rig.mqtt.counts().connected && rig.mqtt.counts().depth == 0).await;
    drop(rig);
    let peer = Peer::connect(options("late", broker.port), &[status]).await;
    peer.hears_last(status, r#"{"state":"offline"}"#).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_do_no_more_harm_than_they_must() {
    let Some(broker) = Mosquitto::start(OPEN) else { return };
    let (config, _dir) = with_overrides(&broker.url(), "x");
    let peer = Peer::connect(options("peer", broker.port), &["wattloop/v1/hall/point/+/+/set/reply"]).await;
    size::a_mebibyte_neither_disconnects_nor_disturbs(&broker.url(), &peer, &config).await;
    size::the_subscription_beyond_the_limit_is_given_up(&peer, &MqttConfig::to(&broker.url())).await;
    let open = MqttConfig::to(&broker.url());
    size::a_live_message_beyond_the_limit_costs_two_connections_and_its_subscription(&peer, &open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scheduler_that_ends_connections_costs_others_nothing_at_mosquitto() {
    let Some(broker) = Mosquitto::start(OPEN) else { return };
    let peer = Peer::connect(options("peer", broker.port), &[]).await;
    size::one_scheduler_that_speaks_too_large_costs_nobody_else_anything(&broker.url(), &peer).await;
}
