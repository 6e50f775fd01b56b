//! `wattloop failsafe`: the safe outputs, by a small path of its own.

mod unclean;

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use plant::command::{WriteOutcome, WriteReport};
use plant::id::{PointId, Table};
use serde_json::json;
use wattloop::adapters::modbus::write_once;
use wattloop::control::sentence;
use wattloop::service::clock::Machine;
use wattloop::service::config::{Loaded, last_good, load};
use wattloop::service::mark::Mark;

use super::{ConfigArgs, Out, Stop};

/// Bring every output to its safe value by a small path of its own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop failsafe --yes            now: fans, pumps and valves go to their safe values
  wattloop failsafe --if-unclean     only when the service did not end well; for systemd's ExecStopPost

It needs no journal, no broker and no running service: one attempt at every device, all over in ten seconds.
Exit code 69 when an output was not proven to have taken its value; the others have taken theirs.

Unclean is what systemd does not call a success in SERVICE_RESULT, EXIT_CODE and EXIT_STATUS. Without these variables
nobody knows how the service ended, and the safe values are written unless it still answers. Another supervisor sets
SERVICE_RESULT=success itself after exit code 0.

Nothing is written for a site in shadow: neither when its configuration says `shadow = true`, nor with --if-unclean
after `run --shadow`.")]
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
    let told = unclean::Told::by_environment();
    if args.if_unclean && told.as_ref().is_some_and(unclean::Told::clean) {
        return nothing(out, "the service ended well and brought the outputs to safety itself");
    }
    let loaded = loaded(args, out)?;
    if args.if_unclean && (loaded.config.shadow || Mark::Shadow.is_on(&loaded.config.state_dir)) {
        return nothing(out, "the service ran in shadow: the outputs are somebody else's, nothing is written");
    }
    if loaded.config.shadow {
        let help = "`--set shadow=false` writes the safe values all the same";
        return Err(Stop::usage("this site runs in shadow: its outputs are somebody else's", help));
    }
    // When systemd runs us, its service is gone: whoever answers then is another one, and safe values do it no harm.
    if told.is_none() && UnixStream::connect(&loaded.config.api.socket).is_ok() {
        let say = "the service runs and holds the outputs; it would take them back with its next scan";
        return Err(Stop::new(75, "running", say, "stop it: its clean way out brings the outputs to safety"));
    }
    if !args.if_unclean && !args.yes {
        let outputs = loaded.hall.points.rows().iter().filter(|p| p.write.is_some()).count();
        let say = format!("this would write the safe values of {outputs} outputs of hall {}", loaded.hall.name);
        return Err(Stop::usage(say, "say --yes to do it"));
    }
    // Before the first write: the next service must not go on from what it commanded before.
    let marked = Mark::HandedOver.put(&loaded.config.state_dir, true);
    let reports = write(&loaded)?;
    if let (Err(e), false) = (&marked, out.json()) {
        out.line(format_args!(
            "{}: {e}; a service that starts at once may move the outputs",
            loaded.config.state_dir.display()
        ))?;
    }
    tell(&loaded, &reports, out)
}

/// The configuration, or, where it has faults now, the one that ran last.
fn loaded(args: &FailsafeArgs, out: &Out) -> Result<Loaded, Stop> {
    let sources = args.config.sources();
    load(&sources).or_else(|faults| match last_good::fall_back(&sources) {
        Some(Ok(kept)) => {
            if !out.json() {
                out.line("the configuration has faults: the one that ran last is used")?;
            }
            Ok(kept)
        }
        Some(Err(_)) | None => Err(Stop::faults(&faults)),
    })
}

fn nothing(out: &Out, why: &str) -> Result<(), Stop> {
    if out.json() { out.value(&json!({"written": false, "why": why, "outputs": []})) } else { out.line(why) }
}

fn write(loaded: &Loaded) -> Result<Vec<WriteReport>, Stop> {
    let values: Table<_, _> = loaded.hall.points.rows().iter().map(|p| p.write.map(|w| w.failsafe)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Stop::io("the writer cannot start", &e))?;
    let stamp = Arc::new(Machine::start().stamp());
    Ok(runtime.block_on(write_once(&loaded.config.modbus, &loaded.bindings.modbus, &values, DEADLINE, stamp)))
}

/// One line an output, then one sentence about what is not proven, gateway by gateway.
fn tell(loaded: &Loaded, reports: &[WriteReport], out: &Out) -> Result<(), Stop> {
    let writers = writers(loaded);
    let mut rows = Vec::new();
    let mut doubtful: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, point) in loaded.hall.points.iter() {
        let Some(range) = point.write else { continue };
        let gateway = writers.get(&id).copied();
        let outcome = reports.iter().find(|r| r.point == id).map(|r| r.outcome);
        let (safe, word) = match (gateway, outcome) {
            (None, _) => (false, "no device takes it".to_owned()),
            (Some(_), Some(WriteOutcome::Applied)) => (true, "written and read back".to_owned()),
            (Some(_), Some(WriteOutcome::Acknowledged)) => {
                (true, "written and acknowledged; nothing reads it back".to_owned())
            }
            (Some(_), Some(WriteOutcome::Unproven { seen })) => (false, format!("NOT PROVEN, the device holds {seen}")),
            (Some(_), Some(WriteOutcome::Foreign { seen })) => (false, format!("NOT SAFE, somebody else wrote {seen}")),
            (Some(_), Some(WriteOutcome::Failed(why))) => (false, format!("NOT WRITTEN, {}", sentence::trouble(why))),
            (Some(_), None) => (false, "NOT REACHED in time".to_owned()),
        };
        if let Some(gateway) = gateway.filter(|_| !safe) {
            doubtful.entry(gateway).or_default().push(&point.name);
        }
        if !out.json() {
            out.line(format_args!("{} = {} {}: {word}", point.name, range.failsafe, point.unit.pretty()))?;
        }
        rows.push(json!({
            "point": point.name, "value": range.failsafe, "unit": point.unit.code(), "gateway": gateway,
            "applied": safe, "outcome": word,
        }));
    }
    let outputs = rows.len();
    if out.json() {
        out.value(&json!({"written": true, "why": "", "outputs": rows}))?;
    }
    if doubtful.is_empty() { Ok(()) } else { Err(unproven(loaded, &doubtful, outputs)) }
}

/// Which gateway leads to the device that takes each output.
fn writers(loaded: &Loaded) -> BTreeMap<PointId, &str> {
    let devices = loaded.bindings.modbus.iter();
    let outputs = devices.flat_map(|d| {
        let taken = d.map.registers.iter().zip(&d.points).filter(|(register, _)| register.access.writes());
        taken.map(|(_, bound)| (bound.point, d.gateway.as_str()))
    });
    outputs.collect()
}

fn unproven(loaded: &Loaded, doubtful: &BTreeMap<&str, Vec<&str>>, outputs: usize) -> Stop {
    let many: usize = doubtful.values().map(Vec::len).sum();
    let mut say = format!("{many} of {outputs} outputs are not proven safe");
    for (gateway, points) in doubtful {
        let url = loaded.config.modbus.gateway.get(*gateway).map_or_else(String::new, |g| g.url.to_string());
        say.push_str(&format!("; behind gateway {gateway} ({url}): {}", points.join(", ")));
    }
    let help = "go and look at them; a device that nobody talks to goes to its own safe value after its loss time";
    Stop::new(69, "unreachable", say, help)
}
