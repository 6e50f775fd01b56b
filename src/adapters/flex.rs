//! The line to a grid's broker: messages come in whole, and what is said goes out once the broker is there. It knows no contract.
//!
//! One client a connection, nothing outlives it but what must arrive: that waits here until it has been handed to a connection. Every topic is subscribed anew on each.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeFilter, SubscribeReasonCode};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::mqtt::{MqttConfig, MqttFault, Pauses, dial};

/// Pauses between connections: doubling from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// Requests that wait inside the client.
const QUEUE: usize = 64;
/// Messages that wait for a connection; of more the oldest that are said again anyway go first.
const WAITING: usize = 64;

/// How sure a message must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// It arrives, perhaps twice. Of what we say: a state, which is said again soon.
    AtLeastOnce,
    /// It arrives once. Of what we say: what is said once.
    ExactlyOnce,
}

impl Sure {
    const fn qos(self) -> QoS {
        match self {
            Self::AtLeastOnce => QoS::AtLeastOnce,
            Self::ExactlyOnce => QoS::ExactlyOnce,
        }
    }
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its topic.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// The broker had kept it.
    pub kept: bool,
}

/// What the line tells the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A message.
    Heard(Heard),
    /// The broker does not let us listen there.
    Refused(String),
}

/// Something to say.
#[derive(Clone, Debug)]
struct Saying {
    topic: String,
    payload: Vec<u8>,
    sure: Sure,
}

/// What both ends share.
#[derive(Debug, Default)]
struct Desk {
    waiting: Mutex<VecDeque<Saying>>,
    more: Notify,
    /// There is another connection.
    here: AtomicBool,
    /// Messages that came faster than the service hears.
    missed: AtomicU32,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Saying>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line to a broker. Dropped, it ends.
#[derive(Debug)]
pub struct Flex {
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Drop for Flex {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Flex {
    /// Starts inside a tokio runtime: connects in the background and for ever, and listens to these topics.
    ///
    /// # Errors
    /// Every fault of the configuration and its files; an unreachable broker is none.
    pub fn start(
        config: &MqttConfig,
        filters: Vec<(String, Sure)>,
        words: mpsc::Sender<Word>,
    ) -> Result<Self, MqttFault> {
        let desk = Arc::new(Desk::default());
        let line = Line { options: config.options()?, filters, words, desk: Arc::clone(&desk) };
        Ok(Self { desk, task: tokio::spawn(line.run()) })
    }

    /// Says something, never kept by the broker. Of what waits too long for one the oldest state is forgotten, and only where there is none the oldest of what is said once.
    pub fn say(&self, topic: &str, payload: Vec<u8>, sure: Sure) {
        let mut waiting = self.desk.lock();
        waiting.push_back(Saying { topic: topic.to_owned(), payload, sure });
        if waiting.len() > WAITING {
            let state = waiting.iter().position(|of| of.sure == Sure::AtLeastOnce);
            let forgotten = waiting.remove(state.unwrap_or_default()).map(|of| of.topic);
            tracing::warn!(topic = forgotten, "too much waits for the grid's broker: an old word is forgotten");
        }
        drop(waiting);
        self.desk.more.notify_one();
    }

    /// True once for every connection, or for some that came soon after each other: what holds is to be said.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.desk.here.swap(false, Ordering::Relaxed)
    }

    /// How many messages came faster than the service hears, since this was asked last: nothing came of them.
    #[must_use]
    pub fn missed(&self) -> u32 {
        self.desk.missed.swap(0, Ordering::Relaxed)
    }
}

/// The connection.
struct Line {
    options: MqttOptions,
    filters: Vec<(String, Sure)>,
    words: mpsc::Sender<Word>,
    desk: Arc<Desk>,
}

impl Line {
    async fn run(self) {
        let mut pauses = Pauses::new(PAUSES);
        loop {
            let stood = self.converse().await;
            pauses.rest(stood).await;
        }
    }

    /// One connection, from the first attempt to its end; true where it came to stand.
    async fn converse(&self) -> bool {
        let (client, mut events) = dial(&self.options, QUEUE);
        let mut speaking: Option<JoinHandle<()>> = None;
        let error = loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    tracing::info!(broker = self.options.broker_address().0, "the grid's broker is there");
                    let filters = self.filters.iter();
                    let filters =
                        filters.map(|(topic, sure)| SubscribeFilter::new(topic.clone(), sure.qos())).collect();
                    speaking = Some(tokio::spawn(speak(client.clone(), filters, Arc::clone(&self.desk))));
                    self.desk.here.store(true, Ordering::Relaxed);
                }
                Ok(Event::Incoming(Packet::Publish(message))) => self.tell(Word::Heard(Heard {
                    topic: message.topic,
                    payload: message.payload.to_vec(),
                    kept: message.retain,
                })),
                Ok(Event::Incoming(Packet::SubAck(ack))) => {
                    let refused = |code: &SubscribeReasonCode| *code == SubscribeReasonCode::Failure;
                    for ((topic, _), _) in self.filters.iter().zip(&ack.return_codes).filter(|(_, code)| refused(code))
                    {
                        self.tell(Word::Refused(topic.clone()));
                    }
                }
                Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
                Err(error) => break error,
            }
        };
        let Some(task) = speaking else {
            tracing::debug!(%error, "the grid's broker is not there");
            return false;
        };
        task.abort();
        tracing::warn!(%error, "the line to the grid's broker is lost: what it asked for goes on until its end");
        true
    }

    /// Who waited here would let the connection die, and with it all that waits at the broker: what there is no room for is counted, and its sender is not left
    /// without a word of it.
    fn tell(&self, word: Word) {
        match self.words.try_send(word) {
            Ok(()) => {}
            Err(TrySendError::Full(Word::Heard(heard)) | TrySendError::Closed(Word::Heard(heard))) => {
                tracing::error!(
                    topic = heard.topic,
                    "a message of the grid's broker is not heard: more come than are taken"
                );
                self.desk.missed.fetch_add(1, Ordering::Relaxed);
            }
            Err(TrySendError::Full(Word::Refused(topic)) | TrySendError::Closed(Word::Refused(topic))) => {
                tracing::error!(topic, "the grid's broker does not let us listen there");
            }
        }
    }
}

/// Listens, and says what there is to say until the connection ends.
async fn speak(client: AsyncClient, filters: Vec<SubscribeFilter>, desk: Arc<Desk>) {
    if client.subscribe_many(filters).await.is_err() {
        return;
    }
    loop {
        let next = desk.lock().pop_front();
        let Some(Saying { topic, payload, sure }) = next else {
            desk.more.notified().await;
            continue;
        };
        if client.publish(topic, sure.qos(), false, payload).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
