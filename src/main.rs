//! The command line: one line per command.

mod cli;

use std::process::ExitCode;

use clap::Parser;
#[cfg(feature = "sim")]
use cli::SimCommand;
use cli::{Cli, Command, ConfigCommand, Out, Stop};

fn main() -> ExitCode {
    cli::panic::ends_the_process();
    let cli = Cli::parse();
    let mut out = Out::new(cli.json);
    match run(cli.command, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => out.stop(&error),
    }
}

fn run(command: Command, out: &mut Out) -> anyhow::Result<()> {
    let done: Result<(), Stop> = match command {
        #[cfg(feature = "sim")]
        Command::Demo(args) => cli::demo::run(&args, out),
        Command::Run(args) => cli::run::run(&args, out),
        Command::Check(args) => cli::check::run(&args, out),
        Command::Probe(args) => cli::probe::run(&args, out),
        Command::Status(args) => cli::status::run(&args, out),
        Command::Power(command) => cli::power::run(&command, out),
        Command::Budget(command) => cli::budget::run(&command, out),
        Command::Jobs(args) => cli::jobs::run(&args, out),
        Command::Tariff(command) => cli::tariff::run(&command, out),
        Command::Windows(command) => cli::windows::run(&command, out),
        Command::Plan(args) => cli::plan::run(&args, out),
        Command::Gpus(args) => cli::gpus::run(&args, out),
        Command::Points(args) => cli::points::run(&args, out),
        Command::Why(args) => cli::why::run(&args, out),
        Command::Loops(args) => cli::loops::run(&args, out),
        Command::Shadow(args) => cli::shadow::run(&args, out),
        Command::Set(args) => cli::set::run(&args, out),
        Command::Release(args) => cli::release::run(&args, out),
        Command::Announce(args) => cli::announce::run(&args, out),
        Command::Withdraw(args) => cli::announce::withdraw(&args, out),
        Command::Ack(args) => cli::ack::run(&args, out),
        Command::Exchanged(args) => cli::exchanged::run(&args, out),
        Command::StepTest(args) => cli::tune::step_test(&args, out),
        Command::Tune(args) => cli::tune::tune(&args, out),
        Command::Supervisor(args) => cli::supervisor::run(&args, out),
        Command::Checkout(args) => cli::checkout::run(&args, out),
        Command::Reload(args) => cli::reload::run(&args, out),
        Command::Replay(args) => cli::replay::run(&args, out),
        Command::Export(args) => cli::export::run(&args, out),
        Command::Failsafe(args) => cli::failsafe::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Serve(args)) => cli::sim::serve(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Run(args)) => cli::sim::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Storm(args)) => cli::sim::storm::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Overload(args)) => cli::sim::overload::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Lockstep(args)) => cli::sim::lockstep::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Days(args)) => cli::sim::days::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Year(args)) => cli::sim::year::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Scale(args)) => cli::sim::scale::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Tune(args)) => cli::sim::tune::run(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Bless(args)) => cli::sim::look::bless(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Explain(args)) => cli::sim::look::explain(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Diff(args)) => cli::sim::look::diff(&args, out),
        #[cfg(feature = "sim")]
        Command::Sim(SimCommand::Faults(args)) => cli::sim::look::faults(&args, out),
        Command::Agent(command) => cli::agent::run(&command, &["agent"], out),
        Command::Config(ConfigCommand::Show(args)) => cli::config::show(&args, out),
        Command::Completions(args) => cli::completions::run(&args, out),
    };
    Ok(done?)
}
