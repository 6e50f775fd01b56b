//! Which lease is renewed when, and what its answers mean. Time is an argument; what comes in may be anything.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plant::time::{Mono, Span};
use serde_json::{Value, json};
use wattloop::control::ledger::{GRACE, TTL};

use super::known::{Ear, SETTLES, is_power};
use super::watch::{Mark, Watch};
use crate::cli::budget::memory::{Note, Stage};
use crate::cli::budget::said::{after, codes, text};

/// The shortest time to live that a lease may have: what is not known is taken for it.
const SHORTEST: Span = TTL.0;
/// An answer may take so long before the same is asked again.
const PATIENCE: Span = Span::from_secs(5);
/// Where it is not said when to ask again.
const RETRY: f64 = 2.0;
/// So many requests a pulse may have in any case, so that a start with many leases does not ask more often than it may.
const BURST: usize = 3;
/// How often a pass may come.
pub const PULSE: Span = Span::from_millis(250);

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
    watch: Watch,
    ear: Ear,
}

/// Every lease that is held, by its name.
#[derive(Debug)]
pub struct Keeper {
    client: String,
    nonce: String,
    said: u64,
    leases: BTreeMap<String, Kept>,
    /// What is remembered of leases that have not been looked at yet.
    marks: BTreeMap<String, Mark>,
    /// Since when requests are counted, and how many more there may be in this pulse, however often somebody looks.
    pace: Option<(Mono, usize)>,
    /// When the last notice was heard: others may come behind it.
    noticed: Option<Mono>,
}

/// How long a lease lives without a renewal.
fn life(note: &Note) -> Span {
    Span::from_seconds(note.ttl_s.max(SHORTEST.seconds()))
}

/// How long whoever has just started may ask about so many leases before he counts as alone: no longer than a grace.
fn breath(count: usize) -> Span {
    let passes = plant::convert::u64_from_usize(count / BURST);
    Span::from_nanos(PATIENCE.nanos().saturating_add(PULSE.nanos().saturating_mul(passes))).min(GRACE)
}

/// After how much of its time to live a lease is renewed: a third, and up to a tenth of that sooner or later, by its name.
fn pause(note: &Note) -> Span {
    let hash = blake3::hash(note.lease_id.as_deref().unwrap_or_default().as_bytes());
    let byte = f64::from(hash.as_bytes().first().copied().unwrap_or_default());
    let jitter = 0.9 + 0.2 * byte / 255.0;
    Span::from_seconds(life(note).seconds() / 3.0 * jitter)
}

impl Keeper {
    /// Nothing is held yet; this is remembered of what was.
    pub fn new(client: &str, nonce: &str, marks: &BTreeMap<String, Mark>) -> Self {
        let (client, nonce, leases) = (client.to_owned(), nonce.to_owned(), BTreeMap::new());
        Self { client, nonce, said: 0, leases, marks: marks.clone(), pace: None, noticed: None }
    }

    /// How many leases are held.
    pub fn len(&self) -> usize {
        self.leases.len()
    }

    /// Whose a lease is.
    pub fn job(&self, lease: &str) -> Option<&str> {
        self.leases.get(lease).map(|kept| kept.note.job.as_str())
    }

    /// A notice of the service comes. False where its job must not hear it: it is past, or of a lease that is given back, beside which the job may have another.
    pub fn comes(&self, notice: &Value) -> bool {
        let kept = self.leases.get(text(notice, "lease_id"));
        kept.is_none_or(|kept| kept.note.stage != Stage::Returning && !kept.ear.is_past(notice, &kept.note))
    }

