//! What is lent to jobs that were given back before anybody had heard an answer: nobody asks for it any more, and nobody else gives it back. The broker keeps each lease with the name of its request.
//!
//! Requests have the same names on each machine on which a job is asked for: one that somebody renews is his, and whoever holds renews each within less than half of its time to live.

use std::collections::BTreeMap;

use plant::time::{Mono, Span};
use serde_json::Value;

use crate::cli::budget::memory::{Note, Stage};
use crate::cli::budget::said::text;

/// A lease as the broker keeps it.
#[derive(Debug)]
struct Kept {
    request: String,
    /// When it is over, as it was told last.
    expires: String,
    /// Since when that is known.
    since: Mono,
    /// How long it lives without a renewal.
    ttl: Span,
}

/// Leases as the broker keeps them, by their names.
#[derive(Debug, Default)]
pub struct Strays {
    leases: BTreeMap<String, Kept>,
}

impl Strays {
    /// Takes what the broker keeps of a lease. One that is over, or is given back already, is nobody's.
    pub fn told(&mut self, id: &str, lease: &Value, now: Mono) {
        let (request, state) = (text(lease, "request_id"), text(lease, "state"));
        if request.is_empty() || state == "leaving" {
            self.leases.remove(id);
            return;
        }
        let (expires, ttl) = (text(lease, "expires_at"), lease.get("ttl_s").and_then(Value::as_f64));
        if self.leases.get(id).is_none_or(|kept| kept.expires != expires) {
            let ttl = Span::from_seconds(ttl.unwrap_or_default());
            let kept = Kept { request: request.to_owned(), expires: expires.to_owned(), since: now, ttl };
            self.leases.insert(id.to_owned(), kept);
        }
    }

    /// Those of requests that were given back unheard, as they are to be remembered.
    pub fn found(&self, notes: &[Note], now: Mono) -> Vec<Note> {
        let unheard = notes.iter().filter(|note| note.unheard && note.stage == Stage::Over && note.lease_id.is_none());
        let by: BTreeMap<&str, &Note> = unheard.map(|note| (note.request_id.as_str(), note)).collect();
        if by.is_empty() {
            return Vec::new();
        }
        let known: Vec<&str> = notes.iter().filter_map(|note| note.lease_id.as_deref()).collect();
        let stray = |(id, kept): (&String, &Kept)| {
            let quiet = now.since(kept.since).nanos() >= kept.ttl.nanos() / 2;
            let note = by.get(kept.request.as_str()).filter(|_| quiet)?;
            let mut found = Note { stage: Stage::Returning, aside: true, unheard: false, ..(*note).clone() };
            found.lease_id = Some(id.clone());
            (!known.contains(&id.as_str())).then_some(found)
        };
        self.leases.iter().filter_map(stray).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono(0).after(Span::from_secs(seconds))
    }

    fn note(request: &str, stage: Stage, unheard: bool) -> Note {
        Note { stage, unheard, ..Note::asking(&format!("job-{request}"), 0, request.to_owned()) }
    }

    fn kept(request: &str, state: &str) -> Value {
        json!({ "lease_id": "1-7", "request_id": request, "state": state, "w": 6e3, "ttl_s": 30.0, "expires_at": "a" })
    }

    #[test]
    fn what_was_lent_to_a_job_that_was_given_back_unheard_is_to_be_given_back() {
        let mut strays = Strays::default();
        strays.told("1-7", &kept("r", "held"), at(0));
        strays.told("1-7", &kept("r", "grace"), at(1));
        let unheard = [note("r", Stage::Over, true)];
        assert!(strays.found(&unheard, at(14)).is_empty(), "whoever has it may be about to renew it");
        let mut renewed = kept("r", "held");
        renewed["expires_at"] = json!("b");
        strays.told("1-7", &renewed, at(14));
        assert!(strays.found(&unheard, at(28)).is_empty(), "somebody has");
        let found = strays.found(&unheard, at(29)).pop().expect("a stray");
        assert_eq!((found.lease_id.as_deref(), found.stage, found.aside), (Some("1-7"), Stage::Returning, true));
        assert_eq!(found.job, "job-r");
        // Once: it is remembered by then, whatever becomes of it.
        let over = Note { stage: Stage::Over, ..found };
        assert!(strays.found(&[unheard[0].clone(), over], at(40)).is_empty());
        for others in [note("r", Stage::Over, false), note("r", Stage::Asking, true), note("other", Stage::Over, true)]
        {
            assert!(strays.found(&[others], at(40)).is_empty(), "somebody has it, or may ask for it");
        }
        for over in [kept("r", "leaving"), Value::Null, json!({ "request_id": 7 })] {
            strays.told("1-7", &kept("r", "held"), at(0));
            strays.told("1-7", &over, at(1));
            assert!(strays.found(&unheard, at(40)).is_empty(), "{over}");
        }
    }
}
