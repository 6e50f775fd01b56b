//! The field's speed and cost beside bare peers: sense-to-act, cycles, jitter, registers a second, CPU, memory.
//!
//! `cargo bench --bench field` prints the tables; `-- --quick` does it once and shortly; `-- --runs 5 --seconds 10
//! --only loops` chooses. All of it, five runs of 5 s each (jitter: 10 s), takes less than 20 minutes. Peers in C and
//! Python come from `benches/peers/install.sh`; one that is missing is said to be.
//!
//! Server and contestants are this program again in roles of its own, each a process, so that the kernel counts apart.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints its table and stops at the first thing that is not as it must be"
)]

#[path = "field/bare.rs"]
mod bare;
#[path = "field/child.rs"]
mod child;
#[path = "field/figures.rs"]
mod figures;
#[path = "field/ours.rs"]
mod ours;
#[path = "field/rivals.rs"]
mod rivals;
#[path = "field/server.rs"]
mod server;
#[path = "field/site.rs"]
mod site;
#[path = "field/trials.rs"]
mod trials;

use std::path::PathBuf;
use std::time::Duration;

/// What a contestant has to do, the same for all of them.
#[derive(Clone, Debug)]
pub struct Work {
    /// True when loops are closed; false when there is only reading.
    pub loops: bool,
    /// Where the server listens; a connection each.
    pub ports: Vec<u16>,
    /// Units behind each.
    pub units: usize,
    /// Registers read of each.
    pub registers: u16,
    /// The period; zero for flat out.
    pub period: Duration,
}

impl Work {
    /// The period, and a tenth of a second where there is none.
    fn grid(&self) -> Duration {
        if self.period.is_zero() { Duration::from_millis(100) } else { self.period }
    }

    /// As arguments of a contestant.
    fn arguments(&self) -> Vec<String> {
        let numbers = [self.units.to_string(), self.registers.to_string(), self.period.as_millis().to_string()];
        numbers.into_iter().chain(self.ports.iter().map(u16::to_string)).collect()
    }

    fn parse(arguments: &[String], loops: bool) -> Self {
        Self {
            loops,
            units: number(arguments, 0),
            registers: number(arguments, 1),
            period: Duration::from_millis(number(arguments, 2)),
            ports: (3..arguments.len()).map(|n| number(arguments, n)).collect(),
        }
    }
}

fn number<T: std::str::FromStr>(arguments: &[String], n: usize) -> T {
    arguments.get(n).and_then(|a| a.parse().ok()).expect("a number")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("--serve") => {
            server::serve(number(rest, 0), number(rest, 1), number(rest, 2));
        }
        Some("--bare-each") => two_threads().block_on(bare::each(&Work::parse(rest, true))),
        Some("--bare-scan") => two_threads().block_on(bare::scan(&Work::parse(rest, true))),
        Some("--bare-read") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(bare::read(&Work::parse(rest, false)));
        }
        Some("--field-read") => ours::read(PathBuf::from(&rest[0]), Duration::from_millis(number(rest, 1))),
        _ => trials::run(&trials::Plan::parse(&arguments)),
    }
}

/// What the service gives its adapters.
fn two_threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}
