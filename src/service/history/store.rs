//! The embedded store: values as they come in one row a flush, packed a minute at a time into one chunk a series.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use plant::convert;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::pack::{self, Sampled};
use super::series::{Row, Series};
use super::{Bounds, HistoryError};

const VERSION: i64 = 1;
const PAGE_BYTES: i64 = 4096;
/// Flushes between two packings.
const PACK_EVERY: u32 = 60;
/// Values in memory while the disk takes none; beyond it they are dropped.
const MAX_PENDING: usize = 500_000;
const DROP_CHUNKS: i64 = 1024;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS series(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, unit TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS recent(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunk(
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS chunk_of ON chunk(series, first_ms);
CREATE INDEX IF NOT EXISTS chunk_age ON chunk(last_ms);
PRAGMA user_version = 1;";

/// Opens the history's file for writing.
///
/// # Errors
/// When it cannot be opened or is of another layout.
pub(super) fn open(path: &Path, schema: &str) -> Result<Connection, HistoryError> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_secs(5))?;
    let version: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if version != 0 && version != VERSION {
        return Err(HistoryError::Version(version));
    }
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304;")?;
    conn.execute_batch(schema)?;
    Ok(conn)
}

/// The store, as its one writer has it.
pub struct Store {
    conn: Connection,
    /// For each series of the run, its row in the file.
    ids: Vec<i64>,
    bounds: Bounds,
    /// What is in `recent`, by the series' row.
    pending: BTreeMap<i64, Vec<Sampled>>,
    waiting: usize,
    flushes: u32,
    newest: i64,
}

impl Store {
    /// Opens or creates the store for these series.
    ///
    /// # Errors
    /// When the file cannot be opened or is of another layout.
    pub fn open(path: &Path, series: &[Series], bounds: Bounds) -> Result<Self, HistoryError> {
        let mut conn = open(path, SCHEMA)?;
        let ids = register(&mut conn, series)?;
        let mut pending: BTreeMap<i64, Vec<Sampled>> = BTreeMap::new();
        recent(&conn, |id, value| pending.entry(id).or_default().push(value))?;
        let waiting = pending.values().map(Vec::len).sum();
        let newest = conn.query_row("SELECT MAX(last_ms) FROM chunk", [], |r| r.get::<_, Option<i64>>(0))?;
        Ok(Self { conn, ids, bounds, pending, waiting, flushes: 0, newest: newest.unwrap_or(i64::MIN) })
    }

    /// Writes rows; packs and drops what is too much or too old every so often. Returns how many values were dropped
    /// because the disk takes none.
    ///
    /// # Errors
    /// When the disk does not take them. They stay in memory and go to disk with a later packing.
    pub fn write(&mut self, rows: &[Row]) -> (u64, Result<(), HistoryError>) {
        let dropped = if self.waiting > MAX_PENDING { self.forget() } else { 0 };
        let mut grouped: BTreeMap<i64, Vec<Sampled>> = BTreeMap::new();
        for row in rows {
            let Some(id) = self.ids.get(convert::usize_from_u32(row.series)) else { continue };
            self.newest = self.newest.max(row.ts);
            grouped.entry(*id).or_default().push((row.ts, row.value, row.quality));
        }
        let outcome = self.append(&grouped);
        for (id, mut values) in grouped {
            self.waiting = self.waiting.saturating_add(values.len());
            self.pending.entry(id).or_default().append(&mut values);
        }
        self.flushes = self.flushes.saturating_add(1);
        let packed = if self.flushes >= PACK_EVERY { self.pack() } else { Ok(()) };
        (dropped, outcome.and(packed))
    }

    /// Packs what is pending into chunks.
    ///
    /// # Errors
    /// When the disk does not take them; what is pending stays.
    pub fn pack(&mut self) -> Result<(), HistoryError> {
        let tx = self.conn.transaction()?;
        {
            let sql = "INSERT INTO chunk(series, first_ms, last_ms, body) VALUES(?1, ?2, ?3, ?4)";
            let mut insert = tx.prepare_cached(sql)?;
            for (id, values) in self.pending.iter().filter(|(_, values)| !values.is_empty()) {
                let first = values.iter().map(|v| v.0).min();
                let last = values.iter().map(|v| v.0).max();
                insert.execute(params![id, first, last, pack::pack(values)])?;
            }
            tx.execute("DELETE FROM recent", [])?;
        }
        tx.commit()?;
        self.pending.values_mut().for_each(Vec::clear);
        (self.waiting, self.flushes) = (0, 0);
        self.retain()
    }

    /// Bytes in use in the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes(&self) -> Result<u64, HistoryError> {
        let pragma = |name: &str| self.conn.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
        let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
        Ok(u64::try_from(pages.saturating_mul(PAGE_BYTES)).unwrap_or(0))
    }

    fn append(&self, grouped: &BTreeMap<i64, Vec<Sampled>>) -> Result<(), HistoryError> {
        if grouped.is_empty() {
            return Ok(());
        }
        let packed: Vec<(i64, Vec<u8>)> = grouped.iter().map(|(id, values)| (*id, pack::pack(values))).collect();
        // Numbers and bytes: serialising them cannot fail.
        let body = postcard::to_stdvec(&packed).unwrap_or_default();
        self.conn.prepare_cached("INSERT INTO recent(body) VALUES(?1)")?.execute([body])?;
        Ok(())
    }

    fn retain(&self) -> Result<(), HistoryError> {
        let age = i64::try_from(self.bounds.max_age.millis()).unwrap_or(i64::MAX);
        self.conn.execute("DELETE FROM chunk WHERE last_ms < ?1", [self.newest.saturating_sub(age)])?;
        while self.bytes()? > self.bounds.max_bytes {
            let sql = "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk ORDER BY last_ms LIMIT ?1)";
            if self.conn.execute(sql, [DROP_CHUNKS])? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn forget(&mut self) -> u64 {
        self.pending.clear();
        convert::u64_from_usize(std::mem::take(&mut self.waiting))
    }
}

fn register(conn: &mut Connection, series: &[Series]) -> Result<Vec<i64>, HistoryError> {
    let tx = conn.transaction()?;
    let mut ids = Vec::with_capacity(series.len());
    {
        let sql = "INSERT INTO series(name, unit) VALUES(?1, ?2)
                   ON CONFLICT(name) DO UPDATE SET unit = excluded.unit RETURNING id";
        let mut insert = tx.prepare(sql)?;
        for series in series {
            ids.push(insert.query_row(params![series.name(), series.unit.code()], |r| r.get(0))?);
        }
    }
    tx.commit()?;
    Ok(ids)
}

/// Every value that is not in a chunk yet, in the order they were written.
fn recent(conn: &Connection, mut visit: impl FnMut(i64, Sampled)) -> Result<(), HistoryError> {
    let mut statement = conn.prepare("SELECT body FROM recent ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(0)?;
        let packed: Vec<(i64, Vec<u8>)> = postcard::from_bytes(&body).unwrap_or_default();
        for (id, bytes) in packed {
            pack::unpack(&bytes).unwrap_or_default().into_iter().for_each(|value| visit(id, value));
        }
    }
    Ok(())
}

/// The store open for reading, also while a service writes to it.
pub struct Archive {
    conn: Connection,
}

impl Archive {
    /// Opens the store.
    ///
    /// # Errors
    /// When there is none or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        Ok(Self { conn })
    }

    /// Every series' name and unit (UCUM code), by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn names(&self) -> Result<Vec<(String, String)>, HistoryError> {
        let mut statement = self.conn.prepare("SELECT name, unit FROM series ORDER BY name")?;
        let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A series' values from `from` to `to` (ms since 1970, both included), by time. Empty for a name nobody wrote.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn series(&self, name: &str, from: i64, to: i64) -> Result<Vec<Sampled>, HistoryError> {
        // One view of chunks and of what is not packed yet, however the writer goes on meanwhile.
        let tx = self.conn.unchecked_transaction()?;
        let id = tx.query_row("SELECT id FROM series WHERE name = ?1", [name], |r| r.get::<_, i64>(0)).optional()?;
        let Some(id) = id else { return Ok(Vec::new()) };
        let mut values = Vec::new();
        let sql = "SELECT body FROM chunk WHERE series = ?1 AND first_ms <= ?3 AND last_ms >= ?2 ORDER BY id";
        let mut statement = tx.prepare(sql)?;
        let mut rows = statement.query([id, from, to])?;
        while let Some(row) = rows.next()? {
            values.extend(pack::unpack(&row.get::<_, Vec<u8>>(0)?).unwrap_or_default());
        }
        recent(&tx, |of, value| values.extend((of == id).then_some(value)))?;
        values.retain(|v| (from..=to).contains(&v.0));
        values.sort_by_key(|v| v.0);
        Ok(values)
    }
}
