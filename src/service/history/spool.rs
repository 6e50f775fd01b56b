//! What waits for the database: lines on disk, in order, within bounds; the oldest go first.

use std::path::Path;

use plant::convert;
use rusqlite::{Connection, params};

use super::store;
use super::{Bounds, HistoryError};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS spool(
    id INTEGER PRIMARY KEY AUTOINCREMENT, lines INTEGER NOT NULL, newest_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS spool_age ON spool(newest_ms);
PRAGMA user_version = 1;";

/// Rows sent in one request, and the bytes beyond which no further row joins them.
const SEND_ROWS: i64 = 64;
const SEND_BYTES: usize = 512 << 10;

/// Lines for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The last row of the spool it holds.
    pub last: i64,
    /// How many lines.
    pub lines: u64,
    /// The lines.
    pub body: Vec<u8>,
}

/// What is in a spool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Bytes of lines.
    pub bytes: u64,
    /// The time of the oldest row (ms since 1970), if there is one.
    pub oldest_ms: Option<i64>,
}

/// A spool. The writer and the sender each have one, on the same file.
pub struct Spool {
    conn: Connection,
    bounds: Bounds,
    /// At most this many bytes are held: counted once, then only ever added to.
    at_most: u64,
}

impl Spool {
    /// Opens or creates the spool.
    ///
    /// # Errors
    /// When the file cannot be opened or is of another layout.
    pub fn open(path: &Path, bounds: Bounds) -> Result<Self, HistoryError> {
        let mut spool = Self { conn: store::open(path, SCHEMA)?, bounds, at_most: 0 };
        spool.at_most = spool.depth()?.bytes;
        Ok(spool)
    }

    /// Adds lines whose newest is of `newest_ms`; drops the oldest beyond the bounds and says how many lines that was.
    ///
    /// # Errors
    /// When the disk does not take them: these lines are lost.
    pub fn push(&mut self, body: &str, lines: u64, newest_ms: i64) -> Result<u64, HistoryError> {
        let tx = self.conn.transaction()?;
        let lines = convert::i64_from_bits(lines);
        tx.execute(
            "INSERT INTO spool(lines, newest_ms, body) VALUES(?1, ?2, ?3)",
            params![lines, newest_ms, body.as_bytes()],
        )?;
        let age = i64::try_from(self.bounds.max_age.millis()).unwrap_or(i64::MAX);
        let mut dropped = drop_where(&tx, "newest_ms < ?1", newest_ms.saturating_sub(age))?;
        self.at_most = self.at_most.saturating_add(convert::u64_from_usize(body.len()));
        if self.at_most > self.bounds.max_bytes {
            // A twentieth more than needed goes, so that the next counting is not due at once.
            let keep = self.bounds.max_bytes / 20 * 19;
            let surplus: Option<i64> = tx.query_row(
                "SELECT MAX(id) FROM (SELECT id, SUM(LENGTH(body)) OVER (ORDER BY id DESC) AS held FROM spool)
                 WHERE held > ?1 AND (SELECT SUM(LENGTH(body)) FROM spool) > ?2",
                [keep, self.bounds.max_bytes].map(|n| i64::try_from(n).unwrap_or(i64::MAX)),
                |r| r.get(0),
            )?;
            if let Some(last) = surplus {
                dropped = dropped.saturating_add(drop_where(&tx, "id <= ?1", last)?);
            }
            self.at_most = depth(&tx)?.bytes;
        }
        tx.commit()?;
        Ok(dropped)
    }

    /// The oldest lines; nothing when all are sent.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn oldest(&self) -> Result<Option<Batch>, HistoryError> {
        let mut statement = self.conn.prepare_cached("SELECT id, lines, body FROM spool ORDER BY id LIMIT ?1")?;
        let mut rows = statement.query([SEND_ROWS])?;
        let mut batch: Option<Batch> = None;
        while let Some(row) = rows.next()? {
            let (id, lines, body): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let lines = convert::bits_from_i64(lines);
            match &mut batch {
                None => batch = Some(Batch { last: id, lines, body }),
                Some(batch) if batch.body.len().saturating_add(body.len()) <= SEND_BYTES => {
                    batch.body.extend_from_slice(&body);
                    (batch.last, batch.lines) = (id, batch.lines.saturating_add(lines));
                }
                Some(_) => break,
            }
        }
        Ok(batch)
    }

    /// Forgets what has been sent.
    ///
    /// # Errors
    /// When the disk does not take it: the lines are sent once more, which changes nothing in the database.
    pub fn sent(&self, batch: &Batch) -> Result<(), HistoryError> {
        self.conn.prepare_cached("DELETE FROM spool WHERE id <= ?1")?.execute([batch.last])?;
        Ok(())
    }

    /// What is waiting.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn depth(&self) -> Result<Depth, HistoryError> {
        Ok(depth(&self.conn)?)
    }
}

fn depth(conn: &Connection) -> rusqlite::Result<Depth> {
    let sql = "SELECT COALESCE(SUM(LENGTH(body)), 0), (SELECT newest_ms FROM spool ORDER BY id LIMIT 1) FROM spool";
    conn.query_row(sql, [], |r| Ok(Depth { bytes: convert::bits_from_i64(r.get(0)?), oldest_ms: r.get(1)? }))
}

/// Drops rows and says how many lines they held.
fn drop_where(conn: &Connection, condition: &str, value: i64) -> Result<u64, HistoryError> {
    let sql = format!("SELECT COALESCE(SUM(lines), 0) FROM spool WHERE {condition}");
    let lines: i64 = conn.query_row(&sql, [value], |r| r.get(0))?;
    if lines > 0 {
        conn.execute(&format!("DELETE FROM spool WHERE {condition}"), [value])?;
    }
    Ok(convert::bits_from_i64(lines))
}
