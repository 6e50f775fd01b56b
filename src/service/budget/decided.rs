//! The log of decisions: what was answered to whom, and by which room of which feeds.
//!
//! One line for each item, on the target `wattloop::decision`: at level info what promises something, takes something back or refuses it, at level debug what only renews or asks. What an earlier
//! answer says again is no decision.

use std::fmt::Write as _;

use plant::hall::Hall;

use crate::control::ledger::message::{Op, Said};
use crate::control::ledger::reply::{Answered, Inputs, Item, Tight, Why};
use crate::service::clock::rfc3339;

/// What is asked for in one word, and whether it is told in detail only.
#[must_use]
pub fn asked(said: &Said) -> Option<(&'static str, bool)> {
    let Said::Request(message) = said else { return None };
    Some(match message.op {
        Op::Acquire(_) => ("acquire", false),
        Op::Amend { .. } => ("amend", false),
        Op::Release { .. } => ("release", false),
        Op::DryRun(_) => ("dry_run", true),
        Op::Renew { .. } => ("renew", true),
        Op::Query { .. } => ("query", true),
    })
}

/// Logs an answer, once.
pub fn log(hall: &Hall, (op, detail): (&str, bool), of: &Answered) {
    for (n, item) in of.items.iter().enumerate() {
        let (client, request, code) = (of.client.as_str(), of.request.as_str(), item.outcome.code.word());
        let by = by(hall, item);
        if detail {
            tracing::debug!(target: "wattloop::decision", client, request, item = n, op, code, "{by}");
        } else {
            tracing::info!(target: "wattloop::decision", client, request, item = n, op, code, "{by}");
        }
    }
}

/// What was decided, and by what: "lease 1-7, 420.0 kW; by utility 512.0 of 1800.0 kW free, row-a 500.0 of 900.0 kW free; plan 12, at 2026-11-01T00:00:00Z".
fn by(hall: &Hall, item: &Item) -> String {
    let mut text = String::new();
    if let Some(lease) = item.outcome.lease {
        let watts = item.lease.as_ref().map_or(0.0, |of| of.wants_w.unwrap_or(of.may_w));
        // Writing to text does not fail.
        let _ = write!(text, "lease {lease}, {:.1} kW; ", watts / 1e3);
    }
    if item.outcome.why != Why::Fits {
        let _ = write!(text, "{}; ", item.outcome.why.word());
    }
    let Inputs { at, plan, feeds } = item.inputs.unwrap_or_default();
    let room = |of: &Tight| {
        let name = hall.power.feeds.get(of.feed).map_or("", |feed| feed.name.as_str());
        format!("{name} {:.1} of {:.1} kW free", of.headroom.0 / 1e3, of.limit.0 / 1e3)
    };
    let rooms: Vec<String> = feeds.iter().flatten().map(room).collect();
    if !rooms.is_empty() {
        let _ = write!(text, "by {}; ", rooms.join(", "));
    }
    if let Some(plan) = plan {
        let _ = write!(text, "plan {plan}, ");
    }
    let _ = write!(text, "at {}", rfc3339(at.0));
    text
}

#[cfg(test)]
mod tests {
    use plant::time::Wall;
    use plant::units::Watts;

    use super::*;
    use crate::control::ledger::message::LeaseId;
    use crate::control::ledger::reply::{Code, Outcome};

    #[test]
    fn a_line_says_what_was_decided_and_by_which_room_of_which_feeds() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Hall::load("air", text).expect("loads");
        let tight = |name: &str, headroom: f64| {
            let feed = hall.power.feed(name).expect("a feed");
            Some(Tight { feed, limit: Watts(1.8e6), headroom: Watts(headroom) })
        };
        let feeds = [tight("pdu-a1", -1e3), tight("utility", 512e3), None, None];
        let inputs = Some(Inputs { at: Wall(1_793_404_800_000), plan: Some(12), feeds });
        let outcome = Outcome::plain(Code::Queued, Why::Feed).about(LeaseId { epoch: 1, number: 7 });
        assert_eq!(
            by(&hall, &Item { outcome, lease: None, inputs }),
            "lease 1-7, 0.0 kW; feed; by pdu-a1 -1.0 of 1800.0 kW free, utility 512.0 of 1800.0 kW free; plan 12, at 2026-10-31T00:00:00Z"
        );
        let outcome = Outcome::plain(Code::Denied, Why::UnknownClient);
        let none = Some(Inputs { at: Wall(1_793_404_800_000), ..Inputs::default() });
        assert_eq!(by(&hall, &Item { outcome, lease: None, inputs: none }), "unknown_client; at 2026-10-31T00:00:00Z");
    }
}
