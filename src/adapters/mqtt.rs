//! The MQTT adapter: sensors push samples in, what the service has to tell goes out, operators' overrides come in.
//!
//! ```text
//!   broker ─▶ drive ─▶ intake ─┬─ a device's topic ─▶ payload ─▶ Shared (samples)
//!                              └─ …/set            ─▶ command ─▶ Incoming (to the service)
//!   broker ◀─ drive ◀─ link ◀─ outbox ◀─ publish (never waits)
//! ```
//!
//! MQTT 3.1.1 by rumqttc, which loses accepted messages when the broker restarts, forgets subscriptions, retries without a
//! pause and can lock itself up on packet ids. So every connection gets a client of its own with a clean session; what must
//! arrive waits in our outbox until the broker has acknowledged it, and everything is subscribed and every state said again
//! on each connection. A sensor that falls silent needs nothing from here: its reading ages.

mod command;
mod config;
pub(super) mod count;
mod dial;
mod drive;
mod finder;
mod intake;
mod json;
mod link;
mod notice;
mod outbox;
mod payload;
mod shelf;
mod subscribe;

use std::sync::Arc;
use std::time::Duration;

use plant::bind::MqttDevice;
use plant::time::Wall;
use rumqttc::LastWill;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use command::{Command, Refused};
pub(in crate::adapters) use config::trust;
pub use config::{MAX_PACKET, MqttConfig, MqttFault};
pub use count::Counts;
pub(crate) use dial::Pauses;
pub use dial::dial;
pub use notice::{Load, Notice};
pub use outbox::{CAPACITY, MAX_PAYLOAD, Message, Qos};
pub use shelf::{Kept, MARK, Reading};

use drive::Driver;
use intake::Intake;
use link::Link;
use notice::Verb;
use subscribe::Subscriptions;

use super::Shared;

/// The wall clock, given by the service; nothing while it is doubted.
pub type WallClock = Arc<dyn Fn() -> Option<Wall> + Send + Sync>;

/// How many commands and notices may wait for the service.
const MAX_INCOMING: usize = 256;
/// How often a stop looks whether it is done.
const LOOK: Duration = Duration::from_millis(10);
/// What the broker says of us when we are gone.
const OFFLINE: &[u8] = br#"{"state":"offline"}"#;

/// Something to say below the site's topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The topic below `wattloop/v1/<site>/`: `point/crah-1/fan-speed`.
    pub topic: String,
    /// The payload, at most 256 KiB; empty and retained deletes what the broker keeps.
    pub payload: Vec<u8>,
    /// The broker shall keep it; only the newest of a topic counts then, and it always goes at least once.
    pub retain: bool,
    /// How sure it must be.
    pub qos: Qos,
}

/// What a scheduler says of leases of power, on `budget/<client>/request` or `budget/<client>/ack`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who, by the topic: the broker's access list lets nobody else say it there.
    pub client: String,
    /// True for what it has heard, false for what it asks.
    pub ack: bool,
    /// What it says; nothing where it is too large to look at.
    pub payload: Option<Vec<u8>>,
}

/// What the adapter hands to the service.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// An override is asked for.
    Command(Command),
    /// A load is announced, or taken back.
    Notice(Notice),
    /// A scheduler says something of leases of power.
    Asked(Asked),
    /// Prices are published.
    Prices {
        /// What it says; nothing where it is too large to look at.
        payload: Option<Vec<u8>>,
        /// True where the broker has kept it.
        kept: bool,
    },
    /// A subscription ended the connection twice by packets that are too large, and is given up until the next start.
    /// An alarm is due: what it fed stays silent.
    SubscriptionDropped {
        /// The topic filter.
        topic: String,
    },
    /// The broker has ended so many connections in a row soon after it had accepted them: another client has our id, most likely.
    Ousted {
        /// Our client id.
        client: String,
        /// How many in a row.
        times: u32,
    },
    /// The broker does not let us subscribe. An alarm is due.
    SubscriptionRefused {
        /// The topic filter.
        topic: String,
    },
}

/// A running connection. Dropped, the connection ends without a farewell and the broker sends the last will.
#[derive(Debug)]
pub struct Mqtt {
    link: Arc<Link>,
    task: JoinHandle<()>,
    prefix: String,
}

