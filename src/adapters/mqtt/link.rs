//! What the service's threads and the connection's task share: the outbox and, while there is one, the client.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rumqttc::{AsyncClient, QoS};

use super::Asked;
use super::command::{self, Refused};
use super::count::{Counters, Counts};
use super::outbox::{CAPACITY, Message, Outbox, Qos};
use super::shelf::{Kept, Shelf};

/// How many requests for which there was no room are known, and how much of them (bytes).
const ASIDE: (usize, usize) = (1024, 4 << 20);

/// The outbox behind its lock. The lock is held for work in memory only.
#[derive(Debug, Default)]
pub struct Link {
    desk: Mutex<Desk>,
    shelf: Mutex<Shelf>,
    aside: Mutex<Vec<Asked>>,
    pub(super) counters: Counters,
}

#[derive(Debug, Default)]
struct Desk {
    outbox: Outbox,
    client: Option<AsyncClient>,
    leaving: bool,
}

impl Link {
    /// Takes a message and moves what can be moved. False when it was not accepted; nothing is after [`Self::leave`].
    pub fn say(&self, message: Message) -> bool {
        let mut desk = self.lock();
        // The client refuses a wrong topic for ever, and what waits behind it would wait with it.
        let accepted = !desk.leaving && rumqttc::valid_topic(&message.topic) && desk.outbox.put(message);
        desk.pump();
        accepted
    }

    /// Answers on a command's topic.
    pub fn reply(&self, topic: &str, payload: Vec<u8>) -> bool {
        self.say(Message { topic: format!("{topic}/reply"), payload, retain: false, qos: Qos::AtLeastOnce })
    }

    /// Refuses on a command's topic, and counts it. Whoever floods us gets no answer that would crowd out our own events.
    pub fn refuse(&self, topic: &str, code: Refused, id: Option<&str>) -> bool {
        self.counters.refuse(code);
        let crowded = self.lock().outbox.depth() > CAPACITY / 4;
        !crowded && self.reply(topic, command::refusal(code, id))
    }

    /// The broker has accepted us.
    pub fn opened(&self, client: AsyncClient) {
        let mut desk = self.lock();
        desk.client = Some(client);
        desk.outbox.connected();
        desk.pump();
        self.counters.connected.store(true, Ordering::Relaxed);
        super::count::bump(&self.counters.connections);
    }

    /// The connection is gone.
    pub fn closed(&self) {
        self.lock().client = None;
        self.shelf().closed();
        self.counters.connected.store(false, Ordering::Relaxed);
    }

    /// A message went out, under a packet id when it is to be acknowledged.
    pub fn sent(&self, id: u16) {
        let mut desk = self.lock();
        if id != 0 {
            desk.outbox.sent(id);
        }
        desk.pump();
    }

    /// The broker has a message.
    pub fn acknowledged(&self, id: u16) {
        let mut desk = self.lock();
        desk.outbox.acknowledged(id);
        desk.pump();
    }

    /// Says a last message and disconnects in order as soon as everything has arrived.
    pub fn leave(&self, farewell: Message) {
        let mut desk = self.lock();
        desk.leaving = desk.leaving || desk.outbox.put(farewell);
        desk.pump();
    }

    /// True after [`Self::leave`].
    pub fn leaving(&self) -> bool {
        self.lock().leaving
    }

    /// What the broker keeps of leases, as far as it is read.
    pub fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the reading of that.
    pub fn take_kept(&self) -> (Vec<Kept>, u32) {
        let (filter, kept, over) = self.shelf().close();
        if let (Some(filter), Some(client)) = (filter, &self.lock().client) {
            // On a full queue it stays until the next connection, and is passed over.
            drop(client.try_unsubscribe(filter));
        }
        (kept, over)
    }

    /// Keeps a request for which there is no room, so that it can be answered; beyond what is kept it is lost.
    pub fn put_aside(&self, asked: Asked) {
        let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: usize = aside.iter().filter_map(|of| of.payload.as_ref().map(Vec::len)).sum();
        if aside.len() < ASIDE.0 && bytes < ASIDE.1 {
            aside.push(asked);
        }
    }

    /// All that was put aside since.
    pub fn take_aside(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.aside.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts since the start.
    pub fn counts(&self) -> Counts {
        let desk = self.lock();
        Counts {
            dropped: desk.outbox.dropped,
            not_accepted: desk.outbox.refused,
            depth: desk.outbox.depth(),
            ..self.counters.read()
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Hands messages to the client as far as the window and its queue have room.
    fn pump(&mut self) {
        let Some(client) = &self.client else { return };
        while let Some(message) = self.outbox.next_sure() {
            if !hand(client, message, QoS::AtLeastOnce) {
                return;
            }
            self.outbox.hand_sure();
        }
        while let Some(message) = self.outbox.next_point() {
            if !hand(client, message, QoS::AtMostOnce) {
                return;
            }
            self.outbox.hand_point();
        }
        if self.leaving && self.outbox.depth() == 0 {
            // Once is enough; a full queue tries again with the next event.
            drop(client.try_disconnect());
        }
    }
}

fn hand(client: &AsyncClient, message: &Message, qos: QoS) -> bool {
    client.try_publish(message.topic.as_str(), qos, message.retain, message.payload.clone()).is_ok()
}
