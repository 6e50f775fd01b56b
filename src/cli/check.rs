//! `wattloop check`: every fault before anything runs.

use clap::Args;
use plant::fault::Faults;
use serde_json::json;
use wattloop::service::config::load;

use super::{ConfigArgs, Out, Stop};

/// Find every fault of a configuration, its hall and its device maps.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop check                          the installed configuration
  wattloop check --config site.toml       another one
  wattloop check --config site.toml --json --set period=100ms

Exit code 0 without faults, 78 with faults. Nothing is contacted and nothing is written.")]
pub struct CheckArgs {
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
    if out.json() {
        return out.value(&json!({
            "ok": true, "faults": [], "hall": hall.name, "points": hall.points.len(), "outputs": outputs,
            "loops": hall.loops.len(), "alarms": hall.alarms.len(),
            "modbus_devices": devices.0, "mqtt_devices": devices.1,
        }));
    }
    out.line(format_args!("{}: no faults", sources.file.display()))?;
    out.line(format_args!(
        "hall {}: {} points, {outputs} of them outputs, {} loops, {} alarms",
        hall.name,
        hall.points.len(),
        hall.loops.len(),
        hall.alarms.len()
    ))?;
    out.line(format_args!("{} devices on Modbus, {} on MQTT", devices.0, devices.1))
}

/// In JSON the faults are the answer and go to standard output; as text they are the error.
fn told(faults: &Faults, out: &Out) -> Stop {
    if !out.json() {
        return Stop::faults(faults);
    }
    let rows: Vec<_> = faults
        .0
        .iter()
        .map(|f| json!({"file": f.file, "line": f.line, "column": f.column, "message": f.message, "help": f.help}))
        .collect();
    match out.value(&json!({"ok": false, "faults": rows})) {
        Ok(()) => Stop::new(78, "config_invalid", "", ""),
        Err(stop) => stop,
    }
}
