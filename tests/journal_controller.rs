//! The whole controller through the journal: a recorded run replays to the bit, and a restart goes on where it was.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plant::command::{WriteOutcome, WriteReport};
use plant::hall::Hall;
use plant::image::Inputs;
use plant::point::Role;
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span, Tick, Wall};
use wattloop::control::Controller;
use wattloop::control::request::{Ask, Request};
use wattloop::service::journal::{Header, Journal, Options, Recovered};
use wattloop::service::replay::{Left, replay, resume};

const SCANS: u64 = 400;

fn header(name: &str) -> Header {
    let (_, text) = plant::shipped::HALLS.iter().find(|(hall, _)| *hall == name).expect("shipped");
    Header { hall: (format!("{name}.toml"), (*text).to_owned()), program: "test".into(), ..Header::default() }
}

fn hall(header: &Header) -> Result<Arc<Hall>, String> {
    Hall::load(&header.hall.0, &header.hall.1).map(Arc::new).map_err(|faults| faults.to_string())
}

/// Pseudo-random numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(n)).expect("small")
    }

    fn number(&mut self) -> f64 {
        f64::from(self.below(1_000_000)) / 10_000.0
    }
}

/// A plant that wanders, loses sensors and reports writes.
fn wander(random: &mut Random, hall: &Hall, inputs: &mut Inputs, now: Mono) {
    inputs.reports.clear();
    for (point, def) in hall.points.iter() {
        let old = inputs.samples.get(point).and_then(|s| s.value.ok()).unwrap_or(24.0);
        let next = match random.below(40) {
            0 => Sample::bad(Why::Timeout, now),
            1 => Sample::good(f64::NAN, now),
            2 => continue,
            _ => Sample::good(old + (random.number() - 50.0) / 100.0, now),
        };
        if let Some(row) = inputs.samples.get_mut(point) {
            *row = next;
        }
        if def.role != Role::Sensor && random.below(30) == 0 {
            let outcome = match random.below(3) {
                0 => WriteOutcome::Applied,
                1 => WriteOutcome::Foreign { seen: 3.0 },
                _ => WriteOutcome::Failed(Why::Exception(2)),
            };
            inputs.reports.push(WriteReport { point, wanted: 50.0, outcome, at: now, wear: 0 });
        }
    }
}

/// What somebody asks now and then.
fn request(random: &mut Random, hall: &Hall) -> Request {
    let outputs: Vec<_> = hall.points.iter().filter(|(_, d)| d.write.is_some()).map(|(id, _)| id).collect();
    // A hall of tanks has no outputs: there somebody asks for what nobody may write, and is refused.
    let asked = if outputs.is_empty() { hall.points.ids().collect() } else { outputs };
    let most = u32::try_from(asked.len()).expect("small");
    let point = asked[usize::try_from(random.below(most)).expect("small")];
    let ask = Ask::Override { point, value: 40.0 + random.number() / 2.0, hold: None, reason: "a trial".into() };
    Request { who: "uid:1000".into(), ask }
}

/// Runs a hall from what was recovered; the controller as it is at the end.
fn run(path: &Path, name: &str, seed: u64) -> (Controller, Recovered) {
    run_beside(path, name, (seed, false))
}

/// The same, perhaps beside somebody else's control, as a service says at its start.
fn run_beside(path: &Path, name: &str, (seed, beside): (u64, bool)) -> (Controller, Recovered) {
    let header = header(name);
    let options = Options { snapshot_every: Span::from_secs(60), ..Options::default() };
    let (mut journal, recovered) = Journal::open(path, &header, options).expect("opens");
    let hall = hall(&header).expect("loads");
    let Left { mut controller, incidents, .. } = resume(&Arc::clone(&hall).into(), &recovered, self::hall);
    assert_eq!(incidents, Vec::<String>::new());
    controller.set_beside(beside);
    let mut random = Random(seed);
    let mut inputs = Inputs::unread(hall.points.len());
    let mut tick = Tick { dt: Span::from_secs(1), boot: recovered.boot, clock_trusted: true, ..Tick::default() };
    for seq in 0..SCANS {
        (tick.seq, tick.mono) = (seq, Mono(seq * 1_000_000_000));
        tick.wall =
            Wall(1_700_000_000_000 + i64::from(recovered.boot) * 3_600_000 + i64::try_from(seq).expect("small") * 1000);
        wander(&mut random, &hall, &mut inputs, tick.mono);
        inputs.reload = (seq == 200).then(|| {
            let mut strategies = hall.strategies;
            strategies.fans.setpoint += 1.5;
            Box::new(strategies)
        });
        if journal.snapshot_due(tick) {
            journal.record_snapshot(tick, controller.state());
        }
        let outputs = controller.step(&inputs, tick);
        journal.record_scan(tick, &inputs, outputs);
        if seq % 50 == 49 {
            let request = request(&mut random, &hall);
            let reply = controller.answer(&request, tick);
            journal.record_answer(tick, &request, &reply).wait(Duration::from_secs(60)).expect("kept");
        }
    }
    journal.close();
    (controller, recovered)
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    (folder, path)
}

