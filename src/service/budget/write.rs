//! What schedulers are told, as CloudEvents in JSON.

use plant::hall::Hall;
use plant::time::Wall;
use serde_json::{Map, Value, json};

use super::event::Trace;
use crate::adapters::mqtt::MAX_PAYLOAD;
use crate::control::ledger::notices::Notice;
use crate::control::ledger::reply::{Answered, Code, Item, Other, Outcome, Why};
use crate::control::ledger::tree::Place;
use crate::control::ledger::view::LeaseView;
use crate::service::clock::rfc3339;

/// So much of a message is kept for its envelope (bytes).
const ENVELOPE: usize = 4096;

/// A message of ours: of this kind, about this, at this instant; with what is said again of the one that it answers.
#[must_use]
pub fn event(
    (site, kind, subject): (&str, &str, &str),
    (number, now): (u64, Wall),
    (data, trace): (&Value, &Trace),
) -> Vec<u8> {
    let mut message = json!({
        "specversion": "1.0",
        "id": format!("{}-{number}", now.0),
        "source": format!("//wattloop/{site}/budget"),
        "type": format!("wattloop.budget.{kind}.v1"),
        "time": rfc3339(now.0),
        "datacontenttype": "application/json",
        "subject": subject,
        "data": data,
    });
    for (key, text) in [("correlationid", &trace.correlation), ("traceparent", &trace.parent)] {
        let said = text.as_ref().zip(message.as_object_mut());
        said.into_iter().for_each(|(text, message)| put(message, key, text.as_str()));
    }
    message.to_string().into_bytes()
}

/// An answer: the fields of its item, or one entry for each of several. Where those of many items are more than a message may hold each says in short how it is, and nothing of what else there would be.
#[must_use]
pub fn answered(hall: &Hall, of: &Answered) -> Value {
    let whole = told(hall, of, false);
    if of.items.len() <= 1 || whole.to_string().len() <= MAX_PAYLOAD - ENVELOPE {
        return whole;
    }
    let mut brief = told(hall, of, true);
    brief.as_object_mut().into_iter().for_each(|data| put(data, "brief", true));
    brief
}

fn told(hall: &Hall, of: &Answered, brief: bool) -> Value {
    let mut data = match of.items.as_slice() {
        [one] => item(hall, one, brief),
        many => {
            let mut all = Map::new();
            put(&mut all, "code", together(many).word());
            put(&mut all, "items", many.iter().map(|of| item(hall, of, brief)).collect::<Vec<_>>());
            all
        }
    };
    put(&mut data, "client", of.client.as_str());
    put(&mut data, "request_id", of.request.as_str());
    put(&mut data, "epoch", of.epoch);
    // As the contract calls it; `epoch` is its older name.
    put(&mut data, "envelope_epoch", of.epoch);
    Value::Object(data)
}

/// An answer that control has not given: the message was not taken.
#[must_use]
pub fn refused((client, request): (&str, &str), code: Code, (reason, text): (&str, &str)) -> Value {
    let reason = json!({ "code": reason, "text": text });
    json!({ "client": client, "request_id": request, "code": code.word(), "reason": reason })
}

/// The same, for who shall come again after so long (s).
#[must_use]
pub fn later(who: (&str, &str), why: (&str, &str), after: f64) -> Value {
    let mut data = refused(who, Code::Retry, why);
    data.as_object_mut().into_iter().for_each(|data| put(data, "retry_after_s", after));
    data
}

/// All items in one word: what is true of all of them, and `granted_partial` where some were lent something.
fn together(items: &[Item]) -> Code {
    let lent = |of: &Item| match of.outcome.code {
        Code::Granted | Code::GrantedPartial => true,
        Code::Degraded => of.outcome.lease.is_some(),
        Code::Queued
        | Code::Retry
        | Code::Denied
        | Code::Conflict
        | Code::Expired
        | Code::UnknownLease
        | Code::Invalid => false,
    };
    let first = items.first().map_or(Code::Invalid, |of| of.outcome.code);
    if items.iter().all(|of| of.outcome.code == first) {
        first
    } else if items.iter().any(lent) {
        Code::GrantedPartial
    } else {
        Code::Retry
    }
}

fn put(data: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    data.insert(key.to_owned(), value.into());
}

