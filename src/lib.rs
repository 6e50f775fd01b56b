//! wattloop runs the energy and cooling of an AI data hall in closed loop.

pub mod adapters;
pub mod control;
pub mod service;
