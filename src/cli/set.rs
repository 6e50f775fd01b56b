//! `wattloop set`: hold an output at a value.

use clap::Args;
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
    /// Why; the next shift reads it
    #[arg(long)]
    pub reason: String,
    /// For how long, such as `30min` or `2h`; at most 24h
    #[arg(long = "for", value_name = "TIME")]
    pub hold: Option<String>,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &SetArgs, out: &Out) -> Result<(), Stop> {
    if !args.value.is_finite() {
        return Err(Stop::usage(format!("{} is no value", args.value), "write a number"));
    }
    let body =
        Override { point: args.point.clone(), value: args.value, hold: args.hold.clone(), reason: args.reason.clone() };
    let reply: Reply = args.socket.post("/v1/override", &body)?;
    print_reply(&reply, out)
}

/// Prints what the controller answered.
pub fn print_reply(reply: &Reply, out: &Out) -> Result<(), Stop> {
    if out.json() {
        return out.value(reply);
    }
    match reply {
        Reply::Accepted { expires, note } => {
            let until = expires.and_then(|w| jiff::Timestamp::from_millisecond(w.0).ok());
            match until {
                Some(until) => out.line(format_args!("{note}; ends by itself at {until:.0}")),
                None => out.line(note),
            }
        }
        Reply::Refused(refusal) => Err(Stop::failed(format!("refused: {refusal:?}"))),
    }
}
