//! `wattloop failsafe`: the safe outputs, by a small path of its own.

use clap::Args;

use super::{ConfigArgs, Out, Stop};

/// Bring every output to its safe value by a small path of its own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop failsafe --yes            now: fans, pumps and valves go to their safe values
  wattloop failsafe --if-unclean     only when the service did not end well; for systemd's ExecStopPost

It needs no journal, no broker and no running service: one attempt at every device, all over in ten seconds.")]
pub struct FailsafeArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Do nothing when systemd says that the service ended well
    #[arg(long)]
    pub if_unclean: bool,
    /// Do it without a second question
    #[arg(long)]
    pub yes: bool,
}

/// Writes.
pub fn run(_args: &FailsafeArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("pending"))
}
