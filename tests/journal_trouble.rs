//! A full disk, a slow disk, a flipped bit, an old file: what the journal keeps, refuses and tells.
#![expect(clippy::as_conversions, reason = "a test stops at the first surprise")]

mod damage;
mod disk;
mod run;

use std::sync::atomic::Ordering;

use plant::time::{Span, Wall};
use wattloop::service::journal::{
    Entry, Header, Journal, JournalError, Kind, Options, Reader, Record, Retention, decision_hash,
};

use run::{Run, folder};

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
