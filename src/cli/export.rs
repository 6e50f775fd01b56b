//! `wattloop export`: recorded time series as CSV.

use std::path::PathBuf;

use clap::Args;

use super::{Out, Stop};

/// Write recorded time series as CSV.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  wattloop export /var/lib/wattloop/history.sqlite > day.csv")]
pub struct ExportArgs {
    /// The history's file
    pub history: PathBuf,
}

/// Exports.
pub fn run(_args: &ExportArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("pending"))
}
