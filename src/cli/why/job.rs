//! How a request for leases was decided, on one page.

use std::fmt::Write as _;

use wattloop::control::ledger::decision::{DecidedView, DecisionView};

use crate::cli::figure::fixed;

/// The page.
pub fn page(of: &DecisionView) -> String {
    let mut page = format!("request {} of {}\n", of.request, of.client);
    for item in &of.items {
        // Writing to text does not fail.
        let _ = write(&mut page, item);
    }
    page
}

fn write(page: &mut String, of: &DecidedView) -> std::fmt::Result {
    let lease = of.lease_id.as_ref().map(|id| format!("lease {id}")).unwrap_or_default();
    let state = of.state.as_ref().map(|state| format!(", {state}")).unwrap_or_default();
    let plan = of.plan.map(|plan| format!(" while plan {plan} was followed")).unwrap_or_default();
    let at = of.decided_ms.map(|ms| format!(" at {}{plan}", stamp(ms))).unwrap_or_default();
    let about = format!("{lease}{state}{at}");
    let colon = if about.is_empty() { "" } else { ": " };
    writeln!(page, "\n{about}{colon}{}, {}", of.code.word(), of.sentence)?;
    for room in &of.feeds {
        let [free, limit] = [room.headroom_w, room.limit_w].map(|watts| fixed(watts / 1e3, 1));
        writeln!(page, "  {}: {free} of {limit} kW were free", room.feed)?;
    }
    if let Some(at) = of.earliest_ms {
        writeln!(page, "  could start at {} at the earliest", stamp(at))?;
    }
    for other in &of.alternatives {
        let cost = other.cost.map(|cost| format!(", energy for {}", fixed(cost, 2))).unwrap_or_default();
        writeln!(page, "  instead: {} kW from {} on{cost}", fixed(other.watts / 1e3, 1), stamp(other.start_ms))?;
    }
    Ok(())
}

/// A part of a path, with what is not for paths escaped.
pub fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// "2026-11-01T06:00:00Z".
fn stamp(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| "?".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_a_request_is_called_is_one_part_of_a_path() {
        assert_eq!(escaped("job 7/ü?-._~"), "job%207%2F%C3%BC%3F-._~");
    }

    #[test]
    fn each_item_says_how_it_was_decided_by_which_room_and_what_there_was_instead() {
        let room = json!({ "feed": "row-a", "limit_w": 400e3, "headroom_w": 65.5e3 });
        let items = json!([
            { "code": "granted", "why": "fits", "sentence": "it fits", "lease_id": "1-7", "state": "held", "decided_ms": 0, "plan": 12, "feeds": [room], "earliest_ms": null, "alternatives": [] },
            { "code": "retry", "why": "feed", "sentence": "no room", "lease_id": null, "state": null, "decided_ms": null, "plan": null, "feeds": [room], "earliest_ms": 3_600_000,
              "alternatives": [{ "start_ms": 0, "watts": 65e3, "cost": 19.5 }, { "start_ms": 3_600_000, "watts": 90e3, "cost": null }] },
        ]);
        let view = json!({ "client": "slurm", "request": "r1", "items": items });
        let view: DecisionView = serde_json::from_value(view).expect("a view");
        assert_eq!(
            page(&view).lines().collect::<Vec<_>>(),
            [
                "request r1 of slurm",
                "",
                "lease 1-7, held at 1970-01-01T00:00:00Z while plan 12 was followed: granted, it fits",
                "  row-a: 65.5 of 400.0 kW were free",
                "",
                "retry, no room",
                "  row-a: 65.5 of 400.0 kW were free",
                "  could start at 1970-01-01T01:00:00Z at the earliest",
                "  instead: 65.0 kW from 1970-01-01T00:00:00Z on, energy for 19.50",
                "  instead: 90.0 kW from 1970-01-01T01:00:00Z on",
            ]
        );
    }
}
