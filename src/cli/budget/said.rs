//! What the service says, read without trusting it: a field that is not there, or is something else, is nothing.

use serde_json::Value;

use super::Stop;
use super::memory::Note;

/// A text of an object; empty where there is none.
pub fn text<'a>(data: &'a Value, key: &str) -> &'a str {
    data.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The code of an answer, and the code of its reason.
pub fn codes(answer: &Value) -> (&str, &str) {
    (text(answer, "code"), answer.get("reason").map_or("", |reason| text(reason, "code")))
}

/// The service has not decided: it was busy, or its journal is not there yet. What it was asked for may have been done all the same.
pub fn undecided(answer: &Value) -> bool {
    let (code, reason) = codes(answer);
    code == "retry" && ["busy", "rate", "journal", "recovering"].contains(&reason)
}

/// The lease of an answer, where it lives; one that comes down to its floor lives on there.
pub fn live(answer: &Value) -> Option<&Value> {
    let lease = answer.get("lease").filter(|lease| lease.is_object())?;
    let lives = match text(lease, "state") {
        "held" | "grace" | "floored" => true,
        "leaving" => watts(lease) > Some(0.0),
        _ => false,
    };
    (lives && !text(lease, "lease_id").is_empty()).then_some(lease)
}

/// What a lease, or a step of one, may draw (W).
pub fn watts(of: &Value) -> Option<f64> {
    of.get("w").and_then(Value::as_f64)
}

/// When a lease that lives draws nothing yet, and will: the start of what it was lent.
pub fn ahead(lease: &Value) -> Option<&str> {
    let steps = lease.get("schedule").filter(|_| watts(lease) == Some(0.0))?.as_array()?;
    steps.iter().find(|step| watts(step) > Some(0.0)).map(|step| text(step, "start"))
}

/// How long to wait before asking again (s).
pub fn after(answer: &Value) -> Option<f64> {
    answer.get("retry_after_s").and_then(Value::as_f64).filter(|s| s.is_finite() && *s >= 0.0)
}

/// When the schedule of a lease is over; nothing for one that is given back.
pub fn end(lease: &Value) -> Option<&str> {
    let last = lease.get("schedule")?.as_array()?.last()?;
    (last.get("w").and_then(Value::as_f64) == Some(0.0)).then(|| text(last, "start"))
}

/// A lease in a line: `1-7 60000 W until 2026-12-01T06:00:00Z`.
pub fn line(lease: &Value) -> String {
    let watts = lease.get("w").and_then(Value::as_f64).unwrap_or_default();
    let until = end(lease).unwrap_or("it is given back");
    let expires = text(lease, "expires_at");
    format!(
        "{} {watts:.0} W until {until}; {}, lives to {expires} unless renewed",
        text(lease, "lease_id"),
        text(lease, "state")
    )
}

/// What an answer offers: `60000 W from 2026-12-01T02:00:00Z on, energy for 43.20`.
pub fn offers(answer: &Value) -> Vec<String> {
    let one = |of: &Value| {
        let watts = of.get("w").and_then(Value::as_f64)?;
        let cost = of.get("cost").and_then(Value::as_f64);
        let cost = cost.map(|cost| format!(", energy for {cost:.2}")).unwrap_or_default();
        Some(format!("{watts:.0} W from {} on{cost}", text(of, "start")))
    };
    answer.get("alternatives").and_then(Value::as_array).into_iter().flatten().filter_map(one).collect()
}

/// Why an answer is no grant, as the way a command ends.
pub fn refused(answer: &Value) -> Stop {
    let (code, reason) = codes(answer);
    let why = answer.get("reason").map_or("", |reason| text(reason, "text"));
    let feed = answer.get("reason").map_or("", |reason| text(reason, "domain"));
    let place = if feed.is_empty() { String::new() } else { format!(" ({feed})") };
    let message = format!("{code}: {reason}{place}: {why}");
    let start = text(answer, "earliest_start");
    let offers = offers(answer);
    let instead = if offers.is_empty() { String::new() } else { format!("; there is {}", offers.join("; or ")) };
    let help = match (after(answer), start.is_empty()) {
        (Some(s), true) => format!("ask again after {s:.0} s, or wait with `--wait`"),
        (Some(s), false) => format!("ask again after {s:.0} s; the earliest start is {start}"),
        (None, false) => format!("the earliest start is {start}"),
        (None, true) => String::new(),
    };
    let help = format!("{help}{instead}").trim_start_matches("; ").to_owned();
    let exit = match code {
        "queued" | "retry" | "degraded" => 75,
        _ => 77,
    };
    let code = if code.is_empty() { "unreadable" } else { code };
    Stop::new(exit, code, message, help)
}

