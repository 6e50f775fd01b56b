//! The journal's file: its tables, its rows and their checksums, and what is dropped when it grows old.

use std::fs::{File, TryLockError};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plant::convert;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::queue::Message;
use super::record::{self, DecisionHash, Gap, Kind, Record};
use super::{JournalError, Retention};

const VERSION: i64 = 8;
const PAGE_BYTES: u64 = 4096;
/// Rows dropped in one go, so that dropping never holds the queue up for long.
const DROP_ROWS: i64 = 2000;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS segment(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS boot(boot INTEGER PRIMARY KEY, segment INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS record(
    seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, boot INTEGER NOT NULL, tick INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL, body BLOB NOT NULL, sum BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS snapshot ON record(seq) WHERE kind = 3;";

/// One row as it lies in the file.
pub(super) struct Row {
    pub seq: i64,
    kind: i64,
    pub boot: i64,
    tick: i64,
    pub wall: i64,
    pub body: Vec<u8>,
    sum: Vec<u8>,
}

impl Row {
    /// The record, if the row is whole.
    pub fn record(&self) -> Result<Record, String> {
        let kind = self.intact().ok_or_else(|| format!("record {} fails its checksum", self.seq))?;
        Record::decode(kind, &self.body).map_err(|e| format!("record {} does not decode: {e}", self.seq))
    }

    /// The kind, if the checksum holds.
    pub fn intact(&self) -> Option<Kind> {
        (self.sum_as(self.kind) == self.sum.as_slice()).then(|| Kind::from_number(self.kind)).flatten()
    }

    /// A snapshot whose body is damaged; not another record that only claims to be one.
    pub fn damaged_snapshot(&self) -> bool {
        let others = [Kind::Scan, Kind::Answer, Kind::Gap].map(Kind::number);
        self.kind == Kind::Snapshot.number()
            && self.intact().is_none()
            && others.iter().all(|kind| self.sum_as(*kind) != self.sum.as_slice())
    }

    fn sum_as(&self, kind: i64) -> DecisionHash {
        record::checksum([self.seq, kind, self.boot, self.tick, self.wall], &self.body)
    }
}

/// Keeps a second service from writing to the same journal. Freed by the system when the process ends, however it ends.
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Said rather than left to the closing: a child between its fork and its program still holds what we hold.
    fn drop(&mut self) {
        drop(self.0.unlock());
    }
}

pub(super) fn lock(path: &Path) -> Result<Lock, JournalError> {
    let lock = beside(path, ".lock");
    let file = File::options().create(true).append(true).open(&lock).map_err(|e| JournalError::open(&lock, e))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse(path.to_owned())),
        Err(TryLockError::Error(e)) => Err(JournalError::open(&lock, e)),
    }
}

/// The path with something after its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// True for a file whose pages contradict each other, or that never was a journal.
pub(in crate::service) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Moves a damaged file out of the way and says where to.
pub(in crate::service) fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let free = (1_u32..).map(|n| format!(".damaged-{n}")).find(|suffix| !beside(path, suffix).exists());
    let suffix = free.unwrap_or_default();
    let aside = beside(path, &suffix);
    std::fs::rename(path, &aside)?;
    for part in ["-wal", "-shm"] {
        match std::fs::rename(beside(path, part), beside(&aside, part)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(aside)
}

/// The version of the file's layout; nothing for a new file.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<Option<i64>> {
    let version = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    Ok(Some(version).filter(|v| *v != 0))
}

/// Refuses a file of another layout. True for a file that holds records.
pub(super) fn check_version(conn: &Connection) -> Result<bool, JournalError> {
    match version(conn)? {
        None => Ok(false),
        Some(VERSION) => Ok(true),
        Some(other) => Err(JournalError::Version(other)),
    }
}

