//! What befalls leases of power, as fields.

use plant::event::LeaseNews;
use serde_json::{Value, json};

/// A word in `kind`, and its numbers.
pub fn news(news: LeaseNews) -> Value {
    let kind = news.word();
    match news {
        LeaseNews::Granted { watts }
        | LeaseNews::TakenUp { watts }
        | LeaseNews::Expired { watts }
        | LeaseNews::Lowered { watts }
        | LeaseNews::Capped { watts }
        | LeaseNews::Uncapped { watts }
        | LeaseNews::Restored { watts } => json!({ "kind": kind, "watts": watts }),
        LeaseNews::Paused { seconds } => json!({ "kind": kind, "seconds": seconds }),
        LeaseNews::Exceeded { watts, may } => json!({ "kind": kind, "watts": watts, "may_w": may }),
        LeaseNews::Cannot { lease, watts } | LeaseNews::Unanswered { lease, watts } => {
            json!({ "kind": kind, "lease_id": format!("{}-{}", lease.0, lease.1), "watts": watts })
        }
        LeaseNews::Skewed { client, ahead_ms, far: _ } => {
            json!({ "kind": kind, "client": client, "ahead_ms": ahead_ms })
        }
        LeaseNews::Late { lease, late: _ } => json!({ "kind": kind, "lease_id": format!("{}-{}", lease.0, lease.1) }),
        LeaseNews::Excess(of) => json!({
            "kind": kind,
            "case_id": format!("{}-{}", of.case.0, of.case.1),
            "lease_id": format!("{}-{}", of.lease.0, of.lease.1),
            "watts": of.watts,
            "may_w": of.may,
            "severity": if of.critical { "critical" } else { "warning" },
        }),
        LeaseNews::ClockHolds(doubted) => json!({ "kind": kind, "doubted": doubted }),
        LeaseNews::Recovering { kept, read } => json!({ "kind": kind, "kept": kept, "read": read }),
        LeaseNews::Recovered { renewed, over } => json!({ "kind": kind, "renewed": renewed, "over": over }),
        LeaseNews::PassedOver { count } => json!({ "kind": kind, "count": count }),
        LeaseNews::Full { client, full: _ } => json!({ "kind": kind, "client": client }),
        LeaseNews::Queued | LeaseNews::Released | LeaseNews::Over => json!({ "kind": kind }),
    }
}
