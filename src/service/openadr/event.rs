//! Events of OpenADR 3, and what of them limits what a site draws.
//!
//! An event has intervals, one after the other or each with a time of its own, and each interval some payloads. Of overlapping intervals the one of the more
//! important event counts (a lower number), of two alike the lower limit. What limits nothing here (prices, forecasts, alerts without a limit of the
//! configuration's) is passed over; what cannot be understood is told, and the rest of the event with it is not taken: half of an event may be the wrong half.
//! What it said before then holds (`known`).
//!
//! **Source** *OpenADR 3.0 Definition* and its OpenAPI: objects `event`, `interval`, `intervalPeriod`, `valuesMap`, `eventPayloadDescriptor`; a start of the year
//! 1 is now, a duration of `P9999Y` has no end. *OpenADR 3.1 User Guide*, 7.3 (intervals that follow each other, `event.duration`), 7.4 (an interval with a length and no start), 7.9 (an event
//! that is called off).

mod period;
pub mod price;

use jiff::Timestamp;
pub use period::Period;
use period::{Clock, length};
use plant::time::Wall;
use serde::Deserialize;
use serde_json::Value;

use crate::service::clock::rfc3339;

/// An event of a programme, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its name at the VTN.
    pub id: String,
    /// When it was made or changed last.
    #[serde(default)]
    pub created_date_time: Option<String>,
    /// See above.
    #[serde(default)]
    pub modification_date_time: Option<String>,
    /// For people.
    #[serde(default)]
    pub event_name: Option<String>,
    /// Lower is more important; the least important where it says nothing.
    #[serde(default)]
    pub priority: Option<i64>,
    /// Whom it is for.
    #[serde(default)]
    pub targets: Option<Vec<Value>>,
    /// What units payloads have.
    #[serde(default)]
    pub payload_descriptors: Option<Vec<Descriptor>>,
    /// For how long: its intervals come again and again where that is longer than they are, and end sooner where it is shorter.
    #[serde(default)]
    pub duration: Option<String>,
    /// When its intervals are, where they do not say it themselves.
    #[serde(default)]
    pub interval_period: Option<Period>,
    /// What it says, one after the other.
    #[serde(default)]
    pub intervals: Vec<Interval>,
}

/// What payloads of a type are counted in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The type.
    pub payload_type: String,
    /// `KW`, `W`, `MW`; of prices `KWH`, `MWH`.
    #[serde(default)]
    pub units: Option<String>,
    /// Of prices: `USD`.
    #[serde(default)]
    pub currency: Option<String>,
}

/// What an event says of some time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// Its time, where it has one of its own.
    #[serde(default)]
    pub interval_period: Option<Period>,
    /// What it says.
    #[serde(default)]
    pub payloads: Vec<Payload>,
}

/// A value of a type.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Payload {
    /// The type: `IMPORT_CAPACITY_LIMIT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its values.
    #[serde(default)]
    pub values: Vec<Value>,
}

/// What a configuration says of events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Our name at the VTN.
    pub ven: String,
    /// What levels 1, 2 and 3 of `SIMPLE` allow (W); nothing where they limit nothing.
    pub simple: Option<[f64; 3]>,
    /// What an emergency of the grid allows (W); nothing where it limits nothing.
    pub emergency: Option<f64>,
}

/// What a site may draw for some time.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// From when on.
    pub start: Wall,
    /// Until when; without an end where there is none.
    pub end: Option<Wall>,
    /// What (W, ≥ 0).
    pub watts: f64,
    /// The event.
    pub event: String,
}

/// A limit with the importance of its event.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Lower is more important.
    pub priority: i64,
    /// The limit.
    pub limit: Limit,
}

/// Of what overlaps, what counts: by time, none on top of another.
#[must_use]
pub fn resolve(all: &[Ranked]) -> Vec<Limit> {
    let mut cuts: Vec<Wall> = all.iter().flat_map(|of| [Some(of.limit.start), of.limit.end]).flatten().collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut found: Vec<Limit> = Vec::new();
    for (n, start) in cuts.iter().enumerate() {
        let end = cuts.get(n + 1).copied();
        let here = all.iter().filter(|of| of.limit.start <= *start && of.limit.end.is_none_or(|end| end > *start));
        let best = here.min_by(|a, b| a.priority.cmp(&b.priority).then(a.limit.watts.total_cmp(&b.limit.watts)));
        let Some(best) = best else { continue };
        let limit = Limit { start: *start, end, ..best.limit.clone() };
        match found.last_mut() {
            Some(last) if last.end == Some(*start) && last.watts == limit.watts && last.event == limit.event => {
                last.end = end;
            }
            Some(_) | None => found.push(limit),
        }
    }
    found
}

impl Event {
    /// What it limits for us, heard at a time.
    ///
    /// # Errors
    /// What cannot be understood.
    pub fn ranked(&self, terms: &Terms, now: Wall) -> Result<Vec<Ranked>, String> {
        if !self.is_for(&terms.ven) {
            return self.stranger(terms, now).map_or_else(|| Ok(Vec::new()), Err);
        }
        let priority = self.priority.unwrap_or(i64::MAX);
        Ok(self.limits(terms, now)?.into_iter().map(|limit| Ranked { priority, limit }).collect())
    }

