//! The journal is lost, and leases that the broker has kept are taken up again, at a broker that enforces the shipped access list.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::budget::{Client, asks, code, first, lending};
use super::rig::{PATIENCE, Rig, ends, wattloop};
use crate::mqtt::access::{SHIPPED, guarded_by};
use crate::mqtt::mosquitto::Mosquitto;
use crate::mqtt::rig::options;

/// Asks until it is judged.
fn judged(client: &Client, data: &Value) -> Value {
    let begun = Instant::now();
    loop {
        let answer = client.ask("slurm", data);
        if !["recovering", "journal", "busy"].contains(&code(&answer).1) {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "never judged: {answer}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn of(op: &str, lease: &str, request: &str, epoch: Option<u64>) -> Value {
    json!({ "client": "slurm", "request_id": request, "op": op, "lease_id": lease, "epoch": epoch })
}

/// What of the PDU is free for what is new (W).
fn free(client: &Client, rig: &Rig, request: &str) -> f64 {
    let feed = rig.hall().power.feed("pdu-a1").expect("a feed");
    let all = rig.hall().power.feeds[feed].limit().0 * 0.9;
    let mut asked = asks(request, "power", &json!({ "want_w": all }));
    asked["op"] = json!("dry_run");
    let answer = judged(client, &asked);
    assert_eq!(code(&answer), ("retry", "feed"), "{answer}");
    answer["reason"]["headroom_w"].as_f64().expect("watts")
}

fn remove(journal: &str) {
    for end in ["", "-wal", "-shm"] {
        let path = format!("{journal}{end}");
        if Path::new(&path).exists() {
            std::fs::remove_file(&path).expect("removed");
        }
    }
}

/// A hall that lends, behind a broker with this access list, and a scheduler.
fn stage(list: &str) -> Option<(Rig, Client, Mosquitto)> {
    let broker = guarded_by(list)?;
    let folder = tempfile::tempdir().expect("a folder");
    let set = ["budgets.client=[{name=\"slurm\"}]", "budgets.settle=\"0s\""];
    let rig = lending(&broker, folder, (&set, Some(("gateway".to_owned(), "gateway".to_owned()))));
    let mut login = options("slurm", broker.port);
    login.set_credentials("slurm", "slurm");
    let client = Client::at(login, &rig.hall().site);
    Some((rig, client, broker))
}

#[test]
fn where_the_broker_lets_nobody_read_what_it_keeps_that_is_told_and_what_flows_counts() {
    let rights = ["topic readwrite wattloop/v1/+/budget/+/lease/+", "topic write wattloop/v1/+/budget/+/lease/+"];
    assert!(SHIPPED.contains(rights[0]));
    let Some((rig, client, _broker)) = stage(&SHIPPED.replace(rights[0], rights[1])) else { return };
    let run = rig.running(&[]);
    assert_eq!(code(&first(&client)), ("granted", ""));
    let shown = rig.json(&["jobs"]);
    let recovering = &shown["recovering"];
    assert!(recovering["left_s"].as_f64() > Some(0.0) && recovering["unrenewed"] == 0, "{shown}");
    assert!(run.log().contains("what the broker keeps of leases cannot be read"), "{}", run.log());
}

/// More than a broker lets wait for a subscriber that must have each for sure (1000, where nobody says otherwise).
#[test]
fn thousands_of_leases_are_read_from_a_broker_that_is_as_it_was_installed() {
    let Some((rig, client, broker)) = stage(SHIPPED) else { return };
    let mut run = rig.running(&[]);
    let lent = first(&client)["lease_id"].as_str().expect("a lease").to_owned();
    client.told(&lent, "the lease, kept", |last| last.contains("\"domain\":["));
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    remove(&rig.file("journal.db"));
    let one = client.kept(&lent);
    let mut login = options("wattloop-2", broker.port);
    login.set_credentials("wattloop", "wattloop");
    let other = |n: u32| {
        let (name, other) = (format!("\"{lent}\""), format!("1-{n}"));
        assert!(one.contains(&name), "{one}");
        (client.topic("slurm", &format!("lease/{other}")), one.replace(&name, &format!("\"{other}\"")))
    };
    client.keep(login, (1001..4001).map(other).collect());
    let _run = rig.running(&[]);
    let shown = rig.until(&["jobs"], "what was kept", |shown| shown["recovering"]["unrenewed"].as_u64() > Some(0));
    assert_eq!(shown["recovering"]["unrenewed"], json!(3001), "all of them");
    assert_eq!(code(&judged(&client, &of("renew", "1-2500", "r2", None))), ("granted", ""));
}

#[test]
fn leases_outlive_a_lost_journal_where_they_are_renewed() {
    let Some((rig, client, _broker)) = stage(SHIPPED) else { return };
    let mut run = rig.running(&[]);
    let lent = first(&client)["lease_id"].as_str().expect("a lease").to_owned();
    assert_eq!(code(&client.ask("slurm", &of("release", &lent, "back", None))), ("granted", ""));
    let short = |request: &str| asks(request, "ttl_s", &json!(30));
    let lease = |request: &str| client.ask("slurm", &short(request))["lease_id"].as_str().expect("a lease").to_owned();
    let (renewed, left) = (lease("r2"), lease("r3"));
    for lease in [&renewed, &left] {
        client.told(lease, "the lease, kept", |last| last.contains("\"domain\":[{\"domain\":\"pdu-a1\""));
    }
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    remove(&rig.file("journal.db"));
    let mut run = rig.running(&[]);

    // Whoever renews has it again, in a generation above the one that was kept.
    let again = judged(&client, &of("renew", &renewed, "r4", Some(1)));
    assert_eq!(code(&again), ("granted", ""), "{again}");
    assert_eq!((&again["lease"]["state"], &again["lease"]["w"]), (&json!("held"), &json!(10e3)));
    assert_eq!(again["epoch"], json!(2), "{again}");
    assert_eq!(code(&judged(&client, &of("renew", "7-7", "r5", None))), ("unknown_lease", "no_lease"));
    let once = client.ask("slurm", &short("r2"));
    assert_eq!((code(&once), &once["lease_id"]), (("granted", ""), &json!(renewed)), "no second lease for one request");
    assert_eq!(code(&client.ask("slurm", &short("r3"))), ("retry", "recovering"));
    client.told(&left, "what is kept of it", |last| last.contains("\"state\":\"kept\""));
    let shown = rig.json(&["jobs"]);
    assert_eq!(shown["recovering"]["unrenewed"], json!(1), "{shown}");
    assert!(
        rig.text(&["jobs"]).contains("recovering: what was known of leases is lost; 1 that"),
        "{}",
        rig.text(&["jobs"])
    );
    let during = free(&client, &rig, "d1");

    // Who does not has it no more once its time to live is over.
    client.told(&left, "its end", str::is_empty);
    let shown = rig.until(&["jobs"], "an end", |shown| shown["recovering"].is_null());
    assert_eq!(shown["leases"].as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(code(&judged(&client, &of("renew", &left, "r6", None))), ("unknown_lease", "no_lease"));
    assert_eq!(code(&client.ask("slurm", &short("r3"))), ("expired", "over"));
    let afterwards = free(&client, &rig, "d2");
    assert!(afterwards > during + 10e3, "what leases draw was counted twice: {during} {afterwards}");
    let new = judged(&client, &short("r7"));
    assert_eq!(code(&new), ("granted", ""));
    assert!(new["lease_id"].as_str().is_some_and(|id| id.starts_with("2-")), "{new}");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
