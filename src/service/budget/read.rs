//! What a scheduler's message says: CloudEvents as JSON, read strictly where it matters. Unknown fields are passed over, unknown words are not.

use plant::hall::Hall;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::event::{self, Refused, named, span, text};
use super::when::{TimeSaid, inside, times};
use crate::control::ledger::message::{Accept, BATCH, Class, Flex, JOB, Message, NAME, OnExpiry, Op, Power, Wish};
use crate::control::ledger::tree::Place;

/// How important what nobody calls more or less important is.
const USUAL: i32 = 100;
/// Parts of a power that come to it but for so much (1) agree with it.
const ROUNDED: f64 = 1e-6;
/// Whose job it may be.
const SCHEDULERS: [&str; 5] = ["slurm", "kueue", "volcano", "pbs", "other"];
/// What stays as it was asked for as long as a lease lives.
const FIXED: [&str; 6] = ["domain", "class", "flex", "time", "on_expiry", "items"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    domain: Option<Domain>,
    power: PowerSaid,
    class: Option<Class>,
    flex: FlexSaid,
    time: TimeSaid,
    priority: Option<i32>,
    accept: AcceptSaid,
    ttl_s: Option<f64>,
    on_expiry: Option<OnExpiry>,
    job: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Domain {
    One(String),
    Names(Vec<String>),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    domain: String,
    w: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PowerSaid {
    min_w: Option<f64>,
    want_w: Option<f64>,
    peak_w: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FlexSaid {
    checkpoint_s: Option<f64>,
    min_run_s: Option<f64>,
    max_pauses: Option<u32>,
    shed_time_s: Option<f64>,
    floor_w: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AcceptSaid {
    partial: Option<bool>,
    schedule: Option<bool>,
    wait_s: Option<f64>,
}

/// Reads a request of a client.
///
/// # Errors
/// What makes it no request of the contract, or not of this client.
pub fn request(payload: &[u8], client: &str, hall: &Hall) -> Result<Message, Refused> {
    let data = event::data(payload, "request")?;
    let request = text(&data, "request_id").unwrap_or_default();
    let fail = |why: String| Refused { request: request.clone(), why };
    if text(&data, "client").as_deref() != Some(client) {
        return Err(fail(format!("`client` must be `{client}`, as in the topic")));
    }
    if request.is_empty() || request.chars().count() > NAME {
        return Err(fail(format!("`request_id` must have 1 to {NAME} characters")));
    }
    let op = op(&data, hall).map_err(fail)?;
    let hash = blake3::hash(Value::Object(data).to_string().as_bytes());
    let body = u128::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default());
    Ok(Message { client: client.to_owned(), request, body, op })
}

/// What is asked for.
fn op(data: &Map<String, Value>, hall: &Hall) -> Result<Op, String> {
    match event::word(data, "op")?.ok_or("`op` is missing")? {
        "acquire" => wishes(data, hall).map(Op::Acquire),
        "dry_run" => wishes(data, hall).map(Op::DryRun),
        "renew" => {
            stays(data, ("renew", FIXED.iter().chain(&["power", "priority", "accept"])))?;
            let ttl = event::number(data, "ttl_s")?.map(|seconds| span("ttl_s", seconds)).transpose()?;
            Ok(Op::Renew { of: named(data)?, ttl })
        }
        "amend" => amend(data),
        "release" => Ok(Op::Release { of: named(data)? }),
        "query" => Ok(Op::Query { of: named(data)? }),
        other => Err(format!("`op` cannot be `{other}`")),
    }
}

/// Another power, or another importance. What else is said would be passed over, so it is refused.
fn amend(data: &Map<String, Value>) -> Result<Op, String> {
    stays(data, ("amend", FIXED.iter().chain(&["ttl_s"])))?;
    let asked: Asked = read(data.clone())?;
    let said = [
        ("power.peak_w", asked.power.peak_w.is_some()),
        ("accept.schedule", asked.accept.schedule == Some(true)),
        ("accept.wait_s", asked.accept.wait_s.is_some_and(|wait| wait != 0.0)),
    ];
    if let Some((key, _)) = said.into_iter().find(|(_, said)| *said) {
        return Err(unchanged(key, "amend"));
    }
    let (power, partial) = (power(&asked)?, asked.accept.partial.unwrap_or(false));
    Ok(Op::Amend { of: named(data)?, power, partial, priority: asked.priority })
}

/// None of these keys says anything.
fn stays<'k>(
    data: &Map<String, Value>,
    (op, mut keys): (&str, impl Iterator<Item = &'k &'k str>),
) -> Result<(), String> {
    let says = |key: &&str| match data.get(*key)? {
        Value::Null => None,
        Value::Object(fields) => {
            let (inner, _) = fields.iter().find(|(_, value)| !value.is_null())?;
            Some(format!("{key}.{inner}"))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Some((*key).to_owned()),
    };
    keys.find_map(says).map_or(Ok(()), |key| Err(unchanged(&key, op)))
}

fn unchanged(key: &str, op: &str) -> String {
    format!("`{key}` cannot be changed by `{op}`: give the lease back and ask for another")
}

/// One wish, or one for each of `items`, which say what is other than in the rest.
fn wishes(data: &Map<String, Value>, hall: &Hall) -> Result<Vec<Wish>, String> {
    let Some(items) = data.get("items").filter(|items| !items.is_null()) else {
        return Ok(vec![wish(data.clone(), hall)?]);
    };
    let items = items.as_array().ok_or("`items` must be a list")?;
    if items.is_empty() || items.len() > BATCH {
        return Err(format!("`items` must have 1 to {BATCH} entries"));
    }
    let one = |(n, item): (usize, &Value)| {
        let mut all = data.clone();
        all.remove("items");
        let own = item.as_object().ok_or_else(|| format!("`items[{n}]` must be an object"))?;
        own.iter().for_each(|(key, value)| other(&mut all, key, value));
        wish(all, hall).map_err(|why| format!("`items[{n}]`: {why}"))
    };
    items.iter().enumerate().map(one).collect()
}

/// What an item says otherwise. Of an object it is what it names: the rest of that stays as it is.
fn other(all: &mut Map<String, Value>, key: &str, value: &Value) {
    if let (Some(Value::Object(rest)), Value::Object(own)) = (all.get_mut(key), value) {
        rest.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
    } else {
        all.insert(key.to_owned(), value.clone());
    }
}

fn read(data: Map<String, Value>) -> Result<Asked, String> {
    serde_path_to_error::deserialize(Value::Object(data)).map_err(|e| format!("`{}`: {}", e.path(), e.inner()))
}

fn wish(data: Map<String, Value>, hall: &Hall) -> Result<Wish, String> {
    let asked = read(data)?;
    let power = power(&asked)?;
    let long = |key: &str, said: Option<f64>| said.map(|seconds| span(key, seconds)).transpose();
    let (flex, times) = (&asked.flex, times(&asked.time, &power)?);
    let wish = Wish {
        places: places(asked.domain.as_ref().ok_or("`domain` is missing")?, hall)?,
        power,
        class: asked.class.unwrap_or(Class::Firm),
        flex: Flex {
            checkpoint: long("flex.checkpoint_s", flex.checkpoint_s)?.unwrap_or_default(),
            min_run: long("flex.min_run_s", flex.min_run_s)?.unwrap_or_default(),
            max_pauses: flex.max_pauses,
            shed: long("flex.shed_time_s", flex.shed_time_s)?.unwrap_or_default(),
            floor: flex.floor_w.unwrap_or(0.0),
        },
        times,
        inside: inside(&asked.time, times.duration, hall)?,
        priority: asked.priority.unwrap_or(USUAL),
        accept: Accept {
            partial: asked.accept.partial.unwrap_or(false),
            schedule: asked.accept.schedule.unwrap_or(false),
            wait: long("accept.wait_s", asked.accept.wait_s)?.unwrap_or_default(),
        },
        ttl: long("ttl_s", asked.ttl_s)?,
        on_expiry: asked.on_expiry.unwrap_or(OnExpiry::Floor),
        job: asked.job.as_ref().map(job).transpose()?.unwrap_or_default(),
    };
    if wish.leaves_no_choice() {
        return Err("`time.plan` needs a `time.duration_s`, and a `time.deadline` or a `time.window`".to_owned());
    }
    Ok(wish)
}

/// Its job as it was said, whole: an object as JSON.
fn job(said: &Value) -> Result<String, String> {
    let text = match said {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            if let Some(word) = event::word(fields, "scheduler").map_err(|why| format!("`job`: {why}"))?
                && !SCHEDULERS.contains(&word)
            {
                return Err(format!("`job.scheduler` cannot be `{word}`; it may be {}", SCHEDULERS.join(", ")));
            }
            said.to_string()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err(format!("`job` must be a text or an object: {said}"));
        }
    };
    let long = text.chars().count();
    if long <= JOB { Ok(text) } else { Err(format!("`job` may have {JOB} characters as JSON, and has {long}")) }
}

/// Zero is zero, and nothing said is nothing said: neither stands for the other.
fn power(asked: &Asked) -> Result<Power, String> {
    let parts = match &asked.domain {
        Some(Domain::Parts(parts)) => Some(parts.iter().map(|part| part.w).sum()),
        Some(Domain::One(_) | Domain::Names(_)) | None => None,
    };
    let wanted = asked.power.want_w.or(parts).ok_or("`power.want_w` says nothing")?;
    if let Some(parts) = parts.filter(|parts| (parts - wanted).abs() > ROUNDED * wanted.abs().max(1.0)) {
        return Err(format!(
            "`power.want_w` is {wanted}, and the parts of `domain` come to {parts}: leave one of them out, or let them agree"
        ));
    }
    Ok(Power { least: asked.power.min_w.unwrap_or(wanted), wanted, peak: asked.power.peak_w })
}

/// Where: feeds, racks and nodes by their names. Of a list of names each has an equal part.
fn places(domain: &Domain, hall: &Hall) -> Result<Vec<(Place, f64)>, String> {
    let place = |name: &str| {
        let rack = || (0..hall.power.racks.len()).find(|rack| hall.fed_rack(*rack) == name);
        let node = || hall.power.nodes.iter().find(|node| node.name == name).map(|node| node.rack);
        let found = hall.power.feed(name).map(Place::Feed).or_else(|| rack().or_else(node).map(Place::Rack));
        found.ok_or_else(|| format!("the hall has no feed, rack or node `{name}`"))
    };
    match domain {
        Domain::One(name) => Ok(vec![(place(name)?, 1.0)]),
        Domain::Names(names) => {
            let each = 1.0 / plant::convert::f64_from_usize(names.len().max(1));
            names.iter().map(|name| Ok((place(name)?, each))).collect()
        }
        Domain::Parts(parts) => {
            let all: f64 = parts.iter().map(|part| part.w).sum();
            let each = 1.0 / plant::convert::f64_from_usize(parts.len().max(1));
            let share = |part: &Part| if all == 0.0 { each } else { part.w / all };
            parts.iter().map(|part| Ok((place(&part.domain)?, share(part)))).collect()
        }
    }
}

#[cfg(test)]
mod tests;
