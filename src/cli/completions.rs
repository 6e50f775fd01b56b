//! `wattloop completions`: a script that completes commands in a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Out, Stop};

/// A completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wattloop completions bash > /usr/share/bash-completion/completions/wattloop")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs, out: &Out) -> Result<(), Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wattloop", &mut script);
    out.text(String::from_utf8_lossy(&script))
}
