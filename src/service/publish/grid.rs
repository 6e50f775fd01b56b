//! What befalls load targets, as fields.

use plant::event::GridNews;
use serde_json::{Value, json};

/// A word in `kind`, and its numbers.
pub fn news(news: GridNews) -> Value {
    let kind = news.word();
    match news {
        GridNews::Set(count) => json!({ "kind": kind, "targets": count }),
        GridNews::Refused { why, count } => json!({ "kind": kind, "why": why.word(), "count": count }),
        GridNews::RampDown { target } => json!({ "kind": kind, "target_w": target }),
        GridNews::Breach { critical, target, load } => {
            json!({ "kind": kind, "critical": critical, "target_w": target, "load_w": load })
        }
        GridNews::Escalated { critical } => json!({ "kind": kind, "critical": critical }),
        GridNews::Enforced { reverted, applied, failed, skipped } => json!({
            "kind": kind, "reverted": reverted, "applied": applied, "failed": failed, "skipped": skipped,
        }),
        GridNews::ClockDoubted(on) => json!({ "kind": kind, "on": on }),
        GridNews::Lifted
        | GridNews::Reached
        | GridNews::RampUp
        | GridNews::RampedUp
        | GridNews::Free
        | GridNews::Resolved => json!({ "kind": kind }),
    }
}