#[test]
fn every_shipped_hall_replays_to_the_bit_through_a_restart() {
    for (name, _) in plant::shipped::HALLS {
        let (_folder, path) = folder();
        run(&path, name, 1);
        run(&path, name, 2);
        let report = replay(&path, hall).expect("replays");
        assert_eq!((report.boots, report.scans, report.answers), (2, 2 * SCANS, 16), "{name}");
        assert_eq!(report.first_difference, None, "{name}");
        assert_eq!((report.identical, report.states), (2 * SCANS + 16, 12), "{name}");
        assert_eq!(report.identical_states, 12, "{name}");
        assert!(report.faithful());
    }
}

#[test]
fn into_shadow_and_out_of_it_every_shipped_hall_replays_to_the_bit() {
    for (name, _) in plant::shipped::HALLS {
        let (_folder, path) = folder();
        let (live, _) = run_beside(&path, name, (5, false));
        let (shadow, _) = run_beside(&path, name, (6, true));
        run_beside(&path, name, (7, true));
        run_beside(&path, name, (8, false));
        assert!(!live.is_beside() && shadow.is_beside());
        let report = replay(&path, hall).expect("replays");
        assert_eq!((report.boots, report.scans, report.first_difference.clone()), (4, 4 * SCANS, None), "{name}");
        assert!(report.faithful() && report.identical_states == report.states, "{name}: {report:?}");
    }
}

#[test]
fn a_restart_has_the_state_of_the_run_before_to_the_bit() {
    let (_folder, path) = folder();
    let (before, _) = run(&path, "air", 3);
    let (_journal, recovered) = Journal::open(&path, &header("air"), Options::default()).expect("opens");
    assert!(!recovered.tail.is_empty(), "the newest snapshot is not the end of the run");
    let Left { controller: after, incidents, .. } =
        resume(&hall(&header("air")).expect("loads").into(), &recovered, hall);
    assert_eq!(incidents, Vec::<String>::new());
    let bits = |c: &Controller| postcard::to_stdvec(c.state()).expect("serialises");
    assert_eq!(bits(&after), bits(&before));
}

#[test]
fn another_hall_or_a_hall_that_cannot_be_built_starts_anew_and_is_no_panic() {
    let (_folder, path) = folder();
    run(&path, "air", 4);
    let (_journal, recovered) = Journal::open(&path, &header("bench"), Options::default()).expect("opens");
    let bench = hall(&header("bench")).expect("loads");
    let fresh = postcard::to_stdvec(Controller::new(Arc::clone(&bench)).state()).expect("serialises");
    let Left { controller: other, .. } = resume(&Arc::clone(&bench).into(), &recovered, hall);
    assert_eq!(postcard::to_stdvec(other.state()).expect("serialises"), fresh);
    let Left { controller: anew, incidents, .. } =
        resume(&bench.into(), &recovered, |_| Err::<Arc<Hall>, _>("no".into()));
    assert_eq!(postcard::to_stdvec(anew.state()).expect("serialises"), fresh);
    assert_eq!(incidents.len(), 1);
}

/// A journal with a snapshot of `air`, whose header says this of the fields of the state.
fn left_by(path: &Path, layout: &str) -> Left {
    let of = header("air");
    let hall = hall(&of).expect("loads");
    let theirs = Header { layout: layout.to_owned(), program: "99.0.0".to_owned(), ..of.clone() };
    let (mut journal, recovered) = Journal::open(path, &theirs, Options::default()).expect("opens");
    let mut controller = Controller::new(Arc::clone(&hall));
    let tick =
        Tick { seq: 1, dt: Span::from_secs(1), boot: recovered.boot, wall: Wall(1_700_000_000_000), ..Tick::default() };
    controller.step(&Inputs::unread(hall.points.len()), tick);
    let point = hall.point("crah-1/fan-speed").expect("a point");
    let ask = Ask::Override { point, value: 61.0, hold: None, reason: "vibration".into() };
    controller.answer(&Request { who: "uid:1000".into(), ask }, tick);
    journal.record_snapshot(tick, controller.state());
    journal.close();
    let (journal, recovered) = Journal::open(path, &theirs, Options::default()).expect("opens");
    journal.close();
    resume(&hall.into(), &recovered, self::hall)
}

#[test]
fn an_older_program_does_not_misread_the_state_of_a_newer_one_and_starts_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = hall(&header("air")).expect("loads");
    let ours = wattloop::service::layout::layout(&Arc::clone(&of).into());
    let kept = left_by(&folder.path().join("ours.db"), &ours);
    assert_eq!((kept.incidents.as_slice(), kept.controller.status().overrides.len()), (&[][..], 1));
    let theirs = left_by(&folder.path().join("theirs.db"), "0123456789abcdef");
    assert_eq!(theirs.controller.state(), Controller::new(of).state(), "nothing of it is taken for the truth");
    assert_eq!(theirs.incidents.len(), 1, "{:?}", theirs.incidents);
    for said in ["wattloop 99.0.0", "does not read", "the controller starts anew"] {
        assert!(theirs.incidents[0].contains(said), "{:?}", theirs.incidents);
    }
}
