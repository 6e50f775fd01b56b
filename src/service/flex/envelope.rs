//! CloudEvents 1.0.2, structured, as DSX Flex has them: who says what, when, and the data signed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plant::convert::i64_from_bits;
use plant::event::GridFault;
use plant::time::{Span, Wall};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ids::{self, Trace};
use super::jws::{Keys, Signer};
use crate::service::clock::rfc3339;

/// The largest message that is looked at (bytes).
const MOST: usize = 64 * 1024;
/// Message ids that are remembered.
const KNOWN: usize = 4096;

/// What a message says of itself.
#[derive(Debug, Deserialize)]
struct Attributes {
    specversion: String,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    traceparent: String,
    #[serde(default)]
    tracestate: Option<String>,
    #[serde(default)]
    correlationid: Option<String>,
    data: Value,
}

/// A message that is believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its own name.
    pub id: String,
    /// By which the other side knows what follows from it.
    pub correlation: String,
    /// Its trace.
    pub trace: Trace,
    /// What it says.
    pub data: Value,
    /// False where nobody knows how old it is.
    pub dated: bool,
}

/// What a message must be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where it comes from: `//grid/v1/isv/acme-energy`.
    pub source: &'a str,
    /// Its type.
    pub kind: &'a str,
}

/// What is believed, and what has been heard already.
#[derive(Debug)]
pub struct Guard {
    keys: Keys,
    /// Data may stand there without a signature.
    unsigned: bool,
    max_age: Span,
    known: BTreeMap<String, i64>,
}

impl Guard {
    /// One that has heard nothing.
    #[must_use]
    pub const fn new(keys: Keys, unsigned: bool, max_age: Span) -> Self {
        Self { keys, unsigned, max_age, known: BTreeMap::new() }
    }

    /// Reads a message, `now` by a clock that is trusted.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn read(
        &mut self,
        (payload, kept): (&[u8], bool),
        wanted: Wanted<'_>,
        now: Option<Wall>,
    ) -> Result<Message, GridFault> {
        if kept {
            return Err(GridFault::Retained);
        }
        if payload.len() > MOST {
            return Err(GridFault::TooBig);
        }
        let of: Attributes = serde_json::from_slice(payload).map_err(|_| GridFault::Malformed)?;
        let version = ["1.0.2", "1.0"].contains(&of.specversion.as_str());
        let named = ids::is_uuid(&of.id) && of.correlationid.as_deref().is_none_or(ids::is_uuid);
        if !(version && named && of.kind == wanted.kind && ids::is_trace(&of.traceparent)) {
            return Err(GridFault::Malformed);
        }
        if of.source != wanted.source {
            return Err(GridFault::WrongSource);
        }
        let at: Timestamp = of.time.parse().map_err(|_| GridFault::Malformed)?;
        let data = match of.data {
            Value::String(signed) => {
                let payload = self.keys.verify(wanted.source, &signed)?;
                serde_json::from_slice(&payload).map_err(|_| GridFault::Malformed)?
            }
            plain @ Value::Object(_) if self.unsigned => plain,
            Value::Object(_) => return Err(GridFault::Unsigned),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(GridFault::Malformed),
        };
        self.fresh(&of.id, at.as_millisecond(), now)?;
        let correlation = of.correlationid.unwrap_or_else(|| of.id.clone());
        let trace = Trace::of(of.traceparent, of.tracestate);
        Ok(Message { id: of.id, correlation, trace, data, dated: now.is_some() })
    }

    /// Takes a message for one that was not heard: nothing came of it, and it may be said again as it was.
    pub fn forget(&mut self, id: &str) {
        self.known.remove(id);
    }

    /// Whether it is new: what is older than messages may be needs not be remembered.
    fn fresh(&mut self, id: &str, at: i64, now: Option<Wall>) -> Result<(), GridFault> {
        let age = i64_from_bits(self.max_age.millis());
        if let Some(Wall(now)) = now {
            if (now.saturating_sub(at)).saturating_abs() > age {
                return Err(GridFault::OutOfTime);
            }
            self.known.retain(|_, at| *at >= now.saturating_sub(age));
        }
        if self.known.contains_key(id) {
            return Err(GridFault::Replayed);
        }
        if self.known.len() >= KNOWN {
            // Who floods us may not make us forget what was heard.
            return Err(GridFault::TooMany);
        }
        self.known.insert(id.to_owned(), at);
        Ok(())
    }
}

/// What we say of a message of ours.
#[derive(Clone, Copy, Debug)]
pub struct Says<'a> {
    /// Who: `//grid/v1/dsx-flex-agent/hall-a`.
    pub source: &'a str,
    /// Its type, and its subject.
    pub kind: &'a str,
    /// See above.
    pub subject: &'a str,
    /// What it follows from, and its trace.
    pub follows: Option<(&'a str, &'a Trace)>,
}

/// A message of ours; nothing where it cannot be signed.
#[must_use]
pub fn write(says: Says<'_>, data: Value, signer: Option<&Signer>, now: Wall) -> Option<Vec<u8>> {
    let data = match signer {
        Some(signer) => Value::String(signer.sign(data.to_string().as_bytes())?),
        None => data,
    };
    let none = Trace::default();
    let trace = says.follows.map_or(&none, |(_, trace)| trace);
    let mut message = json!({
        "specversion": "1.0.2",
        "id": ids::fresh()?,
        "source": says.source,
        "type": says.kind,
        "time": rfc3339(now.0),
        "datacontenttype": "application/json",
        "subject": says.subject,
        "traceparent": trace.next()?,
        "data": data,
    });
    if let (Some((correlation, _)), Some(fields)) = (says.follows, message.as_object_mut()) {
        fields.insert("correlationid".to_owned(), Value::String(correlation.to_owned()));
        if let Some(state) = &trace.state {
            fields.insert("tracestate".to_owned(), Value::String(state.clone()));
        }
    }
    Some(message.to_string().into_bytes())
}
