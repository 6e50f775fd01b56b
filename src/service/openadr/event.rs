//! Events of OpenADR 3, and what of them limits what a site draws.
//!
//! An event has intervals, one after the other or each with a time of its own, and each interval some payloads. Of overlapping intervals the one of the more
//! important event counts (a lower number), of two alike the lower limit. What limits nothing here (prices, forecasts, alerts without a limit of the
//! configuration's) is passed over; what cannot be understood is told, and the rest of the event with it is not taken: half of an event may be the wrong half.
//! What it said before then holds (`known`).
//!
//! **Source** *OpenADR 3.0 Definition* and its OpenAPI: objects `event`, `interval`, `intervalPeriod`, `valuesMap`, `eventPayloadDescriptor`; a start of the year
//! 1 is now, a duration of `P9999Y` has no end.

use jiff::{SignedDuration, Span as Length, SpanRelativeTo, Timestamp};
use plant::time::Wall;
use serde::Deserialize;
use serde_json::Value;

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
    /// `KW`, `W`, `MW`.
    #[serde(default)]
    pub units: Option<String>,
}

/// When an interval is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// From when on.
    pub start: String,
    /// For how long; without an end where it says nothing.
    #[serde(default)]
    pub duration: Option<String>,
    /// By how much a site may begin later, so that not all begin at once.
    #[serde(default)]
    pub randomize_start: Option<String>,
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
        let mut found = Vec::new();
        // Intervals without a time of their own follow each other.
        let mut next = self.interval_period.as_ref().map(|period| period.resolve(self, terms, now)).transpose()?;
        for interval in &self.intervals {
            let own = interval.interval_period.as_ref().map(|period| period.resolve(self, terms, now)).transpose()?;
            let (start, length) = own.or(next).ok_or("an interval has no time, and neither has the event")?;
            let end = length.map(|length| later(start, length)).transpose()?;
            if own.is_none() {
                next = end.map(|end| (end, length));
            }
            if let Some(watts) = self.watts(interval, terms)? {
                if end.is_some_and(|end| end <= start) {
                    return Err("an interval ends before it begins".to_owned());
                }
                found.push(Limit { start, end, watts, event: self.id.clone() });
            }
        }
        Ok(found)
    }

    /// The least that the payloads of an interval allow (W); nothing where they limit nothing.
    fn watts(&self, interval: &Interval, terms: &Terms) -> Result<Option<f64>, String> {
        let mut least: Option<f64> = None;
        for payload in &interval.payloads {
            let number = || {
                let number = payload.values.first().and_then(Value::as_f64);
                number.filter(|n| n.is_finite()).ok_or_else(|| format!("`{}` has no number", payload.kind))
            };
            let allowed = match payload.kind.as_str() {
                "IMPORT_CAPACITY_LIMIT" => {
                    let number = number()?;
                    if number < 0.0 {
                        return Err(format!("`{}` is {number}, below zero", payload.kind));
                    }
                    Some(number * self.scale(&payload.kind)?)
                }
                "SIMPLE" => {
                    let level = number()?;
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

    /// When an event that begins now has begun: when it was said.
    fn said(&self, now: Wall) -> Wall {
        let at = self.modification_date_time.as_ref().or(self.created_date_time.as_ref());
        at.and_then(|at| at.parse::<Timestamp>().ok()).map_or(now, |at| Wall(at.as_millisecond()))
    }
}

/// An interval's begin, and its length (ms); without an end where there is none.
type When = (Wall, Option<i64>);

impl Period {
    fn resolve(&self, event: &Event, terms: &Terms, now: Wall) -> Result<When, String> {
        let start = if self.start.starts_with("0001-01-01") {
            event.said(now)
        } else {
            let at: Timestamp = self.start.parse().map_err(|_| format!("`{}` is no time with a zone", self.start))?;
            Wall(at.as_millisecond())
        };
        let spread = self.randomize_start.as_deref().map(length).transpose()?.flatten().unwrap_or(0);
        let start = later(start, share(&event.id, &terms.ven, spread.max(0)))?;
        let long = self.duration.as_deref().map(length).transpose()?.flatten();
        if long.is_some_and(|long| long < 0) {
            return Err(format!("`{}` is a length below zero", self.duration.as_deref().unwrap_or_default()));
        }
        // A length of nothing is one without an end, too.
        Ok((start, long.filter(|long| *long > 0)))
    }
}

/// Milliseconds of an ISO 8601 duration, days of 24 hours; nothing for one without an end.
fn length(text: &str) -> Result<Option<i64>, String> {
    if text == "P9999Y" {
        return Ok(None);
    }
    let no = || format!("`{text}` is no length of weeks, days, hours, minutes and seconds");
    let length: Length = text.parse().map_err(|_| no())?;
    let length = length.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| no())?;
    i64::try_from(SignedDuration::as_millis(&length)).map(Some).map_err(|_| no())
}

fn later(at: Wall, ms: i64) -> Result<Wall, String> {
    at.0.checked_add(ms).map(Wall).ok_or_else(|| "it ends after the end of time".to_owned())
}

/// A part of some time (ms), another for each event and each site, and the same whenever it is asked for.
fn share(event: &str, ven: &str, of: i64) -> i64 {
    let hash = blake3::hash(format!("{ven}\n{event}").as_bytes());
    let [a, b, ..] = *hash.as_bytes();
    of / 65_536 * i64::from(u16::from_be_bytes([a, b])) + of % 65_536 * i64::from(u16::from_be_bytes([a, b])) / 65_536
}

#[cfg(test)]
mod tests;
