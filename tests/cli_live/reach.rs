//! Whether the service can be reached: what the broker keeps of one that hangs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::rig::ends;
use super::scheduler::Scheduler;
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
