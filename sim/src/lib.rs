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
//! Between the headers and the weather stands [`cooling`]: chillers, towers, dry coolers, economisers, DX units.
//! What a run came to is counted by [`kpi`], kept by [`record`], shown by [`report`] and told to CI by [`junit`]; a calm day is held against
//! what is promised of it by [`day`].

pub mod actuators;
pub mod air;
pub mod beside;
pub mod calendar;
pub mod circuits;
pub mod compute;
pub mod coolers;
pub mod cooling;
pub mod day;
pub mod electrics;
pub mod exchanger;
pub mod exponential;
pub mod faults;
pub mod fluids;
pub mod hydraulics;
pub mod immersion;
pub mod junit;
pub mod kpi;
pub mod ledger;
pub mod liquid;
pub mod load;
pub mod local;
pub mod markup;
pub mod noise;
pub mod physics;
pub mod pieces;
pub mod prices;
pub mod psychrometrics;
pub mod racks;
pub mod record;
pub mod report;
pub mod scale;
pub mod scenario;
pub mod sensors;
pub mod shipped;
pub mod trace;
pub mod water;
pub mod water_use;
pub mod weather;
#[cfg(feature = "wire")]
pub mod wire;
mod world;

pub use faults::{ActuatorFault, Fault, FeedbackFault, MachineFault, SensorFault};
pub use world::World;
