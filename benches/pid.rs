//! Our PID block beside the bare `pid` crate and a textbook's, on the same plant with the same gains.

#[path = "pid/plant.rs"]
mod plant_model;
#[path = "pid/rivals.rs"]
mod rivals;
#[path = "pid/trials.rs"]
mod trials;

use std::hint::black_box;
use std::time::Instant;

use rivals::{Bare, Ours, Rival, Seen, Textbook};
use trials::{REST, Row};

/// A contestant: its name and how to make one at rest.
type Contestant = (&'static str, fn() -> Box<dyn Rival>);

const CONTESTANTS: [Contestant; 5] = [
    ("pid 4.0 as documented (±100, floor 0)", || Box::new(Bare::new(100.0, 0.0, REST))),
    ("pid 4.0 around the mid-point (50 ± 50)", || Box::new(Bare::new(50.0, 50.0, REST))),
    ("textbook PID, integral cut at 0 and 100", || Box::new(Textbook::new(REST))),
    ("wattloop, on its own command", || Box::new(Ours::new(REST, false))),
    ("wattloop, with the valve's position", || Box::new(Ours::new(REST, true))),
];

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    println!(
        "| Loop | setpoint IAE (K·s) | load IAE (K·s) | undershoot after 600 s without water (K) | of it below −2 K (s) \
         | peak after overcooling (K) | manual to auto (%) | IAE with uneven dt (ratio) | after one NaN | ns per step |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|---|--:|");
    for (name, fresh) in CONTESTANTS {
        let Row { sp_iae, load_iae, undershoot, too_cold, peak, bump, jitter, nan } = trials::row(fresh);
        let after = if nan.dead {
            "NaN for ever".to_owned()
        } else {
            format!("{:.0} %, {:.1} K off at most", nan.output, nan.excursion)
        };
        let ns = nanos_per_step(fresh().as_mut());
        println!(
            "| {name} | {sp_iae:.1} | {load_iae:.1} | {undershoot:.2} | {too_cold:.0} | {peak:.2} | {bump:.2} \
             | {jitter:.2} | {after} | {ns:.1} |"
        );
    }
}

/// The best of ten runs of 200,000 steps.
fn nanos_per_step(rival: &mut dyn Rival) -> f64 {
    const STEPS: u32 = 200_000;
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let start = Instant::now();
        for n in 0..STEPS {
            let pv = 32.0 + f64::from(n % 16) / 16.0;
            black_box(rival.step(black_box(Seen { sp: 32.0, pv, valve: 50.0, dt: 1.0 })));
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS));
    }
    best
}
