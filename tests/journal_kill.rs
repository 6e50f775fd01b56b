//! kill -9 at random instants: every acknowledged answer is there afterwards, and the state is that of the records.
#![expect(clippy::as_conversions, reason = "a test stops at the first surprise")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use plant::command::{Command as Output, Level, Reason};
use plant::id::{Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span, Tick, Wall};
use serde::{Deserialize, Serialize};
use wattloop::service::journal::{Header, Images, Journal, Options, Record, Recovered, decision_hash};

const CHILD: &str = "WLTEST_JOURNAL_CHILD";
const POINTS: usize = 40;
const KILLS: u64 = 16;

/// A controller in miniature: what it decides depends on all it has seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Toy {
    seen: u64,
    answered: Vec<u64>,
}

impl Toy {
    fn step(&mut self, samples: &[Sample]) -> Outputs {
        for sample in samples {
            let bits = sample.value.map_or(7, f64::to_bits) ^ sample.at.0;
            self.seen = self.seen.rotate_left(5).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ bits;
        }
        let command = |n: usize| Output {
            point: PointId::from_index(n),
            value: f64::from_bits(self.seen.rotate_left(n as u32)),
            level: Level::Control,
            reason: Reason::Relinquished,
        };
        Outputs { commands: (0..4).map(command).collect(), ..Outputs::default() }
    }

    fn answer(&mut self, id: u64) -> u64 {
        self.answered.push(id);
        self.seen
    }
}

/// Pseudo-random numbers from a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) ^ (z >> 31)
    }
}

fn options() -> Options {
    Options { snapshot_every: Span::from_millis(500), ..Options::default() }
}

/// The toy as the journal says it was, and the images with it.
fn restore(recovered: &Recovered) -> (Toy, Images) {
    let Some(snapshot) = &recovered.snapshot else { return Default::default() };
    let mut toy: Toy = postcard::from_bytes(&snapshot.state).expect("the state is readable");
    let mut images = snapshot.images().expect("the keyframe is whole");
    for record in recovered.tail.records() {
        match record {
            Record::Scan(scan) => {
                scan.apply(&mut images).expect("changes fit the image");
                let outputs = toy.step(&images.samples);
                assert_eq!(decision_hash(&outputs), scan.hash, "scan {} replays to the bit", scan.tick.seq);
                let values: Vec<u64> = outputs.commands.iter().map(|c| c.value.to_bits()).collect();
                assert_eq!(values, images.outputs.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
            }
            Record::Answer(answer) => {
                toy.answer(postcard::from_bytes(&answer.request).expect("a request"));
            }
            Record::Snapshot(_) | Record::Gap(_) => panic!("not in a tail"),
        }
    }
    (toy, images)
}

/// What the child does: scans as fast as it can, answers, and prints an id only when its receipt is fulfilled.
fn write_until_killed(path: &Path) {
    let (mut journal, recovered) = Journal::open(path, &Header::default(), options()).expect("opens after a kill");
    let (mut toy, _) = restore(&recovered);
    let mut random = Random(u64::from(recovered.boot));
    let (sender, receipts) = mpsc::channel::<(u64, wattloop::service::journal::Receipt)>();
    std::thread::spawn(move || {
        for (id, receipt) in receipts {
            receipt.wait(Duration::from_secs(60)).expect("kept");
            println!("kept {id}");
        }
    });
    let mut inputs = Inputs::unread(POINTS);
    let mut tick = Tick { boot: recovered.boot, ..Tick::default() };
    let mut id = toy.answered.last().map_or(0, |id| id + 1);
    journal.record_snapshot(tick, &toy);
    loop {
        tick.seq += 1;
        tick.mono = Mono(tick.seq * 20_000_000);
        tick.wall = Wall(1_700_000_000_000 + i64::try_from(tick.seq).expect("small") * 20);
        for row in inputs.samples.rows_mut() {
            match random.next() % 5 {
                0 => *row = Sample::good(f64::from_bits(random.next()), tick.mono),
                1 => *row = Sample::bad(Why::Timeout, tick.mono),
                2 => row.at = tick.mono,
                _ => {}
            }
        }
        let outputs = toy.step(inputs.samples.rows());
        journal.record_scan(tick, &inputs, &outputs);
        if random.next().is_multiple_of(4) && journal.can_promise() {
            let reply = toy.answer(id);
            sender.send((id, journal.record_answer(tick, &id, &reply))).expect("the printer lives");
            id += 1;
        }
        if journal.snapshot_due(tick) {
            journal.record_snapshot(tick, &toy);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn child_writer() {
    if let Some(path) = std::env::var_os(CHILD) {
        write_until_killed(Path::new(&path));
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    let mut random = Random(2026);
    let mut kept: Vec<u64> = Vec::new();
    let mut boot = 0;
    for _ in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["journal_kill::child_writer", "--exact", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let (sender, acks) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, id)) = line.split_once("kept ") {
                    sender.send(id.trim().parse::<u64>().expect("an id")).ok();
                }
            }
        });
        // At least one promise, so that every round means something; then any instant at all.
        kept.push(acks.recv_timeout(Duration::from_secs(60)).expect("the first promise is kept"));
        let end = Instant::now() + Duration::from_micros(random.next() % 300_000);
        while Instant::now() < end {
            kept.extend(acks.recv_timeout(Duration::from_millis(1)));
        }
        child.kill().expect("SIGKILL");
        child.wait().expect("is gone");
        reader.join().expect("reads to the end");
        kept.extend(acks.iter());

        let (journal, recovered) = Journal::open(&path, &Header::default(), options()).expect("opens after a kill");
        assert_eq!(recovered.incidents, Vec::<String>::new());
        assert!(recovered.boot > boot, "boots count up");
        boot = recovered.boot - 1;
        let (toy, _) = restore(&recovered);
        for id in &kept {
            assert!(toy.answered.contains(id), "answer {id} was promised and is gone");
        }
        assert!(toy.answered.windows(2).all(|w| w[0] + 1 == w[1]), "answers in order, none twice, none missing");
        drop(journal);
    }
    println!("{KILLS} kills, {} promises kept", kept.len());
}
