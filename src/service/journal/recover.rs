//! After a start: the newest snapshot that is whole, and everything recorded after it.

use std::ops::ControlFlow;
use std::path::Path;

use plant::time::Wall;
use rusqlite::{Connection, OptionalExtension};

use super::record::{Kind, Record, Snapshot};
use super::store::{self, Row};
use super::{Header, JournalError};

/// What the journal remembers of the run before.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The number of this boot, from 1.
    pub boot: u32,
    /// The newest snapshot that is whole.
    pub snapshot: Option<Snapshot>,
    /// What that snapshot's boot ran with. A state fits only the hall it was made in.
    pub header: Option<Header>,
    /// The scans and answers after the snapshot, in order, up to the first gap or damage.
    pub tail: Tail,
    /// Wall time of the newest record.
    pub last_wall: Option<Wall>,
    /// What was wrong with the record, as sentences for the log and an alarm.
    pub incidents: Vec<String>,
}

/// Scans and answers, kept as they lie in the file and decoded one at a time.
#[derive(Debug, Default)]
pub struct Tail {
    rows: Vec<(Kind, Vec<u8>)>,
}

impl Tail {
    /// Each record in order.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        // Every row was decoded when it was taken in.
        self.rows.iter().filter_map(|(kind, body)| Record::decode(*kind, body).ok())
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when the snapshot is the newest record, or there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Reads what can be read. A damaged file is set aside and a new one begun.
/// Also returns the open file and the number of the next row.
pub(super) fn recover(path: &Path) -> Result<(Recovered, Connection, i64), JournalError> {
    let mut found = Recovered { boot: 1, ..Recovered::default() };
    let mut next_seq = 1;
    let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    let outcome = store::open(path).map_err(JournalError::from).and_then(|conn| {
        if store::check_version(&conn)? {
            read(&conn, &mut found, &mut next_seq)?;
        } else if bytes > 0 {
            found.incidents.push(format!("the journal's {bytes} bytes hold no record: it begins anew"));
        }
        Ok(conn)
    });
    match outcome {
        Ok(conn) => Ok((found, conn, next_seq)),
        Err(JournalError::Sqlite(e)) if store::is_damage(&e) => {
            let aside = store::set_aside(path).map_err(|e| JournalError::open(path, e))?;
            found.incidents.push(format!("the journal is damaged ({e}); it was kept as {}", aside.display()));
            Ok((found, store::open(path)?, 1))
        }
        Err(JournalError::Version(layout)) => {
            let aside = store::set_aside(path).map_err(|e| JournalError::open(path, e))?;
            let kept = format!("it was kept as {}, and the controller starts anew", aside.display());
            found.incidents.push(format!("the journal has layout {layout}, which this program does not read; {kept}"));
            Ok((found, store::open(path)?, 1))
        }
        Err(e) => Err(e),
    }
}

fn read(conn: &Connection, found: &mut Recovered, next_seq: &mut i64) -> Result<(), JournalError> {
    let newest = conn
        .query_row("SELECT seq, wall_ms FROM record ORDER BY seq DESC LIMIT 1", [], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let boot: Option<u32> = conn.query_row("SELECT MAX(boot) FROM boot", [], |r| r.get(0))?;
    found.boot = boot.unwrap_or(0).saturating_add(1);
    let Some((seq, wall)): Option<(i64, i64)> = newest else { return Ok(()) };
    (found.last_wall, *next_seq) = (Some(Wall(wall)), seq.saturating_add(1));

    let mut snapshots = conn.prepare("SELECT seq FROM record WHERE kind = 3 ORDER BY seq DESC")?;
    let mut snapshots = snapshots.query([])?;
    let mut damage = None;
    while let Some(r) = snapshots.next()? {
        match from_snapshot(conn, r.get(0)?, found) {
            Ok(()) => {}
            Err(e) if store::is_damage(&e) => damage = Some(e),
            Err(e) => return Err(e.into()),
        }
        if found.snapshot.is_some() {
            // What was found stays found; the caller sets a damaged file aside.
            return damage.map_or(Ok(()), |e| Err(e.into()));
        }
    }
    if let Some(e) = damage {
        return Err(e.into());
    }
    found.incidents.push("no snapshot in the journal is whole: the controller starts anew".to_owned());
    Ok(())
}

/// Takes the snapshot at `seq`, if it is whole, and all that follows it.
fn from_snapshot(conn: &Connection, seq: i64, found: &mut Recovered) -> rusqlite::Result<()> {
    let mut walk = Walk { expected: seq, boot: None, found };
    let walked = store::walk(conn, seq, |row| walk.take(row));
    if let Some(boot) = walk.boot {
        found.header = header(conn, boot).unwrap_or_default();
    }
    walked
}

/// The header of a boot, if it is whole.
pub(super) fn header(conn: &Connection, boot: i64) -> rusqlite::Result<Option<Header>> {
    let sql = "SELECT hash, header FROM segment WHERE id = (SELECT segment FROM boot WHERE boot = ?1)";
    let row: Option<(Vec<u8>, Vec<u8>)> = conn.query_row(sql, [boot], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    let whole = row.filter(|(hash, header)| blake3::hash(header).as_bytes().as_slice() == hash.as_slice());
    Ok(whole.and_then(|(_, header)| postcard::from_bytes(&header).ok()))
}

struct Walk<'a> {
    expected: i64,
    boot: Option<i64>,
    found: &'a mut Recovered,
}

impl Walk<'_> {
    fn take(&mut self, row: Row) -> ControlFlow<()> {
        if row.seq != self.expected {
            return self.stop(format!("records {} to {} are missing", self.expected, row.seq.saturating_sub(1)));
        }
        self.expected = self.expected.saturating_add(1);
        let Some(boot) = self.boot else { return self.begin(&row) };
        if row.boot != boot {
            return self.stop(format!("record {} begins boot {}, whose own snapshot is damaged", row.seq, row.boot));
        }
        // The tail reaches across a damaged snapshot: it holds nothing that the scans around it do not.
        if row.damaged_snapshot() {
            return ControlFlow::Continue(());
        }
        match row.record() {
            Ok(Record::Scan(_)) => self.keep(Kind::Scan, row.body),
            Ok(Record::Answer(_)) => self.keep(Kind::Answer, row.body),
            Ok(Record::Snapshot(_)) => ControlFlow::Continue(()),
            Ok(Record::Gap(gap)) => self.stop(format!("{} records were lost after the last whole one", gap.lost)),
            Err(why) => self.stop(why),
        }
    }

    fn begin(&mut self, row: &Row) -> ControlFlow<()> {
        match row.record() {
            Ok(Record::Snapshot(snapshot)) => {
                self.boot = Some(row.boot);
                self.found.snapshot = Some(snapshot);
                ControlFlow::Continue(())
            }
            Ok(Record::Scan(_) | Record::Answer(_) | Record::Gap(_)) => ControlFlow::Break(()),
            Err(why) => self.stop(format!("{why}: the snapshot before it is used")),
        }
    }

    fn keep(&mut self, kind: Kind, body: Vec<u8>) -> ControlFlow<()> {
        self.found.tail.rows.push((kind, body));
        ControlFlow::Continue(())
    }

    fn stop(&mut self, incident: String) -> ControlFlow<()> {
        self.found.incidents.push(incident);
        ControlFlow::Break(())
    }
}