/// Visits the rows from `seq` on, in order, until told to stop.
pub(super) fn walk(conn: &Connection, seq: i64, mut visit: impl FnMut(Row) -> ControlFlow<()>) -> rusqlite::Result<()> {
    let mut statement =
        conn.prepare("SELECT seq, kind, boot, tick, wall_ms, body, sum FROM record WHERE seq >= ?1 ORDER BY seq")?;
    let mut rows = statement.query([seq])?;
    while let Some(r) = rows.next()? {
        let row = Row {
            seq: r.get(0)?,
            kind: r.get(1)?,
            boot: r.get(2)?,
            tick: r.get(3)?,
            wall: r.get(4)?,
            body: r.get(5)?,
            sum: r.get(6)?,
        };
        if visit(row).is_break() {
            break;
        }
    }
    Ok(())
}

/// What a file holds, as far as dropping goes.
struct Kept {
    first: i64,
    /// Wall time of the newest row.
    newest: i64,
    /// The two oldest snapshots: row and wall time.
    snapshots: Vec<(i64, i64)>,
}

/// The file, open for the writer.
pub(super) struct Store {
    path: PathBuf,
    conn: Connection,
    boot: u32,
    header: Vec<u8>,
    /// The tables stand and this boot is in them.
    ready: bool,
    next_seq: i64,
    retention: Retention,
    _lock: Lock,
}

impl Store {
    pub fn new(file: (PathBuf, Lock, Connection), place: (u32, i64), header: Vec<u8>, retention: Retention) -> Self {
        let ((path, lock, conn), (boot, next_seq)) = (file, place);
        Self { path, conn, boot, header, ready: false, next_seq, retention, _lock: lock }
    }

    /// Writes the rows of a batch in one commit. Before a snapshot with a gap before it, a row that says so.
    pub fn write(&mut self, batch: &[Message], mut gap: impl FnMut(&Message) -> Option<Gap>) -> rusqlite::Result<()> {
        if !self.ready {
            self.prepare()?;
        }
        let tx = self.conn.transaction()?;
        let mut seq = self.next_seq;
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO record(seq, kind, boot, tick, wall_ms, body, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for message in batch {
                let tick = convert::i64_from_bits(message.tick.seq);
                let (boot, wall) = (i64::from(self.boot), message.tick.wall.0);
                let mut put = |kind: Kind, body: &[u8]| -> rusqlite::Result<()> {
                    let sum = record::checksum([seq, kind.number(), boot, tick, wall], body);
                    insert.execute(params![seq, kind.number(), boot, tick, wall, body, sum.as_slice()])?;
                    seq = seq.saturating_add(1);
                    Ok(())
                };
                if message.kind == Kind::Snapshot
                    && let Some(gap) = gap(message)
                {
                    put(Kind::Gap, &postcard::to_stdvec(&gap).unwrap_or_default())?;
                }
                put(message.kind, &message.body)?;
            }
        }
        tx.commit()?;
        self.next_seq = seq;
        Ok(())
    }

