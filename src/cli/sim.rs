//! `wattloop sim`: the simulated hall, on real wires or faster than real time.

mod batches;
mod crowd;
pub mod days;
mod drive;
pub mod gpus;
mod leave;
pub mod lockstep;
pub mod look;
mod nodes;
pub mod overload;
mod pages;
mod planner;
pub mod rapid;
pub mod scale;
mod scenarios;
mod site;
pub mod storm;
pub mod tune;
pub mod year;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use plant::time::Span;
use sim::World;
use sim::wire;
use wattloop::adapters::modbus::Endpoint;
use wattloop::service::config::{Loaded, Sources, load};

use super::{Out, Stop, signals};

/// Put a simulated hall on the network.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim serve bench --config config/bench.toml   on the ports that this configuration expects
  wattloop sim serve air --config config/air.toml       with a broker of yours at the configuration's mqtt.url
  wattloop sim serve air --config config/air.toml --speed 60
  wattloop sim serve bench --config config/bench.toml --lockstep --clock 5029
  wattloop sim serve air --config config/air.toml --gpus gpus --per-rack 2
                                                        with GPUs that agents find: docs/halls.md

In lockstep time stands still until somebody writes to the clock unit; its registers are in docs/halls.md.
In a second terminal: `wattloop run --config config/bench.toml`.")]
pub struct ServeArgs {
    /// The hall: a shipped one's name, or a file
    pub hall: String,
    /// The configuration that will talk to it: gateways, units and the broker
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A value above the configuration, as for `run`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Stop after this time; without it, at Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = super::span)]
    pub length: Option<Span>,
    /// Simulated seconds for each real second (1 to 60)
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=60), conflicts_with = "lockstep")]
    pub speed: u8,
    /// Time moves only when somebody writes to the clock unit
    #[arg(long)]
    pub lockstep: bool,
    /// The port of the clock unit, which tells simulated time [default: any free one]
    #[arg(long, value_name = "PORT")]
    pub clock: Option<u16>,
    /// GPUs that agents on this machine find.
    #[command(flatten)]
    pub gpus: gpus::GpuArgs,
}

