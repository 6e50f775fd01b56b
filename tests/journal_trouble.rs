//! A full disk, a slow disk, a flipped bit, an old file: what the journal keeps, refuses and tells.
#![expect(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use plant::command::{Command, Level, Reason};
use plant::id::{Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick, Wall};
use rusqlite::Connection;
use wattloop::service::journal::{
    Entry, Header, Journal, JournalError, Kind, NotKept, Options, Reader, Record, Recovered, Retention, decision_hash,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A hall of `points` points that all change every second, driven by hand.
struct Run {
    journal: Journal,
    recovered: Recovered,
    tick: Tick,
    points: usize,
    noise: u64,
}

impl Run {
    fn start(path: &Path, options: Options) -> Self {
        let header = Header { program: "1.2.3".to_owned(), hall: ("h".into(), "name = 1".into()), ..Header::default() };
        let (journal, recovered) = Journal::open(path, &header, options).expect("opens");
        let tick = Tick { boot: recovered.boot, wall: Wall(1_700_000_000_000), ..Tick::default() };
        Self { journal, recovered, tick, points: 50, noise: 1 }
    }

    /// One scan of one second, and a snapshot of `state` when one is due.
    fn scan(&mut self, state: &[u8]) -> (Inputs, Outputs) {
        self.tick.seq += 1;
        self.tick.mono = Mono(self.tick.mono.0 + 1_000_000_000);
        self.tick.wall = Wall(self.tick.wall.0 + 1000);
        let mut inputs = Inputs::unread(self.points);
        for row in inputs.samples.rows_mut() {
            self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *row = Sample::good(f64::from_bits(self.noise), self.tick.mono);
        }
        let value = f64::from_bits(self.noise ^ self.tick.seq);
        let command =
            Command { point: PointId::from_index(0), value, level: Level::Control, reason: Reason::Relinquished };
        let outputs = Outputs { commands: vec![command], events: Vec::new() };
        self.journal.record_scan(self.tick, &inputs, &outputs);
        if self.journal.snapshot_due(self.tick) {
            self.journal.record_snapshot(self.tick, &state);
        }
        (inputs, outputs)
    }

    /// An answer, waited for.
    fn promise(&mut self) -> Result<(), NotKept> {
        self.journal.record_answer(self.tick, &self.tick.seq, &true).wait(PATIENCE)
    }

    /// Scans until the condition holds; time passes in between.
    fn until(&mut self, state: &[u8], what: &str, holds: impl Fn(&Journal) -> bool) {
        for _ in 0..3000 {
            if holds(&self.journal) {
                return;
            }
            self.scan(state);
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("never: {what}");
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    (folder, path)
}

/// Bytes that no compression or luck makes small.
fn bulk(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

#[test]
fn a_run_comes_back_scan_by_scan_and_names_what_it_ran_with() {
    let (_folder, path) = folder();
    let mut run = Run::start(&path, Options { snapshot_every: Span::from_secs(7), ..Options::default() });
    assert_eq!((run.recovered.boot, run.recovered.snapshot.is_none()), (1, true));
    let mut truth = vec![run.scan(b"state")];
    for _ in 0..30 {
        truth.push(run.scan(b"state"));
    }
    run.promise().expect("kept");
    drop(run);

    let reader = Reader::open(&path).expect("opens");
    let boots = reader.boots().expect("readable");
    assert_eq!(boots.len(), 1);
    assert_eq!(boots[0].header.as_ref().expect("whole").hall.1, "name = 1");
    let (mut images, mut at, mut answers) = (None, 1, 0);
    reader
        .visit(1, |entry| match entry {
            Entry::Record(record) => match *record {
                // The first scan is in the snapshot that the record begins with.
                Record::Snapshot(s) => images = Some(s.images().expect("whole")),
                Record::Scan(s) => {
                    let images = images.as_mut().expect("after a snapshot");
                    s.apply(images).expect("fits");
                    let (inputs, outputs) = &truth[at];
                    assert!(inputs.samples.rows().iter().zip(&images.samples).all(|(a, b)| a.same_bits(b)));
                    assert_eq!(s.hash, decision_hash(outputs));
                    assert_eq!(images.outputs[0].to_bits(), outputs.commands[0].value.to_bits());
                    at += 1;
                }
                Record::Answer(_) => answers += 1,
                Record::Gap(gap) => panic!("{gap:?}"),
            },
            Entry::Damage(why) => panic!("{why}"),
        })
        .expect("readable");
    assert_eq!((at, answers), (31, 1));

    let run = Run::start(&path, Options::default());
    assert_eq!(run.recovered.boot, 2);
    assert_eq!(run.recovered.header.as_ref().expect("kept").program, "1.2.3");
    assert_eq!(run.recovered.last_wall, Some(Wall(1_700_000_031_000)));
}

#[test]
fn one_journal_has_one_writer() {
    let (_folder, path) = folder();
    let _run = Run::start(&path, Options::default());
    let second = Journal::open(&path, &Header::default(), Options::default());
    assert!(matches!(second, Err(JournalError::InUse(_))));
}

#[test]
fn a_full_disk_costs_records_and_promises_but_no_scan_and_heals_by_itself() {
    let (_folder, path) = folder();
    let small = Retention { max_bytes: 64 << 10, max_age: Span::from_secs(86_400) };
    let mut run = Run::start(&path, Options { retention: small, ..Options::default() });
    let state = bulk(2 << 10);
    run.until(&state, "the first snapshot is kept", Journal::can_promise);
    run.promise().expect("the disk has room");
    let counters = run.journal.counters();

    // From here a snapshot is larger than the disk: retention cannot help.
    let huge = bulk(1 << 20);
    run.journal.record_snapshot(run.tick, &huge.as_slice());
    run.until(&huge, "the full disk is seen", |j| !j.can_promise());
    assert_eq!(run.promise(), Err(NotKept::Lost), "no promise while nothing is kept");
    for _ in 0..20 {
        run.scan(&huge);
    }
    assert!(!run.journal.can_promise());
    assert!(counters.gaps.load(Ordering::Acquire) >= 1);
    assert!(counters.lost.load(Ordering::Acquire) >= 20);
    assert!(counters.last_error().expect("told").contains("full"), "{:?}", counters.last_error());

    run.journal.set_retention(Retention { max_bytes: 64 << 20, ..small });
    run.until(&huge, "it goes on without a restart", Journal::can_promise);
    run.promise().expect("kept again");
    drop(run);

    let run = Run::start(&path, Options::default());
    assert_eq!(run.recovered.incidents, Vec::<String>::new());
    assert_eq!(postcard::from_bytes::<Vec<u8>>(&run.recovered.snapshot.expect("kept").state).expect("whole"), huge);
    assert!(!run.recovered.tail.is_empty());
    let mut gaps = Vec::new();
    let keep = |entry| {
        if let Entry::Record(record) = entry
            && let Record::Gap(gap) = *record
        {
            gaps.push(gap);
        }
    };
    Reader::open(&path).expect("opens").visit(1, keep).expect("readable");
    assert!(!gaps.is_empty() && gaps.iter().all(|g| g.lost > 0), "{gaps:?}");
    assert!(gaps.iter().any(|g| g.why.contains("full")), "{gaps:?}");
}

#[test]
fn a_disk_that_stands_still_never_stops_a_scan() {
    let (_folder, path) = folder();
    let mut run = Run::start(&path, Options { queue_bytes: 16 << 10, ..Options::default() });
    run.until(b"s", "the first snapshot is kept", Journal::can_promise);
    // A writer that holds the file is a disk that does not answer.
    let other = Connection::open(&path).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locks");
    for _ in 0..500 {
        run.scan(b"s");
    }
    let counters = run.journal.counters();
    assert!(counters.queued_bytes.load(Ordering::Acquire) <= 32 << 10, "the queue is bounded");
    assert!(counters.lost.load(Ordering::Acquire) > 0 && !run.journal.can_promise());
    other.execute_batch("ROLLBACK").expect("unlocks");
    run.until(b"s", "it goes on", Journal::can_promise);
    run.promise().expect("kept again");
}

#[test]
fn retention_keeps_a_span_that_replays() {
    let (_folder, path) = folder();
    let retention = Retention { max_bytes: 200 << 10, max_age: Span::from_secs(1_000_000) };
    let options = Options { retention, snapshot_every: Span::from_secs(60), ..Options::default() };
    let mut run = Run::start(&path, options);
    for n in 0..4000 {
        run.scan(b"s");
        if n % 50 == 0 {
            run.promise().ok();
        }
    }
    run.promise().expect("kept");
    let counters = run.journal.counters();
    assert!(counters.file_bytes.load(Ordering::Acquire) < 400 << 10, "{counters:?}");
    assert_eq!(counters.failures.load(Ordering::Acquire), 0, "{counters:?}");
    drop(run);
    let (mut scans, mut first) = (0, None);
    let check = |entry| match entry {
        Entry::Record(record) => {
            first.get_or_insert(matches!(*record, Record::Snapshot(_)));
            scans += u32::from(matches!(*record, Record::Scan(_)));
        }
        Entry::Damage(why) => panic!("{why}"),
    };
    Reader::open(&path).expect("opens").visit(1, check).expect("readable");
    assert_eq!(first, Some(true));
    assert!((60..4000).contains(&scans), "{scans}");
}

#[test]
fn age_drops_whole_spans() {
    let (_folder, path) = folder();
    let retention = Retention { max_bytes: 1 << 30, max_age: Span::from_secs(600) };
    let options = Options { retention, snapshot_every: Span::from_secs(60), ..Options::default() };
    let mut run = Run::start(&path, options);
    for n in 0..3000 {
        run.scan(b"s");
        if n % 60 == 0 {
            run.promise().ok();
        }
    }
    run.promise().expect("kept");
    drop(run);
    let scans = Reader::open(&path).expect("opens").count(Kind::Scan).expect("readable");
    assert!((600..=780).contains(&scans), "{scans}");
}

/// Twenty scans, a snapshot, twenty scans, a snapshot, ten scans; then something happens to the file.
fn recorded(path: &Path) {
    let mut run = Run::start(path, Options { snapshot_every: Span::from_secs(3600), ..Options::default() });
    run.journal.record_snapshot(run.tick, &"first");
    for n in 1..=50 {
        run.scan(b"never due");
        if n == 20 {
            run.journal.record_snapshot(run.tick, &"second");
        } else if n == 40 {
            run.journal.record_snapshot(run.tick, &"third");
        }
    }
    run.promise().expect("kept");
}

fn state(recovered: &Recovered) -> String {
    let snapshot = recovered.snapshot.as_ref().expect("a snapshot");
    postcard::from_bytes(&snapshot.state).expect("readable")
}

/// Flips one bit in the middle of the body of the `n`-th record from the end of a kind.
fn flip(path: &Path, kind: Kind, from_end: i64) {
    let conn = Connection::open(path).expect("opens");
    let sql = "SELECT seq, body FROM record WHERE kind = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2";
    let row = conn.query_row(sql, (kind.number(), from_end), |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?)));
    let (seq, mut body) = row.expect("there");
    let middle = body.len() / 2;
    body[middle] ^= 0x10;
    conn.execute("UPDATE record SET body = ?1 WHERE seq = ?2", (body, seq)).expect("written");
}

#[test]
fn a_flipped_bit_in_a_snapshot_brings_the_one_before_with_all_after_it() {
    let (_folder, path) = folder();
    recorded(&path);
    flip(&path, Kind::Snapshot, 0);
    let run = Run::start(&path, Options::default());
    assert_eq!(state(&run.recovered), "second");
    assert_eq!(run.recovered.tail.len(), 31, "thirty scans and an answer");
    assert_eq!(run.recovered.incidents.len(), 1, "{:?}", run.recovered.incidents);
}

#[test]
fn a_flipped_bit_in_a_scan_ends_the_tail_there() {
    let (_folder, path) = folder();
    recorded(&path);
    flip(&path, Kind::Scan, 3);
    let run = Run::start(&path, Options::default());
    assert_eq!((state(&run.recovered).as_str(), run.recovered.tail.len()), ("third", 6));
    assert!(run.recovered.incidents[0].contains("checksum"), "{:?}", run.recovered.incidents);
}

#[test]
fn a_missing_record_is_seen() {
    let (_folder, path) = folder();
    recorded(&path);
    let conn = Connection::open(&path).expect("opens");
    conn.execute("DELETE FROM record WHERE seq = (SELECT MAX(seq) - 4 FROM record)", []).expect("deleted");
    let run = Run::start(&path, Options::default());
    assert_eq!(run.recovered.tail.len(), 6);
    assert!(run.recovered.incidents[0].contains("missing"), "{:?}", run.recovered.incidents);
}

#[test]
fn no_flipped_byte_anywhere_in_the_file_goes_unseen_or_stops_the_service() {
    let (_folder, path) = folder();
    recorded(&path);
    let whole = std::fs::read(&path).expect("readable");
    let recover = |bytes: &[u8]| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        std::fs::write(&path, bytes).expect("written");
        match Journal::open(&path, &Header::default(), Options::default()) {
            Ok((_, recovered)) => Some(recovered),
            Err(JournalError::Version(_)) => None,
            Err(e) => panic!("{e}"),
        }
    };
    let good = recover(&whole).expect("whole");
    let bits = |r: &Recovered| postcard::to_stdvec(&r.snapshot).expect("serialises");
    let tail = |r: &Recovered| -> Vec<Vec<u8>> {
        r.tail.records().map(|record| postcard::to_stdvec(&record).expect("serialises")).collect()
    };
    let truth = tail(&good);
    for n in 0..300_usize {
        let mut bytes = whole.clone();
        let place = n.wrapping_mul(7919).wrapping_mul(31) % bytes.len();
        bytes[place] ^= 1 << (n % 8);
        let Some(recovered) = recover(&bytes) else { continue };
        // Whatever is taken must be what was written: whole, or a beginning of it, or an older snapshot.
        if bits(&recovered) == bits(&good) {
            let tail = tail(&recovered);
            assert!(truth.starts_with(&tail), "byte {place}");
            assert!(tail == truth || !recovered.incidents.is_empty(), "byte {place} goes unseen");
        } else {
            assert!(!recovered.incidents.is_empty(), "byte {place} goes unseen");
        }
    }
    for len in [0, 1, 100, 4096, 5000, whole.len() / 2, whole.len() - 4096] {
        let recovered = recover(&whole[..len]).expect("a service must start");
        assert!(len == 0 || bits(&recovered) == bits(&good) || !recovered.incidents.is_empty(), "cut to {len}");
    }
}
