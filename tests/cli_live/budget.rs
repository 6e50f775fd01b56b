//! Leases of power over a real broker: asked for, answered, told, refused with a code, over a crash of ours, and replayed.

use std::time::Instant;

use serde_json::{Value, json};
use sim::wire;
use wattloop::service::rehearsal::Scene;

use super::rig::{PATIENCE, Rig, ends, wattloop};
use crate::mqtt::mosquitto::Mosquitto;
use crate::mqtt::rig::{Peer, options};

/// A scheduler, and what it hears.
pub struct Client {
    pub peer: Peer,
    runtime: tokio::runtime::Runtime,
    site: String,
}

fn rig(broker: &Mosquitto) -> Rig {
    lending(broker, tempfile::tempdir().expect("a folder"), (&CLIENTS, None))
}

/// Who may ask.
const CLIENTS: [&str; 1] = ["budgets.client=[{name=\"slurm\",leases=4},{name=\"hasty\",per_minute=1}]"];

/// A service that lends, what else is set, and as whom its hall's sensors speak.
pub fn lending(
    broker: &Mosquitto,
    folder: tempfile::TempDir,
    (more, login): (&[&str], Option<(String, String)>),
) -> Rig {
    let secret = folder.path().join("password");
    std::fs::write(&secret, "wattloop").expect("writes");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changes");
    let mut set = vec![
        "mqtt.user=\"wattloop\"".to_owned(),
        format!("mqtt.password_file={:?}", secret.display().to_string()),
        "mqtt.broker_acl=true".to_owned(),
    ];
    set.extend(more.iter().map(|of| (*of).to_owned()));
    let at =
        wire::Broker { host: "127.0.0.1".to_owned(), port: broker.port, client: "simulated-hall".to_owned(), login };
    Rig::with("air", folder, Scene { set, broker: Some(at), ..Scene::default() })
}

impl Client {
    pub fn new(broker: &Mosquitto, site: &str) -> Self {
        Self::at(options("slurm", broker.port), site)
    }

    /// The same as somebody whom the broker knows.
    pub fn at(login: rumqttc::MqttOptions, site: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let peer = runtime.block_on(Peer::connect(
            login,
            &["wattloop/v1/+/budget/#", "wattloop/v1/+/status", "wattloop/v1/+/envelope"],
        ));
        Self { peer, runtime, site: site.to_owned() }
    }

    pub fn topic(&self, client: &str, what: &str) -> String {
        format!("wattloop/v1/{}/budget/{client}/{what}", self.site)
    }

    pub fn say(&self, client: &str, payload: impl Into<Vec<u8>>, keep: bool) {
        self.runtime.block_on(self.peer.say(&self.topic(client, "request"), payload, keep));
    }

    /// Says what it has heard of, or draws.
    pub fn acknowledge(&self, client: &str, data: &Value) {
        let message = json!({ "specversion": "1.0", "id": "1", "source": "//slurm", "type": "wattloop.budget.ack.v1", "data": data });
        self.runtime.block_on(self.peer.say(&self.topic(client, "ack"), message.to_string(), false));
    }

    /// Another who hears what the broker keeps by now.
    pub fn late(&self, login: rumqttc::MqttOptions) -> Peer {
        self.runtime.block_on(Peer::connect(login, &["wattloop/v1/+/budget/#"]))
    }

    /// What was said last of a lease.
    pub fn kept(&self, lease: &str) -> String {
        self.peer.heard(&self.topic("slurm", &format!("lease/{lease}"))).pop().expect("something")
    }

    /// Has the broker keep all of this, as somebody else.
    pub fn keep(&self, login: rumqttc::MqttOptions, all: Vec<(String, String)>) {
        self.runtime.block_on(async { Peer::connect(login, &[]).await.keep(all).await });
    }

    /// Asks, and waits for the next answer.
    pub fn ask(&self, client: &str, data: &Value) -> Value {
        let before = self.peer.heard(&self.topic(client, "response")).len();
        let message = json!({ "specversion": "1.0", "id": "1", "source": "//slurm", "type": "wattloop.budget.request.v1", "data": data });
        self.say(client, message.to_string(), false);
        self.answer(client, before)
    }

