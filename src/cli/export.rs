//! `wattloop export`: recorded time series as CSV.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;
use plant::read::did_you_mean;
use serde_json::json;
use wattloop::service::history::{Archive, HistoryError, Selection, export};

use super::{Out, Stop};

/// Write recorded time series as CSV.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop export /var/lib/wattloop/history.db > all.csv
  wattloop export history.db --point crah-1/fan-speed --from 2026-01-31T00:00:00Z --to 2026-02-01T00:00:00Z
  wattloop export history.db --out day.csv --json      how many values, as JSON

Columns: time, point, value, unit, quality. Times are in UTC.")]
pub struct ExportArgs {
    /// The embedded history's file
    pub history: PathBuf,
    /// Only this series; may be repeated
    #[arg(long = "point", value_name = "POINT")]
    pub points: Vec<String>,
    /// From this instant on
    #[arg(long, value_name = "TIME")]
    pub from: Option<jiff::Timestamp>,
    /// Up to this instant
    #[arg(long, value_name = "TIME")]
    pub to: Option<jiff::Timestamp>,
    /// Write into this file, which must not exist, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Exports.
pub fn run(args: &ExportArgs, out: &Out) -> Result<(), Stop> {
    if out.json() && args.out.is_none() {
        return Err(Stop::usage("the CSV and the JSON would both go to standard output", "add --out FILE"));
    }
    let archive = Archive::open(&args.history).map_err(|e| {
        Stop::new(65, "bad_history", format!("{}: {e}", args.history.display()), "name the file of the state directory")
    })?;
    known(&archive, &args.points)?;
    let selection = Selection {
        names: args.points.clone(),
        from: args.from.map_or(i64::MIN, |t| t.as_millisecond()),
        to: args.to.map_or(i64::MAX, |t| t.as_millisecond()),
    };
    let count = match &args.out {
        None => write(&archive, &selection, &mut BufWriter::new(io::stdout().lock())),
        Some(path) => {
            let file = File::create_new(path).map_err(|e| {
                let mut stop = Stop::io(&path.display().to_string(), &e);
                stop.exit = 73;
                stop
            })?;
            write(&archive, &selection, &mut BufWriter::new(file))
        }
    }?;
    if out.json() {
        return out.value(&json!({"values": count}));
    }
    if args.out.is_some() { out.line(format_args!("{count} values")) } else { Ok(()) }
}

/// A name that is not there would give an empty file, which looks like a quiet day.
fn known(archive: &Archive, points: &[String]) -> Result<(), Stop> {
    let names = archive.names().map_err(|e| Stop::new(65, "bad_history", e.to_string(), ""))?;
    match points.iter().find(|point| !names.iter().any(|(name, _)| name == *point)) {
        Some(point) => {
            let help = did_you_mean(point, names.iter().map(|(name, _)| name.as_str()));
            Err(Stop::new(1, "unknown", format!("this history has no series `{point}`"), help))
        }
        None => Ok(()),
    }
}

fn write(archive: &Archive, selection: &Selection, to: &mut impl Write) -> Result<u64, Stop> {
    let written = export(archive, selection, to).and_then(|count| Ok(to.flush().map(|()| count)?));
    match written {
        Ok(count) => Ok(count),
        // A reader that has seen enough, such as `head`, is no error.
        Err(HistoryError::Io(e)) if e.kind() == ErrorKind::BrokenPipe => Ok(0),
        Err(HistoryError::Io(e)) => Err(Stop::io("the export", &e)),
        Err(e @ (HistoryError::Config(_) | HistoryError::Version(_) | HistoryError::Sqlite(_))) => {
            Err(Stop::new(65, "bad_history", e.to_string(), ""))
        }
    }
}
