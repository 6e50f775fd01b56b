//! A message becomes samples: find the number, find its age, scale it, judge it against the map's range.

use std::collections::BTreeMap;

use plant::bind::MqttDevice;
use plant::convert;
use plant::id::PointId;
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span, Wall};
use plant::units::Affine;
use serde_json::Value;

use super::json;

/// How far a source's clock may run ahead of ours (ms).
const AHEAD_MS: i64 = 5_000;
/// A time stamp before this (ms since 1970; the year 2020) is a clock nobody has set, or seconds instead of milliseconds.
const FIRST_PLAUSIBLE_MS: i64 = 1_577_836_800_000;

/// What one topic feeds: every value that some device's map finds in its payload.
pub type Sources = BTreeMap<String, Vec<Wanted>>;

/// One value to find in a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    point: PointId,
    pointer: String,
    time_pointer: String,
    map: Affine,
    to_canonical: Affine,
    min: f64,
    max: f64,
}

/// When and how a message came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Now, on the clock of samples.
    pub mono: Mono,
    /// Now, on the wall, as the sources' clocks go: from a [`Reckoning`]. Nothing while nobody can say.
    pub wall: Option<Wall>,
    /// The broker had kept it: it may be of any age.
    pub retained: bool,
}

/// Goes on with the wall time while the wall clock is doubted, so that a source whose clock has not jumped is judged as
/// before: by how far its stamps were from our monotonic clock when all clocks agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reckoning {
    /// Wall minus monotonic time (ms), when the wall clock was last believed.
    ahead_ms: Option<i64>,
}

impl Reckoning {
    /// The wall time at `mono`: `wall` while it is believed, then what it would have become; nothing if it never was.
    pub fn wall(&mut self, mono: Mono, wall: Option<Wall>) -> Option<Wall> {
        let mono_ms = i64::try_from(mono.0 / 1_000_000).unwrap_or(i64::MAX);
        if let Some(wall) = wall {
            self.ahead_ms = Some(wall.0.saturating_sub(mono_ms));
            return Some(wall);
        }
        self.ahead_ms.map(|ahead| Wall(mono_ms.saturating_add(ahead)))
    }
}

/// Collects every topic of the devices.
pub fn sources(devices: &[MqttDevice]) -> Sources {
    let mut sources = Sources::new();
    for device in devices {
        for ((topic, bound), entry) in device.topics.iter().zip(&device.map.topics) {
            sources.entry(topic.clone()).or_default().push(Wanted {
                point: bound.point,
                pointer: entry.pointer.clone(),
                time_pointer: entry.time_pointer.clone(),
                map: Affine { scale: entry.scale, offset: entry.offset },
                to_canonical: bound.to_canonical,
                min: entry.min,
                max: entry.max,
            });
        }
    }
    sources
}

/// The samples in one payload. A retained message whose age nobody knows gives none: it says nothing about now.
/// A payload that is no number, or too large to look at (`None`), gives [`Why::NotANumber`]; a time stamp that is missing,
/// implausible, ahead of us, from before this run or beyond anybody's judgement gives [`Why::Clock`].
pub fn samples(wanted: &[Wanted], payload: Option<&[u8]>, arrival: Arrival) -> Vec<(PointId, Sample)> {
    let wants_json = wanted.iter().any(|w| !w.pointer.is_empty() || !w.time_pointer.is_empty());
    let parsed = payload.filter(|_| wants_json).and_then(json::parse);
    let read = |w: &Wanted| Some((w.point, w.sample(payload, parsed.as_ref(), arrival)?));
    wanted.iter().filter_map(read).collect()
}

impl Wanted {
    fn sample(&self, payload: Option<&[u8]>, parsed: Option<&Value>, arrival: Arrival) -> Option<Sample> {
        let at = match self.read_at(parsed, arrival) {
            Dated::At(at) => at,
            Dated::Unknown => return None,
            Dated::Implausible => return Some(Sample::bad(Why::Clock, arrival.mono)),
            Dated::BeforeThisRun => return Some(Sample::bad(Why::Clock, Mono(0))),
        };
        let number = if self.pointer.is_empty() {
            payload.and_then(plain_number)
        } else {
            parsed.and_then(|json| json.pointer(&self.pointer)).and_then(Value::as_f64)
        };
        let value = number.ok_or(Why::NotANumber).and_then(|raw| self.judge(raw));
        Some(Sample { value, at })
    }

    fn judge(&self, raw: f64) -> Result<f64, Why> {
        let value = raw * self.map.scale + self.map.offset;
        if !value.is_finite() {
            return Err(Why::NotANumber);
        }
        if !(self.min..=self.max).contains(&value) {
            return Err(Why::Range);
        }
        Ok(value * self.to_canonical.scale + self.to_canonical.offset)
    }

    fn read_at(&self, parsed: Option<&Value>, arrival: Arrival) -> Dated {
        let (Some(json), false) = (parsed, self.time_pointer.is_empty()) else {
            return if arrival.retained { Dated::Unknown } else { Dated::At(arrival.mono) };
        };
        let Some(now) = arrival.wall else {
            // Nobody can say how old it is: a gateway may be sending what it has kept for hours.
            return if arrival.retained { Dated::Unknown } else { Dated::Implausible };
        };
        let stamp = json.pointer(&self.time_pointer).and_then(Value::as_f64);
        let Some(stamp) = stamp.map(convert::i64_from_f64_rounded).filter(|ms| *ms >= FIRST_PLAUSIBLE_MS) else {
            return Dated::Implausible;
        };
        let age_ms = now.0.saturating_sub(stamp);
        if age_ms < -AHEAD_MS {
            return Dated::Implausible;
        }
        let age = Span::from_millis(u64::try_from(age_ms).unwrap_or(0));
        arrival.mono.0.checked_sub(age.nanos()).map_or(Dated::BeforeThisRun, |at| Dated::At(Mono(at)))
    }
}

/// When the source was read.
enum Dated {
    At(Mono),
    Unknown,
    Implausible,
    BeforeThisRun,
}

fn plain_number(payload: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(payload).ok()?.trim();
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}

#[cfg(test)]
mod tests;
