//! A hall checked out over real wires: what is wrong fails by name, everything else passes, and the sheet is what was signed.

use std::fs;

use plant::time::Span;
use serde_json::Value;
use sim::faults::Fault;

use super::rig::{Rig, code, ends, told};

const LOOKED_AT: [&str; 4] = ["crah-1", "crah-2/*-air-temp", "crah-3/valve", "rack-a0*"];
/// What is broken, and the rows that must fail for it.
const BROKEN: [(&str, &str); 4] = [
    ("crah-2/supply-air-temp swapped crah-2/return-air-temp", "crah-2/supply-air-temp"),
    ("crah-2/return-air-temp swapped crah-2/supply-air-temp", "crah-2/return-air-temp"),
    ("rack-a03/inlet-air-temp offset -3", "rack-a03/inlet-air-temp"),
    ("crah-3/valve jammed", "crah-3/valve"),
];

#[test]
fn what_is_wrong_fails_by_name_and_the_sheet_says_so() {
    let rig = Rig::new("air");
    let mut run = rig.running(&[]);
    rig.wait("the loops lead", |rig| rig.json(&["why", "crah-1/valve"])["level"] == 16);
    for (fault, _) in BROKEN {
        let fault = Fault::parse(&rig.hall(), fault).expect("a fault");
        rig.stage.hall.stage().world.inject(fault);
    }
    rig.wait("the swapped sensors are read", |rig| !doubts(rig, "crah-2/supply-air-temp").is_empty());
    let plan = rig.text(&["checkout", "crah-1", "--dry-run", "--force", "--fail-safe", "--reason", "x"]);
    assert!(
        plan.contains("read bms unit 1, holding 3 (40004); move by 10 % and back") && plan.contains("100.0 %?"),
        "{plan}"
    );
    ends(&rig.ask(&["checkout", "crah-9"]), 1, &["no point or equipment `crah-9`", "did you mean `crah-"]);

    let (sheet, key) = (rig.file("hall.csv"), rig.file("technician.key"));
    ends(&rig.ask(&["checkout", "--sheet", &sheet]), 2, &["--key", "--by"]);
    let (ok, trust) = (rig.text(&["checkout", "--new-key", &key]), format!("{key}.pub"));
    assert!(ok.contains("its public half is"), "{ok}");
    let looked = look(&rig, &[]);
    let failed: Vec<&str> = looked.iter().filter(|row| row["verdict"] == "fail").map(name).collect();
    let mut wanted = BROKEN.map(|(_, row)| row);
    wanted.sort_by_key(|row| looked.iter().position(|found| name(found) == *row));
    assert_eq!(failed, wanted, "{looked:#?}");
    let open = looked.iter().filter(|row| row["verdict"] == "open" && !row["reference"].is_null());
    assert_eq!(open.map(name).collect::<Vec<_>>(), [""; 0], "what was compared is not left open");
    let row = |point: &str| looked.iter().find(|row| name(row) == point).expect("a row");
    let valve = row("crah-1/valve");
    assert!(valve["verdict"] == "pass" && valve["followed_after_s"].as_f64().is_some_and(|s| s > 0.0), "{valve}");
    assert!(valve["raw"].as_str().is_some_and(|raw| raw.starts_with("0x")), "{valve}");
    assert!(remarks(row("crah-2/supply-air-temp")).contains("swapped?"), "{looked:#?}");
    assert!(remarks(row("rack-a03/inlet-air-temp")).contains("below the reference"));
    assert!(remarks(row("crah-3/valve")).contains("what it moves did not follow"), "{}", row("crah-3/valve"));

    let verify = |args: &[&str]| rig.ask(&[&["checkout", "--verify", &sheet], args].concat());
    ends(&verify(&["--trust", &trust]), 0, &["intact", "signed by the key you trust"]);
    let text = fs::read_to_string(&sheet).expect("the sheet");
    let line = text.lines().position(|line| line.contains(",fail,")).expect("a failed row") + 1;
    fs::write(&sheet, text.replacen(",fail,", ",pass,", 1)).expect("forged");
    ends(&verify(&[]), 65, &[&format!("hall.csv:{line}: this line is not as it was signed")]);
    ends(
        &rig.ask(&[&["checkout", "--resume", "--sheet", &sheet, "--key", &key, "--by", "B."], &LOOKED_AT[..]].concat()),
        65,
        &["not as it was signed"],
    );
    fs::write(&sheet, &text).expect("as it was");
    fs::rename(format!("{sheet}.sig"), rig.file("away")).expect("moved");
    ends(&verify(&[]), 65, &["nothing is signed without it"]);
    fs::rename(rig.file("away"), format!("{sheet}.sig")).expect("moved back");

    rig.stage.hall.stage().world.clear_all();
    // A sensor takes its time to come back.
    rig.wait("all is mended", |rig| {
        BROKEN.iter().filter(|(_, row)| row.ends_with("temp")).all(|(_, row)| is_right(rig, row))
    });
    let again = look(&rig, &["--resume"]);
    assert_eq!(again.len(), looked.len());
    let failed: Vec<&Value> = again.iter().filter(|row| row["verdict"] == "fail").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let after = again.iter().find(|row| name(row) == "crah-1/valve").expect("a row");
    assert_eq!(after, valve, "what has passed is not looked at again");
    assert!(again.iter().any(|row| name(row) == "crah-3/valve" && row["verdict"] == "pass"), "{again:#?}");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    assert!(run.log().contains("points passed, 4 failed"), "it is told: {}", run.log());
    ends(&super::rig::wattloop(&["replay", &rig.file("journal.db")]), 0, &[]);
}

