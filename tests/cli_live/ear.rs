//! Somebody at the broker who hears all, and says what the service would where none runs.

use serde_json::{Value, json};

use super::scheduler::Scheduler;
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
}
