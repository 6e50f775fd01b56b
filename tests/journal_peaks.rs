//! kill -9 in the middle of a billed window: what the run knew of peaks comes back to the bit, and goes on as in a run that nobody killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use plant::event::{Event, PeakNews, What};
use plant::hall::Hall;
use plant::image::Inputs;
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick, Wall};
use wattloop::control::interval::view::{DemandView, PeaksView};
use wattloop::control::request::{Ask, Reply, Request};
use wattloop::control::savings::view::MonthView;
use wattloop::control::sentence;
use wattloop::control::tariff::Tariff;
use wattloop::control::{Controller, Site};
use wattloop::service::journal::{Header, Journal, Options};
use wattloop::service::replay::{Left, resume};

const CHILD: &str = "WLTEST_PEAKS_CHILD";
const KILLS: u32 = 4;

/// A scan (s).
const DT: i64 = 5;
/// Scans in a minute.
const MINUTE: i64 = 60 / DT;
/// 22:10 in Berlin on the last day of June 2026.
const BEGIN: i64 = 1_782_850_200_000;
/// Scans after that: a promise is kept at 00:31, nobody scans from 00:33 on, a new boot begins at 00:34, and all is looked at at 01:10.
const KEPT: i64 = 141 * MINUTE;
const LAST: i64 = 143 * MINUTE;
const BACK: i64 = 144 * MINUTE;
const END: i64 = 180 * MINUTE;

const TARIFF: &str = r#"
name = "t"
summary = "One demand of each kind."
currency = "EUR"
zone = "Europe/Berlin"
[[energy]]
name = "all"
price = 0.1
[[demand]]
name = "ratchet"
window = "fixed"
length = "15min"
price = 10
ratchet = { share = 0.8, months = 11 }
[[demand]]
name = "year"
window = "fixed"
length = "60min"
per = "year"
price = 100
[[demand]]
name = "block"
window = "rolling-block"
length = "15min"
sub-interval = "5min"
price = 3
[[demand]]
name = "daily"
window = "fixed"
length = "30min"
per = "day"
price = 0.5
[[demand]]
name = "night"
window = "fixed"
length = "15min"
hours = ["00:00-06:00"]
price = 1
"#;

const DEMANDS: [&str; 5] = ["ratchet", "year", "block", "daily", "night"];

fn header() -> Header {
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let targets: String =
        DEMANDS.iter().map(|demand| format!("[[peak]]\ndemand = \"{demand}\"\nmost = 900e3\n")).collect();
    let hall = format!("{air}\n[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n{targets}");
    let tariff = Some(("t.toml".to_owned(), TARIFF.to_owned()));
    Header { hall: ("air.toml".to_owned(), hall), tariff, program: "test".into(), ..Header::default() }
}

fn site(header: &Header) -> Result<Site, String> {
    let hall = Hall::load(&header.hall.0, &header.hall.1).map_err(|faults| faults.to_string())?;
    let (file, text) = header.tariff.as_ref().ok_or("no tariff")?;
    let tariff = Tariff::load(file, text).map_err(|faults| faults.to_string())?;
    Ok(Site { tariff: Some(Arc::new(tariff)), ..Arc::new(hall).into() })
}

/// What flows in a minute after the begin (kW): 800 in a quarter of an hour of June, and in July 556 in the one in which nobody looks for a minute.
const fn kw(minute: i64) -> f64 {
    match minute {
        5..20 => 800.0,
        20..110 => 500.0,
        140..143 => 500.0,
        143 => 900.0,
        144..155 => 540.0,
        _ => 400.0,
    }
}

/// What the register says at a scan (Wh).
fn register(scan: i64) -> f64 {
    (0..scan).map(|n| kw(n / MINUTE)).sum::<f64>() * 1e3 / 720.0
}

/// Every meter of the hall, each with its share; nothing else is read.
fn read(hall: &Hall, inputs: &mut Inputs, scan: i64, now: Mono) {
    for (meter, share) in hall.meters.iter().zip([1.0, 0.9, 0.2, 0.2, 0.2, 0.2, 0.1]) {
        let values = [(meter.energy.id(), register(scan)), (meter.power.id(), 1e3 * kw(scan / MINUTE))];
        for (point, value) in values {
            *inputs.samples.get_mut(point).expect("a point") = Sample::good(share * value, now);
        }
    }
}

