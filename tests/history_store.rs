//! The embedded history against a list: what goes in comes out, whatever happens in between.
#![expect(clippy::as_conversions, reason = "small numbers of a test")]

use std::collections::BTreeMap;

use plant::reading::Reading;
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::Unit;
use proptest::prelude::*;
use wattloop::service::history::{
    Archive, Bounds, History, HistoryConfig, Row, Sampled, Selection, Series, Store, export,
};

const WIDE: Bounds = Bounds { max_bytes: 1 << 30, max_age: Span::from_secs(1 << 32) };

fn series(n: usize) -> Vec<Series> {
    let one =
        |n| Series { site: "lab".into(), equip: format!("crah-{n}"), point: "supply-air-temp".into(), unit: Unit::Cel };
    (0..n).map(one).collect()
}

#[derive(Clone, Debug)]
enum Deed {
    Write(Vec<(u32, i64, u64, u16)>),
    Pack,
    /// The process dies: what was flushed must be there.
    Reopen,
}

fn deed() -> impl Strategy<Value = Deed> {
    let quality = prop_oneof![Just(192_u16), Just(500), Just(0), any::<u16>()];
    let row = (0..3_u32, 0..100_000_i64, any::<u64>(), quality);
    prop_oneof![
        6 => proptest::collection::vec(row, 0..20).prop_map(Deed::Write),
        1 => Just(Deed::Pack),
        1 => Just(Deed::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_store_agrees_with_a_list(deeds in proptest::collection::vec(deed(), 1..30),
                                    windows in proptest::collection::vec((0..3_u32, 0..100_000_i64, 0..100_000_i64), 1..6)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.db");
        let series = series(3);
        let mut store = Store::open(&path, &series, WIDE).expect("opens");
        let mut truth: BTreeMap<u32, Vec<Sampled>> = BTreeMap::new();
        for deed in deeds {
            match deed {
                Deed::Write(rows) => {
                    let rows: Vec<Row> = rows
                        .into_iter()
                        .map(|(series, ts, bits, quality)| Row { series, ts, value: f64::from_bits(bits), quality })
                        .collect();
                    for row in &rows {
                        truth.entry(row.series).or_default().push((row.ts, row.value, row.quality));
                    }
                    prop_assert!(matches!(store.write(&rows), (0, Ok(()))));
                }
                Deed::Pack => store.pack().expect("packs"),
                Deed::Reopen => {
                    drop(store);
                    store = Store::open(&path, &series, WIDE).expect("opens again");
                }
            }
        }
        let archive = Archive::open(&path).expect("opens beside the writer");
        for (n, from, to) in windows {
            let found = archive.series(&series[n as usize].name(), from, to).expect("reads");
            let mut wanted: Vec<Sampled> = truth.get(&n).cloned().unwrap_or_default();
            wanted.retain(|v| from <= v.0 && v.0 <= to);
            wanted.sort_by_key(|v| v.0);
            let bits = |values: &[Sampled]| values.iter().map(|v| (v.0, v.1.to_bits(), v.2)).collect::<Vec<_>>();
            prop_assert_eq!(bits(&found), bits(&wanted));
        }
        prop_assert!(archive.series("nobody", 0, 100_000).expect("reads").is_empty());
    }
}

fn minute(from_s: i64, value: impl Fn(i64) -> f64) -> Vec<Vec<Row>> {
    let row = |s: i64| Row { series: 0, ts: s * 1000, value: value(s), quality: 192 };
    (from_s..from_s + 60).map(|s| vec![row(s)]).collect()
}

#[test]
fn age_and_size_drop_the_oldest_first() {
    let folder = tempfile::tempdir().expect("a folder");
    for (bounds, least, most) in [
        (Bounds { max_bytes: 1 << 30, max_age: Span::from_secs(600) }, 600, 660),
        (Bounds { max_bytes: 200_000, max_age: WIDE.max_age }, 1000, 17_000),
    ] {
        let path = folder.path().join(format!("{least}.db"));
        let mut store = Store::open(&path, &series(1), bounds).expect("opens");
        for n in 0..300 {
            for rows in minute(n * 60, |s| s as f64) {
                store.write(&rows).1.expect("written");
            }
        }
        let found = Archive::open(&path).expect("opens").series("crah-0/supply-air-temp", 0, i64::MAX).expect("reads");
        assert!((least..=most).contains(&found.len()), "{}", found.len());
        assert_eq!(found.last().map(|v| v.0), Some(17_999_000), "the newest stay");
        assert!(found.windows(2).all(|w| w[0].0 + 1000 == w[1].0), "no hole in what stays");
        assert!(store.bytes().expect("readable") <= 204_800.max(bounds.max_bytes));
    }
}

#[test]
fn a_minute_of_a_thousand_series_costs_little_more_than_its_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let mut store = Store::open(&path, &series(1000), WIDE).expect("opens");
    for s in 0..300_i64 {
        let rows: Vec<Row> =
            (0..1000).map(|series| Row { series, ts: s * 1000, value: 20.0 + s as f64, quality: 192 }).collect();
        store.write(&rows).1.expect("written");
    }
    let each = store.bytes().expect("readable") as f64 / 300_000.0;
    println!("{each:.1} bytes a value");
    assert!(each < 14.0, "{each} bytes a value, the minute in rows included");
}

#[test]
fn scans_become_series_and_series_a_table_that_no_spreadsheet_executes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let mut list = series(1);
    list.push(Series { site: "lab".into(), equip: String::new(), point: "=HYPERLINK(\"x\")".into(), unit: Unit::One });
    let mut history = History::start(&HistoryConfig::default(), &path, &list).expect("starts");
    for s in 0..120_u64 {
        let mono = Mono(s * 1_000_000_000 + 500_000_000);
        let wall = Wall(1_700_000_000_500 + s as i64 * 1000);
        let tick = Tick { seq: s, mono, wall, ..Tick::default() };
        let value = if s < 60 { 24.0 } else { 24.0 + s as f64 };
        history.record(Row { series: 1, ts: wall.0, value: -1.25, quality: 192 });
        history.record_scan(tick, [(0, Reading::Fresh(value), Mono(s * 1_000_000_000))]);
    }
    let counters = history.counters();
    history.close();
    assert_eq!(counters.last_error(), None);

    let archive = Archive::open(&path).expect("opens");
    let found = archive.series("crah-0/supply-air-temp", 0, i64::MAX).expect("reads");
    assert_eq!(found.len(), 61, "one quiet minute is one value");
    assert_eq!(found[1], (1_700_000_060_000, 84.0, 192), "stamped at the source");
    let mut csv = Vec::new();
    let everything = Selection { from: 0, to: i64::MAX, ..Selection::default() };
    assert_eq!(export(&archive, &everything, &mut csv).expect("writes"), 63);
    let csv = String::from_utf8(csv).expect("text");
    assert!(
        csv.starts_with(
            "time,point,value,unit,quality\r\n2023-11-14T22:13:20.5Z,\"'=HYPERLINK(\"\"x\"\")\",-1.25,1,good\r\n"
        ),
        "{csv}"
    );
    assert!(csv.contains("\r\n2023-11-14T22:14:20Z,crah-0/supply-air-temp,84,Cel,good\r\n"));
}

#[test]
fn a_damaged_history_is_set_aside_and_stops_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    std::fs::write(&path, vec![0x5A; 20_000]).expect("written");
    let history = History::start(&HistoryConfig::default(), &path, &series(1)).expect("starts");
    history.close();
    assert_eq!(Archive::open(&path).expect("opens").names().expect("reads").len(), 1);
    assert_eq!(std::fs::metadata(folder.path().join("history.db.damaged-1")).expect("kept").len(), 20_000);
}
