//! What a run came to: a verdict on every assert, with its margin and its worst instant.

use std::fmt;

use plant::units;

use super::expression::{Dimension, margin_unit};
use super::{Assert, Rule};

/// The unit of a margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Of a signal or of a difference of two.
    Signal(units::Unit),
    /// A plain number.
    Plain,
    /// Time.
    Seconds,
    /// Turns an hour.
    PerHour,
    /// How often.
    Times,
}

impl Unit {
    /// Of a margin.
    #[must_use]
    pub fn of(unit: Dimension) -> Self {
        unit.map_or(Self::Plain, Self::Signal)
    }

    /// Of the difference of two signals.
    #[must_use]
    pub fn difference(unit: Dimension) -> Self {
        Self::of(margin_unit(unit))
    }

    /// As people write it; empty for a plain number.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Signal(unit) => unit.pretty(),
            Self::Plain => "",
            Self::Seconds => "s",
            Self::PerHour => "/h",
            Self::Times => "times",
        }
    }
}

/// One assert's verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The assert's name.
    pub name: String,
    /// Its rule's word.
    pub rule: &'static str,
    /// What must hold, as the file says it.
    pub wanted: String,
    /// True when it did.
    pub held: bool,
    /// How far from failing, negative where it failed; nothing where there is no such number.
    pub margin: Option<f64>,
    /// The margin's unit.
    pub unit: Unit,
    /// The worst instant (s after the begin); nothing where there is none.
    pub at: Option<f64>,
    /// What else there is to say; may be empty.
    pub note: String,
}

/// All verdicts of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// One an assert in the order of the file, and the last about errors that nobody expected.
    pub verdicts: Vec<Verdict>,
    /// Why the simulator itself failed, if it did.
    pub broken: Option<String>,
}

impl Report {
    /// True when everything held and the simulator was sound.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.broken.is_none() && self.verdicts.iter().all(|v| v.held)
    }
}

impl Verdict {
    pub(super) fn of(assert: &Assert, held: bool, worst: Option<(f64, f64)>, unit: Unit) -> Self {
        Self {
            name: assert.name.clone(),
            rule: assert.rule.word(),
            wanted: wanted(&assert.rule),
            held,
            margin: worst.map(|(margin, _)| margin),
            unit,
            at: worst.map(|(_, at)| at),
            note: String::new(),
        }
    }

    pub(super) fn saying(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    pub(super) fn unseen(assert: &Assert, why: &str) -> Self {
        Self::of(assert, false, None, Unit::Plain).saying(why)
    }

    /// A figure of a run, or a ratio of two, between its limits.
    pub(super) fn figure(assert: &Assert, value: Option<f64>, (min, max): (Option<f64>, Option<f64>)) -> Self {
        let Some(value) = value.filter(|v| !v.is_nan()) else {
            return Self::unseen(assert, "this run tells no such figure");
        };
        let margin = max.map_or(f64::INFINITY, |m| m - value).min(min.map_or(f64::INFINITY, |m| value - m));
        let mut verdict = Self::of(assert, margin >= 0.0, None, Unit::Plain).saying(&format!("it is {value:.4}"));
        verdict.margin = Some(margin);
        verdict
    }

    pub(super) fn errors(first: Option<&(f64, String)>) -> Self {
        Self {
            name: "no-unexpected-errors".to_owned(),
            rule: "errors",
            wanted: "no error but of what `expected-errors` names".to_owned(),
            held: first.is_none(),
            margin: None,
            unit: Unit::Plain,
            at: first.map(|(at, _)| *at),
            note: first.map_or_else(String::new, |(_, subject)| format!("{subject} told an error")),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.held { "ok  " } else { "FAIL" }, self.name)?;
        if let Some(margin) = self.margin {
            write!(f, ": margin {}", figure(margin))?;
            if !self.unit.word().is_empty() {
                write!(f, " {}", self.unit.word())?;
            }
        }
        if let Some(at) = self.at {
            write!(f, " at {}", instant(at))?;
        }
        if self.note.is_empty() { Ok(()) } else { write!(f, " ({})", self.note) }
    }
}

/// A time after the begin as people say it: `1:02:03`.
#[must_use]
pub fn instant(seconds: f64) -> String {
    let whole = plant::convert::u64_from_f64_rounded(seconds.max(0.0));
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

/// A margin with as many digits as people read.
#[must_use]
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || !size.is_finite() => format!("{value}"),
        size if size < 0.01 => format!("{value:.1e}"),
        size if size < 100.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

fn wanted(rule: &Rule) -> String {
    match rule {
        Rule::Always(holding) => format!("always {}", holding.text),
        Rule::Never(holding) => format!("never {}", holding.text),
        Rule::Within { holding, time } => format!("{} within {time}", holding.text),
        Rule::Settle { signal, target, band, within, hold } => {
            format!("{} within {band} of {} after {within}, for {hold}", signal.text, target.text)
        }
        Rule::Overshoot { signal, target, max, below } => {
            let side = if *below { "below" } else { "above" };
            format!("{} at most {max} {side} {}", signal.text, target.text)
        }
        Rule::Reversals { signals, travel, per_hour } => {
            let first = signals.first().map_or("", |s| s.text.as_str());
            format!(
                "{first} and {} more: at most {per_hour} turns of {travel} an hour",
                signals.len().saturating_sub(1)
            )
        }
        Rule::Count { holding, min, max } => format!("{}: {}", holding.text, limits(*min, *max)),
        Rule::Alarm { once, within, .. } => match (once, within) {
            (true, Some(within)) => format!("raised once within {within}"),
            (true, None) => "raised once".to_owned(),
            (false, _) => "never raised".to_owned(),
        },
        Rule::Safe { outputs, within } => format!("{} outputs at their fail-safe within {within}", outputs.len()),
        Rule::Kpi { kpi, min, max } => format!("{kpi}: {}", limits(*min, *max)),
        Rule::Compare { kpi, baseline, min, max } => {
            format!("{kpi} over that of the baseline `{}`: {}", baseline.word(), limits(*min, *max))
        }
        Rule::Golden { signals, time, .. } => format!("{} signals as blessed, within {time}", signals.len()),
    }
}

fn limits(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => "anything".to_owned(),
    }
}
