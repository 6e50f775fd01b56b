//! `wattloop probe`: registers of a device, and what they may mean.

use clap::Args;

use super::{Out, Stop};

/// Read registers of a device and show what they may mean.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  wattloop probe tcp://10.0.0.5:502 --unit 1 --table holding --address 0 --count 4")]
pub struct ProbeArgs {
    /// Where
    pub url: String,
}

/// Probes.
pub fn run(_args: &ProbeArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("pending"))
}
