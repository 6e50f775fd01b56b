//! Windows of civil time: a simulated night with its journal, and the command line.
#![cfg(feature = "sim")]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use plant::event::What;
use plant::hall::Hall;
use plant::image::Inputs;
use plant::time::{Mono, Span, Tick, Wall};
use serde_json::{Value, json};
use sim::World;
use wattloop::control::{Controller, sentence};
use wattloop::service::journal::{Header, Journal, Options};
use wattloop::service::replay::replay;

const WINDOWS: &str = r#"
[[window]]
name = "night"
zone = "Europe/Berlin"
hours = ["22:00-06:00"]

[[window]]
name = "early"
zone = "Europe/Berlin"
hours = ["02:15-02:45"]
"#;

/// The bench with windows.
fn text() -> String {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
    format!("{text}{WINDOWS}")
}

fn hall(header: &Header) -> Result<Arc<Hall>, String> {
    Hall::load(&header.hall.0, &header.hall.1).map(Arc::new).map_err(|faults| faults.to_string())
}

fn at(text: &str) -> Wall {
    Wall(text.parse::<jiff::Timestamp>().expect("a time").as_millisecond())
}

/// Runs the simulated bench up to a time; what is told of windows, with the time of day in UTC.
fn run(path: &Path, (from, to): (Wall, Wall), doubted: (Wall, Wall)) -> Vec<String> {
    let header = Header { hall: ("bench.toml".to_owned(), text()), program: "test".to_owned(), ..Header::default() };
    // A simulated night takes a second: its record waits for the disk, and nothing of it is given up.
    let options = Options { queue_bytes: 1 << 30, ..Options::default() };
    let (mut journal, recovered) = Journal::open(path, &header, options).expect("opens");
    let hall = hall(&header).expect("loads");
    let (_, physics) = sim::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
    let mut world = World::load(&hall, "bench", physics).expect("a world");
    let left = wattloop::service::replay::resume(&Arc::clone(&hall).into(), &recovered, self::hall);
    let mut controller: Controller = left.controller;
    let dt = Span::from_secs(10);
    let mut tick = Tick { dt, wall: from, clock_trusted: true, boot: recovered.boot, ..Tick::default() };
    let mut inputs = Inputs::of(&hall);
    let mut told = Vec::new();
    while tick.wall < to {
        tick.clock_trusted = !(doubted.0..doubted.1).contains(&tick.wall);
        if journal.snapshot_due(tick) {
            journal.record_snapshot(tick, controller.state());
        }
        let outputs = controller.step(&inputs, tick);
        journal.record_scan(tick, &inputs, outputs);
        let utc = jiff::Timestamp::from_millisecond(tick.wall.0).expect("a time").strftime("%H:%M");
        for event in outputs.events.iter().filter(|event| matches!(event.what, What::Window(_))) {
            told.push(format!("{utc} {} {}", event.subject(&hall), sentence::event(&hall, event)));
        }
        inputs = world.step(outputs, tick);
        (tick.seq, tick.mono, tick.wall) = (tick.seq + 1, tick.mono.after(dt), Wall(tick.wall.0 + 10_000));
    }
    assert!(tick.mono > Mono(0));
    journal.close();
    told
}

#[test]
fn a_simulated_night_is_told_and_replays_to_the_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    let never = (Wall(0), Wall(0));
    // The night in which clocks go back from 03:00 to 02:00, with a restart at four in the morning, for a minute.
    let evening = run(&path, (at("2026-10-24T19:55:00Z"), at("2026-10-25T03:00:00Z")), never);
    let morning = run(
        &path,
        (at("2026-10-25T03:01:00Z"), at("2026-10-25T05:05:00Z")),
        (at("2026-10-25T04:00:00Z"), at("2026-10-25T04:30:00Z")),
    );
    assert_eq!(
        evening,
        [
            "20:00 night is open until 2026-10-25 06:00 +01:00",
            "00:15 early is open until 2026-10-25 02:45 +02:00",
            "00:45 early is shut until 2026-10-25 02:15 +01:00",
            "01:15 early is open until 2026-10-25 02:45 +01:00",
            "01:45 early is shut until 2026-10-26 02:15 +01:00",
        ]
    );
    assert_eq!(
        morning,
        [
            "04:00 bench has no window open: the wall clock is not trusted",
            "04:00 night counts as shut: the wall clock is not trusted",
            "04:30 bench knows by the wall clock again which windows are open",
            "04:30 night is open until 2026-10-25 06:00 +01:00",
            "05:00 night is shut until 2026-10-25 22:00 +01:00",
        ],
        "what was open is not told again after the restart"
    );
    let report = replay(&path, hall).expect("replays");
    assert_eq!((report.boots, report.gaps, report.first_difference.clone()), (2, 0, None));
    assert!(report.faithful(), "{report:?}");
}

