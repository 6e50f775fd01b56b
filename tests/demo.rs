//! What a newcomer runs, and what it promises: a minute over real wires, the same minute replayed, a day that repeats itself.
#![cfg(feature = "sim")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sim_nvml::Board;

fn wattloop(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wattloop"))
        .args(arguments)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

#[test]
fn a_minute_of_the_demo_ends_with_its_figures_and_replays_to_the_bit() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let summary = json(&wattloop(folder.path(), &["demo", "--for", "60s", "--json"]));
    let number = |key: &str| summary[key].as_f64().unwrap_or_else(|| panic!("{key} in {summary}"));
    assert!(number("scans") >= 50.0, "{summary}");
    assert!(summary["overruns"].is_u64(), "{summary}");
    assert!((15.0..32.0).contains(&number("worst_inlet_celsius")), "{summary}");
    assert!((0.9..=1.0).contains(&number("pue_1m_coverage")), "{summary}");
    assert!((1.0..1.5).contains(&number("pue_1m")), "{summary}");
    assert!(number("facility_kwh") > number("it_kwh") && number("it_kwh") > 5.0, "{summary}");
    let plant = &summary["plants"][0];
    assert_eq!(
        (&plant["name"], &plant["rule"]),
        (&"chw".into(), &"sequence".into()),
        "taken over within the minute: {summary}"
    );
    assert!(number("modbus_requests") > 500.0, "{summary}");
    assert_eq!(number("modbus_errors"), 0.0, "{summary}");
    let journal = summary["journal"].as_str().expect("a path");
    let replay = json(&wattloop(folder.path(), &["replay", journal, "--json"]));
    let compared = replay["scans"].as_u64().zip(replay["answers"].as_u64()).map(|(scans, answers)| scans + answers);
    assert_eq!(replay["identical"].as_u64(), compared, "{replay}");
    assert_eq!(replay["scans"].as_f64(), Some(number("scans")), "every scan is in the record");
}

#[test]
fn twenty_runs_of_one_seed_are_one_run_and_another_seed_is_another() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let run = |arguments: &[&str]| json(&wattloop(folder.path(), arguments))["trace"].as_str().map(str::to_owned);
    let twenty = run(&["sim", "run", "air", "--for", "5min", "--seed", "3", "--runs", "20", "--json"]);
    assert!(twenty.is_some());
    assert_eq!(run(&["sim", "run", "air", "--for", "5min", "--seed", "3", "--json"]), twenty);
    assert_ne!(run(&["sim", "run", "air", "--for", "5min", "--seed", "4", "--json"]), twenty);
}

#[test]
fn every_shipped_hall_lives_through_a_simulated_day_within_its_limits() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (hall, text) in plant::shipped::HALLS {
        let of = plant::hall::Hall::load(hall, text).expect("it loads");
        let day = json(&wattloop(folder.path(), &["sim", "run", hall, "--for", "24h", "--period", "2s", "--json"]));
        // A hall of tanks has no inlets.
        if !of.rows.is_empty() {
            let worst = day["worst_inlet_celsius"].as_f64().expect("a temperature");
            assert!(worst < of.limits.inlet_max.0, "{hall}: {worst} °C");
        }
        let pue =
            day["pue"].as_array().and_then(|p| p.iter().find(|p| p["window"] == "24h").cloned()).expect("a day's PUE");
        let value = pue["value"].as_f64().expect("it is covered");
        assert!((1.0..1.3).contains(&value), "{hall}: PUE {value}");
    }
}

#[test]
fn the_first_line_of_the_demo_is_of_a_hall_that_draws_power() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let output = wattloop(folder.path(), &["demo", "--for", "2s"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().expect("a line");
    // Unknown is honest where nothing has been read yet; nothing drawn is not.
    assert!(first.contains("facility") && !first.contains("facility 0.0 kW"), "{text}");
}

#[test]
fn the_demos_gpus_are_found_and_capped_by_another_process() {
    let (folder, gpus) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    command.args(["demo", "--for", "12s", "--json", "--per-rack", "1", "--gpus"]).arg(gpus.path());
    command.env("TMPDIR", folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let demo = command.spawn().expect("the binary starts");
    let file = gpus.path().join("rack-a01-node-1").join("board");
    // A minute: a demo that does not begin, not a slow machine.
    let wait = |what: &str, there: &dyn Fn() -> bool| {
        let waited = (0..2400).find(|_| {
            there() || {
                std::thread::sleep(Duration::from_millis(25));
                false
            }
        });
        assert!(waited.is_some(), "{what} never came");
    };
    wait("a board", &|| Board::open(&file).is_ok_and(|board| board.loaded()));
    let board = Board::open(&file).expect("a board");
    let gpu = board.gpu(0).expect("a GPU");
    let began = gpu.readings().at_us;
    wait("a reading", &|| gpu.readings().at_us > began);
    assert!(gpu.request(gpu.life(), 250_000, std::process::id()));
    wait("less power", &|| gpu.enforced() == 250_000 && gpu.readings().instant_mw < 275_000);
    let summary = json(&demo.wait_with_output().expect("its end"));
    assert!(summary["scans"].as_u64() >= Some(5), "{summary}");
    assert!(!board.loaded(), "no driver without its hall");
}
