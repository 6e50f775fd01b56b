//! How long a scan takes: a hall of 10,000 points and 1,000 loops, and how that grows with the number of points.
//!
//! `cargo bench --bench step`. The goal is a millisecond on one core for the first row.
#![expect(clippy::print_stdout, clippy::expect_used, clippy::indexing_slicing, reason = "a bench prints its table")]

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use plant::hall::Hall;
use plant::image::Inputs;
use plant::point::Role;
use plant::reading::Sample;
use plant::time::{Span, Tick, Wall};
use wattloop::control::Controller;

const SCANS: u32 = 300;

/// A hall of `rows` rows, each of 14 racks with 9 CRAHs: ten loops and 98 points a row, and a meter for every row.
fn hall(rows: usize) -> Hall {
    let mut text = String::from(
        "name = \"large\"\nsite = \"bench\"\ntz = \"Europe/Berlin\"\nsummary = \"Generated\"\n\
         [limits]\ninlet-recommended = 27.0\ninlet-max = 32.0\n\
         [chilled-water]\nname = \"chw\"\n\
         [strategy.fans]\nsetpoint = 24.0\ngain = 4.0\nti = \"120s\"\n\
         [strategy.valves]\nsetpoint = 20.0\ngain = 6.0\nti = \"120s\"\n\
         [strategy.pump]\nsetpoint = 80e3\ngain = 4e-4\nti = \"30s\"\n\
         [[meter]]\nname = \"utility\"\nrole = \"utility\"\nrated = 1e9\n",
    );
    for row in 0..rows {
        write!(text, "[[row]]\nname = \"row-{row}\"\nracks = 14\nrack-rated = 25e3\n").expect("writes");
        write!(text, "[[meter]]\nname = \"it-{row}\"\nrole = \"it\"\nparent = \"utility\"\nrated = 1e6\n")
            .expect("writes");
        for crah in 0..9 {
            write!(text, "[[crah]]\nname = \"crah-{row}-{crah}\"\nrow = \"row-{row}\"\n").expect("writes");
        }
    }
    Hall::load("large.toml", &text).expect("the generated hall loads")
}

fn scan(hall: &Hall, inputs: &mut Inputs, tick: &mut Tick) {
    tick.mono = tick.mono.after(tick.dt);
    tick.wall.0 += 1000;
    let wobble = if tick.seq.is_multiple_of(2) { 0.1 } else { 0.0 };
    tick.seq += 1;
    for (id, def) in hall.points.iter().filter(|(_, def)| def.role == Role::Sensor) {
        inputs.samples[id] = Sample::good(24.0 + wobble, tick.mono);
        if def.short_name() == "energy" {
            inputs.samples[id] = Sample::good(tick.mono.since(plant::time::Mono(0)).seconds() * 10.0, tick.mono);
        }
    }
}

fn main() {
    println!("| points | loops | outputs | median µs | 99 % µs | ns a point |");
    println!("|---|---|---|---|---|---|");
    for rows in [10, 100, 300, 1000] {
        let hall = Arc::new(hall(rows));
        let mut control = Controller::new(Arc::clone(&hall));
        let mut inputs = Inputs::unread(hall.points.len());
        let mut tick =
            Tick { dt: Span::from_secs(1), wall: Wall(1_774_990_000_000), clock_trusted: true, ..Tick::default() };
        let mut times = Vec::new();
        let mut outputs = 0;
        for _ in 0..SCANS {
            scan(&hall, &mut inputs, &mut tick);
            let begin = Instant::now();
            outputs = std::hint::black_box(control.step(&inputs, tick)).commands.len();
            times.push(begin.elapsed().as_nanos());
        }
        times.drain(..20);
        times.sort_unstable();
        let (median, most) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        let points = hall.points.len();
        let (us, ns) = (
            |n: u128| format!("{}.{}", n / 1000, n % 1000 / 100),
            median / u128::try_from(points.max(1)).expect("fits"),
        );
        println!("| {points} | {} | {outputs} | {} | {} | {ns} |", hall.loops.len(), us(median), us(most));
    }
}
