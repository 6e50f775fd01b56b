//! The envelope of a scheduler's message: CloudEvents 1.x as JSON, and the fields that more than one message has.

use plant::time::{Span, Wall};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::control::ledger::lease::ttl;
use crate::control::ledger::message::{LeaseId, NAME, Named};

/// The longest text of a trace that is said again (characters).
const LONGEST: usize = 256;

/// Why a message is not taken: the request that it names, where it names one, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its `request_id`; empty where it has none that can be read.
    pub request: String,
    /// What is wrong.
    pub why: String,
}

/// By what a client, or those between us, find messages that belong together: said again in the answer as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The client's own.
    pub correlation: Option<String>,
    /// As W3C Trace Context has it.
    pub parent: Option<String>,
}

/// What is known of a message whatever else may be wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its `request_id`; empty where it has none that can be read.
    pub request: String,
    /// What is said again.
    pub trace: Trace,
    /// When it was made by its client's clock, where it says that.
    pub made: Option<Wall>,
    /// The time to live that it asks for, 300 s where it asks for none (30 s to 1 h).
    pub ttl: Span,
}

#[derive(Deserialize)]
struct Loose {
    #[serde(default)]
    time: Value,
    #[serde(default)]
    correlationid: Value,
    #[serde(default)]
    traceparent: Value,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    specversion: Value,
    #[serde(default, rename = "type")]
    kind: Value,
    data: Map<String, Value>,
}

/// What is known of a message that may be anything.
#[must_use]
pub fn head(payload: &[u8]) -> Head {
    let of = serde_json::from_slice::<Loose>(payload).ok();
    let short = |value: &Value| value.as_str().filter(|text| text.chars().count() <= LONGEST).map(str::to_owned);
    let trace = of.as_ref().map(|of| Trace { correlation: short(&of.correlationid), parent: short(&of.traceparent) });
    let data = of.as_ref().and_then(|of| of.data.as_object());
    let request = data.and_then(|data| text(data, "request_id")).filter(|name| name.chars().count() <= NAME);
    let asked = data.and_then(|data| data.get("ttl_s")?.as_f64()).and_then(|s| span("ttl_s", s).ok());
    Head {
        request: request.unwrap_or_default(),
        trace: trace.unwrap_or_default(),
        made: of.as_ref().and_then(|of| of.time.as_str()).and_then(|text| instant("time", text).ok()),
        ttl: ttl(asked),
    }
}

/// What a message of this kind says.
///
/// # Errors
/// It is none of the contract, or of another version of it.
pub fn data(payload: &[u8], what: &str) -> Result<Map<String, Value>, Refused> {
    let event: Event = serde_json::from_slice(payload)
        .map_err(|e| Refused { request: head(payload).request, why: format!("it is no such message: {e}") })?;
    let request = text(&event.data, "request_id").unwrap_or_default();
    let fail = |why: String| Err(Refused { request: request.clone(), why });
    let version = &event.specversion;
    if !version.is_null() && !version.as_str().is_some_and(|of| of.starts_with("1.")) {
        return fail(format!("`specversion` must be `1.0`, not `{version}`"));
    }
    let wanted = format!("wattloop.budget.{what}.v1");
    if event.kind.as_str() != Some(wanted.as_str()) {
        return fail(format!("`type` must be `{wanted}`, not `{}`", event.kind));
    }
    Ok(event.data)
}

/// A text; nothing where there is none, or something else.
pub fn text(data: &Map<String, Value>, key: &str) -> Option<String> {
    data.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// What is said of a key; `null` says nothing.
fn said<'d>(data: &'d Map<String, Value>, key: &str) -> Option<&'d Value> {
    data.get(key).filter(|value| !value.is_null())
}

/// A whole number from 0; nothing where nothing is said.
///
/// # Errors
/// It is something else: a generation that cannot be read is no reason to look at none.
pub fn whole(data: &Map<String, Value>, key: &str) -> Result<Option<u64>, String> {
    let read = |value: &Value| value.as_u64().ok_or_else(|| format!("`{key}` must be a whole number from 0: {value}"));
    said(data, key).map(read).transpose()
}

/// A number; nothing where nothing is said.
///
/// # Errors
/// It is something else.
pub fn number(data: &Map<String, Value>, key: &str) -> Result<Option<f64>, String> {
    let read = |value: &Value| value.as_f64().ok_or_else(|| format!("`{key}` must be a number: {value}"));
    said(data, key).map(read).transpose()
}

/// A word; nothing where nothing is said.
///
/// # Errors
/// It is something else.
pub fn word<'d>(data: &'d Map<String, Value>, key: &str) -> Result<Option<&'d str>, String> {
    let read = |value: &'d Value| value.as_str().ok_or_else(|| format!("`{key}` must be a text: {value}"));
    said(data, key).map(read).transpose()
}

/// A lease's name; nothing where nothing is said.
///
/// # Errors
/// It can be none.
pub fn lease(data: &Map<String, Value>) -> Result<Option<LeaseId>, String> {
    let read = |name: &str| LeaseId::parse(name).ok_or_else(|| format!("`lease_id` cannot be `{name}`"));
    word(data, "lease_id")?.map(read).transpose()
}

/// A lease, and the generation of control in which its client knows it.
///
/// # Errors
/// None is named, or it cannot be read.
pub fn named(data: &Map<String, Value>) -> Result<Named, String> {
    let lease = lease(data)?.ok_or("`lease_id` is missing")?;
    Ok(Named { lease, epoch: whole(data, "epoch")? })
}

/// A length of time.
///
/// # Errors
/// It is none.
pub fn span(key: &str, seconds: f64) -> Result<Span, String> {
    if (0.0..=1e9).contains(&seconds) {
        Ok(Span::from_seconds(seconds))
    } else {
        Err(format!("`{key}`: {seconds} s is no length of time"))
    }
}

/// An instant.
///
/// # Errors
/// It is none.
pub fn instant(key: &str, text: &str) -> Result<Wall, String> {
    let at: jiff::Timestamp = text.parse().map_err(|e| format!("`{key}`: `{text}` is no instant: {e}"))?;
    Ok(Wall(at.as_millisecond()))
}
