//! `wattloop reload`: load the configuration again.

use clap::Args;
use wattloop::service::api::Reloaded;

use super::client::SocketArgs;
use super::{Out, Stop};

/// Load the configuration again and apply what can be applied.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop check && wattloop reload

Strategies take effect with the next scan, without a bump. Other keys wait for a restart and are named.
A configuration with faults changes nothing.")]
pub struct ReloadArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &ReloadArgs, out: &Out) -> Result<(), Stop> {
    let reloaded: Reloaded = args.socket.post("/v1/reload", &()).map_err(|mut stop| {
        if stop.code == "config_invalid" {
            stop.exit = 78;
        }
        stop
    })?;
    if out.json() {
        return out.value(&reloaded);
    }
    out.line(if reloaded.applied {
        "the strategies take effect with the next scan"
    } else {
        "no strategy has changed"
    })?;
    for key in &reloaded.needs_restart {
        out.line(format_args!("changed, and waits for a restart: {key}"))?;
    }
    Ok(())
}
