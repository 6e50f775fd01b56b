//! kill -9 at random instants: the real program against a simulated hall that plays on. Control is back within seconds, what
//! was promised holds, no output jumps, and the whole record replays to the bit. `WLTEST_KILLS=50` kills fifty times.
#![cfg(feature = "sim")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use plant::hall::Hall;
use plant::id::PointId;
use serde_json::Value;
use wattloop::service::rehearsal::{Scene, Stage};

use super::drills::process::{Process, replay};

/// How long each override shall hold (s).
const HOLD: f64 = 3000.0;

/// By how much a write may be late against the scan that decided it (s), on a machine that is busy: a scan, a commit that the
/// kill took with it, a bus that had to be connected.
const LATE: f64 = 1.5;

/// What registers round (%).
const ROUNDING: f64 = 0.3;

/// Pseudo-random numbers from a seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// What one output's register held, and when (s).
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: f64,
    value: f64,
}

/// One output under watch.
struct Watched {
    point: PointId,
    name: String,
    rise: f64,
    fall: f64,
    seen: Vec<Seen>,
}

fn watched(hall: &Hall) -> Vec<Watched> {
    let one = |(point, def): (PointId, &plant::point::PointDef)| {
        let range = def.write?;
        let (rise, fall) = (range.rise_per_s, range.fall_per_s);
        Some(Watched { point, name: def.name.clone(), rise, fall, seen: Vec::new() })
    };
    hall.points.iter().filter_map(one).collect()
}

impl Watched {
    /// The first two looks between which the output moved faster than the hall allows: against every earlier look at once,
    /// by the highest and the lowest value that could have been reached from all of them.
    fn jump(&self) -> Option<(Seen, Seen)> {
        let first = self.seen.first()?;
        let (mut high, mut low, mut before) = (first.value, first.value, *first);
        for now in &self.seen {
            let gone = now.at - before.at;
            (high, low) = (high + self.rise * gone, low - self.fall * gone);
            let (above, below) = (now.value - high, low - now.value);
            if above > self.rise * LATE + ROUNDING || below > self.fall * LATE + ROUNDING {
                return Some((before, *now));
            }
            (high, low, before) = (high.min(now.value), low.max(now.value), *now);
        }
        None
    }

    /// How far it moved in all (%).
    fn travel(&self) -> f64 {
        self.seen.windows(2).map(|w| (w[1].value - w[0].value).abs()).sum()
    }
}

