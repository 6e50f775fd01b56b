//! What befalls windows, as fields.

use plant::event::WindowNews;
use serde_json::{Value, json};

/// A word in `kind`, and its instants (ms since 1970).
pub fn news(news: WindowNews) -> Value {
    let kind = news.word();
    match news {
        WindowNews::Opened { until } => json!({ "kind": kind, "until_ms": until.map(|at| at.0) }),
        WindowNews::Shut { next } => json!({ "kind": kind, "next_ms": next.map(|at| at.0) }),
        WindowNews::Held => json!({ "kind": kind }),
        WindowNews::ClockDoubted(on) => json!({ "kind": kind, "on": on }),
    }
}
