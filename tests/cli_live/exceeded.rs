//! A client that draws more than it was lent, over a real broker: told, seen, a breach over a crash, and over; replayed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sim::faults::Fault;

use super::budget::{Client, asks, code, first, lending};
use super::rig::{PATIENCE, Rig, ends, wattloop};
use crate::mqtt::mosquitto::Mosquitto;

const TIMES: &str = "budgets.excess={noticed=\"1s\",capped=\"1s\",breach=\"1s\",escalated=\"2s\",resolved=\"10s\"}";

/// Waits until the client has heard this of a lease.
pub fn told(client: &Client, lease: &str, kind: &str, reason: &str) {
    let topic = client.topic("slurm", "notice");
    let begun = Instant::now();
    let of = |text: &String| {
        let data = serde_json::from_str::<Value>(text).expect("JSON")["data"].take();
        data["lease_id"] == lease && data["kind"] == kind && data["reason"] == reason
    };
    while !client.peer.heard(&topic).iter().any(of) {
        assert!(begun.elapsed() < PATIENCE, "never {kind} for {reason}: {:?}", client.peer.heard(&topic));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The rack's meter reads 20 kW more from now on.
fn draws_more(rig: &Rig) {
    let fault = Fault::parse(&rig.hall(), "rack-a01/power offset 20000").expect("a fault");
    rig.stage.hall.stage().world.inject(fault);
}

#[test]
fn a_client_that_draws_more_than_it_was_lent_is_told_and_reported_until_it_is_over() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\n") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let rig = lending(&broker, folder, (&["budgets.client=[{name=\"slurm\"}]", TIMES], None));
    let client = Client::new(&broker, &rig.hall().site);
    let mut run = rig.running(&[]);
    // A lease of the feed above may be drawn in the rack, too.
    let above = first(&client)["lease_id"].as_str().expect("a lease").to_owned();
    let ask = json!({ "client": "slurm", "request_id": "back", "op": "release", "lease_id": above });
    assert_eq!(code(&client.ask("slurm", &ask)), ("granted", ""));
    rig.until(&["status"], "nothing is lent", |shown| shown["leases"]["held"] == 0);
    let lent = client.ask("slurm", &asks("j1", "domain", &json!("rack-a01")));
    assert_eq!(code(&lent), ("granted", ""), "{lent}");
    let lease = lent["lease_id"].as_str().expect("a lease").to_owned();

    draws_more(&rig);
    told(&client, &lease, "reduce", "exceeded");
    let stage = |wanted: &'static str| move |shown: &Value| shown["places"][0]["stage"] == wanted;
    let shown = rig.until(&["jobs"], "the escalation", stage("escalated"));
    let place = &shown["places"][0];
    assert_eq!(
        (&place["place"], &place["lease_id"], &place["client"]),
        (&json!("rack-a01"), &json!(lease), &json!("slurm"))
    );
    let case = place["case_id"].as_str().expect("a case").to_owned();
    let page = rig.text(&["jobs"]);
    assert!(page.contains(&format!("rack-a01: escalated breach {case}")) && page.contains("of slurm"), "{page}");
    assert_eq!(rig.json(&["status"])["leases"]["breaches"], 1);
    for words in ["is told", "nothing there can be capped", "people should see to who has lease"] {
        run.says(words);
    }

    // Killed, it goes on with the same case.
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    let shown = rig.until(&["jobs"], "the same case", stage("escalated"));
    assert_eq!(shown["places"][0]["case_id"], json!(case));
    rig.stage.hall.stage().world.clear_all();
    rig.until(&["jobs"], "its end", stage("within"));
    told(&client, &lease, "restore", "restored");
    run.says("the breach of lease");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