/// The job was given back meanwhile.
pub fn given_back() -> Stop {
    let say = "the job was given back while it asked: what was lent is given back, too";
    Stop::new(75, "released", say, "ask again where it is to start all the same")
}

/// Both are of one request.
pub fn same_request(one: &Note, other: &Note) -> bool {
    one.request_id == other.request_id
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_ends_a_command_with_what_a_scheduler_should_do() {
        for (code, exit) in [
            ("retry", 75),
            ("queued", 75),
            ("degraded", 75),
            ("denied", 77),
            ("conflict", 77),
            ("invalid", 77),
            ("expired", 77),
            ("unknown_lease", 77),
            ("something else", 77),
        ] {
            assert_eq!(refused(&json!({ "code": code })).exit, exit, "{code}");
        }
        let stop =
            refused(&json!({ "code": "retry", "retry_after_s": 9, "reason": { "code": "feed", "domain": "pdu-a1" } }));
        assert!(stop.message.contains("(pdu-a1)") && stop.help.contains("after 9 s"), "{stop}");
    }

    #[test]
    fn what_there_is_instead_is_told() {
        let offers = json!([{ "start": "A", "w": 6e4, "cost": 43.2 }, { "start": "B", "w": 9e4, "cost": null }, 7]);
        let of = |more: Value| refused(&json!({ "code": "retry", "alternatives": more, "retry_after_s": 9 })).help;
        let told = "ask again after 9 s, or wait with `--wait`; there is 60000 W from A on, energy for 43.20; or 90000 W from B on";
        assert_eq!(of(offers.clone()), told);
        assert!(!of(json!([])).contains("there is"));
        assert_eq!(
            refused(&json!({ "code": "denied", "alternatives": [offers[1]] })).help,
            "there is 90000 W from B on"
        );
    }

    #[test]
    fn garbage_is_nothing_and_never_a_lease() {
        for answer in [json!(null), json!([1]), json!({ "lease": 7 }), json!({ "lease": { "state": "held" } })] {
            assert!(live(&answer).is_none(), "{answer}");
            assert_eq!(refused(&answer).exit, 77);
        }
        for w in [json!(null), json!(0.0), json!("much")] {
            let leaving = json!({ "lease": { "lease_id": "1-2", "state": "leaving", "w": w } });
            assert!(live(&leaving).is_none(), "it was given back, or is over");
        }
    }

    #[test]
    fn what_comes_down_to_its_floor_lives_on_there() {
        let lease = |state: &str| json!({ "lease": { "lease_id": "1-2", "state": state, "w": 2e3 } });
        for (state, lives) in [("held", true), ("grace", true), ("floored", true), ("leaving", true), ("kept", false)] {
            assert_eq!(live(&lease(state)).is_some(), lives, "{state}");
        }
    }

    #[test]
    fn what_was_not_decided_is_told_from_what_was_refused() {
        for (reason, so) in [("busy", true), ("rate", true), ("journal", true), ("recovering", true), ("full", false)] {
            let of = |code: &str| undecided(&json!({ "code": code, "reason": { "code": reason } }));
            assert_eq!((of("retry"), of("denied")), (so, false), "{reason}");
        }
        assert!(!undecided(&json!({ "code": "retry" })));
    }

    #[test]
    fn what_was_lent_for_later_is_told_from_what_may_be_drawn_and_from_nothing() {
        let of = |w: f64, steps: &Value| json!({ "w": w, "schedule": steps });
        let later = json!([{ "start": "B", "w": 6e4 }, { "start": "C", "w": 0.0 }]);
        assert_eq!(ahead(&of(0.0, &later)), Some("B"));
        assert_eq!(ahead(&of(0.0, &json!([{ "start": "A", "w": 0.0 }, later[0]]))), Some("B"));
        for (w, steps) in [(6e4, later), (0.0, json!([{ "start": "A", "w": 0.0 }])), (0.0, json!([])), (0.0, json!(7))]
        {
            assert_eq!(ahead(&of(w, &steps)), None, "{w} {steps}");
        }
    }

    #[test]
    fn a_lease_is_told_in_a_line() {
        let lease = json!({ "lease_id": "1-7", "w": 6e4, "state": "held", "expires_at": "X",
            "schedule": [{ "start": "A", "w": 6e4 }, { "start": "B", "w": 0.0 }] });
        assert_eq!(line(&lease), "1-7 60000 W until B; held, lives to X unless renewed");
        assert!(line(&json!({ "lease_id": "1-7", "w": 1.0, "schedule": [] })).contains("until it is given back"));
    }
}
