//! What schedulers are told, as CloudEvents in JSON.

use plant::hall::Hall;
use plant::time::Wall;
use serde_json::{Value, json};

use crate::control::ledger::notices::Notice;
use crate::control::ledger::reply::{Answered, Code, Item, Outcome, Why};
use crate::control::ledger::view::LeaseView;

/// A message of ours: of this kind, about this, at this instant.
#[must_use]
pub fn event((site, kind, subject): (&str, &str, &str), (number, now): (u64, Wall), data: &Value) -> Vec<u8> {
    let message = json!({
        "specversion": "1.0",
        "id": format!("{}-{number}", now.0),
        "source": format!("//wattloop/{site}/budget"),
        "type": format!("wattloop.budget.{kind}.v1"),
        "time": instant(now.0),
        "datacontenttype": "application/json",
        "subject": subject,
        "data": data,
    });
    message.to_string().into_bytes()
}

/// An answer: the fields of its item, or one entry for each of several.
#[must_use]
pub fn answered(hall: &Hall, of: &Answered) -> Value {
    let mut data = match of.items.as_slice() {
        [one] => item(hall, one),
        many => {
            json!({ "code": together(many).word(), "items": many.iter().map(|of| item(hall, of)).collect::<Vec<_>>() })
        }
    };
    data["client"] = json!(of.client);
    data["request_id"] = json!(of.request);
    data["epoch"] = json!(of.epoch);
    data
}

/// An answer that control has not given: the message was not taken.
#[must_use]
pub fn refused((client, request): (&str, &str), code: Code, (reason, text): (&str, &str)) -> Value {
    let reason = json!({ "code": reason, "text": text });
    json!({ "client": client, "request_id": request, "code": code.word(), "reason": reason })
}

/// All items in one word: what is true of all of them, and `granted_partial` where some were granted.
fn together(items: &[Item]) -> Code {
    let granted = |code: Code| code == Code::Granted;
    let mut codes = items.iter().map(|of| of.outcome.code);
    let first = codes.next().unwrap_or(Code::Invalid);
    if codes.clone().all(|code| code == first) {
        first
    } else if granted(first) || codes.any(granted) {
        Code::GrantedPartial
    } else {
        Code::Retry
    }
}

fn item(hall: &Hall, of: &Item) -> Value {
    let Outcome { code, why, lease, tight, earliest, retry_after, position } = of.outcome;
    let mut data = json!({ "code": code.word() });
    if let Some(lease) = lease {
        data["lease_id"] = json!(lease.to_string());
    }
    if let Some(view) = &of.lease {
        data["lease"] = lease_of(view);
    }
    if why != Why::Fits {
        let mut reason = json!({ "code": why.word(), "text": why.sentence() });
        if let Some(tight) = tight {
            reason["domain"] = json!(hall.power.feeds.get(tight.feed).map(|feed| feed.name.as_str()));
            reason["limit_w"] = json!(tight.limit.0);
            reason["headroom_w"] = json!(tight.headroom.0);
        }
        data["reason"] = reason;
    }
    if let Some(at) = earliest {
        data["earliest_start"] = json!(instant(at.0));
    }
    if let Some(after) = retry_after {
        data["retry_after_s"] = json!(after.seconds());
    }
    if let Some(position) = position {
        data["position"] = json!(position);
    }
    data
}

/// A lease as its client is told.
#[must_use]
pub fn lease_of(of: &LeaseView) -> Value {
    let schedule: Vec<_> =
        of.schedule.iter().map(|(start, watts)| json!({ "start": instant(*start), "w": watts })).collect();
    json!({
        "lease_id": of.lease_id,
        "request_id": of.request,
        "job": of.job,
        "state": of.state,
        "epoch": of.epoch,
        "seq": of.seq,
        "schedule": schedule,
        "w": of.may_w,
        "floor_w": of.floor_w,
        "ttl_s": of.ttl_s,
        "expires_at": instant(of.expires_ms),
        "renew_after_s": of.renew_after_s,
        "grace_s": of.grace_s,
        "notice_s": of.notice_s,
        "on_expiry": of.on_expiry,
        "priority": of.priority,
    })
}

/// A notice.
#[must_use]
pub fn notice(of: &Notice, epoch: u64) -> Value {
    json!({
        "notice_id": format!("{epoch}-{}", of.number),
        "lease_id": of.lease.to_string(),
        "epoch": epoch,
        "seq": of.seq,
        "kind": of.tidings.word(),
        "new_schedule": [{ "start": instant(of.effective.0), "w": of.watts }],
        "effective_at": instant(of.effective.0),
        "hard_at": instant(of.hard.0),
        "reason": of.cause.word(),
        "emergency": of.emergency,
    })
}

/// An instant (ms since 1970) as messages have it.
fn instant(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |at| at.to_string())
}
