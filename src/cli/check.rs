//! `wattloop check`: every fault before anything runs.

use clap::Args;
use plant::fault::{Fault, Faults};
use serde_json::json;
use wattloop::service::config::load;
use wattloop::service::prices;

use super::{ConfigArgs, Out, Stop};

/// Find every fault of a configuration, its hall and its device maps.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop check                          the installed configuration
  wattloop check --config site.toml       another one
  wattloop check --config site.toml --json --set period=100ms

  wattloop check --config site.toml --strict   a warning counts as well: exit code 3

Exit code 0 without faults, 78 with faults, 3 with warnings under --strict. Nothing is contacted and nothing is written.")]
pub struct CheckArgs {
    /// End with exit code 3 when there is a warning
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Loads everything and tells what is wrong, or what there is.
pub fn run(args: &CheckArgs, out: &Out) -> Result<(), Stop> {
    let sources = args.config.sources();
    let loaded = load(&sources).map_err(|faults| told(&faults, out))?;
    let (hall, bindings) = (&loaded.hall, &loaded.bindings);
    let outputs = hall.points.rows().iter().filter(|p| p.write.is_some()).count();
    let devices = (bindings.modbus.len(), bindings.mqtt.len());
    let mut warnings = bindings.warnings(hall, &sources.file.display().to_string());
    warnings.extend(prices::doubt(&loaded));
    let end = if args.strict && !warnings.is_empty() { Err(Stop::new(3, "warnings", "", "")) } else { Ok(()) };
    if out.json() {
        out.value(&json!({
            "ok": true, "faults": [], "warnings": rows(&warnings), "hall": hall.name, "points": hall.points.len(), "outputs": outputs,
            "loops": hall.loops.len(), "alarms": hall.alarms.len(),
            "modbus_devices": devices.0, "mqtt_devices": devices.1,
            "tariff": loaded.tariff.as_ref().map(|tariff| &tariff.name),
        }))?;
        return end;
    }
    for warning in &warnings {
        out.line(format_args!("warning: {warning}"))?;
    }
    out.line(format_args!("{}: no faults", sources.file.display()))?;
    out.line(format_args!(
        "hall {}: {} points, {outputs} of them outputs, {} loops, {} alarms",
        hall.name,
        hall.points.len(),
        hall.loops.len(),
        hall.alarms.len()
    ))?;
    out.line(format_args!("{} devices on Modbus, {} on MQTT", devices.0, devices.1))?;
    if let Some(tariff) = &loaded.tariff {
        out.line(format_args!("tariff {} in {}", tariff.name, tariff.currency))?;
    }
    end
}

/// In JSON the faults are the answer and go to standard output; as text they are the error.
fn told(faults: &Faults, out: &Out) -> Stop {
    if !out.json() {
        return Stop::faults(faults);
    }
    match out.value(&json!({"ok": false, "faults": rows(&faults.0), "warnings": []})) {
        Ok(()) => Stop::new(78, "config_invalid", "", ""),
        Err(stop) => stop,
    }
}

fn rows(faults: &[Fault]) -> Vec<serde_json::Value> {
    let row =
        |f: &Fault| json!({"file": f.file, "line": f.line, "column": f.column, "message": f.message, "help": f.help});
    faults.iter().map(row).collect()
}
