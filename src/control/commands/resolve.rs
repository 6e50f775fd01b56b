//! From what everybody wants to one value a point: the strongest entry, inside every limit, no faster than allowed.

use plant::command::{Command, Level, Reason, WriteOutcome, WriteReport};
use plant::event::{About, What};
use plant::id::{PointId, Table};
use plant::point::WriteRange;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::{Clamp, Commands, FREE_UP_TO, OutputId, Slot};
use crate::control::news::News;

/// What is known of whether the device holds what it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Nothing has been heard of a write in this boot.
    #[default]
    Unheard,
    /// Acknowledged; nothing reads it back.
    Acknowledged,
    /// Read back.
    Proven,
    /// Failed, unproven or foreign, until one is applied or acknowledged.
    Doubted,
}

/// What an output was told last, and who told it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The value.
    pub value: f64,
    /// Who holds it: the level of the entry, or of the limit that bends it.
    pub level: Level,
    /// Why.
    pub reason: Reason,
    /// Whose entry won before limits.
    pub entry: Level,
    /// What the limits allow.
    pub allowed: (f64, f64),
    /// True while the rate limit holds it back.
    pub on_its_way: bool,
    /// The limits that exclude each other: the level kept, the level dropped.
    pub conflict: Option<(Level, Level)>,
    /// Whether the device holds it.
    pub proof: Proof,
    /// True when in this time of doubt somebody else's write was seen.
    pub foreign: bool,
}

/// What limits leave of a range, and which of them bind its two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lowest value.
    pub min: f64,
    /// The highest value.
    pub max: f64,
    /// Whose limit the lowest value is; nobody's when it is the equipment's.
    pub low: Option<(Level, Reason)>,
    /// Whose limit the highest value is.
    pub high: Option<(Level, Reason)>,
    /// The level kept and the level dropped, if two limits excluded each other.
    pub conflict: Option<(Level, Level)>,
}

impl Held {
    /// An output at its fail-safe.
    #[must_use]
    pub const fn safe(range: &WriteRange) -> Self {
        Self {
            value: range.failsafe,
            level: Level::CriticalEquipment,
            reason: Reason::SafeOutputs,
            entry: Level::CriticalEquipment,
            allowed: (range.min, range.max),
            on_its_way: false,
            conflict: None,
            proof: Proof::Unheard,
            foreign: false,
        }
    }

    /// As the image of outputs has it.
    #[must_use]
    pub const fn command(&self, point: PointId) -> Command {
        Command { point, value: self.value, level: self.level, reason: self.reason }
    }

    /// Somebody else holds the output, at this value where that is known. What was decided of it stays.
    pub const fn follow(&mut self, theirs: Option<f64>) {
        if let Some(value) = theirs {
            self.value = value;
        }
        self.entry = Level::LocalHand;
        (self.on_its_way, self.proof, self.foreign) = (false, Proof::Unheard, false);
    }

    /// True from a failed, unproven or foreign write until one is applied or acknowledged.
    #[must_use]
    pub const fn is_doubted(&self) -> bool {
        matches!(self.proof, Proof::Doubted)
    }

    /// Hears what became of a write: tells when doubt begins and ends, and also in the middle of it that somebody else
    /// writes, once.
    pub fn hear(&mut self, report: &WriteReport, news: &mut News<'_>) {
        let (about, wanted) = (About::Point(report.point), report.wanted);
        let foreign = matches!(report.outcome, WriteOutcome::Foreign { .. });
        let (proof, news_of) = match report.outcome {
            WriteOutcome::Applied => (Proof::Proven, self.is_doubted()),
            WriteOutcome::Acknowledged => (Proof::Acknowledged, self.is_doubted() || self.proof == Proof::Unheard),
            WriteOutcome::Unproven { .. } | WriteOutcome::Foreign { .. } | WriteOutcome::Failed(_) => {
                (Proof::Doubted, !self.is_doubted() || (foreign && !self.foreign))
            }
        };
        if news_of {
            match report.outcome {
                WriteOutcome::Applied => news.info(about, What::WriteProven),
                WriteOutcome::Acknowledged => news.info(about, What::WriteAcknowledged),
                WriteOutcome::Unproven { seen } => news.warn(about, What::WriteUnproven { wanted, seen }),
                WriteOutcome::Foreign { seen } => news.warn(about, What::WriteForeign { wanted, seen }),
                WriteOutcome::Failed(why) => news.warn(about, What::WriteFailed(why)),
            }
        }
        self.proof = proof;
        self.foreign = self.is_doubted() && (self.foreign || foreign);
    }
}