    /// Takes what the folder says by now. What is new is renewed at once: nobody knows how old it is.
    pub fn look(&mut self, notes: &[Note], now: Mono) {
        let held = |note: &&Note| matches!(note.stage, Stage::Held | Stage::Returning);
        let named = notes.iter().filter(held).filter_map(|note| Some((note.lease_id.clone()?, note)));
        let named: BTreeMap<String, &Note> = named.collect();
        self.leases.retain(|id, _| named.contains_key(id));
        let first = now.after(breath(named.keys().filter(|id| !self.leases.contains_key(*id)).count()));
        for (id, note) in named {
            let mark = self.marks.remove(&id).unwrap_or_default();
            let fresh = || {
                let (watch, ear) = (Watch::new(mark, first), Ear::new(mark.known, note));
                Kept { note: note.clone(), due: now, asked: None, stopped: false, watch, ear }
            };
            let kept = self.leases.entry(id).or_insert_with(fresh);
            if kept.note.stage != note.stage {
                kept.note.stage = note.stage;
                (kept.due, kept.asked) = (now, None);
            }
            let before = life(&kept.note);
            match (note.epoch, note.seq).cmp(&(kept.note.epoch, kept.note.seq)) {
                Ordering::Greater => kept.note = note.clone(),
                // A service of before does not count another time to live as another state: the shorter one counts.
                Ordering::Equal => kept.note.ttl_s = kept.note.ttl_s.min(note.ttl_s),
                Ordering::Less => {}
            }
            kept.hurries(before, now);
        }
    }

    /// Leases that nobody has renewed for their time to live, whose jobs have not been told.
    pub fn alone(&self, now: Mono) -> Vec<Note> {
        let over =
            |kept: &&Kept| kept.note.stage == Stage::Held && !kept.stopped && kept.watch.is_over(now, life(&kept.note));
        self.leases.values().filter(over).map(|kept| kept.note.clone()).collect()
    }

    /// Leases that say something else than their jobs were told, and nobody has told of it: what those take them to be (W). `idle`: what has come was looked at.
    pub fn missed(&mut self, now: Mono, idle: bool) -> Vec<(Note, f64)> {
        let quiet = idle && self.noticed.is_none_or(|at| now.since(at) >= SETTLES);
        let mut all = Vec::new();
        for kept in self.leases.values_mut() {
            if kept.note.stage == Stage::Held
                && !kept.stopped
                && !kept.watch.is_alone()
                && let Some(had) = kept.ear.misses(&kept.note, (now, quiet))
            {
                all.push((kept.note.clone(), had));
            }
        }
        all
    }

    /// Leases that are renewed whose jobs came down by themselves, and have not been told; what those had (W).
    pub fn back(&self, now: Mono) -> Vec<(Note, f64)> {
        let held = self.leases.values().filter(|kept| kept.note.stage == Stage::Held);
        held.filter_map(|kept| Some((kept.note.clone(), kept.watch.back(now, life(&kept.note))?))).collect()
    }

    /// The job of such a lease is told.
    pub fn told_back(&mut self, lease: &str) {
        if let Some(kept) = self.leases.get_mut(lease) {
            kept.watch.told_back();
        }
    }

    /// A notice of the service was given to the command. What says that it may draw something takes back that it was to stop.
    pub fn hears(&mut self, notice: &Value, now: Mono) {
        self.noticed = Some(now);
        if let Some(kept) = self.leases.get_mut(text(notice, "lease_id")) {
            kept.ear.hears(notice, &kept.note);
            if is_power(notice) {
                kept.stopped = text(notice, "kind") == "stop";
            }
        }
    }

    /// A notice of our own was given to it: what may be drawn by now (W), or nothing that lasts.
    pub fn tells(&mut self, lease: &str, w: Option<f64>) {
        if let Some(kept) = self.leases.get_mut(lease) {
            kept.ear.is_told(w);
        }
    }

    /// It has ended with the first that it was given of a lease.
    pub fn ended(&mut self, lease: &str) {
        if let Some(kept) = self.leases.get_mut(lease) {
            kept.ear.ended();
        }
    }

    /// True while a lease is held whose job has not been told to come down, to the command's end.
    pub fn is_waited_for(&self) -> bool {
        let waits = |kept: &Kept| {
            let counts = !kept.stopped || kept.watch.is_alone();
            kept.note.stage == Stage::Held && counts && !kept.watch.is_told()
        };
        self.leases.values().any(waits)
    }

    /// The job of such a lease is told; `stops`: to stop.
    pub fn acts(&mut self, lease: &str, stops: bool) {
        if let Some(kept) = self.leases.get_mut(lease) {
            kept.watch.acts(kept.note.w);
            kept.stopped |= stops;
        }
    }

