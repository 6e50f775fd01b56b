//! `wattloop run`: the service.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use wattloop::adapters::modbus::Writes;
use wattloop::service::config::{Keeper, load};
use wattloop::service::journal::JournalError;
use wattloop::service::notify::Notify;
use wattloop::service::{Service, StartFault, api, logging};

use super::{ConfigArgs, Out, Stop, signals};

/// The service: control a hall until told to stop.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop run --config /etc/wattloop/wattloop.toml
  wattloop run --config site.toml --shadow             decide everything, write nothing
  wattloop run --config site.toml --set period=500ms

SIGHUP loads the configuration again. SIGTERM brings every output to its safe value and ends with exit code 0,
or with 1 when not every output is proven to hold it.")]
pub struct RunArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Decide everything and write nothing: no write can leave the process; the same as `shadow = true` in the file
    #[arg(long)]
    pub shadow: bool,
}

/// How often the flags of the signals are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What is said when the way out was clean and the plant is perhaps not safe.
const UNSAFE: &str = "stopped, but not every output is proven to hold its safe value (the log names the gateway or the \
                      output); `wattloop failsafe` tries again";

/// Runs the service.
pub fn run(args: &RunArgs, out: &Out) -> Result<(), Stop> {
    signals::listen().map_err(|e| Stop::io("signals", &e))?;
    let mut sources = args.config.sources();
    if args.shadow {
        sources.flags.push("shadow=true".to_owned());
    }
    let loaded = load(&sources).map_err(|faults| Stop::faults(&faults))?;
    logging::start(&loaded.config.log);
    let keeper = Arc::new(Keeper::new(sources, loaded.clone()));
    let writes = if loaded.config.shadow { Writes::Shadow } else { Writes::Live };
    let service = Service::start(loaded, writes, Some(Arc::clone(&keeper))).map_err(stop)?;
    let notify = Notify::of_process().map_err(|e| Stop::io("NOTIFY_SOCKET", &e))?;
    tracing::info!(socket = %service.socket().display(), health = %service.health(), "control runs");
    while !signals::asked_to_stop() && !service.has_ended() {
        if signals::asked_to_reload() {
            notify.reloading();
            match service.runtime().block_on(api::reload(&keeper, service.asker())) {
                Ok(done) => tracing::info!(applied = done.applied, needs_restart = ?done.needs_restart, "reloaded"),
                Err(problem) => tracing::error!("not reloaded, the configuration that runs stays: {}", problem.message),
            }
            notify.ready();
        }
        std::thread::sleep(LOOK);
    }
    let ended = service.has_ended();
    let tally = service.stop();
    if ended {
        return Err(Stop::failed(
            "the scan thread has ended by itself; `wattloop failsafe` brings the outputs to safety",
        ));
    }
    if out.json() {
        out.value(&tally)?;
    } else {
        out.line(format_args!("{} scans, {} overruns", tally.scans, tally.overruns))?;
    }
    if tally.safe { Ok(()) } else { Err(Stop::failed(UNSAFE)) }
}

fn stop(fault: StartFault) -> Stop {
    match &fault {
        StartFault::Io(path, error) => {
            let mut stop = Stop::io(&path.display().to_string(), error);
            // Nothing that a start makes for itself is merely out of reach.
            stop.exit = if stop.exit == 77 { 77 } else { 73 };
            stop.code = if stop.exit == 77 { stop.code } else { "cannot_create".to_owned() };
            stop.help = "`wattloop config show` names `state_dir`, `api.socket` and `health.listen`".to_owned();
            stop
        }
        StartFault::Journal(JournalError::InUse(_)) => {
            let help = "one service a state directory: `wattloop status` asks the one that runs";
            Stop::new(73, "in_use", fault.to_string(), help)
        }
        StartFault::Journal(_) => Stop::new(73, "journal", fault.to_string(), ""),
        StartFault::Adapter(_) => Stop::new(78, "config_invalid", fault.to_string(), ""),
    }
}
