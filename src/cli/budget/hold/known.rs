//! What the command for notices knows of a lease, beside what the lease says by now: a notice that was told while nobody heard it is told from the lease itself.
//!
//! ```text
//!  the lease says ── its state was told with a notice, or is a step of what was told ─▶ known
//!        │
//!        └── something else, and no notice comes within 2 s ─▶ missed: the command is told, once
//! ```
//!
//! Notices are in the order of the lease's `seq`. What is known is remembered once the command has ended with it.

use std::collections::VecDeque;

use plant::time::{Mono, Span};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::budget::memory::Note;
use crate::cli::budget::said::text;

/// A notice comes with the state that it speaks of: so long it is waited for,
pub const SETTLES: Span = Span::from_secs(2);
/// and so long at the most where much is still to be heard: of many leases all states come before the first notice.
const AT_LAST: Span = Span::from_secs(30);

/// A notice says what may be drawn. Others are news: they change nothing, and answer nothing.
pub fn is_power(notice: &Value) -> bool {
    ["reduce", "pause", "stop", "restore"].contains(&text(notice, "kind"))
}

/// What a job knows of its lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// The generation of the service whose states are counted; nothing where nobody knows.
    epoch: u64,
    /// Up to this state of the lease all was told.
    seq: u64,
    /// What it may draw (W),
    w: f64,
    /// from when on (ms since 1970, UTC, by the service), where that was to come.
    from_ms: Option<i64>,
    /// That is what it keeps, for nobody has renewed it: the lease says more until it is over.
    expired: bool,
}

/// One lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Ear {
    /// What the command was told, to its end.
    told: Known,
    /// What it will have been told once it has ended with all that it was given, each in its turn.
    given: VecDeque<Known>,
    /// The steps of the lease as it was told last: from when on, and how much (W).
    steps: Vec<(i64, f64)>,
    /// Since when the lease says something else.
    since: Option<Mono>,
}

fn instant(said: &str) -> Option<i64> {
    said.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

fn watts(said: &Value) -> Option<f64> {
    said.get("w").and_then(Value::as_f64).filter(|w| w.is_finite() && *w >= 0.0)
}

impl Known {
    /// What is known where nothing is remembered: what was lent.
    pub const fn lent(note: &Note) -> Self {
        Self { epoch: note.epoch, seq: note.seq, w: note.w, from_ms: None, expired: false }
    }

    /// Takes a state of the lease. One that is known already goes through its steps, and nobody tells of those.
    fn follows(&mut self, note: &Note, steps: &[(i64, f64)]) {
        if note.epoch > self.epoch {
            // A service that has lost the last states counts them anew: nothing is told of those that it counts from now on.
            if self.epoch > 0 && note.seq < self.seq {
                self.seq = note.seq.saturating_sub(1);
            }
            self.epoch = note.epoch;
        }
        if note.seq != self.seq || self.expired {
            return;
        }
        self.w = self.from_ms.map_or(note.w, |from| level(steps, from).unwrap_or(self.w));
        self.from_ms = self.from_ms.filter(|_| differ(self.w, note.w));
    }

    /// What it is after a notice.
    fn after(self, notice: &Value) -> Self {
        let seq = notice.get("seq").and_then(Value::as_u64).unwrap_or_default();
        let w = notice.get("new_schedule").and_then(|all| watts(all.get(0)?));
        match w.filter(|_| is_power(notice) && seq > self.seq) {
            Some(w) => {
                let expired = text(notice, "reason") == "expired";
                Self { seq, w, from_ms: instant(text(notice, "effective_at")), expired, ..self }
            }
            // News that comes behind all that is known leaves nothing out.
            None if !is_power(notice) && seq == self.seq.saturating_add(1) => Self { seq, ..self },
            None => self,
        }
    }

    /// The lease says something else.
    fn misses(&self, note: &Note, steps: &[(i64, f64)]) -> bool {
        let to_come = self.from_ms.and_then(|from| level(steps, from)).is_some_and(|w| !differ(w, self.w));
        note.seq > self.seq && differ(self.w, note.w) && !to_come
    }
}

/// What steps are at an instant (W); before the first of them as that.
fn level(steps: &[(i64, f64)], at: i64) -> Option<f64> {
    steps.iter().rev().find(|(start, _)| *start <= at).or(steps.first()).map(|(_, w)| *w)
}

/// By a watt or more.
fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() >= 1.0
}

impl Ear {
    /// Goes on from what is remembered; else what was lent is known.
    pub fn new(known: Option<Known>, note: &Note) -> Self {
        let told = known.unwrap_or_else(|| Known::lent(note));
        Self { told, given: VecDeque::new(), steps: Vec::new(), since: None }
    }

    /// What is to be remembered.
    pub const fn known(&self) -> Known {
        self.told
    }

    /// The service has told the lease, and this is remembered of it.
    pub fn state(&mut self, note: &Note, lease: &Value) {
        let step = |of: &Value| Some((instant(text(of, "start"))?, watts(of)?));
        if let Some(steps) = lease.get("schedule").and_then(Value::as_array) {
            self.steps = steps.iter().filter_map(step).collect();
        }
        self.follow(note);
    }

    fn follow(&mut self, note: &Note) {
        let Self { told, given, steps, .. } = self;
        std::iter::once(told).chain(given).for_each(|known| known.follows(note, steps));
    }

    /// What the command knows once it has ended with all.
    fn last(&self) -> Known {
        self.given.back().copied().unwrap_or(self.told)
    }

    /// Another notice has said since what may be drawn, or it says `stop` of a lease that goes on: it comes late, or is told again by a service that has started anew.
    pub fn is_past(&self, notice: &Value, note: &Note) -> bool {
        let Some(seq) = notice.get("seq").and_then(Value::as_u64).filter(|_| is_power(notice)) else { return false };
        let goes_on = seq < note.seq && note.w > 0.0 && text(notice, "kind") == "stop";
        seq < self.last().seq || goes_on
    }

    /// A notice of the service was given to the command.
    pub fn hears(&mut self, notice: &Value, note: &Note) {
        self.given.push_back(self.last().after(notice));
        self.follow(note);
    }

    /// A notice of our own was given to it: what may be drawn by now, or nothing that lasts.
    pub fn is_told(&mut self, w: Option<f64>) {
        let last = self.last();
        self.given.push_back(w.map_or(last, |w| Known { w, from_ms: None, expired: false, ..last }));
        self.since = None;
    }

    /// The command has ended with the first of them.
    pub fn ended(&mut self) {
        self.told = self.given.pop_front().unwrap_or(self.told);
    }

    /// What the command takes it to be (W), where the lease says something else, and nobody has told of it for long enough; `quiet`: nothing more is to be heard.
    pub fn misses(&mut self, note: &Note, (now, quiet): (Mono, bool)) -> Option<f64> {
        let last = self.last();
        if !last.misses(note, &self.steps) {
            self.since = None;
            return None;
        }
        let waited = now.since(*self.since.get_or_insert(now));
        let least = if quiet { SETTLES } else { AT_LAST };
        (waited >= least).then_some(last.w)
    }
}

#[cfg(test)]
mod tests;