    /// The command for notices has been told that a job comes down from so much (W), or that it need not any more.
    pub fn told_alone(&mut self, lease: &str, had: Option<f64>) {
        if let Some(kept) = self.leases.get_mut(lease) {
            kept.watch.told(had);
        }
    }

    /// What is to be remembered of renewals.
    pub fn marks(&self) -> BTreeMap<String, Mark> {
        self.leases.iter().map(|(id, kept)| (id.clone(), kept.watch.mark(kept.ear.known()))).collect()
    }

    /// What is to be said now.
    pub fn due(&mut self, now: Mono) -> Vec<Value> {
        if self.pace.is_none_or(|(since, _)| now.since(since) >= PULSE) {
            self.pace = Some((now, self.burst()));
        }
        let room = self.pace.map_or(0, |(_, left)| left);
        let (client, nonce, said) = (&self.client, &self.nonce, &mut self.said);
        let late = |kept: &Kept| kept.asked.as_ref().is_none_or(|(_, at)| now.since(*at) >= PATIENCE);
        let due = self.leases.iter_mut().filter(|(_, kept)| now >= kept.due && late(kept));
        let asks: Vec<Value> = due
            .take(room)
            .map(|(id, kept)| {
                *said = said.saturating_add(1);
                let request = format!("{nonce}-{said}");
                kept.asked = Some((request.clone(), now));
                let op = if kept.note.stage == Stage::Returning { "release" } else { "renew" };
                json!({ "client": client, "request_id": request, "op": op, "lease_id": id, "epoch": kept.note.epoch })
            })
            .collect();
        self.pace = self.pace.map(|(since, left)| (since, left.saturating_sub(asks.len())));
        asks
    }

    /// How many requests a pulse may have: a quarter more than that many leases need, where that is more than a few.
    fn burst(&self) -> usize {
        let need: f64 = self.leases.values().map(|kept| 3.0 * PULSE.seconds() / life(&kept.note).seconds()).sum();
        let most = plant::convert::u64_from_f64_rounded(libm::ceil(need * 1.25));
        plant::convert::usize_from_u64(most).max(BURST)
    }

    /// Takes an answer; what was learned by it.
    pub fn answered(&mut self, answer: &Value, now: Mono) -> Option<Learned> {
        let request = text(answer, "request_id");
        let ours = |kept: &Kept| kept.asked.as_ref().is_some_and(|(asked, _)| asked == request);
        let (id, kept) = self.leases.iter_mut().find(|(_, kept)| ours(kept))?;
        let id = id.clone();
        let asked = kept.asked.take().map_or(now, |(_, at)| at);
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
                kept.watch.renewed(asked);
                kept.stopped &= !kept.watch.is_alone();
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
        let before = kept.note.clone();
        // The same state goes through its steps; where it is for another time, the shorter one counts.
        if kept.take(Some(lease)) == Some(Ordering::Equal) {
            kept.note.ttl_s = kept.note.ttl_s.min(before.ttl_s);
        }
        kept.hurries(life(&before), now);
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
    /// Takes a lease as the service tells it, where it is this one, and how it is to what was known. States are in the order of epoch and seq: an older one says nothing, whatever brings it.
    fn take(&mut self, lease: Option<&Value>) -> Option<Ordering> {
        let lease = lease.filter(|lease| Some(text(lease, "lease_id")) == self.note.lease_id.as_deref())?;
        let number = |key: &str| lease.get(key).and_then(Value::as_u64).unwrap_or_default();
        let order = (number("epoch"), number("seq")).cmp(&(self.note.epoch, self.note.seq));
        if order != Ordering::Less {
            self.note.learn(lease);
            self.ear.state(&self.note, lease);
        }
        Some(order)
    }

    /// Where it lives for less than before, by somebody else's renewal, it is asked for at once.
    fn hurries(&mut self, before: Span, now: Mono) {
        if life(&self.note) < before {
            self.watch.shortened((now, PATIENCE), before);
            self.due = self.due.min(now);
        }
    }

    fn changed(&self, before: &Note) -> Option<Learned> {
        (self.note != *before).then(|| Learned { note: self.note.clone(), lost: false })
    }
}

#[cfg(test)]
mod tests;