/// Looks at every output's register twenty times a second until told to stop.
fn watch(stage: &Stage, outputs: &mut [Watched], stop: &AtomicBool) {
    let begin = Instant::now();
    while !stop.load(Ordering::Acquire) {
        let now = stage.hall.stage();
        let at = begin.elapsed().as_secs_f64();
        for output in outputs.iter_mut() {
            let value = now.inputs.samples.get(output.point).and_then(|s| s.value.ok()).expect("a register");
            output.seen.push(Seen { at, value });
        }
        drop(now);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// An override as a person believes it to be.
#[derive(Clone, Debug)]
struct Belief {
    value: f64,
    /// When it was acknowledged, and how long that took at most (s).
    since: Instant,
    took: f64,
    /// What was asked for after it and never acknowledged.
    attempted: Vec<f64>,
}

/// Asks for overrides until the service is gone; remembers what was acknowledged.
fn ask_until_gone(process: &Process, random: &mut Random, beliefs: &mut BTreeMap<String, Belief>, end: Instant) {
    while Instant::now() < end {
        let point = format!("crah-{}/fan-speed", random.below(6) + 1);
        let value = f64::from(u32::try_from(40 + random.below(50)).expect("small"));
        let asked = Instant::now();
        let hold = format!("{HOLD}s");
        let args = ["set", &point, &value.to_string(), "--for", &hold, "--reason", "kill drill"];
        let output = process.wattloop(&args);
        let took = asked.elapsed().as_secs_f64();
        if output.status.success() {
            beliefs.insert(point, Belief { value, since: asked, took, attempted: Vec::new() });
        } else if let Some(belief) = beliefs.get_mut(&point) {
            belief.attempted.push(value);
        }
    }
}

/// Every override that was acknowledged is in force, with what is left of its time.
fn check_beliefs(status: &Value, beliefs: &mut BTreeMap<String, Belief>) {
    let overrides = status["overrides"].as_array().expect("a list");
    for (point, belief) in beliefs {
        let found = overrides.iter().find(|o| o["point"] == *point);
        let found = found.unwrap_or_else(|| panic!("the override of {point} was promised and is gone: {overrides:?}"));
        let value = found["value"].as_f64().expect("a number");
        if value == belief.value {
            let remaining = found["remaining_s"].as_f64().expect("a number");
            let gone = belief.since.elapsed().as_secs_f64();
            let least = HOLD - gone - 5.0;
            let most = HOLD - gone + belief.took + 5.0;
            assert!((least..=most).contains(&remaining), "{point}: {remaining} s left, should be {least} to {most}");
        } else {
            // Nobody was told that it is in force, and nobody was told that it is not.
            assert!(belief.attempted.contains(&value), "{point} was promised {} and is {value}", belief.value);
            (belief.value, belief.took) = (value, belief.since.elapsed().as_secs_f64());
        }
        belief.attempted.clear();
    }
}

/// Ends a child of this process without a word. It is waited for by whoever owns it, so its number is still its own.
fn kill_9(child: u32) {
    let sent = std::process::Command::new("kill").arg("-KILL").arg(child.to_string()).status().expect("kill runs");
    assert!(sent.success());
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292 million")
}

/// Waits for a scan that is newer than this call; how long it took (s), and its status.
fn control_is_back(process: &mut Process, started: Instant, wall: i64) -> (f64, Value) {
    let status = process.until("control is back", |s| s["wall_ms"].as_i64() > Some(wall));
    (started.elapsed().as_secs_f64(), status)
}

fn kills() -> usize {
    std::env::var("WLTEST_KILLS").map_or(5, |n| n.parse().expect("WLTEST_KILLS is a number"))
}

#[test]
fn nothing_promised_is_lost_and_nothing_jumps_by_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = vec!["period=\"200ms\"".to_owned(), "journal.snapshot_every=\"10s\"".to_owned()];
    let stage = Stage::set("air", folder.path(), &Scene { seed: 11, set, ..Scene::default() })
        .unwrap_or_else(|e| panic!("{e}"));
    let hall = stage.load().unwrap_or_else(|e| panic!("{e}")).hall;
    let mut process = Process::run(&stage, folder.path(), None);
    process.until("the fans are under control", |s| s["fans"][0]["value"].as_f64() < Some(95.0));

    let (mut outputs, stop) = (watched(&hall), AtomicBool::new(false));
    let times = std::thread::scope(|scope| {
        scope.spawn(|| watch(&stage, &mut outputs, &stop));
        let _ends = Ends(&stop);
        campaign(&stage, folder.path(), process)
    });

    for output in &outputs {
        if let Some((before, now)) = output.jump() {
            panic!("{} jumped from {before:?} to {now:?}", output.name);
        }
    }
    let travel: f64 = outputs.iter().map(Watched::travel).sum();
    assert!(travel > 50.0, "the outputs move: {travel} %");
    let (same, text) = replay(folder.path());
    assert!(same && !text.contains("0 of 0 states"), "{text}");
    print(&times, &outputs, &text);
}

/// Tells the watcher to stop, also when the campaign fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Kills, restarts and checks, again and again. How long each start took until the first scan (s).
fn campaign(stage: &Stage, folder: &Path, mut process: Process) -> Vec<f64> {
    let mut random = Random(2026);
    let mut beliefs = BTreeMap::new();
    let mut times = Vec::new();
    for _ in 0..kills() {
        let life = Duration::from_millis(300 + random.below(2200));
        let kill_at = Instant::now() + life;
        // The kill comes while somebody asks: the asker goes on a little longer than the service.
        let victim = process.id();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(kill_at.saturating_duration_since(Instant::now()));
                kill_9(victim);
            });
            ask_until_gone(&process, &mut random, &mut beliefs, kill_at + Duration::from_millis(50));
        });
        process.end_by("KILL");
        let (wall, started) = (now_ms(), Instant::now());
        process = Process::run(stage, folder, None);
        let (seconds, status) = control_is_back(&mut process, started, wall);
        times.push(seconds);
        check_beliefs(&status, &mut beliefs);
    }
    assert!(!beliefs.is_empty(), "something was promised");
    // A while without kills: a bump right after the last start is seen, and a second snapshot compares the whole state.
    let status = process.until("control goes on", |s| s["alarms"].is_array());
    let scans = status["scans"].as_u64().expect("a number");
    process.until("control goes on", |s| s["scans"].as_u64() > Some(scans + 70));
    process.end_by("KILL");
    times
}

fn print(times: &[f64], outputs: &[Watched], replayed: &str) {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: usize| sorted[(sorted.len() - 1) * share / 100];
    let looks: usize = outputs.iter().map(|o| o.seen.len()).sum();
    let travel: f64 = outputs.iter().map(Watched::travel).sum();
    println!(
        "{} kills; first scan after a start: {:.2} s at best, {:.2} s median, {:.2} s at worst",
        times.len(),
        at(0),
        at(50),
        at(100)
    );
    println!("{looks} looks at {} outputs that moved {travel:.0} % in all: no jump", outputs.len());
    println!("replay: {replayed}");
}
