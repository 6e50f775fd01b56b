//! How long it takes to give 100,000 GPUs their caps under all limits of a tree, beside a bisection for one level under one budget alone.
//!
//! `cargo bench --bench caps`. The goal is 50 ms on one core. The least time tells what the work costs, the median what the machine makes of it.
#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use plant::convert;
use plant::gpu::Milliwatts;
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
}
