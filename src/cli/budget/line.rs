//! The way to the service and back: it listens before it asks, knows its answers by their `request_id`, and asks again with the same one where none comes.

mod status;

use std::time::Duration;

use plant::time::{Mono, Span};
use rumqttc::{ConnectReturnCode, ConnectionError, Event, EventLoop, Packet, Publish, QoS, SubscribeReasonCode};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use wattloop::adapters::mqtt::dial;
use wattloop::service::clock::{Machine, Source as _, rfc3339};

use super::Stop;
use super::place::Place;
use super::said::{after, text, undecided};
use status::BEAT;
pub use status::Service;

/// The largest message that is read (bytes).
const MOST: usize = 256 * 1024;
/// Requests that may wait inside the client.
const QUEUE: usize = 256;
/// How long a broker that is not there may take to come.
const ABSENT: Span = Span::from_secs(2);
/// Where no answer comes, the same is asked again after so long.
const AGAIN: Span = Span::from_secs(3);
/// Between two connections.
const PAUSE: Duration = Duration::from_millis(300);
/// The same where the broker does not let us in.
const BARRED: Duration = Duration::from_secs(5);

/// What comes in.
#[derive(Debug)]
pub enum Heard {
    /// The broker lets us hear everything: what is said now is answered where we listen.
    Ready,
    /// There is no connection, and why; it is tried again.
    Lost(String),
    /// It will not be better: the broker lets us not in, or not hear.
    Barred(String),
    /// The service is there, or is not.
    Service(Service),
    /// An answer.
    Answer(Value),
    /// A lease as it is now, by its name; nothing where it is over.
    Lease(String, Value),
    /// A notice.
    Notice(Value),
    /// Somebody asks us to stop.
    Stop,
}

/// A line that is kept.
pub struct Line {
    client: rumqttc::AsyncClient,
    topic: String,
    source: String,
    nonce: String,
    said: u64,
    heard: mpsc::Receiver<Heard>,
    clock: Machine,
    ready: bool,
}

/// A text that nobody else has.
pub fn nonce() -> Result<String, Stop> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(|e| Stop::io("random numbers", &e))?;
    Ok(text.trim().replace('-', ""))
}

impl Line {
    /// Dials, and listens to answers.
    pub fn open(place: &Place, clock: Machine) -> Result<Self, Stop> {
        Self::dial(place, clock, &["response"])
    }

    /// The same, and listens to every lease and notice, too: the broker keeps as many messages as there are leases.
    pub fn open_wide(place: &Place, clock: Machine) -> Result<Self, Stop> {
        Self::dial(place, clock, &["response", "lease/+", "notice"])
    }

