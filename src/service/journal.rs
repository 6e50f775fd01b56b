//! The journal: the one durable truth. Scans and answers in order, with a hash of what was decided.
//!
//! ```text
//! scan thread                              writer thread
//!   record_scan     ─┐
//!   record_answer   ─┼─▶ bounded queue ──▶ one commit per 250 ms, or at once when an answer waits
//!   record_snapshot ─┘                        └──▶ Receipt::wait
//! ```
//!
//! Each boot's record begins with a snapshot, and so does the record after a gap: until [`Journal::snapshot_due`] is
//! heeded nothing is kept and nothing promised. From there a scan's record holds what changed.
//!
//! **Invariants.** A scan never waits for the disk. A receipt is fulfilled only after its record and all before it
//! are synced. Whatever cannot be kept is counted, told in the file, and ends with a snapshot.

mod delta;
mod heard;
mod queue;
mod read;
mod record;
mod recover;
mod store;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use plant::image::{Inputs, Outputs};
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick};
use serde::{Deserialize, Serialize};

pub use delta::Malformed;
pub use queue::{Counters, NotKept, Receipt};
pub use read::{Boot, Entry, Reader};
pub use record::{Answer, DecisionHash, Gap, Images, Kind, Record, Scan, Snapshot, decision_hash, hash_of};
pub use recover::{Recovered, Tail};

pub(in crate::service) use store::{is_damage, set_aside};

use delta::{Change, Decided};
use heard::Hearing;
use queue::{Message, Queue};
use record::{ScanRef, SnapshotRef, count, encode};
use writer::Writer;

/// What a boot runs with: all that replay needs to begin anywhere. Without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The hall file's name and text.
    pub hall: (String, String),
    /// Every device map's name and text, in the order they were loaded.
    pub maps: Vec<(String, String)>,
    /// The configuration as TOML, secrets left out.
    pub config: String,
    /// The tariff's name and text, where there is one.
    pub tariff: Option<(String, String)>,
    /// The program's version.
    pub program: String,
    /// The time-zone database's version.
    pub tzdb: String,
    /// Which run of the machine this is (an id, no secret): within it monotonic time goes on. Empty when unknown.
    pub machine: String,
    /// A name for the fields of the state in its snapshots. Empty when unknown.
    pub layout: String,
}

/// How much is kept. At least one snapshot with all after it is, whatever the limits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Bytes in use in the file; it never grows past twice this (bytes, ≥ 64 KiB).
    pub max_bytes: u64,
    /// Age of the oldest record against the newest (> 0).
    pub max_age: Span,
}

/// How the journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much is kept.
    pub retention: Retention,
    /// Time between snapshots (> 0).
    pub snapshot_every: Span,
    /// After a gap: time between attempts to go on with a snapshot (> 0).
    pub retry_every: Span,
    /// Records waiting for the disk (bytes); beyond it there is a gap.
    pub queue_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retention: Retention { max_bytes: 2 << 30, max_age: Span::from_secs(30 * 86_400) },
            snapshot_every: Span::from_secs(600),
            retry_every: Span::from_secs(2),
            queue_bytes: 8 << 20,
        }
    }
}

/// Why a journal cannot be opened or read.
#[derive(Debug)]
pub enum JournalError {
    /// The file or its folder cannot be used.
    Open(PathBuf, std::io::Error),
    /// Another service writes to it.
    InUse(PathBuf),
    /// Written by a program with another layout (its number).
    Version(i64),
    /// The database's own words.
    Sqlite(rusqlite::Error),
}

impl JournalError {
    fn open(path: &Path, error: std::io::Error) -> Self {
        Self::Open(path.to_owned(), error)
    }
}

impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(path, e) => write!(f, "cannot use {}: {e}", path.display()),
            Self::InUse(path) => write!(f, "another service writes to {}", path.display()),
            Self::Version(n) => write!(f, "the journal has layout {n}, which this program does not read"),
            Self::Sqlite(e) => write!(f, "journal: {e}"),
        }
    }
}

impl std::error::Error for JournalError {}

impl From<rusqlite::Error> for JournalError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Sqlite(e)
    }
}

/// The recorder, owned by the thread that scans and answers.
pub struct Journal {
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
    options: Options,
    /// The images as of the last scan, which the next is told against.
    samples: Vec<Sample>,
    outputs: Vec<f64>,
    changes: Vec<Change>,
    decided: Vec<Decided>,
    heard: Hearing,
    state: Vec<u8>,
    /// When the snapshot was taken that the record goes on from; nothing before the first of this boot.
    snapshot_at: Option<Mono>,
    /// When a snapshot was last tried.
    tried_at: Option<Mono>,
    /// The record is interrupted until the next snapshot.
    gapped: bool,
    /// Records that did not get into the queue.
    dropped: u64,
    broken_seen: u64,
}

