//! The log of decisions: what was answered to whom, and by which room of which feeds.
//!
//! One line for each item, on the target `wattloop::decision`: at level info what promises something, takes something back or refuses it, at level debug what only renews or asks. What an earlier
//! answer says again is no decision.

use plant::hall::Hall;

use crate::control::ledger::message::{LeaseId, Op, Said};
use crate::control::ledger::reply::{Answered, Item, Tight, Why};
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

/// Logs an answer, once: all of it, or what it says of one lease.
pub fn log(hall: &Hall, (op, detail): (&str, bool), of: &Answered, only: Option<LeaseId>) {
    for (n, item) in chosen(of, only) {
        let (client, request, code) = (of.client.as_str(), of.request.as_str(), item.outcome.code.word());
        let by = by(hall, item);
        if detail {
            tracing::debug!(target: "wattloop::decision", client, request, item = n, op, code, "{by}");
        } else {
            tracing::info!(target: "wattloop::decision", client, request, item = n, op, code, "{by}");
        }
    }
}

/// The items of an answer, by their places; those of one lease where it is named.
fn chosen(of: &Answered, only: Option<LeaseId>) -> impl Iterator<Item = (usize, &Item)> {
    let all = of.items.iter().enumerate();
    all.filter(move |(_, item)| only.is_none() || item.outcome.lease == only)
}

/// What was decided, and by what: "lease 1-7, 420.0 kW; by utility 512.0 of 1800.0 kW free, row-a 500.0 of 900.0 kW free; plan 12; at 2026-11-01T00:00:00Z".
fn by(hall: &Hall, item: &Item) -> String {
    let lease = item.outcome.lease.map(|lease| {
        let watts = item.lease.as_ref().map_or(0.0, |of| of.wants_w.unwrap_or(of.may_w));
        format!("lease {lease}, {:.1} kW", watts / 1e3)
    });
    let why = Some(item.outcome.why).filter(|why| *why != Why::Fits).map(|why| why.word().to_owned());
    let room = |of: &Tight| {
        let name = hall.power.feeds.get(of.feed).map_or("", |feed| feed.name.as_str());
        format!("{name} {:.1} of {:.1} kW free", of.headroom.0 / 1e3, of.limit.0 / 1e3)
    };
    let rooms: Vec<String> = item.inputs.iter().flat_map(|of| of.feeds.iter().flatten().map(room)).collect();
    let rooms = (!rooms.is_empty()).then(|| format!("by {}", rooms.join(", ")));
    let plan = item.inputs.and_then(|of| of.plan).map(|plan| format!("plan {plan}"));
    let at = item.inputs.map(|of| format!("at {}", rfc3339(of.at.0)));
    [lease, why, rooms, plan, at].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use plant::time::Wall;
    use plant::units::Watts;

    use super::*;
    use crate::control::ledger::reply::{Code, Inputs, Looked, Outcome};

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
            "lease 1-7, 0.0 kW; feed; by pdu-a1 -1.0 of 1800.0 kW free, utility 512.0 of 1800.0 kW free; plan 12; at 2026-10-31T00:00:00Z"
        );
        let outcome = Outcome::plain(Code::Denied, Why::UnknownClient);
        let early = Some(Inputs { at: Wall(1_793_404_800_000), plan: None, feeds: Looked::default() });
        assert_eq!(by(&hall, &Item { outcome, lease: None, inputs: early }), "unknown_client; at 2026-10-31T00:00:00Z");
        // What is not known is not told as something else.
        assert_eq!(by(&hall, &Item { outcome, lease: None, inputs: None }), "unknown_client");
    }

    #[test]
    fn who_is_served_later_is_told_alone_and_not_with_all_of_his_batch() {
        let lease = |number: u64| LeaseId { epoch: 1, number };
        let item = |number: u64| {
            let outcome = Outcome::plain(Code::Queued, Why::Feed).about(lease(number));
            Item { outcome, lease: None, inputs: None }
        };
        let (client, request) = ("slurm".to_owned(), "r1".to_owned());
        let of = Answered { client, request, epoch: 1, items: vec![item(7), item(8), item(9)], again: true };
        let places = |only| chosen(&of, only).map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!((places(None), places(Some(lease(8))), places(Some(lease(3)))), (vec![0, 1, 2], vec![1], vec![]));
    }
}
