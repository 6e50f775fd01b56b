//! What the machine gives a process, and when: descriptors that run out, a signal that comes too early.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::process::{Process, alarm, replay};
use super::rig::Rig;

/// The last scan in the journal.
fn recorded(journal: &Connection) -> i64 {
    // It may be locked for a moment.
    journal.query_row("SELECT MAX(tick) FROM record", [], |row| row.get(0)).unwrap_or(0)
}

#[test]
fn without_file_descriptors_no_scan_stops_and_it_is_told() {
    let rig = Rig::dark("bench", &[]);
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    process.until("control runs", |s| s["scans"].as_u64() > Some(5));
    let path = rig.folder().join("journal.db");
    let journal = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    process.descriptors(3);
    let before = recorded(&journal);
    // Somebody asks, and no connection can be taken.
    let knock = UnixStream::connect(rig.folder().join("wattloop.sock")).expect("the kernel takes it");
    process.until_logged("no file descriptor is left");
    let end = Instant::now() + Duration::from_secs(90);
    while recorded(&journal) < before + 20 {
        assert!(Instant::now() < end, "scans stand at {}\n{}", recorded(&journal), process.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(knock);
    process.descriptors(1024);
    process.until_logged("there are file descriptors again");
    let status = process.until("it answers again", |s| s["scans"].as_u64().is_some());
    assert!(!alarm(&status, "journal-gap"), "nothing is lost of the record: {status}");
    assert!(process.end_by("TERM").success());
    let (same, text) = replay(rig.folder());
    assert!(same, "every scan replays: {text}");
}

/// The signals that a process takes itself, as the kernel tells; bit 0 is SIGHUP.
fn takes_hangups(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn a_hangup_during_the_start_does_not_end_it_and_is_not_forgotten() {
    let rig = Rig::dark("bench", &[]);
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    let end = Instant::now() + Duration::from_secs(90);
    while !takes_hangups(process.id()) {
        assert!(Instant::now() < end, "it never listens");
    }
    assert!(!process.log().contains("control runs"), "it listens before it starts anything");
    for _ in 0..5 {
        process.signal("HUP");
    }
    process.until("control runs", |s| s["scans"].as_u64() > Some(5));
    process.until_logged("reloaded");
    assert!(!process.log().contains("not reloaded"), "{}", process.log());
    assert!(process.end_by("TERM").success());
    let (same, text) = replay(rig.folder());
    assert!(same, "{text}");
}
