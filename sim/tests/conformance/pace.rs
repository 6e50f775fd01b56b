//! How fast 800 GPUs go: a figure, not a check.

use sim::compute::arrivals::Arrival;
use sim::compute::cluster::Cluster;
use sim::compute::gpu::Device;
use sim::compute::gpu::rate::Rates;
use sim::compute::job::Kind;
use sim::compute::node::{Around, Build, Cadence};

/// `cargo test --release -p sim --test conformance pace -- --ignored --nocapture`, on a machine that does nothing else.
#[test]
#[ignore = "a figure, not a check"]
fn a_hundred_nodes_of_eight_gpus() {
    let build = Build::boxed(Device::H100, 10.0);
    let cadence = Cadence::new(&build, Rates::clocked(&build.device), 1.0);
    let cool = |_| Around { inlet: 25.0, liquid: None, live: true };
    for (cap, what) in [(700.0, "uncapped"), (400.0, "capped")] {
        let mut hall = Cluster::new(build, 100, 7, 25.0);
        for n in 0..25 {
            let kind = if n % 2 == 0 { Kind::Training } else { Kind::Serving };
            hall.submit(Arrival { submit: 0.0, nodes: 4, length: 1e9, kind });
        }
        (0..100).for_each(|n| hall.cap(n, cap));
        (0..100).for_each(|_| _ = hall.step(&cadence, cool));
        let (start, steps) = (std::time::Instant::now(), 20_000);
        let power = (0..steps).map(|_| hall.step(&cadence, cool).power).sum::<f64>() / f64::from(steps);
        let each = start.elapsed().as_secs_f64() / f64::from(steps);
        let (rate, part) = (1.0 / each, each / 8000.0 * 1e9);
        println!("{what}: {rate:.0} steps/s, {part:.2} ns a GPU and tenth of a step, {:.0} kW", power / 1e3);
    }
}
