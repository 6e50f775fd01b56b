//! Whether the service can be reached: what the broker keeps of one that hangs, and TLS.

use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::rig::ends;
use super::scheduler::Scheduler;
use crate::mqtt::access::{SHIPPED, authority, authority_over, guarded_in};
use crate::mqtt::rig::{Peer, options};

/// What the broker keeps of the service is of so long ago.
fn forge(slurm: &Scheduler, ago: Duration) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut options = options("forger", slurm.broker.port);
    options.set_credentials("wattloop", "wattloop");
    let peer = runtime.block_on(Peer::connect(options, &[]));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let status = json!({ "state": "ready", "ts": now.saturating_sub(ago).as_millis(), "clock_trusted": true });
    let topic = format!("wattloop/v1/{}/status", slurm.rig.hall().site);
    runtime.block_on(peer.say(&topic, status.to_string(), true));
}

#[test]
fn a_status_that_is_kept_of_a_service_that_hangs_is_told_with_its_age_and_a_wrong_clock_hinders_nobody() {
    let Some(slurm) = Scheduler::new() else { return };
    // Nobody is there, and the broker keeps `ready`: by its own time of long ago, or of now.
    forge(&slurm, Duration::from_secs(600));
    ends(&slurm.acquire("a", "1kW", &["--timeout", "2s"]), 69, &["last heard of 60", " s ago"]);
    let begun = Instant::now();
    ends(&slurm.acquire("a", "1kW", &["--timeout", "1min"]), 69, &["last heard of 6"]);
    let waited = begun.elapsed().as_secs();
    assert!((11..30).contains(&waited), "a word every 10 s is waited for, and no longer: {waited} s");
    forge(&slurm, Duration::from_secs(60));
    ends(&slurm.acquire("a", "1kW", &["--timeout", "2s"]), 69, &["the service does not answer"]);

    // It hangs: what it said last is of now, and nobody answers. Awake again it answers, whatever this machine's clock makes of what it has said.
    let run = slurm.running();
    run.signal("STOP");
    ends(&slurm.acquire("a", "1kW", &["--timeout", "2s"]), 69, &["the service does not answer"]);
    forge(&slurm, Duration::from_secs(3600));
    ends(&slurm.acquire("a", "1kW", &["--timeout", "2s"]), 69, &["last heard of 360"]);
    run.signal("CONT");
    forge(&slurm, Duration::from_secs(3600));
    ends(&slurm.acquire("a", "1kW", &[]), 0, &["1000 W"]);
}

#[test]
fn tls_is_spoken_to_the_broker_whose_authority_is_named_and_to_no_other() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ca, certificate, key) = authority_over(&["localhost"]);
    let (foreign, _, _) = authority();
    for (name, text) in [("ca.pem", ca), ("foreign.pem", foreign), ("server.pem", certificate), ("key.pem", key)] {
        std::fs::write(dir.path().join(name), text).expect("writes");
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let lines = format!(
        "listener {port} 127.0.0.1\ncafile {{dir}}/ca.pem\ncertfile {{dir}}/server.pem\nkeyfile {{dir}}/key.pem\n"
    );
    let Some(broker) = guarded_in(dir, SHIPPED, &lines) else { return };
    let slurm = Scheduler::at(broker, "30e3");
    let _run = slurm.running();
    let at = |name: &str| slurm.broker.dir.path().join(name).display().to_string();
    let ask = |job: &str, url: String, ca: &str| slurm.acquire(job, "1kW", &["--broker", &url, "--ca-file", &at(ca)]);
    let tls = |host: &str| format!("mqtts://{host}:{port}");

    ends(&ask("a", tls("localhost"), "ca.pem"), 0, &["1000 W"]);
    let refused = "the broker is not there";
    ends(&ask("b", tls("localhost"), "foreign.pem"), 69, &[refused, "certificate", "--ca-file"]);
    ends(&ask("b", tls("127.0.0.1"), "ca.pem"), 69, &[refused, "certificate", "does it name the host"]);
    // One speaks TLS and the other does not.
    ends(&ask("b", format!("mqtts://localhost:{}", slurm.broker.port), "ca.pem"), 69, &[refused, "mqtts://"]);
    ends(&slurm.acquire("b", "1kW", &["--broker", &format!("mqtt://localhost:{port}")]), 69, &[refused, "mqtts://"]);
    // What cannot be read is a fault of the configuration. Nothing was lent but once.
    ends(&ask("b", tls("localhost"), "none.pem"), 78, &["none.pem"]);
    ends(&ask("b", tls("localhost"), "key.pem"), 78, &["key.pem"]);
    assert_eq!(slurm.rig.json(&["status"])["leases"]["held"], 1);
    ends(&slurm.budget(&["release", "--job", "a", "--broker", &tls("localhost"), "--ca-file", &at("ca.pem")]), 0, &[]);
}
