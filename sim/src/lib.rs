//! The world of wattloop: a data hall's physics, stepped. Knows no control.
//!
//! ```text
//! inputs = world.step(&outputs, tick)
//!
//! commands ─ actuators ─ water's flow ─ aisles, racks, coils ─ headers, chiller ─ mass ─ electricity ─ ledger ─ sensors
//! ```
//!
//! [`World`] is a function of its file, its seed and its outputs: the same bits on every machine. Every component's
//! page says its equation, its source, where it holds and what it does outside. The [`ledger`] closes every step.

pub mod actuators;
pub mod air;
pub mod coolers;
pub mod electrics;
pub mod exchanger;
pub mod exponential;
pub mod faults;
pub mod ledger;
pub mod load;
pub mod noise;
pub mod physics;
pub mod racks;
pub mod sensors;
pub mod shipped;
pub mod trace;
pub mod water;
pub mod weather;
#[cfg(feature = "wire")]
pub mod wire;
mod world;

pub use faults::{ActuatorFault, Fault, FeedbackFault, SensorFault};
pub use world::World;
