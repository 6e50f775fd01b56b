//! The nouns of wattloop: what a data hall is and what its devices speak. Pure: no I/O, no clock, no threads.

pub mod bind;
pub mod breaker;
pub mod check;
pub mod civil;
pub mod command;
pub mod convert;
pub mod device;
pub mod event;
pub mod fault;
pub mod gpu;
pub mod hall;
pub mod id;
pub mod image;
pub mod lease;
pub mod plan;
pub mod point;
pub mod read;
pub mod reading;
pub mod reversal;
pub mod shipped;
pub mod time;
pub mod units;
