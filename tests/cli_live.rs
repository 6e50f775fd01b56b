//! The whole command line beside a service in a process of its own that controls a simulated hall on real wires.
#![cfg(test)]
#![cfg(feature = "sim")]

#[path = "cli_live/answers.rs"]
mod answers;
#[path = "cli_live/crash.rs"]
mod crash;
#[path = "cli_live/life.rs"]
mod life;
#[path = "cli_live/look.rs"]
mod look;
#[path = "cli_live/records.rs"]
mod records;
#[path = "cli_live/rig.rs"]
mod rig;
