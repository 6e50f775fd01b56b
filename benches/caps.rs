//! How long it takes to give 100,000 GPUs their caps under all limits of a tree, beside a bisection for one level under one budget alone; and what
//! caps add to a whole scan of the hall `air` at several sizes, beside the same scan of the same hall that caps nobody.
//!
//! `cargo bench --bench caps`. The goal is 50 ms on one core. The least time tells what the work costs, the median what the machine makes of it.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a bench prints its table")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::convert;
use plant::gpu::{Milliwatts, Uuid};
use plant::hall::Hall;
use plant::image::Inputs;
use plant::lease::{GpuReport, NodeReport, Rule};
use plant::point::Role;
use plant::reading::Sample;
use plant::time::{Span, Tick, Wall};
use sim::scale::{Files, to_racks};
use wattloop::control::Controller;
use wattloop::control::power::fill::{Fill, Tree};

const NODES: usize = 12_500;
const RUNS: usize = 21;
const LEAST: Milliwatts = Milliwatts(200_000);
const MOST: Milliwatts = Milliwatts(700_000);

/// Nodes of eight GPUs, five in a rack with two cords, twenty racks on a pair of PDUs, five pairs on a UPS, two UPSs on each of two sides.
fn tree() -> Tree {
    let (racks, pdus) = (NODES / 5, NODES / 100);
    let upses = pdus.div_ceil(5);
    let mut tree = Tree::new(1 + upses + 2 * pdus + 2 * racks);
    for node in 0..NODES {
        let (rack, pdu) = (node / 5, node / 100);
        let cords = 1 + upses + 2 * pdus + 2 * rack;
        let feeds = 1 + upses + 2 * pdu;
        tree.hang(
            8,
            [(0, 1.12), (1 + pdu / 5, 1.1), (feeds, 0.53), (feeds + 1, 0.53), (cords, 0.526), (cords + 1, 0.526)],
        );
    }
    tree
}

/// A wish for each GPU: four tenths train, four tenths decode, the rest is idle; each a little unlike the others.
fn wish(gpu: usize) -> Milliwatts {
    let spread = convert::u64_from_usize(gpu.wrapping_mul(7919) % 1000) * 40;
    let base = match gpu % 10 {
        0..4 => 620_000,
        4..8 => 190_000,
        _ => 80_000,
    };
    Milliwatts(base + spread).min(MOST)
}

/// `air` with so many racks, five nodes of four GPUs in each, behind a UPS that they would overload by a third; with `capped` tenants of three
/// priorities by whom watts go where they do most work.
fn hall(racks: usize, capped: bool) -> Arc<Hall> {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let at = text.find("name = \"ups-a\"\nkind").expect("a UPS");
    let (before, after) = text.split_at(at);
    let after: Vec<&str> =
        after.lines().filter(|line| !line.contains("standard = \"ups\", rated-a = 1804.2")).collect();
    let after = after.join("\n").replacen("rated = 1.25e6", "rated = 700e3", 1);
    let (_, physics) = sim::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let files = Files { name: "air".to_owned(), hall: format!("{before}{after}"), physics: (*physics).to_owned() };
    let mut text = to_racks(&files, racks).expect("scales").hall;
    if capped {
        text += "\n[capping]\nshare = \"useful\"\n";
        for (priority, row) in ["row-a", "row-b"].into_iter().enumerate() {
            text += &format!(
                "[[tenant]]\nname = \"tenant-{priority}\"\nrows = [\"{row}\"]\npriority = {priority}\nfloor = 20e3\n\
                 curve = [[250, 0.50], [400, 0.82], [550, 0.95], [700, 1.0]]\n"
            );
        }
    }
    Arc::new(Hall::load("air", &text).expect("the scaled hall loads"))
}

/// What a node says in a scan: each of its GPUs draws what it wishes, as far as its cap lets it.
fn report(hall: &Hall, node: usize, control: &Controller, seq: u64) -> NodeReport {
    let of = hall.power.nodes.get(node).expect("a node");
    let gpu = |place: usize| {
        let granted = control.outputs().caps.get(place).copied().unwrap_or_default();
        let enforced = if granted.uuid.is_some() { granted.cap } else { Milliwatts(300_000) };
        let power = Some(wish(place).min(enforced));
        GpuReport {
            power,
            peak: power,
            enforced: Some(enforced),
            at_most: Some(enforced),
            rule: Rule::Lease,
            epoch: granted.order.0,
            sequence: granted.order.1,
            ..GpuReport::unread(Uuid::from_bits(u128::from(convert::u64_from_usize(place)) + 1))
        }
    };
    NodeReport { node: of.name.clone(), seq, driver: None, why: None, gpus: of.places().map(gpu).collect() }
}

