//! Who may do what: passwords, TLS, and the access list we ship, enforced by mosquitto.

use std::process::Command;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rumqttc::MqttOptions;
use wattloop::adapters::mqtt::{Incoming, MqttConfig};

use super::commands::with_overrides;
use super::mosquitto::Mosquitto;
use super::rig::{PRICES, Peer, Rig, eventually, options};

pub const SHIPPED: &str = include_str!("../../config/mosquitto.acl");
const SET: &str = "wattloop/v1/hall/point/crah-1/fan-speed/set";
const POINT: &str = "wattloop/v1/hall/point/crah-1/fan-speed";
const TARGETS: &str = "grid/v1/isv/acme-energy/loadtarget/set";
const USERS: [&str; 13] = [
    "wattloop",
    "gateway",
    "operator",
    "scheduler",
    "viewer",
    "stranger",
    "node-1",
    "node-2",
    "prices",
    "wattloop-flex",
    "acme-energy",
    "ima-prod",
    "slurm",
];
const SENSOR: &str = "sensors/gw-1/rack-a01";
/// All that anybody could hear.
const ALL: [&str; 7] = ["wattloop/#", "sensors/#", "prices/#", "agent/#", "grid/#", "elsewhere", "done/#"];

/// A broker that knows thirteen users, each with its own name as password, and enforces what we ship.
pub fn guarded() -> Option<Mosquitto> {
    guarded_by(SHIPPED)
}

/// The same with another access list.
pub fn guarded_by(list: &str) -> Option<Mosquitto> {
    guarded_in(tempfile::tempdir().expect("a directory"), list, "")
}

/// The same in a directory with files of its own, and with more lines of configuration.
pub fn guarded_in(dir: tempfile::TempDir, list: &str, more: &str) -> Option<Mosquitto> {
    let file = dir.path().join("passwd");
    std::fs::write(dir.path().join("acl"), list).expect("writes");
    std::fs::write(&file, "").expect("writes");
    for user in USERS {
        drop(Command::new("mosquitto_passwd").arg("-b").arg(&file).args([user, user]).status());
    }
    let lines = "allow_anonymous false\npassword_file {dir}/passwd\nacl_file {dir}/acl\n";
    Mosquitto::start_in(dir, &format!("{lines}{more}"))
}

