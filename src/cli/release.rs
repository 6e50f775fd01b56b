//! `wattloop release`: give an output back.

use clap::Args;
use wattloop::control::request::Reply;
use wattloop::service::api::Release;

use super::client::SocketArgs;
use super::set::print_reply;
use super::{Out, Stop};

/// Give an output back to the loops.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wattloop release crah-1/fan-speed\n  wattloop release --all --yes       every operator's override of the hall"
)]
pub struct ReleaseArgs {
    /// The output
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub point: Option<String>,
    /// Every output that the level holds; needs --yes
    #[arg(long)]
    pub all: bool,
    /// Which level lets go, 1 to 17
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=17))]
    pub level: u8,
    /// Do it without a second question
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &ReleaseArgs, out: &Out) -> Result<(), Stop> {
    if args.all && !args.yes {
        let say = format!("this would give back every output that level {} holds", args.level);
        return Err(Stop::usage(say, "say --yes to do it; `wattloop status` lists them"));
    }
    let body = Release { point: args.point.clone(), all: args.all, level: Some(args.level) };
    let reply: Reply = args.socket.post("/v1/release", &body).map_err(|stop| match args.point {
        Some(_) => stop.helped("nothing_there", "`wattloop why` tells who holds it; `--level` releases another level"),
        None => stop.helped("nothing_there", "`wattloop status` lists the overrides"),
    })?;
    match (&args.point, out.json()) {
        (Some(point), false) => out.line(format_args!(
            "level {} lets go of {point} with the next scan; `wattloop why {point}` tells who leads then",
            args.level
        )),
        (None, false) | (_, true) => print_reply("every output", &reply, out),
    }
}
