//! `wattloop budget`: power for jobs, asked for where a scheduler starts and ends them. It speaks to the service over the broker, from any machine, and needs no hall.
//!
//! ```text
//!  prolog ─▶ acquire ─┐                      ┌─ hold: renews, hears notices, gives back what could not be
//!  epilog ─▶ release ─┴─▶ one file a job ◀───┘
//! ```

mod acquire;
mod change;
mod hold;
mod hostlist;
mod line;
mod memory;
mod place;
mod said;
mod wish;

use clap::Subcommand;
use wattloop::service::clock::Machine;

use super::{Out, Stop};

/// Power for jobs.
#[derive(Debug, Subcommand)]
pub enum BudgetCommand {
    /// Ask for a lease of power, before a job starts
    Acquire(Box<acquire::AcquireArgs>),
    /// Let a lease go on
    Renew(change::RenewArgs),
    /// Give a lease back, after a job has ended
    Release(change::ReleaseArgs),
    /// How a lease is
    Query(change::QueryArgs),
    /// Renew every lease that is remembered here, and hear what becomes of them, until told to stop
    Hold(hold::HoldArgs),
}

/// Runs one of them.
pub fn run(command: &BudgetCommand, out: &Out) -> Result<(), Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Stop::io("the client cannot start", &e))?;
    let clock = Machine::start();
    runtime.block_on(async {
        match command {
            BudgetCommand::Acquire(args) => acquire::run(args, clock, out).await,
            BudgetCommand::Renew(args) => change::renew(args, clock, out).await,
            BudgetCommand::Release(args) => change::release(args, clock, out).await,
            BudgetCommand::Query(args) => change::query(args, clock, out).await,
            BudgetCommand::Hold(args) => hold::run(args, clock).await,
        }
    })
}
