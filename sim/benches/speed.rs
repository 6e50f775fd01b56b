//! How fast the shipped halls step, on their own panels, sensors read every step: `cargo bench -p sim --bench speed`.
//!
//! `--seconds N` runs each for so long (default 3), `--hall NAME` only one. Wall time and the processor's are the same thing on a
//! calm machine; on a busy one believe the second column.

#![expect(clippy::print_stdout, clippy::expect_used, clippy::panic, reason = "a bench prints its table")]

use std::time::{Duration, Instant};

use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use sim::World;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |key: &str| arguments.iter().position(|a| a == key).and_then(|n| arguments.get(n + 1));
    let length = Duration::from_secs(after("--seconds").and_then(|s| s.parse().ok()).unwrap_or(3));
    println!(
        "| hall | points | steps of 1 s | steps/s by the clock | steps/s of processor time |\n|---|--:|--:|--:|--:|"
    );
    for (name, physics) in sim::shipped::HALLS {
        if after("--hall").is_none_or(|wanted| wanted == name) {
            measure(name, physics, length);
        }
    }
}

fn measure(name: &str, physics: &str, length: Duration) {
    let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("a hall for each physics");
    let hall = Hall::load(name, text).unwrap_or_else(|faults| panic!("{faults}"));
    let mut world = World::load(&hall, name, physics).unwrap_or_else(|faults| panic!("{faults}")).on_panels();
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
}

/// Processor time of this process so far (s), where the system tells it; else zero.
fn processor() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    told.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).map_or(0.0, |ns| ns / 1e9)
}
