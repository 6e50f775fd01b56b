//! One file per command, and what they share: where the configuration is, how to print, how to stop.

pub mod ack;
pub mod agent;
pub mod announce;
pub mod budget;
pub mod check;
pub mod checkout;
pub mod client;
pub mod completions;
pub mod config;
#[cfg(feature = "sim")]
pub mod demo;
pub mod exchanged;
pub mod export;
pub mod failsafe;
mod figure;
pub mod gpus;
pub mod jobs;
pub mod loops;
mod out;
pub mod panic;
pub mod plan;
pub mod points;
pub mod power;
pub mod probe;
pub mod release;
pub mod reload;
pub mod replay;
pub mod run;
pub mod set;
pub mod shadow;
mod signals;
#[cfg(feature = "sim")]
pub mod sim;
pub mod status;
mod stop;
pub mod supervisor;
pub mod tariff;
pub mod tune;
pub mod why;
pub mod windows;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use plant::time::Span;
use wattloop::service::config::Sources;

pub use out::Out;
pub use stop::Stop;

/// Where the configuration is when nothing else is said.
const DEFAULT_CONFIG: &str = "/etc/wattloop/wattloop.toml";

/// Runs the energy and cooling of an AI data hall in closed loop.
#[derive(Debug, Parser)]
#[command(version, name = "wattloop", after_help = AFTER)]
pub struct Cli {
    /// Answer as JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str = "\
Examples:
  wattloop demo                       a simulated hall under control, on this machine
  wattloop check --config site.toml   every fault of a configuration, before anything runs
  wattloop status                     the running hall on one page
  wattloop why crah-1/fan-speed       who holds this output, and why

Exit codes: 0 done, 1 failed, 2 wrong use, 3 warnings (check --strict), 65 bad data, 69 not reachable, 73 cannot create, 74 I/O,
75 try again, 77 not allowed, 78 the configuration has faults.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A simulated hall under control over real wires, for you to watch
    #[cfg(feature = "sim")]
    Demo(demo::DemoArgs),
    /// The service: control a hall until told to stop
    Run(run::RunArgs),
    /// Find every fault of a configuration, its hall and its device maps
    Check(check::CheckArgs),
    /// Read registers of a device and show what they may mean
    Probe(probe::ProbeArgs),
    /// The running hall on one page
    Status(status::StatusArgs),
    /// What carries the hall's power
    #[command(subcommand)]
    Power(power::PowerCommand),
    /// Leases of power for a scheduler's jobs
    #[command(subcommand)]
    Budget(budget::BudgetCommand),
    /// Jobs that draw on a lease, and those that wait for one, and why
    Jobs(jobs::JobsArgs),
    /// What energy and its peaks cost
    #[command(subcommand)]
    Tariff(tariff::TariffCommand),
    /// When what can wait may run: windows of civil time
    #[command(subcommand)]
    Windows(windows::WindowsCommand),
    /// When jobs should run over the next day or two, and why
    Plan(plan::PlanArgs),
    /// What the driver says of this machine's GPUs
    Gpus(gpus::GpusArgs),
    /// Every point with its value, quality and age
    Points(points::PointsArgs),
    /// Why an output has its value
    Why(why::WhyArgs),
    /// How well every loop does: error, travel, reversals, saturation, oscillation
    Loops(loops::LoopsArgs),
    /// What the control that runs the hall did, beside what ours would have done: for a service in shadow
    Shadow(shadow::ShadowArgs),
    /// Hold an output at a value for a while
    Set(set::SetArgs),
    /// Give an output back to the loops
    Release(release::ReleaseArgs),
    /// Say that machines are going to draw more, so that cooling moves ahead of the heat
    Announce(announce::AnnounceArgs),
    /// Take an announced load back
    Withdraw(announce::WithdrawArgs),
    /// Acknowledge an alarm, or reset a latched one
    Ack(ack::AckArgs),
    /// Say that a machine was exchanged, so that its run-time begins anew
    Exchanged(exchanged::ExchangedArgs),
    /// Move the output of a loop for a while, to see how the loop should be tuned
    StepTest(tune::StepTestArgs),
    /// Give a loop the gains that follow from its trial, or take them back
    Tune(tune::TuneArgs),
    /// Setpoints that are moved so that the facility draws least: look, or switch that on or off
    Supervisor(supervisor::SupervisorArgs),
    /// Check every point out: read, compare, move, and keep a signed sheet of it
    Checkout(Box<checkout::CheckoutArgs>),
    /// Load the configuration again and apply what can be applied
    Reload(reload::ReloadArgs),
    /// Decide a recorded run again and compare every decision
    Replay(replay::ReplayArgs),
    /// Write recorded time series as CSV
    Export(export::ExportArgs),
    /// Bring every output to its safe value by a small path of its own
    Failsafe(failsafe::FailsafeArgs),
    /// The simulated hall: on real wires, or faster than real time
    #[cfg(feature = "sim")]
    #[command(subcommand)]
    Sim(SimCommand),
    /// The privileged half on a GPU node: caps for as long as they are granted
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// The configuration in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// A completion script for a shell
    Completions(completions::CompletionsArgs),
}