/// Scans of a hall in which every node speaks before each; the first ones, in which everything is new, do not count.
fn scans(hall: &Arc<Hall>) -> (Duration, Duration) {
    let mut control = Controller::new(Arc::clone(hall));
    let mut inputs = Inputs::of(hall);
    let mut tick =
        Tick { dt: Span::from_secs(1), wall: Wall(1_774_990_000_000), clock_trusted: true, ..Tick::default() };
    let mut times: Vec<Duration> = (0..10 + RUNS)
        .map(|_| {
            tick = Tick { seq: tick.seq + 1, mono: tick.mono.after(tick.dt), wall: Wall(tick.wall.0 + 1000), ..tick };
            for (id, def) in hall.points.iter().filter(|(_, def)| def.role == Role::Sensor) {
                let value = match def.short_name() {
                    "energy" => tick.mono.since(plant::time::Mono(0)).seconds() * 10.0,
                    "power" => 14_000.0,
                    _ => 24.0 + f64::from(u8::from(tick.seq.is_multiple_of(2))) / 10.0,
                };
                if let Some(sample) = inputs.samples.get_mut(id) {
                    *sample = Sample::good(value, tick.mono);
                }
            }
            for node in 0..hall.power.nodes.len() {
                let report = report(hall, node, &control, tick.seq);
                inputs.hear(hall, node, &report, tick.mono);
            }
            let begun = Instant::now();
            black_box(control.step(&inputs, tick).caps.len());
            begun.elapsed()
        })
        .skip(10)
        .collect();
    times.sort_unstable();
    (times.first().copied().unwrap_or_default(), times.get(RUNS / 2).copied().unwrap_or_default())
}

fn timed(mut what: impl FnMut()) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            what();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    (times.first().copied().unwrap_or_default(), times.get(RUNS / 2).copied().unwrap_or_default())
}

fn main() {
    let tree = tree();
    let mut fill = Fill::new(&tree);
    let gpus = tree.gpus();
    let total = Milliwatts(convert::u64_from_usize(gpus) * 400_000);
    let room =
        |limit: usize| if limit == 0 { total } else { Milliwatts(total.0 / convert::u64_from_usize(1 + limit / 40)) };
    let all = timed(|| {
        fill.begin(&tree, |_| LEAST, room);
        for priority in 0..3 {
            fill.rise(&tree, |gpu| (gpu / 8 % 3 == priority).then(|| (wish(gpu), 1000)));
        }
        fill.rise(&tree, |_| Some((MOST, 1)));
        black_box(fill.level(gpus / 2));
    });
    let one = timed(|| {
        let (mut low, mut high) = (0_u64, MOST.0);
        while high - low > 1 {
            let level = low.midpoint(high);
            let sum: u64 = (0..gpus).map(|gpu| wish(gpu).0.min(level).max(LEAST.0)).sum();
            if sum <= total.0 { low = level } else { high = level }
        }
        black_box(low);
    });
    println!("| {gpus} GPUs | least | median |\n|---|--:|--:|");
    println!("| {} limits, three priorities, headroom | {:.1?} | {:.1?} |", tree.limits(), all.0, all.1);
    println!("| one budget, one level, by bisection | {:.1?} | {:.1?} |", one.0, one.1);
    println!(
        "| ratio | {:.1} | {:.1} |",
        all.0.as_secs_f64() / one.0.as_secs_f64(),
        all.1.as_secs_f64() / one.1.as_secs_f64()
    );
    println!(
        "\n| whole scans of `air` | points | with caps, least | median | without, least | median |\n|---|--:|--:|--:|--:|--:|"
    );
    for racks in [40, 400, 2000] {
        let (capped, free) = (hall(racks, true), hall(racks, false));
        let (with, without) = (scans(&capped), scans(&free));
        println!(
            "| {} GPUs | {} | {:.1?} | {:.1?} | {:.1?} | {:.1?} |",
            capped.power.gpus(),
            capped.points.len(),
            with.0,
            with.1,
            without.0,
            without.1
        );
    }
}
