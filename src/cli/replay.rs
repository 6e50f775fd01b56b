//! `wattloop replay`: decide a recorded run again.

use std::path::PathBuf;

use clap::Args;

use super::{Out, Stop};

/// Decide a recorded run again and compare every decision.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop replay /var/lib/wattloop/journal.sqlite
  wattloop replay journal.sqlite --json

The journal holds the hall, the device maps and the configuration it was made with, so any machine will do.
Exit code 0 when every decision is identical to the bit, 1 when one is not, 65 when the journal is damaged.")]
pub struct ReplayArgs {
    /// The journal's file
    pub journal: PathBuf,
}

/// Replays.
pub fn run(_args: &ReplayArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("pending"))
}
