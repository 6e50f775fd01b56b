//! Leases of power over MQTT: schedulers ask, are answered once the journal has it, and are told what becomes of their leases.
//!
//! ```text
//!  budget/<client>/request, …/ack ─▶ Desk: rate, size, contract ─▶ Ask::Ledger ─▶ control
//!  budget/<client>/response       ◀─ the answer, once it is on disk
//!  budget/<client>/lease/<id>, …/notice ◀─ Mouth ◀─ LedgerView, twice a second
//!  envelope                       ◀─ Mouth ◀─ EnvelopeView, every five seconds
//! ```
//!
//! Every message that is not taken is answered with a code where its client can be told. Kept messages never come here: the adapter passes over them.

mod envelope;
mod kept;
mod read;
#[cfg(test)]
mod tests;
mod when;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use plant::hall::Hall;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::adapters::mqtt::{Asked, Mqtt, Publication, Qos};
use crate::control::ledger::message::Said;
use crate::control::ledger::notices::{Notice, Tidings};
use crate::control::ledger::reply::{Answered, Code};
use crate::control::ledger::view::{LeaseView, LedgerView};
use crate::control::request::{Ask, Reply, Request};
use crate::service::api::call::{Answer, Asker, NoAnswer, Question};
use crate::service::clock::Clock;
use crate::service::config::Loaded;

/// How often leases are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// The largest request (bytes).
const LARGEST: usize = 64 * 1024;
/// How many requests may be on their way at once.
const ON_THEIR_WAY: usize = 48;
/// When who finds too many on their way may come again (s).
const SOON: f64 = 1.0;
/// An end that was told is told again where it is off by more (ms): a renewal.
const RENEWED: i64 = 2000;
/// What was told before a start is told again where it is no older (ms).
const AGAIN: i64 = 60_000;

/// What both share.
#[derive(Debug)]
struct Shared {
    hall: Arc<Hall>,
    asker: Asker,
    mqtt: Arc<Mqtt>,
    clock: Arc<Clock>,
    /// How often each client may ask in a minute.
    clients: BTreeMap<String, u32>,
    said: AtomicU64,
    ways: Arc<Semaphore>,
    /// What the broker had kept is read: who asks is answered.
    open: AtomicBool,
}

/// Who takes requests.
#[derive(Debug)]
pub struct Desk {
    shared: Arc<Shared>,
    buckets: BTreeMap<String, Bucket>,
    people: Handle,
}

/// How many requests a client may make at once: as many as in ten seconds, and more as time goes by.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    /// Takes one; or how long until there is one (s).
    fn take(&mut self, per_minute: u32, now: Instant) -> Result<(), f64> {
        let (rate, most) = (f64::from(per_minute) / 60.0, (f64::from(per_minute) / 6.0).max(1.0));
        self.left = (self.left + rate * now.duration_since(self.at).as_secs_f64()).min(most);
        self.at = now;
        if self.left < 1.0 {
            return Err((1.0 - self.left) / rate);
        }
        self.left -= 1.0;
        Ok(())
    }
}

/// Takes requests and tells of leases from now on, where the configuration lets somebody ask.
#[must_use]
pub fn listen(
    loaded: &Loaded,
    asker: &Asker,
    (mqtt, clock, unread): (&Arc<Mqtt>, &Arc<Clock>, bool),
    people: &Handle,
) -> Option<Desk> {
    let budgets = loaded.config.budgets.as_ref()?;
    let shared = Arc::new(Shared {
        hall: Arc::clone(&loaded.hall),
        asker: asker.clone(),
        mqtt: Arc::clone(mqtt),
        clock: Arc::clone(clock),
        clients: budgets.client.iter().map(|of| (of.name.clone(), of.per_minute)).collect(),
        said: AtomicU64::new(0),
        ways: Arc::new(Semaphore::new(ON_THEIR_WAY)),
        open: AtomicBool::new(!unread),
    });
    people.spawn(Arc::clone(&shared).begin(unread));
    Some(Desk { shared, buckets: BTreeMap::new(), people: people.clone() })
}

