//! `wattloop agent …` as a program of its own: on a GPU node nothing that has the right to set limits contains more than that takes.

#![expect(dead_code, reason = "what other commands use of these files")]

#[path = "../cli"]
mod cli {
    pub mod agent;
    pub mod client;
    mod figure;
    mod out;
    pub mod panic;
    mod signals;
    mod stop;

    pub use out::Out;
    pub use stop::Stop;
}

use std::process::ExitCode;

use clap::Parser;
use cli::Out;
use cli::agent::AgentCommand;

/// The privileged half on a GPU node: what `wattloop agent` is, and nothing else.
#[derive(Debug, Parser)]
#[command(version, name = "wattloop-agent", after_help = AFTER)]
struct Cli {
    /// Answer as JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    /// What to do
    #[command(subcommand)]
    command: AgentCommand,
}

const AFTER: &str = "\
Examples:
  wattloop-agent run --config /etc/wattloop/agent.toml     as `wattloop agent run`, with a third of its memory
  wattloop-agent status

Exit codes: 0 done, 1 failed, 2 wrong use, 69 not reachable, 74 I/O, 77 not allowed, 78 the node's file has faults.";

fn main() -> ExitCode {
    cli::panic::ends_the_process();
    let cli = Cli::parse();
    let out = Out::new(cli.json);
    match cli::agent::run(&cli.command, &[], &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => out.stop(&stop.into()),
    }
}