    pub fn answer(&self, client: &str, before: usize) -> Value {
        let topic = self.topic(client, "response");
        let begun = Instant::now();
        loop {
            if let Some(text) = self.peer.heard(&topic).get(before) {
                let message: Value = serde_json::from_str(text).expect("JSON");
                assert_eq!(message["type"], "wattloop.budget.response.v1");
                return message["data"].clone();
            }
            assert!(begun.elapsed() < PATIENCE, "no answer");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Waits until the last that was said of a lease is as wanted.
    pub fn told(&self, lease: &str, what: &str, wanted: impl Fn(&str) -> bool) {
        let topic = self.topic("slurm", &format!("lease/{lease}"));
        let begun = Instant::now();
        while !self.peer.heard(&topic).last().is_some_and(|last| wanted(last)) {
            assert!(begun.elapsed() < PATIENCE, "never: {what}: {:?}", self.peer.heard(&topic));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

/// Waits for an envelope of this generation of control, and what is free in its first quarter.
fn envelope(client: &Client, epoch: u64) -> f64 {
    let topic = format!("wattloop/v1/{}/envelope", client.site);
    let begun = Instant::now();
    loop {
        let last = client.peer.heard(&topic).pop().map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
        if let Some(last) =
            last.as_ref().filter(|of| of["data"]["epoch"] == epoch && of["data"]["slots"][0]["w"] != 0.0)
        {
            assert_eq!(last["type"], "wattloop.budget.envelope.v1");
            assert_eq!(last["data"]["slots"].as_array().map(Vec::len), Some(144), "a day and a half: {last}");
            return last["data"]["slots"][0]["w"].as_f64().expect("watts");
        }
        assert!(begun.elapsed() < PATIENCE, "no envelope of {epoch}: {last:?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// 10 kW below a PDU for slurm, with a field that is other.
pub fn asks(request: &str, key: &str, value: &Value) -> Value {
    let mut data = json!({
        "client": "slurm", "request_id": request, "op": "acquire", "domain": "pdu-a1",
        "power": { "want_w": 10e3 }, "ttl_s": 3600, "job": { "scheduler": "slurm", "id": 7 },
    });
    data[key] = value.clone();
    data
}

pub fn code(answer: &Value) -> (&str, &str) {
    (answer["code"].as_str().unwrap_or_default(), answer["reason"]["code"].as_str().unwrap_or_default())
}

/// Asks until control has made its first scans and its meters are read.
pub fn first(client: &Client) -> Value {
    let begun = Instant::now();
    // Who speaks before the service listens is not heard.
    while client.peer.heard(&format!("wattloop/v1/{}/status", client.site)).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "no status");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    loop {
        let answer = client.ask("slurm", &asks(&format!("r-{:?}", begun.elapsed()), "op", &json!("dry_run")));
        if answer["code"] == "granted" {
            return client.ask("slurm", &asks("r1", "x", &Value::Null));
        }
        assert!(begun.elapsed() < PATIENCE, "{answer}");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

fn what_cannot_be_is_answered_with_a_code(client: &Client) {
    for (data, said) in [
        (asks("r1", "priority", &json!(7)), ("conflict", "other_body")),
        (asks("r2", "class", &json!("soft")), ("invalid", "unsound")),
        (asks("r2", "client", &json!("hasty")), ("invalid", "unsound")),
        (asks("r2", "power", &json!({ "want_w": -1 })), ("invalid", "unsound")),
        (asks("r2", "power", &json!({ "want_w": null })), ("invalid", "unsound")),
        (asks("r3", "power", &json!({ "want_w": 10e6 })), ("denied", "feed")),
        (asks("r4", "something", &json!("x".repeat(300_000))), ("invalid", "too_large")),
    ] {
        assert_eq!(code(&client.ask("slurm", &data)), said, "{data}");
    }
    let before = client.peer.heard(&client.topic("slurm", "response")).len();
    client.say("slurm", "{ \"no\": NaN }", false);
    assert_eq!(code(&client.answer("slurm", before)), ("invalid", "unsound"));
    assert_eq!(code(&client.ask("nobody", &asks("r5", "client", &json!("nobody")))), ("denied", "unknown_client"));
    client.ask("hasty", &asks("r6", "client", &json!("hasty")));
    assert_eq!(code(&client.ask("hasty", &asks("r7", "client", &json!("hasty")))), ("retry", "rate"));
}

#[test]
fn a_scheduler_asks_for_leases_and_hears_what_becomes_of_them() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\n") else { return };
    let rig = rig(&broker);
    let client = Client::new(&broker, &rig.hall().site);
    // What the broker kept from before nobody answers.
    let kept = json!({ "type": "wattloop.budget.request.v1", "data": asks("r0", "x", &Value::Null) });
    client.say("slurm", kept.to_string(), true);
    let mut run = rig.running(&[]);

    let granted = first(&client);
    assert_eq!((code(&granted), &granted["request_id"], &granted["epoch"]), (("granted", ""), &json!("r1"), &json!(1)));
    let lease = granted["lease_id"].as_str().expect("a lease").to_owned();
    assert_eq!((&granted["lease"]["w"], &granted["lease"]["renew_after_s"]), (&json!(10e3), &json!(1200.0)));
    client.told(&lease, "the lease, kept", |last| last.contains("wattloop.budget.lease.v1"));
    let again = client.ask("slurm", &asks("r1", "x", &Value::Null));
    assert_eq!((code(&again), &again["lease_id"]), (("granted", ""), &json!(lease)));
    what_cannot_be_is_answered_with_a_code(&client);
    let batch =
        client.ask("slurm", &asks("r8", "items", &json!([{}, { "domain": "pdu-b1" }, { "domain": "pdu-b2" }, {}])));
    let codes: Vec<_> = batch["items"].as_array().expect("items").iter().map(|of| of["code"].clone()).collect();
    assert_eq!(codes, ["granted", "granted", "granted", "retry"], "four leases are as many as it may have");
    assert!(rig.text(&["status"]).contains("leases         "), "{}", rig.text(&["status"]));

    assert!(envelope(&client, 1) > 10e3);
    // Killed, it goes on with every lease, and counts its generation up.
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    client.told(&lease, "its new generation", |last| last.contains("\"epoch\":2"));
    assert!(envelope(&client, 2) > 10e3);
    let of = |op: &str, epoch: u64, request: &str| json!({ "client": "slurm", "request_id": request, "op": op, "lease_id": lease, "epoch": epoch });
    assert_eq!(client.ask("slurm", &asks("r1", "x", &Value::Null))["lease_id"], json!(lease));
    assert_eq!(code(&client.ask("slurm", &of("renew", 1, "r9"))), ("conflict", "old_epoch"));
    assert_eq!(code(&client.ask("slurm", &of("renew", 2, "r10"))), ("granted", ""));
    assert_eq!(code(&client.ask("slurm", &of("release", 2, "r11"))), ("granted", ""));
    client.told(&lease, "its end", str::is_empty);
    assert_eq!(code(&client.ask("slurm", &of("renew", 2, "r12"))), ("unknown_lease", "no_lease"));
    let heard = client.peer.heard(&client.topic("slurm", "response"));
    assert!(heard.iter().all(|text| !text.contains("\"request_id\":\"r0\"")), "what was kept is not answered");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
