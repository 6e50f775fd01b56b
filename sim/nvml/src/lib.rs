//! GPUs that are not there, behind the library that drivers ship: NVML's C symbols over simulated boards.
//!
//! ```text
//! adapter ─ libsim_nvml.so ─┐                       ┌─ rig: physics in steps of 10 ms, sensors each 100 ms
//! nvidia-smi, strangers ────┴─ board, a mapped file ┴─ bench: faults, foreign limits, driver reloads
//! ```
//!
//! [`board`] is one file that all processes map: what the driver says, what sensors read, what is broken. [`rig`] steps the
//! GPUs behind it, each as [`sim::compute::gpu`] does. [`mod@bench`] is a folder with a copy of the library, its board and a running
//! rig, for tests. [`hall`] puts the GPUs of a simulated hall on boards instead, one a node. [`card`] lists the products.
//! The symbols are in the private module `library`: a process that loads the shared library finds its board by the environment's
//! `SIM_NVML_BOARD`, else as the file `board` beside the library itself, so that each bench's copy is a machine of its own.
//!
//! `unsafe` is in three modules only: the mapping, what C passes in and out, and where the library lies.

pub mod bench;
pub mod board;
pub mod card;
mod clock;
pub mod hall;
mod library;
pub mod rig;

pub use bench::{Bench, library_beside_program, library_beside_tests};
pub use board::{Board, Fault, Sentinel};
pub use card::Card;
pub use hall::Cards;
pub use rig::Rig;
