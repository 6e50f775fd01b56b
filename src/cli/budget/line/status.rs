//! Whether the service is there, by what it says of itself every ten seconds and the broker keeps.

use plant::time::{Span, Wall};
use serde_json::Value;

use crate::cli::budget::said::text;

/// What the broker keeps is too old after so long.
const OLD: Span = Span::from_secs(120);
/// Whoever is there says so within this time.
pub const BEAT: Span = Span::from_secs(12);

/// Whether the service is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// It says so, or said so a short while ago.
    There,
    /// It has said that it goes, or the broker says that it is gone.
    Gone,
    /// The last that the broker has of it is so old, by its own time and this machine's: it hangs, or a clock is wrong.
    Stale {
        /// How old it is.
        age: Span,
    },
}

impl Service {
    /// What a status says; `kept`: it was said before we came. One that was said just now is never old, whatever clocks say.
    pub fn of(status: Option<&Value>, kept: bool, wall: Wall) -> Self {
        let Some(status) = status.filter(|status| !["offline", "stopping"].contains(&text(status, "state"))) else {
            return Self::Gone;
        };
        let doubted = status.get("clock_trusted").and_then(Value::as_bool) == Some(false);
        let said = status.get("ts").and_then(Value::as_i64).filter(|_| kept && !doubted);
        match said.map(|ms| wall.since(Wall(ms))) {
            Some(age) if age > OLD => Self::Stale { age },
            Some(_) | None => Self::There,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Wall = Wall(1_800_000_000_000);

    fn kept(status: &Value) -> Service {
        Service::of(Some(status), true, NOW)
    }

    #[test]
    fn what_the_broker_keeps_of_a_service_that_hangs_grows_old() {
        let said = |ago_ms: i64| json!({ "state": "ready", "ts": NOW.0 - ago_ms, "clock_trusted": true });
        assert_eq!(kept(&said(120_000)), Service::There);
        assert_eq!(kept(&said(120_001)), Service::Stale { age: Span::from_millis(120_001) });
        assert_eq!(kept(&said(-3_600_000)), Service::There, "our clock is behind");
        assert_eq!(Service::of(Some(&said(9_000_000)), false, NOW), Service::There, "said now: our clock is ahead");
    }

    #[test]
    fn whoever_goes_is_gone_and_a_time_that_says_nothing_is_none() {
        for state in ["offline", "stopping"] {
            assert_eq!(kept(&json!({ "state": state, "ts": NOW.0 })), Service::Gone);
        }
        assert_eq!(Service::of(None, true, NOW), Service::Gone);
        let doubted = json!({ "state": "degraded", "ts": 0, "clock_trusted": false });
        for status in [doubted, json!({ "state": "ready" }), json!({ "state": "ready", "ts": "long ago" })] {
            assert_eq!(kept(&status), Service::There, "{status}");
        }
    }
}
