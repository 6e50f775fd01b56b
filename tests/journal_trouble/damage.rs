//! Flipped bits, missing rows, cut files: seen, told, and never taken for the truth.

use std::path::Path;

use plant::time::Span;
use rusqlite::Connection;
use wattloop::service::journal::{Header, Journal, JournalError, Kind, Options, Recovered};

use super::run::{Run, folder};

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

#[test]
fn a_journal_of_a_newer_layout_is_kept_aside_and_the_service_starts_anew() {
    let (folder, path) = folder();
    recorded(&path);
    Connection::open(&path)
        .expect("opens")
        .execute_batch("PRAGMA user_version = 1000;")
        .expect("a newer program was here");
    let run = Run::start(&path, Options::default());
    assert!(run.recovered.snapshot.is_none() && run.recovered.tail.is_empty());
    let told = &run.recovered.incidents;
    assert!(told.len() == 1 && told[0].contains("layout 1000") && told[0].contains("starts anew"), "{told:?}");
    let kept: Vec<_> = std::fs::read_dir(folder.path()).expect("readable").flatten().map(|e| e.file_name()).collect();
    assert!(kept.iter().any(|name| name.to_string_lossy().contains("journal.db.damaged-1")), "{kept:?}");
}
