//! How fast the shipped halls step, on their own panels, sensors read every step: `cargo bench -p sim --bench speed`.
//!
//! `--seconds N` runs each for so long (default 3), `--hall NAME` only one, `--scaled` the hall `air` of 40 to 1,000 racks as
//! well. Beside the hall `air` stands a plain numpy model of it (`sim/benches/peers/hall.py`), where
//! `benches/peers/install.sh` has installed numpy, and the same hall with 800 single GPUs in its racks, uncapped and capped. Wall time and the processor's are the same thing on a calm machine; on a
//! busy one believe the second column.

#![expect(clippy::print_stdout, clippy::expect_used, clippy::panic, reason = "a bench prints its table")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use sim::World;
use sim::compute::fleet::Spec;
use sim::scale::{Files, to_racks};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |key: &str| arguments.iter().position(|a| a == key).and_then(|n| arguments.get(n + 1));
    let length = Duration::from_secs(after("--seconds").and_then(|s| s.parse().ok()).unwrap_or(3));
    println!(
        "| hall | points | steps of 1 s | steps/s by the clock | steps/s of processor time |\n|---|--:|--:|--:|--:|"
    );
    let mut air = None;
    for (name, physics) in sim::shipped::HALLS {
        if after("--hall").is_none_or(|wanted| wanted == name) {
            let measured = measure(&shipped(name, physics), None, length);
            air = air.or((*name == "air").then_some(measured));
        }
    }
    if air.is_some() {
        let (kind, text) = sim::shipped::NODES.first().expect("shipped");
        for cap in [None, Some(400.0)] {
            let spec = Spec::load(kind, text, (5, 40)).unwrap_or_else(|faults| panic!("{faults}"));
            let (_, physics) = sim::shipped::HALLS.iter().find(|(n, _)| *n == "air").expect("shipped");
            measure(&shipped("air", physics), Some(Arc::new(Spec { cap, ..spec })), length);
        }
    }
    if let Some(air) = air {
        beside_numpy(air, length);
    }
    if arguments.iter().any(|a| a == "--scaled") {
        scaled(length);
    }
}

/// What a run measured.
#[derive(Clone, Copy)]
struct Measured {
    points: usize,
    /// Steps in a second of processor time.
    rate: f64,
}

fn shipped(name: &str, physics: &str) -> Files {
    let (_, hall) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("a hall for each physics");
    Files { name: name.to_owned(), hall: (*hall).to_owned(), physics: physics.to_owned() }
}

/// Steps on panels; with `nodes` in the racks each GPU is followed by itself.
fn measure(files: &Files, nodes: Option<Arc<Spec>>, length: Duration) -> Measured {
    let Files { name, hall, physics } = files;
    let hall = Hall::load(name, hall).unwrap_or_else(|faults| panic!("{faults}"));
    let mut world = World::load(&hall, name, physics).unwrap_or_else(|faults| panic!("{faults}")).on_panels();
    let mut name = name.clone();
    if let Some(spec) = nodes {
        world = world.with_nodes(&spec);
        let gpus = world.fleet().map_or(0, |fleet| 4 * fleet.cluster().nodes().len());
        let cap = spec.cap.map_or_else(String::new, |watts| format!(" at {watts:.0} W"));
        name = format!("{name}, {gpus} GPUs{cap}");
    }
    let mut inputs = Inputs::unread(hall.points.len());
    let outputs = Outputs::default();
    let mut tick =
        Tick { dt: Span::from_secs(1), wall: Wall(1_781_474_400_000), clock_trusted: true, ..Tick::default() };
    let mut steps = 0u64;
    let (began, used) = (Instant::now(), processor());
    while began.elapsed() < length {
        for _ in 0..500 {
            world.step_into(&outputs, tick, &mut inputs);
            tick.seq += 1;
            tick.mono = Mono(tick.mono.0 + tick.dt.nanos());
            tick.wall = Wall(tick.wall.0 + 1000);
        }
        steps += 500;
    }
    let rate = |seconds: f64| plant::convert::f64_from_u64(steps) / seconds;
    let (wall, own) = (began.elapsed().as_secs_f64(), processor() - used);
    println!("| {name} | {} | {steps} | {:.0} | {:.0} |", hall.points.len(), rate(wall), rate(own));
    Measured { points: hall.points.len(), rate: rate(own) }
}

/// The same hall in numpy, if it is installed.
fn beside_numpy(air: Measured, length: Duration) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../target/peers/venv/bin/python");
    let mut peer = Command::new(python);
    peer.arg(root.join("benches/peers/hall.py")).arg(length.as_secs().to_string()).arg(air.points.to_string());
    // One core for it as for us.
    peer.envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")]);
    let told = peer
        .output()
        .ok()
        .filter(|out| out.status.success())
        .map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    let figures: Option<Vec<f64>> =
        told.map(|text| text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect());
    let Some([steps, seconds, inlet, pue]) = figures.as_deref().and_then(|f| <[f64; 4]>::try_from(f).ok()) else {
        println!("\nA numpy model of `air`: not installed (`benches/peers/install.sh`).");
        return;
    };
    let rate = steps / seconds;
    println!(
        "\nA numpy model of `air`: {rate:.0} steps/s of processor time (worst inlet {inlet:.1} °C, PUE {pue:.3}); ours makes \
         {:.0} for each of its steps.",
        air.rate / rate
    );
}

/// What a rack costs in halls of different sizes.
fn scaled(length: Duration) {
    let (_, physics) = sim::shipped::HALLS.iter().find(|(n, _)| *n == "air").expect("shipped");
    let of = shipped("air", physics);
    let costs: Vec<String> = [40u32, 120, 400, 1000]
        .map(|racks| {
            let files = to_racks(&of, plant::convert::usize_from_u32(racks)).expect("a hall");
            let rate = measure(&files, None, length).rate;
            format!("{racks} racks {:.0} ns", 1e9 / rate / f64::from(racks))
        })
        .to_vec();
    println!("\nA step for each rack: {}.", costs.join(", "));
}

/// Processor time of this process so far (s), where the system tells it; else zero.
fn processor() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    told.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).map_or(0.0, |ns| ns / 1e9)
}
