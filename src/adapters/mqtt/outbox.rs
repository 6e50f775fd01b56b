//! What is to be said and has not arrived yet. Pure: the driver moves messages between this and the connection.
//!
//! ```text
//! put ──▶ points (QoS 0, newest kept) ───────────────────────────▶ said, forgotten
//!     └─▶ sure (QoS 1) ──▶ handed ──sent(id)──▶ in flight ──acknowledged(id)──▶ forgotten
//!              ▲─────────────── connected(): back in order ──┘
//! ```
//! The state topics (retained) are remembered by their newest payload and said again on every new connection.

use std::collections::{BTreeMap, VecDeque};

/// How many messages of each kind may wait.
pub const CAPACITY: usize = 4096;
/// How many QoS 1 messages may be on their way at once.
pub const WINDOW: usize = 64;
/// The largest payload taken (bytes).
pub const MAX_PAYLOAD: usize = 256 * 1024;

/// How sure a message must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qos {
    /// Said once; may be lost.
    AtMostOnce,
    /// Said until the broker has acknowledged it; may arrive twice.
    AtLeastOnce,
}

/// A message with its whole topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The whole topic.
    pub topic: String,
    /// The payload; empty and retained deletes what the broker keeps.
    pub payload: Vec<u8>,
    /// The broker shall keep it for those who come later. Always at least once.
    pub retain: bool,
    /// How sure it must be.
    pub qos: Qos,
}

/// Messages on their way out.
#[derive(Debug, Default)]
pub struct Outbox {
    points: VecDeque<Message>,
    sure: VecDeque<Message>,
    handed: VecDeque<Message>,
    in_flight: VecDeque<(u16, Message)>,
    retained: BTreeMap<String, Vec<u8>>,
    /// QoS 0 messages that were pushed out by newer ones.
    pub dropped: u64,
    /// QoS 1 messages that were not accepted: full, or too large.
    pub refused: u64,
}

impl Outbox {
    /// Takes a message. False when it was not accepted; a QoS 0 message always is, at the cost of the oldest.
    pub fn put(&mut self, message: Message) -> bool {
        if message.payload.len() > MAX_PAYLOAD {
            self.refused = self.refused.saturating_add(1);
            return false;
        }
        if message.retain {
            self.put_state(message);
            return true;
        }
        match message.qos {
            Qos::AtMostOnce => {
                if self.points.len() >= CAPACITY {
                    self.points.pop_front();
                    self.dropped = self.dropped.saturating_add(1);
                }
                self.points.push_back(message);
                true
            }
            Qos::AtLeastOnce => {
                let room = self.sure.len() < CAPACITY;
                if room {
                    self.sure.push_back(message);
                } else {
                    self.refused = self.refused.saturating_add(1);
                }
                room
            }
        }
    }

    /// A new connection that remembers nothing: what was on its way goes back in order, then every state is said again.
    pub fn connected(&mut self) {
        while let Some(message) = self.handed.pop_back() {
            self.sure.push_front(message);
        }
        while let Some((_, message)) = self.in_flight.pop_back() {
            self.sure.push_front(message);
        }
        // A state that is over must not be said again: the deletion behind it may have been acknowledged already.
        let remembered = &self.retained;
        self.sure.retain(|m| !m.retain || (m.payload.is_empty() && !remembered.contains_key(&m.topic)));
        for (topic, payload) in self.retained.iter().rev() {
            self.sure.push_front(Message {
                topic: topic.clone(),
                payload: payload.clone(),
                retain: true,
                qos: Qos::AtLeastOnce,
            });
        }
    }

    /// The QoS 1 message to hand to the connection next, while the window is open.
    pub fn next_sure(&self) -> Option<&Message> {
        let open = self.handed.len().saturating_add(self.in_flight.len()) < WINDOW;
        self.sure.front().filter(|_| open)
    }

    /// The message of [`Self::next_sure`] has been handed over.
    pub fn hand_sure(&mut self) {
        self.handed.extend(self.sure.pop_front());
    }

    /// The QoS 0 message to hand to the connection next.
    pub fn next_point(&self) -> Option<&Message> {
        self.points.front()
    }

    /// The message of [`Self::next_point`] has been handed over.
    pub fn hand_point(&mut self) {
        self.points.pop_front();
    }

    /// The oldest handed message went out under this packet id.
    pub fn sent(&mut self, id: u16) {
        if let Some(message) = self.handed.pop_front() {
            self.in_flight.push_back((id, message));
        }
    }

    /// The broker has it.
    pub fn acknowledged(&mut self, id: u16) {
        if let Some(place) = self.in_flight.iter().position(|(i, _)| *i == id) {
            self.in_flight.remove(place);
        }
    }

    /// How many messages have not arrived yet.
    pub fn depth(&self) -> usize {
        self.points
            .len()
            .saturating_add(self.sure.len())
            .saturating_add(self.handed.len())
            .saturating_add(self.in_flight.len())
    }

    /// Only the newest payload of a state counts, so states cannot fill the queue.
    fn put_state(&mut self, message: Message) {
        if message.payload.is_empty() {
            self.retained.remove(&message.topic);
        } else {
            self.retained.insert(message.topic.clone(), message.payload.clone());
        }
        // It goes to the end, so that what was said before a farewell arrives before it.
        self.sure.retain(|m| !m.retain || m.topic != message.topic);
        self.sure.push_back(Message { qos: Qos::AtLeastOnce, ..message });
    }
}

#[cfg(test)]
mod tests;
