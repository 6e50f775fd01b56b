//! `wattloop sim`: the simulated hall, on real wires or faster than real time.

use std::path::PathBuf;

use clap::Args;
use plant::time::Span;

use super::{Out, Stop};

/// Put a simulated hall on the network.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim serve bench
  wattloop sim serve air --config config/air.toml     on the ports that this configuration expects")]
pub struct ServeArgs {
    /// The hall: a shipped one's name, or a file
    pub hall: String,
    /// The configuration that will talk to it: gateways, units and the broker
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Run a simulated hall under control, faster than real time.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim run air --for 24h
  wattloop sim run air --for 24h --seed 7 --json

The same seed gives the same decisions to the bit, on any machine.")]
pub struct RunArgs {
    /// The hall: a shipped one's name, or a file
    pub hall: String,
    /// How much simulated time passes, such as `24h`
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = super::span)]
    pub length: Span,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Serves a hall.
pub fn serve(_args: &ServeArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("this build has no simulated wires yet"))
}

/// Runs a hall.
pub fn run(_args: &RunArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("this build has no simulated run yet"))
}