impl Desk {
    /// Takes what a client says.
    pub fn take(&mut self, asked: Asked) {
        let client = asked.client.as_str();
        let named = || asked.payload.as_deref().map(read::named_request).unwrap_or_default();
        let refuse = |code: Code, reason: &str, text: &str| {
            self.shared.say_response(client, &write::refused((client, &named()), code, (reason, text)));
        };
        let put_off = |reason: &str, text: &str, after: f64| {
            self.shared.say_response(client, &write::later((client, &named()), (reason, text), after));
        };
        let Some(per_minute) = self.shared.clients.get(client).copied() else {
            return refuse(Code::Denied, "unknown_client", "nobody of this name may ask");
        };
        let now = Instant::now();
        let bucket = self.buckets.entry(client.to_owned()).or_insert(Bucket { left: f64::INFINITY, at: now });
        if let Err(wait) = bucket.take(per_minute, now) {
            let text = format!("more than {per_minute} messages a minute: come again in {wait:.1} s");
            return put_off("rate", &text, wait);
        }
        if !self.shared.open.load(Ordering::Acquire) {
            if asked.ack {
                return;
            }
            return put_off("recovering", "what the broker keeps of leases is read first", SOON);
        }
        let Some(payload) = asked.payload.as_ref().filter(|payload| payload.len() <= LARGEST) else {
            return refuse(Code::Invalid, "too_large", "a message may have 64 KiB");
        };
        let said = if asked.ack {
            read::heard(payload, client)
        } else {
            read::request(payload, client, &self.shared.hall).map(Said::Request)
        };
        let said = match said {
            Ok(said) => said,
            Err(read::Refused { request, why }) => {
                let data = write::refused((client, &request), Code::Invalid, ("unsound", &why));
                return self.shared.say_response(client, &data);
            }
        };
        let Ok(way) = Arc::clone(&self.shared.ways).try_acquire_owned() else {
            return put_off("busy", "too many requests are on their way", SOON);
        };
        let (shared, client) = (Arc::clone(&self.shared), client.to_owned());
        self.people.spawn(async move {
            shared.put(said, &client).await;
            drop(way);
        });
    }
}

impl Shared {
    /// Reads what the broker keeps where nobody has, and tells of leases from then on.
    async fn begin(self: Arc<Self>, unread: bool) {
        if unread {
            self.recover().await;
            self.open.store(true, Ordering::Release);
        }
        tokio::spawn(Arc::clone(&self).tell_envelope());
        Mouth { shared: self, told: BTreeMap::new(), last: 0 }.attend().await;
    }

    /// Asks control, and tells what it answers.
    async fn put(&self, said: Said, client: &str) {
        let (request, silent) = match &said {
            Said::Request(message) => (message.request.clone(), false),
            Said::Heard { .. } | Said::Found(_) => (String::new(), true),
        };
        let ask = Question::Request(Request { who: format!("mqtt:{client}"), ask: Ask::Ledger(said) });
        let unable = |reason: &str, text: &str| write::refused((client, &request), Code::Retry, (reason, text));
        let data = match self.asker.ask(ask).await {
            Ok(Answer::Reply(Reply::Lease(of))) => {
                // Who says what he has heard is answered only where that is wrong.
                if silent && of.items.iter().all(|item| item.outcome.code == Code::Granted) {
                    return;
                }
                write::answered(&self.hall, &of)
            }
            Ok(Answer::Unable(why)) => unable("journal", &why),
            Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late | NoAnswer::Stopped) => {
                unable("busy", "control did not answer")
            }
        };
        self.say_response(client, &data);
    }

    /// Tells the envelope, and tells it again where it differs.
    async fn tell_envelope(self: Arc<Self>) {
        let mut told = None;
        loop {
            match self.asker.ask(Question::Envelope).await {
                Ok(Answer::Envelope(Some(view))) => {
                    if told.as_ref().is_none_or(|told| envelope::differs(told, &view)) {
                        self.say("envelope", ("envelope", ""), &envelope::data(&view), true);
                        told = Some(*view);
                    }
                }
                Err(NoAnswer::Stopped) => return,
                Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late) => {}
            }
            tokio::time::sleep(envelope::LOOK).await;
        }
    }

    fn say_response(&self, client: &str, data: &Value) {
        self.say(&format!("budget/{client}/response"), ("response", ""), data, false);
    }

    fn say(&self, topic: &str, (kind, subject): (&str, &str), data: &Value, retain: bool) {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        let payload = write::event((&self.hall.site, kind, subject), (number, self.clock.wall()), data);
        self.publish(topic, payload, retain);
    }

    fn publish(&self, topic: &str, payload: Vec<u8>, retain: bool) {
        let publication = Publication { topic: topic.to_owned(), payload, retain, qos: Qos::AtLeastOnce };
        if !self.mqtt.publish(publication) {
            tracing::error!(topic, "what a scheduler should be told does not fit what waits for the broker");
        }
    }
}

