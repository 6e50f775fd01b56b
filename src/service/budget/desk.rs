//! Who takes requests: no more of each client than it may make, none that is too large or none of the contract, each answered with a code.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use plant::time::{Mono, Wall};
use tokio::runtime::Handle;

use super::event::{Head, Refused};
use super::{SOON, Shared, event, heard, read, write};
use crate::adapters::mqtt::{Asked, MAX_PAYLOAD};
use crate::control::ledger::message::Said;
use crate::control::ledger::reply::Code;
use crate::control::request::{Ask, Request};

/// The largest message (bytes): as large as those that we send, so that a batch fits with all that its items may say.
const LARGEST: usize = MAX_PAYLOAD;

/// Who takes requests.
#[derive(Debug)]
pub struct Desk {
    shared: Arc<Shared>,
    buckets: BTreeMap<String, Bucket>,
    /// Whose clock differs from ours, and whether that was told.
    skewed: BTreeMap<String, bool>,
    people: Handle,
}

/// How many requests a client may make at once: as many as in ten seconds, and more as time goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    pub(super) left: f64,
    pub(super) at: Mono,
}

impl Bucket {
    /// Takes one; or how long until there is one (s).
    pub(super) fn take(&mut self, per_minute: u32, now: Mono) -> Result<(), f64> {
        let (rate, most) = (f64::from(per_minute) / 60.0, (f64::from(per_minute) / 6.0).max(1.0));
        self.left = (self.left + rate * now.since(self.at).seconds()).min(most);
        self.at = now;
        if self.left < 1.0 {
            return Err((1.0 - self.left) / rate);
        }
        self.left -= 1.0;
        Ok(())
    }
}

/// How much a client's clock is ahead of ours (ms), and whether that is told by now: by more than a tenth of a time to live, and no more once it is by less than half of that.
pub(super) fn skew(head: &Head, now: Wall, told: bool) -> Option<(i64, bool)> {
    let ahead = head.made?.0.saturating_sub(now.0);
    let tenth = head.ttl.millis() / 10;
    let far = ahead.unsigned_abs() > if told { tenth / 2 } else { tenth };
    Some((ahead, far))
}

impl Desk {
    pub(super) fn new(shared: Arc<Shared>, people: &Handle) -> Self {
        Self { shared, buckets: BTreeMap::new(), skewed: BTreeMap::new(), people: people.clone() }
    }

    /// Takes what a client says.
    pub fn take(&mut self, asked: &Asked) {
        let client = asked.client.as_str();
        let head = asked.payload.as_deref().map(event::head).unwrap_or_default();
        let refuse = |code: Code, reason: &str, text: &str| {
            let data = write::refused((client, &head.request), code, (reason, text));
            self.shared.say_response((client, &head.trace), &data);
        };
        let Some(per_minute) = self.shared.clients.get(client).copied() else {
            return refuse(Code::Denied, "unknown_client", "nobody of this name may ask");
        };
        let now = self.shared.clock.mono();
        let bucket = self.buckets.entry(client.to_owned()).or_insert(Bucket { left: f64::INFINITY, at: now });
        if let Err(wait) = bucket.take(per_minute, now) {
            let text = format!("more than {per_minute} messages a minute: come again in {wait:.1} s");
            return self.put_off((client, &head), ("rate", &text), wait);
        }
        if !self.shared.open.load(Ordering::Acquire) {
            return self.put_off(
                (client, &head),
                ("recovering", "what the broker keeps of leases is read first"),
                SOON,
            );
        }
        let Some(payload) = asked.payload.as_ref().filter(|payload| payload.len() <= LARGEST) else {
            return refuse(Code::Invalid, "too_large", "a message may have 256 KiB");
        };
        let said = if asked.ack {
            heard::heard(payload, client)
        } else {
            read::request(payload, client, &self.shared.hall).map(Said::Request)
        };
        let said = match said {
            Ok(said) => said,
            Err(Refused { request, why }) => {
                tracing::info!(target: "wattloop::decision", client, request, code = "invalid", why, "refused");
                let data = write::refused((client, &request), Code::Invalid, ("unsound", &why));
                self.shared.say_response((client, &head.trace), &data);
                return;
            }
        };
        let Ok(way) = Arc::clone(&self.shared.ways).try_acquire_owned() else {
            return self.put_off((client, &head), ("busy", "too many requests are on their way"), SOON);
        };
        self.compare(client, &head);
        let (shared, client) = (Arc::clone(&self.shared), client.to_owned());
        self.people.spawn(async move {
            shared.put(said, (&client, &head.trace)).await;
            drop(way);
        });
    }

    /// What came while too much was waiting to be looked at: nobody who may ask is left without an answer.
    pub fn passed_over(&self, asked: &Asked) {
        if !self.shared.clients.contains_key(&asked.client) {
            return;
        }
        let head = asked.payload.as_deref().map(event::head).unwrap_or_default();
        self.put_off((&asked.client, &head), ("busy", "more comes than is looked at"), SOON);
    }

    /// A topic is not heard any more until the next start: what came there ended our connections. Whose it is hears that.
    pub fn lost(&self, topic: &str) {
        let Some((_, rest)) = topic.split_once("/budget/") else { return };
        let Some((client, "request" | "ack")) = rest.split_once('/') else { return };
        if self.shared.clients.contains_key(client) {
            let text =
                format!("a message was so large that `{rest}` is not heard any more until the service starts anew");
            let data = write::refused((client, ""), Code::Invalid, ("too_large", &text));
            self.shared.say_response((client, &event::Trace::default()), &data);
        }
    }

    fn put_off(&self, (client, head): (&str, &Head), why: (&str, &str), after: f64) {
        let data = write::later((client, &head.request), why, after);
        self.shared.say_response((client, &head.trace), &data);
    }

    /// Tells where a client's clock begins to differ from ours, or does not any more. While ours is doubted nobody knows.
    fn compare(&mut self, client: &str, head: &Head) {
        if !self.shared.clock.trusted() {
            return;
        }
        let told = self.skewed.entry(client.to_owned()).or_default();
        let Some((ahead, far)) = skew(head, self.shared.clock.wall(), *told).filter(|(_, far)| far != told) else {
            return;
        };
        *told = far;
        let ask = Ask::Ledger(Said::Skewed { client: client.to_owned(), ahead, far });
        let asker = self.shared.asker.clone();
        self.people.spawn(async move { asker.insist(&Request { who: "service".to_owned(), ask }, Some(10)).await });
    }
}