fn item(hall: &Hall, of: &Item, brief: bool) -> Map<String, Value> {
    let Outcome { code, why, lease, tight, earliest, retry_after, position, others } = of.outcome;
    let mut data = Map::new();
    put(&mut data, "code", code.word());
    if let Some(lease) = lease {
        put(&mut data, "lease_id", lease.to_string());
    }
    if let Some(view) = &of.lease {
        put(&mut data, "lease", if brief { in_short(view) } else { lease_of(view) });
    }
    if why != Why::Fits {
        let mut reason = Map::new();
        put(&mut reason, "code", why.word());
        put(&mut reason, "text", why.sentence());
        if let Some(tight) = tight {
            put(&mut reason, "domain", hall.power.feeds.get(tight.feed).map(|feed| feed.name.as_str()));
            put(&mut reason, "limit_w", tight.limit.0);
            put(&mut reason, "headroom_w", tight.headroom.0);
        }
        put(&mut data, "reason", reason);
    }
    if let Some(at) = earliest {
        put(&mut data, "earliest_start", rfc3339(at.0));
    }
    if let Some(after) = retry_after {
        put(&mut data, "retry_after_s", after.seconds());
    }
    if let Some(position) = position {
        put(&mut data, "position", position);
    }
    let others: Vec<Value> = others.iter().flatten().map(other).collect();
    if !brief && !others.is_empty() {
        put(&mut data, "alternatives", others);
    }
    data
}

/// Something that could be had instead: its cost to a hundredth of a cent.
fn other(of: &Other) -> Value {
    let cost = of.cost.map(|cost| (cost * 1e4).round() / 1e4);
    json!({ "start": rfc3339(of.start.0), "w": of.watts, "cost": cost })
}

/// A lease in few words, none of which is its client's: what it may draw now and how long it lives. All of it is on its own topic.
fn in_short(of: &LeaseView) -> Value {
    json!({
        "lease_id": of.lease_id,
        "state": of.state,
        "epoch": of.epoch,
        "seq": of.seq,
        "w": of.may_w,
        "floor_w": of.floor_w,
        "ttl_s": of.ttl_s,
        "renew_after_s": of.renew_after_s,
        "expires_at": rfc3339(of.expires_ms),
    })
}

/// A lease as its client is told.
#[must_use]
pub fn lease_of(of: &LeaseView) -> Value {
    let schedule: Vec<_> =
        of.schedule.iter().map(|(start, watts)| json!({ "start": rfc3339(*start), "w": watts })).collect();
    json!({
        "lease_id": of.lease_id,
        "request_id": of.request,
        "job": of.job,
        "state": of.state,
        "epoch": of.epoch,
        "seq": of.seq,
        "schedule": schedule,
        "w": of.may_w,
        "waits_for": of.waits_for,
        "window": of.window,
        "waited_s": of.waited_s,
        "earliest_start": of.start_ms.map(rfc3339),
        "floor_w": of.floor_w,
        "ttl_s": of.ttl_s,
        "expires_at": rfc3339(of.expires_ms),
        "renew_after_s": of.renew_after_s,
        "grace_s": of.grace_s,
        "notice_s": of.notice_s,
        "on_expiry": of.on_expiry,
        "priority": of.priority,
        "deadline": of.deadline_ms.map(rfc3339),
        "done_at": of.done_ms.map(rfc3339),
        "late": of.late,
    })
}

/// The same as the broker keeps it: with all that is needed to take it up again where our own store is lost.
#[must_use]
pub fn kept(hall: &Hall, of: &LeaseView) -> Value {
    let mut data = lease_of(of);
    let (Some(all), Some(rest)) = (data.as_object_mut(), &of.rest) else { return data };
    let domain = |(place, share): &(Place, f64)| {
        let name = match place {
            Place::Feed(feed) => hall.power.feeds.get(*feed).map_or("", |of| of.name.as_str()),
            Place::Rack(rack) => hall.fed_rack(*rack),
        };
        json!({ "domain": name, "share": share })
    };
    put(all, "client", of.client.as_str());
    put(all, "end_at", of.end_ms.map(rfc3339));
    put(all, "domain", rest.places.iter().map(domain).collect::<Vec<_>>());
    put(all, "class", json!(rest.class));
    put(all, "peak_factor", rest.kept);
    let flex = json!({
        "checkpoint_s": rest.flex.checkpoint.seconds(),
        "min_run_s": rest.flex.min_run.seconds(),
        "max_pauses": rest.flex.max_pauses,
        "shed_time_s": rest.flex.shed.seconds(),
    });
    put(all, "flex", flex);
    data
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
        "new_schedule": [{ "start": rfc3339(of.effective.0), "w": of.watts }],
        "effective_at": rfc3339(of.effective.0),
        "hard_at": rfc3339(of.hard.0),
        "reason": of.cause.word(),
        "emergency": of.emergency,
    })
}
