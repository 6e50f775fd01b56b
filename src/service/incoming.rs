//! What comes in over MQTT besides samples: overrides and announcements, where they are allowed, prices, and what there is to know of agents.

use std::sync::Arc;

use plant::hall::Hall;
use tokio::sync::mpsc::{Receiver, Sender};

use crate::adapters::agents::Note;
use crate::adapters::mqtt::{Command, Incoming, Load, Mqtt, Notice};
use crate::control::request::{Ask, Refusal, Reply, Request};
use crate::service::api::call::{Answer, Asker, Question};
use crate::service::budget::Desk;
use crate::service::prices::Heard;
use crate::service::{publish, trouble};

/// Serves commands one after the other until the adapter ends.
pub async fn serve(
    mut incoming: Receiver<Incoming>,
    mqtt: Arc<Mqtt>,
    asker: Asker,
    hall: Arc<Hall>,
    (prices, mut desk): (Option<Sender<Heard>>, Option<Desk>),
) {
    while let Some(message) = incoming.recv().await {
        // What did not fit the queue before this message could be taken from it.
        for asked in mqtt.passed_over() {
            desk.iter().for_each(|desk| desk.passed_over(&asked));
        }
        match message {
            Incoming::Command(command) => {
                let answer = put(wished(&command, &hall), (&command.id, &asker)).await;
                mqtt.reply(&command.topic, answer);
            }
            Incoming::Notice(notice) => {
                let answer = put(announced(&notice, &hall), (&notice.id, &asker)).await;
                mqtt.reply(&notice.topic, answer);
            }
            Incoming::Asked(asked) => desk.iter_mut().for_each(|desk| desk.take(&asked)),
            Incoming::Prices { payload, kept } => {
                let text = payload.ok_or_else(|| "the message is too large to look at".to_owned());
                let heard = Heard { text, published: None, kept };
                if prices.as_ref().is_some_and(|prices| prices.try_send(heard).is_err()) {
                    tracing::warn!("prices are published faster than they are looked at: one is passed over");
                }
            }
            Incoming::SubscriptionDropped { topic } => {
                tracing::error!(topic, "its messages are too large: the subscription is dropped until the next start");
                desk.iter().for_each(|desk| desk.lost(&topic));
                trouble::insist(&asker, &hall, trouble::SUBSCRIPTION_LOST, true).await;
            }
            Incoming::Ousted { client, times } => {
                tracing::error!(
                    client,
                    times,
                    "the broker has ended our connection again and again: another client has the same id, most likely; \
                     give each its own `mqtt.client_id`. We come back once a minute until it lasts"
                );
            }
            Incoming::SubscriptionRefused { topic } => {
                refused(&topic, &asker, &hall).await;
            }
        }
    }
}

/// Tells what there is to know of agents until their line ends.
pub async fn of_agents(mut notes: Receiver<Note>, asker: Asker, hall: Arc<Hall>) {
    // What an earlier run left standing: an agent that still differs is told again.
    trouble::tell(&asker, &hall, trouble::AGENT_DIFFERS, false).await;
    while let Some(note) = notes.recv().await {
        match note {
            Note::Differs(active) => {
                trouble::insist(&asker, &hall, trouble::AGENT_DIFFERS, active).await;
            }
            Note::Refused(topic) => {
                refused(topic, &asker, &hall).await;
            }
        }
    }
}

/// The broker does not let us subscribe.
async fn refused(topic: &str, asker: &Asker, hall: &Hall) {
    tracing::error!(topic, "the broker refuses the subscription: give this user the right to read it");
    trouble::insist(asker, hall, trouble::SUBSCRIPTION_LOST, true).await;
}

/// What an override asks for; nothing where nobody knows its point.
fn wished(command: &Command, hall: &Hall) -> Option<Ask> {
    let (value, hold, reason) = (command.value, command.hold, command.reason.clone());
    hall.point(&command.point).map(|point| Ask::Override { point, value, hold, reason })
}

/// What a notice asks for; nothing where nobody knows its row.
fn announced(notice: &Notice, hall: &Hall) -> Option<Ask> {
    let id = notice.id.clone();
    let Some(Load { row, watts, ahead }) = &notice.load else { return Some(Ask::Withdraw { id }) };
    let (watts, ahead) = (*watts, *ahead);
    let Some(name) = row else { return Some(Ask::Announce { id, row: None, watts, ahead }) };
    hall.row(name).map(|row| Ask::Announce { id, row: Some(row), watts, ahead })
}

/// The payload that answers a wish; without one its place is unknown.
async fn put(ask: Option<Ask>, (id, asker): (&str, &Asker)) -> Vec<u8> {
    let Some(ask) = ask else { return publish::answer(id, &Reply::Refused(Refusal::Unknown)) };
    let answer = asker.ask(Question::Request(Request { who: who(id), ask })).await;
    if let Ok(Answer::Reply(reply)) = answer {
        return publish::answer(id, &reply);
    }
    serde_json::json!({ "id": id, "code": "unavailable" }).to_string().into_bytes()
}

/// Who asks, as the journal keeps it. MQTT 3.1.1 hides the sender; the id is what he can be found by.
fn who(id: &str) -> String {
    format!("mqtt:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_kept_with_the_id_its_sender_can_be_found_by() {
        assert_eq!(who("ops-7"), "mqtt:ops-7");
    }

    #[test]
    fn a_notice_names_a_row_or_the_hall_or_nothing_that_is_known() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Hall::load("air", text).expect("loads");
        let notice = |load| Notice { id: "job-17".to_owned(), load, topic: String::new() };
        let load = |row: Option<&str>| {
            Some(Load { row: row.map(str::to_owned), watts: 80e3, ahead: plant::time::Span::from_secs(300) })
        };
        let row = |ask| match ask {
            Some(Ask::Announce { id, row, watts, ahead }) => {
                assert_eq!((id.as_str(), watts, ahead), ("job-17", 80e3, plant::time::Span::from_secs(300)));
                row.and_then(|row| hall.rows.get(row)).map(|row| row.name.clone())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(row(announced(&notice(load(Some("row-b"))), &hall)).as_deref(), Some("row-b"));
        assert_eq!(row(announced(&notice(load(None)), &hall)), None);
        assert_eq!(announced(&notice(load(Some("row-z"))), &hall), None);
        assert_eq!(announced(&notice(None), &hall), Some(Ask::Withdraw { id: "job-17".to_owned() }));
    }
}
