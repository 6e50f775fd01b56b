//! What a running service is asked, as text and as JSON, and what it refuses.

use serde_json::Value;

use super::rig::{Rig, ends};

fn has(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "no `{key}` in {value}");
    }
}

pub fn status(rig: &Rig) {
    let status = rig.json(&["status"]);
    has(&status, &["hall", "site", "scans", "wall_ms", "uptime_s", "fans", "valves", "pump", "facility_kw", "it_kw"]);
    has(&status, &["unattributed_kw", "facility_kwh", "it_kwh", "pue", "ppue_cooling", "readings", "overrides"]);
    has(&status, &["alarms", "clock_trusted"]);
    has(&status["worst_inlet"], &["rack", "celsius", "margin_k"]);
    has(&status["readings"], &["fresh", "stale", "lost"]);
    has(&status["pue"][0], &["window", "value", "lower", "upper", "coverage", "category", "validity"]);
    assert_eq!(status["fans"].as_array().map(Vec::len), Some(6));
    let page = rig.text(&["status"]);
    for word in ["air at ", " °C at rack-", " K below the limit", " kW", "kWh", "PUE", "readings", "crah-6 "] {
        assert!(page.contains(word), "no `{word}` in\n{page}");
    }
}

pub fn points(rig: &Rig) {
    let points = rig.json(&["points"]);
    let rows = points.as_array().expect("a list");
    assert_eq!(rows.len(), rig.hall().points.len());
    rows.iter().for_each(|row| has(row, &["point", "value", "unit", "quality", "why", "age_s"]));
    let unit = |point: &str| rows.iter().find(|r| r["point"] == point).map(|r| r["unit"].clone());
    assert_eq!(unit("rack-a01/inlet-air-temp"), Some("Cel".into()), "programs get UCUM");
    let page = rig.text(&["points"]);
    assert_eq!(page.lines().count(), rows.len());
    for word in [" °C ", " kW ", " kWh ", " kPa ", " h ", "good"] {
        assert!(page.contains(word), "no `{word}` in\n{page}");
    }
    for word in ["Cel", "W.h", "%{RH}"] {
        assert!(!page.contains(word), "people do not read `{word}`:\n{page}");
    }
    let some = rig.text(&["points", "crah-2/"]);
    assert!(some.lines().count() > 5 && some.lines().all(|l| l.starts_with("crah-2/")), "{some}");
    assert!(rig.text(&["points", "nobody"]).contains("no point's name holds `nobody`"));
    assert_eq!(rig.json(&["points", "nobody"]), serde_json::json!([]));
    let bad = rig.json(&["points", "--bad"]);
    assert!(bad.as_array().is_some_and(|b| b.iter().all(|p| p["quality"] != 192)), "{bad}");
}

pub fn why(rig: &Rig) {
    let report = rig.json(&["why", "crah-1/fan-speed"]);
    has(&report, &["point", "value", "unit", "level", "sentence", "entries", "limits", "control_loop"]);
    has(&report["control_loop"], &["name", "mode", "setpoint", "unit", "pv", "p", "i", "d", "ff", "output"]);
    let page = rig.text(&["why", "crah-1/fan-speed"]);
    let first = page.lines().next().unwrap_or_default();
    assert_eq!(first.matches("crah-1/fan-speed").count(), 1, "{first}");
    assert!(first.contains(" %: level "), "{first}");
    assert!(page.contains("loop row-a/fans") && page.contains("°C wanted") && !page.contains("-0.0"), "{page}");
}

/// An operator holds a fan, sees it held, and gives it back.
pub fn hold(rig: &Rig) {
    let fan = "crah-1/fan-speed";
    let said = rig.text(&["set", fan, "70", "--for", "30min", "--reason", "filter change"]);
    assert!(said.contains("crah-1/fan-speed: held for 30min; ends by itself at "), "{said}");
    rig.wait("the override on the wire", |rig| {
        rig.held().iter().any(|(name, _, at)| name == fan && (at - 70.0).abs() < 0.06)
    });
    let report = rig.json(&["why", fan]);
    assert_eq!(report["level"], 8, "{report}");
    has(&report["entries"][0], &["level", "owner", "value", "reason", "remaining_s"]);
    let page = rig.text(&["why", fan]);
    assert!(page.contains(" more: filter change") && page.contains("70.0 % by operator uid:"), "{page}");
    let page = rig.text(&["status"]);
    assert!(page.contains("crah-1/fan-speed held at 70.0 % by uid:") && page.contains(": filter change"), "{page}");
    has(&rig.json(&["status"])["overrides"][0], &["point", "value", "unit", "level", "who", "reason", "remaining_s"]);
    let said = rig.text(&["release", fan]);
    assert!(said.contains("level 8 lets go of crah-1/fan-speed"), "{said}");
    rig.wait("the release", |rig| rig.json(&["why", fan])["level"] != 8);
    has(&rig.json(&["set", fan, "70", "--reason", "again"])["Accepted"], &["expires", "note"]);
    has(&rig.json(&["release", "--all", "--yes"])["Accepted"], &["expires", "note"]);
}

