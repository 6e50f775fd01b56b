//! The journal read back in order: for replay, for audits, while the service runs or anywhere else.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::record::{Kind, Record};
use super::{Header, JournalError, recover, store};

/// One start of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// Its number.
    pub number: u32,
    /// What it ran with; nothing when the header is damaged.
    pub header: Option<Header>,
}

/// What a reader comes across.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A whole record.
    Record(Box<Record>),
    /// Records that are damaged or missing: what follows cannot be told until the next snapshot.
    Damage(String),
}

/// A journal open for reading. Writes nothing.
pub struct Reader {
    conn: Connection,
}

impl Reader {
    /// Opens a journal, also one that a service is writing to.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or has a layout this program does not know.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        std::fs::metadata(path).map_err(|e| JournalError::open(path, e))?;
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        if !store::check_version(&conn)? {
            let empty = std::io::Error::other("it holds no journal");
            return Err(JournalError::open(path, empty));
        }
        Ok(Self { conn })
    }

    /// Every boot with records, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn boots(&self) -> Result<Vec<Boot>, JournalError> {
        let mut statement = self.conn.prepare("SELECT boot FROM boot ORDER BY boot")?;
        let numbers = statement.query_map([], |r| r.get::<_, u32>(0))?;
        let boot = |number: rusqlite::Result<u32>| {
            let number = number?;
            Ok(Boot { number, header: recover::header(&self.conn, i64::from(number))? })
        };
        numbers.map(boot).collect()
    }

    /// Visits a boot's records from its first snapshot on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn visit(&self, boot: u32, mut visit: impl FnMut(Entry)) -> Result<(), JournalError> {
        let boot = i64::from(boot);
        let first = "SELECT seq FROM record INDEXED BY snapshot WHERE kind = 3 AND boot = ?1 ORDER BY seq LIMIT 1";
        let Some(first) = self.conn.query_row(first, [boot], |r| r.get::<_, i64>(0)).optional()? else {
            return Ok(());
        };
        let mut expected = first;
        store::walk(&self.conn, first, |row| {
            if row.boot != boot && row.intact().is_some() {
                return ControlFlow::Break(());
            }
            if row.seq != expected {
                let last = row.seq.saturating_sub(1);
                visit(Entry::Damage(format!("records {expected} to {last} are missing")));
            }
            expected = row.seq.saturating_add(1);
            visit(row.record().map_or_else(Entry::Damage, |record| Entry::Record(Box::new(record))));
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    /// How many records of a kind there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn count(&self, kind: Kind) -> Result<u64, JournalError> {
        let sql = "SELECT COUNT(*) FROM record WHERE kind = ?1";
        let n: i64 = self.conn.query_row(sql, [kind.number()], |r| r.get(0))?;
        Ok(u64::try_from(n).unwrap_or(0))
    }
}
