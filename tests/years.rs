//! Years and halls of another size, from outside.
#![cfg(feature = "sim")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn wattloop(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wattloop"))
        .args(args)
        .current_dir(folder)
        .env_remove("WATTLOOP_CONFIG")
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_day_of_january_costs_more_where_it_is_hot() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let args = ["sim", "year", "air", "air-dx", "--climate", "hot-humid", "--climate", "cold", "--for", "1d", "--json"];
    let output = wattloop(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let lines: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |hall: &str, climate: &str, key: &str| -> f64 {
        let line = lines.iter().find(|l| l["hall"] == hall && l["climate"] == climate).expect("a line");
        line[key].as_f64().unwrap_or_else(|| panic!("{hall} in {climate} has no {key}: {line}"))
    };
    for (hall, it) in [("air", 19.2), ("air-dx", 15.4)] {
        for climate in ["hot-humid", "cold"] {
            let told = |key: &str| of(hall, climate, key);
            assert!((told("it_mwh") / it - 1.0).abs() < 0.05, "{hall} {climate}: {} MWh of IT", told("it_mwh"));
            assert!((told("facility_mwh") / told("it_mwh") - told("pue")).abs() < 1e-9, "{hall} {climate}");
            assert!(told("facility_mwh") > told("it_mwh") + told("cooling_mwh"), "{hall} {climate}");
            assert!(told("peak_15min_kw") >= told("facility_mwh") * 1e3 / 24.0, "{hall} {climate}");
            assert!(told("worst_inlet_celsius") < 27.0, "{hall} {climate}");
        }
        for key in ["pue", "cooling_mwh", "compressor_hours"] {
            assert!(of(hall, "hot-humid", key) > of(hall, "cold", key), "{hall}: {key} in {lines:?}");
        }
    }
    assert!(of("air", "hot-humid", "water_m3") > 10.0 && of("air-dx", "hot-humid", "water_m3") == 0.0, "{lines:?}");
}

#[test]
fn a_day_of_tanks_costs_less_under_control_and_keeps_their_liquid() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let args = ["sim", "year", "immersion-two-phase", "--climate", "hot-humid", "--for", "1d", "--json"];
    let output = wattloop(folder.path(), &[args.as_slice(), &["--by", "fixed", "--by", "wattloop"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let lines: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |by: &str, key: &str| -> f64 {
        let line = lines.iter().find(|line| line["by"] == by).expect("a line");
        line[key].as_f64().unwrap_or_else(|| panic!("{by} has no {key}: {line}"))
    };
    assert!(of("wattloop", "facility_mwh") < 0.995 * of("fixed", "facility_mwh"), "{lines:?}");
    assert!(of("wattloop", "least_level_percent") > 99.0, "{lines:?}");
    // What boils off is what makes a year of the panels look thrifty in the end.
    assert!(of("fixed", "least_level_percent") < 98.5, "{lines:?}");
}

#[test]
fn a_climate_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let output = wattloop(folder.path(), &["sim", "year", "bench", "--climate", "hot-drye"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("hot-dry"), "{}", told(&output));
}

#[test]
fn a_scaled_hall_is_a_hall_that_is_checked_and_run() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let output = wattloop(folder.path(), &["sim", "scale", "air", "--racks", "60", "--out", "big"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    std::fs::write(folder.path().join("big/site.toml"), "hall = \"air-60.toml\"\n").expect("a file");
    let output = wattloop(folder.path(), &["check", "--config", "big/site.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("hall air-60"), "{}", told(&output));
    let output = wattloop(folder.path(), &["sim", "run", "big/air-60-hour.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("PASS air-60-hour"), "{}", told(&output));
    let output = wattloop(folder.path(), &["sim", "scale", "air", "--racks", "1", "--out", "small"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
}
