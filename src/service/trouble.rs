//! The service's own troubles, told to control so that they are alarms like any other: recorded, shown, acknowledged.

use std::time::Duration;

use plant::hall::{Condition, Hall};
use plant::id::AlarmId;

use crate::control::request::{Ask, Request};
use crate::service::api::call::{Answer, Asker, Question};

/// The broker is away.
pub const BROKER_LOST: &str = "broker-lost";
/// The database is away and what it should have waits on disk.
pub const DATABASE_LOST: &str = "database-lost";
/// The journal cannot keep what is promised.
pub const JOURNAL_GAP: &str = "journal-gap";
/// A configuration was refused.
pub const RELOAD_FAILED: &str = "config-reload-failed";
/// A subscription was given up: its messages are too large, or the broker refuses it.
pub const SUBSCRIPTION_LOST: &str = "subscription-lost";

/// An agent of a GPU node is not what the hall's file says of it.
pub const AGENT_DIFFERS: &str = "agent-differs";

/// How soon control is told again what it has not taken.
const AGAIN: Duration = Duration::from_millis(500);

/// Tells control whether a trouble's condition holds. False when the hall has no such alarm, or control has not taken it: before its first scan it
/// takes nothing.
pub async fn tell(asker: &Asker, hall: &Hall, name: &str, active: bool) -> bool {
    let Some(alarm) = alarm(hall, name) else { return false };
    let request = Request { who: "service".to_owned(), ask: Ask::ServiceAlarm { alarm, active } };
    matches!(asker.ask(Question::Request(request)).await, Ok(Answer::Reply(_)))
}

/// The same until control has taken it, for what is known once and not looked at again.
pub async fn insist(asker: &Asker, hall: &Hall, name: &str, active: bool) {
    while alarm(hall, name).is_some() && !tell(asker, hall, name, active).await {
        tokio::time::sleep(AGAIN).await;
    }
}

/// The hall's alarm for a trouble.
fn alarm(hall: &Hall, name: &str) -> Option<AlarmId> {
    let known = hall.alarms.iter().find(|(_, def)| def.name == name && def.condition == Condition::Service);
    known.map(|(alarm, _)| alarm)
}