/// Run a simulated hall or scenarios under control, faster than real time.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim run air --for 24h
  wattloop sim run air --for 1h --runs 20 --json      the same run twenty times: one trace hash
  wattloop sim run air-fan-failed bench-hot-day       scenarios that come with the program
  wattloop sim run scenarios/*.toml --junit sim.xml   scenarios of yours, for a build server
  wattloop sim run air-hot-day --report day.html --trace day.csv

The same seed gives the same decisions to the bit, on any machine.
Exit codes of scenarios: 0 all asserts hold, 1 one failed, 65 a file is bad, 70 the simulator failed.")]
pub struct RunArgs {
    /// A hall: a shipped one's name; or scenarios: files, or shipped ones' names
    #[arg(required = true, value_name = "HALL|FILE")]
    pub what: Vec<String>,
    /// A hall: how much simulated time passes, such as `24h`
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = super::span)]
    pub length: Span,
    /// A hall: the period of the scan, which is also the step of the world
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = super::span)]
    pub period: Span,
    /// The seed of the weather, the load and the noise [default: 1, or the scenario's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// A hall: how often the same run is made; every one must decide the same
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Scenarios: so many seeds, from the first on
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub seeds: Option<u32>,
    /// Scenarios: write the verdicts for a build server
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write a page to look at; of several runs each has its name and seed in the file's name
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Write every signal over time; of several runs as for `--report`
    #[arg(long, value_name = "FILE.csv")]
    pub trace: Option<PathBuf>,
    /// Scenarios: make another run as well, and tell both figures
    #[arg(long, value_name = "WHICH")]
    pub baseline: Option<Baseline>,
}

/// Which other run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Baseline {
    /// Every device by its own panel
    Fixed,
    /// The same, and nothing happens
    NoEvents,
}

impl Baseline {
    const fn of(self) -> sim::scenario::Baseline {
        match self {
            Self::Fixed => sim::scenario::Baseline::Fixed,
            Self::NoEvents => sim::scenario::Baseline::NoEvents,
        }
    }
}

/// Runs a hall, or scenarios.
pub fn run(args: &RunArgs, out: &Out) -> Result<(), Stop> {
    match args.what.as_slice() {
        [hall] if !pages::is_scenario(hall) => rapid::run(hall, args, out),
        _ => scenarios::run(args, out),
    }
}

/// Serves a hall until told to stop.
pub fn serve(args: &ServeArgs, out: &Out) -> Result<(), Stop> {
    signals::listen().map_err(|e| Stop::io("signals", &e))?;
    let mut flags = args.set.clone();
    flags.push(format!("hall=\"{}\"", args.hall));
    let sources = Sources { file: args.config.clone(), env: Vec::new(), flags };
    let loaded = load(&sources).map_err(|faults| Stop::faults(&faults))?;
    let world = world(&loaded.hall.name, &loaded.hall)?.with_seed(args.seed);
    let world = args.gpus.spec(&loaded.hall)?.iter().fold(world, World::with_nodes);
    let mut options = options(&loaded)?;
    options.clock = args.clock.unwrap_or(0);
    options.pace = pace(args);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Stop::io("tokio", &e))?;
    let served = runtime
        .block_on(wire::serve(world, &loaded.bindings, &options))
        .map_err(|e| Stop::io("a gateway's port", &e))?;
    let put = args.gpus.put(&loaded.hall, &served)?;
    say(&served, put.as_ref(), out)?;
    let mut gone = Duration::ZERO;
    let look = Duration::from_millis(100);
    while !signals::asked_to_stop() && args.length.is_none_or(|length| gone < length.duration()) {
        std::thread::sleep(look);
        gone = gone.saturating_add(look);
    }
    runtime.block_on(served.stop());
    Ok(())
}

/// What moves the hall's time. GPUs' sensors speak ten times a second, so that the world is stepped as often.
fn pace(args: &ServeArgs) -> wire::Pace {
    match (args.lockstep, &args.gpus.gpus) {
        (true, _) => wire::Pace::Lockstep,
        (false, None) => wire::Pace::free(f64::from(args.speed)),
        (false, Some(_)) => wire::Pace::Free { speed: f64::from(args.speed), step: Duration::from_millis(100) },
    }
}

/// Where everything is.
fn say(served: &wire::Running, put: Option<&gpus::Put>, out: &Out) -> Result<(), Stop> {
    let gateways: BTreeMap<&str, String> =
        served.gateways().iter().map(|(name, at)| (name.as_str(), at.to_string())).collect();
    if out.json() {
        let gpus = put.map(|put| serde_json::json!({"folder": put.folder, "nodes": put.nodes, "library": put.library}));
        let clock = served.clock().to_string();
        return out.value(&serde_json::json!({"gateways": gateways, "clock": clock, "gpus": gpus}));
    }
    for (name, at) in &gateways {
        out.line(format_args!("gateway {name} at tcp://{at}"))?;
    }
    out.line(format_args!("the clock unit at tcp://{}", served.clock()))?;
    let Some(put) = put else { return Ok(()) };
    let folder = put.folder.display();
    out.line(format_args!("the GPUs of {} nodes at {folder}/NODE/board", put.nodes))?;
    match &put.library {
        Some(_) => out.line(format_args!("NVML for a node's agent: {folder}/NODE/libnvidia-ml.so.1")),
        None => out.line(format_args!(
            "NVML for agents is not beside this program: `cargo build -p sim-nvml`, and SIM_NVML_BOARD={folder}/NODE/board"
        )),
    }
}

/// The world of a hall: its physics by the hall's name.
fn world(name: &str, hall: &plant::hall::Hall) -> Result<World, Stop> {
    let (_, physics) = sim::shipped::HALLS.iter().find(|(known, _)| *known == name).ok_or_else(|| {
        let names: Vec<&str> = sim::shipped::HALLS.iter().map(|(known, _)| *known).collect();
        Stop::usage(format!("there is no physics for a hall `{name}`"), format!("there is {}", names.join(", ")))
    })?;
    World::load(hall, name, physics).map_err(|faults| Stop::faults(&faults))
}

/// The ports and the broker that the configuration expects.
fn options(loaded: &Loaded) -> Result<wire::Options, Stop> {
    let mut ports = BTreeMap::new();
    for (name, gateway) in &loaded.config.modbus.gateway {
        let port = match &gateway.url {
            Endpoint::Tcp(at) => at.rsplit_once(':').and_then(|(_, port)| port.parse().ok()),
            Endpoint::RtuOverTcp(_) | Endpoint::Serial(_) => None,
        };
        let Some(port) = port else {
            let say = format!("gateway {name} is no Modbus TCP gateway, and a simulated one can be nothing else");
            return Err(Stop::usage(say, "use a configuration with `url = \"tcp://127.0.0.1:PORT\"`"));
        };
        ports.insert(name.clone(), port);
    }
    let broker = match &loaded.config.mqtt {
        None => None,
        Some(mqtt) => {
            let address = mqtt.url.strip_prefix("mqtt://").and_then(|rest| rest.rsplit_once(':'));
            let parsed = address.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
            let (host, port) = parsed.ok_or_else(|| {
                Stop::usage(format!("{} is no mqtt://host:port", mqtt.url), "sensors speak plain MQTT")
            })?;
            Some(wire::Broker { host, port, client: "simulated-hall".to_owned(), login: None })
        }
    };
    Ok(wire::Options { ports, broker, ..wire::Options::default() })
}
