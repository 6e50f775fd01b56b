//! What others say: targets of agents, and what infrastructure has done.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plant::event::{GridFault, GridNews};
use plant::hall::Hall;
use plant::id::FeedId;
use plant::time::Wall;
use serde::Deserialize;
use serde_json::Value;

use crate::control::grid::view::{GridView, TargetView};
use crate::control::grid::{Kind, Wanted};
use crate::control::request::Refusal;

/// The feeds of a hall by the tags that a grid knows them by.
pub type Tags = BTreeMap<String, FeedId>;

/// The most targets of a message.
const MOST: usize = 64;

#[derive(Debug, Deserialize)]
struct Targets {
    targets: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Interval {
    #[serde(default)]
    start_time: Option<String>,
    #[serde(default)]
    end_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Strategy {
    #[serde(default)]
    best_effort: bool,
}

/// What a message says of targets.
///
/// # Errors
/// It is no such message, or names feeds, powers or times that are none.
pub fn targets(data: &Value, tags: &Tags) -> Result<Vec<Wanted>, GridFault> {
    let said: Targets = read(data)?;
    if said.targets.is_empty() || said.targets.len() > MOST {
        return Err(GridFault::Malformed);
    }
    said.targets.iter().map(|of| target(of, tags)).collect()
}

fn target(of: &Value, tags: &Tags) -> Result<Wanted, GridFault> {
    let interval: Interval = read(of.get("interval").ok_or(GridFault::Malformed)?)?;
    let strategy: Strategy = of.get("strategy").map_or_else(|| Ok(Strategy::default()), read)?;
    let named: Vec<String> = of.get("feed_tags").map_or_else(|| Ok(Vec::new()), read)?;
    let feeds = if named.is_empty() {
        tags.values().copied().collect()
    } else {
        let feed = |tag: &String| tags.get(tag).copied().ok_or(GridFault::UnknownFeed);
        named.iter().map(feed).collect::<Result<Vec<_>, _>>()?
    };
    // Null takes back; a word that is not there says nothing, and is no target.
    let most = match of.get("load_constraint") {
        None => return Err(GridFault::Malformed),
        Some(Value::Null) => None,
        Some(power) => Some(watts(power)?),
    };
    let at = |text: &Option<String>| text.as_deref().map(instant).transpose();
    let (start, end) = (at(&interval.start_time)?, at(&interval.end_time)?);
    Ok(Wanted { feeds, most, start, end, hold: None, best_effort: strategy.best_effort })
}

fn watts(power: &Value) -> Result<f64, GridFault> {
    let value = power.get("value").and_then(Value::as_f64).ok_or(GridFault::BadPower)?;
    let unit = match power.get("unit").and_then(Value::as_str) {
        Some("watt") => 1.0,
        Some("kilowatt") => 1e3,
        Some("megawatt") => 1e6,
        Some(_) | None => return Err(GridFault::Malformed),
    };
    let watts = value * unit;
    if watts.is_finite() && watts >= 0.0 { Ok(watts) } else { Err(GridFault::BadPower) }
}

fn instant(text: &str) -> Result<Wall, GridFault> {
    text.parse::<Timestamp>().map(|at| Wall(at.as_millisecond())).map_err(|_| GridFault::BadInterval)
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, GridFault> {
    serde_json::from_value(value.clone()).map_err(|_| GridFault::Malformed)
}

/// What infrastructure says that it has done.
#[derive(Clone, Debug, PartialEq)]
pub struct Enforced {
    /// Because of which breach.
    pub breach: String,
    /// At which feed.
    pub feed: FeedId,
    /// What.
    pub what: GridNews,
}

/// What a message says of what was done.
///
/// # Errors
/// It is no such message, or names a feed that is none.
pub fn enforced(data: &Value, tags: &Tags) -> Result<Enforced, GridFault> {
    let text = |key: &str| data.get(key).and_then(Value::as_str).ok_or(GridFault::Malformed);
    let reverted = match text("action")? {
        "applied" => false,
        "reverted" => true,
        _ => return Err(GridFault::Malformed),
    };
    let results = data.get("results").and_then(Value::as_array).ok_or(GridFault::Malformed)?;
    let count = |code: &str| {
        let of = |result: &&Value| result.get("code").and_then(Value::as_str) == Some(code);
        u16::try_from(results.iter().filter(of).count()).unwrap_or(u16::MAX)
    };
    let feed = tags.get(text("feed_tag")?).copied().ok_or(GridFault::UnknownFeed)?;
    let (applied, failed, skipped) = (count("applied"), count("failed"), count("skipped"));
    let what = GridNews::Enforced { reverted, applied, failed, skipped };
    Ok(Enforced { breach: text("breach_id")?.to_owned(), feed, what })
}

/// True where something takes a target back, or is above one that is kept for the same agent and feed: now or ahead, whatever times it names, since nobody knows
/// what time it is.
#[must_use]
pub fn raises((hall, view): (&Hall, &GridView), name: &str, targets: &[Wanted]) -> bool {
    let lowest = |feed: FeedId| {
        let named = |of: &&TargetView| hall.power.feeds.get(feed).is_some_and(|feed| feed.name == of.feed);
        let kept = view.targets.iter().filter(|of| of.kind == Kind::Dsx && of.source == name).filter(named);
        kept.map(|of| of.watts).fold(f64::INFINITY, f64::min)
    };
    targets.iter().any(|of| of.most.is_none_or(|most| of.feeds.iter().any(|feed| most > lowest(*feed))))
}

/// What a refusal of control means to who asked.
#[must_use]
pub const fn fault(refusal: &Refusal) -> GridFault {
    match refusal {
        Refusal::Unknown => GridFault::UnknownFeed,
        Refusal::OutOfRange { .. } => GridFault::BadPower,
        Refusal::HoldOutOfRange => GridFault::BadInterval,
        Refusal::TooMany => GridFault::TooMany,
        Refusal::NotWritable
        | Refusal::ReasonMissing
        | Refusal::NothingThere
        | Refusal::StillActive
        | Refusal::NotAcknowledged
        | Refusal::Busy
        | Refusal::NotLed
        | Refusal::LimitsExclude { .. }
        | Refusal::TooSensitive
        | Refusal::Warm
        | Refusal::Held
        | Refusal::NoPrices
        | Refusal::NotForced => GridFault::Malformed,
    }
}
