//! A hall over real sockets in lockstep is the hall in process, but for what registers round away; every shipped site can be served.
#![cfg(feature = "sim")]

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn wattloop(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wattloop"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Both runs of a hall; what is in the summary.
fn lockstep(hall: &str, length: &str) -> Value {
    broken(hall, length, &[])
}

/// The same while something breaks.
fn broken(hall: &str, length: &str, faults: &[&str]) -> Value {
    let mut args = vec!["sim", "lockstep", hall, "--for", length, "--json"];
    args.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
    let output = wattloop(&args);
    assert!(output.status.success(), "{hall}: {}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{hall}: {e}: {}", told(&output)))
}

#[test]
fn every_shipped_hall_is_the_same_over_the_wire() {
    for (hall, _) in plant::shipped::HALLS {
        // The economiser of `rear-door` is switched at 72 s by a threshold: a register's rounding moves that by seconds.
        let ticks = if *hall == "rear-door" { 60 } else { 90 };
        let summary = lockstep(hall, &format!("{ticks}s"));
        assert_eq!(summary["ticks"], ticks, "{hall}");
        // Each tick polls every gateway twice, once after the writes and once after the step.
        assert!(summary["requests"].as_u64() > Some(2 * ticks), "{hall}: {summary}");
        let apart = summary["apart"].as_object().unwrap_or_else(|| panic!("{hall}: {summary}"));
        for unit in ["Cel", "%", "W", "W.h"] {
            let by = apart.get(unit).and_then(|a| a["by"].as_f64());
            let units_of_bench = *hall != "bench" || unit != "Cel";
            assert!(by.is_some() || !units_of_bench, "{hall} has points in {unit}: {summary}");
        }
    }
}

#[test]
fn racks_speak_by_messages_in_every_tick() {
    let summary = lockstep("air", "30s");
    let (ticks, racks) = (30, 40);
    assert!(summary["messages"].as_u64() >= Some(ticks * racks), "{summary}");
}

#[test]
fn every_shipped_configuration_is_sound_and_binds_every_point_of_its_hall() {
    for (hall, _) in plant::shipped::HALLS {
        let output = wattloop(&["check", "--config", &format!("config/{hall}.toml")]);
        assert!(output.status.success(), "{hall}: {}", told(&output));
        let summary = lockstep(hall, "3s");
        assert_eq!(summary["unbound"].as_array().map(Vec::len), Some(0), "{hall}: {summary}");
    }
}

/// A fault is the same fault over the wire: a message that is no number, a register that says nothing, a word with every bit set lead
/// control to the same outputs as in process. Only a message that does not come any more is noticed later there, by its age.
#[test]
fn what_breaks_breaks_alike_over_the_wire_and_in_process() {
    let faults = [
        "20s rack-a05/inlet-air-temp nan",
        "30s rack-b03/inlet-air-temp stuck",
        "40s crah-1 fan-failed",
        "50s crah-2/supply-air-temp all-ones",
        "60s crah-5/supply-air-temp zero-frame",
        "70s crah-4/fan-speed-feedback stuck",
        "80s crah-6/supply-air-temp nan",
    ];
    let (calm, summary) = (lockstep("air", "4min"), broken("air", "4min", &faults));
    let fans = |summary: &Value| summary["outputs"]["crah-3/fan-speed"].as_f64().expect("an output");
    assert!(fans(&summary) > fans(&calm) + 5.0, "a lost fan shows: {} and {}", fans(&calm), fans(&summary));
    let wrong = wattloop(&["sim", "lockstep", "bench", "--fault", "soon heater/inlet-air-temp lost"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", told(&wrong));
    let wrong = wattloop(&["sim", "lockstep", "bench", "--fault", "3s heater/inlet-air-temp melted"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", told(&wrong));
}
