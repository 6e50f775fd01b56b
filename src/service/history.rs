//! The history: time series for people. Not the truth (that is the journal), and never in a scan's way.
//!
//! ```text
//! scan thread                     history thread                      influx thread
//!   record_scan ─▶ bounded queue ─▶ embedded store (chunks)
//!                                └▶ lines ─▶ spool on disk ──▶ InfluxDB, oldest first, when it is there
//! ```
//!
//! Which values are kept: see [`Sampler`]. With a database configured everything goes to it and nothing to the
//! embedded store.

mod config;
mod counters;
mod export;
mod influx;
mod line;
mod pack;
mod series;
mod spool;
mod store;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use plant::convert;
use plant::reading::Reading;
use plant::time::{Mono, Span, Tick};

pub use config::{HistoryConfig, InfluxConfig};
pub use counters::Counters;
pub use export::{Selection, cell, export};
pub use line::{head, line, tag};
pub use pack::{Sampled, pack, unpack};
pub use series::{Row, Sampler, Series};
pub use spool::{Batch, Depth, Spool};
pub use store::{Archive, Store};

use crate::service::journal::{is_damage, set_aside};
use counters::Bell;
use influx::Sender;

/// Values that may wait for the history's thread; beyond it new ones are dropped and counted.
const MAX_QUEUED: usize = 200_000;
/// Time between two writes.
const FLUSH: Duration = Duration::from_secs(1);
/// Lines in one row of the spool.
const MAX_LINES: usize = 5000;

/// Bounds of what lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes; the oldest go first.
    pub max_bytes: u64,
    /// Age of the oldest against the newest.
    pub max_age: Span,
}

/// Why the history cannot be kept or read.
#[derive(Debug)]
pub enum HistoryError {
    /// The configuration cannot be used; a sentence.
    Config(String),
    /// A file or the output cannot be used.
    Io(std::io::Error),
    /// Written by a program with another layout (its number).
    Version(i64),
    /// The database's own words.
    Sqlite(rusqlite::Error),
}

impl std::fmt::Display for HistoryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(why) => f.write_str(why),
            Self::Io(e) => write!(f, "history: {e}"),
            Self::Version(n) => write!(f, "the history has layout {n}, which this program does not read"),
            Self::Sqlite(e) => write!(f, "history: {e}"),
        }
    }
}

impl std::error::Error for HistoryError {}

impl From<rusqlite::Error> for HistoryError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Sqlite(e)
    }
}

/// The history, owned by the thread that scans.
pub struct History {
    shared: Arc<Shared>,
    sampler: Sampler,
    /// What this scan keeps; swapped with the queue's, so that both keep their room.
    kept: Vec<Row>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    rows: Mutex<Vec<Row>>,
    flush: Bell,
    send: Bell,
    counters: Arc<Counters>,
}

/// Where the history's thread writes.
enum Sink {
    Store(Box<Store>),
    Spool { spool: Box<Spool>, heads: Vec<String>, text: String },
}

impl History {
    /// Starts keeping these series in the file at `path`.
    ///
    /// # Errors
    /// When the configuration or the file cannot be used. A database that is away is no error.
    pub fn start(config: &HistoryConfig, path: &Path, series: &[Series]) -> Result<Self, HistoryError> {
        let shared = Arc::new(Shared::default());
        let mut threads = Vec::new();
        let sink = match &config.influx {
            None => Sink::Store(Box::new(whole(path, || Store::open(path, series, config.bounds()))?)),
            Some(influx) => {
                let spool = Box::new(whole(path, || Spool::open(path, influx.bounds()))?);
                let sender = Sender::new(influx, path, influx.bounds())?;
                let its = Arc::clone(&shared);
                threads.push(spawn("history-influx", move || sender.run(&its.send, &its.counters))?);
                Sink::Spool { spool, heads: series.iter().map(head).collect(), text: String::new() }
            }
        };
        let its = Arc::clone(&shared);
        threads.push(spawn("history", move || keep(sink, &its))?);
        let sampler = Sampler::new(series, config.every, config.heartbeat);
        Ok(Self { shared, sampler, kept: Vec::new(), threads })
    }