/// Who tells of leases.
#[derive(Debug)]
struct Mouth {
    shared: Arc<Shared>,
    /// Leases as they were told last, by their names.
    told: BTreeMap<String, LeaseView>,
    /// The number of the last notice that was told.
    last: u64,
}

impl Mouth {
    async fn attend(mut self) {
        let mut first = true;
        loop {
            tokio::time::sleep(LOOK).await;
            match self.shared.asker.ask(Question::Leases(self.last)).await {
                Ok(Answer::Leases(Some(view))) => self.look(&view, std::mem::replace(&mut first, false)),
                Err(NoAnswer::Stopped) => return,
                Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late) => {}
            }
        }
    }

    fn look(&mut self, view: &LedgerView, first: bool) {
        for lease in &view.leases {
            if self.told.get(&lease.lease_id).is_none_or(|told| differs(told, lease)) {
                let topic = format!("budget/{}/lease/{}", lease.client, lease.lease_id);
                let data = write::kept(&self.shared.hall, lease);
                self.shared.say(&topic, ("lease", &lease.lease_id), &data, true);
                self.told.insert(lease.lease_id.clone(), lease.clone());
            }
        }
        let lives = |id: &str| view.leases.iter().any(|of| of.lease_id == id);
        let shared = &self.shared;
        self.told.retain(|id, told| {
            if !lives(id) {
                shared.publish(&format!("budget/{}/lease/{id}", told.client), Vec::new(), true);
            }
            lives(id)
        });
        for (client, _, notice) in &view.notices {
            let id = notice.lease.to_string();
            // What an earlier run left with the broker of a lease that is over.
            if first && !lives(&id) {
                self.shared.publish(&format!("budget/{client}/lease/{id}"), Vec::new(), true);
            }
            let old = first && notice.effective.0 < view.at_ms.saturating_sub(AGAIN);
            if notice.tidings != Tidings::Answered && !old {
                let data = write::notice(notice, view.epoch);
                self.shared.say(&format!("budget/{client}/notice"), ("notice", &id), &data, false);
            }
        }
        for answered in view.answers.iter().filter(|of| !first || is_new(view, of)) {
            self.shared.say_response(&answered.client, &write::answered(&self.shared.hall, answered));
        }
        self.last = view.last;
    }
}

/// It was answered so lately that nobody may have told it before a crash: whoever has heard it knows it by its request.
fn is_new(view: &LedgerView, answered: &Answered) -> bool {
    let since = view.at_ms.saturating_sub(AGAIN);
    let of = |(client, request, notice): &(String, String, Notice)| {
        notice.tidings == Tidings::Answered
            && notice.effective.0 >= since
            && (client, request) == (&answered.client, &answered.request)
    };
    view.notices.iter().any(of)
}

/// Its client should know.
fn differs(told: &LeaseView, now: &LeaseView) -> bool {
    let key = |of: &LeaseView| (of.epoch, of.seq, of.state.clone(), of.may_w.to_bits(), of.ttl_s.to_bits());
    key(told) != key(now) || (told.expires_ms - now.expires_ms).abs() > RENEWED
}
