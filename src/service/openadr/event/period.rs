//! When the intervals of an event are.

use jiff::{SignedDuration, Span as Length, SpanRelativeTo, Timestamp};
use plant::time::Wall;
use serde::Deserialize;

use super::{Event, Terms};

/// Intervals that come again and again are told of so far ahead (ms): a week, and so many of them at the most.
pub const AHEAD: (i64, usize) = (7 * 86_400_000, 1000);

/// When an interval is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// From when on; where it says nothing, or the year 1, when the one before ends.
    #[serde(default)]
    pub start: Option<String>,
    /// For how long; as the event has it, or without an end, where it says nothing.
    #[serde(default)]
    pub duration: Option<String>,
    /// By how much a site may begin later, so that not all begin at once.
    #[serde(default)]
    pub randomize_start: Option<String>,
}

/// When an interval begins, and ends where it does.
pub type When = (Wall, Option<Wall>);

/// Goes through the intervals of an event.
pub struct Clock<'a> {
    event: &'a Event,
    terms: &'a Terms,
    now: Wall,
    /// When the first began.
    first: Option<Wall>,
    /// When the one before ends; nothing before the first.
    before: Option<Option<Wall>>,
    /// It was called off.
    off: bool,
}

impl<'a> Clock<'a> {
    /// At the first of them.
    pub const fn of(event: &'a Event, terms: &'a Terms, now: Wall) -> Self {
        Self { event, terms, now, first: None, before: None, off: false }
    }

    /// When the next one is, which may have a time of its own; nothing where it is called off.
    ///
    /// # Errors
    /// What cannot be understood, or follows one without an end.
    pub fn next(&mut self, own: Option<&Period>) -> Result<Option<When>, String> {
        let usual = self.event.interval_period.as_ref();
        let say = |of: fn(&Period) -> Option<&str>| own.and_then(of).or_else(|| usual.and_then(of));
        let duration = say(|of| of.duration.as_deref());
        let long = duration.map(length).transpose()?;
        if long.flatten().is_some_and(|long| long < 0) {
            return Err(format!("`{}` is a length below zero", duration.unwrap_or_default()));
        }
        let fixed = own.and_then(|own| own.start.as_deref()).filter(|start| !is_now(start));
        let (start, is_begin) = match (fixed, self.before) {
            (Some(start), _) => (self.shifted(start, own)?, false),
            (None, Some(Some(end))) => (end, self.off),
            (None, Some(None)) => return Err("an interval follows one that has no end".to_owned()),
            (None, None) => {
                let named = own.is_some_and(|own| own.start.is_some()) || usual.is_some_and(|of| of.start.is_some());
                if !named {
                    return Err("an interval has no time, and neither has the event".to_owned());
                }
                let usual = usual.and_then(|of| of.start.as_deref()).filter(|start| !is_now(start));
                match usual {
                    Some(start) => (self.shifted(start, None)?, false),
                    None => (later(self.event.made().unwrap_or(self.now), self.spread(own)?)?, true),
                }
            }
        };
        self.first = self.first.or(Some(start));
        // No time at all at the beginning of time calls an event off. Any other length of nothing is one without an end: who limits something does not mean nothing.
        self.off = is_begin && long == Some(Some(0));
        if self.off {
            self.before = Some(Some(start));
            return Ok(None);
        }
        let end = long.flatten().filter(|long| *long > 0).map(|long| later(start, long)).transpose()?;
        self.before = Some(end);
        Ok(Some((start, end)))
    }

    fn shifted(&self, start: &str, own: Option<&Period>) -> Result<Wall, String> {
        let at: Timestamp = start.parse().map_err(|_| format!("`{start}` is no time with a zone"))?;
        later(Wall(at.as_millisecond()), self.spread(own)?)
    }

    /// By how much this site begins later (ms).
    fn spread(&self, own: Option<&Period>) -> Result<i64, String> {
        let usual = self.event.interval_period.as_ref();
        let spread = own.and_then(|of| of.randomize_start.as_deref());
        let spread = spread.or_else(|| usual.and_then(|of| of.randomize_start.as_deref()));
        let spread = spread.map(length).transpose()?.flatten().unwrap_or(0);
        Ok(share(&self.event.id, &self.terms.ven, spread.max(0)))
    }

    /// The same for as long as the event lasts: again and again, or cut off; as it is where it does not say how long.
    ///
    /// # Errors
    /// The time ends before that.
    pub fn lasts<T: Copy>(&self, all: Vec<(When, T)>, long: Option<Option<i64>>) -> Result<Vec<(When, T)>, String> {
        let Some((first, long)) = self.first.zip(long).filter(|(_, long)| long.is_none_or(|long| long > 0)) else {
            return Ok(all);
        };
        let over = long.map(|long| later(first, long)).transpose()?;
        let cut = |((start, end), of): &(When, T), by: i64| -> Result<Option<(When, T)>, String> {
            let (start, end) = (later(*start, by)?, end.map(|end| later(end, by)).transpose()?);
            let end = end.into_iter().chain(over).min();
            Ok(over.is_none_or(|over| start < over).then_some(((start, end), *of)))
        };
        let round = self.before.flatten().map(|last| last.0 - first.0).filter(|round| *round > 0);
        let Some(round) = round else {
            return all.iter().filter_map(|of| cut(of, 0).transpose()).collect();
        };
        let until = over.unwrap_or(Wall(i64::MAX)).min(later(self.now, AHEAD.0)?).max(first);
        // Those of rounds that are over are not looked at.
        let begins = ((self.now.0 - first.0) / round).max(0)..;
        let mut found = Vec::new();
        for round_at in begins.map(|n| n * round) {
            if first.0 + round_at >= until.0 || found.len() >= AHEAD.1 {
                break;
            }
            for of in &all {
                found.extend(cut(of, round_at)?);
            }
        }
        Ok(found)
    }
}

/// The year 1 says: now.
fn is_now(start: &str) -> bool {
    start.starts_with("0001-01-01")
}

/// Milliseconds of an ISO 8601 duration, days of 24 hours; nothing for one without an end.
///
/// # Errors
/// It is none.
pub fn length(text: &str) -> Result<Option<i64>, String> {
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
