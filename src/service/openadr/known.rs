//! What is known of a server's events: what was understood of each, until the server tells of it no more.
//!
//! An event that was understood and is not any more (a unit that is none, a shape that is none) keeps what it said last: a limit does not rise because somebody made a
//! mistake. One that cannot be read blocks no other.

use std::collections::BTreeMap;

use plant::time::Wall;
use serde_json::Value;

use super::event::{Event, Limit, Ranked, Terms, resolve};

/// The events of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// What each event that is listed limits, as it was understood last.
    events: BTreeMap<String, Vec<Ranked>>,
    /// When each that is listed and says not when it was made was heard first.
    first: BTreeMap<String, Wall>,
    /// What was in force before this run began, as long as an event is listed of which this run has understood nothing: it may be of that one.
    before: Vec<Limit>,
    /// There is such an event.
    unclear: bool,
}

/// An event, or its name where it has one and why it is none.
pub type Read = Result<Event, (Option<String>, String)>;

/// Reads one event of a list.
///
/// # Errors
/// Its name, where that can be read, and what is wrong.
pub fn read(value: &Value) -> Read {
    let name = || value.get("id").and_then(Value::as_str).map(str::to_owned);
    serde_json::from_value(value.clone()).map_err(|e| (name(), format!("it is no event: {e}")))
}

impl Known {
    /// An event that says not when it was made was made when it was heard first: one that begins then does not begin anew whenever it is listed.
    pub fn date(&mut self, listed: &mut [Read], now: Option<Wall>) {
        let mut names = Vec::new();
        let mut nameless = false;
        for event in listed {
            match event {
                Ok(event) => {
                    names.push(event.id.clone());
                    if let (None, Some(now)) = (event.made(), now) {
                        event.dated(*self.first.entry(event.id.clone()).or_insert(now));
                    }
                }
                Err((Some(name), _)) => names.push(name.clone()),
                Err((None, _)) => nameless = true,
            }
        }
        self.first.retain(|name, _| nameless || names.contains(name));
    }

    /// Takes all events that the server lists at a time; where nobody knows what time it is none is taken, and all that was known stays. What could not be understood, as sentences.
    pub fn hear(&mut self, listed: &[Read], terms: &Terms, now: Option<Wall>) -> Vec<String> {
        let Some(now) = now else {
            // What makes no sense makes none at any time.
            return self.clone().hear(listed, terms, Some(Wall(0)));
        };
        let (mut faults, mut names, mut nameless) = (Vec::new(), Vec::new(), false);
        self.unclear = false;
        for event in listed {
            let understood = event.as_ref().map_err(Clone::clone).and_then(|event| {
                let name = event.id.clone();
                event.ranked(terms, now).map(|limits| (name.clone(), limits)).map_err(|why| (Some(name), why))
            });
            match understood {
                Ok((name, limits)) => {
                    names.push(name.clone());
                    self.events.insert(name, limits);
                }
                Err((name, why)) => {
                    faults.push(format!("event `{}`: {why}", name.as_deref().unwrap_or("without a name")));
                    self.unclear |= name.as_ref().is_none_or(|name| !self.events.contains_key(name));
                    nameless |= name.is_none();
                    names.extend(name);
                }
            }
        }
        // Any of those that are not listed may be the one that cannot be named.
        self.events.retain(|name, _| nameless || names.contains(name));
        if !self.unclear {
            self.before.clear();
        }
        faults
    }

    /// True where an event is listed of which nothing was understood in this run.
    #[must_use]
    pub const fn is_unclear(&self) -> bool {
        self.unclear
    }

    /// What was in force before this run began: none of it is taken back while an event is not understood that it may be of.
    pub fn before(&mut self, limits: Vec<Limit>) {
        self.before = limits;
    }

    /// All limits, by time, none on top of another.
    #[must_use]
    pub fn limits(&self) -> Vec<Limit> {
        let all: Vec<Ranked> = self.events.values().flatten().cloned().collect();
        let limits = resolve(&all);
        if self.before.is_empty() {
            return limits;
        }
        // Nobody knows how important the old ones were: of these and what is understood the lower counts.
        let alike = |limit: Limit| Ranked { priority: 0, limit };
        let both: Vec<Ranked> = limits.into_iter().chain(self.before.iter().cloned()).map(alike).collect();
        resolve(&both)
    }
}

#[cfg(test)]
mod tests;
