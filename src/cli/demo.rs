//! `wattloop demo`: a simulated hall under control over real wires.

use clap::Args;

use super::{Out, Stop};

/// A simulated hall under control over real wires, for you to watch.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop demo                        until you stop it with Ctrl-C
  wattloop demo --for 60s              a minute, then a summary
  wattloop demo --for 60s --json       the summary as JSON, for scripts
  wattloop demo --seed 7 --speed 10    another day, ten times as fast")]
pub struct DemoArgs {
    /// Stop after this time, such as `60s` or `10min`; without it, at Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = super::span)]
    pub length: Option<plant::time::Span>,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many seconds of the hall pass in one second, 1 to 100
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (1.0..=100.0).contains(&speed) => Ok(speed),
        Ok(_) | Err(_) => Err("write a number from 1 to 100".to_owned()),
    }
}

/// Runs the demo.
pub fn run(_args: &DemoArgs, _out: &Out) -> Result<(), Stop> {
    Err(Stop::failed("this build has no demo yet"))
}
