//! Drills: a service against a simulated hall over real wires, and something breaks. Each drill asks four questions: what
//! does the hall get, what do people see, are the neighbours left in peace, and does all of it come back without help?
#![cfg(feature = "sim")]

mod bus;
mod cable;
mod database;
mod disk;
mod ears;
mod limits;
mod names;
mod outputs;
mod people;
pub mod process;
mod quick;
mod restore;
mod rig;
mod sensors;
mod serial;
mod stop;
mod tls;