/// The tick of a scan in a boot that began at another one.
fn tick(scan: i64, boot: (u32, i64), dt: i64) -> Tick {
    let whole = |n: i64| u64::try_from(n).expect("not before the boot");
    Tick {
        seq: whole(scan - boot.1),
        dt: Span::from_secs(whole(dt * DT)),
        mono: Mono(whole(scan - boot.1 + 100) * 5_000_000_000),
        wall: Wall(BEGIN + scan * DT * 1000),
        clock_trusted: true,
        boot: boot.0,
    }
}

/// What somebody asks once.
fn request(hall: &Hall) -> Request {
    let point = hall.point("crah-1/fan-speed").expect("a point");
    Request { who: "uid:1000".into(), ask: Ask::Override { point, value: 61.0, hold: None, reason: "a drill".into() } }
}

/// A controller and what it sees.
struct Run {
    control: Controller,
    inputs: Inputs,
    /// The boot, and the scan at which it began.
    boot: (u32, i64),
}

impl Run {
    fn anew(boot: u32) -> Self {
        Self::of(Controller::new(site(&header()).expect("loads")), (boot, 0))
    }

    fn of(control: Controller, boot: (u32, i64)) -> Self {
        let inputs = Inputs::unread(control.hall().points.len());
        Self { control, inputs, boot }
    }

    /// One scan, so many after the one before.
    fn scan(&mut self, scan: i64, after: i64) {
        let tick = tick(scan, self.boot, after);
        read(&Arc::clone(self.control.hall()), &mut self.inputs, scan, tick.mono);
        self.control.step(&self.inputs, tick);
    }

    /// Somebody asks.
    fn answer(&mut self, scan: i64) -> (Request, Reply) {
        let request = request(self.control.hall());
        let reply = self.control.answer(&request, tick(scan, self.boot, 1));
        (request, reply)
    }

    fn scans(&mut self, scans: std::ops::RangeInclusive<i64>) {
        for scan in scans {
            self.scan(scan, 1);
            if scan == KEPT {
                self.answer(scan);
            }
        }
    }

    fn peaks(&self) -> PeaksView {
        self.control.peaks().expect("peaks are kept down")
    }

    /// What is told of the billing period that runs, and for how long of it all sides are known (s).
    fn month(&self, scan: i64) -> (MonthView, f64) {
        let month = self.control.savings().expect("reckoned").months.into_iter().next().expect("begun");
        let known = month.measured * f64::from(i32::try_from(DT * (scan - 110 * MINUTE)).expect("small"));
        (month, known)
    }

    fn bits(&self) -> Vec<u8> {
        postcard::to_stdvec(self.control.state()).expect("serialises")
    }
}

