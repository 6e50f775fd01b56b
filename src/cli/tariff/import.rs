//! `wattloop tariff import`: a rate of the utility rate database as a tariff's file.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use wattloop::control::tariff::urdb;

use super::{Out, Stop, data};

/// Translate a rate of the utility rate database.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop tariff import rate.json --zone America/Chicago > tariff.toml
  wattloop tariff import rate.json --zone America/Chicago --out tariff.toml

The file is an answer of OpenEI's `utility_rates` with one rate, or the rate alone. What could not be translated stands in the
first lines of the tariff, by its name; a rate of which no bill would be right is refused with exit code 65.")]
pub struct ImportArgs {
    /// The rate, as JSON
    pub file: PathBuf,
    /// Where the tariff's clock is: an IANA name, or an offset such as -06:00
    #[arg(long, value_name = "ZONE")]
    pub zone: String,
    /// Write into this file, which must not exist, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Translates.
pub fn run(args: &ImportArgs, out: &Out) -> Result<(), Stop> {
    let imported = urdb::import(&data(&args.file)?, &args.zone).map_err(|faults| {
        let lines = faults.iter().map(|fault| format!("{}: {fault}", args.file.display())).collect::<Vec<_>>();
        Stop::new(65, "bad_data", lines.join("\n"), "correct the rate, or write the tariff by hand: docs/tariffs.md")
    })?;
    if let Some(path) = &args.out {
        let written = File::create_new(path).and_then(|mut file| file.write_all(imported.toml.as_bytes()));
        written.map_err(|e| {
            let mut stop = Stop::io(&path.display().to_string(), &e);
            stop.exit = 73;
            stop
        })?;
    }
    if out.json() {
        return out.value(&json!({"tariff": imported.toml, "told": imported.told}));
    }
    match &args.out {
        None => out.text(imported.toml),
        Some(path) => {
            for line in &imported.told {
                out.line(format_args!("warning: {line}"))?;
            }
            out.line(format_args!("{} is written: compare a bill before you trust it", path.display()))
        }
    }
}