    /// Takes the readings of a scan: the series' place, the reading, and when its source was read. Never waits for a disk.
    pub fn record_scan(&mut self, tick: Tick, readings: impl IntoIterator<Item = (u32, Reading<f64>, Mono)>) {
        for (series, reading, at) in readings {
            self.record(Row::of_reading(series, reading, at, tick));
        }
        self.hand_over();
    }

    /// Takes one value that is no point of the hall, with the next scan.
    pub fn record(&mut self, row: Row) {
        if self.sampler.keep(row) {
            self.kept.push(row);
        }
    }

    /// What the history counts.
    #[must_use]
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.shared.counters)
    }

    /// Writes what is queued to disk and ends. What the database has not taken stays in the spool.
    pub fn close(mut self) {
        self.finish();
    }

    fn hand_over(&mut self) {
        let counters = &self.shared.counters;
        let mut rows = self.shared.rows();
        let room = MAX_QUEUED.saturating_sub(rows.len());
        let surplus = self.kept.len().saturating_sub(room);
        self.kept.truncate(room);
        counters.taken.fetch_add(convert::u64_from_usize(self.kept.len()), Ordering::AcqRel);
        counters.dropped.fetch_add(convert::u64_from_usize(surplus), Ordering::AcqRel);
        rows.append(&mut self.kept);
    }

    fn finish(&mut self) {
        self.hand_over();
        self.shared.flush.close();
        // The writer first: it closes the sender when everything is on disk.
        for thread in self.threads.drain(..).rev() {
            drop(thread.join());
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Shared {
    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the file; one that is damaged is set aside and a new one begun.
fn whole<T>(path: &Path, open: impl Fn() -> Result<T, HistoryError>) -> Result<T, HistoryError> {
    match open() {
        Err(HistoryError::Sqlite(e)) if is_damage(&e) => {
            let aside = set_aside(path)?;
            tracing::error!(error = %e, kept = %aside.display(), "the history is damaged: a new one begins");
            open()
        }
        outcome => outcome,
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, HistoryError> {
    Ok(std::thread::Builder::new().name(name.to_owned()).spawn(run)?)
}

/// The history's thread: once a second, everything that came.
fn keep(mut sink: Sink, shared: &Shared) {
    let mut rows = Vec::new();
    loop {
        shared.flush.wait_closed(FLUSH);
        let last = shared.flush.closed();
        std::mem::swap(&mut *shared.rows(), &mut rows);
        let (dropped, outcome) = sink.write(&rows);
        shared.counters.dropped.fetch_add(dropped, Ordering::AcqRel);
        if let Err(e) = outcome {
            tracing::warn!(error = %e, "history could not be written");
            shared.counters.failed(&e.to_string());
        }
        rows.clear();
        shared.send.ring();
        if last {
            break;
        }
    }
    if let Sink::Store(mut store) = sink
        && let Err(e) = store.pack()
    {
        tracing::warn!(error = %e, "history could not be packed; the next start does it");
    }
    shared.send.close();
}

impl Sink {
    /// Writes rows; how many values were dropped, and what failed.
    fn write(&mut self, rows: &[Row]) -> (u64, Result<(), HistoryError>) {
        match self {
            Self::Store(store) => store.write(rows),
            Self::Spool { spool, heads, text } => {
                let mut dropped = 0_u64;
                let mut outcome = Ok(());
                for rows in rows.chunks(MAX_LINES) {
                    text.clear();
                    for row in rows {
                        if let Some(head) = heads.get(convert::usize_from_u32(row.series)) {
                            line(head, row, text);
                        }
                    }
                    let newest = rows.iter().map(|r| r.ts).max().unwrap_or(0);
                    let lines = convert::u64_from_usize(rows.len());
                    match spool.push(text, lines, newest) {
                        Ok(lost) => dropped = dropped.saturating_add(lost),
                        Err(e) => (dropped, outcome) = (dropped.saturating_add(lines), Err(e)),
                    }
                }
                (dropped, outcome)
            }
        }
    }
}
