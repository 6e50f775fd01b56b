//! Callers elsewhere, by MQTT: `agent/<node>/sample` and `agent/<node>/state` go out, `agent/<node>/grant` comes in.
//!
//! A sample is the newest report, never kept and never resent: a level, not a message. What the node is stands retained in `state`, and
//! turns to offline when we vanish. A grant must answer a report; one that the broker has kept is nobody's word of now and is dropped.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use plant::lease::{Grants, NodeReport, Taken};
use rumqttc::{AsyncClient, Event, LastWill, MqttOptions, Packet, Publish, QoS};
use tokio::sync::{oneshot, watch};

use super::config::Config;
use super::local::MOST_GRANTS;
use super::work::Ask;
use crate::adapters::mqtt::{MqttFault, dial};

/// The largest message that is read (bytes).
const MOST: usize = 64 * 1024;
/// Pauses between connections: doubling from the first to the last. Short: leases do not wait.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Requests that may wait inside the client. More samples than that are dropped: newer ones follow.
const QUEUE: usize = 8;
const OFFLINE: &[u8] = br#"{"state":"offline"}"#;

/// The line to the broker.
pub struct Line {
    options: MqttOptions,
    topic: String,
    online: String,
    asks: SyncSender<Ask>,
    reports: watch::Receiver<Arc<NodeReport>>,
}

impl Line {
    /// A line that has not connected yet; nothing where the node's file names no broker.
    ///
    /// # Errors
    /// A file of the connection cannot be read, or is readable by everybody.
    pub fn new(
        config: &Config,
        asks: SyncSender<Ask>,
        reports: watch::Receiver<Arc<NodeReport>>,
    ) -> Result<Option<Self>, MqttFault> {
        let Some(mqtt) = &config.mqtt else { return Ok(None) };
        let topic = format!("agent/{}", config.node);
        let mut options = mqtt.options()?;
        options.set_max_packet_size(MOST, MOST).set_inflight(10);
        options.set_last_will(LastWill::new(format!("{topic}/state"), OFFLINE, QoS::AtLeastOnce, true));
        Ok(Some(Self { options, topic, online: config.online().to_string(), asks, reports }))
    }

    /// Connects for ever. Every connection has a client of its own: nothing that waited in one goes out in the next.
    pub async fn run(self) {
        let mut pause = PAUSES.0;
        loop {
            let (client, mut events) = dial(&self.options, QUEUE);
            let mut telling = None;
            let error = loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        tracing::info!(broker = self.options.broker_address().0, "the agent is connected");
                        pause = PAUSES.0;
                        telling = Some(tokio::spawn(tell(
                            client.clone(),
                            self.topic.clone(),
                            self.online.clone(),
                            self.reports.clone(),
                        )));
                    }
                    Ok(Event::Incoming(Packet::Publish(message))) => self.hear(&message),
                    Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
                    Err(error) => break error,
                }
            };
            if let Some(task) = telling {
                task.abort();
                tracing::warn!(%error, "the agent has lost its broker: what is granted ends when its lease does");
            } else {
                tracing::debug!(%error, "the agent's broker is not there");
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
    }

    fn hear(&self, message: &Publish) {
        if message.retain {
            tracing::warn!(
                topic = message.topic,
                "a grant that the broker has kept is dropped: nobody knows how old it is"
            );
            return;
        }
        let grants: Grants = match serde_json::from_slice(&message.payload) {
            Ok(grants) => grants,
            Err(error) => {
                tracing::warn!(topic = message.topic, %error, "a message is no grant");
                return;
            }
        };
        if grants.after.is_none() || grants.grants.len() > MOST_GRANTS {
            let many = grants.grants.len();
            tracing::warn!(topic = message.topic, many, "grants must answer a report (`after`) and be 64 at the most");
            return;
        }
        let (answer, hear) = oneshot::channel();
        if self.asks.try_send(Ask::Grants(grants, answer)).is_err() {
            tracing::warn!("grants come faster than they can be taken: one message is dropped");
            return;
        }
        // What was not granted shows in the next sample, too: its order has not moved on.
        tokio::spawn(async move {
            for (gpu, taken) in hear.await.unwrap_or_default() {
                if !matches!(taken, Taken::Granted { .. }) {
                    tracing::warn!(%gpu, ?taken, "a grant is not taken");
                }
            }
        });
    }
}

/// Says what the node is, listens, and then says every report until the connection ends.
async fn tell(client: AsyncClient, topic: String, online: String, mut reports: watch::Receiver<Arc<NodeReport>>) {
    let said = client.publish(format!("{topic}/state"), QoS::AtLeastOnce, true, online).await;
    let heard = client.subscribe(format!("{topic}/grant"), QoS::AtLeastOnce).await;
    if said.is_err() || heard.is_err() {
        return;
    }
    let topic = format!("{topic}/sample");
    while reports.changed().await.is_ok() {
        let report = Arc::clone(&reports.borrow_and_update());
        match serde_json::to_vec(&*report) {
            // A line that is full drops a sample; the next is newer.
            Ok(payload) => drop(client.try_publish(&topic, QoS::AtMostOnce, false, payload)),
            Err(error) => tracing::error!(%error, "a report is no JSON"),
        }
    }
}
