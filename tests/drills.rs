//! Drills: a service against a simulated hall over real wires, and something breaks. Each drill asks four questions: what
//! does the hall get, what do people see, are the neighbours left in peace, and does all of it come back without help?
#![cfg(test)]
#![cfg(feature = "sim")]

#[path = "drills/bus.rs"]
mod bus;
#[path = "drills/cable.rs"]
mod cable;
#[path = "drills/database.rs"]
mod database;
#[path = "drills/disk.rs"]
mod disk;
#[path = "drills/ears.rs"]
mod ears;
#[path = "drills/outputs.rs"]
mod outputs;
#[path = "drills/people.rs"]
mod people;
#[path = "drills/process.rs"]
mod process;
#[path = "drills/quick.rs"]
mod quick;
#[path = "drills/rig.rs"]
mod rig;
#[path = "drills/sensors.rs"]
mod sensors;
#[path = "drills/stop.rs"]
mod stop;
