//! Loads to come as schedulers announce them: `…/announce` with `{"id", "row"?, "watts", "in_s"}`, and `…/withdraw` with `{"id"}`.
//!
//! A name may come again: it takes the place of what it announced before, so that a message delivered twice does no harm.

use plant::time::Span;
use serde::Deserialize;

use super::command::{MAX_COMMAND, Refused, id_fits};

/// A load that is announced, or no longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The announcement's name, 1 to 64 characters.
    pub id: String,
    /// What is announced; nothing where it is taken back.
    pub load: Option<Load>,
    /// The topic it came on; the answer goes below it, to `/reply`.
    pub topic: String,
}

/// What is going to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// The row's name, not looked up yet; the whole hall when not said.
    pub row: Option<String>,
    /// How much more (W, above 0).
    pub watts: f64,
    /// From when on, up to 24 h.
    pub ahead: Span,
}

/// The longest that a load may lie ahead (s): a day.
const MAX_AHEAD_S: f64 = 86_400.0;

#[derive(Deserialize)]
struct Announced {
    id: String,
    #[serde(default)]
    row: Option<String>,
    watts: f64,
    in_s: f64,
}

#[derive(Deserialize)]
struct Withdrawn {
    id: String,
}

/// What a topic below the site's asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A load is going to come.
    Announce,
    /// It is not.
    Withdraw,
}

impl Verb {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Announce, Self::Withdraw];

    /// Its topic below the site's.
    #[must_use]
    pub const fn topic(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Withdraw => "withdraw",
        }
    }
}

/// Reads a notice. With a refusal comes the id to answer to, if it could be read.
///
/// # Errors
/// The code to answer with.
pub fn read(verb: Verb, topic: &str, payload: &[u8], retained: bool) -> Result<Notice, (Refused, Option<String>)> {
    if payload.len() > MAX_COMMAND {
        return Err((Refused::TooLarge, None));
    }
    let (id, announced) = match verb {
        Verb::Announce => {
            let wire = serde_json::from_slice::<Announced>(payload).ok();
            (wire.as_ref().map(|wire| wire.id.clone()), wire)
        }
        Verb::Withdraw => (serde_json::from_slice::<Withdrawn>(payload).ok().map(|wire| wire.id), None),
    };
    let id = id.filter(|id| id_fits(id));
    if retained {
        return Err((Refused::Retained, id));
    }
    let id = id.ok_or((Refused::Malformed, None))?;
    let fits = |wire: &Announced| {
        let row = wire.row.as_deref().is_none_or(id_fits);
        let ahead = (0.0..=MAX_AHEAD_S).contains(&wire.in_s);
        row && wire.watts.is_finite() && wire.watts > 0.0 && ahead
    };
    if announced.as_ref().is_some_and(|wire| !fits(wire)) {
        return Err((Refused::OutOfRange, Some(id)));
    }
    let load = announced.map(|wire| Load { row: wire.row, watts: wire.watts, ahead: Span::from_seconds(wire.in_s) });
    Ok(Notice { id, load, topic: topic.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "wattloop/v1/hall/announce";

    fn announced(payload: &str) -> Result<Notice, (Refused, Option<String>)> {
        read(Verb::Announce, TOPIC, payload.as_bytes(), false)
    }

    #[test]
    fn a_load_is_read_with_and_without_a_row() {
        let notice =
            announced(r#"{"id":"job-17","row":"row-a","watts":80e3,"in_s":300,"cluster":"x"}"#).expect("taken");
        let load = Load { row: Some("row-a".to_owned()), watts: 80e3, ahead: Span::from_secs(300) };
        assert_eq!((notice.id.as_str(), notice.load), ("job-17", Some(load)));
        let all = announced(r#"{"id":"job-17","watts":1,"in_s":0}"#).expect("taken").load.expect("a load");
        assert_eq!((all.row, all.ahead), (None, Span::ZERO));
    }

    #[test]
    fn one_is_taken_back_by_its_name() {
        let notice = read(Verb::Withdraw, TOPIC, br#"{"id":"job-17"}"#, false).expect("taken");
        assert_eq!((notice.id.as_str(), notice.load), ("job-17", None));
    }

    #[test]
    fn what_is_wrong_is_told_by_a_code() {
        let code = |payload: &str| announced(payload).expect_err("refused").0;
        for malformed in
            ["", "{}", "null", "\u{0}", r#"{"id":"","watts":1,"in_s":1}"#, r#"{"id":"a","watts":"1","in_s":1}"#]
        {
            assert_eq!(code(malformed), Refused::Malformed, "{malformed}");
        }
        for (watts, ahead) in [("0", "1"), ("-1", "1"), ("1", "-1"), ("1", "86401"), ("1", "1e300")] {
            let payload = format!(r#"{{"id":"a","watts":{watts},"in_s":{ahead}}}"#);
            assert_eq!(announced(&payload), Err((Refused::OutOfRange, Some("a".to_owned()))), "{payload}");
        }
        assert_eq!(code(&" ".repeat(MAX_COMMAND + 1)), Refused::TooLarge);
        let kept = read(Verb::Announce, TOPIC, br#"{"id":"a","watts":1,"in_s":1}"#, true);
        assert_eq!(kept, Err((Refused::Retained, Some("a".to_owned()))));
    }
}
