//! The connection: one client a connection, nothing outlives it. Reports go to the desk; a second task sends what the desk has.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plant::image::Outputs;
use plant::lease::NodeReport;
use plant::time::Span;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode};
use tokio::sync::mpsc;

use super::Note;
use super::desk::Desk;
use super::lend::Lent;
use super::state::{Agent, judge};
use crate::adapters::mqtt::count::bump;
use crate::adapters::mqtt::{Pauses, dial};

/// The largest message of a node that is looked at (bytes): 64 GPUs take a third of it.
const MOST: usize = 64 * 1024;
/// Pauses between connections: doubling from the first to the last. Short: leases do not wait.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Requests that wait inside the client besides a grant for every node.
const QUEUE: usize = 16;
/// What is listened to.
const FILTERS: [&str; 2] = ["agent/+/sample", "agent/+/state"];

/// The line to all agents.
pub struct Line {
    options: MqttOptions,
    desk: Arc<Desk>,
    notes: mpsc::Sender<Note>,
    lends: bool,
    /// Names that the hall's file does not have, so that each is said once.
    strangers: BTreeSet<String>,
}

/// Names that are remembered as said.
const MOST_STRANGERS: usize = 256;

impl Line {
    /// A line that has not connected yet.
    pub fn new(options: MqttOptions, desk: Arc<Desk>, notes: mpsc::Sender<Note>, lends: bool) -> Self {
        Self { options, desk, notes, lends, strangers: BTreeSet::new() }
    }

    /// Connects for ever.
    pub async fn run(mut self) {
        let mut pauses = Pauses::new(PAUSES);
        loop {
            let stood = self.converse().await;
            pauses.rest(stood).await;
        }
    }

    /// One connection, from the first attempt to its end; true where it came to stand.
    async fn converse(&mut self) -> bool {
        let queue = self.desk.hall().power.nodes.len().saturating_add(QUEUE);
        let (client, mut events) = dial(&self.options, queue);
        let mut lending = None;
        let error = loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    tracing::info!(broker = self.options.broker_address().0, "agents can be heard");
                    self.desk.counters.connected.store(true, Ordering::Relaxed);
                    let task = serve(client.clone(), Arc::clone(&self.desk), self.lends);
                    lending = Some(tokio::spawn(task));
                }
                Ok(Event::Incoming(Packet::Publish(message))) => self.hear(&message),
                Ok(Event::Incoming(Packet::SubAck(ack))) => {
                    let refused = |code: &SubscribeReasonCode| *code == SubscribeReasonCode::Failure;
                    for (topic, _) in FILTERS.iter().zip(&ack.return_codes).filter(|(_, code)| refused(code)) {
                        self.note(Note::Refused(topic));
                    }
                }
                Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
                Err(error) => break error,
            }
        };
        self.desk.counters.connected.store(false, Ordering::Relaxed);
        let Some(task) = lending else {
            tracing::debug!(%error, "the broker of the agents is not there");
            return false;
        };
        task.abort();
        tracing::warn!(%error, "the line to the agents is lost: what is granted ends when its lease does");
        true
    }

    fn hear(&mut self, message: &Publish) {
        let Some((name, what)) = message.topic.strip_prefix("agent/").and_then(|rest| rest.split_once('/')) else {
            return;
        };
        let Some(node) = self.desk.node(name) else {
            bump(&self.desk.counters.unknown);
            if self.strangers.len() < MOST_STRANGERS && self.strangers.insert(name.to_owned()) {
                tracing::warn!(
                    node = name,
                    "an agent speaks whose node the hall's file does not name: nothing is granted to it"
                );
            }
            return;
        };
        let payload = message.payload.get(..).filter(|payload| payload.len() <= MOST).unwrap_or_default();
        match what {
            "sample" if message.retain => bump(&self.desk.counters.stale),
            "sample" | "state" if self.desk.is_here(node) => {} // it is asked at its socket
            "sample" => self.report(node, name, payload),
            "state" => self.state(node, name, payload),
            _ => {}
        }
    }

    fn report(&self, node: usize, name: &str, payload: &[u8]) {
        match serde_json::from_slice::<NodeReport>(payload) {
            Ok(report) if report.node == name => {
                let note = judge(&self.desk, (node, name), &report);
                self.desk.hear(node, report);
                bump(&self.desk.counters.reports);
                note.into_iter().for_each(|note| self.note(note));
            }
            Ok(report) => {
                bump(&self.desk.counters.malformed);
                tracing::warn!(topic = name, node = report.node, "a report under another node's name is dropped");
            }
            Err(error) => {
                bump(&self.desk.counters.malformed);
                tracing::warn!(node = name, %error, "a sample is no report");
            }
        }
    }

    /// Agents that are not what the hall's file says are told when the first is, and when none is any more.
    fn state(&self, node: usize, name: &str, payload: &[u8]) {
        let agent = match serde_json::from_slice::<Agent>(payload) {
            Ok(agent) => agent,
            Err(error) => {
                bump(&self.desk.counters.malformed);
                tracing::warn!(node = name, %error, "a state is no agent's");
                return;
            }
        };
        if agent == Agent::Offline {
            tracing::warn!(node = name, "its agent is gone: its supervisor holds the fail-safe");
            return;
        }
        if let Some(note) = agent.judge(&self.desk, (node, name)) {
            self.note(note);
        }
    }

    fn note(&self, note: Note) {
        if self.notes.try_send(note).is_err() {
            tracing::error!("the service does not take what it is told of agents");
        }
    }
}

/// Listens, and then sends the caps of every scan where they are due, until the connection ends.
async fn serve(client: AsyncClient, desk: Arc<Desk>, lends: bool) {
    let filters = FILTERS.map(|topic| SubscribeFilter::new(topic.to_owned(), QoS::AtLeastOnce));
    if client.subscribe_many(filters).await.is_err() || !lends {
        return;
    }
    let hall = desk.hall();
    let lease = hall.power.capping.as_ref().map_or(Span::ZERO, |capping| capping.lease);
    let mut lent = vec![Lent::default(); hall.power.nodes.len()];
    let mut granted = Outputs::default();
    let mut news = desk.news();
    while news.changed().await.is_ok() {
        desk.caps(&mut granted);
        for (node, (of, lent)) in hall.power.nodes.iter().zip(&mut lent).enumerate() {
            let heard = desk.heard(node).filter(|_| !desk.is_here(node));
            let Some(heard) = heard else {
                lent.forget();
                continue;
            };
            let (grants, now) = (granted.grants(hall, node, heard.report.seq), desk.now());
            let Some(grants) = lent.next(grants, &heard.report, (now, lease)) else { continue };
            let sent = serde_json::to_vec(&grants).is_ok_and(|payload| {
                client.try_publish(format!("agent/{}/grant", of.name), QoS::AtMostOnce, false, payload).is_ok()
            });
            if sent {
                bump(&desk.counters.grants);
                lent.lent(grants, now);
            } else {
                bump(&desk.counters.unsent);
                lent.forget();
            }
        }
    }
}
