//! The controller from outside: inputs, outputs, time.

mod cdus;
mod coarse;
mod dry;
mod dx;
mod energy;
mod heat;
mod loops;
mod messages;
mod pause;
mod plants;
mod restart;
mod rig;
mod safety;
mod scan;
mod storm;
mod supply_air;
