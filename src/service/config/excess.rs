//! When who draws more than he was lent is told, capped and reported.

use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::budgets::Broken;
use super::span_text;
use crate::control::ledger::watch::Limits;

/// Racks that draw more than leases let them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExcessConfig {
    /// So much more than is lent in a rack is no excess; 1 kW is none in any case (share, 0 to 0.5)
    pub tolerance: f64,
    /// The rack's GPUs are capped to what is lent there (true or false)
    pub caps: bool,
    /// Over for so long without a break: the client is told (time, 1s to 1h)
    #[serde(with = "span_text")]
    pub noticed: Span,
    /// And for so long more: capped (time, 0s to 1h)
    #[serde(with = "span_text")]
    pub capped: Span,
    /// And for so long more: a breach (time, 0s to 1h)
    #[serde(with = "span_text")]
    pub breach: Span,
    /// And for so long more: escalated (time, 0s to 1d)
    #[serde(with = "span_text")]
    pub escalated: Span,
    /// Within for so long without a break: over (time, 10s to 1h)
    #[serde(with = "span_text")]
    pub resolved: Span,
}

impl Default for ExcessConfig {
    fn default() -> Self {
        let Limits { tolerance, caps, noticed, capped, breach, escalated, resolved } = Limits::default();
        Self { tolerance, caps, noticed, capped, breach, escalated, resolved }
    }
}

impl ExcessConfig {
    /// What control goes by.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        let Self { tolerance, caps, noticed, capped, breach, escalated, resolved } = *self;
        Limits { tolerance, caps, noticed, capped, breach, escalated, resolved }
    }

    /// Every rule that does not hold.
    pub fn faults(&self) -> Vec<Broken> {
        let hour = Span::from_secs(3600);
        let spans = [
            ("noticed", self.noticed, Span::from_secs(1), hour),
            ("capped", self.capped, Span::ZERO, hour),
            ("breach", self.breach, Span::ZERO, hour),
            ("escalated", self.escalated, Span::ZERO, hour.times(24)),
            ("resolved", self.resolved, Span::from_secs(10), hour),
        ];
        let wrong = spans.into_iter().filter(|(_, of, least, most)| of < least || of > most);
        let say = |(key, of, least, most): (&str, Span, Span, Span)| {
            format!("`budgets.excess.{key}` is {of}; it must lie between {least} and {most}")
        };
        let mut faults: Vec<Broken> = wrong.map(|of| ("excess", say(of), "")).collect();
        if !(0.0..=0.5).contains(&self.tolerance) {
            let say = format!("`budgets.excess.tolerance` is {}; it must lie between 0 and 0.5", self.tolerance);
            faults.push(("excess", say, ""));
        }
        faults
    }
}