    fn prepare(&mut self) -> rusqlite::Result<()> {
        self.conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304;",
        )?;
        self.limit_pages()?;
        let tx = self.conn.transaction()?;
        tx.execute_batch(SCHEMA)?;
        tx.pragma_update(None, "user_version", VERSION)?;
        let hash = blake3::hash(&self.header);
        let hash = hash.as_bytes().as_slice();
        tx.execute("INSERT OR IGNORE INTO segment(hash, header) VALUES(?1, ?2)", params![hash, self.header])?;
        tx.execute(
            "INSERT OR REPLACE INTO boot(boot, segment) SELECT ?1, id FROM segment WHERE hash = ?2",
            params![self.boot, hash],
        )?;
        tx.commit()?;
        self.ready = true;
        Ok(())
    }

    pub fn set_retention(&mut self, retention: Retention) -> rusqlite::Result<()> {
        self.retention = retention;
        self.limit_pages()
    }

    /// The file may never grow past twice what is kept, whatever goes wrong.
    fn limit_pages(&self) -> rusqlite::Result<()> {
        let pages = (self.retention.max_bytes.saturating_mul(2) / PAGE_BYTES).max(16);
        self.conn.execute_batch(&format!("PRAGMA max_page_count = {pages}"))
    }

    /// Bytes in use.
    pub fn bytes(&self) -> rusqlite::Result<u64> {
        let pragma = |name: &str| self.conn.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
        let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
        Ok(convert::bits_from_i64(pages).saturating_mul(PAGE_BYTES))
    }

    /// Drops some of the oldest rows when there is too much or they are too old, up to the second-oldest snapshot.
    /// True when only a new snapshot would let more be dropped.
    pub fn retain(&mut self) -> rusqlite::Result<bool> {
        let over = self.bytes()? > self.retention.max_bytes;
        let Some(Kept { first, newest, snapshots }) = self.span()? else { return Ok(false) };
        let cutoff = match snapshots.as_slice() {
            // What a kept part of a span begins with before its snapshot cannot be replayed.
            [(oldest, _), ..] if first < *oldest => *oldest,
            [_, (second, wall)] if over || newest.saturating_sub(*wall) > self.max_age_ms() => *second,
            [_] => return Ok(over),
            _ => return Ok(false),
        };
        let end = cutoff.min(first.saturating_add(DROP_ROWS));
        let tx = self.conn.transaction()?;
        tx.execute("DELETE FROM record WHERE seq < ?1", [end])?;
        if end == cutoff {
            tx.execute_batch(
                "DELETE FROM boot WHERE boot < (SELECT boot FROM record ORDER BY seq LIMIT 1);
                 DELETE FROM segment WHERE id NOT IN (SELECT segment FROM boot);",
            )?;
        }
        tx.commit()?;
        Ok(false)
    }

    /// What is kept; nothing for an empty file.
    fn span(&self) -> rusqlite::Result<Option<Kept>> {
        let one = |sql: &str| self.conn.prepare_cached(sql)?.query_row([], |r| r.get(0)).optional();
        let Some(first) = one("SELECT seq FROM record ORDER BY seq LIMIT 1")? else { return Ok(None) };
        let newest = one("SELECT wall_ms FROM record ORDER BY seq DESC LIMIT 1")?.unwrap_or(i64::MIN);
        let mut snapshots = self.conn.prepare_cached(
            "SELECT seq, wall_ms FROM record INDEXED BY snapshot WHERE kind = 3 ORDER BY seq LIMIT 2",
        )?;
        let snapshots = snapshots.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(Some(Kept { first, newest, snapshots }))
    }

    fn max_age_ms(&self) -> i64 {
        i64::try_from(self.retention.max_age.millis()).unwrap_or(i64::MAX)
    }

    /// Sets a file aside that turned out to be damaged and goes on in a new one.
    pub fn begin_anew(&mut self) -> rusqlite::Result<()> {
        // The old connection tidies up by name when it closes, so it goes before the name does.
        self.conn = Connection::open_in_memory()?;
        self.ready = false;
        match set_aside(&self.path) {
            Ok(aside) => tracing::error!(kept = %aside.display(), "the journal is damaged: a new one begins"),
            Err(e) => tracing::error!(error = %e, "the journal is damaged and cannot be set aside"),
        }
        self.conn = open(&self.path)?;
        Ok(())
    }

    /// Folds the write-ahead log into the file.
    pub fn close(self) -> rusqlite::Result<()> {
        self.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}

/// Opens a file for recovery and, after it, for writing.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_secs(5))?;
    Ok(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_given_up_is_free_though_a_child_still_holds_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        let held = lock(&path).expect("free");
        assert!(matches!(lock(&path), Err(JournalError::InUse(_))));
        let child = held.0.try_clone().expect("what a fork does");
        drop(held);
        assert!(lock(&path).is_ok());
        drop(child);
    }
}
