//! `wattloop run`: the service.

use clap::Args;

use super::{ConfigArgs, Out, Stop};

/// The service: control a hall until told to stop.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop run --config /etc/wattloop/wattloop.toml
  wattloop run --config site.toml --shadow             decide everything, write nothing
  wattloop run --config site.toml --set period=500ms

SIGHUP loads the configuration again. SIGTERM brings every output to its safe value and ends with exit code 0.")]
pub struct RunArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Decide everything and write nothing: no write can leave the process
    #[arg(long)]
    pub shadow: bool,
}

/// Runs the service.
pub fn run(_args: &RunArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("this build has no service yet"))
}
