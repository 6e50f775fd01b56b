//! Somebody at the broker who hears all, and says what the service would where none runs.

use serde_json::{Value, json};

use super::scheduler::{Scheduler, until};
use crate::mqtt::rig::{Peer, options};

/// Somebody at the broker who hears all, or says what the service would.
pub struct Ear {
    peer: Peer,
    runtime: tokio::runtime::Runtime,
    topic: String,
}

impl Ear {
    pub fn new(slurm: &Scheduler, user: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let mut options = options(&format!("ear-{user}"), slurm.broker.port);
        options.set_credentials(user, user);
        let peer = runtime.block_on(Peer::connect(options, &["wattloop/v1/+/budget/#"]));
        Self { peer, runtime, topic: format!("wattloop/v1/{}/budget/slurm", slurm.rig.hall().site) }
    }

    pub fn heard(&self, what: &str) -> Vec<Value> {
        let heard = self.peer.heard(&format!("{}/{what}", self.topic));
        heard.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok()?.get("data").cloned()).collect()
    }

    /// The answers to renewals of a lease by this generation.
    pub fn renewed(&self, lease: &str, epoch: u64) -> usize {
        let asked: Vec<Value> = self.heard("request").into_iter().filter(|of| of["op"] == "renew").collect();
        let ours =
            |answer: &Value| asked.iter().any(|of| of["request_id"] == answer["request_id"] && of["lease_id"] == lease);
        let good = |answer: &Value| answer["code"] == "granted" && answer["epoch"] == epoch;
        self.heard("response").iter().filter(|answer| good(answer) && ours(answer)).count()
    }

    /// Says what is no message of ours.
    pub fn blurts(&self, what: &str, text: &str) {
        self.runtime.block_on(self.peer.say(&format!("{}/{what}", self.topic), text, false));
    }

    /// Says what the service would.
    pub fn says(&self, what: &str, data: &Value) {
        let message = json!({ "specversion": "1.0", "id": "1", "source": "//wattloop", "type": "x", "data": data });
        let kept = what.starts_with("lease/");
        self.runtime.block_on(self.peer.say(&format!("{}/{what}", self.topic), message.to_string(), kept));
    }

    /// Waits for a request, and gives it.
    pub fn asked(&self, op: &str) -> Value {
        until(op, || self.heard("request").into_iter().rfind(|of| of["op"] == op))
    }

    /// Answers a request as the service would.
    pub fn answers(&self, asked: &Value, code: &str, lease: &Value) {
        let request = &asked["request_id"];
        let answer =
            json!({ "request_id": request, "code": code, "lease": lease, "lease_id": lease["lease_id"], "epoch": 1 });
        self.says("response", &answer);
    }
}

/// A lease as the service tells it, in its state of this number, for so much (W).
pub fn lease(id: &str, seq: u64, w: f64) -> Value {
    json!({
        "lease_id": id, "state": "held", "epoch": 1, "seq": seq, "w": w, "floor_w": 0.0, "ttl_s": 300.0,
        "schedule": [{ "start": "2026-11-28T20:00:00Z", "w": w }], "expires_at": "2026-11-28T20:05:00Z",
    })
}
