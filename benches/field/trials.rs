//! The trials: each contestant in turn, so many times; the median of each figure and our ratio to each peer.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use wattloop::service::rehearsal::{Scene, Stage};

use super::Work;
use super::child::{Contestant, Server, measure, pinned};
use super::figures::{load, median, resident_mb};
use super::rivals::{Rival, Shape};

/// How long a contestant works before it is measured.
const WARM_UP: Duration = Duration::from_millis(1500);

/// How often, how long and what.
#[derive(Clone, Debug)]
pub struct Plan {
    runs: usize,
    length: Duration,
    only: Option<String>,
}

impl Plan {
    /// `--quick`, `--runs N`, `--seconds N`, `--only NAME`.
    pub fn parse(arguments: &[String]) -> Self {
        let after = |flag: &str| arguments.iter().position(|a| a == flag).and_then(|n| arguments.get(n + 1));
        let whole = |flag: &str, usual: u64| after(flag).and_then(|a| a.parse().ok()).unwrap_or(usual);
        let (runs, seconds) = if arguments.iter().any(|a| a == "--quick") { (1, 3) } else { (5, 5) };
        Self {
            runs: plant::convert::usize_from_u64(whole("--runs", runs)).max(1),
            length: Duration::from_secs(whole("--seconds", seconds).max(1)),
            only: after("--only").cloned(),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == name)
    }
}

