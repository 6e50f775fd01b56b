//! History to InfluxDB: over a server that misbehaves in every way, and over real ones.
#![expect(
    clippy::as_conversions,
    reason = "a test stops at the first surprise, counts small numbers and says what it skips"
)]

mod peers;
pub mod protocol;
pub mod server;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use plant::reading::{Reading, Why};
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::Unit;
use wattloop::service::history::{Bounds, Counters, History, HistoryConfig, HistoryError, InfluxConfig, Series, Spool};

use protocol::Point;
use server::{Mood, Server};

/// Long enough for a loaded machine; nothing waits for it when all is well.
const PATIENCE: Duration = Duration::from_secs(60);
const START: i64 = 1_700_000_000_000;

fn series() -> Vec<Series> {
    let one = |n, unit| Series { site: "lab".into(), equip: format!("crah-{n}"), point: "value".into(), unit };
    vec![one(1, Unit::Cel), one(2, Unit::Watt), one(3, Unit::Percent)]
}

fn config(url: &str) -> HistoryConfig {
    let influx = InfluxConfig {
        url: url.to_owned(),
        org: "works".into(),
        bucket: "hall".into(),
        token_file: None,
        timeout: Span::from_millis(400),
        longest_pause: Span::from_millis(200),
        spool_mb: 16,
        spool_age: Span::from_secs(86_400),
    };
    HistoryConfig { influx: Some(influx), ..HistoryConfig::default() }
}

/// Scans that all differ, one a second, from scan `from` to scan `to`.
fn scans(history: &mut History, from: u64, to: u64) {
    for s in from..to {
        let mono = Mono(s * 1_000_000_000);
        let tick = Tick { seq: s, mono, wall: Wall(START + s as i64 * 1000), ..Tick::default() };
        let lost = Reading::Lost { why: Why::Comm };
        let third = if s.is_multiple_of(2) { lost } else { Reading::Fresh(s as f64 / 7.0) };
        let first = Reading::Fresh(20.0 + s as f64);
        history.record_scan(tick, [(0, first, mono), (1, Reading::Fresh(-1e5 * s as f64), mono), (2, third, mono)]);
    }
}

/// What the database should hold of one series after scans `0..to`.
fn wanted(n: usize, to: u64) -> Vec<Point> {
    let (quantity, equip) = [("temperature", "crah-1"), ("power", "crah-2"), ("duty", "crah-3")][n];
    let point = |s: u64| {
        let value = match n {
            0 => Some(20.0 + s as f64),
            1 => Some(-1e5 * s as f64),
            _ => (!s.is_multiple_of(2)).then_some(s as f64 / 7.0),
        };
        let tags = [("site", "lab"), ("equip", equip), ("point", "value")];
        Point {
            measurement: quantity.into(),
            tags: tags.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect(),
            value,
            quality: if value.is_some() { 192 } else { 0 },
            ts: START + s as i64 * 1000,
        }
    };
    (0..to).map(point).collect()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    (folder, path)
}

fn sent(counters: &Counters) -> u64 {
    counters.sent.load(Ordering::Acquire)
}

fn start(url: &str, path: &Path) -> History {
    History::start(&config(url), path, &series()).expect("starts")
}

/// Every line in the order of its series, once, with the time it had.
fn check(points: &[Point], to: u64) {
    for n in 0..3 {
        let wanted = wanted(n, to);
        let found: Vec<&Point> = points.iter().filter(|p| p.measurement == wanted[0].measurement).collect();
        assert_eq!(found.len(), wanted.len(), "{}", wanted[0].measurement);
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!(*found, wanted);
        }
    }
}

#[test]
fn a_database_that_fails_in_every_way_gets_every_line_once_in_order_with_its_own_time() {
    let (_folder, path) = folder();
    let server = Server::start(Mood::Fail(500));
    let mut history = start(&server.url(), &path);
    let counters = history.counters();
    let mut scan = 0;
    for mood in [Mood::Fail(500), Mood::Fail(429), Mood::Stall, Mood::Hang, Mood::Fail(401)] {
        server.set(mood);
        let seen = server.requests();
        scans(&mut history, scan, scan + 50);
        scan += 50;
        until("the server is tried", || server.requests() > seen + 1);
        assert!(!counters.connected.load(Ordering::Acquire), "{mood:?}");
    }
    until("the lines are in the spool", || counters.spool_bytes.load(Ordering::Acquire) > 0);
    server.set(Mood::Take);
    until("every line is sent", || sent(&counters) == scan * 3);
    check(&server.points(), scan);
    scans(&mut history, scan, scan + 10);
    until("it goes on", || sent(&counters) == (scan + 10) * 3);
    check(&server.points(), scan + 10);
    until("the spool is empty", || counters.spool_bytes.load(Ordering::Acquire) == 0);
    assert_eq!(counters.dropped.load(Ordering::Acquire), 0);
    assert!(counters.connected.load(Ordering::Acquire));
}