/// Checks out with what an instrument beside each sensor shows now.
fn look(rig: &Rig, more: &[&str]) -> Vec<Value> {
    let reference = rig.file("shown.csv");
    let (sheet, key) = (rig.file("hall.csv"), rig.file("technician.key"));
    fs::write(&reference, shown(rig)).expect("written");
    let acts = ["--force", "--within", "25s", "--reason", "handover", "--by", "A. Technician", "--json"];
    let files = ["--reference", &reference, "--sheet", &sheet, "--key", &key];
    let output = rig.ask(&[&["checkout"], &LOOKED_AT[..], &acts, &files, more].concat());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(&output)));
    let failed = found["failed"].as_u64().expect("a number");
    assert_eq!(code(&output), i32::from(failed > 0), "{found}");
    found["rows"].as_array().expect("rows").clone()
}

/// The truth behind every sensor of the hall's kinds, as a good instrument shows it.
fn shown(rig: &Rig) -> String {
    let (hall, stage) = (rig.hall(), rig.stage.hall.stage());
    let sensors = hall.points.iter().filter(|(_, def)| def.write.is_none() && !def.monitored_only);
    let line = |(id, def): (_, &plant::point::PointDef)| {
        let tolerance = if def.unit == plant::units::Unit::Cel { "1.5" } else { "" };
        Some(format!("{},{},{tolerance}\n", def.name, stage.world.truth(id)?))
    };
    format!("point,value,tolerance\n{}", sensors.filter_map(line).collect::<String>())
}

fn name(row: &Value) -> &str {
    row["point"].as_str().expect("a name")
}

fn remarks(row: &Value) -> &str {
    row["remarks"].as_str().expect("a text")
}

/// True where a sensor reads what is there.
fn is_right(rig: &Rig, point: &str) -> bool {
    let id = rig.hall().point(point).expect("a point");
    let truth = rig.stage.hall.stage().world.truth(id).expect("modelled");
    let points = rig.json(&["points", point]);
    points[0]["value"].as_f64().is_some_and(|read| (read - truth).abs() < 0.5)
}

/// What cannot be of one point, as a bare look tells.
fn doubts(rig: &Rig, point: &str) -> String {
    let output = rig.ask(&["checkout", point, "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    found["rows"][0]["remarks"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_device_that_does_nothing_by_itself_is_found_and_one_that_does_is_proved() {
    let rig = Rig::new("bench");
    let mut run = rig.running(&[]);
    let fan = "fan-1/fan-speed";
    rig.wait("the fan is led by its loop", |rig| {
        let why = rig.json(&["why", fan]);
        why["level"] == 16 && why["value"].as_f64().is_some_and(|at| at < 80.0)
    });
    let equip = rig.hall().equip("fan-1").expect("the fan");
    let look = || {
        let args = ["checkout", "fan-1", "--fail-safe", "--settle", "15s", "--reason", "handover", "--json"];
        let output = rig.ask(&args);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(&output)));
        found["rows"].as_array().expect("rows").iter().find(|row| row["point"] == fan).expect("the fan").clone()
    };
    // Its own watchdog is broken: it holds what it was told for ever.
    rig.stage.hall.stage().world.set_patience(equip, Span::from_secs(1_000_000));
    let row = look();
    assert_eq!((&row["verdict"], &row["failsafe_proof"]), (&"fail".into(), &"not there".into()), "{row}");
    assert!(remarks(&row).contains("its fail-safe did not come: fan-1/fan-speed-feedback reports"), "{row}");
    rig.wait("it is under control again", |rig| rig.json(&["why", fan])["level"] == 16);
    rig.stage.hall.stage().world.set_patience(equip, Span::from_secs(15));
    let row = look();
    assert_eq!((&row["verdict"], &row["failsafe_proof"]), (&"pass".into(), &"proved".into()), "{row}");
    assert!(row["failsafe_seen"].as_f64().is_some_and(|at| at > 95.0), "{row}");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&super::rig::wattloop(&["replay", &rig.file("journal.db")]), 0, &[]);
}
