//! `wattloop config show`: the configuration in force.

use clap::Args;
use wattloop::service::config::parse;

use super::{ConfigArgs, Out, Stop};

/// Every key in force, and where its value came from.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop config show --config site.toml
  wattloop config show --config site.toml --origin
  WATTLOOP_PERIOD=500ms wattloop config show --origin

The file is read first, then WATTLOOP_ variables (`__` between levels), then --set.")]
pub struct ShowArgs {
    /// Say where each value came from
    #[arg(long)]
    pub origin: bool,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Prints every key.
pub fn show(args: &ShowArgs, out: &Out) -> Result<(), Stop> {
    let parsed = parse(&args.config.sources()).map_err(|faults| Stop::faults(&faults))?;
    let rows = parsed.show();
    if out.json() {
        return out.value(&rows);
    }
    let width = rows.iter().map(|r| r.key.len().saturating_add(r.value.len())).max().unwrap_or(0).min(72);
    for row in rows {
        let pair = format!("{} = {}", row.key, row.value);
        if args.origin {
            out.line(format_args!("{pair:<width$}    # {}", row.origin))?;
        } else {
            out.line(pair)?;
        }
    }
    Ok(())
}