/// The simulated hall.
#[cfg(feature = "sim")]
#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Put a simulated hall on the network: Modbus servers and MQTT sensors
    Serve(sim::ServeArgs),
    /// Run a simulated hall or scenarios under control, faster than real time
    Run(sim::RunArgs),
    /// Random faults over many seeds, and what must hold in all of them
    Storm(sim::storm::StormArgs),
    /// Overload an over-subscribed hall at random instants and see what its caps hold
    Overload(sim::overload::OverloadArgs),
    /// Run a hall over real sockets in lockstep, beside the same run in process
    Lockstep(sim::lockstep::LockstepArgs),
    /// Every hall through a hot, a cold and a mild day, with noise and without, held against what is promised of it
    Days(sim::days::DaysArgs),
    /// Halls on their own panels through a year of each climate
    Year(sim::year::YearArgs),
    /// A hall with more racks, or fewer, as files of one's own
    Scale(sim::scale::ScaleArgs),
    /// Try a loop of a simulated hall, and hold what follows against the hall's own tuning
    Tune(sim::tune::TuneArgs),
    /// Keep a scenario's run as its golden trace
    Bless(sim::look::BlessArgs),
    /// Show the worst minutes of a scenario's assert
    Explain(sim::look::ExplainArgs),
    /// Compare two traces
    Diff(sim::look::DiffArgs),
    /// List what can break in a hall
    Faults(sim::look::FaultsArgs),
}

/// The configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every key in force, and where its value came from
    Show(config::ShowArgs),
}

/// Where the configuration comes from.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// The configuration [default: $WATTLOOP_CONFIG, then /etc/wattloop/wattloop.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Another hall than the configuration's: a shipped one's name, or a file
    #[arg(long, value_name = "HALL")]
    pub hall: Option<String>,
    /// A value above the file and the environment, such as `period=500ms`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl ConfigArgs {
    /// The file, the environment of this process and the flags, for the one function that loads.
    pub fn sources(&self) -> Sources {
        let from_env = || std::env::var_os("WATTLOOP_CONFIG").map(PathBuf::from);
        let file = self.config.clone().or_else(from_env).unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG));
        let env =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let mut flags = self.set.clone();
        // A file is meant from where the person stands; in the configuration it is relative to the configuration.
        flags.extend(self.hall.as_ref().map(|hall| {
            let there = std::path::absolute(hall).ok().filter(|p| p.is_file());
            format!("hall={}", there.map_or_else(|| hall.clone(), |p| p.display().to_string()))
        }));
        Sources { file, env, flags }
    }
}

/// A length of time on the command line.
fn span(text: &str) -> Result<Span, String> {
    Span::parse(text).ok_or_else(|| "write `250ms`, `1.5s`, `5min`, `2h` or `10d`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_teaches_by_an_example() {
        fn walk(command: &clap::Command, seen: &mut usize) {
            for inner in command.get_subcommands() {
                if inner.has_subcommands() {
                    walk(inner, seen);
                    continue;
                }
                let help = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example"), "{} has no example", inner.get_name());
                assert!(help.contains("wattloop "), "{}'s example is no command", inner.get_name());
                *seen += 1;
            }
        }
        let mut seen = 0;
        walk(&Cli::command(), &mut seen);
        assert_eq!(seen, if cfg!(feature = "sim") { 72 } else { 58 });
    }
}
