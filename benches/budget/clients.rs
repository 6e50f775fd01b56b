//! Schedulers that ask for leases and give them back, each at its own beat.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use serde_json::{Value, json};

/// The topics' site: that of the hall `air`.
const SITE: &str = "demo";
/// How long answers may take after the last request.
const LINGER: Duration = Duration::from_secs(5);

/// All clients together.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// The broker's.
    pub port: u16,
    /// How many there are.
    pub clients: u32,
    /// How often each of them asks.
    pub every: Duration,
    /// For how long.
    pub long: Duration,
    /// All of them at the same instants.
    pub together: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// How long each answer took.
    pub took: Vec<Duration>,
    /// How many requests were made.
    pub asked: usize,
    /// How many answers granted something, or took it back.
    pub granted: usize,
    /// How many answers said that there was no time for them.
    pub busy: usize,
}

/// One of them.
struct Client {
    name: String,
    line: AsyncClient,
    events: EventLoop,
    open: BTreeMap<String, Instant>,
    heard: Heard,
    /// What it has: a lease and its epoch.
    has: Option<(String, u64)>,
    number: usize,
}

impl Crowd {
    /// Asks; nothing where nobody answers.
    pub fn ask(&self) -> Option<Heard> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            // Somebody must be there, and know how the hall is.
            Client::new(self.port, 0).finds_somebody().await?;
            let begins = tokio::time::Instant::now() + Duration::from_secs(1);
            let each = (0..self.clients).map(|n| {
                let (client, of) = (Client::new(self.port, n), *self);
                let after = if of.together { Duration::ZERO } else { of.every * n / of.clients };
                tokio::spawn(client.asks(of, begins + after))
            });
            let each: Vec<_> = each.collect();
            let mut all = Heard::default();
            for one in each {
                let heard = one.await.expect("a client");
                all.took.extend(heard.took);
                all.asked += heard.asked;
                all.granted += heard.granted;
                all.busy += heard.busy;
            }
            (!all.took.is_empty()).then_some(all)
        })
    }
}

impl Client {
    fn new(port: u16, n: u32) -> Self {
        let name = format!("c{n}");
        let (line, events) = AsyncClient::new(MqttOptions::new(format!("bench-{name}"), "127.0.0.1", port), 64);
        Self { name, line, events, open: BTreeMap::new(), heard: Heard::default(), has: None, number: 0 }
    }

    /// Asks until something is granted, and gives it back.
    async fn finds_somebody(mut self) -> Option<()> {
        let begun = Instant::now();
        self.listens().await;
        while self.heard.granted < 2 {
            if begun.elapsed() > super::PATIENCE {
                return None;
            }
            self.asks_once().await;
            let until = tokio::time::Instant::now() + Duration::from_millis(500);
            self.hears_until(until).await;
        }
        Some(())
    }

    async fn listens(&mut self) {
        let topic = format!("wattloop/v1/{SITE}/budget/{}/response", self.name);
        self.line.subscribe(topic, QoS::AtLeastOnce).await.expect("subscribes");
        while !matches!(self.events.poll().await, Ok(Event::Incoming(Packet::SubAck(_)))) {}
    }

    async fn asks(mut self, crowd: Crowd, begins: tokio::time::Instant) -> Heard {
        self.listens().await;
        self.hears_until(begins).await;
        let turns = crowd.long.as_micros() / crowd.every.as_micros().max(1);
        for turn in 0..u32::try_from(turns).expect("few") {
            self.asks_once().await;
            self.hears_until(begins + crowd.every * (turn + 1)).await;
        }
        let until = tokio::time::Instant::now() + LINGER;
        self.hears_until(until).await;
        self.heard
    }

    async fn asks_once(&mut self) {
        self.number += 1;
        let request = format!("{}-{}-{}", self.name, std::process::id(), nanos());
        let mut data = json!({ "client": self.name, "request_id": request });
        let more = match self.has.take() {
            Some((lease, epoch)) => json!({ "op": "release", "lease_id": lease, "epoch": epoch }),
            None => json!({
                "op": "acquire", "domain": "pdu-a1", "power": { "want_w": 100.0 }, "ttl_s": 300,
                "time": { "duration_s": 3600 }, "class": "curtailable", "priority": 100,
            }),
        };
        let (Value::Object(data_of), Value::Object(more)) = (&mut data, more) else { return };
        data_of.extend(more);
        let message = json!({
            "specversion": "1.0", "id": request, "source": "//bench", "type": "wattloop.budget.request.v1", "data": data,
        });
        let topic = format!("wattloop/v1/{SITE}/budget/{}/request", self.name);
        self.heard.asked += 1;
        self.open.insert(request, Instant::now());
        self.line.publish(topic, QoS::AtLeastOnce, false, message.to_string()).await.expect("publishes");
    }

    async fn hears_until(&mut self, until: tokio::time::Instant) {
        while let Ok(event) = tokio::time::timeout_at(until, self.events.poll()).await {
            if let Event::Incoming(Packet::Publish(message)) = event.expect("the broker stays") {
                self.hears(&message.payload);
            }
        }
    }

    fn hears(&mut self, payload: &[u8]) {
        let data = serde_json::from_slice::<Value>(payload).expect("JSON")["data"].take();
        let Some(asked) = data["request_id"].as_str().and_then(|id| self.open.remove(id)) else { return };
        self.heard.took.push(asked.elapsed());
        self.heard.busy += usize::from(data["reason"]["code"] == "busy");
        if data["code"] == "granted" {
            self.heard.granted += 1;
            let lease = data["lease_id"].as_str().filter(|_| data["lease"].is_object());
            self.has = lease.and_then(|lease| Some((lease.to_owned(), data["epoch"].as_u64()?)));
        }
    }
}

fn nanos() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos()
}