impl Commands {
    /// Hears what became of earlier writes.
    pub fn hear(&self, reports: &[WriteReport], held: &mut Table<OutputId, Held>, news: &mut News<'_>) {
        for report in reports {
            if let Some(row) = self.output(report.point).and_then(|output| held.get_mut(output)) {
                row.hear(report, news);
            }
        }
    }

    /// Moves every held output to where this scan wants it.
    pub fn resolve(&self, held: &mut Table<OutputId, Held>, dt: Span, news: &mut News<'_>) {
        for ((_, slot), held) in self.slots.iter().zip(held.rows_mut()) {
            let next = slot.resolve(held, dt);
            tell_change(slot.point, held, &next, news);
            *held = next;
        }
    }
}

impl Slot {
    /// What the limits of these levels leave of the range, strongest first.
    #[must_use]
    pub fn interval(&self, down_to: Level) -> Interval {
        let mut left = Interval { min: self.range.min, max: self.range.max, low: None, high: None, conflict: None };
        for (level, limit) in self.limits().take_while(|(level, _)| *level <= down_to) {
            let (min, max) = (left.min.max(limit.min), left.max.min(limit.max));
            if min > max {
                let kept = if limit.min > left.max { left.high } else { left.low };
                left.conflict = left.conflict.or(Some((kept.map_or(level, |(kept, _)| kept), level)));
                continue;
            }
            if min > left.min {
                left.low = Some((level, limit.reason));
            }
            if max < left.max {
                left.high = Some((level, limit.reason));
            }
            (left.min, left.max) = (min, max);
        }
        left
    }

    fn resolve(&self, held: &Held, dt: Span) -> Held {
        let (entry, asked) = self.winner();
        let allowed = self.interval(Level::RelinquishDefault);
        let wanted = asked.value.min(allowed.max).max(allowed.min);
        let bends = if asked.value < allowed.min {
            allowed.low
        } else if asked.value > allowed.max {
            allowed.high
        } else {
            None
        };
        let (level, reason) = bends.unwrap_or((entry, asked.reason));
        let floor = self.interval(FREE_UP_TO);
        let inside = held.value.min(floor.max).max(floor.min);
        let mut from = self.freely(held.value, inside);
        if level <= FREE_UP_TO {
            from = self.freely(from, wanted);
        }
        let value = self.range.clamp(self.ramped(from, wanted, dt));
        Held {
            value,
            level,
            reason,
            entry,
            allowed: (allowed.min, allowed.max),
            on_its_way: value != wanted,
            conflict: allowed.conflict,
            proof: held.proof,
            foreign: held.foreign,
        }
    }

    /// As far from `from` to `to` as it goes toward the fail-safe.
    fn freely(&self, from: f64, to: f64) -> f64 {
        self.range.failsafe.min(from.max(to)).max(from.min(to))
    }

    /// From `from` toward `to`, no faster than the equipment may move.
    fn ramped(&self, from: f64, to: f64, dt: Span) -> f64 {
        let step = |rate: f64| if rate.is_finite() { rate.max(0.0) * dt.seconds() } else { f64::INFINITY };
        to.min(from + step(self.range.rise_per_s)).max(from - step(self.range.fall_per_s))
    }
}

/// A change of the level that holds an output is news, and so are limits that cannot both hold.
fn tell_change(point: PointId, before: &Held, now: &Held, news: &mut News<'_>) {
    let about = About::Point(point);
    if before.level != now.level {
        let what = What::Leader { level: now.level, reason: now.reason };
        news.switched(about, (what, now.level <= FREE_UP_TO));
    }
    if let Some((kept, dropped)) = now.conflict.filter(|_| before.conflict != now.conflict) {
        news.warn(about, What::LimitConflict { kept, dropped });
    }
}
