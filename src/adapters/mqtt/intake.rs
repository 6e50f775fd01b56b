//! What comes in: samples to the image, commands to the service.

use std::sync::Arc;

use rumqttc::Publish;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::command::{self, Command, Refused, Seen};
use super::count::bump;
use super::link::Link;
use super::notice::{self, Notice, Verb};
use super::outbox::MAX_PAYLOAD;
use super::payload::{self, Arrival, Reckoning, Sources};
use super::{Asked, Incoming, WallClock};
use crate::adapters::Shared;

/// Where messages go.
pub struct Intake {
    link: Arc<Link>,
    sources: Sources,
    prefix: String,
    prices: Option<String>,
    shared: Arc<Shared>,
    wall: WallClock,
    reckoning: Reckoning,
    sender: mpsc::Sender<Incoming>,
    seen: Seen,
}

impl Intake {
    /// An intake for the topics of `sources`, for the commands below `prefix` and for the topic of prices; `clocks` stamps what comes.
    pub fn new(
        link: Arc<Link>,
        sources: Sources,
        (prefix, prices): (&str, Option<&str>),
        clocks: (Arc<Shared>, WallClock),
        sender: mpsc::Sender<Incoming>,
    ) -> Self {
        let (shared, wall) = clocks;
        Self {
            link,
            sources,
            prefix: prefix.to_owned(),
            prices: prices.map(str::to_owned),
            shared,
            wall,
            reckoning: Reckoning::default(),
            sender,
            seen: Seen::default(),
        }
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Publish) {
        let counters = &self.link.counters;
        let fits = message.payload.len() <= MAX_PAYLOAD;
        if !fits {
            bump(&counters.too_large);
            tracing::warn!(
                topic = message.topic,
                bytes = message.payload.len(),
                "an MQTT message is too large to look at"
            );
        }
        if let Some(wanted) = self.sources.get(&message.topic) {
            let mono = self.shared.now();
            let wall = self.reckoning.wall(mono, (self.wall)());
            let arrival = Arrival { mono, wall, retained: message.retain };
            let payload = fits.then_some(&message.payload[..]);
            let samples = payload::samples(wanted, payload, arrival);
            if samples.len() < wanted.len() {
                bump(&counters.unknown_age);
            }
            if samples.iter().any(|(_, sample)| sample.value.is_err()) {
                bump(&counters.bad_samples);
            }
            self.shared.store(&samples);
        } else if self.prices.as_ref() == Some(&message.topic) {
            self.priced(message, fits);
        } else if let Some((client, ack)) = self.asked(&message.topic) {
            self.ask(client.to_owned(), ack, (message, fits));
        } else if let Some(of) = self.leased(&message.topic) {
            self.link.shelf().put(of, &message.payload, message.retain);
        } else if let Some(point) = self.commanded(&message.topic) {
            self.command(&point, message);
        } else if let Some(verb) = self.noticed(&message.topic) {
            self.notice(verb, message);
        }
        // Whoever sees the count finds what it counts in the image.
        bump(&self.link.counters.received);
    }

    /// Tells the service something it must know; false when it does not keep up.
    pub fn tell(&self, incoming: Incoming) -> bool {
        self.sender.try_send(incoming).is_ok()
    }

    /// Now, on the clock of samples.
    pub fn now(&self) -> plant::time::Mono {
        self.shared.now()
    }

    fn commanded(&self, topic: &str) -> Option<String> {
        Some(topic.strip_prefix(&self.prefix)?.strip_prefix("point/")?.strip_suffix("/set")?.to_owned())
    }

    /// Whose request it is, or what it has heard (true).
    fn asked<'t>(&self, topic: &'t str) -> Option<(&'t str, bool)> {
        let (client, what) = topic.strip_prefix(&self.prefix)?.strip_prefix("budget/")?.split_once('/')?;
        match what {
            "request" => Some((client, false)),
            "ack" => Some((client, true)),
            _ => None,
        }
    }

    /// Whose lease it is, and which.
    fn leased<'t>(&self, topic: &'t str) -> Option<(&'t str, &'t str)> {
        let (client, lease) = topic.strip_prefix(&self.prefix)?.strip_prefix("budget/")?.split_once('/')?;
        Some((client, lease.strip_prefix("lease/")?))
    }

    /// What the broker had kept is passed over: it would come again on every connection. What there is no room for is put aside: somebody answers it.
    fn ask(&self, client: String, ack: bool, (message, fits): (&Publish, bool)) {
        if message.retain {
            tracing::warn!(topic = message.topic, "a request that the broker had kept is passed over");
            return;
        }
        let asked = Asked { client, ack, payload: fits.then(|| message.payload.to_vec()) };
        if let Err(full) = self.sender.try_send(Incoming::Asked(asked)) {
            tracing::warn!(topic = message.topic, "a request is put off: the service does not keep up");
            let (TrySendError::Full(incoming) | TrySendError::Closed(incoming)) = full;
            if let Incoming::Asked(asked) = incoming {
                self.link.put_aside(asked);
            }
        }
    }

    fn noticed(&self, topic: &str) -> Option<Verb> {
        let below = topic.strip_prefix(&self.prefix)?;
        Verb::ALL.into_iter().find(|verb| verb.topic() == below)
    }

    fn priced(&self, message: &Publish, fits: bool) {
        // An empty message is how a kept one is deleted: it says nothing of prices.
        if message.payload.is_empty() {
            return;
        }
        let payload = fits.then(|| message.payload.to_vec());
        if !self.tell(Incoming::Prices { payload, kept: message.retain }) {
            tracing::warn!(topic = message.topic, "prices are passed over: the service does not keep up");
        }
    }

    fn notice(&self, verb: Verb, message: &Publish) {
        if message.payload.is_empty() {
            return;
        }
        let hand_over = |notice: Notice| {
            let id = notice.id.clone();
            if self.tell(Incoming::Notice(notice)) { Ok(()) } else { Err((Refused::RateLimited, Some(id))) }
        };
        let taken = notice::read(verb, &message.topic, &message.payload, message.retain);
        if let Err((code, id)) = taken.and_then(hand_over) {
            tracing::debug!(topic = message.topic, code = code.code(), "an MQTT announcement is refused");
            self.link.refuse(&message.topic, code, id.as_deref());
        }
    }

    fn command(&mut self, point: &str, message: &Publish) {
        // An empty message is how a retained one is deleted; it asks for nothing.
        if message.payload.is_empty() {
            return;
        }
        let taken = command::read(&message.topic, point, &message.payload, message.retain);
        if let Err((code, id)) = taken.and_then(|command| self.pass(command)) {
            tracing::debug!(topic = message.topic, code = code.code(), "an MQTT command is refused");
            self.link.refuse(&message.topic, code, id.as_deref());
        }
    }

    fn pass(&mut self, command: Command) -> Result<(), (Refused, Option<String>)> {
        let id = command.id.clone();
        if !self.seen.is_new(&id) {
            return Err((Refused::Replayed, Some(id)));
        }
        if self.tell(Incoming::Command(command)) { Ok(()) } else { Err((Refused::RateLimited, Some(id))) }
    }
}
