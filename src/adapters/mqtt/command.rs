//! Operators' overrides as they come in: `…/point/<equip>/<name>/set` with `{"v", "reason", "hold_s"?, "id"}`.
//!
//! The adapter answers what it can see is wrong by a code; who may do it is the broker's access list, and whether the point
//! takes the value is for control to say.

use std::collections::VecDeque;

use plant::time::Span;
use serde::{Deserialize, Serialize};

/// The longest payload of a command that is looked at (bytes).
pub const MAX_COMMAND: usize = 64 * 1024;
const MAX_ID: usize = 64;
const MAX_REASON: usize = 512;
/// The longest hold (s): a day.
const MAX_HOLD_S: f64 = 86_400.0;
/// How many ids are remembered, so that a message that is delivered twice acts once.
const REMEMBERED: usize = 256;

/// An override as somebody asked for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The point's whole name: `crah-1/fan-speed`. Not looked up yet.
    pub point: String,
    /// The value, in the point's canonical unit; finite.
    pub value: f64,
    /// Why; never empty.
    pub reason: String,
    /// For how long, up to 24 h; nothing when not said.
    pub hold: Option<Span>,
    /// The sender's name for this request, 1 to 64 characters.
    pub id: String,
    /// The topic it came on; the answer goes below it, to `/reply`.
    pub topic: String,
}

/// Why a message on a command topic is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Not the JSON it must be: a key twice, missing or of the wrong type.
    Malformed,
    /// More bytes than a command can need.
    TooLarge,
    /// Kept by the broker: a ghost of a wish from some other time.
    Retained,
    /// An id that was already used.
    Replayed,
    /// The value or the hold is outside what anything takes.
    OutOfRange,
    /// The sender may not do this.
    Unauthorised,
    /// More commands than the service takes at once.
    RateLimited,
}

impl Refused {
    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::TooLarge,
        Self::Retained,
        Self::Replayed,
        Self::OutOfRange,
        Self::Unauthorised,
        Self::RateLimited,
    ];

    /// The word on the wire and in metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Retained => "retained",
            Self::Replayed => "replayed",
            Self::OutOfRange => "out_of_range",
            Self::Unauthorised => "unauthorised",
            Self::RateLimited => "rate_limited",
        }
    }
}

/// Ids that have been used, newest last.
#[derive(Debug, Default)]
pub struct Seen(VecDeque<String>);

impl Seen {
    /// True the first time an id comes.
    pub fn is_new(&mut self, id: &str) -> bool {
        if self.0.iter().any(|known| known == id) {
            return false;
        }
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(id.to_owned());
        true
    }
}

#[derive(Deserialize)]
struct Wire {
    v: f64,
    reason: String,
    hold_s: Option<f64>,
    id: String,
}

/// Reads a command. With a refusal comes the id to answer to, if it could be read.
///
/// # Errors
/// The code to answer with.
pub fn read(topic: &str, point: &str, payload: &[u8], retained: bool) -> Result<Command, (Refused, Option<String>)> {
    if payload.len() > MAX_COMMAND {
        return Err((Refused::TooLarge, None));
    }
    // A key twice is refused by the derived reader; a key we do not know is not our business.
    let wire = serde_json::from_slice::<Wire>(payload).ok();
    if retained {
        return Err((Refused::Retained, wire.map(|w| w.id).filter(|id| id_fits(id))));
    }
    let wire = wire.filter(|w| id_fits(&w.id)).ok_or((Refused::Malformed, None))?;
    let refuse = |code| Err((code, Some(wire.id.clone())));
    let reason = wire.reason.trim();
    if reason.is_empty() || reason.len() > MAX_REASON || reason.chars().any(char::is_control) {
        return refuse(Refused::Malformed);
    }
    if !wire.v.is_finite() || wire.hold_s.is_some_and(|s| !(s > 0.0 && s <= MAX_HOLD_S)) {
        return refuse(Refused::OutOfRange);
    }
    Ok(Command {
        point: point.to_owned(),
        value: wire.v,
        reason: reason.to_owned(),
        hold: wire.hold_s.map(Span::from_seconds),
        id: wire.id,
        topic: topic.to_owned(),
    })
}

/// The answer to a refused command.
pub fn refusal(code: Refused, id: Option<&str>) -> Vec<u8> {
    serde_json::json!({ "id": id, "code": code.code() }).to_string().into_bytes()
}

/// Whether a text can be a name: 1 to 64 bytes without control characters.
pub fn id_fits(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len()) && !id.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "wattloop/v1/hall/point/crah-1/fan-speed/set";

    fn code(payload: &[u8]) -> Refused {
        read(TOPIC, "crah-1/fan-speed", payload, false).expect_err("refused").0
    }

    #[test]
    fn a_whole_command_is_read() {
        let payload = br#"{"v": 60, "reason": " filter change ", "hold_s": 1800, "id": "a1", "sent_by": "x"}"#;
        let command = read(TOPIC, "crah-1/fan-speed", payload, false).expect("taken");
        assert_eq!((command.value, command.reason.as_str(), command.id.as_str()), (60.0, "filter change", "a1"));
        assert_eq!(command.hold, Some(Span::from_secs(1800)));
    }

    #[test]
    fn what_is_wrong_is_told_by_a_code() {
        for malformed in [
            &b""[..],
            b"60",
            b"{}",
            b"[]",
            b"null",
            b"\xff\xfe",
            b"{\"v\":60",
            br#"{"v":"60","reason":"r","id":"1"}"#,
            br#"{"v":60,"v":0,"reason":"r","id":"1"}"#,
            br#"{"v":60,"reason":"","id":"1"}"#,
            br#"{"v":60,"reason":"r","id":""}"#,
            br#"{"v":60,"reason":"a\nb","id":"1"}"#,
            br#"{"v":NaN,"reason":"r","id":"1"}"#,
            br#"{"v":1e999,"reason":"r","id":"1"}"#,
            br#"{"v":60,"reason":"r"}"#,
        ] {
            assert_eq!(code(malformed), Refused::Malformed, "{}", String::from_utf8_lossy(malformed));
        }
        for hold in ["0", "-1", "86401", "1e300"] {
            let payload = format!(r#"{{"v":60,"reason":"r","id":"1","hold_s":{hold}}}"#);
            assert_eq!(code(payload.as_bytes()), Refused::OutOfRange, "{hold}");
        }
        assert_eq!(code(&vec![b' '; MAX_COMMAND + 1]), Refused::TooLarge);
        assert_eq!(code(&[b'['; 10_000]), Refused::Malformed);
    }

    #[test]
    fn a_retained_command_is_refused_whatever_it_says() {
        let refused = read(TOPIC, "p", br#"{"v":60,"reason":"r","id":"g"}"#, true).expect_err("refused");
        assert_eq!(refused, (Refused::Retained, Some("g".to_owned())));
        assert_eq!(read(TOPIC, "p", b"junk", true).expect_err("refused"), (Refused::Retained, None));
    }

    #[test]
    fn an_id_acts_once_while_it_is_remembered() {
        let mut seen = Seen::default();
        assert!(seen.is_new("a"));
        assert!(!seen.is_new("a"));
        for n in 0..REMEMBERED {
            assert!(seen.is_new(&n.to_string()));
        }
        assert!(seen.is_new("a"), "forgotten by now");
    }
}
