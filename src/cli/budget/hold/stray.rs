//! What is lent to jobs that were given back before anybody had heard an answer: nobody asks for it any more, and nobody else gives it back. The broker keeps each lease with the name of its request.

use std::collections::BTreeMap;

use plant::time::{Mono, Span};
use serde_json::Value;

use crate::cli::budget::memory::{Note, Stage};
use crate::cli::budget::said::text;

/// Whoever asked may be about to give it back himself.
const SETTLES: Span = Span::from_secs(2);

/// Leases as the broker keeps them: by which request each was asked for, and since when that is known.
#[derive(Debug, Default)]
pub struct Strays {
    leases: BTreeMap<String, (String, Mono)>,
}

impl Strays {
    /// Takes what the broker keeps of a lease. One that is over, or is given back already, is nobody's.
    pub fn told(&mut self, id: &str, lease: &Value, now: Mono) {
        let (request, state) = (text(lease, "request_id"), text(lease, "state"));
        if request.is_empty() || state == "leaving" {
            self.leases.remove(id);
        } else {
            self.leases.entry(id.to_owned()).or_insert_with(|| (request.to_owned(), now));
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
        let stray = |(id, (request, since)): (&String, &(String, Mono))| {
            let note = by.get(request.as_str()).filter(|_| now.since(*since) >= SETTLES)?;
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
        json!({ "lease_id": "1-7", "request_id": request, "state": state, "w": 6e3 })
    }

    #[test]
    fn what_was_lent_to_a_job_that_was_given_back_unheard_is_to_be_given_back() {
        let mut strays = Strays::default();
        strays.told("1-7", &kept("r", "held"), at(0));
        strays.told("1-7", &kept("r", "grace"), at(1));
        let unheard = [note("r", Stage::Over, true)];
        assert!(strays.found(&unheard, at(1)).is_empty(), "whoever asked may give it back himself");
        let found = strays.found(&unheard, at(2)).pop().expect("a stray");
        assert_eq!((found.lease_id.as_deref(), found.stage, found.aside), (Some("1-7"), Stage::Returning, true));
        assert_eq!(found.job, "job-r");
        // Once: it is remembered by then, whatever becomes of it.
        let over = Note { stage: Stage::Over, ..found };
        assert!(strays.found(&[unheard[0].clone(), over], at(3)).is_empty());
        for others in [note("r", Stage::Over, false), note("r", Stage::Asking, true), note("other", Stage::Over, true)]
        {
            assert!(strays.found(&[others], at(9)).is_empty(), "somebody has it, or may ask for it");
        }
        for over in [kept("r", "leaving"), Value::Null, json!({ "request_id": 7 })] {
            strays.told("1-7", &kept("r", "held"), at(0));
            strays.told("1-7", &over, at(1));
            assert!(strays.found(&unheard, at(9)).is_empty(), "{over}");
        }
    }
}
