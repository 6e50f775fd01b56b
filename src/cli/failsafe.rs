//! `wattloop failsafe`: the safe outputs, by a small path of its own.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use plant::command::{WriteOutcome, WriteReport};
use plant::hall::Hall;
use plant::id::Table;
use serde_json::json;
use wattloop::adapters::modbus::write_once;
use wattloop::service::clock::Machine;
use wattloop::service::config::{Loaded, load};

use super::{ConfigArgs, Out, Stop};

/// Bring every output to its safe value by a small path of its own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop failsafe --yes            now: fans, pumps and valves go to their safe values
  wattloop failsafe --if-unclean     only when the service did not end well; for systemd's ExecStopPost

It needs no journal, no broker and no running service: one attempt at every device, all over in ten seconds.
Exit code 69 when an output was not proven to have taken its value.")]
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

/// When all writes are over.
const DEADLINE: Duration = Duration::from_secs(10);

/// Writes every safe value once.
pub fn run(args: &FailsafeArgs, out: &Out) -> Result<(), Stop> {
    // systemd tells ExecStopPost how the service ended; without systemd nobody knows, and safe is safe.
    if args.if_unclean && std::env::var_os("SERVICE_RESULT").is_some_and(|result| result == "success") {
        return if out.json() {
            out.value(&json!({"clean": true, "outputs": []}))
        } else {
            out.line("the service ended well")
        };
    }
    let loaded = load(&args.config.sources()).map_err(|faults| Stop::faults(&faults))?;
    if !args.if_unclean && UnixStream::connect(&loaded.config.api.socket).is_ok() {
        let say = "the service runs and holds the outputs; it would take them back with its next scan";
        return Err(Stop::new(75, "running", say, "stop it: its clean way out brings the outputs to safety"));
    }
    let outputs = loaded.hall.points.rows().iter().filter(|p| p.write.is_some()).count();
    if !args.if_unclean && !args.yes {
        let say = format!("this would write the safe values of {outputs} outputs of hall {}", loaded.hall.name);
        return Err(Stop::usage(say, "say --yes to do it"));
    }
    let reports = write(&loaded)?;
    tell(&loaded.hall, &reports, out)
}

fn write(loaded: &Loaded) -> Result<Vec<WriteReport>, Stop> {
    let values: Table<_, _> = loaded.hall.points.rows().iter().map(|p| p.write.map(|w| w.failsafe)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Stop::io("the writer cannot start", &e))?;
    let stamp = Arc::new(Machine::start().stamp());
    Ok(runtime.block_on(write_once(&loaded.config.modbus, &loaded.bindings.modbus, &values, DEADLINE, stamp)))
}

/// One line an output. An output without a report was not reached.
fn tell(hall: &Hall, reports: &[WriteReport], out: &Out) -> Result<(), Stop> {
    let mut rows = Vec::new();
    let mut missing = 0_usize;
    for (id, point) in hall.points.iter() {
        let Some(range) = point.write else { continue };
        let outcome = reports.iter().find(|r| r.point == id).map(|r| r.outcome);
        let (safe, word) = match outcome {
            Some(WriteOutcome::Applied) => (true, "applied".to_owned()),
            Some(WriteOutcome::Unproven { seen }) => (false, format!("unproven: the device holds {seen}")),
            Some(WriteOutcome::Foreign { seen }) => (false, format!("somebody else wrote {seen}")),
            Some(WriteOutcome::Failed(why)) => (false, format!("failed: {why}")),
            None => (false, "not reached".to_owned()),
        };
        missing = missing.saturating_add(usize::from(!safe));
        if !out.json() {
            out.line(format_args!("{} = {} {}: {word}", point.name, range.failsafe, point.unit.pretty()))?;
        }
        rows.push(json!({"point": point.name, "value": range.failsafe, "applied": safe, "outcome": word}));
    }
    if out.json() {
        out.value(&json!({"clean": false, "outputs": rows}))?;
    }
    if missing == 0 {
        return Ok(());
    }
    let say =
        format!("{missing} outputs are not proven safe; their devices act by themselves when nobody talks to them");
    Err(Stop::new(69, "unreachable", say, "go and look at them"))
}
