//! A hall of points that all change every second, driven by hand.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use plant::command::{Command, Level, Reason};
use plant::id::{Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::reading::Sample;
use plant::time::{Mono, Tick, Wall};
use wattloop::service::journal::{Header, Journal, NotKept, Options, Recovered};

const PATIENCE: Duration = Duration::from_secs(30);

/// A run.
pub struct Run {
    pub journal: Journal,
    pub recovered: Recovered,
    pub tick: Tick,
    pub points: usize,
    noise: u64,
}

impl Run {
    pub fn start(path: &Path, options: Options) -> Self {
        let header = Header { program: "1.2.3".to_owned(), hall: ("h".into(), "name = 1".into()), ..Header::default() };
        let (journal, recovered) = Journal::open(path, &header, options).expect("opens");
        let tick = Tick { boot: recovered.boot, wall: Wall(1_700_000_000_000), ..Tick::default() };
        Self { journal, recovered, tick, points: 50, noise: 1 }
    }

    /// One scan of one second, and a snapshot of `state` when one is due.
    pub fn scan(&mut self, state: &[u8]) -> (Inputs, Outputs) {
        self.tick.seq += 1;
        self.tick.mono = Mono(self.tick.mono.0 + 1_000_000_000);
        self.tick.wall = Wall(self.tick.wall.0 + 1000);
        let mut inputs = Inputs::unread(self.points);
        for row in inputs.samples.rows_mut() {
            self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *row = Sample::good(f64::from_bits(self.noise), self.tick.mono);
        }
        let value = f64::from_bits(self.noise ^ self.tick.seq);
        let command =
            Command { point: PointId::from_index(0), value, level: Level::Control, reason: Reason::Relinquished };
        let outputs = Outputs { commands: vec![command], ..Outputs::default() };
        self.journal.record_scan(self.tick, &inputs, &outputs);
        if self.journal.snapshot_due(self.tick) {
            self.journal.record_snapshot(self.tick, &state);
        }
        (inputs, outputs)
    }

    /// An answer, waited for.
    pub fn promise(&mut self) -> Result<(), NotKept> {
        self.journal.record_answer(self.tick, &self.tick.seq, &true).wait(PATIENCE)
    }

    /// Scans until the condition holds; time passes in between.
    pub fn until(&mut self, state: &[u8], what: &str, holds: impl Fn(&Journal) -> bool) {
        for _ in 0..3000 {
            if holds(&self.journal) {
                return;
            }
            self.scan(state);
            thread::sleep(Duration::from_millis(10));
        }
        panic!("never: {what}");
    }
}

pub fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    (folder, path)
}

/// Bytes that no compression or luck makes small.
pub fn bulk(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}
