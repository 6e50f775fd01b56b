//! The controller from outside: inputs, outputs, time.

mod cdus;
mod coarse;
mod condenser_pumps;
mod doors;
mod dry;
mod dx;
mod energy;
mod forecast;
mod heat;
mod loops;
mod messages;
mod pause;
mod performance;
mod plants;
mod pumps;
mod responses;
mod restart;
mod rig;
mod safety;
mod scan;
mod storm;
mod supply_air;
mod tanks;
mod trials;
mod trips;
mod votes;
