//! What is said over a real broker, word by word: a whole batch, how sure it is and what is kept, what is said again, what is answered to that is no request.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rumqttc::QoS;
use serde_json::{Value, json};

use super::budget::{Client, asks, code, first, lending};
use super::rig::{PATIENCE, Rig, ends, wattloop};
use crate::mqtt::mosquitto::Mosquitto;
use crate::mqtt::rig::options;

fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// 256 leases at once, with the longest names that there are.
fn a_whole_batch_is_answered(client: &Client) -> BTreeSet<String> {
    let mut batch = asks(&"𝄞".repeat(64), "items", &json!(vec![json!({}); 256]));
    (batch["power"], batch["job"]) = (json!({ "want_w": 100 }), json!("𝄞".repeat(256)));
    let answer = client.ask("slurm", &batch);
    assert_eq!((code(&answer), &answer["brief"]), (("granted", ""), &json!(true)), "{answer}");
    let items = answer["items"].as_array().expect("items");
    let leases: BTreeSet<String> =
        items.iter().map(|of| of["lease"]["lease_id"].as_str().expect("a lease").to_owned()).collect();
    assert_eq!((items.len(), leases.len()), (256, 256));
    assert!(items.iter().all(|of| of["lease"]["w"] == 100.0 && of["lease"]["state"] == "held"));
    // All of each stands on its own topic, and may be asked for.
    let last = leases.last().expect("a lease");
    client.told(last, "all of it", |text| text.contains("\"schedule\":[{") && text.contains("𝄞"));
    let query = json!({ "client": "slurm", "request_id": "q", "op": "query", "lease_id": last });
    assert!(client.ask("slurm", &query)["lease"]["schedule"].is_array());
    leases
}

/// One that lasts a second: its client hears that it is over.
fn a_notice_comes(client: &Client) {
    let short = client.ask("slurm", &asks("short", "time", &json!({ "duration_s": 1 })));
    assert_eq!(code(&short), ("granted", ""), "{short}");
    let lease = short["lease_id"].as_str().expect("a lease").to_owned();
    let topic = client.topic("slurm", "notice");
    until("a notice", || client.peer.heard(&topic).iter().any(|text| text.contains(&lease)));
}

fn what_is_said_is_sure_and_only_leases_are_kept(client: &Client, port: u16, leases: &BTreeSet<String>) {
    let below = client.topic("slurm", "");
    let ours = ["response", "notice", "lease/"];
    let said: Vec<_> =
        client.peer.delivered(&below).into_iter().filter(|(t, ..)| ours.iter().any(|o| t.starts_with(o))).collect();
    for what in ours {
        let of: Vec<_> = said.iter().filter(|(topic, ..)| topic.starts_with(what)).collect();
        assert!(!of.is_empty() && of.iter().all(|(_, _, qos)| *qos == QoS::AtLeastOnce), "{what}: {of:?}");
    }
    let late = client.late(options("late", port));
    until("what is kept", || late.delivered(&below).len() > leases.len());
    std::thread::sleep(Duration::from_millis(500));
    let kept = late.delivered(&below);
    assert!(kept.iter().all(|(topic, retain, _)| *retain && topic.starts_with("lease/")), "{kept:?}");
    let kept: BTreeSet<&str> = kept.iter().filter_map(|(topic, ..)| topic.strip_prefix("lease/")).collect();
    assert!(leases.iter().all(|lease| kept.contains(lease.as_str())));
}

fn what_belongs_together_is_said_again(client: &Client) {
    let topic = client.topic("slurm", "response");
    let before = client.peer.heard(&topic).len();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (n, op) in ["dry_run", "borrow"].into_iter().enumerate() {
        let data = asks(&format!("t{n}"), "op", &json!(op));
        let message = json!({
            "specversion": "1.0", "id": "1", "source": "//slurm", "type": "wattloop.budget.request.v1", "correlationid": "c-7",
            "traceparent": parent, "data": data,
        });
        client.say("slurm", message.to_string(), false);
        client.answer("slurm", before + n);
        let said: Value = serde_json::from_str(&client.peer.heard(&topic)[before + n]).expect("JSON");
        assert_eq!((&said["correlationid"], &said["traceparent"]), (&json!("c-7"), &json!(parent)), "{said}");
        let epoch = &said["data"]["envelope_epoch"];
        assert_eq!(epoch, &if op == "dry_run" { json!(1) } else { Value::Null }, "{said}");
    }
}