/// A person tries a loop, sees it tried, and gives its output back.
pub fn commissioning(rig: &Rig) {
    let valve = "crah-1/valve";
    ends(&rig.ask(&["tune", valve]), 1, &["no loop has been on trial", "wattloop step-test"]);
    ends(&rig.ask(&["tune", valve, "--revert"]), 1, &["nothing to", "wattloop status"]);
    ends(&rig.ask(&["tune", valve, "--apply"]), 2, &["--reason"]);
    ends(&rig.ask(&["step-test", valve]), 2, &["--low"]);
    let test = |of: &str, size: &str| {
        let limits = ["--low", "2", "--high", "60", "--reason", "checkout", "--no-wait"];
        rig.ask(&[&["step-test", of, "--size", size], &limits[..]].concat())
    };
    ends(&test("crah-1/valv", "10"), 1, &["no loop `crah-1/valv`", "did you mean `crah-1/valve`?"]);
    rig.wait("a trial", |_| ["10", "-10"].iter().any(|size| test(valve, size).status.success()));
    ends(&test(valve, "10"), 1, &["another trial runs"]);
    let status = rig.json(&["status"]);
    assert_eq!(status["trial"]["loop"], valve, "{status}");
    has(&status["trial"], &["how", "unit", "stage", "end", "because", "gone_s", "began_ms"]);
    assert!(rig.text(&["status"]).contains("TRIAL          crah-1/valve is resting"), "{status}");
    rig.wait("level 9", |rig| rig.json(&["why", valve])["level"] == 9);
    assert!(rig.text(&["why", valve]).contains("a trial moves it, to tune its loop"));
    assert!(rig.text(&["tune", valve]).contains("nothing is proposed: it is not over"));
    ends(&rig.ask(&["tune", valve, "--apply", "--reason", "x"]), 1, &["it is not over"]);
    assert!(rig.text(&["step-test", "--end"]).contains("goes back to the loop"));
    rig.wait("its end", |rig| rig.json(&["status"])["trial"].is_null());
    rig.wait("the loop leads", |rig| rig.json(&["why", valve])["level"] == 16);
    assert!(rig.text(&["tune", valve]).contains("over: a person ended it"));
    ends(&rig.ask(&["step-test", "--end"]), 1, &["nothing to"]);
    let loops = rig.json(&["loops", "--hours", "1"]);
    assert_eq!(loops.as_array().map(Vec::len), Some(rig.hall().loops.len()), "{loops}");
    has(&loops[0], &["loop", "hours", "led_percent", "unit", "iae", "mean_error", "travel_per_h", "reversals_per_h"]);
    assert!(rig.text(&["loops"]).lines().any(|line| line.starts_with("crah-1/valve ")));
    ends(&rig.ask(&["loops", "--hours", "25"]), 2, &["25"]);
}

/// Every refusal: what was asked, the exit code, and what has to be said.
const REFUSED: &[(&[&str], i32, &[&str])] = &[
    (&["why", "crah-1/fanspeed"], 1, &["no point `crah-1/fanspeed`", "did you mean `crah-1/fan-speed`?"]),
    (&["why", "rack-a01/inlet-air-temp"], 1, &["is measured; only outputs have a reason"]),
    (&["why", "fan"], 2, &["`fan` is no point"]),
    (&["why", "crah 1/fan speed"], 2, &["is no name"]),
    (&["set", "crah-1/fanspeed", "60", "--reason", "x"], 1, &["did you mean `crah-1/fan-speed`?"]),
    (&["set", "crah-1/fan-speed", "180", "--reason", "x"], 1, &["between 20 and 100"]),
    (&["set", "crah-1/fan-speed", "-5", "--reason", "x"], 1, &["between 20 and 100"]),
    (&["set", "crah-1/fan-speed", "NaN", "--reason", "x"], 2, &["is no value"]),
    (&["set", "crah-1/fan-speed", "60", "--reason", "  "], 1, &["needs a reason"]),
    (&["set", "crah-1/fan-speed", "60"], 2, &["--reason"]),
    (&["set", "crah-1/fan-speed", "60", "--reason", "x", "--for", "25h"], 1, &["at most 24 h"]),
    (&["set", "crah-1/fan-speed", "60", "--reason", "x", "--for", "0s"], 1, &["longer than nothing"]),
    (&["set", "crah-1/fan-speed", "60", "--reason", "x", "--for", "soon"], 2, &["5min"]),
    (&["set", "rack-a01/inlet-air-temp", "20", "--reason", "x"], 1, &["measured", "set a command"]),
    (&["release", "crah-1/fan-speed"], 1, &["nothing to release", "wattloop why"]),
    (&["release", "crah-1/fan-speed", "--level", "18"], 2, &["18"]),
    (&["release", "--all"], 2, &["--yes"]),
    (&["ack", "inlet-hig"], 1, &["no alarm `inlet-hig`", "did you mean `inlet-high`?"]),
    (&["ack", "inlet-high"], 1, &["nothing to", "wattloop status"]),
    (&["ack", "inlet-high", "--reset"], 1, &["nothing to"]),
];

pub fn refusals(rig: &Rig) {
    for (args, exit, words) in REFUSED {
        ends(&rig.ask(args), *exit, words);
        let output = rig.ask(&[*args, &["--json"]].concat());
        ends(&output, *exit, &[]);
        // What clap refuses never reaches the program; it stays text.
        if let Ok(told) = serde_json::from_slice::<Value>(&output.stderr) {
            has(&told, &["exit", "code", "message", "help"]);
            assert_eq!(told["exit"], *exit, "{told}");
        } else {
            assert_eq!(*exit, 2, "{args:?} gave no JSON");
        }
    }
}
