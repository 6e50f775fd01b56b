//! `wattloop exchanged`: a machine, or what wears out in it, is another one from now on.

use clap::Args;
use wattloop::control::request::Reply;
use wattloop::service::api::Exchanged;

use super::client::SocketArgs;
use super::set::print_reply;
use super::{Out, Stop};

/// Say that a machine was exchanged, so that its run-time begins anew.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop exchanged ch-1 --reason 'new compressor'
  wattloop exchanged chwp-2 --hours 1200 --reason 'the spare from the store'
  wattloop exchanged cdu-1/pump-1-speed --reason 'new pump'

Who starts and who stops goes by run-time: what has run least starts first. It is kept over restarts, and who said so is in the journal.")]
pub struct ExchangedArgs {
    /// The machine, as `wattloop status` names it; one of a CDU's pumps by its speed
    pub machine: String,
    /// For how long what was put in has run elsewhere (h)
    #[arg(long, default_value_t = 0.0)]
    pub hours: f64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &ExchangedArgs, out: &Out) -> Result<(), Stop> {
    let body = Exchanged { machine: args.machine.clone(), hours: args.hours, reason: args.reason.clone() };
    let help = "it has no run-time that control keeps: chillers, pumps on headers, compressors of DX units, fans of towers and dry coolers, \
                pumps of tanks, and `cdu-1/pump-1-speed` have one";
    let reply: Reply = args.socket.post("/v1/exchanged", &body).map_err(|stop| stop.helped("unknown", help))?;
    print_reply(&args.machine, &reply, out)
}