#[test]
fn what_the_database_did_not_take_is_sent_by_the_next_run() {
    let (_folder, path) = folder();
    let server = Server::start(Mood::Fail(503));
    let mut history = start(&server.url(), &path);
    scans(&mut history, 0, 100);
    history.close();
    assert_eq!(server.points(), []);
    server.set(Mood::Take);
    let history = start(&server.url(), &path);
    until("every line is sent", || sent(&history.counters()) == 300);
    check(&server.points(), 100);
}

#[test]
fn lines_that_are_refused_do_not_block_those_behind_them() {
    let (_folder, path) = folder();
    let server = Server::start(Mood::Fail(400));
    let mut history = start(&server.url(), &path);
    let counters = history.counters();
    scans(&mut history, 0, 10);
    until("they are refused", || counters.refused.load(Ordering::Acquire) == 30);
    server.set(Mood::Take);
    scans(&mut history, 10, 20);
    until("the next are taken", || sent(&counters) == 30);
    assert!(counters.last_error().expect("told").contains("HTTP 400"));
}

#[test]
fn the_spool_is_bounded_by_bytes_and_age_and_drops_the_oldest_first() {
    let (_folder, path) = folder();
    let bounds = Bounds { max_bytes: 10_000, max_age: Span::from_secs(3600) };
    let mut spool = Spool::open(&path, bounds).expect("opens");
    let lines = "x".repeat(999) + "\n";
    let mut dropped = 0;
    for n in 0..100_i64 {
        dropped += spool.push(&lines, 7, n * 1000).expect("written");
        assert!(spool.depth().expect("readable").bytes <= 10_000);
    }
    let held = spool.depth().expect("readable");
    assert!(held.bytes >= 9_000, "{held:?}");
    assert_eq!(dropped / 7 + held.bytes / 1000, 100, "dropped and held are all there was");
    assert_eq!(held.oldest_ms, Some(100_000 - held.bytes as i64), "the newest stay");
    assert_eq!(spool.push(&lines, 7, 10_000_000).expect("written"), held.bytes / 1000 * 7, "the rest is too old");
    let batch = spool.oldest().expect("readable").expect("one");
    assert_eq!((batch.lines, batch.body.len()), (7, 1000));
    spool.sent(&batch).expect("forgotten");
    assert_eq!(spool.oldest().expect("readable"), None);
}

#[test]
fn the_token_comes_from_a_file_and_shows_nowhere() {
    let (folder, path) = folder();
    let file = folder.path().join("token");
    std::fs::write(&file, "canary-9f3b\n").expect("written");
    let server = Server::start(Mood::Take);
    let mut config = config(&server.url());
    config.influx.as_mut().expect("set").token_file = Some(file.clone());
    let mut history = History::start(&config, &path, &series()).expect("starts");
    scans(&mut history, 0, 5);
    until("it is sent", || sent(&history.counters()) == 15);
    let heads = server.heads();
    assert!(heads[0].to_lowercase().contains("authorization: token canary-9f3b"), "{}", heads[0]);
    assert!(heads[0].starts_with("POST /api/v2/write?bucket=hall&org=works&precision=ms "), "{}", heads[0]);
    server.set(Mood::Fail(401));
    scans(&mut history, 5, 9);
    until("it fails", || history.counters().last_error().is_some());
    let told = format!("{config:?} {:?}", history.counters());
    assert!(!told.contains("canary"), "{told}");
    std::fs::write(&file, "two words\n").expect("written");
    let refused = History::start(&config, &folder.path().join("other.db"), &series()).err().expect("no token");
    assert!(refused.to_string().contains("holds no token") && !refused.to_string().contains("words"));
}

#[test]
fn a_url_that_cannot_be_used_is_told_and_never_a_panic() {
    let (folder, _) = folder();
    for (n, url) in [
        "",
        "localhost",
        "http://",
        "ftp://h",
        "http://1.2.3.999",
        "http://h:99999",
        "http://h/path",
        "http://user@h",
        "http://xn--a",
        "http://[::1",
        "https://h\u{0}",
        "http://h?x=1",
        "/api",
    ]
    .iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{n}.db"));
        let told = History::start(&config(url), &path, &series()).err();
        assert!(matches!(told, Some(HistoryError::Config(_))), "{url} is taken");
    }
    let path = folder.path().join("good.db");
    assert!(History::start(&config("http://[::1]:8086/"), &path, &series()).is_ok());
}
