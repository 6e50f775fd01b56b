//! What befalls live prices, as fields.

use plant::event::PriceNews;
use serde_json::{Value, json};

/// A word in `kind`, and its instants (ms since 1970).
pub fn news(news: &PriceNews) -> Value {
    match news {
        PriceNews::Taken { until } => json!({ "kind": "prices_taken", "until_ms": until.0 }),
        PriceNews::Refused => json!({ "kind": "prices_refused" }),
        PriceNews::Begun { trouble, at, priced } => {
            json!({ "kind": "prices", "trouble": trouble.word(), "on": true, "at_ms": at.map(|at| at.0), "priced": priced })
        }
        PriceNews::Over(trouble) => json!({ "kind": "prices", "trouble": trouble.word(), "on": false }),
    }
}
