//! A job that will not be done by its deadline, over a real broker: its client is told, and told again when it can be; counted.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::budget::{Client, asks, code, first, lending};
use super::rig::{PATIENCE, ends, wattloop};
use crate::mqtt::mosquitto::Mosquitto;

/// Waits until the client has heard this of a lease.
fn told(client: &Client, lease: &str, kind: &str) -> Value {
    let topic = client.topic("slurm", "notice");
    let begun = Instant::now();
    loop {
        let all = client.peer.heard(&topic);
        let mut said = all.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON")["data"].take());
        if let Some(data) = said.find(|data| data["lease_id"] == lease && data["kind"] == kind) {
            return data;
        }
        assert!(begun.elapsed() < PATIENCE, "never {kind}: {all:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_client_is_told_that_its_job_will_be_late_and_when_it_can_be_in_time_again() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\n") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let set = ["budgets.client=[{name=\"slurm\",most=15e3}]", "budgets.settle=\"0s\""];
    let rig = lending(&broker, folder, (&set, None));
    let client = Client::new(&broker, &rig.hall().site);
    let mut run = rig.running(&[]);
    let holds = first(&client)["lease_id"].as_str().expect("a lease").to_owned();
    let by = jiff::Timestamp::now().as_second() + 3600;
    let deadline = jiff::Timestamp::from_second(by).expect("an instant").to_string();
    let mut asked = asks("j1", "time", &json!({ "duration_s": 1800, "deadline": deadline }));
    asked["accept"] = json!({ "wait_s": 3600 });
    let waits = client.ask("slurm", &asked);
    assert_eq!(code(&waits), ("queued", "feed"), "{waits}");
    let job = waits["lease_id"].as_str().expect("a lease").to_owned();
    // Nobody knows when what he has is over: there is no room for it in time.
    let late = told(&client, &job, "late");
    let hard: jiff::Timestamp = late["hard_at"].as_str().expect("an instant").parse().expect("an instant");
    assert_eq!((&late["reason"], hard.as_second()), (&json!("deadline"), by), "{late}");
    let late = |count: u64| move |shown: &Value| shown["leases"]["late"] == count;
    rig.until(&["status"], "it is counted", late(1));
    assert!(rig.text(&["jobs"]).contains("late for "), "{}", rig.text(&["jobs"]));

    let back = json!({ "client": "slurm", "request_id": "back", "op": "release", "lease_id": holds });
    assert_eq!(code(&client.ask("slurm", &back)), ("granted", ""));
    told(&client, &job, "in_time");
    rig.until(&["status"], "it is counted no more", late(0));
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
