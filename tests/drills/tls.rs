//! The bench's status over TLS, from the real program to a mosquitto that speaks nothing else.

use std::net::TcpListener;
use std::process::Command;

use super::process::Process;
use super::rig::{Rig, said};
use crate::mqtt::access::authority;
use crate::mqtt::mosquitto::Mosquitto;

#[test]
fn the_status_is_told_over_tls_and_withdrawn_on_the_way_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ca, certificate, key) = authority();
    for (name, text) in [("ca.pem", ca), ("server.pem", certificate), ("key.pem", key)] {
        std::fs::write(dir.path().join(name), text).expect("writes");
    }
    // Whoever only reads along uses a door of his own, without TLS.
    let door = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let lines = "allow_anonymous true\ncafile {dir}/ca.pem\ncertfile {dir}/server.pem\nkeyfile {dir}/key.pem\n";
    let lines = &format!("{lines}listener {door} 127.0.0.1\n");
    let Some(broker) = Mosquitto::start_in(dir, lines) else { return };
    let ca = broker.dir.path().join("ca.pem");
    let settings =
        [format!("mqtt.url=\"mqtts://127.0.0.1:{}\"", broker.port), format!("mqtt.ca_file=\"{}\"", ca.display())];
    let rig = Rig::dark("bench", &settings);
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    process.until("control runs", |s| s["scans"].as_u64() > Some(5));
    let hears = |topic: &str| {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", "127.0.0.1", "-p", &door.to_string(), "-C", "1", "-W", "60", "-t", topic]);
        let output = command.output().expect("mosquitto_sub comes with mosquitto");
        assert!(output.status.success(), "{topic}: {}", said(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let point = hears("wattloop/v1/bench/point/fan-1/fan-speed");
    assert!(point["v"].as_f64().is_some_and(|v| (20.0..=100.0).contains(&v)), "{point}");
    let status = hears("wattloop/v1/bench/status");
    assert_ne!(status["state"], "offline", "{status}");
    assert_eq!(process.end_by("TERM").code(), Some(0));
    assert_eq!(hears("wattloop/v1/bench/status")["state"], "offline");
}
