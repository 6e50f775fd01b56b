//! Whoever can ask nobody keeps what he was lent for its time to live, and then acts by himself: to its floor, paused or stopped, as he promised when he asked.
//!
//! ```text
//!  Lives ── nobody has renewed it for its time to live ─▶ Alone { had } ─┐
//!    ▲                                                                   │
//!    └─ its job is told ── Back { had } ◀──────── renewed ───────────────┘
//! ```
//!
//! Time counts from when a renewal was asked for, which is before the service has heard of it, and goes on while the machine is suspended. It is remembered for
//! whoever holds next; of another run of the machine nobody knows how long ago it was.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use plant::time::{Mono, Span};
use serde::{Deserialize, Serialize};

use super::known::Known;

/// What is remembered of a lease beside its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mark {
    /// When the renewal that was granted last was asked for (ms in this run of the machine); nothing where nobody knows.
    asked_ms: Option<u64>,
    /// What it could draw (W) before its job was told to come down; nothing while it lives.
    had_w: Option<f64>,
    /// What the command for notices knows of it; nothing where it was lent a moment ago.
    pub known: Option<Known>,
}

/// One lease.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// When the renewal that was granted last was asked for.
    asked: Option<Mono>,
    /// Not before: whoever has just started asks first.
    first: Mono,
    /// What it could draw (W), where its job was told to come down.
    alone: Option<f64>,
    /// It has been renewed since, and nobody has told its job.
    back: bool,
    /// The same as `alone`, as the command for notices has been told to its end.
    told: Option<f64>,
}

impl Watch {
    /// Goes on from what is remembered; nobody acts before `first`.
    pub fn new(mark: Mark, first: Mono) -> Self {
        let asked = mark.asked_ms.map(|ms| Mono(0).after(Span::from_millis(ms)));
        Self { asked, first, alone: mark.had_w, back: false, told: mark.had_w }
    }

    /// It lives for its time from then on.
    pub fn renewed(&mut self, asked: Mono) {
        self.asked = self.asked.max(Some(asked));
        self.back = self.alone.is_some();
    }

    /// What it could draw (W) where its job has come down, it is renewed by now, and nobody has told that yet. Where its time is over again there is nothing to tell.
    pub fn back(&self, now: Mono, ttl: Span) -> Option<f64> {
        self.alone.filter(|_| self.back && now < self.until(ttl))
    }

    /// Its job is told that it is renewed.
    pub const fn told_back(&mut self) {
        (self.alone, self.back) = (None, false);
    }

    fn until(&self, ttl: Span) -> Mono {
        self.asked.map_or(self.first, |at| at.after(ttl).max(self.first))
    }

    /// It lives for less than before from now on: whoever holds asks first, and acts no later for that.
    pub fn shortened(&mut self, (now, patience): (Mono, Span), before: Span) {
        let ends = self.asked.map_or(self.first, |at| at.after(before).max(self.first));
        self.first = self.first.max(now.after(patience).min(ends));
    }

    /// True where nobody has renewed it for its time to live, and nobody has acted yet.
    pub fn is_over(&self, now: Mono, ttl: Span) -> bool {
        self.alone.is_none() && now >= self.until(ttl)
    }

    /// True where somebody has acted, and its job has not been told of a renewal since.
    pub const fn is_alone(&self) -> bool {
        self.alone.is_some()
    }

    /// True where the command has heard that, to its end.
    pub const fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// Its job comes down from so much (W).
    pub const fn acts(&mut self, had: f64) {
        (self.alone, self.back) = (Some(had), false);
    }

    /// The command has been told that it comes down from so much (W), or that it need not any more.
    pub const fn told(&mut self, had: Option<f64>) {
        self.told = had;
    }

    /// What is to be remembered, with what the command knows.
    pub const fn mark(&self, known: Known) -> Mark {
        let asked_ms = match self.asked {
            Some(at) => Some(at.since(Mono(0)).millis()),
            None => None,
        };
        Mark { asked_ms, had_w: self.told, known: Some(known) }
    }
}

/// The file of all of them.
#[derive(Debug)]
pub struct Marks {
    path: PathBuf,
    book: Book,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Book {
    /// The run of the machine whose time it is.
    run: String,
    leases: BTreeMap<String, Mark>,
}

impl Marks {
    /// Reads what is there; what cannot be read says nothing.
    pub fn open(path: PathBuf, run: Option<String>) -> Self {
        let read = |text: Vec<u8>| serde_json::from_slice::<Book>(&text).ok();
        let mut book = fs::read(&path).ok().and_then(read).unwrap_or_default();
        let run = run.unwrap_or_default();
        if run.is_empty() || run != book.run {
            book.leases.values_mut().for_each(|mark| mark.asked_ms = None);
        }
        Self { path, book: Book { run, ..book } }
    }

    /// What was remembered.
    pub const fn all(&self) -> &BTreeMap<String, Mark> {
        &self.book.leases
    }

    /// Remembers what is new. Only who was told is flushed: a time that a loss of power takes is none in the next run of the machine.
    pub fn keep(&mut self, leases: BTreeMap<String, Mark>) -> io::Result<()> {
        if leases == self.book.leases {
            return Ok(());
        }
        let told = |of: &BTreeMap<String, Mark>| {
            of.iter().map(|(id, mark)| (id.clone(), mark.had_w, mark.known)).collect::<Vec<_>>()
        };
        let flush = told(&leases) != told(&self.book.leases);
        let book = Book { run: self.book.run.clone(), leases };
        // No job's file has this name: a tilde is not in them.
        let fresh = self.path.with_extension("json~");
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(&book)?)?;
        if flush {
            file.sync_all()?;
        }
        fs::rename(&fresh, &self.path)?;
        self.book = book;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
