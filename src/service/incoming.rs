//! What comes in over MQTT besides samples: overrides, where they are allowed.

use std::sync::Arc;

use plant::hall::Hall;
use tokio::sync::mpsc::Receiver;

use crate::adapters::mqtt::{Command, Incoming, Mqtt};
use crate::control::request::{Ask, Refusal, Reply, Request};
use crate::service::api::call::{Answer, Asker, Question};
use crate::service::{publish, trouble};

/// Serves commands one after the other until the adapter ends.
pub async fn serve(mut incoming: Receiver<Incoming>, mqtt: Arc<Mqtt>, asker: Asker, hall: Arc<Hall>) {
    while let Some(message) = incoming.recv().await {
        match message {
            Incoming::Command(command) => decide(&command, &mqtt, &asker, &hall).await,
            Incoming::SubscriptionDropped { topic } => {
                tracing::error!(topic, "its messages are too large: the subscription is dropped until the next start");
                trouble::tell(&asker, &hall, trouble::SUBSCRIPTION_LOST, true).await;
            }
            Incoming::SubscriptionRefused { topic } => {
                tracing::error!(topic, "the broker refuses the subscription: give this user the right to read it");
                trouble::tell(&asker, &hall, trouble::SUBSCRIPTION_LOST, true).await;
            }
        }
    }
}

async fn decide(command: &Command, mqtt: &Mqtt, asker: &Asker, hall: &Hall) {
    let Some(point) = hall.point(&command.point) else {
        mqtt.reply(command, publish::answer(command, &Reply::Refused(Refusal::Unknown)));
        return;
    };
    let ask = Ask::Override { point, value: command.value, hold: command.hold, reason: command.reason.clone() };
    let question = Question::Request(Request { who: who(command), ask });
    match asker.ask(question).await {
        Ok(Answer::Reply(reply)) => {
            mqtt.reply(command, publish::answer(command, &reply));
        }
        Ok(
            Answer::Unable(_)
            | Answer::Status(_)
            | Answer::Points(_)
            | Answer::Point(_)
            | Answer::Why(_)
            | Answer::Reloading,
        )
        | Err(_) => {
            let payload = serde_json::json!({ "id": command.id, "code": "unavailable" });
            mqtt.reply(command, payload.to_string().into_bytes());
        }
    }
}

/// Who asks, as the journal keeps it. MQTT 3.1.1 hides the sender; the id is what he can be found by.
fn who(command: &Command) -> String {
    format!("mqtt:{}", command.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_kept_with_the_id_its_sender_can_be_found_by() {
        let command = Command {
            point: "crah-1/fan-speed".into(),
            value: 60.0,
            reason: "test".into(),
            hold: None,
            id: "ops-7".into(),
            topic: "wattloop/v1/bench/point/crah-1/fan-speed/set".into(),
        };
        assert_eq!(who(&command), "mqtt:ops-7");
    }
}
