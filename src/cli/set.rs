//! `wattloop set`: hold an output at a value.

use clap::Args;
use plant::time::Wall;
use wattloop::control::request::Reply;
use wattloop::service::api::Override;

use super::client::SocketArgs;
use super::{Out, Stop};

/// Hold an output at a value for a while.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop set crah-1/fan-speed 60 --for 90min --reason 'filter change'

It ends by itself: after 2 h unless --for says otherwise, after 24 h at the latest. Safety floors stay above it.
`wattloop release crah-1/fan-speed` ends it at once.")]
pub struct SetArgs {
    /// The output: a command or a setpoint
    pub point: String,
    /// The value, in the point's own unit (% for fans, valves and pumps)
    #[arg(allow_negative_numbers = true)]
    pub value: f64,
    #[command(flatten)]
    pub held: HeldArgs,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Why something holds, and for how long.
#[derive(Debug, Args)]
pub struct HeldArgs {
    /// Why; the next shift reads it
    #[arg(long)]
    pub reason: String,
    /// For how long, such as `30min` or `2h`; at most 24h
    #[arg(long = "for", value_name = "TIME", value_parser = hold)]
    pub hold: Option<String>,
}

/// Asks the service.
pub fn run(args: &SetArgs, out: &Out) -> Result<(), Stop> {
    if !args.value.is_finite() {
        return Err(Stop::usage(format!("{} is no value", args.value), "write a number"));
    }
    let body = Override {
        point: args.point.clone(),
        value: args.value,
        hold: args.held.hold.clone(),
        reason: args.held.reason.clone(),
    };
    let reply: Reply = args.socket.post("/v1/override", &body)?;
    print_reply(&args.point, &reply, out)
}

/// A length of time as the service reads it; its bounds are the controller's business.
pub(super) fn hold(text: &str) -> Result<String, String> {
    super::span(text).map(|_| text.to_owned())
}

/// Prints what the controller answered about a point or an alarm.
pub fn print_reply(what: &str, reply: &Reply, out: &Out) -> Result<(), Stop> {
    if out.json() {
        return out.value(reply);
    }
    match reply {
        Reply::Accepted { expires: Some(until), note } => {
            out.line(format_args!("{what}: {note}; ends by itself at {}", instant(*until)))
        }
        Reply::Accepted { expires: None, note } => out.line(format_args!("{what}: {note}")),
        Reply::Lease(of) => out.line(format_args!("{what}: answered to {}", of.client)),
        Reply::Refused(refusal) => Err(Stop::new(1, refusal.code(), refusal.to_string(), "")),
    }
}

/// A wall time as the clock on this machine's wall shows it: `Tue 05:59 UTC`.
fn instant(wall: Wall) -> String {
    let zone = jiff::tz::TimeZone::try_system().unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(wall.0).map(|t| t.to_zoned_datetime(zone));
    at.map_or_else(|_| format!("{} ms", wall.0), |at| at.strftime("%a %H:%M %Z").to_string())
}
