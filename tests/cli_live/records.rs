//! What a run leaves behind: the journal that replays, the history that people open in a spreadsheet.

use std::fs;
use std::path::Path;

use plant::time::Span;
use plant::units::Unit;
use rusqlite::Connection;
use serde_json::Value;
use wattloop::service::history::{Bounds, Row, Series, Store};
use wattloop::service::journal::Header;

use super::rig::{Rig, ends, told, wattloop};

/// A journal that a live run has written: identical; cut short or bent: bad data; decided otherwise: a difference.
pub fn replayed(rig: &Rig) {
    let journal = rig.file("journal.db");
    ends(&wattloop(&["replay", &journal]), 0, &["decisions identical"]);
    let output = wattloop(&["replay", &journal, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("no number `{key}` in {report}"));
    assert_eq!(number("identical"), number("scans") + number("answers"), "{report}");
    assert!(number("scans") > 20 && number("answers") > 3 && number("boots") == 1, "{report}");
    assert_eq!(report["first_difference"], Value::Null);

    let bytes = fs::read(&journal).expect("the journal");
    let copy = rig.folder().join("copy.db");
    fs::write(&copy, &bytes[..bytes.len() / 2]).expect("a copy");
    let name = copy.display().to_string();
    ends(&wattloop(&["replay", &name]), 65, &[]);
    fs::write(&copy, &bytes).expect("a copy");
    bend(&copy);
    ends(&wattloop(&["replay", &name]), 65, &["damage: "]);
    fs::write(&copy, &bytes).expect("a copy");
    retune(&copy);
    ends(&wattloop(&["replay", &name]), 1, &["first difference at scan ", "the runs are not identical"]);
    let output = wattloop(&["replay", &name, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for key in ["boot", "scan", "wall_ms", "what"] {
        assert!(report["first_difference"].get(key).is_some(), "no `{key}` in {report}");
    }
}

/// The same record says what caps would have cost with more racks.
pub fn planned(rig: &Rig) {
    let plan = |args: &[&str]| rig.configured(&[], &[&["power", "plan", "--add-rack"], args].concat());
    let output = plan(&["row-a", "--racks", "2", "--json"]);
    ends(&output, 0, &[]);
    let plan_of: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&plan_of["fits"], &plan_of["racks"]), (&true.into(), &2.into()), "{plan_of}");
    let costs = &plan_of["costs"];
    assert!(costs["recorded_s"].as_f64().is_some_and(|s| s > 4.0), "{plan_of}");
    let pdu = costs["feeds"].as_array().and_then(|feeds| feeds.iter().find(|feed| feed["feed"] == "pdu-a1"));
    let pdu = pdu.unwrap_or_else(|| panic!("no pdu-a1 in {plan_of}"));
    // Its meter was read, and the hall is far from its limits.
    assert!(pdu["known_s"].as_f64().is_some_and(|s| s > 1.0), "{pdu}");
    assert!(pdu["worst_kw"].as_f64().is_some_and(|kw| (50.0..350.0).contains(&kw)), "{pdu}");
    assert_eq!(pdu["above_s"], 0.0, "{pdu}");
    ends(&plan(&["row-a"]), 0, &["yes: ", "A record shorter than a week proves little."]);
    ends(&plan(&["row-a", "--racks", "30"]), 1, &["no: too much for ", "TOO MUCH"]);
    ends(&plan(&["row-c"]), 1, &["no row of racks `row-c`", "did you mean `row-a`?"]);
    let none = rig.file("none.db");
    ends(&plan(&["row-a", "--journal", &none]), 65, &["none.db"]);
    let state = format!("state_dir=\"{}\"", rig.file("empty"));
    ends(&plan(&["row-a", "--set", &state]), 0, &["yes: ", "is not there: no load is recorded"]);
}

/// Flips one bit of one scan.
fn bend(journal: &Path) {
    let db = Connection::open(journal).expect("a database");
    let sql = "SELECT seq, body FROM record WHERE kind = 1 ORDER BY seq LIMIT 1 OFFSET 10";
    let (seq, mut body): (i64, Vec<u8>) = db.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).expect("a scan");
    let middle = body.len() / 2;
    body[middle] ^= 0x10;
    db.execute("UPDATE record SET body = ?1 WHERE seq = ?2", (body, seq)).expect("the bent scan");
}

