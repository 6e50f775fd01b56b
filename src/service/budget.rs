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

mod decided;
mod desk;
mod envelope;
mod event;
mod heard;
mod kept;
mod mouth;
mod read;
#[cfg(test)]
mod tests;
mod when;
mod write;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plant::hall::Hall;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::adapters::mqtt::{Mqtt, Publication, Qos};
use crate::control::ledger::message::Said;
use crate::control::ledger::reply::{Answered, Code};
use crate::control::request::{Ask, Reply, Request};
use crate::service::api::call::{Answer, Asker, NoAnswer, Question};
use crate::service::clock::Clock;
use crate::service::config::Loaded;
pub use desk::Desk;
use event::Trace;
use mouth::Mouth;

/// How many requests may be on their way at once: more than clients ask in a second of bursts, and fewer than may wait for control, so that people are still answered.
const ON_THEIR_WAY: usize = 192;
/// When who finds too many on their way may come again (s).
const SOON: f64 = 1.0;
/// Of how many requests that wait it is remembered what their later answer says again.
const TRACES: usize = 2048;

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
    /// What the later answers of requests that wait say again, by client and request. Not known any more after a start.
    traces: Mutex<BTreeMap<(String, String), Trace>>,
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
        traces: Mutex::default(),
    });
    people.spawn(Arc::clone(&shared).begin(unread));
    Some(Desk::new(shared, people))
}

impl Shared {
    /// Reads what the broker keeps where nobody has, and tells of leases from then on.
    async fn begin(self: Arc<Self>, unread: bool) {
        if unread {
            self.recover().await;
            self.open.store(true, Ordering::Release);
        }
        tokio::spawn(Arc::clone(&self).tell_envelope());
        Mouth::new(self).attend().await;
    }

    /// Asks control, and tells what it answers.
    async fn put(&self, said: Said, (client, trace): (&str, &Trace)) {
        let (request, silent) = match &said {
            Said::Request(message) => (message.request.clone(), false),
            Said::Heard(_) | Said::Found(_) | Said::Skewed { .. } => (String::new(), true),
        };
        let asked = decided::asked(&said);
        let ask = Question::Request(Request { who: format!("mqtt:{client}"), ask: Ask::Ledger(said) });
        let unable = |reason: &str, text: &str| write::later((client, &request), (reason, text), SOON);
        let data = match self.asker.ask(ask).await {
            Ok(Answer::Reply(Reply::Lease(of))) => {
                // Who says what he has heard is answered only where that is wrong.
                if silent && of.items.iter().all(|item| item.outcome.code == Code::Granted) {
                    return;
                }
                if let Some(asked) = asked.filter(|_| !of.again) {
                    decided::log(&self.hall, asked, &of, None);
                }
                self.remember(&of, trace);
                write::answered(&self.hall, &of)
            }
            Ok(Answer::Unable(why)) => unable("journal", &why),
            Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late | NoAnswer::Stopped) => {
                unable("busy", "control did not answer")
            }
        };
        self.say_response((client, trace), &data);
    }

    /// What is answered again later says the same again.
    fn remember(&self, of: &Answered, trace: &Trace) {
        let mut traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = of.items.iter().any(|item| item.outcome.code == Code::Queued);
        if waits && *trace != Trace::default() && traces.len() < TRACES {
            traces.insert((of.client.clone(), of.request.clone()), trace.clone());
        }
    }

    /// What an answer that comes later says again.
    fn trace(&self, of: &Answered) -> Trace {
        let key = (of.client.clone(), of.request.clone());
        let mut traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = of.items.iter().any(|item| item.outcome.code == Code::Queued);
        let found = if waits { traces.get(&key).cloned() } else { traces.remove(&key) };
        found.unwrap_or_default()
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

    fn say_response(&self, (client, trace): (&str, &Trace), data: &Value) -> bool {
        self.say_with(&format!("budget/{client}/response"), ("response", ""), (data, trace), false)
    }

    fn say(&self, topic: &str, about: (&str, &str), data: &Value, retain: bool) -> bool {
        self.say_with(topic, about, (data, &Trace::default()), retain)
    }

    fn say_with(&self, topic: &str, (kind, subject): (&str, &str), what: (&Value, &Trace), retain: bool) -> bool {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        let payload = write::event((&self.hall.site, kind, subject), (number, self.clock.wall()), what);
        self.publish(topic, payload, retain)
    }

    /// False where it does not fit what waits for the broker.
    fn publish(&self, topic: &str, payload: Vec<u8>, retain: bool) -> bool {
        let publication = Publication { topic: topic.to_owned(), payload, retain, qos: Qos::AtLeastOnce };
        let taken = self.mqtt.publish(publication);
        if !taken {
            tracing::error!(topic, "what a scheduler should be told does not fit what waits for the broker");
        }
        taken
    }
}