impl Journal {
    /// Opens or creates the journal, recovers what the run before left, and starts the writer.
    /// A damaged file is set aside and told among the incidents. Nothing is written before the first snapshot.
    ///
    /// # Errors
    /// When the file cannot be opened, is in use, or has a layout this program does not know.
    pub fn open(path: &Path, header: &Header, options: Options) -> Result<(Self, Recovered), JournalError> {
        let lock = store::lock(path)?;
        let (recovered, conn, next_seq) = recover::recover(path)?;
        // A header is strings: serialising it cannot fail.
        let header = postcard::to_stdvec(header).unwrap_or_default();
        let (file, place) = ((path.to_owned(), lock, conn), (recovered.boot, next_seq));
        let store = store::Store::new(file, place, header, options.retention);
        let queue = Arc::new(Queue::new(options.queue_bytes));
        let shared = Arc::clone(&queue);
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || Writer::new(store).run(&shared))
            .map_err(|e| JournalError::open(path, e))?;
        let journal = Self {
            queue,
            writer: Some(writer),
            options,
            samples: Vec::new(),
            outputs: Vec::new(),
            changes: Vec::new(),
            decided: Vec::new(),
            heard: Hearing::default(),
            state: Vec::new(),
            snapshot_at: None,
            tried_at: None,
            gapped: false,
            dropped: 0,
            broken_seen: 0,
        };
        Ok((journal, recovered))
    }

    /// Records one scan: what changed of its inputs, and what it decided. Never waits.
    pub fn record_scan(&mut self, tick: Tick, inputs: &Inputs, outputs: &Outputs) {
        delta::diff(&mut self.samples, inputs.samples.rows(), tick.mono, &mut self.changes);
        delta::diff_outputs(&mut self.outputs, outputs, &mut self.decided);
        self.heard.hear(inputs, tick.mono);
        if !self.recording() {
            return;
        }
        let scan = ScanRef {
            tick,
            points: count(self.samples.len()),
            changes: &self.changes,
            reports: &inputs.reports,
            reload: &inputs.reload,
            plan: &inputs.plan,
            hash: decision_hash(outputs),
            outputs: count(self.outputs.len()),
            decided: &self.decided,
            heard: self.heard.news(),
        };
        let body = encode(&scan, self.queue.buffer());
        self.push(Message { kind: Kind::Scan, tick, body, dropped: 0, promise: None });
    }

    /// Records a request and what it was answered. The receipt tells when both, and all before them, are on disk.
    pub fn record_answer(&mut self, tick: Tick, request: &impl Serialize, reply: &impl Serialize) -> Receipt {
        let (promise, receipt) = Receipt::pair();
        if self.recording() {
            let request = encode(request, Vec::new());
            let answer = Answer { tick, request, reply: hash_of(reply) };
            let body = encode(&answer, self.queue.buffer());
            self.push(Message { kind: Kind::Answer, tick, body, dropped: 0, promise: Some(promise) });
        }
        receipt
    }

    /// The receipt tells when all that was recorded so far is on disk: what is told of it then is there after a crash.
    #[must_use]
    pub fn so_far(&self) -> Receipt {
        let (promise, receipt) = Receipt::pair();
        self.queue.after_all(promise);
        receipt
    }

    /// True when a snapshot should be recorded now: first of all, every ten minutes, and after a gap.
    #[must_use]
    pub fn snapshot_due(&self, tick: Tick) -> bool {
        let elapsed = |since: Option<Mono>, span| since.is_none_or(|at| tick.mono.since(at) >= span);
        if self.interrupted() {
            return elapsed(self.tried_at, self.options.retry_every);
        }
        let asked = self.queue.wants_snapshot.load(Ordering::Acquire);
        elapsed(self.snapshot_at, self.options.snapshot_every)
            || (asked && elapsed(self.tried_at, self.options.retry_every))
    }

    /// Records the controller's state as of now, with the whole images. The first of a boot comes before its first scan
    /// when the state was recovered. `tick` is that of the last scan, or of the start.
    pub fn record_snapshot(&mut self, tick: Tick, state: &impl Serialize) {
        let broken = self.queue.broken.load(Ordering::Acquire);
        self.tried_at = Some(tick.mono);
        self.state = encode(state, std::mem::take(&mut self.state));
        let mut from_nothing = Vec::new();
        delta::diff(&mut from_nothing, &self.samples, tick.mono, &mut self.changes);
        let snapshot = SnapshotRef {
            tick,
            points: count(self.samples.len()),
            changes: &self.changes,
            outputs: &self.outputs,
            state: &self.state,
            heard: &self.heard.whole(tick.mono),
        };
        let body = encode(&snapshot, self.queue.buffer());
        if self.queue.push(Message { kind: Kind::Snapshot, tick, body, dropped: self.dropped, promise: None }) {
            self.snapshot_at = Some(tick.mono);
            self.gapped = false;
            self.broken_seen = broken;
        }
    }

    /// True when an answer recorded now is likely to be kept. False during a gap, a full disk, a long queue: then
    /// requests that need a promise are refused before the controller is asked.
    #[must_use]
    pub fn can_promise(&self) -> bool {
        !self.interrupted() && self.queue.healthy.load(Ordering::Acquire) && self.queue.roomy()
    }

    /// What the journal counts.
    #[must_use]
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.queue.counters)
    }

    /// Keeps another amount from now on.
    pub fn set_retention(&mut self, retention: Retention) {
        self.options.retention = retention;
        self.queue.set_retention(retention);
    }

    /// Writes all that is queued and closes the file.
    pub fn close(mut self) {
        self.finish();
    }

    fn interrupted(&self) -> bool {
        self.snapshot_at.is_none() || self.gapped || self.queue.broken.load(Ordering::Acquire) != self.broken_seen
    }

    /// True while records can be kept; counts the one that cannot.
    fn recording(&mut self) -> bool {
        if self.snapshot_at.is_none() {
            return false;
        }
        if self.interrupted() {
            self.fall_behind();
            return false;
        }
        true
    }

    fn push(&mut self, message: Message) {
        if !self.queue.push(message) {
            self.fall_behind();
        }
    }

    fn fall_behind(&mut self) {
        self.queue.counters.lose(1);
        self.dropped = self.dropped.saturating_add(1);
        if !self.gapped {
            self.gapped = true;
            self.queue.counters.gaps.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn finish(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.finish();
    }
}