/// Lets the record claim that it was made with another gain, as a program whose arithmetic differs would.
fn retune(journal: &Path) {
    let db = Connection::open(journal).expect("a database");
    let bytes: Vec<u8> = db.query_row("SELECT header FROM segment", [], |r| r.get(0)).expect("one header");
    let mut header: Header = postcard::from_bytes(&bytes).expect("a header");
    assert!(header.hall.1.contains("gain = 4.0 "), "the fans' gain is not where it was");
    header.hall.1 = header.hall.1.replacen("gain = 4.0 ", "gain = 3.0 ", 1);
    let bytes = postcard::to_stdvec(&header).expect("a header");
    let hash = blake3::hash(&bytes);
    let changed = db.execute("UPDATE segment SET header = ?1, hash = ?2", (&bytes, hash.as_bytes().as_slice()));
    assert_eq!(changed, Ok(1));
}

/// A history can be read while it is written.
pub fn exported_while_running(rig: &Rig) {
    let history = rig.file("history.db");
    rig.wait("values in the history", |rig| {
        let output = wattloop(&["export", &rig.file("history.db"), "--point", "crah-1/fan-speed"]);
        told(&output).lines().count() > 5
    });
    ends(&wattloop(&["export", &history]), 0, &["time,point,value,unit,quality\r\n", "rack-b20/power,"]);
}

/// The columns of a row.
fn cells(line: &str) -> Vec<&str> {
    line.split(',').collect()
}

pub fn exported(rig: &Rig) {
    let history = rig.file("history.db");
    let csv = |args: &[&str]| {
        let output = wattloop(&[&["export", &history], args].concat());
        ends(&output, 0, &[]);
        let rows: Vec<String> = told(&output).lines().skip(1).map(str::to_owned).collect();
        rows
    };
    let fan = csv(&["--point", "crah-1/fan-speed-feedback"]);
    assert!(fan.len() > 5, "{fan:?}");
    let mut last = None;
    for row in &fan {
        let [time, point, value, unit, quality] = cells(row)[..] else { panic!("{row} has not five columns") };
        let at: jiff::Timestamp = time.parse().expect("a time");
        assert!(last.is_none_or(|last| last <= at), "{row} is out of order");
        last = Some(at);
        assert_eq!((point, unit), ("crah-1/fan-speed-feedback", "%"), "{row}");
        match quality {
            "good" => assert!(value.parse::<f64>().is_ok_and(|v| (0.0..=110.0).contains(&v)), "{row}"),
            "bad" => assert_eq!(value, "", "what is not known has no value: {row}"),
            other => assert_eq!(other, "stale", "{row}"),
        }
    }
    let middle = cells(&fan[fan.len() / 2])[0].to_owned();
    let (to, from) = (["--to", &middle], ["--from", &middle]);
    let early = csv(&[&["--point", "crah-1/fan-speed-feedback"][..], &to[..]].concat());
    let late = csv(&[&["--point", "crah-1/fan-speed-feedback"][..], &from[..]].concat());
    assert!(!early.is_empty() && !late.is_empty() && early.len() < fan.len() && late.len() < fan.len());
    assert!(early.len() + late.len() >= fan.len(), "{} and {} of {}", early.len(), late.len(), fan.len());
    let two = csv(&["--point", "crah-1/valve-feedback", "--point", "rack-a01/power"]);
    assert!(two.iter().all(|r| r.contains("crah-1/valve-feedback,") || r.contains("rack-a01/power,")));
    let file = rig.file("out.csv");
    let output = wattloop(&["export", &history, "--point", "crah-1/fan-speed-feedback", "--out", &file, "--json"]);
    let counted: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(counted["values"].as_u64(), u64::try_from(fan.len()).ok(), "{counted}");
    ends(&wattloop(&["export", &history, "--out", &file]), 73, &["out.csv"]);
    ends(&wattloop(&["export", &history, "--point", "crah-1/fanspeed"]), 1, &["did you mean `crah-1/fan-speed`?"]);
    ends(&wattloop(&["export", &history, "--from", "yesterday"]), 2, &["--from"]);
}

#[test]
fn a_name_that_a_spreadsheet_would_compute_is_exported_as_text() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("history.db");
    let series = Series { site: "x".into(), equip: String::new(), point: "=1+1".into(), unit: Unit::Watt };
    let bounds = Bounds { max_bytes: 1 << 30, max_age: Span::from_secs(86_400) };
    let mut store = Store::open(&path, &[series], bounds).expect("a store");
    let (dropped, written) = store.write(&[Row { series: 0, ts: 1_769_817_600_123, value: 1.5, quality: 192 }]);
    assert!(dropped == 0 && written.is_ok());
    store.pack().expect("packed");
    drop(store);
    let output = wattloop(&["export", &path.display().to_string()]);
    ends(&output, 0, &["2026-01-31T00:00:00.123Z,'=1+1,1.5,W,good\r\n"]);
}