fn as_user(user: &str, port: u16) -> MqttOptions {
    let mut options = options(user, port);
    options.set_credentials(user, user);
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_says_and_hears_what_it_may_and_nothing_else() {
    let Some(broker) = guarded() else { return };
    let status = "wattloop/v1/hall/status";
    let topics = [
        (status, &["wattloop"][..], &["operator", "scheduler", "viewer", "slurm"][..]),
        (POINT, &["wattloop"], &["operator", "scheduler", "viewer"]),
        (SET, &["operator"], &["wattloop", "operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/point/crah-1/fan-speed/set/reply", &["wattloop"], &["operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/alarm/inlet-high", &["wattloop"], &["operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/event", &["wattloop"], &["operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/announce", &["scheduler"], &["wattloop", "operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/withdraw", &["scheduler"], &["wattloop", "operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/announce/reply", &["wattloop"], &["operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/withdraw/reply", &["wattloop"], &["operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/envelope", &["wattloop"], &["operator", "scheduler", "viewer", "slurm"]),
        ("wattloop/v1/hall/budget/slurm/request", &["slurm"], &["wattloop", "operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/budget/slurm/ack", &["slurm"], &["wattloop", "operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/budget/slurm/response", &["wattloop"], &["operator", "scheduler", "viewer", "slurm"]),
        (
            "wattloop/v1/hall/budget/slurm/lease/1-7",
            &["wattloop"],
            &["wattloop", "operator", "scheduler", "viewer", "slurm"],
        ),
        ("wattloop/v1/hall/budget/slurm/notice", &["wattloop"], &["operator", "scheduler", "viewer", "slurm"]),
        ("wattloop/v1/hall/budget/kueue/request", &[], &["wattloop", "operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/budget/kueue/response", &["wattloop"], &["operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/budget/kueue/ack", &[], &["wattloop", "operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/budget/kueue/notice", &["wattloop"], &["operator", "scheduler", "viewer"]),
        ("wattloop/v1/hall/budget/kueue/lease/1-8", &["wattloop"], &["wattloop", "operator", "scheduler", "viewer"]),
        (SENSOR, &["gateway"], &["wattloop"]),
        (PRICES, &["prices"], &["wattloop"]),
        ("agent/node-1/sample", &["node-1"], &["wattloop"]),
        ("agent/node-1/state", &["node-1"], &["wattloop"]),
        ("agent/node-2/sample", &["node-2"], &["wattloop"]),
        ("agent/node-2/state", &["node-2"], &["wattloop"]),
        ("agent/node-1/grant", &["wattloop"], &["node-1"]),
        ("agent/node-2/grant", &["wattloop"], &["node-2"]),
        (TARGETS, &["acme-energy"], &["wattloop-flex"]),
        ("grid/v1/isv/other/loadtarget/set", &[], &["wattloop-flex"]),
        ("grid/v1/dsx-flex-agent/hall-a/powerstate/status", &["wattloop-flex"], &["acme-energy", "ima-prod"]),
        ("grid/v1/dsx-flex-agent/hall-a/powerbreach", &["wattloop-flex"], &["acme-energy", "ima-prod"]),
        ("grid/v1/infra/ima-prod/powerbreach/enforcement", &["ima-prod"], &["wattloop-flex", "acme-energy"]),
        ("wattloop/v1/hall/other", &[], &["operator", "scheduler", "viewer"]),
        ("elsewhere", &[], &[]),
    ];
    let mut peers = Vec::new();
    for user in USERS {
        peers.push(Peer::connect(as_user(user, broker.port), &ALL).await);
    }
    for (topic, _, _) in topics {
        for (speaker, user) in peers.iter().zip(USERS) {
            speaker.say(topic, user, false).await;
        }
    }
    // Whatever may be heard has been heard once the last that may be said has come round.
    for (peer, user) in peers.iter().zip(USERS) {
        for (topic, speakers, listeners) in topics {
            let expected: Vec<&str> = if listeners.contains(&user) { speakers.to_vec() } else { Vec::new() };
            eventually(&format!("{user} hears {topic}"), || peer.heard(topic).len() >= expected.len()).await;
        }
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    for (peer, user) in peers.iter().zip(USERS) {
        for (topic, speakers, listeners) in topics {
            let expected: Vec<&str> = if listeners.contains(&user) { speakers.to_vec() } else { Vec::new() };
            assert_eq!(peer.heard(topic), expected, "{user} on {topic}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_has_all_the_rights_it_needs_and_a_stranger_moves_nothing() {
    let Some(broker) = guarded() else { return };
    let (config, _dir) = with_overrides(&broker.url(), "wattloop");
    let mut rig = Rig::start(&config, &[SENSOR]);
    let operator = Peer::connect(as_user("operator", broker.port), &["wattloop/#"]).await;
    let gateway = Peer::connect(as_user("gateway", broker.port), &[]).await;
    let stranger = Peer::connect(as_user("stranger", broker.port), &[]).await;
    eventually("a sample", || {
        rig.sample(0).value == Ok(20.0) || {
            gateway.mention(SENSOR, "20");
            false
        }
    })
    .await;
    for (peer, id) in [(&stranger, "evil"), (&gateway, "evil"), (&operator, "good")] {
        peer.say(SET, format!(r#"{{"v":60,"reason":"r","id":"{id}"}}"#), false).await;
    }
    stranger.say(SENSOR, "79", false).await;
    let Incoming::Command(command) = rig.next().await else { panic!("not a command") };
    assert_eq!(command.id, "good");
    assert!(rig.mqtt.reply(&command.topic, b"accepted".to_vec()));
    operator.hears_last("wattloop/v1/hall/point/crah-1/fan-speed/set/reply", "accepted").await;
    for topic in ["status", "alarm/inlet-high", "event", "point/crah-1/fan-speed"] {
        rig.say(topic, "said", false);
        operator.hears_last(&format!("wattloop/v1/hall/{topic}"), "said").await;
    }
    assert_eq!(rig.sample(0).value, Ok(20.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_and_never_told() {
    let Some(broker) = guarded() else { return };
    let (config, _dir) = with_overrides(&broker.url(), "canary-hunter2");
    let rig = Rig::start(&config, &[]);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(!rig.mqtt.counts().connected);
    let shown = format!("{:?} {:?} {config:?}", rig.mqtt, rig.mqtt.counts());
    assert!(!shown.contains("canary"), "{shown}");
}

/// An authority's certificate, and a server's certificate and key that it signed, all as PEM.
pub fn authority() -> (String, String, String) {
    authority_over(&["localhost", "127.0.0.1"])
}

/// The same for a server with these names.
pub fn authority_over(names: &[&str]) -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    // OpenSSL takes a certificate for self-signed whose issuer has its own name.
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signs");
    let key = KeyPair::generate().expect("a key");
    let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let server = CertificateParams::new(names).expect("parameters").signed_by(&key, &issuer).expect("signs");
    (issuer.as_ref().pem(), server.pem(), key.serialize_pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_with_the_authority_we_trust_and_with_no_other() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ca, certificate, key) = authority();
    let (foreign, _, _) = authority();
    for (name, text) in [("ca.pem", ca), ("foreign.pem", foreign), ("server.pem", certificate), ("key.pem", key)] {
        std::fs::write(dir.path().join(name), text).expect("writes");
    }
    let lines = "allow_anonymous true\ncafile {dir}/ca.pem\ncertfile {dir}/server.pem\nkeyfile {dir}/key.pem\n";
    let Some(broker) = Mosquitto::start_in(dir, lines) else { return };
    let with = |host: &str, file: &str| {
        let mut config = MqttConfig::to(&format!("mqtts://{host}:{}", broker.port));
        config.ca_file = Some(broker.dir.path().join(file));
        config.client_id = format!("{host}-{file}");
        Rig::start(&config, &[])
    };
    let by_address = with("127.0.0.1", "ca.pem");
    let by_name = with("localhost", "ca.pem");
    let wrong = with("127.0.0.1", "foreign.pem");
    by_address.connected().await;
    by_name.connected().await;
    by_address.say("event", "secret", false);
    eventually("arrived", || by_address.mqtt.counts().depth == 0).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(!wrong.mqtt.counts().connected, "any certificate would do");
    assert_eq!(wrong.mqtt.counts().reconnects, 0);
    let plain = Rig::start(&MqttConfig::to(&broker.url()), &[]);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(!plain.mqtt.counts().connected);
}
