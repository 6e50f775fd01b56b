//! Replay of a small machine: identical when it is the same, and the first difference named when it is not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plant::command::{Command, Level, Reason};
use plant::event::{About, Event, Severity, What};
use plant::id::{Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::plan::{Arrived, Planned};
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span, Tick, Wall};
use wattloop::service::journal::{DecisionHash, Header, Journal, Options, hash_of};
use wattloop::service::replay::{Machine, ReplayError, replay_with};

/// An integrator whose gain stands in the header.
struct Toy {
    gain: f64,
    sum: f64,
    outputs: Outputs,
    /// A fault of another version: it tells one event less.
    mute: bool,
}

impl Toy {
    fn new(header: &Header) -> Result<Self, String> {
        let gain = header.hall.1.parse().map_err(|_| format!("`{}` is no gain", header.hall.1))?;
        Ok(Self { gain, sum: 0.0, outputs: Outputs::default(), mute: false })
    }
}

impl Machine for Toy {
    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.sum = postcard::from_bytes(state).map_err(|e| e.to_string())?;
        Ok(())
    }

    fn step(&mut self, inputs: &Inputs, tick: Tick) -> &Outputs {
        for sample in inputs.samples.rows() {
            self.sum += sample.value.unwrap_or(-1.0) * self.gain * tick.dt.seconds();
        }
        self.sum +=
            inputs.plan.as_ref().map_or(0.0, |plan| plan.level + plan.slots.iter().map(|slot| slot.gives).sum::<f64>());
        let command = |n| Command {
            point: PointId::from_index(n),
            value: if n == 1 { self.sum } else { 100.0 },
            level: Level::Control,
            reason: Reason::Relinquished,
        };
        self.outputs.commands = (0..3).map(command).collect();
        let event = Event { at: tick.mono, severity: Severity::Info, about: About::Hall, what: What::Started };
        self.outputs.events = if tick.seq.is_multiple_of(7) && !self.mute { vec![event] } else { Vec::new() };
        &self.outputs
    }

    fn answer(&mut self, request: &[u8], _tick: Tick) -> Result<DecisionHash, String> {
        let more: f64 = postcard::from_bytes(request).map_err(|e| e.to_string())?;
        self.sum += more;
        Ok(hash_of(&self.sum))
    }

    fn state(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.sum).expect("a number")
    }

    fn name(&self, point: PointId) -> String {
        format!("point-{}", point.index())
    }
}

fn header(gain: &str) -> Header {
    Header { hall: ("toy".into(), gain.into()), ..Header::default() }
}

/// One boot of `scans` scans with a snapshot every twenty and an answer every nine.
fn boot(path: &Path, gain: &str, scans: u64) {
    let options = Options { snapshot_every: Span::from_secs(20), ..Options::default() };
    let (mut journal, recovered) = Journal::open(path, &header(gain), options).expect("opens");
    let mut toy = Toy::new(&header(gain)).expect("a gain");
    if let Some(snapshot) = &recovered.snapshot {
        toy.restore(&snapshot.state).expect("readable");
    }
    let mut inputs = Inputs::unread(5);
    let mut tick = Tick { dt: Span::from_secs(1), boot: recovered.boot, ..Tick::default() };
    journal.record_snapshot(tick, &toy.sum);
    for seq in 1..=scans {
        (tick.seq, tick.mono, tick.wall) = (seq, Mono(seq * 1_000_000_000), Wall(1_700_000_000_000));
        for (n, row) in inputs.samples.rows_mut().iter_mut().enumerate() {
            let n = u64::try_from(n).expect("small");
            match (seq + n) % 4 {
                0 => *row = Sample::bad(Why::Timeout, tick.mono),
                1 => *row = Sample::good(f64::from(u32::try_from(seq * n).expect("small")).sqrt(), tick.mono),
                _ => {}
            }
        }
        let slots = vec![Planned { gives: 0.1, level: 0.2, site: 0.3, holds: true }; 3];
        let plan = Arrived { question: seq, level: 0.7, slots, targets: vec![None, Some(0.5)], ..Arrived::default() };
        inputs.plan = seq.is_multiple_of(13).then(|| Box::new(plan));
        let outputs = toy.step(&inputs, tick);
        journal.record_scan(tick, &inputs, outputs);
        if seq.is_multiple_of(9) {
            toy.sum += 0.1;
            journal.record_answer(tick, &0.1, &toy.sum).wait(Duration::from_secs(60)).expect("kept");
        }
        if journal.snapshot_due(tick) {
            journal.record_snapshot(tick, &toy.sum);
        }
    }
    journal.close();
}

fn two_boots() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    boot(&path, "0.5", 90);
    boot(&path, "0.7", 60);
    (folder, path)
}

#[test]
fn the_same_machine_decides_the_same_through_every_boot() {
    let (_folder, path) = two_boots();
    let report = replay_with(&path, Toy::new).expect("replays");
    assert_eq!((report.boots, report.scans, report.answers), (2, 150, 16));
    assert_eq!(report.identical, 166);
    assert_eq!((report.states, report.identical_states), (7, 7), "four in one boot, three in the other");
    assert!(report.faithful(), "{report:?}");
}

#[test]
fn another_machine_is_caught_at_its_first_other_decision_and_the_output_is_named() {
    let (_folder, path) = two_boots();
    let other = |header: &Header| Toy::new(header).map(|toy| Toy { gain: toy.gain + 1e-12, ..toy });
    let report = replay_with(&path, other).expect("replays");
    let first = report.first_difference.clone().expect("one");
    assert_eq!((first.boot, first.scan), (1, 1));
    assert!(first.what.starts_with("point-1 was "), "{}", first.what);
    assert!(report.identical < report.scans / 10 && !report.faithful());
}

#[test]
fn a_missing_event_is_a_difference_too() {
    let (_folder, path) = two_boots();
    let other = |header: &Header| Toy::new(header).map(|toy| Toy { mute: true, ..toy });
    let report = replay_with(&path, other).expect("replays");
    let first = report.first_difference.clone().expect("one");
    assert_eq!((first.boot, first.scan), (1, 7));
    assert!(first.what.contains("event"), "{}", first.what);
    assert_eq!(report.scans + report.answers - report.identical, 90 / 7 + 60 / 7);
}

#[test]
fn damage_is_told_and_replay_goes_on_from_the_next_snapshot() {
    let (_folder, path) = two_boots();
    let conn = rusqlite::Connection::open(&path).expect("opens");
    let changed = "UPDATE record SET body = zeroblob(LENGTH(body)) WHERE seq = (SELECT MIN(seq) + 30 FROM record)";
    assert_eq!(conn.execute(changed, []).expect("written"), 1);
    let report = replay_with(&path, Toy::new).expect("replays");
    assert_eq!(report.damage.len(), 1, "{:?}", report.damage);
    assert!(report.first_difference.is_none() && !report.faithful());
    assert!((130..150).contains(&report.scans), "{}", report.scans);
}

#[test]
fn a_header_that_builds_nothing_and_a_file_that_is_none_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    assert!(matches!(replay_with(&path, Toy::new), Err(ReplayError::Journal(_))));
    boot(&path, "0.5", 3);
    let cannot = |_: &Header| -> Result<Toy, String> { Err("no such hall".into()) };
    let told = replay_with(&path, cannot).expect_err("cannot be built").to_string();
    assert_eq!(told, "boot 1 cannot be built again: no such hall");
}