    fn dial(place: &Place, clock: Machine, parts: &[&str]) -> Result<Self, Stop> {
        let nonce = nonce()?;
        let faulty = |e: wattloop::adapters::mqtt::MqttFault| Stop::new(78, "config_invalid", e.to_string(), "");
        let mut options = place.mqtt(&nonce).options().map_err(faulty)?;
        options.set_max_packet_size(MOST, MOST).set_inflight(64);
        let (client, events) = dial(&options, QUEUE);
        let (tell, heard) = mpsc::channel(QUEUE);
        let name = place.client().unwrap_or_default();
        let topic = format!("wattloop/v1/{}", place.site);
        // The status last: it is kept, so it comes at once, when everything else is heard already.
        let own = parts.iter().map(|part| format!("{topic}/budget/{name}/{part}"));
        let filters = own.chain([format!("{topic}/status")]).collect();
        let (root, name) = (topic.clone(), name.to_owned());
        let driver = Driver { client: client.clone(), tell: tell.clone(), root, name: name.clone(), filters, clock };
        for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
            let (mut asked, tell) = (signal(kind).map_err(|e| Stop::io("signals", &e))?, tell.clone());
            tokio::spawn(async move {
                while asked.recv().await.is_some() {
                    drop(tell.send(Heard::Stop).await);
                }
            });
        }
        tokio::spawn(driver.run(events));
        let topic = format!("{topic}/budget/{name}");
        Ok(Self { client, topic, source: format!("//{name}"), nonce, said: 0, heard, clock, ready: false })
    }

    /// A name for a request that nobody asks twice.
    pub fn fresh(&mut self) -> String {
        self.said = self.said.saturating_add(1);
        format!("{}-{}", self.nonce, self.said)
    }

    /// Says something: `request` or `ack`. False where it does not go out; whoever wants an answer asks again.
    pub fn say(&mut self, kind: &str, data: &Value) -> bool {
        let id = self.fresh();
        let message = json!({
            "specversion": "1.0", "id": id, "source": self.source,
            "type": format!("wattloop.budget.{kind}.v1"), "time": rfc3339(self.clock.wall().0),
            "datacontenttype": "application/json", "data": data,
        });
        self.client.try_publish(format!("{}/{kind}", self.topic), QoS::AtLeastOnce, false, message.to_string()).is_ok()
    }

    /// What comes next; nothing within this time.
    pub async fn next(&mut self, within: Span) -> Option<Heard> {
        let heard = tokio::time::timeout(within.duration(), self.heard.recv()).await.ok().flatten();
        match &heard {
            Some(Heard::Ready) => self.ready = true,
            Some(Heard::Lost(_) | Heard::Barred(_)) => self.ready = false,
            Some(Heard::Service(_) | Heard::Answer(_) | Heard::Lease(..) | Heard::Notice(_) | Heard::Stop) | None => {}
        }
        heard
    }

    /// True while what is said goes out and its answer comes in.
    pub const fn is_ready(&self) -> bool {
        self.ready
    }

    /// True while nothing waits to be looked at that has come.
    pub fn is_idle(&self) -> bool {
        self.heard.is_empty()
    }

    /// Asks, and waits for the answer so long. Where `waits` is said a broker or a service that is not there may come back.
    pub async fn ask(&mut self, data: &Value, (patience, waits): (Span, bool)) -> Result<Value, Stop> {
        let begun = self.clock.mono();
        let end = begun.after(patience);
        let mut course = Course { end, next: begun, begun, waits, last: None, why: None, stale: None };
        loop {
            let now = self.clock.mono();
            if let Some(stop) = course.unheard(now) {
                return Err(stop);
            }
            if now >= course.end {
                return course.last.take().map_or_else(|| Err(course.silent()), Ok);
            }
            if self.ready && now >= course.next {
                course.next = now.after(AGAIN);
                self.say("request", data);
            }
            let rest = if self.ready { course.next.min(course.end) } else { course.end }.since(now);
            if let Some(heard) = self.next(rest.max(Span::from_millis(1))).await
                && let Some(done) = course.hear(heard, text(data, "request_id"), self.clock.mono())
            {
                return done;
            }
        }
    }

    /// Waits for another answer to a request; nothing within this time, or when somebody asks us to stop.
    pub async fn answer(&mut self, request: &str, within: Span) -> Result<Option<Value>, Stop> {
        let end = self.clock.mono().after(within);
        loop {
            let now = self.clock.mono();
            if now >= end {
                return Ok(None);
            }
            match self.next(end.since(now)).await {
                Some(Heard::Answer(answer)) if text(&answer, "request_id") == request => return Ok(Some(answer)),
                Some(Heard::Stop) => return Err(stopped()),
                Some(Heard::Barred(why)) => return Err(barred(&why)),
                Some(
                    Heard::Answer(_)
                    | Heard::Ready
                    | Heard::Lost(_)
                    | Heard::Service(_)
                    | Heard::Lease(..)
                    | Heard::Notice(_),
                )
                | None => {}
            }
        }
    }

    /// Takes leave of the broker in order.
    pub async fn close(mut self) {
        // What was said before goes out first; then the broker ends the connection, which we hear.
        if self.client.try_disconnect().is_ok() {
            while self.ready && self.next(Span::from_secs(1)).await.is_some() {}
        }
    }
}

/// A question on its way.
struct Course {
    begun: Mono,
    end: Mono,
    /// When it is asked again.
    next: Mono,
    waits: bool,
    /// An answer that promises nothing: asked again while there is time.
    last: Option<Value>,
    /// Why nothing can be heard.
    why: Option<String>,
    /// How old the last is that the broker has of the service, and since when nothing newer has come.
    stale: Option<(Span, Mono)>,
}

impl Course {
    /// Takes what is heard; the end, where it is one.
    fn hear(&mut self, heard: Heard, request: &str, now: Mono) -> Option<Result<Value, Stop>> {
        match heard {
            Heard::Answer(answer) if text(&answer, "request_id") == request => {
                self.stale = None;
                if undecided(&answer) {
                    let rest = after(&answer).map_or(Span::ZERO, Span::from_seconds);
                    self.next = now.after(rest.max(Span::from_secs(1)));
                    self.last = Some(answer);
                    return None;
                }
                Some(Ok(answer))
            }
            Heard::Lost(why) if !self.waits && now.since(self.begun) >= ABSENT => {
                let help = if why.contains("certificate") {
                    "has `--ca-file` signed it, is it of today, and does it name the host of `--broker`?"
                } else {
                    "is `--broker` right, `mqtts://` where it speaks TLS and `mqtt://` where it does not?"
                };
                Some(Err(Stop::new(69, "unreachable", format!("the broker is not there: {why}"), help)))
            }
            Heard::Lost(why) => {
                (self.why, self.stale) = (Some(format!("the broker is not there: {why}")), None);
                None
            }
            Heard::Barred(why) => Some(Err(barred(&why))),
            Heard::Service(Service::Gone) if !self.waits => {
                let help = "is it running, and is `--site` its site?";
                Some(Err(Stop::new(69, "offline", "the broker says that the service is offline", help)))
            }
            Heard::Service(service) => {
                (self.why, self.stale) = match service {
                    Service::There => (None, None),
                    Service::Gone => (Some("the service is offline".to_owned()), None),
                    Service::Stale { age } => (None, Some((age, now))),
                };
                None
            }
            Heard::Ready => {
                (self.next, self.why) = (now, None);
                None
            }
            Heard::Stop => Some(Err(stopped())),
            Heard::Answer(_) | Heard::Lease(..) | Heard::Notice(_) => None,
        }
    }

