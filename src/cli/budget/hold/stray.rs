//! What is lent to jobs that were given back before anybody had heard an answer: nobody asks for it any more, and nobody else gives it back. The broker keeps each lease with the name of its request.
//!
//! Its time to live ends it, as any that nobody renews, and then it may stay at its floor for a day: that is given back. Not before: requests have the same names on each machine on which a job
//! is asked for, and one that somebody renews is his.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cli::budget::memory::{Note, Stage};
use crate::cli::budget::said::{text, watts};

/// Leases that come down to their floors, or are there, by their names, as the broker keeps them: by which request each was asked for.
#[derive(Debug, Default)]
pub struct Strays {
    leases: BTreeMap<String, String>,
}

impl Strays {
    /// Takes what the broker keeps of a lease.
    pub fn told(&mut self, id: &str, lease: &Value) {
        let (request, state) = (text(lease, "request_id"), text(lease, "state"));
        let stays = ["leaving", "floored"].contains(&state) && watts(lease).is_some_and(|watts| watts > 0.0);
        if stays && !request.is_empty() {
            self.leases.insert(id.to_owned(), request.to_owned());
        } else {
            self.leases.remove(id);
        }
    }

    /// Those of requests that were given back unheard, as they are to be remembered.
    pub fn found(&self, notes: &[Note]) -> Vec<Note> {
        let unheard = notes.iter().filter(|note| note.unheard && note.stage == Stage::Over && note.lease_id.is_none());
        let by: BTreeMap<&str, &Note> = unheard.map(|note| (note.request_id.as_str(), note)).collect();
        if by.is_empty() {
            return Vec::new();
        }
        let known: Vec<&str> = notes.iter().filter_map(|note| note.lease_id.as_deref()).collect();
        let stray = |(id, request): (&String, &String)| {
            let note = by.get(request.as_str())?;
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

    fn note(request: &str, stage: Stage, unheard: bool) -> Note {
        Note { stage, unheard, ..Note::asking(&format!("job-{request}"), 0, request.to_owned()) }
    }

    fn kept(request: &str, state: &str, w: f64) -> Value {
        json!({ "lease_id": "1-7", "request_id": request, "state": state, "w": w })
    }

    #[test]
    fn what_stays_lent_to_a_job_that_was_given_back_unheard_is_given_back_and_what_somebody_may_renew_is_not() {
        let mut strays = Strays::default();
        let unheard = [note("r", Stage::Over, true)];
        for state in ["held", "grace", "kept"] {
            strays.told("1-7", &kept("r", state, 6e3));
            assert!(strays.found(&unheard).is_empty(), "{state}: a job that got it elsewhere may have it");
        }
        for state in ["leaving", "floored"] {
            strays.told("1-7", &kept("r", state, 2e3));
            let found = strays.found(&unheard).pop().expect("a stray");
            assert_eq!((found.lease_id.as_deref(), found.stage, found.aside), (Some("1-7"), Stage::Returning, true));
            assert_eq!(found.job, "job-r");
            // Once: it is remembered by then, whatever becomes of it.
            let over = Note { stage: Stage::Over, ..found };
            assert!(strays.found(&[unheard[0].clone(), over]).is_empty());
        }
        for others in [note("r", Stage::Over, false), note("r", Stage::Asking, true), note("other", Stage::Over, true)]
        {
            assert!(strays.found(&[others]).is_empty(), "somebody has it, or may ask for it");
        }
        for over in [kept("r", "leaving", 0.0), kept("r", "held", 6e3), Value::Null, json!({ "request_id": 7 })] {
            strays.told("1-7", &kept("r", "floored", 2e3));
            strays.told("1-7", &over);
            assert!(strays.found(&unheard).is_empty(), "{over}");
        }
    }
}
