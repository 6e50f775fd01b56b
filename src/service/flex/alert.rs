//! What we say of a breach: by how much, since when, and what infrastructure might do.

use std::collections::BTreeMap;

use plant::convert::f64_from_u64;
use plant::hall::Hall;
use plant::hall::power::Node;
use serde_json::{Value, json};

use super::ids;
use super::status::watt;
use crate::control::grid::Stage;
use crate::control::grid::view::{BreachView, GridView, HeldView};
use crate::control::report::GpuView;
use crate::service::clock::rfc3339;

/// The most hints of a message.
const MOST: usize = 64;

/// A breach as it was told last.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    number: u64,
    stage: Stage,
    critical: bool,
    /// When it was detected (ms).
    detected_ms: i64,
    /// The target's correlation, and its power (W).
    correlation: String,
    watts: f64,
    /// What was said of it last may be lost.
    unsaid: bool,
}

impl Known {
    /// Somebody may still take it for one that stands.
    const fn stands(&self) -> bool {
        let over = matches!(self.stage, Stage::Kept) && !self.unsaid;
        !over && !self.correlation.is_empty()
    }
}

/// The breaches that have been told.
#[derive(Clone, Debug, Default)]
pub struct Alerts(BTreeMap<String, Known>);

/// Something to say of a breach.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its target's correlation.
    pub correlation: String,
    /// The data.
    pub data: Value,
}

/// What a breach is told with.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The hall.
    pub hall: &'a Hall,
    /// Every GPU that is capped.
    pub gpus: &'a [GpuView],
    /// What infrastructure is asked to do where a breach is escalated, the mildest first.
    pub actions: &'a [String],
    /// Who we are.
    pub agent: &'a str,
}

impl Alerts {
    /// The broker is another one, or a message of ours may be lost with the last connection: what was said last is said again, that a breach is over too.
    pub fn again(&mut self) {
        self.0.values_mut().for_each(|known| known.unsaid = !known.correlation.is_empty());
    }

    /// True where something is to be said of a feed.
    #[must_use]
    pub fn is_due(&self, held: &HeldView) -> bool {
        let Some(now) = &held.breach else { return false };
        match self.0.get(&held.feed) {
            // One that is over may have ended while nobody was here to say so: it is said once more, by the same name.
            None => now.stage != Stage::Kept || now.resolved_ms.is_some(),
            Some(known) if known.number != now.number => true,
            Some(known) => {
                known.unsaid || known.stage != now.stage || now.stage != Stage::Kept && known.critical != now.critical
            }
        }
    }

    /// What is to be said of a feed.
    pub fn say(&mut self, around: &Around<'_>, (view, held): (&GridView, &HeldView), tag: &str) -> Option<Alert> {
        let now = held.breach.as_ref().filter(|_| self.is_due(held))?;
        if let Some(of) = self.0.get_mut(&held.feed).filter(|of| of.number != now.number && of.stands()) {
            // The one before is over, and nobody may have heard that: first that, and with the next look this one.
            (of.stage, of.unsaid) = (Stage::Kept, false);
            let (number, critical, detected_ms) = (of.number, of.critical, of.detected_ms);
            let over =
                BreachView { stage: of.stage, number, critical, detected_ms, resolved_ms: Some(now.detected_ms) };
            let data = data(around, (held, &over), tag, (&of.correlation, of.watts));
            return Some(Alert { correlation: of.correlation.clone(), data });
        }
        let known = self.0.get(&held.feed).filter(|known| known.number == now.number);
        let target = held.target.and_then(|number| view.targets.iter().find(|of| of.number == number));
        // Of one that was over before us only a target that was there before it can be what it was of.
        let target = target.filter(|of| now.stage != Stage::Kept || of.start_ms <= now.detected_ms);
        let (correlation, watts) = match (target, known) {
            // A breach is of the target that it began with.
            (_, Some(known)) => (known.correlation.clone(), known.watts),
            (Some(target), None) => (ids::of(&target.id), target.watts),
            // Its target is gone with it: nobody could be told what it was a breach of.
            (None, None) if now.stage == Stage::Kept => (String::new(), 0.0),
            (None, None) => return None,
        };
        let known = Known {
            number: now.number,
            stage: now.stage,
            critical: now.critical,
            detected_ms: now.detected_ms,
            correlation: correlation.clone(),
            watts,
            unsaid: false,
        };
        self.0.insert(held.feed.clone(), known);
        if correlation.is_empty() {
            return None;
        }
        let data = data(around, (held, now), tag, (&correlation, watts));
        Some(Alert { correlation, data })
    }
}