    /// The last that the broker has of the service is old, and nothing newer has come for longer than it would take.
    fn unheard(&self, now: Mono) -> Option<Stop> {
        let (age, _) = self.stale.filter(|(_, since)| !self.waits && now.since(*since) >= BEAT)?;
        Some(stale(age))
    }

    /// Nobody has answered.
    fn silent(&mut self) -> Stop {
        if let Some((age, _)) = self.stale {
            return stale(age);
        }
        let why = self.why.take().unwrap_or_else(|| "the service does not answer".to_owned());
        let help = "nobody knows whether it was done: ask again with the same job, or its time to live ends it. \
                    Is `--site` right, and may this user write its `request` (config/mosquitto.acl)?";
        Stop::new(69, "no_answer", why, help)
    }
}

fn stale(age: Span) -> Stop {
    let say = format!("the service was last heard of {:.0} s ago, by its own time and this machine's", age.seconds());
    let help = "does it hang, or not reach the broker? Nobody knows whether it was done: ask again with the same job, or its time to live ends it";
    Stop::new(69, "stale", say, help)
}

/// The code of who was asked to stop.
pub const STOPPED: &str = "stopped";

fn stopped() -> Stop {
    Stop::new(75, STOPPED, "asked to stop before there was an answer", "ask again: the same job asks once")
}

/// The broker lets us not in.
pub fn barred(why: &str) -> Stop {
    Stop::new(77, "not_allowed", why, "is the user known there, with this password and the access list's rights?")
}

/// Who drives the connection.
struct Driver {
    client: rumqttc::AsyncClient,
    tell: mpsc::Sender<Heard>,
    root: String,
    name: String,
    filters: Vec<String>,
    clock: Machine,
}

impl Driver {
    async fn run(self, mut events: EventLoop) {
        let mut heard = 0;
        loop {
            let said = match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    heard = 0;
                    self.listen();
                    None
                }
                Ok(Event::Incoming(Packet::SubAck(ack))) => {
                    let refused = ack.return_codes.iter().any(|of| matches!(of, SubscribeReasonCode::Failure));
                    // One that is refused is never heard: whoever goes on all the same is not ready.
                    heard += usize::from(!refused);
                    match (refused, heard) {
                        (true, _) => Some(Heard::Barred("the broker does not let this client hear its answers".into())),
                        (false, all) => (all == self.filters.len()).then_some(Heard::Ready),
                    }
                }
                Ok(Event::Incoming(Packet::Publish(message))) => self.read(&message),
                Ok(Event::Incoming(_) | Event::Outgoing(_)) => None,
                Err(ConnectionError::ConnectionRefused(
                    code @ (ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized),
                )) => Some(Heard::Barred(format!("the broker refuses us: {code:?}"))),
                Err(error) => Some(Heard::Lost(error.to_string())),
            };
            let pause = match &said {
                Some(Heard::Lost(_)) => Some(PAUSE),
                Some(Heard::Barred(_)) => Some(BARRED),
                Some(
                    Heard::Ready
                    | Heard::Service(_)
                    | Heard::Answer(_)
                    | Heard::Lease(..)
                    | Heard::Notice(_)
                    | Heard::Stop,
                )
                | None => None,
            };
            if let Some(said) = said
                && self.tell.send(said).await.is_err()
            {
                return;
            }
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
    }

    fn listen(&self) {
        for filter in &self.filters {
            drop(self.client.try_subscribe(filter, QoS::AtLeastOnce));
        }
    }

    /// What a message is; nothing where it is none of the contract.
    fn read(&self, message: &Publish) -> Option<Heard> {
        let rest = message.topic.strip_prefix(&self.root)?.strip_prefix('/')?;
        let value = serde_json::from_slice::<Value>(&message.payload).ok();
        if rest == "status" {
            return Some(Heard::Service(Service::of(value.as_ref(), message.retain, self.clock.wall())));
        }
        let rest = rest.strip_prefix("budget/")?.strip_prefix(&self.name)?.strip_prefix('/')?;
        if let Some(lease) = rest.strip_prefix("lease/") {
            let data = value.and_then(|mut event| Some(event.get_mut("data")?.take())).unwrap_or(Value::Null);
            let over = message.payload.is_empty();
            return (over || data.is_object()).then(|| Heard::Lease(lease.to_owned(), data));
        }
        // Answers and notices are never kept: one that is comes from somebody who may not say it.
        let data = value?.get_mut("data")?.take();
        match rest {
            "response" if !message.retain => Some(Heard::Answer(data)),
            "notice" if !message.retain => Some(Heard::Notice(data)),
            _ => None,
        }
    }
}