/// One column of a table: its heading, and the figure.
type Column = (&'static str, fn(&Figures) -> f64);
type Figures = BTreeMap<String, f64>;

/// One trial.
struct Trial {
    name: &'static str,
    title: &'static str,
    ports: usize,
    work: Work,
    rivals: &'static [Rival],
    /// The first is the one that the ratio is about.
    columns: &'static [Column],
    goal: Goal,
    /// The contestant on one core, the server on the other.
    pinned: bool,
    /// How many times as long as the others it runs.
    times: u32,
}

/// Ours divided by bare tokio-modbus's.
struct Goal {
    against: Rival,
    at_most: bool,
    ratio: f64,
}

impl Goal {
    const fn at_most(ratio: f64, against: Rival) -> Self {
        Self { against, at_most: true, ratio }
    }
}

fn figure(figures: &Figures, key: &str) -> f64 {
    figures.get(key).copied().unwrap_or(f64::NAN)
}

const SENSE: &[Column] = &[
    ("sense-to-act p99 (ms)", |f| figure(f, "sense99") / 1e3),
    ("p50 (ms)", |f| figure(f, "sense50") / 1e3),
    ("max (ms)", |f| figure(f, "sense100") / 1e3),
    ("cycles done (%)", |f| figure(f, "done") * 100.0),
    ("CPU (% of a core)", |f| figure(f, "cpu") / figure(f, "window") * 100.0),
];
const JITTER: &[Column] = &[
    ("jitter p99 (µs)", |f| figure(f, "jitter99")),
    ("p95 (µs)", |f| figure(f, "jitter95")),
    ("p50 (µs)", |f| figure(f, "jitter50")),
    ("max (µs)", |f| figure(f, "jitter100")),
];
const FLOOD: &[Column] = &[
    ("registers per second of a core", |f| figure(f, "registers") / figure(f, "cpu")),
    ("registers/s by the clock", |f| figure(f, "registers") / figure(f, "window")),
    ("requests/s", |f| figure(f, "requests") / figure(f, "window")),
    ("CPU (% of a core)", |f| figure(f, "cpu") / figure(f, "window") * 100.0),
];
const COST: &[Column] = &[
    ("CPU s per million registers", |f| figure(f, "cpu") / figure(f, "registers") * 1e6),
    ("requests/s", |f| figure(f, "requests") / figure(f, "window")),
    ("memory (MB)", |f| figure(f, "rss")),
];
const CLOSED: &[Rival] = &[
    Rival::Service,
    Rival::Bare(Shape::Scan),
    Rival::Bare(Shape::Each),
    Rival::Libmodbus(Shape::Scan),
    Rival::Libmodbus(Shape::Each),
    Rival::Pymodbus(Shape::Scan),
    Rival::Pymodbus(Shape::Each),
];
const JITTERY: &[Rival] = &[
    Rival::Service,
    Rival::Bare(Shape::Scan),
    Rival::Bare(Shape::Each),
    Rival::Libmodbus(Shape::Each),
    Rival::Pymodbus(Shape::Each),
];
const READING: &[Rival] =
    &[Rival::Field, Rival::Bare(Shape::Read), Rival::Libmodbus(Shape::Read), Rival::Pymodbus(Shape::Read)];
const COSTING: &[Rival] = &[
    Rival::Field,
    Rival::Service,
    Rival::Bare(Shape::Read),
    Rival::Libmodbus(Shape::Read),
    Rival::Pymodbus(Shape::Read),
];

fn work(loops: bool, units: usize, registers: u16, period: u64) -> Work {
    Work { loops, ports: Vec::new(), units, registers, period: Duration::from_millis(period) }
}

fn trials() -> Vec<Trial> {
    let loops = |name, title, units, columns, rivals, goal| Trial {
        name,
        title,
        ports: 20,
        work: work(true, units, 1, 100),
        rivals,
        columns,
        goal,
        pinned: false,
        times: 1,
    };
    let (scan, each, read) = (Rival::Bare(Shape::Scan), Rival::Bare(Shape::Each), Rival::Bare(Shape::Read));
    vec![
        loops("loops", "200 loops at 100 ms", 10, SENSE, CLOSED, Goal::at_most(1.5, scan)),
        loops("thousand", "1,000 loops at 100 ms", 50, SENSE, CLOSED, Goal::at_most(1.6, scan)),
        // A tail is seldom: twice as long.
        Trial { times: 2, ..loops("jitter", "20 devices at 100 ms", 1, JITTER, JITTERY, Goal::at_most(0.7, each)) },
        Trial {
            name: "registers",
            title: "Reading flat out on one core: 4 connections, 10 units each, 125 registers a request",
            ports: 4,
            work: work(false, 10, 125, 0),
            rivals: READING,
            columns: FLOOD,
            goal: Goal { against: read, at_most: false, ratio: 0.7 },
            pinned: true,
            times: 1,
        },
        Trial {
            name: "cpu",
            title: "200 requests a second: 2 connections, 10 units each, 100 registers a request, 100 ms",
            ports: 2,
            work: work(false, 10, 100, 100),
            rivals: COSTING,
            columns: COST,
            goal: Goal::at_most(2.0, read),
            pinned: false,
            times: 1,
        },
    ]
}

/// Runs what the plan wants and prints the tables.
pub fn run(plan: &Plan) {
    println!(
        "Median of {} runs of {} s (jitter: twice as long); load of the machine at the start {}.",
        plan.runs,
        plan.length.as_secs(),
        load()
    );
    let folder = std::env::temp_dir().join(format!("wattloop-field-{}", std::process::id()));
    for trial in trials().iter().filter(|t| plan.wants(t.name)) {
        trial.run(plan, &folder);
    }
    if plan.wants("memory") {
        memory(plan, &folder);
    }
    std::fs::remove_dir_all(&folder).ok();
}

impl Trial {
    fn run(&self, plan: &Plan, folder: &Path) {
        let mut seen: Vec<Vec<Figures>> = vec![Vec::new(); self.rivals.len()];
        for run in 0..plan.runs {
            for (rival, rows) in self.rivals.iter().zip(&mut seen) {
                rows.extend(self.once(*rival, plan, &folder.join(format!("{}-{run}", self.name))));
            }
        }
        println!("\n### {}\n", self.title);
        println!("| | {} | ours to this |", self.columns.iter().map(|c| c.0).collect::<Vec<_>>().join(" | "));
        println!("|---|{}--:|", "--:|".repeat(self.columns.len()));
        let first = self.columns[0].1;
        let middle = |rows: &[Figures], of: fn(&Figures) -> f64| median(&rows.iter().map(of).collect::<Vec<_>>());
        let ours = middle(&seen[0], first);
        for (rival, rows) in self.rivals.iter().zip(&seen) {
            if rows.is_empty() {
                println!("| {} | not installed, or did not run |", rival.name());
                continue;
            }
            let values: Vec<String> = self.columns.iter().map(|c| shown(middle(rows, c.1))).collect();
            println!("| {} | {} | {:.2} |", rival.name(), values.join(" | "), ours / middle(rows, first));
        }
        let against =
            self.rivals.iter().position(|r| *r == self.goal.against).map_or(f64::NAN, |n| middle(&seen[n], first));
        let verdicts = self.rivals.iter().zip(&seen).filter(|(rival, _)| rival.is_ours()).map(|(rival, rows)| {
            let ratio = middle(rows, first) / against;
            let met = if self.goal.at_most { ratio <= self.goal.ratio } else { ratio >= self.goal.ratio };
            format!("{}: {ratio:.2}, {}", rival.name(), if met { "met" } else { "missed" })
        });
        let sign = if self.goal.at_most { "≤" } else { "≥" };
        let verdicts = verdicts.collect::<Vec<_>>().join("; ");
        println!("\nGoal {sign} {} × {}. {verdicts}. Load now {}.", self.goal.ratio, self.goal.against.name(), load());
    }

    /// One contestant, once, against a fresh server.
    fn once(&self, rival: Rival, plan: &Plan, folder: &Path) -> Option<Figures> {
        let mut server = Server::start(self.ports, &self.work, self.pinned.then_some(0));
        let work = Work { ports: server.ports.clone(), ..self.work.clone() };
        let command = rival.command(&work, folder)?;
        let command = if self.pinned { pinned(&command, 1) } else { command };
        let seen = measure(&mut server, Contestant::start(command)?, WARM_UP, plan.length * self.times);
        std::fs::remove_dir_all(folder).ok();
        seen
    }
}

fn shown(value: f64) -> String {
    if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

/// The service with the hall `air` against a simulated one in this process.
fn memory(plan: &Plan, folder: &Path) {
    let folder = folder.join("memory");
    let stage = Stage::set("air", &folder, &Scene::default()).expect("the hall is served");
    let (site, flags) = stage.site();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wattloop"));
    command.arg("run").arg("--config").arg(site);
    for flag in flags {
        command.arg("--set").arg(flag);
    }
    let mut service = Contestant::start(command).expect("the service starts");
    std::thread::sleep(plan.length * 2);
    let early = resident_mb(service.process());
    std::thread::sleep(plan.length * 4);
    let late = resident_mb(service.process());
    let after = |n: u32| (plan.length * n).as_secs();
    println!("\n### Memory of the service with the hall `air`\n");
    println!("{early:.1} MB resident after {} s, {late:.1} MB after {} s.", after(2), after(6));
    let verdict = if late <= 30.0 && service.lives() { "met" } else { "missed" };
    println!("\nGoal: ≤ 30 MB: {verdict}.");
}