fn what_is_nothing_is_answered(client: &Client) {
    let topic = client.topic("slurm", "response");
    for payload in ["", "0"] {
        let before = client.peer.heard(&topic).len();
        client.say("slurm", payload, false);
        assert_eq!(code(&client.answer("slurm", before)), ("invalid", "unsound"));
    }
    for (more, named) in [
        (json!({ "epoch": "1" }), "`epoch`"),
        (json!({ "op": "amend", "power": { "want_w": 1 }, "time": { "duration_s": 5 } }), "`time.duration_s`"),
    ] {
        let mut data = json!({ "client": "slurm", "request_id": "n", "op": "renew", "lease_id": "1-1" });
        data.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        let answer = client.ask("slurm", &data);
        assert_eq!(code(&answer), ("invalid", "unsound"));
        assert!(answer["reason"]["text"].as_str().is_some_and(|text| text.contains(named)), "{answer}");
    }
}

/// Who cannot come down is shown so, until he can.
fn who_cannot_is_shown(client: &Client, rig: &Rig, lease: &str) {
    let before = client.peer.heard(&client.topic("slurm", "response")).len();
    let says = |status: &str| {
        client.acknowledge("slurm", &json!({ "client": "slurm", "lease_id": lease, "seq": 1, "status": status }))
    };
    let shown = |cannot: bool| {
        let of = move |lease: &Value| lease["cannot"] == cannot;
        rig.until(&["jobs"], "what its client says", |view| {
            view["leases"].as_array().is_some_and(|all| all.iter().any(|one| one["lease_id"] == lease && of(one)))
        });
    };
    says("cannot");
    shown(true);
    assert!(rig.text(&["jobs"]).contains("cannot come down"), "{}", rig.text(&["jobs"]));
    says("done");
    shown(false);
    says("perhaps");
    let answer = client.answer("slurm", before);
    assert_eq!(code(&answer), ("invalid", "unsound"), "the first answer: what is right has none");
}

fn a_clock_that_differs_is_counted(client: &Client, rig: &Rig) {
    let at = |ahead: i64| jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + ahead).expect("an instant");
    for (n, (ahead, count)) in [(100, 1), (0, 0)].into_iter().enumerate() {
        let before = client.peer.heard(&client.topic("slurm", "response")).len();
        let mut data = asks(&format!("clock{n}"), "op", &json!("dry_run"));
        data["ttl_s"] = json!(300);
        let message = json!({ "type": "wattloop.budget.request.v1", "time": at(ahead).to_string(), "data": data });
        client.say("slurm", message.to_string(), false);
        assert_eq!(code(&client.answer("slurm", before)), ("granted", ""), "nothing is decided by it");
        rig.until(&["status"], "it is counted", |shown| shown["leases"]["skewed"] == count);
    }
}

#[test]
fn a_whole_batch_what_is_kept_what_is_said_again_and_what_is_no_request() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\nmax_queued_messages 10000\n") else { return };
    let set = ["budgets.client=[{name=\"slurm\",per_minute=6000}]"];
    let rig = lending(&broker, tempfile::tempdir().expect("a folder"), (&set, None));
    let client = Client::new(&broker, &rig.hall().site);
    let mut run = rig.running(&[]);
    let lease = first(&client)["lease_id"].as_str().expect("a lease").to_owned();
    what_belongs_together_is_said_again(&client);
    what_is_nothing_is_answered(&client);
    who_cannot_is_shown(&client, &rig, &lease);
    run.says("cannot come down");
    a_clock_that_differs_is_counted(&client, &rig);
    run.says("s ahead of ours");
    a_notice_comes(&client);
    let leases = a_whole_batch_is_answered(&client);
    what_is_said_is_sure_and_only_leases_are_kept(&client, broker.port, &leases);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