fn wattloop(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    command.args(args).current_dir(folder).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn openings_are_shown_for_programs_with_what_the_clock_does() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hall.toml"), text()).expect("written");
    let show = |args: &[&str]| {
        let output = wattloop(folder.path(), &[&["windows", "show", "hall.toml", "--json"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let autumn = show(&["--on", "2026-10-25"]);
    assert_eq!(
        autumn[0]["openings"][0],
        json!({
            "from": "Sat 2026-10-24 22:00 +02:00", "to": "Sun 2026-10-25 06:00 +01:00",
            "from_utc": "2026-10-24T20:00:00Z", "to_utc": "2026-10-25T05:00:00Z",
            "hours": 9.0, "remark": "one hour longer: clocks go back"
        })
    );
    assert_eq!(autumn[1]["openings"].as_array().map(Vec::len), Some(2), "the clock shows it twice: {autumn}");
    let change = "at 2026-10-25T01:00:00Z the clock goes back by one hour, to Sun 2026-10-25 02:00 +01:00";
    assert_eq!(autumn[1]["changes"], json!([change]));
    let spring = show(&["--on", "2026-03-29"]);
    assert_eq!(spring[0]["openings"][0]["remark"], "one hour shorter: clocks go forward");
    assert_eq!((&spring[1]["openings"], &spring[1]["next"]), (&json!([]), &json!("Mon 2026-03-30 02:15 +02:00")));
    let tokyo = show(&["--on", "2026-10-25", "--zone", "Asia/Tokyo"]);
    assert_eq!(tokyo[0]["openings"][0]["from"], "Sun 2026-10-25 05:00 +09:00");
    assert_eq!(tokyo[0]["zone"], "Europe/Berlin", "whose clock decides");
}

#[test]
fn what_cannot_be_shown_is_told_with_a_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hall.toml"), text()).expect("written");
    std::fs::write(folder.path().join("bad.toml"), text().replace("22:00-06:00", "22:00-26:00")).expect("written");
    let always =
        text().replace("22:00-06:00", "00:00-24:00").replace("02:15-02:45\"]", "02:00-03:00\"]\ndays = [\"holiday\"]");
    std::fs::write(folder.path().join("always.toml"), always).expect("written");
    let on = ["--on", "2026-10-25"];
    for (args, exit, words) in [
        (vec!["gone.toml"], 78, "gone.toml: cannot be read"),
        (vec!["bad.toml"], 78, "must be a list with only times of day"),
        (vec!["bench"], 1, "the hall `bench` has no windows"),
        (vec!["hall.toml", "--zone", "Mars/Olympus"], 2, "`Mars/Olympus` is no time zone"),
        (vec!["hall.toml", "--days", "0"], 2, "1..=400"),
        (vec!["--config", "gone.toml"], 78, "gone.toml"),
        (vec!["always.toml"], 0, "further than 40 days"),
        (vec!["always.toml"], 0, "shut on these days, and within 400 more"),
    ] {
        let output = wattloop(folder.path(), &[&["windows", "show"], &on[..], &args].concat());
        assert_eq!(output.status.code(), Some(exit), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{args:?}: {}", said(&output));
    }
    let nobody = wattloop(folder.path(), &["windows", "wait", "night", "--socket", "gone.sock"]);
    assert_eq!(nobody.status.code(), Some(69), "{}", said(&nobody));
}