/// Starts the adapter inside a tokio runtime. The connection is made in the background and for ever. Where there are prices, they come on
/// this topic.
///
/// # Errors
/// Every fault of the configuration and its files; an unreachable broker is none.
pub fn start(
    config: &MqttConfig,
    (site, prices): (&str, Option<&str>),
    devices: &[MqttDevice],
    shared: Arc<Shared>,
    wall: WallClock,
) -> Result<(Mqtt, mpsc::Receiver<Incoming>), MqttFault> {
    let prefix = format!("wattloop/v1/{site}/");
    let mut options = config.options()?;
    options.set_last_will(LastWill::new(status_topic(&prefix), OFFLINE, rumqttc::QoS::AtLeastOnce, true));
    let sources = payload::sources(devices);
    let mut subscriptions = Subscriptions::default();
    for topic in sources.keys() {
        if !rumqttc::valid_filter(topic) || topic.contains(['+', '#']) {
            return Err(MqttFault(vec![format!("mqtt: a device's topic must be one whole topic, not `{topic}`")]));
        }
        subscriptions.add(topic.clone(), false);
    }
    if let Some(topic) = prices {
        subscriptions.add(topic.to_owned(), true);
    }
    if config.overrides {
        subscriptions.add(format!("{prefix}point/+/+/set"), true);
    }
    let heard: &[&str] = if config.budgets.is_empty() { &[] } else { &["request", "ack"] };
    for what in heard {
        let parts = config.budgets.iter().map(|client| format!("{prefix}budget/{client}/{what}")).collect();
        subscriptions.add_parted(format!("{prefix}budget/+/{what}"), parts);
    }
    let link = Arc::new(Link::default());
    if config.leases {
        let filter = format!("{prefix}budget/+/lease/+");
        subscriptions.add(filter.clone(), false);
        link.shelf().open(filter);
    }
    if config.announcements {
        Verb::ALL.iter().for_each(|verb| subscriptions.add(format!("{prefix}{}", verb.topic()), true));
    }
    let (sender, incoming) = mpsc::channel(MAX_INCOMING);
    let intake = Intake::new(Arc::clone(&link), sources, (&prefix, prices), (shared, wall), sender);
    let task = tokio::spawn(Driver::new(Arc::clone(&link), options, subscriptions, intake).run());
    Ok((Mqtt { link, task, prefix }, incoming))
}

impl Mqtt {
    /// Says something. Never waits; false when it was not accepted (the outbox is full or the payload too large, counted).
    /// What was accepted at least once arrives even if the broker restarts in between.
    pub fn publish(&self, publication: Publication) -> bool {
        self.link.say(Message {
            topic: format!("{}{}", self.prefix, publication.topic),
            payload: publication.payload,
            retain: publication.retain,
            qos: publication.qos,
        })
    }

    /// Answers what came on a topic, on its `/reply`, at least once.
    pub fn reply(&self, topic: &str, payload: Vec<u8>) -> bool {
        self.link.reply(topic, payload)
    }

    /// Requests of schedulers for which there was no room since.
    #[must_use]
    pub fn passed_over(&self) -> Vec<Asked> {
        self.link.take_aside()
    }

    /// How far the reading of what the broker keeps of leases is.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.link.shelf().reading()
    }

    /// Ends that reading: all that was kept, and how many messages more there were than are looked at.
    #[must_use]
    pub fn take_kept(&self) -> (Vec<Kept>, u32) {
        self.link.take_kept()
    }

    /// Counts since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.link.counts()
    }

    /// Says `offline`, waits until everything has arrived or `patience` is over, and disconnects in order.
    /// True when everything has arrived. Nothing is said after it.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.link.leave(Message {
            topic: status_topic(&self.prefix),
            payload: OFFLINE.to_vec(),
            retain: true,
            qos: Qos::AtLeastOnce,
        });
        let ended = async {
            while !self.task.is_finished() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let left = tokio::time::timeout(patience, ended).await.is_ok();
        self.task.abort();
        left && self.link.counts().depth == 0
    }
}

impl Drop for Mqtt {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn status_topic(prefix: &str) -> String {
    format!("{prefix}status")
}
