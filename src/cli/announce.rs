//! `wattloop announce` and `wattloop withdraw`: a job is going to start, or does not.

use clap::Args;
use wattloop::control::request::Reply;
use wattloop::service::api::{Announce, Withdraw};

use super::client::SocketArgs;
use super::set::print_reply;
use super::{Out, Stop};

/// Say that machines are going to draw more power, so that cooling moves ahead of the heat.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop announce job-17 80e3 --row row-a --in 60s

It only ever adds cooling. A load that does not come is not waited for; one that ends needs no word. The same name again takes its place.")]
pub struct AnnounceArgs {
    /// Its name, such as the job's
    pub id: String,
    /// How much more is going to be drawn (W)
    pub watts: f64,
    /// The row; the whole hall when nothing is said
    #[arg(long)]
    pub row: Option<String>,
    /// From when on, such as `20s` or `5min`; at most 24h
    #[arg(long = "in", value_name = "TIME", value_parser = super::set::hold)]
    pub ahead: String,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Take an announced load back.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wattloop withdraw job-17")]
pub struct WithdrawArgs {
    /// Its name
    pub id: String,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &AnnounceArgs, out: &Out) -> Result<(), Stop> {
    if !(args.watts.is_finite() && args.watts > 0.0) {
        return Err(Stop::usage(format!("{} W is no load to come", args.watts), "write how many watts more"));
    }
    let body = Announce { id: args.id.clone(), row: args.row.clone(), watts: args.watts, ahead: args.ahead.clone() };
    let reply: Reply = args.socket.post("/v1/announce", &body)?;
    print_reply(&args.id, &reply, out)
}

/// Asks the service.
pub fn withdraw(args: &WithdrawArgs, out: &Out) -> Result<(), Stop> {
    let reply: Reply = args
        .socket
        .post("/v1/withdraw", &Withdraw { id: args.id.clone() })
        .map_err(|stop| stop.helped("nothing_there", "`wattloop status` lists what is announced"))?;
    print_reply(&args.id, &reply, out)
}