/// What the child does: it scans, says when its promise is kept, goes on for a while, and waits for its end.
fn write_until_killed(path: &Path) {
    let (mut journal, recovered) = Journal::open(path, &header(), Options::default()).expect("opens");
    let mut run = Run::anew(recovered.boot);
    for scan in 0..=LAST {
        let tick = tick(scan, run.boot, 1);
        if journal.snapshot_due(tick) {
            journal.record_snapshot(tick, run.control.state());
        }
        run.scan(scan, 1);
        journal.record_scan(tick, &run.inputs, run.control.outputs());
        if scan == KEPT {
            let (request, reply) = run.answer(scan);
            journal.record_answer(tick, &request, &reply).wait(Duration::from_secs(60)).expect("kept");
            println!("\nkept");
        }
        std::thread::sleep(Duration::from_millis(if scan >= KEPT { 10 } else { 0 }));
    }
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn child_of_peaks() {
    if let Some(path) = std::env::var_os(CHILD) {
        write_until_killed(Path::new(&path));
    }
}

/// A run that is killed so long after its promise was kept; what its journal brings back, and its last scan.
fn killed(path: &Path, after: Duration) -> (Controller, Tick) {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["journal_peaks::child_of_peaks", "--exact", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let kept = lines.map_while(Result::ok).any(|line| line == "kept");
    std::thread::sleep(after);
    child.kill().expect("SIGKILL");
    child.wait().expect("is gone");
    assert!(kept, "the child ended before its promise was kept");
    let (journal, recovered) = Journal::open(path, &header(), Options::default()).expect("opens");
    journal.close();
    assert_eq!(recovered.incidents, Vec::<String>::new());
    let Left { controller, incidents, last, .. } = resume(&site(&header()).expect("loads"), &recovered, site);
    assert_eq!(incidents, Vec::<String>::new());
    (controller, last.expect("it scanned"))
}

/// A mean of so many minutes, each with its power (kW), in W.
fn mean(parts: &[(f64, f64)]) -> f64 {
    let minutes: f64 = parts.iter().map(|(minutes, _)| minutes).sum();
    parts.iter().map(|(minutes, kw)| minutes * kw * 1e3).sum::<f64>() / minutes
}

/// What is billed of each demand at the end (W), reckoned by hand.
fn by_hand() -> [(&'static str, f64, f64); 5] {
    // 00:30 to 00:45, a minute of it while nobody looks.
    let quarter = [(3.0, 500.0), (1.0, 900.0), (11.0, 540.0)];
    let half = [quarter.as_slice(), &[(15.0, 400.0)]].concat();
    let hour = [half.as_slice(), &[(30.0, 400.0)]].concat();
    [
        ("ratchet", mean(&quarter), 0.8 * 800e3), // June's
        ("year", mean(&hour), 500e3),             // from 23:00 to midnight, in June
        ("block", mean(&quarter), mean(&quarter)),
        ("daily", mean(&half), mean(&half)),
        ("night", mean(&quarter), mean(&quarter)),
    ]
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

fn same_demands(a: &[DemandView], b: &[DemandView]) {
    for (a, b) in a.iter().zip(b) {
        assert_eq!((&a.name, a.lacking, a.target_w), (&b.name, b.lacking, b.target_w));
        assert!(near(a.paid_w, b.paid_w) && near(a.kept_w.expect("kept"), b.kept_w.expect("kept")), "{a:?}, {b:?}");
        let (a, b) = (a.peak.as_ref().expect("known"), b.peak.as_ref().expect("known"));
        assert!(near(a.watts, b.watts) && (&a.from, &a.to) == (&b.from, &b.to), "{a:?}, {b:?}");
    }
    assert_eq!(a.len(), b.len());
}

#[test]
fn peaks_ratchets_and_the_open_window_survive_kill_9_as_if_nobody_had_been_killed() {
    for n in 0..KILLS {
        let folder = tempfile::tempdir().expect("a folder");
        let (control, last) = killed(&folder.path().join("journal.db"), Duration::from_millis(u64::from(n) * 40));
        let left = i64::try_from(last.seq).expect("small");
        assert!((KEPT..=LAST).contains(&left), "in the open quarter of an hour: scan {left}");

        // To the bit what it was: peaks, earlier periods, the record of what flowed, what was saved.
        let mut oracle = Run::anew(last.boot);
        oracle.scans(0..=left);
        let mut back = Run::of(control, (last.boot + 1, BACK - 1));
        assert!(oracle.bits() == back.bits(), "another state after scan {left}");
        let window = |run: &Run, n: usize| run.peaks().demands[n].window.clone().expect("open");
        let (from, to) = (window(&back, 0).from, window(&back, 0).to);
        let known = back.month(left).1;

        // A minute or two later a new boot begins; the oracle has scanned all the time.
        oracle.scans(left + 1..=BACK);
        back.scan(BACK, 1);
        for (n, name) in DEMANDS.iter().enumerate() {
            let (open, of) = (window(&back, n), window(&oracle, n));
            assert_eq!((&open.from, &open.to), (&of.from, &of.to));
            assert!(near(open.flowed_wh, of.flowed_wh), "{name}: {open:?}, without a kill {of:?}");
        }
        assert_eq!((window(&back, 0).from, window(&back, 0).to), (from, to), "the window that was open");
        let grain = 1e-6 * 40e3 + window(&back, 0).flowed_wh - 40e3;
        assert!(
            (0.0..1250.0).contains(&grain),
            "3 min of 500 and one of 900, and what the register holds back: {grain}"
        );

        oracle.scans(BACK + 1..=END);
        back.scans(BACK + 1..=END);
        let (seen, wanted) = (back.peaks(), oracle.peaks());
        same_demands(&seen.demands, &wanted.demands);
        for (of, (name, peak, paid)) in seen.demands.iter().zip(by_hand()) {
            let own = of.peak.as_ref().expect("known").watts;
            assert!(of.name == name && near(own, peak) && near(of.paid_w, paid), "{of:?}: by hand {peak}, {paid}");
        }

        // The pause costs PUE nothing, for registers bridge it; it is time in which nobody knows what was saved.
        let pue = |run: &Run| run.control.status().pue.into_iter().map(|of| (of.window, of.coverage, of.facility_kwh));
        for (a, b) in pue(&back).zip(pue(&oracle)) {
            assert!(a.0 == b.0 && near(a.1, b.1) && near(a.2, b.2), "{a:?}, without a kill {b:?}");
        }
        let ((month, after), (whole, all)) = (back.month(END), oracle.month(END));
        let gone = f64::from(i32::try_from(DT * (BACK - left)).expect("small"));
        assert!(near(all - after, gone), "{after} of {all} s are known, and the pause was {gone} s");
        assert!(after > known, "and it goes on");
        let unseen = register(BACK) - register(left);
        assert!(near(whole.energy_wh.metered - month.energy_wh.metered, unseen), "{month:?}");
        for (a, b) in month.demands.iter().zip(&whole.demands) {
            assert_eq!(a.compared + a.not_compared, b.compared + b.not_compared, "{a:?}, without a kill {b:?}");
            let peaks = [a, b].map(|of| of.peak_w.expect("known").metered);
            assert!(near(peaks[0], peaks[1]) && a.not_compared > b.not_compared, "{a:?}, without a kill {b:?}");
        }
    }
}

#[test]
fn a_hall_with_other_names_keeps_its_peaks_and_a_demand_with_another_name_is_told() {
    let mut before = Run::anew(1);
    before.scans(0..=END);
    let of = header();
    let other = |hall: String, tariff: String| Header {
        hall: (of.hall.0.clone(), hall),
        tariff: Some(("t.toml".to_owned(), tariff)),
        ..header()
    };
    // One unit is called otherwise: places in the hall's tables compare with nothing.
    let renamed = other(of.hall.1.replace("crah-6", "crah-66"), TARIFF.to_owned());
    let night = other(renamed.hall.1.replace("\"night\"", "\"nights\""), TARIFF.replace("\"night\"", "\"nights\""));
    for (header, kept, told) in [(renamed, 5, vec![]), (night, 4, vec!["`night`", "`nights`"])] {
        let control = Controller::restore(
            site(&header).unwrap_or_else(|faults| panic!("{faults}")),
            before.control.state().clone(),
        );
        let mut after = Run::of(control, (2, END));
        after.scan(END + 1, 1);
        let hall = Arc::clone(after.control.hall());
        let moved =
            |event: &&Event| matches!(event.what, What::Peak(PeakNews::PutAside { .. } | PeakNews::Anew { .. }));
        let events = after.control.outputs().events.iter().filter(moved);
        let said: Vec<String> = events.map(|event| sentence::event(&hall, event)).collect();
        assert!(said.len() == told.len() && said.iter().zip(told).all(|(said, name)| said.contains(name)), "{said:?}");
        let (seen, wanted) = (after.peaks().demands, before.peaks().demands);
        let same = seen.iter().zip(&wanted).filter(|(a, b)| near(a.paid_w, b.paid_w) && a.peak == b.peak);
        assert_eq!(same.count(), kept, "{seen:?}");
        assert!(kept == 5 || seen[4].peak.is_none(), "it begins at nothing");
    }
}
