//! `wattloop tariff`: what energy and its peaks cost, by a tariff's file.

mod bill;
mod import;
mod prices;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use plant::fault::{Fault, Faults};
use serde_json::json;
use wattloop::control::tariff::Tariff;

use super::{Out, Stop};

/// What energy and its peaks cost.
#[derive(Debug, Subcommand)]
pub enum TariffCommand {
    /// Find every fault of a tariff's file
    Check(CheckArgs),
    /// What a meter's series comes to, to check an invoice
    Bill(Box<bill::BillArgs>),
    /// What energy costs now and ahead
    Prices(prices::PricesArgs),
    /// Translate a rate of the utility rate database
    Import(import::ImportArgs),
}

/// Every fault of a tariff's file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop tariff check config/tariffs/weser-rlm.toml
  wattloop tariff check tariff.toml --json

Exit code 0 without faults, 78 with faults. docs/tariffs.md says what a file may hold.")]
pub struct CheckArgs {
    /// The tariff
    pub file: PathBuf,
}

/// Runs one of them.
pub fn run(command: &TariffCommand, out: &Out) -> Result<(), Stop> {
    match command {
        TariffCommand::Check(args) => check(args, out),
        TariffCommand::Bill(args) => bill::run(args, out),
        TariffCommand::Prices(args) => prices::run(args, out),
        TariffCommand::Import(args) => import::run(args, out),
    }
}

fn check(args: &CheckArgs, out: &Out) -> Result<(), Stop> {
    let tariff = match load(&args.file)? {
        Ok(tariff) => tariff,
        Err(faults) if out.json() => {
            let row = |f: &Fault| json!({"file": f.file, "line": f.line, "column": f.column, "message": f.message, "help": f.help});
            out.value(&json!({"ok": false, "faults": faults.0.iter().map(row).collect::<Vec<_>>()}))?;
            return Err(Stop::new(78, "config_invalid", "", ""));
        }
        Err(faults) => return Err(Stop::faults(&faults)),
    };
    let (energy, demand, fixed) = (tariff.energy.len(), tariff.demand.len(), tariff.fixed.len());
    let day_ahead = tariff.needs_prices();
    if out.json() {
        return out.value(&json!({
            "ok": true, "faults": [], "tariff": tariff.name, "currency": tariff.currency,
            "energy": energy, "demand": demand, "fixed": fixed, "day_ahead": day_ahead,
        }));
    }
    out.line(format_args!("{}: no faults", args.file.display()))?;
    out.line(format_args!(
        "tariff {} in {}: {energy} prices of energy, {demand} of demand, {fixed} fixed",
        tariff.name, tariff.currency
    ))?;
    if day_ahead { out.line("it needs day-ahead prices: give `tariff bill` a file by --prices") } else { Ok(()) }
}

/// A tariff's file, or its faults.
fn load(file: &Path) -> Result<Result<Tariff, Faults>, Stop> {
    let text = fs::read_to_string(file).map_err(|e| {
        Stop::new(78, "config_invalid", format!("{}: cannot be read: {e}", file.display()), "name a tariff's file")
    })?;
    Ok(Tariff::load(&file.display().to_string(), &text))
}

/// A file of data.
fn data(file: &Path) -> Result<String, Stop> {
    fs::read_to_string(file).map_err(|e| {
        Stop::new(65, "bad_data", format!("{}: cannot be read: {e}", file.display()), "name a text file that is there")
    })
}

/// 65: data with faults.
fn bad(faults: &Faults) -> Stop {
    Stop::new(65, "bad_data", faults.to_string().trim_end(), "")
}