/// The name of a breach: the same over its life, and over a restart.
#[must_use]
pub fn name(agent: &str, feed: &str, breach: &BreachView) -> String {
    ids::of(&format!("{agent}/{feed}/{}/{}", breach.number, breach.detected_ms))
}

fn data(
    around: &Around<'_>,
    (held, breach): (&HeldView, &BreachView),
    tag: &str,
    (correlation, watts): (&str, f64),
) -> Value {
    let over = breach.stage == Stage::Kept;
    let status = match breach.stage {
        Stage::Kept => "resolved",
        Stage::Active => "active",
        Stage::Escalated => "escalated",
    };
    let mut details =
        json!({ "breach_id": name(around.agent, &held.feed, breach), "detected_at": rfc3339(breach.detected_ms) });
    if let (Some(resolved), Some(fields)) = (breach.resolved_ms.filter(|_| over), details.as_object_mut()) {
        fields.insert("resolved_at".to_owned(), json!(rfc3339(resolved)));
    }
    let actions: &[String] = if breach.stage == Stage::Escalated { around.actions } else { &[] };
    let mut data = json!({
        "feed_tag": tag,
        "status": status,
        "severity": if breach.critical { "critical" } else { "warning" },
        "breach": details,
        "target": { "correlation_id": correlation, "load_constraint": watt(watts) },
        "measured_load": watt(held.load_w),
        "infrastructure_actions": actions,
    });
    if let (false, Some(fields)) = (over, data.as_object_mut()) {
        fields.insert("shed_hints".to_owned(), hints(around, held.load_w - watts));
    }
    data
}

/// What might be shed to bring a load down by so much (W): the nodes of who comes last first, of these the largest.
fn hints(around: &Around<'_>, over: f64) -> Value {
    let mut nodes: BTreeMap<&str, (i64, f64)> = BTreeMap::new();
    for gpu in around.gpus {
        let of = nodes.entry(&gpu.node).or_default();
        (of.0, of.1) = (i64::from(gpu.priority), of.1 + gpu.draws_w.unwrap_or(gpu.counts_w));
    }
    let floor = |node: &Node| node.least_cap.0 * f64_from_u64(u64::from(node.gpus));
    let least = |name: &str| around.hall.power.nodes.iter().find(|node| node.name == name).map_or(0.0, floor);
    let mut rows: Vec<(&str, i64, f64, f64)> =
        nodes.into_iter().map(|(name, (priority, draws))| (name, priority, draws, least(name))).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(b.2.total_cmp(&a.2)).then(a.0.cmp(b.0)));
    let (mut left, mut hints) = (over, Vec::new());
    let mut hint = |name: &str, action: &str, target: Option<f64>| {
        let mut hint = json!({
            "resource_id": name, "resource_type": "node", "action": action, "priority": hints.len().saturating_add(1),
        });
        if let (Some(target), Some(fields)) = (target, hint.as_object_mut()) {
            fields.insert("target_power".to_owned(), watt(target));
        }
        hints.push(hint);
        hints.len() < MOST
    };
    for (name, _, draws, least) in rows.iter().filter(|(_, _, draws, least)| draws > least) {
        if left <= 0.0 || !hint(name, "power_cap", Some(*least)) {
            break;
        }
        left -= draws - least;
    }
    // Where caps do not do, somebody has to go.
    for (name, _, draws, _) in &rows {
        if left <= 0.0 || !hint(name, "suspend", None) {
            break;
        }
        left -= draws;
    }
    Value::Array(hints)
}
