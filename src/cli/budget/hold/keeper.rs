//! Which lease is renewed when, and what its answers mean. Time is an argument; what comes in may be anything.

use std::collections::BTreeMap;

use plant::time::{Mono, Span};
use serde_json::{Value, json};
use wattloop::control::ledger::TTL;

use crate::cli::budget::memory::{Note, Stage};
use crate::cli::budget::said::{after, codes, text};

/// The shortest time to live that a lease may have: what is not known is taken for it.
const SHORTEST: Span = TTL.0;
/// An answer may take so long before the same is asked again.
const PATIENCE: Span = Span::from_secs(5);
/// Where it is not said when to ask again.
const RETRY: f64 = 2.0;
/// The most requests a pass may make, so that a start with many leases does not ask more often than it may.
const BURST: usize = 3;

/// What was learned of a lease that somebody should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// As it is to be remembered.
    pub note: Note,
    /// It is gone, and nobody was told.
    pub lost: bool,
}

#[derive(Debug)]
struct Kept {
    note: Note,
    due: Mono,
    /// The request that is on its way, and since when.
    asked: Option<(String, Mono)>,
    /// Its end was told by a notice.
    stopped: bool,
}

/// Every lease that is held, by its name.
#[derive(Debug)]
pub struct Keeper {
    client: String,
    nonce: String,
    said: u64,
    leases: BTreeMap<String, Kept>,
}

/// After how much of its time to live a lease is renewed: a third, and up to a tenth of that sooner or later, by its name.
fn pause(note: &Note) -> Span {
    let hash = blake3::hash(note.lease_id.as_deref().unwrap_or_default().as_bytes());
    let byte = f64::from(hash.as_bytes().first().copied().unwrap_or_default());
    let jitter = 0.9 + 0.2 * byte / 255.0;
    Span::from_seconds(note.ttl_s.max(SHORTEST.seconds()) / 3.0 * jitter)
}

impl Keeper {
    /// Nothing is held yet.
    pub fn new(client: &str, nonce: &str) -> Self {
        Self { client: client.to_owned(), nonce: nonce.to_owned(), said: 0, leases: BTreeMap::new() }
    }

    /// How many leases are held.
    pub fn len(&self) -> usize {
        self.leases.len()
    }

    /// Whose a lease is.
    pub fn job(&self, lease: &str) -> Option<&str> {
        self.leases.get(lease).map(|kept| kept.note.job.as_str())
    }

    /// The end of a lease was told.
    pub fn stopped(&mut self, lease: &str) {
        if let Some(kept) = self.leases.get_mut(lease) {
            kept.stopped = true;
        }
    }

    /// Takes what the folder says by now. What is new is renewed at once: nobody knows how old it is.
    pub fn look(&mut self, notes: &[Note], now: Mono) {
        let held = |note: &&Note| matches!(note.stage, Stage::Held | Stage::Returning);
        let named = notes.iter().filter(held).filter_map(|note| Some((note.lease_id.clone()?, note)));
        let named: BTreeMap<String, &Note> = named.collect();
        self.leases.retain(|id, _| named.contains_key(id));
        for (id, note) in named {
            let fresh = || Kept { note: note.clone(), due: now, asked: None, stopped: false };
            let kept = self.leases.entry(id).or_insert_with(fresh);
            if kept.note.stage != note.stage {
                kept.note.stage = note.stage;
                (kept.due, kept.asked) = (now, None);
            }
            if (note.epoch, note.seq) > (kept.note.epoch, kept.note.seq) {
                kept.note = note.clone();
            }
        }
    }

    /// What is to be said now.
    pub fn due(&mut self, now: Mono) -> Vec<Value> {
        let (client, nonce, said) = (&self.client, &self.nonce, &mut self.said);
        let late = |kept: &Kept| kept.asked.as_ref().is_none_or(|(_, at)| now.since(*at) >= PATIENCE);
        let due = self.leases.iter_mut().filter(|(_, kept)| now >= kept.due && late(kept));
        due.take(BURST)
            .map(|(id, kept)| {
                *said = said.saturating_add(1);
                let request = format!("{nonce}-{said}");
                kept.asked = Some((request.clone(), now));
                let op = if kept.note.stage == Stage::Returning { "release" } else { "renew" };
                json!({ "client": client, "request_id": request, "op": op, "lease_id": id, "epoch": kept.note.epoch })
            })
            .collect()
    }

    /// Takes an answer; what was learned by it.
    pub fn answered(&mut self, answer: &Value, now: Mono) -> Option<Learned> {
        let request = text(answer, "request_id");
        let ours = |kept: &Kept| kept.asked.as_ref().is_some_and(|(asked, _)| asked == request);
        let (id, kept) = self.leases.iter_mut().find(|(_, kept)| ours(kept))?;
        let id = id.clone();
        kept.asked = None;
        let before = kept.note.clone();
        match codes(answer) {
            ("granted", _) if kept.note.stage == Stage::Returning => self.over(&id, false),
            ("expired" | "unknown_lease", _) => {
                let lost = kept.note.stage == Stage::Held && !kept.stopped;
                self.over(&id, lost)
            }
            ("granted", _) => {
                kept.take(answer.get("lease"));
                kept.due = now.after(pause(&kept.note));
                kept.changed(&before)
            }
            ("conflict", "old_epoch") => {
                // The service has started anew: what it says of the lease holds, and is asked for in its generation.
                kept.take(answer.get("lease"));
                kept.note.epoch = answer.get("epoch").and_then(Value::as_u64).unwrap_or(kept.note.epoch);
                kept.due = if kept.note.epoch == before.epoch { now.after(Span::from_seconds(RETRY)) } else { now };
                kept.changed(&before)
            }
            _ => {
                kept.due =
                    now.after(Span::from_seconds(after(answer).unwrap_or(RETRY).clamp(1.0, SHORTEST.seconds() / 3.0)));
                None
            }
        }
    }

    /// Takes what the broker keeps of a lease; what was learned by it.
    pub fn told(&mut self, id: &str, lease: &Value, now: Mono) -> Option<Learned> {
        let kept = self.leases.get_mut(id)?;
        if lease.is_null() {
            // It is over, or the broker has lost it: the service knows, and is asked.
            (kept.due, kept.asked) = (now, None);
            return None;
        }
        let number = |key: &str| lease.get(key).and_then(Value::as_u64).unwrap_or_default();
        let before = kept.note.clone();
        // States are in the order of epoch and seq: an older one says nothing.
        if (number("epoch"), number("seq")) > (before.epoch, before.seq) {
            kept.take(Some(lease));
        }
        if ["grace", "kept"].contains(&text(lease, "state")) {
            kept.due = now;
        }
        kept.changed(&before)
    }

    fn over(&mut self, id: &str, lost: bool) -> Option<Learned> {
        let kept = self.leases.remove(id)?;
        Some(Learned { note: Note { stage: Stage::Over, ..kept.note }, lost })
    }
}

impl Kept {
    /// Takes a lease as the service tells it, where it is this one.
    fn take(&mut self, lease: Option<&Value>) {
        if let Some(lease) = lease.filter(|lease| Some(text(lease, "lease_id")) == self.note.lease_id.as_deref()) {
            self.note.learn(lease);
        }
    }

    fn changed(&self, before: &Note) -> Option<Learned> {
        (self.note != *before).then(|| Learned { note: self.note.clone(), lost: false })
    }
}

#[cfg(test)]
mod tests;
