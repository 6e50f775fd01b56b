//! The whole command line beside a service in a process of its own that controls a simulated hall on real wires.
#![cfg(feature = "sim")]

mod again;
mod answers;
mod batteries;
pub mod budget;
mod checkout;
mod crash;
mod desk;
mod ear;
mod example;
pub mod exceeded;
mod flex;
mod holding;
mod jobs;
mod killed;
mod late;
mod lending;
mod life;
mod look;
mod missed;
mod openadr;
mod peaks;
mod prices;
mod reach;
mod records;
mod recovering;
pub mod rig;
pub mod savings;
mod scheduler;
mod slurm;
mod windows;
mod words;
