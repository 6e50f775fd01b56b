//! What we say of feeds: their power, their targets, and whether they are kept.

use std::collections::BTreeMap;

use plant::hall::Hall;
use serde_json::{Map, Value, json};

use super::ids;
use super::said::Tags;
use crate::control::grid::Turn;
use crate::control::grid::view::{GridView, HeldView, TargetView};
use crate::service::clock::rfc3339;

/// Why a feed is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// Somebody has set or taken back a target for it.
    Set,
    /// Its ramp has turned.
    Turned(Turn),
    /// It was time.
    Periodic,
}

impl Because {
    /// True for what the contract has a word for.
    #[must_use]
    pub fn is_told(self) -> bool {
        self == Self::Periodic || self.word() != Self::Periodic.word()
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Set => "target_set",
            Self::Turned(Turn::StartDown) => "start_ramp_down",
            Self::Turned(Turn::EndDown) => "end_ramp_down",
            Self::Turned(Turn::StartUp) => "start_ramp_up",
            Self::Turned(Turn::EndUp) => "end_ramp_up",
            Self::Turned(Turn::Free) | Self::Periodic => "periodic",
        }
    }
}

/// A power as messages have it.
#[must_use]
pub fn watt(watts: f64) -> Value {
    json!({ "value": watts.max(0.0), "unit": "watt" })
}

/// The data of a status: every feed that has a tag, each with why it is spoken of.
#[must_use]
pub fn data(hall: &Hall, tags: &Tags, view: &GridView, because: impl Fn(&str) -> Because) -> Value {
    let mut feeds = Map::new();
    for (tag, feed) in tags {
        let Some(of) = hall.power.feeds.get(*feed) else { continue };
        let Some(held) = view.feeds.iter().find(|held| held.feed == of.name) else { continue };
        let floor = held.minimum_w.unwrap_or(of.fail_safe.0).min(held.maximum_w);
        feeds.insert(tag.clone(), state((view, held), floor, because(&held.feed)));
    }
    json!({ "snapshot_time": rfc3339(view.at_ms.unwrap_or_default()), "feeds": feeds })
}

fn state((view, held): (&GridView, &HeldView), floor: f64, because: Because) -> Value {
    let targets: Vec<Value> =
        view.targets.iter().filter(|of| of.feed == held.feed).map(|of| target(of, held.target)).collect();
    let mut state = json!({
        "metadata": {
            "power_minimum": watt(floor),
            "power_maximum": watt(held.maximum_w),
            "default_constraint": watt(held.maximum_w),
        },
        "targets": targets,
        "calculated_load": watt(held.load_w),
        "in_flight": held.in_flight,
        "event": because.word(),
        "compliant": held.compliant,
    });
    if let (Some(since), Some(fields)) = (held.since_ms, state.as_object_mut()) {
        fields.insert("power_event_start_time".to_owned(), json!(rfc3339(since)));
    }
    state
}

fn target(of: &TargetView, holds: Option<u64>) -> Value {
    let mut interval = Map::new();
    interval.insert("start_time".to_owned(), json!(rfc3339(of.start_ms)));
    if let Some(end) = of.end_ms {
        interval.insert("end_time".to_owned(), json!(rfc3339(end)));
    }
    json!({
        "active": holds == Some(of.number),
        "load_constraint": watt(of.watts),
        "interval": interval,
        "strategy": { "best_effort": of.best_effort },
        "correlation_id": ids::of(&of.id),
    })
}

/// The turns of ramps that have been told already: how many of each feed.
#[derive(Clone, Debug, Default)]
pub struct Told(BTreeMap<String, u64>);

impl Told {
    /// The turns of a feed that have not been told, the oldest first. The first look at a feed tells none: they were before us.
    pub fn news(&mut self, held: &HeldView) -> Vec<Turn> {
        let before = self.0.insert(held.feed.clone(), held.turned);
        let new = held.turned.saturating_sub(before.unwrap_or(held.turned));
        let new = usize::try_from(new).unwrap_or(usize::MAX);
        let mut turns: Vec<Turn> = held.turns.iter().take(new).copied().collect();
        turns.reverse();
        turns
    }
}
