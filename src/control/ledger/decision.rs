//! How a request was decided, for people: kept for a day, and as long as a lease of it lives.

use plant::id::FeedId;
use serde::{Deserialize, Serialize};

use super::Ledger;
use super::reply::{Code, Item, Other, Tight, Why};

/// How a request was decided. Instants are milliseconds since 1970, UTC.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DecisionView {
    /// Who asked.
    pub client: String,
    /// The request.
    pub request: String,
    /// Each of its items, in their order.
    pub items: Vec<DecidedView>,
}

/// How one item was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecidedView {
    /// How it was answered last.
    pub code: Code,
    /// Why.
    pub why: Why,
    /// The same for people.
    pub sentence: String,
    /// The lease that it made or waits for; nothing where there is none.
    pub lease_id: Option<String>,
    /// What becomes of that now; nothing where it is over.
    pub state: Option<String>,
    /// When it was lent, or changed last at its client's wish; nothing where it is not known any more.
    pub decided_ms: Option<i64>,
    /// The plan of the day ahead that was followed then, by its number.
    pub plan: Option<u64>,
    /// The feeds by whose room it was decided, the one with least room first: four of a lease that lives, of all others the first.
    pub feeds: Vec<RoomView>,
    /// When it could start at the earliest, as it was answered.
    pub earliest_ms: Option<i64>,
    /// What was offered instead.
    pub alternatives: Vec<OtherView>,
}

/// A feed and its room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomView {
    /// The feed.
    pub feed: String,
    /// What it could carry (W).
    pub limit_w: f64,
    /// What of that was free for the client, before it was lent anything (W); below zero: too much was carried.
    pub headroom_w: f64,
}

/// Something that could be had instead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherView {
    /// From when on.
    pub start_ms: i64,
    /// How much (W at machines).
    pub watts: f64,
    /// What its energy costs (the tariff's currency); nothing where that is not known.
    pub cost: Option<f64>,
}

impl Ledger {
    /// How a request of a client was decided, feeds by their names; nothing where nobody knows any more.
    #[must_use]
    pub fn decision<'n>(
        &self,
        (client, request): (&str, &str),
        name: impl Fn(FeedId) -> &'n str,
    ) -> Option<DecisionView> {
        let answered = self.again(client, request)?;
        let room =
            |of: &Tight| RoomView { feed: name(of.feed).to_owned(), limit_w: of.limit.0, headroom_w: of.headroom.0 };
        let other = |of: &Other| OtherView { start_ms: of.start.0, watts: of.watts, cost: of.cost };
        let item = |item: &Item| {
            let of = item.outcome;
            let feeds = item.inputs.map_or([of.tight, None, None, None], |inputs| inputs.feeds);
            DecidedView {
                code: of.code,
                why: of.why,
                sentence: of.why.sentence().to_owned(),
                lease_id: of.lease.map(|lease| lease.to_string()),
                state: item.lease.as_ref().map(|lease| lease.state.clone()),
                decided_ms: item.inputs.map(|inputs| inputs.at.0),
                plan: item.inputs.and_then(|inputs| inputs.plan),
                feeds: feeds.iter().flatten().map(room).collect(),
                earliest_ms: of.earliest.map(|at| at.0),
                alternatives: of.others.iter().flatten().map(other).collect(),
            }
        };
        let items = answered.items.iter().map(item).collect();
        Some(DecisionView { client: answered.client, request: answered.request, items })
    }
}
