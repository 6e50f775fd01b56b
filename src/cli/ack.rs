//! `wattloop ack`: acknowledge an alarm.

use clap::Args;
use wattloop::control::request::Reply;

use super::client::SocketArgs;
use super::set::print_reply;
use super::{Out, Stop};

/// Acknowledge an alarm, or reset a latched one.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wattloop ack inlet-high           you have seen it\n  wattloop ack inlet-high --reset   a latched alarm whose condition is gone"
)]
pub struct AckArgs {
    /// The alarm's name, as `wattloop status` shows it
    pub alarm: String,
    /// Reset a latched alarm instead; refused while its condition holds
    #[arg(long)]
    pub reset: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &AckArgs, out: &Out) -> Result<(), Stop> {
    let verb = if args.reset { "reset" } else { "ack" };
    let path = format!("/v1/alarms/{}/{verb}", args.alarm);
    let reply: Reply = args.socket.post(&path, &()).map_err(|stop| {
        stop.helped("nothing_there", "`wattloop status` lists the alarms that stand and their states")
    })?;
    print_reply(&args.alarm, &reply, out)
}
