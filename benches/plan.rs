//! What a plan of 500 and of 2000 jobs over 48 hours saves, how near it comes to what nothing can beat, how long it takes and how much memory.
//!
//! `cargo bench --bench plan`. Each row is a process of its own, so that its memory is its own. The site draws at most 2400 kW, of which jobs
//! take half of what is left by a base load; a battery of 500 kW holds 1000 kWh; a quarter of the jobs runs in one piece.
//! `cargo bench --bench plan -- 2000 18 1 worth` is what one kW more of each limit is worth, and what that takes.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a bench prints its table")]

use std::process::Command;
use std::time::Instant;

use plant::convert;
use wattloop::planner::{
    Battery, Demand, Domain, Job, Plan, Planner, Problem, SLOT_HOURS, Slot, WindowKind, plan, worth,
};

const SLOTS: usize = 192;
const LIMIT: f64 = 2400.0;
const COOLING: f64 = 1.15;
const SEEDS: u64 = 3;

/// Numbers that look like chance and are the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        convert::f64_from_u64(self.0 >> 40) / convert::f64_from_u64(1 << 24)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.roll()
    }
}

fn slot(n: usize) -> Slot {
    // From noon: dear from 16 to 22, cheap from 22 to 6.
    let hour = (12 + n / 4) % 24;
    let (price, carbon) = match hour {
        16..22 => (0.32, 480.0),
        22..24 | 0..6 => (0.08, 210.0),
        _ => (0.14, 330.0),
    };
    let turn = convert::f64_from_usize(n) / 96.0 * core::f64::consts::TAU;
    let base = 1200.0 + 250.0 * libm::cos(turn - 0.6);
    Slot { price, carbon, base, base_high: base + 60.0, limit: LIMIT, cooling: COOLING }
}

/// A hall of eight rows; jobs of one to twelve hours with one and a half to six times as long to run them.
fn problem(jobs: usize, rate: f64, seed: u64) -> Problem {
    let slots: Vec<Slot> = (0..SLOTS).map(slot).collect();
    let room: f64 = slots.iter().map(Slot::room).sum::<f64>() * SLOT_HOURS / COOLING;
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut made: Vec<Job> = (0..jobs).map(|n| job(n, &mut dice)).collect();
    let energy: f64 = made.iter().map(|job| job.kw * convert::f64_from_usize(job.slots) * SLOT_HOURS).sum();
    made.iter_mut().for_each(|job| job.kw *= 0.5 * room / energy);
    let row = |n: usize| Domain { name: format!("row-{n}"), parent: Some(0), caps: vec![260.0] };
    let hall = Domain { name: "hall".to_owned(), parent: None, caps: vec![1000.0] };
    Problem {
        slots,
        co2: 0.0,
        demands: vec![Demand {
            name: "peak".to_owned(),
            rate,
            kind: WindowKind::Fixed,
            length: 1,
            active: Vec::new(),
            before: Vec::new(),
            paid: 1700.0,
            floor: 0.0,
        }],
        battery: Some(Battery {
            charge: 500.0,
            discharge: 500.0,
            capacity: 1000.0,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            level: 600.0,
            reserve: 300.0,
            end: 600.0,
            worth: 0.0,
            wear: 0.02,
        }),
        domains: core::iter::once(hall).chain((0..8).map(row)).collect(),
        jobs: made,
    }
}

fn job(n: usize, dice: &mut Dice) -> Job {
    let whole = |x: f64| convert::usize_from_u64(convert::u64_from_f64_rounded(x));
    let slots = whole(dice.between(4.0, 48.0));
    let window = whole(convert::f64_from_usize(slots) * dice.between(1.5, 6.0)).min(SLOTS);
    let release = whole(dice.between(0.0, convert::f64_from_usize(SLOTS - window)));
    let piece = dice.roll() < 0.25;
    Job {
        name: format!("job-{n}"),
        domain: Some(1 + n % 8),
        kw: dice.between(0.2, 2.0),
        release,
        deadline: release + window,
        slots,
        min_run: if dice.roll() < 0.3 { 4 } else { 1 },
        checkpoint: 1,
        interruptible: !piece,
        running: 0,
        notice: 0,
        priority: u32::from(dice.roll() < 0.2),
        lost: 0.0,
    }
}

/// What this process had of a core so far (s): on a machine that does other work the clock says more.
fn core_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or_else(|| "not known".to_owned(), |kib| format!("{:.0}", kib / 1024.0))
}

/// One row: how often a deadline is missed beside what it costs; the least that could be missed is zero where the bound is short of nothing.
fn row(jobs: usize, rate: f64, seed: u64, by: Planner) {
    let problem = problem(jobs, rate, seed);
    let (begun, before) = (Instant::now(), core_seconds());
    let Plan { own, at_once, greedy, bound, .. } = plan(&problem, by).expect("a made problem has no faults");
    let (seconds, core) = (begun.elapsed().as_secs_f64(), core_seconds() - before);
    let (best, least) =
        bound.map_or(("-".to_owned(), "-".to_owned()), |b| (format!("{:.0}", b.cost), format!("{:.1}", b.short_kwh)));
    let above = bound.map_or("-".to_owned(), |b| format!("{:.2}", 100.0 * (own.cost.total() / b.cost - 1.0)));
    println!(
        "| {jobs} | {rate} | {seed} | {:.0} | {:.0} | {:.0} | {best} | {above} | {} / {} / {} | {least} | {seconds:.2} | {core:.2} | {} |",
        at_once.cost.total(),
        greedy.cost.total(),
        own.cost.total(),
        at_once.short_jobs,
        greedy.short_jobs,
        own.short_jobs,
        peak_memory()
    );
}

/// A row of what one kW more of each limit is worth, and how long that takes beside the plan.
fn worths(jobs: usize, rate: f64, seed: u64) {
    let problem = problem(jobs, rate, seed);
    let (begun, before) = (Instant::now(), core_seconds());
    let all = worth(&problem).expect("a made problem has no faults");
    let (seconds, core) = (begun.elapsed().as_secs_f64(), core_seconds() - before);
    let binds: Vec<String> = all.iter().map(|of| format!("{:.2}", of.per_kw)).collect();
    println!("| {jobs} | {rate} | {seed} | {} | {seconds:.2} | {core:.2} | {} |", binds.join(" "), peak_memory());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [jobs, rate, seed, "worth"] = arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        worths(jobs.parse().expect("jobs"), rate.parse().expect("a rate"), seed.parse().expect("a seed"));
        return;
    }
    if let [jobs, rate, seed, by] = arguments.as_slice() {
        let by = if by == "greed" { Planner::Greed } else { Planner::Programme };
        row(jobs.parse().expect("jobs"), rate.parse().expect("a rate"), seed.parse().expect("a seed"), by);
        return;
    }
    println!(
        "| jobs | price of a kW | seed | at once | greed | plan | bound | plan above bound (%) | late: at once / greed / plan | late at least (kWh) | s | of a core (s) | MiB |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let own = std::env::current_exe().expect("this program");
    for (jobs, rate) in [("500", "18"), ("500", "0.6"), ("2000", "18"), ("2000", "0.6")] {
        for seed in 1..=SEEDS {
            let done = Command::new(&own).args([jobs, rate, &seed.to_string(), "programme"]).status();
            assert!(done.is_ok_and(|status| status.success()), "a row failed");
        }
    }
}