    /// Why one that does not name us may yet be ours: it limits something, and is for groups whose members only the server knows.
    fn stranger(&self, terms: &Terms, now: Wall) -> Option<String> {
        let words: Vec<&str> = self.targets.iter().flatten().filter_map(Value::as_str).collect();
        let limits = !self.limits(terms, now).is_ok_and(|limits| limits.is_empty());
        let named = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let say =
            format!("it is for {named}, and whether `{}` is one of those is not said: name it as a target", terms.ven);
        (limits && !words.is_empty()).then_some(say)
    }

    /// True where it names nobody, or us. OpenADR 3.0 names by type and values, 3.1 by a word.
    fn is_for(&self, ven: &str) -> bool {
        let Some(targets) = self.targets.as_ref().filter(|targets| !targets.is_empty()) else { return true };
        let vens = |target: &&Value| target.get("type").is_none_or(|kind| kind == "VEN_NAME");
        let mut named = targets.iter().filter(vens).peekable();
        let is_us = |target: &Value| match target {
            Value::String(name) => name == ven,
            Value::Object(of) => {
                of.get("values").and_then(Value::as_array).is_some_and(|all| all.iter().any(|v| v == ven))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
        };
        named.peek().is_none() || named.any(is_us)
    }

    fn limits(&self, terms: &Terms, now: Wall) -> Result<Vec<Limit>, String> {
        let mut clock = Clock::of(self, terms, now);
        let mut found = Vec::new();
        for interval in &self.intervals {
            let when = clock.next(interval.interval_period.as_ref())?;
            let watts = self.watts(interval, terms)?;
            if let Some(((start, end), watts)) = when.zip(watts) {
                if end.is_some_and(|end| end <= start) {
                    return Err("an interval ends before it begins".to_owned());
                }
                found.push(((start, end), watts));
            }
        }
        let long = self.duration.as_deref().map(length).transpose()?;
        let limit = |((start, end), watts)| Limit { start, end, watts, event: self.id.clone() };
        Ok(clock.lasts(found, long)?.into_iter().map(limit).collect())
    }

    /// The least that the payloads of an interval allow (W); nothing where they limit nothing.
    fn watts(&self, interval: &Interval, terms: &Terms) -> Result<Option<f64>, String> {
        let mut least: Option<f64> = None;
        for payload in &interval.payloads {
            // A limit has one value. Where there are more the least of them counts.
            let number = || {
                let numbers: Option<Vec<f64>> = payload.values.iter().map(Value::as_f64).collect();
                let least = numbers.and_then(|all| all.into_iter().reduce(f64::min));
                least.filter(|n| n.is_finite()).ok_or_else(|| format!("`{}` has no number", payload.kind))
            };
            let allowed = match payload.kind.as_str() {
                "IMPORT_CAPACITY_LIMIT" => {
                    let number = number()?;
                    if number < 0.0 {
                        return Err(format!("`{}` is {number}, below zero", payload.kind));
                    }
                    let watts = number * self.scale(&payload.kind)?;
                    if !watts.is_finite() {
                        return Err(format!("`{}` is {number}, more than any number of watts", payload.kind));
                    }
                    Some(watts)
                }
                "SIMPLE" => {
                    let level = payload.values.iter().filter_map(Value::as_f64).fold(number()?, f64::max);
                    let place = [0.0, 1.0, 2.0, 3.0].iter().position(|known| *known == level);
                    let place = place.ok_or_else(|| format!("`SIMPLE` is {level}, and is 0, 1, 2 or 3"))?;
                    place.checked_sub(1).and_then(|n| terms.simple.as_ref()?.get(n).copied())
                }
                "ALERT_GRID_EMERGENCY" | "ALERT_BLACK_START" => terms.emergency,
                _ => None,
            };
            least = match (least, allowed) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(least)
    }

    /// Watts of a unit of a payload; kilowatts where nobody says.
    fn scale(&self, kind: &str) -> Result<f64, String> {
        let said = self.payload_descriptors.iter().flatten().find(|of| of.payload_type == kind);
        match said.and_then(|of| of.units.as_deref()) {
            None | Some("KW") => Ok(1e3),
            Some("W") => Ok(1.0),
            Some("MW") => Ok(1e6),
            Some(other) => Err(format!("`{kind}` is counted in `{other}`, and not in W, KW or MW")),
        }
    }

    /// When it was made or changed last; nothing where it does not say.
    #[must_use]
    pub fn made(&self) -> Option<Wall> {
        let said = [self.modification_date_time.as_ref(), self.created_date_time.as_ref()];
        said.into_iter().flatten().find_map(|at| at.parse::<Timestamp>().ok()).map(|at| Wall(at.as_millisecond()))
    }

    /// It was made then, as far as anybody knows.
    pub fn dated(&mut self, at: Wall) {
        self.created_date_time = Some(rfc3339(at.0));
    }
}

#[cfg(test)]
mod tests;
