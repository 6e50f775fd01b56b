//! A disk that is full, or stands still, or rots under the running service.

use std::sync::atomic::Ordering;

use plant::time::Span;
use rusqlite::Connection;
use wattloop::service::journal::{Entry, Journal, NotKept, Options, Reader, Record, Retention};

use super::run::{Run, bulk, folder};

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

/// A disk of its own, two megabytes large; nothing where this user may not mount one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(folder.path()).stderr(std::process::Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        if !mounted {
            println!("skipped: this user may not mount a disk of two megabytes");
        }
        mounted.then(|| Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        std::process::Command::new("umount").arg(self.0.path()).status().ok();
    }
}

#[test]
fn a_disk_that_somebody_else_fills_stops_promises_until_there_is_room() {
    let Some(disk) = Disk::mount() else { return };
    let path = disk.0.path().join("journal.db");
    let mut run = Run::start(&path, Options::default());
    run.until(b"s", "the first snapshot is kept", Journal::can_promise);
    run.promise().expect("there is room");
    let other = disk.0.path().join("somebody-else");
    // The write ends with the disk, which is the point.
    std::fs::write(&other, bulk(4 << 20)).ok();
    run.until(b"s", "the full disk is seen", |j| !j.can_promise());
    assert_eq!(run.promise(), Err(NotKept::Lost));
    std::fs::remove_file(&other).expect("removed");
    run.until(b"s", "it goes on by itself", Journal::can_promise);
    run.promise().expect("kept again");
    drop(run);
    let run = Run::start(&path, Options::default());
    assert_eq!(run.recovered.incidents, Vec::<String>::new());
    assert!(run.recovered.snapshot.is_some());
}

#[test]
fn a_full_disk_at_the_start_is_no_reason_not_to_start() {
    let Some(disk) = Disk::mount() else { return };
    let other = disk.0.path().join("somebody-else");
    std::fs::write(&other, bulk(4 << 20)).ok();
    let mut run = Run::start(&disk.0.path().join("journal.db"), Options::default());
    for _ in 0..10 {
        run.scan(b"s");
    }
    assert!(!run.journal.can_promise());
    std::fs::remove_file(&other).expect("removed");
    run.until(b"s", "it begins when there is room", Journal::can_promise);
    run.promise().expect("kept");
}

#[test]
fn a_file_that_rots_under_the_running_service_is_set_aside_and_a_new_one_begins() {
    let (folder, path) = folder();
    let mut run = Run::start(&path, Options { snapshot_every: Span::from_secs(100), ..Options::default() });
    run.points = 4000;
    run.until(b"s", "the first snapshot is kept", Journal::can_promise);
    // More than the database keeps in memory, so that old pages are read from the disk again.
    for _ in 0..300 {
        run.scan(b"s");
        run.promise().ok();
    }
    let other = Connection::open(&path).expect("opens");
    other.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(())).expect("folded in");
    let mut file = std::fs::File::options().write(true).open(&path).expect("opens");
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(4096)).expect("after the first page");
    std::io::Write::write_all(&mut file, &bulk(4 << 20)).expect("written in place");
    run.journal.set_retention(Retention { max_bytes: 1 << 20, max_age: Span::from_secs(86_400) });
    let aside = folder.path().join("journal.db.damaged-1");
    run.until(b"s", "the damage is seen and the file kept", |_| aside.exists());
    run.until(b"s", "it goes on", Journal::can_promise);
    run.promise().expect("kept again");
    drop(run);
    let run = Run::start(&path, Options::default());
    assert!(run.recovered.snapshot.is_some());
    assert_eq!(run.recovered.incidents, Vec::<String>::new());
}
